"""A round: one year's cases, how they hang together, and what came out."""

from collections.abc import Mapping, Sequence
from datetime import date

from policy_engine.errors import Problem
from policy_engine.language.values import Value
from policy_engine.model.case import Case
from policy_engine.model.facts import Texts
from policy_engine.model.rulebook import Edition
from policy_engine.model.verdict import Finding, Verdict
from policy_engine.source import Location
from policy_engine.tuples import NamedTuple


class Entry(NamedTuple):
    """One file of a round; `case` is None where the file could not be read, but its name and links could."""

    id: str
    path: str
    subject: str
    case: Case | None
    links: Mapping[str, str]
    places: Mapping[tuple[str | int, ...], Location]
    lines: Sequence[str]
    raw: bytes = b""
    name: str = ""
    """What the subject is called; "" where the file does not say."""
    torn: bool = False
    """Whether the file could not be read to its end, so that a link which is not here may stand there."""


class Refused(NamedTuple):
    """A file that could not be rated; what else could still be read of it, "" where that could not.

    `unit` is the id of the unit it is listed under. `problems` are those that stand in this file.
    """

    path: str
    case: str
    name: str
    unit: str
    problems: tuple[Problem, ...]


class Unit(NamedTuple):
    """A unit that the round's own file lists: one that is no case itself."""

    id: str
    name: str


class RoundFiles(NamedTuple):
    """A folder of cases, read."""

    id: str
    edition: Edition
    entries: tuple[Entry, ...]
    units: Mapping[str, Unit]
    whole: bool
    """Whether every file showed at least its name and links, so that nobody is missing from a list that is gathered."""
    named: bool
    """Whether every file showed at least its name, so that a name that is not found is surely wrong."""
    problems: tuple[Problem, ...]
    unread: tuple[str, ...] = ()
    """The files that do not tell whose they are: without a name, without links, or with the name of another."""
    dropped: tuple[Entry, ...] = ()
    """Of these, the files that are no entry: without a name (""), or with the name of another."""


class Standing(NamedTuple):
    """The level that a case stands at, and whether it was `decided`, `proposed`, or is `open`."""

    level: str | None
    origin: str


class RatedEntry(NamedTuple):
    """One case of a round with its verdict; `unit` is the id of the unit it is listed under, or ""."""

    case: Case
    verdict: Verdict
    path: str
    links: Mapping[str, str]
    unit: str
    standing: Standing
    raw: bytes = b""
    taken: Mapping[str, Value] = {}
    """The facts that were gathered from other cases."""
    found: tuple[Finding, ...] = ()
    """What the round found about the case, beside what its verdict says by itself."""
    waits: Mapping[str, tuple[str, ...]] = {}
    """By fact that is gathered: the files that were refused or whose links lead nowhere, and that it therefore lacks."""
    held_up: tuple[str, ...] = ()
    """Of these files, those without which the level stays open."""


class CapTrace(NamedTuple):
    """How one group of a cohort stands to a cap: `kept`, `exceeded` or `unknown`; `over`: how many are above it.

    `held`: how many have the level. `most`: of the cases without a level yet, those that may still come to it are counted in.
    `allowed`: the number that the share allows of the base (`base`), with every case that is open counted out; `allowed_most` of the
    base with all of them counted in (`base_most`). `over` is what surely stands above the cap: `held` less `allowed_most`, but where the
    base is counted after lowering as few as leave `allowed_after` of `base_after`. `of`: the levels that the base counts; none: everyone.
    """

    id: str
    group: str
    outcome: str
    level: str
    held: int
    most: int
    base: int
    allowed: int
    over: int
    share: str
    excepted: bool
    counted: str
    cases: tuple[str, ...]
    severity: str
    citation: str
    phrase: str
    interpretations: tuple[str, ...]
    says: Texts
    base_most: int = 0
    allowed_most: int = 0
    base_after: int = 0
    allowed_after: int = 0
    of: tuple[str, ...] = ()


class Round(NamedTuple):
    """What came out of a round: its cases in the order in which they were rated, units first."""

    id: str
    edition: Edition
    as_of: date | None
    rated: tuple[RatedEntry, ...]
    units: Mapping[str, str]
    """The name of every unit by id, in the order in which they are listed."""
    caps: tuple[CapTrace, ...]
    problems: tuple[Problem, ...]
    refused: tuple[Refused, ...] = ()
    """The case files that were not rated, by path."""
