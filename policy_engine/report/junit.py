"""JUnit XML, which CI systems read; what a user wrote cannot become markup."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from policy_engine.report.visible import visible


class Outcome(NamedTuple):
    """How one test came out: `passed`, `failure` or `error`, and why."""

    classname: str
    name: str
    kind: str = "passed"
    type: str = ""
    message: str = ""


class Suite(NamedTuple):
    """Tests that belong together, and what is said beside them."""

    name: str
    outcomes: Sequence[Outcome]
    said: Sequence[str] = ()
    seconds: float = 0.0
    properties: Mapping[str, str] = {}


def to_junit(suites: Sequence[Suite]) -> str:
    """Write suites of tests; the XSD that Jenkins publishes takes it."""
    every = [outcome for suite in suites for outcome in suite.outcomes]
    head = f"<testsuites{_counts('policy-engine', every, sum(suite.seconds for suite in suites))}>"
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', head, *(line for suite in suites for line in _suite(suite)), "</testsuites>"]
    return "\n".join(lines)


def _counts(name: str, outcomes: Sequence[Outcome], seconds: float) -> str:
    """Write the attributes that count."""
    failures, errors = (sum(outcome.kind == kind for outcome in outcomes) for kind in ("failure", "error"))
    return f' name={_attribute(name)} tests="{len(outcomes)}" failures="{failures}" errors="{errors}" time="{seconds:.3f}"'


def _suite(suite: Suite) -> Iterator[str]:
    """Write one suite."""
    yield f'  <testsuite{_counts(suite.name, suite.outcomes, suite.seconds)} skipped="0">'
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
    if outcome.kind == "passed":
        return f"{begin}/>"
    inner = f"<{outcome.kind} type={_attribute(outcome.type)} message={_attribute(outcome.message)}/>"
    return f"{begin}>{inner}</testcase>"


def _attribute(text: str) -> str:
    """Write a text as an attribute; signs that XML cannot hold are shown by their names."""
    return quoteattr(visible(text))


def _text(lines: Iterable[str]) -> str:
    """Write lines as text."""
    return "\n".join(escape(visible(line)) for line in lines)
