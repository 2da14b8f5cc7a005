"""What an edition asks beside the levels: who does what, what must be on file and by when, what a level is tied to, what was decided."""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_engine.evaluate.duties.bounds import relevance
from policy_engine.language.values import NONE, UNKNOWN, Nothing, Truth, Unknown, Value
from policy_engine.messages import LANGUAGES
from policy_engine.model.case import Decision, Record
from policy_engine.model.verdict import Verdict
from policy_engine.report.json import verdict_to_data
from policy_engine.source import Location
from tests.editions.small import (
    FOLDER,
    asked,
    case_of,
    check,
    edition_of,
    evaluator_of,
    read,
    refusals,
    surveyed,
    with_change,
    write_cases,
)
from tests.test_cli import Cli

NAME = "orchard"
GOOD: Mapping[str, object] = {"kind": "picker", "baskets": 7}
"""A picker that comes out as good."""
DECIDED: Mapping[str, object] = {"level": "good", "by": "owner", "day": "2020-12-10"}
PLACE = Location("drawn.yaml", 1, 1)
Facts = Mapping[str, object]


def outcomes(verdict: Verdict) -> dict[str, str]:
    return {trace.id: trace.outcome for trace in (*verdict.duties.requirements, *verdict.duties.contents)}


def findings(verdict: Verdict) -> list[str]:
    return [finding.id for finding in verdict.duties.findings]


@pytest.mark.parametrize(
    ("name", "facts", "expected"),
    [
        ("book_sent", {"book_sent_on": "2020-12-14"}, "met"),
        ("book_sent", {"book_sent_on": "2020-01-01"}, "met"),
        ("book_sent", {"book_sent_on": "2020-12-15"}, "late"),
        ("book_sent", {"book_sent_on": "2021-01-01"}, "late"),
        ("book_sent", {"book_sent_on": "none"}, "missing"),
        ("book_sent", {"book_sent_on": "unknown"}, "unknown"),
        ("book_sent", {}, "unknown"),
        ("book_returned", {"book_sent_on": "none"}, "not_applicable"),
        ("book_returned", {"book_sent_on": "none", "book_returned_on": "2020-12-19"}, "not_applicable"),
        ("book_returned", {}, "unknown"),
        ("book_returned", {"book_returned_on": "2020-12-19"}, "unknown"),
        ("book_returned", {"book_sent_on": "2020-12-01"}, "unknown"),
        ("book_returned", {"book_sent_on": "2020-12-01", "book_returned_on": "2020-12-20"}, "met"),
        ("book_returned", {"book_sent_on": "2020-12-01", "book_returned_on": "2020-12-21"}, "late"),
        ("book_returned", {"book_sent_on": "2020-12-01", "book_returned_on": "none"}, "missing"),
        ("book_returned", {"book_sent_on": "2020-12-31", "book_returned_on": "2020-12-20"}, "met"),
        ("book_signed", {"roles": []}, "not_applicable"),
        ("book_signed", {"roles": ["taster"], "signed": False}, "not_applicable"),
        ("book_signed", {"roles": ["warden"], "signed": True}, "met"),
        ("book_signed", {"roles": ["taster", "warden"], "signed": False}, "missing"),
        ("book_signed", {"roles": ["warden"]}, "unknown"),
        ("book_signed", {"signed": True}, "unknown"),
        ("book_signed", {"signed": False}, "unknown"),
        ("losses", {"tells_losses": True}, "met"),
        ("losses", {"tells_losses": False}, "missing"),
        ("losses", {}, "unknown"),
        ("plans", {"tells_losses": False, "tells_plans": False}, "not_applicable"),
        ("plans", {"tells_losses": True, "tells_plans": False}, "missing"),
        ("plans", {"tells_losses": True, "tells_plans": True}, "met"),
        ("plans", {"tells_losses": True}, "unknown"),
        ("plans", {"tells_plans": True}, "unknown"),
    ],
)
def test_what_must_be_there_is_met_missing_late_or_nobody_knows(name: str, facts: Facts, expected: str) -> None:
    assert expected == outcomes(asked(NAME, {**GOOD, **facts}))[name]


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"self_level": "good", "decided": DECIDED}, "met"),
        ({"self_level": "poor", "decided": DECIDED}, "met"),
        ({"self_level": "first class", "decided": DECIDED}, "missing"),
        ({"self_level": "good", "decided": {**DECIDED, "day": "2020-12-20"}}, "met"),
        ({"self_level": "good", "decided": {**DECIDED, "day": "2020-12-21"}}, "late"),
        ({"self_level": "good", "decided": {"level": "good", "by": "owner"}}, "unknown"),
        ({"self_level": "good", "decided": {**DECIDED, "day": "unknown"}}, "unknown"),
        ({"self_level": "top", "decided": {"level": "good"}}, "missing"),
        ({"self_level": "good"}, "unknown"),
        ({"self_level": "unknown", "decided": DECIDED}, "unknown"),
        ({"self_level": "none", "decided": DECIDED}, "missing"),
        ({"self_level": "good", "decided": "none"}, "missing"),
        ({"self_level": "good", "decided": "unknown"}, "unknown"),
        ({"decided": DECIDED}, "unknown"),
        ({}, "unknown"),
        ({"self_level": "B", "decided": [DECIDED, {**DECIDED, "by": "council", "day": "2020-12-20"}]}, "met"),
        ({"self_level": "B", "decided": [DECIDED, {**DECIDED, "by": "council", "day": "2020-12-21"}]}, "late"),
        ({"self_level": "B", "decided": [{**DECIDED, "day": "2020-12-21"}, {**DECIDED, "by": "council"}]}, "late"),
        ({"self_level": "B", "decided": [DECIDED, {"level": "good", "by": "council"}]}, "unknown"),
        ({"self_level": "B", "decided": [DECIDED, {**DECIDED, "level": "top"}]}, "unknown"),
    ],
)
def test_conditions_see_what_stands_on_record(record: Mapping[str, object], expected: str) -> None:
    assert expected == outcomes(asked(NAME, GOOD, **record))["rated_itself"]


