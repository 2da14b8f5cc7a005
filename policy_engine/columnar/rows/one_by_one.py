"""Rows that a plan leaves open: rated by the reference or refused with its reasons, once for all rows that must have the same answer."""

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any, TypeAlias

import narwhals.stable.v2 as nw
import polars as pl

from policy_engine.columnar.order import ODD, RatesCases
from policy_engine.columnar.plan.alike import alike_of
from policy_engine.columnar.plan.answers import AnswerLayout, Cell, answer_of
from policy_engine.columnar.plan.apart import Limits
from policy_engine.columnar.plan.plan import ColumnPlan, Schema, plan_columns, planned, stepped
from policy_engine.columnar.rows.files import frame_of
from policy_engine.columnar.rows.headings import problems_of
from policy_engine.columnar.rows.json_lines import unmarked
from policy_engine.errors import InputError, Problem
from policy_engine.evaluate.core.plan import Plan
from policy_engine.language.values import Value, is_object
from policy_engine.load.case import read_value
from policy_engine.load.cells import read_cell, written
from policy_engine.load.node import Node
from policy_engine.load.yaml_plain import Data, Refusal
from policy_engine.load.yaml_text import Document
from policy_engine.model.case import Case
from policy_engine.source import Location

Judgement: TypeAlias = dict[str, Cell] | tuple[Problem, ...]
"""The answer for a row, or why there is none."""
_Key: TypeAlias = tuple[Any, ...] | None
"""What a row has in common with those whose answer is the same; None for a row like no other."""
_NOWHERE = Location("", 1, 1)
_REMEMBERED = 100_000


class PreparedPlan:
    """A plan that many small frames of one schema go through, one at a time: put together once, which takes longer than the work itself."""

    def __init__(self, plan: "Callable[[pl.LazyFrame], pl.LazyFrame]") -> None:
        self._plan = plan
        self._frame = pl.DataFrame()
        self._planned: pl.LazyFrame | None = None

    def run(self, frame: pl.DataFrame) -> pl.DataFrame:
        self._frame = frame
        if self._planned is None:
            self._planned = self._plan(frame_of(frame.schema, lambda: iter([self._frame])))
        found = self._planned.collect()
        self._frame = frame.clear()
        return found


