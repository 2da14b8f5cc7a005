"""Systems of linear inequalities over whole numbers, against trying every point of a box."""

from collections.abc import Mapping
from fractions import Fraction
from itertools import islice, product

from hypothesis import given, settings
from hypothesis import strategies as st

from policy_engine.evaluate.open.linear import (
    Budget,
    Row,
    eliminate,
    negated,
    normal,
    solve,
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
