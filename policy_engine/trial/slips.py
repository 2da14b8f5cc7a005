"""The slips that are easily made: in a condition its signs and words, in a figure one unit more or less."""

import ast
from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from typing import NamedTuple

from policy_engine.language.grammar import children
from policy_engine.language.quantity import Quantity
from policy_engine.language.show import decimal_text, show, symbol
from policy_engine.language.types import ORDERED, SHARE, Type
from policy_engine.trial.rewrite import swapped

_STRICTNESS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE,), ast.LtE: (ast.Lt,), ast.Gt: (ast.GtE,), ast.GtE: (ast.Gt,),
}  # fmt: skip
_EQUAL = (ast.GtE, ast.LtE)
_DENIALS: dict[type[ast.cmpop], type[ast.cmpop]] = {ast.NotEq: ast.Eq, ast.NotIn: ast.In}


class Slip(NamedTuple):
    """One condition with one thing otherwise: what sort of slip it is, the signs or words before and after, in which part; the tree."""

    kind: str
    before: str
    after: str
    part: str
    tree: ast.expr


def slips(tree: ast.expr, types: dict[str, Type]) -> Iterator[Slip]:
    """Give every slip of a condition, in the order of its text.

    Args:
        tree: the condition.
        types: the types of facts by name; two choices are equal or not, but never more or less.
    """
    pending = [tree]
    while pending:
        node = pending.pop()
        for kind, before, after, other in _of_node(node, types):
            yield Slip(kind, before, after, show(node), swapped(tree, node, other))
        pending += reversed(children(node))


def _of_node(node: ast.expr, types: dict[str, Type]) -> Iterator[tuple[str, str, str, ast.expr]]:
    """Give the slips of one node."""
    match node:
        case ast.BoolOp(op=operator, values=values):
            other = ast.Or() if isinstance(operator, ast.And) else ast.And()
            yield "connective", symbol(operator), symbol(other), ast.BoolOp(other, values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield "negation", "not", "", operand
        case ast.Compare(left=left, ops=signs, comparators=comparators):
            for place, sign in enumerate(signs):
                for kind, other_sign in _signs(sign, node, types):
                    changed = [*signs[:place], other_sign(), *signs[place + 1 :]]
                    yield kind, symbol(sign), symbol(other_sign()), ast.Compare(left, changed, comparators)
        case _:
            return


def _signs(operator: ast.cmpop, node: ast.Compare, types: dict[str, Type]) -> Iterator[tuple[str, type[ast.cmpop]]]:
    """Give the signs that may be mistaken for one."""
    kind = type(operator)
    if kind in _DENIALS:
        yield "negation", _DENIALS[kind]
    elif kind is ast.Eq and _is_ordered(node, types):
        yield from (("strictness", other) for other in _EQUAL if not (other is ast.LtE and _is_none_of_them(node)))
    else:
        yield from (("strictness", other) for other in _STRICTNESS.get(kind, ()))


def _is_none_of_them(node: ast.Compare) -> bool:
    """Tell whether a condition asks that a list has none of something: it cannot have fewer."""
    counted = isinstance(node.left, ast.Call) and isinstance(node.left.func, ast.Name) and node.left.func.id == "count"
    return counted and isinstance(node.comparators[0], ast.Constant) and node.comparators[0].value == 0


def _is_ordered(node: ast.Compare, types: dict[str, Type]) -> bool:
    """Tell whether what is compared knows more and less."""
    for side in (node.left, *node.comparators):
        if isinstance(side, ast.Constant) and isinstance(side.value, str):
            return False
        if isinstance(side, ast.Name) and side.id in types and types[side.id].kind not in ORDERED:
            return False
    return True


def unit_of(quantity: Quantity) -> int | Fraction:
    """Give the smallest step of a figure: one unit of the last place that it is written with; of days and counts, one."""
    if isinstance(quantity.value, date):
        return 1
    written = quantity.text.partition("%")[0].partition(" ")[0]
    step = Fraction(1, 10 ** len(written.partition(".")[2]))
    return step / 100 if quantity.type is SHARE else step


def nudged(quantity: Quantity) -> Iterator[Quantity]:
    """Give a figure one step lower and one step higher, where there is such a figure."""
    step = unit_of(quantity)
    value = quantity.value
    for up in (-1, 1):
        if isinstance(value, date):
            day = value + timedelta(days=up)
            yield quantity._replace(value=day, text=day.isoformat())
        elif value + up * step >= 0:
            number = value + up * step
            yield quantity._replace(value=number if isinstance(value, Fraction) else int(number), text=_text(quantity, Fraction(number)))


def _text(quantity: Quantity, number: Fraction) -> str:
    """Write a figure as a rulebook would."""
    if quantity.type is SHARE:
        return f"{decimal_text(number * 100)}%"
    _, space, unit = quantity.text.partition(" ")
    return f"{decimal_text(number)}{space}{unit}"
