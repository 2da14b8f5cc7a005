"""Conditions as formulas over what is unknown: and, or, and linear rows; and whether a completion makes one hold.

A second reader of the condition tree. Known facts become numbers, unknown ones variables; negation is pushed down to the rows, where it
is exact. What is not linear becomes a free variable: wider than the truth, never narrower, and said so.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import TypeAlias

from policy_engine.evaluate.core.expression import ShareOfNothingError, interpreter_over
from policy_engine.evaluate.open.linear import (
    Linear,
    NotLinearError,
    Rational,
    Row,
    add,
    cross,
    negated,
    normal,
    product,
)
from policy_engine.language.fold import Reader
from policy_engine.language.text import show
from policy_engine.language.tree import Pair, Tree, name_of, names_in, opened
from policy_engine.language.types import Type
from policy_engine.language.values import NONE, UNKNOWN, Ratio, Truth, Value
from policy_engine.model.facts import Condition
from policy_engine.tuples import NamedTuple

_DOMAINS: Mapping[str, tuple[int, int | None]] = {
    "bool": (0, 1), "count": (0, None), "choice": (0, None), "level": (0, None), "months": (0, None),
}  # fmt: skip


class Atom(NamedTuple):
    """One row, and the unknown facts that stand in it."""

    row: Row
    facts: frozenset[str]


class All(NamedTuple):
    """A conjunction; its sort keeps it from being taken for a disjunction of the same parts, as tuples are equal by their fields."""

    parts: "tuple[Formula, ...]"
    sort: str = "all"


class Any(NamedTuple):
    """A disjunction; see `All` for its sort."""

    parts: "tuple[Formula, ...]"
    sort: str = "any"


Formula: TypeAlias = bool | Atom | All | Any


def conjunction(parts: Iterable[Formula]) -> Formula:
    """Join formulas by and; what is decided falls out."""
    return _joined(parts, All, ends=False)


def disjunction(parts: Iterable[Formula]) -> Formula:
    """Join formulas by or; what is decided falls out."""
    return _joined(parts, Any, ends=True)


def _joined(parts: Iterable[Formula], sort: type[All | Any], *, ends: bool) -> Formula:
    kept: dict[Formula, None] = {}
    for part in parts:
        if part is ends:
            return ends
        if isinstance(part, sort):
            kept.update(dict.fromkeys(part.parts))
        elif not isinstance(part, bool):
            kept[part] = None
    return not ends if not kept else next(iter(kept)) if len(kept) == 1 else sort(tuple(kept))


class Variables:
    """The unknowns of one case: which variable stands for which fact, and within which bounds."""

    def __init__(self, values: Mapping[str, Value], types: Mapping[str, Type], ranks: int, nullable: frozenset[str] = frozenset()) -> None:
        """Take what is known so far, the type of every fact, the number of levels, and the facts that may not exist."""
        self.values, self.types, self.ranks, self.nullable = dict(values), types, ranks, nullable
        self.sums: dict[str, Linear] = {}
        self.facts: dict[str, frozenset[str]] = {}
        self.domains: dict[str, tuple[Fraction | int | None, Fraction | int | None]] = {}
        self.rationals: set[str] = set()
        self.aliases: dict[str, str] = {}
        self.exact = True
        self.met: dict[str, None] = {}
        """The variables that were asked for, in order."""

    def rational(self, name: str) -> bool:
        return name in self.rationals

    def sum_of(self, name: str) -> Linear:
        """Return the sum that an unknown fact is: a variable of its own, unless it was counted from a list."""
        name = self.aliases.get(name, name)
        if name not in self.sums:
            self.sums[name] = self.variable(name, self.types[name], frozenset({name}))
        self.met.update(dict.fromkeys(self.sums[name].terms))
        return self.sums[name]

    def variable(self, name: str, kind: Type, facts: frozenset[str]) -> Linear:
        self.facts[name] = facts
        self.met[name] = None
        least, most = _DOMAINS.get(kind.kind, (None, None))
        if kind.kind in {"choice", "level"}:
            most = (len(kind.choices) if kind.kind == "choice" else self.ranks) - 1
        self.domains[name] = (least, most)
        if kind.kind in {"points", "share"}:
            self.rationals.add(name)
        return Linear({name: 1})

    def free(self, tree: Tree, facts: frozenset[str]) -> Linear:
        """Make a truth variable for what is not linear: either way is thought possible."""
        self.exact = False
        return self.variable(f"?{show(tree)}", Type("bool"), facts)

    def domain_rows(self) -> list[Row]:
        lower = [normal({name: -1}, -least, self.rational) for name, (least, _) in self.domains.items() if least is not None]
        upper = [normal({name: 1}, most, self.rational) for name, (_, most) in self.domains.items() if most is not None]
        return [row for row in (*lower, *upper) if isinstance(row, Row)]


class Translator(Reader[Formula]):
    """Reads conditions, or their negations (`holds=False`), into formulas over a case's variables."""

    refuses = frozenset({"constant", "arithmetic", "share", "count", "sum", "given"})

    def __init__(self, variables: Variables, substitutes: Mapping[str, Condition] | None = None) -> None:
        """Take the variables, which grow as unknown facts are met, and what open derived facts stand for."""
        self.variables, self.substitutes = variables, substitutes or {}
        self._sums = _Sums(self.variables, self.substitutes)
        self._made: dict[tuple[Tree, bool], Formula] = {}

    def forget(self) -> None:
        self._made.clear()

    def formula(self, tree: Tree, *, holds: bool = True) -> Formula:
        """Return the formula of a condition, or of its negation; each is made once."""
        made = self._made.get((tree, holds))
        if made is None:
            made = self._made[tree, holds] = self.read(tree, holds=holds)
        return made

    def joined(self, parts: Iterable[Formula], *, every: bool) -> Formula:
        return conjunction(parts) if every else disjunction(parts)

    def connective(self, _: Tree, sign: str, parts: Sequence[Tree], *, holds: bool) -> Formula:
        return self.joined((self.formula(part, holds=holds) for part in parts), every=(sign == "and") is holds)

    def negation(self, _: Tree, part: Tree, *, holds: bool) -> Formula:
        return self.formula(part, holds=not holds)

    def name(self, _: Tree, name: str, *, holds: bool) -> Formula:
        value = self.variables.values[name]
        if value is not UNKNOWN:
            return (value is True) is holds
        if name in self.substitutes:
            return self.formula(self.substitutes[name].tree, holds=holds)
        return self._true(self.variables.sum_of(name), frozenset({name}), holds=holds)

    def exists(self, _: Tree, fact: Tree, *, holds: bool) -> Formula:
        name = name_of(fact)
        value = self.variables.values[name]
        if value is not UNKNOWN:
            return (value is not NONE) is holds
        return self._own_truth(f"exists({name})", name, holds=holds)

    def comparison(self, tree: Tree, pairs: Sequence[Pair], *, holds: bool) -> Formula:
        join = conjunction if holds else disjunction
        return self._unless_known(tree, lambda facts: join(self._pair(pair, facts, holds=holds) for pair in pairs), holds=holds)

    def membership(self, tree: Tree, one: Tree, sign: str, elements: Sequence[Tree], *, holds: bool) -> Formula:
        inside = (sign == "in") is holds
        join, pairs = disjunction if inside else conjunction, [Pair(one, "==", element) for element in elements]
        return self._unless_known(tree, lambda facts: join(self._pair(pair, facts, holds=inside) for pair in pairs), holds=holds)

    def containment(self, tree: Tree, one: Tree, sign: str, among: Tree, *, holds: bool) -> Formula:
        """Return the formula that a set holds a choice; in an open set each choice is a truth of its own."""
        name, variable = name_of(among), f"{opened(one)[1][0]} in {name_of(among)}"
        return self._unless_known(tree, lambda _: self._own_truth(variable, name, holds=(sign == "in") is holds), holds=holds)

    def _own_truth(self, variable: str, fact: str, *, holds: bool) -> Formula:
        facts = frozenset({fact})
        return self._true(self.variables.variable(variable, Type("bool"), facts), facts, holds=holds)

    def _true(self, truth: Linear, facts: frozenset[str], *, holds: bool) -> Formula:
        return self._row(truth.times(-1), -1, facts, strict=False, holds=holds)

    def _row(self, left: Linear, bound: Fraction | int, facts: frozenset[str], *, strict: bool, holds: bool) -> Formula:
        """Return the formula of one row (left <= bound), or of its negation."""
        rational = self.variables.rational
        row = normal(left.terms, bound - left.constant, rational, strict=strict)
        if isinstance(row, bool):
            return row is holds
        named = frozenset(self.variables.aliases.get(name, name) for name in facts)
        return Atom(row if holds else negated(row, rational), named)

    def _unless_known(self, tree: Tree, made: Callable[[frozenset[str]], Formula], *, holds: bool) -> Formula:
        """Return the truth of a comparison of known facts, else the formula of its unknown ones; a free variable where it is not linear."""
        facts = self._unknowns(tree)
        if not facts:
            try:
                known: Truth = interpreter_over(self.variables.values).evaluated(tree)
            except ShareOfNothingError:
                known = UNKNOWN  # left to the rows, where nothing is divided
            if known is not UNKNOWN:
                return known is holds
        try:
            return made(facts)
        except NotLinearError:
            return self._true(self.variables.free(tree, facts), facts, holds=holds)

    def _unknowns(self, tree: Tree) -> frozenset[str]:
        found = {name for name in names_in(tree) if self.variables.values.get(name) is UNKNOWN}
        for name in found & self.substitutes.keys():
            found = (found - {name}) | self._unknowns(self.substitutes[name].tree)
        return frozenset(found)

    def _pair(self, pair: Pair, facts: frozenset[str], *, holds: bool) -> Formula:
        left, sign, right = pair
        one, other = self._sums.known(left), self._sums.known(right)
        if one is NONE or other is NONE:
            return (sign == "!=") is holds
        if isinstance(one, str) and isinstance(other, str):
            return ((one == other) is (sign == "==")) is holds
        difference = cross(self._sums.side(left, right), self._sums.side(right, left))
        if sign in {"==", "!="}:
            equal = (sign == "==") is holds
            join = conjunction if equal else disjunction
            return join(self._row(d, 0, facts, strict=False, holds=equal) for d in (difference, difference.times(-1)))
        below = difference if sign in {"<", "<="} else difference.times(-1)
        return self._row(below, 0, facts, strict=sign in {"<", ">"}, holds=holds)