def test_a_requirement_is_traced_whole() -> None:
    verdict = asked(NAME, {**GOOD, "book_sent_on": "2020-12-16", "book_returned_on": "2020-12-18"})

    sent, returned = verdict.duties.requirements[:2]
    assert ("book_sent", "late", "error", "III.2/1", "before the fifteenth") == sent[:5]
    assert ("exists(book_sent_on) and book_sent_on < book_due", "2020-12-16") == sent[5:7]
    assert ("2020-12-14", ("R-03",), {"vi": "Sổ nộp trước 2020-12-15.", "en": "The book is sent before 2020-12-15."}) == sent[7:]
    assert ("2020-12-20", ()) == returned[7:9]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"roles": []}, {"picker_reviews_before_owner": "owed", "others_decided_by_owner": "owed"}),
        ({"roles": ["warden"]}, {"picker_reviews_before_owner": "owed", "warden_decided_by_council": "owed"}),
        (
            {"roles": ["taster"]},
            {"picker_reviews_before_owner": "owed", "others_decided_by_owner": "owed", "taster_not_covered": "not_covered"},
        ),
        (
            {},
            {
                "picker_reviews_before_owner": "owed",
                "warden_decided_by_council": "unknown",
                "others_decided_by_owner": "unknown",
                "taster_not_covered": "unknown",
            },
        ),
        ({"kind": "plot", "roles": []}, {"others_decided_by_owner": "owed"}),
        ({"kind": "visitor", "roles": ["taster"]}, {}),
        ({"kind": "unknown", "roles": []}, {"picker_reviews_before_owner": "unknown", "others_decided_by_owner": "owed"}),
    ],
)
def test_a_body_is_owed_open_or_not_named(facts: Facts, expected: Mapping[str, str]) -> None:
    routes = asked(NAME, {**GOOD, **facts}).duties.routes

    assert expected == {route.id: route.outcome for route in routes}


