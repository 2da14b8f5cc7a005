"""What a run of cases has seen of one edition: its criteria, its figures, and the cases whose expectations hold."""

from policy_engine.evaluate.expectation import Coverage
from policy_engine.evaluate.rate import Rated
from policy_engine.model.case import Case
from policy_engine.model.rulebook import Edition
from policy_engine.trial.sides import Sides


class Standing:
    """One edition, while cases of it are run."""

    def __init__(self, edition: Edition) -> None:
        """Begin with nothing seen."""
        self.edition = edition
        self.coverage = Coverage(edition)
        self.sides = Sides(edition)
        self.held: list[Case] = []

    def take(self, one: Rated, *, passed: bool) -> None:
        """Look at a case; only one that expects something, all of which holds, can notice a mutant."""
        self.coverage.take(one.verdict)
        self.sides.take(one.case, one.verdict)
        if passed:
            self.held.append(one.case)
