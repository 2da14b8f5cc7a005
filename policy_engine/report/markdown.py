"""An explanation as Markdown, for minutes and mails."""

import re
from collections.abc import Iterator

from policy_engine.explain.blocks import Explanation, Line, Table
from policy_engine.report.problems import visible
from policy_engine.report.text import MARKS

_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~])")


def to_markdown(explanation: Explanation) -> str:
    """Write an explanation as Markdown; what a user wrote cannot become markup."""
    lines = [f"## {_safe(explanation.title)}", "", *([f"**{_safe(explanation.headline)}**", ""] if explanation.headline else [])]
    for note in explanation.notes:
        lines += [f"> {_safe(note)}", ">"]
    if explanation.notes:
        lines.pop()
    for section in explanation.sections:
        table = _table(section.table) if section.table else ()
        lines += ["", *([f"### {_safe(section.title)}", ""] if section.title else []), *table, *map(_line, section.lines)]
    return "\n".join(lines) + "\n"


def _table(table: Table) -> Iterator[str]:
    """Write a table as Markdown has it."""
    yield f"| {' | '.join(map(_safe, table.headings))} |"
    yield f"|{' --- |' * len(table.headings)}"
    yield from (f"| {' | '.join(map(_safe, row))} |" for row in table.rows)


def _line(line: Line) -> str:
    """Write one line as an item of a list."""
    source = f" — *{_safe(line.source)}*" if line.source else ""
    return f"- {MARKS[line.mark]} {_safe(line.text)}{source}"


def _safe(text: str) -> str:
    """Take the meaning from every character that Markdown would read."""
    return _SPECIAL.sub(r"\\\1", visible(text))
