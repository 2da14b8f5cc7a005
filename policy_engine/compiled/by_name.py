"""Facts by name: code for each set of names that cases state, made when it is first met.

Most cases of a year state the same facts. Code that knows which they are takes these alone out of the mapping, and has no need to make
a row of every name first; a case that states others is read by way of a row.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from policy_engine.compiled.functions import Answer, TrackFunctions
from policy_engine.compiled.names import Compiler, taker
from policy_engine.language.values import Value

Facts = Mapping[str, Value]
MOST = 200
"""Sets of names that code is made for; more of them would be no pattern."""


class RowReaders(Protocol):
    """The readers of rows that stand behind; see `Lean`."""

    names: tuple[str, ...]
    code: Compiler
    level: Callable[[Any], Answer]
    record: Callable[[Any], Any]

    def row(self, facts: Facts) -> tuple[Value, ...]:
        """Make a row of facts by name."""
        ...

    def track_of(self, row: Sequence[Value]) -> TrackFunctions | None:
        """Return the one track that is for a row; None where there is none, or more than one could be."""
        ...

    def more_for(self, name: str, track: TrackFunctions) -> Mapping[str, Any]:
        """Return what the code of a track calls."""
        ...


class ByName:
    """One reader of facts by name: `level` or `record`."""

    def __init__(self, lean: RowReaders, name: str, choosing: tuple[str, ...]) -> None:
        """Take the readers of rows, which of them this one is like, and the facts that choose the track."""
        self.lean, self.name, self.choosing = lean, name, choosing
        self._known: dict[tuple[int, tuple[Value, ...]], Callable[[Facts], object]] = {}
        self._row_reader: Callable[[Any], Any] = lean.level if name == "level" else lean.record
        self._all = frozenset(lean.names)

    def reader(self) -> Callable[[Facts], Any]:
        """Make the function that finds the code for a case; what is asked is the number of its facts, and those that choose the track."""
        if not self.choosing:
            return self._plain
        source = (
            f"def {self.name}(facts):\n    try:\n        return (known((len(facts), chosen(facts))) or learn(facts))(facts)\n"
            "    except KeyError:\n        return plain(facts)"
        )
        more = {"len": len, "KeyError": KeyError, "chosen": taker(self.choosing)}
        more |= {"known": self._known.get, "learn": self._learn, "plain": self._plain}
        return self.lean.code.made(self.name, source, more, of="by name")

    def _plain(self, facts: Facts) -> object:
        """Read a case by way of a row."""
        return self._row_reader(self.lean.row(facts))

    def _learn(self, facts: Facts) -> Callable[[Facts], object]:
        """Return the code for cases that state the same facts, and remember it."""
        track = self.lean.track_of(self.lean.row(facts)) if facts.keys() <= self._all and len(facts) > 1 else None
        found = self._plain if track is None or len(self._known) >= MOST else self._made(track, facts)
        if len(self._known) < MOST:
            self._known[len(facts), taker(self.choosing)(facts)] = found
        return found

    def _made(self, track: TrackFunctions, facts: Facts) -> Callable[[Facts], object]:
        """Make the code of a track for cases that state just these facts."""
        stated = tuple(name for name in self.lean.names if name in facts)
        source = track.level(stated) if self.name == "level" else track.record(stated)
        more = self.lean.more_for(self.name, track)
        careful: Callable[[Any], Any] = more["careful"]

        def careful_of(own: Facts) -> object:
            return careful(self.lean.row(own))

        more = {**more, "taken": taker(stated), "careful": careful_of}
        return self.lean.code.made(self.name, source, more, of=f"{track.track.track.id} by {len(stated)} names")
