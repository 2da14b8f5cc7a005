"""Kleene's logic: the laws, and agreement with every completion of what is unknown."""

import copy
import pickle
from collections.abc import Callable, Mapping
from itertools import permutations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_engine.language.values import NONE, UNKNOWN, Truth, all_hold, any_holds, negate

TRUTHS: tuple[Truth, ...] = (True, False, UNKNOWN)
Formula = tuple[object, ...] | int
"""`("not", f)`, `("and", f, …)`, `("or", f, …)`, or the number of a variable."""

pairs = pytest.mark.parametrize(("one", "other"), list(product(TRUTHS, repeat=2)))
triples = pytest.mark.parametrize(("one", "other", "third"), list(product(TRUTHS, repeat=3)))
joins = pytest.mark.parametrize(("join", "neutral"), [(all_hold, True), (any_holds, False)])
Join = Callable[[list[Truth]], Truth]


@pytest.mark.parametrize(("value", "expected"), [(True, False), (False, True), (UNKNOWN, UNKNOWN)])
def test_negation(value: Truth, expected: Truth) -> None:
    assert expected is negate(value)
    assert value is negate(negate(value))


@pairs
def test_de_morgan(one: Truth, other: Truth) -> None:
    assert negate(all_hold([one, other])) is any_holds([negate(one), negate(other)])
    assert negate(any_holds([one, other])) is all_hold([negate(one), negate(other)])


@pairs
@joins
def test_two_values(join: Join, one: Truth, other: Truth, *, neutral: bool) -> None:
    expected = (not neutral) if (not neutral) in (one, other) else UNKNOWN if UNKNOWN in (one, other) else neutral

    assert expected is join([one, other])


@triples
@joins
def test_order_and_grouping_mean_nothing(join: Join, one: Truth, other: Truth, third: Truth, *, neutral: bool) -> None:
    expected = join([one, other, third])

    assert all(expected is join(list(order)) for order in permutations((one, other, third)))
    assert expected is join([join([one, other]), third]) is join([one, join([other, third])])
    assert expected is join([neutral, one, other, third])


def _read_once(number: int) -> st.SearchStrategy[Formula]:
    if number == 1:
        return st.sampled_from([0, ("not", 0)])
    return st.integers(1, number - 1).flatmap(
        lambda cut: st.builds(
            lambda left, right, join, flip: ("not", (join, left, _shifted(right, cut))) if flip else (join, left, _shifted(right, cut)),
            _read_once(cut), _read_once(number - cut), st.sampled_from(("and", "or")), st.booleans(),
        )
    )  # fmt: skip


def _shifted(formula: Formula, by: int) -> Formula:
    if isinstance(formula, int):
        return formula + by
    return (formula[0], *(_shifted(part, by) for part in formula[1:]))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def _kleene(formula: Formula, values: Mapping[int, Truth]) -> Truth:
    if isinstance(formula, int):
        return values[formula]
    parts = [_kleene(part, values) for part in formula[1:]]  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    if formula[0] == "not":
        return negate(parts[0])
    return all_hold(parts) if formula[0] == "and" else any_holds(parts)


def _plain(formula: Formula, values: Mapping[int, bool]) -> bool:
    if isinstance(formula, int):
        return values[formula]
    parts = [_plain(part, values) for part in formula[1:]]  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    return {"and": all(parts), "or": any(parts), "not": not parts[0]}[str(formula[0])]


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.data(), st.integers(1, 6))
def test_decided_exactly_where_all_completions_agree(data: st.DataObject, number: int) -> None:
    formula = data.draw(_read_once(number))
    values = dict(enumerate(data.draw(st.lists(st.sampled_from(TRUTHS), min_size=number, max_size=number))))

    completions = product(*((True, False) if value is UNKNOWN else (value is True,) for value in values.values()))
    results = {_plain(formula, dict(enumerate(completion))) for completion in completions}
    assert (next(iter(results)) if len(results) == 1 else UNKNOWN) is _kleene(formula, values)


def test_unknown_is_neither_true_nor_false() -> None:
    with pytest.raises(TypeError, match="neither true nor false"):
        bool(UNKNOWN)


@pytest.mark.parametrize(("value", "text"), [(UNKNOWN, "UNKNOWN"), (NONE, "NONE")])
def test_one_instance_only(value: object, text: str) -> None:
    """`is UNKNOWN` stays a safe test through copies and processes, and the value shows itself by name."""
    assert value is copy.deepcopy(value) is copy.copy(value) is pickle.loads(pickle.dumps(value))
    assert text == repr(value)
