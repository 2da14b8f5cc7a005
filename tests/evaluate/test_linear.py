"""Systems of linear inequalities over whole numbers, against trying every point of a box."""

from collections.abc import Mapping
from fractions import Fraction
from itertools import islice, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_engine.evaluate.open.linear import (
    Budget,
    Range,
    Row,
    components,
    eliminate,
    negated,
    normal,
    rational_value,
    solve,
    whole_values,
)

NAMES = ("p", "q", "r", "s")
SIDE = 4
"""Every whole variable lies between 0 and this."""

Terms = dict[str, int]
Raw = tuple[Terms, Fraction, bool]
"""A row as it is drawn: terms, bound, and whether it is strict."""

terms = st.dictionaries(st.sampled_from(NAMES), st.integers(-5, 5), max_size=4)
bounds = st.fractions(min_value=-12, max_value=12, max_denominator=4)
raw_rows = st.tuples(terms, bounds, st.booleans())
systems = st.tuples(st.integers(2, 4), st.lists(raw_rows, max_size=7))


def never(_: str) -> bool:
    return False


def holds(raw: Raw, point: Mapping[str, int | Fraction]) -> bool:
    total = sum((Fraction(c) * point[name] for name, c in raw[0].items()), Fraction(0))
    return total < raw[1] if raw[2] else total <= raw[1]


def row_holds(row: Row | bool, point: Mapping[str, int | Fraction]) -> bool:  # noqa: FBT001  (a row may be a plain truth)
    return row if isinstance(row, bool) else holds((dict(row.terms), Fraction(row.bound), row.strict), point)


def over(count: int, rows: list[Raw]) -> list[Raw]:
    used = NAMES[:count]
    kept: list[Raw] = [({name: c for name, c in drawn.items() if name in used}, bound, strict) for drawn, bound, strict in rows]
    box: list[Raw] = [({name: sign}, Fraction(SIDE if sign > 0 else 0), False) for name in used for sign in (1, -1)]
    return kept + box


def points(count: int) -> list[dict[str, int]]:
    return [dict(zip(NAMES, values, strict=False)) for values in product(range(SIDE + 1), repeat=count)]


def normals(rows: list[Raw]) -> frozenset[Row] | None:
    made = [normal(drawn, bound, never, strict=strict) for drawn, bound, strict in rows]
    return None if False in made else frozenset(row for row in made if isinstance(row, Row))


@settings(max_examples=250, deadline=None, derandomize=True)
@given(systems)
def test_solve_finds_a_point_exactly_where_there_is_one(system: tuple[int, list[Raw]]) -> None:
    raw = over(*system)
    solutions = [point for point in points(system[0]) if all(holds(row, point) for row in raw)]
    rows = normals(raw)

    found = False if rows is None else solve(rows, never, Budget())

    if isinstance(found, dict):
        point = {**dict.fromkeys(NAMES, 0), **found}
        assert all(holds(row, point) for row in raw)
        assert all(Fraction(value).denominator == 1 for value in found.values())
    assert bool(solutions) == isinstance(found, dict)
    assert found is not None


@settings(max_examples=200, deadline=None, derandomize=True)
@given(systems)
def test_eliminate_never_denies_a_point(system: tuple[int, list[Raw]]) -> None:
    raw = over(*system)
    rows = normals(raw)

    stages = False if rows is None else eliminate(rows, never)

    if isinstance(stages, list):
        assert len(stages) == len({stage.name for stage in stages})
    else:
        assert stages is False
        assert not any(all(holds(row, point) for row in raw) for point in points(system[0]))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(systems, st.integers(0, 12))
def test_a_short_budget_gives_no_guess(system: tuple[int, list[Raw]], steps: int) -> None:
    raw = over(*system)
    rows = normals(raw)
    if rows is None:
        return

    found = solve(rows, never, Budget(steps))

    if found is not None:
        solvable = any(all(holds(row, point) for row in raw) for point in points(system[0]))
        assert solvable == isinstance(found, dict)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(raw_rows)
