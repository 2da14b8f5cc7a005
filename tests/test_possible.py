"""What is still possible with facts hidden: the engine's answer against every completion, one by one."""

from random import Random
from typing import NamedTuple

import pytest

from policy_engine.model.verdict import Verdict
from tests.completions import DECLARED, Hidden, best_first, draw_hidden, hide, outcome_of, rate
from tests.oracle import GENERAL, TASKS, Facts, one_case

SEED = 20_201_218
MOST = 40
"""Cases with more completions than this are left out where each completion is rated."""

SPECIALIST: Facts = {
    "kind": "officer", "workplace": "head_office", "position": "specialist", "criteria_counted_apart": False,
    **dict.fromkeys(GENERAL, True), "ideological_decline": False, "disciplined_in_year": False,
    "tasks_total": 6, "tasks_completed": 6, "tasks_deficient": 0, "tasks_well_done": 6, "tasks_exceeded": 3,
}  # fmt: skip


@pytest.fixture(scope="module")
def draws(request: pytest.FixtureRequest) -> int:
    return 3_000 if request.config.getoption("--long", default=False) else 300


def criteria_of(verdict: Verdict) -> dict[tuple[str, str], str]:
    return {(level.level, criterion.id): criterion.outcome for level in verdict.levels for criterion in level.criteria}


def test_each_criterion_says_what_all_completions_agree_on(draws: int) -> None:
    rng = Random(SEED)
    seen: set[str] = set()
    for case in (draw_hidden(rng) for _ in range(draws)):
        if len(case.completions) <= MOST:
            open_case = criteria_of(rate(case.known))
            whole = [criteria_of(rate(completion.facts)) for completion in case.completions]
            seen |= set(open_case.values())

            for key, outcome in open_case.items():
                agreed = {criteria[key] for criteria in whole}
                assert (agreed.pop() if len(agreed) == 1 else "unknown") == outcome, (key, case[:2])
    assert seen == {"met", "not_met", "not_applicable", "unknown"}


@pytest.mark.parametrize(
    ("changed", "hidden", "fact", "value", "because"),
    [
        (
            {"tasks_completed": 4, "tasks_well_done": 4}, ("tasks_total",), "tasks_total", 4,
            {"tasks_completed_within_total", "tasks_uncompleted_are_deficient"},
        ),
        ({}, ("tasks_completed",), "tasks_completed", 6, {"tasks_completed_within_total", "tasks_uncompleted_are_deficient"}),
        ({"tasks_deficient": 6, "tasks_well_done": 0}, ("tasks_well_done",), "tasks_well_done", 0, {"tasks_well_done_or_deficient"}),
    ],
)  # fmt: skip
def test_a_deduction_names_its_reasons(changed: Facts, hidden: tuple[str, ...], fact: str, value: int, because: set[str]) -> None:
    case = hide({**SPECIALIST, **changed}, hidden)
    found = {d.fact: d for d in rate(case.known).deductions}[fact]

    assert case.values(fact) == {value}
    assert (found.value, found.origin) == (value, "invariant")
    assert because <= set(found.because)


POSSIBLE_SEED = 20_201_215


class Drawn(NamedTuple):
    case: Hidden
    verdict: Verdict


@pytest.fixture(scope="module")
def draws_of_possible(request: pytest.FixtureRequest) -> int:
    return 4_000 if request.config.getoption("--long", default=False) else 400


@pytest.fixture(scope="module")
def drawn(draws_of_possible: int) -> list[Drawn]:
    rng = Random(POSSIBLE_SEED)
    cases = [draw_hidden(rng) for _ in range(draws_of_possible)]
    return [Drawn(case, rate(case.known)) for case in cases]


def test_possible_outcomes_are_those_of_all_completions(drawn: list[Drawn]) -> None:
    for case, verdict in drawn:
        outcomes = case.outcomes()

        assert best_first(outcomes) == verdict.possible_levels, case[:2]
        assert ("gap" in outcomes, True) == (verdict.gap_possible, verdict.possible_exact), case[:2]


def test_one_outcome_left_is_the_outcome(drawn: list[Drawn]) -> None:
    for case, verdict in drawn:
        outcomes = case.outcomes()

        expected = next(iter(outcomes)) if len(outcomes) == 1 else "undetermined"
        assert expected == outcome_of(verdict), case[:2]
        assert bool(verdict.open_questions) == (len(outcomes) > 1), case[:2]


def test_answers_to_the_open_questions_settle_the_outcome(drawn: list[Drawn]) -> None:
    for case, verdict in drawn:
        answers: dict[tuple[object, ...], set[str]] = {}
        for facts, outcome, _ in case.completions:
            answers.setdefault(tuple(facts[name] for name in verdict.open_questions), set()).add(outcome)

        assert {1} == {len(outcomes) for outcomes in answers.values()}, case[:2]


def test_a_hidden_position_leaves_the_outcomes_of_both_tracks(draws_of_possible: int) -> None:
    rng = Random(POSSIBLE_SEED + 1)
    for _ in range(draws_of_possible // 10):
        whole = _for_both_tracks(rng)
        more = rng.sample([name for name in whole if name not in DECLARED], rng.randint(0, 1))
        case = hide(whole, ("position", *more))
        verdict = rate(case.known)

        outcomes = case.outcomes()
        assert (verdict.outcome, verdict.track) == ("undetermined", None), case[:2]
        assert {"head_office_specialist", "head_office_leader"} == set(verdict.possible_tracks), case[:2]
        assert best_first(outcomes) == verdict.possible_levels, case[:2]
        assert ("gap" in outcomes, True) == (verdict.gap_possible, verdict.possible_exact), case[:2]
        assert {"position"} <= set(verdict.open_questions) <= set(case.hidden), case[:2]


def _for_both_tracks(rng: Random) -> Facts:
    tasks = {name: value for name, value in one_case(rng, "specialist", 6).items() if name in TASKS}
    return {**one_case(rng, "leader", 6), **tasks}
