"""Kleene's logic: the laws, and agreement with every completion of what is unknown."""

import ast
from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_engine.language.grammar import parse
from policy_engine.language.quantity import Quantity, read_day, read_quantity
from policy_engine.language.text import show, worded
from policy_engine.language.types import COUNT, DAY, MONTHS, POINTS, SHARE, Type
from policy_engine.language.values import UNKNOWN, Number, Truth, all_hold, any_holds, negate
from tests.build import rows
from tests.language.conditions import name, names, trees


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("50%", SHARE, Fraction(1, 2)), ("50 %", SHARE, Fraction(1, 2)), ("0%", SHARE, Fraction(0)), ("100%", SHARE, Fraction(1)),
        ("0.5%", SHARE, Fraction(1, 200)), ("33.333%", SHARE, Fraction(33_333, 100_000)), ("120%", SHARE, Fraction(6, 5)),
        ("3", COUNT, 3), ("0", COUNT, 0), ("007", COUNT, 7), ("90 points", POINTS, Fraction(90)), ("7.6 points", POINTS, Fraction(38, 5)),
        ("90points", POINTS, Fraction(90)), ("6 months", MONTHS, 6), ("2020-12-15", DAY, date(2020, 12, 15)),
        ("2020-02-29", DAY, date(2020, 2, 29)),
    ],
)  # fmt: skip
def test_figures(text: str, kind: Type, value: Number | date) -> None:
    found = read_quantity(text)

    assert found is not None
    assert (kind, value) == (found.type, found.value)
    assert not isinstance(found.value, float)


@pytest.mark.parametrize(
    "text",
    rows("language_quantity", "what_is_no_figure"),
)  # fmt: skip
def test_what_is_no_figure(text: str) -> None:
    assert None is read_quantity(text)


@given(st.text(st.characters(), max_size=20) | st.text("0123456789.-% pointsmh", max_size=20))
def test_no_text_makes_the_reader_fall(text: str) -> None:
    found, day = read_quantity(text), read_day(text)

    assert found is None or isinstance(found, Quantity)
    assert day is None or day.isoformat() == text


@settings(max_examples=800, deadline=None, derandomize=True)
@given(trees)
def test_shown_text_parses_to_the_same_tree(tree: ast.expr) -> None:
    text = show(tree)
    read = parse(text)

    assert read.complaints == ()
    assert read.tree is not None
    assert ast.dump(tree) == ast.dump(read.tree)


@pytest.mark.parametrize(("written", "shown"), rows("language_show", "canonical_spelling"))
def test_canonical_spelling(written: str, shown: str) -> None:
    tree = parse(written).tree

    assert tree is not None
    assert shown == show(tree)


LABELS = {"a": "Targets in all", "b": "On time", "tasks_total": "Tasks (all) / year", "level": "Points - deductions", "_x9": "×"}
FIGURES: st.SearchStrategy[ast.expr] = st.recursive(
    names,
    lambda inner: st.one_of(
        st.builds(lambda left, sign, right: ast.BinOp(left, sign(), right), inner, st.sampled_from((ast.Add, ast.Sub, ast.Mult)), inner),
        st.builds(lambda part, whole: ast.Call(name("share"), [part, whole], []), inner, inner),
    ),
    max_leaves=6,
)


def _read_back(words: str) -> str:
    read = words
    for key, label in sorted(LABELS.items(), key=lambda item: -len(item[1])):
        read = read.replace(f"“{label}”", key)
    for key, label in sorted(LABELS.items(), key=lambda item: -len(item[1])):
        read = read.replace(label, key) if label in ("Targets in all", "On time") else read
    return read.replace("−", "-").replace(" × ", " * ")


@settings(max_examples=400, deadline=None, derandomize=True)
@given(FIGURES)
def test_the_words_of_a_figure_keep_every_fact_in_its_place(tree: ast.expr) -> None:
    words = worded(tree, lambda fact: LABELS.get(fact, fact))

    if not isinstance(tree, ast.Name):
        assert ast.dump(_with_fractions(tree)) == ast.dump(ast.parse(_read_back(words), mode="eval").body)


def _with_fractions(tree: ast.expr) -> ast.expr:
    match tree:
        case ast.Call(args=[part, whole]):
            return ast.BinOp(_with_fractions(part), ast.Div(), _with_fractions(whole))
        case ast.BinOp(left=left, op=sign, right=right):
            return ast.BinOp(_with_fractions(left), sign, _with_fractions(right))
        case _:
            return tree


@pytest.mark.parametrize(("figure", "words"), rows("language_show", "a_figure_in_words"))
def test_a_figure_in_words(figure: str, words: str) -> None:
    tree = parse(figure).tree

    assert tree is not None
    assert words == worded(tree, lambda fact: LABELS.get(fact, fact))


TRUTHS: tuple[Truth, ...] = (True, False, UNKNOWN)
Formula = tuple[object, ...] | int
"""`("not", f)`, `("and", f, …)`, `("or", f, …)`, or the number of a variable."""

pairs = pytest.mark.parametrize(("one", "other"), list(product(TRUTHS, repeat=2)))
joins = pytest.mark.parametrize(("join", "neutral"), [(all_hold, True), (any_holds, False)])
Join = Callable[[list[Truth]], Truth]


@pairs
@joins
def test_two_values(join: Join, one: Truth, other: Truth, *, neutral: bool) -> None:
    expected = (not neutral) if (not neutral) in (one, other) else UNKNOWN if UNKNOWN in (one, other) else neutral

    assert expected is join([one, other])


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
