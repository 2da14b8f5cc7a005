"""How a generated function begins: from a row to the facts that a track looks at.

A row states a value for each name of `Layout.names`, UNKNOWN where nothing was recorded. What follows from it (derived facts,
`when_absent`, stand-ins) is worked out as the reference does; a row that contradicts itself is refused.
"""

import ast
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from policy_engine.compiled.conditions import Conditions
from policy_engine.compiled.lines import Lines
from policy_engine.compiled.names import Names
from policy_engine.evaluate.core.plan import Plan, TrackPlan
from policy_engine.language.values import Value
from policy_engine.model.facts import Condition, FactDeclaration
from policy_engine.model.rulebook import StandIn

REFUSED, LISTED = "return refused", "return listed"
"""What a function answers a row that contradicts itself, and one that gives lists."""


class Layout(NamedTuple):
    """The facts of a row, in their order, and what the generated code of an edition shares."""

    plan: Plan
    names: Names
    lists: tuple[str, ...]
    """The lists of a row: a row that gives one goes to the reference."""

    def conditions(self, constants: Mapping[str, Value]) -> Conditions:
        """Return the writer of conditions over some figures."""
        shares = frozenset(name for name, kind in self.plan.types.items() if kind.kind == "share")
        return Conditions(self.names, constants, self.plan.nullable, shares)


def layout_of(plan: Plan, more: Iterable[str] = ()) -> Layout:
    """Lay a row out: every fact that rating reads or holds against others, and more, in the order of the edition."""
    needed = {*more, *(name for track in plan.tracks.values() for name in (*track.reads, *track.bound))}
    needed |= {name for track in plan.tracks.values() for rule in track.track.stand_ins for name in rule.take}
    needed |= {name for chapter in plan.edition.chapters for bar in chapter.eligibility for name in bar.when.names}
    needed |= {name for chapter in plan.edition.chapters for c in chapter.ceilings if c.lowers for name in c.other.names}
    rules = [rule for chapter in plan.edition.chapters for rule in chapter.rules() if rule.applies_when]
    needed |= {name for rule in rules if rule.applies_when for name in rule.applies_when.names} if plan.edition.chapters else set()
    for fact, _ in plan.follows:
        needed |= {fact.name, *_sources(fact)}
    ordered = [name for name in plan.edition.facts if name in needed]
    positions = {name: number for number, name in enumerate(ordered)}
    return Layout(plan, Names(positions), tuple(name for name in plan.lists if name in positions))


def _sources(fact: FactDeclaration) -> set[str]:
    """Return the names that a fact follows from."""
    return {name for c in (fact.counted_from, fact.derived, fact.when_absent) if c for name in c.names}


