"""Two readers of one rulebook: generated code against the reference, on every case file and on random editions."""

import json
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from policy_engine.compiled.conditions import Conditions
from policy_engine.compiled.evaluator import CompiledEvaluator, for_many
from policy_engine.compiled.functions import INVALID, OPEN
from policy_engine.compiled.lean import Lean, Record
from policy_engine.compiled.lines import Lines
from policy_engine.compiled.names import Compiler, Names
from policy_engine.errors import InputError
from policy_engine.evaluate.core.expression import interpreter_over
from policy_engine.evaluate.duties.survey import Surveyor
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.evaluate.plain import verdict_as_data
from policy_engine.evaluate.rate import with_advice
from policy_engine.evaluate.round.round import rate_round
from policy_engine.language.grammar import parse
from policy_engine.language.values import UNKNOWN, Ratio, Value
from policy_engine.load.case import is_manifest, read_case
from policy_engine.load.library import Library
from policy_engine.load.round import load_round
from policy_engine.model.case import Case
from policy_engine.model.rulebook import Edition
from policy_engine.model.verdict import Verdict
from policy_engine.report.json import to_json
from tests.conftest import ROOT
from tests.editions.random_editions import Drawn, drawn_by, editions_with_cases
from tests.editions.small import evaluator_of

LIBRARY = Library()
BAD = ROOT / "cases" / "bad"
CASE_FILES = [path for path in sorted((ROOT / "cases").rglob("*.yaml")) if BAD not in path.parents and not is_manifest(path.read_bytes())]
ROUNDS = sorted(path for path in (ROOT / "cases" / "rounds").iterdir() if path.is_dir())
SEEDS = 150
"""Random editions of a short run, by their seeds, with three cases each; ten times as many in a long one."""


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


def test_most_case_files_take_the_common_path() -> None:
    ways: Counter[bool] = Counter()
    for path in CASE_FILES:
        case, edition = read_case(path.read_bytes(), str(path), LIBRARY)
        compiled = both(edition.id)[1]
        assert isinstance(compiled, CompiledEvaluator)
        ways[compiled.common(case) is not None] += 1

    assert ways[True] > len(CASE_FILES) // 3


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


def test_many_random_editions_are_said_alike(request: pytest.FixtureRequest) -> None:
    seen: Counter[str] = Counter()
    seeds = range(SEEDS * (10 if request.config.getoption("--long", default=False) else 1))

    assert [(seed, *found) for seed in seeds if (found := disagreements(drawn_by(seed), seen))] == []
    assert {"classified", "gap", "decided_by_authority", "not_eligible", "out_of_scope", OPEN, INVALID} <= seen.keys()
    assert seen["classified"] > len(seeds) // 3


def test_known_rows_of_plain_editions_are_seldom_open() -> None:
    outcomes: Counter[str] = Counter()
    for drawn in (drawn_by(seed, 2, plain=True, known=True) for seed in range(50)):
        lean = Lean(Evaluator(drawn.edition).plan)
        outcomes.update(lean.level(lean.row(case.facts))[0] for case in drawn.cases)

    assert outcomes[OPEN] <= outcomes.total() // 10


@pytest.mark.parametrize("name", ["harvest", "orchard", "press", "show"])
def test_small_editions_can_be_made_into_code(name: str) -> None:
    lean = Lean(evaluator_of(name).plan)

    assert all(lean.level(lean.row({})) == lean.record(lean.row({}))[1:3] for _ in range(2))


def _sources(edition: Edition) -> dict[str, str]:
    lean = Lean(Evaluator(edition).plan)
    for track in edition.tracks:
        lean.readers(track.id)
    return lean.code.sources


@pytest.fixture
def source(edition: Edition) -> Callable[[str], str]:
    return lambda name: _sources(edition)[name]


def test_no_text_of_an_author_stands_in_generated_source(edition: Edition) -> None:
    texts = {level.id for level in edition.scale.values()} | {
        c.id for track in edition.tracks for rule in track.levels for c in rule.criteria
    }
    texts |= {choice for fact in edition.facts.values() for choice in fact.choices} | {track.id for track in edition.tracks}

    strings = {text for source in _sources(edition).values() for text in source.split("'")[1::2]}

    assert {"met", "not_met", "unknown", "not_applicable"} >= strings
    assert texts.isdisjoint(strings)


