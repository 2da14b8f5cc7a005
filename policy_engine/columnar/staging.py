"""Files of text as Parquet: an engine reads what this project's own readers made of them, so that a cell means the same everywhere."""

import os
from collections.abc import Sequence

from policy_engine.columnar.order import Source
from policy_engine.columnar.sources import scan, unreadable
from policy_engine.columnar.writing import sink
from policy_engine.errors import InputError
from policy_engine.extras import load_extra
from policy_engine.model.rulebook import Edition

pl = load_extra("polars", "batch")


def staged(source: Source, editions: Sequence[Edition], keep: Sequence[str], path: str) -> str:
    """Give a Parquet file of the rows of a file: itself, where it is one, else another that is written as the rows stream by.

    Args:
        source: the file.
        editions: whose facts may be columns.
        keep: other columns that are handed on.
        path: where the Parquet file may stand.

    Raises:
        InputError: where the file cannot be read.
    """
    if source.form == "parquet":
        return os.path.abspath(source.path)
    faults: list[InputError] = []
    try:
        sink(scan(source, editions, keep, faults), path, "parquet", {}, excel=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise (faults[0] if faults else unreadable(source, error)) from error
    return path
