"""A round as plain data: the JSON that programs read."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from policy_engine.audit.chain import Verifier
from policy_engine.audit.replay import Against, Tally
from policy_engine.errors import N_
from policy_engine.evaluate.maps import Cited, ClauseMap, InterpretationReport, SourceFault
from policy_engine.evaluate.plain import trace_to_data, verdict_as_data
from policy_engine.evaluate.round.summary import Paper, Spread, Summary, summarise, unrecorded
from policy_engine.messages import DEFAULT_LANGUAGE, LANGUAGES, translate
from policy_engine.model.round import CapTrace, RatedEntry, Refused, Round
from policy_engine.model.rulebook import Edition
from policy_engine.model.verdict import Verdict
from policy_engine.report.problems import problem_to_data, slips_to_data

NOTICE = N_("This is a proposal worked out from the recorded facts; the competent authority decides.")
DRAFT = N_("This edition is a draft: nobody has issued it, and nothing may be decided by it.")


UNSEALED = N_("This edition says that it is issued, but there is no seal that shows it; hold it against the sealed original.")


def notices_of(status: str, *, sealed: bool) -> list[str]:
    """Return the marked sentences that stand beside every answer of an edition with this status.

    Args:
        status: `issued` or `draft`, as the edition says.
        sealed: whether a seal shows that it is what was issued.
    """
    return [NOTICE] if status == "issued" and sealed else [UNSEALED, NOTICE] if status == "issued" else [DRAFT, NOTICE]


__all__ = ["to_json", "trace_to_data", "verdict_to_data"]


def to_json(data: Any) -> str:
    """Write data as JSON for programs: Vietnamese as it is, keys in their order.

    The standard library writes indented JSON several times slower, since its fast encoder knows no indent; the text is the same.
    """
    parts: list[str] = []
    _write(data, "\n", parts.append)
    text = "".join(parts)
    return text if text.isascii() and "\x7f" not in text else _ODD.sub(_escaped, text)


_ODD = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What steers a terminal or the order of what is shown, ends a line, or is no character; JSON itself asks for no escape of these."""


def _escaped(found: re.Match[str]) -> str:
    """Return a character as JSON escapes it: the value is the same."""
    return f"\\u{ord(found[0]):04x}"


_TEXT = json.encoder.encode_basestring


def _write(value: Any, line: str, out: Callable[[str], object]) -> None:
    """Write a value whose lines begin with `line`."""
    if value.__class__ is str:
        out(_TEXT(value))
    elif isinstance(value, dict) and value:
        _write_mapping(value, line, out)  # pyright: ignore[reportUnknownArgumentType]  # its keys are texts, its values anything
    elif isinstance(value, (list, tuple)) and value:
        _write_list(value, line, out)  # pyright: ignore[reportUnknownArgumentType]
    else:
        out("null" if value is None else json.dumps(value, ensure_ascii=False))


def _write_list(value: Sequence[Any], line: str, out: Callable[[str], object]) -> None:
    """Write a list that is not empty."""
    inner = f"{line}  "
    before = f"[{inner}"
    for item in value:
        out(before)
        _write(item, inner, out)
        before = f",{inner}"
    out(f"{line}]")


def _write_mapping(value: Mapping[str, Any], line: str, out: Callable[[str], object]) -> None:
    """Write a mapping that is not empty; its keys are texts."""
    inner = f"{line}  "
    before = f"{{{inner}"
    for key, item in value.items():
        if item.__class__ is str:
            out(f"{before}{_TEXT(key)}: {_TEXT(item)}")
        else:
            out(f"{before}{_TEXT(key)}: ")
            _write(item, inner, out)
        before = f",{inner}"
    out(f"{line}}}")


