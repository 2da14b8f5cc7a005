"""A batch: files of rows in, one file of answers out; every row that comes in goes out, or is refused with its reasons."""

import contextlib
import tempfile
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from policy_engine.columnar.polars_rate import PolarsRater, Rejected
from policy_engine.columnar.rows import RatesCases
from policy_engine.columnar.sources import CASE, Source, check_columns, scan, unreadable
from policy_engine.columnar.writing import Rejects, beside, sink
from policy_engine.errors import InputError, PolicyEngineError, Problem
from policy_engine.evaluate.plan import Plan
from policy_engine.extras import load_extra
from policy_engine.model.rulebook import Edition
from policy_engine.source import Location

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw
    import polars as pl
else:
    nw = load_extra("narwhals.stable.v2", "batch")
    pl = load_extra("polars", "batch")


class Order(NamedTuple):
    """What is asked of a batch."""

    sources: Sequence[Source]
    to: str
    to_format: str
    detail: str
    keep: tuple[str, ...] = ()
    rejects: str | None = None
    rejects_format: str = "csv"
    excel: bool = False


class Told(NamedTuple):
    """What came of a batch."""

    rows: int
    written: int
    rejected: int
    by_row: tuple[str, ...] = ()
    first: tuple[tuple[str | int | None, ...], ...] = ()
    """The first rejects, for whoever asked for no file of them."""


class Side(NamedTuple):
    """An edition to rate under: worked out, and with what rates its single rows."""

    edition: Edition
    plan: Plan
    evaluator: RatesCases


def run_polars(order: Order, side: Side, say: Callable[[Problem], str], done: Callable[[int], None]) -> Told:
    """Run a batch in Polars.

    Args:
        order: what is asked.
        side: the edition.
        say: how a problem is told.
        done: is told how many rows were done since.

    Raises:
        InputError: where a file cannot be read, or has columns that nobody declares.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8") as spool:
        return _Batch(order, side, say, done, Rejects(spool)).run()


class _Batch:
    """One batch, while it runs."""

    def __init__(self, order: Order, side: Side, say: Callable[[Problem], str], done: Callable[[int], None], rejects: Rejects) -> None:
        """Take what is asked, and where rejects are kept."""
        self.order, self.side, self.say, self.done, self.rejects = order, side, say, done, rejects
        self.rater = PolarsRater(side.plan, side.evaluator, order.detail)
        self.rows = 0
        self.fault: BaseException | None = None

    def run(self) -> Told:
        """Rate every row, and write what came out."""
        frames = [self._rated(place, source) for place, source in enumerate(self.order.sources)]
        with contextlib.ExitStack() as files:
            answers = files.enter_context(beside(self.order.to))
            self._sink(pl.concat(frames), answers)
            if self.rows == 0:
                raise InputError([Problem("PE855", Location(self.order.sources[0].path, 1, 1), {})])
            refused = self.rejects.frame()
            if self.order.rejects is not None:
                where = files.enter_context(beside(self.order.rejects))
                sink(refused.lazy(), where, self.order.rejects_format, {}, excel=self.order.excel)
        return Told(self.rows, self.rows - self.rejects.count, self.rejects.count, self.rater.by_row, tuple(refused.head(20).rows()))

    def _rated(self, place: int, source: Source) -> "pl.LazyFrame":
        """Give the answers to one file."""
        frame = scan(source, self.side.edition)
        schema: Mapping[str, nw.dtypes.DType] = nw.from_native(frame).collect_schema()
        check_columns(source, schema, [self.side.edition], self.order.keep)
        keep = [*([CASE] if CASE in schema else []), *self.order.keep]

        def reject(one: Rejected) -> None:
            problem = one.problems[0]
            reason = "; ".join(self.say(problem) for problem in one.problems)
            columns = ", ".join(dict.fromkeys(name for problem in one.problems for name in columns_of(problem)))
            self.rejects.add(place, (source.path, one.row, one.case, columns, problem.code, reason))

        rated = self.rater.rate(frame, keep, self._guarded(reject), self._count)
        status = self.side.edition.status
        return rated if status == "issued" else rated.with_columns(pl.lit(status).alias("edition_status"))

    def _guarded(self, reject: Callable[[Rejected], None]) -> Callable[[Rejected], None]:
        """Keep what goes wrong inside a stream, whose own words for it say nothing."""

        def guarded(one: Rejected) -> None:
            try:
                reject(one)
            except Exception as error:
                self.fault = error
                raise

        return guarded

    def _count(self, rows: int) -> None:
        """Count rows that were done."""
        self.rows += rows
        self.done(rows)

    def _sink(self, frame: "pl.LazyFrame", path: str) -> None:
        """Write the answers as they stream by."""
        edition = self.side.edition
        metadata = {"edition": edition.id, "status": edition.status, "revision": edition.revision}
        try:
            sink(frame, path, self.order.to_format, metadata, excel=self.order.excel)
        except (OSError, pl.exceptions.PolarsError) as error:
            cause = self.fault or error.__cause__
            if isinstance(cause, PolicyEngineError):
                raise cause from error
            raise unreadable(self.order.sources[0], error) from error


def columns_of(problem: Problem) -> list[str]:
    """Give the columns that a problem is about."""
    details = problem.details
    if "name" in details:
        return [details["name"]]
    if "figures" in details:
        return [part.split(" = ")[0] for part in details["figures"].split(", ")]
    return details.get("facts", "").split(", ")
