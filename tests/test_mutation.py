"""Mutation of a rulebook: of cases that would not notice a mistake it is said so; what cannot be noticed is proven, not passed over."""

import ast
import json
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice, product
from pathlib import Path

import pytest

from policy_engine.cli.test import oracle_of
from policy_engine.compiled.evaluator import CompiledEvaluator, for_many
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.evaluate.plain import outcome_of
from policy_engine.language.grammar import parse
from policy_engine.language.text import show
from policy_engine.load.case import find_cases, load_case
from policy_engine.load.edition import load_edition
from policy_engine.load.library import Library
from policy_engine.model.case import Case
from policy_engine.model.rulebook import Edition
from policy_engine.trial.bench import Bench
from policy_engine.trial.mutants import KnownNames, mistakes, mutants, spots
from policy_engine.trial.run import Sketch, Trial, told_apart, try_cases
from tests.conftest import ROOT
from tests.editions.small import FOLDER, case_of, edition_of, evaluator_of, read, write_cases
from tests.test_cli import Cli

LADDER_WHEN_WET: Mapping[str, object] = {"rows": 1, "dry": False, "season": "early", "tools": ["ladder"], "spare": []}


def _try(name: str, cases: list[Case], *, oracle: bool = True) -> Trial:
    edition = edition_of(name)
    return try_cases(Bench(edition, cases), oracle_of(edition) if oracle else None, lambda every: every)


def _told(trial: Trial) -> set[tuple[str, str, str, str]]:
    return {(one.mutant.kind, one.mutant.before, one.mutant.after, one.mutant.place.owner) for one in trial.survivors}


def test_one_weak_case_leaves_exactly_what_it_cannot_tell() -> None:
    weak = read("harvest", LADDER_WHEN_WET, expect={"level": "top"})

    trial = _try("harvest", [weak])

    assert _told(trial) == {
        ("strictness", ">", ">=", "picker"),
        ("connective", "and", "or", "has_basket"),
        ("negation", "not", "", "has_basket"),
        ("mode", "all_of", "any_of", "top"),
        ("mode", "any_of", "all_of", "good"),
        ("dropped", "has_ladder", "", "has_ladder"),
        ("dropped", "no_shears", "", "no_shears"),
        ("dropped", "has_basket", "", "has_basket"),
        ("dropped", "spare_ladder", "", "spare_ladder"),
    }
    assert trial.total - trial.killed == len(trial.survivors)


def test_the_cases_that_are_missing_kill_what_survived() -> None:
    expected = [
        (LADDER_WHEN_WET, {"level": "top"}),
        ({**LADDER_WHEN_WET, "rows": 0}, {"outcome": "out_of_scope"}),
        ({**LADDER_WHEN_WET, "tools": ["ladder", "shears"]}, {"level": "poor"}),
        ({**LADDER_WHEN_WET, "tools": []}, {"level": "poor"}),
        ({**LADDER_WHEN_WET, "tools": ["basket"]}, {"level": "good"}),
        ({**LADDER_WHEN_WET, "tools": ["basket"], "dry": True}, {"level": "poor"}),
        ({**LADDER_WHEN_WET, "tools": [], "spare": ["ladder"]}, {"level": "good"}),
    ]

    trial = _try("harvest", [read("harvest", facts, expect=expect) for facts, expect in expected])

    assert _told(trial) == set()
    assert trial.killed == trial.total


def _every_press() -> Iterator[Case]:
    levels = sorted(level.rank for level in edition_of("press").scale.values())
    flags = (False, True)
    for barrels, clean, months, idle, guest, house, village in product(range(5), flags, (5, 6, 7), flags, flags, levels, levels):
        named = {"barrels": barrels, "clean": clean, "months": months, "idle": idle, "guest": guest, "house": house, "village": village}
        yield case_of("press", {"kind": "press", **named})


def _levels(edition: Edition, cases: list[Case]) -> list[str]:
    evaluator = Evaluator(edition)
    verdicts = [evaluator.evaluate(case) for case in cases]
    return [verdict.level or verdict.outcome for verdict in verdicts]


def test_what_is_proven_the_same_is_the_same_in_every_case() -> None:
    edition, cases = edition_of("press"), list(_every_press())
    oracle = oracle_of(edition)
    plain = _levels(edition, cases)
    bound = [mutant for mutant in mutants(edition) if mutant.place.binds]

    answers = {mutant: told_apart(mutant, edition, oracle) for mutant in bound if oracle}

    assert {type(answer) for answer in answers.values()} == {type(None), Sketch}
    for mutant, answer in answers.items():
        assert (answer is None) is (_levels(mutant.make(edition), cases) == plain), mutant


