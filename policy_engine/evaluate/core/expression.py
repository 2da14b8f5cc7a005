"""The figures that a condition looked at, as people write them: `12/20`, `3`, `true`.

simpleeval walks the tree; every handler, name and function it could reach is replaced, so that
truth has three values, numbers are exact, and nothing outside the grammar has a meaning.
"""

import ast
import operator
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date
from fractions import Fraction
from typing import Any, ClassVar, NamedTuple

from simpleeval import SimpleEval

from policy_engine.errors import EngineFaultError
from policy_engine.language.check import names_in
from policy_engine.language.text import decimal_text, show
from policy_engine.language.values import NONE, UNKNOWN, Ratio, Truth, Value, all_hold, negate
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


_COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.In: lambda one, among: one in among, ast.NotIn: lambda one, among: one not in among,
}  # fmt: skip
_ARITHMETIC: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
}  # fmt: skip


class ShareOfNothingError(EngineFaultError):
    """A share whose whole is zero was evaluated; the check at load keeps conditions from doing so."""


class Interpreter(SimpleEval):  # type: ignore[misc]  # simpleeval ships no types
    """Evaluates checked conditions against one case's values."""

    meanings: ClassVar[dict[type[ast.expr], Callable[[Any, Any], Any]]]
    function_meanings: ClassVar[dict[str, Callable[..., Any]]]
    """What each node of the grammar and each function means; the tables below the class. Nothing else has a meaning."""

    def __init__(self, values: Mapping[str, Value], stated: Collection[str] = ()) -> None:
        """Take the value of every name that a condition may use, and the names that the case file states."""
        super().__init__(operators={}, functions={}, names=values)  # pyright: ignore[reportUnknownMemberType]  # untyped
        self.nodes: dict[type[ast.expr], Callable[[Any], Any]] = {}
        self.values = values
        self.stated = stated

    def over(self, values: Mapping[str, Value], stated: Collection[str] = ()) -> "Interpreter":
        """Return the same interpreter over other values; simpleeval's own setting up costs more than a whole level."""
        other = object.__new__(Interpreter)
        other.__dict__.update(self.__dict__)
        other.names = other.values = values
        other.stated = stated
        return other

    def truth(self, condition: Condition) -> Truth:
        """Return the truth of a condition: True, False or UNKNOWN."""
        result: Truth = self._eval(condition.tree)
        return result

    def value(self, condition: Condition) -> Value:
        """Return the value of a condition that a fact follows from: a count, a day, a truth."""
        result: Value = self._eval(condition.tree)
        return result

    def evaluated(self, tree: ast.expr) -> Any:
        """Return the value of a tree."""
        return self._eval(tree)

    def _eval(self, node: ast.expr) -> Any:
        """Hand a node to its meaning, past simpleeval's own look at each result (only our values exist here)."""
        if isinstance(node, ast.Name):
            return self.values[node.id]
        try:
            meaning = self.meanings[node.__class__]
        except KeyError:
            raise EngineFaultError(f"no meaning for {type(node).__name__}") from None
        return meaning(self, node)

    def constant(self, node: ast.Constant) -> Any:
        """Return a literal, read exactly by the grammar."""
        return node.value

    def comparison(self, node: ast.Compare) -> Truth:
        """Compare after Kleene: one pair, as nearly always, or a chain of them.

        Names, the most frequent sides by far, are looked up in place: a call for each would cost a fifth of a verdict.
        """
        side, comparators = node.left, node.comparators
        left = self.values[side.id] if isinstance(side, ast.Name) else self._eval(side)
        if len(comparators) == 1:
            return self._pair(node.ops[0], left, comparators[0])
        pairs: list[Truth] = []
        for sign, comparator in zip(node.ops, comparators, strict=True):
            pairs.append(self._pair(sign, left, comparator))
            left = self._eval(comparator)
        return all_hold(pairs)

    def _pair(self, sign: ast.cmpop, left: Any, comparator: ast.expr) -> Truth:
        """Compare one pair after Kleene; what does not exist equals nothing, and is neither less nor more."""
        if comparator.__class__ is ast.Tuple:
            return self._membership(sign, left, comparator)
        right = self.values[comparator.id] if isinstance(comparator, ast.Name) else self._eval(comparator)
        unknown: Truth = UNKNOWN
        if left is UNKNOWN or right is UNKNOWN:
            return unknown
        if left is NONE or right is NONE:
            return isinstance(sign, ast.NotEq)
        result: bool = _COMPARISONS[sign.__class__](left, right)
        return result

    def _membership(self, sign: ast.cmpop, left: Value, among: Any) -> Truth:
        """Return whether a value is one of those in brackets."""
        if left is UNKNOWN:
            return UNKNOWN
        found: bool = any(left == self._eval(element) for element in among.elts)
        return found is isinstance(sign, ast.In)

    def connective(self, node: ast.BoolOp) -> Truth:
        """Join truths after Kleene; a decided part ends it, since conditions have no effects."""
        ends: bool = isinstance(node.op, ast.Or)
        result: Truth = not ends
        for part in node.values:
            value = self.values[part.id] if isinstance(part, ast.Name) else self._eval(part)
            if value is ends:
                return isinstance(node.op, ast.Or)
            if value is UNKNOWN:
                result = UNKNOWN
        return result

    def negation(self, node: ast.UnaryOp) -> Truth:
        """Negate after Kleene."""
        return negate(self._eval(node.operand))

    def arithmetic(self, node: ast.BinOp) -> Any:
        """Add, subtract or multiply exactly; with an UNKNOWN the result is UNKNOWN."""
        left, right = self._eval(node.left), self._eval(node.right)
        if left is UNKNOWN or right is UNKNOWN:
            return UNKNOWN
        if isinstance(left, Ratio) or isinstance(right, Ratio):
            left, right = _plain(left), _plain(right)
        return _ARITHMETIC[node.op.__class__](left, right)

    def function(self, node: ast.Call) -> Any:
        """Return the meaning of a function of the closed table."""
        name: str = node.func.id  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]  # the grammar lets no other through
        try:
            meaning = self.function_meanings[name]
        except KeyError:
            raise EngineFaultError(f"no meaning for the function {name}") from None
        return meaning(self, *node.args)

    def share(self, part_tree: ast.expr, whole_tree: ast.expr) -> Any:
        """Return a share, exactly; the check at load has made sure that the whole is above zero."""
        part: Any = self.values[part_tree.id] if isinstance(part_tree, ast.Name) else self._eval(part_tree)
        whole: Any = self.values[whole_tree.id] if isinstance(whole_tree, ast.Name) else self._eval(whole_tree)
        if part is UNKNOWN or whole is UNKNOWN:
            return UNKNOWN
        if whole == 0:
            raise ShareOfNothingError("a share of nothing was let through")
        return Ratio(part, whole)

    def exists(self, fact: ast.expr) -> Truth:
        """Return whether a value exists; UNKNOWN where that was not recorded."""
        value = self._eval(fact)
        unknown: Truth = UNKNOWN
        return unknown if value is UNKNOWN else value is not NONE

    def given(self, *facts: ast.expr) -> bool:
        """Return whether the case file states one of the facts."""
        return any(isinstance(fact, ast.Name) and fact.id in self.stated for fact in facts)

    def count(self, fact: ast.expr, condition: ast.expr | None = None) -> Any:
        """Count the items of a list, or those that meet a condition; UNKNOWN where that is open for one of them."""
        items = self._eval(fact)
        if items is UNKNOWN:
            return UNKNOWN
        if condition is None:
            return len(items)
        least, most = count_bounds(items, condition, self.values)
        return least if least == most else UNKNOWN

    def sum(self, fact: ast.expr, field: ast.expr, condition: ast.expr | None = None) -> Any:
        """Add up a field of a list's items, or of those that meet a condition; UNKNOWN where one of them leaves something open."""
        items: Any = self._eval(fact)
        if items is UNKNOWN:
            return UNKNOWN
        assert isinstance(field, ast.Name)
        total: Any = 0
        for item in items:
            truth = True if condition is None else item_truth(item, condition, self.values)
            if truth is UNKNOWN or (truth is True and item[field.id] is UNKNOWN):
                return UNKNOWN
            total += item[field.id] if truth is True else 0
        return total