def test_a_route_names_its_body_in_both_languages() -> None:
    council, nobody = asked(NAME, {**GOOD, "roles": ["warden", "taster"]}).duties.routes[1:]

    assert ("decides", "council", {"vi": "Hội đồng vườn", "en": "The council"}) == (council.duty, council.body, council.label)
    assert ("III.1/1", "by the council", ("R-02",)) == (council.citation, council.phrase, council.interpretations)
    assert ("receives", None, "The text names nobody who receives it.", "") == (nobody.duty, nobody.body, nobody.label["en"], nobody.phrase)


@pytest.mark.parametrize(
    ("tracks", "kind", "expected"),
    [
        ((), "unknown", True),
        (("picking",), "unknown", UNKNOWN),
        (("picking", "tending"), "unknown", True),
        (("picking", "tending"), "plot", True),
        (("tending",), "picker", False),
        ((), "visitor", False),
        (("picking", "tending"), "visitor", False),
    ],
)
def test_a_chapter_concerns_a_subject_by_its_track(tracks: tuple[str, ...], kind: str, expected: Truth) -> None:
    chapter = edition_of(NAME).chapters[0]._replace(tracks=tracks)
    verdict = evaluator_of(NAME).evaluate(read(NAME, {"kind": kind, "baskets": 7}))

    assert expected is relevance(chapter, verdict)


@pytest.mark.parametrize(
    ("name", "facts", "record", "expected"),
    [
        ("not_above_plot", {"plot_level": "good"}, {}, ("kept", "good", "good")),
        ("not_above_plot", {"plot_level": "top"}, {}, ("kept", "good", "top")),
        ("not_above_plot", {"plot_level": "poor"}, {}, ("exceeded", "good", "poor")),
        ("not_above_plot", {}, {}, ("unknown", "good", None)),
        ("not_above_plot", {"plot_level": "poor", "baskets": 3}, {}, ("unknown", None, "poor")),
        ("not_above_plot", {"plot_level": "poor", "baskets": "unknown"}, {}, ("unknown", None, "poor")),
        ("not_above_plot", {"plot_level": "good"}, {"decided": {**DECIDED, "level": "top"}}, ("exceeded", "top", "good")),
        ("not_above_plot", {"plot_level": "poor"}, {"decided": {**DECIDED, "level": "poor"}}, ("kept", "poor", "poor")),
        ("not_above_plot", {"plot_level": "poor", "baskets": 3}, {"decided": DECIDED}, ("exceeded", "good", "poor")),
        ("not_above_plot", {"plot_level": "poor", "baskets": 3}, {"proposed": "good"}, ("exceeded", "good", "poor")),
        ("not_above_plot", {"plot_level": "poor", "baskets": 0}, {"proposed": "good"}, ("kept", "poor", "poor")),
        ("not_above_plot", {"plot_level": "poor", "baskets": 3}, {"proposed": "none"}, ("unknown", None, "poor")),
        ("not_above_plot", {"plot_level": "poor"}, {"decided": [DECIDED, {**DECIDED, "level": "poor"}]}, ("exceeded", "good", "poor")),
        ("same_as_guild", {"signed": True, "guild_level": "good"}, {}, ("kept", "good", "good")),
        ("same_as_guild", {"signed": True, "guild_level": "top"}, {}, ("exceeded", "good", "top")),
        ("same_as_guild", {"signed": True, "guild_level": "poor"}, {}, ("exceeded", "good", "poor")),
        ("same_as_guild", {"signed": True, "guild_level": "none"}, {}, ("not_applicable", "good", None)),
        ("same_as_guild", {"signed": True}, {}, ("unknown", "good", None)),
        ("same_as_guild", {"signed": False, "guild_level": "top"}, {}, ("not_applicable", "good", "top")),
        ("same_as_guild", {"guild_level": "top"}, {}, ("unknown", "good", "top")),
        ("same_as_guild", {"guild_level": "none"}, {}, ("not_applicable", "good", None)),
    ],
)
def test_a_level_is_held_against_the_one_it_is_tied_to(
    name: str, facts: Facts, record: Mapping[str, object], expected: tuple[str, str | None, str | None]
) -> None:
    verdict = asked(NAME, {**GOOD, **facts}, **record)

    trace = next(trace for trace in verdict.ceilings if trace.id == name)
    assert expected == (trace.outcome, trace.level, trace.other)
    assert trace.lowered is False
    assert (trace.outcome == "exceeded") == (name in findings(verdict))


