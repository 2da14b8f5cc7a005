"""Policy staff change data, never code: an edition is copied, edited, and answers otherwise."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from policy_engine.load.files import data_root
from tests.conftest import ROOT

Cli = Callable[..., tuple[int, str, str]]
CASE = ROOT / "cases/2020/II.1/good/specialist-outstanding.yaml"
TRACK = "criteria/head-office-specialist.yaml"


@pytest.fixture
def edition_copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(Path(data_root(), "rulebook", "2020"), tmp_path / "2020"))


def _edit(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def _level(cli: Cli, folder: Path, case: Path = CASE) -> tuple[str | None, str]:
    code, out, err = cli("evaluate", "--format", "json", "--rulebook", str(folder), str(case))
    assert (code, err) == (0, "")
    verdict = json.loads(out)
    return verdict["level"], verdict["revision"]


def test_a_threshold(cli: Cli, edition_copy: Path) -> None:
    before, revision = _level(cli, edition_copy)

    _edit(edition_copy, TRACK, "value: 50%\n    cite: II.1.3.a/HTXSNV/2\n    phrase: ít nhất 50%",
          "value: 99.5%\n    cite: II.1.3.a/HTXSNV/2\n    phrase: ít nhất 99,5%")  # fmt: skip
    after, revised = _level(cli, edition_copy)

    assert (before, after) == ("excellent", "good")
    assert revision != revised
    english = cli("evaluate", "--rulebook", str(edition_copy), str(CASE))[1]
    vietnamese = cli("evaluate", "--rulebook", str(edition_copy), str(CASE), lang="vi")[1]
    assert "at least 99.5%" in english.replace("\n    ", " ")
    assert "99,5%" in vietnamese


def test_a_new_fact_and_a_new_criterion(cli: Cli, edition_copy: Path, tmp_path: Path) -> None:
    _edit(edition_copy, "facts.yaml", "facts:\n", """facts:
  trainings_attended:
    type: count
    label:
      vi: Số lớp bồi dưỡng đã dự
      en: Trainings attended
    asks:
      vi: Trong năm đã dự bao nhiêu lớp bồi dưỡng?
      en: How many trainings were attended in the year?
    cite: II.1.3.a
""")  # fmt: skip
    _edit(edition_copy, TRACK, "thresholds:\n", """thresholds:
  min_trainings:
    value: 2
    cite: II.1.3.a/HTXSNV/3
    phrase: ít nhất 2
""")  # fmt: skip
    _edit(edition_copy, TRACK, "      - id: half_exceeded\n", """      - id: trained
        cite: II.1.3.a/HTXSNV/3
        when: trainings_attended >= min_trainings
        says:
          vi: Dự từ {min_trainings} lớp bồi dưỡng trở lên
          en: At least {min_trainings} trainings are attended
      - id: half_exceeded
""")  # fmt: skip
    stated = tmp_path / "specialist-outstanding.yaml"
    stated.write_text(CASE.read_text("utf-8").replace("facts:\n", "facts:\n  trainings_attended: 1\n"), "utf-8")

    code, out, _ = cli("evaluate", "--format", "json", "--rulebook", str(edition_copy), str(CASE))
    verdict = json.loads(out)

    assert (code, verdict["outcome"], verdict["open_questions"]) == (0, "undetermined", ["trainings_attended"])
    assert _level(cli, edition_copy, stated)[0] == "good"
    assert "trainings_attended: unknown" in cli("new-case", "--rulebook", str(edition_copy))[1]


def test_a_residual_level_leaves_no_gap(cli: Cli, edition_copy: Path) -> None:
    gaps = [path for path in sorted((ROOT / "cases/2020/II.1/edge").glob("specialist-*.yaml")) if "outcome: gap" in path.read_text("utf-8")]
    _edit(edition_copy, TRACK, "residual:\n  outcome: gap\n", "residual:\n  level: not_completed\n")

    assert gaps
    assert {"not_completed"} == {_level(cli, edition_copy, path)[0] for path in gaps}
