"""What replaying a file of records comes to: counts, and the first differences; nothing grows with the number of records."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from policy_engine.audit.replay import Drift, Replayer
from policy_engine.errors import InputError, Problem
from policy_engine.evaluate.transitions import Matrix, Move, merged, move_between
from policy_engine.model.rulebook import Edition

MAX_KEPT = 1000
"""How many differences, or cases that move, are told one by one; the others are counted."""


class Tally:
    """Every record rated again under its own edition."""

    def __init__(self, replayer: Replayer) -> None:
        """Begin with nothing counted."""
        self.replayer = replayer
        self.records = 0
        self.drifts: list[Drift] = []
        self.causes: Counter[str] = Counter()

    def take(self, record: Mapping[str, Any], line: int) -> None:
        """Rate one record again."""
        self.records += 1
        drift = self.replayer.replay(record, line)
        if drift is not None:
            self.causes[drift.cause] += 1
            if len(self.drifts) < MAX_KEPT:
                self.drifts.append(drift)

    @property
    def drifted(self) -> bool:
        """Tell whether a verdict came out otherwise."""
        return bool(self.causes)


class Against:
    """Every record rated again under its own edition and under another one."""

    drifted = False
    """That another edition says something else is an answer, not a fault."""

    def __init__(self, replayer: Replayer, edition: Edition) -> None:
        """Take the other edition."""
        self.replayer, self.edition = replayer, edition
        self.records = 0
        self.matrix = Matrix()
        self.moves: list[tuple[Move, str]] = []
        """Who moved, with the edition of the record."""
        self.moved = 0
        self.unread: list[tuple[str, Problem]] = []
        self.not_rated = 0
        self.editions: dict[str, Edition] = {}

    def take(self, record: Mapping[str, Any], line: int) -> None:
        """Rate one record under both editions; one that either cannot read is counted apart, with the first reason."""
        del line
        self.records += 1
        try:
            own = self.replayer.library.edition(record["edition"])
            before, after = (self.replayer.verdict(record, edition) for edition in (own, self.edition))
        except InputError as error:
            self.not_rated += 1
            if len(self.unread) < MAX_KEPT:
                self.unread.append((str(record["case"]["name"]), error.problems[0]))
            return
        self.editions[own.id] = own
        self.matrix.add(before, after)
        move = move_between(before, after, self.levels, (own, self.edition))
        if move:
            self.moved += 1
            if len(self.moves) < MAX_KEPT:
                self.moves.append((move, own.id))

    @property
    def levels(self) -> list[str]:
        """The levels of every edition that was asked, the best first."""
        order: list[str] = []
        for edition in (*self.editions.values(), self.edition):
            order = merged(order, edition.scale)
        return order
