"""What a plan over columns is, and how a frame is taken through it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from policy_engine.columnar.answers import Layout
from policy_engine.columnar.codes import Bits, Codes
from policy_engine.columnar.logic import Truth, all_of
from policy_engine.extras import load_extra

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw
else:
    nw = load_extra("narwhals.stable.v2", "batch")

Schema = Mapping[str, "nw.dtypes.DType"]


class Bounds(NamedTuple):
    """Columns of whole numbers of one width, and how many bits a figure of theirs may have."""

    columns: tuple[str, ...]
    bits: int


class ColumnPlan(NamedTuple):
    """What to work out for each row, step by step; each step may name the columns of those before it."""

    steps: "tuple[Mapping[str, nw.Expr], ...]"
    code: "nw.Expr"
    criteria: "Mapping[str, nw.Expr]"
    """By name of the column: whether each criterion is met, and whether it applies where it need not; NULL is unknown."""
    bits: "nw.Expr"
    codes: Codes
    relied: Bits
    by_row: tuple[str, ...] = ()
    """Constructs that this reader cannot put into columns; rows that meet them are worked out one by one."""


class Within:
    """How an engine tells that every figure of a row is a whole number from 0 that fits so many bits."""

    code: "type[nw.Int32 | nw.UInt8]" = nw.Int32
    """The type of codes."""

    def holds(self, bounds: Sequence[Bounds]) -> Truth:
        """Tell it of the columns of each width."""
        return all_of(self.all_within(group.columns, 1 << group.bits) for group in bounds)

    def all_within(self, columns: Sequence[str], most: int) -> Truth:
        """Tell it of some columns of one width."""
        return all_of(nw.col(name).is_null() | ((nw.col(name) >= 0) & (nw.col(name) < most)) for name in columns)


def stepped(frame: "nw.LazyFrame[Any]", steps: "Iterable[Mapping[str, nw.Expr]]") -> "nw.LazyFrame[Any]":
    """Take a frame through steps, each of which may name the columns of those before it."""
    for step in steps:
        frame = frame.with_columns(**step) if step else frame
    return frame


def planned(frame: "nw.LazyFrame[Any]", columns: ColumnPlan, layout: Layout, raw: Sequence[str]) -> "nw.LazyFrame[Any]":
    """Add to a frame what a plan works out: `__answer`, the criteria that are asked for, and what interpretations hang on.

    Args:
        frame: the rows.
        columns: the plan.
        layout: what is to be told.
        raw: columns that are handed on.
    """
    frame = stepped(frame, columns.steps)
    told = [nw.col(*raw), columns.code.alias("__answer")]
    told += [expression.alias(name) for name, expression in columns.criteria.items() if name in layout.criteria]
    if layout.interpretations:
        base = nw.col("__base") if any("__base" in step for step in columns.steps) else columns.code
        told += [base.alias("__by_criteria"), columns.bits.alias("__bits")]
    return frame.select(*told)
