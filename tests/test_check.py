"""`check` tells in one run what does not hold together in an edition, and mends only what is certain."""

import json
import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from policy_engine.checks.run import check_edition, severity_of
from policy_engine.errors import CATALOGUE, FINDINGS, FIXABLE
from policy_engine.load.edition import survey_edition
from policy_engine.load.seal import make_seal, write_seal
from policy_engine.model.duties import SEVERITIES
from tests.bad_files import RULEBOOKS, kept
from tests.build import tuples
from tests.conftest import ROOT

Cli = Callable[..., tuple[int, str, str]]
Edit = tuple[str, str, str]

BAD = {bad.code: bad for bad in kept()}
SPECIALIST = "criteria/head-office-specialist.yaml"


@pytest.fixture
def library_2020(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "rulebook" / "2020", tmp_path / "2020")
    return tmp_path


def _edit(folder: Path, edits: Iterable[Edit]) -> None:
    for file, old, new in edits:
        text = (folder / file).read_text("utf-8")
        assert text.count(old) == 1, (file, old, text.count(old))
        (folder / file).write_text(text.replace(old, new), "utf-8")


def _found(folder: Path) -> list[tuple[str, str, int, int]]:
    found = check_edition(survey_edition("x", str(folder))).findings
    return [(p.code, str(Path(p.location.file).relative_to(folder)), *p.location[1:]) for p in found if p.code != "PE820"]


@pytest.mark.parametrize("name", ["2020", "2026-draft"])
def test_the_shipped_editions_hold_together(name: str) -> None:
    found = check_edition(survey_edition(name, str(ROOT / "rulebook" / name))).findings

    assert [p for p in found if severity_of(p) != "note"] == []
    assert {"PE820"} <= {p.code for p in found} <= {"PE820", "PE802"}


EDITS: dict[str, tuple[Edit, tuple[str, str]]] = tuples("check", "edits")  # fmt: skip
"""Slips of an author in the edition of 2020, and what is told: the code, and what stands at its place."""


@pytest.mark.parametrize("slip", EDITS)
def test_a_slip_is_told_at_its_place(slip: str, library_2020: Path) -> None:
    edit, (code, text) = EDITS[slip]
    _edit(library_2020 / "2020", [edit])

    ((told, file, line, column),) = _found(library_2020 / "2020")
    shown = (library_2020 / "2020" / file).read_text("utf-8").splitlines()[line - 1]

    assert (code, edit[0]) == (told, file)
    assert shown[column - 1 :].startswith(text)
    assert edit[2].strip() in shown


def test_all_findings_come_in_one_run_sorted_by_place(library_2020: Path) -> None:
    _edit(
        library_2020 / "2020",
        [edit for edit, _ in (EDITS["a fifth as a quarter"], EDITS["sign of at most"], EDITS["a day later"], EDITS["on the day"])],
    )

    found = _found(library_2020 / "2020")

    assert ["PE814", "PE815"] == sorted({code for code, *_ in found})
    assert len(found) == 4
    assert found == sorted(found, key=lambda one: one[1:])


def test_what_cannot_be_read_hides_nothing_else(library_2020: Path) -> None:
    broken = (SPECIALIST, "share(tasks_exceeded, tasks_total) >= min_exceeded", "share(tasks_exceeded, tasks_total) >= min_exceded")
    _edit(library_2020 / "2020", [broken, EDITS["a day later"][0]])

    found = _found(library_2020 / "2020")

    assert ["PE815", "PE302"] == [code for code, *_ in found]


def test_a_file_that_is_no_yaml_hides_nothing_of_the_others(library_2020: Path) -> None:
    english = "en: Tasks exceeded\n"
    _edit(library_2020 / "2020", [("scale.yaml", "scale:", "scale: ["), ("facts.yaml", english, "en: Nhiệm vụ vượt mức\n")])

    found = _found(library_2020 / "2020")

    assert ["PE813", "PE105"] == [code for code, *_ in found]


