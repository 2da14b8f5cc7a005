"""One fault is told once, at its place, and what only follows from it is not told; each of these went wrong once."""

import json
import math
import re
import shutil
from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from policy_engine.checks.run import check_edition, severity_of
from policy_engine.errors import Problem
from policy_engine.load.edition import survey_edition
from policy_engine.load.yaml_text import Document, Refusal, compose, read_document, read_events, read_scalar
from policy_engine.load.yaml_words import Mark, fault_of
from policy_engine.report.problems import advice_of, message_of
from tests.bad_files import SAMPLE_CASE
from tests.build import ROOT, Cli, rows, tuples
from tests.hostile import Told, orchard, told, told_of

Pairs = list[tuple[str, str]]

WRONG: dict[str, tuple[str, str, str, str, Pairs]] = tuples("root_cause", "wrong")
"""A slip in a declaration: edition, file, what stands there, what is written instead, and what is told (the code, what stands there)."""


def _told(folder: Path) -> list[tuple[str, str]]:
    checked = check_edition(survey_edition("x", str(folder)))
    return [(p.code, p.excerpt[p.location.column - 1 :]) for p in checked.findings if severity_of(p) != "note"]


def _copy(name: str, to: Path) -> Path:
    return Path(shutil.copytree(ROOT / "rulebook" / name, to / "x", ignore=shutil.ignore_patterns("*.lock*")))


def _agree(wanted: Sequence[tuple[str, str]], found: Sequence[tuple[str, str]]) -> bool:
    return len(wanted) == len(found) and all(w[0] == f[0] and f[1].startswith(w[1]) for w, f in zip(wanted, found, strict=True))


@pytest.mark.parametrize("slip", WRONG)
@pytest.mark.sampled(6)
def test_one_slip_is_one_error(slip: str, tmp_path: Path) -> None:
    name, file, old, new, wanted = WRONG[slip]
    folder = _copy(name, tmp_path)
    text = (folder / file).read_text("utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), "utf-8")
    found = _told(folder)

    assert _agree(wanted, found), found


@pytest.mark.parametrize(("pattern", "code"), [(r"(?m)^    value: \S.*$", "PE404"), (r"(?m)^    type: \w+$", "PE204")])
def test_every_declaration_wrong_at_once(pattern: str, code: str, tmp_path: Path) -> None:
    folder = _copy("2020", tmp_path)
    count = 0
    for path in folder.rglob("*.yaml"):
        text, changed = re.subn(pattern, lambda found: found[0].partition(":")[0] + ": oops", path.read_text("utf-8"))
        path.write_text(text, "utf-8")
        count += changed
    found = _told(folder)

    assert count > 5
    assert [code] * count == [told for told, _ in found]


SLIPS: dict[str, tuple[str, str, int, int, str]] = tuples("places_of_faults", "slips")  # fmt: skip


def _errors(cli: Cli, path: Path, text: str) -> list[dict[str, Any]]:
    path.write_text(text, "utf-8")
    errors: list[dict[str, Any]] = json.loads(cli("evaluate", str(path), "--format", "json")[2])["errors"]
    return errors


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_names_its_key_in_its_line(slip: str, tmp_path: Path, cli: Cli) -> None:
    text, code, line, column, words = SLIPS[slip]
    (error,) = _errors(cli, tmp_path / "a.yaml", text)

    assert (code, line, column) == (error["code"], error["line"], error["column"])
    assert words in error["message"]


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("yes", '`true`, or `"yes"` in quotes if the text itself is meant'), ("Off", '`false`, or `"Off"`'), ("012", '`12`, or `"012"`'),
        ("1_000", "`1000`, or"), ("1e3", "`1000`, or"), (".5", "`0.5`, or"), ("2020-12-15 00:00:00", "`2020-12-15`, or"),
        ("1:30", '`"1:30"` in quotes'),
        ("1e99", '`"1e99"` in quotes'),
    ],
)  # fmt: skip
def test_what_readers_differ_on_has_a_form_that_is_read(text: str, advice: str) -> None:
    problem = read_document(f"a: {text}\n".encode(), "a.yaml").problems[0]
    plain = advice_of(problem, "en").split("`")[1]

    assert problem.code == "PE109"
    assert advice in advice_of(problem, "en")
    assert not isinstance(read_scalar(plain), Refusal) or plain.startswith('"')


