"""The short way through a plain file and the reader of events give the same, or the short way gives up."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_engine.load.yaml_text import Document, compose, read_events
from tests.conftest import ROOT

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


def _agree(text: str) -> bool:
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

    taken = _agree(text)

    assert taken or "bad" in path.parts or set("&*") & set(text)


@given(LINES)
def test_two_readers_agree_on_drawn_files(lines: list[tuple[str, str]]) -> None:
    _agree("".join(f"{key}: {value}\n" for key, value in lines))


DEEP = ["[" * 25_000, "- " * 25_000, "{a: " * 25_000, "? " * 25_000, "\n".join(" " * n + "a:" for n in range(1_200))]


@pytest.mark.parametrize("text", DEEP, ids=["brackets", "dashes", "braces", "keys", "steps"])
def test_nothing_deep_is_composed(text: str) -> None:
    assert compose(text, "file.yaml") is None
