"""A second reading of II.1.3 in plain Python, made from the guideline alone; it shares nothing with rulebook or engine.

Whole numbers only: every share is cross-multiplied by hand. Two readers who agree on thousands
of cases have either read the text rightly or made the same mistake twice.
"""

from collections.abc import Iterator, Mapping
from random import Random

Facts = dict[str, bool | int | str]

BEST_FIRST = ("excellent", "good", "completed", "not_completed")
GENERAL = ("political_ideology_met", "ethics_lifestyle_met", "working_style_met", "discipline_met", "assigned_duties_met")
LEADING = ("chair", "deputy_chair", "head", "deputy_head")
TASKS = ("tasks_total", "tasks_completed", "tasks_deficient", "tasks_well_done", "tasks_exceeded")
CRITERIA = ("criteria_total", "criteria_completed", "criteria_deficient", "criteria_highly_efficient")
TARGETS = ("targets_total", "targets_completed", "targets_on_time_quality", "targets_exceeded")
SUBORDINATES = ("subordinates_total", "subordinates_completed_or_better", "subordinates_good_or_better")
GROUPS = (TASKS, CRITERIA, TARGETS, SUBORDINATES)


def figure(facts: Mapping[str, object], name: str) -> int:
    """Return a count of a complete case."""
    value = facts[name]
    assert isinstance(value, int)
    return value


def counted_apart(facts: Mapping[str, object]) -> bool:
    """Return whether a specialist's criteria are counted apart from the tasks (J-01)."""
    stated = facts.get("criteria_counted_apart")
    return any(name in facts for name in CRITERIA) if stated is None else stated is True


def triggers(facts: Mapping[str, object]) -> frozenset[str]:
    """Return the events of the year that alone mean failure (J-03); a unit's corruption is a leader's affair only."""
    names = ["ideological_decline", "disciplined_in_year"]
    names += [] if facts["position"] == "specialist" else ["unit_corruption"]
    return frozenset(name for name in names if facts[name] is True)


def holding(facts: Mapping[str, object]) -> frozenset[str]:
    """Return every level whose bullets hold, whatever is decided between them."""
    held = _specialist(facts) if facts["position"] == "specialist" else _leader(facts)
    return frozenset(level for level, holds in held.items() if holds)


def classify(facts: Mapping[str, object]) -> str:
    """Return the level of a complete case, or `gap`: failure goes first (J-04), then the highest that holds (J-05, J-02)."""
    held = holding(facts)
    if "not_completed" in held:
        return "not_completed"
    return next((level for level in BEST_FIRST if level in held), "gap")


def _specialist(facts: Mapping[str, object]) -> dict[str, bool]:
    general = all(facts[name] is True for name in GENERAL)
    total, exceeded = figure(facts, "tasks_total"), figure(facts, "tasks_exceeded")
    all_well = figure(facts, "tasks_well_done") == total
    apart = counted_apart(facts)
    of = CRITERIA if apart else TASKS
    criteria, done, short = (figure(facts, name) for name in of[:3])
    return {
        "excellent": general and all_well and 2 * exceeded >= total,
        "good": general and all_well,
        "completed": general and done == criteria and 5 * short <= criteria,
        "not_completed": bool(triggers(facts)) or 2 * short > criteria,
    }


def _leader(facts: Mapping[str, object]) -> dict[str, bool]:
    general = all(facts[name] is True for name in GENERAL)
    criteria, done, short, high = (figure(facts, name) for name in CRITERIA)
    targets, reached, timely, exceeded = (figure(facts, name) for name in TARGETS)
    people, fair, fine = (figure(facts, name) for name in SUBORDINATES)
    no_targets, nobody = targets == 0, people == 0
    own = {"excellent": high == criteria, "good": short == 0 and done == criteria, "completed": done == criteria and 5 * short <= criteria}
    unit = {
        "excellent": no_targets or (reached == targets and 2 * exceeded >= targets),
        "good": no_targets or (reached == targets and 5 * timely >= 4 * targets),
        "completed": no_targets or 10 * reached > 7 * targets,
    }
    below = {
        "excellent": nobody or (fair == people and 10 * fine >= 7 * people),
        "good": nobody or fair == people,
        "completed": nobody or 10 * fair >= 7 * people,
    }
    held = {level: general and own[level] and unit[level] and below[level] for level in own}
    failed = bool(triggers(facts)) or 2 * short > criteria or 2 * reached < targets
    return {**held, "not_completed": failed}


def lawful(facts: Mapping[str, object]) -> bool:
    """Return whether the figures of a complete case can be (the invariants of the contract, written by hand)."""
    own = _works(facts, TASKS) and _works(facts, CRITERIA) and _targets(facts) and _subordinates(facts)
    if facts["position"] != "specialist":
        return own and figure(facts, "criteria_total") > 0
    return own and figure(facts, "tasks_total") > 0 and (not counted_apart(facts) or figure(facts, "criteria_total") > 0)


def _works(facts: Mapping[str, object], names: tuple[str, ...]) -> bool:
    if names[0] not in facts:
        return True
    total, done, short, well, *rest = (figure(facts, name) for name in names)
    exceeded = rest[0] if rest else 0
    whole = min(total, done, short, well, exceeded) >= 0
    return whole and done <= total and total - done <= short <= total and well <= done and well + short <= total and exceeded <= done


