"""From a case file to a verdict with advice: what one run over many files shares."""

from typing import NamedTuple

from policy_engine.evaluate.advise import advise
from policy_engine.evaluate.case import Evaluator
from policy_engine.load.case import load_case
from policy_engine.load.library import Library
from policy_engine.model.case import Case
from policy_engine.model.rulebook import Edition
from policy_engine.model.verdict import Verdict


class Rated(NamedTuple):
    """A case with its verdict and the edition it was rated under."""

    case: Case
    verdict: Verdict
    edition: Edition


class Rater:
    """Rates files; each edition is read and prepared once."""

    def __init__(self, library: Library, edition: str | None = None) -> None:
        """Take the library, and the edition to use instead of the ones that cases name."""
        self.library = library
        self.edition = edition
        self._evaluators: dict[str, Evaluator] = {}

    def rate(self, path: str) -> Rated:
        """Rate one case file, with advice.

        Raises:
            InputError: with everything that is wrong with the file or its edition.
        """
        case, edition = load_case(path, self.library, self.edition)
        evaluator = self._evaluators.get(edition.id) or self._prepare(edition)
        verdict = evaluator.evaluate(case)
        return Rated(case, verdict._replace(advice=advise(evaluator, case, verdict)), edition)

    def _prepare(self, edition: Edition) -> Evaluator:
        """Prepare an edition."""
        self._evaluators[edition.id] = Evaluator(edition)
        return self._evaluators[edition.id]
