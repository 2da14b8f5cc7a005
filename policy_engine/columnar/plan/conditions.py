"""Conditions to expressions over columns: the same tree as every other reader's, numbers crosswise and exact.

Numbers become sums of columns with whole factors, and no sum is ever subtracted from another, so that columns without a sign serve
too. How heavy the heaviest sum is, is remembered: it says how large a figure may be before a row must be looked at by itself, so that
nothing is ever wrapped.
"""

import ast
import operator
from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction
from itertools import pairwise
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
from policy_engine.errors import EngineFaultError
from policy_engine.evaluate.open.linear import Linear, NotLinearError, add, cross, product
from policy_engine.language.text import show
from policy_engine.language.values import UNKNOWN, Ratio, Unknown, Value
from policy_engine.model.facts import Condition

_SIGNS: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
}  # fmt: skip


class Weight:
    """The heaviest sum that a plan works out: factors and a constant."""

    def __init__(self) -> None:
        self.factors, self.constant = 1, 0


class ColumnReader:
    """Reads conditions over the fields of a file, and figures that the edition fixes."""

    def __init__(self, fields: Mapping[str, FactField], constants: Mapping[str, Value], weight: Weight) -> None:
        """Take the fields by the names of facts, the constants by name, and where the heaviest sum is noted."""
        self.fields, self.constants, self.weight = fields, constants, weight

    def over(self, fields: Mapping[str, FactField], constants: Mapping[str, Value]) -> "ColumnReader":
        """Return a reader over other fields, or with other figures, of the same plan."""
        return ColumnReader(fields, constants, self.weight)

    def truth(self, condition: Condition | None) -> Truth:
        """Return the truth of a condition; where there is none, what it would limit always holds."""
        return True if condition is None else self.read(condition.tree)

    def read(self, tree: ast.expr) -> Truth:
        match tree:
            case ast.BoolOp(op=join, values=parts):
                return (all_of if isinstance(join, ast.And) else any_of)([self.read(part) for part in parts])
            case ast.UnaryOp(operand=operand):
                return opposite(self.read(operand))
            case ast.Compare(left=left, ops=[ast.In() | ast.NotIn() as sign], comparators=[among]):
                found = self._among(left, among)
                return found if isinstance(sign, ast.In) else opposite(found)
            case ast.Compare(left=left, ops=signs, comparators=others):
                return all_of([self._pair(one, sign, other) for (one, other), sign in zip(pairwise((left, *others)), signs, strict=True)])
            case ast.Name(id=name):
                return nw.col(self.fields[name].column) if self.fields[name].column else UNKNOWN
            case ast.Call(func=ast.Name(id="exists"), args=[ast.Name(id=name)]):
                return self._exists(name)
            case ast.Call(func=ast.Name(id="given"), args=facts):  # a row that states a list is looked at by itself
                return any_of(known(self.fields[fact.id]._replace(total=None)) for fact in facts if isinstance(fact, ast.Name))
            case _:
                raise EngineFaultError(f"no column for {show(tree)}")

    def _exists(self, name: str) -> Truth:
        field = self.fields.get(name)
        if field is None:
            return True
        if not field.column:
            return UNKNOWN
        there = nw.when(~nw.col(field.column).is_null()).then(nw.lit(True))
        return there.otherwise(nw.when(nw.col(field.none)).then(nw.lit(False))) if field.none else there

    def _among(self, left: ast.expr, among: ast.expr) -> Truth:
        """Return whether a value is one of those in brackets, or of a set."""
        if isinstance(among, ast.Tuple):
            return any_of([self._pair(left, ast.Eq(), element) for element in among.elts])
        assert isinstance(among, ast.Name)
        assert isinstance(left, ast.Constant)
        return member(self.fields[among.id], str(left.value))

    def _pair(self, left: ast.expr, sign: ast.cmpop, right: ast.expr) -> Truth:
        """Compare one pair; what does not exist equals nothing, and is neither less nor more."""
        result = self._pair_of_values(left, sign, right)
        facts = [self.fields[side.id] for side in (left, right) if isinstance(side, ast.Name) and side.id in self.fields]
        none = [nw.col(field.none) for field in facts if field.none]
        if not none or isinstance(result, (bool, Unknown)):
            return result
        missing = as_column(all_of((any_of(none), *map(known, facts))))
        return nw.when(missing).then(nw.lit(isinstance(sign, ast.NotEq))).otherwise(result)

    def _pair_of_values(self, left: ast.expr, sign: ast.cmpop, right: ast.expr) -> Truth:
        """Compare one pair of values that exist: numbers by the sum that their difference is, others as they stand."""
        if {self._kind(left), self._kind(right)} <= NUMBERS:
            try:
                one, other = self.number(left), self.number(right)
                return UNKNOWN if one is None or other is None else self.row(cross(one, other), sign)
            except NotLinearError as error:
                raise NotColumnarError(f"{show(left)} … {show(right)}") from error
        sides = self._operand(left), self._operand(right)
        return UNKNOWN if any(isinstance(side, Unknown) for side in sides) else _compared(sides[0], sign, sides[1])

    def _kind(self, tree: ast.expr) -> str:
        """Return what kind of value one side of a comparison is."""
        match tree:
            case ast.Name(id=name) if name in self.fields:
                return self.fields[name].kind
            case ast.Name(id=name) if isinstance(self.constants[name], date):
                return "day"
            case ast.Constant(value=str()):
                return "text"
            case _:
                return "count"

    def _operand(self, tree: ast.expr) -> "nw.Expr | str | date | Unknown":
        """Return one side that is a choice, a text or a day."""
        if isinstance(tree, ast.Constant) and isinstance(tree.value, str):
            return tree.value
        assert isinstance(tree, ast.Name)
        if tree.id in self.fields:
            column = self.fields[tree.id].column
            return nw.col(column) if column else UNKNOWN
        day = self.constants[tree.id]
        assert isinstance(day, date)
        as_text = any(field.as_text and field.kind == "day" for field in self.fields.values())
        return day.isoformat() if as_text else day

    def row(self, difference: Linear, sign: ast.cmpop) -> Truth:
        """Return how a sum stands to nothing, its parts sorted to two sides so that each has plus signs only."""
        terms = {name: Fraction(c) for name, c in difference.terms.items() if c}
        gone = [~nw.col(name).is_null() for name, c in difference.terms.items() if not c]
        if gone:  # unknown while a fact is open that falls out of the sum
            return nw.when(as_column(all_of(gone))).then(as_column(self.row(difference._replace(terms=terms), sign)))
        constant = Fraction(difference.constant)
        if not terms:
            return bool(_compared(constant, sign, 0))
        common = lcm(constant.denominator, *(c.denominator for c in terms.values()))
        up, down = self.sides(terms, constant, common)
        result: Truth = _compared(up, sign, down)
        return result

    def sides(self, terms: Mapping[str, Fraction | int], constant: Fraction | int, scale: int) -> tuple[Any, Any]:
        """Return the parts of a sum with a plus, and those with a minus, as sums of columns with whole factors."""
        whole, rest = {name: int(c * scale) for name, c in terms.items()}, int(constant * scale)
        return self._total({n: c for n, c in whole.items() if c > 0}, max(rest, 0)), self._total(
            {n: -c for n, c in whole.items() if c < 0}, max(-rest, 0)
        )

    def _total(self, terms: Mapping[str, int], constant: int) -> "nw.Expr | int":
        self.weight.factors = max(self.weight.factors, sum(terms.values()))
        self.weight.constant = max(self.weight.constant, constant)
        summed: nw.Expr | None = None
        for name, factor in terms.items():
            part = nw.col(name) if factor == 1 else nw.col(name) * factor
            summed = part if summed is None else summed + part
        return constant if summed is None else summed + constant if constant else summed

    def number(self, tree: ast.expr) -> Linear | None:
        """Return a number as a sum over columns; None where it is unknown for every row."""
        match tree:
            case ast.Constant(value=value):
                return Linear({}, Fraction(value))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
            case ast.Name(id=name) if name in self.fields:
                field = self.fields[name]
                return field.total or (Linear({field.column: Fraction(1, field.scale)}) if field.column else None)
            case ast.Name(id=name):
                figure = self.constants[name]
                if isinstance(figure, (int, Fraction, Ratio)):
                    return Linear({}, figure.fraction if isinstance(figure, Ratio) else figure)
                raise NotLinearError
            case ast.BinOp(left=left, op=sign, right=right):
                one, other = self.number(left), self.number(right)
                if one is None or other is None:
                    return None
                return product(one, other) if isinstance(sign, ast.Mult) else add(one, other, -1 if isinstance(sign, ast.Sub) else 1)
            case ast.Call(func=ast.Name(id="share"), args=[part, whole]):
                top, below = self.number(part), self.number(whole)
                return None if top is None or below is None else top._replace(below=below)
            case ast.Call(func=ast.Name(id="count" | "sum")):
                return None  # a list: a row that states one is looked at by itself
            case _:
                raise EngineFaultError(f"no column for {show(tree)}")


def _compared(one: object, sign: ast.cmpop, other: object) -> Any:
    """Hold two sides against each other."""
    return _SIGNS[type(sign)](one, other)
