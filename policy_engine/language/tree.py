"""The closed tree of a condition: its constructs with their parts, and how trees are walked, made and rewritten.

The tree is Python's `ast` as far as the white list of `grammar` lets it through, so that simpleeval can walk it. Only the language
knows how a construct looks there: everybody else reads it by a `fold.Reader`, and makes it by the functions below.
"""

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, TypeAlias, TypeVar

from policy_engine.errors import EngineFaultError
from policy_engine.language.values import is_array
from policy_engine.tuples import NamedTuple

Tree: TypeAlias = ast.expr
_Node = TypeVar("_Node", bound=ast.AST)

CONSTRUCTS: Final[dict[str, str]] = {
    "constant": "value: a text, or an exact number (int or Fraction)",
    "name": "name: of a fact, a figure, a level, a field of an item",
    "comparison": "pairs: of a chain `a < b <= c`, each with its sign; all of them must hold",
    "membership": "one, sign, elements: `fact in ('a', 'b')`; the sign is `in` or `not in`",
    "containment": "one, sign, among: `'a' in set`",
    "connective": "sign, parts: joined by `and` or `or`",
    "negation": "part: `not part`",
    "arithmetic": "left, sign, right: the sign is `+`, `-` or `*`",
}
"""What there is beside calls of functions, by the name of the reader's method; with what that method gets behind the tree itself."""

MIRRORED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
OPPOSITE: Final = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
SIGNS: Final[Mapping[type[ast.AST], str]] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
    ast.In: "in", ast.NotIn: "not in", ast.Add: "+", ast.Sub: "-", ast.Mult: "*",
    ast.And: "and", ast.Or: "or",
}  # fmt: skip
_OPERATORS: Final[Mapping[str, Any]] = {sign: operator for operator, sign in SIGNS.items()}


class Pair(NamedTuple):
    """Two sides that are compared, and the sign between them."""

    left: Tree
    sign: str
    right: Tree


def opened(tree: Tree) -> tuple[str, tuple[Any, ...]]:
    """Return the construct that a tree is, or the function that it calls, and its parts."""
    try:
        return _OPEN[type(tree)](tree)
    except KeyError:
        raise EngineFaultError(f"the grammar let through a node that the language does not know: {tree!r}") from None


def _open_compare(node: ast.Compare) -> tuple[str, tuple[Any, ...]]:
    sign = SIGNS[type(node.ops[0])]
    if sign in {"in", "not in"}:
        among = node.comparators[0]
        if isinstance(among, ast.Tuple):
            return "membership", (node.left, sign, among.elts)
        return "containment", (node.left, sign, among)
    pairs: list[Pair] = []
    left = node.left
    for operator, right in zip(node.ops, node.comparators, strict=True):
        pairs.append(Pair(left, SIGNS[type(operator)], right))
        left = right
    return "comparison", (pairs,)


def _open_call(node: ast.Call) -> tuple[str, tuple[Any, ...]]:
    assert isinstance(node.func, ast.Name)
    return node.func.id, tuple(node.args)


_OPEN: Final[Mapping[type[ast.AST], Callable[[Any], tuple[str, tuple[Any, ...]]]]] = {
    ast.Constant: lambda node: ("constant", (node.value,)),
    ast.Name: lambda node: ("name", (node.id,)),
    ast.Compare: _open_compare,
    ast.BoolOp: lambda node: ("connective", (SIGNS[type(node.op)], node.values)),
    ast.UnaryOp: lambda node: ("negation", (node.operand,)),
    ast.BinOp: lambda node: ("arithmetic", (node.left, SIGNS[type(node.op)], node.right)),
    ast.Call: _open_call,
}


