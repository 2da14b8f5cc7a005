"""A frame of facts to a frame of answers, in Polars: streamed, each chunk settled as columns, and what is left open row by row."""

from collections.abc import Callable, Sequence
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from policy_engine.columnar.answers import Layout
from policy_engine.columnar.codes import Meaning
from policy_engine.columnar.logic import Truth, all_of
from policy_engine.columnar.lookup import Lookup, of_meaning
from policy_engine.columnar.order import RatesCases
from policy_engine.columnar.plan import Bounds, ColumnPlan, Within, plan_columns, planned
from policy_engine.columnar.rows import Judgement, RowReader
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

    def holds(self, bounds: Bounds) -> Truth:
        """Tell it of the columns of each width."""
        groups = [[name for name, narrow in bounds.columns if narrow is width] for width in (True, False)]
        return all_of(self._within(group, 1 << bounds.bits) for group in groups if group)

    def _within(self, columns: Sequence[str], most: int) -> Truth:
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
        rows = RowReader(self.plan.edition, self.evaluator, facts)
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
    words = {"answer": answers, "track": pl.Enum(list(plan.tracks)), "outcome": pl.Enum(OUTCOMES), "level": pl.Enum(levels)}
    truths = {name: pl.Boolean() for name in ("gap_possible", "possible_exact", *layout.criteria)}
    return {name: words.get(name) or truths.get(name) or pl.String() for name in layout.columns}


class _Chunk:
    """What becomes of each chunk of rows that a plan has gone over."""

    def __init__(
        self, rater: PolarsRater, columns: ColumnPlan, rows: RowReader, keep: Sequence[str], facts: Sequence[str],
        reject: Callable[[Rejected], None] | None, done: Callable[[int], None] | None,
    ) -> None:  # fmt: skip
        """Take the plan, the row reader, and who is told of what."""
        self.rater, self.rows, self.keep, self.facts = rater, rows, list(keep), list(facts)
        self.reject, self.done = reject, done
        self.lookup = Lookup(columns.codes, columns.relied)
        self.words = {name: pl.Series(name, self._column(name, columns.codes.meanings), rater.types[name]) for name in rater.layout.verdict}
        self.lock = Lock()

    @staticmethod
    def _column(name: str, meanings: Sequence[Meaning]) -> list[str | bool | None]:
        """Give what stands in a column for each code."""
        return [of_meaning(meaning)[name] for meaning in meanings]

    def finish(self, frame: "pl.DataFrame") -> "pl.DataFrame":
        """Give the answers to a chunk."""
        open_rows = frame.filter(pl.col("__answer").is_null()) if frame["__answer"].null_count() else None
        if open_rows is None:
            answers = self._settled(frame)
        else:
            settled = self._settled(frame.filter(pl.col("__answer").is_not_null()), ROW)
            answers = pl.concat([settled, self._open(open_rows)]).sort(ROW).drop(ROW)
        if self.done:
            self.done(frame.height)
        return answers

    def _settled(self, frame: "pl.DataFrame", *more: str) -> "pl.DataFrame":
        """Put words to the codes of rows that are settled."""
        codes = frame["__answer"].cast(pl.UInt32)
        told = [words.gather(codes) for words in self.words.values()]
        layout = self.rater.layout
        told += [frame[name] for name in layout.criteria]
        if layout.interpretations:
            told.append(self._interpretations(frame))
        return pl.DataFrame([*(frame[name] for name in (*more, *self.keep)), *told])

    def _interpretations(self, frame: "pl.DataFrame") -> "pl.Series":
        """Put the readings to the bits of rows that are settled, once for each combination that occurs."""
        keys = frame.select((pl.col("__bits").cast(pl.Int64) * 65_536 + pl.col("__by_criteria")).alias("k"))["k"]
        distinct = keys.unique()
        if distinct.is_empty():
            return pl.Series("interpretations", [], pl.String)
        texts = [self.lookup.readings(key % 65_536, key // 65_536) for key in distinct.to_list()]
        return keys.replace_strict(distinct, pl.Series(texts, dtype=pl.String), return_dtype=pl.String).alias("interpretations")

    def _open(self, frame: "pl.DataFrame") -> "pl.DataFrame":
        """Rate rows one by one; tell of those that are refused."""
        with self.lock:
            odd = frame[ODD].to_list() if ODD in frame.columns else [None] * frame.height
            rows = zip(odd, frame.select(self.facts).iter_rows(), strict=True)
            judged = [self.rows.judge(cells) if text is None else self.rows.judge_object(text) for text, cells in rows]
        self._refuse(frame, judged)
        told = [one if isinstance(one, dict) else {} for one in judged if self.rater.keeps_refused or isinstance(one, dict)]
        rated = pl.Series([self.rater.keeps_refused or isinstance(one, dict) for one in judged], dtype=pl.Boolean)
        columns = [pl.Series(name, [one.get(name) for one in told], self.rater.types[name]) for name in self.rater.layout.columns]
        return frame.select(ROW, *self.keep).filter(rated).with_columns(columns)

    def _refuse(self, frame: "pl.DataFrame", judged: Sequence[Judgement]) -> None:
        """Tell of the rows that are refused."""
        if self.reject is None:
            return
        cases = frame[CASE] if CASE in self.keep else None
        for place, one in enumerate(judged):
            if not isinstance(one, dict):
                case = None if cases is None else cases[place]
                self.reject(Rejected(frame[ROW][place], None if case is None else str(case), one))
