"""A plan that many small frames go through: put together once, since that takes longer than the work itself."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from policy_engine.extras import load_extra

if TYPE_CHECKING:
    import polars as pl
    from polars.io import plugins
else:
    pl = load_extra("polars", "batch")
    plugins = load_extra("polars.io.plugins", "batch")


class Steady:
    """A plan over frames of one schema; one at a time goes through it."""

    def __init__(self, like: "pl.DataFrame", plan: "Callable[[pl.LazyFrame], pl.LazyFrame]") -> None:
        """Take a frame like those that will come, and the plan."""
        self._frame = like.clear()
        self._planned = plan(plugins.register_io_source(self._rows, schema=like.schema))

    def run(self, frame: "pl.DataFrame") -> "pl.DataFrame":
        """Take a frame through the plan."""
        self._frame = frame
        found = self._planned.collect()
        self._frame = frame.clear()
        return found

    def _rows(
        self, with_columns: list[str] | None, predicate: "pl.Expr | None", n_rows: int | None, batch_size: int | None
    ) -> "Iterator[pl.DataFrame]":
        """Give the frame, as Polars asks for it."""
        del batch_size
        frame = self._frame if n_rows is None else self._frame.head(n_rows)
        told = frame if with_columns is None else frame.select(with_columns)
        yield told if predicate is None else told.filter(predicate)
