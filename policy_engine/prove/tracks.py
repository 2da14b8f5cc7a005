"""A track under question: its meaning, and answers as witnesses that the reference confirms."""

from policy_engine.evaluate.case import Evaluator
from policy_engine.model.rulebook import Criterion, Edition, LevelRule, Track
from policy_engine.prove.ask import BUDGET, UNDECIDED, Asker, Solution, Undecided
from policy_engine.prove.claims import PROVEN, REFUTED, UNDECIDED_WORD, Part, Witness
from policy_engine.prove.confirm import Expected, confirmed
from policy_engine.prove.door import Term
from policy_engine.prove.meaning import Meaning
from policy_engine.prove.symbols import Symbols
from policy_engine.prove.terms import Words


class Inquiry:
    """One track of an edition, ready to be asked about."""

    def __init__(self, evaluator: Evaluator, track: Track, budget: int = BUDGET) -> None:
        """Read the track.

        Args:
            evaluator: the edition, ready to rate.
            track: the track of it.
            budget: how many steps the solver may take for one question.

        Raises:
            UnprovableError: where a condition asks what the solver has no word for.
        """
        self.evaluator = evaluator
        self.edition: Edition = evaluator.edition
        self.track = track
        self.meaning = Meaning(self.edition, track, Symbols(Words(), self.edition.begins))
        self.asker = Asker(self.meaning.symbols, [self.meaning.always], budget)
        self.rules = {rule.level: rule for rule in track.levels}

    def witness(self, *goals: Term, expected: Expected | None = None) -> "Witness | Undecided | None":
        """Give the smallest confirmed case that meets the goals; None where there is none."""
        found = self.asker.find(*goals)
        if not isinstance(found, Solution):
            return found
        return confirmed(found.values, self.evaluator, self.track, expected or Expected()) or UNDECIDED

    def part(self, criterion: Criterion, level: str) -> Part:
        """Name a criterion of a level."""
        return Part(criterion.id, level, criterion.citation.clause, criterion.says)

    def clause(self, level: str) -> str:
        """Give the clause of a level."""
        return self.rules[level].citation.clause

    def last_step(self) -> tuple[LevelRule, ...]:
        """Give the levels of the last step of deciding, the best first."""
        return tuple(self.rules[level] for level in self.track.decide[-1].levels)

    def earlier(self) -> list[Term]:
        """Give the formulas of the levels that go before the last step."""
        return [self.meaning.levels[level] for step in self.track.decide[:-1] for level in step.levels]


def shown_by(found: "Witness | Undecided | None") -> tuple[str, Witness | None]:
    """Give the answer to a claim that something can be, with its witness."""
    return (PROVEN, found) if isinstance(found, Witness) else (REFUTED, None) if found is None else (UNDECIDED_WORD, None)


def refuted_by(found: "Witness | Undecided | None") -> tuple[str, Witness | None]:
    """Give the answer to a claim that something cannot be, with the case that refutes it."""
    return (REFUTED, found) if isinstance(found, Witness) else (PROVEN, None) if found is None else (UNDECIDED_WORD, None)
