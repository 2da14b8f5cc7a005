"""Rows that a plan leaves open: rated by the reference, once for all rows that must have the same answer."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TypeAlias

from policy_engine.columnar.alike import Alike, alike_of
from policy_engine.columnar.column_plan import ColumnPlan, Schema, Within, stepped
from policy_engine.columnar.names import ODD
from policy_engine.columnar.plan import plan_columns
from policy_engine.columnar.rows import REMEMBERED, Judgement, RowReader
from policy_engine.columnar.steady import Steady
from policy_engine.evaluate.core.plan import Plan
from policy_engine.extras import load_extra

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw
    import polars as pl
else:
    nw = load_extra("narwhals.stable.v2", "batch")
    pl = load_extra("polars", "batch")


Key: TypeAlias = tuple[Any, ...] | None
"""What a row has in common with those whose answer is the same; None for a row like no other."""


class OpenRows:
    """Rates open rows of one kind of file, whatever engine left them open."""

    def __init__(self, plan: Plan, reader: RowReader, schema: Schema) -> None:
        """Take the edition, what rates its rows one by one, and the columns that are facts."""
        self.plan, self.reader = plan, reader
        self.schema = {name: nw.String() if _is_words(dtype) else dtype for name, dtype in schema.items()}
        self._steady: Steady | None = None
        self._spelt = {name: dict[str, str | None]() for name, dtype in self.schema.items() if dtype == nw.String}
        """For each column of texts, what its cells say, each in the one spelling that columns read."""
        self._remembered: OrderedDict[Key, Judgement] = OrderedDict()

    @cached_property
    def patient(self) -> ColumnPlan:
        """Return a plan that settles more rows than the first one does (without steps where there is none), when an open row is met."""
        return plan_columns(self.plan, self.schema, Within(), patient=True)

    @cached_property
    def _alike(self) -> Alike | None:
        """Work out what rows must have in common, when the first open row is met."""
        return alike_of(self.plan, self.schema, Within())

    def spelt(self, frame: "pl.DataFrame") -> "pl.DataFrame":
        """Return a frame with each text in the one spelling that columns read; a cell that says nothing clear stays as it stands."""
        changed: list[pl.Series] = []
        for name, known in self._spelt.items():
            column = frame[name].cast(pl.String)
            cells: list[str] = column.drop_nulls().unique().to_list()
            if len(known) + len(cells) > REMEMBERED:
                known.clear()
            known |= {cell: self.reader.spelt(name, cell) for cell in cells if cell not in known}
            other = [cell for cell in cells if known[cell] != cell]
            if other:
                column = column.replace(other, pl.Series([known[cell] for cell in other], dtype=pl.String))
            changed.append(column)
        return frame.with_columns(changed)

    def judged(self, frame: "pl.DataFrame") -> "tuple[list[Judgement], list[int]]":
        """Rate rows.

        Args:
            frame: a column for each fact, and `__odd` where the file has rows that fit no columns.

        Returns:
            Answers, and for each row the place of its own among them.
        """
        cells = frame.select(self.schema.keys())
        odd: list[str | None] = frame[ODD].to_list() if ODD in frame.columns else [None] * frame.height
        keys = [key if text is None else None for key, text in zip(self.keys(cells), odd, strict=True)]

        def judge(row: int) -> Judgement:
            text = odd[row]
            if text is not None:
                return self.reader.judge_object(text)
            return self.alone(keys[row], _plain_row(cells, row))

        return self.once(keys, judge)

    def keys(self, cells: "pl.DataFrame") -> list[Key]:
        """Return what each row has in common with those whose answer is the same; None for a row like no other."""
        if self._alike is None:
            return [None] * cells.height
        cells = self.spelt(cells)
        if self._steady is None:
            self._steady = Steady(cells, partial(_with_keys, self._alike))
        told = self._steady.run(cells)
        regular = told["__regular"].fill_null(value=False)
        return [key if one else None for key, one in zip(told.drop("__regular").rows(), regular, strict=True)]

    def alone(self, key: Key, cells: tuple[Any, ...]) -> Judgement:
        """Rate one row by itself; only one like no other is remembered by its cells, since rows like it are found by their key."""
        return self.reader.judge(cells) if key is None else self.reader.judge_anew(cells)

    def once(self, keys: Sequence[Key], judge: Callable[[int], Judgement]) -> tuple[list[Judgement], list[int]]:
        """Rate rows, those with the same key once; see `judged`. No refusal is shared, since it names figures."""
        answers: list[Judgement] = []
        places: list[int] = []
        found: dict[Key, int] = {}
        for row, key in enumerate(keys):
            place = found.get(key) if key is not None else None
            if place is None or not isinstance(answers[place], dict):
                place = found[key] = len(answers)
                answers.append(self._remembering(key, row, judge))
            places.append(place)
        return answers, places

    def _remembering(self, key: Key, row: int, judge: Callable[[int], Judgement]) -> Judgement:
        """Rate one row; what rows like it came to is remembered from frame to frame."""
        told = self._remembered.get(key) if key is not None else None
        if told is None:
            told = judge(row)
            if key is not None and isinstance(told, dict):
                self._remembered[key] = told
                if len(self._remembered) > REMEMBERED:
                    self._remembered.popitem(last=False)
        return told


def _plain_row(cells: "pl.DataFrame", row: int) -> tuple[Any, ...]:
    """Return a row as Python's own values; of days that Python does not have, their texts."""
    try:
        return cells.row(row)
    except (ValueError, OverflowError):
        return cells[row].with_columns(pl.col(pl.Date, pl.Datetime).cast(pl.String)).row(0)


def _is_words(dtype: "nw.dtypes.DType") -> bool:
    """Return whether a column holds words of a list that goes with it, as a column of texts may."""
    return dtype == nw.Categorical or isinstance(dtype, nw.Enum)


def _with_keys(alike: Alike, native: "pl.LazyFrame") -> "pl.LazyFrame":
    """Work out what rows have in common."""
    frame = stepped(nw.from_native(native), alike.steps)
    told: pl.LazyFrame = frame.select(alike.regular.alias("__regular"), **alike.keys).to_native()
    return told
