"""A plan that many small frames go through: put together once, since that takes longer than the work itself."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from policy_engine.columnar.streams import frame_of

if TYPE_CHECKING:
    import polars as pl


class Steady:
    """A plan over frames of one schema; one at a time goes through it."""

    def __init__(self, like: "pl.DataFrame", plan: "Callable[[pl.LazyFrame], pl.LazyFrame]") -> None:
        """Take a frame like those that will come, and the plan."""
        self._frame = like.clear()
        self._planned = plan(frame_of(like.schema, lambda: iter([self._frame])))

    def run(self, frame: "pl.DataFrame") -> "pl.DataFrame":
        """Take a frame through the plan."""
        self._frame = frame
        found = self._planned.collect()
        self._frame = frame.clear()
        return found
