"""Two readers of one rulebook: generated code against the reference, on every case file and on random editions."""

import json
from collections import Counter
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings

from policy_engine.compiled.evaluator import CompiledEvaluator, for_many
from policy_engine.compiled.generated import GeneratedFunction
from policy_engine.compiled.tracing import TraceFunction
from policy_engine.errors import EngineFaultError, InputError
from policy_engine.evaluate.core.plan import plan_of
from policy_engine.evaluate.duties.survey import Surveyor
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.evaluate.plain import verdict_as_data
from policy_engine.evaluate.rate import with_advice
from policy_engine.evaluate.round.round import rate_round
from policy_engine.language.values import Value
from policy_engine.load.case import is_manifest, read_case
from policy_engine.load.library import Library
from policy_engine.load.round import load_round
from policy_engine.model.case import Case
from policy_engine.model.rulebook import Edition
from policy_engine.model.verdict import Deduction
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
    """Return an edition that comes with the engine, read by the reference and by its code."""
    edition = LIBRARY.edition(name)
    return Evaluator(edition), CompiledEvaluator(edition)


def said(evaluator: Evaluator, case: Case) -> str:
    """Return everything that is said of a case, as text: its verdict, or what is wrong with it."""
    try:
        return json.dumps(verdict_as_data(evaluator.evaluate(case)))
    except InputError as error:
        return repr(error.problems)


def whole(evaluator: Evaluator, case: Case) -> str:
    """Return a verdict with what is asked beside the level, and with advice, as a command prints it."""
    verdict = Surveyor(evaluator.plan).survey(case, evaluator.evaluate(case))
    return to_json(verdict_as_data(with_advice(evaluator, case, verdict)))


@pytest.mark.parametrize("path", CASE_FILES, ids=lambda path: str(path.relative_to(ROOT / "cases")))
@pytest.mark.sampled(6)
def test_every_case_file_is_said_alike(path: Path) -> None:
    """Rule: the verdict of the code is the reference's to the byte: levels, overlaps, what is possible, duties, advice."""
    case, edition = read_case(path.read_bytes(), str(path), LIBRARY)
    reference, compiled = both(edition.id)

    assert whole(reference, case) == whole(compiled, case)


@pytest.mark.parametrize("folder", ROUNDS, ids=lambda folder: folder.name)
def test_every_round_is_said_alike(folder: Path) -> None:
    """Rule: a round rated by the code is the same round."""
    files = load_round(str(folder), LIBRARY)

    assert rate_round(files) == rate_round(files, evaluator=for_many) == rate_round(files, evaluator=CompiledEvaluator)


def test_most_case_files_take_the_common_path() -> None:
    """Rule: the agreement above is not the reference agreeing with itself."""
    ways: Counter[bool] = Counter()
    for path in CASE_FILES:
        case, edition = read_case(path.read_bytes(), str(path), LIBRARY)
        compiled = both(edition.id)[1]
        assert isinstance(compiled, CompiledEvaluator)
        ways[compiled.common(case) is not None] += 1

    assert ways[True] > len(CASE_FILES) // 3


def disagreements(drawn: Drawn, seen: Counter[str] | None = None) -> list[object]:
    """Return where the readers disagree about the cases of a random edition; count what came out by code alone."""
    reference, compiled = Evaluator(drawn.edition), CompiledEvaluator(drawn.edition)
    found: list[object] = []
    for case in drawn.cases:
        expected = said(reference, case)
        found += [(case.facts, expected)] if said(compiled, case) != expected else []
        if seen is not None:
            seen[_outcome_by_code(compiled, case)] += 1
    return found


def _outcome_by_code(compiled: CompiledEvaluator, case: Case) -> str:
    """Return the outcome of a case on the common path; "" where it is off it, or refused."""
    try:
        verdict = compiled.common(case)
    except InputError:
        return ""
    return verdict.outcome if verdict else ""


@settings(max_examples=60, deadline=None)
@given(editions_with_cases(3))
def test_random_editions_are_said_alike(drawn: Drawn) -> None:
    """Rule: whatever edition loads and whatever a case states, the readers agree."""
    assert disagreements(drawn) == []