@pytest.mark.parametrize("name", ["2020", "2026-draft"])
def test_a_slip_is_a_condition_of_the_language(library: Library, name: str) -> None:
    edition = library.edition(name)
    ranked = sorted(edition.scale.values(), key=lambda level: level.rank)
    known = KnownNames({name: fact.type for name, fact in edition.facts.items()}, [level.id for level in ranked])
    made = [(spot.condition.text, mistake) for spot in spots(edition) for mistake in mistakes(spot.condition.tree, known)]

    for text, mistake in made:
        tree, complaints = parse(show(mistake.tree))
        assert tree is not None, complaints
        assert ast.dump(tree) == ast.dump(parse(show(tree)).tree or tree)
        assert show(mistake.tree) != text


def test_generated_code_notices_what_the_reference_notices() -> None:
    cases = list(_expecting(islice(_every_press(), 0, None, 97)))
    benches = [Bench(edition_of("press"), cases, prepare) for prepare in (Evaluator, CompiledEvaluator, for_many)]

    outcomes = [[bench.outcome(mutant) for bench in benches] for mutant in mutants(edition_of("press"))]

    assert all(len(set(told)) == 1 for told in outcomes)
    assert {told[0] for told in outcomes} == {"killed", "survived"}


def _expecting(cases: Iterable[Case]) -> Iterator[Case]:
    evaluator = evaluator_of("press")
    for case in cases:
        for name in ("", *case.facts):
            one = case._replace(facts={fact: value for fact, value in case.facts.items() if fact != name})
            seen = outcome_of(evaluator.evaluate(one))
            yield one._replace(expect={key: seen[key] for key in ("outcome", "level", "possible_levels", "open_questions")})


@pytest.mark.parametrize("name", ["2020", "2026-draft"])
@pytest.mark.sampled(2)
def test_no_mutant_of_a_shipped_edition_survives(library: Library, name: str) -> None:
    edition = load_edition(library.folder_of(name), heed_lock=False)
    cases = [load_case(path, library)[0] for path in find_cases(str(ROOT / "cases" / name))]

    trial = try_cases(Bench(edition, cases), oracle_of(edition), lambda every: every)

    assert trial.survivors == ()
    assert trial.total > 200
    assert all(mutant.kind == "strictness" and mutant.before == "==" for mutant in trial.equivalent)


def _weak(tmp_path: Path) -> Path:
    return write_cases(
        tmp_path / "cases", {"weak": {"case": "weak", "edition": "harvest", "facts": LADDER_WHEN_WET, "expect": {"level": "top"}}}
    )


def test_survivors_are_told_with_clause_and_place(tmp_path: Path, cli: Cli) -> None:
    folder, rulebook = str(_weak(tmp_path)), str(FOLDER / "harvest")

    plain, _, _ = cli("test", folder, "--rulebook", rulebook)
    code, out, _ = cli("test", folder, "--rulebook", rulebook, "--mutate")
    _, vietnamese, _ = cli("test", folder, "--rulebook", rulebook, "--mutate", lang="vi")

    assert (plain, code) == (0, 1)
    assert "no case tells `and` from `or` at I.2/1: `'basket' in tools and not dry`" in " ".join(out.split())
    assert "[track.yaml:25]" in out
    assert "không hồ sơ nào phân biệt `and` với `or` tại I.2/1" in " ".join(vietnamese.split())


def test_json_and_junit_carry_the_survivors(tmp_path: Path, cli: Cli) -> None:
    call = ("test", str(_weak(tmp_path)), "--rulebook", str(FOLDER / "harvest"), "--mutate", "--format")

    code, out, _ = cli(*call, "json")
    _, xml, _ = cli(*call, "junit")
    (mutation,) = json.loads(out)["mutation"]
    suite = ET.fromstring(xml)

    assert code == 1
    assert (mutation["total"] - mutation["killed"], 9) == (len(mutation["survivors"]), len(mutation["survivors"]))
    assert {"kind", "before", "after", "id", "clauses", "file", "line", "settled"} <= mutation["survivors"][0].keys()
    assert (suite.get("tests"), suite.get("failures")) == ("10", "9")
    assert len(suite.findall(".//failure[@type='mutation']")) == 9
    assert f"{mutation['killed']}/{mutation['total']}" in {one.get("value") for one in suite.findall(".//property")}
