"""Conditions to expressions over columns: the same tree as every other reader's, numbers crosswise and exact.

Numbers become sums of columns with whole factors, and no sum is ever subtracted from another, so that columns without a
sign serve too. How heavy the heaviest sum is, is remembered: it says how large a figure may be before a row must be
looked at by itself, so that nothing is ever wrapped.
"""

import ast
from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING

from policy_engine.columnar.fields import NUMBERS, Field, known, member
from policy_engine.columnar.logic import NotColumnarError, Truth, all_of, any_of, as_column, opposite
from policy_engine.errors import EngineFaultError
from policy_engine.evaluate.open.linear import Linear, NotLinearError, add, cross, product
from policy_engine.extras import load_extra
from policy_engine.language.text import show
from policy_engine.language.values import UNKNOWN, Ratio, Unknown, Value
from policy_engine.model.facts import Condition

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw
else:
    nw = load_extra("narwhals.stable.v2", "batch")


class Weight:
    """The heaviest sum that a plan works out: factors and a constant."""

    def __init__(self) -> None:
        """Begin with a bare column."""
        self.factors = 1
        self.constant = 0

    def add(self, factors: int, constant: int) -> None:
        """Take a sum into account."""
        self.factors = max(self.factors, factors)
        self.constant = max(self.constant, constant)