@pytest.mark.parametrize(
    ("facts", "record", "expected"),
    [
        ({}, {"decided": DECIDED}, []),
        ({}, {"decided": "none"}, []),
        ({}, {}, []),
        ({}, {"decided": {**DECIDED, "by": "The owner"}}, []),
        ({}, {"decided": {**DECIDED, "by": "Chủ vườn"}}, []),
        ({}, {"decided": {**DECIDED, "by": "the old owner"}}, []),
        ({}, {"decided": {**DECIDED, "by": "the owner"}}, ["decided_by_another_body"]),
        ({}, {"decided": {**DECIDED, "by": "council"}}, ["decided_by_another_body"]),
        ({}, {"decided": {**DECIDED, "by": "a passer-by"}}, ["decided_by_another_body"]),
        ({"roles": ["warden"]}, {"decided": {**DECIDED, "by": "council"}}, []),
        ({"roles": ["warden"]}, {"decided": DECIDED}, ["decided_by_another_body"]),
        ({"roles": "unknown"}, {"decided": DECIDED}, []),
        ({"roles": "unknown"}, {"decided": {**DECIDED, "by": "a passer-by"}}, []),
        ({}, {"decided": {**DECIDED, "level": "top"}}, ["differs_without_reason"]),
        ({}, {"decided": {**DECIDED, "level": "A", "reason": "unknown"}}, ["differs_without_reason"]),
        ({}, {"decided": {**DECIDED, "level": "top", "reason": "a hard year"}}, ["decided_differently"]),
        ({}, {"decided": {**DECIDED, "reason": "as proposed"}}, []),
        ({"baskets": 3}, {"decided": DECIDED}, ["gap_decided_without_reason"]),
        ({"baskets": 3}, {"decided": {**DECIDED, "reason": "nearly five"}}, ["gap_decided"]),
        ({"baskets": "unknown"}, {"decided": DECIDED}, ["decided_while_open"]),
        ({"baskets": "unknown"}, {"decided": {**DECIDED, "reason": "seen by all"}}, ["decided_while_open"]),
        ({"kind": "unknown"}, {"decided": DECIDED}, ["decided_while_open"]),
        ({}, {"decided": {"level": "good", "day": "2020-12-10"}}, ["decision_incomplete"]),
        ({}, {"decided": {"level": "good", "by": "owner"}}, ["decision_incomplete"]),
        ({}, {"decided": {"level": "good"}}, ["decision_incomplete"]),
        ({}, {"decided": {"level": "good", "by": "unknown", "day": "unknown"}}, ["decision_incomplete"]),
        ({}, {"decided": {"level": "top", "by": "council"}}, ["decision_incomplete", "decided_by_another_body", "differs_without_reason"]),
        ({}, {"decided": [DECIDED, DECIDED]}, []),
        ({}, {"decided": [DECIDED, {**DECIDED, "level": "top"}]}, ["decisions_disagree", "differs_without_reason"]),
        (
            {},
            {"decided": [DECIDED, {**DECIDED, "by": "council", "level": "poor", "reason": "late"}]},
            ["decisions_disagree", "decided_by_another_body", "decided_differently"],
        ),
        ({}, {"proposed": "good"}, []),
        ({}, {"proposed": "unknown"}, []),
        ({}, {"proposed": "top"}, ["filed_proposal_differs"]),
        ({}, {"proposed": "none"}, ["filed_proposal_differs"]),
        ({"baskets": 3}, {"proposed": "none"}, []),
        ({"baskets": 3}, {"proposed": "good"}, ["filed_proposal_differs"]),
        ({"baskets": "unknown"}, {"proposed": "good"}, []),
        ({"kind": "visitor"}, {"decided": {**DECIDED, "by": "a passer-by"}}, []),
    ],
)
def test_a_decision_is_held_beside_the_proposal(facts: Facts, record: Mapping[str, object], expected: list[str]) -> None:
    verdict = asked(NAME, {**GOOD, "roles": [], **facts}, **record)

    assert expected == findings(verdict)


