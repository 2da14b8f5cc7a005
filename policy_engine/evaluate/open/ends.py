"""What follows from the ends of sums: they are narrowed by each other, and decide nearly every comparison in three values."""

from collections.abc import Collection, Iterable, Sequence
from fractions import Fraction

from policy_engine.evaluate.open.linear import Budget, Row
from policy_engine.evaluate.open.space import At, Choice, Ends, Part, Sum, SumLimit

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


def truth_within(node: Part, lows: Ends, highs: Ends) -> bool | None:
    """Return the truth of a formula within ends; None where they leave it open."""
    if isinstance(node, SumLimit):
        least, most = lows.get(node.of), highs.get(node.of)
        if node.upper:
            return True if most is not None and most <= node.end else False if least is not None and least > node.end else None
        return True if least is not None and least >= node.end else False if most is not None and most < node.end else None
    found: bool | None = node.every
    for part in node.parts:
        truth = truth_within(part, lows, highs)
        if truth is None:
            found = None
        elif truth is not node.every:
            return truth
    return found


def settled(
    lows: Ends, highs: Ends, pending: Iterable[Part | Choice], live: Collection[Sum], moves: Budget
) -> list[Choice] | None:  # fmt: skip
    """Take into the ends what must hold, and return the disjunctions that are still open; None where they exclude each other."""
    work, choices = list[Part | Choice](pending), list[Choice]()
    while True:
        moved: list[Sum] = []
        if not _all_taken(work, choices, lows, highs, moved) or (moved and not _spread(moved, lows, highs, live, moves)):
            return None
        work.clear()
        kept: list[Choice] = []
        for choice in choices:
            left = _left_of(choice, lows, highs)
            if left == ():
                return None
            if left is not None:
                if len(left) == 1:
                    work.append(left[0])
                else:
                    kept.append(left)
        choices = kept
        if not work:
            return choices


def _left_of(choice: Choice, lows: Ends, highs: Ends) -> Choice | None:
    """Return what the ends leave of a disjunction; None where it holds."""
    left: list[Part] = []
    for part in choice:
        truth = truth_within(part, lows, highs)
        if truth:
            return None
        if truth is None:
            left.append(part)
    return tuple(left)


def _all_taken(work: list[Part | Choice], choices: list[Choice], lows: Ends, highs: Ends, moved: list[Sum]) -> bool:
    """Take comparisons into the ends, and set disjunctions apart; return whether that can be."""
    while work:
        node = work.pop()
        if isinstance(node, tuple):
            choices.append(node)
        elif isinstance(node, SumLimit):
            if not _taken(node, lows, highs, moved):
                return False
        elif node.every:
            work.extend(node.parts)
        else:
            choices.append(node.parts)
    return True


def _taken(limit: SumLimit, lows: Ends, highs: Ends, moved: list[Sum]) -> bool:
    """Take a comparison into the ends; return whether that can be."""
    of, end = limit.of, limit.end
    least, most = lows.get(of), highs.get(of)
    if limit.upper:
        if most is None or end < most:
            highs[of] = end
            moved.append(of)
        return least is None or least <= end
    if least is None or end > least:
        lows[of] = end
        moved.append(of)
    return most is None or end <= most


def _spread(moved: Iterable[Sum], lows: Ends, highs: Ends, live: Collection[Sum], moves: Budget) -> bool:
    """Narrow what hangs on ends that moved, until nothing moves; return whether that can be."""
    waiting = dict.fromkeys(moved)
    while waiting:
        one = next(iter(waiting))
        del waiting[one]
        for total in (one,) if one.terms else one.users:
            if total in live:
                changed: list[Sum] = []
                if not narrowed(total, lows, highs, changed):
                    return False
                if not moves.spend():
                    return True
                waiting.update(dict.fromkeys(changed))
    return True


def narrowed(total: Sum, lows: Ends, highs: Ends, changed: list[Sum]) -> bool:
    """Narrow a sum by its variables and each variable by the sum and the others; return whether that can be."""
    (least, free_below), (most, free_above) = _reach(total, lows, highs), _reach(total, highs, lows)
    bottom, top = lows.get(total), highs.get(total)
    if not free_below and (bottom is None or least > bottom[0]):
        bottom = lows[total] = (least, 0)
    if not free_above and (top is None or most < top[0]):
        top = highs[total] = (most, 0)
    if bottom is not None and top is not None and bottom > top:
        return False
    if top is not None and free_below <= 1 and (free_above or top[0] < most):
        free = bool(free_below)
        if not all(_ended(one, top[0] - least, c, lows, highs, changed, upper=c > 0, free=free) for one, c in total.terms):
            return False
    if bottom is not None and free_above <= 1 and (free_below or bottom[0] > least):
        free = bool(free_above)
        return all(_ended(one, bottom[0] - most, c, lows, highs, changed, upper=c < 0, free=free) for one, c in total.terms)
    return True


