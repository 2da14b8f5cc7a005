"""What is worked out once about the open facts of a track, and remembered from case to case by what it depends on.

A condition as a formula depends on the values of the facts that it names alone; what is open, on the formulas of the rules. So cases with
the same facts open share their formulas, what the rules force, and every answer: a situation.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from math import ceil, floor
from typing import Any, NamedTuple, TypeAlias, TypeVar

from policy_engine.evaluate.core.facts import has_open_fields
from policy_engine.evaluate.core.memory import Memory, taker
from policy_engine.evaluate.core.plan import Plan, TrackPlan
from policy_engine.evaluate.open.formula import Atom, Translator, Variables
from policy_engine.evaluate.open.linear import Rational, Row
from policy_engine.evaluate.open.search import Solver
from policy_engine.evaluate.open.space import Node, Space, limits_in
from policy_engine.evaluate.open.ties import tie_counts
from policy_engine.language.tree import Tree, compared, named, names_in
from policy_engine.language.types import Type
from policy_engine.language.values import Value

MAX_ROUNDS = 60
MAX_CONTEXTS = 32
MAX_KEPT = 30_000
"""How many formulas are kept before all is forgotten."""
MAX_SITUATIONS = 200
MAX_VALUES = 400
"""How many values of a condition's facts are remembered."""

T = TypeVar("T")
Domain: TypeAlias = tuple[Fraction | int | None, Fraction | int | None]
Bound: TypeAlias = tuple[Fraction | int, frozenset[str]]
"""A bound, and the rules that it rests on."""
Bounds: TypeAlias = dict[tuple[str, bool], Bound]
"""By variable and side (True is the upper one)."""


class Made(NamedTuple):
    """A condition as a formula: whether it says all that the condition says, and the variables that it asked for."""

    node: Node
    exact: bool
    met: tuple[str, ...]


class Remembered:
    """What follows from the values of some facts, for as many values as are kept."""

    __slots__ = ("known", "take")

    def __init__(self, names: Iterable[str]) -> None:
        self.take = taker(tuple(names))
        self.known: Memory[Any] = Memory(MAX_VALUES)

    def get(self, values: Mapping[str, Value], made: Callable[[], T]) -> T:
        """Return what follows; worked out where the values are new."""
        key = self.take(values)
        try:
            found: T | None = self.known.get(key)
        except TypeError:  # a list, whose items cannot be a key
            return made()
        return self.known.keep(key, made()) if found is None else found


class Situation(NamedTuple):
    """What the rules leave open: what they force, or exclude each other (`clash`), the answers, and the questions asked so far."""

    forced: Mapping[str, Bound]
    clash: frozenset[str]
    solver: Solver
    questions: dict[tuple[object, ...], tuple[str, ...]]


class TrackFormulas:
    """The formulas of a track where the same facts stand in for others and the same lists leave fields out."""

    def __init__(self, plan: Plan, variables: Variables, ties: Sequence[Row | bool]) -> None:
        self.plan, self.variables = plan, variables
        self.space = Space(variables)
        self.ties: tuple[Node, ...] = tuple(row if isinstance(row, bool) else self.space.limit(Atom(row, frozenset())) for row in ties)
        self.tied = tuple(variables.domains)
        self._translator = Translator(variables, plan.substitutes)
        self._conditions: dict[tuple[Tree, bool], Remembered] = {}
        self._follow: dict[str, Remembered] = {}
        self._situations: Memory[Situation] = Memory(MAX_SITUATIONS)
        self._narrowed: Memory[tuple[dict[str, Bound], frozenset[str]]] = Memory(MAX_SITUATIONS)

    def made(self, tree: Tree, values: Mapping[str, Value], *, holds: bool) -> Made:
        """Return the formula of a condition, or of its negation."""
        known = self._conditions.get((tree, holds))
        if known is None:
            known = self._conditions[tree, holds] = Remembered(self._facts_of(tree))
        return known.get(values, lambda: self._translated(tree, values, holds=holds))

    def _translated(self, tree: Tree, values: Mapping[str, Value], *, holds: bool) -> Made:
        variables = self.variables
        variables.values, variables.exact, variables.met = dict(values), True, {}
        self._translator.forget()
        node = self.space.node(self._translator.formula(tree, holds=holds))
        return Made(node, variables.exact, tuple(variables.met))

    def _facts_of(self, tree: Tree) -> dict[str, None]:
        """Return the facts that a condition names, and those that open ones of them are substituted by."""
        found: dict[str, None] = {}
        pending = list(names_in(tree))
        while pending:
            name = pending.pop()
            if name in self.plan.types and name not in found:
                found[name] = None
                pending += self.plan.substitutes[name].names if name in self.plan.substitutes else ()
        return found

    def follows(self, name: str, values: Mapping[str, Value], made: Callable[[], Value]) -> Value:
        """Return what a derived fact comes to."""
        if name not in self._follow:
            self._follow[name] = Remembered(self._facts_of(self.plan.substitutes[name].tree))
        return self._follow[name].get(values, made)

    def situation(self, rules: Sequence[tuple[str, Node]], more: Sequence[Node], declared: Mapping[str, None]) -> Situation:
        """Return what the rules leave open, with what is known beside them."""
        nodes = (*(node for _, node in rules), *more)
        key = (*nodes, *declared)
        found = self._situations.get(key)
        if found is None:
            solver = Solver(self.space, nodes)
            forced, clash = self._forced(rules, declared, solver)
            found = self._situations.keep(key, Situation(forced, clash, solver, {}))
        return found

    def _forced(
        self, rules: Sequence[tuple[str, Node]], declared: Mapping[str, None], solver: Solver
    ) -> tuple[dict[str, Bound], frozenset[str]]:  # fmt: skip
        """Return what the rules force. Ends without reasons tell whether there is anything; only then reasons are sought, where it is."""
        rows = [(rule, limit.atom.row) for rule, node in rules for limit in limits_in(node, certain=True)]
        names: Iterable[str] = declared
        if solver.at_rest and not solver.clash:
            tied = solver.tied_to_fixed()
            rows = [(rule, row) for rule, row in rows if row.terms[0][0] in tied]
            names = [name for name in declared if name in tied]
        key = (*rows, *names)
        found = self._narrowed.get(key)
        if found is None:
            domains = {name: self.variables.domains[name] for name in names}
            found = self._narrowed.keep(key, narrow(rows, domains, self.variables.rational))
        return found


