"""What is still possible with facts hidden: the engine's answer against every completion, one by one."""

from random import Random
from typing import NamedTuple

import pytest

from policy_engine.model.verdict import Verdict
from tests.completions import DECLARED, Hidden, best_first, draw_hidden, hide
from tests.oracle import TASKS, Facts, one_case
from tests.rating import outcome_of, rate

SEED = 20_201_215


class Drawn(NamedTuple):
    case: Hidden
    verdict: Verdict


@pytest.fixture(scope="module")
def draws(request: pytest.FixtureRequest) -> int:
    return 4_000 if request.config.getoption("--long", default=False) else 400


@pytest.fixture(scope="module")
def drawn(draws: int) -> list[Drawn]:
    rng = Random(SEED)
    cases = [draw_hidden(rng) for _ in range(draws)]
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


def test_a_hidden_position_leaves_the_outcomes_of_both_tracks(draws: int) -> None:
    rng = Random(SEED + 1)
    for _ in range(draws // 10):
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


TOGETHER: Facts = {
    "kind": "officer", "workplace": "head_office", "position": "specialist", "criteria_counted_apart": False,
    "political_ideology_met": True, "ethics_lifestyle_met": True, "working_style_met": True, "discipline_met": True,
    "assigned_duties_met": True, "ideological_decline": False, "disciplined_in_year": False,
    "tasks_total": 10, "tasks_completed": 10, "tasks_deficient": 2, "tasks_well_done": 8, "tasks_exceeded": 3,
}  # fmt: skip


def test_criteria_stated_beside_an_unknown_task_figure_are_no_contradiction() -> None:
    known = {name: value for name, value in TOGETHER.items() if name != "tasks_deficient"}

    assert outcome_of(rate({**known, "criteria_deficient": 2})) == "completed"
