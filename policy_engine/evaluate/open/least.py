"""The cheapest whole point of rows that share variables; the elimination is worked out once for the bounds of all cases."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import partial
from math import ceil, floor, gcd
from typing import Any, NamedTuple

from policy_engine.evaluate.core.memory import Memory
from policy_engine.evaluate.open.linear import MAX_ROWS, MAX_STEPS, Budget, Rational, Row, Stage, eliminate, range_of
from policy_engine.language.values import Value

MAX_STEPS_WHERE_OPEN = 1_000
"""Where an open fact stands among the rows, a least change is seldom to be had; the search is not to take long over it."""
REMEMBERED = 1_024
"""How many answers of one sort are remembered."""
Cost = tuple[int, int, int]
"""Judgements changed, total change of counts, facts changed: compared in this order."""
Terms = tuple[tuple[str, int], ...]
Limits = Callable[[Any, Mapping[str, int]], tuple[int | None, int | None]]
"""The least and the most that the variable of a stage can be, once later ones are chosen; None is no end."""
Answer = tuple["Nearest | None", bool]
"""A cheapest point, if there is one, and whether that is certain."""


class Nearest(NamedTuple):
    """A point at the least cost from the case as it is."""

    cost: Cost
    point: Mapping[str, int]


class RowGroup:
    """Rows that share variables, ready for the bounds of any case.

    Over whole numbers alone the elimination is worked out once, as steps over bounds; else it is done case by case.
    """

    def __init__(self, rows: frozenset[Row], rational: Rational, bools: frozenset[str]) -> None:
        self._rows, self._rational, self._bools = sorted(rows), rational, bools
        self._names = sorted({name for row in rows for name, _ in row.terms})
        self._numbers = [int(row.bound) for row in self._rows]
        self._plan = None if any(map(rational, self._names)) else _Elimination(self._rows)
        self._answers: Memory[Answer] = Memory(REMEMBERED)

    def cheapest(self, bounds: Sequence[int | Fraction], start: Mapping[str, Value]) -> Answer:
        own = [bounds[number] for number in self._numbers]
        at = [start.get(name) for name in self._names]
        key = (*own, *at)
        answer = self._answers.get(key)
        if answer is None:
            starts = {name: known if isinstance(known, int) else None for name, known in zip(self._names, at, strict=True)}
            answer = self._answers.keep(key, self._solved(own, starts))
        return answer

    def _solved(self, bounds: Sequence[Any], start: Mapping[str, int | None]) -> Answer:
        limits: Limits = _whole_range
        stages: list[Stage] | list[_Stage] | bool | None
        if self._plan:
            made = self._plan.bounds(bounds)
            stages, limits = (self._plan.stages, partial(_range_at, made)) if isinstance(made, list) else (made, limits)
        else:
            stages = eliminate([row._replace(bound=own) for row, own in zip(self._rows, bounds, strict=True)], self._rational)
        if not isinstance(stages, list):
            return None, stages is False
        budget = Budget(MAX_STEPS_WHERE_OPEN if None in start.values() else MAX_STEPS)
        found = _Descent(stages[::-1], limits, start, self._bools, budget).from_stage(0, (0, 0, 0), None)
        return found, budget.left >= 0


class _Descent:
    """Chooses variable after variable, nearest values first, and keeps the cheapest whole point."""

    def __init__(
        self, stages: Sequence[Any], limits: Limits, start: Mapping[str, int | None], bools: frozenset[str], budget: Budget
    ) -> None:  # fmt: skip
        self._stages, self._limits, self._start, self._bools, self._budget = stages, limits, start, bools, budget
        self._point: dict[str, int] = {}

    def from_stage(self, number: int, cost: Cost, best: Nearest | None) -> Nearest | None:
        if number == len(self._stages):
            return Nearest(cost, dict(self._point))
        stage, point = self._stages[number], self._point
        name = stage.name
        known = self._start[name]
        judged, changed, moved = cost
        is_bool = name in self._bools
        for value in _nearest_first(*self._limits(stage, point), known or 0):
            far = 0 if known is None else abs(value - known)
            reached = (judged + far, changed, moved + far) if is_bool else (judged, changed + far, moved + (far > 0))
            if (best and reached >= best.cost) or not self._budget.spend():
                break
            point[name] = value
            best = self.from_stage(number + 1, reached, best)
        return best


def _nearest_first(least: int | None, most: int | None, near: int) -> Iterator[int]:
    """Return the whole numbers of a range, nearest first, and the higher one of two as near."""
    start = near if most is None else min(near, most)
    start = start if least is None else max(start, least)
    if most is not None and start > most:
        return
    yield start
    up, down = start + 1, start - 1
    while True:
        above, below = most is None or up <= most, least is None or down >= least
        if above:
            yield up
        if below:
            yield down
        if not above and not below:
            return
        up, down = up + 1, down - 1


def _whole_range(stage: Stage, chosen: Mapping[str, int]) -> tuple[int | None, int | None]:
    """Return the least and the most whole number that a variable can be, where rational ones stand beside it."""
    limits = range_of(stage, chosen)
    return None if limits.least is None else ceil(limits.least), None if limits.most is None else floor(limits.most)


class _Side(NamedTuple):
    """A row that bounds a variable from one side: where its bound stands, the variable's factor, and the other variables with theirs."""

    slot: int
    own: int
    others: tuple[tuple[str, int], ...]


