"""Files of a batch in Spark: where they stand, how they are read, and how answers are written.

Answers go to a folder of parts. On a file system of this machine the folder appears whole or not at all; elsewhere
(`hdfs://`, `s3a://`) Spark's own committer sees to that.
"""

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from policy_engine.columnar.names import FILE, ROW
from policy_engine.columnar.order import Source
from policy_engine.columnar.sources import is_elsewhere
from policy_engine.columnar.staging import staged
from policy_engine.columnar.writing import FORMULA
from policy_engine.errors import N_, InputError, Problem
from policy_engine.extras import load_extra
from policy_engine.model.rulebook import Edition
from policy_engine.source import Location

if TYPE_CHECKING:
    from pyspark import sql
    from pyspark.sql import functions
else:
    sql = load_extra("pyspark.sql", "spark")
    functions = load_extra("pyspark.sql.functions", "spark")

_CSV: dict[str, Any] = {"header": True, "inferSchema": False, "nullValue": "", "emptyValue": "", "escape": '"', "mode": "FAILFAST"}
"""A cell is quoted as everywhere else (Spark's own way is a backslash), and a row of another length is an error."""
_CSV_OUT: dict[str, Any] = {"header": True, "escape": '"', "ignoreLeadingWhiteSpace": False, "ignoreTrailingWhiteSpace": False}
_NOT_HERE = N_("with `--engine spark` such a file must be on this machine, and so must the folder named by `--to`")


class Places(NamedTuple):
    """Where answers are written, and a folder beside them that every worker sees as it sees that one, if there is one."""

    answers: str
    beside: str | None

    def stage(self, place: int) -> str | None:
        """Give where rows of a file may stand meanwhile."""
        return None if self.beside is None else os.path.join(self.beside, f"rows_{place}.parquet")


@contextlib.contextmanager
def places_of(path: str) -> Generator[Places]:
    """Give a folder beside a folder for what is being written, which takes its place where all went well."""
    if is_elsewhere(path):
        yield Places(path, None)
        return
    place = tempfile.mkdtemp(dir=os.path.dirname(os.path.abspath(path)), prefix=".policy-engine-")
    try:
        yield Places(_address(os.path.join(place, "new")), place)
        if os.path.lexists(path):
            os.rename(path, os.path.join(place, "old"))
        os.rename(os.path.join(place, "new"), path)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _address(path: str) -> str:
    """Write a path so that Spark looks for it on this machine, whatever file system a cluster takes for its own."""
    return f"file://{path}"


def _literally(path: str) -> str:
    """Write a path so that no sign in it stands for others."""
    return re.sub(r"[][{}*?\\]", r"\\\g<0>", path)


def read_rows(
    spark: Any, source: Source, editions: Sequence[Edition], keep: Sequence[str], stage: str | None
) -> "tuple[sql.DataFrame, tuple[str, ...]]":
    """Open a file; give its rows with their numbers, and the columns that tell more of where they stand.

    Args:
        spark: the session.
        source: the file.
        editions: whose facts may be columns.
        keep: other columns that are handed on.
        stage: where its rows may stand meanwhile, if a folder for that is seen by all.

    Raises:
        InputError: PE854, where Spark has no way to read it.
    """
    if not is_elsewhere(source.path):
        if stage is None and source.form != "parquet":
            raise _unreadable(source)
        return _numbered(spark.read.parquet(_address(_literally(staged(source, editions, keep, stage or "")))), ROW), ()
    if source.form == "jsonl":
        raise _unreadable(source)
    if source.form == "parquet":
        return _numbered(spark.read.parquet(source.path), ROW, FILE), (FILE,)
    frame = _known(spark.read.csv(source.path, **_CSV), editions)
    return frame.withColumn(ROW, functions.monotonically_increasing_id() + 1), ()


def _numbered(frame: "sql.DataFrame", *columns: str) -> "sql.DataFrame":
    """Give rows with the numbers that they have in their file, and its name where that is asked for."""
    told = {ROW: functions.col("_metadata.row_index") + 1, FILE: functions.col("_metadata.file_path")}
    return frame.select("*", *(told[name].alias(name) for name in columns))


def _unreadable(source: Source) -> InputError:
    """Say that a file of text is not where it can be read."""
    return InputError([Problem("PE854", Location(source.path, 1, 1), {"format": source.form, "reason": _NOT_HERE})])


def _known(frame: "sql.DataFrame", editions: Sequence[Edition]) -> "sql.DataFrame":
    """Take `unknown` for not recorded, as an empty cell is."""
    names = [name for name in frame.columns if any(name in edition.facts for edition in editions)]
    return frame.withColumns({name: functions.when(functions.col(name) != "unknown", functions.col(name)) for name in names})


def write_answers(answers: "sql.DataFrame", where: str, form: str, edition: Edition) -> None:
    """Write the answers, a part for each partition."""
    told = answers if edition.status == "issued" else answers.withColumn("edition_status", functions.lit(edition.status))
    if form == "parquet":
        told.write.mode("overwrite").option("compression", "zstd").parquet(where)
    elif form == "csv":
        guarded(told).write.mode("overwrite").options(**_CSV_OUT).csv(where)
    else:
        told.write.mode("overwrite").option("ignoreNullFields", value=False).json(where)


def guarded(answers: "sql.DataFrame") -> "sql.DataFrame":
    """Put a sign before texts that a spreadsheet would take for formulas."""
    texts = [name for name, kind in answers.dtypes if kind == "string"]
    cells = {name: functions.col(f"`{name.replace('`', '``')}`") for name in texts}
    signed = {name: functions.when(cell.rlike(FORMULA), functions.concat(functions.lit("'"), cell)) for name, cell in cells.items()}
    return answers.withColumns({name: found.otherwise(cells[name]) for name, found in signed.items()})
