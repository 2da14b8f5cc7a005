"""A frame of facts to a frame of answers, in Polars: streamed, each chunk settled as columns, and what is left open row by row."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from policy_engine.columnar.answers import Cell, Layout
from policy_engine.columnar.column_plan import ColumnPlan, Within, planned
from policy_engine.columnar.logic import Truth
from policy_engine.columnar.lookup import Lookup, of_meaning
from policy_engine.columnar.open_rows import OpenRows
from policy_engine.columnar.order import RatesCases
from policy_engine.columnar.plan import plan_columns
from policy_engine.columnar.rows import Judgement
from policy_engine.columnar.sources import CASE, ODD
from policy_engine.errors import Problem
from policy_engine.evaluate.plan import Plan
from policy_engine.extras import load_extra
from policy_engine.model.verdict import OUTCOMES

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw
    import polars as pl
else:
    nw = load_extra("narwhals.stable.v2", "batch")
    pl = load_extra("polars", "batch")

ROW = "__row"
BYTE = 256
MANY = 8
"""More levels than these have too many combinations to name each beforehand."""


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
        self.types = _types(plan, self.layout)
        self.by_row: tuple[str, ...] = ()

    def rate(
        self, frame: "pl.LazyFrame", keep: Sequence[str] = (), reject: Callable[[Rejected], None] | None = None,
        done: Callable[[int], None] | None = None,
    ) -> "pl.LazyFrame":  # fmt: skip
        """Give the answers to a frame, row by row in its order; rows that are refused are left out.

        Args:
            frame: a column a fact.
            keep: columns to hand on.
            reject: is told of each row that is refused.
            done: is told how many rows were done since.
        """
        schema = frame.collect_schema()
        facts = [name for name in schema if name in self.plan.edition.facts]
        columns = plan_columns(
            self.plan,
            {n: t for n, t in nw.from_native(frame).collect_schema().items() if n in facts},
            _TogetherWithin(self.plan),
            ODD if ODD in schema else "",
        )
        self.by_row = columns.by_row
        rows = OpenRows(
            self.plan, self.evaluator, {name: dtype for name, dtype in nw.from_native(frame).collect_schema().items() if name in facts}
        )
        chunk = _Chunk(self, columns, rows, keep, facts, reject, done)
        odd = [ODD] if ODD in schema else []
        raw = tuple(dict.fromkeys((*keep, *facts, *odd)))
        asked = frame.select(raw).with_row_index(ROW, offset=1)
        told = planned(nw.from_native(asked), columns, self.layout, (*raw, ROW)).to_native()
        schema_out = {**{name: schema[name] for name in keep}, **self.types}
        rated: pl.LazyFrame = told.map_batches(chunk.finish, schema=schema_out, streamable=True, validate_output_schema=False)
        return rated


def _types(plan: Plan, layout: Layout) -> "dict[str, pl.DataType]":
    """Give the types of the columns of answers."""
    levels = list(reversed(plan.level_ids))
    answers = pl.Enum([*levels, *OUTCOMES])
    words: dict[str, pl.DataType] = {
        "answer": answers,
        "track": pl.Enum(list(plan.tracks)),
        "outcome": pl.Enum(OUTCOMES),
        "level": pl.Enum(levels),
    }
    words |= {"possible_levels": _possible(levels), "interpretations": pl.Categorical()}
    truths = {name: pl.Boolean() for name in ("gap_possible", "possible_exact", *layout.criteria)}
    return {name: words.get(name) or truths.get(name) or pl.String() for name in layout.columns}


def _possible(levels: Sequence[str]) -> "pl.DataType":
    """Give the type of a column of possible levels: few texts, unless there are many levels."""
    if len(levels) > MANY:
        return pl.String()
    return pl.Enum([", ".join(some) for count in range(1, len(levels) + 1) for some in combinations(levels, count)])


class _Words:
    """The words for the codes of one plan."""

    def __init__(self, columns: ColumnPlan, layout: Layout, types: "Mapping[str, pl.DataType]") -> None:
        """Take the plan, and the columns that are told."""
        self.layout = layout
        self.lookup = Lookup(columns.codes, columns.relied)
        told = [of_meaning(meaning) for meaning in columns.codes.meanings]
        self.words = {name: pl.Series(name, [one[name] for one in told], types[name]) for name in layout.verdict}

    def settled(self, frame: "pl.DataFrame", more: Sequence[str]) -> "pl.DataFrame":
        """Put words to the codes of rows that are settled, beside columns that are handed on."""
        codes = frame["__answer"].cast(pl.UInt32)
        told = [words.gather(codes) for words in self.words.values()]
        told += [frame[name] for name in self.layout.criteria]
        if self.layout.interpretations:
            told.append(self._interpretations(frame))
        return pl.DataFrame([*(frame[name] for name in more), *told])

    def _interpretations(self, frame: "pl.DataFrame") -> "pl.Series":
        """Put the readings to the bits of rows that are settled, once for each combination that occurs."""
        keys = frame.select((pl.col("__bits").cast(pl.Int64) * 65_536 + pl.col("__by_criteria")).alias("k"))["k"]
        distinct = keys.unique()
        kind = pl.Categorical()
        if distinct.is_empty():
            return pl.Series("interpretations", [], kind)
        texts = [self.lookup.readings(key % 65_536, key // 65_536) for key in distinct.to_list()]
        return keys.replace_strict(distinct, pl.Series(texts, dtype=kind), return_dtype=kind).alias("interpretations")


class _Chunk:
    """What becomes of each chunk of rows that a plan has gone over."""

    def __init__(
        self, rater: PolarsRater, columns: ColumnPlan, rows: OpenRows, keep: Sequence[str], facts: Sequence[str],
        reject: Callable[[Rejected], None] | None, done: Callable[[int], None] | None,
    ) -> None:  # fmt: skip
        """Take the plan, what rates open rows, and who is told of what."""
        self.rater, self.rows, self.keep, self.facts = rater, rows, list(keep), list(facts)
        self.reject, self.done = reject, done
        self.words = _Words(columns, rater.layout, rater.types)
        self.lock = Lock()

    def finish(self, frame: "pl.DataFrame") -> "pl.DataFrame":
        """Give the answers to a chunk."""
        open_rows = frame.filter(pl.col("__answer").is_null()) if frame["__answer"].null_count() else None
        if open_rows is None:
            answers = self.words.settled(frame, self.keep)
        else:
            settled = self.words.settled(frame.filter(pl.col("__answer").is_not_null()), [ROW, *self.keep])
            with self.lock:
                answers = pl.concat([settled, *self._open(open_rows)]).sort(ROW).drop(ROW)
        if self.done:
            self.done(frame.height)
        return answers

    def _open(self, frame: "pl.DataFrame") -> "Iterator[pl.DataFrame]":
        """Rate rows that the plan leaves open: as columns with more patience, then once for each row like no other."""
        raw = frame.select(ROW, *dict.fromkeys((*self.keep, *self.facts)), *([ODD] if ODD in frame.columns else []))
        patient = self.rows.patient()
        if patient:
            told = planned(nw.from_native(raw.lazy()), patient, self.rater.layout, raw.columns).to_native().collect()
            settled = told["__answer"].is_not_null()
            if settled.any():
                yield _Words(patient, self.rater.layout, self.rater.types).settled(told.filter(settled), [ROW, *self.keep])
                raw = raw.filter(~settled)
        yield self._single(raw)

    def _single(self, frame: "pl.DataFrame") -> "pl.DataFrame":
        """Give the answers to rows, each worked out once for all rows like it; tell of those that are refused."""
        answers, places = self.rows.judged(frame)
        self._refuse(frame, answers, places)
        rated = pl.Series([self.rater.keeps_refused or isinstance(one, dict) for one in answers], dtype=pl.Boolean)
        told: list[dict[str, Cell]] = [one if isinstance(one, dict) else {} for one in answers]
        words = [
            pl.Series(name, [one.get(name) for one in told], self.rater.types[name]).gather(places) for name in self.rater.layout.columns
        ]
        return frame.select(ROW, *self.keep).with_columns(words).filter(rated.gather(places))

    def _refuse(self, frame: "pl.DataFrame", answers: Sequence[Judgement], places: "pl.Series") -> None:
        """Tell of the rows that are refused."""
        if self.reject is None or all(isinstance(one, dict) for one in answers):
            return
        cases = frame[CASE] if CASE in self.keep else None
        numbers: list[int] = places.to_list()
        for row, place in enumerate(numbers):
            one = answers[place]
            if not isinstance(one, dict):
                self.reject(Rejected(frame[ROW][row], None if cases is None else str(cases[row]), one))
