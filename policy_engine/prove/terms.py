"""Condition trees and facts as formulas of z3: a reader of the language that shares nothing with the interpreter but the tree.

Every number is a part over a whole above zero, as in the guideline: a comparison multiplies crosswise and nothing is ever
divided. A value that may be known not to exist carries the truth that it is there.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from fractions import Fraction
from operator import eq, ge, gt, le, lt, ne
from typing import Any, NamedTuple, TypeAlias

from policy_engine.errors import EngineFaultError
from policy_engine.extras import load_extra
from policy_engine.language.fold import Reader
from policy_engine.language.text import show
from policy_engine.language.tree import Pair, Tree, name_of, opened
from policy_engine.language.values import NONE, Ratio, Value
from policy_engine.model.facts import FactDeclaration
from policy_engine.model.rulebook import Edition

z3: Any = load_extra("z3", "prove")

Term: TypeAlias = Any
"""A number or a truth of z3; its own types are not annotated."""

OTHER_TEXT = "khác / other"
"""What a witness states for a text that no condition asks about."""
_RELATIONS = {"==": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}


class UnprovableError(Exception):
    """A condition asks what the solver has no word for; the text is the part of the condition."""


class Quotient(NamedTuple):
    """A value: its number as a part over a whole above zero, and the truth that it exists. Of a truth, the part is the truth."""

    part: Term
    whole: Term = 1
    there: Term = True


class Flags(NamedTuple):
    """A set of choices: for each the truth that it is in."""

    members: dict[str, Term]
    there: Term = True


class TextCodes:
    """Numbers for texts and choices, so that two of them can be held against each other."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}

    def code(self, text: str) -> int:
        return self._codes.setdefault(text, len(self._codes))

    def text(self, code: int) -> str | None:
        """Return the text of a number; None where no text has it."""
        return next((text for text, known in self._codes.items() if known == code), None)


class Formulas(Reader[Quotient]):
    """Reads trees into formulas; `named` returns what a name stands for.

    Raises:
        UnprovableError: by every reading, where a part has no formula.
    """

    refuses = frozenset({"count", "sum", "given"})

    def __init__(self, named: Callable[[str], Quotient | Flags], codes: TextCodes) -> None:
        self.named = named
        self.codes = codes

    def refused(self, tree: Tree) -> Exception:
        return UnprovableError(show(tree))

    def truth(self, tree: Tree) -> Term:
        """Return the formula of a condition; what does not exist is not true."""
        known = self.read(tree)
        return known.part if known.there is True else z3.And(known.there, known.part)

    def figure(self, tree: Tree) -> Quotient:
        """Return what one side of a comparison is; a truth is 1 or 0, so that two truths can be compared."""
        known = self.read(tree)
        return known._replace(part=z3.If(known.part, 1, 0)) if z3.is_bool(known.part) else known

    def connective(self, _: Tree, sign: str, parts: Sequence[Tree]) -> Quotient:
        return Quotient((z3.And if sign == "and" else z3.Or)([self.truth(part) for part in parts]))

    def negation(self, _: Tree, part: Tree) -> Quotient:
        return Quotient(z3.Not(self.truth(part)))

    def comparison(self, _: Tree, pairs: Sequence[Pair]) -> Quotient:
        return Quotient(conjunction(_compared(self.figure(left), sign, self.figure(right)) for left, sign, right in pairs))

    def membership(self, _: Tree, one: Tree, sign: str, elements: Sequence[Tree]) -> Quotient:
        first = self.figure(one)
        inside = disjunction(_compared(first, "==", self.figure(element)) for element in elements)
        return Quotient(inside if sign == "in" else z3.Not(inside))

    def containment(self, tree: Tree, one: Tree, sign: str, among: Tree) -> Quotient:
        known = self.named(name_of(among))
        construct, (choice, *_) = opened(one)
        if not isinstance(known, Flags) or construct != "constant":
            raise UnprovableError(show(tree))
        inside = conjunction((known.there, known.members.get(str(choice), False)))
        return Quotient(inside if sign == "in" else z3.Not(inside))

    def name(self, _: Tree, name: str) -> Quotient:
        """Return what a name stands for; a set as such can only be asked what it holds, and whether it exists."""
        known = self.named(name)
        if isinstance(known, Flags):
            raise UnprovableError(name)
        return known

    def constant(self, _: Tree, value: Value) -> Quotient:
        return constant(value, self.codes)

    def arithmetic(self, _: Tree, left: Tree, sign: str, right: Tree) -> Quotient:
        one, two = self.figure(left), self.figure(right)
        there = conjunction((one.there, two.there)) if (one.there, two.there) != (True, True) else True
        whole = _times(one.whole, two.whole)
        if sign == "*":
            return Quotient(_times(one.part, two.part), whole, there)
        first, second = _times(one.part, two.whole), _times(two.part, one.whole)
        return Quotient(first - second if sign == "-" else first + second, whole, there)

    def share(self, _: Tree, part: Tree, whole: Tree) -> Quotient:
        """Return a share; the check at load has made sure that the whole is above zero."""
        above, below = self.figure(part), self.figure(whole)
        there = above.there if below.there is True else conjunction((above.there, below.there))
        return Quotient(_times(above.part, below.whole), _times(below.part, above.whole), there)

    def exists(self, _: Tree, fact: Tree) -> Quotient:
        there = self.named(name_of(fact)).there
        return Quotient(z3.BoolVal(there) if isinstance(there, bool) else there)


