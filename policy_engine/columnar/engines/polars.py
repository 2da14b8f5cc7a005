"""A batch in Polars: a frame of facts to a frame of answers, streamed; each chunk is settled as columns, and what is open row by row."""

import os
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate, combinations, groupby
from threading import Lock

import narwhals.stable.v2 as nw
import polars as pl

from policy_engine.columnar.order import (
    AGAINST,
    CASE,
    KEPT,
    ODD,
    REFUSED,
    ROW,
    BatchResult,
    Order,
    RatedEdition,
    RatesCases,
    Rejected,
    Source,
)
from policy_engine.columnar.plan.answers import AnswerLayout, Codes, layout_of
from policy_engine.columnar.plan.plan import Schema, plan_columns, planned
from policy_engine.columnar.rows.files import beside, disk_fault, metadata_of, sink, unreadable
from policy_engine.columnar.rows.headings import kept_headings, names_among
from policy_engine.columnar.rows.one_by_one import OpenRows
from policy_engine.columnar.rows.refusing import refusing_run
from policy_engine.errors import Problem
from policy_engine.evaluate.core.plan import Plan
from policy_engine.model.verdict import OUTCOMES

_MANY = 8
"""More levels than these have too many combinations to name each beforehand."""
_SHIFT = 65_536
Reject = Callable[[Rejected], None]


def run_polars(order: Order, sides: Sequence[RatedEdition], say: Callable[[Problem], str], done: Callable[[int], None]) -> BatchResult:
    """Run a batch in Polars; `say` puts a problem in words, `done` hears how many rows were done since.

    Raises:
        InputError: where a file cannot be read, or has columns that nobody declares.
    """
    with refusing_run(order, sides, say) as run:
        rater = BatchRater(sides, order.detail, done)

        def answers_to(group: "_Group") -> pl.LazyFrame:
            def reject(one: Rejected) -> None:
                place, row = group.place_of(one.row)
                run.refuse(place, one._replace(row=row))

            keep = [*([CASE] if CASE in group.schema else []), *kept_headings(order.keep)]
            return rater.answers(pl.concat(group.frames), keep, reject)

        frames = [(place, file.frame) for place, file in enumerate(run.files) if file.frame is not None]
        groups = [_Group(*some) for some in groupby(frames, lambda one: one[1].collect_schema())]
        answers = pl.concat([answers_to(group) for group in groups])
        edition = sides[0].edition
        if edition.status != "issued":
            answers = answers.with_columns(pl.lit(edition.status).alias("edition_status"))
        own = [name for name in answers.collect_schema() if not name.startswith(KEPT)]
        with beside(order.to) as path:
            try:
                sink(answers.rename(names_among(order.keep, own)), path, order.to_format, metadata_of(edition), excel=order.excel)
            except (OSError, pl.exceptions.PolarsError) as error:
                if disk_fault(error) is not None:
                    raise  # said of the file that is being written
                raise unreadable(order.sources[0], error) from error
            return run.result(rater.rows, rater.by_row, rater.moves, own)


def count_rows(sources: Sequence[Source]) -> int:
    """Count the rows of files, for a bar that shows how far a run is; what comes through a pipe cannot be counted beforehand."""
    total = 0
    for source in sources:
        if not os.path.isfile(source.path):
            continue
        if source.form == "parquet":
            total += _height(pl.scan_parquet(source.path, glob=False))
        else:  # every line that is not blank
            with open(source.path, "rb") as file:
                total += sum(1 for line in file if line.strip()) - (source.form == "csv")
    return total


def _height(frame: pl.LazyFrame) -> int:
    count: int = frame.select(pl.len()).collect(engine="streaming").item()
    return count


class _Group:
    """Files with the same columns, one after the other: one plan serves them all."""

    def __init__(self, schema: pl.Schema, files: Iterable[tuple[int, pl.LazyFrame]]) -> None:
        places, frames = zip(*files, strict=True)
        self.schema, self.first, self.frames = schema, places[0], list(frames)

    def place_of(self, row: int) -> tuple[int, int]:
        """Return the place of the file that a row of the group stands in, and its number there."""
        place = bisect_left(self._ends, row) if len(self.frames) > 1 else 0
        return self.first + place, row - (self._ends[place - 1] if place else 0)

    @cached_property
    def _ends(self) -> list[int]:
        """Count the rows up to the end of each file, when the first of them is asked for."""
        return list(accumulate(map(_height, self.frames)))


