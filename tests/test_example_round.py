"""The example round, `cases/rounds/2020-tkv`, comes out as it was worked out by hand; it is rated once."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import pytest

from policy_engine.evaluate.round.round import rate_round
from policy_engine.evaluate.round.summary import Summary, summarise
from policy_engine.load.library import Library
from policy_engine.load.round import load_round
from policy_engine.model.round import RatedEntry, Round, RoundFiles
from policy_engine.model.verdict import Gathered
from tests.conftest import ROOT

FOLDER = ROOT / "cases" / "rounds" / "2020-tkv"
EARLY = date(2020, 12, 10)
BOARDS = ("organisation", "finance", "policy", "education")
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
OFFICERS = {f"{union}-chair": union for union in UNIONS} | {
    "upper-02-executive-member": "upper-02",
    "grassroots-02-officer": "grassroots-02",
}
"""Who works in which of the unions below."""


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


def _owed(done: Round, case: str, duty: str) -> set[str | None]:
    return {route.body for route in _rated(done)[case].verdict.duties.routes if route.duty == duty}


def _outcomes(done: Round, case: str) -> dict[str, str]:
    return {trace.id: trace.outcome for trace in _rated(done)[case].verdict.duties.requirements}


def test_round_loads_whole(cli: Callable[..., tuple[int, str, str]]) -> None:
    code, out, err = cli("round", str(FOLDER))

    assert (0, "") == (code, err)
    assert "45" in out


def test_every_file_is_a_case_of_its_own_name(done: Round) -> None:
    cases = {path.stem: path.parent.name for path in FOLDER.glob("*/*.yaml")}

    assert 45 == len(done.rated)
    assert cases == {one.case.id: Path(one.path).parent.name for one in done.rated}
    assert {one.case.id: one.unit for one in done.rated} == cases | {
        case: "tkv-standing-committee" for case, folder in cases.items() if folder == "tkv-union"
    }


def test_units_are_counted(summary: Summary) -> None:
    expected = {"organisation": 4, "finance": 5, "policy": 4, "education": 4, "tkv-standing-committee": 4}
    expected |= dict.fromkeys(UNIONS, 2) | {"upper-02": 3, "grassroots-02": 3}

    assert expected == {name: spread.cases for name, spread in summary.units.items()}
    assert list(BOARDS) == list(summary.units)[:4]


def test_everything_a_case_waits_for_comes_before_it(done: Round) -> None:
    order = [one.case.id for one in done.rated]
    waits = [(case, awaited) for case, below in CHARGE.items() for awaited in below]
    waits += [*OFFICERS.items()]
    waits += [(case, "tkv-standing-committee") for case in ("tkv-chair", "tkv-deputy-chair-1", "tkv-deputy-chair-2")]

    late = [(case, awaited) for case, awaited in waits if order.index(case) < order.index(awaited)]

    assert 46 == len(waits)
    assert [] == late


def test_spread_over_the_levels(summary: Summary) -> None:
    whole = summary.whole

    assert {"excellent": 10, "good": 24, "completed": 6, "not_completed": 1} == whole.levels
    assert {"gap": 1, "undetermined": 2, "decided_by_authority": 1} == whole.outcomes
    assert (45, 40) == (whole.cases, whole.decided)


def test_gap_with_and_without_a_decision(done: Round, summary: Summary) -> None:
    """A quarter of the tasks short, decided with a reason; 13 targets of 20, decided by nobody yet; both reported upwards."""
    expected = {"policy-specialist-1", "education-deputy-head"}
    findings = {case: [finding.id for finding in _rated(done)[case].verdict.duties.findings] for case in expected}

    assert expected == set(summary.gaps)
    assert {"policy-specialist-1": ["gap_decided"], "education-deputy-head": []} == findings
    assert [("completed", "decided"), (None, "open")] == _standings(done, "policy-specialist-1", "education-deputy-head")
    assert ["met", "met"] == [_outcomes(done, case)["difficulty_reported"] for case in expected]


def test_undetermined_with_open_questions(done: Round, summary: Summary) -> None:
    expected = {
        "education-specialist-2": ("tasks_exceeded",),
        "education-head": ("subordinates_completed_or_better",),
        "tkv-deputy-chair-2": ("subordinates_completed_or_better",),
    }

    assert expected == {case: _rated(done)[case].verdict.open_questions for case in summary.undetermined}
    assert {"excellent", "good"} == set(_rated(done)["education-specialist-2"].verdict.possible_levels)


def test_overlap_of_a_disciplined_officer(done: Round, summary: Summary) -> None:
    verdict = _rated(done)["finance-specialist-3"].verdict

    assert ("finance-specialist-3",) == summary.overlaps
    assert "not_completed" == verdict.level
    assert {"J-04", "J-13"} <= set(verdict.interpretations)


def test_missing_papers(summary: Summary) -> None:
    expected = {
        ("grassroots-03", "report_with_each_member"),
        ("policy-deputy-head", "party_cell_opinion"),
        ("grassroots-02-officer", "old_unit_opinion"),
        ("grassroots-08-chair", "party_committee_opinion"),
    }

    assert expected == _papers(summary, "missing")
    assert 4 == sum(paper.state == "missing" for paper in summary.papers)


def test_late_papers(summary: Summary) -> None:
    expected = {
        ("grassroots-06", "report_in_time"),
        ("grassroots-06-chair", "self_review_in_time"),
        ("tkv-deputy-chair-1", "attached_unions_first"),
        ("tkv-deputy-chair-2", "attached_unions_first"),
    }

    assert expected == _papers(summary, "late")
    assert {"2020-12-14", ""} == {paper.trace.due for paper in summary.papers if paper.state == "late"}
    assert {"missing", "late"} == {paper.state for paper in summary.papers}


def test_ties_that_do_not_hold(summary: Summary) -> None:
    expected = {
        ("grassroots-04-chair", "chair_not_above_unit", "excellent", "good", ("J-11",)),
        ("upper-03-chair", "same_as_party_level", "good", "excellent", ("J-17",)),
    }

    assert expected == {(tie.case, tie.trace.id, tie.trace.level, tie.trace.other, tie.trace.interpretations) for tie in summary.ties}


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


def test_two_bodies_decide_on_the_standing_committee(done: Round, summary: Summary) -> None:
    finding = next(noted.finding for noted in summary.decisions if noted.case == "tkv-standing-committee")

    assert {"corporation_party_standing", "vgcl"} == _owed(done, "tkv-standing-committee", "decides")
    assert ("J-19",) == finding.interpretations
    assert [(None, "open")] == _standings(done, "tkv-standing-committee")


def test_usual_spellings_name_body_and_level(done: Round) -> None:
    trace = _rated(done)["grassroots-08"].verdict.duties.decided[0]

    assert ("good", "tkv_standing_committee") == (trace.level, trace.body)


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


def test_leader_rests_on_what_was_decided_otherwise(done: Round) -> None:
    taken = _gathered(done, "finance-head") | _gathered(done, "organisation-deputy-head")

    assert {("finance-specialist-2", "excellent", "decided"), ("organisation-specialist-2", "good", "decided")} <= taken
    assert "completed" == _rated(done)["finance-head"].verdict.level


def test_leader_waits_for_open_subordinates(done: Round) -> None:
    expected = {
        ("education-deputy-head", None, "open"),
        ("education-specialist-1", "good", "decided"),
        ("education-specialist-2", None, "open"),
    }

    assert expected == _gathered(done, "education-head")
    assert (None, True) == (_rated(done)["education-head"].verdict.level, _rated(done)["education-head"].verdict.gap_possible)


def test_chair_takes_the_level_of_the_unit(done: Round) -> None:
    rated = _rated(done)

    for union in UNIONS:
        expected = (Gathered("unit_level", union, rated[union].standing.level, "decided"),)
        assert expected == rated[f"{union}-chair"].verdict.duties.gathered


def test_officer_with_several_roles(done: Round) -> None:
    outcomes = _outcomes(done, "upper-01-chair")
    places = {"tkv_standing_committee", "member_leading_collective", "upper_standing_committee"}
    held = ("standing_member_review_held", "executive_member_review_held", "upper_review_in_union_held", "upper_review_in_unit_held")

    assert places == _owed(done, "upper-01-chair", "reviews")
    assert {"met"} == {outcomes[name] for name in held}


def test_moved_officers(done: Round) -> None:
    """After 9 and after 14 months elsewhere the old unit is asked; one of the two was rated without its opinion."""
    outcomes = [_outcomes(done, case)["old_unit_opinion"] for case in ("finance-specialist-1", "grassroots-02-officer")]

    assert ["met", "missing"] == outcomes
    assert "receiving_unit" in _owed(done, "finance-specialist-1", "assesses")


def test_upper_executive_member_is_not_covered(done: Round) -> None:
    routes = [route for route in _rated(done)["upper-02-executive-member"].verdict.duties.routes if route.duty == "reviews"]

    assert [(None, "not_covered", ("J-20",))] == [(route.body, route.outcome, route.interpretations) for route in routes]


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


def test_earlier_day_opens_what_rests_on_later_decisions(early: Round) -> None:
    summary = summarise(early)

    assert {"education-specialist-2", "education-head", "tkv-deputy-chair-2", "tkv-chair"} == set(summary.undetermined)
    assert () == summary.ties
    assert {
        "policy-specialist-1",
        "organisation-specialist-2",
        "finance-specialist-2",
        "grassroots-07",
    } == {noted.case for noted in summary.decisions}


def test_earlier_day_tells_what_is_due(early: Round) -> None:
    """On the 10th twelve of the head office are not rated and two unions' papers not sent; all may still be in time."""
    due = [paper for paper in summarise(early).papers if paper.state == "due"]
    heads = {f"{board}-{post}" for board in BOARDS for post in ("head", "deputy-head")}
    unrated = heads | {"tkv-deputy-chair-1", "tkv-deputy-chair-2", "policy-specialist-2", "education-specialist-2"}
    unsent = {"grassroots-06", "grassroots-06-chair", "grassroots-08", "grassroots-08-chair"}

    assert unrated == {paper.case for paper in due if paper.trace.id == "rating_in_time"}
    assert unsent == {paper.case for paper in due if paper.trace.id != "rating_in_time"}
    assert {"2020-12-14"} == {paper.trace.due for paper in due}
