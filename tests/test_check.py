"""`check` tells in one run what does not hold together in an edition, and mends only what is certain."""

import ast
import json
import re
import shutil
from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest

from policy_engine.checks import operative
from policy_engine.checks.operative import comparisons, governing, read_phrase
from policy_engine.checks.places import FilePlaces, Ruling, declared_thresholds, places_of, rulings
from policy_engine.checks.reach import find_passed_by
from policy_engine.checks.run import check_edition, severity_of
from policy_engine.errors import CATALOGUE, FINDINGS, FIXABLE, Problem
from policy_engine.language.grammar import parse
from policy_engine.language.quantity import Quantity, read_quantity
from policy_engine.language.text import show
from policy_engine.load.edition import Survey, survey_edition
from policy_engine.model.duties import SEVERITIES
from policy_engine.model.facts import Condition, OperativeWords, Word
from policy_engine.model.rulebook import Edition
from tests.bad_files import RULEBOOKS, kept
from tests.build import ROOT, Cli, rows, tuples

SURVEYS = {name: survey_edition(name, str(ROOT / "rulebook" / name)) for name in ("2020", "2026-draft")}
SIGNS: dict[str, type[ast.cmpop]] = {"<": ast.Lt, "<=": ast.LtE, ">": ast.Gt, ">=": ast.GtE, "==": ast.Eq, "!=": ast.NotEq}
WORDS = OperativeWords(
    signs=(
        Word("at least", ">="), Word("from … up", ">="), Word("more than", ">"), Word("not more than", "<="), Word("below", "<"),
        Word("every", "whole"), Word("100%", "whole"), Word("before the", "before"),
    ),
    units=(Word("points", "points"), Word("months", "months")),
    figures=(("one half", Quantity(read_quantity("50%").type, Fraction(1, 2), "50%")),),  # type: ignore[union-attr]
    days=("d/m/y", "d/m", "d of m, y"),
    decimal=",",
)  # fmt: skip


def _quantity(text: str) -> Quantity:
    found = read_quantity(text)
    assert found
    return found


@pytest.mark.parametrize(("phrase", "figure", "signs"), rows("operative_words", "the_words_of_a_phrase_govern_its_figures"))
def test_the_words_of_a_phrase_govern_its_figures(phrase: str, figure: str, signs: list[str]) -> None:
    found = governing(read_phrase(phrase, WORDS), _quantity(figure))

    assert signs == [sign.sign for sign in found]


@pytest.mark.parametrize(("condition", "signs"), rows("operative_words", "comparisons_are_turned_to_their_threshold"))
def test_comparisons_are_turned_to_their_threshold(condition: str, signs: list[str]) -> None:
    tree, _ = parse(condition)
    assert tree
    found = comparisons(tree, {"top", "low"})

    assert signs == [one.sign if one.threshold else "" for one in found]


def _flipped(condition: Condition) -> Iterator[tuple[Condition, str]]:
    nodes = [node for node in ast.walk(condition.tree) if isinstance(node, ast.Compare)]
    for node in nodes:
        for place, operator in enumerate(node.ops):
            for sign, kind in SIGNS.items():
                if type(operator) in SIGNS.values() and not isinstance(operator, kind):
                    node.ops[place] = kind()
                    yield condition._replace(text=show(condition.tree)), sign
            node.ops[place] = operator


def _with_thresholds(survey: Survey) -> Iterator[tuple[Ruling, Condition]]:
    assert survey.edition
    for ruling in rulings(survey.edition):
        for condition in ruling.conditions:
            found = comparisons(condition.tree, ruling.thresholds)
            whole = any(sign.means == "whole" for sign in read_phrase(ruling.phrase, survey.edition.words).signs)
            if any(one.threshold for one in found) or (whole and found and condition is ruling.conditions[0]):
                yield ruling, condition


@pytest.mark.parametrize("name", SURVEYS)
def test_every_changed_sign_is_found(name: str) -> None:
    survey = SURVEYS[name]
    assert survey.edition
    places, words = places_of(survey), survey.edition.words
    silent: list[str] = []
    count = 0
    for ruling, condition in _with_thresholds(survey):
        for changed, _ in _flipped(condition):
            others = tuple(changed if one is condition else one for one in ruling.conditions)
            found = list(operative._ruling(ruling._replace(conditions=others), words, places))
            count += 1
            silent += [] if any(problem.code == "PE814" for problem in found) else [changed.text]

    assert count > 100
    assert silent == []


