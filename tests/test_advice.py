"""What would reach the next level: the engine's advice against the nearest case by brute force."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import product
from math import prod
from random import Random
from typing import NamedTuple

import pytest

from policy_engine.errors import InputError
from policy_engine.evaluate.advise import advise
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.model.case import Case
from policy_engine.model.verdict import Advice, Verdict
from tests.completions import Hidden, case_of, draw_hidden, evaluator, hide, rate, read_facts
from tests.editions.random_editions import drawn_by
from tests.oracle import BEST_FIRST, CRITERIA, GENERAL, GROUPS, Facts, classify, counted_apart, lawful, one_case, triggers
from tests.test_possible_lists import counts_of, draw_listed

SEED = 20_201_217
MOST = 3
"""Totals are at most this, so that every case with the same totals can be tried."""


class Drawn(NamedTuple):
    facts: Facts
    outcome: str
    advice: Advice


def target_of(outcome: str) -> str:
    return {"gap": "completed", "not_completed": "completed", "completed": "good", "good": "excellent"}[outcome]


def reaches(facts: Mapping[str, object], target: str) -> bool:
    outcome = classify(facts)
    return outcome != "gap" and BEST_FIRST.index(outcome) <= BEST_FIRST.index(target)


def figures_of(facts: Facts) -> dict[tuple[str, ...], list[tuple[int, Facts]]]:
    found: dict[tuple[str, ...], list[tuple[int, Facts]]] = {}
    for group in GROUPS:
        now = [value for name in group if isinstance(value := facts.get(name), int)]
        if now and not _repeats(facts, group):
            tried: list[Facts] = [
                dict(zip(group, (now[0], *rest), strict=False)) for rest in product(range(now[0] + 1), repeat=len(now) - 1)
            ]
            found[group] = [(_distance(facts, figures), figures) for figures in tried if lawful({**facts, **figures})]
    return found


def _repeats(facts: Facts, group: tuple[str, ...]) -> bool:
    return group == CRITERIA and facts["position"] == "specialist" and not counted_apart(facts)


def _distance(facts: Facts, figures: Mapping[str, bool | int | str]) -> int:
    return sum(abs(int(value) - int(facts[name])) for name, value in figures.items())


def least_change(facts: Facts, target: str) -> int:
    judged: Facts = {**facts, **dict.fromkeys(GENERAL, True)}
    options = list(figures_of(facts).values())
    nearest = sorted(product(*options), key=lambda chosen: sum(distance for distance, _ in chosen))
    for chosen in nearest:
        whole = dict(judged)
        for _, figures in chosen:
            whole |= figures
        if reaches(whole, target):
            return sum(distance for distance, _ in chosen)
    raise AssertionError("with every figure at its best and no trigger, every level can be reached")


def draw(rng: Random) -> Iterator[Drawn]:
    while True:
        facts = one_case(rng, rng.choice(("specialist", "leader")), MOST)
        if facts["position"] == "specialist" and not counted_apart(facts):
            facts = {name: value for name, value in facts.items() if name not in CRITERIA}
        outcome = classify(facts)
        if outcome != "excellent":
            case = case_of(facts)
            (advice,) = advise(evaluator(), case, evaluator().evaluate(case))
            yield Drawn(facts, outcome, advice)


@pytest.fixture(scope="module")
def draws(request: pytest.FixtureRequest) -> int:
    return 3_000 if request.config.getoption("--long", default=False) else 300


@pytest.fixture(scope="module")
def drawn(draws: int) -> list[Drawn]:
    source = draw(Random(SEED))
    return [next(source) for _ in range(draws)]


def test_advice_is_the_least_change(drawn: list[Drawn]) -> None:
    for facts, outcome, advice in drawn:
        if not triggers(facts):
            expected = least_change(facts, target_of(outcome))

            assert (target_of(outcome), True, True, expected) == (advice.level, advice.reachable, advice.exact, advice.total), facts


def test_advised_changes_reach_the_level(drawn: list[Drawn]) -> None:
    for facts, _, advice in drawn:
        changed: Facts = {**facts, **{change.fact: change.wanted for change in advice.changes if isinstance(change.wanted, int)}}
        counts = {change.fact: changed[change.fact] for change in advice.changes if change.fact not in GENERAL}

        assert all(facts[change.fact] == change.current != change.wanted for change in advice.changes), facts
        assert advice.total == _distance(facts, counts)
        assert lawful(changed)
        assert advice.reachable == reaches(changed, advice.level), facts
        assert (classify(changed) if advice.reachable else None) == advice.reached, facts


def test_only_what_may_move_is_moved(drawn: list[Drawn]) -> None:
    movable = {name for group in GROUPS for name in group[1:]} | set(GENERAL)
    for facts, _, advice in drawn:
        judged = {change.fact: change.wanted for change in advice.changes if change.fact in GENERAL}

        assert {change.fact for change in advice.changes} <= movable
        assert (dict.fromkeys([n for n in GENERAL if facts[n] is False], True) if advice.reachable else {}) == judged


def test_locked_facts_are_named(drawn: list[Drawn]) -> None:
    for facts, _, advice in drawn:
        in_the_way = triggers(facts)

        assert (not in_the_way) == advice.reachable, facts
        assert sorted(in_the_way) == sorted(advice.locked), facts
        assert not in_the_way or (advice.changes, advice.total, advice.reached) == ((), 0, None)


def test_lists_are_advised_as_their_counts(draws: int) -> None:
    rng = Random(SEED)
    for _ in range(draws // 10):
        listed = draw_listed(rng, ())
        counts = {name: count for list_name, items in listed.lists.items() for name, count in counts_of(list_name, items).items()}
        itemised, counted = (read_facts({**listed.facts, **more}) for more in (listed.lists, counts))

        expected = advise(evaluator(), counted, evaluator().evaluate(counted))
        assert expected == advise(evaluator(), itemised, evaluator().evaluate(itemised)), listed


@pytest.fixture(scope="module")
def open_cases(draws: int) -> list[tuple[Hidden, Advice]]:
    rng = Random(SEED + 1)
    drawn = [
        case for case in (draw_hidden(rng) for _ in range(draws // 2)) if not {name for name in case.hidden if name.endswith("_total")}
    ]
    return [(case, advice) for case in drawn for advice in advise(evaluator(), case_of(case.known), rate(case.known))]


def test_advice_holds_whatever_is_open(open_cases: list[tuple[Hidden, Advice]]) -> None:
    for case, advice in open_cases:
        changed: Facts = {**case.known, **{change.fact: change.wanted for change in advice.changes if isinstance(change.wanted, int)}}
        after = hide(changed, tuple(name for name in case.hidden if name not in changed))

        assert not advice.reachable or all(reaches(c.facts, advice.level) for c in after.completions), case[:2]
        assert advice.reachable or advice.locked or advice.open, case[:2]
    assert {True, False} == {advice.reachable for _, advice in open_cases}


def others(rater: Evaluator, case: Case, verdict: Verdict) -> Iterator[tuple[tuple[int, int, int], Case]]:
    """Return every case that differs from a drawn one in facts that may move, at what cost; none where there are too many."""
    track = rater.plan.tracks[verdict.track or ""]
    moving = {name: case.facts[name] for name in track.reads if (fact := track.facts[name]).type.kind in {"bool", "count"}
              and name in case.facts and not (fact.fixed or fact.locked or fact.derived)}  # fmt: skip
    now = {name: value for name, value in moving.items() if isinstance(value, int)}
    ranges = [(False, True) if isinstance(value, bool) else range(MOST + 3) for value in now.values()]
    if len(now) < len(moving) or max(now.values(), default=0) > MOST or prod(map(len, ranges)) > 600:
        return
    for values in product(*ranges):
        far = [(isinstance(value, bool), abs(value - was)) for value, was in zip(values, now.values(), strict=True)]
        cost = (sum(d for judged, d in far if judged), sum(d for judged, d in far if not judged), sum(d > 0 for _, d in far))
        yield cost, case._replace(facts={**case.facts, **dict(zip(now, values, strict=True))})


def comes_out(rater: Evaluator, case: Case, track: str | None, target: str) -> bool:
    try:
        found = rater.evaluate(case)
    except InputError:
        return False
    ranks = rater.plan.level_ids
    return found.track == track and found.level is not None and ranks.index(found.level) >= ranks.index(target)


def test_no_other_change_of_a_drawn_case_costs_less(draws: int) -> None:
    """One edition rates several cases, so that what was prepared for one advises the next; what follows from facts is no change."""
    seen: Counter[bool] = Counter()
    for seed in range(draws // 3):
        drawn = drawn_by(SEED + seed, 6, plain=True, known=True)
        rater = Evaluator(drawn.edition)
        verdicts: list[tuple[Case, Verdict]] = []
        for case in drawn.cases:
            with suppress(InputError):
                verdicts.append((case, rater.evaluate(case)))
        for case, verdict in verdicts:
            for advice in advise(rater, case, verdict):
                judged = sum(isinstance(change.wanted, bool) for change in advice.changes)
                own = (judged, advice.total, len(advice.changes)) if advice.reachable else (99, 0, 0)
                tried = [one for cost, one in others(rater, case, verdict) if advice.exact and cost < own]
                seen[advice.reachable] += len(tried)

                assert not any(comes_out(rater, one, verdict.track, advice.level) for one in tried), (seed, case.facts, advice)
    assert min(seen[True], seen[False]) > 100