class _Stage(NamedTuple):
    """A variable, and the rows that bound it from above and from below once those of later stages are chosen."""

    name: str
    above: tuple[_Side, ...]
    below: tuple[_Side, ...]


class _Elimination:
    """What `linear.eliminate` does over whole numbers alone, as steps over bounds, on which it never depends."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.stages: list[_Stage] = []
        self._steps: list[tuple[int, int, int, int, int]] = []
        """Each makes one bound more: (a, i, b, j, over) is a times bound i and b times bound j, over `over`; over 0, a sum that must
        not be negative; over -1, the lesser of both."""
        self._made = len(rows)
        current: dict[Terms, int] = {}
        for slot, row in enumerate(rows):
            self._hold(current, row.terms, slot)
        while current and len(current) <= MAX_ROWS:
            current = self._without(_easiest(current), current)
        self._too_many = bool(current)

    def _hold(self, rows: dict[Terms, int], terms: Terms, slot: int) -> None:
        """Hold a row among others; of two with the same left side, the tighter one."""
        if terms in rows:
            slot = self._step(0, slot, 0, rows[terms], -1)
        rows[terms] = slot

    def _step(self, a: int, i: int, b: int, j: int, over: int) -> int:
        self._steps.append((a, i, b, j, over))
        self._made += 1
        return self._made - 1

    def _without(self, name: str, current: Mapping[Terms, int]) -> dict[Terms, int]:
        """Eliminate a variable; return the rows that remain."""
        split = [(dict(terms), terms, slot) for terms, slot in current.items()]
        mine = [(own, slot) for own, _, slot in split if name in own]
        left = {terms: slot for own, terms, slot in split if name not in own}
        for up, upper in mine:
            for down, lower in mine if up[name] > 0 else ():
                if down[name] < 0:
                    a, b = -down[name], up[name]
                    sums = {n: a * up.get(n, 0) + b * down.get(n, 0) for n in {*up, *down} if n != name}
                    terms = tuple(sorted((n, c) for n, c in sums.items() if c))
                    over = gcd(*(c for _, c in terms))
                    slot = self._step(a, upper, b, lower, over)
                    if terms:
                        self._hold(left, tuple((n, c // over) for n, c in terms), slot)
        sides = [_Side(slot, terms[name], tuple((n, c) for n, c in terms.items() if n != name)) for terms, slot in mine]
        self.stages.append(_Stage(name, tuple(s for s in sides if s.own > 0), tuple(s for s in sides if s.own < 0)))
        freed = {n for terms, _ in mine for n in terms} - {n for terms in left for n, _ in terms} - {name}
        self.stages += [_Stage(free, (), ()) for free in sorted(freed)]
        return left

    def bounds(self, own: Sequence[int]) -> list[int] | bool | None:
        """Return every bound, with those of the rows themselves; False where the rows exclude each other, None where they are too many."""
        found = list(own)
        for a, i, b, j, over in self._steps:
            if over < 0:
                found.append(min(found[i], found[j]))
                continue
            total = a * found[i] + b * found[j]
            if not over and total < 0:
                return False
            found.append(total // over if over else total)
        return None if self._too_many else found


def _range_at(bounds: Sequence[int], stage: _Stage, chosen: Mapping[str, int]) -> tuple[int | None, int | None]:
    """Return the least and the most that a variable can be, once those of later stages are chosen; None is no end."""
    least: int | None = None
    most: int | None = None
    for slot, own, others in stage.above:
        rest = bounds[slot]
        for name, c in others:
            rest -= c * chosen[name]
        end = rest // own
        most = end if most is None or end < most else most
    for slot, own, others in stage.below:
        rest = bounds[slot]
        for name, c in others:
            rest -= c * chosen[name]
        end = -(rest // -own)
        least = end if least is None or end > least else least
    return least, most


def _easiest(rows: Iterable[Terms]) -> str:
    """Return the variable whose elimination makes the fewest rows."""
    above: dict[str, int] = {}
    below: dict[str, int] = {}
    for terms in rows:
        for name, c in terms:
            side = above if c > 0 else below
            side[name] = side.get(name, 0) + 1
    return min(sorted({*above, *below}), key=lambda n: above.get(n, 0) * below.get(n, 0))


def turned(terms: Terms) -> Terms:
    return tuple((name, -c) for name, c in terms)


def add(one: Cost, other: Cost) -> Cost:
    return (one[0] + other[0], one[1] + other[1], one[2] + other[2])
