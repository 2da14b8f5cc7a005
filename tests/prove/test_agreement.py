"""Three readers agree on random editions: the reference over every case of a small box, the solver's formulas, and every claim."""

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations, product
from typing import Any, NamedTuple

import pytest
from hypothesis import strategies as st

from policy_engine.errors import InputError
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.evaluate.transitions import key_of
from policy_engine.language.values import NONE, Value
from policy_engine.model.case import Case
from policy_engine.model.rulebook import Criterion, Edition, LevelRule, Monotonicity, Track
from policy_engine.model.verdict import Verdict
from policy_engine.prove.ask import Asker, Undecided
from policy_engine.prove.claims import PROVEN, REFUTED, Inquiry, stated
from policy_engine.prove.meaning import NOT_ELIGIBLE
from policy_engine.prove.questions import (
    MOST_REGIONS,
    gap_claims,
    ladder_claims,
    monotone_claims,
    overlap_claims,
    reachable_claims,
    regions_of,
    shadow_claims,
)
from policy_engine.prove.terms import Flags, Symbol, Term, TextCodes, conjunction, constant, disjunction, z3
from tests.editions.random_conditions import Dice, from_hypothesis, from_seed
from tests.editions.random_editions import edition as draw_edition
from tests.editions.random_editions import facts_of

MOST_POINTS = 16


class Point(NamedTuple):
    values: Mapping[str, Value]
    verdict: Verdict | None

    @property
    def outcome(self) -> str:
        return key_of(self.verdict) if self.verdict else ""

    @property
    def met(self) -> set[str]:
        return {trace.level for trace in self.verdict.levels if trace.outcome == "met"} if self.verdict else set()

    def criteria(self) -> dict[str, str]:
        return {c.id: c.outcome for trace in self.verdict.levels for c in trace.criteria} if self.verdict else {}


class Box(NamedTuple):
    inquiry: Inquiry
    points: tuple[Point, ...]
    always: Term
    """What is always true in the track, outside of the box too."""
    within: Term

    @property
    def inside(self) -> tuple[Point, ...]:
        return tuple(point for point in self.points if point.verdict)

    def terms(self) -> list[Term]:
        symbols = self.inquiry.meaning.symbols
        first = self.points[0].values
        moving = [n for n, v in first.items() if any(point.values[n] != v for point in self.points)]
        return [conjunction(_is(symbols.of[n], point.values[n], symbols.codes) for n in moving) for point in self.points]


def box_of(dice: Dice, edition: Edition, track: Track) -> Box:
    numbers = [name for name in track.reads if edition.facts[name].type.kind in {"count", "months", "points"}]
    numbers = [name for name in numbers if not edition.facts[name].derived]
    promises = tuple(
        Monotonicity(f"{name}_{never}", name, never, {}, track.location) for name in numbers[:2] for never in ("lowers", "raises")
    )  # fmt: skip
    held = tuple(
        rule._replace(otherwise=None) for rule in track.requires
    )  # proofs are of the cases that a track rates, not of what it hands on
    track = track._replace(monotone=promises, requires=held)
    edition = edition._replace(tracks=tuple(track if one.id == track.id else one for one in edition.tracks))
    inquiry = Inquiry(Evaluator(edition), track)
    symbols = inquiry.meaning.symbols
    domains = _domains(inquiry, _drawn(dice, inquiry))
    within = conjunction(disjunction(_is(symbols.of[n], v, symbols.codes) for v in values) for n, values in domains.items())
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


def _is(symbol: Symbol, value: Value, codes: TextCodes) -> Term:
    known = symbol.known
    if value is NONE:
        return z3.Not(known.there)
    if isinstance(known, Flags):
        assert isinstance(value, frozenset)
        return conjunction((known.there, *(term == (choice in value) for choice, term in known.members.items())))
    figure = constant(value, codes)
    return conjunction((known.there, known.part * figure.whole == figure.part if figure.whole != 1 else known.part == figure.part))


def _point(inquiry: Inquiry, values: Mapping[str, Value]) -> Point:
    edition = inquiry.edition
    try:
        verdict = inquiry.evaluator.evaluate(Case("point", edition.id, {}, stated(values, edition, inquiry.track), {}, {}))
    except InputError:
        return Point(values, None)
    set_aside = bool(inquiry.track.levels) and not verdict.levels  # a requirement that does not hold, with what comes out then: not asked
    return Point(values, verdict if verdict.track == inquiry.track.id and not set_aside else None)


RUNS, DRAWS, LONG = 4, 25, 200
"""How many editions are drawn by a seed: so many runs of so many, and under `--long` so many times more."""


def agree(dice: Dice) -> int:
    edition = draw_edition(dice, plain=True)
    boxes = [box_of(dice, edition, track) for track in edition.tracks]
    for box in boxes:
        assert_same_cases(box)
        if box.inquiry.track.levels:
            for check in CHECKS:
                check(box)
    return sum(len(box.inside) for box in boxes)


