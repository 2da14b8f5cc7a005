"""What the tests ask of the engine: rate facts as they stand, or as a file would state them."""

import json
from collections.abc import Mapping
from functools import cache

from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.language.values import Value
from policy_engine.load.case import read_case
from policy_engine.load.library import Library
from policy_engine.model.case import Case
from policy_engine.model.verdict import Verdict

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
