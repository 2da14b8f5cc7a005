"""Files of a batch in Spark: where they stand, how they are read, and how answers are written.

Answers go to a folder of parts. On a file system of this machine the folder appears whole or not at all; elsewhere
(`hdfs://`, `s3a://`) Spark's own committer sees to that.
"""

import contextlib
import os
import re
from collections.abc import Generator, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from policy_engine.columnar.headings import Column, Headings
from policy_engine.columnar.names import FILE, ROW
from policy_engine.columnar.opening import Opened
from policy_engine.columnar.order import Source
from policy_engine.columnar.sources import is_elsewhere
from policy_engine.columnar.staging import staged
from policy_engine.columnar.writing import FORMULA, signed_heading, told_of_the_disk
from policy_engine.errors import N_, InputError, Problem
from policy_engine.extras import load_extra
from policy_engine.load.files import held_folder
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
        """Return where rows of a file may stand meanwhile."""
        return None if self.beside is None else os.path.join(self.beside, f"rows_{place}.parquet")


@contextlib.contextmanager
def places_of(path: str) -> Generator[Places]:
    """Return a folder beside a folder for what is being written, which takes its place where all went well."""
    if is_elsewhere(path):
        yield Places(path, None)
        return
    with told_of_the_disk(path), held_folder(os.path.dirname(os.path.abspath(path))) as place:
        yield Places(_address(os.path.join(place, "new")), place)
        if os.path.lexists(path):
            os.rename(path, os.path.join(place, "old"))
        os.rename(os.path.join(place, "new"), path)


def _address(path: str) -> str:
    """Write a path so that Spark looks for it on this machine, whatever file system a cluster takes for its own."""
    return f"file://{path}"


def _literally(path: str) -> str:
    """Write a path so that no sign in it stands for others."""
    return re.sub(r"[][{}*?\\]", r"\\\g<0>", path)


def read_rows(spark: Any, file: Opened, headings: Headings, stage: str | None) -> "tuple[sql.DataFrame, Sequence[Column], tuple[str, ...]]":
    """Open a file; return its rows with their numbers, its columns, and the columns that tell more of where rows stand.

    Args:
        spark: the session.
        file: the file, made ready where it is on this machine.
        headings: what the headings of one that is not may be.
        stage: where its rows may stand meanwhile, if a folder for that is seen by all.

    Raises:
        InputError: PE854, where Spark has no way to read it.
    """
    source = file.source
    if not is_elsewhere(source.path):
        if stage is None and (source.form != "parquet" or not file.path):
            raise _unreadable(source)
        path, found = staged(file if source.form == "parquet" else replace(file, path=""), stage or "")
        return _numbered(spark.read.parquet(_address(_literally(path))), ROW), found, ()
    if source.form == "jsonl":
        raise _unreadable(source)
    more = (FILE,) if source.form == "parquet" else ()
    frame = spark.read.parquet(source.path) if more else spark.read.csv(source.path, **_CSV)
    columns = headings.columns(frame.columns, [Location(source.path, 1, 1)] * max(len(frame.columns), 1))
    if more:
        return _numbered(frame, ROW, FILE), columns, more
    facts = {column.heading for column in columns if column.name in headings.facts}
    return _known(frame, facts).withColumn(ROW, functions.monotonically_increasing_id() + 1), columns, ()


def _numbered(frame: "sql.DataFrame", *columns: str) -> "sql.DataFrame":
    """Return rows with the numbers that they have in their file, and its name where that is asked for."""
    told = {ROW: functions.col("_metadata.row_index") + 1, FILE: functions.col("_metadata.file_path")}
    return frame.select("*", *(told[name].alias(name) for name in columns))


def _unreadable(source: Source) -> InputError:
    """Say that a file of text is not where it can be read."""
    return InputError([Problem("PE854", Location(source.path, 1, 1), {"format": source.form, "reason": _NOT_HERE})])


def _known(frame: "sql.DataFrame", names: Iterable[str]) -> "sql.DataFrame":
    """Take `unknown` for not recorded in columns of facts, as an empty cell is."""
    cells = {name: functions.col(f"`{name.replace('`', '``')}`") for name in names}
    return frame.withColumns({name: functions.when(cell != "unknown", cell) for name, cell in cells.items()})


def write_answers(told: "sql.DataFrame", where: str, form: str) -> None:
    """Write the answers, a part for each partition."""
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
    told = answers.withColumns({name: found.otherwise(cells[name]) for name, found in signed.items()})
    return told.withColumnsRenamed({name: signed_heading(name) for name in told.columns if signed_heading(name) != name})