def _reach(total: Sum, lows: Ends, highs: Ends) -> tuple[Fraction | int, int]:
    """Return how low a sum can be by the ends of its variables, and how many of them have no such end; ends changed places: how high."""
    reach: Fraction | int = 0
    free = 0
    for one, c in total.terms:
        end = lows.get(one) if c > 0 else highs.get(one)
        if end is None:
            free += 1
        else:
            reach += c * end[0]
    return reach, free


def _ended(one: Sum, room: Fraction | int, c: int, lows: Ends, highs: Ends, changed: list[Sum], *, upper: bool, free: bool) -> bool:
    """End a variable by the room that a sum leaves it beyond its other end; where some variable has none (`free`), only that one."""
    least, most = lows.get(one), highs.get(one)
    own = least if upper else most
    if own is not None:
        if free:
            return True
        room += c * own[0]
    end: Fraction | int = room * c if c in {1, -1} else Fraction(room) / c
    if end.__class__ is not int:
        end = end.__floor__() if one.whole and upper else end.__ceil__() if one.whole else _plain(end)
    if upper and (most is None or end < most[0]):
        highs[one] = (end, 0)
    elif not upper and (least is None or end > least[0]):
        lows[one] = (end, 0)
    else:
        return True
    changed.append(one)
    return own is None or (own <= (end, 0) if upper else own >= (end, 0))


def _plain(number: Fraction | int) -> Fraction | int:
    """Return a number as an int where it is one; ints are the quicker ones."""
    return number.numerator if number.denominator == 1 else number


def pick(one: Sum, lows: Ends, highs: Ends, *, upper: bool = False) -> Fraction | int:
    """Return a number between the ends of a variable: at the lower one where there is one, or at the upper."""
    least, most = lows.get(one), highs.get(one)
    if least is None or most is None:
        if least is None:
            return 0 if most is None else most[0] + most[1]
        return least[0] + least[1]
    end, far = (most, least) if upper else (least, most)
    return end[0] if not end[1] else _plain(Fraction(end[0] + far[0]) / 2)


def mended(lows: Ends, highs: Ends, group: Group, like: Sequence[At]) -> At | None:
    """Return a point within the ends, as near as can be to one that is known, where moving variables one by one leads to any."""
    for known in (*like, {}):
        point = {one: _clipped(one, lows, highs, known) for one in group.variables}
        for _ in range(MAX_MENDS):
            gap = _broken(point, lows, highs, group.sums)
            if gap is None:
                return point
            _mend(point, *gap, lows, highs)
    return None


def _clipped(one: Sum, lows: Ends, highs: Ends, known: At) -> Fraction | int:
    """Return what a variable is at a known point, or the end that is nearest to it."""
    end, least, most = (known.get(one, 0), 0), lows.get(one), highs.get(one)
    below = least is not None and end < least
    return pick(one, lows, highs, upper=not below) if below or (most is not None and end > most) else end[0]


def _broken(point: At, lows: Ends, highs: Ends, sums: Iterable[Sum]) -> tuple[Sum, Fraction | int] | None:
    """Return a sum that lies beyond its ends at a point, and by how much it would have to change."""
    for one in sums:
        if one.terms:
            value = (sum([c * point[part] for part, c in one.terms]), 0)
            least, most = lows.get(one), highs.get(one)
            if least is not None and value < least:
                return one, least[0] + least[1] - value[0]
            if most is not None and value > most:
                return one, most[0] + most[1] - value[0]
    return None


def _mend(point: At, total: Sum, gap: Fraction | int, lows: Ends, highs: Ends) -> None:
    """Change a sum by moving its variables, each as far as its ends let it."""
    for one, c in total.terms:
        by: Fraction | int = gap * c if c in {1, -1} else Fraction(gap) / c
        if by.__class__ is not int:
            by = _plain(by) if not one.whole else by.__ceil__() if by > 0 else by.__floor__()
        here = point[one]
        point[one] = _clipped(one, lows, highs, {one: here + by})
        gap -= c * (point[one] - here)
        if (gap > 0) is not (c * by > 0) or not gap:
            return


def rows_of(one: Sum, lows: Ends, highs: Ends) -> list[Row]:
    """Return the ends of a sum as rows, but for those that follow from the ends of its variables."""
    terms = tuple((part.name, c) for part, c in one.terms) or ((one.name, 1),)
    (least, free_below), (most, free_above) = _reach(one, lows, highs), _reach(one, highs, lows)
    found: list[Row] = []
    if one in highs and (not one.terms or free_above or highs[one] != (most, 0)):
        found.append(Row(terms, highs[one][0], highs[one][1] != 0))
    if one in lows and (not one.terms or free_below or lows[one] != (least, 0)):
        found.append(Row(tuple((name, -c) for name, c in terms), -lows[one][0], lows[one][1] != 0))
    return found
