"""Every place where a condition holds something against a figure: what is held, against which figure, in which steps."""

import ast
from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from policy_engine.language.check import names_in
from policy_engine.language.quantity import Quantity
from policy_engine.language.show import show
from policy_engine.language.types import POINTS
from policy_engine.model.rulebook import Edition
from policy_engine.trial.places import Place, Spot, spots
from policy_engine.trial.slips import unit_of

ENDS = ("period_start", "period_end")
"""The ends of the period, which conditions name like figures."""


class Comparison(NamedTuple):
    """One thing held against one figure, at one place, under one track (or in a chapter, or in a fact: then for all)."""

    place: Place
    track: str
    key: str
    held: ast.expr
    figure: ast.expr
    shown: str
    """The figure as it is written, or its name where it is worked out."""
    unit: int | Fraction
    """One step; of a share, one more of the part."""
    guards: tuple[ast.expr, ...]
    """What must hold for it to be asked, and to matter: where it applies, and what it is joined with."""

    @property
    def text(self) -> str:
        """What is held against the figure, as the condition writes it."""
        return show(self.held)


class Pair(NamedTuple):
    """Two sides of a comparison, the figure second; and what must hold beside it for it to matter."""

    held: ast.expr
    figure: ast.expr
    beside: tuple[ast.expr, ...]


def comparisons(edition: Edition) -> tuple[Comparison, ...]:
    """Give every comparison with a figure, in the order of the edition; a criterion of several tracks once for each."""
    found: dict[tuple[str, ...], Comparison] = {}
    for spot in spots(edition):
        for one in _of_spot(spot, edition):
            found.setdefault((one.track, one.place.chapter, one.place.owner, one.key, one.text, show(one.figure)), one)
    return tuple(found.values())


def _of_spot(spot: Spot, edition: Edition) -> Iterator[Comparison]:
    """Give the comparisons of one condition, under each track that asks it."""
    before = tuple(condition.tree for condition in (spot.guard, spot.first) if condition)
    tracks = spot.place.tracks if spot.place.tracks and not spot.place.chapter else ("",)
    for track in tracks:
        figures = figures_at(spot.place, track, edition)
        for held, figure, beside in _pairs(spot.condition.tree, frozenset(figures) | frozenset(ENDS), ()):
            quantity = figures.get(figure.id) if isinstance(figure, ast.Name) else None
            unit = unit_of(quantity) if quantity and quantity.type is POINTS else 1
            shown = quantity.text if quantity else show(figure)
            yield Comparison(spot.place, track, spot.key, held, figure, shown, unit, (*before, *beside))


def figures_at(place: Place, track: str, edition: Edition) -> Mapping[str, Quantity]:
    """Give the figures that may be named at a place."""
    own = [one.thresholds for one in edition.tracks if one.id == track]
    here = [one.thresholds for one in edition.chapters if one.clause == place.chapter]
    return {name: threshold.quantity for figures in (edition.thresholds, *own, *here) for name, threshold in figures.items()}


def _pairs(tree: ast.expr, figures: frozenset[str], beside: tuple[ast.expr, ...]) -> Iterator[Pair]:
    """Give what is held against which figure; what is asked of the items of a list is not looked into."""
    match tree:
        case ast.BoolOp(op=operator, values=parts):
            for part in parts:
                others = [other for other in parts if other is not part]
                needed = others if isinstance(operator, ast.And) else [ast.UnaryOp(ast.Not(), other) for other in others]
                yield from _pairs(part, figures, (*beside, *needed))
        case ast.UnaryOp(operand=operand):
            yield from _pairs(operand, figures, beside)
        case ast.Compare(left=left, ops=signs, comparators=comparators):
            for (one, other), sign in zip(pairwise((left, *comparators)), signs, strict=True):
                if not isinstance(sign, (ast.In, ast.NotIn)):
                    yield from _pair(one, other, figures, beside)
        case _:
            return


def _pair(one: ast.expr, other: ast.expr, figures: frozenset[str], beside: tuple[ast.expr, ...]) -> Iterator[Pair]:
    """Give two sides with the figure second, where one of them names a figure and the other does not."""
    named = [not figures.isdisjoint(names_in(side)) for side in (one, other)]
    if named[0] is not named[1]:
        held, figure = (other, one) if named[0] else (one, other)
        yield Pair(held, figure, beside)
