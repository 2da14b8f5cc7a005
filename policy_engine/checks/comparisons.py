"""The comparisons of a condition, each turned so that its threshold stands on the right and no `not` stands before it."""

import ast
from collections.abc import Container, Iterator
from typing import NamedTuple

from policy_engine.language.show import show, symbol
from policy_engine.language.signs import MIRRORED, OPPOSITE


class Comparison(NamedTuple):
    """One comparison as it is written, and the sign that it has with its threshold on the right and no `not` before it.

    `threshold` is "" where it has none. `mirrored`: whether the threshold counts on the left. `number`: how many times the
    threshold's name stands before it in the condition. `guard`: whether it only says that something is above zero.
    """

    left: str
    written_sign: str
    right: str
    holds: bool
    sign: str
    threshold: str = ""
    mirrored: bool = False
    number: int = 0
    guard: bool = False

    @property
    def written(self) -> str:
        """Write the comparison as its author did."""
        return self._with(self.written_sign)

    def meaning(self, sign: str) -> str:
        """Write the comparison so that it has another sign, in the form that its author chose."""
        plain = MIRRORED[sign] if self.mirrored else sign
        return self._with(plain if self.holds else OPPOSITE[plain])

    def _with(self, sign: str) -> str:
        """Write the comparison with a sign in its place."""
        text = f"{self.left} {sign} {self.right}"
        return text if self.holds else f"not ({text})"


def comparisons(tree: ast.expr, thresholds: Container[str]) -> tuple[Comparison, ...]:
    """Give the comparisons of a condition by size; those about choices, texts and one item of a list are left out."""
    seen: dict[str, int] = {}
    return tuple(_read(left, operator, right, holds, thresholds, seen) for left, operator, right, holds in _pairs(tree, holds=True))


def _pairs(node: ast.expr, *, holds: bool) -> Iterator[tuple[ast.expr, ast.cmpop, ast.expr, bool]]:
    """Give each pair that is compared, and whether it must hold or must not."""
    match node:
        case ast.BoolOp(values=values):
            for value in values:
                yield from _pairs(value, holds=holds)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield from _pairs(operand, holds=not holds)
        case ast.Compare(left=left, ops=operators, comparators=comparators):
            for operator, right in zip(operators, comparators, strict=True):
                if not isinstance(operator, (ast.In, ast.NotIn)) and not _is_text(left) and not _is_text(right):
                    yield left, operator, right, holds
                left = right
        case _:
            return


def _is_text(node: ast.expr) -> bool:
    """Tell whether a node is a text in quotes."""
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _read(
    left: ast.expr, operator: ast.cmpop, right: ast.expr, holds: bool, thresholds: Container[str], seen: dict[str, int]  # noqa: FBT001
) -> Comparison:  # fmt: skip
    """Turn one comparison."""
    plain = symbol(operator)
    sign = plain if holds else OPPOSITE[plain]
    guard = sign == ">" and isinstance(right, ast.Constant) and right.value == 0
    found = Comparison(show(left), plain, show(right), holds, sign, guard=guard)
    named = [*_named(left, 1, thresholds), *_named(right, -1, thresholds)]
    before = {name: seen.get(name, 0) for name, _ in named}
    for name, _ in named:
        seen[name] = seen.get(name, 0) + 1
    if len(named) != 1:
        return found._replace(guard=guard or bool(named))
    name, coefficient = named[0]
    turned = MIRRORED[sign] if coefficient > 0 else sign
    return found._replace(sign=turned, threshold=name, mirrored=coefficient > 0, number=before[name], guard=False)


def _named(node: ast.expr, coefficient: int, thresholds: Container[str]) -> Iterator[tuple[str, int]]:
    """Give the thresholds of a sum, each with whether it is added or taken away; a factor beside one is never below zero."""
    match node:
        case ast.Name(id=name) if name in thresholds:
            yield name, coefficient
        case ast.BinOp(left=left, op=operator, right=right):
            yield from _named(left, coefficient, thresholds)
            yield from _named(right, -coefficient if isinstance(operator, ast.Sub) else coefficient, thresholds)
        case _:
            return
