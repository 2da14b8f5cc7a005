"""Linear inequalities over whole numbers, solved exactly.

Everything that a condition compares is linear once shares are cross-multiplied, so "is there a
completion of the unknown facts such that …" is a small system of linear inequalities. It is
decided by Fourier and Motzkin's elimination, which gives the exact range of each variable once
the later ones are chosen, and a search over whole numbers inside those ranges. A budget bounds
the work; where it runs out the answer is None, never a guess.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import count
from math import ceil, floor, gcd, lcm

from policy_engine.tuples import NamedTuple

MAX_ROWS = 600
MAX_STEPS = 20_000

Point = dict[str, Fraction | int]
Rational = Callable[[str], bool]


class Row(NamedTuple):
    """One inequality: the sum of coefficient times variable is at most (`strict`: below) the bound."""

    terms: tuple[tuple[str, int], ...]
    bound: Fraction | int
    strict: bool = False


def normal(terms: Mapping[str, Fraction | int], bound: Fraction | int, rational: Rational, *, strict: bool = False) -> Row | bool:
    """Return the row in lowest terms, or its truth where no variable is left in it.

    Over whole numbers alone `<` becomes `<=`, and the bound is cut to what whole numbers can reach.
    """
    kept = sorted([(name, c) for name, c in terms.items() if c])
    if not kept:
        return bound > 0 if strict else bound >= 0
    scale = lcm(*(c.denominator for _, c in kept))
    whole = [(name, (c * scale).numerator) for name, c in kept]
    divisor = gcd(*(c for _, c in whole))
    row = tuple((name, c // divisor) for name, c in whole)
    limit = Fraction(bound * scale, divisor) if divisor > 1 else bound * scale
    if any(rational(name) for name, _ in row):
        return Row(row, limit, strict)
    return Row(row, ceil(limit) - 1 if strict else floor(limit))


def negated(row: Row, rational: Rational) -> Row:
    terms = tuple((name, -c) for name, c in row.terms)
    if any(rational(name) for name, _ in terms):
        return Row(terms, -row.bound, not row.strict)
    return Row(terms, -row.bound - 1)


class Linear(NamedTuple):
    """A sum of variables with coefficients, and a constant, over a positive whole (`below`, for shares)."""

    terms: Mapping[str, Fraction | int]
    constant: Fraction | int = 0
    below: "Linear | None" = None

    def plus(self, other: "Linear", factor: Fraction | int = 1) -> "Linear":
        terms = dict(self.terms)
        for name, c in other.terms.items():
            terms[name] = terms.get(name, 0) + factor * c
        return Linear(terms, self.constant + factor * other.constant)

    def times(self, factor: Fraction | int) -> "Linear":
        return Linear({name: c * factor for name, c in self.terms.items()}, self.constant * factor, self.below)


class NotLinearError(Exception):
    """A condition compares what is not linear; its caller makes it a free variable."""


def cross(left: Linear, right: Linear) -> Linear:
    """Return left minus right times their positive wholes; division is never done."""
    a, b = left.below, right.below
    scaled_left = left if b is None else product(left, b)
    scaled_right = right if a is None else product(right, a)
    return Linear(scaled_left.terms, scaled_left.constant).plus(Linear(scaled_right.terms, scaled_right.constant), -1)


def product(left: Linear, right: Linear) -> Linear:
    if right.below is None and not right.terms:
        return left.times(right.constant)
    if left.below is None and not left.terms:
        return right.times(left.constant)
    raise NotLinearError


def add(left: Linear, right: Linear, factor: int) -> Linear:
    """Add, where both are plain sums or shares of the same whole."""
    if left.below != right.below:
        raise NotLinearError
    return left.plus(right, factor)._replace(below=left.below)


def components(rows: Iterable[Row]) -> list[frozenset[Row]]:
    """Cut rows into groups that share no variable; each can be solved by itself."""
    leader: dict[str, str] = {}

    def find(name: str) -> str:
        while leader.setdefault(name, name) != name:
            name = leader[name]
        return name

    kept = list(rows)
    for row in kept:
        first = find(row.terms[0][0])
        for name, _ in row.terms[1:]:
            leader[find(name)] = first
    groups: dict[str, list[Row]] = {}
    for row in kept:
        groups.setdefault(find(row.terms[0][0]), []).append(row)
    return [frozenset(group) for group in groups.values()]


class Stage(NamedTuple):
    """A variable, and the rows that bound it once the variables of later stages are chosen; without rows it may be anything."""

    name: str
    rows: tuple[Row, ...]


def eliminate(rows: Iterable[Row], rational: Rational) -> list[Stage] | bool | None:
    """Eliminate variable after variable; False where no solution exists, None where the budget runs out."""
    current = _tightest(rows)
    stages: list[Stage] = []
    while current:
        name = _cheapest(current, rational)
        mine = [row for row in current if any(n == name for n, _ in row.terms)]
        combined = _combine(name, mine, rational)
        if combined is None:
            return False
        current = _tightest([*(row for row in current if row not in mine), *combined])
        if len(current) > MAX_ROWS:
            return None
        freed = {n for row in mine for n, _ in row.terms} - {n for row in current for n, _ in row.terms} - {name}
        stages += [Stage(name, tuple(mine)), *(Stage(free, ()) for free in sorted(freed))]
    return stages


def _tightest(rows: Iterable[Row]) -> list[Row]:
    """Keep of rows with the same left side only the tightest."""
    best: dict[tuple[tuple[str, int], ...], Row] = {}
    for row in rows:
        known = best.get(row.terms)
        if known is None or (row.bound, not row.strict) < (known.bound, not known.strict):
            best[row.terms] = row
    return list(best.values())


def _cheapest(rows: Sequence[Row], rational: Rational) -> str:
    """Return the variable whose elimination makes the fewest rows; rationals first, so that they are chosen last."""
    above: dict[str, int] = {}
    below: dict[str, int] = {}
    for row in rows:
        for name, c in row.terms:
            side = above if c > 0 else below
            side[name] = side.get(name, 0) + 1
    return min(sorted({*above, *below}), key=lambda n: (not rational(n), above.get(n, 0) * below.get(n, 0)))


def _combine(name: str, rows: Sequence[Row], rational: Rational) -> list[Row] | None:
    """Return the rows that remain when a variable goes; None where two of them exclude each other."""
    split = [(dict(row.terms), row) for row in rows]
    below = [(terms, row) for terms, row in split if terms[name] < 0]
    made: list[Row] = []
    for up, upper in split:
        for down, lower in below if up[name] > 0 else ():
            a, b = -down[name], up[name]
            terms = {n: a * up.get(n, 0) + b * down.get(n, 0) for n in {*up, *down} if n != name}
            row = normal(terms, a * upper.bound + b * lower.bound, rational, strict=upper.strict or lower.strict)
            if row is False:
                return None
            if isinstance(row, Row):
                made.append(row)
    return made


class Range(NamedTuple):
    """Where a variable may lie; None is no end. `open_*` ends are excluded (rational variables only)."""

    least: Fraction | int | None
    most: Fraction | int | None
    open_least: bool = False
    open_most: bool = False


def range_of(stage: Stage, chosen: Mapping[str, Fraction | int]) -> Range:
    """Return the exact range of a stage's variable, once later ones are chosen."""
    least: tuple[Fraction | int, bool] | None = None
    most: tuple[Fraction | int, bool] | None = None
    for row in stage.rows:
        rest, own = row.bound, 0
        for name, c in row.terms:
            if name == stage.name:
                own = c
            else:
                rest -= c * chosen[name]
        end = Fraction(rest) / own
        if own > 0 and (most is None or (end, not row.strict) < (most[0], not most[1])):
            most = (end, row.strict)
        elif own < 0 and (least is None or (-end, not row.strict) < (-least[0], not least[1])):
            least = (end, row.strict)
    return Range(least and least[0], most and most[0], bool(least and least[1]), bool(most and most[1]))


