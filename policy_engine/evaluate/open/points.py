"""Points at which what always holds does hold: most questions are answered by one of them, or by one that is a single move away."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import islice

from policy_engine.evaluate.open.space import At, Ends, Join, Node, Part, Sum, SumLimit, limits_in

MAX_POINTS = 256
MAX_MOVES = 60
"""How many moves are tried for one question."""


class Points:
    """The points that were found, with what each sum comes to, and where each formula holds, bit by bit."""

    def __init__(self, rules: Sequence[Node], lows: Ends, highs: Ends) -> None:
        self.rules = [rule for rule in rules if not isinstance(rule, bool)]
        self.lows, self.highs = lows, highs
        self.kept: list[At] = []
        self._values: dict[Sum, list[Fraction | int]] = {}
        self._masks: dict[Part, tuple[int, int]] = {}
        self._rules: dict[Sum, list[Part]] = {}

    def keep(self, point: At) -> None:
        if len(self.kept) < MAX_POINTS:
            self.kept.append(point)

    def values(self, of: Sum) -> list[Fraction | int]:
        """Return what a sum comes to at each point."""
        found = self._values.setdefault(of, [])
        if len(found) < len(self.kept):
            found += [value_at(of, point) for point in self.kept[len(found) :]]
        return found

    def mask(self, node: Part) -> int:
        """Return at which points a formula holds."""
        mask, seen = self._masks.get(node, (0, 0))
        if seen < len(self.kept):
            if isinstance(node, SumLimit):
                for place, value in enumerate(self.values(node.of)[seen:], seen):
                    mask |= _within(node, value) << place
            else:
                mask = -1 if node.every else 0
                for part in node.parts:
                    mask = mask & self.mask(part) if node.every else mask | self.mask(part)
                mask &= (1 << len(self.kept)) - 1
            self._masks[node] = mask, len(self.kept)
        return mask

    def near(self, node: Part) -> bool:
        """Return whether a formula holds at a point that is kept, or at one that is a single move away, which is kept then."""
        if self.mask(node):
            return True
        parts = node.parts if isinstance(node, Join) and node.every else (node,)
        once = more = 0
        for part in parts:
            failing = ~self.mask(part)
            once, more = once | failing, more | (once & failing)
        left = MAX_MOVES
        for place in self._places(once & ~more):
            part = next(part for part in parts if not self.mask(part) >> place & 1)
            for limit in limits_in(part):
                for one in limit.of.times:
                    by = self._crossing(place, one, limit)
                    if by and left:
                        left -= 1
                        if self._moved(part, place, one, by) and self._moved(node, place, one, by) and self._lawful(place, one, by):
                            self.keep(self.kept[place] | {one: self.values(one)[place] + by})
                            return True
        return False

    def _places(self, mask: int) -> list[int]:
        return [place for place in range(len(self.kept)) if mask >> place & 1]

    def differ(self, outcomes: Sequence[Part], moving: Sequence[Sum]) -> bool:
        """Return whether a point comes out differently once some variables alone are moved: a little, or as in another point."""
        for outcome in outcomes:
            places = self._places(self.mask(outcome))
            if len(moving) == 1:
                limits = {limit: None for limit in limits_in(outcome) if moving[0] in limit.variables}
                if any(self._turns(outcome, place, moving[0], limits) for place in places):
                    return True
            else:
                others = [self.kept[place] for place in self._places(~self.mask(outcome))]
                pairs = (
                    (i, j - i) for j in range(len(places) + len(others)) for i in range(min(j + 1, len(places))) if j - i < len(others)
                )
                if any(self._turns_as(outcome, self.kept[places[i]], others[j], moving) for i, j in islice(pairs, MAX_MOVES)):
                    return True
        return False

    def _turns(self, outcome: Part, place: int, one: Sum, limits: Mapping[SumLimit, None]) -> bool:
        steps = {by for limit in limits if (by := self._crossing(place, one, limit))}
        return any(not self._moved(outcome, place, one, by) and self._lawful(place, one, by) for by in steps)

    def _turns_as(self, outcome: Part, point: At, other: At, moving: Sequence[Sum]) -> bool:
        there = point | {one: value_at(one, other) for one in moving}
        return not holds_at(outcome, there) and all(holds_at(rule, there) for rule in self.rules)

    def _lawful(self, place: int, one: Sum, by: Fraction | int) -> bool:
        if one not in self._rules:
            self._rules[one] = [rule for rule in self.rules if one in rule.variables]
        return all(self._moved(rule, place, one, by) for rule in self._rules[one])

    def _moved(self, node: Part, place: int, one: Sum, by: Fraction | int) -> bool:
        """Return whether a formula holds at a point, once a variable is moved."""
        if one not in node.variables:
            return bool(self.mask(node) >> place & 1)
        if isinstance(node, SumLimit):
            return _within(node, self.values(node.of)[place] + node.of.times[one] * by)
        for part in node.parts:
            if self._moved(part, place, one, by) is not node.every:
                return not node.every
        return node.every

    def _crossing(self, place: int, one: Sum, limit: SumLimit) -> Fraction | int | None:
        """Return how far a variable has to move so that a comparison comes out otherwise, where it can."""
        c, (there, side), here = limit.of.times[one], limit.end, self.values(limit.of)[place]
        held = _within(limit, here)
        up = limit.upper is held
        if bool(side) is not held:
            there += 1 if up else -1
        far = there - here
        by: Fraction | int = far * c if c in {1, -1} else Fraction(far) / c
        if one.whole and not isinstance(by, int):
            by = by.__ceil__() if up is (c > 0) else by.__floor__()
        end = (self.values(one)[place] + by, 0)
        lows, highs = self.lows.get(one), self.highs.get(one)
        return None if (lows is not None and end < lows) or (highs is not None and end > highs) else by


def _within(limit: SumLimit, value: Fraction | int) -> bool:
    return (value, 0) <= limit.end if limit.upper else (value, 0) >= limit.end


def holds_at(node: Part, point: At) -> bool:
    """Return whether a formula holds at a point."""
    if isinstance(node, SumLimit):
        return _within(node, value_at(node.of, point))
    for part in node.parts:
        if holds_at(part, point) is not node.every:
            return not node.every
    return node.every


def value_at(of: Sum, point: At) -> Fraction | int:
    """Return what a sum comes to at a point; a variable that is not there lies at its own end."""
    if of.terms:
        return sum([c * value_at(part, point) for part, c in of.terms])
    if of in point:
        return point[of]
    end = of.least or of.most
    return end[0] if end else 0
