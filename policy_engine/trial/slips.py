"""The slips that are easily made: in a condition its signs and words, in a figure one unit more or less."""

import ast
from collections.abc import Iterator, Mapping, Sequence
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
_DENIALS: dict[type[ast.cmpop], type[ast.cmpop]] = {ast.NotEq: ast.Eq, ast.NotIn: ast.In}


class Slip(NamedTuple):
    """One condition with one thing otherwise: what sort of slip it is, the signs or words before and after, in which part; the tree."""

    kind: str
    before: str
    after: str
    part: str
    tree: ast.expr


class Known(NamedTuple):
    """What is known of names: the types of facts, and the levels from the worst to the best."""

    types: Mapping[str, Type]
    levels: Sequence[str]


def slips(tree: ast.expr, known: Known) -> Iterator[Slip]:
    """Give every slip of a condition, in the order of its text.

    Two choices are equal or not, but never more or less; and a slip that says the same by itself is none: nothing is below
    zero of a count, below the worst level or above the best one.
    """
    pending = [tree]
    while pending:
        node = pending.pop()
        for kind, before, after, other in _of_node(node, known):
            yield Slip(kind, before, after, show(node), swapped(tree, node, other))
        pending += reversed(children(node))


def _of_node(node: ast.expr, known: Known) -> Iterator[tuple[str, str, str, ast.expr]]:
    """Give the slips of one node."""
    match node:
        case ast.BoolOp(op=operator, values=values):
            other = ast.Or() if isinstance(operator, ast.And) else ast.And()
            yield "connective", symbol(operator), symbol(other), ast.BoolOp(other, values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield "negation", "not", "", operand
        case ast.Compare(left=left, ops=signs, comparators=comparators):
            for place, sign in enumerate(signs):
                for kind, mistaken in _signs(sign, node, known):
                    changed = [*signs[:place], mistaken(), *signs[place + 1 :]]
                    yield kind, symbol(sign), symbol(mistaken()), ast.Compare(left, changed, comparators)
        case _:
            return


def _signs(sign: ast.cmpop, node: ast.Compare, known: Known) -> Iterator[tuple[str, type[ast.cmpop]]]:
    """Give the signs that may be mistaken for one."""
    kind = type(sign)
    if kind in _DENIALS:
        yield "negation", _DENIALS[kind]
    elif kind is ast.Eq and _is_ordered(node, known.types):
        yield from (("strictness", other) for other in (ast.GtE, ast.LtE) if other is not _same_by_itself(node, known))
    else:
        yield from (("strictness", other) for other in _STRICTNESS.get(kind, ()))


def _same_by_itself(node: ast.Compare, known: Known) -> type[ast.cmpop] | None:
    """Give the sign that says no more than `==` where one side is the least, or the most, that there can be."""
    match node.left, node.comparators[0]:
        case ast.Call(func=ast.Name(id="count")), ast.Constant(value=0):
            return ast.LtE
        case ast.Name(id=name), ast.Constant(value=0) if name in known.types and known.types[name].kind == "count":
            return ast.LtE
        case _, ast.Name(id=level) if level in known.levels:
            return ast.LtE if level == known.levels[0] else ast.GtE if level == known.levels[-1] else None
        case _:
            return None


def _is_ordered(node: ast.Compare, types: Mapping[str, Type]) -> bool:
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
