"""A rulebook's edition as frozen data: tracks, levels, criteria, thresholds, interpretations."""

from collections.abc import Mapping
from datetime import date

from policy_engine.model.duties import Body, Chapter, Clause
from policy_engine.model.facts import Condition, Exemption, FactDeclaration, InterpretationUse, Invariant, OperativeWords, Texts, Threshold
from policy_engine.source import Citation, Location
from policy_engine.tuples import NamedTuple


class Level(NamedTuple):
    """A level of the scale; a better level has a greater rank."""

    id: str
    rank: int
    code: str
    aliases: tuple[str, ...]
    label: Texts
    citation: Citation = Citation("")


class Criterion(NamedTuple):
    """One requirement of one level, under that level's own clause.

    Where `applies_when` is false the criterion is not applicable, and neutral. `thresholds` are the
    figures that its condition names, in order.
    """

    id: str
    citation: Citation
    when: Condition
    says: Texts
    location: Location
    applies_when: Condition | None = None
    applies_interpretations: tuple[InterpretationUse, ...] = ()
    interpretations: tuple[InterpretationUse, ...] = ()
    thresholds: tuple[Threshold, ...] = ()


class LevelRule(NamedTuple):
    """What a level asks: all of its criteria, or any of them (`mode` is `all_of` or `any_of`)."""

    level: str
    citation: Citation
    mode: str
    criteria: tuple[Criterion, ...]
    interpretations: tuple[InterpretationUse, ...] = ()


class LadderException(NamedTuple):
    """A level that may hold where a worse one of its step does not: the criteria of worse levels that it does not ask."""

    level: str
    without: tuple[str, ...]
    says: Texts
    location: Location


class DecideStep(NamedTuple):
    """One step of deciding: the first or the highest of its levels that holds ends the deciding."""

    levels: tuple[str, ...]
    interpretations: tuple[InterpretationUse, ...] = ()
    exceptions: tuple[LadderException, ...] = ()


class Residual(NamedTuple):
    """What comes out where no level holds: an outcome without a level, or a level."""

    outcome: str
    level: str | None
    interpretations: tuple[InterpretationUse, ...] = ()


class GapDeclaration(NamedTuple):
    """A hole of the text that its owner knows of: where it holds, and no level of an earlier step does, no level holds at all."""

    id: str
    where: Condition
    says: Texts
    location: Location
    interpretations: tuple[InterpretationUse, ...] = ()


class Monotonicity(NamedTuple):
    """A promise of the text: more of a fact, all else the same, never lowers (or never raises) the level."""

    id: str
    more: str
    never: str
    says: Texts
    location: Location


class StandIn(NamedTuple):
    """Facts that others stand in for unless a condition holds; all of them, or none."""

    unless: Condition
    take: Mapping[str, str]
    interpretations: tuple[InterpretationUse, ...] = ()


class Track(NamedTuple):
    """The rules for one kind of subject. `levels` stand best first; without levels, `residual` alone answers."""

    id: str
    citation: Citation
    label: Texts
    applies_to: Condition
    residual: Residual
    location: Location
    says: Texts = {}
    interpretations: tuple[InterpretationUse, ...] = ()
    requires: tuple[Invariant, ...] = ()
    stand_ins: tuple[StandIn, ...] = ()
    thresholds: Mapping[str, Threshold] = {}
    levels: tuple[LevelRule, ...] = ()
    decide: tuple[DecideStep, ...] = ()
    gaps: tuple[GapDeclaration, ...] = ()
    monotone: tuple[Monotonicity, ...] = ()
    reads: tuple[str, ...] = ()
    """The facts that the track reads, in the order in which the edition declares them."""


class Interpretation(NamedTuple):
    """One entry of the interpretation register: where the text is silent, and how it is read until the owner decides."""

    id: str
    clauses: tuple[str, ...]
    silent_on: Texts
    text_says: Texts
    interpretation: Texts
    alternatives: tuple[Texts, ...]
    status: str


class Basis(NamedTuple):
    """A document that the edition rests on."""

    id: str
    day: date
    title: Texts


class InForce(NamedTuple):
    """From when an edition is in force, and until when, where that is known."""

    begins: date | None
    until: date | None


class Edition(NamedTuple):
    """One edition, whole and self-standing. `revision` is the digest of its meaning."""

    id: str
    status: str
    title: Texts
    issuer: Texts
    begins: date
    until: date
    basis: tuple[Basis, ...]
    notes: tuple[Texts, ...]
    scale: Mapping[str, Level]
    facts: Mapping[str, FactDeclaration]
    invariants: tuple[Invariant, ...]
    tracks: tuple[Track, ...]
    register: Mapping[str, Interpretation]
    revision: str
    thresholds: Mapping[str, Threshold] = {}
    """The figures that are known everywhere; those of a track or a chapter stand there."""
    bodies: Mapping[str, Body] = {}
    chapters: tuple[Chapter, ...] = ()
    clauses: tuple[Clause, ...] = ()
    words: OperativeWords = OperativeWords()
    """The words of the text that carry force, which conditions are held against; nothing is rated by them."""
    in_force: InForce = InForce(None, None)
    supersedes: str = ""
    encoded_at: date | None = None
    exemptions: tuple[Exemption, ...] = ()
    """What the tracks and the facts leave out on purpose; a chapter's stand there."""
    reworded: tuple[str, ...] = ()
    """Files of a sealed edition in which only comments or spacing differ from what was sealed."""
    sealed: bool = False
    """Whether a seal shows that it is what was issued."""
