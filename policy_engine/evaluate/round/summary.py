"""A round summed up: how the levels are spread, and which cases need somebody's eye."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from policy_engine.evaluate.duties.survey import DECISION_FINDINGS
from policy_engine.model.duties import SEVERITIES
from policy_engine.model.round import RatedEntry, Round
from policy_engine.model.verdict import CeilingTrace, Duties, Finding, RequirementTrace, RouteTrace


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


class Lacking(NamedTuple):
    """What is not met, or not recorded, of a set of requirements that many cases may share: each with its state, and how many of each."""

    traces: tuple[tuple[str, RequirementTrace], ...]
    unrecorded: tuple[RequirementTrace, ...]
    missing: int
    late: int


class Counts(NamedTuple):
    """What is counted of one case; see `Spread`."""

    missing: int
    late: int
    unrecorded: int
    findings: int


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
    unrecorded: tuple[tuple[tuple[str, ...], Paper], ...]
    """What is neither there nor missing nor late, because nobody recorded enough to tell: the cases, and the paper of the first of them.
    The one with the most of them stands first."""
    ties: tuple[Tie, ...]
    decisions: tuple[Noted, ...]
    others: tuple[Noted, ...]
    uncovered: tuple[tuple[str, RouteTrace], ...]
    """The cases for which the text names no body."""
    waiting: Mapping[str, tuple[str, ...]]
    """By refused file, the cases that lack what it would say."""
    counts: Mapping[str, Counts]
    """By case."""


def summarise(done: Round) -> Summary:
    rated = done.rated
    papers, unrecorded, counts = _papers(done)
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
    by_track = {name: _spread(group, counts, 0 if name else len(done.refused)) for name, group in tracks.items()}
    waiting: dict[str, list[str]] = {one.path: [] for one in done.refused}
    for one in rated:
        for path in {path: None for paths in one.waits.values() for path in paths if path in waiting}:
            waiting[path].append(one.case.id)
    return Summary(
        whole=_spread(rated, counts, len(done.refused)),
        units={name: _spread(group, counts, refused[name]) for name, group in units.items()},
        tracks={name: spread for name, spread in by_track.items() if spread.cases or spread.refused},
        gaps=tuple(one.case.id for one in rated if one.verdict.outcome == "gap"),
        undetermined=tuple(one.case.id for one in rated if one.verdict.outcome == "undetermined"),
        undecided={name: cases for name, group in units.items() if (cases := tuple(o.case.id for o in group if not _is_decided(o)))},
        overlaps=tuple(one.case.id for one in rated if one.verdict.overlaps),
        papers=papers,
        unrecorded=unrecorded,
        ties=ties,
        decisions=tuple(n for n in noted if n.finding.id in DECISION_FINDINGS),
        others=tuple(n for n in noted if n.finding.id not in DECISION_FINDINGS and (n.case, n.finding.id) not in tied),
        uncovered=tuple((one.case.id, r) for one in rated for r in one.verdict.duties.routes if r.outcome == "not_covered"),
        waiting={path: tuple(cases) for path, cases in waiting.items()},
        counts=counts,
    )


def _papers(done: Round) -> tuple[tuple[Paper, ...], tuple[tuple[tuple[str, ...], Paper], ...], dict[str, Counts]]:
    """Return the papers that are not met, those that are not recorded, and what is counted of each case; see `Summary`."""
    known: dict[tuple[int, int], Lacking] = {}  # cases share their traces, and the round keeps these alive
    counts: dict[str, Counts] = {}
    papers: list[Paper] = []
    unrecorded: dict[str, tuple[list[str], Paper]] = {}
    for one in done.rated:
        case, duties = one.case.id, one.verdict.duties
        key = (id(duties.requirements), id(duties.contents))
        lacking = known.get(key) or known.setdefault(key, _lacking(duties, done.as_of))
        findings = sum([finding.severity != "note" for finding in duties.findings])
        counts[case] = Counts(lacking.missing, lacking.late, len(lacking.unrecorded), findings)
        papers += [Paper(case, state, trace) for state, trace in lacking.traces]
        for trace in lacking.unrecorded:
            if trace.id in unrecorded:
                unrecorded[trace.id][0].append(case)
            else:
                unrecorded[trace.id] = [case], Paper(case, "unrecorded", trace)
    ordered = sorted(unrecorded.values(), key=lambda found: -len(found[0]))
    return tuple(papers), tuple((tuple(cases), paper) for cases, paper in ordered), counts


def _is_decided(one: RatedEntry) -> bool:
    return one.standing.origin == "decided"


def _lacking(duties: Duties, as_of: date | None) -> Lacking:
    """Return the requirements and contents that are not met, or of which nobody recorded whether they are, as it stood on a day."""
    found: list[tuple[str, RequirementTrace]] = []
    for trace in (*duties.requirements, *duties.contents):
        state = {"missing": "missing", "late": "late", "unknown": "unrecorded"}.get(trace.outcome)
        if state and as_of is not None and trace.due and state != "late":
            state = "due" if as_of.isoformat() <= trace.due else "overdue"
        if state:
            found.append((state, trace))
    states = Counter(state for state, _ in found)
    return Lacking(
        traces=tuple((state, trace) for state, trace in found if state != "unrecorded"),
        unrecorded=tuple(trace for state, trace in found if state == "unrecorded"),
        missing=states["missing"] + states["overdue"], late=states["late"],
    )  # fmt: skip


def _spread(group: Sequence[RatedEntry], counts: Mapping[str, Counts], refused: int = 0) -> Spread:
    own = [counts[one.case.id] for one in group]
    decided = sum(map(_is_decided, group))
    return Spread(
        cases=len(group),
        levels=dict(Counter(one.standing.level for one in group if one.standing.level)),
        outcomes=dict(Counter(one.verdict.outcome for one in group if one.standing.level is None)),
        decided=decided, missing=sum(one.missing for one in own), late=sum(one.late for one in own),
        findings=sum(one.findings for one in own), undecided=len(group) - decided,
        unrecorded=sum(one.unrecorded for one in own), refused=refused,
    )  # fmt: skip
