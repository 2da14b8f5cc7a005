"""A batch in DuckDB: the same plan as one statement; rows that it leaves open go through Polars, and back in their places."""

import codecs
import os
import shutil
from collections.abc import Callable, Sequence

import duckdb
import narwhals.stable.v2 as nw
import polars as pl

from policy_engine.columnar.engines.polars import BatchRater
from policy_engine.columnar.order import AGAINST, CASE, KEPT, ODD, ROW, BatchResult, Order, RatedEdition
from policy_engine.columnar.plan.answers import Cell
from policy_engine.columnar.plan.plan import ColumnPlan, plan_columns, planned
from policy_engine.columnar.rows.files import FORMULA, beside, check_types, disk_fault, metadata_of, signed_heading, sink, unreadable
from policy_engine.columnar.rows.headings import names_among
from policy_engine.columnar.rows.opening import Opened
from policy_engine.columnar.rows.refusing import RefusingRun, refusing_run
from policy_engine.errors import Problem
from policy_engine.load.files import held_folder
from policy_engine.model.rulebook import Edition

_KEYS = ("__answer", "__by_criteria", "__bits")
_PATTERN = frozenset("*?[]")
_FORMS = {
    "parquet": "format parquet, compression zstd, compression_level 1",
    "csv": "format csv, header, comment ''",  # else what begins with a sign of a comment would be quoted
    "jsonl": "format json",
}


def run_duckdb(order: Order, sides: Sequence[RatedEdition], say: Callable[[Problem], str], done: Callable[[int], None]) -> BatchResult:
    """Run a batch in DuckDB; see `run_polars`."""
    with held_folder() as folder, refusing_run(order, sides, say) as run:
        connection = duckdb.connect(os.path.join(folder, "batch.duckdb"))
        batch = _Statements(order, sides, run, connection, folder)
        source = order.sources[0]
        try:
            connection.execute("set enable_progress_bar = false")
            parts: list[str] = []
            for place, file in enumerate(run.files):
                source = file.source
                parts.append(batch.rated(place, file, done))
            edition = sides[0].edition
            status = "" if edition.status == "issued" else f", {_literal(edition.status)} as edition_status"
            answers = connection.sql(f"select *{status} from ({' union all '.join(parts)})")
            own = [name for name in answers.columns if not name.startswith(KEPT) and name not in {ROW, "__file"}]
            renamed = ", ".join(f"{_quoted(name)} as {_quoted(to)}" for name, to in names_among(order.keep, own).items())
            answers = connection.sql(
                f"select * exclude (__file, {ROW}){renamed and f' rename ({renamed})'} from ({answers.sql_query()}) order by __file, {ROW}"
            )
            with beside(order.to) as path:
                _write(connection, answers, order, edition, path)
                return run.result(batch.rows, batch.by_row, batch.rater.moves, own)
        except duckdb.Error as error:
            if disk_fault(error) is not None:
                raise  # said of the folder for temporary files
            raise unreadable(source, error) from error
        finally:
            connection.close()


