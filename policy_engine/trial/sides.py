"""Figures seen from both sides: which cases lie just below each figure, on it, and just above it."""

import ast
from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from policy_engine.evaluate.bounds import relevance
from policy_engine.evaluate.duties import Surveyor
from policy_engine.evaluate.expression import Interpreter, interpreter_over
from policy_engine.evaluate.facts import known_facts, stand_in
from policy_engine.evaluate.plan import Plan, figure, plan_of
from policy_engine.language.values import UNKNOWN, Number, Ratio, Value
from policy_engine.model.case import Case
from policy_engine.model.rulebook import Edition
from policy_engine.model.verdict import Verdict
from policy_engine.trial.comparisons import Comparison, comparisons

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
        """Give the sides that no case has seen, in the order of the edition."""
        return tuple(
            Unseen(one, side) for place, one in enumerate(self.comparisons) for side in SIDES if (place, side) not in self._seen
        )  # fmt: skip

    def _values(
        self, one: Comparison, verdict: Verdict, of_levels: Mapping[str, Value], beside: Mapping[str, Value]
    ) -> Mapping[str, Value] | None:  # fmt: skip
        """Give what is known where a comparison stands; None where the case is not asked."""
        if one.place.chapter:
            chapter = next(chapter for chapter in self.edition.chapters if chapter.clause == one.place.chapter)
            figures = {name: figure(threshold.quantity) for name, threshold in chapter.thresholds.items()}
            return {**beside, **figures} if relevance(chapter, verdict) is True else None
        return of_levels if not one.track or (verdict.track == one.track and verdict.levels) else None


def _of_levels(case: Case, verdict: Verdict, plan: Plan) -> Mapping[str, Value]:
    """Give what is known of a case under its track, deduced facts and figures with it."""
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
    """Give how far something lies above a figure; of days, how many days. None where one of them is no figure."""
    match held, limit:
        case date(), date():
            return (held - limit).days
        case ((int() | Fraction() | Ratio()), (int() | Fraction() | Ratio())):
            return _plain(held) - _plain(limit)
        case _:
            return None


def _plain(value: int | Fraction | Ratio) -> Number:
    """Give a share as a fraction."""
    return value.fraction if isinstance(value, Ratio) else value
