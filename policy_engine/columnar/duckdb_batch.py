"""A batch in DuckDB: the same plan as one statement, rows that it leaves open rated one by one and put back in their places."""

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from policy_engine.columnar.answers import Layout, layout_of
from policy_engine.columnar.order import Order, Side, Source, Told
from policy_engine.columnar.polars_rate import Rejected
from policy_engine.columnar.refusing import Refusing
from policy_engine.columnar.rows import RowReader
from policy_engine.columnar.tables import KEYS, ROW, Table, cells, is_truth, judged_rows, refuse_format, table_of, told_columns, words_of
from policy_engine.columnar.writing import Rejects, beside
from policy_engine.errors import InputError, Problem
from policy_engine.extras import load_extra

if TYPE_CHECKING:
    import duckdb
else:
    duckdb = load_extra("duckdb", "duckdb")

_FETCHED = 10_000
_INSERTED = 100
"""Rows that one statement adds; a statement a row takes many times as long."""


def run_duckdb(order: Order, side: Side, say: Callable[[Problem], str], done: Callable[[int], None]) -> Told:
    """Run a batch in DuckDB; see `run_polars`."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile("w+", encoding="utf-8") as spool:
        connection = duckdb.connect(os.path.join(folder, "batch.duckdb"))
        try:
            connection.execute("set enable_progress_bar = false")
            return _Batch(order, side, Refusing(order, Rejects(spool), say), connection).run(done)
        except duckdb.Error as error:
            raise _told(order.sources[0], error) from error
        finally:
            connection.close()


def _told(source: Source, error: Exception) -> InputError:
    """Say that a file cannot be read."""
    from policy_engine.columnar.sources import unreadable  # noqa: PLC0415

    return unreadable(source, error)


class _Batch:
    """One batch, while it runs."""

    def __init__(self, order: Order, side: Side, refusing: Refusing, connection: "duckdb.DuckDBPyConnection") -> None:
        """Take what is asked, and the database that it is worked out in."""
        self.order, self.side, self.refusing, self.connection = order, side, refusing, connection
        self.layout: Layout = layout_of(side.plan, order.detail)

    def run(self, done: Callable[[int], None]) -> Told:
        """Rate every row, and write what came out."""
        by_row: tuple[str, ...] = ()
        parts: list[str] = []
        rows = 0
        for place, source in enumerate(self.order.sources):
            table = self._planned(source)
            by_row = table.plan.by_row
            parts.append(self._rated(place, source, table))
            found = self.connection.execute(f"select count(*) from planned_{place}").fetchone()
            rows += found[0] if found else 0
            done(rows)
        with beside(self.order.to) as answers:
            self._write(" union all ".join(parts), answers)
            return self.refusing.told(rows, by_row)

    def _planned(self, source: Source) -> Table:
        """Plan one file."""
        refuse_format(source, "duckdb")
        read = self.connection.read_parquet(source.path) if source.form == "parquet" else self._csv(source.path)
        numbered = read.project(f"*, row_number() over () as {ROW}")
        return table_of(numbered, source, self.side, self.layout, self.order.keep)

    def _csv(self, path: str) -> "duckdb.DuckDBPyRelation":
        """Open a CSV file: every cell as text, an empty one and `unknown` as not recorded."""
        return self.connection.read_csv(path, all_varchar=True, header=True, na_values=["", "unknown"])

    def _rated(self, place: int, source: Source, table: Table) -> str:
        """Work one file out; give the statement of its answers."""
        names = ", ".join(_quoted(name) for name in (*table.keep, ROW, *KEYS, *self.layout.criteria))
        table.rows.project(names).create(f"planned_{place}")
        keys = self.connection.execute(f"select distinct {', '.join(KEYS)} from planned_{place} where __answer is not null").fetchall()
        told = told_columns(self.layout)
        self._table(f"words_{place}", dict.fromkeys(KEYS, "integer") | _types(told), words_of(keys, table.plan, self.layout))
        self._open(place, source, table)
        order = ", ".join(_quoted(name) for name in (*table.keep, *self.layout.columns))
        return (
            f"select {place} as __file, {ROW}, {order} from planned_{place} join words_{place} using ({', '.join(KEYS)})"
            f" union all select {place}, {ROW}, {order} from open_{place}"
        )

    def _open(self, place: int, source: Source, table: Table) -> None:
        """Rate the rows that the plan leaves open."""
        keep = table.rows.project(", ".join(_quoted(name) for name in table.keep)) if table.keep else None
        types = {name: str(kind) for name, kind in zip(table.keep, keep.types if keep else (), strict=True)}
        columns = {ROW: "bigint", **types, **_types(self.layout.columns)}
        self._table(f"open_{place}", columns, ())
        reader = RowReader(self.side.edition, self.side.evaluator, table.facts)
        left = table.rows.filter("__answer is null")
        names = left.columns
        for batch in _fetched(self.connection, left.sql_query()):
            rows = [dict(zip(names, row, strict=True)) for row in batch]
            rated: list[tuple[Any, ...]] = []
            for row, judged in judged_rows(reader, rows):
                if isinstance(judged, dict):
                    rated.append((row[ROW], *(row[name] for name in table.keep), *cells(judged, self.layout)))
                else:
                    self.refusing.refuse(place, source, Rejected(row[ROW], row.get("case"), judged))
            self._insert(f"open_{place}", rated)

    def _table(self, name: str, columns: dict[str, str], rows: Sequence[tuple[Any, ...]]) -> None:
        """Make a table."""
        self.connection.execute(f"create table {name} ({', '.join(f'{_quoted(column)} {kind}' for column, kind in columns.items())})")
        self._insert(name, rows)

    def _insert(self, name: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Add rows to a table."""
        for start in range(0, len(rows), _INSERTED):
            some = rows[start : start + _INSERTED]
            marks = f"({', '.join('?' * len(some[0]))})"
            self.connection.execute(f"insert into {name} values {', '.join([marks] * len(some))}", [cell for row in some for cell in row])

    def _write(self, statement: str, path: str) -> None:
        """Write the answers in the order of the rows."""
        edition = self.side.edition
        status = "" if edition.status == "issued" else f", '{edition.status}' as edition_status"
        forms = {"parquet": "format parquet, compression zstd, compression_level 1", "csv": "format csv, header", "jsonl": "format json"}
        chosen = f"select * exclude (__file, {ROW}){status} from ({statement}) order by __file, {ROW}"
        if self.order.to_format == "csv":
            text = "columns(c -> true)::varchar"
            guard = f"case when regexp_matches({text}, '^[=+\\-@\\t\\r]') then '''' || {text} else {text} end"
            chosen = f"select {guard} from ({chosen})" if self.order.keep else chosen
        self.connection.execute(f"copy ({chosen}) to '{path}' ({forms[self.order.to_format]})")


def _fetched(connection: "duckdb.DuckDBPyConnection", statement: str) -> Iterator[list[Any]]:
    """Give the rows of a statement, some at a time."""
    cursor = connection.cursor()
    cursor.execute(statement)
    while batch := cursor.fetchmany(_FETCHED):
        yield batch


def _types(columns: Sequence[str]) -> dict[str, str]:
    """Give the types of columns of answers."""
    return {name: "boolean" if is_truth(name) else "varchar" for name in columns}


def _quoted(name: str) -> str:
    """Write the name of a column."""
    return '"' + name.replace('"', '""') + '"'
