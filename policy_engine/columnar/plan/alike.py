"""Rows that must have the same answer: an open row is worth the time of the reference once, not once for each row like it.

Two rows that leave the same facts open, and for which every comparison of known facts comes out alike, differ only in figures that
nothing looks at. A figure that is compared with an open one, or bound to it by an invariant or a sum, is looked at: how it limits the
open one (`apart`) is what rows must have in common, or the figure itself where more than one fact of a rule is open. So is every figure
that stands in for another under an open condition.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import reduce
from operator import add
from typing import NamedTuple

import narwhals.stable.v2 as nw

from policy_engine.columnar.plan.apart import Apart, Limits
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
from policy_engine.language.tree import Tree, conjuncts, opened
from policy_engine.model.duties import Ceiling
from policy_engine.model.facts import Condition

_MAY_STAND = "__may_stand"
_PACKED = 30
"""Truths that one whole number of 64 bits has room for, at two bits each."""


class Alike(NamedTuple):
    """What to work out for open rows, step by step; and what those must have in common whose answers are the same."""

    steps: tuple[Mapping[str, nw.Expr], ...]
    regular: nw.Expr
    """Whether each cell of a row is a plain value and none contradicts another; any other row is like no other."""
    keys: Mapping[str, nw.Expr]
    limits: tuple[Limits, ...]


def alike_of(plan: Plan, schema: Schema, *, detailed: bool) -> Alike | None:
    """Work out what rows must have in common; None where a construct of the edition does not fit columns.

    `detailed`: answers say how each criterion came out, and which interpretations they rely on; else only which levels are possible.
    """
    try:
        building = Building(plan, schema, Completing(plan, thorough=False), wide=True)
        return None if building.by_row else _Likeness(building, detailed=detailed).alike()
    except NotColumnarError:
        return None


class _Likeness:
    """What rows must have in common, while it is gathered."""

    def __init__(self, building: Building, *, detailed: bool) -> None:
        self.building, self.plan, self.detailed = building, building.plan, detailed
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
        self.leaves: dict[tuple[str, str], _Leaf] = {}
        self.weights: dict[str, list[Truth]] = {}
        """By fact: whether a comparison matters in which it stands, for each of them."""
        self.laws: list[Truth] = []
        self.levels: list[Mapping[str, nw.Expr]] = []
        self.masks: dict[str, nw.Expr] = {}
        fields = building.stood.fields
        decisive = frozenset[str]().union(*(track.decisive for track in self.plan.tracks.values()))
        absent = frozenset(name for name in building.completing.free - decisive if known(fields[name]) is False)
        self.apart = Apart(fields, absent, len(self.plan.level_ids))
        self._under_every_track()
        for track in building.tracks:
            self._track(track)
        self._bounds()
        for leaf in self.leaves.values():
            self._weigh(leaf)
        self.apart.complete(building.completing, building.stood, any_open=not detailed)

    def alike(self) -> Alike:
        columns, follows, tracks = self.building.columns, self.building.follows, self.building.tracks
        stated = [name for name in columns if self.facts[name].type.kind != "list"]
        applies = {f"__a{track.number}": as_column(track.applies) for track in tracks}
        idle = {f"__idle_{name}": certain(opposite(self._matters(name)), unknown=False) for name in self.apart.idle.values()}
        limits: list[Limits] = []
        columns_of_limits: dict[str, nw.Expr] = {}
        truths: list[nw.Expr] = []
        for name in stated:
            open_, alone = self._is_open(name), self.apart.alone(name)
            own = self.apart.limits(name, self.building.stood)
            if own and own[1]:
                columns_of_limits |= {own[0].alone: as_column(all_of((open_, alone))), **own[1]}
                limits.append(own[0])
            by_itself = alone if name in self.apart.numbers else True
            if f"__idle_{name}" in idle:
                by_itself = any_of((by_itself, idle[f"__idle_{name}"]))
            truths.append(as_column(all_of((open_, any_of((self._matters(name), opposite(by_itself)))))))
        truths += [*self.truths, as_column(all_of([certain(law, unknown=True) for law in (*self.laws, *self.apart.room)]))]
        agree = [*follows.agree, *(track.agree for track in tracks)]
        regular = all_of([all_plain(columns), self.building.within(bitwise=True), *agree])  # every sum has been weighed by now
        # truths are the digits of one whole number: no, yes, and unknown
        digits = [truth.cast(nw.Int64).fill_null(2) * 4 ** (place % _PACKED) for place, truth in enumerate(truths)]
        packed = {f"__is{n}": reduce(add, digits[n : n + _PACKED]) for n in range(0, len(digits), _PACKED)}
        weighed = {name: as_column(truth) for name, truth in {**idle, _MAY_STAND: self._may_stand()}.items()}
        shown = {
            f"__shown_{name}": nw.when(as_column(self._looked_at(name, columns_of_limits))).then(nw.col(columns[name].field.column))
            for name in stated
            if name in self.pairs and columns[name].field.column
        }
        steps = (*follows.steps, applies, *self.building.steps, *self.levels, self.masks, weighed, columns_of_limits)
        return Alike(steps, as_column(regular), {**packed, **shown}, tuple(limits))

    def _matters(self, name: str) -> Truth:
        """Return whether a comparison matters that the value of a fact plays a part in; one that is no matter of sums always does.

        The reference says of such a fact, where it is open, that what is possible may be narrower than it says.
        """
        if self.apart.loses(name):
            return True
        return any_of(truth for one in sorted(self.standing.of.get(name, {name})) for truth in self.weights.get(one, ()))

    def _looked_at(self, name: str, worked_out: Collection[str]) -> Truth:
        """Return whether a row leaves something open that the value of a fact is held against; `worked_out` are columns there are."""
        if name in self.always:
            return True
        near, far = (self._watched(name, classes) for classes in (self.sums, self.standing))
        far = far.union(*(self.gates[one] for one in far))
        near, far = near - self.apart.settled, far - self.apart.settled
        tied = [all_of((self._is_open(one), opposite(self._is_free(one, worked_out)))) for one in sorted(near)]
        return any_of([*tied, all_of([any_of(map(self._is_open, sorted(far))), nw.col(_MAY_STAND)])])

    def _is_free(self, name: str, worked_out: Collection[str]) -> Truth:
        """Return whether a fact that is open is alone in each rule about it, or plays no part."""
        alone = f"__alone_{name}"
        idle = nw.col(f"__idle_{name}") if name in self.apart.idle.values() else False
        return any_of((nw.col(alone) if alone in worked_out else self.apart.alone(name), idle))

    def _may_stand(self) -> Truth:
        """Return whether a fact may stand in for another."""
        return any_of(
            all_of([certain(track.applies, unknown=True), opposite(certain(track.reader.truth(rule.unless), unknown=False))])
            for track in self.building.tracks
            for rule in track.plan.track.stand_ins
        )

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
            self._condition(rule.holds, self.building.stood, "", matters=False, law=True)
        for track in self.plan.tracks.values():
            self._condition(track.track.applies_to, first, "")
        for fact in self.facts.values():
            for condition in (fact.derived, fact.when_absent):
                if condition and fact.type.kind in NUMBERS:
                    names = {fact.name, *names_of(condition.tree)}
                    self.sums.join(names)
                    self.standing.join(names)
                    if condition is fact.when_absent or self.building.stood.fields[fact.name].column.startswith("__w_"):
                        self.apart.lose(names)
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
        for use in uses_under(track.plan, self.facts.values()) if self.detailed else ():
            conditions.append(use.when)
        here = certain(track.applies, unknown=True)
        for condition in conditions:
            self._condition(condition, track.reader, f"{track.number}", matters=here)
        before: list[nw.Expr] = []  # whether a level that goes first surely holds: then the rest is of no account
        for number, name in enumerate(name for step in own.decide for name in step.levels):
            level, column = track.plan.rules[name], nw.col(f"__level{track.number}_{number}")
            asked = all_of((here, *(() if self.detailed else before)))
            truth = nw.when(as_column(asked)).then(as_column(track.level(level))).otherwise(nw.lit(False))
            self.levels.append({f"__level{track.number}_{number}": truth})
            self.truths.append(column)
            before.append(~column.fill_null(False))
            undecided = column.is_null()
            for criterion in level.criteria:
                judged = track.criteria[criterion.id]
                sides = (judged.met, opposite(judged.applies)) if level.mode == "all_of" else (judged.met, judged.applies)
                open_ = as_column((any_of if level.mode == "all_of" else all_of)(sides)).is_null()
                matters = here if self.detailed else all_of((undecided, open_))
                for condition in (criterion.when, criterion.applies_when):
                    self._condition(condition, track.reader, f"{track.number}", matters=matters)

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

    def _condition(
        self, condition: Condition | None, reader: ColumnReader, where: str, *, matters: Truth = True, law: bool = False
    ) -> None:
        """Take in each comparison of a condition: whether it matters to a row, and whether the condition must hold.

        `where` is the place of the condition's own figures.
        """
        if condition is None:
            return
        sure = {show(part) for part in conjuncts(condition.tree)} if law else set[str]()
        for tree in _leaves(condition.tree):
            text = show(tree)
            leaf = self.leaves.setdefault((where, text), _Leaf(tree, reader, [], []))
            leaf.matters.append(True if law and text not in sure else matters)
            leaf.law.append(text in sure)

    def _weigh(self, leaf: "_Leaf") -> None:
        """Take in how a comparison comes out where it matters, and which facts it holds against each other."""
        facts = set(_compared(leaf.tree))
        own = facts & self.pairs.keys()
        for fact in own:
            self.pairs[fact] = self.pairs[fact] | own
        matters = any_of(leaf.matters)
        if isinstance(matters, nw.Expr):
            name = f"__matters{len(self.masks)}"
            self.masks[name] = as_column(certain(matters, unknown=True))
            matters = nw.col(name)
        for fact in facts:
            self.weights.setdefault(fact, []).append(matters)
        self.apart.take(leaf.tree, facts, leaf.reader, matters, law=any(leaf.law))
        try:
            truth = leaf.reader.read(leaf.tree)
        except NotColumnarError:
            self.always.update(facts)
            return
        if any(leaf.law):
            self.laws.append(truth)
        if isinstance(truth, nw.Expr) and matters is not False:
            self.truths.append(truth if matters is True else nw.when(as_column(matters)).then(truth))


class _Leaf(NamedTuple):
    """A comparison, and the truths of which one must not be false for it to matter."""

    tree: Tree
    reader: ColumnReader
    matters: list[Truth]
    law: list[bool]
    """Whether it must hold, for each place in which it stands."""


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