@pytest.mark.parametrize(
    ("facts", "record", "severity", "words"),
    [
        ({}, {"decided": {**DECIDED, "by": "council"}}, "error", ("Hội đồng vườn", "Chủ vườn", "The council", "The owner")),
        ({}, {"decided": {**DECIDED, "by": "a passer-by"}}, "error", ("a passer-by", "Chủ vườn", "a passer-by", "The owner")),
        ({}, {"decided": {**DECIDED, "level": "top"}}, "error", ("A", "B", "A", "B")),
        ({}, {"decided": {**DECIDED, "level": "top", "reason": "a {hard} year"}}, "note", ("a {hard} year", "A", "a {hard} year", "B")),
        ({"baskets": 3}, {"decided": DECIDED}, "error", ("B", "B", "B", "B")),
        ({"baskets": 3}, {"decided": {**DECIDED, "reason": "nearly five"}}, "note", ("B", "nearly five", "B", "nearly five")),
        ({"baskets": "unknown"}, {"decided": DECIDED}, "warning", ("B", "B", "B", "B")),
        ({}, {"decided": {"level": "good"}}, "warning", ("`by`", "`day`", "`by`", "`day`")),
        ({}, {"decided": [DECIDED, {**DECIDED, "level": "poor", "reason": "late"}]}, "error", ("B", "D", "B", "D")),
        ({}, {"proposed": "top"}, "warning", ("A", "B", "A", "B")),
    ],
)
def test_a_finding_is_a_sentence_in_both_languages(
    facts: Facts, record: Mapping[str, object], severity: str, words: tuple[str, str, str, str]
) -> None:
    finding = asked(NAME, {**GOOD, "roles": [], **facts}, **record).duties.findings[0]

    assert severity == finding.severity
    assert set(LANGUAGES) == set(finding.says)
    assert finding.says["vi"] != finding.says["en"]
    for language, (one, other) in zip(("vi", "en"), (words[:2], words[2:]), strict=True):
        assert one in finding.says[language]
        assert other in finding.says[language]


@pytest.mark.parametrize(
    ("by", "body"),
    [
        ("owner", "owner"),
        ("The owner", "owner"),
        ("Chủ vườn", "owner"),
        ("the old owner", "owner"),
        ("THE OWNER", None),
        ("The owner ", None),
        ("The council", "council"),
        ("the old council", None),
    ],
)
def test_a_body_is_known_by_its_exact_spellings(by: str, body: str | None) -> None:
    verdict = asked(NAME, GOOD, decided={**DECIDED, "by": by, "reason": "as seen"})

    assert [("good", by, body, "2020-12-10", "as seen")] == [tuple(decision) for decision in verdict.duties.decided]


@pytest.mark.parametrize(
    ("record", "code", "path"),
    [
        ({"self_level": "fine"}, "PE204", "self_level"),
        ({"proposed": 3}, "PE204", "proposed"),
        ({"decided": {"by": "owner"}}, "PE202", "decided"),
        ({"decided": {"level": "none"}}, "PE203", "decided"),
        ({"decided": {"level": "unknown"}}, "PE203", "decided"),
        ({"decided": {"level": "fine"}}, "PE204", "decided"),
        ({"decided": "good"}, "PE203", "decided"),
        ({"decided": []}, "PE203", "decided"),
        ({"decided": {**DECIDED, "day": "10/12/2020"}}, "PE206", "decided"),
        ({"decided": {**DECIDED, "who": "owner"}}, "PE201", "decided"),
        ({"decided": [DECIDED, {"level": "good", "by": 7}]}, "PE203", "decided"),
        ({"unit": 7}, "PE203", "unit"),
    ],
)
def test_a_record_that_cannot_be_read_is_refused(record: Mapping[str, object], code: str, path: str) -> None:
    problems = refusals(NAME, GOOD, **record)

    text = json.dumps({"case": "drawn", "edition": NAME, "facts": GOOD, **record}, indent=1).splitlines()
    start = next(n for n, line in enumerate(text, 1) if f'"{path}"' in line)
    assert code in {problem.code for problem in problems}
    assert all(problem.location.line >= start for problem in problems)