def _plain(value: Any) -> Any:
    """Return a share as a fraction, for sums and products."""
    return value.fraction if isinstance(value, Ratio) else value


def count_bounds(items: Any, condition: ast.expr, values: Mapping[str, Value]) -> tuple[int, int]:
    """Return the fewest and the most items of a list that can meet a condition."""
    truths = [item_truth(item, condition, values) for item in items]
    least = sum(truth is True for truth in truths)
    return least, least + sum(truth is UNKNOWN for truth in truths)


def item_truth(item: Mapping[str, Value], condition: ast.expr, values: Mapping[str, Value]) -> Truth:
    """Return the truth of a condition for one item; a field that the item leaves out is UNKNOWN."""
    result: Truth = _BLANK.over(_ItemNames(item, values)).evaluated(condition)
    return result


class _ItemNames(dict[str, Value]):
    """The names that a condition over items sees: the item's fields (all that are declared), then the edition's constants."""

    def __init__(self, item: Mapping[str, Value], values: Mapping[str, Value]) -> None:
        """Take the fields of the item; constants are looked up behind it."""
        super().__init__(item)
        self.behind = values

    def __missing__(self, name: str) -> Value:
        """Return a constant of the edition."""
        return self.behind[name]


Interpreter.meanings = {
    ast.Constant: Interpreter.constant,
    ast.Compare: Interpreter.comparison,
    ast.BoolOp: Interpreter.connective,
    ast.UnaryOp: Interpreter.negation,
    ast.BinOp: Interpreter.arithmetic,
    ast.Call: Interpreter.function,
}
Interpreter.function_meanings = {
    "share": Interpreter.share,
    "count": Interpreter.count,
    "sum": Interpreter.sum,
    "exists": Interpreter.exists,
    "given": Interpreter.given,
}
_BLANK = Interpreter({})
"""Set up once; every case is read by `over`."""


