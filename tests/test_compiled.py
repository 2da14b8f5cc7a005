"""Two readers of one rulebook: generated code against the reference, on every case file and on random editions."""

import re
from collections import Counter
from contextlib import suppress
from fractions import Fraction
from functools import cache, partial
from pathlib import Path

import pytest
from hypothesis import given, settings

from policy_engine.compiled.evaluator import CompiledEvaluator, for_many
from policy_engine.compiled.generated import GeneratedFunction
from policy_engine.errors import EngineFaultError, InputError
from policy_engine.evaluate.core.facts import known_facts
from policy_engine.evaluate.core.memory import BOUND, Answers, Memory
from policy_engine.evaluate.duties.survey import Surveyor
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.evaluate.open import prepared
from policy_engine.evaluate.plain import verdict_as_data
from policy_engine.evaluate.rate import with_advice
from policy_engine.evaluate.round.round import rate_round
from policy_engine.language.types import POINTS, SHARE
from policy_engine.language.values import Ratio
from policy_engine.load.case import is_manifest, read_case
from policy_engine.load.library import Library
from policy_engine.load.round import load_round
from policy_engine.model.case import Case
from policy_engine.model.verdict import Deduction, Verdict
from policy_engine.report.json import Writer, to_json, verdict_to_data, verdict_to_write
from tests.build import ROOT
from tests.editions.random_editions import Drawn, drawn_by, drawn_with_duties, editions_with_cases

LIBRARY = Library()
BAD = ROOT / "cases" / "bad"
CASE_FILES = [path for path in sorted((ROOT / "cases").rglob("*.yaml")) if BAD not in path.parents and not is_manifest(path.read_bytes())]
ROUNDS = sorted(path for path in (ROOT / "cases" / "rounds").iterdir() if path.is_dir())


@cache
def both(name: str) -> tuple[Evaluator, Evaluator]:
    edition = LIBRARY.edition(name)
    return Evaluator(edition), CompiledEvaluator(edition)


WRITERS = (Writer(), Writer(kept=3))


def said(evaluator: Evaluator, case: Case) -> str:
    try:
        return written(evaluator.evaluate(case))
    except InputError as error:
        return repr(error.problems)


def whole(evaluator: Evaluator, case: Case) -> str:
    verdict = Surveyor(evaluator.plan).survey(case, evaluator.evaluate(case))
    return written(with_advice(evaluator, case, verdict))


def written(verdict: Verdict) -> str:
    """Write a verdict by itself, and hold it against what is written by those who remember what others said."""
    text = to_json(verdict_to_data(verdict))

    assert {writer.text(verdict_to_write(verdict)).decode() for writer in WRITERS} == {text}
    return text


@pytest.mark.parametrize("path", CASE_FILES, ids=lambda path: str(path.relative_to(ROOT / "cases")))
@pytest.mark.sampled(9)
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
    found: list[object] = []
    for case in drawn.cases:
        expected = said(reference, case)
        found += [(case.facts, expected)] if said(compiled, case) != expected else []
        if seen is not None:
            seen[_outcome_by_code(compiled, case)] += 1
    return found


def _outcome_by_code(compiled: CompiledEvaluator, case: Case) -> str:
    try:
        verdict = compiled.common(case)
    except InputError:
        return ""
    return verdict.outcome if verdict else ""


@settings(max_examples=60, deadline=None)
@given(editions_with_cases(3))
def test_random_editions_are_said_alike(drawn: Drawn) -> None:
    assert disagreements(drawn) == []