class PreparedTrack:
    """A track, ready for cases that leave facts open."""

    def __init__(self, plan: Plan, track: TrackPlan) -> None:
        self.plan, self.track = plan, track
        self.held = {name: compared(named(name), "==", condition.tree) for name, condition in plan.substitutes.items()}
        """That a derived fact is what it follows from."""
        plain = [name for name, kind in plan.types.items() if kind.kind != "list"]
        named_in = [[name for name in rule.holds.names if name in plan.types] for rule in track.invariants]
        self.rules = [(rule, names if set(names) <= {*plain} else None) for rule, names in zip(track.invariants, named_in, strict=True)]
        """What always holds, with the facts that it reads, where these tell whether it is open; a list may leave fields out."""
        self._contexts: Memory[TrackFormulas] = Memory(MAX_CONTEXTS)

    def context(self, values: Mapping[str, Value], aliases: Mapping[str, str]) -> tuple[TrackFormulas, bool]:
        """Return where the formulas of a case are made, and whether that says all that its lists say."""
        variables = Variables(values, self.plan.types, len(self.plan.level_ids), self.plan.nullable)
        variables.aliases = dict(aliases)
        rows, exact = list[Row | bool](), True
        for source, counted in self.plan.counted.items():
            items = values[source]
            if isinstance(items, tuple) and has_open_fields(items):
                tied = tie_counts(items, counted, self.plan.edition.facts[source], variables)
                exact &= tied is not None
                rows += tied or []
        sums = [(name, *sorted(one.terms.items()), one.constant) for name, one in variables.sums.items()]
        key = (*aliases.items(), *sums, *rows, *variables.facts.items())
        found = self._contexts.get(key)
        if found is None or len(found.space) > MAX_KEPT:
            found = self._contexts.keep(key, TrackFormulas(self.plan, variables, rows))
        return found, exact


def narrow(rows: Sequence[tuple[str, Row]], domains: Mapping[str, Domain], rational: Rational) -> tuple[dict[str, Bound], frozenset[str]]:
    """Return the values that rules force, with those that each rests on; and the rules that exclude each other, where some do.

    Bounds are narrowed rule by rule until nothing moves. Each remembers the rules that it rests on, so that a deduced value can be
    shown with its reasons.
    """
    reasoned = [(row, frozenset({rule})) for rule, row in rows]
    ends = {(name, bool(upper)): end for name, both in domains.items() for upper, end in enumerate(both)}
    bounds: Bounds = {side: (end, frozenset()) for side, end in ends.items() if end is not None}
    forced: dict[str, Bound] = {}
    for _ in range(MAX_ROUNDS):
        moved = [_tighten(row, reasons, bounds, rational) for row, reasons in reasoned]
        for name in domains:
            least, most = bounds.get((name, False)), bounds.get((name, True))
            if least and most and least[0] > most[0]:
                return {}, least[1] | most[1]
            if least and most and least[0] == most[0]:
                forced[name] = (least[0], least[1] | most[1])
        if not any(moved):
            break
    return forced, frozenset()


def _tighten(row: Row, reasons: frozenset[str], bounds: Bounds, rational: Rational) -> bool:
    """Narrow each variable of a row by the bounds of the others; return whether one moved."""
    moved = False
    for name, own in row.terms:
        rest, because, upper = Fraction(row.bound), reasons, own > 0
        for other, c in row.terms:
            if other != name:
                end = bounds.get((other, c < 0))
                if end is None:
                    break
                rest, because = rest - c * end[0], because | end[1]
        else:
            limit = rest / own if rational(name) else floor(rest / own) if upper else ceil(rest / own)
            known = bounds.get((name, upper))
            if known is None or (limit < known[0] if upper else limit > known[0]):
                bounds[name, upper] = (limit, because)
                moved = True
    return moved


def typed(value: Fraction | int, kind: Type) -> Value:
    match kind.kind:
        case "bool":
            return value == 1
        case "choice":
            return kind.choices[int(value)]
        case "day":
            return date.fromordinal(int(value))
        case "points" | "share":
            return Fraction(value)
        case _:
            return int(value)
