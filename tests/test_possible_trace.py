"""The trace of a case with open facts, what is deduced, asked first and refused: held against every completion."""

from random import Random

import pytest

from policy_engine.model.verdict import Verdict
from tests.completions import draw_hidden, hide
from tests.oracle import GENERAL, Facts
from tests.rating import rate

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


@pytest.mark.parametrize("judgement", GENERAL)
def test_the_most_telling_question_comes_first(judgement: str) -> None:
    """A general criterion not met leaves one outcome, one more task exceeded leaves two; so it is asked before, whatever its name."""
    case = hide(SPECIALIST, (judgement, "tasks_exceeded"))

    assert case.outcomes(**{judgement: False}) == {"gap"}
    assert len(case.outcomes(tasks_exceeded=3)) == 2
    assert rate(case.known).open_questions == (judgement, "tasks_exceeded")
