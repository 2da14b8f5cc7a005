"""What a condition means for one case: simpleeval walks the tree, with operators, functions and handlers of this language.

simpleeval looks names up, applies operators, calls functions and keeps its limits, as it does for anyone; what it is given knows
three truths, exact numbers and what does not exist. Its own handlers would take an open fact for an error in `and`, `or` and chains,
and would read the condition of a list before its items: those three are ours. Nothing outside the language has a meaning.
"""
# pyright: basic
# (simpleeval has no types, and what it hands on has none)

import ast
import operator
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from itertools import pairwise
from typing import Any, Self

from simpleeval import InvalidExpression, SimpleEval

from policy_engine.errors import EngineFaultError
from policy_engine.language.fold import IncompleteReaderError, Reader
from policy_engine.language.functions import FUNCTIONS
from policy_engine.language.text import decimal_text
from policy_engine.language.tree import SIGNS, Tree, name_of
from policy_engine.language.values import NONE, UNKNOWN, Item, Ratio, Truth, Value, all_hold, any_holds, negate
from policy_engine.model.facts import Condition


def shown(value: Value) -> str:
    """Write a value as a case file would."""
    kind = value.__class__
    if kind is int or kind is str:
        return str(value)
    if value is True or value is False:
        return "true" if value else "false"
    match value:
        case date():
            return value.isoformat()
        case Fraction():
            return f"{value.numerator}/{value.denominator}" if _endless(value) else decimal_text(value)
        case frozenset():
            return f"[{', '.join(sorted(value))}]"
        case tuple():
            return f"[{len(value)}]"
        case _:
            return "unknown" if value is UNKNOWN else "none" if value is NONE else str(value)


def _endless(value: Fraction) -> bool:
    """Return whether a fraction has no end in decimals."""
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest != 1


class ShareOfNothingError(EngineFaultError):
    """A share whose whole is zero was evaluated; the check at load keeps conditions from doing so."""


def _compared(compare: Callable[[Any, Any], Truth], *, where_none: bool = False) -> Callable[[Any, Any], Truth]:
    """Return a comparison after Kleene; what does not exist equals nothing, and is neither less nor more."""
    unknown: Truth = UNKNOWN

    def held(left: Any, right: Any) -> Truth:
        if left is UNKNOWN or right is UNKNOWN:
            return unknown
        truth: Truth = where_none if left is NONE or right is NONE else compare(left, right)
        return truth

    return held


