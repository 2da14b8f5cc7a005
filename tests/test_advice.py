"""What would reach the next level: the engine's advice against the nearest case by brute force."""

from collections.abc import Iterator, Mapping
from itertools import product
from random import Random
from typing import NamedTuple

import pytest

from policy_engine.evaluate.advise import advise
from policy_engine.model.verdict import Advice
from tests.completions import Hidden, case_of, draw_hidden, evaluator, hide, rate, read_facts
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
