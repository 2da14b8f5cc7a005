"""A batch in Spark: rows go to the workers as Arrow batches, and each worker takes them through the same plan in Polars.

Answers go to a folder of parts. On a file system of this machine the folder appears whole or not at all; elsewhere (`hdfs://`, `s3a://`)
Spark's own committer sees to that.
"""

import contextlib
import os
import pickle
import re
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from functools import partial
from importlib.metadata import version
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl
from py4j.protocol import Py4JJavaError
from pyspark import errors, sql
from pyspark.sql import functions, types

from policy_engine.columnar.engines.polars import BatchRater
from policy_engine.columnar.order import AGAINST, CASE, KEPT, ODD, REFUSED, ROW, BatchResult, Order, RatedEdition, Rejected
from policy_engine.columnar.rows.files import FORMULA, check_types, disk_faults, is_elsewhere, signed_heading, unreadable
from policy_engine.columnar.rows.headings import FileColumn, Headings, names_among
from policy_engine.columnar.rows.one_by_one import PreparedPlan
from policy_engine.columnar.rows.opening import Opened
from policy_engine.columnar.rows.refusing import RefusingRun, refusing_run
from policy_engine.errors import Problem
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.extras import load_extra
from policy_engine.load.files import held_folder
from policy_engine.messages import N_
from policy_engine.model.rulebook import Edition
from policy_engine.source import Location

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

pa = load_extra("pyarrow", "spark")
_FILE, _PROBLEMS = "__file", "__problems"
_BATCHES = 10
"""Batches of Arrow that go through the plan together: a plan takes as long to be asked as some ten thousand rows take."""
_CSV: dict[str, Any] = {"header": True, "inferSchema": False, "nullValue": "", "emptyValue": "", "escape": '"', "mode": "FAILFAST"}
"""A cell is quoted as everywhere else (Spark's own way is a backslash), and a row of another length is an error."""
_CSV_OUT: dict[str, Any] = {"header": True, "escape": '"', "ignoreLeadingWhiteSpace": False, "ignoreTrailingWhiteSpace": False}
_LACKING = N_("a worker of the cluster has another release of policy-engine, or lacks a library that its extra `spark` installs")
_NOT_HERE = N_("with `--engine spark` such a file must be on this machine, and so must the folder named by `--to`")


def run_spark(
    order: Order, sides: Sequence[RatedEdition], say: Callable[[Problem], str], done: Callable[[int], None], session: Any = None
) -> BatchResult:
    """Run a batch in Spark, in a session, or the one that is there (as under `spark-submit`), or one of this machine; see `run_polars`."""
    spark = session or _session()
    with refusing_run(order, sides, say) as run, _places_of(order.to) as (answers_to, folder):
        batch = _Cluster(order, sides, run, spark)
        source = order.sources[0]
        try:
            parts: list[DataFrame] = []
            for place, file in enumerate(run.files):
                source = file.source
                parts.append(batch.rated(place, file, folder, done))
            answers = parts[0]
            for part in parts[1:]:
                answers = answers.unionByName(part)
            edition = sides[0].edition
            if edition.status != "issued":
                answers = answers.withColumn("edition_status", functions.lit(edition.status))
            own = [name for name in answers.columns if not name.startswith(KEPT)]
            _write(answers.withColumnsRenamed(names_among(order.keep, own)), answers_to, order.to_format)
            for rows in batch.kept:  # the session may have other work to do
                rows.unpersist()
            return run.result(batch.rows, batch.by_row, batch.moves, own)
        except errors.PythonException as error:  # of our own, on a worker
            if "ModuleNotFoundError" not in str(error):
                raise
            raise unreadable(source, _LACKING) from error
        except errors.PySparkException as error:
            raise unreadable(source, error) from error
        except Py4JJavaError as error:
            if "[FAILED_READ_FILE" not in str(error):
                raise
            causes: list[str] = re.findall(r"[\w.]+Exception: (.*)", str(error))
            raise unreadable(source, causes[-1]) from error


