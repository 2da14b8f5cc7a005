"""Conditions as nested tuples: how to write them, what they mean by Kleene's tables, and how to draw them."""

import operator
from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

Said = tuple[Any, ...]
"""A condition as the tiny evaluator knows it: a word, then its parts."""

BOOLS = ("b0", "b1", "b2")
COUNTS = ("c0", "c1", "c2")
DAYS = ("d", "e")
WHEN = (date(2020, 12, 14), date(2020, 12, 15), date(2020, 12, 16))
CHOICES = ("red", "blue", "green")
ORDER: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
FIGURES: dict[str, int | Fraction] = {"half": Fraction(1, 2), "most": Fraction(7, 10), "one": 1, "three": 3}


def text_of(said: Said) -> str:  # noqa: PLR0911  (one for each kind of condition)
    """Write a condition, with every bracket."""
    match said:
        case ("fact", name):
            return str(name)
        case ("not", part):
            return f"(not {text_of(part)})"
        case ("and" | "or" as word, *parts):
            return "(" + f" {word} ".join(text_of(part) for part in parts) + ")"
        case ("compare", first, *rest):
            return f"({text_of(first)} " + " ".join(f"{sign} {text_of(side)}" for sign, side in rest) + ")"
        case ("in" | "not in" as word, name, texts):
            return f"({name} {word} ({', '.join(map(repr, texts))},))"
        case ("is", name, text):
            return f"({name} == {text!r})"
        case ("exists", name):
            return f"exists({name})"
        case ("share", part, whole):
            return f"share({part}, {whole})"
        case (sign, left, right):
            return f"({text_of(left)} {sign} {text_of(right)})"
        case _:
            raise AssertionError(said)


def meaning(said: Said, values: Mapping[str, Any]) -> Any:  # noqa: PLR0911  (one for each kind of condition)
    """Evaluate with None for what is unknown; truths are joined by least and greatest (false 0, unknown 1, true 2)."""
    match said:
        case ("fact", name):
            return values[name]
        case ("not", part):
            held = meaning(part, values)
            return None if held is None else not held
        case ("and" | "or" as word, *parts):
            ranks = [{False: 0, None: 1, True: 2}[meaning(part, values)] for part in parts]
            return (False, None, True)[min(ranks) if word == "and" else max(ranks)]
        case ("compare", first, *rest):
            sides = [meaning(first, values), *(meaning(side, values) for _, side in rest)]
            pairs = zip((sign for sign, _ in rest), sides, sides[1:], strict=False)
            return (False, None, True)[min(_rank(sign, one, other) for sign, one, other in pairs)]
        case ("in" | "not in" as word, name, texts):
            return None if values[name] is None else (values[name] in texts) == (word == "in")
        case ("is", name, text):
            return None if values[name] is None else values[name] == text
        case ("exists", name):
            return None if values[name] is None else values[name] != "none"
        case ("share", part, whole):
            return None if None in (values[part], values[whole]) else Fraction(values[part], values[whole])
        case (sign, left, right):
            one, other = meaning(left, values), meaning(right, values)
            signs = {"+": operator.add, "-": operator.sub, "*": operator.mul}
            return None if None in (one, other) else signs[str(sign)](one, other)
        case _:
            raise AssertionError(said)


def _rank(sign: str, one: Any, other: Any) -> int:
    if one is None or other is None:
        return 1
    if "none" in (one, other):
        return 2 * (sign == "!=")
    return 2 * ORDER[sign](one, other)


shares = st.tuples(st.just("share"), st.sampled_from(COUNTS), st.just("w"))
numbers = st.recursive(
    st.sampled_from((*COUNTS, *FIGURES)).map(lambda name: ("fact", name)) | shares,
    lambda inner: st.tuples(st.sampled_from("+-*"), inner, inner),
    max_leaves=3,
)
compared = st.builds(
    lambda first, rest: ("compare", first, *rest),
    numbers, st.lists(st.tuples(st.sampled_from(list(ORDER)), numbers), min_size=1, max_size=3),
)  # fmt: skip
leaves = st.one_of(
    st.sampled_from(BOOLS).map(lambda name: ("fact", name)),
    compared,
    st.tuples(st.sampled_from(("in", "not in")), st.just("k"), st.lists(st.sampled_from(CHOICES), min_size=1, max_size=2)),
    st.tuples(st.just("is"), st.just("k"), st.sampled_from(CHOICES)),
    st.sampled_from(DAYS).map(lambda name: ("exists", name)),
    st.sampled_from(list(ORDER)).map(lambda sign: ("compare", ("fact", "d"), (sign, ("fact", "e")))),
)
conditions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(st.just("not"), inner),
        st.builds(lambda word, parts: (word, *parts), st.sampled_from(("and", "or")), st.lists(inner, min_size=2, max_size=3)),
    ),
    max_leaves=8,
)
cases = st.fixed_dictionaries(
    {
        **{name: st.sampled_from((True, False, None)) for name in BOOLS},
        **{name: st.none() | st.integers(0, 4) for name in COUNTS},
        "w": st.none() | st.integers(1, 5),
        "k": st.sampled_from((*CHOICES, None)),
        **{name: st.sampled_from((*WHEN, "none", None)) for name in DAYS},
    }
)
