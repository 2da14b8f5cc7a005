"""Hypothesis strategies for conditions: trees of the grammar, and texts near and far from it."""

import ast
from fractions import Fraction

from hypothesis import strategies as st

NAMES = ("a", "b", "tasks_total", "level", "share", "được", "_x9")
_ORDER: tuple[type[ast.cmpop], ...] = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_SIGNS: tuple[type[ast.operator], ...] = (ast.Add, ast.Sub, ast.Mult)


def name(identifier: str) -> ast.expr:
    return ast.Name(identifier, ast.Load())


def _number(digits: int, places: int) -> ast.expr:
    exact = Fraction(digits, 10**places)
    return ast.Constant(exact.numerator if exact.denominator == 1 else exact)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def _quoted(text: str) -> ast.expr:
    return ast.Constant(text.replace('"', "") if "'" in text else text)


names = st.sampled_from(NAMES).map(name)
numbers = st.builds(_number, st.integers(0, 10**7), st.integers(0, 6))
texts = st.text(st.characters(codec="utf-8", exclude_characters="\\\r\n\0"), max_size=5).map(_quoted)
atoms = names | numbers | texts


def _larger(inner: st.SearchStrategy[ast.expr]) -> st.SearchStrategy[ast.expr]:
    chain = st.lists(st.tuples(st.sampled_from(_ORDER), inner), min_size=1, max_size=3)
    elements = st.lists(atoms, min_size=1, max_size=3)
    return st.one_of(
        st.builds(ast.BoolOp, st.sampled_from((ast.And, ast.Or)).map(lambda kind: kind()), st.lists(inner, min_size=2, max_size=3)),
        st.builds(lambda operand: ast.UnaryOp(ast.Not(), operand), inner),
        st.builds(lambda left, sign, right: ast.BinOp(left, sign(), right), inner, st.sampled_from(_SIGNS), inner),
        st.builds(lambda left, rest: ast.Compare(left, [sign() for sign, _ in rest], [right for _, right in rest]), inner, chain),
        st.builds(_membership, inner, st.sampled_from((ast.In, ast.NotIn)), elements),
        st.builds(lambda part, whole: _call("share", part, whole), inner, inner),
        st.builds(lambda items, condition: _call("count", items, condition), names, inner),
        st.builds(lambda fact: _call("exists", fact), names),
        st.builds(lambda facts: _call("given", *facts), st.lists(names, min_size=1, max_size=3)),
    )


def _membership(left: ast.expr, sign: type[ast.cmpop], elements: list[ast.expr]) -> ast.expr:
    return ast.Compare(left, [sign()], [ast.Tuple(elements, ast.Load())])


def _call(function: str, *arguments: ast.expr) -> ast.expr:
    return ast.Call(name(function), list(arguments), [])


trees = st.recursive(atoms, _larger, max_leaves=10)

PIECES = (
    "a", "tasks_total", "'x'", '"', "'", "0", "0.29", "50%", "(", ")", "[", "]", "{", "}", ",", " ", "\n", "\t", "\r", "\f", "and", "or",
    "not", "in",
    "is", "==", "=", ">=", "<", ">", "!", "+", "-", "*", "**", "/", "%", "@", ":=", ":", ";", ".", "share(", "count(", "exists(",
    "lambda", "if",
    "else", "for", "f'{a}'", "r'", "b'x'", "1e9", "0x1", "1_0", "1j", "...", "\\", "#", "\0", "\ud800", "ế", "é", "≥", "𝒶", "٣", "\u2028",
    "\x1a",
    "await", "yield", "True", "None", "__import__('os')", "~", "&&", "||", "<>", "$", "?", "`",
)  # fmt: skip
"""Scraps that a text is glued from: tokens of this language, of Python, and of no language."""

glued = st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join) | st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
anything = st.text(st.characters(), max_size=60)


@st.composite
def mutated(draw: st.DrawFn, source: st.SearchStrategy[str]) -> str:
    """Return a valid text with a few scraps put in, taken out or doubled."""
    text = draw(source)
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 4)))
        text = text[:start] + draw(st.sampled_from(("", *PIECES, text[start:end] * 2))) + text[end:]
    return text
