"""Condition trees as formulas of z3: a reader of the language that shares nothing with the interpreter but the tree.

Every number is a part over a whole above zero, as in the guideline: a comparison multiplies crosswise and nothing is ever
divided. A value that may be known not to exist carries the truth that it is there.
"""

import ast
from collections.abc import Callable, Iterable
from datetime import date
from fractions import Fraction
from typing import Any, NamedTuple, TypeAlias

from policy_engine.errors import EngineFaultError
from policy_engine.extras import load_extra
from policy_engine.language.text import show
from policy_engine.language.values import Ratio, Value

z3: Any = load_extra("z3", "prove")

Term: TypeAlias = Any
"""A number or a truth of z3; its own types are not annotated."""


_RELATIONS: dict[type[ast.cmpop], Callable[[Term, Term], Term]] = {
    ast.Eq: lambda a, b: a == b, ast.NotEq: lambda a, b: a != b, ast.Lt: lambda a, b: a < b, ast.LtE: lambda a, b: a <= b,
    ast.Gt: lambda a, b: a > b, ast.GtE: lambda a, b: a >= b,
}  # fmt: skip


class UnprovableError(Exception):
    """A condition asks what the solver has no word for; the text is the part of the condition."""


class Figure(NamedTuple):
    """A value: its number as a part over a whole above zero, and the truth that it exists."""

    part: Term
    whole: Term = 1
    there: Term = True


class Flags(NamedTuple):
    """A set of choices: for each the truth that it is in."""

    members: dict[str, Term]
    there: Term = True


Known = Figure | Flags
"""What a name stands for. A truth is a Figure whose part is a truth."""


class Words:
    """Numbers for texts and choices, so that two of them can be held against each other."""

    def __init__(self) -> None:
        """Begin with none."""
        self._codes: dict[str, int] = {}

    def code(self, text: str) -> int:
        """Return the number of a text."""
        return self._codes.setdefault(text, len(self._codes))

    def text(self, code: int) -> str | None:
        """Return the text of a number; None where no text has it."""
        return next((text for text, known in self._codes.items() if known == code), None)


class Reader:
    """Reads trees into formulas, over what names stand for."""

    def __init__(self, named: Callable[[str], Known], words: Words) -> None:
        """Take what gives a name's meaning, and the numbers of texts."""
        self.named = named
        self.words = words

    def truth(self, tree: ast.expr) -> Term:
        """Return the formula of a condition.

        Raises:
            UnprovableError: where a part of it has no formula.
        """
        match tree:
            case ast.BoolOp(op=operator, values=parts):
                join = z3.And if isinstance(operator, ast.And) else z3.Or
                return join([self.truth(part) for part in parts])
            case ast.UnaryOp(operand=operand):
                return z3.Not(self.truth(operand))
            case ast.Compare(left=left, ops=signs, comparators=comparators):
                sides = (left, *comparators)
                return conjunction(self._pair(sides[n], sign, sides[n + 1]) for n, sign in enumerate(signs))
            case ast.Name(id=name):
                return self._flag(name)
            case ast.Call(func=ast.Name(id="exists"), args=[ast.Name(id=name)]):
                return z3.BoolVal(there) if isinstance(there := self.named(name).there, bool) else there
            case _:
                raise UnprovableError(show(tree))

    def figure(self, tree: ast.expr) -> Figure:
        """Return what one side of a comparison is.

        Raises:
            UnprovableError: where it has no formula.
        """
        match tree:
            case ast.Constant(value=str(text)):
                return Figure(self.words.code(text))
            case ast.Constant(value=value):
                return constant(value, self.words)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # the grammar made it exact
            case ast.Name(id=name):
                return self._number(name)
            case ast.BinOp(left=left, op=operator, right=right):
                return _arithmetic(operator, self.figure(left), self.figure(right))
            case ast.Call(func=ast.Name(id="share"), args=[part, whole]):
                return _share(self.figure(part), self.figure(whole))
            case ast.Compare() | ast.BoolOp() | ast.UnaryOp():
                return Figure(z3.If(self.truth(tree), 1, 0))
            case _:
                raise UnprovableError(show(tree))

    def _flag(self, name: str) -> Term:
        """Return the truth that a name is; what does not exist is not true."""
        known = self.named(name)
        assert isinstance(known, Figure)
        return known.part if known.there is True else z3.And(known.there, known.part)

    def _number(self, name: str) -> Figure:
        """Return the number that a name is; a truth is 1 or 0, so that two truths can be compared."""
        known = self.named(name)
        if isinstance(known, Flags):
            raise UnprovableError(name)
        return known._replace(part=z3.If(known.part, 1, 0)) if z3.is_bool(known.part) else known

    def _pair(self, left: ast.expr, sign: ast.cmpop, right: ast.expr) -> Term:
        """Return the formula of one comparison."""
        if isinstance(sign, (ast.In, ast.NotIn)):
            inside = self._member(left, right)
            return inside if isinstance(sign, ast.In) else z3.Not(inside)
        return compared(self.figure(left), sign, self.figure(right))

    def _member(self, left: ast.expr, right: ast.expr) -> Term:
        """Return the formula that a value is one of those in brackets, or that a set holds a choice."""
        if isinstance(right, ast.Tuple):
            first = self.figure(left)
            return disjunction(compared(first, ast.Eq(), self.figure(element)) for element in right.elts)
        assert isinstance(right, ast.Name)
        known = self.named(right.id)
        if not isinstance(known, Flags) or not isinstance(left, ast.Constant):
            raise UnprovableError(f"{show(left)} in {right.id}")
        return conjunction((known.there, known.members.get(str(left.value), False)))


