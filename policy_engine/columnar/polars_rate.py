"""A frame of facts to a frame of answers, in Polars: streamed, each chunk settled as columns, and what is left open row by row."""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from policy_engine.columnar.answers import Cell, Layout
from policy_engine.columnar.column_plan import ColumnPlan, Schema, Within, planned
from policy_engine.columnar.logic import Truth
from policy_engine.columnar.names import CASE, ODD, ROW
from policy_engine.columnar.open_rows import OpenRows
from policy_engine.columnar.order import RatesCases
from policy_engine.columnar.plan import plan_columns
from policy_engine.columnar.polars_words import Words, types_of
from policy_engine.columnar.rows import Judgement, RowReader
from policy_engine.columnar.steady import Steady
from policy_engine.errors import Problem
from policy_engine.evaluate.core.plan import Plan
from policy_engine.extras import load_extra

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw
    import polars as pl
else:
    nw = load_extra("narwhals.stable.v2", "batch")
    pl = load_extra("polars", "batch")

BYTE = 256


class Rejected(NamedTuple):
    """A row without an answer: its number from 1, its `case` if it has one, and what is wrong with it."""

    row: int
    case: str | None
    problems: tuple[Problem, ...]


class _TogetherWithin(Within):
    """Holds all columns within bounds at once: the bits of their union tell of the sign and of the size of each."""

    def __init__(self, plan: Plan) -> None:
        """Take a byte for a code, where it holds all that an edition can need."""
        codes = 1 + sum(2 * len(track.rules) + 2 for track in plan.tracks.values())
        self.code = nw.UInt8 if codes <= BYTE else nw.Int32

    def all_within(self, columns: Sequence[str], most: int) -> Truth:
        """Tell it of some columns of one width."""
        union = nw.col(columns[0]).fill_null(0)
        for name in columns[1:]:
            union = union | nw.col(name).fill_null(0)
        return (union >= 0) & (union < most)


class PolarsRater:
    """An edition ready to rate frames."""

    def __init__(self, plan: Plan, evaluator: RatesCases, layout: Layout, *, keeps_refused: bool = False) -> None:
        """Take the edition.

        Args:
            plan: the edition, worked out.
            evaluator: what rates single rows.
            layout: the columns that are told.
            keeps_refused: whether rows that are refused stay, with nothing told of them.
        """
        self.plan = plan
        self.evaluator = evaluator
        self.layout = layout
        self.keeps_refused = keeps_refused
        self.types = types_of(plan, self.layout)
        self.by_row: tuple[str, ...] = ()
        self._plans: dict[str, _Ready] = {}

    def rate(
        self, frame: "pl.LazyFrame", keep: Sequence[str] = (), reject: Callable[[Rejected], None] | None = None,
        done: Callable[[int], None] | None = None,
    ) -> "pl.LazyFrame":  # fmt: skip
        """Return the answers to a frame, row by row in its order; rows that are refused are left out.

        Args:
            frame: a column a fact.
            keep: columns to hand on.
            reject: is told of each row that is refused.
            done: is told how many rows were done since.
        """
        schema = frame.collect_schema()
        facts = [name for name in schema if name in self.plan.edition.facts]
        kinds = nw.from_native(frame).collect_schema()
        ready = self._ready({name: kinds[name] for name in facts}, odd=ODD in schema)
        self.by_row = ready.columns.by_row
        chunk = _Chunk(self, ready, keep, facts, reject, done)
        odd = [ODD] if ODD in schema else []
        raw = tuple(dict.fromkeys((*keep, *facts, *odd)))
        asked = frame.select(raw).with_row_index(ROW, offset=1)
        told = planned(nw.from_native(asked), ready.columns, self.layout, (*raw, ROW)).to_native()
        schema_out = {**{name: schema[name] for name in keep}, **self.types}
        rated: pl.LazyFrame = told.map_batches(chunk.finish, schema=schema_out, streamable=True, validate_output_schema=False)
        return rated

    def _ready(self, facts: Schema, *, odd: bool) -> "_Ready":
        """Return the plan for files with such columns, made once for all of them."""
        key = f"{odd} {dict(facts)}"
        if key not in self._plans:
            columns = plan_columns(self.plan, facts, _TogetherWithin(self.plan), ODD if odd else "")
            self._plans[key] = _Ready(self, columns, OpenRows(self.plan, RowReader(self.plan.edition, self.evaluator, list(facts)), facts))
        return self._plans[key]


