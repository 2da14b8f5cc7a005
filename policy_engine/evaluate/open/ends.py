"""What follows from the ends of sums: they are narrowed by each other, and decide nearly every comparison in three values."""

from collections.abc import Collection, Iterable, Sequence
from fractions import Fraction

from policy_engine.evaluate.open.linear import Budget, Row
from policy_engine.evaluate.open.space import At, Choice, Ends, Join, Limit, Part, Sum

MAX_MENDS = 4
MAX_MOVES = 400
"""How often ends are narrowed by each other at a time; sums that nothing bounds could go on for ever."""


class Group:
    """Variables that what always holds ties to each other, with its sums, and its disjunctions that are open."""

    __slots__ = ("choices", "sums", "variables")

    def __init__(self) -> None:
        self.variables: dict[Sum, None] = {}
        self.sums: dict[Sum, None] = {}
        self.choices: list[Choice] = []


def truth_within(node: Part, low: Ends, high: Ends) -> bool | None:
    """Return the truth of a formula within ends; None where they leave it open."""
    if isinstance(node, Limit):
        least, most = low.get(node.of), high.get(node.of)
        if node.upper:
            return True if most is not None and most <= node.end else False if least is not None and least > node.end else None
        return True if least is not None and least >= node.end else False if most is not None and most < node.end else None
    found: bool | None = node.every
    for part in node.parts:
        truth = truth_within(part, low, high)
        if truth is None:
            found = None
        elif truth is not node.every:
            return truth
    return found


def settled(
    low: Ends, high: Ends, pending: Iterable[Part | Choice], live: Collection[Sum], moves: Budget
) -> list[Choice] | None:  # fmt: skip
    """Take into the ends what must hold, and return the disjunctions that are still open; None where they exclude each other."""
    work, choices = list(pending), list[Choice]()
    moved: list[Sum] = []
    while True:
        while work:
            node = work.pop()
            if isinstance(node, tuple):
                choices.append(node)
            elif isinstance(node, Join):
                if node.every:
                    work.extend(node.parts)
                else:
                    choices.append(node.parts)
            elif not _taken(node, low, high, moved):
                return None
        if moved and not _spread(moved, low, high, live, moves):
            return None
        moved = []
        kept: list[Choice] = []
        for choice in choices:
            left: list[Part] = []
            for part in choice:
                truth = truth_within(part, low, high)
                if truth:
                    break
                if truth is None:
                    left.append(part)
            else:
                if not left:
                    return None
                if len(left) == 1:
                    work.append(left[0])
                else:
                    kept.append(tuple(left))
        choices = kept
        if not work:
            return choices


def _taken(limit: Limit, low: Ends, high: Ends, moved: list[Sum]) -> bool:
    """Take a comparison into the ends; return whether that can be."""
    of, end = limit.of, limit.end
    least, most = low.get(of), high.get(of)
    if limit.upper:
        if most is None or end < most:
            high[of] = end
            moved.append(of)
        return least is None or least <= end
    if least is None or end > least:
        low[of] = end
        moved.append(of)
    return most is None or end <= most


def _spread(moved: Iterable[Sum], low: Ends, high: Ends, live: Collection[Sum], moves: Budget) -> bool:
    """Narrow what hangs on ends that moved, until nothing moves; return whether that can be."""
    waiting = dict.fromkeys(moved)
    while waiting:
        one = next(iter(waiting))
        del waiting[one]
        for total in (one,) if one.terms else one.users:
            if total in live:
                changed: list[Sum] = []
                if not narrowed(total, low, high, changed):
                    return False
                if not moves.spend():
                    return True
                waiting.update(dict.fromkeys(changed))
    return True


def narrowed(total: Sum, low: Ends, high: Ends, changed: list[Sum]) -> bool:
    """Narrow a sum by its variables and each variable by the sum and the others; return whether that can be."""
    least: Fraction | int = 0
    most: Fraction | int = 0
    free_least = free_most = 0
    for one, c in total.terms:
        down, up = (low.get(one), high.get(one)) if c > 0 else (high.get(one), low.get(one))
        if down is None:
            free_least += 1
        else:
            least += c * down[0]
        if up is None:
            free_most += 1
        else:
            most += c * up[0]
    known = low.get(total)
    if not free_least and (known is None or least > known[0]):
        known = low[total] = (least, 0)
    top = high.get(total)
    if not free_most and (top is None or most < top[0]):
        top = high[total] = (most, 0)
    if known is not None and top is not None and known > top:
        return False
    if top is not None and free_least < 2 and (free_least or top[0] < most or free_most):
        for one, c in total.terms:
            own = low.get(one) if c > 0 else high.get(one)
            if free_least and own is not None:
                continue
            rest = top[0] - least + (c * own[0] if own is not None else 0)
            if not _ended(one, rest, c, low, high, changed, upper=c > 0):
                return False
    if known is not None and free_most < 2 and (free_most or known[0] > least or free_least):
        for one, c in total.terms:
            own = high.get(one) if c > 0 else low.get(one)
            if free_most and own is not None:
                continue
            rest = known[0] - most + (c * own[0] if own is not None else 0)
            if not _ended(one, rest, c, low, high, changed, upper=c < 0):
                return False
    return True


