"""The neutral blocks that every explanation is made of."""

from typing import NamedTuple


class Line(NamedTuple):
    """One line: how it came out (`met`, `not_met`, `unknown`, `not_applicable`, or `note`), what it says, and where that stands."""

    mark: str
    text: str
    source: str = ""


class Table(NamedTuple):
    """Rows under headings; every cell is text."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Section(NamedTuple):
    """A heading, and its lines or its table."""

    title: str
    lines: tuple[Line, ...] = ()
    table: Table | None = None


class Explanation(NamedTuple):
    """What a reader is told of one thing."""

    title: str
    headline: str
    outcome: str
    notes: tuple[str, ...]
    sections: tuple[Section, ...]