def interpreter_over(values: Mapping[str, Value], stated: Collection[str] = ()) -> Interpreter:
    """Return an interpreter over a case's values."""
    return _BLANK.over(values, stated)


class Glance(NamedTuple):
    """One thing that a condition looks at: facts by name, joined as a figure; `label` where the figure needs its name."""

    names: tuple[str, ...]
    label: str = ""
    sides: tuple[ast.expr, ...] = ()
    """What is worked out from facts, where a figure is not simply one of them."""


def glances(tree: ast.expr, facts: Iterable[str]) -> tuple[Glance, ...]:
    """Return what a condition looks at, in order, each once."""
    known = frozenset(facts)
    found = list(dict.fromkeys(_glances(tree, known)))
    flags = [g for g in found if g.label]
    return tuple(g._replace(label="") if len(found) == 1 and flags else g for g in found)


def _glances(tree: ast.expr, known: frozenset[str]) -> Iterable[Glance]:
    """Walk a condition."""
    match tree:
        case ast.BoolOp(values=parts):
            for part in parts:
                yield from _glances(part, known)
        case ast.UnaryOp(operand=operand):
            yield from _glances(operand, known)
        case ast.Compare(left=left, comparators=[*rest]):
            worked = [part for side in (left, *rest) for part in _parts(side) if _side(part, known)]
            if any(isinstance(part, ast.BinOp) for part in worked):
                yield Glance(tuple(name for part in worked for name in _side(part, known)), "", tuple(worked))
                return
            sides = [_side(side, known) for side in (left, *rest)]
            names = tuple(name for side in sides for name in side)
            yield Glance(names, "" if len(names) in {1, 2} else show(tree))
        case ast.Name(id=name):
            yield Glance((name,), name)
        case _:
            yield Glance(_side(tree, known), show(tree))


def _parts(side: ast.expr) -> list[ast.expr]:
    """Return the two figures of a share, or the one figure that a side is."""
    if isinstance(side, ast.Call) and isinstance(side.func, ast.Name) and side.func.id == "share":
        return side.args
    return [side]


def _side(tree: ast.expr, known: frozenset[str]) -> tuple[str, ...]:
    """Return the facts on one side of a comparison."""
    return tuple(name for name in names_in(tree) if name in known)


def observed(looked_at: Iterable[Glance], values: Mapping[str, Value]) -> str:
    """Write the figures of a case that a condition looked at; `?` where one is not known."""
    parts: list[str] = []
    for names, label, sides in looked_at:
        if sides:
            interpreter = interpreter_over(values)
            parts.append("/".join(_worked(side, interpreter) for side in sides))
            continue
        figures = "/".join([str(value) if (value := values[name]).__class__ is int else _figure(value) for name in names])
        parts.append(f"{label} = {figures}" if label else figures)
    return "; ".join(parts)


def _worked(side: ast.expr, interpreter: Interpreter) -> str:
    """Write what a side comes to; a dash where a condition never asks, since there is nothing to take a share of."""
    try:
        return _figure(interpreter.evaluated(side))
    except ShareOfNothingError:
        return "–"


def _figure(value: Value) -> str:
    """Write a value that is no plain count."""
    return "?" if value is UNKNOWN else shown(value)
