"""Rows that are refused: written down as they are met, on disk while others stream by, and shown in the order of files and rows."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from threading import Lock

import polars as pl

from policy_engine.columnar.order import BatchResult, Note, Order, RatedEdition, RefusedRow, Rejected
from policy_engine.columnar.rows.files import beside, frame_of, sink
from policy_engine.columnar.rows.headings import AT, FIRST, kept_headings, names_among
from policy_engine.columnar.rows.opening import Opened, opened_files
from policy_engine.errors import InputError, Problem
from policy_engine.messages import N_
from policy_engine.source import Location

_SHOWN = 20
"""How many refused rows are shown where no file was asked for."""
_KEPT_AS = N_("the column `{heading}` is handed on as `{name}`, since an answer has a column of that name")
_COLUMNS = ", ".join(f'"{name}"' for name in RefusedRow._fields)
_CHUNK = 50_000


@contextmanager
def refusing_run(order: Order, sides: Sequence[RatedEdition], say: Callable[[Problem], str]) -> "Generator[RefusingRun]":
    """Open the files of a run, and a place for the rows that are refused: SQLite's, in a file without a name, which is gone afterwards.

    Raises:
        InputError: where a file cannot be read, or has columns that nobody declares.
    """
    with (
        opened_files(order, [side.edition for side in sides]) as files,
        closing(sqlite3.connect("", check_same_thread=False, isolation_level=None)) as store,
    ):
        yield RefusingRun(order, files, store, say)


class RefusingRun:
    """The files of a run, and the rows of them that are refused: there may be as many as rows, so memory never holds them all."""

    def __init__(self, order: Order, files: Sequence[Opened], store: sqlite3.Connection, say: Callable[[Problem], str]) -> None:
        self.order, self.files, self.say = order, files, say
        self._store, self._lock = store, Lock()
        self._count = 0
        for setting in ("journal_mode = off", "synchronous = off"):  # what is lost with the run need not be safe on the disk
            store.execute(f"pragma {setting}")
        store.execute(f'create table rejects (number integer, {_COLUMNS}, primary key (number, file, "row")) without rowid')

    def refuse(self, place: int, one: Rejected) -> None:
        """Write a row of the file of a place down; chunks that are worked out side by side may come in any order."""
        found = self.files[place]
        problems = [self._placed(problem) for problem in one.problems]
        columns = list(dict.fromkeys(name for problem in problems for name in _columns_of(problem)))
        reason = "; ".join(map(self.say, problems))
        at = int(problems[0].details.get(AT, 0))
        line, cell, shown = found.place(one.row, self.order.language, columns[0] if columns else "", at, one.file)
        record = RefusedRow(
            file=one.file or found.source.path, row=one.row, case=one.case, column=", ".join(columns), code=problems[0].code, reason=reason,
            line=line, cell=cell, place=shown,
        )  # fmt: skip
        with self._lock:
            self._count += 1
            self._store.execute(f"insert into rejects values (?{', ?' * len(record)})", (place, *record))

    def _placed(self, problem: Problem) -> Problem:
        """Return a problem that names another row by its place, as it is shown."""
        if FIRST not in problem.details or problem.code != "PE860":
            return problem
        file, row = map(int, problem.details[FIRST].split(":"))
        _, _, shown = self.files[file].place(row, self.order.language)
        return problem._replace(details={**problem.details, FIRST: shown})

    def result(self, rows: int, by_row: tuple[str, ...], moves: Counter[tuple[str, str]], own: Sequence[str]) -> BatchResult:
        """Write the rejects where they were asked for, and return what came of the batch; `own` are the columns of answers.

        Raises:
            InputError: PE855, where there was no row at all: an empty run is never a success.
        """
        if rows == 0:
            raise InputError([Problem("PE855", Location(self.order.sources[0].path, 1, 1), {})])
        if self.order.rejects is not None:
            with beside(self.order.rejects) as where:
                sink(self._frame(), where, self.order.rejects_format, excel=self.order.excel)
        kept, names = kept_headings(self.order.keep), names_among(self.order.keep, own)
        renamed = [Note(_KEPT_AS, {"heading": heading, "name": names[name]}) for name, heading in kept.items() if names[name] != heading]
        first = tuple(RefusedRow._make(record) for record in self._in_order().fetchmany(_SHOWN))
        return BatchResult(
            rows=rows, written=rows - self._count, rejected=self._count, by_row=by_row, first=first,
            moves=tuple((before, after, number) for (before, after), number in sorted(moves.items())),
            blank=sum(file.blank for file in self.files), notes=(*(note for file in self.files for note in file.notes), *renamed),
        )  # fmt: skip

    def _in_order(self) -> sqlite3.Cursor:
        return self._store.execute(f"select {_COLUMNS} from rejects order by number, file, row")

    def _frame(self) -> pl.LazyFrame:
        """Return the rejects as they stream by."""
        schema = {**dict.fromkeys(RefusedRow._fields, pl.String()), "row": pl.Int64(), "line": pl.Int64()}

        def chunks() -> Iterator[pl.DataFrame]:
            found = self._in_order()
            while records := found.fetchmany(_CHUNK):
                yield pl.DataFrame(records, schema=schema, orient="row")

        return frame_of(schema, chunks)


def _columns_of(problem: Problem) -> list[str]:
    if "name" in problem.details and problem.code != "PE860":
        return [problem.details["name"]]
    return [name for name in problem.details.get("facts", "").split(", ") if name]
