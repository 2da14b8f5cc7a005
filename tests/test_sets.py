"""Sets: which of the declared choices hold, asked with `in`; a set that nobody recorded leaves every choice open."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, combinations, product
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_engine.evaluate.core.expression import interpreter_over
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.language.check import Checker
from policy_engine.language.grammar import parse
from policy_engine.language.types import BOOL, Named, Type
from policy_engine.language.values import UNKNOWN, Truth, Value
from policy_engine.model.rulebook import Edition
from tests.build import tuples
from tests.editions.small import case_of, condition_of, edition_of

NAME = "harvest"
CHOICES: Mapping[str, tuple[str, ...]] = {"tools": ("ladder", "basket", "shears"), "spare": ("ladder", "glove")}
OPEN = ("tools", "spare", "dry")
SCOPE = {
    "tools": Named(Type("set", CHOICES["tools"])),
    "spare": Named(Type("set", CHOICES["spare"])),
    "dry": Named(BOOL),
    "rows": Named(Type("count")),
    "season": Named(Type("choice", ("early", "late"))),
    "note": Named(Type("text")),
}
ATOMS = tuple(f"'{choice}' {word} {name}" for name, choices in CHOICES.items() for choice in choices for word in ("in", "not in"))
CONDITIONS = st.recursive(
    st.sampled_from((*ATOMS, "dry")),
    lambda inner: (
        st.builds("({}) and ({})".format, inner, inner) | st.builds("({}) or ({})".format, inner, inner) | inner.map("not ({})".format)
    ),
    max_leaves=5,
)
Facts = Mapping[str, Value]


def subsets(choices: Iterable[str]) -> list[frozenset[str]]:
    known = tuple(choices)
    return [frozenset(some) for some in chain.from_iterable(combinations(known, n) for n in range(len(known) + 1))]


DOMAINS: Mapping[str, list[Value]] = {
    "tools": list(subsets(CHOICES["tools"])),
    "spare": list(subsets(CHOICES["spare"])),
    "dry": [False, True],
}


class Rules(NamedTuple):
    first: str = "'ladder' in tools"
    second: str = "'shears' not in tools or dry"
    third: str = "'basket' in tools and not dry"
    fourth: str = "'ladder' in spare"


def holds(text: str, facts: Facts) -> bool:
    return bool(eval(text, {}, dict(facts)))


def level_of(rules: Rules, facts: Facts) -> str:
    first, second, third, fourth = (holds(text, facts) for text in rules)
    return "top" if first and second else "good" if third or fourth else "poor"


def completions(known: Facts) -> Iterator[Facts]:
    hidden = [name for name in OPEN if name not in known]
    for values in product(*(DOMAINS[name] for name in hidden)):
        yield {**known, **dict(zip(hidden, values, strict=True))}


def edition_with(rules: Rules) -> Edition:
    edition = edition_of(NAME)
    track = edition.tracks[0]
    texts = iter(rules)
    levels = tuple(
        rule._replace(criteria=tuple(c._replace(when=condition_of(next(texts))) for c in rule.criteria)) for rule in track.levels
    )
    return edition._replace(tracks=(track._replace(levels=levels, reads=("rows", *OPEN)),))


def complaints(text: str) -> list[tuple[str, int, dict[str, str]]]:
    tree, refused = parse(text)
    if tree is None:
        return [(c.code, c.offset, {}) for c in refused]
    checker = Checker(text, SCOPE)
    checker.expect(tree, BOOL)
    keep = ("found", "choices")
    return [(c.code, c.offset, {k: v for k, v in c.details.items() if k in keep}) for c in checker.complaints]


@pytest.mark.parametrize(
    ("text", "tools", "expected"),
    [
        ("'ladder' in tools", frozenset({"ladder", "shears"}), True),
        ("'basket' in tools", frozenset({"ladder", "shears"}), False),
        ("'basket' not in tools", frozenset({"ladder", "shears"}), True),
        ("not ('basket' in tools)", frozenset({"basket"}), False),
        ("'ladder' in tools", frozenset[str](), False),
        ("'ladder' not in tools", frozenset[str](), True),
        ("'ladder' in tools", UNKNOWN, UNKNOWN),
        ("'ladder' not in tools", UNKNOWN, UNKNOWN),
        ("not ('ladder' in tools)", UNKNOWN, UNKNOWN),
        ("'ladder' in tools or dry", UNKNOWN, True),
        ("'ladder' in tools and dry", UNKNOWN, UNKNOWN),
        ("'ladder' in tools and not dry", UNKNOWN, False),
        ("exists(tools)", UNKNOWN, UNKNOWN),
        ("exists(tools)", frozenset[str](), True),
    ],
)
def test_a_choice_is_in_a_set_or_not_or_nobody_knows(text: str, tools: Value, expected: Truth) -> None:
    interpreter = interpreter_over({"tools": tools, "dry": True})

    assert expected is interpreter.truth(condition_of(text))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(CONDITIONS, st.fixed_dictionaries({name: st.sampled_from([*values, UNKNOWN]) for name, values in DOMAINS.items()}))
def test_a_truth_holds_in_every_completion(text: str, values: Mapping[str, Value]) -> None:
    known = {name: value for name, value in values.items() if value is not UNKNOWN}
    truth = interpreter_over(dict(values)).truth(condition_of(text))

    whole = {holds(text, facts) for facts in completions(known)}
    assert truth is UNKNOWN or whole == {truth}
    assert len(known) < len(OPEN) or truth is not UNKNOWN


@pytest.mark.parametrize(("text", "expected"), tuples("sets", "only_a_declared_choice_is_sought_and_only_in_a_set"))
def test_only_a_declared_choice_is_sought_and_only_in_a_set(text: str, expected: list[tuple[str, int, dict[str, str]]]) -> None:
    assert list(expected) == complaints(text)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.builds(Rules, CONDITIONS, CONDITIONS, CONDITIONS, CONDITIONS), st.data())
def test_what_is_possible_is_what_the_completions_give(rules: Rules, data: st.DataObject) -> None:
    hidden = data.draw(st.sets(st.sampled_from(OPEN)))
    known = {name: data.draw(st.sampled_from(DOMAINS[name]), name) for name in OPEN if name not in hidden}
    whole = list(completions(known))
    levels = {level_of(rules, facts) for facts in whole}
    verdict = Evaluator(edition_with(rules)).evaluate(case_of(NAME, {"rows": 3, **known}))

    assert (tuple(level for level in ("top", "good", "poor") if level in levels), True) == (verdict.possible_levels, verdict.possible_exact)
    assert ("classified" if len(levels) == 1 else "undetermined") == verdict.outcome
    assert set(verdict.open_questions) <= hidden
    for criterion, text in zip([c for level in verdict.levels for c in level.criteria], rules, strict=True):
        words = {"met" if holds(text, facts) else "not_met" for facts in whole}
        assert (next(iter(words)) if len(words) == 1 else "unknown") == criterion.outcome