def compared(left: Figure, sign: ast.cmpop, right: Figure) -> Term:
    """Return the formula of a comparison: crosswise, and what does not exist equals nothing and is neither less nor more."""
    relation = _RELATIONS[type(sign)](_times(left.part, right.whole), _times(right.part, left.whole))
    there = conjunction((left.there, right.there))
    return disjunction((z3.Not(there), relation)) if isinstance(sign, ast.NotEq) else conjunction((there, relation))


def constant(value: Value, words: Words) -> Figure:
    """Return a value that an edition states.

    Raises:
        EngineFaultError: for a value that no edition states.
    """
    match value:
        case bool():
            return Figure(z3.BoolVal(value))
        case int():
            return Figure(value)
        case Fraction():
            return Figure(value.numerator, value.denominator)
        case Ratio():
            return constant(value.fraction, words)
        case date():
            return Figure(value.toordinal())
        case str():
            return Figure(words.code(value))
        case _:
            raise EngineFaultError(f"no figure for {value!r}")


def conjunction(parts: Iterable[Term]) -> Term:
    """Join truths by and."""
    return z3.And([z3.BoolVal(part) if isinstance(part, bool) else part for part in parts])


def disjunction(parts: Iterable[Term]) -> Term:
    """Join truths by or."""
    return z3.Or([z3.BoolVal(part) if isinstance(part, bool) else part for part in parts])


def _times(one: Term, other: Term) -> Term:
    """Multiply; by one nothing changes, and the formula stays short."""
    return one if isinstance(other, int) and other == 1 else other if isinstance(one, int) and one == 1 else one * other


def _share(part: Figure, whole: Figure) -> Figure:
    """Return a share; the check at load has made sure that the whole is above zero."""
    there = part.there if whole.there is True else conjunction((part.there, whole.there))
    return Figure(_times(part.part, whole.whole), _times(whole.part, part.whole), there)


def _arithmetic(operator: ast.operator, left: Figure, right: Figure) -> Figure:
    """Add, subtract or multiply two figures."""
    there = conjunction((left.there, right.there)) if (left.there, right.there) != (True, True) else True
    whole = _times(left.whole, right.whole)
    if isinstance(operator, ast.Mult):
        return Figure(_times(left.part, right.part), whole, there)
    first, second = _times(left.part, right.whole), _times(right.part, left.whole)
    return Figure(first - second if isinstance(operator, ast.Sub) else first + second, whole, there)