def verdict_to_data(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as the contract writes it; its schema is `schemas/verdict.schema.json`."""
    notice = {
        language: " ".join(translate(n, language) for n in notices_of(verdict.status, sealed=verdict.sealed)) for language in LANGUAGES
    }
    return verdict_as_data(verdict) | {"sealed": verdict.sealed, "notice": notice}


def map_to_data(edition: Edition, found: ClauseMap, faults: Sequence[SourceFault] | None) -> dict[str, Any]:
    """Return a clause map as data; `source` is null where it was not held against the official text."""
    texts = {clause.id: clause for clause in edition.clauses}
    return {
        "edition": edition.id,
        "revision": edition.revision,
        "clauses": [
            {
                "clause": one.clause, "covered": one.covered, "below": one.below, "by": [_part(part) for part in one.by],
                "says": dict(texts[one.clause].says), "why_not": dict(texts[one.clause].why_not) or None,
                "leaves_out": dict(texts[one.clause].leaves_out) or None,
            }
            for one in found.clauses
        ],
        "strays": [_part(part) for part in found.strays],
        "source": None if faults is None else [fault._asdict() for fault in faults],
    }  # fmt: skip


def _part(part: Cited) -> dict[str, str]:
    """Return a part with its clause and words."""
    return {"sort": part.sort, "name": part.name, "clause": part.citation.clause, "phrase": part.citation.phrase}


def interpretations_to_data(edition: Edition, reports: Iterable[InterpretationReport], cases: int | None) -> dict[str, Any]:
    """Return the register as data; `cases` is null where no cases were asked about."""
    interpretations = [
        report.interpretation._asdict()
        | {
            "clauses": list(report.interpretation.clauses), "silent_on": dict(report.interpretation.silent_on),
            "text_says": dict(report.interpretation.text_says), "reading": dict(report.interpretation.interpretation),
            "alternatives": [dict(other) for other in report.interpretation.alternatives], "parts": list(report.parts),
            "cases": list(report.cases) if cases is not None else None,
        }
        for report in reports
    ]  # fmt: skip
    return {"edition": edition.id, "revision": edition.revision, "cases": cases, "interpretations": interpretations}


def replay_to_data(tally: Tally | Against, chain: Verifier) -> dict[str, Any]:
    """Return what a replay came to as data."""
    first: dict[str, Any] = {
        "records": tally.records, "head": chain.head.hash, "chain_faults": [fault._asdict() for fault in chain.faults],
    }  # fmt: skip
    if isinstance(tally, Tally):
        return first | {
            "same": tally.records - tally.causes.total(),
            "causes": dict(tally.causes),
            "differences": [drift._asdict() for drift in tally.drifts],
        }
    moves = [move._asdict() | {"reasons": [asdict(reason) for reason in move.reasons]} for move, _ in tally.moves]
    return first | {
        "against": tally.edition.id,
        "status": tally.edition.status,
        "revision": tally.edition.revision,
        "matrix": [{"before": before, "after": after, "count": count} for before, after, count in tally.matrix.cells()],
        "moved": tally.moved,
        "moves": moves,
        "not_rated": tally.not_rated,
        "unread": [{"case": name, "problem": problem_to_data(problem, DEFAULT_LANGUAGE)} for name, problem in tally.unread],
    }


def round_to_data(done: Round) -> dict[str, Any]:
    """Return a round as data; its schema is `schemas/round.schema.json`."""
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
    """Return a file that was not rated: whose it is as far as that could be read, why, and who waits for it."""
    return {
        "file": one.path, "case": one.case or None, "name": one.name, "unit": one.unit,
        "codes": list(dict.fromkeys(problem.code for problem in one.problems)), "waiting": list(summary.waiting[one.path]),
    }  # fmt: skip


def _unrecorded(cases: Sequence[str], paper: Paper) -> dict[str, Any]:
    """Return a requirement of which nobody recorded, for these cases, whether it is met."""
    trace = paper.trace
    return {
        "id": trace.id, "severity": trace.severity, "citation": trace.citation, "due": trace.due, "says": dict(trace.says),
        "count": len(cases), "cases": list(cases),
    }  # fmt: skip


def _spread(spread: Spread) -> dict[str, Any]:
    """Return counts."""
    return spread._asdict() | {"levels": dict(spread.levels), "outcomes": dict(spread.outcomes)}


def _paper(paper: Paper) -> dict[str, Any]:
    """Return a requirement that is not met."""
    return {"case": paper.case, **trace_to_data(paper.trace)}


def _cap(cap: CapTrace) -> dict[str, Any]:
    """Return how a group stands to a cap."""
    return trace_to_data(cap) | {"cases": list(cap.cases), "of": list(cap.of)}


def _case(one: RatedEntry) -> dict[str, Any]:
    """Return a verdict with its place in the round."""
    place = {"unit": one.unit, "links": dict(one.links), "stands_at": one.standing.level, "stands_by": one.standing.origin}
    return {**verdict_to_data(one.verdict), "round": place}
