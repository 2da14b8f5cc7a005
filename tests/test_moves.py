"""Why a case moves from one edition to another: what is named differs between the two, and the move rests on it."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from policy_engine.compare.differences import shift_of
from policy_engine.evaluate.rate import Rater
from policy_engine.evaluate.transitions import Reason
from policy_engine.load.library import Library
from tests.build import tuples
from tests.conftest import ROOT

Cli = Callable[..., tuple[int, str, str]]
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