def children(tree: Tree) -> list[Tree]:
    """Return the trees below a tree, in order; a called name is the call's own, and so are the brackets of `in (…)`."""
    match tree:
        case ast.BoolOp(values=values):
            return values
        case ast.Compare(left=left, ops=[ast.In() | ast.NotIn(), *_], comparators=[ast.Tuple(elts=elements), *_]):
            return [left, *elements]
        case ast.Compare(left=left, comparators=comparators):
            return [left, *comparators]
        case ast.UnaryOp(operand=operand):
            return [operand]
        case ast.BinOp(left=left, right=right):
            return [left, right]
        case ast.Call(args=arguments):
            return arguments
        case _:
            return []


def walk(tree: Tree) -> Iterator[Tree]:
    """Return a tree and every tree below it, in the order of the text."""
    pending = [tree]
    while pending:
        node = pending.pop()
        yield node
        pending += reversed(children(node))


@lru_cache(maxsize=4096)
def names_in(tree: Tree) -> tuple[str, ...]:
    """Return the names that a condition reads, in order, each once; called functions are not names. Remembered: every case asks again."""
    return tuple(dict.fromkeys(node.id for node in walk(tree) if isinstance(node, ast.Name)))


def calls_in(tree: Tree) -> frozenset[str]:
    """Return the functions that a condition calls."""
    return frozenset(opened(node)[0] for node in walk(tree) if isinstance(node, ast.Call))


def conjuncts(tree: Tree) -> list[Tree]:
    """Return what is joined by `and`; a tree of another kind is its only part."""
    return tree.values if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And) else [tree]


def name_of(tree: Tree) -> str:
    """Return the name that a tree is; "" where it is anything else."""
    return tree.id if isinstance(tree, ast.Name) else ""


def literal(value: object) -> Tree:
    """Make a text or an exact number."""
    return ast.Constant(value=value)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # an exact number is this language's literal


def named(name: str) -> Tree:
    """Make a name."""
    return ast.Name(name)


def compared(left: Tree, sign: str, right: Tree) -> Tree:
    """Make a comparison of one pair."""
    return ast.Compare(left, [_OPERATORS[sign]()], [right])


def listed(one: Tree, sign: str, elements: Sequence[Tree]) -> Tree:
    """Make a comparison of one thing with a list of elements, `in` or `not in`."""
    return ast.Compare(one, [_OPERATORS[sign]()], [ast.Tuple(list(elements))])


def chained(pairs: Sequence[Pair]) -> Tree:
    """Make a comparison of the pairs that `opened` gives."""
    return ast.Compare(pairs[0].left, [_OPERATORS[pair.sign]() for pair in pairs], [pair.right for pair in pairs])


def joined(sign: str, parts: Sequence[Tree]) -> Tree:
    """Join conditions by `and` or `or`."""
    return ast.BoolOp(_OPERATORS[sign](), list(parts))


def negated(part: Tree) -> Tree:
    """Make the denial of a condition."""
    return ast.UnaryOp(ast.Not(), part)


def reckoned(left: Tree, sign: str, right: Tree) -> Tree:
    """Make a sum, a difference or a product."""
    return ast.BinOp(left, _OPERATORS[sign](), right)


def called(function: str, *arguments: Tree) -> Tree:
    """Make a call."""
    return ast.Call(ast.Name(function), list(arguments), [])


def swapped(node: _Node, old: ast.AST, new: ast.AST) -> _Node:
    """Return a tree with one of its nodes replaced; what is not on the way to it is shared."""
    if node is old:
        return new  # type: ignore[return-value]  # pyright: ignore[reportReturnType]  # the caller puts a node where one of its kind stood
    fields = {name: _within(value, old, new) for name, value in ast.iter_fields(node)}
    return type(node)(**fields) if any(fields[name] is not value for name, value in ast.iter_fields(node)) else node


def _within(value: object, old: ast.AST, new: ast.AST) -> object:
    if isinstance(value, ast.AST):
        return swapped(value, old, new)
    if is_array(value):
        other = [_within(item, old, new) for item in value]
        return other if any(a is not b for a, b in zip(value, other, strict=True)) else value
    return value
