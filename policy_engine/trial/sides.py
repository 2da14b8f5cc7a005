"""Figures seen from both sides: which cases lie just below each figure, on it, and just above it."""

from collections.abc import Container, Iterator, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from policy_engine.evaluate.core.expression import Interpreter, interpreter_over
from policy_engine.evaluate.core.facts import known_facts, stand_in
from policy_engine.evaluate.core.plan import figure, plan_of
from policy_engine.evaluate.duties.bounds import relevance
from policy_engine.evaluate.duties.survey import Surveyor
from policy_engine.language.fold import Reader
from policy_engine.language.text import show
from policy_engine.language.tree import Pair, Tree, name_of, names_in, negated, opened
from policy_engine.language.types import POINTS
from policy_engine.language.values import UNKNOWN, Number, Ratio, Value
from policy_engine.model.case import Case
from policy_engine.model.rulebook import Edition
from policy_engine.model.verdict import Verdict
from policy_engine.trial.mutants import RulePlace, Spot, spots, unit_of

ENDS = ("period_start", "period_end")
"""The ends of the period, which conditions name like figures."""


class FigureComparison(NamedTuple):
    """One thing held against one figure, at one place, under one track (or in a chapter, or in a fact: then for all)."""

    place: RulePlace
    track: str
    key: str
    held: Tree
    figure: Tree
    shown: str
    """The figure as it is written, or its name where it is worked out."""
    unit: int | Fraction
    """One step; of a share, one more of the part."""
    guards: tuple[Tree, ...]
    """What must hold for it to be asked, and to matter: where it applies, and what it is joined with."""

    @property
    def text(self) -> str:
        """What is held against the figure, as the condition writes it."""
        return show(self.held)


class _Pair(NamedTuple):
    """Two sides of a comparison, the figure second; and what must hold beside it for it to matter."""

    held: Tree
    figure: Tree
    beside: tuple[Tree, ...]


def comparisons(edition: Edition) -> tuple[FigureComparison, ...]:
    """Return every comparison with a figure, in the order of the edition; a criterion of several tracks once for each."""
    found: dict[tuple[str, ...], FigureComparison] = {}
    for spot in spots(edition):
        for one in _of_spot(spot, edition):
            found.setdefault((one.track, one.place.chapter, one.place.owner, one.key, one.text, show(one.figure)), one)
    return tuple(found.values())


def _of_spot(spot: Spot, edition: Edition) -> Iterator[FigureComparison]:
    before = tuple(condition.tree for condition in (spot.guard, spot.first) if condition)
    tracks = spot.place.tracks if spot.place.tracks and not spot.place.chapter else ("",)
    for track in tracks:
        scopes = [edition.thresholds, *(one.thresholds for one in edition.tracks if one.id == track)]
        scopes += [one.thresholds for one in edition.chapters if one.clause == spot.place.chapter]
        figures = {name: threshold.quantity for scope in scopes for name, threshold in scope.items()}
        for held, against, beside in _Pairs({*figures, *ENDS}).read(spot.condition.tree, beside=()):
            quantity = figures.get(name_of(against))
            yield FigureComparison(
                place=spot.place, track=track, key=spot.key, held=held, figure=against, shown=quantity.text if quantity else show(against),
                unit=unit_of(quantity) if quantity and quantity.type is POINTS else 1, guards=(*before, *beside),
            )  # fmt: skip


class _Pairs(Reader[Iterator[_Pair]]):
    """What is held against which figure; what is asked of the items of a list is not looked into.

    `beside` is what must hold for a pair to matter, handed down: of parts joined by `and` all the others, by `or` none of them.
    """

    def __init__(self, figures: Container[str]) -> None:
        self.figures = figures

    def connective(self, _: Tree, sign: str, parts: Sequence[Tree], *, beside: tuple[Tree, ...]) -> Iterator[_Pair]:
        for part in parts:
            others = [other for other in parts if other is not part]
            yield from self.read(part, beside=(*beside, *(others if sign == "and" else map(negated, others))))

    def negation(self, _: Tree, part: Tree, *, beside: tuple[Tree, ...]) -> Iterator[_Pair]:
        yield from self.read(part, beside=beside)

    def comparison(self, _: Tree, pairs: Sequence[Pair], *, beside: tuple[Tree, ...]) -> Iterator[_Pair]:
        for pair in pairs:
            left, right = (any(name in self.figures for name in names_in(side)) for side in (pair.left, pair.right))
            if left is not right:
                held, figure = (pair.right, pair.left) if left else (pair.left, pair.right)
                yield _Pair(held, figure, beside)

    def nothing(self, *_: object, **__: object) -> Iterator[_Pair]:
        return iter(())

    constant = name = membership = containment = arithmetic = share = count = sum = given = exists = nothing


SIDES = ("below", "on", "above")
"""Just below a figure, exactly on it, just above it: by one step, which a case could make."""


class Unseen(NamedTuple):
    """A side of a figure that no case has seen."""

    comparison: FigureComparison
    side: str


class Sides:
    """From which sides the figures of an edition were seen, case by case."""

    def __init__(self, edition: Edition) -> None:
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
        facts = known_facts(case, self._plan)
        if verdict.track:
            facts = stand_in(facts, case, self._plan.tracks[verdict.track])
        of_levels = facts.values | {d.fact: d.value for d in verdict.deductions if facts.values.get(d.fact) is UNKNOWN}
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
        self, one: FigureComparison, verdict: Verdict, of_levels: Mapping[str, Value], beside: Mapping[str, Value]
    ) -> Mapping[str, Value] | None:  # fmt: skip
        """Return what is known where a comparison stands; None where the case is not asked."""
        if one.place.chapter:
            chapter = next(chapter for chapter in self.edition.chapters if chapter.clause == one.place.chapter)
            figures = {name: figure(threshold.quantity) for name, threshold in chapter.thresholds.items()}
            return {**beside, **figures} if relevance(chapter, verdict) is True else None
        return of_levels if not one.track or (verdict.track == one.track and verdict.levels) else None


def _sides(one: FigureComparison, interpreter: Interpreter) -> tuple[str, ...]:
    """Return on which side a case lies, at most one step away; far from the figure, or where something is not known, on none."""
    distance, step = _distance(interpreter.evaluated(one.held), interpreter.evaluated(one.figure)), one.unit
    construct, parts = opened(one.held)
    if construct == "share":
        whole = interpreter.evaluated(parts[1])
        if distance is None or whole is UNKNOWN:
            return ()
        step = Fraction(1) / whole
    if distance is None or not -step <= distance <= step:
        return ()
    return ("on",) if distance == 0 else ("below",) if distance < 0 else ("above",)


def _distance(held: Value, limit: Value) -> Number | None:
    """Return how far something lies above a figure; of days, how many days. None where one of them is no figure."""
    if isinstance(held, date) and isinstance(limit, date):
        return (held - limit).days
    one, other = (value.fraction if isinstance(value, Ratio) else value for value in (held, limit))
    return one - other if isinstance(one, (int, Fraction)) and isinstance(other, (int, Fraction)) else None
