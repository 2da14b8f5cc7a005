"""Claims about a track, and their answers as witnesses that the reference confirms."""

import json
from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple

from policy_engine.errors import InputError
from policy_engine.evaluate.core.expression import interpreter_over, shown
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.evaluate.transitions import key_of
from policy_engine.language.text import decimal_text
from policy_engine.language.values import Value
from policy_engine.load.yaml_plain import reads_as_text
from policy_engine.model.case import Case
from policy_engine.model.facts import FactDeclaration, Texts
from policy_engine.model.rulebook import Criterion, Edition, LevelRule, Track
from policy_engine.model.verdict import Verdict
from policy_engine.prove.ask import BUDGET, UNDECIDED, Asker, Solution, Undecided
from policy_engine.prove.meaning import TrackMeaning
from policy_engine.prove.terms import Symbols, Term, TextCodes

PROVEN, REFUTED, UNDECIDED_WORD = "PROVEN", "REFUTED", "UNDECIDED"
ANSWERS = (PROVEN, REFUTED, UNDECIDED_WORD)
UNPROVABLE = "unprovable: "
"""What begins a reason; the part of a condition that the solver has no word for follows."""
KINDS = ("one_track", "gap", "no_gap", "overlap", "no_overlap", "reachable", "not_shadowed", "exception", "nested", "monotone")
"""What can be claimed: see `docs/proving.md`, where each has its sentence."""


class ClaimPart(NamedTuple):
    """A criterion that a claim is about: its id, the level under which it stands, its clause and sentence."""

    criterion: str
    level: str
    citation: str
    says: Texts


class Span(NamedTuple):
    """Where a figure lies in a region: its ends as the edition writes them, whether they belong to it, and the clauses that set them."""

    figure: str
    facts: tuple[str, ...]
    least: str | None
    least_included: bool
    most: str | None
    most_included: bool
    clauses: tuple[str, ...]


class Region(NamedTuple):
    """A part of a gap: the criteria of the nearest level that fail in it, alone, and where the figures lie."""

    parts: tuple[ClaimPart, ...]
    spans: tuple[Span, ...]


class Witness(NamedTuple):
    """The smallest case that shows something: its facts as a case file writes them, and what the engine says of it."""

    facts: Mapping[str, str]
    outcome: str
    edition: str
    track: str


class Claim(NamedTuple):
    """One claim about a track (or about the tracks together: then `track` is ""), and its answer.

    `declared`: what in the edition admits it, if anything does: an interpretation, a declared gap, an exception of the ladder.
    """

    kind: str
    track: str
    answer: str
    about: tuple[str, ...] = ()
    clauses: tuple[str, ...] = ()
    declared: tuple[str, ...] = ()
    says: Texts = {}
    regions: tuple[Region, ...] = ()
    parts: tuple[ClaimPart, ...] = ()
    witness: Witness | None = None
    then: Witness | None = None
    """The second case of a promise that is broken: the witness with more of the figure."""
    reason: str = ""
    """Why it is refuted or undecided, where the kind alone does not say it: `undeclared`, `not_real`, `too_wide`, …"""

    @property
    def id(self) -> str:
        """The name of the claim, stable from run to run."""
        return "/".join(part for part in (self.track, self.kind, *self.about, self.reason) if part)


class Expected(NamedTuple):
    """What the solver says of a solution: its outcome where that was asked, levels that hold, criteria that fail."""

    outcome: str | None = None
    met: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


def stated(values: Mapping[str, Value], edition: Edition, track: Track) -> dict[str, Value]:
    """Return the facts that a case file states: not those that others stand in for, nor those that the edition does not declare."""
    known = {name: value for name, value in values.items() if name in edition.facts}
    interpreter = interpreter_over({**{level.id: level.rank for level in edition.scale.values()}, **known})
    replaced = {target for rule in track.stand_ins if interpreter.truth(rule.unless) is False for target in rule.take}
    return {name: known[name] for name in edition.facts if name in known and name not in replaced}


