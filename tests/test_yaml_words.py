"""A file that is no YAML: what is wrong is said in the reader's language, at the line that is wrong, by every parser."""

import re

import pytest
import yaml

from policy_engine.errors import Problem
from policy_engine.load.yaml_text import read_document
from policy_engine.load.yaml_words import Mark, fault_of
from policy_engine.report.problems import advice_of, message_of

FAULTS: dict[str, tuple[str, int, int, str]] = {
    "tab": ("a:\n\tb: 1\n", 2, 1, "a tab"),
    "tab below spaces": ("a:\n  b: 1\n\tc: 2\n", 3, 1, "a tab"),
    "tab after spaces": ("a:\n  b: x\n  \ty: 1\n", 3, 3, "a tab"),
    "dash to the right": ("x:\n  - a: 1\n   - a: 2\n", 3, 4, "indented by 3 spaces, but line 2, to which it belongs, by 2"),
    "dash to the left": ("x:\n    - a: 1\n   - a: 2\n", 3, 4, "indented by 3 spaces, but line 2, to which it belongs, by 4"),
    "first dash": (
        "x:\n  all:\n     - a: 1\n      b: 2\n    - a: 3\n",
        3,
        6,
        "indented by 5 spaces, but line 5, to which it belongs, by 4",
    ),
    "key to the right": ("l:\n  vi: A\n   en: B\n", 3, 4, "indented by 3 spaces, but line 2, to which it belongs, by 2"),
    "key to the left": ("l:\n  vi: A\n en: B\n", 3, 2, "indented by 1 spaces, but line 2, to which it belongs, by 2"),
    "first key": ("l:\n   vi: A\n  en: B\n", 2, 4, "indented by 3 spaces, but line 3, to which it belongs, by 2"),
    "second colon": ("phrase: so: here\n", 1, 11, "a second colon"),
    "second colon after a figure": ("a: 100%: b\n", 1, 8, "a second colon"),
    "no colon": ("facts\n  kind: a\n", 1, 1, "has no colon"),
    "no colon between keys": ("a: 1\nfacts\nb: 2\n", 2, 1, "has no colon"),
    "no space": ("a:1\nb: 2\n", 1, 2, "a space is missing"),
    "quotation mark": ('a: "x\nb: 2\n', 1, 4, "the quotation mark that opens here"),
    "single quotation mark": ("a: 1\nb: 'x\nc: 2\n", 2, 4, "the quotation mark that opens here"),
    "quotation over documents": ('a: "x\n---\nb"\n', 1, 4, "the quotation mark that opens here"),
    "behind quotation marks": ('a: "x" y\nb: 1\n', 1, 8, "`y` stands behind the end"),
    "backslash": ('a: "C:\\data"\n', 1, 7, "`\\d`"),
    "bracket": ("a: [x, y\nb: 1\n", 1, 4, "the bracket `[`"),
    "bracket at the end": ("a: [x, z\n", 1, 4, "the bracket `[`"),
    "brace": ("a: {x: 1, z: 2\nb: 1\n", 1, 4, "the bracket `{`"),
    "two commas": ("a: [x,, y]\n", 1, 7, "`,` stands where a value belongs"),
    "closing bracket": ("b: ]\n", 1, 4, "`]` stands where a value belongs"),
    "at sign": ("a: @x\n", 1, 4, "`@` has a meaning of its own"),
    "percent sign": ("a: %x\n", 1, 4, "`%` has a meaning of its own"),
    "star": ("a: * x\n", 1, 4, "`*` has a meaning of its own"),
    "exclamation mark": ("a: !<x\n", 1, 4, "`!` has a meaning of its own"),
    "list behind a key": ("a: - b\n", 1, 4, "a list cannot begin behind a key"),
    "dash among keys": ("a: b\n- c\n", 2, 1, "a dash stands here"),
    "key among dashes": ("- a\nb: 1\n", 2, 1, "a key stands here"),
    "text behind a bar": ("a: | x\nb: 1\n", 1, 6, "text stands on the line of a `|`"),
    "after the end": ("a: 1\n...\nb: 2\n", 3, 1, "after the end"),
    "no key": (": a\n", 1, 1, "a key is missing"),
    "bell": ("a: \x07\n", 1, 4, "U+0007"),
}
"""What is written, the line and column of the fault, and words of what is said."""


def _told(text: str) -> Problem:
    (problem,) = read_document(text.encode(), "x.yaml").problems
    return problem


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("parser", ["CSafeLoader", "SafeLoader"])
def test_a_fault_is_told_where_it_is(kind: str, parser: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The place, the code and the sentence are the same by libyaml and by PyYAML's own parser, whose words differ."""
    text, line, column, words = FAULTS[kind]
    monkeypatch.setattr("policy_engine.load.yaml_text._PARSER", getattr(yaml, parser))
    monkeypatch.setattr("policy_engine.load.yaml_text._CParser", None)

    problem = _told(text)
    vietnamese = message_of(problem, "vi") + advice_of(problem, "vi")

    assert ("PE105", line, column) == (problem.code, *problem.location[1:])
    assert words in message_of(problem, "en")
    assert not re.search(r"while|expected|found|indicator|context", vietnamese)
    assert not re.search(r"[{}]", message_of(problem, "en").replace("`{`", ""))


WORDINGS = [
    ("while parsing a block mapping did not find expected key", "while parsing a block mapping expected <block end>, but found '<scalar>'"),
    ("mapping values are not allowed in this context", "mapping values are not allowed here"),
    ("while scanning a simple key could not find expected ':'", "while scanning a simple key could not found expected ':'"),
    ("while parsing a flow node did not find expected node content", "while parsing a node did not find expected node content"),
    ("while scanning a quoted scalar found unknown escape character", "while parsing a quoted scalar found unknown escape character"),
    (
        "while scanning a plain scalar found a tab character that violates indentation",
        "while scanning a plain scalar found a tab character that violate intendation",
    ),
]


@pytest.mark.parametrize("wordings", WORDINGS)
def test_each_release_words_it_otherwise(wordings: tuple[str, str]) -> None:
    lines = ("a:", "  b: 1", "\tc: \\q" if "tab" in wordings[0] else "   c: \\q")
    one, other = (fault_of(said, Mark(2, 4), Mark(2, 3), lines) for said in wordings)

    assert one == other
    assert "{said}" not in one.found


def test_words_that_nobody_knows() -> None:
    fault = fault_of("while frobbing a scalar found a frob", Mark(1, 2), Mark(0, 0), ("a: 1", "b: 2"))

    assert fault.place == Mark(1, 2)
    assert "{said}" in fault.found
    assert fault.words == {"said": "while frobbing a scalar found a frob"}