def whole_values(limits: Range, near: Fraction | int = 0) -> Iterator[int]:
    """Return the whole numbers of a range, nearest to `near` first."""
    least = None if limits.least is None else ceil(limits.least)
    most = None if limits.most is None else floor(limits.most)
    start = floor(near) if most is None else min(floor(near), most)
    start = start if least is None else max(start, least)
    if most is not None and start > most:
        return
    yield start
    for step in count(1):
        up, down = most is None or start + step <= most, least is None or start - step >= least
        if up:
            yield start + step
        if down:
            yield start - step
        if not up and not down:
            return


def rational_value(limits: Range) -> Fraction | int | None:
    """Return some value of a range of rationals; None where it is empty."""
    least, most = limits.least, limits.most
    if least is None:
        return 0 if most is None else most - 1
    if most is None:
        return least + 1
    if least == most:
        return None if limits.open_least or limits.open_most else least
    return Fraction(least + most) / 2 if least < most else None


class Budget:
    def __init__(self, steps: int = MAX_STEPS) -> None:
        self.left = steps

    def spend(self) -> bool:
        self.left -= 1
        return self.left >= 0


def solve(rows: frozenset[Row], rational: Rational, budget: Budget) -> Point | bool | None:
    """Return a solution of the rows; False where there is none, None where the budget runs out first."""
    stages = eliminate(rows, rational)
    return _choose(stages[::-1], {}, rational, budget) if isinstance(stages, list) else stages


def _choose(stages: Sequence[Stage], chosen: Point, rational: Rational, budget: Budget) -> Point | bool | None:
    if not stages:
        return dict(chosen)
    limits, name = range_of(stages[0], chosen), stages[0].name
    if rational(name):
        value = rational_value(limits)
        return False if value is None else _choose(stages[1:], {**chosen, name: value}, rational, budget)
    for whole in whole_values(limits):
        if not budget.spend():
            return None
        found = _choose(stages[1:], {**chosen, name: whole}, rational, budget)
        if found is not False:
            return found
    return False
