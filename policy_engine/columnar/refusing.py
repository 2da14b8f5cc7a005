"""Rows that are refused, written down as they are met, and told of at the end."""

from collections.abc import Callable

from policy_engine.columnar.order import Order, Source, Told
from policy_engine.columnar.polars_rate import Rejected
from policy_engine.columnar.rejects import Rejects
from policy_engine.columnar.writing import beside, sink
from policy_engine.errors import InputError, Problem
from policy_engine.source import Location

SHOWN = 20
"""How many refused rows are shown where no file was asked for."""


class Refusing:
    """The rows that a batch refuses."""

    def __init__(self, order: Order, rejects: Rejects, say: Callable[[Problem], str]) -> None:
        """Take what is asked, where rejects are kept, and how a problem is told."""
        self.order, self.rejects, self.say = order, rejects, say

    def refuse(self, place: int, source: Source, one: Rejected) -> None:
        """Write a row down."""
        columns = ", ".join(dict.fromkeys(name for problem in one.problems for name in columns_of(problem)))
        reason = "; ".join(map(self.say, one.problems))
        self.rejects.add(place, (source.path, one.row, one.case, columns, one.problems[0].code, reason))

    def told(self, rows: int, by_row: tuple[str, ...], moves: tuple[tuple[str, str, int], ...] = ()) -> Told:
        """Write the rejects where they were asked for, and say what came of the batch.

        Raises:
            InputError: PE855, where there was no row at all: an empty run is never a success.
        """
        if rows == 0:
            raise InputError([Problem("PE855", Location(self.order.sources[0].path, 1, 1), {})])
        if self.order.rejects is not None:
            with beside(self.order.rejects) as where:
                sink(self.rejects.frame(), where, self.order.rejects_format, {}, excel=self.order.excel)
        count = self.rejects.count
        return Told(rows, rows - count, count, by_row, tuple(self.rejects.first(SHOWN)), moves)


def columns_of(problem: Problem) -> list[str]:
    """Give the columns that a problem is about."""
    details = problem.details
    if "name" in details:
        return [details["name"]]
    if "figures" in details:
        return [part.split(" = ")[0] for part in details["figures"].split(", ")]
    return details.get("facts", "").split(", ")
