"""An explanation as text for a terminal."""

import difflib
from collections.abc import Callable, Iterator

from policy_engine.explain.blocks import Explanation, Line, Section, Table
from policy_engine.report.problems import opening, visible

_NO_END = "\\ No newline at end of file\n"


def unified_diff(path: str, before: str, after: str) -> str:
    """Write what changes in a file, as `patch` and `git apply` read it."""
    return "".join(_ended(difflib.unified_diff(_lines(before), _lines(after), f"a/{visible(path)}", f"b/{visible(path)}")))


def _lines(text: str) -> list[str]:
    """Cut a text at its newlines, as patch does; no other sign ends a line there."""
    *whole, last = text.split("\n")
    return [*(f"{line}\n" for line in whole), *([last] if last else [])]


def _ended(lines: Iterator[str]) -> Iterator[str]:
    """Say of a last line that it has no end."""
    for line in lines:
        yield line if line.endswith("\n") else f"{line}\n{_NO_END}"


WIDTH = 100
MARKS = {"met": "✓", "not_met": "✗", "unknown": "?", "warning": "!", "not_applicable": "–", "note": "·"}

Style = Callable[[str, str], str]
"""Colours a text for a mark or a role; the plain style gives it back as it is."""


def plain(text: str, _role: str) -> str:
    """Return the text as it is."""
    return text


def to_text(explanation: Explanation, style: Style = plain, width: int = WIDTH) -> str:
    """Write an explanation: the answer first, then why, each line with its clause."""
    lines = [
        style(opening(explanation.title), "title"),
        *([style(opening(explanation.headline), explanation.outcome)] if explanation.headline else []),
    ]
    for note in explanation.notes:
        lines += [f"  {style(line, 'faint')}" for line in wrap(note, width - 2)]
    for section in explanation.sections:
        lines += ["", *_section(section, style, width)]
    return "\n".join(lines) + "\n"


def _section(section: Section, style: Style, width: int) -> Iterator[str]:
    """Write a section; one without a title is the first thing that is told."""
    if section.title:
        yield style(opening(section.title), "title")
    if section.table:
        yield from _table(section.table, style)
    for line in section.lines:
        yield from _line(line, style, width)


def _table(table: Table, style: Style) -> Iterator[str]:
    """Write a table: the first columns of words to the left, figures to the right."""
    rows = [[visible(cell) for cell in row] for row in (table.headings, *table.rows)]
    widths = [max(len(row[n]) for row in rows) for n in range(len(table.headings))]
    figures = [n > 0 and all(_is_figure(row[n]) for row in rows[1:]) for n in range(len(table.headings))]
    for number, row in enumerate(rows):
        cells = [cell.rjust(width) if right else cell.ljust(width) for cell, width, right in zip(row, widths, figures, strict=True)]
        text = ("  " + "  ".join(cells)).rstrip()
        yield style(text, "faint") if number == 0 else text


def _is_figure(cell: str) -> bool:
    """Return whether a cell holds a count, a percentage, nothing, or that it is not known."""
    return cell in {"", "·", "?"} or cell.isdigit() or cell.endswith("%")


def _line(line: Line, style: Style, width: int) -> Iterator[str]:
    """Write a line under its mark, and its source behind or below it."""
    body = wrap(line.text, width - 4)
    source = f"[{visible(line.source)}]" if line.source else ""
    if source and len(body[-1]) + len(source) + 5 <= width:
        body[-1], source = f"{body[-1]} {style(source, 'faint')}", ""
    yield f"  {style(MARKS[line.mark], line.mark)} {body[0]}"
    for more in body[1:]:
        yield f"    {more}"
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
