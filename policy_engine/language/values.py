"""The values of the condition language: exact numbers, days, UNKNOWN and Kleene's logic.

A fact that nobody recorded is UNKNOWN, never zero and never false. Truth therefore has three
values, and the connectives follow Kleene's strong logic: a result is decided only where every
completion of the unknowns would decide it the same way.
"""

from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from typing import Any, Final, NoReturn, TypeAlias, TypeGuard


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Return whether a value is a mapping of keys to anything."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[Any]]:
    """Return whether a value is a list of anything."""
    return isinstance(value, list)


def is_tuple(value: object) -> TypeGuard[tuple[Any, ...]]:
    """Return whether a value is a record, or a frozen list of anything."""
    return isinstance(value, tuple)


class Unknown:
    """A value that was not recorded. There is one instance, `UNKNOWN`."""

    __slots__ = ()

    def __bool__(self) -> NoReturn:
        """Refuse to be taken for true or false; `x is True` and `x is UNKNOWN` are the tests.

        Raises:
            TypeError: always.
        """
        raise TypeError("UNKNOWN is neither true nor false")

    def __repr__(self) -> str:
        """Show itself as it is named in code."""
        return "UNKNOWN"

    def __reduce__(self) -> str:
        """Stay the one instance through copy and pickle."""
        return "UNKNOWN"


class Nothing:
    """A value known not to exist: no such paper, no such day. There is one instance, `NONE`."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Show itself as it is named in code."""
        return "NONE"

    def __reduce__(self) -> str:
        """Stay the one instance through copy and pickle."""
        return "NONE"


class Ratio:
    """A part of a whole above zero, as its two numbers.

    Compared by multiplying crosswise, as in SQL and in the solver: a share is held against a figure
    exactly, and division is never done.
    """

    __slots__ = ("part", "whole")

    def __init__(self, part: "Number", whole: "Number") -> None:
        """Keep both numbers."""
        self.part = part
        self.whole = whole

    @property
    def fraction(self) -> Fraction:
        """The share as a fraction in lowest terms."""
        return Fraction(self.part) / self.whole

    def _ahead_of(self, other: "Number | Ratio") -> "Number":
        """Return a number that is above, below or equal to zero as this share is to the other."""
        if isinstance(other, Ratio):
            return self.part * other.whole - other.part * self.whole
        return self.part * other.denominator - other.numerator * self.whole

    def __eq__(self, other: object) -> bool:
        """Return whether two shares are the same figure."""
        return isinstance(other, (int, Fraction, Ratio)) and self._ahead_of(other) == 0

    def __lt__(self, other: "Number | Ratio") -> bool:
        """Return whether this share is the smaller one."""
        return self._ahead_of(other) < 0

    def __le__(self, other: "Number | Ratio") -> bool:
        """Return whether this share is at most the other."""
        return self._ahead_of(other) <= 0

    def __gt__(self, other: "Number | Ratio") -> bool:
        """Return whether this share is the greater one."""
        return self._ahead_of(other) > 0

    def __ge__(self, other: "Number | Ratio") -> bool:
        """Return whether this share is at least the other."""
        return self._ahead_of(other) >= 0

    def __hash__(self) -> int:
        """Hash as the fraction does, since the two are equal."""
        return hash(self.fraction)

    def __repr__(self) -> str:
        """Show the two numbers."""
        return f"Ratio({self.part}, {self.whole})"


UNKNOWN: Final = Unknown()
NONE: Final = Nothing()

Truth: TypeAlias = bool | Unknown
Number: TypeAlias = int | Fraction
Value: TypeAlias = bool | int | Fraction | Ratio | date | str | frozenset[str] | Unknown | Nothing | tuple[dict[str, "Value"], ...]
Item: TypeAlias = dict[str, Value]


def negate(value: Truth) -> Truth:
    """Return `not value` after Kleene."""
    return UNKNOWN if value is UNKNOWN else value is False


def all_hold(values: Iterable[Truth]) -> Truth:
    """Return the conjunction after Kleene; of nothing it is true."""
    result: Truth = True
    for value in values:
        if value is False:
            return False
        if value is UNKNOWN:
            result = UNKNOWN
    return result


def any_holds(values: Iterable[Truth]) -> Truth:
    """Return the disjunction after Kleene; of nothing it is false."""
    result: Truth = False
    for value in values:
        if value is True:
            return True
        if value is UNKNOWN:
            result = UNKNOWN
    return result
