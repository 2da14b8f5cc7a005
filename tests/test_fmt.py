"""`policy-engine fmt`: one layout for every file, with every comment at its place and every value as it was."""

import io
import json
import os
import re
import stat
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_engine.errors import InputError
from policy_engine.load import layout as tidy_file
from policy_engine.load.layout import tidied, tidied_file
from policy_engine.load.yaml_text import MAX_BYTES, read_document
from tests.conftest import ROOT
from tests.drawn_yaml import draw_file
from tests.hostile import soon

Cli = Callable[..., tuple[int, str, str]]

SHIPPED = sorted(path for folder in ("rulebook", "cases") for path in (ROOT / folder).rglob("*.yaml") if "bad" not in path.parts)
REMARK = re.compile(r"# (c\d+ «[^»]*»)")
UNTIDY = "case:   x\nfacts:\n    kind: a   \n"
TIDY = "case: x\nfacts:\n  kind: a\n"
FRAGMENTS = (
    "a", "b: ", "- ", "-", "? ", ": ", "\n", "\n  ", "\n    ", "\n- ", " # c", "\n# d", "[", "]", "{",
    "}", ",", '"', "'", "|", ">-", "|2", "|+",
    "\t", "\\", "---", "...", "\r\n", "\r", "!", "&x", "*x", "%", "\ufeff", "é", "e\u0301", "𝒳", "12", "true", "word " * 30,
)  # fmt: skip
"""What a hostile file is made of."""
ODD = re.compile(r"^[ \ufeff]+(---|\.\.\.)|\ufeff|!", re.MULTILINE)
"""What the formatter may refuse in a text that can be read (PE840)."""


def _tidy(text: str) -> str:
    return tidied(text.encode(), "x.yaml", None).after


def _tidy_or_refused(text: str) -> str | None:
    try:
        return _tidy(text)
    except InputError:
        return None


def _composed(data: Any) -> Any:
    if isinstance(data, dict):
        return {_composed(key): _composed(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_composed(value) for value in data]
    return unicodedata.normalize("NFC", data) if isinstance(data, str) else data


def test_every_shipped_file_has_its_layout() -> None:
    untidy = [str(path) for path in SHIPPED if tidied_file(str(path)).changed]

    assert len(SHIPPED) > 500
    assert untidy == []


@given(st.integers(0, 2**32))
def test_a_drawn_file_keeps_its_meaning_and_its_comments(seed: int) -> None:
    drawn = draw_file(Random(seed))
    before = read_document(drawn.text.encode(), "x.yaml")

    after = _tidy(drawn.text)
    read = read_document(after.encode(), "x.yaml")

    assert (before.problems, repr(_composed(drawn.data))) == ([], repr(before.data))
    assert (read.problems, repr(before.data)) == ([], repr(read.data))
    assert drawn.comments == REMARK.findall(after)


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=25).map("".join))
def test_a_hostile_text_is_kept_or_refused(text: str) -> None:
    before = read_document(text.encode(), "x.yaml")

    after = _tidy_or_refused(text)

    if after is None:
        assert before.problems or ODD.search(text)
    else:
        assert (before.problems, repr(before.data)) == ([], repr(read_document(after.encode(), "x.yaml").data))
        assert after == _tidy(after)


