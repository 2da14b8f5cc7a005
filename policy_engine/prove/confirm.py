"""From a solution to a case, and the reference meaning's word on it: no witness is shown that `evaluate` does not confirm."""

import json
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import NamedTuple

from policy_engine.errors import InputError
from policy_engine.evaluate.case import Evaluator
from policy_engine.evaluate.expression import interpreter_over
from policy_engine.evaluate.shown import shown
from policy_engine.evaluate.transitions import key_of
from policy_engine.language.show import decimal_text
from policy_engine.language.values import Value
from policy_engine.load.scalars import reads_as_text
from policy_engine.model.case import Case
from policy_engine.model.facts import FactDeclaration
from policy_engine.model.rulebook import Edition, Track
from policy_engine.model.verdict import Verdict
from policy_engine.prove.ask import UNDECIDED, Undecided
from policy_engine.prove.claims import Witness


class Expected(NamedTuple):
    """What the solver says of a solution: its outcome where that was asked, levels that hold, criteria that fail."""

    outcome: str | None = None
    met: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


def stated(values: Mapping[str, Value], edition: Edition, track: Track) -> dict[str, Value]:
    """Give the facts that a case file states: not those that others stand in for, nor those that the edition does not declare."""
    known = {name: value for name, value in values.items() if name in edition.facts}
    interpreter = interpreter_over({**{level.id: level.rank for level in edition.scale.values()}, **known})
    replaced = {target for rule in track.stand_ins if interpreter.truth(rule.unless) is False for target in rule.take}
    return {name: known[name] for name in edition.facts if name in known and name not in replaced}


def confirmed(values: Mapping[str, Value], evaluator: Evaluator, track: Track, expected: Expected) -> Witness | None:
    """Rate a solution; give it as a witness where the reference says what the solver said, else nothing."""
    edition = evaluator.edition
    facts = stated(values, edition, track)
    try:
        verdict = evaluator.evaluate(Case("witness", edition.id, {}, facts, {}, {}))
    except InputError:
        return None
    if verdict.track != track.id or not _agrees(verdict, expected):
        return None
    return Witness(_told(facts, edition), key_of(verdict), edition.id, track.id)


def refused(values: Mapping[str, Value], evaluator: Evaluator) -> Witness | Undecided:
    """Give a solution as a case that the reference refuses, as it does where two tracks apply; its code stands for an outcome."""
    facts = {name: value for name, value in values.items() if name in evaluator.edition.facts}
    try:
        evaluator.evaluate(Case("witness", evaluator.edition.id, {}, facts, {}, {}))
    except InputError as error:
        return Witness(_told(facts, evaluator.edition), error.problems[0].code, evaluator.edition.id, "")
    return UNDECIDED


def _told(facts: Mapping[str, Value], edition: Edition) -> dict[str, str]:
    """Write facts as a case file states them."""
    return {name: written(value, edition.facts[name], edition) for name, value in facts.items()}


def _agrees(verdict: Verdict, expected: Expected) -> bool:
    """Tell whether a verdict is what the solver said it is."""
    levels = {trace.level: trace.outcome for trace in verdict.levels}
    criteria = {c.id: c.outcome for trace in verdict.levels for c in trace.criteria}
    return (
        expected.outcome in {None, key_of(verdict)}
        and _all(levels, expected.met, "met")
        and _all(criteria, expected.failed, "not_met")
    )  # fmt: skip


def _all(outcomes: Mapping[str, str], names: Iterable[str], wanted: str) -> bool:
    """Tell whether all of some outcomes are as wanted."""
    return all(outcomes[name] == wanted for name in names)


def written(value: Value, fact: FactDeclaration, edition: Edition) -> str:
    """Write a value as the case file states it, with its unit; a level by its id."""
    match fact.type.kind:
        case "level" if isinstance(value, int):
            return next(level.id for level in edition.scale.values() if level.rank == value)
        case "months" if isinstance(value, int):
            return f"{value} months"
        case "share" if isinstance(value, (int, Fraction)):
            return f"{decimal_text(Fraction(value) * 100)}%"
        case "text" if isinstance(value, str):
            return json.dumps(value, ensure_ascii=False)
        case "choice" if isinstance(value, str) and not reads_as_text(value):
            return json.dumps(value)
        case _:
            return shown(value)
