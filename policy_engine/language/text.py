"""Tree to canonical text: the one spelling of a condition in verdicts, reports and digests.

`parse(show(tree))` gives the tree again; brackets stand only where the tree needs them.
"""

import ast
from collections.abc import Callable
from copy import deepcopy
from fractions import Fraction
from typing import Final

MIRRORED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
OPPOSITE: Final = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}


_SYMBOLS: Final[dict[type[ast.AST], str]] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
    ast.In: "in", ast.NotIn: "not in", ast.Add: "+", ast.Sub: "-", ast.Mult: "*",
    ast.And: "and", ast.Or: "or",
}  # fmt: skip
_OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _ATOM = range(7)


def show(tree: ast.expr) -> str:
    """Write a tree as text."""
    return _write(tree, _OR)


def worded(figure: ast.expr, called: Callable[[str], str]) -> str:
    """Return a figure in a reader's words: `(all − on time) / all`; every fact stands where the tree has it, a share as a fraction.

    Args:
        figure: what is worked out from facts.
        called: gives what a fact or a threshold is called; a name that could be taken for a sum is put into quotation marks.
    """
    alone = isinstance(figure, ast.Name)
    return show(_Worded(lambda name: called(name) if alone else _apart(called(name))).visit(deepcopy(figure)))


class _Worded(ast.NodeTransformer):
    """Puts words in the place of names, and a fraction in the place of a share."""

    def __init__(self, called: Callable[[str], str]) -> None:
        """Take what names are called."""
        self.called = called

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Call a fact by its words."""
        return ast.Name(self.called(node.id), node.ctx)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """Write a share as part and whole; any other function keeps its name."""
        arguments = [self.visit(argument) for argument in node.args]
        if isinstance(node.func, ast.Name) and node.func.id == "share":
            return ast.BinOp(arguments[0], _Over(), arguments[1])
        return ast.Call(node.func, arguments, [])

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        """Write the signs of minus and of times as people do."""
        signs: dict[type[ast.operator], ast.operator] = {ast.Sub: _Minus(), ast.Mult: _Times()}
        return ast.BinOp(self.visit(node.left), signs.get(type(node.op), node.op), self.visit(node.right))


class _Over(ast.Div):
    """The stroke of a fraction."""


class _Minus(ast.Sub):
    """The minus between words."""


class _Times(ast.Mult):
    """The sign of times between words."""


_SYMBOLS.update({_Over: "/", _Minus: "−", _Times: "×"})


_SIGNS: Final = (*"()+−×*/", " - ")


def _apart(words: str) -> str:
    """Put words into quotation marks where they hold a sign of reckoning."""
    return f"“{words}”" if any(sign in words for sign in _SIGNS) else words


def symbol(operator: ast.AST) -> str:
    """Return the sign of an operator, as rule authors write it."""
    return _SYMBOLS[type(operator)]


def _write(node: ast.expr, floor: int) -> str:
    """Write a node, in brackets where it binds more loosely than its surroundings ask."""
    text, strength = _plain(node)
    return f"({text})" if strength < floor else text


def _plain(node: ast.expr) -> tuple[str, int]:
    """Write a node without brackets of its own, and tell how tightly it binds."""
    match node:
        case ast.BoolOp(op=operator, values=values):
            strength = _AND if isinstance(operator, ast.And) else _OR
            return f" {symbol(operator)} ".join(_write(value, strength + 1) for value in values), strength
        case ast.UnaryOp(operand=operand):
            return f"not {_write(operand, _NOT)}", _NOT
        case ast.Compare(left=left, ops=operators, comparators=comparators):
            rest = (f"{symbol(o)} {_write(c, _SUM)}" for o, c in zip(operators, comparators, strict=True))
            return " ".join([_write(left, _SUM), *rest]), _COMPARE
        case ast.BinOp(left=left, op=operator, right=right):
            strength = _PRODUCT if isinstance(operator, (ast.Mult, ast.Div)) else _SUM
            return f"{_write(left, strength)} {symbol(operator)} {_write(right, strength + 1)}", strength
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return f"{name}({', '.join(_write(a, _OR) for a in arguments)})", _ATOM
        case ast.Tuple(elts=elements):
            return f"({', '.join(_write(e, _OR) for e in elements)}{',' if len(elements) == 1 else ''})", _ATOM
        case ast.Name(id=name):
            return name, _ATOM
        case ast.Constant(value=value):
            return _literal(value), _ATOM
        case _:
            raise AssertionError(f"the grammar let through a node that show does not know: {node!r}")


def _literal(value: object) -> str:
    """Write a constant: text in quotes, a number in plain decimals."""
    if isinstance(value, str):
        return f'"{value}"' if "'" in value else f"'{value}'"
    if isinstance(value, Fraction):
        return decimal_text(value)
    return str(value)


def decimal_text(value: Fraction) -> str:
    """Write a fraction whose denominator divides a power of ten in plain decimals, exactly."""
    places = 0
    while (value * 10**places).denominator != 1:
        places += 1
    digits = str(abs((value * 10**places).numerator)).rjust(places + 1, "0")
    sign = "-" if value < 0 else ""
    return sign + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)
