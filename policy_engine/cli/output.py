"""What every command prints the same way: problems, JSON, colours."""

import json
from collections.abc import Sequence
from typing import Any

import click

from policy_engine.errors import Problem
from policy_engine.report.problems import problem_to_data, problems_to_text

_STYLES: dict[str, dict[str, Any]] = {
    "title": {"bold": True}, "faint": {"dim": True},
    "met": {"fg": "green"}, "not_met": {"fg": "red"}, "unknown": {"fg": "yellow"},
    "classified": {"fg": "green", "bold": True}, "gap": {"fg": "yellow", "bold": True}, "undetermined": {"fg": "yellow", "bold": True},
}  # fmt: skip


def colour(text: str, role: str) -> str:
    """Colour a text by its role; click takes the colours away where no terminal reads them."""
    return click.style(text, **_STYLES.get(role, {}))


def show_problems(problems: Sequence[Problem], language: str, *, as_data: bool) -> None:
    """Print problems on standard error."""
    if as_data:
        errors = [problem_to_data(problem, language) for problem in problems]
        click.echo(to_json({"errors": errors}), err=True)
    else:
        click.echo(problems_to_text(problems, language), err=True)


def to_json(data: Any) -> str:
    """Write data as JSON for programs: Vietnamese as it is, keys in their order."""
    return json.dumps(data, ensure_ascii=False, indent=2)
