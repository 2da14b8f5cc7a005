"""Mutation of a rulebook: a set of cases that would not notice a slip is told so, and what cannot be noticed is proven, not passed over."""

import ast
import json
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice, product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_engine.cli.solver import oracle_of
from policy_engine.compiled.evaluator import CompiledEvaluator, for_many
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.evaluate.expectation import outcome_of
from policy_engine.language.grammar import parse
from policy_engine.language.quantity import Quantity, read_quantity
from policy_engine.language.text import show
from policy_engine.load.case import find_cases, load_case
from policy_engine.load.edition import load_edition
from policy_engine.load.library import Library
from policy_engine.model.case import Case
from policy_engine.model.rulebook import Edition
from policy_engine.trial.bench import Bench
from policy_engine.trial.mutants import Known, Mutant, mutants, nudged, slips, unit_of
from policy_engine.trial.oracle import OPEN, Open, Oracle, Sketch
from policy_engine.trial.places import spots
from policy_engine.trial.run import Trial, told_apart, try_cases
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


def test_an_expectation_that_says_nothing_kills_nothing() -> None:
    vague = read("harvest", LADDER_WHEN_WET, expect={"gap_possible": False})

    assert _try("harvest", [vague]).killed == 0


def test_without_a_solver_no_survivor_is_excused() -> None:
    with_solver, without = _try("press", []), _try("press", [], oracle=False)

    assert with_solver.equivalent
    assert not without.equivalent
    assert not without.asked
    assert len(without.survivors) == len(with_solver.survivors) + len(with_solver.equivalent)


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


def test_the_edition_itself_is_never_changed() -> None:
    edition = edition_of("orchard")
    before = repr(edition._replace(tracks=(), chapters=()))
    texts = [spot.condition.text for spot in spots(edition)]

    changed = [mutant.make(edition) for mutant in mutants(edition)]

    assert all(other != edition for other in changed)
    assert [show(spot.condition.tree) for spot in spots(edition)] == texts
    assert repr(edition._replace(tracks=(), chapters=())) == before


@pytest.mark.parametrize("name", ["2020", "2026-draft"])
def test_a_slip_is_a_condition_of_the_language(library: Library, name: str) -> None:
    edition = library.edition(name)
    ranked = sorted(edition.scale.values(), key=lambda level: level.rank)
    known = Known({name: fact.type for name, fact in edition.facts.items()}, [level.id for level in ranked])
    made = [(spot.condition.text, slip) for spot in spots(edition) for slip in slips(spot.condition.tree, known)]

    for text, slip in made:
        tree, complaints = parse(show(slip.tree))
        assert tree is not None, complaints
        assert ast.dump(tree) == ast.dump(parse(show(tree)).tree or tree)
        assert show(slip.tree) != text


_NUMBERS = st.builds(
    lambda whole, rest, unit: f"{whole}{f'.{rest}' if rest and unit in {'%', ' points'} else ''}{unit}",
    st.integers(0, 999), st.sampled_from(["", "5", "25", "05"]), st.sampled_from(["%", " points", " months", ""]),
)  # fmt: skip
_DAYS = st.dates(date(1990, 1, 2), date(2090, 1, 1)).map(date.isoformat)


@given(_NUMBERS | _DAYS)
def test_a_figure_is_nudged_by_one_unit_of_its_last_place(text: str) -> None:
    quantity = read_quantity(text)
    assert isinstance(quantity, Quantity)
    steps = list(nudged(quantity))

    for other in steps:
        again = read_quantity(other.text)
        assert again is not None
        assert (again.type, again.value) == (other.type, other.value)
    if isinstance(quantity.value, date):
        assert [other.value for other in steps] == [quantity.value + timedelta(days=step) for step in (-1, 1)]
    else:
        wanted = [quantity.value + step * unit_of(quantity) for step in (-1, 1)]
        assert [other.value for other in steps] == [value for value in wanted if value >= 0]


def test_generated_code_notices_what_the_reference_notices() -> None:
    cases = list(_expecting(islice(_every_press(), 0, None, 97)))
    benches = [Bench(edition_of("press"), cases, prepare) for prepare in (Evaluator, CompiledEvaluator, for_many)]

    outcomes = [[bench.outcome(mutant) for bench in benches] for mutant in mutants(edition_of("press"))]

    assert all(len(set(told)) == 1 for told in outcomes)
    assert {told[0] for told in outcomes} == {"killed", "survived"}


def test_a_mutant_that_changes_nothing_but_a_question_is_noticed() -> None:
    facts = {"barrels": 0, "clean": False, "idle": False, "guest": False, "house": 0, "village": 0}
    plain = {"outcome": "undetermined", "possible_levels": ["poor"]}
    asked = {**plain, "open_questions": ["kind", "months"]}

    deaf, hearing = (_try("press", [case_of("press", facts)._replace(expect=expect)], oracle=False) for expect in (plain, asked))

    assert _told(deaf) - _told(hearing) == {("dropped", "too_new", "", "too_new")}


def _expecting(cases: Iterable[Case]) -> Iterator[Case]:
    evaluator = evaluator_of("press")
    for case in cases:
        for name in ("", *case.facts):
            one = case._replace(facts={fact: value for fact, value in case.facts.items() if fact != name})
            seen = outcome_of(evaluator.evaluate(one))
            yield one._replace(expect={key: seen[key] for key in ("outcome", "level", "possible_levels", "open_questions")})


@dataclass
class _Deaf:
    def possible(self, *_: object) -> bool | Open:
        return OPEN

    def find(self, *_: object) -> Sketch | Open | None:
        return OPEN

    def distinguish(self, *_: object) -> Sketch | Open | None:
        return OPEN


def test_what_the_solver_leaves_open_survives() -> None:
    oracle: Oracle = _Deaf()
    edition = edition_of("press")

    trial = try_cases(Bench(edition, []), oracle, lambda every: every)

    assert not trial.equivalent
    assert {one.settled for one in trial.survivors} == {False}


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


def test_without_the_extra_the_command_says_so(tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("policy_engine.cli.trial.oracle_of", lambda _: None)

    code, out, _ = cli("test", str(_weak(tmp_path)), "--rulebook", str(FOLDER / "harvest"), "--mutate")

    assert code == 1
    assert "not settled without the extra `prove`" in " ".join(out.split())


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


def test_a_mutant_is_named_by_what_is_otherwise() -> None:
    told = [(m.kind, m.before, m.after, m.part, m.place.owner, m.place.clauses, m.place.tracks) for m in mutants(edition_of("orchard"))]

    assert len(told) == len(set(told))
    assert all(isinstance(mutant, Mutant) for mutant in mutants(edition_of("show")))
