"""Files with a JSON object a line: each value as a case file would hold it; a row that fits no columns goes along as it stands."""

import codecs
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import islice

import polars as pl

from policy_engine.columnar.order import CASE, ODD
from policy_engine.columnar.rows.files import frame_of
from policy_engine.columnar.rows.headings import Headings, RowFault, RowPlaces, carried
from policy_engine.language.values import is_array, is_object
from policy_engine.load.cells import JsonNumber, read_cell, written
from policy_engine.load.limits import MAX_COLUMNS, hold_line
from policy_engine.load.yaml_plain import Refusal
from policy_engine.model.facts import FactDeclaration

_CHUNK = 10_000
_MOST = 10**15
_TYPES = {"bool": "Boolean", "count": "Int64"}
_PLAIN: Mapping[str, type] = {"bool": bool, "count": int}


def json_rows(path: str, shown: str, headings: Headings, places: RowPlaces, counted: Counter[str]) -> pl.LazyFrame:
    """Return the rows of a file as a frame, to be read once; its columns are the facts of the edition, whichever of them it states.

    `counted` counts `rows`, and lines that are `blank`.
    """
    types: dict[str, pl.DataType] = {name: getattr(pl, _TYPES.get(fact.type.kind, "String"))() for name, fact in headings.facts.items()}
    schema = {**dict.fromkeys((CASE, *headings.keep.values(), ODD), pl.String()), **types}

    def chunks() -> Iterator[pl.DataFrame]:
        with open(path, "rb") as file:
            if file.read(len(codecs.BOM_UTF8)) != codecs.BOM_UTF8:
                file.seek(0)
            lines = enumerate(file, start=1)
            while some := list(islice(lines, _CHUNK)):
                rows: list[bytes] = []
                for number, line in some:
                    hold_line(shown, number, len(line))
                    if line.strip():
                        rows.append(line)
                        places.add(counted["rows"] + len(rows), number, number)
                    else:
                        counted["blank"] += 1
                counted["rows"] += len(rows)
                if rows:
                    yield _Lines(rows, headings).frame(schema)
        if not counted["rows"]:
            yield pl.DataFrame(schema=schema)

    return frame_of(schema, chunks)


