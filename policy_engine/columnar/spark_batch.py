"""A batch in Spark: the same plan on a cluster, rows that it leaves open rated one by one by the workers."""

import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from policy_engine.columnar.answers import layout_of
from policy_engine.columnar.headings import Headings, kept_headings, told_names
from policy_engine.columnar.judging import CODES, Answer, Judged, Move, Refusal, Work, judged
from policy_engine.columnar.names import KEPT
from policy_engine.columnar.opening import Opened, opened_files
from policy_engine.columnar.order import Order, Side, Told
from policy_engine.columnar.polars_rate import Rejected
from policy_engine.columnar.refusing import Refusing
from policy_engine.columnar.rejects import kept_rejects
from policy_engine.columnar.sources import unreadable
from policy_engine.columnar.spark_files import Places, places_of, read_rows, write_answers
from policy_engine.columnar.tables import KEYS, Table, is_truth, moves_of, table_of, told_columns, told_moves, words_of
from policy_engine.errors import Problem
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.extras import load_extra

if TYPE_CHECKING:
    from py4j import protocol as py4j
    from pyspark import errors, sql
    from pyspark.sql import functions, types
else:
    py4j = load_extra("py4j.protocol", "spark")
    errors = load_extra("pyspark.errors", "spark")
    sql = load_extra("pyspark.sql", "spark")
    functions = load_extra("pyspark.sql.functions", "spark")
    types = load_extra("pyspark.sql.types", "spark")


def run_spark(order: Order, sides: Sequence[Side], say: Callable[[Problem], str], done: Callable[[int], None], session: Any = None) -> Told:
    """Run a batch in Spark; see `run_polars`.

    Args:
        order: what is asked.
        sides: the edition, and perhaps one that it is held against.
        say: how a problem is told.
        done: is told how many rows were done since.
        session: the session to use; without one, the one that is there (as under `spark-submit`), or one of this machine.
    """
    spark = session or _session()
    editions = [side.edition for side in sides]
    with opened_files(order, editions) as files, kept_rejects() as rejects, places_of(order.to) as places:
        batch = _Batch(order, sides, files, Refusing(order, files, rejects, say), spark, places)
        try:
            return batch.run(done)
        except errors.PythonException:  # of our own, on a worker
            raise
        except errors.PySparkException as error:
            raise unreadable(batch.source, error) from error
        except py4j.Py4JJavaError as error:
            if "[FAILED_READ_FILE" not in str(error):
                raise
            raise unreadable(batch.source, ValueError(_cause(str(error)))) from error


def _cause(told: str) -> str:
    """Return the innermost cause of a fault that Spark met while it read."""
    causes: list[str] = re.findall(r"[\w.]+Exception: (.*)", told)
    return causes[-1]


