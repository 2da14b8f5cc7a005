"""Mutation of a rulebook: of cases that would not notice a mistake it is said so; what cannot be noticed is proven, not passed over."""

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import islice, product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_engine.cli.test import oracle_of
from policy_engine.compiled.evaluator import CompiledEvaluator, for_many
from policy_engine.evaluate.duties.survey import Surveyor
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.evaluate.plain import outcome_of
from policy_engine.language.values import Value
from policy_engine.load.case import find_cases, load_case
from policy_engine.load.edition import load_edition
from policy_engine.load.library import Library
from policy_engine.model.case import Case
from policy_engine.trial.bench import Bench
from policy_engine.trial.mutants import mutants
from policy_engine.trial.run import Trial, settle_sides, try_cases
from policy_engine.trial.sides import SIDES, Sides
from tests.build import ROOT, Cli
from tests.editions.small import FOLDER, case_of, edition_of, evaluator_of, read, write_cases

GROUPS = ("political_ideology_met", "ethics_lifestyle_met", "working_style_met", "discipline_met", "assigned_duties_met")
PRESS: Mapping[str, Value] = {
    "kind": "press", "barrels": 2, "clean": True, "months": 9, "idle": False, "guest": False, "house": 3, "village": 3,
}  # fmt: skip
Seen = set[tuple[str, str]]


def _seen(sides: Sides) -> Seen:
    missing = {(one.comparison.place.owner, one.comparison.key, one.comparison.text, one.side) for one in sides.unseen()}
    every = {(one.place.owner, one.key, one.text, side) for one in sides.comparisons for side in SIDES}
    return {(owner, side) for owner, _, _, side in every - missing}


def _of_press(**facts: Value) -> Seen:
    sides = Sides(edition_of("press"))
    case = case_of("press", {**PRESS, **facts})
    sides.take(case, evaluator_of("press").evaluate(case))
    return _seen(sides)


@pytest.mark.parametrize(
    ("facts", "seen"),
    [
        ({}, {("many_barrels", "below"), ("many_all_the_same", "below"), ("some_barrels", "above"), ("no_barrel", "above")}),
        ({"barrels": 3}, {("many_barrels", "on"), ("many_all_the_same", "on")}),
        ({"barrels": 4}, {("many_barrels", "above"), ("many_all_the_same", "above")}),
        ({"barrels": 9}, set()),
        ({"barrels": 9, "months": 5}, {("too_new", "below")}),
        ({"barrels": 9, "months": 6}, {("too_new", "on")}),
        ({"barrels": 9, "months": 7}, {("too_new", "above")}),
        ({"barrels": 9, "months": 8}, set()),
    ],
)
def test_a_case_is_on_the_side_where_its_figure_lies(facts: Mapping[str, Value], seen: Seen) -> None:
    assert _of_press(**facts) == seen


def _specialist(part: int, whole: int) -> Case:
    counts = {"tasks_total": whole, "tasks_completed": whole, "tasks_deficient": 0, "tasks_well_done": whole, "tasks_exceeded": part}
    facts: dict[str, Value] = {"kind": "officer", "workplace": "head_office", "position": "specialist"}
    facts |= {**dict.fromkeys(GROUPS, True), **counts, "ideological_decline": False, "disciplined_in_year": False}
    return Case("drawn", "2020", {}, facts, {}, {})


@given(st.data())
@settings(deadline=None, max_examples=60)
def test_a_share_is_one_part_off(evaluator: Evaluator, data: st.DataObject) -> None:
    whole = data.draw(st.integers(1, 60))
    part = data.draw(st.integers(0, whole))
    half = Fraction(1, 2)
    case = _specialist(part, whole)
    sides = Sides(evaluator.edition)
    sides.take(case, evaluator.evaluate(case))
    share, more, less = (Fraction(count, whole) for count in (part, part + 1, part - 1))
    expected = {"below": share < half <= more, "on": share == half, "above": less <= half < share}

    assert {side for side, so in expected.items() if so} == {side for owner, side in _seen(sides) if owner == "half_exceeded"}


@pytest.mark.parametrize("name", ["2020", "2026-draft"])
@pytest.mark.sampled(2)
def test_the_cases_of_a_shipped_edition_see_every_side(library: Library, name: str) -> None:
    edition = library.edition(name)
    evaluator, sides = Evaluator(edition), Sides(edition)
    surveyor = Surveyor(evaluator.plan)
    for path in find_cases(str(ROOT / "cases" / name)):
        case, _ = load_case(path, library)
        sides.take(case, surveyor.survey(case, evaluator.evaluate(case)))

    assert settle_sides(sides.unseen(), edition, oracle_of(edition)).missing == ()
    assert sides.total > 50


RULEBOOK = str(FOLDER / "press")
FACTS = {"kind": "press", "barrels": 9, "clean": True, "months": 9, "idle": False, "guest": False, "house": "top", "village": "top"}


@pytest.fixture
def weak(tmp_path: Path) -> Path:
    return write_cases(tmp_path / "cases", {"far": {"case": "far", "edition": "press", "facts": FACTS, "expect": {"level": "top"}}})


def _confirmed(text: str) -> str:
    facts, _, expected = text.partition("# expect:")
    return facts + "expect:" + "\n".join(line.removeprefix("# ").removeprefix("#") for line in expected.split("\n"))


def test_what_is_missing_is_written(weak: Path, tmp_path: Path, cli: Cli) -> None:
    folder = tmp_path / "suggested"
    _, _, err = cli("test", str(weak), "--rulebook", RULEBOOK, "--mutate", "--suggest", str(folder))
    files = sorted(folder.iterdir())
    texts = [path.read_text("utf-8") for path in files]

    assert len(files) == err.count("written: ") > 10
    assert not any("yaml-language-server" in text for text in texts), "no project stands above: no path of this computer is written"
    assert all(text.startswith(f"case: {path.stem}\n") for path, text in zip(files, texts, strict=True))
    assert all("# expect:\n#   outcome: " in text and "\nexpect:" not in text for text in texts)
    assert any("never seen exactly 6" in text and "chưa lần nào ở đúng bằng 6" in text for text in texts)


@pytest.mark.usefixtures("weak")
def test_what_is_confirmed_completes_the_set(tmp_path: Path, cli: Cli) -> None:
    rulebook = ("--rulebook", RULEBOOK)
    for number in (1, 2):
        folder = tmp_path / f"round-{number}"
        cli("test", str(tmp_path), *rulebook, "--mutate", "--suggest", str(folder))
        for path in folder.iterdir() if folder.is_dir() else ():
            path.write_text(_confirmed(path.read_text("utf-8")), "utf-8")
    code, out, err = cli("test", str(tmp_path), *rulebook, "--mutate")
    lines = " ".join(out.split())

    assert (code, err) == (0, "")
    assert "figures seen from 15 of 15 sides ✓ every one" in lines
    assert "small changes of the rulebook are noticed ✓ every one" in lines


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


def _every_press() -> Iterator[Case]:
    levels = sorted(level.rank for level in edition_of("press").scale.values())
    flags = (False, True)
    for barrels, clean, months, idle, guest, house, village in product(range(5), flags, (5, 6, 7), flags, flags, levels, levels):
        named = {"barrels": barrels, "clean": clean, "months": months, "idle": idle, "guest": guest, "house": house, "village": village}
        yield case_of("press", {"kind": "press", **named})


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
