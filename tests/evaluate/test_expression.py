"""What a condition means for one case, against a tiny evaluator of another make."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from policy_engine.errors import PolicyEngineError
from policy_engine.evaluate.core.expression import Interpreter
from policy_engine.evaluate.open.formula import Translator, Variables
from policy_engine.evaluate.open.linear import Budget, Row, eliminate, normal, solve
from policy_engine.evaluate.open.search import Solver
from policy_engine.evaluate.open.space import Space
from policy_engine.language.grammar import parse
from policy_engine.language.tree import names_in
from policy_engine.language.types import BOOL, COUNT, DAY, Type
from policy_engine.language.values import NONE, UNKNOWN, Truth, Value
from policy_engine.model.facts import Condition
from policy_engine.source import Location
from tests.evaluate.said import BOOLS, CHOICES, COUNTS, DAYS, FIGURES, ORDER, WHEN, Said, cases, conditions, meaning, text_of

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


TYPES = {
    **dict.fromkeys(BOOLS, BOOL), **dict.fromkeys((*COUNTS, "w"), COUNT), **dict.fromkeys(DAYS, DAY), "k": Type("choice", CHOICES),
}  # fmt: skip
MOST = 4
"""Unknown counts are held between 0 and this; the whole of shares between 1 and this."""
BOX = " and ".join(f"{name} <= four" for name in (*COUNTS, "w")) + " and w > 0"
DOMAINS: Mapping[str, Sequence[Any]] = {
    **dict.fromkeys(BOOLS, (True, False)), **dict.fromkeys(COUNTS, range(MOST + 1)), "w": range(1, MOST + 1), "k": CHOICES,
    **dict.fromkeys(DAYS, (date(2020, 12, 13), *WHEN, date(2020, 12, 17), "none")),
}  # fmt: skip
"""Every value that an unknown can take; days beyond those that are stated count as one before and one after."""


BEFORE, NOT_BEFORE = (("fact", "d"), ("<", ("fact", "e"))), (("fact", "d"), (">=", ("fact", "e")))


def values_of(facts: Mapping[str, Any]) -> dict[str, Value]:
    named: dict[str, Value] = {name: UNKNOWN if value is None else NONE if value == "none" else value for name, value in facts.items()}
    return {**named, **FIGURES, "four": MOST}


def completions(facts: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    unknown = [name for name, value in facts.items() if value is None]
    for chosen in product(*(DOMAINS[name] for name in unknown)):
        yield {**FIGURES, **facts, **dict(zip(unknown, chosen, strict=True))}


def opened(facts: Mapping[str, Any], tree: ast.expr, start: int) -> dict[str, Any]:
    read = [name for name in names_in(tree) if name in DOMAINS]
    unknown = (read[start % 4 :] + read)[:3]
    whole = {name: facts.get(name, domain[0]) for name, domain in DOMAINS.items()}
    return {name: None if name in unknown else DOMAINS[name][0] if value is None else value for name, value in whole.items()}


@settings(max_examples=350, deadline=None, derandomize=True)
@given(conditions, cases, st.integers(0, 3))
@example(("compare", ("*", ("fact", "c0"), ("fact", "c1")), (">", ("fact", "c2"))), {}, 0)
@example(("compare", ("share", "c0", "w"), (">", ("share", "c1", "w"))), {}, 0)
@example(("compare", ("+", ("share", "c0", "w"), ("share", "c1", "w")), ("==", ("fact", "one"))), {}, 0)
@example(("or", ("compare", *BEFORE), ("compare", *NOT_BEFORE)), {}, 0)
@example(("and", ("exists", "d"), ("not", ("exists", "d"))), {}, 0)
@example(("and", ("exists", "d"), ("compare", ("fact", "d"), ("!=", ("fact", "e")))), {"e": "none"}, 0)
def test_possible_exactly_where_some_completion_is(said: Said, drawn: dict[str, Any], start: int) -> None:
    text = text_of(said)
    tree, box = parse(text).tree, parse(BOX).tree
    assert tree is not None
    assert box is not None
    facts = opened(drawn, tree, start)
    assume(all(facts[name] is None or facts[name] <= MOST for name in (*COUNTS, "w")))
    outcomes = {meaning(said, completion) for completion in completions(facts)}

    variables = Variables(values_of(facts), TYPES, 4, frozenset(DAYS))
    translator = Translator(variables)
    both = {holds: translator.formula(tree, holds=holds) for holds in (True, False)}
    space = Space(variables)
    solver = Solver(space, [space.node(translator.formula(box))])
    possible = {holds: solver.possible(space.node(formula), also=True) for holds, formula in both.items()}

    assert all(possible[holds] is not False for holds in outcomes), text
    assert variables.exact or "*" in text or "share" in text or {*DAYS} & {*names_in(tree)}, text
    if variables.exact:
        assert outcomes == {holds for holds, answer in possible.items() if answer is True}, text


def truth(text: str, values: Mapping[str, Value], stated: tuple[str, ...] = ()) -> Truth:
    tree = parse(text).tree
    assert tree is not None, text
    return Interpreter({**FIGURES, **values}, stated).truth(Condition(tree, text, Location("", 1, 1), ()))


@settings(max_examples=600, deadline=None, derandomize=True)
@given(conditions, cases)
def test_two_evaluators_agree(said: Said, facts: dict[str, Any]) -> None:
    values: dict[str, Value] = {name: UNKNOWN if value is None else NONE if value == "none" else value for name, value in facts.items()}
    expected = meaning(said, {**FIGURES, **facts})
    found = truth(text_of(said), values)

    assert (UNKNOWN if expected is None else expected) is found, text_of(said)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.integers(0, 200), st.integers(1, 200), st.integers(0, 100), st.sampled_from(list(ORDER)))
def test_shares_are_compared_exactly(part: int, whole: int, percent: int, sign: str) -> None:
    expected = ORDER[sign](100 * part, percent * whole)

    assert expected is truth(f"share(part, whole) {sign} limit", {"part": part, "whole": whole, "limit": Fraction(percent, 100)})


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("share(p, w) >= limit", {"p": 29, "w": 50, "limit": Fraction(58, 100)}),
        ("p >= w * limit", {"p": 7, "w": 25, "limit": Fraction(28, 100)}),
        ("p + q + q >= three * limit", {"p": Fraction("7.6"), "q": Fraction("9.7"), "limit": Fraction(9)}),
        ("limit >= 0.8", {"limit": Fraction(4, 5)}),
        ("limit * 100 >= 29 and limit == 0.29", {"limit": Fraction(29, 100)}),
        ("0.1 + 0.2 == 0.3", {}),
        ("share(p, w) == limit", {"p": 1, "w": 3, "limit": Fraction(1, 3)}),
        ("p - one < p", {"p": 10**20}),
    ],
)
def test_figures_that_floats_get_wrong(text: str, values: dict[str, Value]) -> None:
    assert truth(text, values) is True


@pytest.mark.parametrize("sign", list(ORDER))
def test_what_does_not_exist_equals_nothing(sign: str) -> None:
    assert (sign == "!=") is truth(f"d {sign} e", {"d": NONE, "e": date(2020, 12, 15)})
    assert UNKNOWN is truth(f"d {sign} e", {"d": NONE, "e": UNKNOWN})


@pytest.mark.parametrize(
    "text", ["rand()", "randint(9)", "int('1')", "a.b", "a[0]", "2 ** 9", "9 % 2", "[a]", "f'{a}'", "lambda: a", "a if a else a", "(a, a)"]
)
def test_only_nodes_of_the_language_have_a_meaning(text: str) -> None:
    tree = ast.parse(text, mode="eval").body

    with pytest.raises((PolicyEngineError, KeyError)):
        Interpreter({"a": 1}).truth(Condition(tree, text, Location("", 1, 1), ()))
