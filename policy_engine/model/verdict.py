"""A verdict: the answer, and the trace that every sentence about it is made from."""

from collections.abc import Mapping
from typing import NamedTuple

from policy_engine.language.values import Value
from policy_engine.model.facts import Texts

OUTCOMES = ("classified", "gap", "undetermined", "decided_by_authority", "not_eligible", "out_of_scope")
"""Every outcome of an evaluation; see the contract of the command line."""
CRITERION_OUTCOMES = ("met", "not_met", "unknown", "not_applicable")
"""Every outcome of a criterion; one that is not applicable is neutral in its level."""


class CriterionTrace(NamedTuple):
    """How one criterion came out: `met`, `not_met`, `unknown` or `not_applicable`."""

    id: str
    outcome: str
    citation: str
    phrase: str
    condition: str
    observed: str
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
