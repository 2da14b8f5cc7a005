"""Conditions as formulas over what is unknown: and, or, and linear rows.

A second reader of the condition tree. Known facts become numbers, unknown ones variables; negation is
pushed down to the rows, where it is exact. What is not linear becomes a free variable: wider than
the truth, never narrower, and said so.
"""

import ast
from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from policy_engine.errors import EngineFaultError
from policy_engine.evaluate.core.expression import ShareOfNothingError, interpreter_over
from policy_engine.evaluate.open.linear import Row, negated, normal
from policy_engine.evaluate.open.variables import Linear, NotLinearError, Variables, add, cross, product
from policy_engine.language.check import names_in
from policy_engine.language.text import show
from policy_engine.language.types import Type
from policy_engine.language.values import NONE, UNKNOWN, Ratio, Truth
from policy_engine.model.facts import Condition


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
_names_in = lru_cache(maxsize=4096)(names_in)


def conjunction(parts: Iterable[Formula]) -> Formula:
    """Join formulas by and; what is decided falls out."""
    kept: dict[Formula, None] = {}
    for part in parts:
        if part is False:
            return False
        if isinstance(part, All):
            kept.update(dict.fromkeys(part.parts))
        elif part is not True:
            kept[part] = None
    return True if not kept else next(iter(kept)) if len(kept) == 1 else All(tuple(kept))


def disjunction(parts: Iterable[Formula]) -> Formula:
    """Join formulas by or; what is decided falls out."""
    kept: dict[Formula, None] = {}
    for part in parts:
        if part is True:
            return True
        if isinstance(part, Any):
            kept.update(dict.fromkeys(part.parts))
        elif part is not False:
            kept[part] = None
    return False if not kept else next(iter(kept)) if len(kept) == 1 else Any(tuple(kept))


def rename(formula: Formula, others: Mapping[str, str]) -> Formula:
    """Return a formula with some variables under other names: the same case, but for those facts."""
    if isinstance(formula, Atom):
        terms = tuple(sorted((others.get(name, name), c) for name, c in formula.row.terms))
        return Atom(formula.row._replace(terms=terms), formula.facts)
    if isinstance(formula, (All, Any)):
        join = conjunction if isinstance(formula, All) else disjunction
        return join(rename(part, others) for part in formula.parts)
    return formula


