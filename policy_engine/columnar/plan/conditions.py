"""Conditions to expressions over columns: the same tree as every other reader's, numbers crosswise and exact.

Numbers become sums of columns with whole factors, and no sum is ever subtracted from another, so that columns without a sign serve
too. How heavy the heaviest sum is, is remembered: it says how large a figure may be before a row must be looked at by itself, so that
nothing is ever wrapped.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from math import lcm
from typing import Any

import narwhals.stable.v2 as nw

from policy_engine.columnar.plan.fields import (
    NUMBERS,
    FactField,
    NotColumnarError,
    Truth,
    all_of,
    any_of,
    as_column,
    known,
    member,
    opposite,
)
from policy_engine.evaluate.open.linear import Linear, NotLinearError, add, cross, product
from policy_engine.language.fold import Reader
from policy_engine.language.text import show
from policy_engine.language.tree import Pair, Tree, name_of, opened
from policy_engine.language.values import UNKNOWN, Ratio, Unknown, Value
from policy_engine.model.facts import Condition

_SIGNS: Mapping[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


class Weight:
    """The heaviest sum that a plan works out: factors and a constant."""

    def __init__(self) -> None:
        self.factors, self.constant = 1, 0


class ColumnReader(Reader[Truth]):
    """Reads conditions over the fields of a file, and figures that the edition fixes; what does not fit columns is refused."""

    refuses = frozenset({"constant", "arithmetic", "share", "count", "sum"})

    def __init__(self, fields: Mapping[str, FactField], constants: Mapping[str, Value], weight: Weight) -> None:
        """Take the fields by the names of facts, the constants by name, and where the heaviest sum is noted."""
        self.fields, self.constants, self.weight = fields, constants, weight
        self._sums = _SumReader(self)

    def over(self, fields: Mapping[str, FactField], constants: Mapping[str, Value]) -> "ColumnReader":
        """Return a reader over other fields, or with other figures, of the same plan."""
        return ColumnReader(fields, constants, self.weight)

    def truth(self, condition: Condition | None) -> Truth:
        """Return the truth of a condition; where there is none, what it would limit always holds."""
        return True if condition is None else self.read(condition.tree)

    def number(self, tree: Tree) -> Linear | None:
        """Return a number as a sum over columns; None where it is unknown for every row."""
        return self._sums.read(tree)

    def refused(self, tree: Tree) -> NotColumnarError:
        return NotColumnarError(show(tree))

    def connective(self, _: Tree, sign: str, parts: Sequence[Tree]) -> Truth:
        return (all_of if sign == "and" else any_of)([self.read(part) for part in parts])

    def negation(self, _: Tree, part: Tree) -> Truth:
        return opposite(self.read(part))

    def name(self, _: Tree, name: str) -> Truth:
        return nw.col(self.fields[name].column) if self.fields[name].column else UNKNOWN

    def comparison(self, _: Tree, pairs: Sequence[Pair]) -> Truth:
        return all_of([self._pair(pair) for pair in pairs])

    def membership(self, _: Tree, one: Tree, sign: str, elements: Sequence[Tree]) -> Truth:
        found = any_of([self._pair(Pair(one, "==", element)) for element in elements])
        return found if sign == "in" else opposite(found)

    def containment(self, _: Tree, one: Tree, sign: str, among: Tree) -> Truth:
        found = member(self.fields[name_of(among)], text_of(one))
        return found if sign == "in" else opposite(found)

    def exists(self, _: Tree, fact: Tree) -> Truth:
        field = self.fields.get(name_of(fact))
        if field is None:
            return True
        if not field.column:
            return UNKNOWN
        there = nw.when(~nw.col(field.column).is_null()).then(nw.lit(True))
        return there.otherwise(nw.when(nw.col(field.none)).then(nw.lit(False))) if field.none else there

    def given(self, _: Tree, *facts: Tree) -> Truth:
        """Return whether a row states a fact; a row that states a list is looked at by itself."""
        return any_of(known(self.fields[name_of(fact)]._replace(total=None)) for fact in facts)

    def _pair(self, pair: Pair) -> Truth:
        """Compare one pair; what does not exist equals nothing, and is neither less nor more."""
        result = self._pair_of_values(pair)
        facts = [self.fields[name_of(side)] for side in (pair.left, pair.right) if name_of(side) in self.fields]
        none = [nw.col(field.none) for field in facts if field.none]
        if not none or isinstance(result, (bool, Unknown)):
            return result
        missing = as_column(all_of((any_of(none), *map(known, facts))))
        return nw.when(missing).then(nw.lit(pair.sign == "!=")).otherwise(result)

    def _pair_of_values(self, pair: Pair) -> Truth:
        """Compare one pair of values that exist: numbers by the sum that their difference is, others as they stand."""
        if {self._kind(pair.left), self._kind(pair.right)} <= NUMBERS:
            try:
                one, other = self.number(pair.left), self.number(pair.right)
                return UNKNOWN if one is None or other is None else self.row(cross(one, other), pair.sign)
            except NotLinearError as error:
                raise NotColumnarError(f"{show(pair.left)} … {show(pair.right)}") from error
        sides = self._operand(pair.left), self._operand(pair.right)
        if any(isinstance(side, Unknown) for side in sides):
            return UNKNOWN
        result: Truth = _SIGNS[pair.sign](*sides)
        return result

    def _kind(self, tree: Tree) -> str:
        """Return what kind of value one side of a comparison is."""
        name = name_of(tree)
        if name in self.fields:
            return self.fields[name].kind
        return "day" if isinstance(self.constants.get(name), date) else "text" if text_of(tree) else "count"

    def _operand(self, tree: Tree) -> nw.Expr | str | date | Unknown:
        """Return one side that is a choice, a text or a day."""
        name = name_of(tree)
        if not name:
            return text_of(tree)
        if name in self.fields:
            return nw.col(self.fields[name].column) if self.fields[name].column else UNKNOWN
        day = self.constants[name]
        assert isinstance(day, date)
        as_text = any(field.as_text and field.kind == "day" for field in self.fields.values())
        return day.isoformat() if as_text else day

    def row(self, difference: Linear, sign: str) -> Truth:
        """Return how a sum stands to nothing, its parts sorted to two sides so that each has plus signs only."""
        terms = {name: Fraction(c) for name, c in difference.terms.items() if c}
        gone = [~nw.col(name).is_null() for name, c in difference.terms.items() if not c]
        if gone:  # unknown while a fact is open that falls out of the sum
            return nw.when(as_column(all_of(gone))).then(as_column(self.row(difference._replace(terms=terms), sign)))
        constant = Fraction(difference.constant)
        if not terms:
            return bool(_SIGNS[sign](constant, 0))
        result: Truth = _SIGNS[sign](*self.sides(terms, constant, lcm(constant.denominator, *(c.denominator for c in terms.values()))))
        return result

    def sides(self, terms: Mapping[str, Fraction | int], constant: Fraction | int, scale: int) -> tuple[Any, Any]:
        """Return the parts of a sum with a plus, and those with a minus, as sums of columns with whole factors."""
        whole, rest = {name: int(c * scale) for name, c in terms.items()}, int(constant * scale)
        plus = self._total({name: c for name, c in whole.items() if c > 0}, max(rest, 0))
        return plus, self._total({name: -c for name, c in whole.items() if c < 0}, max(-rest, 0))

    def _total(self, terms: Mapping[str, int], constant: int) -> nw.Expr | int:
        self.weight.factors = max(self.weight.factors, sum(terms.values()))
        self.weight.constant = max(self.weight.constant, constant)
        summed: nw.Expr | None = None
        for name, factor in terms.items():
            part = nw.col(name) if factor == 1 else nw.col(name) * factor
            summed = part if summed is None else summed + part
        return constant if summed is None else summed + constant if constant else summed


class _SumReader(Reader[Linear | None]):
    """Reads numbers as sums over columns; None where a number is unknown for every row.

    Raises:
        NotLinearError: where a number is no such sum.
    """

    refuses = frozenset({"comparison", "membership", "containment", "connective", "negation", "given", "exists"})

    def __init__(self, columns: ColumnReader) -> None:
        self.columns = columns

    def refused(self, tree: Tree) -> NotColumnarError:
        return NotColumnarError(show(tree))

    def constant(self, _: Tree, value: Any) -> Linear:
        return Linear({}, Fraction(value))

    def name(self, _: Tree, name: str) -> Linear | None:
        field = self.columns.fields.get(name)
        if field is not None:
            return field.as_sum()
        figure = self.columns.constants[name]
        if isinstance(figure, (int, Fraction, Ratio)):
            return Linear({}, figure.fraction if isinstance(figure, Ratio) else figure)
        raise NotLinearError

    def arithmetic(self, _: Tree, left: Tree, sign: str, right: Tree) -> Linear | None:
        one, other = self.read(left), self.read(right)
        if one is None or other is None:
            return None
        return product(one, other) if sign == "*" else add(one, other, -1 if sign == "-" else 1)

    def share(self, _: Tree, part: Tree, whole: Tree) -> Linear | None:
        top, below = self.read(part), self.read(whole)
        return None if top is None or below is None else top._replace(below=below)

    def count(self, _: Tree, *_arguments: Tree) -> None:
        """Return nothing: a row that states a list is looked at by itself."""

    sum = count


def text_of(tree: Tree) -> str:
    """Return the text that a tree is; "" where it is anything else."""
    construct, parts = opened(tree)
    return parts[0] if construct == "constant" and isinstance(parts[0], str) else ""
