"""What an edition asks beside the levels: papers, days, bodies, ceilings, eligibility, checklists, caps on a cohort."""

from collections.abc import Mapping

from policy_engine.language.types import DAY, LEVEL
from policy_engine.model.facts import Condition, Exemption, InterpretationUse, Texts, Threshold
from policy_engine.source import Citation, Location
from policy_engine.tuples import NamedTuple

DUTIES = ("reviews", "assesses", "decides", "receives")
"""What a body does in a review: the subject reviews itself before it, it assesses, it decides, it receives the papers."""
SEVERITIES = ("error", "warning", "note")
"""How bad a finding is, the worst first."""
ROUNDINGS = ("down", "up", "nearest")
COUNTED = ("as_they_stand", "after_lowering")
"""Which count a cap takes its base from: the levels as they stand, or as they are once those over the cap are lowered."""

RECORD_NAMES = {"self_level": LEVEL, "decided_level": LEVEL, "decided_on": DAY, "first_decided_on": DAY}
"""What a case's own record says, for conditions of a chapter: how the subject rated itself, what was decided, and when
(the last day and the first, where several bodies decide)."""


class Body(NamedTuple):
    """A body that reviews, assesses, decides or receives; `aliases` are the exact other spellings of its name."""

    id: str
    label: Texts
    aliases: tuple[str, ...]


class Rule(NamedTuple):
    """What every rule of a chapter has: its id, its clause, its sentence, where it applies, what it rests on."""

    id: str
    citation: Citation
    says: Texts
    location: Location
    applies_when: Condition | None = None
    interpretations: tuple[InterpretationUse, ...] = ()


class Route(NamedTuple):
    """Which body does a duty for whom. Without a body the text names none, and `rule.says` tells so."""

    rule: Rule
    duty: str
    body: str | None


class Requirement(NamedTuple):
    """What must be there (`holds`), and by which day (`in_time`, asked only of what is there)."""

    rule: Rule
    holds: Condition
    in_time: Condition | None
    severity: str


class Ceiling(NamedTuple):
    """A level that must not be above another one, or must be the same (`relation`: `not_above` or `same_as`).

    `lowers`: whether a proposal above it is lowered to it; else the breach is a finding and the level stays.
    """

    rule: Rule
    relation: str
    other: Condition
    lowers: bool
    severity: str


class Eligibility(NamedTuple):
    """Where its condition holds, the subject is reviewed but not classified."""

    rule: Rule
    when: Condition


class CapException(NamedTuple):
    """A higher share, where a condition holds of the case that the group is named after."""

    at_most: Threshold
    where: Condition


class Cap(NamedTuple):
    """At most a share of a base may have a level, in each group of a cohort.

    `base`: the levels that are counted as the whole; none of them stands for everyone in the group. `per`: a link, or facts that
    cases of one group share; nothing: one group. `counted`: see `COUNTED`.
    """

    rule: Rule
    level: str
    at_most: Threshold
    base: tuple[str, ...]
    per: tuple[str, ...]
    rounding: str
    counted: str
    severity: str
    exception: CapException | None = None


class Chapter(NamedTuple):
    """The duties of one part of the text, and the tracks that it concerns (none named: all of them)."""

    clause: str
    label: Texts
    location: Location
    tracks: tuple[str, ...] = ()
    thresholds: Mapping[str, Threshold] = {}
    routes: tuple[Route, ...] = ()
    requirements: tuple[Requirement, ...] = ()
    contents: tuple[Requirement, ...] = ()
    ceilings: tuple[Ceiling, ...] = ()
    eligibility: tuple[Eligibility, ...] = ()
    caps: tuple[Cap, ...] = ()
    exemptions: tuple[Exemption, ...] = ()

    def rules(self) -> tuple[Rule, ...]:
        """Return every rule of the chapter, in the order of its blocks."""
        blocks = (self.routes, self.requirements, self.contents, self.ceilings, self.eligibility, self.caps)
        return tuple(entry.rule for block in blocks for entry in block)


class Clause(NamedTuple):
    """One clause of the text, in its order: the words it begins with there, and why nothing (or not all of it) is encoded."""

    id: str
    starts: str
    says: Texts
    why_not: Texts
    leaves_out: Texts
    location: Location
