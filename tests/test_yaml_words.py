"""A file that is no YAML: what is wrong is said in the reader's language, at the line that is wrong, by every parser."""

import re

import pytest
import yaml

from policy_engine.errors import Problem
from policy_engine.load.yaml_text import read_document
from policy_engine.load.yaml_words import Mark, fault_of
from policy_engine.report.problems import advice_of, message_of
from tests.build import rows, tuples

FAULTS: dict[str, tuple[str, int, int, str]] = tuples("yaml_words", "faults")
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


WORDINGS = rows("yaml_words", "wordings")


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
