"""What an earlier batch left in a folder: a file of answers or of rejects, which may be written anew; a file of facts may not."""

import csv
import json
from typing import TYPE_CHECKING

from policy_engine.columnar.answers import LEVEL_COLUMNS, VERDICT_COLUMNS
from policy_engine.columnar.order import Refused
from policy_engine.columnar.words import format_of
from policy_engine.extras import load_extra

if TYPE_CHECKING:
    import polars as pl
else:
    pl = load_extra("polars", "batch")

_HEAD = 1 << 16
"""How much of a file is looked at for its headings."""
_KINDS = tuple(map(frozenset, (LEVEL_COLUMNS, VERDICT_COLUMNS, Refused._fields)))


def is_left_over(path: str) -> bool:
    """Return whether a file is one of answers or of rejects, by its columns; one that cannot be read is none."""
    columns = _columns(path)
    return any(kind <= columns for kind in _KINDS)


def _columns(path: str) -> set[str]:
    """Return the columns of a file of rows; nothing where they cannot be read."""
    form = format_of(path)
    try:
        if form == "parquet":
            return set(pl.read_parquet_schema(path))
        with open(path, "rb") as file:
            line = file.readline(_HEAD).decode("utf-8-sig")
        return set(json.loads(line)) if form == "jsonl" else set(next(csv.reader([line]), ()))
    except (
        OSError,
        ValueError,
        TypeError,
        RecursionError,
        csv.Error,
        pl.exceptions.PolarsError,
    ):  # whoever reads its rows says what is wrong
        return set()
