"""A batch in Spark: the same plan on a cluster, rows that it leaves open rated one by one by the workers.

Answers go to a folder of parts. On a file system of this machine the folder appears whole or not at all; elsewhere
(`hdfs://`, `s3a://`) Spark's own committer sees to that.
"""

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from policy_engine.columnar.answers import Layout, layout_of
from policy_engine.columnar.order import Order, Side, Source, Told
from policy_engine.columnar.polars_rate import Rejected
from policy_engine.columnar.refusing import Refusing
from policy_engine.columnar.rows import RowReader
from policy_engine.columnar.tables import KEYS, ROW, Table, cells, is_truth, judged_rows, refuse_format, table_of, told_columns, words_of
from policy_engine.columnar.writing import Rejects
from policy_engine.errors import Problem
from policy_engine.evaluate.case import Evaluator
from policy_engine.extras import load_extra
from policy_engine.model.rulebook import Edition

if TYPE_CHECKING:
    from pyspark import sql
    from pyspark.sql import functions, types
else:
    sql = load_extra("pyspark.sql", "spark")
    functions = load_extra("pyspark.sql.functions", "spark")
    types = load_extra("pyspark.sql.types", "spark")


class Work(NamedTuple):
    """What a worker needs to rate rows one by one."""

    edition: Edition
    facts: tuple[str, ...]
    keep: tuple[str, ...]
    layout: Layout


def run_spark(order: Order, side: Side, say: Callable[[Problem], str], done: Callable[[int], None], session: Any = None) -> Told:
    """Run a batch in Spark; see `run_polars`.

    Args:
        order: what is asked.
        side: the edition.
        say: how a problem is told.
        done: is told how many rows were done.
        session: the session to use; without one, the one that is there (as under `spark-submit`), or one of this machine.
    """
    spark = session or _session()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as spool:
        return _Batch(order, side, Refusing(order, Rejects(spool), say), spark).run(done)


def _session() -> "sql.SparkSession":
    """Give the session that is there, or one of this machine."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    built: sql.SparkSession = sql.SparkSession.builder.appName("policy-engine").config("spark.ui.enabled", "false").getOrCreate()
    built.sparkContext.setLogLevel("ERROR")
    return built


class _Batch:
    """One batch, while it runs."""

    def __init__(self, order: Order, side: Side, refusing: Refusing, spark: "sql.SparkSession") -> None:
        """Take what is asked, and the session."""
        self.order, self.side, self.refusing = order, side, refusing
        self.spark: Any = spark
        self.layout = layout_of(side.plan, order.detail)

    def run(self, done: Callable[[int], None]) -> Told:
        """Rate every row, and write what came out."""
        answers: sql.DataFrame | None = None
        rows = 0
        by_row: tuple[str, ...] = ()
        for place, source in enumerate(self.order.sources):
            table = self._planned(source)
            by_row = table.plan.by_row
            rows += table.rows.count()
            done(rows)
            told = self._rated(place, source, table)
            answers = told if answers is None else answers.unionByName(told)
        assert answers is not None
        with _folder(self.order.to) as where:
            self._write(answers, where)
            return self.refusing.told(rows, by_row)

    def _planned(self, source: Source) -> Table:
        """Plan one file."""
        refuse_format(source, "spark")
        read = self.spark.read
        if source.form == "parquet":
            frame = read.parquet(source.path)
        else:
            frame = _known(read.csv(source.path, header=True, inferSchema=False, nullValue="", emptyValue=""), self.side.edition)
        return table_of(frame.withColumn(ROW, functions.monotonically_increasing_id() + 1), source, self.side, self.layout, self.order.keep)

    def _rated(self, place: int, source: Source, table: Table) -> "sql.DataFrame":
        """Work one file out."""
        settled = table.rows.filter("__answer is not null")
        found = [tuple(row) for row in settled.select(*KEYS).distinct().collect()]
        told = told_columns(self.layout)
        words = self.spark.createDataFrame(words_of(found, table.plan, self.layout), _schema([*KEYS, *told], settled))
        names = [*table.keep, *self.layout.columns]
        answers = settled.join(functions.broadcast(words), list(KEYS)).select(*names)
        work = Work(self.side.edition, table.facts, table.keep, self.layout)
        raw = table.rows.filter("__answer is null").select(*dict.fromkeys((*table.keep, *table.facts, ROW)))
        judged = raw.rdd.mapPartitions(partial(_judge, work)).persist()
        for row, case, problems in judged.filter(_is_refused).map(_refusal).toLocalIterator():
            self.refusing.refuse(place, source, Rejected(row, case, problems))
        rated = judged.filter(_is_good).map(_answer)
        whole: sql.DataFrame = answers.unionByName(self.spark.createDataFrame(rated, answers.schema))
        return whole

    def _write(self, answers: "sql.DataFrame", where: str) -> None:
        """Write the answers, a part for each partition."""
        status = self.side.edition.status
        told = answers if status == "issued" else answers.withColumn("edition_status", functions.lit(status))
        writer = told.write.mode("overwrite")
        if self.order.to_format == "parquet":
            writer.option("compression", "zstd").parquet(where)
        elif self.order.to_format == "csv":
            writer.option("header", value=True).csv(where)
        else:
            writer.option("ignoreNullFields", value=False).json(where)


def _known(frame: "sql.DataFrame", edition: Edition) -> "sql.DataFrame":
    """Take `unknown` for not recorded, as an empty cell is."""
    facts = {name: functions.when(functions.col(name) != "unknown", functions.col(name)) for name in frame.columns if name in edition.facts}
    return frame.withColumns(facts)


def _schema(columns: Iterable[str], settled: "sql.DataFrame") -> "types.StructType":
    """Give the types of a table of words."""
    keys = {field.name: field.dataType for field in settled.schema.fields if field.name in KEYS}
    kinds = {name: keys.get(name) or (types.BooleanType() if is_truth(name) else types.StringType()) for name in columns}
    return types.StructType([types.StructField(name, kind, nullable=True) for name, kind in kinds.items()])


def _judge(work: Work, rows: "Iterable[sql.Row]") -> Iterator[tuple[bool, Any]]:
    """Rate rows one by one, on a worker."""
    reader = RowReader(work.edition, Evaluator(work.edition, asks=False), work.facts)
    for row, judged in judged_rows(reader, (row.asDict() for row in rows)):
        if isinstance(judged, dict):
            yield True, (*(row[name] for name in work.keep), *cells(judged, work.layout))
        else:
            case = row.get("case")
            yield False, (row[ROW], None if case is None else str(case), judged)


def _is_refused(one: tuple[bool, Any]) -> bool:
    """Tell whether a row was refused."""
    return not one[0]


def _is_good(one: tuple[bool, Any]) -> bool:
    """Tell whether a row has an answer."""
    return one[0]


def _refusal(one: tuple[bool, Any]) -> Any:
    """Give why a row was refused."""
    return one[1]


def _answer(one: tuple[bool, Any]) -> Any:
    """Give the answer to a row."""
    return one[1]


@contextlib.contextmanager
def _folder(path: str) -> Generator[str]:
    """Give a folder beside a folder for what is being written, which takes its place where all went well."""
    if "://" in path:
        yield path
        return
    above = os.path.dirname(os.path.abspath(path))
    place = tempfile.mkdtemp(dir=above, prefix=".policy-engine-")
    try:
        yield os.path.join(place, "new")
        if os.path.lexists(path):
            os.rename(path, os.path.join(place, "old"))
        os.rename(os.path.join(place, "new"), path)
    finally:
        shutil.rmtree(place, ignore_errors=True)
