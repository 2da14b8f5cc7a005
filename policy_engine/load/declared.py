"""What an edition declares, by name: a declaration that could not be read still counts as one.

The fault is told where it stands. Whatever only follows from it (a name that seems to be missing, a figure that seems to fill no
sentence, a guard that seems to be forgotten) is held back until it is mended, since nobody can tell whether it will remain.
"""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from policy_engine.language.types import ANY, WRONG, Named

_Part = TypeVar("_Part")

_UNREAD = Named(WRONG, constant=True)


class Declared(dict[str, _Part]):
    """The parts of one sort by name; `open` where some name could not be read, so that any name may be among them."""

    __slots__ = ("open",)

    def __init__(self, parts: Mapping[str, _Part] | Iterable[tuple[str, _Part]] = (), *, open: bool = False) -> None:  # noqa: A002  (what it is)
        """Take the parts that could be read, and whether there may be others."""
        super().__init__(parts)
        self.open = open

    def may_have(self, name: str) -> bool:
        """Tell whether a name is declared, or may be."""
        return self.open or name in self


class Everything(frozenset[str]):
    """A set that holds every text: what is known to be above zero where a rule that may say so could not be read."""

    def __contains__(self, _text: object) -> bool:
        """Hold every text."""
        return True

    def __or__(self, _others: object) -> "Everything":
        """Stay as it is."""
        return self


def open_scope(*, unread: bool) -> dict[str, Named]:
    """Give the part of a scope that stands for a block of names that could not be read."""
    return {ANY: _UNREAD} if unread else {}


def is_unread(name: str, scope: Mapping[str, Named]) -> bool:
    """Tell whether a name stands for something whose declaration could not be read, or may do so."""
    named = scope.get(name) or scope.get(ANY)
    return named is not None and named.type is WRONG
