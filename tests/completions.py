"""What the tests ask of the engine: rate facts as they stand, or as a file would state them."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import product
from random import Random
from typing import NamedTuple

from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.language.values import Value
from policy_engine.load.case import read_case
from policy_engine.load.library import Library
from policy_engine.model.case import Case
from policy_engine.model.verdict import Verdict
from tests.oracle import BEST_FIRST, CRITERIA, GROUPS, LEADING, Facts, classify, counted_apart, holding, lawful, one_case

POSITIONS = (*LEADING, "specialist")
DECLARED = frozenset({"kind", "workplace", "position", "criteria_counted_apart"})
"""Facts that are left standing: they choose the track, or follow from what the file holds."""


class Completion(NamedTuple):
    """One way to complete a case: the facts, the outcome, and every level that holds."""

    facts: Facts
    outcome: str
    held: frozenset[str]


class Hidden(NamedTuple):
    known: Facts
    hidden: tuple[str, ...]
    completions: tuple[Completion, ...]

    def outcomes(self, **chosen: bool | int | str) -> frozenset[str]:
        """Return the outcomes of the completions in which some facts are as chosen."""
        fits = (c for c in self.completions if all(c.facts[name] == value for name, value in chosen.items()))
        return frozenset(c.outcome for c in fits)

    def values(self, name: str) -> set[bool | int | str]:
        """Return the values that a hidden fact takes in some completion."""
        return {c.facts[name] for c in self.completions}


def best_first(outcomes: frozenset[str]) -> tuple[str, ...]:
    """Return the levels among outcomes, the best first."""
    return tuple(level for level in BEST_FIRST if level in outcomes)


def hide(known: Facts, hidden: tuple[str, ...]) -> Hidden:
    """Hide facts of a case, and enumerate its completions."""
    left = {name: value for name, value in known.items() if name not in hidden}
    return Hidden(left, hidden, tuple(Completion(f, classify(f), holding(f)) for f in completions(left, hidden)))


def draw_hidden(rng: Random) -> Hidden:
    """Draw a small case and hide one to three of its facts; criteria that only repeat the tasks are left away."""
    facts = one_case(rng, rng.choice(("specialist", "leader")), 6)
    if facts["position"] == "specialist" and not counted_apart(facts):
        facts = {name: value for name, value in facts.items() if name not in CRITERIA}
    names = [name for name in facts if name not in DECLARED]
    return hide(facts, tuple(rng.sample(names, rng.randint(1, 3))))


def completions(known: Mapping[str, bool | int | str], hidden: tuple[str, ...]) -> Iterator[Facts]:
    """Return every lawful way to fill in the hidden facts."""
    domains = [_domain(name, known) for name in hidden]
    for values in product(*domains):
        whole = {**known, **dict(zip(hidden, values, strict=True))}
        if lawful(whole):
            yield whole


def _domain(name: str, known: Mapping[str, bool | int | str]) -> tuple[bool | int | str, ...]:
    if name == "position":
        return POSITIONS
    group = next((group for group in GROUPS if name in group), None)
    if group is None:
        return (False, True)
    total = known.get(group[0])
    if isinstance(total, int):
        return tuple(range(total + 1))
    greatest = max((value for other in group if isinstance(value := known.get(other), int)), default=0)
    assert greatest <= 6
    return tuple(range(3 * greatest + 12 + 1))


LIBRARY = Library()


@cache
def evaluator() -> Evaluator:
    """Return the edition of 2020, ready to rate."""
    return Evaluator(LIBRARY.edition("2020"))


def case_of(facts: Mapping[str, Value]) -> Case:
    """Return a case of these facts, past the reading of a file."""
    return Case("drawn", "2020", {}, dict(facts), {}, {}, ())


def rate(facts: Mapping[str, Value]) -> Verdict:
    return evaluator().evaluate(case_of(facts))


def read_facts(facts: Mapping[str, object]) -> Case:
    """Return a case of these facts, read from a file; every JSON text is a YAML text."""
    text = json.dumps({"case": "drawn", "edition": "2020", "facts": facts}, indent=1)
    case, _ = read_case(text.encode(), "drawn.yaml", LIBRARY)
    return case


def rate_file(facts: Mapping[str, object]) -> Verdict:
    """Rate these facts as a case file states them."""
    return evaluator().evaluate(read_facts(facts))


def outcome_of(verdict: Verdict) -> str:
    """Return the level, or the outcome where there is none."""
    return verdict.level or verdict.outcome
