"""A batch in DuckDB: the same plan as one statement, rows that it leaves open rated one by one and put back in their places."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from policy_engine.columnar.answers import Layout, layout_of
from policy_engine.columnar.duckdb_write import literal, quoted, write_answers
from policy_engine.columnar.headings import kept_headings, told_names
from policy_engine.columnar.judging import CODES, Answer, Move, Refusal, judged
from policy_engine.columnar.names import KEPT, ROW
from policy_engine.columnar.opening import Opened, opened_files
from policy_engine.columnar.order import Order, Side, Told
from policy_engine.columnar.polars_rate import Rejected
from policy_engine.columnar.refusing import Refusing
from policy_engine.columnar.rejects import kept_rejects
from policy_engine.columnar.sources import unreadable
from policy_engine.columnar.staging import staged
from policy_engine.columnar.tables import KEYS, Table, is_truth, moves_of, table_of, told_columns, told_moves, words_of
from policy_engine.columnar.writing import beside, disk_fault
from policy_engine.errors import Problem
from policy_engine.extras import load_extra
from policy_engine.load.files import held_folder

if TYPE_CHECKING:
    import duckdb
else:
    duckdb = load_extra("duckdb", "duckdb")

_FETCHED = 10_000
_INSERTED = 100
"""Rows that one statement adds; a statement a row takes many times as long."""
_SIGNS = frozenset("*?[]")


def run_duckdb(order: Order, sides: Sequence[Side], say: Callable[[Problem], str], done: Callable[[int], None]) -> Told:
    """Run a batch in DuckDB; see `run_polars`."""
    editions = [side.edition for side in sides]
    with held_folder() as folder, opened_files(order, editions) as files, kept_rejects() as rejects:
        connection = duckdb.connect(os.path.join(folder, "batch.duckdb"))
        batch = _Batch(order, sides, files, Refusing(order, files, rejects, say), connection, folder)
        try:
            connection.execute("set enable_progress_bar = false")
            return batch.run(done)
        except duckdb.Error as error:
            if disk_fault(error) is not None:
                raise  # told at the folder for temporary files
            raise unreadable(batch.source, error) from error
        finally:
            connection.close()


class _Batch:
    """One batch, while it runs."""

    def __init__(
        self, order: Order, sides: Sequence[Side], files: Sequence[Opened], refusing: Refusing, connection: "duckdb.DuckDBPyConnection",
        folder: str,
    ) -> None:  # fmt: skip
        """Take what is asked, the files, the database that it is worked out in, and a folder for what is needed meanwhile."""
        self.order, self.sides, self.files, self.refusing = order, sides, files, refusing
        self.connection, self.folder = connection, folder
        self.layout: Layout = layout_of(sides[0].plan, order.detail)
        self.source = order.sources[0]
        self.moves: Counter[Move] = Counter()

    def run(self, done: Callable[[int], None]) -> Told:
        """Rate every row, and write what came out."""
        by_row: tuple[str, ...] = ()
        parts: list[str] = []
        rows = 0
        own: list[str] = []
        for place, file in enumerate(self.files):
            self.source = file.source
            table = self._planned(place, file)
            by_row = table.plan.by_row
            parts.append(self._rated(place, table))
            own = [*(name for name in table.work.keep if not name.startswith(KEPT)), *self.layout.columns, "edition_status"]
            ((found,),) = self.connection.execute(f"select count(*) from planned_{place}").fetchall()
            rows += found
            done(found)
        own = own if self.sides[0].edition.status != "issued" else own[:-1]
        names = told_names(kept_headings(self.order.keep), own)
        with beside(self.order.to) as answers:
            write_answers(self.connection, " union all ".join(parts), self.order, self.sides[0].edition, names, answers)
            return self.refusing.told(rows, by_row, told_moves(self.moves), own)

    def _planned(self, place: int, file: Opened) -> Table:
        """Plan one file; its rows have the numbers that they have in the file, in whatever order they are read."""
        path, columns = staged(file, os.path.join(self.folder, f"rows_{place}.parquet"))
        path = _plainly(path, os.path.join(self.folder, f"link_{place}.parquet"))
        read = self.connection.sql(
            f"select * exclude (file_row_number), file_row_number + 1 as {ROW} from read_parquet({literal(path)}, file_row_number = true)"
        )
        return table_of(read, file.source, self.sides, self.layout, columns)

    def _rated(self, place: int, table: Table) -> str:
        """Work one file out; give the statement of its answers."""
        work = table.work
        names = ", ".join(
            quoted(name) for name in dict.fromkeys((*work.keep, ROW, *KEYS, *CODES[: len(self.sides)], *self.layout.criteria))
        )
        table.rows.project(names).create(f"planned_{place}")
        keys = self.connection.execute(f"select distinct {', '.join(KEYS)} from planned_{place} where __answer is not null").fetchall()
        told = told_columns(self.layout)
        self._table(f"words_{place}", dict.fromkeys(KEYS, "integer") | _types(told), words_of(keys, table.plan, self.layout))
        self._open(place, table)
        self._count_moves(place, table)
        order = ", ".join(quoted(name) for name in (*work.keep, *self.layout.columns))
        return (
            f"select {place} as __file, {ROW}, {order} from planned_{place} join words_{place} using ({', '.join(KEYS)})"
            f" union all select {place}, {ROW}, {order} from open_{place}"
        )

    def _open(self, place: int, table: Table) -> None:
        """Rate the rows that the plan leaves open."""
        work = table.work
        types = dict(zip(table.rows.columns, map(str, table.rows.types), strict=True))
        columns = {ROW: "bigint", **{name: types[name] for name in work.keep}, **_types(self.layout.columns)}
        self._table(f"open_{place}", columns, ())
        codes = ", ".join(CODES[: len(self.sides)])
        left = f"select {ROW}, {codes} from planned_{place} where {work.open}"
        rows = self._rows(f"select * from ({table.read.sql_query()}) join ({left}) using ({ROW})")
        rated: list[tuple[Any, ...]] = []
        for one in judged(work, [side.evaluator for side in self.sides], rows):
            match one:
                case Answer():
                    rated.append((one.row, *one.cells))
                case Refusal():
                    self.refusing.refuse(place, Rejected(one.row, one.case, one.problems))
                case Move():
                    self.moves[one] += 1
            if len(rated) == _FETCHED:
                self._insert(f"open_{place}", rated)
                rated = []
        self._insert(f"open_{place}", rated)

    def _count_moves(self, place: int, table: Table) -> None:
        """Count what the rows that are settled under both editions are under each."""
        if len(self.sides) > 1:
            codes = ", ".join(CODES)
            statement = f"select {codes}, count(*) from planned_{place} where {table.work.settled} group by {codes}"
            self.moves += moves_of(table.work, self.connection.execute(statement).fetchall())

    def _rows(self, statement: str) -> Iterator[dict[str, Any]]:
        """Return the rows of a statement, some at a time."""
        cursor = self.connection.cursor()
        names = [column[0] for column in cursor.execute(statement).description]
        while batch := cursor.fetchmany(_FETCHED):
            for row in batch:
                yield dict(zip(names, row, strict=True))

    def _table(self, name: str, columns: dict[str, str], rows: Sequence[tuple[Any, ...]]) -> None:
        """Make a table."""
        self.connection.execute(f"create table {name} ({', '.join(f'{quoted(column)} {kind}' for column, kind in columns.items())})")
        self._insert(name, rows)

    def _insert(self, name: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Add rows to a table."""
        for start in range(0, len(rows), _INSERTED):
            some = rows[start : start + _INSERTED]
            marks = f"({', '.join('?' * len(some[0]))})"
            self.connection.execute(f"insert into {name} values {', '.join([marks] * len(some))}", [cell for row in some for cell in row])


def _types(columns: Sequence[str]) -> dict[str, str]:
    """Return the types of columns of answers."""
    return {name: "boolean" if is_truth(name) else "varchar" for name in columns}


def _plainly(path: str, link: str) -> str:
    """Return a file by a name in which no sign stands for others, since the engine takes such a name for a pattern."""
    if not _SIGNS & set(path):
        return path
    os.symlink(path, link)
    return link
