"""One fault is told once, at its place, and what only follows from it is not told; each of these went wrong once."""

import json
import math
import re
import shutil
from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_engine.checks.run import check_edition, severity_of
from policy_engine.errors import Problem
from policy_engine.load.case import read_value, reader_of
from policy_engine.load.edition import survey_edition
from policy_engine.load.library import Library
from policy_engine.load.node import Node
from policy_engine.load.yaml_events import Mark, fault_of
from policy_engine.load.yaml_plain import Data, Refusal, read_scalar, reads_as_text
from policy_engine.load.yaml_text import Document, Places, read_document, read_values
from policy_engine.report.problems import advice_of, message_of
from tests.bad_files import SAMPLE_CASE
from tests.build import ROOT, Cli, rows, tuples
from tests.drawn_yaml import draw_file
from tests.hostile import Told, orchard, told, told_of

Pairs = list[tuple[str, str]]

WRONG: dict[str, tuple[str, str, str, str, Pairs]] = tuples("root_cause", "wrong")
"""A slip in a declaration: edition, file, what stands there, what is written instead, and what is told (the code, what stands there)."""


def _told(folder: Path) -> list[tuple[str, str]]:
    checked = check_edition(survey_edition("x", str(folder)))
    return [(p.code, p.excerpt[p.location.column - 1 :]) for p in checked.findings if severity_of(p) != "note"]


def _copy(name: str, to: Path) -> Path:
    return Path(shutil.copytree(ROOT / "rulebook" / name, to / "x", ignore=shutil.ignore_patterns("*.lock*")))


def _as_wanted(wanted: Sequence[tuple[str, str]], found: Sequence[tuple[str, str]]) -> bool:
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

    assert _as_wanted(wanted, found), found


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


@settings(max_examples=500, deadline=None)
@given(st.from_regex(r"[0-9][0-9a-zA-Z_.:,+ -]{0,12}", fullmatch=True))
def test_what_begins_with_a_digit_is_text_only_where_every_reader_says_so(text: str) -> None:
    numbers: Any = yaml.SafeLoader.yaml_implicit_resolvers

    assert not reads_as_text(text) or not any(regexp.match(text) for _, regexp in numbers.get(text[:1], ()))


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
    monkeypatch.setattr("policy_engine.load.yaml_events._PARSER", getattr(yaml, parser))
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
PIECES = (
    "yes", "no", "012", "7", "0.5", "-5", "2020-12-15", "2020-02-30", "1:30", "~", "''", '"yes"', "'a, b'", "&a x", "*a", "!t x",
    "Cán bộ", "e\u0302\u0301", "[1, [2]]", "[a, b]", "[ a,b , ]", "{a: b}", "{a: b, a: c}", "{a: b,c: d}", "{}", "1e3", "a: b", "a:b",
    "a #b", "a#b", "#", ": ", ":", "- ", "-", "  ", " ", "\n", "\r\n", "\r", "\t", '"', "'", "\\", ",", "{", "}", "[", "]", "?", "|",
    ">-", "<<", "---", "unknown", "none", "\u00a0", "\ufeff", "\u2028", "\x00",
)  # fmt: skip
"""What is put into a file, or in the place of something there."""


def _agree(raw: bytes) -> bool:
    """Hold the reader of lines against the complete one; return whether it read this text."""
    expected, found = read_document(raw, "file.yaml"), read_values(raw, "file.yaml")
    assert (expected.data, expected.places, expected.keys) == (found.data, dict(found.places), dict(found.keys))
    assert repr(expected.data) == repr(found.data)
    assert (expected.lines, expected.problems) == (tuple(found.lines), found.problems)
    return isinstance(found.places, Places)


def _changed(text: str, chance: Random) -> str:
    """Return a text with one small change: something put in, taken away or twice there, a line moved in, out or elsewhere."""
    lines, at, piece = text.split("\n"), chance.randrange(len(text) + 1), chance.choice(PIECES)
    line = chance.randrange(len(lines))
    match chance.randrange(6):
        case 0:
            return text[:at] + piece + text[at:]
        case 1:
            return text[:at] + text[at + chance.randrange(1, 4) :]
        case 2:
            lines[line] = re.sub("(?<=: ).*", lambda _: piece, lines[line], count=1)
        case 3:
            lines[line] = chance.choice([" ", "  ", "- ", piece]) + lines[line]
        case 4:
            lines[line] = lines[line][chance.randrange(1, 3) :]
        case _:
            lines.insert(chance.randrange(len(lines)), lines.pop(line))
    return "\n".join(lines)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_two_readers_agree_on_every_file(path: Path) -> None:
    taken, chance = _agree(path.read_bytes()), Random(path.name)
    for _ in range(3):
        changed = path.read_bytes().decode("utf-8", "surrogateescape")
        for _ in range(chance.randrange(1, 4)):
            changed = _changed(changed, chance)
        _agree(changed.encode("utf-8", "surrogateescape"))

    assert taken or b"[[" in path.read_bytes() or not {"bad", "rulebook"}.isdisjoint(path.parts)


VALUES: list[Data] = [
    True, False, 0, 1, -1, 2020, Fraction("0.5"), "none", "unknown", "x", " ", "", "50%", "6 months",
    "2020-12-15", "2020-13-15", None, [], {}, [1], [[]],
]  # fmt: skip


@pytest.mark.parametrize("name", ["2020", "2026-draft"])
def test_prepared_readers_agree_on_every_value(name: str, library: Library) -> None:
    edition = library.edition(name)
    facts = [*edition.facts.values(), *(field for fact in edition.facts.values() for field in fact.fields.values())]
    for fact in [*facts, *(fact._replace(may_be_none=not fact.may_be_none) for fact in facts)]:
        words: list[Data] = [
            *fact.type.choices,
            *edition.scale,
            *(word for level in edition.scale.values() for word in (level.code, *level.aliases)),
        ]
        own: list[Data] = [
            {field: value} for field in fact.fields for value in (*VALUES, *fact.fields[field].type.choices) if value is not None
        ]
        both: list[Data] = [
            {**one, **other} for one in own[::7] for other in own[::20] if isinstance(one, dict) and isinstance(other, dict)
        ]
        for value in (*VALUES, *words, [*words], [*words, "x"], [*own], *([one] for one in (*own, *both))):
            node = Node(Document("x", value, {}, {}, (), []))
            expected, found = read_value(node, fact, edition.scale), reader_of(fact, edition.scale)(value)

            assert repr(None if node.document.problems else expected) == repr(found), (fact.name, value)


@pytest.mark.parametrize("seed", range(100))
def test_two_readers_agree_on_drawn_files(seed: int) -> None:
    _agree(draw_file(Random(seed)).text.encode())


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
