"""Files with a JSON object a line: each value as a case file would hold it; a row that fits no columns goes along as it stands."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING

from policy_engine.columnar.names import CASE, ODD
from policy_engine.columnar.streams import frame_of
from policy_engine.errors import InputError, Problem
from policy_engine.extras import load_extra
from policy_engine.language.complaint import nearest
from policy_engine.language.shapes import is_array, is_object
from policy_engine.load.cells import Figure, read_cell, written
from policy_engine.load.scalars import Refusal
from policy_engine.model.facts import FactDeclaration
from policy_engine.source import Location

if TYPE_CHECKING:
    import polars as pl
else:
    pl = load_extra("polars", "batch")

CHUNK = 10_000
MOST = 10**15
_TYPES = {"bool": "Boolean", "count": "Int64"}


def scan_json_lines(path: str, facts: Mapping[str, FactDeclaration], keep: Sequence[str], faults: list[InputError]) -> "pl.LazyFrame":
    """Open a file; its columns are the facts of the edition, whichever of them it states.

    Args:
        path: the file.
        facts: what may stand in it.
        keep: what else may.
        faults: takes what goes wrong while rows are read, since a stream tells of it in words of its own.
    """
    types = {name: getattr(pl, _TYPES.get(fact.type.kind, "String"))() for name, fact in facts.items()}
    schema = {**dict.fromkeys((CASE, *keep, ODD), pl.String()), **types}
    return frame_of(schema, lambda: _heeding(_chunks(path, facts, schema), faults))


def _heeding(frames: "Iterator[pl.DataFrame]", faults: list[InputError]) -> "Iterator[pl.DataFrame]":
    """Note what goes wrong while rows are read."""
    try:
        yield from frames
    except InputError as error:
        faults.append(error)
        raise


def _chunks(path: str, facts: Mapping[str, FactDeclaration], schema: "Mapping[str, pl.DataType]") -> "Iterator[pl.DataFrame]":
    """Read a file chunk by chunk."""
    with open(path, encoding="utf-8-sig") as file:
        lines = ((number, line) for number, line in enumerate(file, start=1) if line.strip())
        begun = False
        while some := list(islice(lines, CHUNK)):
            begun = True
            yield _Chunk(path, some, facts).frame(schema)
    if not begun:
        yield pl.DataFrame(schema=dict(schema))


class _Chunk:
    """Some rows: a column at a time is looked at, and only where something in it is not plain a cell at a time."""

    def __init__(self, path: str, lines: Sequence[tuple[int, str]], facts: Mapping[str, FactDeclaration]) -> None:
        """Read the lines."""
        self.path, self.lines, self.facts = path, lines, facts
        self.odd: dict[int, str] = {}
        """Rows that fit no columns, by their places: their facts as they stand."""
        self.rows: list[Mapping[str, object]] = []
        for place, (_, line) in enumerate(lines):
            row = _read(line)
            if not is_object(row):
                self.odd[place] = str(row)[:200]
            self.rows.append(row if is_object(row) else {})

    def frame(self, schema: "Mapping[str, pl.DataType]") -> "pl.DataFrame":
        """Give the rows as columns."""
        names = set[str]().union(*self.rows)
        if not names <= schema.keys() or ODD in names:
            raise self._undeclared(schema)
        cells = {name: self._column(name, self.facts[name]) for name in self.facts if name in names}
        for place in self.odd:
            for column in cells.values():
                column[place] = None
        columns = [pl.Series(name, self._texts(name, cells, names), kind) for name, kind in schema.items()]
        return pl.DataFrame(columns)

    def _texts(self, name: str, cells: Mapping[str, list[object]], names: AbstractSet[str]) -> "list[object] | pl.Series":
        """Give one column of the file: a fact, what is handed on, or the rows that fit no columns."""
        if name in cells:
            return cells[name]
        if name == ODD and self.odd:
            return [self.odd.get(place) for place in range(len(self.rows))]
        if name in names and name != ODD:
            return [None if (value := row.get(name)) is None else str(value) for row in self.rows]
        return pl.repeat(None, len(self.rows), dtype=pl.Null, eager=True)

    def _column(self, name: str, fact: FactDeclaration) -> list[object]:
        """Give the values of a fact; a row with a value that fits no such column is noted."""
        values = [row.get(name) for row in self.rows]
        if _is_plain(values, fact.type.kind):
            return values
        for place, value in enumerate(values):
            fits, values[place] = _cell(value, fact)
            if not fits and place not in self.odd:
                stated = {fact: cell for fact, cell in self.rows[place].items() if fact in self.facts}
                self.odd[place] = json.dumps(_marked(stated), ensure_ascii=False)
        return values

    def _undeclared(self, known: Iterable[str]) -> InputError:
        """Say which key of which line is no fact."""
        allowed = set(known) - {ODD}
        number, name = next(
            (number, name) for (number, _), row in zip(self.lines, self.rows, strict=True) for name in row if name not in allowed
        )
        details = {"name": name, "nearest": nearest(name, {**self.facts, CASE: None})}
        return InputError([Problem("PE850", Location(self.path, number, 1), details)])


def _is_plain(values: list[object], kind: str) -> bool:
    """Tell whether every value of a column is plainly of its kind, or not recorded."""
    wanted = _PLAIN.get(kind, str if kind not in {"list", "set", "points"} else type(None))
    if not set(map(type, values)) <= {wanted, type(None)}:
        return False
    if wanted is int:
        known = [value for value in values if isinstance(value, int)]
        return not known or (min(known) >= 0 and max(known) < MOST)
    return wanted is not str or "unknown" not in values


_PLAIN: Mapping[str, type] = {"bool": bool, "count": int}


def _read(line: str) -> object:
    """Read a line exactly; where it is none, its text stands for itself."""
    try:
        return json.loads(line, parse_float=Figure, parse_constant=Figure)
    except (ValueError, RecursionError):
        return line


def _cell(value: object, fact: FactDeclaration) -> tuple[bool, object]:
    """Tell whether a value fits the column of its fact, and give it: a text as it stands, a number or a truth as the fact asks."""
    kind = fact.type.kind
    if value is None or value == "unknown":
        return True, None
    if isinstance(value, str) and not isinstance(value, Figure) and kind not in _TYPES and kind != "list":
        return True, value
    if kind in {"list", "set", "choice", "level"}:
        return False, None
    data = read_cell(value, fact, {})
    if isinstance(data, Refusal) or data == "none" or (isinstance(data, (int, Fraction)) and data >= MOST):
        return False, None
    return True, data if kind in _TYPES else written(data)


def _marked(value: object) -> object:
    """Mark figures in what is handed on as text, so that they are told from texts when it is read again."""
    if isinstance(value, Figure):
        return {"figure": str(value)}
    if is_object(value):
        return {name: _marked(child) for name, child in value.items()}
    return [_marked(child) for child in value] if is_array(value) else value


def unmarked(text: str) -> object:
    """Read what was handed on."""
    try:
        return json.loads(text, object_hook=lambda found: Figure(found["figure"]) if found.keys() == {"figure"} else found)
    except ValueError:
        return text