def rated(facts: Mapping[str, Value], evaluator: Evaluator) -> Verdict | InputError:
    """Rate facts by the reference; return why it refuses them where it does."""
    try:
        return evaluator.evaluate(Case(id="witness", edition=evaluator.edition.id, subject={}, facts=facts, expect={}, places={}))
    except InputError as error:
        return error


def confirmed(values: Mapping[str, Value], evaluator: Evaluator, track: Track, expected: Expected | None = None) -> Witness | None:
    """Rate a solution; return it as a witness where the reference says what the solver said, else None."""
    edition, (outcome, met, failed) = evaluator.edition, expected or Expected()
    facts = stated(values, edition, track)
    verdict = rated(facts, evaluator)
    if isinstance(verdict, InputError) or verdict.track != track.id or outcome not in {None, key_of(verdict)}:
        return None
    levels = {trace.level: trace.outcome for trace in verdict.levels}
    criteria = {c.id: c.outcome for trace in verdict.levels for c in trace.criteria}
    if any(levels[name] != "met" for name in met) or any(criteria[name] != "not_met" for name in failed):
        return None
    return Witness(_written(facts, edition), key_of(verdict), edition.id, track.id)


def refused(values: Mapping[str, Value], evaluator: Evaluator) -> Witness | Undecided:
    """Return a solution as a case that the reference refuses, as it does where two tracks apply; its code stands for an outcome."""
    edition = evaluator.edition
    facts = {name: value for name, value in values.items() if name in edition.facts}
    refusal = rated(facts, evaluator)
    if not isinstance(refusal, InputError):
        return UNDECIDED
    return Witness(_written(facts, edition), refusal.problems[0].code, edition.id, "")


def _written(facts: Mapping[str, Value], edition: Edition) -> dict[str, str]:
    return {name: written(value, edition.facts[name], edition) for name, value in facts.items()}


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


class Inquiry:
    """One track of an edition, ready to be asked about.

    Raises:
        UnprovableError: where a condition asks what the solver has no word for.
    """

    def __init__(self, evaluator: Evaluator, track: Track, budget: int = BUDGET) -> None:
        self.evaluator = evaluator
        self.edition: Edition = evaluator.edition
        self.track = track
        self.meaning = TrackMeaning(self.edition, track, Symbols(TextCodes(), self.edition.begins))
        self.asker = Asker(self.meaning.symbols, [self.meaning.always], budget)
        self.rules = {rule.level: rule for rule in track.levels}

    def witness(self, *goals: Term, expected: Expected | None = None) -> "Witness | Undecided | None":
        """Return the smallest confirmed case that meets the goals; None where there is none."""
        found = self.asker.find(*goals)
        if not isinstance(found, Solution):
            return found
        return confirmed(found.values, self.evaluator, self.track, expected) or UNDECIDED

    def claim(self, kind: str, answer: str, about: tuple[str, ...] = ()) -> Claim:
        """Return a claim about the track, of which the rest is still to be said."""
        return Claim(kind=kind, track=self.track.id, answer=answer, about=about)

    def part(self, criterion: Criterion, level: str) -> ClaimPart:
        return ClaimPart(criterion.id, level, criterion.citation.clause, criterion.says)

    def clause(self, level: str) -> str:
        return self.rules[level].citation.clause

    def last_step(self) -> tuple[LevelRule, ...]:
        """Return the levels of the last step of deciding, the best first."""
        return tuple(self.rules[level] for level in self.track.decide[-1].levels)


def shown_by(found: "Witness | Undecided | None") -> tuple[str, Witness | None]:
    """Return the answer to a claim that something can be, with its witness."""
    return (PROVEN, found) if isinstance(found, Witness) else (REFUTED, None) if found is None else (UNDECIDED_WORD, None)


def refuted_by(found: "Witness | Undecided | None") -> tuple[str, Witness | None]:
    """Return the answer to a claim that something cannot be, with the case that refutes it."""
    return (REFUTED, found) if isinstance(found, Witness) else (PROVEN, None) if found is None else (UNDECIDED_WORD, None)
