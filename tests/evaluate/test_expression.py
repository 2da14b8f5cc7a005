"""What a condition means for one case, against a tiny evaluator of another make."""

import ast
from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_engine.errors import PolicyEngineError
from policy_engine.evaluate.core.expression import Interpreter
from policy_engine.language.grammar import parse
from policy_engine.language.values import NONE, UNKNOWN, Truth, Value
from policy_engine.model.facts import Condition
from policy_engine.source import Location
from tests.evaluate.said import FIGURES, ORDER, Said, cases, conditions, meaning, text_of


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
