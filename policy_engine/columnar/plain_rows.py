"""Rows of any engine, handed over as Python's own values: rated by what rates open rows, once for all that must have the same answer."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from policy_engine.columnar.fields import ROOM
from policy_engine.columnar.names import ODD
from policy_engine.columnar.open_rows import Key, OpenRows
from policy_engine.columnar.order import RatesCases
from policy_engine.columnar.rows import Judgement, RowReader
from policy_engine.evaluate.core.plan import plan_of
from policy_engine.extras import load_extra
from policy_engine.language.values import is_array
from policy_engine.load.cells import written
from policy_engine.model.rulebook import Edition

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw
    import polars as pl
else:
    nw = load_extra("narwhals.stable.v2", "batch")
    pl = load_extra("polars", "batch")

Plain = Mapping[str, Any]
"""A row: a value for each column."""
UNFIT = object()
"""A cell that fits no column of its kind; its row is like no other."""


def kind_of(dtype: "nw.dtypes.DType") -> str:
    """Return the name of the type in which Polars holds the values of a column; nothing for lists of items."""
    if isinstance(dtype, nw.List):
        return "List" if dtype.inner == nw.String else ""
    if dtype.is_integer():
        return "Int64"
    if dtype.is_float():
        return "Float64"
    if isinstance(dtype, (nw.Decimal, nw.Categorical, nw.Enum)):
        return "String"
    if isinstance(dtype, nw.Datetime):
        return "" if dtype.time_zone else "Datetime"
    return next((name for name in ("Boolean", "Date", "String", "Binary") if dtype == getattr(nw, name)), "")


class PlainRows:
    """Rates rows under one edition."""

    def __init__(self, edition: Edition, evaluator: RatesCases, facts: Sequence[str], kinds: Mapping[str, str]) -> None:
        """Take the edition.

        Args:
            edition: the edition.
            evaluator: what rates its cases.
            facts: the columns that are facts of it.
            kinds: in which type Polars holds each column; see `kind_of`.
        """
        self.facts = facts
        self.kinds = {name: kinds[name] for name in facts if kinds[name]}
        self.types: dict[str, pl.DataType] = {
            name: pl.List(pl.String()) if kind == "List" else getattr(pl, kind)() for name, kind in self.kinds.items()
        }
        schema = nw.from_native(pl.DataFrame(schema=self.types)).schema
        self.open = OpenRows(plan_of(edition), RowReader(edition, evaluator, facts), schema)

    def judged(self, rows: Sequence[Plain]) -> list[Judgement]:
        """Rate rows."""
        columns = {name: [_cell(row[name], kind) for row in rows] for name, kind in self.kinds.items()}
        cells = {name: [None if cell is UNFIT else cell for cell in column] for name, column in columns.items()}
        keys = self.open.keys(pl.DataFrame(cells, schema=self.types, height=len(rows)))
        unlike = [not self._fits(row) for row in rows]
        for column in columns.values():
            unlike = [one or cell is UNFIT for one, cell in zip(unlike, column, strict=True)]
        own = [None if odd else key for key, odd in zip(keys, unlike, strict=True)]
        answers, places = self.open.once(own, lambda place: self._single(own[place], rows[place]))
        return [answers[place] for place in places]

    def _fits(self, row: Plain) -> bool:
        """Return whether a row is one of plain columns, without lists of items."""
        return row.get(ODD) is None and all(row[name] is None for name in self.facts if name not in self.kinds)

    def _single(self, key: Key, row: Plain) -> Judgement:
        """Rate one row by itself."""
        odd = row.get(ODD)
        return self.open.alone(key, tuple(row[name] for name in self.facts)) if odd is None else self.open.reader.judge_object(odd)


_HELD: Mapping[str, type] = {"Boolean": bool, "Date": date, "Datetime": datetime, "Float64": float, "Binary": bytes, "String": str}


def _cell(value: object, kind: str) -> object:
    """Return a value as Polars holds it."""
    if value is None:
        return None
    if kind == "Int64":
        return value if isinstance(value, int) and -ROOM < value < ROOM else UNFIT
    if kind == "List":
        return list(value) if is_array(value) and all(isinstance(one, str) for one in value) else UNFIT
    if kind == "String" and isinstance(value, Decimal):
        return written(Fraction(value))
    fits = isinstance(value, _HELD[kind]) and isinstance(value, datetime) == (kind == "Datetime")
    return value if fits else UNFIT
