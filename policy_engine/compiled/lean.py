"""An edition for many rows: the level, or the level with every criterion, by code made once.

    lean = Lean(plan_of(edition))
    lean.names                                  the facts of a row, in their order
    lean.level(row)                             ("classified", "good")
    lean.record(row)                            Record(track, outcome, level, criteria, figures)
    lean.level_of(facts), lean.record_of(facts) the same of facts by name

A row is a tuple with a value for every name, UNKNOWN where nothing was recorded; `lean.row(facts)` makes it from facts by name. None
is refused with a TypeError: Python would take it for false.
Whatever a reader gives is what the reference would give, or says that it is not:

- `open`: a fact is open on which the reference may know more (it narrows by the invariants), or a list is given, or more than one
  track could be for the row. The criteria that are known are known to the reference too; the others are `unknown` here.
- `invalid`: the reference refuses the row as bad input; it says why.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from policy_engine.compiled.by_name import ByName
from policy_engine.compiled.functions import INVALID, OPEN, Answer, TrackFunctions, binder, choosing, scope
from policy_engine.compiled.names import Compiler, taker
from policy_engine.compiled.opening import Layout, layout_of
from policy_engine.evaluate.core.plan import Plan
from policy_engine.evaluate.duties.bounds import Bound, bounds_of
from policy_engine.language.values import UNKNOWN, Truth, Value
from policy_engine.model.rulebook import Criterion

Row = Sequence[Value]


class Record(NamedTuple):
    """What came out of a row.

    `criteria` are the outcomes of `Lean.criteria[track]`, in that order; `figures` the values of `Lean.facts[track]`, as they
    came to be known, which the criteria looked at.
    """

    track: str | None
    outcome: str
    level: str | None
    criteria: tuple[str, ...]
    figures: tuple[Value, ...]


class Readers(NamedTuple):
    """The functions of one track, or of none."""

    level: Callable[[Row], Answer]
    record: Callable[[Row], Record]


_NONE_GIVEN = "a row holds UNKNOWN for what nobody recorded, and never None"
_REFUSED, _LISTED, _OUTSIDE = (Record(None, word, None, (), ()) for word in (INVALID, OPEN, "out_of_scope"))


class Lean:
    """An edition's generated readers."""

    def __init__(self, plan: Plan) -> None:
        """Lay a row out; the code of a track is made when the first row of it is read."""
        self.plan = plan
        self.layout: Layout = layout_of(plan)
        self.names: tuple[str, ...] = tuple(self.layout.names.positions)
        self._blank: dict[str, Value] = dict.fromkeys(self.names, UNKNOWN)
        self._taken = taker(self.names)
        self.code = Compiler(self.layout.names)
        bounds = bounds_of(plan.edition)
        self._tracks = {name: TrackFunctions(self.layout, track, _of(bounds, name)) for name, track in plan.tracks.items()}
        self.criteria: dict[str, tuple[Criterion, ...]] = {n: tuple(track.criteria.each.values()) for n, track in self._tracks.items()}
        """By track: what the outcomes of a record are the outcomes of."""
        self.facts: dict[str, tuple[str, ...]] = {name: track.facts for name, track in self._tracks.items()}
        """By track: what the figures of a record are the values of."""
        self._made: dict[str, Readers] = {}
        self._careful: dict[str, Callable[[Row], Record]] = {}
        table = self.layout.names.table
        table |= {"Record": Record, "refused": _REFUSED, "listed": _LISTED, "outside": _OUTSIDE}
        table |= {"bind": binder(plan.level_ids), "none": _NONE_GIVEN}
        self._outside = _alike(self.code.made("careful", scope(self.layout)))
        self._doubtful = _alike(lambda _row: _LISTED)
        follows = {fact.name for fact, _ in plan.follows}
        finite = bool(plan.choosing) and not follows & set(plan.choosing)
        self._choosing = self.code.made("choosing", choosing(self.layout, plain=finite))
        positions = [self.layout.names.positions[name] for name in plan.choosing] if finite else []
        self.level: Callable[[Row], Answer] = self._dispatcher("level", positions)
        """Return the outcome and the level of a row."""
        self.record: Callable[[Row], Record] = self._dispatcher("record", positions)
        """Return the outcome, the level and every criterion of a row."""
        self._choosers = plan.choosing if positions else ()

    @cached_property
    def level_of(self) -> Callable[[Mapping[str, Value]], Answer]:
        """Return what gives the outcome and the level of facts by name."""
        return ByName(self, "level", self._choosers).reader()

    @cached_property
    def record_of(self) -> Callable[[Mapping[str, Value]], Record]:
        """Return what gives the outcome, the level and every criterion of facts by name."""
        return ByName(self, "record", self._choosers).reader()

    def row(self, facts: Mapping[str, Value]) -> tuple[Value, ...]:
        """Make a row of facts by name; what is not stated is UNKNOWN."""
        return self._taken({**self._blank, **facts})

    def readers(self, name: str) -> Readers:
        """Return the readers of a track, made once."""
        if name not in self._made:
            track = self._tracks[name]
            level = self.code.made("level", track.level(), self.more_for("level", track), of=name)
            self._made[name] = Readers(level, self.code.made("record", track.record(), self.more_for("record", track), of=name))
        return self._made[name]

    def more_for(self, name: str, track: TrackFunctions) -> Mapping[str, Any]:
        """Return what the code of a track calls: the careful reader of rows, made once, and what rows without a record come to."""
        own = track.track.track.id
        if own not in self._careful:
            self._careful[own] = self.code.made("careful", track.careful(), of=own)
        careful = self._careful[own]
        return {"careful": careful} if name == "record" else {"careful": _answer_of(careful)} | _ANSWERS

    def track_of(self, row: Row) -> TrackFunctions | None:
        """Return the one track that is for a row; None where there is none, or more than one could be."""
        sure = self._sure(self._choosing(row) or ())
        return self._tracks[sure[0]] if len(sure) == 1 else None

    def _sure(self, truths: Sequence[Truth]) -> list[str]:
        """Return the tracks that surely apply."""
        return [name for name, truth in zip(self._tracks, truths, strict=False) if truth is True]

    def _dispatcher(self, name: str, positions: Sequence[int]) -> Callable[[Row], Any]:
        """Make the function that finds the track of a row, and asks it; which track what choices lead to is remembered."""
        index = ("level", "record").index(name)
        if not positions:
            return lambda row: self._find(row)[index](row)
        known: dict[tuple[Value, ...], Callable[[Row], Any]] = {}
        key = "".join(f"row[{place}], " for place in positions)

        def learn(row: Row) -> Callable[[Row], Any]:
            found = known[tuple(row[place] for place in positions)] = self._find(row)[index]
            return found

        source = f"def {name}(row):\n    return (known(({key})) or learn(row))(row)"
        return self.code.made(name, source, {"known": known.get, "learn": learn})

    def _find(self, row: Row) -> Readers:
        """Return the readers of the one track that is for a row."""
        truths = self._choosing(row)
        if truths is None:
            return self._outside
        sure = self._sure(truths)
        if len(sure) == 1:
            return self.readers(sure[0])
        return self._doubtful if sure or any(truth is UNKNOWN for truth in truths) else self._outside


def _of(bounds: Sequence[Bound], track: str) -> list[Bound]:
    """Return the rules that bind the levels of a track."""
    return [bound for bound in bounds if not bound.chapter.tracks or track in bound.chapter.tracks]


_ANSWERS = {"refused": (INVALID, None), "listed": (OPEN, None), "outside": ("out_of_scope", None)}


def _answer_of(record: Callable[[Row], Record]) -> Callable[[Row], Answer]:
    """Return the answer alone."""
    return lambda row: record(row)[1:3]


def _alike(record: Callable[[Row], Record]) -> Readers:
    """Return readers that say the same."""
    return Readers(_answer_of(record), record)
