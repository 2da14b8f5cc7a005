"""A batch: files of rows in, one file of answers out; every row that comes in goes out, or is refused with its reasons."""

import os
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING

from policy_engine.columnar.answers import layout_of
from policy_engine.columnar.headings import kept_headings, told_names
from policy_engine.columnar.judging import REFUSED
from policy_engine.columnar.names import CASE, KEPT
from policy_engine.columnar.opening import Opened, opened_files
from policy_engine.columnar.order import Order, Side, Source, Told
from policy_engine.columnar.polars_rate import PolarsRater, Rejected
from policy_engine.columnar.refusing import Refusing
from policy_engine.columnar.rejects import kept_rejects
from policy_engine.columnar.sources import unreadable
from policy_engine.columnar.writing import beside, disk_fault, metadata_of, sink
from policy_engine.errors import Problem
from policy_engine.extras import load_extra

if TYPE_CHECKING:
    import polars as pl
else:
    pl = load_extra("polars", "batch")


AGAINST = "__against"


def run_polars(order: Order, sides: Sequence[Side], say: Callable[[Problem], str], done: Callable[[int], None]) -> Told:
    """Run a batch in Polars.

    Args:
        order: what is asked.
        sides: the edition to rate under, and perhaps one to compare with.
        say: how a problem is told.
        done: is told how many rows were done since.

    Raises:
        InputError: where a file cannot be read, or has columns that nobody declares.
    """
    with opened_files(order, [side.edition for side in sides]) as files, kept_rejects() as rejects:
        return _Batch(order, sides, files, Refusing(order, files, rejects, say), done).run()


def count_rows(sources: Sequence[Source]) -> int:
    """Count the rows of files, for a bar that tells how far a run is; what comes through a pipe cannot be counted beforehand."""
    return sum(_count_rows(source) for source in sources if os.path.isfile(source.path))


def _count_rows(source: Source) -> int:
    """Count the rows of one file; in a file of text, every line that is not blank."""
    if source.form != "parquet":
        with open(source.path, "rb") as file:
            return sum(1 for line in file if line.strip()) - (source.form == "csv")
    count: int = pl.scan_parquet(source.path, glob=False).select(pl.len()).collect(engine="streaming").item()
    return count


class _Group:
    """Files with the same columns, one after the other."""

    def __init__(self, place: int, frame: "pl.LazyFrame") -> None:
        """Begin with one."""
        self.first = place
        self.frames = [frame]
        self.schema = frame.collect_schema()

    def place_of(self, row: int) -> tuple[int, int]:
        """Return the place of the file that a row of the group stands in, and its number there."""
        if len(self.frames) == 1:
            return self.first, row
        place = bisect_left(self._ends, row)
        return self.first + place, row - (self._ends[place - 1] if place else 0)

    @cached_property
    def _ends(self) -> list[int]:
        """Count the rows up to the end of each file, when the first of them is asked for."""
        return list(accumulate(frame.select(pl.len()).collect(engine="streaming").item() for frame in self.frames))


class _Batch:
    """One batch, while it runs."""

    def __init__(
        self, order: Order, sides: Sequence[Side], files: Sequence[Opened], refusing: Refusing, done: Callable[[int], None]
    ) -> None:  # fmt: skip
        """Take what is asked, the files, and who is told of what."""
        self.order, self.sides, self.files, self.refusing, self.done = order, sides, files, refusing, done
        layout = layout_of(sides[0].plan, order.detail)
        if len(sides) > 1 and "answer" not in layout.verdict:
            layout = layout._replace(verdict=("answer", *layout.verdict))
        self.rater = PolarsRater(sides[0].plan, sides[0].evaluator, layout, keeps_refused=len(sides) > 1)
        self.rows = 0
        self.moves: Counter[tuple[str, str]] = Counter()

    def run(self) -> Told:
        """Rate every row, and write what came out."""
        frames = [self._rated(group) for group in self._groups()]
        answers = pl.concat(frames)
        own = [name for name in answers.collect_schema() if not name.startswith(KEPT)]
        names = told_names(kept_headings(self.order.keep), own)
        with beside(self.order.to) as path:
            self._sink(answers.rename(names), path)
            moves = tuple((before, after, count) for (before, after), count in sorted(self.moves.items()))
            return self.refusing.told(self.rows, self.rater.by_row, moves, own)

    def _groups(self) -> "list[_Group]":
        """Return the files, neighbours with the same columns together: one plan serves them all."""
        groups: list[_Group] = []
        for place, file in enumerate(self.files):
            assert file.frame is not None
            if groups and groups[-1].schema == file.frame.collect_schema():
                groups[-1].frames.append(file.frame)
            else:
                groups.append(_Group(place, file.frame))
        return groups

    def _rated(self, group: "_Group") -> "pl.LazyFrame":
        """Return the answers to some files."""
        keep = [*([CASE] if CASE in group.schema else []), *kept_headings(self.order.keep)]

        def reject(one: Rejected) -> None:
            place, row = group.place_of(one.row)
            self.refusing.refuse(place, one._replace(row=row))

        frame = pl.concat(group.frames)
        if len(self.sides) == 1:
            rated = self.rater.rate(frame, keep, reject, self._count)
        else:
            rated = self._compared(self.rater.rate(self._against(frame), [*keep, AGAINST], reject, self._count))
        status = self.sides[0].edition.status
        return rated if status == "issued" else rated.with_columns(pl.lit(status).alias("edition_status"))

    def _against(self, frame: "pl.LazyFrame") -> "pl.LazyFrame":
        """Add to rows the answer of the other edition."""
        other = self.sides[1]
        rater = PolarsRater(other.plan, other.evaluator, layout_of(other.plan, "level"), keeps_refused=True)
        return rater.rate(frame, list(frame.collect_schema())).rename({"answer": AGAINST})

    def _compared(self, frame: "pl.LazyFrame") -> "pl.LazyFrame":
        """Count how many rows went from what to what, and let those go on that have an answer."""
        schema = {name: dtype for name, dtype in frame.collect_schema().items() if name != AGAINST}
        asked = "answer" in layout_of(self.sides[0].plan, self.order.detail).verdict
        told = [name for name in schema if name != "answer" or asked]

        def count(chunk: pl.DataFrame) -> pl.DataFrame:
            pairs = chunk.select(pl.col("answer", AGAINST).cast(pl.String).fill_null(REFUSED)).group_by("answer", AGAINST).len()
            self.moves.update({(before, after): number for before, after, number in pairs.rows()})
            return chunk.filter(pl.col("answer").is_not_null()).select(told)

        return frame.map_batches(count, schema={name: schema[name] for name in told}, streamable=True, validate_output_schema=False)

    def _count(self, rows: int) -> None:
        """Count rows that were done."""
        self.rows += rows
        self.done(rows)

    def _sink(self, frame: "pl.LazyFrame", path: str) -> None:
        """Write the answers as they stream by."""
        try:
            sink(frame, path, self.order.to_format, metadata_of(self.sides[0].edition), excel=self.order.excel)
        except (OSError, pl.exceptions.PolarsError) as error:
            if disk_fault(error) is not None:
                raise  # told at the file that is being written
            raise unreadable(self.order.sources[0], error) from error
