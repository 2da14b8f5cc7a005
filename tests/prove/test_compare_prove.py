"""Two editions over every case: which levels can become which, a case of each, and that there are no others."""

import json
import shutil
from pathlib import Path
from typing import Any

from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.load.edition import load_edition
from policy_engine.load.files import data_root
from policy_engine.model.rulebook import Edition
from policy_engine.prove.transitions import Passages, transitions
from tests.build import Cli
from tests.editions.small import check
from tests.prove.copies import SPECIALIST, SPECIALISTS, Edit, copied

HALF = "value: 50%\n    cite: II.1.3.a/HTXSNV/2\n    phrase: ít nhất 50%"
RAISED = Edit(SPECIALIST, HALF, HALF.replace("50%", "60%"))
FACT = Edit("facts.yaml", "facts:\n", """facts:
  trainings_attended:
    type: count
    label: {vi: Số lớp bồi dưỡng, en: Trainings attended}
    asks: {vi: Đã dự mấy lớp?, en: How many trainings were attended?}
""")  # fmt: skip


def both(folder: Path, *edits: Edit) -> Path:
    copied(folder, *edits, name="next")
    shutil.copytree(Path(data_root(), "rulebook", "2020"), folder / "2020")
    return folder


def of(edition: Edition, folder: Path, *edits: Edit) -> Passages:
    return transitions(Evaluator(edition), Evaluator(load_edition(str(copied(folder, *edits, name="next")))))


def moves(passages: Passages) -> set[tuple[str, str, str]]:
    return {(p.before, t.before, t.after) for p in passages.passages for t in p.transitions if t.before != t.after}


def test_a_raised_figure_moves_one_level_to_the_next_and_nothing_else(edition: Edition, tmp_path: Path) -> None:
    found = of(edition, tmp_path, RAISED)

    assert found.settled
    assert {(SPECIALISTS, "excellent", "good")} == moves(found)
    (passage,) = (p for p in found.passages if p.can_differ)
    assert (SPECIALISTS, SPECIALISTS) == (passage.before, passage.after)
    assert 6 * 6 == passage.excluded + len(passage.transitions)
    assert 6 == len(passage.transitions)
    (moved,) = (t for t in passage.transitions if t.before != t.after)
    assert moved.witness
    first, second = moved.witness
    assert first.facts == second.facts
    assert ("excellent", "good") == (first.outcome, second.outcome)
    share = int(first.facts["tasks_exceeded"]) * 100 // int(first.facts["tasks_total"])
    assert 50 <= share < 60


def test_subjects_whom_the_other_edition_leaves_out_are_named(edition: Edition, tmp_path: Path) -> None:
    fewer = Edit(SPECIALIST, " and position == 'specialist'", " and position == 'specialist' and working_style_met")

    assert (SPECIALISTS,) == of(edition, tmp_path, fewer).lost


def _data(cli: Cli, folder: Path) -> dict[str, Any]:
    code, out, err = cli("compare", "2020", "next", "--prove", "--rulebook", str(folder), "--format", "json")
    assert (code, err) == (0, "")
    data: dict[str, Any] = json.loads(out)
    check("compare", data)
    return data


def test_programs_and_people_are_told(cli: Cli, tmp_path: Path) -> None:
    folder = both(tmp_path, RAISED, FACT)
    proof = _data(cli, folder)["proof"]
    english, vietnamese = (cli("compare", "2020", "next", "--prove", "--rulebook", str(folder), lang=lang)[1] for lang in ("en", "vi"))

    assert (True, ["trainings_attended"], []) == (proof["settled"], proof["facts_only_after"], proof["tracks_left_out"])
    assert "HTXSNV → HTTNV; smallest case: " in english
    assert "HTXSNV → HTTNV; trường hợp nhỏ nhất: " in vietnamese
    assert "Only next asks: trainings_attended" in english
    assert "Proven: no case comes out otherwise" in english
