"""A verdict: the answer, and the trace that every sentence about it is made from."""

from collections.abc import Mapping

from policy_engine.language.values import Value
from policy_engine.model.evidence import Evidence
from policy_engine.model.facts import Texts
from policy_engine.tuples import NamedTuple

OUTCOMES = ("classified", "gap", "undetermined", "decided_by_authority", "not_eligible", "out_of_scope")
"""Every outcome of an evaluation; see the contract of the command line."""
CRITERION_OUTCOMES = ("met", "not_met", "unknown", "not_applicable")
"""Every outcome of a criterion; one that is not applicable is neutral in its level."""


REQUIREMENT_OUTCOMES = ("met", "missing", "late", "not_applicable", "unknown")
"""Every outcome of a requirement, and of an item of a checklist."""
ROUTE_OUTCOMES = ("owed", "unknown", "not_covered", "not_applicable")
"""A body's duty is owed, or open because facts are; or the text names no body for the subject; or the route concerns others."""
CEILING_OUTCOMES = ("kept", "exceeded", "not_applicable", "unknown")
"""Every outcome of a ceiling."""


class RequirementTrace(NamedTuple):
    """How one requirement came out: `met`, `missing`, `late`, `not_applicable` or `unknown`."""

    id: str
    outcome: str
    severity: str
    citation: str
    phrase: str
    condition: str
    evidence: Evidence
    due: str
    """The last good day, where the requirement has one."""
    interpretations: tuple[str, ...]
    says: Texts


class RouteTrace(NamedTuple):
    """A body's duty towards the subject: `owed`, `unknown`, or `not_covered` (then there is no body)."""

    id: str
    duty: str
    body: str | None
    outcome: str
    label: Texts
    citation: str
    phrase: str
    interpretations: tuple[str, ...]


class CeilingTrace(NamedTuple):
    """How the case's level stands to another one: `kept`, `exceeded`, `not_applicable` or `unknown`."""

    id: str
    outcome: str
    relation: str
    level: str | None
    other: str | None
    lowered: bool
    severity: str
    citation: str
    phrase: str
    interpretations: tuple[str, ...]
    says: Texts


class EligibilityTrace(NamedTuple):
    """Whether a rule keeps the subject from being classified: `met` where it does."""

    id: str
    outcome: str
    citation: str
    phrase: str
    condition: str
    evidence: Evidence
    interpretations: tuple[str, ...]
    says: Texts


class Finding(NamedTuple):
    """Something that the competent authority should look at; it never changes a level by itself."""

    id: str
    severity: str
    says: Texts
    citation: str = ""
    interpretations: tuple[str, ...] = ()


class Gathered(NamedTuple):
    """A level that a round took from another case, and whether it was decided, proposed, or is open."""

    fact: str
    case: str
    level: str | None
    origin: str


class DecisionTrace(NamedTuple):
    """One decision on record; `body` is the body's id where the edition names it."""

    level: str
    by: str
    body: str | None
    day: str | None
    reason: str


class Duties(NamedTuple):
    """What the edition asks of a case beside its level, and what is on record about the review."""

    self_level: str | None = None
    decided: tuple[DecisionTrace, ...] = ()
    routes: tuple[RouteTrace, ...] = ()
    requirements: tuple[RequirementTrace, ...] = ()
    contents: tuple[RequirementTrace, ...] = ()
    findings: tuple[Finding, ...] = ()
    gathered: tuple[Gathered, ...] = ()
    unrecorded: tuple[str, ...] = ()
    """Facts that nobody recorded, and that something asked beside the level waits for."""


class CriterionTrace(NamedTuple):
    """How one criterion came out: `met`, `not_met`, `unknown` or `not_applicable`."""

    id: str
    outcome: str
    citation: str
    phrase: str
    condition: str
    evidence: Evidence
    interpretations: tuple[str, ...]
    says: Texts


class LevelTrace(NamedTuple):
    """How one level came out, with every criterion of it."""

    level: str
    outcome: str
    mode: str
    citation: str
    criteria: tuple[CriterionTrace, ...]


class Deduction(NamedTuple):
    """A fact that the case does not state, but that follows: its value, and the rules that it follows from."""

    fact: str
    value: Value
    origin: str
    because: tuple[str, ...]


class Overlap(NamedTuple):
    """Levels of two steps that hold at once, and the one that goes first."""

    levels: tuple[str, ...]
    decided: str
    interpretations: tuple[str, ...]


class Change(NamedTuple):
    """One fact that would have to be otherwise."""

    fact: str
    current: Value
    wanted: Value


class Advice(NamedTuple):
    """What would reach a level or better: the least change, or the facts that stand in the way."""

    level: str
    reachable: bool
    changes: tuple[Change, ...]
    total: int
    locked: tuple[str, ...]
    exact: bool
    reached: str | None
    open: tuple[str, ...] = ()
    """Open facts that keep it from being settled whether a change would reach the level."""


class Verdict(NamedTuple):
    """What an edition says of a case. It is a proposal: the competent authority decides."""

    case: str
    subject: Mapping[str, str]
    edition: str
    status: str
    revision: str
    track: str | None
    possible_tracks: tuple[str, ...]
    outcome: str
    level: str | None
    possible_levels: tuple[str, ...]
    gap_possible: bool
    possible_exact: bool
    open_questions: tuple[str, ...]
    unread: tuple[str, ...]
    """Facts that the case states and the track does not read."""
    levels: tuple[LevelTrace, ...]
    overlaps: tuple[Overlap, ...]
    interpretations: tuple[str, ...]
    deductions: tuple[Deduction, ...]
    advice: tuple[Advice, ...]
    ineligible_possible: bool = False
    """Whether a rule of eligibility may still stand against classifying, on facts that are open."""
    eligibility: tuple[EligibilityTrace, ...] = ()
    ceilings: tuple[CeilingTrace, ...] = ()
    duties: Duties = Duties()
    sealed: bool = False
    """Whether a seal shows that the edition is what was issued."""