class BatchRater:
    """Rates frames under an edition, and under one that it is held against; counts what came out."""

    def __init__(
        self, sides: Sequence[RatedEdition], detail: str, done: Callable[[int], None] = lambda _: None, *, keeps_refused: bool = False
    ) -> None:
        self.layout = layout = layout_of(sides[0].plan, detail)
        self.moves: Counter[tuple[str, str]] = Counter()
        self.rows = 0
        self._done = done
        self._other: PolarsRater | None = None
        if len(sides) > 1:
            other = sides[1]
            layout = layout._replace(verdict=tuple(dict.fromkeys(("answer", *layout.verdict))))
            self._other = PolarsRater(other.plan, other.evaluator, layout_of(other.plan, "level"), keeps_refused=True)
        self._rater = PolarsRater(sides[0].plan, sides[0].evaluator, layout, keeps_refused=keeps_refused or len(sides) > 1)

    @property
    def by_row(self) -> tuple[str, ...]:
        """Return the constructs for which rows are rated one by one."""
        return self._rater.by_row

    def rate(self, frame: pl.LazyFrame, keep: Sequence[str], reject: Reject) -> pl.LazyFrame:
        """Return the answers to a frame; where two editions are compared, each row has its answers under both, or none."""
        if self._other is not None:
            frame = self._other.rate(frame, list(frame.collect_schema())).rename({"answer": AGAINST})
            keep = [*keep, AGAINST]
        return self._rater.rate(frame, keep, reject, self._count)

    def answers(self, frame: pl.LazyFrame, keep: Sequence[str], reject: Reject) -> pl.LazyFrame:
        """Return the answers to a frame without rows that are refused; see `rate`. Of two editions, count what rows went from and to."""
        rated = self.rate(frame, keep, reject)
        if self._other is None:
            return rated
        schema = rated.collect_schema()
        asked = [*keep, *self.layout.columns]

        def count(chunk: pl.DataFrame) -> pl.DataFrame:
            pairs = chunk.select(pl.col("answer", AGAINST).cast(pl.String).fill_null(REFUSED)).group_by("answer", AGAINST).len()
            self.moves.update({(before, after): number for before, after, number in pairs.rows()})
            return chunk.filter(pl.col("answer").is_not_null()).select(asked)

        return rated.map_batches(count, schema={name: schema[name] for name in asked}, streamable=True, validate_output_schema=False)

    def _count(self, rows: int) -> None:
        self.rows += rows
        self._done(rows)


class PolarsRater:
    """One edition, ready to rate frames."""

    def __init__(self, plan: Plan, evaluator: RatesCases, layout: AnswerLayout, *, keeps_refused: bool = False) -> None:
        """Take the edition; `keeps_refused`: rows that are refused stay, with nothing in the columns of their answers."""
        self.plan, self.evaluator, self.layout, self.keeps_refused = plan, evaluator, layout, keeps_refused
        levels = list(reversed(plan.level_ids))
        several = range(1, len(levels) + 1) if len(levels) <= _MANY else ()
        possible = [", ".join(some) for count in several for some in combinations(levels, count)]
        kinds: dict[str, pl.DataType] = {
            "answer": pl.Enum([*levels, *OUTCOMES]), "track": pl.Enum(list(plan.tracks)), "outcome": pl.Enum(OUTCOMES),
            "level": pl.Enum(levels), "possible_levels": pl.Enum(possible) if possible else pl.String(),
            "interpretations": pl.Categorical(),
        }  # fmt: skip
        self.types = {name: kinds.get(name, pl.Boolean()) for name in layout.columns}
        self.by_row: tuple[str, ...] = ()
        self._ready: dict[str, _Ready] = {}

    def rate(
        self, frame: pl.LazyFrame, keep: Sequence[str] = (), reject: Reject | None = None, done: Callable[[int], None] | None = None
    ) -> pl.LazyFrame:
        """Return the answers to a frame, row by row in its order, with columns to keep; `reject` hears of each row that is refused.

        Where the numbers of rows are not among what is kept, rows are counted from 1.
        """
        schema = frame.collect_schema()
        kinds = nw.from_native(frame).collect_schema()
        facts = {name: kinds[name] for name in schema if name in self.plan.edition.facts}
        odd = ODD if ODD in schema else ""
        key = f"{odd} {facts}"
        if key not in self._ready:
            self._ready[key] = _Ready(self, facts, odd)
        ready = self._ready[key]
        self.by_row = ready.columns.by_row
        raw = list(dict.fromkeys([*keep, *facts, *([odd] if odd else [])]))
        numbered = frame.select(raw) if ROW in raw else frame.select(raw).with_row_index(ROW, offset=1)
        rated: pl.LazyFrame = planned(numbered, ready.columns, self.layout, numbered.collect_schema().names())

        def finish(chunk: pl.DataFrame) -> pl.DataFrame:
            answers = ready.answers(chunk, keep, reject)
            if done:
                done(chunk.height)
            return answers

        schema_out = {**{name: schema[name] for name in keep}, **self.types}
        return rated.map_batches(finish, schema=schema_out, streamable=True, validate_output_schema=False)


