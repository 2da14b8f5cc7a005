"""Workflow commands of GitHub Actions, which put what is told beside the line that it is told of."""

from collections.abc import Iterable

from policy_engine.report.told import Told
from policy_engine.report.visible import visible

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
