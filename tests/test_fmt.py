"""`policy-engine fmt`: one layout for every file, with every comment at its place and every value as it was."""

import io
import json
import re
import stat
import sys
import unicodedata
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_engine.errors import InputError
from policy_engine.load import layout as tidy_file
from policy_engine.load.layout import tidied, tidied_file
from policy_engine.load.yaml_text import read_document
from tests.build import ROOT, Cli, table
from tests.drawn_yaml import draw_file

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


LAYOUTS = table("fmt", "the_layout")


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_layout(name: str) -> None:
    before, after = LAYOUTS[name]

    assert after == _tidy(before)


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
