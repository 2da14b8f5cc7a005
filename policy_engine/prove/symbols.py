"""The facts of a case as unknowns of the solver: their domains, and their values in a solution."""

from datetime import date
from fractions import Fraction
from typing import NamedTuple

from policy_engine.language.values import NONE, Value
from policy_engine.model.facts import FactDeclaration
from policy_engine.model.rulebook import Edition
from policy_engine.prove.terms import Figure, Flags, Known, Term, Words, disjunction, z3

OTHER_TEXT = "khác / other"
"""What a witness states for a text that no condition asks about."""


class Symbol(NamedTuple):
    """A fact as an unknown."""

    fact: FactDeclaration
    known: Known


class Symbols:
    """The unknowns of one question; two editions that are compared share those of facts that both declare alike."""

    def __init__(self, words: Words, today: date) -> None:
        """Begin with none.

        Args:
            words: the numbers of texts.
            today: the day that the days of a witness are near to.
        """
        self.words = words
        self.today = today.toordinal()
        self.domains: list[Term] = []
        self.of: dict[str, Symbol] = {}

    def declare(self, fact: FactDeclaration, edition: Edition, name: str = "") -> Known:
        """Return the unknown of a fact, made when it is first asked for.

        Args:
            fact: the fact.
            edition: the edition that declares it.
            name: the name of the unknown, where it is not the fact's.
        """
        name = name or fact.name
        if name not in self.of:
            self.of[name] = Symbol(fact, self._make(fact, name, len(edition.scale)))
        return self.of[name].known

    def _make(self, fact: FactDeclaration, name: str, ranks: int) -> Known:
        """Make an unknown, and say what values it can have."""
        there = z3.Bool(f"{name} exists") if fact.may_be_none else True
        kind = fact.type.kind
        if kind == "set":
            return Flags({choice: z3.Bool(f"{name} has {choice}") for choice in fact.type.choices}, there)
        if kind == "bool":
            return Figure(z3.Bool(name), 1, there)
        if kind in {"points", "share"}:
            real = z3.Real(name)
            if kind == "share":
                self.domains.append(real >= 0)
            return Figure(real, 1, there)
        number = z3.Int(name)
        self.domains.append(_domain(number, fact, ranks, self.words))
        return Figure(number, 1, there)


def _domain(number: Term, fact: FactDeclaration, ranks: int, words: Words) -> Term:
    """Say what whole numbers stand for a value of a fact."""
    match fact.type.kind:
        case "choice":
            return disjunction(number == words.code(choice) for choice in fact.type.choices)
        case "level":
            return z3.And(number >= 0, number < ranks)
        case "day":
            return z3.And(number >= date.min.toordinal(), number <= date.max.toordinal())
        case _:
            return number >= 0


def value_of(model: Term, symbol: Symbol, words: Words) -> Value:
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
            return words.text(found.as_long()) or OTHER_TEXT
        case _:
            return int(found.as_long())
