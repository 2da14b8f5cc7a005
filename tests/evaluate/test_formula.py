"""Conditions as formulas: what the solver thinks possible, against every way to fill in the unknowns."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import product
from typing import Any

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from policy_engine.evaluate.open.formula import Solver, Translator, Variables
from policy_engine.language.grammar import parse
from policy_engine.language.tree import names_in
from policy_engine.language.types import BOOL, COUNT, DAY, Type
from policy_engine.language.values import NONE, UNKNOWN, Value
from tests.evaluate.said import BOOLS, CHOICES, COUNTS, DAYS, FIGURES, WHEN, Said, cases, conditions, meaning, text_of

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
    solver = Solver(variables, [translator.formula(box)])
    possible = {holds: solver.possible(formula) for holds, formula in both.items()}

    assert all(possible[holds] is not False for holds in outcomes), text
    assert variables.exact or "*" in text or "share" in text or {*DAYS} & {*names_in(tree)}, text
    if variables.exact:
        assert outcomes == {holds for holds, answer in possible.items() if answer is True}, text