DOUBTS = ("roles", "signed", "book_sent_on", "book_returned_on", "tells_losses", "tells_plans")


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (GOOD, (*DOUBTS, "guild_level", "plot_level")),
        ({}, ("kind", *DOUBTS, "guild_level", "plot_level")),
        ({**GOOD, "roles": [], "book_sent_on": "none", "signed": False, "tells_losses": False}, ("plot_level",)),
        ({**GOOD, "roles": [], "book_sent_on": "2020-12-01", "signed": False, "tells_losses": False}, ("book_returned_on", "plot_level")),
        ({"kind": "plot", "crew_total": 0, "crew_good": 0}, ("roles",)),
        ({"kind": "visitor"}, ()),
    ],
)
def test_what_nobody_recorded_is_asked_for(facts: Facts, expected: tuple[str, ...]) -> None:
    assert tuple(sorted(expected)) == asked(NAME, facts).duties.unrecorded


RICH: Mapping[str, tuple[str, Facts, Mapping[str, object]]] = {
    "everything open": (NAME, {}, {}),
    "a picker": (NAME, GOOD, {}),
    "all on record": (
        NAME,
        {
            **GOOD, "roles": ["warden", "taster"], "signed": True, "book_sent_on": "2020-12-16", "book_returned_on": "none",
            "tells_losses": True, "tells_plans": False, "guild_level": "top", "plot_level": "poor",
        },
        {
            "self_level": "top", "proposed": "top", "subject": {"id": "p1", "name": "A picker"},
            "unit": "u", "superior": "s", "collective": "c",
            "decided": [{**DECIDED, "by": "a passer-by"}, {"level": "top", "reason": "why not"}, {"level": "poor"}],
        },
    ),
    "a gap decided": (
        NAME,
        {"kind": "picker", "baskets": 3, "roles": [], "tells_losses": True},
        {"decided": DECIDED, "proposed": "none", "self_level": "none"},
    ),
    "a plot": (NAME, {"kind": "plot", "crew": [{"id": "a", "level": "good"}, {"id": "b"}]}, {"decided": DECIDED}),
    "a visitor": (NAME, {"kind": "visitor"}, {"decided": DECIDED}),
    "not eligible": ("press", {"kind": "press", "idle": True, "barrels": 3, "clean": True}, {"decided": {"level": "top"}}),
    "perhaps not eligible": ("press", {"kind": "press", "barrels": 3, "clean": True}, {}),
    "lowered": ("press", {"kind": "press", "idle": False, "months": 9, "barrels": 3, "clean": True, "guest": False, "house": "poor"}, {}),
    "a cellar": ("press", {"kind": "cellar"}, {}),
    "a set": ("harvest", {"rows": 1, "tools": [], "dry": True}, {}),
}  # fmt: skip
"""Cases that show every part of a verdict: edition, facts, and what stands beside them."""


@pytest.mark.parametrize("name", RICH)
def test_every_verdict_fits_the_published_schema(name: str) -> None:
    edition, facts, more = RICH[name]

    data = json.loads(json.dumps(verdict_to_data(asked(edition, facts, **more))))

    check("verdict", data)
    assert {"self_level", "proposed", "decided", "requirements", "contents", "routes", "ceilings", "findings", "gathered"} <= data.keys()


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", RICH)
def test_every_verdict_can_be_told(cli: Cli, tmp_path: Path, name: str, lang: str, form: str) -> None:
    edition, facts, more = RICH[name]
    write_cases(tmp_path, {"case": {"case": "drawn", "edition": edition, "facts": facts, **more}})

    code, out, err = cli("evaluate", "--rulebook", str(FOLDER / edition), "--format", form, str(tmp_path / "case.yaml"), lang=lang)

    assert (0, "") == (code, err)
    assert out
    assert not any(word in out for word in ("UNKNOWN", "Fraction(", "frozenset(", "{by}", "{decided}"))