@pytest.mark.parametrize("name", SURVEYS)
def test_every_changed_figure_is_found(name: str) -> None:
    survey = SURVEYS[name]
    assert survey.edition
    places = places_of(survey)

    for threshold in declared_thresholds(survey.edition):
        kind = threshold.quantity.type.kind
        other = {"share": "25.5%", "points": "51.5 points", "months": "7 months", "day": "2020-12-16"}[kind]
        (problem,) = operative._figure(threshold._replace(quantity=_quantity(other)), survey.edition.words, places)
        document, path = places.at[problem.location]
        assert (problem.code, path[-2:]) == ("PE815", (threshold.name, "value"))
        assert document.lines[problem.location.line - 1] == problem.excerpt


@pytest.mark.parametrize("name", SURVEYS)
def test_the_shipped_editions_agree_with_their_words(name: str) -> None:
    survey = SURVEYS[name]
    assert survey.edition

    assert list(operative.find_contradictions(survey.edition, places_of(survey))) == []


EDITIONS = ("2020", "2026-draft")
TWIN = "_two"


@cache
def _survey(name: str) -> Survey:
    return survey_edition(name, str(ROOT / "rulebook" / name))


def _edition(name: str) -> tuple[Edition, FilePlaces]:
    survey = _survey(name)
    assert survey.edition
    return survey.edition, places_of(survey)


def _found(edition: Edition, places: FilePlaces, name: str) -> list[Problem]:
    return [problem for problem in find_passed_by(edition, places) if problem.details["name"] == name]


@pytest.mark.parametrize("name", EDITIONS)
def test_a_track_that_is_split_loses_no_duty_in_silence(name: str) -> None:
    edition, places = _edition(name)

    for track in edition.tracks:
        split = edition._replace(tracks=(*edition.tracks, track._replace(id=track.id + TWIN)))
        told = {p.details["part"]: set(p.details["rules"].split(", ")) for p in _found(split, places, track.id + TWIN)}

        lost = {chapter.clause: {rule.id for rule in chapter.rules()} for chapter in edition.chapters if track.id in chapter.tracks}
        assert {part: told.get(part) for part in lost} == lost, track.id


RENAMED = {
    "tracks": (
        "criteria/officer-outside-head-office.yaml",
        "track: officer_outside_head_office",
        {"II.3", "III.1", "II.1.1", "II.1.4", "II.2"},
    ),
    "choices": ("procedure-facts.yaml", "      upper_full_time:\n        vi: Cán bộ", {"II.3", "III.1", "III.2"}),
    "bodies": ("bodies.yaml", "  unit_union:\n", {"III.1"}),
    "levels": ("scale.yaml", "level: completed", set[str]()),
}
"""By sort: where an item is declared in the edition of 2020, and the chapters that name it."""


@pytest.mark.parametrize("sort", RENAMED)
def test_a_name_that_is_changed_where_it_is_declared_is_told_wherever_it_stands(sort: str, tmp_path: Path) -> None:
    file, old, chapters = RENAMED[sort]
    shutil.copytree(ROOT / "rulebook" / "2020", tmp_path / "2020")
    path = tmp_path / "2020" / file
    text = path.read_text("utf-8")
    assert text.count(old) == 1
    head, colon, rest = old.partition(":") if sort in {"choices", "bodies"} else (old, "", "")
    path.write_text(text.replace(old, f"{head}{TWIN}{colon}{rest}"), "utf-8")
    survey = survey_edition("2020", str(tmp_path / "2020"))

    told = {Path(problem.location.file).name.partition("-")[0] for problem in survey.problems}
    assert survey.problems
    assert not survey.whole
    assert chapters <= told


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


def _found_of_check(folder: Path) -> list[tuple[str, str, int, int]]:
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
    ((told, file, line, column),) = _found_of_check(library_2020 / "2020")
    shown = (library_2020 / "2020" / file).read_text("utf-8").splitlines()[line - 1]

    assert (code, edit[0]) == (told, file)
    assert shown[column - 1 :].startswith(text)
    assert edit[2].strip() in shown


def test_what_cannot_be_read_hides_nothing_else(library_2020: Path) -> None:
    broken = (SPECIALIST, "share(tasks_exceeded, tasks_total) >= min_exceeded", "share(tasks_exceeded, tasks_total) >= min_exceded")
    _edit(library_2020 / "2020", [broken, EDITS["a day later"][0]])
    found = _found_of_check(library_2020 / "2020")

    assert ["PE815", "PE302"] == [code for code, *_ in found]


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
