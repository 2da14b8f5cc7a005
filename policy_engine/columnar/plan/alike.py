"""Rows that must have the same answer: an open row is worth the time of the reference once, not once for each row like it.

Two rows that leave the same facts open, and for which every comparison of known facts comes out alike, differ only in figures that
nothing looks at. A figure that is compared with an open one, or bound to it by an invariant or a sum, is looked at: it is part of what
rows must have in common. So is every figure that stands in for another under an open condition.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from operator import add
from typing import NamedTuple

import narwhals.stable.v2 as nw

from policy_engine.columnar.plan.completing import Completing, names_of, uses_under
from policy_engine.columnar.plan.conditions import ColumnReader
from policy_engine.columnar.plan.fields import (
    NUMBERS,
    NotColumnarError,
    Truth,
    all_of,
    all_plain,
    any_of,
    as_column,
    certain,
    known,
    opposite,
)
from policy_engine.columnar.plan.plan import Building, Schema
from policy_engine.columnar.plan.track import TrackColumns
from policy_engine.evaluate.core.plan import Plan
from policy_engine.evaluate.duties.bounds import bounds_of
from policy_engine.language.text import show
from policy_engine.language.tree import Tree, opened
from policy_engine.model.duties import Ceiling
from policy_engine.model.facts import Condition

_PACKED = 30
"""Truths that one whole number of 64 bits has room for, at two bits each."""


class Alike(NamedTuple):
    """What to work out for open rows, step by step; and what those must have in common whose answers are the same."""

    steps: tuple[Mapping[str, nw.Expr], ...]
    regular: nw.Expr
    """Whether each cell of a row is a plain value and none contradicts another; any other row is like no other."""
    keys: Mapping[str, nw.Expr]


def alike_of(plan: Plan, schema: Schema) -> Alike | None:
    """Work out what rows must have in common; None where a construct of the edition does not fit columns."""
    try:
        building = Building(plan, schema, Completing(plan, thorough=False), wide=True)
        return None if building.by_row else _Likeness(building).alike()
    except NotColumnarError:
        return None


class _Likeness:
    """What rows must have in common, while it is gathered."""

    def __init__(self, building: Building) -> None:
        self.building, self.plan = building, building.plan
        self.facts = self.plan.edition.facts
        names = {name for name, fact in self.facts.items() if fact.type.kind not in {"list", "set"}}
        self.sums, self.standing = _Classes(names), _Classes(names)
        """Facts that make each other up (sums, and what they are the sums of); the same, with what stands in for what."""
        self.gates: dict[str, set[str]] = {name: set() for name in names}
        """The facts that it hangs on whether a fact stands in for another."""
        self.pairs: dict[str, set[str]] = {name: {name} for name in names}
        """The facts whose values are held against a fact's."""
        self.always: set[str] = set()
        """Facts whose values are looked at whatever is open."""
        self.truths: list[nw.Expr] = []
        self.seen: set[tuple[str, str]] = set()
        self._under_every_track()
        for track in building.tracks:
            self._track(track)
        self._bounds()

    def alike(self) -> Alike:
        columns, follows, tracks = self.building.columns, self.building.follows, self.building.tracks
        stated = [name for name in columns if self.facts[name].type.kind != "list"]
        shown = {
            f"__shown_{name}": nw.when(as_column(self._looked_at(name))).then(nw.col(columns[name].field.column))
            for name in stated
            if name in self.pairs and columns[name].field.column
        }
        agree = [*follows.agree, *(track.agree for track in tracks)]
        regular = all_of([all_plain(columns), self.building.within(bitwise=True), *agree])
        applies = {f"__a{track.number}": as_column(track.applies) for track in tracks}
        truths = [*(as_column(self._is_open(name)) for name in stated), *self.truths]
        # truths are the digits of one whole number: no, yes, and unknown
        digits = [truth.cast(nw.Int64).fill_null(2) * 4 ** (place % _PACKED) for place, truth in enumerate(truths)]
        packed = {f"__is{n}": reduce(add, digits[n : n + _PACKED]) for n in range(0, len(digits), _PACKED)}
        return Alike((*follows.steps, applies, *self.building.steps), as_column(regular), {**packed, **shown})

    def _looked_at(self, name: str) -> Truth:
        """Return whether a row leaves something open that the value of a fact is held against."""
        if name in self.always:
            return True
        near, far = (self._watched(name, classes) for classes in (self.sums, self.standing))
        far = far.union(*(self.gates[one] for one in far))
        may_stand = any_of(
            all_of([certain(track.applies, unknown=True), opposite(certain(track.reader.truth(rule.unless), unknown=False))])
            for track in self.building.tracks
            for rule in track.plan.track.stand_ins
        )
        return any_of([*map(self._is_open, sorted(near)), all_of([any_of(map(self._is_open, sorted(far))), may_stand])])

    def _watched(self, name: str, classes: "_Classes") -> set[str]:
        """Return the facts that make the value of a fact matter where they are open."""
        near = set[str]().union(*(self.pairs[one] for one in classes.of[name]))
        return set[str]().union(*(classes.of[one] for one in near))

    def _is_open(self, name: str) -> Truth:
        """Return whether a row leaves a fact open."""
        columns = self.building.columns
        return opposite(known(columns[name].field if name in columns else self.building.stood.fields[name]))

    def _under_every_track(self) -> None:
        """Take in what holds under every track."""
        first = self.building.reader
        for rule in self.plan.edition.invariants:
            self._condition(rule.holds, self.building.stood, "")
        for track in self.plan.tracks.values():
            self._condition(track.track.applies_to, first, "")
        for fact in self.facts.values():
            for condition in (fact.derived, fact.when_absent):
                if condition and fact.type.kind in NUMBERS:
                    names = {fact.name, *names_of(condition.tree)}
                    self.sums.join(names)
                    self.standing.join(names)
                else:
                    self._condition(condition, first, "")

    def _track(self, track: TrackColumns) -> None:
        """Take in what holds under one track."""
        own = track.plan.track
        conditions: list[Condition | None] = []
        for rule in own.stand_ins:
            conditions.append(rule.unless)
            gates = {*_compared(rule.unless.tree), *_compared(own.applies_to.tree)} & self.pairs.keys()
            for pair in rule.take.items():
                self.standing.join(pair)
                for name in pair:
                    self.gates[name] |= gates
        for required in own.requires:
            conditions += [required.holds, required.otherwise.when if required.otherwise else None]
        for level in own.levels:
            for criterion in level.criteria:
                conditions += [criterion.when, criterion.applies_when]
        for condition in (*conditions, *(use.when for use in uses_under(track.plan, self.facts.values()))):
            self._condition(condition, track.reader, f"{track.number}")

    def _bounds(self) -> None:
        """Take in what binds a level from outside its criteria."""
        first = self.building.reader
        for place, bound in enumerate(bounds_of(self.plan.edition)):
            reader = first.over(first.fields, {**self.plan.constants, **bound.figures})
            rule = bound.rule
            if isinstance(rule, Ceiling):
                self.always.update(rule.other.names)
            else:
                self._condition(rule.when, reader, f"b{place}")
            for condition in (rule.rule.applies_when, *(use.when for use in rule.rule.interpretations)):
                self._condition(condition, reader, f"b{place}")

    def _condition(self, condition: Condition | None, reader: ColumnReader, where: str) -> None:
        """Take in each comparison of a condition: how it comes out, and which facts it holds against each other.

        How it comes out under a track that surely does not apply is left out; `where` is the number of the track, if it is one's.
        """
        for leaf in _leaves(condition.tree) if condition else ():
            name = (where, show(leaf))
            if name in self.seen:
                continue
            self.seen.add(name)
            facts = set(_compared(leaf))
            own = facts & self.pairs.keys()
            for fact in own:
                self.pairs[fact] = self.pairs[fact] | own
            try:
                truth = reader.read(leaf)
            except NotColumnarError:
                self.always.update(facts)
                continue
            if isinstance(truth, nw.Expr):
                here = nw.col(f"__a{where}").fill_null(value=True) if where.isdigit() else None
                self.truths.append(truth if here is None else nw.when(here).then(truth))


def _leaves(tree: Tree) -> Iterator[Tree]:
    """Return the comparisons and truths that a condition is made of."""
    match opened(tree):
        case "connective", (_, parts):
            for part in parts:
                yield from _leaves(part)
        case "negation", (part,):
            yield from _leaves(part)
        case _:
            yield tree


def _compared(tree: Tree) -> Iterable[str]:
    """Return the names of the values that a condition looks at; of `given(…)` it is enough which facts are open."""
    for leaf in _leaves(tree):
        if opened(leaf)[0] != "given":
            yield from names_of(leaf)


class _Classes:
    """Facts in classes; each begins by itself."""

    def __init__(self, facts: Iterable[str]) -> None:
        self.of = {name: {name} for name in facts}

    def join(self, names: Iterable[str]) -> None:
        """Join the classes of some facts."""
        whole = set[str]().union(*(self.of[name] for name in names if name in self.of))
        self.of |= dict.fromkeys(whole, whole)
