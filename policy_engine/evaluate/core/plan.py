"""What is worked out once per edition, so that a case costs only its own work."""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import NamedTuple

from policy_engine.errors import InputError, Problem
from policy_engine.evaluate.core.evidence import EvidencePlan, Scope, scope_of
from policy_engine.evaluate.core.expression import interpreter_over
from policy_engine.evaluate.core.memory import Answers, Memory, Recalling
from policy_engine.language.quantity import Quantity
from policy_engine.language.tree import name_of, opened
from policy_engine.language.types import SHARE, Type
from policy_engine.language.values import UNKNOWN, Ratio, Value
from policy_engine.model.facts import Condition, FactDeclaration, InterpretationUse, Invariant
from policy_engine.model.rulebook import Criterion, Edition, LevelRule, Track
from policy_engine.model.verdict import CriterionTrace, LevelTrace, Verdict


class Considered(NamedTuple):
    """The levels up to the one that decided: which they are, the interpretations of deciding so, and the facts that they read."""

    levels: tuple[str, ...]
    uses: tuple[InterpretationUse, ...]
    reads: frozenset[str]


class CriterionPlan:
    """A criterion with what it compares, and what was said of it for the values that it reads."""

    def __init__(self, criterion: Criterion, evidence: EvidencePlan, types: Mapping[str, Type]) -> None:
        self.criterion, self.evidence = criterion, evidence
        self.said: Answers[CriterionTrace] = Answers(self.names, types)

    def names(self) -> Iterator[str]:
        """Return every name that its trace depends on, beside its outcome."""
        one = self.criterion
        uses = (*one.interpretations, *one.applies_interpretations)
        for condition in (one.when, one.applies_when, *(use.when for use in uses)):
            yield from condition.names if condition else ()


class TrackPlan(NamedTuple):
    """A track with the facts that it reads, in the order of their names, and the rules that bind them.

    `decisive` are the facts that stand in a criterion; the others only lead to these.
    """

    track: Track
    reads: tuple[str, ...]
    decisive: frozenset[str]
    bound: tuple[str, ...]
    """The facts that are decisive or that an invariant binds."""
    invariants: tuple[Invariant, ...]
    constants: Mapping[str, Value]
    rules: Mapping[str, LevelRule]
    considered: Mapping[str | None, Considered]
    """What an outcome rests on, by the level that decided; by None where none did."""
    facts: Mapping[str, FactDeclaration]
    read: frozenset[str]
    criteria: Mapping[int, CriterionPlan]
    """What is prepared of each criterion, by where it lies: one that several levels use stands under the clause of each."""
    levels: Memory[LevelTrace]
    """What was said of levels, by the traces of their criteria."""
    interpreter: Recalling
    """Over no values: what reads the conditions of the track, and remembers their truths."""


class Plan(NamedTuple):
    """An edition, ready to be asked."""

    edition: Edition
    constants: Mapping[str, Value]
    types: Mapping[str, Type]
    follows: tuple[tuple[FactDeclaration, str], ...]
    """Facts that can follow from others, each after those that it follows from; with the list that one is counted from."""
    nullable: frozenset[str]
    """The facts that may be known not to exist."""
    lists: tuple[str, ...]
    counted: Mapping[str, tuple[FactDeclaration, ...]]
    """The counts with a condition, by the list that they are counted from."""
    tracks: Mapping[str, TrackPlan]
    choosing: tuple[str, ...]
    """The facts that choose the track, where each has few values; else nothing."""
    level_ids: tuple[str, ...]
    """The ids of the levels by rank: the worst first."""
    scope: Scope
    """What names stand for outside of tracks and chapters."""
    blank: dict[str, Value]
    """Every fact unknown, and the constants: what a case is laid over."""
    substitutes: Mapping[str, Condition]
    """Derived facts that open facts can be substituted for."""


def plan_of(edition: Edition) -> Plan:
    """Work out everything about an edition that does not depend on a case.

    Raises:
        InputError: PE413, where its own figures break a rule that reads nothing else.
    """
    constants = constants_of(edition)
    _refuse_contradictions(edition, constants)
    types = {name: fact.type for name, fact in edition.facts.items()}
    named = {name for track in edition.tracks for name in track.applies_to.names if name in types}
    choosing = tuple(sorted(named)) if all(types[name].kind in {"choice", "bool", "level"} for name in named) else ()
    nullable = frozenset(name for name, fact in edition.facts.items() if fact.may_be_none)
    lists = tuple(name for name, fact in edition.facts.items() if fact.type.kind == "list")
    scope = outer_scope(edition)
    tracks = {track.id: _plan_track(track, edition, scope) for track in edition.tracks}
    return Plan(
        edition=edition, constants=constants, types=types, follows=tuple(_in_order(edition.facts)), nullable=nullable, lists=lists,
        counted=_counted(edition), tracks=tracks, choosing=choosing, level_ids=scope.levels, scope=scope,
        blank={**dict.fromkeys(types, UNKNOWN), **constants}, substitutes=_substitutes(edition, nullable),
    )  # fmt: skip


def outer_scope(edition: Edition) -> Scope:
    """Return what names stand for outside of tracks and chapters."""
    levels = sorted(edition.scale.values(), key=lambda level: level.rank)
    return scope_of(edition, constants_of(edition), tuple(level.id for level in levels))


def constants_of(edition: Edition) -> dict[str, Value]:
    """Return what every condition of an edition may name beside facts: levels, figures, the ends of the period."""
    constants: dict[str, Value] = {level.id: level.rank for level in edition.scale.values()}
    constants |= {name: figure(threshold.quantity) for name, threshold in edition.thresholds.items()}
    return constants | {"period_start": edition.begins, "period_end": edition.until}


