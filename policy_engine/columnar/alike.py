"""Rows that must have the same answer: an open row is worth the time of the reference once, not once for each row like it.

Two rows that leave the same facts open, and for which every comparison of known facts comes out alike, differ only in
figures that nothing looks at. A figure that is compared with an open one, or bound to it by an invariant or a sum, is
looked at: it is part of what rows must have in common. So is every figure that stands in for another under an open condition.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, NamedTuple

from policy_engine.columnar.column_plan import Schema, Within
from policy_engine.columnar.completing import names_of
from policy_engine.columnar.conditions import Reader
from policy_engine.columnar.fields import NUMBERS, all_plain, known
from policy_engine.columnar.logic import NotColumnarError, Truth, all_of, any_of, as_column, certain, opposite
from policy_engine.columnar.patterns import Patterns
from policy_engine.columnar.plan import Building
from policy_engine.columnar.reliance import uses_under
from policy_engine.columnar.track import Track
from policy_engine.evaluate.core.plan import Plan
from policy_engine.evaluate.duties.bounds import bounds_of
from policy_engine.extras import load_extra
from policy_engine.model.duties import Ceiling

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw
else:
    nw = load_extra("narwhals.stable.v2", "batch")


PACKED = 30
"""Truths that one whole number of 64 bits has room for, at two bits each."""


class Alike(NamedTuple):
    """What to work out for open rows, step by step; and what those must have in common whose answers are the same."""

    steps: "tuple[Mapping[str, nw.Expr], ...]"
    regular: "nw.Expr"
    """Whether each cell of a row is a plain value and none contradicts another; any other row is like no other."""
    keys: "Mapping[str, nw.Expr]"


def alike_of(plan: Plan, schema: Schema, within: Within) -> Alike | None:
    """Work out what rows must have in common; None where a construct of the edition does not fit columns.

    Args:
        plan: the edition.
        schema: the columns of the file.
        within: how an engine tells that figures are whole numbers that fit so many bits.
    """
    try:
        building = Building(plan, schema, Patterns(plan, patient=False), wide=True)
        return None if building.by_row else _Likeness(building).told(within)
    except NotColumnarError:
        return None


class _Likeness:
    """What rows must have in common, while it is gathered."""

    def __init__(self, building: Building) -> None:
        """Take the edition over the columns of a file."""
        self.building, self.plan = building, building.plan
        self.facts = self.plan.edition.facts
        self.ties = _Ties({name for name, fact in self.facts.items() if fact.type.kind not in {"list", "set"}})
        self.truths: list[nw.Expr] = []
        self.seen: set[str] = set()
        self._global()
        for track in building.tracks:
            self._track(track)
        self._bounds()

    def told(self, within: Within) -> Alike:
        """Return it."""
        columns = self.building.columns
        stated = [name for name in columns if self.facts[name].type.kind != "list"]
        shown = {
            f"__shown_{name}": nw.when(as_column(self._looked_at(name))).then(nw.col(columns[name].field.column))
            for name in stated
            if name in self.ties.facts and columns[name].field.column
        }
        agree = [*self.building.known.agree, *(track.agree for track in self.building.tracks)]
        regular = all_of([all_plain(columns), within.holds(self.building.bounds()), *agree])
        applies = {f"__a{track.number}": as_column(track.applies) for track in self.building.tracks}
        steps = (*self.building.known.steps, applies, *self.building.steps)
        truths = [*(as_column(self._is_open(name)) for name in stated), *self.truths]
        packed = {f"__is{n}": _packed(truths[n : n + PACKED]) for n in range(0, len(truths), PACKED)}
        return Alike(steps, as_column(regular), {**packed, **shown})

    def _looked_at(self, name: str) -> Truth:
        """Return whether a row leaves something open that the value of a fact is held against."""
        if name in self.ties.always:
            return True
        near = any_of([self._is_open(other) for other in sorted(self.ties.watched(name, standing=False))])
        far = any_of([self._is_open(other) for other in sorted(self.ties.watched(name, standing=True))])
        return any_of([near, all_of([far, self._may_stand()])])

    def _may_stand(self) -> Truth:
        """Return whether any fact may stand in for another in a row."""
        return any_of(
            all_of([certain(track.applies, unknown=True), opposite(certain(track.reader.truth(rule.unless), unknown=False))])
            for track in self.building.tracks
            for rule in track.plan.track.stand_ins
        )

    def _is_open(self, name: str) -> Truth:
        """Return whether a row leaves a fact open."""
        if name in self.building.columns:
            return opposite(known(self.building.columns[name].field))
        return opposite(known(self.building.stood.fields[name]))

    def _global(self) -> None:
        """Take in what holds under every track."""
        stood, first = self.building.stood, self.building.known.reader
        for rule in self.plan.edition.invariants:
            self._condition(rule.holds.tree, stood, "")
        for track in self.plan.tracks.values():
            self._condition(track.track.applies_to.tree, first, "")
        for fact in self.facts.values():
            for condition in (fact.derived, fact.when_absent):
                if condition and fact.type.kind in NUMBERS:
                    self.ties.add_up({fact.name, *names_of(condition.tree)})
                elif condition:
                    self._condition(condition.tree, first, "")

    def _track(self, track: Track) -> None:
        """Take in what holds under one track."""
        own = track.plan.track
        for rule in own.stand_ins:
            gates = {*_compared(rule.unless.tree), *_compared(own.applies_to.tree)}
            for target, source in rule.take.items():
                self.ties.stand({target, source}, gates)
        criteria = [criterion for level in own.levels for criterion in level.criteria]
        conditions = [rule.unless for rule in own.stand_ins] + [rule.holds for rule in own.requires] + [one.when for one in criteria]
        conditions += [rule.otherwise.when for rule in own.requires if rule.otherwise and rule.otherwise.when]
        for condition in (
            *conditions,
            *(one.applies_when for one in criteria),
            *(use.when for use in uses_under(track.plan, self.facts.values())),
        ):
            if condition:
                self._condition(condition.tree, track.reader, f"{track.number}")

    def _bounds(self) -> None:
        """Take in what binds a level from outside its criteria."""
        first = self.building.known.reader
        for place, bound in enumerate(bounds_of(self.plan.edition)):
            reader = Reader(first.fields, {**self.plan.constants, **bound.figures}, first.weight)
            rule = bound.rule
            conditions = [rule.rule.applies_when, *(use.when for use in rule.rule.interpretations)]
            if isinstance(rule, Ceiling):
                self.ties.always.update(rule.other.names)
            else:
                conditions.append(rule.when)
            for condition in conditions:
                if condition:
                    self._condition(condition.tree, reader, f"b{place}")

    def _condition(self, tree: ast.expr, reader: Reader, where: str) -> None:
        """Take in each comparison of a condition: how it comes out, and which facts it holds against each other."""
        for leaf in _leaves(tree):
            name = f"__is_{where}:{ast.dump(leaf)}"
            if name in self.seen:
                continue
            self.seen.add(name)
            facts = set(_compared(leaf))
            self.ties.hold(facts)
            try:
                truth = reader.read(leaf)
            except NotColumnarError:
                self.ties.always.update(facts)
                continue
            if isinstance(truth, nw.Expr):
                self.truths.append(self._where_it_counts(truth, where))

    @staticmethod
    def _where_it_counts(truth: "nw.Expr", where: str) -> "nw.Expr":
        """Leave out how a comparison comes out under a track that surely does not apply."""
        return nw.when(nw.col(f"__a{where}").fill_null(value=True)).then(truth) if where.isdigit() else truth


def _packed(truths: "Sequence[nw.Expr]") -> "nw.Expr":
    """Return truths as the digits of one whole number: no, yes, and unknown."""
    digits = [truth.cast(nw.Int64).fill_null(2) * 4**place for place, truth in enumerate(truths)]
    whole: nw.Expr = reduce(add, digits)
    return whole


def _leaves(tree: ast.expr) -> Iterator[ast.expr]:
    """Return the comparisons and truths that a condition is made of."""
    match tree:
        case ast.BoolOp(values=parts):
            for part in parts:
                yield from _leaves(part)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield from _leaves(operand)
        case _:
            yield tree


def _compared(tree: ast.expr) -> Iterable[str]:
    """Return the names of the values that a condition looks at; of `given(…)` it is enough which facts are open."""
    for leaf in _leaves(tree):
        if not (isinstance(leaf, ast.Call) and isinstance(leaf.func, ast.Name) and leaf.func.id == "given"):
            yield from names_of(leaf)


class _Ties:
    """Which facts are held against each other, and which are the same figure in another place."""

    def __init__(self, facts: set[str]) -> None:
        """Take the facts whose values may be looked at."""
        self.facts = facts
        self.held = _Classes(facts)
        """Facts that make each other up: sums, and what they are the sums of."""
        self.standing = _Classes(facts)
        """The same, with what stands in for what."""
        self.gates: dict[str, set[str]] = {name: set() for name in facts}
        self.pairs: dict[str, set[str]] = {name: {name} for name in facts}
        self.always: set[str] = set()
        """Facts whose values are looked at whatever is open."""

    def add_up(self, names: Iterable[str]) -> None:
        """Note that facts make each other up."""
        own = list(names)
        self.held.join(own)
        self.standing.join(own)

    def stand(self, names: Iterable[str], gates: Iterable[str]) -> None:
        """Note that a fact may stand in for another; `gates` are the facts that this hangs on."""
        own = list(names)
        self.standing.join(own)
        for name in own:
            self.gates[name] |= set(gates) & self.facts

    def hold(self, names: Iterable[str]) -> None:
        """Note that the values of facts are held against each other."""
        own = {name for name in names if name in self.facts}
        for name in own:
            self.pairs[name] = self.pairs[name] | own

    def watched(self, name: str, *, standing: bool) -> set[str]:
        """Return the facts that make the value of a fact matter where they are open; `standing`: where facts may stand in for others."""
        classes = self.standing if standing else self.held
        near = set[str]().union(*(self.pairs[one] for one in classes.of[name]))
        whole = set[str]().union(*(classes.of[one] for one in near))
        return whole.union(*(self.gates[one] for one in whole)) if standing else whole


class _Classes:
    """Facts in classes."""

    def __init__(self, facts: Iterable[str]) -> None:
        """Begin with each by itself."""
        self.of = {name: {name} for name in facts}

    def join(self, names: Iterable[str]) -> None:
        """Join the classes of some facts."""
        whole = set[str]().union(*(self.of[name] for name in names if name in self.of))
        self.of |= dict.fromkeys(whole, whole)
