"""A round summed up: how the levels are spread, and which cases need somebody's eye."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from policy_engine.evaluate.duties.survey import DECISION_FINDINGS
from policy_engine.model.duties import SEVERITIES
from policy_engine.model.round import RatedEntry, Round
from policy_engine.model.verdict import CeilingTrace, Finding, RequirementTrace, RouteTrace


class Spread(NamedTuple):
    """How some cases are spread: by the level at which they stand, else by their outcome; how many levels are decided.

    `undecided` are those that do not stand at a decided level. `unrecorded` counts the requirements of which nobody can say
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
    case: str
    trace: CeilingTrace


class Noted(NamedTuple):
    case: str
    finding: Finding


class Summary(NamedTuple):
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
    uncovered: tuple[tuple[str, RouteTrace], ...]
    """The cases for which the text names no body."""
    waiting: Mapping[str, tuple[str, ...]]
    """By refused file, the cases that lack what it would say."""


def summarise(done: Round) -> Summary:
    rated = done.rated
    noted = sorted(
        (Noted(one.case.id, finding) for one in rated for finding in one.verdict.duties.findings),
        key=lambda n: SEVERITIES.index(n.finding.severity),
    )
    ties = tuple(Tie(one.case.id, trace) for one in rated for trace in one.verdict.ceilings if trace.outcome == "exceeded")
    tied = {(tie.case, tie.trace.id) for tie in ties}
    units: dict[str, list[RatedEntry]] = {name: [] for name in (*done.units, *(one.unit for one in done.refused))}
    tracks: dict[str, list[RatedEntry]] = {name: [] for name in (*(track.id for track in done.edition.tracks), *[""][: len(done.refused)])}
    for one in rated:
        units.setdefault(one.unit, []).append(one)
        tracks.setdefault(one.verdict.track or "", []).append(one)
    refused = Counter(one.unit for one in done.refused)
    by_track = {name: spread_of(group, done.as_of, 0 if name else len(done.refused)) for name, group in tracks.items()}
    papers = [paper for one in rated for paper in _papers(one, done.as_of)]
    waiting: dict[str, list[str]] = {one.path: [] for one in done.refused}
    for one in rated:
        for path in {path: None for paths in one.waits.values() for path in paths if path in waiting}:
            waiting[path].append(one.case.id)
    return Summary(
        whole=spread_of(rated, done.as_of, len(done.refused)),
        units={name: spread_of(group, done.as_of, refused[name]) for name, group in units.items()},
        tracks={name: spread for name, spread in by_track.items() if spread.cases or spread.refused},
        gaps=tuple(one.case.id for one in rated if one.verdict.outcome == "gap"),
        undetermined=tuple(one.case.id for one in rated if one.verdict.outcome == "undetermined"),
        undecided={name: cases for name, group in units.items() if (cases := tuple(o.case.id for o in group if not _is_decided(o)))},
        overlaps=tuple(one.case.id for one in rated if one.verdict.overlaps),
        papers=tuple(paper for paper in papers if paper.state != "unrecorded"),
        unrecorded=tuple(paper for paper in papers if paper.state == "unrecorded"),
        ties=ties,
        decisions=tuple(n for n in noted if n.finding.id in DECISION_FINDINGS),
        others=tuple(n for n in noted if n.finding.id not in DECISION_FINDINGS and (n.case, n.finding.id) not in tied),
        uncovered=tuple((one.case.id, r) for one in rated for r in one.verdict.duties.routes if r.outcome == "not_covered"),
        waiting={path: tuple(cases) for path, cases in waiting.items()},
    )


def unrecorded(summary: Summary) -> list[tuple[tuple[str, ...], Paper]]:
    """Return each requirement that is not recorded of some cases, with these cases; the one with the most of them first."""
    found: dict[str, list[Paper]] = {}
    for paper in summary.unrecorded:
        found.setdefault(paper.trace.id, []).append(paper)
    ordered = sorted(found.values(), key=lambda papers: -len(papers))
    return [(tuple(paper.case for paper in papers), papers[0]) for papers in ordered]


def _is_decided(one: RatedEntry) -> bool:
    return one.standing.origin == "decided"


def _papers(one: RatedEntry, as_of: date | None) -> Iterator[Paper]:
    """Return the requirements and contents of a case that are not met, or of which nobody recorded whether they are."""
    for trace in (*one.verdict.duties.requirements, *one.verdict.duties.contents):
        state = {"missing": "missing", "late": "late", "unknown": "unrecorded"}.get(trace.outcome)
        if state:
            if as_of is not None and trace.due and state != "late":
                state = "due" if as_of.isoformat() <= trace.due else "overdue"
            yield Paper(one.case.id, state, trace)


def spread_of(group: Iterable[RatedEntry], as_of: date | None, refused: int = 0) -> Spread:
    members = list(group)
    states = Counter(paper.state for one in members for paper in _papers(one, as_of))
    decided = sum(map(_is_decided, members))
    return Spread(
        cases=len(members),
        levels=dict(Counter(one.standing.level for one in members if one.standing.level)),
        outcomes=dict(Counter(one.verdict.outcome for one in members if one.standing.level is None)),
        decided=decided,
        missing=states["missing"] + states["overdue"],
        late=states["late"],
        findings=sum(finding.severity != "note" for one in members for finding in one.verdict.duties.findings),
        undecided=len(members) - decided,
        unrecorded=states["unrecorded"],
        refused=refused,
    )
