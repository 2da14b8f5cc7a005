"""The clause map and the register of readings as plain data."""

from collections.abc import Iterable, Sequence
from typing import Any

from policy_engine.evaluate.coverage import Cited, ClauseMap, SourceFault
from policy_engine.evaluate.readings import ReadingReport
from policy_engine.model.rulebook import Edition


def map_to_data(edition: Edition, found: ClauseMap, faults: Sequence[SourceFault] | None) -> dict[str, Any]:
    """Give a clause map as data; `source` is null where it was not held against the official text."""
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
    """Give a part with its clause and words."""
    return {"sort": part.sort, "name": part.name, "clause": part.citation.clause, "phrase": part.citation.phrase}


def readings_to_data(edition: Edition, reports: Iterable[ReadingReport], cases: int | None) -> dict[str, Any]:
    """Give the register as data; `cases` is null where no cases were asked about."""
    readings = [
        report.reading._asdict()
        | {
            "clauses": list(report.reading.clauses), "silent_on": dict(report.reading.silent_on),
            "text_says": dict(report.reading.text_says), "reading": dict(report.reading.reading),
            "alternatives": [dict(other) for other in report.reading.alternatives], "parts": list(report.parts),
            "cases": list(report.cases) if cases is not None else None,
        }
        for report in reports
    ]  # fmt: skip
    return {"edition": edition.id, "revision": edition.revision, "cases": cases, "interpretations": readings}
