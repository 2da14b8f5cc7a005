"""Two readers of one rulebook: generated code against the reference, on every case file and on random editions."""

import json
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings

from policy_engine.compiled.evaluator import CompiledEvaluator, for_many
from policy_engine.compiled.functions import INVALID, OPEN
from policy_engine.compiled.lean import Lean, Record
from policy_engine.errors import InputError
from policy_engine.evaluate.duties.survey import Surveyor
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.evaluate.plain import verdict_as_data
from policy_engine.evaluate.rate import with_advice
from policy_engine.evaluate.round.round import rate_round
from policy_engine.load.case import is_manifest, read_case
from policy_engine.load.library import Library
from policy_engine.load.round import load_round
from policy_engine.model.case import Case
from policy_engine.model.verdict import Verdict
from policy_engine.report.json import to_json
from tests.conftest import ROOT
from tests.editions.random_editions import Drawn, editions_with_cases

LIBRARY = Library()
BAD = ROOT / "cases" / "bad"
CASE_FILES = [path for path in sorted((ROOT / "cases").rglob("*.yaml")) if BAD not in path.parents and not is_manifest(path.read_bytes())]
ROUNDS = sorted(path for path in (ROOT / "cases" / "rounds").iterdir() if path.is_dir())


@cache
def both(name: str) -> tuple[Evaluator, Evaluator]:
    edition = LIBRARY.edition(name)
    return Evaluator(edition), CompiledEvaluator(edition)


def said(evaluator: Evaluator, case: Case) -> str:
    try:
        return json.dumps(verdict_as_data(evaluator.evaluate(case)))
    except InputError as error:
        return repr(error.problems)


def whole(evaluator: Evaluator, case: Case) -> str:
    verdict = Surveyor(evaluator.plan).survey(case, evaluator.evaluate(case))
    return to_json(verdict_as_data(with_advice(evaluator, case, verdict)))


@pytest.mark.parametrize("path", CASE_FILES, ids=lambda path: str(path.relative_to(ROOT / "cases")))
@pytest.mark.sampled(6)
def test_every_case_file_is_said_alike(path: Path) -> None:
    case, edition = read_case(path.read_bytes(), str(path), LIBRARY)
    reference, compiled = both(edition.id)

    assert whole(reference, case) == whole(compiled, case)


@pytest.mark.parametrize("folder", ROUNDS, ids=lambda folder: folder.name)
def test_every_round_is_said_alike(folder: Path) -> None:
    files = load_round(str(folder), LIBRARY)

    assert rate_round(files) == rate_round(files, evaluator=for_many) == rate_round(files, evaluator=CompiledEvaluator)


def disagreements(drawn: Drawn, seen: Counter[str] | None = None) -> list[object]:
    reference, compiled = Evaluator(drawn.edition), CompiledEvaluator(drawn.edition)
    lean = Lean(reference.plan)
    found: list[object] = []
    for case in drawn.cases:
        expected = said(reference, case)
        found += [(case.facts, expected)] if said(compiled, case) != expected else []
        row = lean.row(case.facts)
        record = lean.record(row)
        found += [(case.facts, record, lean.level(row))] if lean.level(row) != record[1:3] else []
        by_name = [(lean.level_of(case.facts), lean.record_of(case.facts)) for _ in range(2)]  # the second time by what was learned
        found += [(case.facts, record, by_name)] if by_name != [(record[1:3], record)] * 2 else []
        found += _unlike(case, record, lean, reference)
        if seen is not None:
            seen[record.outcome] += 1
    return found


def _unlike(case: Case, record: Record, lean: Lean, reference: Evaluator) -> list[object]:
    try:
        verdict = reference.evaluate(case)
    except InputError:
        return [] if record.outcome in {INVALID, OPEN} else [(case.facts, record)]
    if record.outcome != OPEN and (verdict.track, verdict.outcome, verdict.level) != record[:3]:
        return [(case.facts, record, verdict)]
    return [(case.facts, record, verdict)] if record.track == verdict.track and not _criteria_alike(record, verdict, lean) else []


def _criteria_alike(record: Record, verdict: Verdict, lean: Lean) -> bool:
    told = {trace.id: trace.outcome for level in verdict.levels for trace in level.criteria}
    criteria = lean.criteria[record.track] if record.track else ()
    pairs = [(outcome, told[criterion.id]) for criterion, outcome in zip(criteria, record.criteria, strict=True)]
    return all(one == other or (one == "unknown" and record.outcome == OPEN) for one, other in pairs)


@settings(max_examples=60, deadline=None)
@given(editions_with_cases(3))
def test_random_editions_are_said_alike(drawn: Drawn) -> None:
    assert disagreements(drawn) == []
