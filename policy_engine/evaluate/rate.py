"""From a case file to a verdict with advice: what one run over many files shares."""

import os
from collections.abc import Callable

from policy_engine.errors import InputError
from policy_engine.evaluate.core.facts import problem_at
from policy_engine.evaluate.core.plan import next_level
from policy_engine.evaluate.duties.survey import Surveyor
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.load.case import read_case
from policy_engine.load.files import read_input
from policy_engine.load.library import Library
from policy_engine.load.yaml_text import MAX_BYTES
from policy_engine.model.case import Case
from policy_engine.model.rulebook import Edition
from policy_engine.model.verdict import Verdict
from policy_engine.tuples import NamedTuple


class Rated(NamedTuple):
    case: Case
    verdict: Verdict
    edition: Edition
    raw: bytes = b""
    """The bytes of the file, as they were read."""


def with_advice(evaluator: Evaluator, case: Case, verdict: Verdict) -> Verdict:
    if next_level(verdict, evaluator.plan) is None:
        return verdict
    from policy_engine.evaluate.advise import advise

    return verdict._replace(advice=advise(evaluator, case, verdict))


class Rater:
    """Rates files; each edition is read and prepared once."""

    def __init__(self, library: Library, edition: str | None = None, evaluator: Callable[[Edition], Evaluator] = Evaluator) -> None:
        """Take the library, the edition to use instead of the ones that cases name, and what makes an evaluator of an edition."""
        self.library, self.edition, self._evaluator = library, edition, evaluator
        self._ready: dict[str, tuple[Evaluator, Surveyor] | InputError] = {}
        self.named: dict[tuple[str, str], str] = {}
        """By folder and name: the first file with this name."""

    def rate(self, path: str) -> Rated:
        """Rate one case file, with advice.

        Raises:
            InputError: with everything that is wrong with the file or its edition.
        """
        rated = self.judge(path)
        return rated._replace(verdict=with_advice(self._prepared(rated.edition)[0], rated.case, rated.verdict))

    def judge(self, path: str) -> Rated:
        """Rate one case file, without a thought of what would reach another level; see `rate`."""
        raw = read_input(path, MAX_BYTES)
        case, edition = read_case(raw, path, self.library, self.edition)
        first = self.named.setdefault((os.path.dirname(path), case.id), path)
        if first != path:
            raise InputError([problem_at(case, case.places["case",], "PE512", {"name": case.id, "first": first})])
        evaluator, surveyor = self._prepared(edition)
        return Rated(case, surveyor.survey(case, evaluator.evaluate(case)), edition, raw)

    def _prepared(self, edition: Edition) -> tuple[Evaluator, Surveyor]:
        """Prepare an edition, once: what is wrong with it is kept too.

        Raises:
            InputError: where its figures contradict each other.
        """
        if edition.id not in self._ready:
            try:
                evaluator = self._evaluator(edition)
                self._ready[edition.id] = evaluator, Surveyor(evaluator.plan, evaluator.facts)
            except InputError as error:
                self._ready[edition.id] = InputError(error.problems)
        ready = self._ready[edition.id]
        if isinstance(ready, InputError):
            raise InputError(ready.problems)
        return ready