class _Sums(Reader[Linear]):
    """Reads a number, a day, a level or a choice into the sum that it is."""

    refuses = frozenset({"comparison", "membership", "containment", "connective", "negation", "exists", "given"})

    def __init__(self, variables: Variables, substitutes: Mapping[str, Condition]) -> None:
        self.variables, self.substitutes = variables, substitutes

    def refused(self, tree: Tree) -> NotLinearError:
        return NotLinearError(show(tree))

    def known(self, tree: Tree) -> object:
        """Return the value of a side that is a name or a literal, else None."""
        construct, parts = opened(tree)
        return self.variables.values.get(parts[0]) if construct == "name" else parts[0] if construct == "constant" else None

    def side(self, tree: Tree, other: Tree) -> Linear:
        """Return the sum that one side of a pair is; a quoted choice is its position among the other side's choices."""
        construct, parts = opened(tree)
        if construct != "constant" or not isinstance(parts[0], str):
            return self.read(tree)
        choices = self.variables.types[name_of(other)].choices if name_of(other) else ()
        if parts[0] not in choices:
            raise NotLinearError
        return Linear({}, choices.index(parts[0]))

    def constant(self, _: Tree, value: int | Fraction) -> Linear:
        return Linear({}, Fraction(value))

    def name(self, _: Tree, name: str) -> Linear:
        value = self.variables.values[name]
        if value is UNKNOWN and name in self.variables.nullable:
            raise NotLinearError
        if value is UNKNOWN:
            return self.read(self.substitutes[name].tree) if name in self.substitutes else self.variables.sum_of(name)
        if isinstance(value, date):
            return Linear({}, value.toordinal())
        if isinstance(value, str) and value in self.variables.types[name].choices:
            return Linear({}, self.variables.types[name].choices.index(value))
        if isinstance(value, (int, Fraction, Ratio)):
            return Linear({}, value.fraction if isinstance(value, Ratio) else value)
        raise NotLinearError

    def arithmetic(self, _: Tree, left: Tree, sign: str, right: Tree) -> Linear:
        one, other = self.read(left), self.read(right)
        return product(one, other) if sign == "*" else add(one, other, -1 if sign == "-" else 1)

    def share(self, _: Tree, part: Tree, whole: Tree) -> Linear:
        return self.read(part)._replace(below=self.read(whole))

    def count(self, tree: Tree, *_: Tree) -> Linear:
        """Return what a list adds up to, where it is known."""
        value = interpreter_over(self.variables.values).evaluated(tree)
        if not isinstance(value, (int, Fraction)):
            raise NotLinearError
        return Linear({}, value)

    sum = count


