"""The values of the condition language: exact numbers, days, UNKNOWN and Kleene's logic.

A fact that nobody recorded is UNKNOWN, never zero and never false. Truth therefore has three
values, and the connectives follow Kleene's strong logic: a result is decided only where every
completion of the unknowns would decide it the same way.
"""

from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from typing import Final, NoReturn, TypeAlias


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


UNKNOWN: Final = Unknown()
NONE: Final = Nothing()

Truth: TypeAlias = bool | Unknown
Number: TypeAlias = int | Fraction
Value: TypeAlias = bool | int | Fraction | date | str | Unknown | Nothing | tuple[dict[str, "Value"], ...]
Item: TypeAlias = dict[str, Value]


def negate(value: Truth) -> Truth:
    """Give `not value` after Kleene."""
    return UNKNOWN if value is UNKNOWN else value is False


def all_hold(values: Iterable[Truth]) -> Truth:
    """Give the conjunction after Kleene; of nothing it is true."""
    result: Truth = True
    for value in values:
        if value is False:
            return False
        if value is UNKNOWN:
            result = UNKNOWN
    return result


def any_holds(values: Iterable[Truth]) -> Truth:
    """Give the disjunction after Kleene; of nothing it is false."""
    result: Truth = False
    for value in values:
        if value is True:
            return True
        if value is UNKNOWN:
            result = UNKNOWN
    return result
