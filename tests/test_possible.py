"""What is still possible with facts hidden: the engine's answer against every completion, one by one."""

from collections import Counter
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


def test_the_draws_are_telling(drawn: list[Drawn]) -> None:
    """The tests here are not empty; every number of outcomes up to four remains in some draw, and totals are hidden too."""
    left = Counter(len(case.outcomes()) for case, _ in drawn)
    totals = sum(any(name.endswith("_total") for name in case.hidden) for case, _ in drawn)

    assert min(left[1], left[2], left[3]) > len(drawn) // 20
    assert left[4] > 0
    assert totals > len(drawn) // 20


def test_only_hidden_facts_are_asked(drawn: list[Drawn]) -> None:
    for case, verdict in drawn:
        assert set() == set(verdict.open_questions) - set(case.hidden), case[:2]


def test_nothing_deduced_is_asked(drawn: list[Drawn]) -> None:
    asked = [(case.known, name) for case, verdict in drawn for name in verdict.open_questions if len(case.values(name)) == 1]

    assert asked == []


def test_answers_to_the_open_questions_settle_the_outcome(drawn: list[Drawn]) -> None:
    for case, verdict in drawn:
        answers: dict[tuple[object, ...], set[str]] = {}
        for facts, outcome, _ in case.completions:
            answers.setdefault(tuple(facts[name] for name in verdict.open_questions), set()).add(outcome)

        assert {1} == {len(outcomes) for outcomes in answers.values()}, case[:2]


def test_each_level_says_what_all_completions_agree_on(drawn: list[Drawn]) -> None:
    words = {frozenset({True}): "met", frozenset({False}): "not_met", frozenset({True, False}): "unknown"}
    for case, verdict in drawn:
        for trace in verdict.levels:
            holds = frozenset(trace.level in completion.held for completion in case.completions)

            assert words[holds] == trace.outcome, (trace.level, case[:2])


def test_what_is_deduced_is_so_in_every_completion(drawn: list[Drawn]) -> None:
    deduced = [(case, d) for case, verdict in drawn for d in verdict.deductions if d.fact in case.hidden]

    assert [(case.known, d) for case, d in deduced if {d.value} != case.values(d.fact)] == []
    assert any(d.origin == "invariant" and d.because for _, d in deduced)


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


def test_a_deduced_total_is_not_asked() -> None:
    case = hide({**TOGETHER, "tasks_completed": 2, "tasks_deficient": 0, "tasks_well_done": 2}, ("tasks_total", "tasks_exceeded"))

    verdict = rate(case.known)

    assert ("tasks_total", 2) in {(d.fact, d.value) for d in verdict.deductions}
    assert verdict.open_questions == ("tasks_exceeded",)


def test_what_cannot_change_the_outcome_is_not_asked() -> None:
    """4 of T targets reached, 3 exceeded: T alone decides (with T = 4 it is excellent already), however many were on time."""
    leader = one_case(Random(0), "leader", 6) | dict.fromkeys([n for n in TOGETHER if n.endswith("_met")], True)
    leader |= {"ideological_decline": False, "disciplined_in_year": False, "unit_corruption": False, "targets_total": 4}
    leader |= {"criteria_total": 6, "criteria_completed": 6, "criteria_deficient": 0, "criteria_highly_efficient": 6}
    leader |= {"targets_completed": 4, "targets_on_time_quality": 4, "targets_exceeded": 3}
    leader |= {"subordinates_total": 3, "subordinates_completed_or_better": 3, "subordinates_good_or_better": 3}
    case = hide(leader, ("targets_total", "targets_on_time_quality"))

    by_total = {len(case.outcomes(targets_total=total)) for total in case.values("targets_total")}

    assert {1} == by_total
    assert rate(case.known).open_questions == ("targets_total",)