def test_a_share_is_compared_by_whole_numbers(source: Callable[[str], str]) -> None:
    text = source("head_office_specialist.level")

    assert "f_tasks_exceeded * 2 >= f_tasks_total" in text
    assert "/" not in text
    assert "Fraction" not in text


def test_a_count_beyond_64_bits_is_exact(edition: Edition) -> None:
    lean = Lean(Evaluator(edition).plan)
    groups = ("political_ideology_met", "ethics_lifestyle_met", "working_style_met", "discipline_met", "assigned_duties_met")
    facts = dict.fromkeys(groups, True) | {"ideological_decline": False, "disciplined_in_year": False, "tasks_deficient": 0}
    chosen = {"kind": "officer", "workplace": "head_office", "position": "specialist"}
    huge = 2 * 10**30
    counts = {"tasks_total": huge, "tasks_completed": huge, "tasks_well_done": huge}

    levels = [lean.level(lean.row({**facts, **chosen, **counts, "tasks_exceeded": huge // 2 + more}))[1] for more in (-1, 0)]

    assert levels == ["good", "excellent"]


@pytest.mark.parametrize("name", ["kind", "discipline_met", "tasks_total", "tasks_exceeded", "ideological_decline", "disciplined_in_year"])
def test_none_is_no_value(name: str, edition: Edition) -> None:
    lean = Lean(Evaluator(edition).plan)
    path = next(path for path in CASE_FILES if path.stem == "specialist-outstanding")
    case, _ = read_case(path.read_bytes(), str(path), LIBRARY)
    row: list[Any] = list(lean.row(case.facts))
    lean.level(row)

    row[lean.names.index(name)] = None

    for read in (lean.level, lean.record):
        with pytest.raises(TypeError):
            read(tuple(row))


def test_a_record_names_what_it_looked_at(edition: Edition) -> None:
    evaluator = Evaluator(edition)
    lean = Lean(evaluator.plan)
    path = next(path for path in CASE_FILES if path.stem == "specialist-outstanding")
    case, _ = read_case(path.read_bytes(), str(path), LIBRARY)

    record = lean.record(lean.row(case.facts))
    assert record.track

    figures = dict(zip(lean.facts[record.track], record.figures, strict=True))
    assert (record.outcome, record.level) == ("classified", "excellent")
    assert (figures["tasks_exceeded"], figures["tasks_total"], figures["criteria_total"]) == (12, 20, 20)
    assert ["met"] * 5 + ["not_met"] * 3 == list(record.criteria)


def test_no_code_is_made_before_it_pays(edition: Edition) -> None:
    path = next(path for path in CASE_FILES if path.stem == "specialist-outstanding")
    case, _ = read_case(path.read_bytes(), str(path), LIBRARY)
    evaluator = CompiledEvaluator(edition, after=2)

    verdicts = [evaluator.evaluate(case) for _ in range(4)]

    assert [Evaluator(edition).evaluate(case)] * 4 == verdicts


FIGURES: list[Value] = [0, 3, 7, Fraction(7, 2), Fraction(4), UNKNOWN]
SUMS = [
    "a + b",
    "a - b * third",
    "a * half + b * third + 2",
    "(a - 3 * b) * half - 0.5",
    "half * third",
    "a * (half + third)",
    "a - (b - 1)",
]


@pytest.mark.parametrize("text", SUMS)
def test_a_derived_figure_is_worked_out_exactly(text: str) -> None:
    """A sum or a product as code gives the very number of the reference, of the same type, and is open where a fact is."""
    tree = parse(text).tree
    assert tree is not None
    constants: dict[str, Value] = {"half": Ratio(1, 2), "third": Fraction(1, 3)}
    names, lines = Names({"a": 0, "b": 1}), Lines()
    lines.add(f"return {Conditions(names, constants, frozenset(), frozenset()).value(tree, lines)}")
    made = Compiler(names).made("asked", lines.text("def asked(f_a, f_b):"))

    pairs = [(made(a, b), interpreter_over({**constants, "a": a, "b": b}).evaluated(tree)) for a in FIGURES for b in FIGURES]

    assert [(type(one), one) for one, _ in pairs] == [(type(other), other) for _, other in pairs]
