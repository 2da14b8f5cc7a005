"""Maps, registers, editions, rounds, replays, comparisons and proofs as plain data: what programs read."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from policy_engine.audit.chain import Verifier
from policy_engine.audit.replay import Against, Tally
from policy_engine.compare.differences import KINDS, NotRated, PartDifference, Shift, Shown
from policy_engine.errors import Problem
from policy_engine.evaluate.maps import Cited, ClauseMap, InterpretationReport, SourceFault
from policy_engine.evaluate.plain import reason_to_data, trace_to_data
from policy_engine.evaluate.round.summary import Spread, summarise
from policy_engine.explain.blocks import NOTICE, notices_of, status_word
from policy_engine.explain.editions import SealStanding, Shelved, holds, is_whole
from policy_engine.messages import DEFAULT_LANGUAGE, LANGUAGES, N_, translate
from policy_engine.model.round import RatedEntry, Round
from policy_engine.model.rulebook import Edition
from policy_engine.model.verdict import Verdict
from policy_engine.report.json import notice_to_data, verdict_to_data, verdict_to_write
from policy_engine.report.problems import grouped_to_data, message_of, problem_to_data, refused_notice

if TYPE_CHECKING:
    from policy_engine.prove.claims import Claim, ClaimPart, Witness
    from policy_engine.prove.edition import Proof
    from policy_engine.prove.transitions import Passages


def _edition(edition: Edition) -> dict[str, str]:
    return {"edition": edition.id, "status": edition.status, "revision": edition.revision}


def map_to_data(edition: Edition, found: ClauseMap, faults: Sequence[SourceFault] | None) -> dict[str, Any]:
    """Return a clause map as data; `source` is null where it was not held against the official text."""

    def part(cited: Cited) -> dict[str, str]:
        return {"sort": cited.sort, "name": cited.name, "clause": cited.citation.clause, "phrase": cited.citation.phrase}

    texts = {clause.id: clause for clause in edition.clauses}
    return {
        "edition": edition.id,
        "revision": edition.revision,
        "clauses": [
            {
                "clause": one.clause, "covered": one.covered, "below": one.below, "by": [part(cited) for cited in one.by],
                "says": dict(texts[one.clause].says), "why_not": dict(texts[one.clause].why_not) or None,
                "leaves_out": dict(texts[one.clause].leaves_out) or None,
            }
            for one in found.clauses
        ],
        "strays": [part(cited) for cited in found.strays],
        "source": None if faults is None else [fault._asdict() for fault in faults],
    }  # fmt: skip


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


def shelved_to_data(one: Shelved) -> dict[str, Any]:
    """Return an edition in its place in a library as data."""
    edition = one.edition
    begins, until = edition.in_force
    return {
        "edition": edition.id, "status": edition.status, "title": dict(edition.title),
        "period": [edition.begins.isoformat(), edition.until.isoformat()],
        "in_force": [begins.isoformat() if begins else None, until.isoformat() if until else None],
        "supersedes": edition.supersedes or None, "encoded_at": edition.encoded_at.isoformat() if edition.encoded_at else None,
        "revision": edition.revision, "folder": one.folder, "sealed": one.report.sealed,
        "whole": is_whole(one.report) if one.report.sealed else None, "shown": edition.sealed, "as_shipped": one.as_shipped,
        "counts": {
            "facts": len(edition.facts), "tracks": len(edition.tracks), "chapters": len(edition.chapters),
            "readings": len(edition.register),
        },
    }  # fmt: skip


def held_to_data(one: SealStanding) -> dict[str, Any]:
    """Return how an edition stands to its seal as data."""
    report = one.report
    differences = [difference._asdict() | {"path": ".".join(map(str, difference.path))} for difference in report.differences]
    return {
        "edition": one.name, "sealed": report.sealed, "whole": is_whole(report) if report.sealed else None,
        "differences": differences, "missing": list(report.missing), "added": list(report.added),
        "text_only": list(report.text_only), "copy_kept": report.copy_kept, "status": one.status or None,
        "as_shipped": one.as_shipped, "gone": one.gone, "holds": holds(one),
    }  # fmt: skip


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
    return first | {
        "against": tally.edition.id,
        "status": tally.edition.status,
        "revision": tally.edition.revision,
        "matrix": [{"before": before, "after": after, "count": count} for before, after, count in tally.matrix.cells()],
        "moved": tally.moved,
        "moves": [move._asdict() | {"reasons": [reason_to_data(reason) for reason in move.reasons]} for move, _ in tally.moves],
        "not_rated": tally.not_rated,
        "unread": [{"case": name, "problem": problem_to_data(problem, DEFAULT_LANGUAGE)} for name, problem in tally.unread],
    }


def round_to_data(done: Round, *, to_write: bool = False) -> dict[str, Any]:
    """Return a round as data; its schema is `schemas/round.schema.json`. For a `Writer`, its cases are made one by one."""
    summary = summarise(done)
    cases = (_rated(one, verdict_to_write if to_write else verdict_to_data) for one in done.rated)
    rated = {one.case.id: one for one in done.rated}
    papers = {
        state: [{"case": paper.case, **trace_to_data(paper.trace)} for paper in summary.papers if paper.state == state]
        for state in ("missing", "late", "overdue", "due")
    }
    return {
        "round": done.id, "edition": done.edition.id, "status": done.edition.status, "sealed": done.edition.sealed,
        "revision": done.edition.revision,
        "as_of": done.as_of.isoformat() if done.as_of else None,
        "files": len(done.rated) + len(done.refused),
        "refused": [
            {
                "file": one.path, "case": one.case or None, "name": one.name, "unit": one.unit,
                "codes": list(dict.fromkeys(problem.code for problem in one.problems)), "waiting": list(summary.waiting[one.path]),
            }
            for one in done.refused
        ],
        "problems": grouped_to_data(done.problems),
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
        **papers,
        "unrecorded": [
            {
                "id": paper.trace.id, "severity": paper.trace.severity, "citation": paper.trace.citation, "due": paper.trace.due,
                "says": dict(paper.trace.says), "count": len(cases), "cases": list(cases),
            }
            for cases, paper in summary.unrecorded
        ],
        "ties": [{"case": tie.case, **trace_to_data(tie.trace)} for tie in summary.ties],
        "decisions": [{"case": noted.case, **trace_to_data(noted.finding)} for noted in summary.decisions],
        "findings": [{"case": noted.case, **trace_to_data(noted.finding)} for noted in summary.others],
        "not_covered": [{"case": case, **trace_to_data(route)} for case, route in summary.uncovered],
        "caps": [trace_to_data(cap) | {"cases": list(cap.cases), "of": list(cap.of)} for cap in done.caps],
        "cases": cases if to_write else list(cases),
        "notice": notice_to_data(done.edition.status, sealed=done.edition.sealed),
    }  # fmt: skip


def _rated(one: RatedEntry, data: Callable[[Verdict], dict[str, Any]]) -> dict[str, Any]:
    standing = {"stands_at": one.standing.level, "stands_by": one.standing.origin}
    return data(one.verdict) | {"round": {"unit": one.unit, "links": dict(one.links), **standing}}


def _spread(spread: Spread) -> dict[str, Any]:
    return spread._asdict() | {"levels": dict(spread.levels), "outcomes": dict(spread.outcomes)}


def notes_of(editions: Sequence[Edition], language: str, rounds: Sequence[str], *, rated: bool) -> list[str]:
    """Return what stands beside every comparison: which editions these are, that a draft decides nothing, how cases were rated.

    Args:
        editions: the editions.
        language: `vi` or `en`.
        rounds: the folders of cases that are rounds.
        rated: whether cases were rated.
    """
    notes: list[str] = []
    stands = N_("Edition {edition} ({status}), revision {revision}…")
    alone = N_("`{folder}` is a round: its cases are rated one by one, without what they take from each other.")
    for edition in editions:
        status = status_word(edition.status, language, sealed=edition.sealed)
        notes.append(translate(stands, language, edition=edition.id, status=status, revision=edition.revision[:19]))
        notes += [translate(note, language) for note in notices_of(edition.status, sealed=edition.sealed) if note != NOTICE]
    notes += [translate(alone, language, folder=folder) for folder in rounds]
    return [*notes, translate(NOTICE, language)] if rated else notes


def compare_to_data(
    before: Edition, after: Edition, changes: Sequence[PartDifference], shift: Shift | None, rounds: Sequence[str] = ()
) -> Mapping[str, object]:  # fmt: skip
    """Return a comparison as data; its schema is `schemas/compare.schema.json`. `cases` is null where none were asked about."""
    counts = {kind: sum(change.change == kind for change in changes) for kind in KINDS}
    return {
        "before": _edition(before),
        "after": _edition(after),
        "counts": counts | {"wording": sum(change.wording for change in changes)},
        "changes": [_change(change) for change in changes],
        "cases": None if shift is None else {
            "rated": shift.matrix.total,
            "matrix": [{"before": old, "after": new, "count": count} for old, new, count in shift.matrix.cells()],
            "moves": [
                {"file": one.file, **one.move._asdict(), "reasons": [*map(reason_to_data, one.move.reasons)]} for one in shift.moved
            ],
            "not_rated": [_not_rated(one) for one in shift.not_rated],
        },
        "notice": {
            language: " ".join(notes_of((before, after), language, rounds, rated=shift is not None)) for language in LANGUAGES
        },
        "problems": [],
    }  # fmt: skip


def nothing_compared(problems: Sequence[Problem]) -> Mapping[str, object]:
    """Return the keys of a comparison where the editions or the cases could not be read."""
    counts = dict.fromkeys((*KINDS, "wording"), 0)
    return {"before": None, "after": None, "counts": counts, "changes": [], "cases": None, "notice": refused_notice(problems)}


def _change(change: PartDifference) -> Mapping[str, object]:
    def shown(value: Shown) -> object:
        if value is None or isinstance(value, (str, bool)):
            return value
        if isinstance(value, tuple):
            return [one if isinstance(one, str) else dict(one) for one in value]
        return dict(value) or None

    fields = [{"name": field.name, "before": shown(field.before), "after": shown(field.after)} for field in change.fields]
    return change._asdict() | {"owner": change.owner._asdict(), "says": dict(change.says) or None, "fields": fields}


def _not_rated(one: NotRated) -> Mapping[str, object]:
    """Return a file that could not be rated, with the first thing wrong."""
    place = one.problem.location
    message = {language: message_of(one.problem, language) for language in LANGUAGES}
    return {
        "file": one.file, "edition": one.edition, "code": one.problem.code, "line": place.line, "column": place.column, "message": message,
    }  # fmt: skip


def proof_to_data(proof: "Proof") -> Mapping[str, object]:
    """Return a proof as data; its schema is `schemas/prove.schema.json`."""
    from policy_engine.prove.claims import ANSWERS

    counts = {answer: sum(claim.answer == answer for claim in proof.claims) for answer in ANSWERS}
    claims = [_claim(claim) for claim in proof.claims]
    return {**_edition(proof.edition), "passed": proof.passed, "counts": counts, "claims": claims, "problems": []}


def nothing_proven() -> dict[str, object]:
    """Return the keys of a proof where the editions could not be read."""
    from policy_engine.prove.claims import ANSWERS

    return {"edition": None, "status": None, "revision": None, "passed": False, "counts": dict.fromkeys(ANSWERS, 0), "claims": []}


def _claim(claim: "Claim") -> dict[str, object]:
    return {
        "id": claim.id, "kind": claim.kind, "track": claim.track or None, "answer": claim.answer, "about": list(claim.about),
        "clauses": list(claim.clauses), "declared": list(claim.declared), "says": dict(claim.says) or None, "reason": claim.reason,
        "regions": [
            {"failing": _parts(region.parts), "figures": [span._asdict() for span in region.spans]} for region in claim.regions
        ],
        "criteria": _parts(claim.parts),
        "witness": _witness(claim.witness), "then": _witness(claim.then),
    }  # fmt: skip


def _parts(parts: "Iterable[ClaimPart]") -> list[dict[str, str]]:
    return [{"id": part.criterion, "level": part.level, "citation": part.citation} for part in parts]


def _witness(witness: "Witness | None") -> dict[str, object] | None:
    """Return a smallest case: every value as a case file writes it."""
    if not witness:
        return None
    return {"edition": witness.edition, "track": witness.track, "outcome": witness.outcome, "facts": dict(witness.facts)}


def passages_to_data(passages: "Passages") -> dict[str, object]:
    """Return what is possible between two editions."""
    return {
        "settled": passages.settled,
        "facts_only_before": list(passages.only_before),
        "facts_only_after": list(passages.only_after),
        "facts_declared_otherwise": list(passages.apart),
        "tracks_left_out": list(passages.lost),
        "passages": [
            {
                "before": pair.before, "after": pair.after, "can_differ": pair.can_differ, "excluded": pair.excluded, "reason": pair.reason,
                "transitions": [
                    {
                        "before": one.before, "after": one.after, "answer": one.answer,
                        "witness": {"before": _witness(one.witness[0]), "after": _witness(one.witness[1])} if one.witness else None,
                    }
                    for one in pair.transitions
                ],
            }
            for pair in passages.passages
        ],
    }  # fmt: skip
