"""Files of rows: which are meant and in which format; and how files of answers and rejects are written, each whole or not at all."""

import contextlib
import csv
import errno
import glob
import json
import os
import re
import tempfile
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from typing import Any

import narwhals.stable.v2 as nw
import polars as pl
from polars.io import plugins

from policy_engine.columnar.order import FORMATS, RefusedRow, Source, format_of
from policy_engine.columnar.plan.answers import LEVEL_COLUMNS, VERDICT_COLUMNS
from policy_engine.columnar.plan.fields import read_column
from policy_engine.errors import InputError, Problem
from policy_engine.language.types import NOUNS
from policy_engine.load.files import DISK_FAULTS, files_below, held_folder, odd_kind, unwritten
from policy_engine.messages import N_
from policy_engine.model.rulebook import Edition
from policy_engine.source import Location

INPUT = "-"
"""Stands for standard input."""
_CASES = N_("it is a case file, not rows: rate it with `policy-engine evaluate`, or a folder of them with `policy-engine round`")
_NO_ENDING = N_("its name does not end in .parquet, .csv or .jsonl")
_HEAD = 1 << 16
"""How much of a file is looked at for its headings."""
_LEFT_OVER = tuple(map(frozenset, (LEVEL_COLUMNS, VERDICT_COLUMNS, RefusedRow._fields)))
_BLANKS = " \t\r\n\x0b\x0c\x85\xa0\u1680\u2028\u2029\u202f\u205f\u2060\u3000\ufeff\u2000-\u200f"
FORMULA = rf"^(?:[{_BLANKS}]*[=+\-@＝＋－＠]|[\t\r])"
"""What a spreadsheet may take for a formula, in the words of all engines: a sign that begins one, after blanks too, or at full width."""
_ROW_GROUP = 250_000


def is_elsewhere(path: str) -> bool:
    """Return whether a path is an address on another file system, which only a cluster can read."""
    return "://" in path


def find_sources(paths: Iterable[str], form: str | None, *, elsewhere: bool = False, without: Collection[str] = ()) -> list[Source]:
    """Return the files that are meant, in the order of their names: a folder stands for the files of rows below it.

    Args:
        paths: files, folders and patterns, or `-` for standard input.
        form: the format, where it is said.
        elsewhere: whether addresses on other file systems are taken as they stand.
        without: what this run writes; a folder or a pattern that leads to it does not mean what an earlier run left there.

    Raises:
        InputError: PE853 where a path leads to none; PE854 where the name of a file does not say its format.
    """
    found: list[Source] = []
    problems: list[Problem] = []
    written = {os.path.realpath(path) for path in without}
    for path in paths:
        odd = len(problems)
        files = [path] if path == INPUT or (elsewhere and is_elsewhere(path)) else _files(path, written, problems)
        if not files and len(problems) == odd:
            problems.append(Problem("PE853", Location(path, 1, 1), {"path": path}))
        for file in files:
            known = form or format_of(file)
            if known is None:
                reason = _CASES if file.lower().endswith((".yaml", ".yml")) else _NO_ENDING
                problems.append(Problem("PE854", Location(file, 1, 1), {"format": "/".join(FORMATS), "reason": reason}))
            else:
                found.append(Source(file, known))
    if problems:
        raise InputError(problems)
    return found


def files_of(path: str) -> list[str]:
    """Return the files that a path leads to, for a comparison with what is written."""
    return [] if path == INPUT else _files(path, (), [])


def _files(path: str, written: Collection[str], problems: list[Problem]) -> list[str]:
    """Return the files that a path on this machine leads to; a pipe among those that a folder or a pattern names is a problem."""
    if os.path.exists(path) and not os.path.isdir(path):
        return [path]
    odd: list[Problem] = []
    if os.path.isdir(path):
        found = sorted(file for file in files_below(path, ("",), odd) if _is_of_rows(file))
        problems += [one for one in odd if _is_of_rows(one.location.file)]
    else:
        kinds = {file: odd_kind(file) for file in sorted(glob.glob(path, recursive=True))}
        problems += [Problem("PE880", Location(file, 1, 1), {"found": kind}) for file, kind in kinds.items() if kind]
        found = [file for file, kind in kinds.items() if kind is None]
    places = {file: os.path.realpath(file) for file in found}
    return [file for file, place in places.items() if not any(place == one or place.startswith(one + os.sep) for one in written)]


def _is_of_rows(file: str) -> bool:
    return format_of(file) is not None and not os.path.basename(file).startswith((".", "_"))


def is_left_over(path: str) -> bool:
    """Return whether a file is one of answers or of rejects, by its columns: an earlier batch left it, and it may be written anew.

    One that cannot be read is none; whoever reads its rows says what is wrong.
    """
    form = format_of(path)
    try:
        if form == "parquet":
            columns = set(pl.read_parquet_schema(path))
        else:
            with open(path, "rb") as file:
                line = file.readline(_HEAD).decode("utf-8-sig")
            columns = set(json.loads(line)) if form == "jsonl" else set(next(csv.reader([line]), ()))
    except (OSError, ValueError, TypeError, RecursionError, csv.Error, pl.exceptions.PolarsError):
        return False
    return any(kind <= columns for kind in _LEFT_OVER)


