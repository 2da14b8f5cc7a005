"""Rows that a plan leaves open: rated by the reference, once for all rows that must have the same answer."""

from collections import OrderedDict
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from policy_engine.columnar.alike import Alike, alike_of
from policy_engine.columnar.column_plan import ColumnPlan, Schema, Within
from policy_engine.columnar.order import RatesCases
from policy_engine.columnar.plan import plan_columns
from policy_engine.columnar.rows import REMEMBERED, Judgement, RowReader
from policy_engine.columnar.sources import ODD
from policy_engine.columnar.steady import Steady
from policy_engine.evaluate.plan import Plan
from policy_engine.extras import load_extra

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw
    import polars as pl
else:
    nw = load_extra("narwhals.stable.v2", "batch")
    pl = load_extra("polars", "batch")


class OpenRows:
    """Rates open rows of one kind of file, whatever engine left them open."""

    def __init__(self, plan: Plan, evaluator: RatesCases, schema: Schema) -> None:
        """Take the edition, what rates its cases, and the columns that are facts."""
        self.plan, self.schema = plan, schema
        self.reader = RowReader(plan.edition, evaluator, list(schema))
        self._steady: Steady | None = None
        self._remembered: OrderedDict[tuple[Any, ...], Judgement] = OrderedDict()

    @cached_property
    def patient(self) -> ColumnPlan:
        """Give a plan that settles more rows than the first one does (without steps where there is none), when an open row is met."""
        return plan_columns(self.plan, self.schema, Within(), patient=True)

    @cached_property
    def _alike(self) -> Alike | None:
        """Work out what rows must have in common, when the first open row is met."""
        return alike_of(self.plan, self.schema, Within())

    def judged(self, frame: "pl.DataFrame") -> "tuple[list[Judgement], pl.Series]":
        """Rate rows.

        Args:
            frame: a column for each fact, and `__odd` where the file has rows that fit no columns.

        Returns:
            Answers, and for each row the place of its own among them.
        """
        cells = frame.select(self.schema.keys())
        likeness = self._likeness(cells, frame[ODD] if ODD in frame.columns else None)
        answers: list[Judgement] = []
        places: list[int] = []
        found: dict[tuple[Any, ...], int] = {}
        odd = frame[ODD].to_list() if ODD in frame.columns else [None] * frame.height
        for row, (key, text) in enumerate(zip(likeness, odd, strict=True)):
            place = found.get(key) if key is not None else None
            if place is None or not isinstance(answers[place], dict):
                place = len(answers)
                answers.append(self._judge(cells, row, key, text))
                if key is not None:
                    found[key] = place
            places.append(place)
        return answers, pl.Series(places, dtype=pl.UInt32)

    def _likeness(self, cells: "pl.DataFrame", odd: "pl.Series | None") -> list[tuple[Any, ...] | None]:
        """Give what each row has in common with those whose answer is the same; None for a row like no other."""
        if self._alike is None:
            return [None] * cells.height
        if self._steady is None:
            self._steady = Steady(cells, partial(_with_keys, self._alike))
        told = self._steady.run(cells)
        regular = told["__regular"].fill_null(value=False)
        if odd is not None:
            regular = regular & odd.is_null()
        keys = told.drop("__regular").rows()
        return [key if one else None for key, one in zip(keys, regular, strict=True)]

    def _judge(self, cells: "pl.DataFrame", row: int, key: tuple[Any, ...] | None, text: str | None) -> Judgement:
        """Rate one row; what rows like it came to is remembered from frame to frame, but no refusal, which names figures."""
        if text is not None:
            return self.reader.judge_object(text)
        if key is None:
            return self.reader.judge(cells.row(row))
        found = self._remembered.get(key)
        if found is None:
            found = self.reader.judge(cells.row(row))
            if isinstance(found, dict):
                self._remembered[key] = found
                if len(self._remembered) > REMEMBERED:
                    self._remembered.popitem(last=False)
        return found


def _with_keys(alike: Alike, native: "pl.LazyFrame") -> "pl.LazyFrame":
    """Work out what rows have in common."""
    frame = nw.from_native(native)
    for step in alike.steps:
        frame = frame.with_columns(**step) if step else frame
    return frame.select(alike.regular.alias("__regular"), **alike.keys).to_native()
