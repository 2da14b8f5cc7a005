"""A round at a glance: how the levels are spread, and which cases need somebody's eye."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from policy_engine.model.duties import SEVERITIES
from policy_engine.model.round import RatedEntry, Round
from policy_engine.model.verdict import CeilingTrace, Finding, RequirementTrace, RouteTrace

_OPEN = {"missing", "late", "unknown"}
DECISIONS = (
    "decided_by_another_body", "differs_without_reason", "decided_differently", "gap_decided_without_reason", "gap_decided",
    "decided_while_open", "decided_though_not_eligible", "decision_incomplete", "decisions_disagree", "filed_proposal_differs",
)  # fmt: skip


class Spread(NamedTuple):
    """How some cases are spread: by the level at which they stand, else by their outcome; how many levels are decided.

    `undecided` are those that do not stand at a decided level. `unrecorded` counts the requirements of which it cannot be told
    from what is recorded whether they are met, `refused` the files that were not rated and are no case here.
    """

    cases: int
    levels: Mapping[str, int]
    outcomes: Mapping[str, int]
    decided: int
    missing: int
    late: int
    findings: int
    undecided: int
    unrecorded: int
    refused: int = 0


class Paper(NamedTuple):
    """A requirement of a case that is not met, or not known to be.

    `missing`, `late`, `due` (it may still be met in time), `overdue`, or `unrecorded`: nobody recorded enough to tell.
    """

    case: str
    state: str
    trace: RequirementTrace


class Tie(NamedTuple):
    """A level above, or other than, the one that it is tied to."""

    case: str
    trace: CeilingTrace


class Noted(NamedTuple):
    """A finding of a case."""

    case: str
    finding: Finding


class Uncovered(NamedTuple):
    """A case for which the text names no body."""

    case: str
    route: RouteTrace


class Summary(NamedTuple):
    """What a round comes to."""

    whole: Spread
    units: Mapping[str, Spread]
    tracks: Mapping[str, Spread]
    gaps: tuple[str, ...]
    undetermined: tuple[str, ...]
    undecided: Mapping[str, tuple[str, ...]]
    """By unit, the cases that stand at no decided level: no decision is on file, or those on file differ."""
    overlaps: tuple[str, ...]
    papers: tuple[Paper, ...]
    unrecorded: tuple[Paper, ...]
    """What is neither there nor missing nor late, because nobody recorded enough to tell."""
    ties: tuple[Tie, ...]
    decisions: tuple[Noted, ...]
    others: tuple[Noted, ...]
    uncovered: tuple[Uncovered, ...]
    waiting: Mapping[str, tuple[str, ...]]
    """By refused file, the cases that lack what it would have told."""


def summarise(done: Round) -> Summary:
    """Sum a round up."""
    rated = done.rated
    noted = sorted(
        (Noted(one.case.id, finding) for one in rated for finding in one.verdict.duties.findings),
        key=lambda n: SEVERITIES.index(n.finding.severity),
    )
    ties = tuple(Tie(one.case.id, trace) for one in rated for trace in one.verdict.ceilings if trace.outcome == "exceeded")
    tied = {(tie.case, tie.trace.id) for tie in ties}
    units: dict[str, list[RatedEntry]] = {name: [] for name in done.units}
    tracks: dict[str, list[RatedEntry]] = {track.id: [] for track in done.edition.tracks}
    refused = Counter(one.unit for one in done.refused)
    lost = Counter({"": len(done.refused)})
    for unit in refused:
        units.setdefault(unit, [])
        tracks.setdefault("", [])
    for one in rated:
        units.setdefault(one.unit, []).append(one)
        tracks.setdefault(one.verdict.track or "", []).append(one)
    papers = [paper for one in rated for paper in _papers(one, done.as_of)]
    return Summary(
        spread_of(rated, done.as_of)._replace(refused=len(done.refused)),
        {name: spread_of(group, done.as_of)._replace(refused=refused[name]) for name, group in units.items()},
        {name: spread for name, group in tracks.items() if (spread := spread_of(group, done.as_of)._replace(refused=lost[name])) != NOBODY},
        tuple(one.case.id for one in rated if one.verdict.outcome == "gap"),
        tuple(one.case.id for one in rated if one.verdict.outcome == "undetermined"),
        {name: waiting for name, group in units.items() if (waiting := tuple(o.case.id for o in group if not _is_decided(o)))},
        tuple(one.case.id for one in rated if one.verdict.overlaps),
        tuple(paper for paper in papers if paper.state != "unrecorded"),
        tuple(paper for paper in papers if paper.state == "unrecorded"),
        ties,
        tuple(n for n in noted if n.finding.id in DECISIONS),
        tuple(n for n in noted if n.finding.id not in DECISIONS and (n.case, n.finding.id) not in tied),
        tuple(Uncovered(one.case.id, r) for one in rated for r in one.verdict.duties.routes if r.outcome == "not_covered"),
        _waiting(done),
    )


def unrecorded(summary: Summary) -> list[tuple[tuple[str, ...], Paper]]:
    """Return each requirement that is not recorded of some cases, with these cases; the one with the most of them first."""
    found: dict[str, list[Paper]] = {}
    for paper in summary.unrecorded:
        found.setdefault(paper.trace.id, []).append(paper)
    ordered = sorted(found.values(), key=lambda papers: -len(papers))
    return [(tuple(paper.case for paper in papers), papers[0]) for papers in ordered]


def _waiting(done: Round) -> dict[str, tuple[str, ...]]:
    """Return, for every refused file, the cases that lack what it would have told."""
    waiting: dict[str, list[str]] = {one.path: [] for one in done.refused}
    for one in done.rated:
        for path in dict.fromkeys(path for paths in one.waits.values() for path in paths):
            if path in waiting:
                waiting[path].append(one.case.id)
    return {path: tuple(cases) for path, cases in waiting.items()}


def _is_decided(one: RatedEntry) -> bool:
    """Return whether a case stands at a decided level."""
    return one.standing.origin == "decided"


def _papers(one: RatedEntry, as_of: date | None) -> Iterator[Paper]:
    """Return the requirements and contents of a case that are not met, or of which nobody recorded whether they are."""
    for trace in (*one.verdict.duties.requirements, *one.verdict.duties.contents):
        if trace.outcome in _OPEN:
            yield Paper(one.case.id, _state(trace, as_of), trace)


def _state(trace: RequirementTrace, as_of: date | None) -> str:
    """Say how it stands, on the day that is asked about, with a requirement that is not known to be met."""
    if trace.outcome == "late":
        return "late"
    if as_of is not None and trace.due:
        return "due" if as_of.isoformat() <= trace.due else "overdue"
    return "missing" if trace.outcome == "missing" else "unrecorded"


def spread_of(group: Iterable[RatedEntry], as_of: date | None) -> Spread:
    """Count some cases."""
    members = list(group)
    states = Counter(paper.state for one in members for paper in _papers(one, as_of))
    levels = Counter(one.standing.level for one in members if one.standing.level)
    outcomes = Counter(one.verdict.outcome for one in members if one.standing.level is None)
    return Spread(
        len(members), dict(levels), dict(outcomes), decided := sum(map(_is_decided, members)),
        states["missing"] + states["overdue"], states["late"],
        sum(finding.severity != "note" for one in members for finding in one.verdict.duties.findings),
        len(members) - decided, states["unrecorded"],
    )  # fmt: skip


NOBODY = spread_of((), None)
"""No case at all."""
