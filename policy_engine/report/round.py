"""A round as plain data: the JSON that programs read."""

from collections.abc import Sequence
from typing import Any

from policy_engine.evaluate.summary import Paper, Spread, Summary, summarise, unrecorded
from policy_engine.messages import LANGUAGES, translate
from policy_engine.model.round import CapTrace, RatedEntry, Refused, Round
from policy_engine.report.data import trace_to_data, verdict_to_data
from policy_engine.report.notices import notices_of
from policy_engine.report.slips import slips_to_data


def round_to_data(done: Round) -> dict[str, Any]:
    """Give a round as data; its schema is `schemas/round.schema.json`."""
    summary = summarise(done)
    rated = {one.case.id: one for one in done.rated}
    notices = notices_of(done.edition.status, sealed=done.edition.sealed)
    return {
        "round": done.id, "edition": done.edition.id, "status": done.edition.status, "sealed": done.edition.sealed,
        "revision": done.edition.revision,
        "as_of": done.as_of.isoformat() if done.as_of else None,
        "files": len(done.rated) + len(done.refused),
        "refused": [_refused(one, summary) for one in done.refused],
        "problems": slips_to_data(done.problems),
        "spread": _spread(summary.whole),
        "units": [{"unit": name, "name": done.units.get(name, ""), **_spread(spread)} for name, spread in summary.units.items()],
        "tracks": [{"track": name or None, **_spread(spread)} for name, spread in summary.tracks.items()],
        "gaps": list(summary.gaps),
        "undetermined": [
            {"case": one, "open_questions": list(rated[one].verdict.open_questions), "held_up_by": list(rated[one].held_up)}
            for one in summary.undetermined
        ],
        "undecided": [case for cases in summary.undecided.values() for case in cases],
        "overlaps": [{"case": one, "levels": list(o.levels)} for one in summary.overlaps for o in rated[one].verdict.overlaps],
        **{state: [_paper(paper) for paper in summary.papers if paper.state == state] for state in ("missing", "late", "overdue", "due")},
        "unrecorded": [_unrecorded(cases, paper) for cases, paper in unrecorded(summary)],
        "ties": [{"case": tie.case, **trace_to_data(tie.trace)} for tie in summary.ties],
        "decisions": [{"case": noted.case, **trace_to_data(noted.finding)} for noted in summary.decisions],
        "findings": [{"case": noted.case, **trace_to_data(noted.finding)} for noted in summary.others],
        "not_covered": [{"case": case, **trace_to_data(route)} for case, route in summary.uncovered],
        "caps": [_cap(cap) for cap in done.caps],
        "cases": [_case(one) for one in done.rated],
        "notice": {language: " ".join(translate(n, language) for n in notices) for language in LANGUAGES},
    }  # fmt: skip


def _refused(one: Refused, summary: Summary) -> dict[str, Any]:
    """Give a file that was not rated: whose it is as far as that could be read, why, and who waits for it."""
    return {
        "file": one.path, "case": one.case or None, "name": one.name, "unit": one.unit,
        "codes": list(dict.fromkeys(problem.code for problem in one.problems)), "waiting": list(summary.waiting[one.path]),
    }  # fmt: skip


def _unrecorded(cases: Sequence[str], paper: Paper) -> dict[str, Any]:
    """Give a requirement of which nobody recorded, for these cases, whether it is met."""
    trace = paper.trace
    return {
        "id": trace.id, "severity": trace.severity, "citation": trace.citation, "due": trace.due, "says": dict(trace.says),
        "count": len(cases), "cases": list(cases),
    }  # fmt: skip


def _spread(spread: Spread) -> dict[str, Any]:
    """Give counts."""
    return spread._asdict() | {"levels": dict(spread.levels), "outcomes": dict(spread.outcomes)}


def _paper(paper: Paper) -> dict[str, Any]:
    """Give a requirement that is not met."""
    return {"case": paper.case, **trace_to_data(paper.trace)}


def _cap(cap: CapTrace) -> dict[str, Any]:
    """Give how a group stands to a cap."""
    return trace_to_data(cap) | {"cases": list(cap.cases), "of": list(cap.of)}


def _case(one: RatedEntry) -> dict[str, Any]:
    """Give a verdict with its place in the round."""
    place = {"unit": one.unit, "links": dict(one.links), "stands_at": one.standing.level, "stands_by": one.standing.origin}
    return {**verdict_to_data(one.verdict), "round": place}
