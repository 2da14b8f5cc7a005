"""What an edition asks beside the levels: who does what, what must be on file and by when, what a level is tied to, what was decided."""

import json
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_engine.evaluate.core.evidence import observed
from policy_engine.language.values import NONE, UNKNOWN, Nothing, Unknown, Value
from policy_engine.load.library import Library
from policy_engine.messages import LANGUAGES
from policy_engine.model.case import Decision, Record
from policy_engine.model.rulebook import Edition
from policy_engine.model.verdict import Verdict
from policy_engine.report.json import verdict_to_data
from policy_engine.source import Location
from tests.build import ROOT, Cli, cells, rows
from tests.editions.small import FOLDER, asked, case_of, check, evaluator_of, refusals, surveyed, with_change, write_cases

_NAME = re.compile(r"`([A-Za-z0-9_.\-/]+)`")
_WORDS = {
    "clauses", "why_not", "leaves_out", "edition.yaml", "basis", "title", "period", "issuer", "notes", "status", "scale", "register",
    "in_force", "derived", "not_covered", "policy-engine", "unit", "gathered_from", "decided", "self_level", "exists", "note", "warning",
    "error", "routes", "requirements", "contents", "ceilings", "expect", "no_thresholds", "decided_by_authority",
}  # fmt: skip
"""Words of the format, which name no part of one edition."""


def _names(edition: Edition) -> set[str]:
    found = {*edition.facts, *edition.register, *edition.bodies, *edition.scale, *(track.id for track in edition.tracks)}
    for fact in edition.facts.values():
        found |= {*fact.choices, *fact.fields, *(choice for field in fact.fields.values() for choice in field.choices)}
    for chapter in edition.chapters:
        found |= {chapter.clause, *chapter.thresholds, *(rule.id for rule in chapter.rules())}
    return found | {clause.id for clause in edition.clauses} | {basis.id for basis in edition.basis}


def test_every_duty_has_its_row(library: Library) -> None:
    """The page of duties has the 43 sentences of the guideline that hold a figure, a date, a body, a paper or a duty, in order."""
    page = (ROOT / "docs" / "duties-2020.md").read_text("utf-8")
    rows = [line.split("|") for line in page.splitlines() if re.match(r"\| *\d+ *\|", line)]

    assert list(range(1, 44)) == [int(row[1]) for row in rows]
    assert all(row[4].strip() for row in rows)
    assert library.edition("2020").chapters


def test_what_the_page_of_duties_names_is_there(library: Library) -> None:
    page = (ROOT / "docs" / "duties-2020.md").read_text("utf-8")
    known = _names(library.edition("2020")) | _WORDS
    named = {name for line in page.splitlines() if line.startswith("| ") for name in _NAME.findall(line)}

    assert len(named) > 80
    assert sorted(named - known) == []


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


@pytest.mark.parametrize(("name", "facts", "expected"), rows("blocks", "what_must_be_there_is_met_missing_late_or_nobody_knows"))
def test_what_must_be_there_is_met_missing_late_or_nobody_knows(name: str, facts: Facts, expected: str) -> None:
    assert expected == outcomes(asked(NAME, {**GOOD, **facts}))[name]


@pytest.mark.parametrize(("record", "expected"), rows("blocks", "conditions_see_what_stands_on_record"))
def test_conditions_see_what_stands_on_record(record: Mapping[str, object], expected: str) -> None:
    assert expected == outcomes(asked(NAME, GOOD, **record))["rated_itself"]


def test_a_requirement_is_traced_whole() -> None:
    verdict = asked(NAME, {**GOOD, "book_sent_on": "2020-12-16", "book_returned_on": "2020-12-18"})

    sent, returned = verdict.duties.requirements[:2]
    assert ("book_sent", "late", "error", "III.2/1", "before the fifteenth") == sent[:5]
    assert ("exists(book_sent_on) and book_sent_on < book_due", "2020-12-16") == (sent.condition, observed(sent.evidence))
    assert ("2020-12-14", ("R-03",), {"vi": "Sổ nộp trước 2020-12-15.", "en": "The book is sent before 2020-12-15."}) == sent[7:]
    assert ("2020-12-20", ()) == returned[7:9]


@pytest.mark.parametrize(("facts", "expected"), rows("blocks", "a_body_is_owed_open_or_not_named"))
def test_a_body_is_owed_open_or_not_named(facts: Facts, expected: Mapping[str, str]) -> None:
    routes = asked(NAME, {**GOOD, **facts}).duties.routes

    assert expected == {route.id: route.outcome for route in routes}


