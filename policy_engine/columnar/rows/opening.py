"""Files of rows made ready: each row in its place, under the names of facts, whatever program wrote the file.

Of rows whose case stands twice in a run, each later one carries where the first one stands, and so is refused. Memory does not grow
with the rows: what is compared are hashes of 64 bits that lie on disk, a part of all possible ones at a time, and only rows with equal
hashes are looked at again.
"""

import contextlib
import os
import shutil
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from typing import NamedTuple

import polars as pl

from policy_engine.columnar.order import CASE, KEPT, ODD, Note, Order, Source
from policy_engine.columnar.rows.csv import CsvForm, as_utf8, form_of, rows_of
from policy_engine.columnar.rows.files import INPUT, check_types, disk_faults, is_elsewhere, sink, unreadable
from policy_engine.columnar.rows.headings import FIRST, FileColumn, Headings, RowFault, RowPlaces, carried, letters, spelt
from policy_engine.columnar.rows.json_lines import json_rows
from policy_engine.load.files import held_folder, standard_input
from policy_engine.messages import N_, translate
from policy_engine.model.rulebook import Edition
from policy_engine.source import Location

_ROW = N_("{file}: row {row}")
_NOT_COMPARED = N_("{file}: only a cluster reads it, so nobody looked whether a `case` stands twice in it")
_BY_LABEL = N_("{file}: headings that are labels of facts: {found}")
_AS_CASE = N_("{file}: the first column has no name; it is taken as `case`")
_NUMBERS = N_("{file}: the first column has no name and numbers the rows; it is passed over")
_NAMELESS = N_("{file}: columns without a name and without any cell are passed over: {columns}")
AT_ONCE = 1_000_000
"""Rows whose hashes are held at a time."""
_AT, _TWICE = "__at", "__twice"


class Opened(NamedTuple):
    """A file of rows made ready."""

    source: Source
    frame: pl.LazyFrame | None
    """Its columns under their names as facts; none where only a cluster can read the file."""
    columns: tuple[FileColumn, ...]
    path: str = ""
    """A Parquet file that an engine may read itself, under the names that it has in there; nothing where it must not."""
    places: RowPlaces | None = None
    blank: int = 0
    notes: tuple[Note, ...] = ()

    def place(self, row: int, language: str, name: str = "", at: int = 0, part: str | None = None) -> tuple[int | None, str, str]:
        """Return where a row stands: its line, the cell in a spreadsheet, and all of that as it is shown.

        What is wrong with it is the fact `name`, or stands in cell (character, in a line of JSON) number `at`; `part` is the file, where
        this one is a folder of files.
        """
        file = part or self.source.path
        if self.places is None:
            return None, "", translate(_ROW, language, file=file, row=row)
        line, sheet = self.places.at(row)
        if self.source.form == "jsonl":
            return line, "", f"{file}:{line}:{at}" if at else f"{file}:{line}"
        column = letters(at or next((column.place for column in self.columns if column.name == name), 0))
        return line, f"{column}{sheet}" if column else "", f"{file}:{line}:{column}" if column else f"{file}:{line}"

    def staged(self, path: str) -> tuple[str, Sequence[FileColumn]]:
        """Return a Parquet file of the rows, and its columns: the file itself, where an engine may read it, else one made at a path.

        Raises:
            InputError: PE854, where the file cannot be read.
        """
        if self.path:
            return self.path, self.columns
        assert self.frame is not None
        try:
            sink(self.frame, path)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise unreadable(self.source, error) from error
        return path, [FileColumn(name, n, name) for n, name in enumerate(self.frame.collect_schema(), start=1)]


@contextlib.contextmanager
def opened_files(order: Order, editions: Sequence[Edition]) -> Generator[tuple[Opened, ...]]:
    """Open the files of a run; what they need on disk meanwhile is gone afterwards.

    Raises:
        InputError: where one cannot be read, or has columns that are refused.
    """
    with disk_faults(), held_folder() as folder, contextlib.ExitStack() as stack:
        opening = _Opening(order, editions, folder, stack)
        files = [opening.opened(place, source) for place, source in enumerate(order.sources)]
        named = {place: file.frame for place, file in enumerate(files) if file.frame is not None and _has_cases(file.frame)}
        marked = without_twice(named, folder) if named else {}
        yield tuple(file._replace(frame=marked[place], path="") if place in marked else file for place, file in enumerate(files))


def _has_cases(frame: pl.LazyFrame) -> bool:
    """Return whether a frame has cases that can be compared as texts."""
    kind = frame.collect_schema().get(CASE)
    return kind is not None and not kind.is_nested() and not isinstance(kind, (pl.Binary, pl.Null, pl.Object))