class OpenRows:
    """Rates open rows of one kind of file, whatever engine left them open."""

    def __init__(self, plan: Plan, evaluator: RatesCases, schema: Schema, layout: AnswerLayout) -> None:
        self.edition, self.evaluator = plan.edition, evaluator
        worded = {name: nw.String() if dtype == nw.Categorical or isinstance(dtype, nw.Enum) else dtype for name, dtype in schema.items()}
        self.facts = [self.edition.facts[name] for name in worded]
        self._texts = {name: dict[str, str | None]() for name, dtype in worded.items() if dtype == nw.String}
        """For each column of texts, what its cells say, each in the one spelling that columns read."""
        self._plan, self._schema, self._layout = plan, worded, layout
        self._remembered: dict[object, Judgement] = {}
        """What rows came to: by what they have in common, or by their cells."""
        self._read: dict[tuple[str, str], Data | Refusal] = {}
        self._limits: tuple[Limits, ...] = ()
        self._orders: dict[tuple[int, ...], int] = {}
        """Each way in which limits lie to each other, by number."""
        self._answers: dict[tuple[tuple[str, Cell], ...], dict[str, Cell]] = {}
        """Each answer once: many thousand rows lead to a few hundred of them."""

    @cached_property
    def thorough(self) -> ColumnPlan:
        """Return a plan that settles more rows than the first one does (without steps where there is none), when an open row is met."""
        return plan_columns(self._plan, self._schema, thorough=True)

    @cached_property
    def _settling(self) -> PreparedPlan:
        return PreparedPlan(lambda frame: planned(frame, self.thorough, self._layout, frame.collect_schema().names()))

    def settled(self, frame: pl.DataFrame) -> pl.DataFrame | None:
        """Take rows through the thorough plan; None where there is none."""
        return self._settling.run(self._spelt(frame)) if self.thorough.steps else None

    @cached_property
    def _keys(self) -> PreparedPlan | None:
        """Return the plan for what rows must have in common, when the first open row is met."""
        if not self._schema:
            return None  # rows without facts have no columns to hold against each other
        alike = alike_of(self._plan, self._schema, detailed=bool(self._layout.criteria) or self._layout.interpretations)
        if alike is None:
            return None
        self._limits = alike.limits
        limits = [name for one in alike.limits for name in (one.alone, *one.columns)]
        first = next(iter(self._schema))  # all else may be the same for every row, and then stand once
        return PreparedPlan(
            lambda frame: (
                stepped(nw.from_native(frame), alike.steps)
                .select(nw.col(first).is_null().alias("__height"), alike.regular.alias("__regular"), *limits, **alike.keys)
                .to_native()
            )
        )

    def judged(self, frame: pl.DataFrame) -> tuple[list[Judgement], list[int]]:
        """Rate rows: return answers, and for each row the place of its own among them. No refusal is shared, since it names figures."""
        cells = frame.select(self._schema.keys())
        odd: list[str | None] = frame[ODD].to_list() if ODD in frame.columns else [None] * frame.height
        keys: Iterable[_Key] = [None] * frame.height
        if self._keys is not None:
            common = self._ordered(self._keys.run(self._spelt(cells)))
            regular = common["__regular"].fill_null(value=False)
            keys = (key if one else None for key, one in zip(common.drop("__regular").rows(), regular, strict=True))
        answers: list[Judgement] = []
        places: list[int] = []
        found: dict[_Key, int] = {}
        for row, (key, text) in enumerate(zip(keys, odd, strict=True)):
            alike = key if text is None else None
            place = found.get(alike) if alike is not None else None
            if place is None or not isinstance(answers[place], dict):
                place = found[alike] = len(answers)
                answers.append(self._object(text) if text is not None else self._once(alike, cells, row))
            places.append(place)
        return answers, places

    def _ordered(self, common: pl.DataFrame) -> pl.DataFrame:
        """Put in the place of limits, where a figure is open and alone in its rules, a number for how they lie to each other."""
        common = common.drop("__height")
        for one in self._limits:
            alone = common[one.alone].arg_true()
            orders = [one.order_of(limits) for limits in common[one.columns][alone].rows()]
            found = [None if order is None else self._orders.setdefault(order, len(self._orders)) for order in orders]
            numbers = pl.repeat(None, common.height, dtype=pl.Int64, eager=True).scatter(alone, pl.Series(found, dtype=pl.Int64))
            common = common.with_columns(numbers.alias(one.alone)).drop(one.columns)
        return common

    def _once(self, key: _Key, cells: pl.DataFrame, row: int) -> Judgement:
        """Rate a row, or remember what one like it came to; a row like no other is remembered by its cells."""
        values = _plain_row(cells, row) if key is None or ("key", key) not in self._remembered else ()
        name = ("cells", values) if key is None else ("key", key)
        if key is None and any(isinstance(cell, list) for cell in values):
            return self._rated(values)
        if name not in self._remembered:
            found = self._rated(values)
            if key is not None and not isinstance(found, dict):
                return found
            if len(self._remembered) > _REMEMBERED:
                self._remembered.clear()
            self._remembered[name] = found
        return self._remembered[name]

    def _object(self, text: str) -> Judgement:
        """Rate a row that is an object of JSON, or say what is wrong with it; what is a fact of another edition plays no part."""
        row = unmarked(text)
        if not is_object(row):
            return problems_of(row)
        return self._evaluated({name: cell for name, cell in row.items() if name in self.edition.facts})

    def _rated(self, cells: tuple[Any, ...]) -> Judgement:
        return self._evaluated({fact.name: cell for fact, cell in zip(self.facts, cells, strict=True) if cell is not None})

    def _evaluated(self, cells: Mapping[str, Any]) -> Judgement:
        """Evaluate a row, each cell as its fact's type asks, unless something is wrong with them; what is not known is left out."""
        problems: list[Problem] = []
        facts: dict[str, Value] = {}
        for name, cell in cells.items():
            fact = self.edition.facts[name]
            data = self._data(name, cell)
            if isinstance(data, Refusal):
                problems.append(Problem(data.code, _NOWHERE, {"name": name, **data.details}))
            elif data is not None:
                document = Document(file="", data=None, places={}, keys={}, lines=(), problems=problems)
                value = read_value(Node(document, data, (name,)), fact, self.edition.scale)
                facts |= {} if value is None else {name: value}
        if problems:
            return tuple(problems)
        try:
            answer = answer_of(self.evaluator.evaluate(Case(id="", edition=self.edition.id, subject={}, facts=facts, expect={}, places={})))
        except InputError as error:
            return error.problems
        return self._answers.setdefault(tuple(answer.items()), answer)

    def _data(self, name: str, cell: object) -> Data | Refusal:
        """Read a cell; what the texts of a column say is remembered, since there are few of them."""
        if type(cell) is not str:
            return read_cell(cell, self.edition.facts[name], self.edition.scale)
        if (name, cell) not in self._read:
            if len(self._read) > _REMEMBERED:
                self._read.clear()
            self._read[name, cell] = read_cell(cell, self.edition.facts[name], self.edition.scale)
        return self._read[name, cell]

    def _spelt(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return a frame with each text in the one spelling that columns read; a cell that says nothing clear stays as it stands."""
        changed: list[pl.Series] = []
        for name, spelling in self._texts.items():
            column = frame[name].cast(pl.String)
            cells: list[str] = column.drop_nulls().unique().to_list()
            if len(spelling) + len(cells) > _REMEMBERED:
                spelling.clear()
            for cell in cells:
                if cell not in spelling:
                    data = self._data(name, cell)
                    spelling[cell] = cell if isinstance(data, Refusal) else written(data)
            other = [cell for cell in cells if spelling[cell] != cell]
            if other:
                column = column.replace(other, pl.Series([spelling[cell] for cell in other], dtype=pl.String))
            changed.append(column)
        return frame.with_columns(changed)


def _plain_row(cells: pl.DataFrame, row: int) -> tuple[Any, ...]:
    """Return a row as Python's own values; of days that Python does not have, their texts."""
    try:
        return cells.row(row)
    except (ValueError, OverflowError):
        return cells[row].with_columns(pl.col(pl.Date, pl.Datetime).cast(pl.String)).row(0)
