"""Rows that are made while they are asked for, as a frame that is never whole in memory."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from policy_engine.extras import load_extra

if TYPE_CHECKING:
    import polars as pl
    from polars.io import plugins
else:
    pl = load_extra("polars", "batch")
    plugins = load_extra("polars.io.plugins", "batch")


def frame_of(schema: "Mapping[str, pl.DataType]", chunks: "Callable[[], Iterator[pl.DataFrame]]") -> "pl.LazyFrame":
    """Return a frame.

    Args:
        schema: its columns.
        chunks: makes its rows anew, some at a time, whenever they are asked for.
    """

    def rows(
        with_columns: list[str] | None, predicate: "pl.Expr | None", n_rows: int | None, batch_size: int | None
    ) -> "Iterator[pl.DataFrame]":
        """Return the rows in chunks, as Polars asks for them."""
        del batch_size
        for frame in chunks():
            told = frame if with_columns is None else frame.select(with_columns)
            told = told if predicate is None else told.filter(predicate)
            if n_rows is not None:
                told, n_rows = told.head(n_rows), max(n_rows - told.height, 0)
            yield told
            if n_rows == 0:
                return

    return plugins.register_io_source(rows, schema=dict(schema))
