"""A few values of every fact of a track, and what the reference says of each of their combinations: what a solver must say too."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import NamedTuple

from policy_engine.errors import InputError
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.evaluate.transitions import key_of
from policy_engine.language.values import NONE, Value
from policy_engine.model.case import Case
from policy_engine.model.rulebook import Edition, Monotonicity, Track
from policy_engine.model.verdict import Verdict
from policy_engine.prove.ask import Asker
from policy_engine.prove.symbols import Symbol
from policy_engine.prove.terms import Flags, Term, Words, conjunction, constant, disjunction, z3
from policy_engine.prove.tracks import Inquiry, stated
from tests.editions.random_conditions import Dice
from tests.editions.random_editions import facts_of

MOST_POINTS = 16


class Point(NamedTuple):
    """One combination, and the verdict; None where the reference refuses it or sees it in no track, or another."""

    values: Mapping[str, Value]
    verdict: Verdict | None

    @property
    def outcome(self) -> str:
        return key_of(self.verdict) if self.verdict else ""

    @property
    def met(self) -> set[str]:
        return {trace.level for trace in self.verdict.levels if trace.outcome == "met"} if self.verdict else set()

    def criteria(self) -> dict[str, str]:
        """Return how every criterion stands."""
        return {c.id: c.outcome for trace in self.verdict.levels for c in trace.criteria} if self.verdict else {}


class Box(NamedTuple):
    """A track put to the solver within a few values of its facts, and all its points."""

    inquiry: Inquiry
    points: tuple[Point, ...]
    always: Term
    """What is always true in the track, outside of the box too."""
    within: Term

    @property
    def inside(self) -> tuple[Point, ...]:
        return tuple(point for point in self.points if point.verdict)

    def terms(self) -> list[Term]:
        """Return the formula of each point, by what differs from point to point."""
        symbols = self.inquiry.meaning.symbols
        first = self.points[0].values
        moving = [n for n, v in first.items() if any(point.values[n] != v for point in self.points)]
        return [conjunction(_is(symbols.of[n], point.values[n], symbols.words) for n in moving) for point in self.points]


def box_of(dice: Dice, edition: Edition, track: Track) -> Box:
    """Draw a box of a track: two or three values a fact, as many as leave few combinations; with promises about its numbers."""
    numbers = [name for name in track.reads if edition.facts[name].type.kind in {"count", "months", "points"}]
    numbers = [name for name in numbers if not edition.facts[name].derived]
    promises = tuple(
        Monotonicity(f"{name}_{never}", name, never, {}, track.location) for name in numbers[:2] for never in ("lowers", "raises")
    )  # fmt: skip
    track = track._replace(monotone=promises)
    edition = edition._replace(tracks=tuple(track if one.id == track.id else one for one in edition.tracks))
    inquiry = Inquiry(Evaluator(edition), track)
    symbols = inquiry.meaning.symbols
    domains = _domains(inquiry, _drawn(dice, inquiry))
    within = conjunction(disjunction(_is(symbols.of[n], v, symbols.words) for v in values) for n, values in domains.items())
    within = z3.And(within, *symbols.domains)
    always, inquiry.meaning.always = inquiry.meaning.always, z3.And(inquiry.meaning.always, within)
    inquiry.asker = Asker(symbols, [inquiry.meaning.always])
    combinations = (dict(zip(domains, values, strict=True)) for values in product(*domains.values()))
    return Box(inquiry, tuple(_point(inquiry, values) for values in combinations), always, within)


def _drawn(dice: Dice, inquiry: Inquiry) -> list[Mapping[str, Value]]:
    drawn: list[Mapping[str, Value]] = [facts_of(dice, inquiry.edition, known=True) for _ in range(6)]
    of_track = (n for n, facts in enumerate(drawn) if _point(inquiry, {name: facts[name] for name in inquiry.meaning.symbols.of}).verdict)
    first = next(of_track, 0)
    return [drawn[first], *drawn[:first], *drawn[first + 1 :]][:4]


def _domains(inquiry: Inquiry, drawn: Sequence[Mapping[str, Value]]) -> dict[str, list[Value]]:
    found: dict[str, list[Value]] = {}
    points = 1
    for name in inquiry.meaning.symbols.of:
        values = list(dict.fromkeys(facts[name] for facts in drawn))
        fixed = name in inquiry.track.applies_to.names or points * len(values) > MOST_POINTS
        found[name] = values[:1] if fixed else values
        points *= len(found[name])
    return found


def _is(symbol: Symbol, value: Value, words: Words) -> Term:
    known = symbol.known
    if value is NONE:
        return z3.Not(known.there)
    if isinstance(known, Flags):
        assert isinstance(value, frozenset)
        return conjunction((known.there, *(term == (choice in value) for choice, term in known.members.items())))
    figure = constant(value, words)
    return conjunction((known.there, known.part * figure.whole == figure.part if figure.whole != 1 else known.part == figure.part))


def _point(inquiry: Inquiry, values: Mapping[str, Value]) -> Point:
    edition = inquiry.edition
    try:
        verdict = inquiry.evaluator.evaluate(Case("point", edition.id, {}, stated(values, edition, inquiry.track), {}, {}))
    except InputError:
        return Point(values, None)
    return Point(values, verdict if verdict.track == inquiry.track.id else None)