def _counted(edition: Edition) -> dict[str, tuple[FactDeclaration, ...]]:
    """Return the counts with a condition, by the list that they are counted from."""
    counted: dict[str, tuple[FactDeclaration, ...]] = {}
    for fact in edition.facts.values():
        source = _counted_with_condition(fact)
        if source:
            counted[source] = (*counted.get(source, ()), fact)
    return counted


def _substitutes(edition: Edition, nullable: frozenset[str]) -> dict[str, Condition]:
    """Return the derived facts that can be thought of as what they follow from, where both are open: plain figures and truths."""
    plain = {
        name for name, fact in edition.facts.items() if fact.type.kind in {"bool", "count", "points", "months"} and name not in nullable
    }
    return {
        name: fact.derived
        for name, fact in edition.facts.items()
        if fact.derived and name in plain and all(source in plain or source not in edition.facts for source in fact.derived.names)
    }


def _refuse_contradictions(edition: Edition, constants: Mapping[str, Value]) -> None:
    """Refuse an edition whose own figures break a rule that reads nothing else, such as weights that must add up.

    Raises:
        InputError: PE413, for each such rule.
    """
    figures = [({**constants}, edition.invariants)]
    figures += [({**constants, **{n: figure(t.quantity) for n, t in track.thresholds.items()}}, track.requires) for track in edition.tracks]
    broken = [
        Problem("PE413", rule.holds.location, {"rule": rule.holds.text})
        for known, rules in figures
        for rule in rules
        if known.keys() >= set(rule.holds.names) and interpreter_over(known).truth(rule.holds) is False
    ]
    if broken:
        raise InputError(broken)


def _counted_with_condition(fact: FactDeclaration) -> str:
    """Return the list that a fact is counted from under a condition, or ""."""
    parts = opened(fact.counted_from.tree)[1] if fact.counted_from else ()
    return name_of(parts[0]) if len(parts) > 1 else ""


def _source(fact: FactDeclaration) -> str:
    """Return the list that a fact is counted from, or ""."""
    return fact.counted_from.names[0] if fact.counted_from else ""


def _plan_track(track: Track, edition: Edition, outside: Scope) -> TrackPlan:
    """Work out what one track needs."""
    figures = {name: figure(threshold.quantity) for name, threshold in track.thresholds.items()}
    invariants = (*edition.invariants, *track.requires)
    criteria = [criterion for rule in track.levels for criterion in rule.criteria]
    named = {name for c in criteria for condition in (c.when, c.applies_when) if condition for name in condition.names}
    named |= {name for rule in track.stand_ins for name in (*rule.unless.names, *rule.take.values())}
    rules = {rule.level: rule for rule in track.levels}
    reads = tuple(sorted(track.reads))
    decisive = frozenset(named & edition.facts.keys())
    bound = tuple(sorted(decisive | {name for rule in invariants for name in rule.holds.names if name in edition.facts}))
    considered = {level: _considered(track, rules, decisive, level) for level in (*rules, None)}
    scope = outside.within(track.thresholds, figures)
    types = {name: fact.type for name, fact in edition.facts.items()}
    evidence = {criterion.id: EvidencePlan((criterion.when,), scope) for criterion in criteria}
    return TrackPlan(
        track=track, reads=reads, decisive=decisive, bound=bound, invariants=invariants, constants=scope.constants, rules=rules,
        considered=considered, facts=edition.facts, read=frozenset(reads), levels=Memory(), interpreter=Recalling(types),
        criteria={id(one): CriterionPlan(one, evidence[one.id], types) for one in criteria},
    )  # fmt: skip


def figure(quantity: Quantity) -> Value:
    """Return a threshold's value; a share as its two numbers, as it will be compared."""
    value = quantity.value
    return Ratio(value.numerator, value.denominator) if isinstance(value, Fraction) and quantity.type is SHARE else value


def _considered(track: Track, rules: Mapping[str, LevelRule], decisive: frozenset[str], decided: str | None) -> Considered:
    """Return what is looked at, step by step, until a level decides."""
    levels: list[str] = []
    uses = list(track.interpretations)
    for step in track.decide:
        uses += step.interpretations
        stop = step.levels.index(decided) + 1 if decided in step.levels else len(step.levels)
        levels += step.levels[:stop]
        if decided in step.levels:
            break
    uses += [use for level in levels for use in rules[level].interpretations]
    reads = frozenset(name for level in levels for c in rules[level].criteria for name in c.when.names) & decisive
    return Considered(tuple(levels), tuple(uses), reads)


def _in_order(facts: Mapping[str, FactDeclaration]) -> Iterator[tuple[FactDeclaration, str]]:
    """Return the facts that follow from others, sources first."""
    done: set[str] = set()

    def visit(name: str) -> Iterator[tuple[FactDeclaration, str]]:
        if name in done or name not in facts:
            return
        done.add(name)
        fact = facts[name]
        conditions = [c for c in (fact.counted_from, fact.derived, fact.when_absent) if c]
        for condition in conditions:
            for source in condition.names:
                yield from visit(source)
        if conditions:
            yield fact, _source(fact)

    for name in sorted(facts):
        yield from visit(name)


def next_level(verdict: Verdict, plan: Plan) -> str | None:
    """Return the level next above; a case without a level stands beside the worst one."""
    if verdict.outcome not in {"classified", "gap"} or not verdict.levels:
        return None
    rank = plan.level_ids.index(verdict.level) if verdict.level else 0
    return plan.level_ids[rank + 1] if rank + 1 < len(plan.level_ids) else None
