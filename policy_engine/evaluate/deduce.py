"""What invariants imply: the value of a fact that the case leaves open, with the rules that force it.

Bounds are narrowed rule by rule until nothing moves. Each bound remembers the rules that
it rests on, so that a deduced value can be shown with its reasons.
"""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import ceil, floor
from typing import NamedTuple

from policy_engine.evaluate.formula import All, Atom, Formula
from policy_engine.evaluate.linear import Row
from policy_engine.evaluate.variables import Variables

MAX_ROUNDS = 60

Bounds = dict[tuple[str, bool], tuple[Fraction | int, frozenset[str]]]
"""By variable and side (True is the upper one): the bound, and the rules that it rests on."""


class Narrowed(NamedTuple):
    """The values that are forced, with their rules; and the rules that exclude each other, where some do."""

    values: Mapping[str, tuple[Fraction | int, frozenset[str]]]
    clash: frozenset[str] = frozenset()


def narrow(rules: Iterable[tuple[str, Formula]], variables: Variables) -> Narrowed:
    """Narrow the bounds of every variable by rules, each given with its id."""
    rows = [(row, frozenset({rule})) for rule, formula in rules for row in _rows(formula)]
    bounds: Bounds = {}
    for name, ends in variables.domains.items():
        for upper, end in zip((False, True), ends, strict=True):
            if end is not None:
                bounds[name, upper] = (end, frozenset())
    for _ in range(MAX_ROUNDS):
        moved = [_tighten(row, reasons, bounds, variables) for row, reasons in rows]
        clash = _clash(bounds, variables)
        if clash is not None:
            return Narrowed({}, clash)
        if not any(moved):
            break
    return Narrowed({name: _met(name, bounds) for name in variables.domains if _closed(name, bounds)})


def _rows(formula: Formula) -> list[Row]:
    """Give the rows that a formula asserts outright."""
    if isinstance(formula, Atom):
        return [formula.row]
    return [row for part in formula.parts for row in _rows(part)] if isinstance(formula, All) else []


def _tighten(row: Row, reasons: frozenset[str], bounds: Bounds, variables: Variables) -> bool:
    """Narrow each variable of a row by the bounds of the others; tell whether one moved."""
    moved = False
    for name, own in row.terms:
        rest, because = Fraction(row.bound), reasons
        for other, c in row.terms:
            if other != name:
                end = bounds.get((other, c < 0))
                if end is None:
                    break
                rest, because = rest - c * end[0], because | end[1]
        else:
            moved |= _narrow_one(name, rest / own, because, bounds, upper=own > 0, whole=not variables.rational(name))
    return moved


def _narrow_one(name: str, end: Fraction, because: frozenset[str], bounds: Bounds, *, upper: bool, whole: bool) -> bool:
    """Move one bound inwards; tell whether it moved."""
    limit: Fraction | int = (floor(end) if upper else ceil(end)) if whole else end
    known = bounds.get((name, upper))
    if known is not None and (limit >= known[0] if upper else limit <= known[0]):
        return False
    bounds[name, upper] = (limit, because)
    return True


def _clash(bounds: Bounds, variables: Variables) -> frozenset[str] | None:
    """Give the rules that leave a variable no value."""
    for name in variables.domains:
        least, most = bounds.get((name, False)), bounds.get((name, True))
        if least and most and least[0] > most[0]:
            return least[1] | most[1]
    return None


def _closed(name: str, bounds: Bounds) -> bool:
    """Tell whether the two bounds of a variable have met."""
    least, most = bounds.get((name, False)), bounds.get((name, True))
    return bool(least and most and least[0] == most[0])


def _met(name: str, bounds: Bounds) -> tuple[Fraction | int, frozenset[str]]:
    """Give the value at which the bounds of a variable met, and the rules of both."""
    least, most = bounds[name, False], bounds[name, True]
    return least[0], least[1] | most[1]