def test_normal_rows_mean_the_same(raw: Raw) -> None:
    """Lowest terms, whole bounds and `<` made `<=` change nothing at whole points; the negation holds exactly elsewhere."""
    row = normal(raw[0], raw[1], never, strict=raw[2])

    for point in islice(points(4), 0, None, 7):
        assert holds(raw, point) == row_holds(row, point)
        if isinstance(row, Row):
            assert holds(raw, point) != row_holds(negated(row, never), point)
            assert (row.strict, Fraction(row.bound).denominator) == (False, 1)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(raw_rows, st.fractions(0, 4, max_denominator=6), st.fractions(0, 4, max_denominator=6))
def test_rows_over_fractions_keep_their_strictness(raw: Raw, one: Fraction, other: Fraction) -> None:
    row = normal(raw[0], raw[1], lambda _: True, strict=raw[2])
    point = {"p": one, "q": other, "r": one + other, "s": one - other}

    assert holds(raw, point) == row_holds(row, point)
    if isinstance(row, Row):
        assert holds(raw, point) != row_holds(negated(row, lambda _: True), point)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(systems, st.lists(st.fractions(0, SIDE, max_denominator=5), min_size=4, max_size=4), st.sets(st.sampled_from(NAMES)))
def test_points_in_fractions_are_not_denied(system: tuple[int, list[Raw]], values: list[Fraction], fractional: set[str]) -> None:
    known: dict[str, Fraction | int] = {n: v if n in fractional else int(v) for n, v in zip(NAMES, values, strict=True)}
    raw = [row for row in over(*system) if holds(row, known)]
    made = [normal(drawn, bound, fractional.__contains__, strict=strict) for drawn, bound, strict in raw]

    found = solve(frozenset(row for row in made if isinstance(row, Row)), fractional.__contains__, Budget())

    assert isinstance(found, dict)
    point = {**known, **found}
    assert all(holds(row, point) for row in raw)
    assert all(name in fractional or Fraction(value).denominator == 1 for name, value in found.items())


@settings(max_examples=200, deadline=None, derandomize=True)
@given(systems)
def test_components_share_no_variable(system: tuple[int, list[Raw]]) -> None:
    rows = normals(over(*system)) or frozenset()

    groups = components(rows)

    variables = [{name for row in group for name, _ in row.terms} for group in groups]
    assert rows == frozenset().union(*groups)
    assert sum(map(len, variables)) == len(set().union(*variables))
    assert all(_hangs_together(group) for group in groups)


def _hangs_together(group: frozenset[Row]) -> bool:
    pending = [{name for name, _ in row.terms} for row in group]
    reached = pending.pop()
    while near := [names for names in pending if names & reached]:
        reached.update(*near)
        pending = [names for names in pending if not names & reached]
    return not pending


@given(st.fractions(-9, 9, max_denominator=3), st.fractions(-9, 9, max_denominator=3), st.integers(-12, 12))
def test_whole_values_of_a_range(one: Fraction, other: Fraction, near: int) -> None:
    values = list(whole_values(Range(one, other), near))

    assert [value for value in range(-10, 11) if one <= value <= other] == sorted(values)
    distances = [abs(value - near) for value in values]
    assert distances == sorted(distances)


@pytest.mark.parametrize(
    ("limits", "near", "first"),
    [
        (Range(None, None), 0, [0, 1, -1, 2]), (Range(3, None), 0, [3, 4, 5, 6]), (Range(None, 3), 9, [3, 2, 1, 0]),
        (Range(0, 3), 2, [2, 3, 1, 0]), (Range(Fraction(7, 3), Fraction(8, 3)), 0, []), (Range(2, 1), 5, []), (Range(5, 5), 0, [5]),
    ],
)  # fmt: skip
def test_first_whole_values(limits: Range, near: int, first: list[int]) -> None:
    assert first == list(islice(whole_values(limits, near), 4))


@pytest.mark.parametrize("low", [None, Fraction(1, 3)])
@pytest.mark.parametrize("high", [None, Fraction(1, 3), Fraction(1, 2), 0])
@pytest.mark.parametrize(("open_low", "open_high"), [(False, False), (True, False), (False, True), (True, True)])
def test_rational_value_lies_inside(low: Fraction | None, high: Fraction | int | None, *, open_low: bool, open_high: bool) -> None:
    value = rational_value(Range(low, high, open_low, open_high))

    empty = low is not None and high is not None and (low > high or (low == high and (open_low or open_high)))
    assert empty == (value is None)
    if value is not None:
        assert low is None or (low < value if open_low else low <= value)
        assert high is None or (value < high if open_high else value <= high)
