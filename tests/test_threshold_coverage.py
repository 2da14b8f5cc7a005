"""Figures seen from both sides: just below, exactly, just above, and what cannot be is not asked for."""

import json
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_engine.cli.test import oracle_of
from policy_engine.evaluate.duties.survey import Surveyor
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.language.values import Value
from policy_engine.load.case import find_cases, load_case
from policy_engine.load.library import Library
from policy_engine.model.case import Case
from policy_engine.trial.run import settle_sides
from policy_engine.trial.sides import SIDES, Sides
from tests.conftest import ROOT
from tests.editions.small import FOLDER, case_of, edition_of, evaluator_of, write_cases
from tests.test_cli import Cli

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
    expected = {
        "below": share < half <= more,
        "on": share == half,
        "above": less <= half < share,
    }

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


def test_the_command_names_the_sides_that_nobody_saw(tmp_path: Path, cli: Cli) -> None:
    """An unseen side is told with its figure and clause, in data too; it does not end the run with 1."""
    facts = {"kind": "press", "barrels": 2, "clean": True, "months": 9, "idle": False, "guest": False, "house": "top", "village": "top"}
    folder = write_cases(tmp_path, {"two": {"case": "two", "edition": "press", "facts": facts, "expect": {"level": "good"}}})
    call = ("test", str(folder), "--rulebook", str(FOLDER / "press"))

    code, out, _ = cli(*call)
    _, data, _ = cli(*call, "--format", "json")
    (figures,) = json.loads(data)["figures"]

    assert code == 0
    assert "too_new: `months` never seen exactly 6 [III/1]" in " ".join(out.split())
    assert {"id": "too_new", "side": "on", "figure": "6", "settled": True}.items() <= next(
        one for one in figures["unseen"] if one["id"] == "too_new" and one["side"] == "on"
    ).items()
    assert figures["total"] - len(figures["unseen"]) == 4
