"""Tree to text and back: one canonical spelling, which means the same."""

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_engine.language.grammar import parse
from policy_engine.language.text import show, worded
from tests.build import rows
from tests.language.conditions import name, names, trees


@settings(max_examples=800, deadline=None, derandomize=True)
@given(trees)
def test_shown_text_parses_to_the_same_tree(tree: ast.expr) -> None:
    text = show(tree)

    read = parse(text)

    assert read.complaints == ()
    assert read.tree is not None
    assert ast.dump(tree) == ast.dump(read.tree)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(trees, st.lists(st.sampled_from((" ", "  ", "\t", "\n", "\n  ")), min_size=1, max_size=8))
def test_white_space_between_words_means_nothing(tree: ast.expr, gaps: list[str]) -> None:
    text = show(tree)
    if " " in "".join(node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)):
        return
    words = text.split(" ")
    spread = "".join(word + gaps[number % len(gaps)] for number, word in enumerate(words))

    read = parse(spread).tree

    assert read is not None
    assert ast.dump(tree) == ast.dump(read)


@pytest.mark.parametrize(
    ("written", "shown"),
    rows("language_show", "canonical_spelling"),
)
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


@pytest.mark.parametrize(
    ("figure", "words"),
    rows("language_show", "a_figure_in_words"),
)
def test_a_figure_in_words(figure: str, words: str) -> None:
    tree = parse(figure).tree

    assert tree is not None
    assert words == worded(tree, lambda fact: LABELS.get(fact, fact))