class Translator:
    """Reads condition trees into formulas over a case's variables."""

    def __init__(self, variables: Variables, substitutes: Mapping[str, Condition] | None = None) -> None:
        """Take the variables, which grow as unknown facts are met, and what open derived facts stand for."""
        self.variables = variables
        self.substitutes = substitutes or {}
        self._made: dict[tuple[ast.expr, bool], Formula] = {}

    def forget(self) -> None:
        """Forget every formula made so far, since a value has become known."""
        self._made.clear()

    def formula(self, tree: ast.expr, *, holds: bool = True) -> Formula:
        """Return the formula of a condition, or of its negation; each is made once."""
        made = self._made.get((tree, holds))
        if made is None:
            made = self._made[tree, holds] = self._formula(tree, holds=holds)
        return made

    def _formula(self, tree: ast.expr, *, holds: bool) -> Formula:
        """Make the formula of a condition, or of its negation."""
        match tree:
            case ast.BoolOp(op=operator, values=parts):
                join = conjunction if isinstance(operator, ast.And) is holds else disjunction
                return join(self.formula(part, holds=holds) for part in parts)
            case ast.UnaryOp(operand=operand):
                return self.formula(operand, holds=not holds)
            case ast.Compare():
                return self._compare(tree, holds=holds)
            case ast.Name(id=name):
                return self._truth(name, holds=holds)
            case ast.Call(func=ast.Name(id="exists"), args=[ast.Name(id=name)]):
                return self._exists(name, holds=holds)
            case _:
                raise EngineFaultError(f"no formula for {show(tree)}")

    def _truth(self, name: str, *, holds: bool) -> Formula:
        """Return the formula of a fact that is true or false."""
        value = self.variables.values[name]
        if value is not UNKNOWN:
            return (value is True) is holds
        if name in self.substitutes:
            return self.formula(self.substitutes[name].tree, holds=holds)
        return self._at_least(self.variables.sum_of(name), 1, frozenset({name}), holds=holds)

    def _exists(self, name: str, *, holds: bool) -> Formula:
        """Return the formula that a value exists."""
        value = self.variables.values[name]
        if value is not UNKNOWN:
            return (value is not NONE) is holds
        there = self.variables.variable(f"exists({name})", Type("bool"), frozenset({name}))
        return self._at_least(there, 1, frozenset({name}), holds=holds)

    def _at_least(self, total: Linear, least: int, facts: frozenset[str], *, holds: bool) -> Formula:
        """Return the formula that a sum is at least a number."""
        return self._row(total.times(-1), -least, facts, strict=False, holds=holds)

    def _row(self, left: Linear, bound: Fraction | int, facts: frozenset[str], *, strict: bool, holds: bool) -> Formula:
        """Return the formula of one row (left <= bound), or of its negation."""
        rational = self.variables.rational
        row = normal(left.terms, bound - left.constant, rational, strict=strict)
        if isinstance(row, bool):
            return row is holds
        named = frozenset(self.variables.aliases.get(name, name) for name in facts)
        return Atom(row if holds else negated(row, rational), named)

    def _compare(self, tree: ast.Compare, *, holds: bool) -> Formula:
        """Return the formula of a comparison; what is not linear becomes a free variable."""
        facts = self._unknowns(tree)
        known = UNKNOWN if facts else self._known(tree)
        if known is not UNKNOWN:
            return known is holds
        try:
            return self._pairs(tree, facts, holds=holds)
        except NotLinearError:
            return self._at_least(self.variables.free(tree, facts), 1, facts, holds=holds)

    def _known(self, tree: ast.Compare) -> Truth:
        """Return the truth of a comparison of known facts; a share of nothing is left to the rows, where nothing is divided."""
        try:
            found: Truth = interpreter_over(self.variables.values).evaluated(tree)
        except ShareOfNothingError:
            return UNKNOWN
        return found

    def _unknowns(self, tree: ast.expr) -> frozenset[str]:
        """Return the unknown facts that a tree reads."""
        found = {name for name in _names_in(tree) if self.variables.values.get(name) is UNKNOWN}
        for name in found & self.substitutes.keys():
            found = (found - {name}) | self._unknowns(self.substitutes[name].tree)
        return frozenset(found)

    def _pairs(self, tree: ast.Compare, facts: frozenset[str], *, holds: bool) -> Formula:
        """Return the formula of every pair of a comparison, joined."""
        if isinstance(tree.ops[0], (ast.In, ast.NotIn)) and isinstance(tree.comparators[0], ast.Name):
            return self._in_set(tree.left, tree.comparators[0].id, holds=isinstance(tree.ops[0], ast.In) is holds)
        if isinstance(tree.comparators[0], ast.Tuple):
            inside = isinstance(tree.ops[0], ast.In) is holds
            join = disjunction if inside else conjunction
            sign: ast.cmpop = ast.Eq()
            return join(self._pair(tree.left, sign, element, facts, holds=inside) for element in tree.comparators[0].elts)
        sides = (tree.left, *tree.comparators)
        join = conjunction if holds else disjunction
        return join(self._pair(sides[n], sign, sides[n + 1], facts, holds=holds) for n, sign in enumerate(tree.ops))

    def _in_set(self, one: ast.expr, name: str, *, holds: bool) -> Formula:
        """Return the formula that a set holds a choice; in an open set each choice is a truth of its own."""
        assert isinstance(one, ast.Constant)
        assert isinstance(one.value, str)
        value = self.variables.values[name]
        if isinstance(value, frozenset):
            return (one.value in value) is holds
        there = self.variables.variable(f"{one.value} in {name}", Type("bool"), frozenset({name}))
        return self._at_least(there, 1, frozenset({name}), holds=holds)

    def _pair(self, left: ast.expr, sign: ast.cmpop, right: ast.expr, facts: frozenset[str], *, holds: bool) -> Formula:
        """Return the formula of one pair."""
        if self._is_none(left) or self._is_none(right):
            return isinstance(sign, ast.NotEq) is holds
        one, other = self._words(left), self._words(right)
        if one is not None and other is not None:
            return ((one == other) is isinstance(sign, ast.Eq)) is holds
        first, second = self._side(left, right), self._side(right, left)
        difference = cross(first, second)
        match sign:
            case ast.LtE() | ast.Lt():
                return self._row(difference, 0, facts, strict=isinstance(sign, ast.Lt), holds=holds)
            case ast.GtE() | ast.Gt():
                return self._row(difference.times(-1), 0, facts, strict=isinstance(sign, ast.Gt), holds=holds)
            case _:
                equal = isinstance(sign, ast.Eq) is holds
                join = conjunction if equal else disjunction
                return join(self._row(d, 0, facts, strict=False, holds=equal) for d in (difference, difference.times(-1)))

    def _is_none(self, tree: ast.expr) -> bool:
        """Return whether a side is a value known not to exist."""
        return isinstance(tree, ast.Name) and self.variables.values.get(tree.id) is NONE

    def _words(self, tree: ast.expr) -> str | None:
        """Return the choice or the text that one side is known to be."""
        value = self.variables.values.get(tree.id) if isinstance(tree, ast.Name) else tree.value if isinstance(tree, ast.Constant) else None
        return value if isinstance(value, str) else None

    def _side(self, tree: ast.expr, other: ast.expr) -> Linear:
        """Return the sum that one side of a pair is; a quoted choice is its position among the other side's choices."""
        if isinstance(tree, ast.Constant) and isinstance(tree.value, str):
            return Linear({}, self._position(tree.value, other))
        return self._linear(tree)

    def _position(self, text: str, other: ast.expr) -> int:
        """Return the position of a choice among those of the fact that it is held against."""
        choices = self.variables.types[other.id].choices if isinstance(other, ast.Name) else ()
        if text not in choices:
            raise NotLinearError
        return choices.index(text)

    def _linear(self, tree: ast.expr) -> Linear:
        """Return the sum that a number, a day, a level or a choice is."""
        match tree:
            case ast.Constant(value=value):
                return Linear({}, Fraction(value))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
            case ast.Name(id=name):
                return self._named(name)
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                return product(self._linear(left), self._linear(right))
            case ast.BinOp(left=left, op=operator, right=right):
                return add(self._linear(left), self._linear(right), -1 if isinstance(operator, ast.Sub) else 1)
            case ast.Call(func=ast.Name(id="share"), args=[part, whole]):
                return self._linear(part)._replace(below=self._linear(whole))
            case ast.Call(func=ast.Name(id="count" | "sum")):
                return self._of_list(tree)
            case _:
                raise NotLinearError

    def _of_list(self, tree: ast.Call) -> Linear:
        """Return what a list adds up to, where it is known."""
        value = interpreter_over(self.variables.values).evaluated(tree)
        if not isinstance(value, (int, Fraction)):
            raise NotLinearError
        return Linear({}, value)

    def _named(self, name: str) -> Linear:
        """Return the sum that a name is."""
        value = self.variables.values[name]
        if value is UNKNOWN and name in self.variables.nullable:
            raise NotLinearError
        if value is UNKNOWN and name in self.substitutes:
            return self._linear(self.substitutes[name].tree)
        if value is UNKNOWN:
            return self.variables.sum_of(name)
        if isinstance(value, date):
            return Linear({}, value.toordinal())
        if isinstance(value, str) and value in self.variables.types[name].choices:
            return Linear({}, self.variables.types[name].choices.index(value))
        if isinstance(value, (int, Fraction, Ratio)):
            return Linear({}, value.fraction if isinstance(value, Ratio) else value)
        raise NotLinearError
