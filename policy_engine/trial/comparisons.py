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
from policy_engine.model.facts import Condition
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
    name: str
    """The figure's name."""
    shown: str
    """The figure as it is written, or its name where it is worked out."""
    unit: int | Fraction
    """One step; of a share, one more of the part."""
    guards: tuple[Condition, ...]
    """What must hold for it to be asked."""

    @property
    def text(self) -> str:
        """What is held against the figure, as the condition writes it."""
        return show(self.held)


def comparisons(edition: Edition) -> tuple[Comparison, ...]:
    """Give every comparison with a figure, in the order of the edition; a criterion of several tracks once for each."""
    found: dict[tuple[str, ...], Comparison] = {}
    for spot in spots(edition):
        for one in _of_spot(spot, edition):
            found.setdefault((one.track, one.place.chapter, one.place.owner, one.key, one.text, show(one.figure)), one)
    return tuple(found.values())


def _of_spot(spot: Spot, edition: Edition) -> Iterator[Comparison]:
    """Give the comparisons of one condition."""
    guards = (spot.guard,) if spot.guard else ()
    for track in spot.place.tracks if not spot.place.chapter else ("",):
        figures = figures_at(spot.place, track, edition)
        for held, figure in _pairs(spot.condition.tree, frozenset(figures) | frozenset(ENDS)):
            name = next(name for name in names_in(figure) if name in figures or name in ENDS)
            quantity = figures.get(name) if isinstance(figure, ast.Name) else None
            shown = quantity.text if quantity else show(figure)
            unit = unit_of(quantity) if quantity and quantity.type is POINTS else 1
            yield Comparison(spot.place, track, spot.key, held, figure, name, shown, unit, guards)
    if not spot.place.tracks and not spot.place.chapter:
        for held, figure in _pairs(spot.condition.tree, frozenset(edition.thresholds) | frozenset(ENDS)):
            shown = edition.thresholds[figure.id].quantity.text if isinstance(figure, ast.Name) and figure.id in edition.thresholds else ""
            yield Comparison(spot.place, "", spot.key, held, figure, show(figure), shown or show(figure), 1, guards)


def figures_at(place: Place, track: str, edition: Edition) -> Mapping[str, Quantity]:
    """Give the figures that may be named at a place."""
    own = next((one.thresholds for one in edition.tracks if one.id == track), {})
    here = next((one.thresholds for one in edition.chapters if one.clause == place.chapter), {})
    return {name: threshold.quantity for name, threshold in {**edition.thresholds, **own, **here}.items()}


def _pairs(tree: ast.expr, figures: frozenset[str]) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Give what is held against which figure; what is asked of the items of a list is not looked into."""
    match tree:
        case ast.BoolOp(values=parts):
            for part in parts:
                yield from _pairs(part, figures)
        case ast.UnaryOp(operand=operand):
            yield from _pairs(operand, figures)
        case ast.Compare(left=left, ops=operators, comparators=comparators):
            for (one, other), operator in zip(pairwise((left, *comparators)), operators, strict=True):
                if not isinstance(operator, (ast.In, ast.NotIn)):
                    yield from _pair(one, other, figures)
        case _:
            return


def _pair(one: ast.expr, other: ast.expr, figures: frozenset[str]) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Give two sides with the figure second, where one of them names a figure and the other does not."""
    named = [not figures.isdisjoint(names_in(side)) for side in (one, other)]
    if named[0] is not named[1]:
        yield (other, one) if named[0] else (one, other)