def unreadable(source: Source, error: Exception | str) -> InputError:
    """Return that a file cannot be read, with the first line of what the library says."""
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return InputError([Problem("PE854", Location(source.path, 1, 1), {"format": source.form, "reason": reason})])


def check_types(source: Source, native: Any, facts: Iterable[str], editions: Sequence[Edition]) -> None:
    """Refuse columns of a frame that can hold no value of their fact.

    Raises:
        InputError: PE851.
    """
    schema: Mapping[str, nw.dtypes.DType] = nw.from_native(native).collect_schema()
    problems: list[Problem] = []
    for name in [name for name in schema if name in facts]:
        declared = [(edition.facts[name], edition.scale) for edition in editions if name in edition.facts]
        unfit = next((fact for fact, scale in declared if read_column(fact, schema[name], scale, wide=False) is None), None)
        if unfit is not None:
            details = {"name": name, "found": str(schema[name]), "wanted": NOUNS[unfit.type.kind]}
            problems.append(Problem("PE851", Location(source.path, 1, 1), details))
    if problems:
        raise InputError(problems)


def frame_of(schema: Mapping[str, pl.DataType], chunks: Callable[[], Iterator[pl.DataFrame]]) -> pl.LazyFrame:
    """Return rows that are made while they are asked for, some at a time, as a frame that is never whole in memory."""

    def rows(
        with_columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, _batch_size: int | None
    ) -> Iterator[pl.DataFrame]:
        for chunk in chunks():
            frame = chunk if with_columns is None else chunk.select(with_columns)
            frame = frame if predicate is None else frame.filter(predicate)
            if n_rows is not None:
                frame, n_rows = frame.head(n_rows), max(n_rows - frame.height, 0)
            yield frame
            if n_rows == 0:
                return

    return plugins.register_io_source(rows, schema=dict(schema))


@contextlib.contextmanager
def beside(path: str) -> Generator[str]:
    """Return a name beside a file for what is being written; it takes the file's place where all went well, and is gone where not.

    A link is written through: what it leads to is replaced, and the link stays.
    """
    path = os.path.realpath(path)
    with disk_faults(path), held_folder(os.path.dirname(path)) as folder:
        name = os.path.join(folder, "new")
        yield name
        os.chmod(name, 0o644)
        os.replace(name, path)


@contextlib.contextmanager
def disk_faults(path: str | None = None) -> Generator[None]:
    """Let what a library says of a full disk be said as such, with the file that was being written, or the folder for temporary files.

    Raises:
        InputError: PE886.
    """
    try:
        yield
    except Exception as error:
        number = disk_fault(error)
        if number is None:
            raise
        raise unwritten(tempfile.gettempdir() if path is None else path, OSError(number, os.strerror(number))) from error


def disk_fault(error: Exception) -> int | None:
    """Return the number of the fault of a disk that a library complains of: each says it in the system's words, and in no other way."""
    said = str(error)
    if "disk is full" in said or "disk I/O error" in said:  # SQLite's own words
        return errno.ENOSPC
    return next((number for number in DISK_FAULTS if os.strerror(number) in said or f"(os error {number})" in said), None)


def sink(frame: pl.LazyFrame, path: str, form: str = "parquet", metadata: Mapping[str, str] | None = None, *, excel: bool = False) -> None:
    """Write a frame as it streams by; `excel`: a CSV file begins with the mark by which Excel knows UTF-8."""
    if form == "parquet":
        frame.sink_parquet(path, compression="zstd", compression_level=1, row_group_size=_ROW_GROUP, metadata=dict(metadata or {}))
    elif form == "csv":  # a sign stands before texts that a spreadsheet would take for formulas
        texts = [name for name, dtype in frame.collect_schema().items() if dtype == pl.String]
        cells = {name: pl.when(pl.col(name).str.contains(FORMULA)).then("'" + pl.col(name)).otherwise(pl.col(name)) for name in texts}
        signed = {name: signed_heading(name) for name in frame.collect_schema() if signed_heading(name) != name}
        frame.with_columns(**cells).rename(signed).sink_csv(path, include_bom=excel)
    else:
        frame.sink_ndjson(path)


def metadata_of(edition: Edition) -> dict[str, str]:
    """Return by what answers were made, as a Parquet file says of itself."""
    return {"edition": edition.id, "status": edition.status, "revision": edition.revision}


def signed_heading(name: str) -> str:
    """Return a heading that no spreadsheet takes for a formula."""
    return f"'{name}" if re.match(FORMULA, name) else name