def _reckoned(reckon: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Return exact arithmetic; with an UNKNOWN the result is UNKNOWN, and a share counts as a fraction."""

    def found(left: Any, right: Any) -> Any:
        if left is UNKNOWN or right is UNKNOWN:
            return UNKNOWN
        return reckon(left.fraction if isinstance(left, Ratio) else left, right.fraction if isinstance(right, Ratio) else right)

    return found


def _contained(one: Any, among: Any) -> Truth:
    """Return whether a value is one of those in brackets, or a choice is in a set."""
    if isinstance(among, tuple):
        elements: tuple[Any, ...] = among
        return any_holds(_equal(one, element) for element in elements)
    return UNKNOWN if among is UNKNOWN else among is not NONE and one in among


_equal = _compared(operator.eq)
_OPERATORS: Mapping[type[ast.AST], Callable[..., Any]] = {
    ast.Eq: _equal, ast.NotEq: _compared(operator.ne, where_none=True), ast.Lt: _compared(operator.lt), ast.LtE: _compared(operator.le),
    ast.Gt: _compared(operator.gt), ast.GtE: _compared(operator.ge), ast.In: _contained,
    ast.NotIn: lambda one, among: among is not NONE and negate(_contained(one, among)), ast.Not: negate,
    ast.Add: _reckoned(operator.add), ast.Sub: _reckoned(operator.sub), ast.Mult: _reckoned(operator.mul),
}  # fmt: skip


_COMPARISONS: Mapping[str, Callable[..., Truth]] = {SIGNS[sign]: held for sign, held in _OPERATORS.items() if issubclass(sign, ast.cmpop)}


def held(signs: Sequence[str], sides: Sequence[Value | None]) -> Truth | None:
    """Return whether a chain of comparisons holds between values that are worked out; None where one of them is never asked for."""
    if None in sides:
        return None
    return all_hold([_COMPARISONS[sign](*pair) for sign, pair in zip(signs, pairwise(sides), strict=True)])


def share_of(part: Any, whole: Any) -> Any:
    """Return a share, exactly; the check at load has made sure that the whole is above zero."""
    if part is UNKNOWN or whole is UNKNOWN:
        return UNKNOWN
    if whole == 0:
        raise ShareOfNothingError("a share of nothing was let through")
    return Ratio(part, whole)


def exists(value: Value | None) -> Truth:
    """Return whether a value exists; UNKNOWN where that was not recorded."""
    return UNKNOWN if value is UNKNOWN else value is not NONE


_FUNCTIONS: Mapping[str, Callable[..., Any]] = {"share": share_of, "exists": exists}
_OF_TREES = frozenset({"count", "sum", "given"})
"""The functions that ask the items of a list or the record, and so get trees; the others get values."""


_Walk: Any = SimpleEval


class Interpreter(Reader[Any], _Walk):  # type: ignore[misc]  # simpleeval ships no types
    """Evaluates checked conditions over the values of one case.

    The walk is simpleeval's, so a method of this reader is a handler of its node table: it gets the node alone, and what is below goes
    through simpleeval again.
    """

    def __init__(self, values: Mapping[str, Value], stated: Collection[str] = ()) -> None:
        """Take the value of every name that a condition may use, and the names that the case file states."""
        _Walk.__init__(self, operators=_OPERATORS, functions=_FUNCTIONS, names=values)
        self._set_nodes()
        self.names: Mapping[str, Any]
        self.values = values
        self.stated = stated

    def over(self, values: Mapping[str, Value], stated: Collection[str] = ()) -> Self:
        """Return the same interpreter over other values; simpleeval's own setting up costs more than a whole level."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other.names = other.values = values
        other.stated = stated
        other._set_nodes()
        return other

    def _set_nodes(self) -> None:
        """Hand simpleeval's walk what each node means; a node that is not here has no meaning."""
        self.nodes: dict[type[ast.AST], Callable[[Any], Any]] = {
            ast.Constant: self.constant, ast.Name: self.name, ast.Compare: self.comparison,
            ast.BoolOp: self.connective, ast.UnaryOp: self.negation, ast.BinOp: self.arithmetic, ast.Call: self.call,
        }  # fmt: skip

    def truth(self, condition: Condition) -> Truth:
        """Return the truth of a condition: True, False or UNKNOWN."""
        try:
            result: Truth = self._eval(condition.tree)
        except InvalidExpression as error:
            raise EngineFaultError(str(error)) from None
        return result

    def value(self, condition: Condition) -> Value:
        """Return the value of a condition that a fact follows from: a count, a day, a truth."""
        result: Value = self.read(condition.tree)
        return result

    def read(self, tree: Tree, **_: object) -> Any:
        """Return the value of a tree.

        Raises:
            EngineFaultError: where the tree is none of this language.
        """
        try:
            return self._eval(tree)
        except InvalidExpression as error:
            raise EngineFaultError(str(error)) from None

    evaluated = read
    constant = staticmethod(_Walk._eval_constant)
    name = _Walk._eval_name
    negation = _Walk._eval_unaryop
    arithmetic = _Walk._eval_binop
    share = exists = _Walk._eval_call

    def comparison(self, node: ast.Compare) -> Truth:
        """Compare one pair, as nearly always, or a chain of them after Kleene."""
        comparators = node.comparators
        if comparators[0].__class__ is ast.Tuple:
            return self.membership(node)
        left = self._eval(node.left)
        if len(comparators) == 1:
            result: Truth = self.operators[node.ops[0].__class__](left, self._eval(comparators[0]))
            return result
        sides = pairwise((left, *map(self._eval, comparators)))
        return all_hold([self.operators[sign.__class__](*pair) for sign, pair in zip(node.ops, sides, strict=True)])

    containment = comparison

    def membership(self, node: ast.Compare) -> Truth:
        """Return whether a value is one of those in brackets."""
        among = node.comparators[0]
        assert isinstance(among, ast.Tuple)
        elements = tuple([self._eval(element) for element in among.elts])
        result: Truth = self.operators[node.ops[0].__class__](self._eval(node.left), elements)
        return result

    def connective(self, node: ast.BoolOp) -> Truth:
        """Join truths after Kleene; a decided part ends it, since conditions have no effects."""
        ends = isinstance(node.op, ast.Or)
        result: Truth = not ends
        for part in node.values:
            value: Truth = self._eval(part)
            if value is ends:
                return value
            if value is UNKNOWN:
                result = UNKNOWN
        return result

    def call(self, node: ast.Call) -> Any:
        """Call a function: of values as simpleeval does, of a list or of the record by its own method, which gets the trees."""
        name = name_of(node.func)
        return getattr(self, name)(*node.args) if name in _OF_TREES else self._eval_call(node)

    def given(self, *facts: Tree) -> bool:
        """Return whether the case file states one of the facts."""
        return any(name_of(fact) in self.stated for fact in facts)

    def count(self, fact: Tree, condition: Tree | None = None) -> Any:
        """Count the items of a list, or those that meet a condition; UNKNOWN where that is open for one of them."""
        items = self.names[name_of(fact)]
        if items is UNKNOWN or condition is None:
            return UNKNOWN if items is UNKNOWN else len(items)
        least, most = self.count_bounds(items, condition)
        return least if least == most else UNKNOWN

    def sum(self, fact: Tree, field: Tree, condition: Tree | None = None) -> Any:
        """Add up a field of a list's items, or of those that meet a condition; UNKNOWN where one of them leaves something open."""
        items, name = self.names[name_of(fact)], name_of(field)
        total: Any = UNKNOWN if items is UNKNOWN else 0
        for item in () if items is UNKNOWN else items:
            truth = True if condition is None else self.item_truth(item, condition)
            if truth is UNKNOWN or (truth is True and item[name] is UNKNOWN):
                return UNKNOWN
            total += item[name] if truth is True else 0
        return total

    def count_bounds(self, items: Iterable[Item], condition: Tree) -> tuple[int, int]:
        """Return the fewest and the most items of a list that can meet a condition."""
        truths = [self.item_truth(item, condition) for item in items]
        least = truths.count(True)
        return least, least + sum(truth is UNKNOWN for truth in truths)

    def item_truth(self, item: Item, condition: Tree) -> Truth:
        """Return the truth of a condition for one item; a field that the item leaves out is UNKNOWN."""
        outside = self.names
        self.names = _ItemNames(item, outside)
        try:
            result: Truth = self._eval(condition)
        finally:
            self.names = outside
        return result


class _ItemNames(dict[str, Value]):
    """The names that a condition over items sees: the item's fields (all that are declared), then the edition's constants."""

    def __init__(self, item: Mapping[str, Value], behind: Mapping[str, Value]) -> None:
        super().__init__(item)
        self.behind = behind

    def __missing__(self, name: str) -> Value:
        return self.behind[name]


if unsaid := FUNCTIONS.keys() - _FUNCTIONS.keys() - _OF_TREES:
    raise IncompleteReaderError(f"{__name__}: neither `_FUNCTIONS` nor `_OF_TREES` has {', '.join(sorted(unsaid))}")
_BLANK = Interpreter({})
"""Set up once; every case is read by `over`."""


def interpreter_over(values: Mapping[str, Value], stated: Collection[str] = ()) -> Interpreter:
    """Return an interpreter over a case's values."""
    return _BLANK.over(values, stated)