def _targets(facts: Mapping[str, object]) -> bool:
    if TARGETS[0] not in facts:
        return True
    total, reached, timely, exceeded = (figure(facts, name) for name in TARGETS)
    return 0 <= timely <= reached <= total and 0 <= exceeded <= reached


def _subordinates(facts: Mapping[str, object]) -> bool:
    if SUBORDINATES[0] not in facts:
        return True
    total, fair, fine = (figure(facts, name) for name in SUBORDINATES)
    return 0 <= fine <= fair <= total


def cases(seed: int, track: str, greatest: int = 60) -> Iterator[Facts]:
    """Return complete cases without end, crowded at the thresholds; the same seed gives the same cases."""
    rng = Random(seed)
    while True:
        yield one_case(rng, track, greatest)


def one_case(rng: Random, track: str, greatest: int) -> Facts:
    facts: Facts = {"kind": "officer", "workplace": "head_office"}
    facts["position"] = "specialist" if track == "specialist" else rng.choice(LEADING)
    usual = rng.random() < 0.9
    facts |= {name: usual or rng.random() < 0.7 for name in GENERAL}
    eventful = rng.random() < 0.08
    facts |= {name: eventful and rng.random() < 0.5 for name in ("ideological_decline", "disciplined_in_year")}
    if track == "leader" or rng.random() < 0.1:
        facts["unit_corruption"] = eventful and rng.random() < 0.5
    facts |= _draw_specialist(rng, greatest) if track == "specialist" else _draw_leader(rng, greatest)
    return facts


def _draw_tidiness(rng: Random) -> list[float]:
    tidy = [rng.choice((0.97, 0.97, 0.6))] * 3
    tidy[rng.randrange(3)] = 0.4
    return tidy


def _draw_specialist(rng: Random, greatest: int) -> Facts:
    tasks, criteria, targets = _draw_tidiness(rng)
    facts: Facts = dict(zip(TASKS, _draw_work(rng, _draw_total(rng, greatest, 1), tasks), strict=True))
    kind = rng.choice(("apart", "apart, unsaid", "together", "together, unsaid", "together, said twice"))
    if kind.startswith("apart"):
        facts |= zip(CRITERIA, _draw_work(rng, _draw_total(rng, greatest, 1), criteria), strict=False)
    if "unsaid" not in kind:
        facts["criteria_counted_apart"] = kind == "apart"
    if kind == "together, said twice":
        facts |= {criterion: facts[task] for criterion, task in zip(CRITERIA, TASKS, strict=False)}
    if rng.random() < 0.1:
        facts |= zip(TARGETS, _draw_targets(rng, _draw_total(rng, greatest, 0), targets), strict=True)
    return facts


def _draw_leader(rng: Random, greatest: int) -> Facts:
    criteria, targets, subordinates = _draw_tidiness(rng)
    facts: Facts = dict(zip(CRITERIA, _draw_work(rng, _draw_total(rng, greatest, 1), criteria), strict=False))
    facts |= zip(TARGETS, _draw_targets(rng, _draw_total(rng, greatest, 0), targets), strict=True)
    people = _draw_total(rng, greatest, 0)
    fair = people if rng.random() < subordinates else near_threshold(rng, people, 0, people)
    fine = near_threshold(rng, people, 0, fair)
    facts |= zip(SUBORDINATES, (people, fair, fine), strict=True)
    if rng.random() < 0.1:
        facts |= zip(TASKS, _draw_work(rng, _draw_total(rng, greatest, 0), criteria), strict=True)
    return facts


def _draw_total(rng: Random, greatest: int, least: int) -> int:
    if least == 0 and rng.random() < 0.12:
        return 0
    return rng.choice((rng.randint(1, min(greatest, 7)), rng.randint(1, greatest), min(greatest, rng.choice((10, 20, 21, 50)))))


def _draw_work(rng: Random, total: int, tidy: float) -> tuple[int, int, int, int, int]:
    done = total if rng.random() < tidy else near_threshold(rng, total, 0, total)
    short = total - done if rng.random() < tidy * 0.7 else near_threshold(rng, total, total - done, total)
    most = min(done, total - short)
    well = most if rng.random() < 0.8 else near_threshold(rng, total, 0, most)
    return total, done, short, well, near_threshold(rng, total, 0, done)


def _draw_targets(rng: Random, total: int, tidy: float) -> tuple[int, int, int, int]:
    reached = total if rng.random() < tidy else near_threshold(rng, total, 0, total)
    return total, reached, near_threshold(rng, total, 0, reached), near_threshold(rng, total, 0, reached)


def near_threshold(rng: Random, total: int, low: int, high: int) -> int:
    """Draw a count on, just below or just above a threshold of the text; now and then any count between the ends."""
    if rng.random() < 0.15:
        return rng.randint(low, high)
    near = total * rng.choice((0, 20, 50, 50, 70, 70, 80, 80, 100)) // 100 + rng.choice((-1, 0, 0, 1, 1))
    return min(max(near, low), high)
