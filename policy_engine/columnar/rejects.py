"""Rows without an answer, kept on disk while others stream by, in the order of the files and their rows."""

import sqlite3
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

from policy_engine.columnar.order import Refused
from policy_engine.columnar.streams import frame_of
from policy_engine.extras import load_extra

if TYPE_CHECKING:
    import polars as pl
else:
    pl = load_extra("polars", "batch")

_NUMBERS = ("row", "line")
_COLUMNS = ", ".join(f'"{name}"' for name in Refused._fields)
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
        store.execute(f'create table rejects (number integer, {_COLUMNS}, primary key (number, file, "row")) without rowid')

    def add(self, place: int, record: Refused) -> None:
        """Keep one, with the number of its file; chunks that are worked out side by side may come in any order."""
        with self._lock:
            self.count += 1
            self.store.execute(f"insert into rejects values (?{', ?' * len(record)})", (place, *record))

    def first(self, count: int) -> list[Refused]:
        """Return the first of them."""
        return [Refused(*record) for record in self._in_order().fetchmany(count)]

    def frame(self) -> "pl.LazyFrame":
        """Return them as they stream by."""
        schema = {**dict.fromkeys(Refused._fields, pl.String()), **dict.fromkeys(_NUMBERS, pl.Int64())}

        def chunks() -> "Iterator[pl.DataFrame]":
            """Read some at a time."""
            found = self._in_order()
            while records := found.fetchmany(_CHUNK):
                yield pl.DataFrame(records, schema=schema, orient="row")

        return frame_of(schema, chunks)

    def _in_order(self) -> sqlite3.Cursor:
        """Read them by file and row."""
        return self.store.execute(f"select {_COLUMNS} from rejects order by number, file, row")


@contextmanager
def kept_rejects() -> Generator[Rejects]:
    """Return a place for rejects; SQLite keeps it in a file without a name, which is gone afterwards."""
    store = sqlite3.connect("", check_same_thread=False, isolation_level=None)
    try:
        yield Rejects(store)
    finally:
        store.close()
