"""What is claimed of an edition, and how it came out."""

from collections.abc import Mapping
from typing import NamedTuple

from policy_engine.model.facts import Texts

PROVEN, REFUTED, UNDECIDED_WORD = "PROVEN", "REFUTED", "UNDECIDED"
ANSWERS = (PROVEN, REFUTED, UNDECIDED_WORD)
UNPROVABLE = "unprovable: "
"""What begins a reason; the part of a condition that the solver has no word for follows."""
KINDS = ("one_track", "gap", "no_gap", "overlap", "no_overlap", "reachable", "not_shadowed", "exception", "nested", "monotone")
"""What can be claimed: see `docs/proving.md`, where each has its sentence."""


class Part(NamedTuple):
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

    parts: tuple[Part, ...]
    spans: tuple[Span, ...]


class Witness(NamedTuple):
    """The smallest case that shows something: its facts as a case file writes them, and what the engine says of it."""

    facts: Mapping[str, str]
    outcome: str
    edition: str
    track: str


class Claim(NamedTuple):
    """One claim about a track (or about the tracks together: then `track` is ""), and its answer.

    `declared`: what in the edition admits it, if anything does: a reading, a declared gap, an exception of the ladder.
    """

    kind: str
    track: str
    answer: str
    about: tuple[str, ...] = ()
    clauses: tuple[str, ...] = ()
    declared: tuple[str, ...] = ()
    says: Texts = {}
    regions: tuple[Region, ...] = ()
    parts: tuple[Part, ...] = ()
    witness: Witness | None = None
    then: Witness | None = None
    """The second case of a promise that is broken: the witness with more of the figure."""
    reason: str = ""
    """Why it is refuted or undecided, where the kind alone does not say it: `undeclared`, `not_real`, `too_wide`, …"""

    @property
    def id(self) -> str:
        """The name of the claim, stable from run to run."""
        return "/".join(part for part in (self.track, self.kind, *self.about, self.reason) if part)
