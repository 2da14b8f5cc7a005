"""What a condition compared: the figures of a case with their types and units, beside the sentence that they decide.

A trace holds the few values that a condition reads, and the workings of that condition, which are prepared once per edition; what is
made of the two is worked out when somebody reads it.
"""

from typing import Protocol

from policy_engine.language.values import Truth, Value
from policy_engine.model.facts import Texts
from policy_engine.tuples import NamedTuple


class Seen(NamedTuple):
    """Figures of the case that are read together: a part and its whole, or the two sides; `label` is the text that they need beside them.

    A figure is None where the condition never asks for it, since there is nothing to take a share of.
    """

    label: str
    values: tuple[Value | None, ...]


class ComparedSide(NamedTuple):
    """One side of a comparison.

    Of a share `part` and `whole` are its two figures. `items` are the places of the items that a question about a list counts, the
    first being 1. A level stands by its id.
    """

    text: str
    type: str
    value: Value | None
    unit: Texts = {}
    part: Value | None = None
    whole: Value | None = None
    items: tuple[int, ...] | None = None


class Compared(NamedTuple):
    """One comparison of a condition, or a fact that is true or false by itself; the truth is None where it is never asked."""

    text: str
    truth: Truth | None
    sides: tuple[ComparedSide, ...]


class Workings(Protocol):
    """How evidence is worked out from the values that a condition reads."""

    def seen(self, values: tuple[Value, ...], *, whole_lists: bool = False) -> tuple[Seen, ...]: ...

    def comparisons(self, values: tuple[Value, ...]) -> tuple[Compared, ...]: ...


class WorkedOut(NamedTuple):
    """Evidence that was worked out before: what travels to another process, and what was never a condition."""

    figures: tuple[Seen, ...] = ()
    compared: tuple[Compared, ...] = ()

    def seen(self, values: tuple[Value, ...], *, whole_lists: bool = False) -> tuple[Seen, ...]:
        del values, whole_lists
        return self.figures

    def comparisons(self, values: tuple[Value, ...]) -> tuple[Compared, ...]:
        del values
        return self.compared


class Evidence:
    """What one condition saw of one case."""

    __slots__ = ("_values", "_workings")

    def __init__(self, workings: Workings, values: tuple[Value, ...] = ()) -> None:
        self._workings = workings
        self._values = values

    @property
    def seen(self) -> tuple[Seen, ...]:
        """The figures of the case, in the order of the condition, each once."""
        return self._workings.seen(self._values)

    def seen_before(self) -> tuple[Seen, ...]:
        """Return the figures as records before form 3 have them: where something is asked about a list, the list."""
        return self._workings.seen(self._values, whole_lists=True)

    @property
    def comparisons(self) -> tuple[Compared, ...]:
        """Every comparison of the condition, in its order."""
        return self._workings.comparisons(self._values)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Evidence):
            return NotImplemented
        same = self._workings is other._workings and self._values == other._values
        return same or (self.seen, self.comparisons) == (other.seen, other.comparisons)

    def __hash__(self) -> int:
        return hash(tuple(one.label for one in self.seen))

    def __reduce__(self) -> tuple[type["Evidence"], tuple[WorkedOut]]:
        return Evidence, (WorkedOut(self.seen, self.comparisons),)

    def __repr__(self) -> str:
        return f"Evidence({self.seen!r})"


NOTHING_SEEN = Evidence(WorkedOut())