class Reader:
    """Reads conditions over the fields of a file, and figures that the edition fixes."""

    def __init__(self, fields: Mapping[str, Field], constants: Mapping[str, Value], weight: Weight) -> None:
        """Take the fields by the names of facts, the constants by name, and where weights are noted."""
        self.fields = fields
        self.constants = constants
        self.weight = weight

    def truth(self, condition: Condition) -> Truth:
        """Return the truth of a condition."""
        return self.read(condition.tree)

    def read(self, tree: ast.expr) -> Truth:
        """Return the truth of a tree."""
        match tree:
            case ast.BoolOp(op=operator, values=parts):
                join = all_of if isinstance(operator, ast.And) else any_of
                return join([self.read(part) for part in parts])
            case ast.UnaryOp(operand=operand):
                return opposite(self.read(operand))
            case ast.Compare():
                return self._compare(tree)
            case ast.Name(id=name):
                return self._named(name)
            case ast.Call(func=ast.Name(id="exists"), args=[ast.Name(id=name)]):
                return self._exists(name)
            case ast.Call(func=ast.Name(id="given"), args=facts):
                return any_of(self._given(fact.id) for fact in facts if isinstance(fact, ast.Name))
            case _:
                raise EngineFaultError(f"no column for {show(tree)}")

    def _named(self, name: str) -> Truth:
        """Return a fact that is true or false."""
        column = self.fields[name].column
        return nw.col(column) if column else UNKNOWN

    def _exists(self, name: str) -> Truth:
        """Return whether a value exists."""
        field = self.fields.get(name)
        if field is None:
            return True
        if not field.column:
            return UNKNOWN
        there = nw.when(~nw.col(field.column).is_null()).then(nw.lit(True))
        return there.otherwise(nw.when(nw.col(field.none)).then(nw.lit(False))) if field.none else there

    def _given(self, name: str) -> Truth:
        """Return whether a row states a fact; a row that states a list is looked at by itself."""
        return known(self.fields[name]._replace(total=None))

    def _compare(self, tree: ast.Compare) -> Truth:
        """Compare each pair of a chain."""
        among, left = tree.comparators[0], tree.left
        if isinstance(tree.ops[0], (ast.In, ast.NotIn)):
            found = self._among(left, among)
            return found if isinstance(tree.ops[0], ast.In) else opposite(found)
        sides = (left, *tree.comparators)
        return all_of([self._pair(sides[n], sign, sides[n + 1]) for n, sign in enumerate(tree.ops)])

    def _among(self, left: ast.expr, among: ast.expr) -> Truth:
        """Return whether a value is one of those in brackets, or of a set."""
        if isinstance(among, ast.Tuple):
            return any_of([self._pair(left, ast.Eq(), element) for element in among.elts])
        assert isinstance(among, ast.Name)
        assert isinstance(left, ast.Constant)
        return member(self.fields[among.id], str(left.value))

    def _pair(self, left: ast.expr, sign: ast.cmpop, right: ast.expr) -> Truth:
        """Compare one pair; what does not exist equals nothing, and is neither less nor more."""
        result = self._plain_pair(left, sign, right)
        none = [self.fields[side.id].none for side in (left, right) if isinstance(side, ast.Name) and self._nullable(side.id)]
        if not none or isinstance(result, (bool, Unknown)):
            return result
        facts = [self.fields[side.id] for side in (left, right) if isinstance(side, ast.Name) and side.id in self.fields]
        missing = all_of((any_of(nw.col(name) for name in none), *map(known, facts)))
        assert not isinstance(missing, (bool, Unknown))
        return nw.when(missing).then(nw.lit(isinstance(sign, ast.NotEq))).otherwise(result)

    def _nullable(self, name: str) -> bool:
        """Return whether a name is that of a fact that a row may say does not exist."""
        return bool(name in self.fields and self.fields[name].none)

    def _plain_pair(self, left: ast.expr, sign: ast.cmpop, right: ast.expr) -> Truth:
        """Compare one pair of values that exist."""
        kinds = {self._kind(left), self._kind(right)}
        if kinds <= NUMBERS:
            return self._numbers(left, sign, right)
        one, other = self._operand(left), self._operand(right)
        if isinstance(one, Unknown) or isinstance(other, Unknown):
            return UNKNOWN
        if not isinstance(one, nw.Expr) and not isinstance(other, nw.Expr):
            return bool(_compared(one, sign, other))
        result: nw.Expr = _compared(one, sign, other)
        return result

    def _kind(self, tree: ast.expr) -> str:
        """Return what kind of value one side of a comparison is."""
        match tree:
            case ast.Name(id=name) if name in self.fields:
                return self.fields[name].kind
            case ast.Name(id=name):
                return "day" if isinstance(self.constants[name], date) else "count"
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
        return day.isoformat() if self._days_as_text() else day

    def _days_as_text(self) -> bool:
        """Return whether this file holds days as texts."""
        return any(field.as_text and field.kind == "day" for field in self.fields.values())

    def _numbers(self, left: ast.expr, sign: ast.cmpop, right: ast.expr) -> Truth:
        """Compare two numbers by the sum that their difference is."""
        try:
            one, other = self.number(left), self.number(right)
            difference = None if one is None or other is None else cross(one, other)
        except NotLinearError as error:
            raise NotColumnarError(f"{show(left)} … {show(right)}") from error
        return UNKNOWN if difference is None else self.row(difference, sign)

    def row(self, difference: Linear, sign: ast.cmpop) -> Truth:
        """Return how a sum stands to nothing, its parts sorted to two sides so that each has plus signs only."""
        terms = {name: Fraction(c) for name, c in difference.terms.items() if c}
        constant = Fraction(difference.constant)
        gone = [~nw.col(name).is_null() for name, c in difference.terms.items() if not c]
        if gone:
            kept = difference._replace(terms=terms)
            return _where(all_of(gone), self.row(kept, sign))
        if not terms:
            return bool(_compared(constant, sign, 0))
        common = lcm(constant.denominator, *(c.denominator for c in terms.values()))
        whole = {name: int(c * common) for name, c in terms.items()}
        rest = int(constant * common)
        return _compared(
            self.total({n: c for n, c in whole.items() if c > 0}, max(rest, 0)), sign,
            self.total({n: -c for n, c in whole.items() if c < 0}, max(-rest, 0)),
        )  # fmt: skip

    def total(self, terms: Mapping[str, int], constant: int) -> "nw.Expr | int":
        """Return a sum of columns with whole factors."""
        self.weight.add(sum(terms.values()), constant)
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
            case ast.Name(id=name):
                return self._number_named(name)
            case ast.BinOp(left=left, op=operator, right=right):
                one, other = self.number(left), self.number(right)
                if one is None or other is None:
                    return None
                if isinstance(operator, ast.Mult):
                    return product(one, other)
                return add(one, other, -1 if isinstance(operator, ast.Sub) else 1)
            case ast.Call(func=ast.Name(id="share"), args=[part, whole]):
                top, below = self.number(part), self.number(whole)
                return None if top is None or below is None else top._replace(below=below)
            case ast.Call(func=ast.Name(id="count" | "sum")):
                return None  # a list: a row that states one is looked at by itself
            case _:
                raise EngineFaultError(f"no column for {show(tree)}")

    def _number_named(self, name: str) -> Linear | None:
        """Return the number that a name stands for."""
        field = self.fields.get(name)
        if field is not None:
            return field.total or (Linear({field.column: Fraction(1, field.scale)}) if field.column else None)
        value = self.constants[name]
        if isinstance(value, (int, Fraction, Ratio)):
            return Linear({}, value.fraction if isinstance(value, Ratio) else value)
        raise NotLinearError


def _where(known_: Truth, result: Truth) -> Truth:
    """Return a truth where facts are known that fall out of it; else it is unknown."""
    return nw.when(as_column(known_)).then(as_column(result))


def _compared(one: "nw.Expr | str | date | Fraction | int", sign: ast.cmpop, other: "nw.Expr | str | date | int") -> "nw.Expr":
    """Hold two sides against each other."""
    match sign:
        case ast.Eq():
            return one == other  # type: ignore[return-value]
        case ast.NotEq():
            return one != other  # type: ignore[return-value]
        case ast.Lt():
            return one < other  # type: ignore[operator,return-value]
        case ast.LtE():
            return one <= other  # type: ignore[operator,return-value]
        case ast.Gt():
            return one > other  # type: ignore[operator,return-value]
        case ast.GtE():
            return one >= other  # type: ignore[operator,return-value]
        case _:
            raise EngineFaultError(f"no column for the sign {type(sign).__name__}")
