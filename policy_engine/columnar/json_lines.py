"""Files with a JSON object a line: each value as a case file would hold it; a row that fits no columns goes along as it stands."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from policy_engine.columnar.streams import frame_of
from policy_engine.errors import InputError, Problem
from policy_engine.extras import load_extra
from policy_engine.language.complaint import nearest
from policy_engine.language.shapes import is_array, is_object
from policy_engine.model.facts import FactDeclaration
from policy_engine.source import Location

if TYPE_CHECKING:
    import polars as pl
else:
    pl = load_extra("polars", "batch")

CASE, ODD = "case", "__odd"
CHUNK = 50_000
MOST = 10**15
_TYPES = {"bool": "Boolean", "count": "Int64"}


class Figure(str):
    """A number with a point or an exponent, as it is written; it never becomes a float."""

    __slots__ = ()


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
    columns: dict[str, list[Any]] = {name: [] for name in schema}
    with open(path, encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                _add(columns, _read(line), facts, Location(path, number, 1))
            if len(columns[ODD]) == CHUNK:
                yield pl.DataFrame(columns, schema=dict(schema), strict=True)
                columns = {name: [] for name in schema}
    yield pl.DataFrame(columns, schema=dict(schema), strict=True)


def _read(line: str) -> object:
    """Read a line exactly; where it is none, its text stands for itself."""
    try:
        return json.loads(line, parse_float=Figure, parse_constant=Figure)
    except (ValueError, RecursionError):
        return line


def _add(columns: dict[str, list[Any]], row: object, facts: Mapping[str, FactDeclaration], place: Location) -> None:
    """Add a row to the columns."""
    if not is_object(row):
        for name, column in columns.items():
            column.append(str(row)[:200] if name == ODD else None)
        return
    for name in row:
        if name not in columns or name == ODD:
            raise InputError([Problem("PE850", place, {"name": name, "nearest": nearest(name, [*facts, CASE])})])
    cells = {name: _cell(value, facts[name].type.kind) for name, value in row.items() if name in facts}
    odd = any(fits is False for fits, _ in cells.values())
    stated = {name: row[name] for name in cells}
    for name, column in columns.items():
        if name == ODD:
            column.append(json.dumps(_marked(stated), ensure_ascii=False) if odd else None)
        elif name in cells:
            column.append(None if odd else cells[name][1])
        else:
            column.append(None if row.get(name) is None else str(row[name]))


def _cell(value: object, kind: str) -> tuple[bool, object]:
    """Tell whether a value fits the column of its fact, and give it."""
    if value is None or value == "unknown":
        return True, None
    if kind == "bool":
        return isinstance(value, bool), value
    if kind == "count":
        return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MOST, value
    if kind == "points":
        number = isinstance(value, (int, Figure)) and not isinstance(value, bool)
        return number, str(value)
    return isinstance(value, str) and not isinstance(value, Figure) and kind not in {"list", "set"}, value


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