class _Opening:
    """Opens the files of one run."""

    def __init__(self, order: Order, editions: Sequence[Edition], folder: str, stack: contextlib.ExitStack) -> None:
        self.order, self.editions, self.folder, self.stack = order, editions, folder, stack
        self.headings = Headings(editions, order.keep)

    def opened(self, place: int, source: Source) -> Opened:
        if is_elsewhere(source.path):
            return Opened(source=source, frame=None, columns=(), notes=(Note(_NOT_COMPARED, {"file": source.path}),))
        try:
            path = self._at_hand(place, source.path)
            found = self._parquet(source, path) if source.form == "parquet" else self._text(place, source, path)
            check_types(source, found.frame, self.headings.facts, self.editions)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise unreadable(source, error) from error
        labels = [one for one in found.columns if one.name in self.headings.facts and spelt(one.heading).casefold() != one.name]
        by_label = "; ".join(f"{column.heading.strip()} → {column.name}" for column in labels)
        notes = [Note(_BY_LABEL, {"file": source.path, "found": by_label})] if labels else []
        return found._replace(notes=(*found.notes, *notes))

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

    def _parquet(self, source: Source, path: str) -> Opened:
        raw = pl.scan_parquet(path, glob=False)
        schema = raw.collect_schema()
        columns = tuple(self.headings.columns(list(schema), [Location(source.path, 1, 1)] * max(len(schema), 1)))

        def cell(column: FileColumn) -> pl.Expr:
            """Return a column; one that is handed on as a file of answers can hold it."""
            whole = self.order.to_format == "parquet" or column.name in self.headings.facts
            return pl.col(column.heading) if whole else _as_text(column.heading, schema[column.heading])

        frame = raw.select(cell(column).alias(column.name) for column in columns)
        same = all(frame.collect_schema()[column.name] == schema[column.heading] for column in columns)
        alone = len({name.casefold() for name in schema}) == len(schema) == len({column.heading for column in columns} | set(schema))
        return Opened(source=source, frame=frame, columns=columns, path=os.path.abspath(path) if same and alone else "")

    def _text(self, place: int, source: Source, path: str) -> Opened:
        """Open a file of text, in UTF-8."""
        path = as_utf8(path, os.path.join(self.folder, f"utf8_{place}"))
        places = self.stack.enter_context(contextlib.closing(RowPlaces(os.path.join(self.folder, f"places_{place}"))))
        target = os.path.join(self.folder, f"rows_{place}")
        if source.form == "csv":
            return self._csv(source, path, form_of(path, source.path, self.headings, self.order.separator), places, target)
        # lines of JSON are read once, into a file of columns
        counted: Counter[str] = Counter()
        sink(json_rows(path, source.path, self.headings, places, counted), target)
        frame = pl.scan_parquet(target, glob=False)
        columns = tuple(FileColumn(name, n, name) for n, name in enumerate(frame.collect_schema(), start=1))
        return Opened(source=source, frame=frame, columns=columns, path=target, places=places, blank=counted["blank"])

    def _csv(self, source: Source, path: str, form: CsvForm, places: RowPlaces, target: str) -> Opened:
        nameless = [n for n, heading in enumerate(form.headings, start=1) if not heading.strip()]
        notes: list[Note] = []
        names = list(form.headings)
        if 1 in nameless and not any(self.headings.meaning(name) == CASE for name in names):
            nameless.remove(1)
            names[0] = CASE
            notes.append(Note(_AS_CASE, {"file": source.path}))
        columns = tuple(self.headings.columns(names, form.where, nameless))
        case = next((column.place for column in columns if column.name == CASE), 0)
        rows = rows_of(path, source.path, form, case, places, target)
        facts = {column.place for column in columns if column.name in self.headings.facts}
        both = facts & {column.place for column in columns if column.name.startswith(KEPT)}
        schema = {f"__c{n}": pl.String() for n in range(1, len(names) + 1)} | ({ODD: pl.String()} if rows.odd else {})
        raw = pl.LazyFrame(schema=schema)
        if rows.total:
            raw = pl.scan_csv(
                rows.path, has_header=False, skip_lines=rows.lines, separator=form.separator, glob=False, schema=schema,
                null_values={f"__c{n}": "unknown" for n in sorted(facts - both)},
            )  # fmt: skip
        if nameless:
            notes += self._passed_over(raw, nameless, source, names, form.where)

        def cell(column: FileColumn) -> pl.Expr:
            """Return a cell, `unknown` as not recorded; one that is handed on as well stays there as it is."""
            raw = pl.col(f"__c{column.place}")
            return pl.when(raw != "unknown").then(raw) if column.place in both and not column.name.startswith(KEPT) else raw

        frame = raw.select(*(cell(column).alias(column.name) for column in columns), *([ODD] if rows.odd else []))
        return Opened(source=source, frame=frame, columns=columns, places=places, blank=rows.blank, notes=tuple(notes))

    def _passed_over(
        self, raw: pl.LazyFrame, nameless: Sequence[int], source: Source, names: Sequence[str], where: Sequence[Location]
    ) -> list[Note]:
        """Say which columns without a name are passed over, since nothing is lost by it.

        Raises:
            InputError: PE866, where something would be lost.
        """
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