DAYS = st.none() | st.dates(date(2020, 12, 1), date(2020, 12, 31))
LEVELS: st.SearchStrategy[str | Nothing | Unknown] = st.sampled_from(["top", "good", "poor", NONE, UNKNOWN])


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.integers(0, 12),
    LEVELS,
    LEVELS,
    st.lists(st.tuples(st.sampled_from(["top", "good", "poor"]), st.sampled_from(["", "owner", "x"]), DAYS)),
)
def test_a_record_never_changes_the_proposal(
    baskets: int, own: str | Nothing | Unknown, filed: str | Nothing | Unknown, decided: list[tuple[str, str, date | None]]
) -> None:
    record = Record(own, filed, tuple(Decision(level, by, day, "", PLACE) for level, by, day in decided))
    facts: dict[str, Value] = {"kind": "picker", "baskets": baskets}
    plain = evaluator_of(NAME).evaluate(case_of(NAME, facts))

    verdict = surveyed(NAME, case_of(NAME, facts, record))

    asked_beside = {"duties", "ceilings", "unread"}
    assert plain._replace(**{key: getattr(verdict, key) for key in asked_beside}) == verdict
    assert len({d[0] for d in decided}) > 1 or "decisions_disagree" not in findings(verdict)
    assert decided or set(findings(verdict)) <= {"filed_proposal_differs"}


@pytest.mark.parametrize(
    ("file", "old", "new", "code"),
    [
        ("duties.yaml", "duty: reviews", "duty: watches", "PE204"),
        ("duties.yaml", "body: council", "body: counsil", "PE401"),
        ("duties.yaml", "    cite: III.1/3\n", "    cite: III.1/3\n    body: owner\n", "PE201"),
        ("papers.yaml", "- id: plans", "- id: losses", "PE402"),
        ("papers.yaml", "- id: plans", "- id: others_decided_by_owner", "PE402"),
        ("duties.yaml", "    phrase: by the owner\n", "", "PE202"),
        ("papers.yaml", "tracks: [picking]", "tracks: [pickling]", "PE401"),
        ("papers.yaml", "severity: error", "severity: bad", "PE204"),
        ("papers.yaml", "chapter: III.2", "chapter: III.1", "PE402"),
        ("papers.yaml", "book_sent_on < book_due", "book_sent_on < book_days", "PE302"),
        ("papers.yaml", "{book_due}", "{book_days}", "PE408"),
        ("papers.yaml", "    holds: tells_losses\n", "    holds: tells_losses\n    in_time: signed\n", "PE201"),
        ("papers.yaml", "  last_day: {value", "  book_sent_on: {value", "PE402"),
        ("papers.yaml", "readings: [R-03]", "readings: [R-09]", "PE401"),
        ("ties.yaml", "on_breach: flag\n    severity: error", "on_breach: lower\n    severity: error", "PE204"),
        ("ties.yaml", "not_above: plot_level", "not_above: baskets", "PE303"),
        ("ties.yaml", "on_breach: flag\n    severity: warning", "on_breach: raise\n    severity: warning", "PE204"),
        (
            "bodies.yaml",
            "  clerk:\n    label: {vi: Thư ký, en: The clerk}",
            "  clerk:\n    label: {vi: Thư ký, en: the old owner}",
            "PE402",
        ),
        ("facts.yaml", "  signed:\n", "  self_level:\n", "PE409"),
        ("facts.yaml", "    gathered_from: unit\n", "    gathered_from: plot\n", "PE204"),
        ("facts.yaml", "      level: {type: level}\n", "", "PE412"),
        ("picker.yaml", "when: baskets == 0", "when: baskets == 0 and exists(decided_on)", "PE302"),
    ],
)
def test_a_slip_in_a_chapter_is_told_when_it_is_loaded(tmp_path: Path, file: str, old: str, new: str, code: str) -> None:
    """An edition that loads cannot fail in the middle of a case: every name, type, word and id of its blocks is checked before."""
    folder, problems = with_change(NAME, tmp_path, file, old, new)

    assert code in {problem.code for problem in problems}
    assert any(problem.location.file == str(folder / file) for problem in problems if problem.code == code)
