"""Why a case moves from one edition to another: what is named differs between the two, and the move rests on it."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from policy_engine.compare.differences import shift_of
from policy_engine.evaluate.rate import Rater
from policy_engine.evaluate.transitions import Deciding, Move, Reason, move_of
from policy_engine.load.library import Library
from policy_engine.model.evidence import Evidence, Seen, WorkedOut
from policy_engine.model.verdict import CriterionTrace, LevelTrace, Verdict
from tests.build import ROOT, Cli, tuples

ORDER = ("top", "good", "poor")
RULES = Deciding(order=("poor", "top", "good"), thresholds={})
Outcomes = Mapping[str, str]


def level(name: str, mode: str, outcome: str, criteria: Outcomes) -> LevelTrace:
    traces = tuple(
        CriterionTrace(one, word, f"{name}/1", f"words of {one}", "", Evidence(WorkedOut((Seen("", (f"{one} seen",)),))), (), {})
        for one, word in criteria.items()
    )
    return LevelTrace(name, outcome, mode, name, traces)


def verdict(came: str, levels: Sequence[LevelTrace] = (), possible: tuple[str, ...] = ()) -> Verdict:
    named = came in ORDER
    return Verdict(
        "case", {}, "e", "issued", "r", "t", (), "classified" if named else came, came if named else None, possible, False, True, (), (),
        tuple(levels), (), (), (), (),
    )  # fmt: skip


def moved(before: Verdict, after: Verdict, rules: tuple[Deciding, Deciding] = (RULES, RULES)) -> Move | None:
    return move_of(before, after, ORDER, rules)


def reasons(before: Verdict, after: Verdict, rules: tuple[Deciding, Deciding] = (RULES, RULES)) -> list[tuple[str, str]]:
    move = moved(before, after, rules)
    assert move
    return [(reason.criterion, reason.side) for reason in move.reasons]


TOP_MET = level("top", "all_of", "met", {"a": "met", "b": "met", "c": "not_applicable"})
TOP_MISSED = level("top", "all_of", "not_met", {"a": "met", "b": "not_met", "c": "not_applicable"})
TOP_OPEN = level("top", "all_of", "unknown", {"a": "unknown", "b": "met"})
POOR_NOT = level("poor", "any_of", "not_met", {"x": "not_met", "y": "not_met"})
POOR_HIT = level("poor", "any_of", "met", {"x": "not_met", "y": "met"})
POOR_OPEN = level("poor", "any_of", "unknown", {"x": "unknown", "y": "not_met"})


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (("top", [TOP_MET, POOR_NOT]), ("good", [TOP_MISSED, POOR_NOT]), [("b", "after")]),
        (("top", [TOP_MET]), ("undetermined", [TOP_OPEN]), [("a", "after")]),
        (("good", [TOP_MISSED]), ("top", [TOP_MET]), [("b", "before")]),
        (("undetermined", [TOP_OPEN]), ("top", [TOP_MET]), [("a", "before")]),
        (("top", [TOP_MET, POOR_NOT]), ("poor", [TOP_MET, POOR_HIT]), [("y", "after")]),
        (("poor", [TOP_MET, POOR_HIT]), ("top", [TOP_MET, POOR_NOT]), [("y", "before")]),
        (("top", [TOP_MET, POOR_NOT]), ("undetermined", [TOP_MET, POOR_OPEN]), [("x", "after")]),
        (("poor", [POOR_HIT]), ("gap", [POOR_NOT]), [("y", "after")]),
        (("gap", [POOR_NOT]), ("poor", [POOR_HIT]), [("y", "before")]),
        (("poor", [POOR_HIT]), ("gap", [level("poor", "any_of", "not_met", {"x": "not_met"})]), [("y", "before")]),
        (("gap", [level("poor", "any_of", "not_met", {"x": "not_met"})]), ("poor", [POOR_HIT]), [("y", "after")]),
        (("top", [TOP_MET]), ("out_of_scope", []), [("top", "before")]),
        (("top", [TOP_MET]), ("good", [level("good", "all_of", "met", {"g": "met"})]), [("good", "after"), ("top", "before")]),
    ],
)  # fmt: skip
def test_what_decides_a_move(
    before: tuple[str, list[LevelTrace]], after: tuple[str, list[LevelTrace]], expected: list[tuple[str, str]]
) -> None:  # fmt: skip
    assert expected == reasons(verdict(*before), verdict(*after))


DRAFT = ROOT / "rulebook" / "2026-draft"
EXCEEDED = ("facts.yaml", "value: 30%\n    cite: QD366/11/HTXSNV/3", "value: 40%\n    cite: QD366/11/HTXSNV/3")


class Edit(NamedTuple):
    changes: tuple[tuple[str, str, str], ...]
    case: str
    move: tuple[str, str]
    named: tuple[tuple[str, str, str], ...]


EDITS = {key: Edit(*row) for key, row in tuples("moves", "edits").items()}  # fmt: skip


def _edited(folder: Path, changes: tuple[tuple[str, str, str], ...]) -> Library:
    shutil.copytree(DRAFT, folder / "2026-draft")
    copy = shutil.copytree(DRAFT, folder / "next")
    for file, old, new in (("edition.yaml", 'edition: "2026-draft"', "edition: next"), *changes):
        text = (copy / file).read_text("utf-8")
        assert old in text
        (copy / file).write_text(text.replace(old, new, 1), "utf-8")
    return Library(str(folder))


@pytest.mark.parametrize("name", EDITS)
def test_the_cause_of_a_move_is_what_was_changed(tmp_path: Path, name: str) -> None:
    """Whatever kind of thing changes, it alone is named, the same from either side, with what either edition says of it (F18)."""
    edit = EDITS[name]
    library = _edited(tmp_path, edit.changes)
    editions = [library.edition(one) for one in ("2026-draft", "next")]
    sides = [(edition, Rater(library, edition.id)) for edition in editions]
    again = [(edition, Rater(library, edition.id)) for edition in editions]
    path = str(ROOT / "cases/2026-draft" / f"{edit.case}.yaml")
    there, back = shift_of([path], sides[0], sides[1]), shift_of([path], again[1], again[0])

    [moved], [returned] = there.moved, back.moved
    assert edit.move == (moved.move.before or moved.move.before_outcome, moved.move.after or moved.move.after_outcome)
    for move in (moved.move, returned.move):
        assert edit.named == tuple((r.kind, r.level, r.criterion) for r in move.reasons)
        assert all(_differs(reason) for reason in move.reasons)


def _differs(reason: Reason) -> bool:
    return reason.before != reason.after


@pytest.mark.parametrize(
    ("lang", "words"),
    tuples("moves", "the_cause_is_told_once_with_the_figures_of_both"),
)  # fmt: skip
def test_the_cause_is_told_once_with_the_figures_of_both(cli: Cli, tmp_path: Path, lang: str, words: tuple[str, ...]) -> None:
    _edited(tmp_path, (EXCEEDED,))
    cases = [str(ROOT / "cases/2026-draft/good" / f"{name}.yaml") for name in ("staff-absent-lowered", "staff-outstanding")]
    code, out, err = cli("compare", "2026-draft", "next", "--rulebook", str(tmp_path), "--cases", cases[0], "--cases", cases[1], lang=lang)

    moves = " ".join(out[out.index("HTXSNV → ") :].split())
    assert (0, "") == (code, err)
    assert all(text in moves for text in words)
    assert "? " not in moves
    assert "tasks_exceeded_enough" not in moves