FAULTS: dict[str, tuple[str, int, int, str]] = tuples("yaml_words", "faults")
"""What is written, the line and column of the fault, and words of what is said."""


def _told_of_yaml_words(text: str) -> Problem:
    (problem,) = read_document(text.encode(), "x.yaml").problems
    return problem


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("parser", ["CSafeLoader", "SafeLoader"])
def test_a_fault_is_told_where_it_is(kind: str, parser: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The place, the code and the sentence are the same by libyaml and by PyYAML's own parser, whose words differ."""
    text, line, column, words = FAULTS[kind]
    monkeypatch.setattr("policy_engine.load.yaml_text._PARSER", getattr(yaml, parser))
    monkeypatch.setattr("policy_engine.load.yaml_text._CParser", None)
    problem = _told_of_yaml_words(text)
    vietnamese = message_of(problem, "vi") + advice_of(problem, "vi")

    assert ("PE105", line, column) == (problem.code, *problem.location[1:])
    assert words in message_of(problem, "en")
    assert not re.search(r"while|expected|found|indicator|context", vietnamese)
    assert not re.search(r"[{}]", message_of(problem, "en").replace("`{`", ""))


WORDINGS = rows("yaml_words", "wordings")


@pytest.mark.parametrize("wordings", WORDINGS)
def test_each_release_words_it_otherwise(wordings: tuple[str, str]) -> None:
    lines = ("a:", "  b: 1", "\tc: \\q" if "tab" in wordings[0] else "   c: \\q")
    one, other = (fault_of(said, Mark(2, 4), Mark(2, 3), lines) for said in wordings)

    assert one == other
    assert "{said}" not in one.found


AT_VALUE = (2, 8)

AMBIGUOUS = (
    "yes", "Yes", "YES", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF",
    "012", "-012", "08", "0o17", "0x1F", "-0x1f", "0b101", "1_000", "1_000.5", "1:30", "-1:30:00", "1:30.5", "190:20:30",
    "1e3", "1E3", "+1e-3", "1.5e3", "1.5e+3", ".5", "-.5", "5.", "5.e1", "00", "00.5", "=", "<<",
    "2020-12-15T10:00:00", "2020-12-15 10:00:00", "2020-1-5T1:00:00Z",
)  # fmt: skip
LETTERS = ("y", "Y", "n", "N")
AGREED = (
    "true", "True", "TRUE", "false", "False", "FALSE", "0", "-0", "7", "+7", "-7", "9" * 15, "0.5", "-0.5", "1.50", "2020-12-15",
    "a", "yEs", "nO", "nULL", "none", "unknown", "50%", "1,5", "1/2", "6 months", "90 points",
    "II.1.3.a/HTXSNV/2", "13/HD-TLĐ", "1 000", "12-15", "v1.2.3", "0x",
    "1e", "_1", ".", "..", "...a", "cán bộ A", "tRUE", "15/12/2020", "2020-12", "2020-1-5", "10:5a",
)  # fmt: skip


def _value(text: str) -> Document:
    return read_document(f"a: 1\nfound: {text}\n".encode(), "scalar.yaml")


def _told_of_hostile_scalars(document: Document) -> list[tuple[str, int, int]]:
    return [(p.code, p.location.line, p.location.column) for p in document.problems]


@pytest.mark.parametrize("text", [*AMBIGUOUS, *LETTERS])
def test_two_interpretations_are_refused(text: str) -> None:
    document = _value(text)

    assert [("PE109", *AT_VALUE)] == _told_of_hostile_scalars(document)
    assert f'`"{text}"`' in advice_of(document.problems[0], "en")


@pytest.mark.parametrize("text", AGREED)
def test_one_reading_is_read(text: str) -> None:
    expected = yaml.safe_load(text)
    document = _value(text)
    found = document.data["found"] if isinstance(document.data, dict) else None

    assert _told_of_hostile_scalars(document) == []
    if isinstance(expected, float):
        assert isinstance(found, Fraction)
        assert math.isclose(expected, found)
    else:
        assert (expected.isoformat() if isinstance(expected, date) else expected) == found
        assert isinstance(found, bool) is isinstance(expected, bool)


FILES = [*sorted((ROOT / "rulebook").rglob("*.yaml")), *sorted((ROOT / "cases").rglob("*.yaml"))]
SCALARS = st.sampled_from(
    [
        "yes",
        "no",
        "012",
        "7",
        "0.5",
        "2020-12-15",
        "2020-02-30",
        "1:30",
        "~",
        "''",
        '"yes"',
        "&a x",
        "*a",
        "!t x",
        "Cán bộ",
        "[1, [2]]",
        "{a: b}",
        "1e3",
    ]
)
LINES = st.lists(st.tuples(st.sampled_from(["a", "b", "c", "yes", "1", "<<", "? [x]"]), SCALARS), max_size=6)


def _by_events(text: str) -> Document:
    return read_events(text, Document("file.yaml", None, {}, {}, tuple(text.split("\n")), []))


def _agree_of_compose(text: str) -> bool:
    expected, found = _by_events(text), compose(text, "file.yaml")
    if found is None:
        return False
    assert [] == expected.problems
    assert (expected.data, expected.places, expected.keys) == (found.data, found.places, found.keys)
    assert repr(expected.data) == repr(found.data)
    return True


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_two_readers_agree_on_every_file(path: Path) -> None:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        return
    taken = _agree_of_compose(text)

    assert taken or "bad" in path.parts or set("&*") & set(text)


@given(LINES)
def test_two_readers_agree_on_drawn_files(lines: list[tuple[str, str]]) -> None:
    _agree_of_compose("".join(f"{key}: {value}\n" for key, value in lines))


DEEP = ["[" * 25_000, "- " * 25_000, "{a: " * 25_000, "? " * 25_000, "\n".join(" " * n + "a:" for n in range(1_200))]


@pytest.mark.parametrize("text", DEEP, ids=["brackets", "dashes", "braces", "keys", "steps"])
def test_nothing_deep_is_composed(text: str) -> None:
    assert compose(text, "file.yaml") is None


CASES: dict[str, tuple[str, str, Told]] = tuples("told_once", "cases")

CONDITIONS: dict[str, tuple[str, str, Told]] = {
    "two ampersands": ("the place is one character too far", "apples_ripe > 0 && apples_total > 0", [("PE301", 15, 32)]),
    "end missing": ("told at the beginning of the condition, not at its end", "apples_ripe > 0 and", [("PE301", 15, 35)]),
    "is": ("the right side is told, not the word", "apples_ripe is apples_total", [("PE301", 15, 28)]),
    "letters of full width": ("Python reads other letters as these", "\uff41pples_ripe > 0", [("PE302", 15, 16)]),
    "existence of a level": ("what the edition fixes is no fact", "exists(high)", [("PE303", 15, 23)]),
}

ROUNDS: dict[str, tuple[str, Mapping[str, str], Told]] = tuples("told_once", "rounds")


@pytest.mark.parametrize("name", CASES)
def test_a_case(name: str, tmp_path: Path, cli: Cli) -> None:
    _, text, expected = CASES[name]

    assert (3, list(expected)) == told_of(cli, tmp_path, text)


@pytest.mark.parametrize("name", CONDITIONS)
def test_a_condition(name: str, tmp_path: Path, cli: Cli) -> None:
    _, condition, expected = CONDITIONS[name]

    assert (3, list(expected)) == told(cli, SAMPLE_CASE, "--rulebook", str(orchard(tmp_path, condition)))


@pytest.mark.parametrize("name", ROUNDS)
def test_a_round(name: str, tmp_path: Path, cli: Cli) -> None:
    _, files, expected = ROUNDS[name]
    for file, text in files.items():
        (tmp_path / file).write_text(text, "utf-8")
    status, _, err = cli("round", str(tmp_path), "--format", "json")

    assert (status, list(expected)) == (3, [(e["code"], e["line"], e["column"]) for e in json.loads(err)["errors"]])