@pytest.mark.parametrize("path", SHIPPED[::7], ids=lambda path: path.name)
def test_a_file_finds_back_to_its_layout(path: Path) -> None:
    text = path.read_text("utf-8")
    blanks = "" if re.search(r"[|>]-?$", text, re.MULTILINE) else "  "
    spoiled = re.sub(r"^((?: *- )*[\w-]+:) (?=\S)(?![|>])", r"\1   ", text, flags=re.MULTILINE)
    spoiled = "\n".join(f"   {line}" if line else "" for line in spoiled.split("\n")).replace("\n", f"{blanks}\r\n") + "\r\n\r\n"

    assert spoiled != text
    assert text == _tidy(spoiled)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("a:\n- b\n- c:  1\n  d: 2\n", "a:\n  - b\n  - c: 1\n    d: 2\n", id="dashes below their key"),
        pytest.param("a:\n    - b\n    -   c: 1\n        d: 2\n", "a:\n  - b\n  - c: 1\n    d: 2\n", id="four blanks"),
        pytest.param("-   -   a\n    - b\n", "- - a\n  - b\n", id="lists in lists"),
        pytest.param("a : b\nc:\td\n", "a: b\nc: d\n", id="blanks around the colon"),
        pytest.param("\n\na: 1\n\n\n\nb: 2\n\n\n", "a: 1\n\nb: 2\n", id="blank lines"),
        pytest.param("a: 1", "a: 1\n", id="no line end"),
        pytest.param("\ufeffa: 1\r\nb: 2\r", "a: 1\nb: 2\n", id="order mark and line ends"),
        pytest.param("a: 'b'\n", 'a: "b"\n', id="single quotes"),
        pytest.param("a: '\"'\nb: 'c\\d'\ne: 'it''s'\n", "a: '\"'\nb: 'c\\d'\ne: 'it''s'\n", id="single quotes that are needed"),
        pytest.param('a: "x"\nb: "no"\n', 'a: "x"\nb: "no"\n', id="quotes are never taken away"),
        pytest.param("a: {b:   1}\nc: [d,e]\n", "a: {b:   1}\nc: [d,e]\n", id="one line of brackets is its author's"),
        pytest.param("a:\n      b: [\n        c,\n        d\n      ]\n", "a:\n  b: [\n    c,\n    d\n  ]\n", id="lines of brackets"),
        pytest.param("a:\n    # one\n    b: 1\n    # two\nc: 2\n", "a:\n  # one\n  b: 1\n  # two\nc: 2\n", id="comments move with theirs"),
        pytest.param("a: 1    # x \nb: 2\t# y\nc: 3\n", "a: 1    # x\nb: 2  # y\nc: 3\n", id="comments behind values"),
        pytest.param("a: 1  # x\n      # more\nb: 2\n", "a: 1  # x\n      # more\nb: 2\n", id="a comment that hangs"),
        pytest.param("# a\n\n# b\na: 1\n# end", "# a\n\n# b\na: 1\n# end\n", id="comments at both ends"),
        pytest.param("a: |\n      b\n        c\nd: 1\n", "a: |\n  b\n    c\nd: 1\n", id="a text under a header"),
        pytest.param("a: |2\n    b\n   c\n", "a: |2\n    b\n   c\n", id="an indent that is told"),
        pytest.param("o:\n   a: |1\n      b\n     c\n", "o:\n  a: |1\n     b\n    c\n", id="an indent that is told, moved"),
        pytest.param("a: |+\n  b\n\n\n", "a: |+\n  b\n\n\n", id="line ends that are kept"),
        pytest.param("a: |\n  b\n\n\n\nc: 1\n", "a: |\n  b\n\nc: 1\n", id="line ends that mean nothing"),
        pytest.param("a: |\n  b", "a: |-\n  b\n", id="a text without a line end of its own"),
        pytest.param("a: |   # why\n  b  \n   \nc: 1\n", "a: |   # why\n  b  \n   \nc: 1\n", id="blanks that are text"),
        pytest.param("o:\n    a: >-\n      b\n     # out\n    c: 1\n", "o:\n  a: >-\n    b\n  # out\n  c: 1\n", id="a remark after a text"),
        pytest.param('a: "b\\\n\n     c \n   d\\ \n   e"\n', 'a: "b\\\n\n  c\n  d\\ \n  e"\n', id="quotes on several lines"),
        pytest.param("a: b\n     c\n", "a: b\n  c\n", id="a plain text on several lines"),
        pytest.param("? a\n:   b\n? c\n: - d\n  - e\n", "? a\n: b\n? c\n: - d\n  - e\n", id="question marks"),
        pytest.param("---\na: 1\n...\n", "---\na: 1\n...\n", id="marks of a document"),
        pytest.param("# only\n\n# comments\n[]\n", "# only\n\n# comments\n[]\n", id="an empty list"),
        pytest.param("e\u0301: e\u0301  # e\u0301\n", "e\u0301: e\u0301  # e\u0301\n", id="letters stay as they are spelt"),
    ],
)  # fmt: skip
def test_the_layout(before: str, after: str) -> None:
    assert after == _tidy(before)


WORDS = "Cấp có thẩm quyền quyết định và ghi rõ lý do vào biên bản của cuộc họp trong năm đánh giá, " * 2


def test_a_line_too_wide_is_folded() -> None:
    wide, fits = f"says:\n  vi: {WORDS}hết\n", f"says:\n  vi: {WORDS[:130].rstrip()}\n"

    lines = _tidy(wide).split("\n")

    assert lines[1] == "  vi: >-"
    assert {len(line) > 60 for line in lines[2:3]} == {True}
    assert max(map(len, lines)) <= 120
    assert f"{WORDS}hết" == " ".join(line.strip() for line in lines[2:-1])
    assert fits == _tidy(fits)


def test_a_layout_that_loses_a_comment_or_a_value_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cli: Cli) -> None:
    path = tmp_path / "case.yaml"
    path.write_text("case:   x # why\n", "utf-8")
    wrong = ["case: x\n", "case: y # why\n", "case: x # whi\n", "case: x # why\nmore: 1\n", "case: [\n"]

    for layout in wrong:
        monkeypatch.setattr(tidy_file, "laid_out", lambda _, layout=layout: layout)
        code, out, err = cli("fmt", str(path))

        assert (code, out) == (3, ""), layout
        assert ": PE840 " in err
        assert path.read_text("utf-8") == "case:   x # why\n"


@pytest.fixture
def untidy(tmp_path: Path) -> Path:
    path = tmp_path / "case.yaml"
    path.write_text(UNTIDY, "utf-8")
    return path