def _ended(one: Sum, rest: Fraction | int, c: int, low: Ends, high: Ends, changed: list[Sum], *, upper: bool) -> bool:
    """End a variable at a part of what is left for it."""
    end: Fraction | int
    if c in {1, -1}:
        end = rest * c
        if one.whole and not isinstance(end, int):
            end = end.__floor__() if upper else end.__ceil__()
    elif one.whole:
        end = rest // c if upper else -(-rest // c)
    else:
        end = Fraction(rest) / c
        if end.denominator == 1:
            end = end.numerator
    least, most = low.get(one), high.get(one)
    if upper:
        if most is None or end < most[0]:
            high[one] = (end, 0)
            changed.append(one)
            return least is None or least <= (end, 0)
    elif least is None or end > least[0]:
        low[one] = (end, 0)
        changed.append(one)
        return most is None or most >= (end, 0)
    return True


def pick(one: Sum, low: Ends, high: Ends, *, upper: bool = False) -> Fraction | int:
    """Return a number between the ends of a variable: at the lower one where there is one, or at the upper."""
    least, most = low.get(one), high.get(one)
    if least is None or most is None:
        if least is None:
            return 0 if most is None else most[0] + most[1]
        return least[0] + least[1] + int(upper)
    end, far = (most, least) if upper else (least, most)
    return end[0] if not end[1] else Fraction(end[0] + far[0]) / 2


def greedy(low: Ends, high: Ends, group: Group, like: Sequence[At]) -> At | None:
    """Return a point within the ends: as near as can be to a known one, or else variable after variable at one of its ends."""
    for known in like:
        point = {one: _clipped(one, low, high, known) for one in group.variables}
        for _ in range(MAX_MENDS):
            gap = _broken(point, low, high, group.sums)
            if gap is None:
                return point
            _mend(point, *gap, low, high)
    low, high = dict(low), dict(high)
    for one in sorted(group.variables, key=_name):
        least = low.get(one)
        if least is not None and least == high.get(one):
            continue
        if not one.users or group.sums.keys().isdisjoint(one.users):
            low[one] = high[one] = (pick(one, low, high), 0)
            continue
        for upper in (False, True):
            first, second = dict(low), dict(high)
            first[one] = second[one] = (pick(one, low, high, upper=upper), 0)
            if _spread([one], first, second, group.sums, Budget(MAX_MOVES)):
                low, high = first, second
                break
        else:
            return None
    point = {one: low[one][0] for one in group.variables}
    return point if _broken(point, low, high, group.sums) is None else None


def _clipped(one: Sum, low: Ends, high: Ends, known: At) -> Fraction | int:
    """Return what a variable is at a known point, or the end that is nearest to it."""
    end, least, most = (known[one] if one in known else 0, 0), low.get(one), high.get(one)
    below = least is not None and end < least
    return pick(one, low, high, upper=not below) if below or (most is not None and end > most) else end[0]


def _broken(point: At, low: Ends, high: Ends, sums: Iterable[Sum]) -> tuple[Sum, Fraction | int] | None:
    """Return a sum that lies beyond its ends at a point, and by how much it would have to change."""
    for one in sums:
        if one.terms:
            value = (sum([c * point[part] for part, c in one.terms]), 0)
            least, most = low.get(one), high.get(one)
            if least is not None and value < least:
                return one, least[0] + least[1] - value[0]
            if most is not None and value > most:
                return one, most[0] + most[1] - value[0]
    return None


def _mend(point: At, total: Sum, gap: Fraction | int, low: Ends, high: Ends) -> None:
    """Change a sum by moving its variables, each as far as its ends let it."""
    for one, c in total.terms:
        by: Fraction | int = gap * c if c in {1, -1} else Fraction(gap) / c
        if one.whole and not isinstance(by, int):
            by = by.__ceil__() if by > 0 else by.__floor__()
        here = point[one]
        point[one] = _clipped(one, low, high, {one: here + by})
        gap -= c * (point[one] - here)
        if (gap > 0) is not (c * by > 0) or not gap:
            return


def _name(one: Sum) -> str:
    return one.name


def rows_of(one: Sum, low: Ends, high: Ends) -> list[Row]:
    """Return the ends of a sum as rows, but for those that follow from the ends of its variables."""
    terms = tuple((part.name, c) for part, c in one.terms) or ((one.name, 1),)
    by_low, by_high = dict(low), dict(high)
    if one.terms:
        by_low.pop(one, None), by_high.pop(one, None)
        narrowed(one, by_low, by_high, [])
    found: list[Row] = []
    if one in high and (not one.terms or by_high.get(one) != high[one]):
        found.append(Row(terms, high[one][0], high[one][1] != 0))
    if one in low and (not one.terms or by_low.get(one) != low[one]):
        found.append(Row(tuple((name, -c) for name, c in terms), -low[one][0], low[one][1] != 0))
    return found
