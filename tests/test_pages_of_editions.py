"""Pages that say by what an edition encodes something: every row is there, and every name on them exists."""

import re

import pytest

from policy_engine.load.library import Library
from policy_engine.model.rulebook import Edition
from tests.conftest import ROOT

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


@pytest.mark.parametrize("need", ["points", "bands", "band AND conditions", "residual", "eligibility", "ceilings", "caps", "graded",
                                  "dated events", "discretion", "earlier results", "denominator", "quarter and year"])  # fmt: skip
def test_every_need_of_later_regimes_has_its_row(need: str) -> None:
    page = (ROOT / "docs" / "later-regimes.md").read_text("utf-8")

    rows = [line.split("|") for line in page.splitlines() if line.startswith("| ")]

    assert any(need in row[1] and row[2].strip() for row in rows)