class _Statements:
    """The statements of one batch."""

    def __init__(
        self, order: Order, sides: Sequence[RatedEdition], run: RefusingRun, connection: duckdb.DuckDBPyConnection, folder: str
    ) -> None:
        self.order, self.sides, self.run, self.connection, self.folder = order, sides, run, connection, folder
        self.rater = BatchRater(sides, order.detail)
        self.rows = 0
        self.by_row: tuple[str, ...] = ()
        self.codes = ("__answer", AGAINST)[: len(sides)]
        """The codes of a row: under the edition, and under the one that it is held against."""

    def rated(self, place: int, file: Opened, done: Callable[[int], None]) -> str:
        """Work one file out; return the statement of its answers."""
        path, columns = file.staged(os.path.join(self.folder, f"rows_{place}.parquet"))
        if _PATTERN & set(path):  # the engine takes such a name for a pattern
            link = os.path.join(self.folder, f"link_{place}.parquet")
            os.symlink(path, link)
            path = link
        named = ", ".join(f"{_quoted(column.heading)} as {_quoted(column.name)}" for column in columns)
        table = self.connection.sql(
            f"select {named}, file_row_number + 1 as {ROW} from read_parquet({_literal(path)}, file_row_number = true)"
        )
        check_types(file.source, table, table.columns, [side.edition for side in self.sides])
        keep = [name for name in (CASE, *sorted(name for name in table.columns if name.startswith(KEPT))) if name in table.columns]
        plan = self._planned(place, table, keep)
        self.by_row = plan.by_row
        ((found, is_open),) = self.connection.execute(
            f"select count(*), count(*) filter ({self._where('or', 'is null')}) from planned_{place}"
        ).fetchall()
        self.rows += found
        done(found)
        kept, layout = ", ".join(f"p.{_quoted(name)}" for name in keep), self.rater.layout
        statements = [self._settled(place, plan, kept)]
        if is_open:
            answered = self._open(place, table)
            answers = ", ".join(f"o.{_quoted(name)}" for name in layout.columns)
            statements.append(
                f"select {place} as __file, {ROW}, {', '.join(filter(None, (kept, answers)))}"
                f" from planned_{place} p join read_parquet({_literal(answered)}) o using ({ROW})"
            )
        return " union all ".join(statements)

    def _where(self, join: str, test: str) -> str:
        """Return a condition on the codes of a row."""
        return f" {join} ".join(f"{code} {test}" for code in self.codes)

    def _planned(self, place: int, table: duckdb.DuckDBPyRelation, keep: Sequence[str]) -> ColumnPlan:
        """Work out the codes of the rows of a file, and what words hang on."""
        schema = nw.from_native(table).collect_schema()
        odd = ODD if ODD in schema else ""
        plans = [
            plan_columns(
                side.plan, {name: dtype for name, dtype in schema.items() if name in side.edition.facts}, odd, thorough=True, bitwise=False
            )
            for side in self.sides
        ]
        rows, raw, layout = table, table.columns, self.rater.layout._replace(interpretations=True)
        for plan in plans[1:]:
            rows = planned(rows, plan, layout._replace(criteria=(), interpretations=False), raw)
            rows = rows.project(f"* rename (__answer as {AGAINST})")
            raw = [*raw, AGAINST]
        rows = planned(rows, plans[0], layout, raw)
        names = dict.fromkeys((*keep, ROW, *_KEYS, *self.codes, *layout.criteria))
        rows.project(", ".join(map(_quoted, names))).create(f"planned_{place}")
        if len(plans) > 1:
            before, after = ([meaning.answer for meaning in plan.codes.meanings] for plan in plans)
            statement = (
                f"select {', '.join(self.codes)}, count(*) from planned_{place} where {self._where('and', 'is not null')} group by all"
            )
            for one, other, number in self.connection.execute(statement).fetchall():
                self.rater.moves[before[one], after[other]] += number
        return plans[0]

    def _settled(self, place: int, plan: ColumnPlan, kept: str) -> str:
        """Write the words for each combination of codes and bits; return the statement of the answers to rows that are settled."""
        distinct = self.connection.execute(f"select distinct {', '.join(_KEYS)} from planned_{place} where __answer is not null")
        keys: list[tuple[int, int, int]] = distinct.fetchall()
        layout = self.rater.layout
        types = {name: pl.Boolean if name in {"gap_possible", "possible_exact"} else pl.String for name in layout.words}
        words: list[dict[str, Cell]] = [
            {**plan.codes.meanings[code].words(), "interpretations": plan.codes.interpretations(base, bits)} for code, base, bits in keys
        ]
        frame = pl.DataFrame(keys, dict.fromkeys(_KEYS, pl.Int64), orient="row").hstack(
            [pl.Series(name, [one[name] for one in words], kind) for name, kind in types.items()]
        )
        path = os.path.join(self.folder, f"words_{place}.parquet")
        frame.write_parquet(path)
        cells = ", ".join(f"{'w' if name in types else 'p'}.{_quoted(name)}" for name in layout.columns)
        return (
            f"select {place} as __file, {ROW}, {', '.join(filter(None, (kept, cells)))} from planned_{place} p"
            f" join read_parquet({_literal(path)}) w using ({', '.join(_KEYS)}) where {self._where('and', 'is not null')}"
        )

    def _open(self, place: int, table: duckdb.DuckDBPyRelation) -> str:
        """Rate the rows that a plan leaves open; return the file of their answers."""
        path, answered = (os.path.join(self.folder, f"{name}_{place}.parquet") for name in ("open", "answered"))
        left = f"select {ROW} from planned_{place} where {self._where('or', 'is null')}"
        self.connection.execute(
            f"copy (from ({table.sql_query()}) where {ROW} in ({left}) order by {ROW}) to {_literal(path)} (format parquet)"
        )
        frame = pl.scan_parquet(path, glob=False)
        keep = [ROW, *([CASE] if CASE in table.columns else [])]
        answers = self.rater.answers(frame, keep, lambda one: self.run.refuse(place, one))
        words = [name for name, kind in answers.collect_schema().items() if isinstance(kind, (pl.Enum, pl.Categorical))]
        sink(answers.with_columns(pl.col(words).cast(pl.String)), answered)
        return answered


def _write(connection: duckdb.DuckDBPyConnection, answers: duckdb.DuckDBPyRelation, order: Order, edition: Edition, path: str) -> None:
    """Write answers as a file: what Polars writes, to the byte where the format leaves a choice."""
    options = _FORMS[order.to_format]
    statement = answers.sql_query()
    if order.to_format == "parquet":
        said = ", ".join(f"{name}: {_literal(text)}" for name, text in metadata_of(edition).items())
        options = f"{options}, kv_metadata {{{said}}}"
    elif order.to_format == "csv":  # a sign stands before texts that a spreadsheet would take for formulas
        cells: list[str] = []
        for name, kind in zip(answers.columns, answers.types, strict=True):
            cell = _quoted(name)
            signed = f"case when regexp_matches({cell}, {_literal(FORMULA)}) then '''' || {cell} else {cell} end"
            cells.append(f"{signed if str(kind) == 'VARCHAR' else cell} as {_quoted(signed_heading(name))}")
        statement = f"select {', '.join(cells)} from ({statement})"
    connection.execute(f"copy ({statement}) to {_literal(path)} ({options})")
    if order.to_format == "csv" and order.excel:  # the mark by which Excel knows UTF-8
        plain = f"{path}.plain"
        os.replace(path, plain)
        try:
            with open(plain, "rb") as written, open(path, "wb") as marked:
                marked.write(codecs.BOM_UTF8)
                shutil.copyfileobj(written, marked)
        finally:
            os.unlink(plain)


def _quoted(name: str) -> str:
    """Write the name of a column."""
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    """Write a text in a statement."""
    return "'" + text.replace("'", "''") + "'"