class _Ready:
    """What is made once for all files with the same columns."""

    def __init__(self, rater: PolarsRater, facts: Schema, odd: str) -> None:
        self.rater, self.facts, self.odd = rater, list(facts), [odd] if odd else []
        self.columns = plan_columns(rater.plan, facts, odd)
        self._words = _AnswerWords(self.columns.codes, rater)
        self._rows = OpenRows(rater.plan, rater.evaluator, facts, rater.layout)
        self._lock = Lock()
        """What rates open rows is done by one at a time."""

    @cached_property
    def _thorough_words(self) -> "_AnswerWords":
        return _AnswerWords(self._rows.thorough.codes, self.rater)

    def answers(self, frame: pl.DataFrame, keep: Sequence[str], reject: Reject | None) -> pl.DataFrame:
        """Return the answers to a chunk of rows that a plan has gone over."""
        if not frame["__answer"].null_count():
            return self._words.settled(frame, keep)
        numbered = list(dict.fromkeys((ROW, *keep)))
        settled = self._words.settled(frame.filter(pl.col("__answer").is_not_null()), numbered)
        with self._lock:
            answers = pl.concat([settled, *self._open(frame.filter(pl.col("__answer").is_null()), numbered, reject)]).sort(ROW)
        return answers.select(*keep, *self.rater.layout.columns)

    def _open(self, frame: pl.DataFrame, keep: Sequence[str], reject: Reject | None) -> Iterator[pl.DataFrame]:
        """Rate rows that the plan leaves open: as columns by the thorough plan, then once for each row like no other."""
        raw = frame.select(*dict.fromkeys([*keep, *self.facts, *self.odd]))
        rated = self._rows.settled(raw.select(ROW, *self.facts))
        if rated is not None:
            settled = rated["__answer"].is_not_null() & (raw[ODD].is_null() if self.odd else True)
            if settled.any():
                words = self._thorough_words.settled(rated.filter(settled), [ROW])
                yield pl.concat([raw.filter(settled).select(keep), words.drop(ROW)], how="horizontal")
                raw = raw.filter(~settled)
        answers, places = self._rows.judged(raw)
        if reject is not None and not all(isinstance(one, dict) for one in answers):
            cases = raw[CASE] if CASE in keep else None
            for row, place in enumerate(places):
                one = answers[place]
                if not isinstance(one, dict):
                    case = None if cases is None or cases[row] is None else str(cases[row])
                    reject(Rejected(raw[ROW][row], case, one))
        stay = pl.Series([self.rater.keeps_refused or isinstance(one, dict) for one in answers], dtype=pl.Boolean)
        cells = [one if isinstance(one, dict) else {} for one in answers]
        columns = [pl.Series(name, [one.get(name) for one in cells], kind).gather(places) for name, kind in self.rater.types.items()]
        yield raw.select(keep).with_columns(columns).filter(stay.gather(places))


class _AnswerWords:
    """The words for the codes of one plan."""

    def __init__(self, codes: Codes, rater: PolarsRater) -> None:
        self.layout, self.codes = rater.layout, codes
        words = [meaning.words() for meaning in codes.meanings]
        self.words = [pl.Series(name, [one[name] for one in words], rater.types[name]) for name in self.layout.verdict]

    def settled(self, frame: pl.DataFrame, more: Sequence[str]) -> pl.DataFrame:
        """Put words to the codes of rows that are settled, beside columns that are handed on."""
        codes = frame["__answer"].cast(pl.UInt32)
        columns = [*(frame[name] for name in more), *(words.gather(codes) for words in self.words)]
        columns += [frame[name] for name in self.layout.criteria]
        if self.layout.interpretations:  # once for each combination of a code and bits that occurs
            keys = frame.select((pl.col("__bits").cast(pl.Int64) * _SHIFT + pl.col("__by_criteria")).alias("k"))["k"]
            distinct = keys.unique()
            kind = pl.Categorical()
            texts = pl.Series([self.codes.interpretations(key % _SHIFT, key // _SHIFT) for key in distinct.to_list()], dtype=kind)
            found = keys.replace_strict(distinct, texts, return_dtype=kind) if keys.len() else pl.Series([], dtype=kind)
            columns.append(found.alias("interpretations"))
        return pl.DataFrame(columns)
