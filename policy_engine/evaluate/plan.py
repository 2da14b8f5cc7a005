"""What is worked out once per edition, so that a case costs only its own work."""

import ast
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from policy_engine.evaluate.observe import Glance, glances
from policy_engine.language.types import Type
from policy_engine.language.values import Value
from policy_engine.model.facts import FactDeclaration, Invariant
from policy_engine.model.rulebook import Edition, LevelRule, Track


class TrackPlan(NamedTuple):
    """A track with the facts that it reads, in the order of their names, and the rules that bind them.

    `decisive` are the facts that stand in a criterion; the others only lead to these.
    """

    track: Track
    reads: tuple[str, ...]
    decisive: frozenset[str]
    invariants: tuple[Invariant, ...]
    constants: Mapping[str, Value]
    rules: Mapping[str, LevelRule]


class Plan(NamedTuple):
    """An edition, ready to be asked."""

    edition: Edition
    constants: Mapping[str, Value]
    types: Mapping[str, Type]
    follows: tuple[FactDeclaration, ...]
    """Facts that can follow from others, each after those that it follows from."""
    counted: Mapping[str, tuple[FactDeclaration, ...]]
    """The counts with a condition, by the list that they are counted from."""
    tracks: Mapping[str, TrackPlan]
    level_ids: tuple[str, ...]
    """The ids of the levels by rank: the worst first."""
    glances: Mapping[str, tuple[Glance, ...]]
    """What each condition of a criterion looks at, by its text."""


def plan_of(edition: Edition) -> Plan:
    """Work out everything about an edition that does not depend on a case."""
    constants: dict[str, Value] = {level.id: level.rank for level in edition.scale.values()}
    constants |= {"period_start": edition.begins, "period_end": edition.until}
    counted: dict[str, tuple[FactDeclaration, ...]] = {}
    for fact in edition.facts.values():
        source = _counted_with_condition(fact)
        if source:
            counted[source] = (*counted.get(source, ()), fact)
    types = {name: fact.type for name, fact in edition.facts.items()}
    tracks = {track.id: _plan_track(track, edition, constants) for track in edition.tracks}
    level_ids = tuple(level.id for level in sorted(edition.scale.values(), key=lambda level: level.rank))
    conditions = [c.when for track in edition.tracks for rule in track.levels for c in rule.criteria]
    looked_at = {condition.text: glances(condition.tree, types) for condition in conditions}
    return Plan(edition, constants, types, tuple(_in_order(edition.facts)), counted, tracks, level_ids, looked_at)


def _counted_with_condition(fact: FactDeclaration) -> str:
    """Give the list that a fact is counted from under a condition, or ""."""
    tree = fact.counted_from.tree if fact.counted_from else None
    if isinstance(tree, ast.Call) and len(tree.args) > 1 and isinstance(tree.args[0], ast.Name):
        return tree.args[0].id
    return ""


def _plan_track(track: Track, edition: Edition, constants: Mapping[str, Value]) -> TrackPlan:
    """Work out what one track needs."""
    figures = {name: threshold.quantity.value for name, threshold in track.thresholds.items()}
    invariants = (*edition.invariants, *track.requires)
    criteria = [criterion for rule in track.levels for criterion in rule.criteria]
    named = {name for c in criteria for condition in (c.when, c.applies_when) if condition for name in condition.names}
    named |= {name for rule in track.stand_ins for name in (*rule.unless.names, *rule.take.values())}
    rules = {rule.level: rule for rule in track.levels}
    reads = tuple(sorted(track.reads))
    return TrackPlan(track, reads, frozenset(named & edition.facts.keys()), invariants, {**constants, **figures}, rules)


def _in_order(facts: Mapping[str, FactDeclaration]) -> Iterator[FactDeclaration]:
    """Give the facts that follow from others, sources first."""
    done: set[str] = set()

    def visit(name: str) -> Iterator[FactDeclaration]:
        if name in done or name not in facts:
            return
        done.add(name)
        fact = facts[name]
        conditions = [c for c in (fact.counted_from, fact.derived, fact.when_absent) if c]
        for condition in conditions:
            for source in condition.names:
                yield from visit(source)
        if conditions:
            yield fact

    for name in sorted(facts):
        yield from visit(name)