def split(rows: frozenset[Row], pending: Sequence[Formula], rational: Rational) -> tuple[frozenset[Row] | None, list[Any]]:
    """Split formulas into rows that must hold and disjunctions that are still open; None where they exclude each other.

    What the rows already decide is dropped from disjunctions; one of a single part is a row too.
    """
    taken, choices, work = set(rows), list[Any](), list(pending)
    while work:
        formula = work.pop()
        if formula is False:
            return None, []
        if isinstance(formula, All):
            work.extend(formula.parts)
        elif isinstance(formula, Atom):
            taken.add(formula.row)
        elif isinstance(formula, Any):
            choices.append(formula)
    kept = [disjunction(_settled(part, taken, rational) for part in choice.parts) for choice in choices]
    if False in kept:
        return None, []
    left = [choice for choice in kept if isinstance(choice, Any)]
    forced = [formula for formula in kept if formula is not True and not isinstance(formula, Any)]
    return split(frozenset(taken), [*forced, *left], rational) if forced else (frozenset(taken), left)


def _settled(formula: Formula, taken: set[Row], rational: Rational) -> Formula:
    """Return a part of a disjunction as the rows leave it."""
    if isinstance(formula, Atom):
        return True if formula.row in taken else False if negated(formula.row, rational) in taken else formula
    if isinstance(formula, All):
        return conjunction(_settled(part, taken, rational) for part in formula.parts)
    return formula
