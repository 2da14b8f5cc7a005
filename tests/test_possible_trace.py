"""The trace of a case with open facts, what is deduced, asked first and refused: held against every completion."""

from random import Random

import pytest

from policy_engine.errors import InputError
from policy_engine.model.verdict import Verdict
from tests.completions import Hidden, draw_hidden, hide
from tests.oracle import GENERAL, GROUPS, Facts, figure
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


def test_figures_that_nothing_completes_are_refused(draws: int) -> None:
    rng = Random(SEED + 1)
    refused = 0
    for case in (_disturbed(rng) for _ in range(draws * 2)):
        if case.completions:
            rate(case.known)
        else:
            refused += 1
            with pytest.raises(InputError) as caught:
                rate(case.known)
            assert {"PE505", "PE506"} >= {problem.code for problem in caught.value.problems}, case[:2]
    assert draws // 5 < refused < draws * 2 - draws // 5


def _disturbed(rng: Random) -> Hidden:
    while True:
        case = draw_hidden(rng)
        counts = [name for group in GROUPS for name in group if name in case.known]
        if counts:
            return hide({**case.known, rng.choice(counts): rng.randint(0, 6), **dict.fromkeys(case.hidden, 0)}, case.hidden)


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


@pytest.mark.parametrize(
    "hidden", [("tasks_completed",), ("tasks_completed", "tasks_deficient"), ("tasks_completed", "tasks_deficient", "tasks_total")]
)
def test_all_well_done_needs_no_more_figures(hidden: tuple[str, ...]) -> None:
    case = hide(SPECIALIST, hidden)

    verdict = rate(case.known)

    assert figure(case.known, "tasks_well_done") == 6
    assert (verdict.level, "tasks_total" in verdict.open_questions) == (("excellent", False) if len(hidden) < 3 else (None, True))
