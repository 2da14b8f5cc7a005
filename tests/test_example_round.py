"""The example round, `cases/rounds/2020-tkv`, comes out as it was worked out by hand; it is rated once."""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from policy_engine.evaluate.round.round import rate_round
from policy_engine.evaluate.round.summary import Summary, summarise
from policy_engine.load.library import Library
from policy_engine.load.round import load_round
from policy_engine.model.round import RatedEntry, Round, RoundFiles
from tests.conftest import ROOT

FOLDER = ROOT / "cases" / "rounds" / "2020-tkv"
EARLY = date(2020, 12, 10)
UNIONS = (*(f"upper-{n:02}" for n in range(1, 4)), *(f"grassroots-{n:02}" for n in range(1, 9)))
CHARGE = {
    "organisation-deputy-head": {"organisation-specialist-2"},
    "organisation-head": {"organisation-deputy-head", "organisation-specialist-1"},
    "finance-head": {"finance-deputy-head", "finance-specialist-1", "finance-specialist-2", "finance-specialist-3"},
    "policy-head": {"policy-deputy-head", "policy-specialist-1", "policy-specialist-2"},
    "education-head": {"education-deputy-head", "education-specialist-1", "education-specialist-2"},
    "tkv-deputy-chair-1": {"organisation-head", "finance-head"},
    "tkv-deputy-chair-2": {"policy-head", "education-head"},
    "tkv-chair": {"tkv-deputy-chair-1", "tkv-deputy-chair-2"},
    "tkv-standing-committee": set(UNIONS),
}
"""Whom each has direct charge of."""


@pytest.fixture(scope="module")
def files(library: Library) -> RoundFiles:
    return load_round(str(FOLDER), library)


@pytest.fixture(scope="module")
def done(files: RoundFiles) -> Round:
    return rate_round(files)


@pytest.fixture(scope="module")
def early(files: RoundFiles) -> Round:
    return rate_round(files, EARLY)


@pytest.fixture(scope="module")
def summary(done: Round) -> Summary:
    return summarise(done)


def _rated(done: Round) -> Mapping[str, RatedEntry]:
    return {one.case.id: one for one in done.rated}


def _standings(done: Round, *cases: str) -> list[tuple[str | None, str]]:
    rated = _rated(done)
    return [(rated[case].standing.level, rated[case].standing.origin) for case in cases]


def _gathered(done: Round, case: str) -> set[tuple[str, str | None, str]]:
    return {(one.case, one.level, one.origin) for one in _rated(done)[case].verdict.duties.gathered}


def _papers(summary: Summary, state: str) -> set[tuple[str, str]]:
    return {(paper.case, paper.trace.id) for paper in summary.papers if paper.state == state}


def test_every_file_is_a_case_of_its_own_name(done: Round) -> None:
    cases = {path.stem: path.parent.name for path in FOLDER.glob("*/*.yaml")}

    assert 45 == len(done.rated)
    assert cases == {one.case.id: Path(one.path).parent.name for one in done.rated}
    assert {one.case.id: one.unit for one in done.rated} == cases | {
        case: "tkv-standing-committee" for case, folder in cases.items() if folder == "tkv-union"
    }


def test_spread_over_the_levels(summary: Summary) -> None:
    whole = summary.whole

    assert {"excellent": 10, "good": 24, "completed": 6, "not_completed": 1} == whole.levels
    assert {"gap": 1, "undetermined": 2, "decided_by_authority": 1} == whole.outcomes
    assert (45, 40) == (whole.cases, whole.decided)


def test_undetermined_with_open_questions(done: Round, summary: Summary) -> None:
    expected = {
        "education-specialist-2": ("tasks_exceeded",),
        "education-head": ("subordinates_completed_or_better",),
        "tkv-deputy-chair-2": ("subordinates_completed_or_better",),
    }

    assert expected == {case: _rated(done)[case].verdict.open_questions for case in summary.undetermined}
    assert {"excellent", "good"} == set(_rated(done)["education-specialist-2"].verdict.possible_levels)


def test_missing_papers(summary: Summary) -> None:
    expected = {
        ("grassroots-03", "report_with_each_member"),
        ("policy-deputy-head", "party_cell_opinion"),
        ("grassroots-02-officer", "old_unit_opinion"),
        ("grassroots-08-chair", "party_committee_opinion"),
    }

    assert expected == _papers(summary, "missing")
    assert 4 == sum(paper.state == "missing" for paper in summary.papers)


def test_decisions_to_look_at(summary: Summary) -> None:
    expected = {
        ("organisation-specialist-2", "decided_differently", "note"),
        ("finance-specialist-2", "differs_without_reason", "error"),
        ("policy-specialist-1", "gap_decided", "note"),
        ("grassroots-07", "decided_by_another_body", "error"),
        ("tkv-deputy-chair-2", "decided_while_open", "warning"),
        ("tkv-standing-committee", "decisions_disagree", "error"),
    }

    assert expected == {(noted.case, noted.finding.id, noted.finding.severity) for noted in summary.decisions}
    assert () == summary.others


@pytest.mark.parametrize("case", CHARGE)
def test_direct_charge_is_gathered(done: Round, case: str) -> None:
    gathered = _rated(done)[case].verdict.duties.gathered

    assert sorted(CHARGE[case]) == sorted(one.case for one in gathered)
    assert {"subordinates"} == {one.fact for one in gathered}


def test_leader_rests_on_decided_and_proposed(done: Round) -> None:
    """Two good or better of three are under 70%, so the head of the policy board comes to HTTNV."""
    expected = {
        ("policy-deputy-head", "good", "decided"),
        ("policy-specialist-1", "completed", "decided"),
        ("policy-specialist-2", "excellent", "proposed"),
    }

    assert expected == _gathered(done, "policy-head")
    assert "good" == _rated(done)["policy-head"].verdict.level


def test_leader_waits_for_open_subordinates(done: Round) -> None:
    expected = {
        ("education-deputy-head", None, "open"),
        ("education-specialist-1", "good", "decided"),
        ("education-specialist-2", None, "open"),
    }

    assert expected == _gathered(done, "education-head")
    assert (None, True) == (_rated(done)["education-head"].verdict.level, _rated(done)["education-head"].verdict.gap_possible)


def test_earlier_day_leaves_later_decisions_out(early: Round) -> None:
    rests = {
        ("finance-deputy-head", "good", "proposed"),
        ("finance-specialist-1", "good", "decided"),
        ("finance-specialist-2", "excellent", "decided"),
        ("finance-specialist-3", "not_completed", "decided"),
    }

    assert Counter(decided=17, proposed=8, open=20) == Counter(one.standing.origin for one in early.rated)
    assert all(decision.day <= EARLY for one in early.rated for decision in one.case.record.decisions if decision.day)
    assert rests == _gathered(early, "finance-head")
    assert [("completed", "proposed"), ("good", "proposed")] == _standings(early, "finance-head", "tkv-deputy-chair-1")