class _Ready:
    """What is made once for all files with the same columns."""

    def __init__(self, rater: PolarsRater, columns: ColumnPlan, rows: OpenRows) -> None:
        """Take the plan, and what rates the rows that it leaves open; that is done by one at a time."""
        self.rater, self.columns, self.rows = rater, columns, rows
        self.words = Words(columns, rater.layout, rater.types)
        self.lock = Lock()
        self._steady: Steady | None = None

    @cached_property
    def patient_words(self) -> Words:
        """Return the words of the plan that settles more rows."""
        return Words(self.rows.patient, self.rater.layout, self.rater.types)

    def patiently(self, raw: "pl.DataFrame") -> "pl.DataFrame":
        """Take rows through the plan that settles more of them."""
        if self._steady is None:
            layout, names = self.rater.layout, raw.columns
            self._steady = Steady(raw, lambda frame: planned(nw.from_native(frame), self.rows.patient, layout, names).to_native())
        return self._steady.run(raw)


class _Chunk:
    """What becomes of each chunk of rows that a plan has gone over."""

    def __init__(
        self, rater: PolarsRater, ready: _Ready, keep: Sequence[str], facts: Sequence[str],
        reject: Callable[[Rejected], None] | None, done: Callable[[int], None] | None,
    ) -> None:  # fmt: skip
        """Take what is made for such files, the columns that are handed on and that are facts, and who is told of what."""
        self.rater, self.ready, self.keep, self.facts = rater, ready, list(keep), list(facts)
        self.reject, self.done = reject, done

    def finish(self, frame: "pl.DataFrame") -> "pl.DataFrame":
        """Return the answers to a chunk."""
        open_rows = frame.filter(pl.col("__answer").is_null()) if frame["__answer"].null_count() else None
        if open_rows is None:
            answers = self.ready.words.settled(frame, self.keep)
        else:
            settled = self.ready.words.settled(frame.filter(pl.col("__answer").is_not_null()), [ROW, *self.keep])
            with self.ready.lock:
                answers = pl.concat([settled, *self._open(open_rows)]).sort(ROW).drop(ROW)
        if self.done:
            self.done(frame.height)
        return answers

    def _open(self, frame: "pl.DataFrame") -> "Iterator[pl.DataFrame]":
        """Rate rows that the plan leaves open: as columns with more patience, then once for each row like no other."""
        odd = [ODD] if ODD in frame.columns else []
        raw = frame.select(ROW, *dict.fromkeys([*self.keep, *self.facts, *odd]))
        if self.ready.rows.patient.steps:
            told = self.ready.patiently(self.ready.rows.spelt(raw.select(ROW, *self.facts)))
            settled = told["__answer"].is_not_null() & (raw[ODD].is_null() if ODD in raw.columns else True)
            if settled.any():
                words = self.ready.patient_words.settled(told.filter(settled), [ROW])
                yield pl.concat([raw.filter(settled).select(ROW, *self.keep), words.drop(ROW)], how="horizontal")
                raw = raw.filter(~settled)
        yield self._single(raw)

    def _single(self, frame: "pl.DataFrame") -> "pl.DataFrame":
        """Return the answers to rows, each worked out once for all rows like it; tell of those that are refused."""
        answers, places = self.ready.rows.judged(frame)
        self._refuse(frame, answers, places)
        rated = pl.Series([self.rater.keeps_refused or isinstance(one, dict) for one in answers], dtype=pl.Boolean)
        told: list[dict[str, Cell]] = [one if isinstance(one, dict) else {} for one in answers]
        words = [
            pl.Series(name, [one.get(name) for one in told], self.rater.types[name]).gather(places) for name in self.rater.layout.columns
        ]
        return frame.select(ROW, *self.keep).with_columns(words).filter(rated.gather(places))

    def _refuse(self, frame: "pl.DataFrame", answers: Sequence[Judgement], places: Sequence[int]) -> None:
        """Tell of the rows that are refused."""
        if self.reject is None or all(isinstance(one, dict) for one in answers):
            return
        cases = frame[CASE] if CASE in self.keep else None
        for row, place in enumerate(places):
            one = answers[place]
            if not isinstance(one, dict):
                case = None if cases is None else cases[row]
                self.reject(Rejected(frame[ROW][row], None if case is None else str(case), one))