def _as_text(name: str, dtype: pl.DataType) -> pl.Expr:
    """Return a column that a file of text can hold: lists and objects as JSON, bytes by their digits, spans of time in letters."""
    cell = pl.col(name)
    if dtype.is_nested():
        json = pl.struct(cell.alias("v")).struct.json_encode().str.strip_prefix('{"v":').str.strip_suffix("}")
        return pl.when(cell.is_not_null()).then(json)
    if dtype == pl.Binary:
        return cell.bin.encode("hex")
    return cell.dt.to_string() if isinstance(dtype, (pl.Duration, pl.Time)) else cell


def without_twice(frames: Mapping[int, pl.LazyFrame], folder: str) -> dict[int, pl.LazyFrame]:
    """Return those frames, by the place of their file in the run, in which a row must be refused since its `case` stood before."""
    hashes: dict[int, pl.LazyFrame] = {}
    case = pl.col(CASE).cast(pl.String)
    for place, frame in frames.items():
        path = os.path.join(folder, f"cases_{place}.parquet")
        hashed = pl.when(case.is_not_null() & (case != "")).then(case.hash())
        frame.select(hashed.alias("hash")).sink_parquet(path, compression="uncompressed")
        hashes[place] = pl.scan_parquet(path, glob=False)
    parts = sum(one.select(pl.len()).collect().item() for one in hashes.values()) // AT_ONCE + 1
    found = [later for part in range(parts) for later in _later(frames, hashes, pl.col("hash") % parts == part)]
    if not found:
        return {}
    later = pl.concat(found).sort("file", _AT)
    marked = {place: later.filter(pl.col("file") == place).drop("file") for place in frames}
    return {place: _marked(frames[place], rows) for place, rows in marked.items() if rows.height}


def _later(frames: Mapping[int, pl.LazyFrame], hashes: Mapping[int, pl.LazyFrame], part: pl.Expr) -> list[pl.DataFrame]:
    """Return the rows of one part of all hashes whose case stood before, with the place of the first."""
    lazy = {place: one.with_row_index(_AT, offset=1).filter(part) for place, one in hashes.items()}
    sorted_hashes = pl.concat([frame.select("hash") for frame in lazy.values()]).collect(engine="streaming")["hash"].sort()
    if not (sorted_hashes == sorted_hashes.shift()).any():
        return []
    numbered = [frame.with_columns(pl.lit(place, pl.UInt32).alias("file")) for place, frame in lazy.items()]
    alike = pl.concat(numbered).collect(engine="streaming").filter(pl.col("hash").is_duplicated())
    looked: list[pl.DataFrame] = []
    for place, frame in frames.items():
        rows = alike.lazy().filter(pl.col("file") == place).select(_AT)
        found = frame.select(pl.col(CASE).cast(pl.String)).with_row_index(_AT, offset=1).join(rows, on=_AT, how="semi")
        looked.append(found.collect(engine="streaming").with_columns(pl.lit(place, pl.UInt32).alias("file")))
    first = (pl.col(name).first().over(CASE).alias(f"first_{name}") for name in ("file", _AT))
    cases = pl.concat(looked).sort("file", _AT).with_columns(*first)
    later = cases.filter((pl.col("file") != pl.col("first_file")) | (pl.col(_AT) != pl.col(f"first_{_AT}"))).drop(CASE)
    return [later] if later.height else []


def _marked(frame: pl.LazyFrame, later: pl.DataFrame) -> pl.LazyFrame:
    """Return a frame whose later rows carry where their case stood first."""
    schema = {**frame.collect_schema(), ODD: pl.String()}

    def mark(chunk: pl.DataFrame) -> pl.DataFrame:
        if ODD not in chunk.columns:
            chunk = chunk.with_columns(pl.lit(None, pl.String).alias(ODD))
        some = later.filter(pl.col(_AT).is_between(chunk[_AT].min(), chunk[_AT].max())) if chunk.height else later.clear()
        if some.height:
            named = some.join(chunk.select(_AT, pl.col(CASE).cast(pl.String)), on=_AT, how="left", maintain_order="left")
            texts = [
                carried(RowFault("PE860", {"name": name, FIRST: f"{file}:{row}"}))
                for name, file, row in named.select(CASE, "first_file", f"first_{_AT}").rows()
            ]
            twice = named.select(_AT, pl.Series(_TWICE, texts, pl.String()))
            chunk = chunk.join(twice, on=_AT, how="left", maintain_order="left").with_columns(pl.coalesce(_TWICE, ODD).alias(ODD))
        return chunk.select(list(schema))

    return frame.with_row_index(_AT, offset=1).map_batches(
        mark, schema=schema, streamable=True, validate_output_schema=False, predicate_pushdown=False, projection_pushdown=False,
        slice_pushdown=False,
    )  # fmt: skip
