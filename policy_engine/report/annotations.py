"""JUnit XML, which CI systems read; what a user wrote cannot become markup."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from policy_engine.errors import InputError, Problem
from policy_engine.report.problems import Told, message_of, problems_to_text, visible

_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def to_github(findings: Iterable[Told]) -> str:
    """Write one command a finding, each on a line of its own."""
    return "\n".join(map(_command, findings))


def _command(one: Told) -> str:
    """Write one command."""
    words = "\n".join(filter(None, (one.message, one.advice)))
    place = f"file={_property(one.file)},line={one.line},col={one.column},title={_property(one.code)}"
    return f"::{_COMMANDS[one.severity]} {place}::{_data(words)}"


def _data(text: str) -> str:
    """Write a text so that it ends no command and begins none."""
    lines = (visible(line) for line in text.split("\n"))
    return "%0A".join(line.replace("%", "%25") for line in lines)


def _property(text: str) -> str:
    """Write the value of a property, in which a colon and a comma would end it too."""
    return visible(text).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")


class Place(NamedTuple):
    """Where a test stands, for readers that show it beside the file; line 0 where it stands for the whole file."""

    file: str = ""
    line: int = 0


_NOWHERE = Place()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one test came out: `passed`, `failure` or `error`, and why: in a line (`message`), and in full (`text`)."""

    classname: str
    name: str
    kind: str = "passed"
    type: str = ""
    message: str = ""
    text: str = ""
    place: Place = _NOWHERE
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """Tests that belong together, and what is said beside them."""

    name: str
    outcomes: Sequence[Outcome]
    said: Sequence[str] = ()
    properties: Mapping[str, str] = field(default_factory=dict[str, str])


def class_name(path: str) -> str:
    """Return a path as the name of a class, which CI systems show as a tree cut at dots: its folders, and the file without its ending."""
    here, whole = os.getcwd().rstrip(os.sep) + os.sep, os.path.abspath(path)
    stem = os.path.splitext(whole.removeprefix(here))[0]
    parts = (re.sub(r"[^\w-]+", "_", part) for part in stem.split(os.sep))
    return ".".join(part for part in parts if part.strip("_")) or "policy-engine"


def to_junit(suites: Sequence[Suite]) -> str:
    """Write suites of tests; a suite takes as long as its tests do.

    The XSD that Jenkins publishes takes it, but for `file` and `line` of a test, which GitLab, CircleCI and pytest know.
    """
    every = [outcome for suite in suites for outcome in suite.outcomes]
    head = f"<testsuites{_counts('policy-engine', every)}>"
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', head, *(line for suite in suites for line in _suite(suite)), "</testsuites>"]
    return "\n".join(lines)


def _counts(name: str, outcomes: Sequence[Outcome]) -> str:
    """Write the attributes that count; the time is the sum of what is written of the tests."""
    seconds = sum(round(outcome.seconds, 3) for outcome in outcomes)
    failures, errors = (sum(outcome.kind == kind for outcome in outcomes) for kind in ("failure", "error"))
    return f' name={_attribute(name)} tests="{len(outcomes)}" failures="{failures}" errors="{errors}" time="{seconds:.3f}"'


def _suite(suite: Suite) -> Iterator[str]:
    """Write one suite."""
    yield f'  <testsuite{_counts(suite.name, suite.outcomes)} skipped="0">'
    if suite.properties:
        lines = [f"      <property name={_attribute(name)} value={_attribute(value)}/>" for name, value in suite.properties.items()]
        yield "\n".join(["    <properties>", *lines, "    </properties>"])
    yield from (_outcome(outcome) for outcome in suite.outcomes)
    if suite.said:
        yield f"    <system-out>{_text(suite.said)}</system-out>"
    yield "  </testsuite>"


def _outcome(outcome: Outcome) -> str:
    """Write one test."""
    begin = f"    <testcase classname={_attribute(outcome.classname)} name={_attribute(outcome.name)}"
    begin += f" file={_attribute(outcome.place.file)}" if outcome.place.file else ""
    begin += f' line="{outcome.place.line}"' if outcome.place.line else ""
    begin += f' time="{outcome.seconds:.3f}"'
    if outcome.kind == "passed":
        return f"{begin}/>"
    text = _text((outcome.text or outcome.message).split("\n"))
    inner = f"<{outcome.kind} type={_attribute(outcome.type)} message={_attribute(outcome.message)}>{text}</{outcome.kind}>"
    return f"{begin}>{inner}</testcase>"


def _attribute(text: str) -> str:
    """Write a text as an attribute; signs that XML cannot hold are shown by their names."""
    return quoteattr(visible(text))


def _text(lines: Iterable[str]) -> str:
    """Write lines as text."""
    return "\n".join(escape(visible(line)) for line in lines)


def refused_outcomes(problems: Sequence[Problem], language: str) -> list[Outcome]:
    """Return files that could not be read as tests that ended with an error: each file once, with everything that is wrong with it."""
    outcomes: list[Outcome] = []
    once = InputError(list(problems)).problems
    for file in dict.fromkeys(problem.location.file for problem in once):
        told = [problem for problem in once if problem.location.file == file]
        starts = (f"{p.location.line}:{p.location.column}: {p.code} {message_of(p, language)}" for p in told)
        outcomes.append(
            Outcome(
                classname=class_name(file), name=os.path.basename(file) or file, kind="error", type=told[0].code, message="; ".join(starts),
                text=problems_to_text(told, language), place=Place(file, told[0].location.line),
            )
        )  # fmt: skip
    return outcomes