def test_many_random_editions_are_said_alike(request: pytest.FixtureRequest) -> None:
    """Rule: the same, over seeds, which are drawn far faster; and every kind of answer is among them."""
    seen: Counter[str] = Counter()
    seeds = range(SEEDS * (10 if request.config.getoption("--long", default=False) else 1))

    assert [(seed, *found) for seed in seeds if (found := disagreements(drawn_by(seed), seen))] == []
    assert {"classified", "gap", "decided_by_authority", "not_eligible", ""} <= seen.keys()
    assert seen["classified"] > len(seeds) // 3


def test_known_cases_of_plain_editions_are_rated_by_code() -> None:
    """Rule: where every fact is stated, and the case is of one track and no contradiction, the code answers."""
    ways: Counter[bool] = Counter()
    for drawn in (drawn_by(seed, 2, plain=True, known=True) for seed in range(50)):
        reference, compiled = Evaluator(drawn.edition), CompiledEvaluator(drawn.edition)
        for case in drawn.cases:
            with suppress(InputError):
                if reference.evaluate(case).track:
                    ways[compiled.common(case) is not None] += 1

    assert ways[True] > 50
    assert ways[False] <= ways.total() // 10


@pytest.mark.parametrize("name", ["harvest", "orchard", "press", "show"])
def test_small_editions_can_be_made_into_code(name: str) -> None:
    """Rule: sets, levels gathered from others, eligibility, ceilings and papers are no obstacle."""
    evaluator = evaluator_of(name)

    assert all(TraceFunction(evaluator.plan, track).code.compiled() for track in evaluator.plan.tracks.values())


def _sources(edition: Edition) -> dict[str, str]:
    """Return the generated source of every track."""
    plan = plan_of(edition)
    return {name: TraceFunction(plan, track).code.source for name, track in plan.tracks.items()}


def test_no_text_of_an_author_stands_in_generated_source(edition: Edition) -> None:
    """Rule: generated source names facts and nothing else of an edition; ids, phrases and choices stand in a table."""
    texts = {level.id for level in edition.scale.values()} | {
        c.id for track in edition.tracks for rule in track.levels for c in rule.criteria
    }
    texts |= {choice for fact in edition.facts.values() for choice in fact.choices} | {track.id for track in edition.tracks}

    strings = {text for source in _sources(edition).values() for text in source.split("'")[1::2]}

    assert {"met", "not_met", "not_applicable", "true", "false"} >= strings
    assert texts.isdisjoint(strings)


def test_a_share_is_compared_by_whole_numbers(edition: Edition) -> None:
    """Rule: no division and no fraction in the hot path: a part of a hundred is a product of whole numbers."""
    text = _sources(edition)["head_office_specialist"]

    assert "f_tasks_exceeded * 2 >= f_tasks_total" in text
    assert " / " not in text
    assert "Fraction" not in text


def test_a_count_beyond_64_bits_is_exact(edition: Edition) -> None:
    """Rule: one more or one less of 10**30 decides, as it would of ten."""
    compiled = CompiledEvaluator(edition)
    groups = ("political_ideology_met", "ethics_lifestyle_met", "working_style_met", "discipline_met", "assigned_duties_met")
    facts: dict[str, Value] = {**dict.fromkeys(groups, True), "ideological_decline": False, "disciplined_in_year": False}
    facts |= {"kind": "officer", "workplace": "head_office", "position": "specialist", "tasks_deficient": 0}
    huge = 2 * 10**30
    facts |= {"tasks_total": huge, "tasks_completed": huge, "tasks_well_done": huge}

    cases = [Case("x", "2020", {}, {**facts, "tasks_exceeded": huge // 2 + more}, {}, {}) for more in (-1, 0)]
    verdicts = [compiled.common(case) for case in cases]

    assert [verdict and verdict.level for verdict in verdicts] == ["good", "excellent"]


def test_no_code_is_made_before_it_pays(edition: Edition) -> None:
    """Rule: the first cases of a run go to the reference; whether a case does changes nothing of what is said."""
    path = next(path for path in CASE_FILES if path.stem == "specialist-outstanding")
    case, _ = read_case(path.read_bytes(), str(path), LIBRARY)
    evaluator = CompiledEvaluator(edition, after=2)

    verdicts = [evaluator.evaluate(case) for _ in range(4)]

    assert [Evaluator(edition).evaluate(case)] * 4 == verdicts


def test_a_field_that_no_record_has_is_an_engine_fault() -> None:
    """Rule: generated records are written by the names of their fields: one too many or too few never gets into the code."""
    with pytest.raises(EngineFaultError, match="Deduction"):
        GeneratedFunction(()).record(Deduction, fact="k1")
