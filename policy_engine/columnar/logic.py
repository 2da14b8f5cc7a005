"""Kleene's logic over columns: truths that are known before any row is read fall out, so that a plan holds only what it must.

A truth is an expression over columns (NULL is unknown), or `True`, `False` or `UNKNOWN` for every row alike.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeAlias

from policy_engine.extras import load_extra
from policy_engine.language.values import UNKNOWN, Unknown

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw
else:
    nw = load_extra("narwhals.stable.v2", "batch")

Truth: TypeAlias = "nw.Expr | bool | Unknown"


class NotColumnarError(Exception):
    """A construct that this reader cannot put into columns; what rests on it is worked out row by row."""


def all_of(parts: Iterable[Truth]) -> Truth:
    """Return the conjunction after Kleene."""
    return _joined(parts, lambda one, other: one & other, ends=False)


def any_of(parts: Iterable[Truth]) -> Truth:
    """Return the disjunction after Kleene."""
    return _joined(parts, lambda one, other: one | other, ends=True)


def _joined(parts: Iterable[Truth], join: "Callable[[nw.Expr, nw.Expr], nw.Expr]", *, ends: bool) -> Truth:
    """Join truths after Kleene; one that is `ends` decides, and its opposite falls out."""
    joined: nw.Expr | None = None
    open_ = False
    for part in parts:
        if part is ends:
            return ends
        if isinstance(part, Unknown):
            open_ = True
        elif not isinstance(part, bool):
            joined = part if joined is None else join(joined, part)
    if open_:
        return UNKNOWN if joined is None else join(joined, as_column(UNKNOWN))
    return not ends if joined is None else joined


def opposite(part: Truth) -> Truth:
    """Return the negation after Kleene."""
    if isinstance(part, Unknown):
        return UNKNOWN
    return not part if isinstance(part, bool) else ~part


def as_column(part: Truth) -> "nw.Expr":
    """Return a truth as an expression."""
    if isinstance(part, Unknown):
        return nw.lit(None, dtype=nw.Boolean)
    return nw.lit(part, dtype=nw.Boolean) if isinstance(part, bool) else part


def certain(part: Truth, *, unknown: bool) -> Truth:
    """Return a truth with what stands for unknown."""
    if isinstance(part, Unknown):
        return unknown
    return part if isinstance(part, bool) else part.fill_null(unknown)


def agrees(one: Truth, other: Truth) -> Truth:
    """Return whether two truths are the same, where both are known."""
    if isinstance(one, Unknown) or isinstance(other, Unknown):
        return UNKNOWN
    return any_of((all_of((one, other)), all_of((opposite(one), opposite(other)))))