def assert_same_cases(box: Box) -> None:
    meaning, always = box.inquiry.meaning, box.always
    said = {"": (z3.Not(always), [not p.verdict for p in box.points])}
    for key, term in meaning.outcomes().items():
        said[key] = (z3.And(always, term), [p.outcome == key for p in box.points])
    for rule in box.inquiry.track.levels:
        said[f"level {rule.level}"] = (z3.And(always, meaning.levels[rule.level]), [rule.level in p.met for p in box.points])
        for criterion in rule.criteria:
            standing = meaning.standings[criterion.id]
            for word, term in (("met", standing.met), ("not_met", standing.failed)):
                said[f"{criterion.id} {word}"] = (z3.And(always, term), [p.criteria().get(criterion.id) == word for p in box.points])
    terms = box.terms()
    held = (disjunction(term for term, holds in zip(terms, truths, strict=True) if holds) for _, truths in said.values())
    solver = z3.Solver()
    solver.add(box.within, disjunction(z3.Xor(formula, points) for (formula, _), points in zip(said.values(), held, strict=True)))

    assert {p.outcome for p in box.points} <= said.keys()
    assert solver.check() == z3.unsat, solver.model()


def assert_gaps(box: Box) -> None:
    track = box.inquiry.track
    claims = list(gap_claims(box.inquiry))
    gaps = [p for p in box.inside if p.outcome == track.residual.outcome]

    assert bool(gaps) == any(claim.answer == REFUTED for claim in claims)
    assert all(claim.answer in {PROVEN, REFUTED} for claim in claims)
    last = [rule for rule in box.inquiry.last_step() if rule.mode == "all_of"]
    if track.residual.level or not last:
        return
    sets = {frozenset(c.id for c in last[-1].criteria if p.criteria()[c.id] == "not_met") for p in gaps}
    expected = {one for one in sets if not any(other < one for other in sets)}
    found = regions_of(box.inquiry, box.inquiry.meaning.outcomes()[track.residual.outcome])
    assert not isinstance(found, Undecided)
    assert len(expected) > MOST_REGIONS or expected == {frozenset(p.criterion for p in region.parts) for region, _ in found}


def assert_reached(box: Box) -> None:
    claims = {claim.about[0]: claim.answer == PROVEN for claim in reachable_claims(box.inquiry)}

    assert claims == {rule.level: any(p.outcome == rule.level for p in box.inside) for rule in box.inquiry.track.levels}


def assert_overlaps(box: Box) -> None:
    found = {c.about for c in overlap_claims(box.inquiry) if c.witness}

    steps = [step.levels for step in box.inquiry.track.decide]
    pairs = {(a, b) for one, other in combinations(steps, 2) for a in one for b in other}
    assert found == {(a, b) for a, b in pairs if any({a, b} <= p.met for p in box.inside)}


def assert_shadows(box: Box) -> None:
    found = {c.about[1] for c in shadow_claims(box.inquiry) if c.answer == PROVEN}

    assert found == {c.id for rule in box.inquiry.track.levels for c in rule.criteria if any(_alone(p, rule, c) for p in box.inside)}


def _alone(point: Point, rule: LevelRule, criterion: Criterion) -> bool:
    stands = point.criteria()
    others = [stands[c.id] for c in rule.criteria if c.id != criterion.id]
    if rule.mode == "all_of":
        return stands[criterion.id] == "not_met" and "not_met" not in others
    return stands[criterion.id] == "met" and "met" not in others


def assert_ladder(box: Box) -> None:
    found = {c.about for c in ladder_claims(box.inquiry) if c.answer == PROVEN}

    pairs = [(a, b) for step in box.inquiry.track.decide for a, b in combinations(step.levels, 2)]
    assert found == {(a, b) for a, b in pairs if not any(a in p.met and b not in p.met for p in box.inside)}


def assert_monotone(box: Box) -> None:
    track = box.inquiry.track
    claims = {c.about[0]: c for c in monotone_claims(box.inquiry)}

    assert {promise.id: _is_broken(box, promise) for promise in track.monotone} == {n: c.answer == REFUTED for n, c in claims.items()}
    assert all(c.answer in {PROVEN, REFUTED} for c in claims.values())
    for promise in track.monotone:
        claim = claims[promise.id]
        if claim.witness and claim.then:
            assert {promise.more} == {n for n, v in claim.then.facts.items() if claim.witness.facts[n] != v}


def _is_broken(box: Box, promise: Monotonicity) -> bool:
    sign = -1 if promise.never == "lowers" else 1
    sides: dict[str, list[tuple[Any, int]]] = {}
    for point in box.inside:
        if point.outcome != NOT_ELIGIBLE:
            rest = str({n: v for n, v in point.values.items() if n != promise.more})
            sides.setdefault(rest, []).append((point.values[promise.more], _place(box, point)))
    return any(more > less and sign * (after - before) > 0 for side in sides.values() for less, before in side for more, after in side)


def _place(box: Box, point: Point) -> int:
    scale = box.inquiry.edition.scale
    return 2 * scale[point.outcome].rank if point.outcome in scale else 1


CHECKS: tuple[Callable[[Box], None], ...] = (assert_gaps, assert_reached, assert_overlaps, assert_shadows, assert_ladder, assert_monotone)


@pytest.mark.parametrize("run", range(RUNS))
def test_the_reference_the_formulas_and_the_claims_agree(run: int, request: pytest.FixtureRequest) -> None:
    draws = DRAWS * (LONG if request.config.getoption("--long") else 1)
    cases = [agree(from_seed(draws * run + number)) for number in range(draws)]

    assert sum(cases) > 10 * draws


@st.composite
def dice(draw: st.DrawFn) -> Dice:
    return from_hypothesis(draw)