def _session() -> "sql.SparkSession":
    """Return the session that is there, or one of this machine."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    built: sql.SparkSession = sql.SparkSession.builder.appName("policy-engine").config("spark.ui.enabled", "false").getOrCreate()
    built.sparkContext.setLogLevel("ERROR")
    return built


@contextlib.contextmanager
def _places_of(path: str) -> Generator[tuple[str, str | None]]:
    """Return where answers are written, to take their place where all went well; and a folder that every worker sees, if any."""
    if is_elsewhere(path):
        yield path, None
        return
    with disk_faults(path), held_folder(os.path.dirname(os.path.abspath(path))) as folder:
        yield _address(os.path.join(folder, "new")), folder
        if os.path.lexists(path):
            os.rename(path, os.path.join(folder, "old"))
        os.rename(os.path.join(folder, "new"), path)


def _address(path: str) -> str:
    """Write a path so that Spark looks for it on this machine, whatever file system a cluster takes for its own."""
    return f"file://{path}"


def _column(name: str) -> "Column":
    """Return a column by its name, whatever signs stand in it."""
    return functions.col(f"`{name.replace('`', '``')}`")


class _Work(NamedTuple):
    """What a worker needs: the editions, the detail, the columns that are facts or handed on, and the types of what it returns."""

    editions: tuple[Edition, ...]
    detail: str
    facts: tuple[str, ...]
    keep: tuple[str, ...]
    schema: Any


class _Cluster:
    """One batch, while a cluster works it out."""

    def __init__(self, order: Order, sides: Sequence[RatedEdition], run: RefusingRun, spark: Any) -> None:
        self.order, self.sides, self.run, self.spark = order, sides, run, spark
        self.editions = tuple(side.edition for side in sides)
        self.rater = BatchRater(sides, order.detail, keeps_refused=True)
        self.kept: list[DataFrame] = []
        self.rows = 0
        self.by_row: tuple[str, ...] = ()
        self.moves: Counter[tuple[str, str]] = Counter()

    def rated(self, place: int, file: Opened, folder: str | None, done: Callable[[int], None]) -> "DataFrame":
        """Work one file out, once; write down which rows are refused, and return the answers to the others."""
        read, columns, more = self._read(file, None if folder is None else os.path.join(folder, f"rows_{place}.parquet"))
        table: Any = read.select(*(_column(column.heading).alias(column.name) for column in columns), *more, ROW)
        keep = tuple(name for name in table.columns if name in {CASE, _FILE, ROW} or name.startswith(KEPT))
        facts = tuple(name for name in table.columns if name == ODD or any(name in edition.facts for edition in self.editions))
        with _pandas_at_any_release():
            to_arrow_schema = load_extra("pyspark.sql.pandas.types", "spark").to_arrow_schema
            empty = _frame(to_arrow_schema(table.select(*map(_column, facts)).schema).empty_table())
            check_types(file.source, empty, facts, self.editions)
            answers = self.rater.rate(empty.lazy(), [ROW], lambda _: None).collect_schema()
            self.by_row = self.rater.by_row
            schema = types.StructType([table.schema[name] for name in keep])
            for name, kind in list(answers.items())[1:]:
                schema = schema.add(name, types.BooleanType() if kind == pl.Boolean else types.StringType())
            schema = schema.add(_PROBLEMS, types.BinaryType())
            work = _Work(editions=self.editions, detail=self.order.detail, facts=facts, keep=keep, schema=to_arrow_schema(schema))
            rows = table.mapInArrow(partial(_rate, version("policy-engine"), pickle.dumps(work)), schema).persist()
        self.kept.append(rows)
        found = rows.count()
        self.rows += found
        done(found)
        refused = rows.filter(f"{_PROBLEMS} is not null").select(*(name for name in (ROW, CASE, _FILE, _PROBLEMS) if name in rows.columns))
        for row in refused.toLocalIterator():
            one = row.asDict()
            case = one.get(CASE)
            problems: tuple[Problem, ...] = pickle.loads(one[_PROBLEMS])  # noqa: S301  (our own, from a worker of this run)
            self.run.refuse(place, Rejected(one[ROW], None if case is None else str(case), problems, one.get(_FILE)))
        if len(self.sides) > 1:
            sides = [functions.coalesce(_column(name), functions.lit(REFUSED)).alias(name) for name in ("answer", AGAINST)]
            for before, after, number in rows.groupBy(*sides).count().collect():
                self.moves[before, after] += number
        asked = (*(name for name in keep if name not in {_FILE, ROW}), *self.rater.layout.columns)
        answered: DataFrame = rows.filter(f"{_PROBLEMS} is null").select(*map(_column, asked))
        return answered

    def _read(self, file: Opened, stage: str | None) -> "tuple[DataFrame, Sequence[FileColumn], tuple[str, ...]]":
        """Open a file; return its rows with their numbers, its columns, and the columns that say more of where rows stand.

        Raises:
            InputError: PE854, where Spark has no way to read it.
        """
        source = file.source
        if not is_elsewhere(source.path):
            if stage is None and (source.form != "parquet" or not file.path):
                raise unreadable(source, _NOT_HERE)
            path, columns = (file if source.form == "parquet" else file._replace(path="")).staged(stage or "")
            literally = re.sub(r"[][{}*?\\]", r"\\\g<0>", path)  # no sign in it stands for others
            return _numbered(self.spark.read.parquet(_address(literally))), columns, ()
        if source.form == "jsonl":
            raise unreadable(source, _NOT_HERE)
        headings = Headings(self.editions, self.order.keep)
        parquet = source.form == "parquet"
        frame = self.spark.read.parquet(source.path) if parquet else self.spark.read.csv(source.path, **_CSV)
        columns = headings.columns(frame.columns, [Location(source.path, 1, 1)] * max(len(frame.columns), 1))
        if parquet:
            return _numbered(frame).withColumn(_FILE, functions.col("_metadata.file_path")), columns, (_FILE,)
        # `unknown` is not recorded in columns of facts, as an empty cell is
        cells = {column.heading: _column(column.heading) for column in columns if column.name in headings.facts}
        known = frame.withColumns({name: functions.when(cell != "unknown", cell) for name, cell in cells.items()})
        return known.withColumn(ROW, functions.monotonically_increasing_id() + 1), columns, ()


def _numbered(frame: "DataFrame") -> "DataFrame":
    """Return rows with the numbers that they have in their file."""
    return frame.withColumn(ROW, functions.col("_metadata.row_index") + 1)


@contextlib.contextmanager
def _pandas_at_any_release() -> Generator[None]:
    """Let pyspark be silent about releases of pandas, which it asks for and which nothing here uses."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
        yield


