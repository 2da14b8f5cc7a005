"""Small numbers for what a row comes to: a code for the outcome, and bits for what its interpretations hang on.

A plan works out a code and a few bits for each row; the words for them are looked up afterwards, once for each pair that occurs.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from policy_engine.columnar.logic import NotColumnarError, Truth, certain
from policy_engine.extras import load_extra
from policy_engine.language.values import Unknown

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw
else:
    nw = load_extra("narwhals.stable.v2", "batch")

MAX_BITS = 30
"""As many truths as fit beside a code in a whole number of 32 bits with a sign."""
Needs = tuple[tuple[int, bool], ...]
"""Bits with the value that each must have."""


class Meaning(NamedTuple):
    """What a code stands for."""

    track: str | None
    outcome: str
    level: str | None
    gap: bool = False


class Codes:
    """The codes of a plan, in the order in which they were met."""

    def __init__(self) -> None:
        """Begin with none."""
        self.meanings: list[Meaning] = []

    def of(self, meaning: Meaning) -> int:
        """Return the code of a meaning."""
        if meaning not in self.meanings:
            self.meanings.append(meaning)
        return self.meanings.index(meaning)


class Bits:
    """The truths that interpretations hang on, each once; and which interpretation needs which of them, under which codes."""

    def __init__(self) -> None:
        """Begin with none."""
        self.places: dict[str, int] = {}
        self.truths: list[nw.Expr] = []
        self.rules: list[tuple[frozenset[int], str, Needs]] = []

    def needs(self, truths: "Iterable[tuple[str, Truth, bool]]") -> Needs | None:
        """Return the bits of truths, each with a name of its own and the value it must have; None where one never has it.

        A truth that is unknown counts as true: an interpretation is left out only where it surely plays no part.
        """
        found: list[tuple[int, bool]] = []
        for name, truth, value in truths:
            settled = certain(truth, unknown=True)
            if isinstance(settled, (bool, Unknown)):
                if settled is not value:
                    return None
                continue
            if name not in self.places:
                self.places[name] = len(self.truths)
                self.truths.append(settled)
                if len(self.truths) > MAX_BITS:
                    raise NotColumnarError(name)
            found.append((self.places[name], value))
        return tuple(found)

    def use(self, codes: Iterable[int], interpretation: str, truths: "Iterable[tuple[str, Truth, bool]]") -> None:
        """Note that an interpretation is relied on under some codes, where some truths are so."""
        needs = self.needs(truths)
        if needs is not None:
            self.rules.append((frozenset(codes), interpretation, needs))

    def relied_on(self, code: int, bits: int) -> tuple[str, ...]:
        """Return the interpretations that a row relies on, sorted."""
        return tuple(sorted({interpretation for codes, interpretation, needs in self.rules if code in codes and _met(needs, bits)}))

    def column(self) -> "nw.Expr":
        """Return the bits of a row as one whole number."""
        total = nw.lit(0, dtype=nw.Int32)
        for place, truth in enumerate(self.truths):
            total = total + truth.cast(nw.Int32) * (1 << place)
        return total


def _met(needs: Needs, bits: int) -> bool:
    """Return whether bits have the values that are needed."""
    return all(bool(bits >> place & 1) is value for place, value in needs)
