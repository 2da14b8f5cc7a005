"""What a trial asks of a solver, whichever it is: whether something can occur, and a case that shows it."""

import ast
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from policy_engine.language.check import names_in
from policy_engine.load.build_facts import RECORD_NAMES
from policy_engine.model.duties import Chapter
from policy_engine.model.rulebook import Edition


class Sketch(NamedTuple):
    """A case that shows something: its facts as a case file writes them, the track it is under, and what the engine says of it."""

    facts: Mapping[str, str]
    track: str
    outcome: str


class Open(NamedTuple):
    """The answer where the solver could not settle it, or has no word for what is asked."""


OPEN = Open()


class Oracle(Protocol):
    """A solver over the cases of an edition; None of a question says that there is no such case, and that this is proven."""

    def possible(self, track: str, conditions: Sequence[ast.expr], chapter: Chapter | None) -> bool | Open:
        """Return whether some case of a track meets conditions."""
        ...

    def find(self, track: str, conditions: Sequence[ast.expr], chapter: Chapter | None) -> Sketch | Open | None:
        """Return the smallest case of a track that meets conditions."""
        ...

    def distinguish(self, track: str, other: Edition) -> Sketch | Open | None:
        """Return the smallest case of a track that another version of the edition judges otherwise, or refuses."""
        ...


def is_askable(conditions: Sequence[ast.expr]) -> bool:
    """Return whether conditions ask of facts alone: what stands on the record of a review is not the solver's."""
    return all(set(RECORD_NAMES).isdisjoint(names_in(tree)) for tree in conditions)


def can_occur(oracle: Oracle, tracks: Sequence[str], conditions: Sequence[ast.expr], chapter: Chapter | None) -> bool | Open:
    """Return whether some case of some track meets conditions."""
    if not is_askable(conditions):
        return OPEN
    answers = [oracle.possible(track, conditions, chapter) for track in tracks]
    return any(answer is True for answer in answers) or (OPEN if any(isinstance(answer, Open) for answer in answers) else False)


def first_case(oracle: Oracle, tracks: Sequence[str], conditions: Sequence[ast.expr], chapter: Chapter | None) -> Sketch | Open | None:
    """Return the smallest case of the first track that has one."""
    return _first([oracle.find(track, conditions, chapter) for track in tracks] if is_askable(conditions) else [OPEN])


def first_difference(oracle: Oracle, tracks: Sequence[str], other: Edition) -> Sketch | Open | None:
    """Return a case of some track that another version judges otherwise; None only where there is none in any of them."""
    return _first([oracle.distinguish(track, other) for track in tracks])


def _first(answers: Sequence[Sketch | Open | None]) -> Sketch | Open | None:
    """Return the first case; else say whether it is proven that there is none."""
    found = next((answer for answer in answers if isinstance(answer, Sketch)), None)
    return found or next((answer for answer in answers if answer is not None), None)