@pytest.mark.parametrize("lang", ["en", "vi"])
def test_the_command_formats(untidy: Path, cli: Cli, lang: str) -> None:
    first = cli("fmt", str(untidy), lang=lang)
    second = cli("fmt", str(untidy.parent), lang=lang)

    assert (first[0], second[0], untidy.read_text("utf-8")) == (0, 0, TIDY)
    assert str(untidy) in first[1]
    assert str(untidy) not in second[1]


def test_a_diff_shows_what_would_change(untidy: Path, cli: Cli) -> None:
    code, out, err = cli("fmt", "--diff", str(untidy))

    lines = out.split("\n")
    assert (code, untidy.read_text("utf-8")) == (0, UNTIDY)
    assert lines[:3] == [f"--- a/{untidy}", f"+++ b/{untidy}", "@@ -1,3 +1,3 @@"]
    assert [*UNTIDY.splitlines(), ""] == [line[1:] for line in lines[3:] if line[:1] in {"-", " ", ""}]
    assert [*TIDY.splitlines(), ""] == [line[1:] for line in lines[3:] if line[:1] in {"+", " ", ""}]
    assert "1" in err
    assert cli("fmt", "--diff", "--check", str(untidy))[0] == 1


def test_a_bad_file_does_not_hide_the_others(untidy: Path, cli: Cli) -> None:
    bad = untidy.parent / "a-bad.yaml"
    bad.write_text("case: x\ncase:   z\nfacts: {a: no}\n", "utf-8")

    code, out, err = cli("fmt", str(untidy.parent))

    assert (code, untidy.read_text("utf-8"), bad.read_text("utf-8")[:18]) == (3, TIDY, "case: x\ncase:   z\n")
    assert str(untidy) in out
    assert [f"{bad}:2:1: PE106", f"{bad}:3:12: PE109"] == re.findall(r"^(\S+: PE[0-9]+)", err, re.MULTILINE)


def test_folders_are_searched_and_hidden_ones_are_not(untidy: Path, cli: Cli) -> None:
    """`.yaml` and `.yml` at any depth, each file once however often it is named; nothing whose name begins with a dot."""
    inner = untidy.parent / "in" / "ner"
    hidden = untidy.parent / ".hidden"
    for folder, name in ((inner, "a.yml"), (hidden, "b.yaml"), (inner, ".c.yaml"), (inner, "d.txt")):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(UNTIDY, "utf-8")

    out = cli("fmt", "--check", "--format", "json", str(untidy.parent), str(untidy))[1]

    assert sorted([str(untidy), str(inner / "a.yml")]) == sorted(one["file"] for one in json.loads(out)["files"])


def test_the_rights_on_a_file_stay_and_a_link_stays_a_link(untidy: Path, cli: Cli) -> None:
    link = untidy.parent / "link.yml"
    link.symlink_to(untidy)
    untidy.chmod(0o640)

    code, _, _ = cli("fmt", str(link))

    assert (code, link.is_symlink(), untidy.read_text("utf-8")) == (0, True, TIDY)
    assert stat.S_IMODE(untidy.stat().st_mode) == 0o640


def test_a_file_that_cannot_be_written_is_whole(untidy: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:

    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "replace", full)

    code, out, err = cli("fmt", str(untidy))

    assert (code, str(untidy) in out, f"{untidy}:1:1: PE886 this cannot be written: no space is left on the disk" in err) == (
        3,
        False,
        True,
    )
    assert untidy.read_text("utf-8") == UNTIDY
    assert [untidy] == list(untidy.parent.iterdir())


def test_standard_input_goes_to_standard_output(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:

    def given(text: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    given(UNTIDY)
    assert cli("fmt", "-") == (0, TIDY, "")
    given(UNTIDY)
    assert cli("fmt", "--check", "-")[0] == 1
    given("a: no\n")
    assert cli("fmt", "-")[:2] == (3, "")
    assert cli("fmt", "-", "x.yaml")[0] == 2


@pytest.mark.parametrize(
    "text",
    [
        "[" * 30_000,
        "a: " * 30_000,
        "- " * 30_000,
        "a: &a [x]\nb: *a\n",
        "\x00",
        "a: |\n" + " " * 500_000 + "x",
        "a: '" + "\n" * 500_000 + "'",
        "#\n" * 400_000 + "a: 1",
        "a: " + "từ " * 200_000,
        "x" * (MAX_BYTES + 1),
    ],
    ids=["brackets", "keys", "dashes", "alias", "null", "indent", "line ends", "comments", "words", "size"],
)
def test_hostile_files_end_soon(text: str, tmp_path: Path, cli: Cli) -> None:
    path = tmp_path / "hostile.yaml"
    path.write_text(text, "utf-8")

    with soon():
        code, _, _ = cli("fmt", "--check", str(path))

    assert code in {0, 1, 3}