def _frame(table: Any) -> pl.DataFrame:
    """Return an Arrow table as a frame, with numbers for its rows."""
    return pl.select(pl.int_range(1, table.num_rows + 1).alias(ROW)).hstack(pl.DataFrame(table).get_columns())


def _rate(release: str, packed: bytes, batches: Iterable[Any]) -> Iterator[Any]:
    """Rate rows on a worker: what is handed on of them, their answers, and why a row has none.

    Raises:
        ModuleNotFoundError: where the worker has another release than the driver, whose answers might be others.
    """
    if version("policy-engine") != release:
        raise ModuleNotFoundError(f"policy-engine {release}")
    work: _Work = pickle.loads(packed)  # noqa: S301  (our own, from the driver of this run)
    evaluators = [Evaluator(edition, asks=False, traces=work.detail == "all") for edition in work.editions]
    sides = [RatedEdition(edition, one.plan, one) for edition, one in zip(work.editions, evaluators, strict=True)]
    rater = BatchRater(sides, work.detail, keeps_refused=True)
    refused: dict[int, bytes] = {}

    def reject(one: Rejected) -> None:
        refused[one.row] = pickle.dumps(one.problems)

    plan = PreparedPlan(lambda frame: rater.rate(frame, [ROW], reject))
    coming = iter(batches)
    while some := list(islice(coming, _BATCHES)):
        table = pa.Table.from_batches(some)
        refused.clear()
        answers: Any = plan.run(_frame(table.select(work.facts))).drop(ROW).cast({pl.Enum: pl.String, pl.Categorical: pl.String})
        arrays: list[Any] = [table.column(name) for name in work.keep]
        arrays += answers.to_arrow(compat_level=pl.CompatLevel.oldest()).columns
        arrays.append(pa.array([refused.get(row) for row in range(1, table.num_rows + 1)], pa.binary()))
        yield from pa.Table.from_arrays(
            [array.cast(field.type) for array, field in zip(arrays, work.schema, strict=True)], schema=work.schema
        ).to_batches()


def _write(answers: "DataFrame", where: str, form: str) -> None:
    """Write the answers, a part for each partition."""
    if form == "parquet":
        answers.write.mode("overwrite").option("compression", "zstd").parquet(where)
    elif form == "csv":  # a sign stands before texts that a spreadsheet would take for formulas
        cells = {name: _column(name) for name, kind in answers.dtypes if kind == "string"}
        signed = {name: functions.when(cell.rlike(FORMULA), functions.concat(functions.lit("'"), cell)) for name, cell in cells.items()}
        guarded = answers.withColumns({name: cell.otherwise(cells[name]) for name, cell in signed.items()})
        renamed = {name: signed_heading(name) for name in guarded.columns if signed_heading(name) != name}
        guarded.withColumnsRenamed(renamed).write.mode("overwrite").options(**_CSV_OUT).csv(where)
    else:
        answers.write.mode("overwrite").option("ignoreNullFields", value=False).json(where)
