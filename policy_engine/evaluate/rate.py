"""From a case file to a verdict with advice: what one run over many files shares."""

import os
from collections.abc import Callable
from typing import NamedTuple

from policy_engine.errors import InputError, Problem
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


class Rated(NamedTuple):
    """A case with its verdict and the edition it was rated under."""

    case: Case
    verdict: Verdict
    edition: Edition
    raw: bytes = b""
    """The bytes of the file, as they were read."""


def with_advice(evaluator: Evaluator, case: Case, verdict: Verdict) -> Verdict:
    """Add to a verdict what would reach the next better level, where there is one."""
    if next_level(verdict, evaluator.plan) is None:
        return verdict
    from policy_engine.evaluate.open.advise import advise

    return verdict._replace(advice=advise(evaluator, case, verdict))


class Rater:
    """Rates files; each edition is read and prepared once."""

    def __init__(self, library: Library, edition: str | None = None, evaluator: Callable[[Edition], Evaluator] = Evaluator) -> None:
        """Take the library, the edition to use instead of the ones that cases name, and what makes an evaluator of an edition."""
        self.library = library
        self.edition = edition
        self._evaluator = evaluator
        self._evaluators: dict[str, Evaluator] = {}
        self._surveyors: dict[str, Surveyor] = {}
        self._refused: dict[str, tuple[Problem, ...]] = {}
        self._named: dict[tuple[str, str], str] = {}

    def rate(self, path: str) -> Rated:
        """Rate one case file, with advice.

        Raises:
            InputError: with everything that is wrong with the file or its edition.
        """
        rated = self.judge(path)
        return rated._replace(verdict=with_advice(self._evaluators[rated.edition.id], rated.case, rated.verdict))

    def judge(self, path: str) -> Rated:
        """Rate one case file, without a thought of what would reach another level; see `rate`."""
        raw = read_input(path, MAX_BYTES)
        case, edition = read_case(raw, path, self.library, self.edition)
        self._refuse_twin(case, path)
        evaluator = self._evaluators.get(edition.id) or self._prepare(edition)
        verdict = self._surveyors[edition.id].survey(case, evaluator.evaluate(case))
        return Rated(case, verdict, edition, raw)

    def _refuse_twin(self, case: Case, path: str) -> None:
        """Refuse a case that has the name of another one in its folder."""
        first = self._named.setdefault((os.path.dirname(path), case.id), path)
        if first != path:
            raise InputError([problem_at(case, case.places["case",], "PE512", {"name": case.id, "first": first})])

    def _prepare(self, edition: Edition) -> Evaluator:
        """Prepare an edition, once: what is wrong with it is kept too.

        Raises:
            InputError: where its figures contradict each other.
        """
        if edition.id in self._refused:
            raise InputError(self._refused[edition.id])
        try:
            self._evaluators[edition.id] = self._evaluator(edition)
        except InputError as error:
            self._refused[edition.id] = error.problems
            raise
        self._surveyors[edition.id] = Surveyor(self._evaluators[edition.id].plan)
        return self._evaluators[edition.id]
