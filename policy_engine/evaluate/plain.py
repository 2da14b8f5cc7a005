"""A verdict as plain data: what programs read, and what a record keeps."""

from typing import Any

from policy_engine.evaluate.core.expression import shown
from policy_engine.language.values import Value
from policy_engine.model.duties import DUTIES
from policy_engine.model.round import CapTrace
from policy_engine.model.verdict import CeilingTrace, CriterionTrace, EligibilityTrace, Finding, RequirementTrace, RouteTrace, Verdict

Trace = CriterionTrace | RequirementTrace | RouteTrace | CeilingTrace | EligibilityTrace | Finding | CapTrace
"""What has an outcome, a clause, and interpretations that it rests on."""


def verdict_as_data(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as the contract writes it, but for the notice that stands beside every answer."""
    duties = verdict.duties
    first: dict[str, Any] = {
        "case": verdict.case, "subject": dict(verdict.subject), "edition": verdict.edition, "status": verdict.status,
        "revision": verdict.revision, "track": verdict.track, "possible_tracks": list(verdict.possible_tracks),
        "outcome": verdict.outcome, "level": verdict.level, "possible_levels": list(verdict.possible_levels),
        "gap_possible": verdict.gap_possible, "possible_exact": verdict.possible_exact, "open_questions": list(verdict.open_questions),
        "unread": list(verdict.unread),
    }  # fmt: skip
    return first | {
        "levels": [level._asdict() | {"criteria": [trace_to_data(trace) for trace in level.criteria]} for level in verdict.levels],
        "overlaps": [
            {"levels": list(o.levels), "decided": o.decided, "interpretations": list(o.interpretations)} for o in verdict.overlaps
        ],
        "interpretations": list(verdict.interpretations),
        "deductions": [d._asdict() | {"value": _plain(d.value), "because": list(d.because)} for d in verdict.deductions],
        "ineligible_possible": verdict.ineligible_possible,
        "eligibility": [trace_to_data(trace) for trace in verdict.eligibility],
        "self_level": duties.self_level,
        "proposed": verdict.level,
        "decided": [decision._asdict() for decision in duties.decided],
        "requirements": [trace_to_data(trace) for trace in duties.requirements],
        "contents": [trace_to_data(trace) for trace in duties.contents],
        "routes": {duty: traces for duty in DUTIES if (traces := [trace_to_data(r) for r in duties.routes if r.duty == duty])},
        "ceilings": [trace_to_data(trace) for trace in verdict.ceilings],
        "findings": [trace_to_data(finding) for finding in duties.findings],
        "gathered": [gathered._asdict() for gathered in duties.gathered],
        "unrecorded": list(duties.unrecorded),
        "advice": [
            advice._asdict()
            | {"changes": [{"fact": c.fact, "from": _plain(c.current), "to": _plain(c.wanted)} for c in advice.changes]}
            | {"locked": list(advice.locked), "open": list(advice.open)}
            for advice in verdict.advice
        ],
    }


def trace_to_data(trace: Trace) -> dict[str, Any]:
    """Return a trace with its interpretations as a list, and its sentence in every language."""
    plain = trace._asdict()
    for key in plain.keys() & {"says", "label"}:
        plain[key] = dict(plain[key])
    return plain | {"interpretations": list(trace.interpretations)}


def _plain(value: Value) -> Any:
    """Return a value as JSON has it: numbers and truths as they are, the rest as a case file writes it."""
    return value if isinstance(value, (bool, int)) else shown(value)