def _session() -> "sql.SparkSession":
    """Return the session that is there, or one of this machine."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    built: sql.SparkSession = sql.SparkSession.builder.appName("policy-engine").config("spark.ui.enabled", "false").getOrCreate()
    built.sparkContext.setLogLevel("ERROR")
    return built


class _Batch:
    """One batch, while it runs."""

    def __init__(
        self, order: Order, sides: Sequence[Side], files: Sequence[Opened], refusing: Refusing, spark: "sql.SparkSession", places: Places
    ) -> None:  # fmt: skip
        """Take what is asked, the files, the session, and where files stand meanwhile."""
        self.order, self.sides, self.files, self.refusing, self.places = order, sides, files, refusing, places
        self.spark: Any = spark
        self.layout = layout_of(sides[0].plan, order.detail)
        self.source = order.sources[0]
        self.moves: Counter[Move] = Counter()

    def run(self, done: Callable[[int], None]) -> Told:
        """Rate every row, and write what came out."""
        answers: sql.DataFrame | None = None
        rows = 0
        by_row: tuple[str, ...] = ()
        headings = Headings([side.edition for side in self.sides], self.order.keep)
        for place, file in enumerate(self.files):
            self.source = file.source
            read, columns, more = read_rows(self.spark, file, headings, self.places.stage(place))
            table = table_of(read, file.source, self.sides, self.layout, columns, more, _held)
            by_row = table.plan.by_row
            found = table.rows.count()
            rows += found
            done(found)
            told = self._rated(place, table)
            answers = told if answers is None else answers.unionByName(told)
        assert answers is not None
        told = (
            answers
            if self.sides[0].edition.status == "issued"
            else answers.withColumn("edition_status", functions.lit(self.sides[0].edition.status))
        )
        own = [name for name in told.columns if not name.startswith(KEPT)]
        names = told_names(kept_headings(self.order.keep), own)
        write_answers(
            told.select(*(_column(name).alias(names.get(name, name)) for name in told.columns)), self.places.answers, self.order.to_format
        )
        return self.refusing.told(rows, by_row, told_moves(self.moves), own)

    def _rated(self, place: int, table: Table) -> "sql.DataFrame":
        """Work one file out."""
        work, rows = table.work, table.rows
        settled = rows.filter("__answer is not null")
        found = [tuple(row) for row in settled.select(*KEYS).distinct().collect()]
        told = told_columns(self.layout)
        words = self.spark.createDataFrame(words_of(found, table.plan, self.layout), _schema([*KEYS, *told], settled))
        answers = settled.join(functions.broadcast(words), list(KEYS)).select(
            *(_column(name) for name in (*work.keep, *self.layout.columns))
        )
        seen = rows.filter(work.open).select(*(_column(name) for name in table.raw)).rdd.mapPartitions(partial(_judge, work)).persist()
        for one in seen.filter(_is_refusal).toLocalIterator():
            self.refusing.refuse(place, Rejected(one.row, one.case, one.problems), one.file)
        self._count_moves(table, seen)
        whole: sql.DataFrame = answers.unionByName(self.spark.createDataFrame(seen.filter(_is_answer).map(_cells), answers.schema))
        return whole

    def _count_moves(self, table: Table, seen: Any) -> None:
        """Count what rows are under the one edition, and under the other."""
        if len(self.sides) > 1:
            counted = table.rows.filter(table.work.settled).groupBy(*CODES).count().collect()
            self.moves += moves_of(table.work, map(tuple, counted))
            self.moves.update(seen.filter(_is_move).countByValue())


def _held(rows: "sql.DataFrame") -> "sql.DataFrame":
    """Work rows out once: a filter on what was planned would otherwise be planned anew inside of every step that it rests on."""
    return rows.persist()


def _column(name: str) -> "sql.Column":
    """Return a column by its name, whatever signs stand in it."""
    return functions.col(f"`{name.replace('`', '``')}`")


def _schema(columns: Iterable[str], settled: "sql.DataFrame") -> "types.StructType":
    """Return the types of a table of words."""
    keys = {field.name: field.dataType for field in settled.schema.fields if field.name in KEYS}
    kinds = {name: keys.get(name) or (types.BooleanType() if is_truth(name) else types.StringType()) for name in columns}
    return types.StructType([types.StructField(name, kind, nullable=True) for name, kind in kinds.items()])


def _judge(work: Work, rows: "Iterable[sql.Row]") -> Iterator[Judged]:
    """Rate rows one by one, on a worker."""
    evaluators = [Evaluator(edition, asks=False) for edition in work.editions]
    return judged(work, evaluators, (row.asDict(recursive=True) for row in rows))


def _is_refusal(one: Judged) -> bool:
    """Return whether a row was refused."""
    return isinstance(one, Refusal)


def _is_answer(one: Judged) -> bool:
    """Return whether a row has an answer."""
    return isinstance(one, Answer)


def _is_move(one: Judged) -> bool:
    """Return whether this is what a row is under two editions."""
    return isinstance(one, Move)


def _cells(one: Answer) -> tuple[Any, ...]:
    """Return the cells of an answer."""
    return one.cells
