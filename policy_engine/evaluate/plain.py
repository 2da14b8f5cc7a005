"""A verdict as plain data: what programs read, what a record keeps, and what the author of a case expects of it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from policy_engine.evaluate.core.evidence import observed
from policy_engine.evaluate.core.expression import shown
from policy_engine.language.values import Value, is_array, is_object
from policy_engine.model.case import Case
from policy_engine.model.duties import DUTIES
from policy_engine.model.evidence import Compared, Evidence
from policy_engine.model.round import CapTrace
from policy_engine.model.rulebook import Edition
from policy_engine.model.verdict import (
    CeilingTrace,
    CriterionTrace,
    Deduction,
    EligibilityTrace,
    Finding,
    LevelTrace,
    RequirementTrace,
    RouteTrace,
    Verdict,
)

if TYPE_CHECKING:
    from policy_engine.evaluate.transitions import Reason, View

_PARTLY = ("criteria", "requirements", "contents", "ceilings", "routes", "route_ids")
"""What is held only for the ids that a case names."""
_OF_OTHERS = {"route_ids": "not_applicable"}
"""What came of an id that the verdict does not have: a route that does not concern the subject leaves no trace."""
_UNORDERED = ("open_questions", "findings")
SEEN = ("met", "not_met", "unknown")
"""How a criterion should have been seen by a set of cases that covers it."""


class Unmet(NamedTuple):
    """One expectation that does not hold: its key, what was expected, and what came out."""

    key: str
    wanted: object
    found: object


class Uncovered(NamedTuple):
    track: str
    level: str
    criterion: str
    citation: str
    never: tuple[str, ...]


def outcome_of(verdict: Verdict) -> dict[str, object]:
    """Return of a verdict what a case may expect, in the forms in which it is written there."""
    duties = verdict.duties
    return {
        "outcome": verdict.outcome,
        "level": verdict.level,
        "possible_levels": list(verdict.possible_levels),
        "gap_possible": verdict.gap_possible,
        "open_questions": sorted(verdict.open_questions),
        "interpretations": list(verdict.interpretations),
        "overlaps": [list(overlap.levels) for overlap in verdict.overlaps],
        "criteria": {c.id: c.outcome for trace in verdict.levels for c in trace.criteria},
        "requirements": {trace.id: trace.outcome for trace in duties.requirements},
        "contents": {trace.id: trace.outcome for trace in duties.contents},
        "ceilings": {trace.id: trace.outcome for trace in verdict.ceilings},
        "routes": {duty: sorted({r.body for r in duties.routes if r.duty == duty and r.outcome == "owed" and r.body}) for duty in DUTIES},
        "route_ids": {trace.id: trace.outcome for trace in duties.routes},
        "findings": sorted(finding.id for finding in duties.findings),
    }


def line_of(case: Case, missed: Iterable[Unmet]) -> int:
    """Return the line of a case that states the first expectation which is not met; that of all of them where it is not known."""
    keys = [key for miss in missed for key in (tuple(miss.key.split(".", 1)), (miss.key,))]
    places = (case.places.get(("expect", *key)) for key in [*keys, ()])
    return next((place.line for place in places if place), 1)


def unmet(expected: Mapping[str, object], verdict: Verdict) -> tuple[Unmet, ...]:
    """Return the expectations that a verdict does not meet; ids are held for what the case names, and order where it counts."""
    seen = outcome_of(verdict)
    found: list[Unmet] = []
    for key, wanted in expected.items():
        came = seen[key]
        if key in _PARTLY and is_object(wanted) and is_object(came):
            pairs = ((f"{key}.{name}", _sorted(value), came.get(name, _OF_OTHERS.get(key))) for name, value in wanted.items())
            found += [Unmet(*pair) for pair in pairs if pair[1] != pair[2]]
        elif (_sorted(wanted) if key in _UNORDERED else wanted) != came:
            found.append(Unmet(key, wanted, came))
    return tuple(found)


def _sorted(value: object) -> object:
    return sorted(value) if is_array(value) else value


class Coverage:
    """How the criteria of an edition were seen to come out, verdict by verdict."""

    def __init__(self, edition: Edition) -> None:
        self.edition = edition
        self._seen: dict[tuple[str, str], set[str]] = {}
        self._criteria: dict[tuple[str, str], tuple[str, str]] = {}
        """Each criterion of each track once, with its clause, under the first level that uses it."""
        for track in edition.tracks:
            for rule in track.levels:
                for criterion in rule.criteria:
                    self._criteria.setdefault((track.id, criterion.id), (rule.level, criterion.citation.clause))

    def take(self, verdict: Verdict) -> None:
        for trace in verdict.levels:
            for criterion in trace.criteria:
                self._seen.setdefault((verdict.track or "", criterion.id), set()).add(criterion.outcome)

    @property
    def total(self) -> int:
        return len(SEEN) * len(self._criteria)

    def uncovered(self) -> tuple[Uncovered, ...]:
        """Return the criteria that were not seen in every way, in the order of the edition."""
        found: list[Uncovered] = []
        for (track, name), (level, clause) in self._criteria.items():
            never = tuple(way for way in SEEN if way not in self._seen.get((track, name), ()))
            if never:
                found.append(Uncovered(track=track, level=level, criterion=name, citation=clause, never=never))
        return tuple(found)


Trace = LevelTrace | CriterionTrace | RequirementTrace | RouteTrace | CeilingTrace | EligibilityTrace | Finding | CapTrace | Deduction
"""What came out of a part of an edition, and what it rests on."""


Shows = Literal["whole", "line", "whole lists"]
"""What is written of evidence: every comparison; the line `observed` alone; that line as records had it before form 3."""


def verdict_as_data(verdict: Verdict, *, evidence: Shows = "whole", data: Callable[[Sequence[Trace]], Any] | None = None) -> dict[str, Any]:
    """Return a verdict as the contract writes it, but for the notice that stands beside every answer.

    Args:
        verdict: the verdict.
        evidence: how much of what was compared is written.
        data: makes of traces what stands for them; where it is not given, a list of their data.
    """

    def plain(traces: Sequence[Trace]) -> Any:
        return [trace_to_data(trace, evidence=evidence) for trace in traces]

    data = data or plain
    duties = verdict.duties
    first: dict[str, Any] = {
        "case": verdict.case, "subject": dict(verdict.subject), "edition": verdict.edition, "status": verdict.status,
        "revision": verdict.revision, "track": verdict.track, "possible_tracks": list(verdict.possible_tracks),
        "outcome": verdict.outcome, "level": verdict.level, "possible_levels": list(verdict.possible_levels),
        "gap_possible": verdict.gap_possible, "possible_exact": verdict.possible_exact, "open_questions": list(verdict.open_questions),
        "unread": list(verdict.unread),
    }  # fmt: skip
    return first | {
        "levels": data(verdict.levels),
        "overlaps": [
            {"levels": list(o.levels), "decided": o.decided, "interpretations": list(o.interpretations)} for o in verdict.overlaps
        ],
        "interpretations": list(verdict.interpretations),
        "deductions": data(verdict.deductions),
        "ineligible_possible": verdict.ineligible_possible,
        "eligibility": data(verdict.eligibility),
        "self_level": duties.self_level,
        "proposed": verdict.level,
        "decided": [decision._asdict() for decision in duties.decided],
        "requirements": data(duties.requirements),
        "contents": data(duties.contents),
        "routes": {duty: data(traces) for duty in DUTIES if (traces := [r for r in duties.routes if r.duty == duty])},
        "ceilings": data(verdict.ceilings),
        "findings": data(duties.findings),
        "gathered": [gathered._asdict() for gathered in duties.gathered],
        "unrecorded": list(duties.unrecorded),
        "advice": [
            advice._asdict()
            | {"changes": [{"fact": c.fact, "from": _plain(c.current), "to": _plain(c.wanted)} for c in advice.changes]}
            | {"locked": list(advice.locked), "open": list(advice.open)}
            for advice in verdict.advice
        ],
    }


def trace_to_data(trace: Trace, *, evidence: Shows = "whole", data: Callable[[Sequence[Trace]], Any] | None = None) -> dict[str, Any]:
    """Return a trace with its interpretations as a list, its sentence in every language, and what was compared, in words and figures.

    See `verdict_as_data` for `evidence` and `data`.
    """
    plain: dict[str, Any] = {}
    for key, value in trace._asdict().items():
        if key == "evidence":
            plain.update(_evidence(value, evidence))
        elif key == "criteria":
            plain[key] = data(value) if data else [trace_to_data(one, evidence=evidence) for one in value]
        else:
            plain[key] = _FORMS[key](value) if key in _FORMS else value
    return plain


def reason_to_data(reason: "Reason") -> dict[str, Any]:
    """Return what a move rests on."""
    data = {field: getattr(reason, field) for field in ("kind", "criterion", "level", "citation", "phrase")}
    views = {side: None if view is None else _view(view) for side, view in (("before", reason.before), ("after", reason.after))}
    return data | _held(reason) | {"side": reason.side} | views


def _view(view: "View") -> dict[str, Any]:
    return {"outcome": view.outcome} | _held(view) | {"phrase": view.phrase, "thresholds": view.thresholds, "says": dict(view.says)}


def _held(one: "Reason | View") -> dict[str, Any]:
    """Return the figures; of what compares none, what it is held against."""
    found = _evidence(one.evidence, "whole")
    return found | {"observed": one.against or found["observed"]}


def _evidence(evidence: Evidence, shows: Shows) -> dict[str, Any]:
    """Return what was compared: `observed` in one line, and where the whole is wanted `evidence`, comparison by comparison."""
    line: dict[str, Any] = {"observed": observed(evidence, whole_lists=shows == "whole lists")}
    return line | {"evidence": [_compared(one) for one in evidence.comparisons]} if shows == "whole" else line


def _compared(one: Compared) -> dict[str, Any]:
    """Return one comparison; what does not concern a side is left out of it."""
    sides: list[dict[str, Any]] = []
    for side in one.sides:
        data: dict[str, Any] = {"text": side.text, "type": side.type, "value": _plain(side.value)}
        if side.unit:
            data["unit"] = dict(side.unit)
        if side.whole is not None:
            data |= {"part": _plain(side.part), "whole": _plain(side.whole)}
        if side.items is not None:
            data["items"] = list(side.items)
        sides.append(data)
    return {"text": one.text, "truth": _plain(one.truth), "sides": sides}


def _plain(value: Value | None) -> Any:
    """Return a value as JSON has it: numbers and truths as they are, the rest as a case file writes it; null for what was never asked."""
    return value if value is None or isinstance(value, (bool, int)) else shown(value)


_FORMS: Mapping[str, Callable[[Any], Any]] = {"says": dict, "label": dict, "interpretations": list, "because": list, "value": _plain}
"""How the fields of a trace are written that are not written as they are."""
