"""Files of rows made ready: each row in its place, under the names of facts, whatever program wrote the file."""

import contextlib
import os
import shutil
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from policy_engine.columnar.csv_form import as_utf8, form_of
from policy_engine.columnar.csv_rows import rows_of
from policy_engine.columnar.headings import Column, Headings, spelt
from policy_engine.columnar.json_lines import Counted, json_rows
from policy_engine.columnar.names import CASE, KEPT, ODD
from policy_engine.columnar.order import Note, Order, Source
from policy_engine.columnar.places import Places, letters
from policy_engine.columnar.sources import INPUT, check_types, is_elsewhere, unreadable
from policy_engine.columnar.twice import without_twice
from policy_engine.columnar.writing import sink, told_of_the_disk
from policy_engine.errors import N_
from policy_engine.extras import load_extra
from policy_engine.load.files import held_folder, standard_input
from policy_engine.messages import translate
from policy_engine.model.rulebook import Edition
from policy_engine.source import Location

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw
    import polars as pl
else:
    nw = load_extra("narwhals.stable.v2", "batch")
    pl = load_extra("polars", "batch")

_TEXTS = frozenset({"csv", "jsonl"})
_ROW = N_("{file}: row {row}")
_NOT_COMPARED = N_("{file}: only a cluster reads it, so nobody looked whether a `case` stands twice in it")
_BY_LABEL = N_("{file}: headings that are labels of facts: {found}")
_AS_CASE = N_("{file}: the first column has no name; it is taken as `case`")
_NUMBERS = N_("{file}: the first column has no name and numbers the rows; it is passed over")
_NAMELESS = N_("{file}: columns without a name and without any cell are passed over: {columns}")


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A file of rows made ready."""

    source: Source
    frame: "pl.LazyFrame | None"
    """Its columns under their names as facts; none where only a cluster can read the file."""
    columns: tuple[Column, ...]
    path: str = ""
    """A Parquet file that an engine may read itself, under the names that it has in there; nothing where it must not."""
    places: Places | None = None
    blank: int = 0
    notes: tuple[Note, ...] = ()

    def place(self, row: int, language: str, name: str = "", at: int = 0, part: str | None = None) -> tuple[int | None, str, str]:
        """Return where a row stands: its line, the cell in a spreadsheet, and all of that as it is told.

        Args:
            row: its number.
            language: `vi` or `en`.
            name: the fact that something is wrong with, if it is one.
            at: the number of the cell, or of the character in a line of JSON, if that is known; else 0.
            part: the file, where this one is a folder of files.
        """
        file = part or self.source.path
        if self.places is None:
            return None, "", translate(_ROW, language, file=file, row=row)
        found = self.places.at(row)
        if self.source.form == "jsonl":
            return found.line, "", f"{file}:{found.line}:{at}" if at else f"{file}:{found.line}"
        column = letters(at or next((column.place for column in self.columns if column.name == name), 0))
        told = f"{file}:{found.line}:{column}" if column else f"{file}:{found.line}"
        return found.line, f"{column}{found.sheet}" if column else "", told


@contextlib.contextmanager
def opened_files(order: Order, editions: Sequence[Edition]) -> Generator[tuple[Opened, ...]]:
    """Open the files of a run; what they need on disk meanwhile is gone afterwards.

    Raises:
        InputError: where one cannot be read, or has columns that are refused.
    """
    with told_of_the_disk(), held_folder() as folder, contextlib.ExitStack() as stack:
        opening = _Opening(order, editions, folder, stack)
        files = [opening.opened(place, source) for place, source in enumerate(order.sources)]
        named = {place: file.frame for place, file in enumerate(files) if file.frame is not None and _has_cases(file.frame)}
        marked = without_twice(named, folder) if named else {}
        yield tuple(replace(file, frame=marked[place], path="") if place in marked else file for place, file in enumerate(files))


def _has_cases(frame: "pl.LazyFrame") -> bool:
    """Return whether a frame has cases that can be compared as texts."""
    kind = frame.collect_schema().get(CASE)
    return kind is not None and not kind.is_nested() and not isinstance(kind, (pl.Binary, pl.Null, pl.Object))


class _Opening:
    """Opens the files of one run."""

    def __init__(self, order: Order, editions: Sequence[Edition], folder: str, stack: contextlib.ExitStack) -> None:
        """Take what is asked, the editions, a folder for what is needed meanwhile, and what closes it."""
        self.order, self.editions, self.folder, self.stack = order, editions, folder, stack
        self.headings = Headings(editions, order.keep)

    def opened(self, place: int, source: Source) -> Opened:
        """Open one file."""
        if is_elsewhere(source.path):
            return Opened(source=source, frame=None, columns=(), notes=(Note(_NOT_COMPARED, {"file": source.path}),))
        try:
            path = self._at_hand(place, source.path)
            match source.form:
                case "csv":
                    found = self._csv(place, source, path)
                case "jsonl":
                    found = self._json(place, source, path)
                case _:
                    found = self._parquet(source, path)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise unreadable(source, error) from error
        assert found.frame is not None
        schema: Mapping[str, nw.dtypes.DType] = nw.from_native(found.frame).collect_schema()
        check_types(source, {name: dtype for name, dtype in schema.items() if name in self.headings.facts}, self.editions)
        return replace(found, notes=(*found.notes, *self._by_label(source, found.columns)))

    def _at_hand(self, place: int, path: str) -> str:
        """Return a file that can be read more than once: what comes through a pipe is written down first."""
        if path != INPUT and (os.path.isfile(path) or not os.path.exists(path) or os.path.isdir(path)):
            return path
        copy = os.path.join(self.folder, f"input_{place}")
        with open(copy, "wb") as target:
            if path == INPUT:
                shutil.copyfileobj(standard_input(), target)
            else:
                with open(path, "rb") as pipe:
                    shutil.copyfileobj(pipe, target)
        return copy

    def _places(self, place: int) -> Places:
        """Return where the places of the rows of a file are kept."""
        return self.stack.enter_context(contextlib.closing(Places(os.path.join(self.folder, f"places_{place}"))))

    def _by_label(self, source: Source, columns: Iterable[Column]) -> Iterable[Note]:
        """Say which headings count by their labels."""
        labels = [one for one in columns if one.name in self.headings.facts and spelt(one.heading).casefold() != one.name]
        found = [f"{column.heading.strip()} → {column.name}" for column in labels]
        return [Note(_BY_LABEL, {"file": source.path, "found": "; ".join(found)})] if found else []

    def _parquet(self, source: Source, path: str) -> Opened:
        """Open a Parquet file."""
        raw = pl.scan_parquet(path, glob=False)
        schema = raw.collect_schema()
        names = list(schema)
        columns = tuple(self.headings.columns(names, [Location(source.path, 1, 1)] * max(len(names), 1)))
        texts = self.order.to_format in _TEXTS

        def cell(column: Column) -> "pl.Expr":
            """Return a column; one that is handed on as a file of answers can hold it."""
            whole = not texts or column.name in self.headings.facts
            return pl.col(column.heading) if whole else _as_text(column.heading, schema[column.heading])

        frame = raw.select(cell(column).alias(column.name) for column in columns)
        same = all(frame.collect_schema()[column.name] == schema[column.heading] for column in columns)
        alone = len({name.casefold() for name in names}) == len(names) == len({column.heading for column in columns} | set(names))
        return Opened(source=source, frame=frame, columns=columns, path=os.path.abspath(path) if same and alone else "")

    def _json(self, place: int, source: Source, path: str) -> Opened:
        """Open a file of lines of JSON: they are read once, into a file of columns."""
        path = as_utf8(path, os.path.join(self.folder, f"utf8_{place}"))
        places, counted = self._places(place), Counted()
        target = os.path.join(self.folder, f"lines_{place}.parquet")
        sink(json_rows(path, source.path, self.headings, places, counted), target, "parquet", {}, excel=False)
        frame = pl.scan_parquet(target, glob=False)
        columns = tuple(Column(name, n, name) for n, name in enumerate(frame.collect_schema(), start=1))
        return Opened(source=source, frame=frame, columns=columns, path=target, places=places, blank=counted.blank)

    def _csv(self, place: int, source: Source, path: str) -> Opened:
        """Open a CSV file."""
        path = as_utf8(path, os.path.join(self.folder, f"utf8_{place}"))
        form = form_of(path, source.path, self.headings, self.order.separator)
        nameless = [n for n, heading in enumerate(form.headings, start=1) if not heading.strip()]
        notes: list[Note] = []
        names = list(form.headings)
        if 1 in nameless and not any(self.headings.meaning(name) == CASE for name in names):
            nameless.remove(1)
            names[0] = CASE
            notes.append(Note(_AS_CASE, {"file": source.path}))
        columns = tuple(self.headings.columns(names, form.where, nameless))
        case = next((column.place for column in columns if column.name == CASE), 0)
        places = self._places(place)
        rows = rows_of(path, source.path, form, case, places, os.path.join(self.folder, f"rows_{place}.csv"))
        numbers = range(1, len(names) + 1)
        facts = {column.place for column in columns if column.name in self.headings.facts}
        both = facts & {column.place for column in columns if column.name.startswith(KEPT)}
        schema = {f"__c{n}": pl.String() for n in numbers} | ({ODD: pl.String()} if rows.odd else {})
        raw = pl.LazyFrame(schema=schema)
        if rows.total:
            raw = pl.scan_csv(
                rows.path, has_header=False, skip_lines=rows.lines, separator=form.separator, glob=False, schema=schema,
                null_values={f"__c{n}": "unknown" for n in sorted(facts - both)},
            )  # fmt: skip
        notes += self._passed_over(raw, nameless, source, names, form.where)
        cells = [_known(pl.col(f"__c{column.place}"), column, both).alias(column.name) for column in columns]
        frame = raw.select(*cells, *([ODD] if rows.odd else []))
        return Opened(source=source, frame=frame, columns=columns, places=places, blank=rows.blank, notes=tuple(notes))

    def _passed_over(
        self, raw: "pl.LazyFrame", nameless: Sequence[int], source: Source, names: Sequence[str], where: Sequence[Location]
    ) -> list[Note]:  # fmt: skip
        """Say which columns without a name are passed over, since nothing is lost by it.

        Raises:
            InputError: PE866, where something would be lost.
        """
        if not nameless:
            return []
        whole = raw.filter(pl.col(ODD).is_null()) if ODD in raw.collect_schema() else raw
        empty = whole.select(pl.col(f"__c{n}").is_null().all() for n in nameless).collect(engine="streaming").row(0)
        full = [n for n, nothing in zip(nameless, empty, strict=True) if not nothing]
        notes: list[Note] = []
        if full[:1] == [1]:
            number = pl.col("__c1").cast(pl.Int64, strict=False)
            grows = number.is_not_null().all() & (number.diff().fill_null(1) > 0).all()
            if whole.select(grows).collect().item():
                notes.append(Note(_NUMBERS, {"file": source.path}))
                del full[0]
        if full:
            self.headings.columns(names, where, set(nameless) - set(full))
        columns = ", ".join(letters(n) for n, nothing in zip(nameless, empty, strict=True) if nothing)
        return [*notes, *([Note(_NAMELESS, {"file": source.path, "columns": columns})] if columns else [])]


def _known(cell: "pl.Expr", column: Column, both: Iterable[int]) -> "pl.Expr":
    """Return a cell, `unknown` as not recorded; one that is handed on as well stays there as it is."""
    return pl.when(cell != "unknown").then(cell) if column.place in both and not column.name.startswith(KEPT) else cell


def _as_text(name: str, dtype: "pl.DataType") -> "pl.Expr":
    """Return a column that a file of text can hold: lists and objects as JSON, bytes by their digits, spans of time in letters."""
    cell = pl.col(name)
    if dtype.is_nested():
        told = pl.struct(cell.alias("v")).struct.json_encode().str.strip_prefix('{"v":').str.strip_suffix("}")
        return pl.when(cell.is_not_null()).then(told)
    if dtype == pl.Binary:
        return cell.bin.encode("hex")
    return cell.dt.to_string() if isinstance(dtype, (pl.Duration, pl.Time)) else cell
