"""The one door to simpleeval: what a condition of the language means for one case.

simpleeval walks the tree; every handler, name and function it could reach is replaced, so that
truth has three values, numbers are exact, and nothing outside the grammar has a meaning.
"""

import ast
import operator
from collections.abc import Callable, Collection, Mapping
from fractions import Fraction
from typing import Any, cast

from simpleeval import SimpleEval

from policy_engine.errors import EngineFaultError
from policy_engine.language.values import NONE, UNKNOWN, Truth, Value, negate
from policy_engine.model.facts import Condition

_COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
}  # fmt: skip
_ARITHMETIC: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
}  # fmt: skip


class Interpreter(SimpleEval):  # type: ignore[misc]  # simpleeval ships no types
    """Evaluates checked conditions against one case's values."""

    def __init__(self, values: Mapping[str, Value], stated: Collection[str] = ()) -> None:
        """Take the value of every name that a condition may use, and the names that the case file states."""
        super().__init__(operators={}, functions={}, names=values)  # pyright: ignore[reportUnknownMemberType]  # untyped
        self.values = values
        self.stated = stated
        self.nodes: dict[type[ast.expr], Callable[[Any], Any]] = {
            ast.Name: self._name_of, ast.Constant: self._constant, ast.Compare: self._comparison, ast.BoolOp: self._connective,
            ast.UnaryOp: self._negation, ast.BinOp: self._arithmetic, ast.Call: self._function,
        }  # fmt: skip

    def truth(self, condition: Condition) -> Truth:
        """Give the truth of a condition: True, False or UNKNOWN."""
        return cast("Truth", self._eval(condition.tree))

    def evaluated(self, tree: ast.expr) -> Any:
        """Give the value of a tree."""
        return self._eval(tree)

    def value(self, condition: Condition) -> Value:
        """Give the value of a condition that a fact follows from: a count, a day, a truth."""
        return cast("Value", self._eval(condition.tree))

    def _eval(self, node: ast.expr) -> Any:
        """Hand a node to its handler, past simpleeval's own look at each result (only our values exist here)."""
        handler = self.nodes.get(type(node))
        if handler is None:
            raise EngineFaultError(f"no meaning for {type(node).__name__}")
        return handler(node)

    def _name_of(self, node: ast.Name) -> Value:
        """Look a name up; the check at load has made sure that it is there."""
        return self.values[node.id]

    def _constant(self, node: ast.Constant) -> Any:
        """Give a literal, read exactly by the grammar."""
        return node.value

    def _comparison(self, node: ast.Compare) -> Truth:
        """Compare each pair after Kleene."""
        left = self._eval(node.left)
        result: Truth = True
        for sign, comparator in zip(node.ops, node.comparators, strict=True):
            if isinstance(comparator, ast.Tuple):
                return self._membership(sign, left, comparator)
            right = self._eval(comparator)
            pair = _compare(sign, left, right)
            if pair is False:
                return False
            result = pair if result is True else result
            left = right
        return result

    def _membership(self, sign: ast.cmpop, left: Value, among: ast.Tuple) -> Truth:
        """Tell whether a value is one of those in brackets."""
        if left is UNKNOWN:
            return UNKNOWN
        found: bool = any(left == self._eval(element) for element in among.elts)
        return found is isinstance(sign, ast.In)

    def _connective(self, node: ast.BoolOp) -> Truth:
        """Join truths after Kleene; a decided part ends it, since conditions have no effects."""
        ends: bool = isinstance(node.op, ast.Or)
        result: Truth = not ends
        for part in node.values:
            value = self._eval(part)
            if value is ends:
                return isinstance(node.op, ast.Or)
            if value is UNKNOWN:
                result = UNKNOWN
        return result

    def _negation(self, node: ast.UnaryOp) -> Truth:
        """Negate after Kleene."""
        return negate(self._eval(node.operand))

    def _arithmetic(self, node: ast.BinOp) -> Any:
        """Add, subtract or multiply exactly; with an UNKNOWN the result is UNKNOWN."""
        left, right = self._eval(node.left), self._eval(node.right)
        return UNKNOWN if left is UNKNOWN or right is UNKNOWN else _ARITHMETIC[type(node.op)](left, right)

    def _function(self, node: ast.Call) -> Any:
        """Give the meaning of a function of the closed table."""
        assert isinstance(node.func, ast.Name)
        match node.func.id:
            case "share":
                return self._share(node.args[0], node.args[1])
            case "count":
                return self._count(*node.args)
            case "exists":
                value = self._eval(node.args[0])
                return UNKNOWN if value is UNKNOWN else value is not NONE
            case "given":
                return any(isinstance(argument, ast.Name) and argument.id in self.stated for argument in node.args)
            case name:
                raise EngineFaultError(f"no meaning for the function {name}")

    def _share(self, part_tree: ast.expr, whole_tree: ast.expr) -> Any:
        """Give a share as an exact fraction; the check at load has made sure that the whole is above zero."""
        part, whole = self._eval(part_tree), self._eval(whole_tree)
        if part is UNKNOWN or whole is UNKNOWN:
            return UNKNOWN
        if whole == 0:
            raise EngineFaultError("a share of nothing was let through")
        return Fraction(part, whole)

    def _count(self, fact: ast.expr, condition: ast.expr | None = None) -> Any:
        """Count the items of a list, or those that meet a condition; UNKNOWN where that is open for one of them."""
        items = self._eval(fact)
        if items is UNKNOWN:
            return UNKNOWN
        if condition is None:
            return len(items)
        low, high = count_bounds(items, condition, self.values)
        return low if low == high else UNKNOWN


def count_bounds(items: Any, condition: ast.expr, values: Mapping[str, Value]) -> tuple[int, int]:
    """Give the fewest and the most items of a list that can meet a condition."""
    truths = [item_truth(item, condition, values) for item in items]
    low = sum(truth is True for truth in truths)
    return low, low + sum(truth is UNKNOWN for truth in truths)


def item_truth(item: Mapping[str, Value], condition: ast.expr, values: Mapping[str, Value]) -> Truth:
    """Give the truth of a condition for one item; a field that the item leaves out is UNKNOWN."""
    return cast("Truth", Interpreter(_ItemNames(item, values)).evaluated(condition))


class _ItemNames(dict[str, Value]):
    """The names that a condition over items sees: the item's fields, then the edition's constants."""

    def __init__(self, item: Mapping[str, Value], values: Mapping[str, Value]) -> None:
        """Take the fields of the item; constants are looked up behind it."""
        super().__init__(item)
        self.behind = values

    def __missing__(self, name: str) -> Value:
        """Give a constant of the edition, or UNKNOWN for a field left out."""
        return self.behind.get(name, UNKNOWN)


def _compare(sign: ast.cmpop, left: Any, right: Any) -> Truth:
    """Compare two values after Kleene; what does not exist equals nothing, and is neither less nor more."""
    if left is UNKNOWN or right is UNKNOWN:
        unknown: Truth = UNKNOWN
        return unknown
    if left is NONE or right is NONE:
        return isinstance(sign, ast.NotEq)
    result: bool = _COMPARISONS[type(sign)](left, right)
    return result
