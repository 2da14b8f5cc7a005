"""Rows without an answer, kept on disk while others stream by, in the order of the files and their rows."""

import sqlite3
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

from policy_engine.columnar.streams import frame_of
from policy_engine.extras import load_extra

if TYPE_CHECKING:
    import polars as pl
else:
    pl = load_extra("polars", "batch")

REJECT_COLUMNS = ("file", "row", "case", "column", "code", "reason")
Record = tuple[str | int | None, ...]
"""What stands in those columns."""
_CHUNK = 50_000
_SETTINGS = ("journal_mode = off", "synchronous = off")
"""What is lost with the run need not be safe on the disk."""


class Rejects:
    """The rows that were refused: there may be as many of them as rows, so memory never holds them all."""

    def __init__(self, store: sqlite3.Connection) -> None:
        """Take the database that they are kept in meanwhile; it puts them in order."""
        self.store = store
        self.count = 0
        self._lock = Lock()
        for setting in _SETTINGS:
            store.execute(f"pragma {setting}")
        store.execute(
            'create table rejects (place integer, file text, "row" integer, "case" text, "column" text, code text, reason text,'
            ' primary key (place, file, "row")) without rowid'
        )

    def add(self, place: int, record: Record) -> None:
        """Keep one, with the number of its file; chunks that are worked out side by side may come in any order."""
        with self._lock:
            self.count += 1
            self.store.execute("insert into rejects values (?, ?, ?, ?, ?, ?, ?)", (place, *record))

    def first(self, count: int) -> list[Record]:
        """Give the first of them."""
        return list(self._in_order().fetchmany(count))

    def frame(self) -> "pl.LazyFrame":
        """Give them as they stream by."""
        schema = {**dict.fromkeys(REJECT_COLUMNS, pl.String()), "row": pl.Int64()}

        def chunks() -> "Iterator[pl.DataFrame]":
            """Read some at a time."""
            found = self._in_order()
            while records := found.fetchmany(_CHUNK):
                yield pl.DataFrame(records, schema=schema, orient="row")

        return frame_of(schema, chunks)

    def _in_order(self) -> sqlite3.Cursor:
        """Read them by file and row."""
        names = ", ".join(f'"{name}"' for name in REJECT_COLUMNS)
        return self.store.execute(f"select {names} from rejects order by place, file, row")  # noqa: S608  (names of this file)


@contextmanager
def kept_rejects() -> Generator[Rejects]:
    """Give a place for rejects; SQLite keeps it in a file without a name, which is gone afterwards."""
    store = sqlite3.connect("", check_same_thread=False, isolation_level=None)
    try:
        yield Rejects(store)
    finally:
        store.close()