@pytest.mark.parametrize("kept", [0, 1, 400])
def test_what_is_remembered_of_open_facts_changes_no_answer(kept: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for bound in ("MAX_CONTEXTS", "MAX_KEPT", "MAX_SITUATIONS", "MAX_VALUES"):
        monkeypatch.setattr(prepared, bound, kept)
    seen: Counter[str] = Counter()
    for drawn in (drawn_by(seed, 5) for seed in range(30)):
        rater, unasked = Evaluator(drawn.edition), Evaluator(drawn.edition, asks=False)
        for case in (*drawn.cases, *reversed(drawn.cases)):
            afresh = said(Evaluator(drawn.edition), case)
            assert said(rater, case) == afresh, case
            answers = [re.sub(r'"open_questions": \[[^]]*\]', "", answer) for answer in (said(unasked, case), afresh)]
            assert answers[0] == answers[1], case
            seen["undetermined" if '"outcome": "undetermined"' in afresh else "settled"] += 1

    assert min(seen["undetermined"], seen["settled"]) > 50


def test_known_cases_of_plain_editions_are_rated_by_code() -> None:
    ways: Counter[bool] = Counter()
    for drawn in (drawn_by(seed, 2, plain=True, known=True) for seed in range(50)):
        reference, compiled = Evaluator(drawn.edition), CompiledEvaluator(drawn.edition)
        for case in drawn.cases:
            with suppress(InputError):
                if reference.evaluate(case).track:
                    ways[compiled.common(case) is not None] += 1

    assert ways[True] > 50
    assert ways[False] <= ways.total() // 10


def test_a_field_that_no_record_has_is_an_engine_fault() -> None:
    """Generated records are written by the names of their fields: one too many or too few never gets into the code."""
    with pytest.raises(EngineFaultError, match="Deduction"):
        GeneratedFunction(()).record(Deduction, fact="k1")


def test_what_follows_from_lists_and_facts_is_the_same_by_code() -> None:
    """To the very type of every figure; and where every item is whole, it is the code that says so."""
    ways: Counter[bool] = Counter()
    for drawn in (drawn_by(seed, 6) for seed in range(80)):
        compiled = CompiledEvaluator(drawn.edition)
        for case in drawn.cases:
            with suppress(InputError):
                expected, found = known_facts(case, compiled.plan), compiled.known_by_code(case)
                ways[found is not None] += not expected.open_items
                if found is None:
                    continue
                assert (found, repr(found.values), repr(found.deductions)) == (expected, repr(expected.values), repr(expected.deductions))

    assert ways[True] > 200
    assert ways[False] == 0


def test_what_was_answered_before_is_what_would_be_answered_anew() -> None:
    """Whole verdicts of one run, in which equal values share their traces, against each case alone; every case comes twice."""
    shared = 0
    for seed in range(16):
        drawn = drawn_with_duties(seed, 8)
        many = CompiledEvaluator(drawn.edition, asks=False)
        surveyor = Surveyor(many.plan, many.facts)
        seen: list[Verdict] = []
        for case in (*drawn.cases, *drawn.cases):
            with suppress(InputError):
                alone = Evaluator(drawn.edition, asks=False)
                expected = Surveyor(alone.plan).survey(case, alone.evaluate(case))
                seen.append(surveyor.survey(case, many.evaluate(case)))
                assert to_json(verdict_as_data(seen[-1])) == to_json(verdict_as_data(expected)), case
        half = len(seen) // 2
        shared += sum(one.duties.requirements is two.duties.requirements for one, two in zip(seen[:half], seen[half:], strict=True))

    assert shared > 50


def test_values_that_are_equal_and_written_otherwise_share_nothing() -> None:
    """A fraction may equal a whole number, and a share another one of other parts; neither is answered by what was said of the other."""
    types = {"points": POINTS, "part": SHARE}
    told: Answers[str] = Answers(lambda: ("points",), types)
    assert [told.to({"points": value}, partial(repr, value)) for value in (1, 1, Fraction(1), True, Fraction(1))] == [
        "1", "1", "Fraction(1, 1)", "True", "Fraction(1, 1)",
    ]  # fmt: skip
    told = Answers(lambda: ("part",), types)
    assert [told.to({"part": value}, partial(repr, value)) for value in 2 * (Ratio(1, 2), Ratio(2, 4))] == [
        "Ratio(1, 2)", "Ratio(2, 4)", "Ratio(1, 2)", "Ratio(2, 4)",
    ]  # fmt: skip


def test_what_is_remembered_has_a_bound() -> None:
    told: Memory[int] = Memory()
    for value in range(3 * BOUND):
        assert told.keep(value, value) == told[value] == value

    assert len(told) <= BOUND
