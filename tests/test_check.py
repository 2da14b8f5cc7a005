"""`check` tells in one run what does not hold together in an edition, and mends only what is certain."""

import json
import re
import shutil
import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from policy_engine.checks.places import places_of
from policy_engine.checks.run import check_edition, fails, severity_of
from policy_engine.checks.unused import find_dead
from policy_engine.errors import CATALOGUE, FINDINGS, FIXABLE, Problem
from policy_engine.load.seal import seal_edition
from policy_engine.load.survey import Survey, survey_edition
from policy_engine.model.duties import SEVERITIES
from tests.bad_files import RULEBOOKS, kept
from tests.conftest import ROOT

Cli = Callable[..., tuple[int, str, str]]
Edit = tuple[str, str, str]

BAD = {bad.code: bad for bad in kept()}
SPECIALIST = "criteria/head-office-specialist.yaml"
LEADER = "criteria/head-office-leader.yaml"
UNIONS = "chapters/III.1-attached-unions.yaml"


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


SHORT = "share(criteria_deficient, criteria_total)"
EDITS: dict[str, tuple[Edit, tuple[str, str]]] = {
    "sign of at most": ((SPECIALIST, f"{SHORT} <= max_deficient", f"{SHORT} < max_deficient"), ("PE814", "max_deficient")),
    "at most as at least": (
        (SPECIALIST, f"{SHORT} <= max_deficient", f"max_deficient <= {SHORT}"), ("PE814", "max_deficient <= share"),
    ),
    "a fifth as a quarter": ((SPECIALIST, "    value: 20%", "    value: 25%"), ("PE815", "25%")),
    "not, turned": ((SPECIALIST, f"{SHORT} > deficient_above", f"not {SHORT} > deficient_above"), ("PE814", "deficient_above")),
    "every, but one": (
        (LEADER, "targets_completed == targets_total", "targets_completed >= targets_total"), ("PE814", "targets_completed >="),
    ),
    "a day later": ((UNIONS, "value: 2020-12-15", "value: 2020-12-16"), ("PE815", "2020-12-16")),
    "on the day": (
        (UNIONS, "in_time: report_sent_on < dossier_due", "in_time: report_sent_on <= dossier_due"), ("PE814", "dossier_due"),
    ),
    "seven months": (("chapters/II.3-union-officers.yaml", "value: 6 months", "value: 7 months"), ("PE815", "7 months")),
}  # fmt: skip
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


def test_a_cap_is_held_against_its_phrase(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(ROOT / "rulebook" / "2026-draft", tmp_path / "draft"))
    cap = "chapters/QD366.11-cap.yaml"
    _edit(folder, [(cap, "phrase: không quá 20%", "phrase: dưới 20%")])

    found = [one for one in _found(folder) if one[0] != "PE802"]
    line = (folder / cap).read_text("utf-8").splitlines().index("    at_most: max_excellent") + 1

    assert [("PE814", cap, line, len("    at_most: ") + 1)] == found


def test_a_level_that_takes_up_a_criterion_under_another_figure(library_2020: Path) -> None:
    good = "      - use: every_task_well_done\n        cite: II.1.3.a/HTTNV/2\n        phrase: 100%\n"
    _edit(library_2020 / "2020", [(SPECIALIST, good, good.replace("100%", "90%"))])

    (found,) = _found(library_2020 / "2020")

    assert ("PE815", SPECIALIST) == found[:2]


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


def test_an_edition_changed_after_it_was_sealed_is_checked_whole(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "rulebook", tmp_path / "rulebook")
    folder = tmp_path / "rulebook" / "2020"
    _edit(folder, [(SPECIALIST, "    phrase: trên 50%", "    phrase: trên 60%")])

    found = check_edition(survey_edition("2020", str(folder))).findings

    assert ["PE815", "PE608"] == [p.code for p in found if p.code != "PE820"]


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


def test_every_edition_is_checked_where_none_is_named(cli: Cli) -> None:
    _, every, _ = cli("check", "--format", "json")
    _, named, _ = cli("check", "2026-draft", "2020", "--format", "json")

    assert ["2020", "2026-draft"] == [one["edition"] for one in json.loads(every)["editions"]]
    assert ["2026-draft", "2020"] == [one["edition"] for one in json.loads(named)["editions"]]


def test_no_edition_is_no_answer(tmp_path: Path, cli: Cli) -> None:
    assert 3 == cli("check", "1999")[0]
    assert 3 == cli("check", "--rulebook", str(tmp_path))[0]


def test_files_are_named_from_the_present_folder(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)

    _, out, _ = cli("check", "2020", "--format", "json")

    assert {"rulebook/2020/register.yaml"} == {one["file"] for one in json.loads(out)["findings"]}


def test_an_edition_that_only_errors_could_fail() -> None:
    worst, mildest = (Problem(code, BAD[code].places[0], {}) for code in ("PE814", "PE820"))  # type: ignore[arg-type]

    assert [True, True, True] == [fails(worst, level) for level in SEVERITIES]
    assert [False, False, True] == [fails(mildest, level) for level in SEVERITIES]


def _survey(folder: str) -> Survey:
    return survey_edition("orchard", str(RULEBOOKS / folder))


def test_a_interpretation_that_a_clause_names_is_used() -> None:
    survey = _survey("PE804-reading-unused")
    assert survey.edition
    clauses = tuple(clause._replace(why_not={"vi": "Xem J-2.", "en": "See J-2."}) for clause in survey.edition.clauses)

    assert list(find_dead(survey.edition._replace(clauses=clauses), places_of(survey))) == []


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


def test_a_fix_keeps_line_ends_and_a_byte_order_mark(tmp_path: Path, cli: Cli) -> None:
    folder = _copy("PE822", tmp_path)
    scale = folder / "scale.yaml"
    scale.write_bytes(b"\xef\xbb\xbf" + scale.read_bytes().replace(b"\n", b"\r\n"))

    status, _, _ = cli("check", "--fix", "--rulebook", str(folder), "--fail-level", "note")

    assert status == 0
    assert scale.read_bytes().startswith(b"\xef\xbb\xbf# yaml-language-server: $schema=")
    assert scale.read_bytes().count(b"\n") == scale.read_bytes().count(b"\r\n")


def test_a_sealed_edition_is_not_touched(tmp_path: Path, cli: Cli) -> None:
    folder = _copy("PE821", tmp_path)
    survey = survey_edition("orchard", str(folder))
    seal_edition(str(folder), survey.documents, survey.raws)
    before = {path: path.read_bytes() for path in folder.iterdir()}

    status, out, err = cli("check", "--fix", "--rulebook", str(folder), "--fail-level", "warning")

    assert (1, "the edition orchard is sealed: nothing in it was mended\n") == (status, err)
    assert "PE821" in out
    assert before == {path: path.read_bytes() for path in folder.iterdir()}


def test_letters_in_pieces_mean_the_same(library_2020: Path) -> None:
    path = library_2020 / "2020" / SPECIALIST
    whole = survey_edition("2020", str(library_2020 / "2020")).edition
    path.write_text(unicodedata.normalize("NFD", path.read_text("utf-8")), "utf-8")

    survey = survey_edition("2020", str(library_2020 / "2020"))
    found = check_edition(survey).findings

    assert whole
    assert survey.edition
    assert whole.revision == survey.edition.revision
    assert {"PE821"} == {p.code for p in found} - {"PE820"}


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
