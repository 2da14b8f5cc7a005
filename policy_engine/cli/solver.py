"""The solver of `prove`, in the form in which a trial asks; nothing where its extra is missing."""

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING

from policy_engine.errors import MissingExtraError
from policy_engine.model.duties import Chapter
from policy_engine.model.rulebook import Edition
from policy_engine.trial.oracle import OPEN, Open, Oracle, Sketch

if TYPE_CHECKING:
    from policy_engine.prove.edition import Prover
    from policy_engine.prove.claims import Witness


def oracle_of(edition: Edition) -> Oracle | None:
    """Return a solver over an edition; None where the extra is not installed, which the caller tells."""
    try:
        from policy_engine.prove.edition import Prover
    except MissingExtraError:
        return None
    from policy_engine.evaluate.evaluator import Evaluator

    return _Solver(Prover(Evaluator(edition)))


class _Solver:
    """Answers a trial's questions by the proofs of `prove`."""

    def __init__(self, prover: "Prover") -> None:
        """Take the prover."""
        self._prover = prover

    def possible(self, track: str, conditions: Sequence[ast.expr], chapter: Chapter | None) -> bool | Open:
        """Return whether some case of a track meets conditions."""
        answer = self._asked(chapter).possible(track, conditions, chapter=chapter)
        return answer if isinstance(answer, bool) else OPEN

    def find(self, track: str, conditions: Sequence[ast.expr], chapter: Chapter | None) -> Sketch | Open | None:
        """Return the smallest case of a track that meets conditions."""
        return _sketch(self._asked(chapter).find(track, conditions, chapter=chapter))

    def _asked(self, chapter: Chapter | None) -> "Prover":
        """Return the prover; for a chapter a new one, since the facts that it reads would stand in every later case too."""
        return type(self._prover)(self._prover.evaluator) if chapter else self._prover

    def distinguish(self, track: str, other: Edition) -> Sketch | Open | None:
        """Return the smallest case of a track that another version judges otherwise, or refuses."""
        from policy_engine.evaluate.evaluator import Evaluator

        return _sketch(self._prover.distinguish(track, Evaluator(other)))


def _sketch(answer: "Witness | object | None") -> Sketch | Open | None:
    """Return a witness as a trial's own."""
    from policy_engine.prove.claims import Witness

    return Sketch(answer.facts, answer.track, answer.outcome) if isinstance(answer, Witness) else None if answer is None else OPEN
