"""One case under two editions, or at two times: whether it moved, and which criteria decide that it did.

Read from two finished verdicts and their traces; nothing is evaluated here.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar

from policy_engine.model.verdict import CeilingTrace, CriterionTrace, EligibilityTrace, LevelTrace, Verdict

_Thing = TypeVar("_Thing", bound=Hashable)
_SIDES = {"before": "after", "after": "before"}
_AGAINST = ("not_met", "unknown")


class Reason(NamedTuple):
    """Something that decides a move: its id, clause and words, the figures that it saw, and which of the two verdicts it stands in."""

    criterion: str
    citation: str
    phrase: str
    observed: str
    side: str


class Move(NamedTuple):
    """A case that came out otherwise. A level is None where the outcome is one without a level."""

    case: str
    before: str | None
    before_outcome: str
    after: str | None
    after_outcome: str
    reasons: tuple[Reason, ...]


class Matrix:
    """How many cases went from what to what; it holds counts, and no case."""

    def __init__(self) -> None:
        """Begin with nothing counted."""
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, before: Verdict, after: Verdict) -> None:
        """Count one case."""
        self._counts[key_of(before), key_of(after)] += 1

    def count(self, before: str, after: str) -> int:
        """Give how many cases went from one key to another."""
        return self._counts[before, after]

    def cells(self) -> tuple[tuple[str, str, int], ...]:
        """Give every pair of keys that was met, with its count, in the order of their names."""
        return tuple((before, after, count) for (before, after), count in sorted(self._counts.items()))

    def befores(self) -> frozenset[str]:
        """Give the keys that cases came from."""
        return frozenset(before for before, _ in self._counts)

    def afters(self) -> frozenset[str]:
        """Give the keys that cases went to."""
        return frozenset(after for _, after in self._counts)

    @property
    def total(self) -> int:
        """How many cases were counted."""
        return self._counts.total()


def key_of(verdict: Verdict) -> str:
    """Give what a verdict is counted under: its level, else the word of its outcome."""
    return verdict.level or verdict.outcome


def merged(first: Iterable[_Thing], second: Iterable[_Thing]) -> list[_Thing]:
    """Join two orders: the first as it is, and what only the second has behind what it follows there (levels of two scales)."""
    joined = list(first)
    known = set(joined)
    behind: _Thing | None = None
    for thing in second:
        if thing not in known:
            joined.insert(0 if behind is None else joined.index(behind) + 1, thing)
        behind = thing
    return joined


def move_of(before: Verdict, after: Verdict, level_order: Sequence[str]) -> Move | None:
    """Tell how a case moved; None where neither level nor outcome differ.

    Where the new result is worse, or no level, the reasons are what stands against the old level in the new verdict; where it
    is better, what stood against the new level in the old one.

    Args:
        before: the one verdict.
        after: the other one.
        level_order: the levels of both scales, the best first.
    """
    if (before.level, before.outcome) == (after.level, after.outcome):
        return None
    told = _bars(before, after, level_order)
    return Move(after.case, before.level, before.outcome, after.level, after.outcome, tuple(dict.fromkeys(told)))


def _bars(before: Verdict, after: Verdict, order: Sequence[str]) -> Iterator[Reason]:
    """Give what decides a move."""
    place = {level: number for number, level in enumerate(order)}
    if before.level is None and after.level is None:
        yield from _without_levels(before, after)
    elif before.level and (after.level is None or place[after.level] > place[before.level]):
        yield from _against(before.level, after, before, "after")
    elif after.level:
        yield from _against(after.level, before, after, "before")


def _without_levels(before: Verdict, after: Verdict) -> Iterator[Reason]:
    """Give what decides between two outcomes without a level: a rule of eligibility, or what is open on the one side alone."""
    yield from (*_bound(before, "before"), *_bound(after, "after"))
    for verdict, side in ((before, "before"), (after, "after")):
        if verdict.outcome == "undetermined":
            possible = [trace for trace in verdict.levels if trace.level in verdict.possible_levels]
            yield from (_reason(c, side) for trace in possible for c in trace.criteria if c.outcome == "unknown")


def _against(level: str, verdict: Verdict, other: Verdict, side: str) -> Iterator[Reason]:
    """Give what stands in a verdict against a level that the other verdict gives."""
    bound = list(_bound(verdict, side))
    if bound:
        yield from bound
        return
    trace, fellow = _trace(verdict, level), _trace(other, level)
    if trace is None:
        return
    if trace.outcome == "met":
        yield from _went_first(verdict, other, side)
    elif trace.mode == "all_of":
        yield from (_reason(c, side) for c in trace.criteria if c.outcome in _AGAINST)
    else:
        yield from _none_of(trace, fellow, side)


def _bound(verdict: Verdict, side: str) -> Iterator[Reason]:
    """Give what binds a level from outside its criteria: eligibility, and ceilings that lowered it."""
    yield from (_reason(bar, side) for bar in verdict.eligibility if bar.outcome == "met" and verdict.outcome == "not_eligible")
    yield from (_reason(ceiling, side) for ceiling in verdict.ceilings if ceiling.lowered)


def _went_first(verdict: Verdict, other: Verdict, side: str) -> Iterator[Reason]:
    """Give the criteria of the level that went first: those that the other verdict does not have met, if any; else what is open."""
    trace = _trace(verdict, verdict.level)
    if trace is None:
        waiting = [level for level in verdict.levels if level.outcome == "unknown"]
        yield from (_reason(c, side) for level in waiting for c in level.criteria if c.outcome == "unknown")
        return
    fellow = _trace(other, verdict.level)
    met = [c for c in trace.criteria if c.outcome == "met"]
    before = {c.id for c in fellow.criteria if c.outcome == "met"} if fellow else set[str]()
    yield from (_reason(c, side) for c in [c for c in met if c.id not in before] or met)


def _none_of(trace: LevelTrace, fellow: LevelTrace | None, side: str) -> Iterator[Reason]:
    """Of a level of which any criterion suffices, give those that held in the other verdict and do not in this one."""
    held = [c for c in fellow.criteria if c.outcome == "met"] if fellow else []
    names = {c.id for c in held}
    lost = [c for c in trace.criteria if c.outcome in _AGAINST and (c.id in names or c.outcome == "unknown")]
    if lost:
        yield from (_reason(c, side) for c in lost)
    else:
        yield from (_reason(c, _SIDES[side]) for c in held)


def _trace(verdict: Verdict, level: str | None) -> LevelTrace | None:
    """Give how a level came out in a verdict."""
    return next((trace for trace in verdict.levels if trace.level == level), None)


def _reason(trace: CriterionTrace | EligibilityTrace | CeilingTrace, side: str) -> Reason:
    """Give a trace as a reason; of a ceiling, what was seen is the level that it is held against."""
    seen = trace.other or "" if isinstance(trace, CeilingTrace) else trace.observed
    return Reason(trace.id, trace.citation, trace.phrase, seen, side)
