"""Case files under two editions: how the levels shift, who moves and by which criterion, and who could not be rated."""

from collections.abc import Iterable
from typing import NamedTuple

from policy_engine.errors import InputError, Problem
from policy_engine.evaluate.rate import Rated, Rater
from policy_engine.evaluate.transitions import Matrix, Move, merged, move_between
from policy_engine.model.rulebook import Edition


class Moved(NamedTuple):
    """A case that came out otherwise: its file, its subject's name, and the move."""

    file: str
    name: str
    move: Move


class NotRated(NamedTuple):
    """A file that one of the editions (or both: then the first is named) could not rate, with the first thing wrong."""

    file: str
    edition: str
    problem: Problem


class Shift(NamedTuple):
    """What two editions make of the same files."""

    matrix: Matrix
    moved: tuple[Moved, ...]
    not_rated: tuple[NotRated, ...]
    levels: tuple[str, ...]
    """The levels of both scales, the best first."""


def shift_of(paths: Iterable[str], before: tuple[Edition, Rater], after: tuple[Edition, Rater]) -> Shift:
    """Rate every file under two editions.

    Args:
        paths: the files.
        before: the one edition, and what rates files under it.
        after: the other one.
    """
    levels = tuple(merged(before[0].scale, after[0].scale))
    matrix = Matrix()
    moved: list[Moved] = []
    not_rated: list[NotRated] = []
    for path in paths:
        first = _rated(path, *before)
        second = first if isinstance(first, NotRated) else _rated(path, *after)
        if isinstance(first, NotRated):
            not_rated.append(first)
        elif isinstance(second, NotRated):
            not_rated.append(second)
        else:
            matrix.add(first.verdict, second.verdict)
            move = move_between(first.verdict, second.verdict, levels, (before[0], after[0]))
            moved += [Moved(path, second.case.subject.get("name", ""), move)] if move else []
    return Shift(matrix, tuple(moved), tuple(not_rated), levels)


def _rated(path: str, edition: Edition, rater: Rater) -> Rated | NotRated:
    """Rate one file under one edition."""
    try:
        return rater.rate(path)
    except InputError as error:
        return NotRated(path, edition.id, error.problems[0])