class Opening:
    """Writes the beginning of the functions of one track, or of none."""

    def __init__(self, layout: Layout, track: TrackPlan | None, more: Iterable[str] = ()) -> None:
        """Take the track, and names that its functions ask beside its own."""
        self.layout, self.track = layout, track
        self.names = layout.names
        self.writer = layout.conditions(layout.plan.constants)
        own = (*track.bound, *track.reads, *(name for rule in track.track.stand_ins for name in rule.take)) if track else ()
        self.needed = self._grown({*own, *more} & self.names.positions.keys())

    def _grown(self, needed: set[str]) -> frozenset[str]:
        """Add what facts follow from."""
        for fact, _ in reversed(self.layout.plan.follows):
            if fact.name in needed:
                needed |= _sources(fact) & self.names.positions.keys()
        return frozenset(needed)

    def write(self, lines: Lines, stated: Sequence[str] = ()) -> None:
        """Take the row apart, or a case that states just some facts, and work out what follows under every track."""
        follows = self._following(stated)
        read = self.needed | {name for fact in follows for name in (fact.name, *_sources(fact))} | {*self.layout.lists}
        asked = [self.names.fact(name) if name in read else "_" for name in stated or self.names.positions]
        lines.add(f"{', '.join(asked)}, = {'taken(row)' if stated else 'row'}")
        if stated:
            lines.add(*(f"{self.names.fact(name)} = U" for name in self.names.positions if name in read - set(stated)))
        for name in dict.fromkeys(name for fact in follows if fact.when_absent for name in _given(fact.when_absent)):
            lines.add(f"{self.names.stated(name)} = {self.names.fact(name)} is not U")
        if self.layout.lists and not (stated and set(self.layout.lists).isdisjoint(stated)):
            with lines.under(f"if not ({any_all(map(self.names.fact, self.layout.lists), 'U')}):"):
                lines.add(LISTED)
        for rule in self.track.track.stand_ins if self.track else ():
            lines.add(*(f"s_{target} = {self.names.fact(target)}" for target in rule.take))
        for fact in follows:
            self._follow(fact, lines)

    def _following(self, stated: Sequence[str]) -> list[FactDeclaration]:
        """Return the facts that may follow: of a case that states just some facts, not those that nothing stated leads to."""
        known = set(stated)
        found: list[FactDeclaration] = []
        for fact, source in self.layout.plan.follows:
            if not source and (not stated or fact.when_absent or _may_follow(fact, known)):
                found.append(fact)
                known.add(fact.name)
        return found

    def _follow(self, fact: FactDeclaration, lines: Lines) -> None:
        """Write how a fact follows from others: a value that was stated must be the same."""
        local = self.names.fact(fact.name)
        if fact.name not in self.needed:
            if fact.derived:
                with lines.under(f"if {local} is not U:"):
                    self._hold(local, self.writer.value(fact.derived.tree, lines), lines)
            return
        if fact.derived:
            value = self.writer.value(fact.derived.tree, lines)
            with lines.under(f"if {local} is U:"):
                lines.add(f"{local} = {value}")
            with lines.under("else:"):
                self._hold(local, value, lines)
        if fact.when_absent:
            with lines.under(f"if {local} is U:"):
                lines.add(f"{local} = {self.writer.open(fact.when_absent.tree, lines)}")

    @staticmethod
    def _hold(stated: str, derived: str, lines: Lines) -> None:
        """Refuse a row whose stated value is another than the derived one."""
        with lines.under(f"if {derived} is not U and {derived} != {stated}:"):
            lines.add(REFUSED)

    def stand_in(self, lines: Lines) -> None:
        """Let facts stand in for others, as the track says."""
        assert self.track
        writer = self.layout.conditions(self.track.constants)
        for rule in self.track.track.stand_ins:
            value = writer.open(rule.unless.tree, lines)
            with lines.under(f"if {value} is False:"):
                self._take(rule, lines)

    def _take(self, rule: StandIn, lines: Lines) -> None:
        """Take each fact from its source; one that was stated must be the same."""
        for target, source in rule.take.items():
            local, stated = self.names.fact(source), f"s_{target}"
            with lines.under(f"if {stated} is not U:"):
                with lines.under(f"if {local} is U:"):
                    lines.add(f"{local} = {stated}")
                with lines.under(f"elif {stated} != {local}:"):
                    lines.add(REFUSED)
            lines.add(f"{self.names.fact(target)} = {local}")


def any_all(values: Iterable[str], word: str) -> str:
    """Write the question whether all of some values are a certain one."""
    return " and ".join(f"{value} is {word}" for value in values)


def _may_follow(fact: FactDeclaration, known: AbstractSet[str]) -> bool:
    """Return whether a derived fact may be known where just some facts may be; what asks whether facts are there may always."""
    asks = fact.derived is not None and any(isinstance(node, ast.Call) for node in ast.walk(fact.derived.tree))
    return asks or not known.isdisjoint(_sources(fact)) or not _sources(fact)


def _given(condition: Condition) -> tuple[str, ...]:
    """Return the names that `when_absent` asks the file for."""
    return condition.names
