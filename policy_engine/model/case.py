"""A case: the facts about one subject, as its file states them, and what is on record about its review."""

from collections.abc import Mapping, Sequence
from datetime import date

from policy_engine.language.values import UNKNOWN, Nothing, Unknown, Value
from policy_engine.source import Location
from policy_engine.tuples import NamedTuple

LINKS = ("unit", "superior", "collective")
"""How a case names other cases of its round: where it belongs, who has direct charge of it, whose member it is."""
BEFORE, AFTER = ("unit", "collective"), ("superior",)
"""The links whose target is rated before the case, and the one whose target is rated after it."""


class Decision(NamedTuple):
    """What a competent body decided: the level, the body as the file names it, the day, the reason; "" or None where not stated."""

    level: str
    body: str
    day: date | None
    reason: str


class Record(NamedTuple):
    """What stands on file beside the facts: the subject's own rating, the proposal that was made, the decisions."""

    self_level: str | Nothing | Unknown = UNKNOWN
    proposed: str | Nothing | Unknown = UNKNOWN
    decisions: tuple[Decision, ...] = ()
    undecided: bool = False
    """Whether the file says that nothing is decided yet (`decided: none`), which is more than not saying."""


class Case(NamedTuple):
    """One case file, read and held against the facts that its edition declares.

    `facts` has only what the file states and knows: a fact that is absent or `unknown` is not in it.
    `places` gives the place of every value, by its path in the file. `links` name other cases of a round.
    """

    id: str
    edition: str
    subject: Mapping[str, str]
    facts: Mapping[str, Value]
    expect: Mapping[str, object]
    places: Mapping[tuple[str | int, ...], Location]
    lines: Sequence[str] = ()
    links: Mapping[str, str] = {}
    record: Record = Record()
    stated: Mapping[str, str] = {}
    """The `edition` and the `period` as the file names them; neither, where it does not."""
