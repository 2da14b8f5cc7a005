"""Every case file is a test: what its author expects is held against the verdict."""

from pathlib import Path

import pytest

from policy_engine.evaluate.case import Evaluator
from policy_engine.evaluate.duties import Surveyor
from policy_engine.load.case import load_case
from policy_engine.load.library import Library
from policy_engine.model.duties import DUTIES
from policy_engine.model.verdict import Verdict
from tests.conftest import ROOT

PARTLY = {"criteria", "requirements", "contents", "ceilings", "routes"}
"""What is held only for the ids that a case names."""
CASES = sorted(path for path in (ROOT / "cases").glob("2*/**/*.yaml"))


def _seen(verdict: Verdict) -> dict[str, object]:
    """Give of a verdict what a case may expect, in the forms in which it is written there."""
    criteria = {c.id: c.outcome for trace in verdict.levels for c in trace.criteria}
    duties = verdict.duties
    owed = {duty: sorted({r.body for r in duties.routes if r.duty == duty and r.outcome == "owed" and r.body}) for duty in DUTIES}
    return {
        "outcome": verdict.outcome,
        "level": verdict.level,
        "possible_levels": list(verdict.possible_levels),
        "gap_possible": verdict.gap_possible,
        "open_questions": sorted(verdict.open_questions),
        "interpretations": list(verdict.interpretations),
        "overlaps": [list(overlap.levels) for overlap in verdict.overlaps],
        "criteria": criteria,
        "requirements": {trace.id: trace.outcome for trace in duties.requirements},
        "contents": {trace.id: trace.outcome for trace in duties.contents},
        "ceilings": {trace.id: trace.outcome for trace in verdict.ceilings},
        "routes": owed,
        "findings": sorted(finding.id for finding in duties.findings),
    }


@pytest.fixture(scope="module")
def evaluators() -> dict[str, Evaluator]:
    """Give a place for one evaluator an edition."""
    return {}


@pytest.mark.parametrize("path", CASES, ids=lambda path: str(path.relative_to(ROOT / "cases").with_suffix("")))
def test_case(path: Path, library: Library, evaluators: dict[str, Evaluator]) -> None:
    """A case comes out as its author worked out from the guideline."""
    case, edition = load_case(str(path), library)
    evaluator = evaluators.setdefault(edition.id, evaluators.get(edition.id) or Evaluator(edition))
    seen = _seen(Surveyor(evaluator.plan).survey(case, evaluator.evaluate(case)))

    assert case.expect, "a case without an expectation tests nothing"
    assert path.stem == case.id
    for key, wanted in case.expect.items():
        found = seen[key]
        if key in PARTLY and isinstance(wanted, dict) and isinstance(found, dict):
            found = {name: outcome for name, outcome in found.items() if name in wanted}
        expected = sorted(wanted) if key in {"open_questions", "findings"} and isinstance(wanted, list) else wanted
        if key == "routes" and isinstance(wanted, dict):
            expected = {duty: sorted(bodies) for duty, bodies in wanted.items()}
        assert expected == found, key


def test_there_are_enough_cases() -> None:
    """An empty folder must not pass for a tested edition."""
    assert len(CASES) >= 60
