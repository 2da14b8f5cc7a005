"""Is there a completion of the unknown facts such that a formula holds? Exactly, within a budget.

A depth-first search over the alternatives of a formula; each branch gathers rows, which
`linear` solves group by group. Groups are remembered, since branches share most of them.
"""

from collections.abc import Iterable, Sequence

from policy_engine.evaluate.open.formula import All, Any, Atom, Formula, conjunction, disjunction
from policy_engine.evaluate.open.linear import Budget, Rational, Row, components, negated, solve
from policy_engine.evaluate.open.variables import Variables

MAX_BRANCHES = 4_000


class Solver:
    """Is there a completion of a case's unknown facts such that a formula holds? Exactly, within a budget.

    A depth-first search over the alternatives of a formula; each branch gathers rows, which `linear` solves group by group. Groups
    are remembered, since branches share most of them. What is always true of the case (domains, invariants) is taken once.
    """

    def __init__(self, variables: Variables, always: Iterable[Formula]) -> None:
        self.variables = variables
        self.always = conjunction(always)
        self._known: dict[frozenset[Row], bool | None] = {}
        self._answers: dict[Formula, bool | None] = {}

    def possible(self, formula: Formula) -> bool | None:
        """Return whether some completion makes a formula true; None where the budget ran out before that was settled."""
        if formula not in self._answers:
            rows = frozenset(self.variables.domain_rows())
            self._answers[formula] = self._search(rows, [conjunction((self.always, formula))], Budget(MAX_BRANCHES))
        return self._answers[formula]

    def forced(self, formula: Formula, opposite: Formula) -> bool | None:
        """Return the truth of a formula where every completion agrees; None where it is open."""
        if isinstance(formula, bool):
            return formula
        if self.possible(formula) is False:
            return False
        return True if self.possible(opposite) is False else None

    def _search(self, rows: frozenset[Row], pending: Sequence[Formula], budget: Budget) -> bool | None:
        """Take every row that must hold, then try the alternatives of the smallest disjunction."""
        if not budget.spend():
            return None
        taken, choices = split(rows, pending, self.variables.rational)
        if taken is None:
            return False
        sure = self._feasible(taken)
        if sure is False or not choices:
            return sure
        choices.sort(key=lambda choice: len(choice.parts))
        answer: bool | None = False
        for part in choices[0].parts:
            found = self._search(taken, [part, *choices[1:]], budget)
            if found is True:
                return True
            answer = None if found is None else answer
        return answer

    def _feasible(self, rows: frozenset[Row]) -> bool | None:
        """Return whether rows have a solution in whole numbers."""
        answer: bool | None = True
        for group in components(rows):
            if group not in self._known:
                found = solve(group, self.variables.rational, Budget())
                self._known[group] = found if isinstance(found, bool) or found is None else True
            if self._known[group] is False:
                return False
            answer = None if self._known[group] is None else answer
        return answer


def split(rows: frozenset[Row], pending: Sequence[Formula], rational: Rational) -> tuple[frozenset[Row] | None, list[Any]]:
    """Split formulas into rows that must hold and disjunctions that are still open; None where they exclude each other.

    What the rows already decide is dropped from disjunctions; one of a single part is a row too.
    """
    taken, choices, work = set(rows), list[Any](), list(pending)
    while work:
        formula = work.pop()
        if formula is False:
            return None, []
        if isinstance(formula, All):
            work.extend(formula.parts)
        elif isinstance(formula, Atom):
            taken.add(formula.row)
        elif isinstance(formula, Any):
            choices.append(formula)
    kept = [disjunction(_settled(part, taken, rational) for part in choice.parts) for choice in choices]
    if False in kept:
        return None, []
    left = [choice for choice in kept if isinstance(choice, Any)]
    forced = [formula for formula in kept if formula is not True and not isinstance(formula, Any)]
    return split(frozenset(taken), [*forced, *left], rational) if forced else (frozenset(taken), left)


def _settled(formula: Formula, taken: set[Row], rational: Rational) -> Formula:
    """Return a part of a disjunction as the rows leave it."""
    if isinstance(formula, Atom):
        return True if formula.row in taken else False if negated(formula.row, rational) in taken else formula
    if isinstance(formula, All):
        return conjunction(_settled(part, taken, rational) for part in formula.parts)
    return formula
