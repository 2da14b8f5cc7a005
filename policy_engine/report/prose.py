"""An explanation as text for a terminal, and as Markdown for minutes and mails; and a change of a file as `patch` reads it."""

import re
from collections.abc import Callable, Iterator

from policy_engine.explain.blocks import Explanation, Line, Table
from policy_engine.report.problems import opening, visible

WIDTH = 100
_MARKS = {"met": "✓", "not_met": "✗", "unknown": "?", "warning": "!", "not_applicable": "–", "note": "·"}
_SPECIAL = r"([\\`*_\[\]<>#|~])"
_NO_END = "\n\\ No newline at end of file\n"

Style = Callable[[str, str], str]
"""Colours a text for a mark or a role; the plain style returns it as it is."""


def plain(text: str, _role: str) -> str:
    """Return the text as it is."""
    return text


def to_text(explanation: Explanation, style: Style = plain, width: int = WIDTH) -> str:
    """Write an explanation: the answer first, then why, each line with its clause."""
    lines = [style(opening(explanation.title), "title")]
    if explanation.headline:
        lines.append(style(opening(explanation.headline), explanation.outcome))
    for note in explanation.notes:
        lines += [f"  {style(line, 'faint')}" for line in wrap(note, width - 2)]
    for section in explanation.sections:
        lines.append("")
        if section.title:
            lines.append(style(opening(section.title), "title"))
        if section.table:
            lines += _text_table(section.table, style)
        for line in section.lines:
            lines += _text_line(line, style, width)
    return "\n".join(lines) + "\n"


def _text_table(table: Table, style: Style) -> Iterator[str]:
    """Write a table: the first columns of words to the left; to the right counts, percentages, nothing, or that it is not known."""
    rows = [[visible(cell) for cell in row] for row in (table.headings, *table.rows)]
    columns = list(zip(*rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    right = [
        n > 0 and all(cell in {"", "·", "?"} or cell.isdigit() or cell.endswith("%") for cell in column[1:])
        for n, column in enumerate(columns)
    ]
    for number, row in enumerate(rows):
        cells = (cell.rjust(width) if figure else cell.ljust(width) for cell, width, figure in zip(row, widths, right, strict=True))
        text = ("  " + "  ".join(cells)).rstrip()
        yield style(text, "faint") if number == 0 else text


def _text_line(line: Line, style: Style, width: int) -> Iterator[str]:
    """Write a line under its mark, and its source behind or below it."""
    body = wrap(line.text, width - 4)
    source = f"[{visible(line.source)}]" if line.source else ""
    if source and len(body[-1]) + len(source) + 5 <= width:
        body[-1], source = f"{body[-1]} {style(source, 'faint')}", ""
    yield f"  {style(_MARKS[line.mark], line.mark)} {body[0]}"
    yield from (f"    {more}" for more in body[1:])
    if source:
        yield from (f"    {style(part, 'faint')}" for part in wrap(source, width - 4))


def wrap(text: str, width: int) -> list[str]:
    """Break a text into lines at its spaces; a word longer than a line stands alone (textwrap costs a start more than all of this file).

    No line begins with two colons, by which a build log knows a command: a name in which they stand may be broken before them.
    """
    lines = [""]
    for word in map(visible, text.split()):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(opening(word))
        else:
            lines[-1] = f"{lines[-1]} {word}" if lines[-1] else word
    return lines


def to_markdown(explanation: Explanation) -> str:
    """Write an explanation as Markdown; what a user wrote cannot become markup."""
    lines = [f"## {_safe(explanation.title)}", "", *([f"**{_safe(explanation.headline)}**", ""] if explanation.headline else [])]
    lines += "\n>\n".join(f"> {_safe(note)}" for note in explanation.notes).split("\n") if explanation.notes else []
    for section in explanation.sections:
        lines += ["", *([f"### {_safe(section.title)}", ""] if section.title else [])]
        if section.table:
            heading, *rows = (f"| {' | '.join(map(_safe, row))} |" for row in (section.table.headings, *section.table.rows))
            lines += [heading, f"|{' --- |' * len(section.table.headings)}", *rows]
        for line in section.lines:
            source = f" — *{_safe(line.source)}*" if line.source else ""
            lines.append(f"- {_MARKS[line.mark]} {_safe(line.text)}{source}")
    return "\n".join(lines) + "\n"


def _safe(text: str) -> str:
    """Take the meaning from every character that Markdown would read."""
    return re.sub(_SPECIAL, r"\\\1", visible(text))


def unified_diff(path: str, before: str, after: str) -> str:
    """Write what changes in a file, as `patch` and `git apply` read it; only a newline ends a line there."""
    import difflib

    old, new = (re.findall(r"[^\n]*\n|[^\n]+", text) for text in (before, after))
    lines = difflib.unified_diff(old, new, f"a/{visible(path)}", f"b/{visible(path)}")
    return "".join(line if line.endswith("\n") else line + _NO_END for line in lines)