def _compared(left: Quotient, sign: str, right: Quotient) -> Term:
    """Return the formula of a comparison: crosswise, and what does not exist equals nothing and is neither less nor more."""
    relation = _RELATIONS[sign](_times(left.part, right.whole), _times(right.part, left.whole))
    there = conjunction((left.there, right.there))
    return disjunction((z3.Not(there), relation)) if sign == "!=" else conjunction((there, relation))


def constant(value: Value, codes: TextCodes) -> Quotient:
    """Return a value that an edition states.

    Raises:
        EngineFaultError: for a value that no edition states.
    """
    match value:
        case bool():
            return Quotient(z3.BoolVal(value))
        case int():
            return Quotient(value)
        case Fraction():
            return Quotient(value.numerator, value.denominator)
        case Ratio():
            return constant(value.fraction, codes)
        case date():
            return Quotient(value.toordinal())
        case str():
            return Quotient(codes.code(value))
        case _:
            raise EngineFaultError(f"no figure for {value!r}")


def conjunction(parts: Iterable[Term]) -> Term:
    return z3.And([z3.BoolVal(part) if isinstance(part, bool) else part for part in parts])


def disjunction(parts: Iterable[Term]) -> Term:
    return z3.Or([z3.BoolVal(part) if isinstance(part, bool) else part for part in parts])


def _times(one: Term, other: Term) -> Term:
    """Multiply; by one nothing changes, and the formula stays short."""
    return one if isinstance(other, int) and other == 1 else other if isinstance(one, int) and one == 1 else one * other


class Symbol(NamedTuple):
    """A fact as an unknown."""

    fact: FactDeclaration
    known: Quotient | Flags


class Symbols:
    """The unknowns of one question; two editions that are compared share those of facts that both declare alike.

    Args:
        codes: the numbers of texts.
        today: the day that the days of a witness are near to.
    """

    def __init__(self, codes: TextCodes, today: date) -> None:
        self.codes = codes
        self.today = today.toordinal()
        self.domains: list[Term] = []
        self.of: dict[str, Symbol] = {}

    def declare(self, fact: FactDeclaration, edition: Edition, name: str = "") -> Quotient | Flags:
        """Return the unknown of a fact, made when it is first asked for; `name` is its name where that is not the fact's."""
        name = name or fact.name
        if name not in self.of:
            self.of[name] = Symbol(fact, self._made(fact, name, len(edition.scale)))
        return self.of[name].known

    def _made(self, fact: FactDeclaration, name: str, ranks: int) -> Quotient | Flags:
        there = z3.Bool(f"{name} exists") if fact.may_be_none else True
        match fact.type.kind:
            case "set":
                return Flags({choice: z3.Bool(f"{name} has {choice}") for choice in fact.type.choices}, there)
            case "bool":
                return Quotient(z3.Bool(name), 1, there)
            case "points":
                return Quotient(z3.Real(name), 1, there)
            case "share":
                number = z3.Real(name)
                domain = number >= 0
            case "choice":
                number = z3.Int(name)
                domain = disjunction(number == self.codes.code(choice) for choice in fact.type.choices)
            case "level":
                number = z3.Int(name)
                domain = z3.And(number >= 0, number < ranks)
            case "day":
                number = z3.Int(name)
                domain = z3.And(number >= date.min.toordinal(), number <= date.max.toordinal())
            case _:
                number = z3.Int(name)
                domain = number >= 0
        self.domains.append(domain)
        return Quotient(number, 1, there)


def value_of(model: Term, symbol: Symbol, codes: TextCodes) -> Value:
    """Return the value of one unknown in a solution."""
    known = symbol.known
    if known.there is not True and not z3.is_true(model.eval(known.there, model_completion=True)):
        return NONE
    if isinstance(known, Flags):
        return frozenset(choice for choice, term in known.members.items() if z3.is_true(model.eval(term, model_completion=True)))
    found = model.eval(known.part, model_completion=True)
    match symbol.fact.type.kind:
        case "bool":
            return bool(z3.is_true(found))
        case "points" | "share":
            return Fraction(found.numerator_as_long(), found.denominator_as_long())
        case "day":
            return date.fromordinal(found.as_long())
        case "choice" | "text":
            return codes.text(found.as_long()) or OTHER_TEXT
        case _:
            return int(found.as_long())