@pytest.mark.parametrize("code", FINDINGS)
def test_the_command_tells_a_finding(code: str, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = BAD[code]
    path, line, column = bad.places[0]
    monkeypatch.chdir(tmp_path)

    for level in SEVERITIES:
        status, out, err = cli("check", "--rulebook", str(bad.rulebook), "--fail-level", level)

        assert err == ""
        assert out.startswith(f"{path}:{line}:{column}: {code} {CATALOGUE[code].severity}: ")
        assert status == int(SEVERITIES.index(CATALOGUE[code].severity) <= SEVERITIES.index(level))


def _copy(code: str, target: Path) -> Path:
    rulebook = BAD[code].rulebook
    assert rulebook
    return Path(shutil.copytree(rulebook, target / "orchard"))


@pytest.mark.parametrize("code", FIXABLE)
def test_a_fix_changes_no_meaning(code: str, tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = _copy(code, tmp_path)
    monkeypatch.chdir(RULEBOOKS)
    before, texts = survey_edition("orchard", str(folder)).edition, {p: p.read_bytes() for p in folder.iterdir()}

    status, _, err = cli("check", "--fix", "--rulebook", str(folder), "--fail-level", "note")
    again = cli("check", "--fix", "--rulebook", str(folder), "--fail-level", "note")
    after = survey_edition("orchard", str(folder)).edition
    written = [path.name for path, raw in texts.items() if path.read_bytes() != raw]

    assert (0, 0, "") == (status, again[0], again[2])
    assert before
    assert after
    assert before.revision == after.revision
    assert [BAD[code].places[0][0].name] == written
    assert f"mended: {folder / written[0]}\n" == err


def test_a_sealed_edition_is_not_touched(tmp_path: Path, cli: Cli) -> None:
    folder = _copy("PE821", tmp_path)
    survey = survey_edition("orchard", str(folder))
    write_seal(make_seal(str(folder), survey.documents, survey.raws))
    before = {path: path.read_bytes() for path in folder.iterdir()}

    status, out, err = cli("check", "--fix", "--rulebook", str(folder), "--fail-level", "warning")

    assert (1, "the edition orchard is sealed: nothing in it was mended\n") == (status, err)
    assert "PE821" in out
    assert before == {path: path.read_bytes() for path in folder.iterdir()}


def test_errors_come_first_and_notes_are_counted(library_2020: Path, cli: Cli) -> None:
    figure, day = EDITS["a fifth as a quarter"][0], EDITS["a day later"][0]
    _edit(library_2020 / "2020", [figure, day, ("scale.yaml", "    cite: II.4/3\n", "")])

    status, out, _ = cli("check", "--rulebook", str(library_2020), lang="vi")
    codes = [line.split()[1] for line in out.splitlines() if re.match(r"\S+:[0-9]+:[0-9]+: PE", line)]
    notes = next(line for line in out.splitlines() if line.startswith("Ghi chú: ")).split()[-1]

    assert status == 1
    assert codes == ["PE815", "PE815", "PE809", "PE207", "PE820"]
    assert int(notes) > 20
    assert f" {notes} ghi chú." in out
    assert out.count("\n  → ") == len(codes)
    assert "…" not in out


def test_interpretations_to_accept_are_one_line(library_2020: Path, cli: Cli) -> None:
    _, out, _ = cli("check", "--rulebook", str(library_2020))
    _, data, _ = cli("check", "--rulebook", str(library_2020), "--format", "json")
    (line,) = (line for line in out.splitlines() if "PE820" in line)
    each = [finding for finding in json.loads(data)["findings"] if finding["code"] == "PE820"]

    assert len(each) > 20
    assert f"{len(each)} (" in line
    assert all(re.search(r"J-[0-9]+", finding["message"])[0] in line for finding in each)  # type: ignore[index]


LADDER = """levels:
  high:
    cite: I.1/HIGH
    all_of:
      - {id: some_ripe, cite: I.1/HIGH/1, phrase: some are ripe, when: apples_ripe > 0, says: {vi: Có quả chín., en: Some are ripe.}}
"""
LOW = "  low: {cite: I.1/LOW, all_of: [{id: few, cite: I.1/LOW/1, phrase: few, when: apples_ripe == 0, says: {vi: Ít., en: Few.}}]}\n"
STEPS = [
    ("", "[high]", "outcome: gap", "does not say when it holds", "add `low:` under `levels:`, then name it under `decide:`"),
    (LOW, "[high]", "outcome: gap", "nothing under `decide:` names it", "name it in a step"),
    ("", "[high, low]", "outcome: gap", "stands not under `levels:`", "add `low:` under `levels:`"),
    (LOW, "[high, low, low]", "outcome: gap", "is decided twice", "name it in one step"),
    ("", "[high]", "level: low", "", ""),
]


@pytest.mark.parametrize(("low", "decided", "residual", "fault", "remedy"), STEPS)
def test_a_level_is_added_step_by_step(low: str, decided: str, residual: str, fault: str, remedy: str, tmp_path: Path, cli: Cli) -> None:
    folder = Path(shutil.copytree(RULEBOOKS / "PE403-level-never-decided", tmp_path / "x"))
    head = (folder / "track.yaml").read_text("utf-8").partition("levels:\n")[0]
    (folder / "track.yaml").write_text(f"{head}{LADDER}{low}decide:\n  - highest_of: {decided}\nresidual:\n  {residual}\n", "utf-8")

    _, out, _ = cli("check", "--rulebook", str(folder), "--format", "json")
    told = [finding for finding in json.loads(out)["findings"] if finding["severity"] == "error"]

    assert [(one["code"], fault in one["message"], remedy in one["advice"]) for one in told] == [("PE403", True, True)] * bool(fault)
