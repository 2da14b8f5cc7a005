"""Questions to the solver, and the smallest case that answers one.

A question has three answers: a case, none (proven), or UNDECIDED where the solver's budget ran out. The budget counts
the solver's own steps and not seconds, so that an answer does not depend on the machine.
"""

from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from enum import Enum
from typing import Final, NamedTuple

from policy_engine.language.values import Value
from policy_engine.prove.terms import Flags, Quotient, Symbol, Symbols, Term, conjunction, value_of, z3

BUDGET = 20_000_000
"""Steps of the solver for one question."""
BESIDE = "beside"
"""The name of a second value of one fact."""
_GRIDS = (1, 2, 10, 100, 1_000, 1_000_000)
"""How fine the points of a witness may be; a case file is written in decimals."""


class Undecided(Enum):
    """The answer where the budget ran out, or a witness could not be confirmed."""

    UNDECIDED = "UNDECIDED"


UNDECIDED: Final = Undecided.UNDECIDED


class Solution(NamedTuple):
    """A case that answers a question: the value of every unknown."""

    values: Mapping[str, Value]


class Asker:
    """Asks about cases that obey what is always true."""

    def __init__(self, symbols: Symbols, always: Iterable[Term], budget: int = BUDGET) -> None:
        self.symbols = symbols
        self._always, self._budget = tuple(always), budget
        self._solver = z3.Solver()
        self._solver.set("rlimit", budget)
        self._solver.add(conjunction(self._always))

    @contextmanager
    def _supposing(self, goals: Iterable[Term]) -> "Generator[bool | Undecided]":
        """Add goals for the time being; yield whether they can be had."""
        self._solver.push()
        try:
            self._solver.add(*goals)
            yield self._check()
        finally:
            self._solver.pop()

    def possible(self, *goals: Term) -> bool | Undecided:
        """Return whether some case meets all the goals."""
        with self._supposing(goals) as found:
            return found

    def beside(self, symbol: Symbol, other: Term) -> "Asker":
        """Return an asker that looks for another value of one fact too; a solution has it under `BESIDE`."""
        symbols = Symbols(self.symbols.codes, date.fromordinal(self.symbols.today))
        symbols.of = {**self.symbols.of, BESIDE: Symbol(symbol.fact, Quotient(other))}
        return Asker(symbols, self._always, self._budget)

    def find(self, *goals: Term) -> Solution | Undecided | None:
        """Return the smallest case that meets all the goals: fewest items, then the plainest answers, in the order of the facts."""
        with self._supposing(goals) as found:
            return self._smallest() if found is True else None if found is False else UNDECIDED

    def which(self, terms: Sequence[Term], *goals: Term) -> tuple[int, ...] | Undecided | None:
        """Return the places of the terms that hold in some case that meets all the goals; None where there is no such case."""
        with self._supposing(goals) as found:
            if found is not True:
                return found or None
            model = self._solver.model()
            return tuple(place for place, term in enumerate(terms) if z3.is_true(model.eval(term, model_completion=True)))

    def _check(self, *more: Term) -> bool | Undecided:
        said = self._solver.check(*more)
        return UNDECIDED if said == z3.unknown else bool(said == z3.sat)

    def _smallest(self) -> Solution | Undecided:
        """Make the answers definite, one after the other, the plainest that can be."""
        symbols = self.symbols.of
        counts = [s.known.part for s in symbols.values() if s.fact.type.kind in {"count", "months"} and isinstance(s.known, Quotient)]
        if counts:
            self._least(z3.Sum(counts))
        for symbol in symbols.values():
            self._plainest(symbol)
        if not self._decimals():
            return UNDECIDED
        model = self._solver.model()
        return Solution({name: value_of(model, symbol, self.symbols.codes) for name, symbol in symbols.items()})

    def _prefer(self, goal: Term) -> bool:
        """Take a goal where it can be had; it stays then."""
        if self._check(goal) is not True:
            return False
        self._solver.add(goal)
        return True

    def _plainest(self, symbol: Symbol) -> None:
        """Prefer the plainest answer to one fact: nothing there, nothing grave, everything good; the first choice; the best level."""
        known, fact = symbol.known, symbol.fact
        if known.there is not True and self._prefer(z3.Not(known.there)):
            return
        if isinstance(known, Flags):
            for term in known.members.values():
                self._prefer(z3.Not(term))
            return
        match fact.type.kind:
            case "bool":
                self._prefer(z3.Not(known.part) if fact.locked else known.part)
            case "choice":
                any(self._prefer(known.part == self.symbols.codes.code(choice)) for choice in fact.type.choices)
            case "points" | "share":
                pass
            case "level":
                self._least(-known.part)
            case "day":
                self._least(z3.Abs(known.part - self.symbols.today))
            case _:
                self._least(known.part)

    def _least(self, term: Term) -> None:
        """Make a whole number as small as it can be, by halving, and leave it there."""
        if self._check() is not True:
            return
        most = self._solver.model().eval(term, model_completion=True).as_long()
        least: int | None = None
        step = 1
        while least is None or least < most:
            middle = most - step if least is None else (least + most) // 2
            found = self._check(term <= middle)
            if found is True:
                most = self._solver.model().eval(term, model_completion=True).as_long()
                step *= 2
            elif found is False:
                least = middle + 1
            else:
                break
        self._solver.add(term == most)

    def _decimals(self) -> bool:
        """Look for points and shares that a case file can state, as near to zero as they can be; return whether there are any."""
        units = {"points": 1, "share": 100}
        figures = [s for s in self.symbols.of.values() if s.fact.type.kind in units and isinstance(s.known, Quotient)]
        if self._check() is not True:
            return False
        for grid in _GRIDS if figures else ():
            wholes = [z3.Int(f"{place} in parts of {grid}") for place in range(len(figures))]
            scaled = [grid * units[s.fact.type.kind] * s.known.part for s in figures if isinstance(s.known, Quotient)]
            if self._prefer(conjunction(z3.ToReal(whole) == part for whole, part in zip(wholes, scaled, strict=True))):
                for whole in wholes:
                    self._least(z3.Abs(whole))
                if self._check() is True:
                    return True
        return not figures