class _Lines:
    """Some rows: a column at a time is looked at, and only where something in it is not plain a cell at a time."""

    def __init__(self, lines: list[bytes], headings: Headings) -> None:
        self.headings, self.facts = headings, headings.facts
        self.odd: dict[int, str] = {}
        """Rows that fit no columns, by their places: their facts as they stand, or why they cannot be read."""
        self.rows: list[Mapping[str, object]] = []
        for place, line in enumerate(lines):
            row, fault = _read(line)
            self.rows.append(row)
            if fault is not None:
                self.odd[place] = carried(fault)
        strange = set[str]().union(*self.rows) - {CASE, *self.facts} - headings.keep.keys()
        meant = {key: headings.meaning(key) or (key if headings.knows(key) else "") for key in strange}
        for place, row in enumerate(self.rows if strange else ()):
            if row.keys() & strange and place not in self.odd:
                self.rows[place] = self._named(place, row, meant)

    def _named(self, place: int, row: Mapping[str, object], meant: Mapping[str, str]) -> Mapping[str, object]:
        """Return a row under the names of columns; nothing but its case, where a key is no column, or where two are one fact."""
        named: dict[str, object] = {}
        for key, value in row.items():
            name = meant.get(key, key)
            if name and name not in named:
                named[name] = value
                continue
            fault = RowFault("PE861", {"key": name}) if name else RowFault("PE850", {"name": key, "nearest": self.headings.nearest(key)})
            self.odd[place] = carried(fault)
            return {CASE: row.get(CASE)}
        return named

    def frame(self, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
        """Return the rows as columns: facts, what is handed on, and the rows that fit no columns."""
        names = set[str]().union(*self.rows)
        cells = {name: self._column(name, self.facts[name]) for name in self.facts if name in names}
        for place in self.odd:
            for column in cells.values():
                column[place] = None
        kept = {column: name for name, column in self.headings.keep.items()} | {CASE: CASE}

        def values(name: str) -> "list[object] | pl.Series":
            if name in cells:
                return cells[name]
            if name == ODD and self.odd:
                return [self.odd.get(place) for place in range(len(self.rows))]
            if kept.get(name):
                return [_as_text(row.get(kept[name])) for row in self.rows]
            return pl.repeat(None, len(self.rows), dtype=pl.Null, eager=True)

        return pl.DataFrame([pl.Series(name, values(name), kind) for name, kind in schema.items()])

    def _column(self, name: str, fact: FactDeclaration) -> list[object]:
        """Return the values of a fact; a row with a value that fits no such column is noted."""
        values = [row.get(name) for row in self.rows]
        if _is_plain(values, fact.type.kind):
            return values
        for place, value in enumerate(values):
            fits, values[place] = _cell(value, fact)
            if not fits and place not in self.odd:
                stated = {name: cell for name, cell in self.rows[place].items() if name in self.facts}
                self.odd[place] = json.dumps(_marked(stated), ensure_ascii=False)
        return values


def _as_text(value: object) -> str | None:
    """Return what is handed on as text: a text and a figure as they stand, anything else as JSON."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _is_plain(values: list[object], kind: str) -> bool:
    """Return whether every value of a column is plainly of its kind, or not recorded."""
    wanted = _PLAIN.get(kind, str if kind not in {"list", "set", "points"} else type(None))
    if not set(map(type, values)) <= {wanted, type(None)}:
        return False
    if wanted is int:
        known = [value for value in values if isinstance(value, int)]
        return not known or (min(known) >= 0 and max(known) < _MOST)
    return wanted is not str or "unknown" not in values


class _TwiceError(ValueError):
    """A key stands twice in one object."""


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return an object, if no key stands twice in it."""
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        raise _TwiceError(next(key for place, key in enumerate(keys) if key in keys[:place]))
    return found


_DECODER = json.JSONDecoder(parse_float=JsonNumber, parse_constant=JsonNumber, object_pairs_hook=_object)


def _read(line: bytes) -> tuple[Mapping[str, object], RowFault | None]:
    """Read a line exactly, or say why it cannot be taken as a row, with nothing but its case where that can be seen."""
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        at = len(line[: error.start].decode(errors="replace")) + 1
        return {CASE: None}, RowFault("PE862", {"found": f"0x{line[error.start]:02x}"}, at)
    odd = RowFault("PE856", {"found": text.strip()[:60]})
    try:
        row = _DECODER.decode(text)
        if "\\u" in text:
            json.dumps(row, ensure_ascii=False).encode()
    except _TwiceError as error:
        return _case_of(text), RowFault("PE861", {"key": _sound(str(error))})
    except UnicodeEncodeError as error:
        half = f"\\u{ord(error.object[error.start]):04x}"
        return _case_of(text), RowFault("PE862", {"found": half}, text.lower().find(half) + 1)
    except json.JSONDecodeError as error:
        return {CASE: None}, odd._replace(at=min(error.pos, len(text.rstrip())) + 1)
    except (ValueError, RecursionError):
        return {CASE: None}, odd
    if is_object(row) and len(row) > MAX_COLUMNS:
        return {CASE: None}, RowFault("PE118", {"found": str(len(row)), "limit": str(MAX_COLUMNS)})
    return (row, None) if is_object(row) else ({CASE: None}, odd)


def _case_of(text: str) -> Mapping[str, object]:
    """Return the case of a line that is refused though it is an object."""
    row = json.loads(text, parse_float=JsonNumber, parse_constant=JsonNumber)
    case = _as_text(row.get(CASE)) if is_object(row) else None
    return {CASE: None if case is None else _sound(case)}


def _sound(text: str) -> str:
    """Return a text without halves of signs."""
    return text.encode(errors="replace").decode()


def _cell(value: object, fact: FactDeclaration) -> tuple[bool, object]:
    """Return whether a value fits the column of its fact, and the value: a text as it stands, a number or a truth as the fact asks."""
    kind = fact.type.kind
    if value is None or value == "unknown":
        return True, None
    if isinstance(value, str) and not isinstance(value, JsonNumber) and kind not in _TYPES and kind != "list":
        return True, value
    if kind in {"list", "set", "choice", "level"}:
        return False, None
    data = read_cell(value, fact, {})
    if isinstance(data, Refusal) or data == "none" or (isinstance(data, (int, Fraction)) and data >= _MOST):
        return False, None
    return True, data if kind in _TYPES else written(data)


def _marked(value: object) -> object:
    """Mark figures in what is handed on as text, so that they are known from texts when it is read again."""
    if isinstance(value, JsonNumber):
        return {"figure": str(value)}
    if is_object(value):
        return {name: _marked(child) for name, child in value.items()}
    return [_marked(child) for child in value] if is_array(value) else value


def unmarked(text: str) -> object:
    """Read what was handed on."""
    try:
        return json.loads(text, object_hook=lambda found: JsonNumber(found["figure"]) if found.keys() == {"figure"} else found)
    except ValueError:
        return text