def test_a_route_names_its_body_in_both_languages() -> None:
    council, nobody = asked(NAME, {**GOOD, "roles": ["warden", "taster"]}).duties.routes[1:]

    assert ("decides", "council", {"vi": "Hội đồng vườn", "en": "The council"}) == (council.duty, council.body, council.label)
    assert ("III.1/1", "by the council", ("R-02",)) == (council.citation, council.phrase, council.interpretations)
    assert ("receives", None, "The text names nobody who receives it.", "") == (nobody.duty, nobody.body, nobody.label["en"], nobody.phrase)


@pytest.mark.parametrize(("name", "facts", "record", "expected"), cells("blocks", "a_level_is_held_against_the_one_it_is_tied_to"))
def test_a_level_is_held_against_the_one_it_is_tied_to(
    name: str, facts: Facts, record: Mapping[str, object], expected: tuple[str, str | None, str | None]
) -> None:
    verdict = asked(NAME, {**GOOD, **facts}, **record)

    trace = next(trace for trace in verdict.ceilings if trace.id == name)
    assert expected == (trace.outcome, trace.level, trace.other)
    assert trace.lowered is False
    assert (trace.outcome == "exceeded") == (name in findings(verdict))


@pytest.mark.parametrize(("facts", "record", "expected"), rows("blocks", "a_decision_is_held_beside_the_proposal"))
def test_a_decision_is_held_beside_the_proposal(facts: Facts, record: Mapping[str, object], expected: list[str]) -> None:
    verdict = asked(NAME, {**GOOD, "roles": [], **facts}, **record)

    assert expected == findings(verdict)


@pytest.mark.parametrize(("facts", "record", "severity", "words"), cells("blocks", "a_finding_is_a_sentence_in_both_languages"))
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


@pytest.mark.parametrize(("by", "body"), rows("blocks", "a_body_is_known_by_its_exact_spellings"))
def test_a_body_is_known_by_its_exact_spellings(by: str, body: str | None) -> None:
    verdict = asked(NAME, GOOD, decided={**DECIDED, "by": by, "reason": "as seen"})

    assert [("good", by, body, "2020-12-10", "as seen")] == [tuple(decision) for decision in verdict.duties.decided]


@pytest.mark.parametrize(("record", "code", "path"), rows("blocks", "a_record_that_cannot_be_read_is_refused"))
def test_a_record_that_cannot_be_read_is_refused(record: Mapping[str, object], code: str, path: str) -> None:
    problems = refusals(NAME, GOOD, **record)

    text = json.dumps({"case": "drawn", "edition": NAME, "facts": GOOD, **record}, indent=1).splitlines()
    start = next(n for n, line in enumerate(text, 1) if f'"{path}"' in line)
    assert code in {problem.code for problem in problems}
    assert all(problem.location.line >= start for problem in problems)


@pytest.mark.parametrize(("facts", "expected"), cells("blocks", "what_nobody_recorded_is_asked_for"))
def test_what_nobody_recorded_is_asked_for(facts: Facts, expected: tuple[str, ...]) -> None:
    assert tuple(sorted(expected)) == asked(NAME, facts).duties.unrecorded


RICH: Mapping[str, tuple[str, Facts, Mapping[str, object]]] = cells("blocks", "rich")  # fmt: skip
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
    record = Record(own, filed, tuple(Decision(level, by, day, "") for level, by, day in decided))
    facts: dict[str, Value] = {"kind": "picker", "baskets": baskets}
    plain = evaluator_of(NAME).evaluate(case_of(NAME, facts))
    verdict = surveyed(NAME, case_of(NAME, facts, record))

    asked_beside = {"duties", "ceilings", "unread"}
    assert plain._replace(**{key: getattr(verdict, key) for key in asked_beside}) == verdict
    assert len({d[0] for d in decided}) > 1 or "decisions_disagree" not in findings(verdict)
    assert decided or set(findings(verdict)) <= {"filed_proposal_differs"}


@pytest.mark.parametrize(("file", "old", "new", "code"), rows("blocks", "a_slip_in_a_chapter_is_told_when_it_is_loaded"))
def test_a_slip_in_a_chapter_is_told_when_it_is_loaded(tmp_path: Path, file: str, old: str, new: str, code: str) -> None:
    """An edition that loads cannot fail in the middle of a case: every name, type, word and id of its blocks is checked before."""
    folder, problems = with_change(NAME, tmp_path, file, old, new)

    assert code in {problem.code for problem in problems}
    assert any(problem.location.file == str(folder / file) for problem in problems if problem.code == code)
