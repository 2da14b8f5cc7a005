"""What is still possible where lists leave fields out: the engine's answer against every way to fill the fields in."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from random import Random

import pytest

from policy_engine.errors import InputError
from policy_engine.model.verdict import Verdict
from tests.completions import best_first, rate_file
from tests.oracle import BEST_FIRST, CRITERIA, SUBORDINATES, TARGETS, TASKS, Facts, classify, counted_apart, lawful, one_case

Item = dict[str, bool | str]

SEED = 20_201_216
_FLAGS: Mapping[str, tuple[bool | str, ...]] = {"completed": (True, False), "on_time": (True, False), "quality": (True, False)}
_EXCEEDED: Mapping[str, tuple[bool | str, ...]] = {"exceeded": (True, False)}
_WORK: Mapping[str, tuple[bool | str, ...]] = {**_FLAGS, "efficiency": ("high", "adequate", "low"), **_EXCEEDED}
FIELDS: Mapping[str, Mapping[str, tuple[bool | str, ...]]] = {
    "tasks": _WORK, "criteria": _WORK, "targets": {**_FLAGS, **_EXCEEDED}, "subordinates": {"level": BEST_FIRST},
}  # fmt: skip
COUNTS = {"tasks": TASKS, "criteria": CRITERIA, "targets": TARGETS, "subordinates": SUBORDINATES}


@dataclass
class Listed:
    facts: Facts
    lists: dict[str, list[Item]]
    outcomes: frozenset[str]

    @cached_property
    def verdict(self) -> Verdict:
        return rate_file({**self.facts, **self.lists})


def counts_of(name: str, items: Sequence[Item]) -> dict[str, int]:
    if name == "subordinates":
        ranks = [BEST_FIRST.index(str(item["level"])) for item in items]
        figures: tuple[int, ...] = (len(items), sum(rank <= 2 for rank in ranks), sum(rank <= 1 for rank in ranks))
    else:
        done = [item for item in items if item["completed"]]
        timely = [item for item in done if item["on_time"] and item["quality"]]
        exceeded = sum(item["exceeded"] is True for item in done)
        if name == "targets":
            figures = (len(items), len(done), len(timely), exceeded)
        else:
            high = sum(item["efficiency"] == "high" for item in timely)
            fair = sum(item["efficiency"] != "low" for item in timely)
            figures = (len(items), len(done), len(items) - fair, high, exceeded)
    return dict(zip(COUNTS[name], figures, strict=False))


def fillings(name: str, items: Sequence[Item]) -> Iterator[list[Item]]:
    gaps = [(index, field) for index, item in enumerate(items) for field in FIELDS[name] if field not in item]
    for values in product(*(FIELDS[name][field] for _, field in gaps)):
        filled = [dict(item) for item in items]
        for (index, field), value in zip(gaps, values, strict=True):
            filled[index][field] = value
        yield filled


def draw_items(rng: Random, name: str, leaving_out: Sequence[str]) -> list[Item]:
    good = rng.choice((1.0, 0.9, 0.6))
    items: list[Item] = [
        {field: values[0] if rng.random() < good else rng.choice(values) for field, values in FIELDS[name].items()}
        for _ in range(rng.randint(1, 4))
    ]
    for _ in range(rng.randint(0, 3) if leaving_out else 0):
        rng.choice(items).pop(rng.choice(leaving_out), None)
    return items


def draw_listed(rng: Random, leaving_out: Sequence[str]) -> Listed:
    track = rng.choice(("specialist", "leader"))
    facts = one_case(rng, track, 6)
    if track == "specialist" and not counted_apart(facts):
        facts = {name: value for name, value in facts.items() if name not in CRITERIA}
    read = ("tasks", "criteria") if track == "specialist" else ("criteria", "targets", "subordinates")
    names = [name for name in read if COUNTS[name][0] in facts]
    lists = {name: draw_items(rng, name, leaving_out) for name in rng.sample(names, rng.randint(1, min(2, len(names))))}
    for name in lists:
        facts = {fact: value for fact, value in facts.items() if fact not in COUNTS[name]}
    for name, items in lists.items():
        if rng.random() < 0.3:
            counts = counts_of(name, rng.choice(list(fillings(name, items))))
            stated = rng.choice(list(counts))
            facts[stated] = counts[stated]
    return Listed(facts, lists, frozenset(_outcomes(facts, lists)))


def _outcomes(facts: Facts, lists: Mapping[str, Sequence[Item]]) -> Iterator[str]:
    ways = [{tuple(counts_of(name, filled).items()) for filled in fillings(name, items)} for name, items in lists.items()]
    for chosen in product(*ways):
        counts = {name: value for way in chosen for name, value in way}
        if all(facts.get(name, value) == value for name, value in counts.items()):
            whole = {**facts, **counts}
            assert lawful(whole)
            yield classify(whole)


def contradicted(rng: Random) -> Listed:
    drawn = draw_listed(rng, ("completed", "on_time", "quality", "efficiency", "exceeded", "level"))
    facts = dict(drawn.facts)
    for name, items in drawn.lists.items():
        facts |= {rng.choice(COUNTS[name][1:]): rng.randint(0, len(items)) for _ in range(rng.randint(0, 3))}
    return Listed(facts, drawn.lists, frozenset(_outcomes(facts, drawn.lists)))


@pytest.fixture(scope="module")
def draws(request: pytest.FixtureRequest) -> int:
    return 4_000 if request.config.getoption("--long", default=False) else 400


@pytest.fixture(scope="module", params=[("on_time", "quality", "efficiency", "exceeded", "level"), ("completed", "level")], ids="/".join)
def drawn(draws: int, request: pytest.FixtureRequest) -> list[Listed]:
    rng = Random(SEED)
    return [draw_listed(rng, request.param) for _ in range(draws // 2)]


def test_possible_outcomes_are_those_of_all_fillings(drawn: list[Listed]) -> None:
    for case in drawn:
        assert best_first(case.outcomes) == case.verdict.possible_levels, case
        assert ("gap" in case.outcomes, True) == (case.verdict.gap_possible, case.verdict.possible_exact), case


def test_only_counts_of_lists_with_gaps_are_asked(drawn: list[Listed]) -> None:
    for case in drawn:
        gaps = [name for name, items in case.lists.items() if any(item.keys() != FIELDS[name].keys() for item in items)]

        askable = {count for name in gaps for count in COUNTS[name][1:]} - case.facts.keys()
        assert set() == set(case.verdict.open_questions) - askable, case
        assert bool(case.verdict.open_questions) == (len(case.outcomes) > 1), case


def test_counts_that_a_list_cannot_give_together_are_refused(draws: int) -> None:
    rng = Random(SEED + 1)
    cases = [contradicted(rng) for _ in range(draws)]

    for case in cases:
        if case.outcomes:
            assert best_first(case.outcomes) == case.verdict.possible_levels, case
        else:
            with pytest.raises(InputError):
                rate_file({**case.facts, **case.lists})
    assert draws // 10 < sum(not case.outcomes for case in cases) < draws - draws // 10
