"""Files of rows as Parquet: an engine reads what this project's own readers made of them, so that a cell means the same everywhere."""

from policy_engine.columnar.headings import Column
from policy_engine.columnar.opening import Opened
from policy_engine.columnar.sources import unreadable
from policy_engine.columnar.writing import sink
from policy_engine.extras import load_extra

pl = load_extra("polars", "batch")


def staged(file: Opened, path: str) -> tuple[str, tuple[Column, ...]]:
    """Return a Parquet file of the rows of a file, and its columns: itself, where an engine may read it, else another.

    Args:
        file: the file, made ready.
        path: where the other one may stand.

    Raises:
        InputError: where the file cannot be read.
    """
    if file.path:
        return file.path, file.columns
    assert file.frame is not None
    try:
        sink(file.frame, path, "parquet", {}, excel=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise unreadable(file.source, error) from error
    return path, tuple(Column(name, n, name) for n, name in enumerate(file.frame.collect_schema(), start=1))
