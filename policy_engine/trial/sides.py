"""Figures seen from both sides: which cases lie just below each figure, on it, and just above it."""

import ast
from collections.abc import Iterator, Mapping
from datetime import date
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from policy_engine.evaluate.core.expression import Interpreter, interpreter_over
from policy_engine.evaluate.core.facts import known_facts, stand_in
from policy_engine.evaluate.core.plan import Plan, figure, plan_of
from policy_engine.evaluate.duties.bounds import relevance
from policy_engine.evaluate.duties.survey import Surveyor
from policy_engine.language.check import names_in
from policy_engine.language.quantity import Quantity
from policy_engine.language.text import show
from policy_engine.language.types import POINTS
from policy_engine.language.values import UNKNOWN, Number, Ratio, Value
from policy_engine.model.case import Case
from policy_engine.model.rulebook import Edition
from policy_engine.model.verdict import Verdict
from policy_engine.trial.mutants import Place, Spot, spots, unit_of

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
    """Return every comparison with a figure, in the order of the edition; a criterion of several tracks once for each."""
    found: dict[tuple[str, ...], Comparison] = {}
    for spot in spots(edition):
        for one in _of_spot(spot, edition):
            found.setdefault((one.track, one.place.chapter, one.place.owner, one.key, one.text, show(one.figure)), one)
    return tuple(found.values())


def _of_spot(spot: Spot, edition: Edition) -> Iterator[Comparison]:
    """Return the comparisons of one condition, under each track that asks it."""
    before = tuple(condition.tree for condition in (spot.guard, spot.first) if condition)
    tracks = spot.place.tracks if spot.place.tracks and not spot.place.chapter else ("",)
    for track in tracks:
        figures = figures_at(spot.place, track, edition)
        for held, against, beside in _pairs(spot.condition.tree, frozenset(figures) | frozenset(ENDS), ()):
            quantity = figures.get(against.id) if isinstance(against, ast.Name) else None
            unit = unit_of(quantity) if quantity and quantity.type is POINTS else 1
            shown = quantity.text if quantity else show(against)
            yield Comparison(spot.place, track, spot.key, held, against, shown, unit, (*before, *beside))


def figures_at(place: Place, track: str, edition: Edition) -> Mapping[str, Quantity]:
    """Return the figures that may be named at a place."""
    own = [one.thresholds for one in edition.tracks if one.id == track]
    here = [one.thresholds for one in edition.chapters if one.clause == place.chapter]
    return {name: threshold.quantity for figures in (edition.thresholds, *own, *here) for name, threshold in figures.items()}


def _pairs(tree: ast.expr, figures: frozenset[str], beside: tuple[ast.expr, ...]) -> Iterator[Pair]:
    """Return what is held against which figure; what is asked of the items of a list is not looked into."""
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
    """Return two sides with the figure second, where one of them names a figure and the other does not."""
    named = [not figures.isdisjoint(names_in(side)) for side in (one, other)]
    if named[0] is not named[1]:
        held, figure = (other, one) if named[0] else (one, other)
        yield Pair(held, figure, beside)


SIDES = ("below", "on", "above")
"""Just below a figure, exactly on it, just above it: by one step, which a case could make."""


class Unseen(NamedTuple):
    """A side of a figure that no case has seen."""

    comparison: Comparison
    side: str


class Sides:
    """From which sides the figures of an edition were seen, case by case."""

    def __init__(self, edition: Edition) -> None:
        """Begin with nothing seen."""
        self.edition = edition
        self.comparisons = comparisons(edition)
        self._plan = plan_of(edition)
        self._surveyor = Surveyor(self._plan)
        self._seen: set[tuple[int, str]] = set()

    @property
    def total(self) -> int:
        """How many sides there are to be seen."""
        return len(SIDES) * len(self.comparisons)

    def take(self, case: Case, verdict: Verdict) -> None:
        """Look on which side of each figure a case lies; where something is not asked of it, or not known, on none."""
        of_levels = _of_levels(case, verdict, self._plan)
        beside = self._surveyor.values(case, verdict)
        for place, one in enumerate(self.comparisons):
            values = self._values(one, verdict, of_levels, beside)
            if values is not None:
                interpreter = interpreter_over(values, case.facts)
                if all(interpreter.evaluated(guard) is True for guard in one.guards):
                    self._seen |= {(place, side) for side in _sides(one, interpreter)}

    def unseen(self) -> tuple[Unseen, ...]:
        """Return the sides that no case has seen, in the order of the edition."""
        return tuple(
            Unseen(one, side) for place, one in enumerate(self.comparisons) for side in SIDES if (place, side) not in self._seen
        )  # fmt: skip

    def _values(
        self, one: Comparison, verdict: Verdict, of_levels: Mapping[str, Value], beside: Mapping[str, Value]
    ) -> Mapping[str, Value] | None:  # fmt: skip
        """Return what is known where a comparison stands; None where the case is not asked."""
        if one.place.chapter:
            chapter = next(chapter for chapter in self.edition.chapters if chapter.clause == one.place.chapter)
            figures = {name: figure(threshold.quantity) for name, threshold in chapter.thresholds.items()}
            return {**beside, **figures} if relevance(chapter, verdict) is True else None
        return of_levels if not one.track or (verdict.track == one.track and verdict.levels) else None


def _of_levels(case: Case, verdict: Verdict, plan: Plan) -> Mapping[str, Value]:
    """Return what is known of a case under its track, deduced facts and figures with it."""
    facts = known_facts(case, plan)
    if verdict.track:
        facts = stand_in(facts, case, plan.tracks[verdict.track])
    return facts.values | {d.fact: d.value for d in verdict.deductions if facts.values.get(d.fact) is UNKNOWN}


def _sides(one: Comparison, interpreter: Interpreter) -> tuple[str, ...]:
    """Tell on which side a case lies; far from the figure, or where something is not known, on none."""
    limit = interpreter.evaluated(one.figure)
    match one.held:
        case ast.Call(func=ast.Name(id="share"), args=[_, whole]):
            held, step = interpreter.evaluated(one.held), interpreter.evaluated(whole)
            distance = _distance(held, limit)
            return () if distance is None or step is UNKNOWN else _side(distance, Fraction(1) / step)
        case _:
            distance = _distance(interpreter.evaluated(one.held), limit)
            return () if distance is None else _side(distance, one.unit)


def _side(distance: Number, step: Number) -> tuple[str, ...]:
    """Tell the side by the distance from the figure: at most one step is just below it or just above it."""
    if distance == 0:
        return ("on",)
    return () if not -step <= distance <= step else ("below",) if distance < 0 else ("above",)


def _distance(held: Value, limit: Value) -> Number | None:
    """Return how far something lies above a figure; of days, how many days. None where one of them is no figure."""
    match held, limit:
        case date(), date():
            return (held - limit).days
        case ((int() | Fraction() | Ratio()), (int() | Fraction() | Ratio())):
            return _plain(held) - _plain(limit)
        case _:
            return None


def _plain(value: int | Fraction | Ratio) -> Number:
    """Return a share as a fraction."""
    return value.fraction if isinstance(value, Ratio) else value
