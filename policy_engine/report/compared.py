"""A proof, and what two editions make of every case, as plain data: the JSON that programs read."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from policy_engine.compare.differences import KINDS, Change, NotRated, Shift
from policy_engine.compare.parts import Shown
from policy_engine.errors import N_, Problem
from policy_engine.explain.blocks import status_word
from policy_engine.messages import LANGUAGES, translate
from policy_engine.model.rulebook import Edition
from policy_engine.prove.edition import Proof
from policy_engine.prove.claims import ANSWERS, Claim, Region, Witness
from policy_engine.prove.transitions import Passage, Passages
from policy_engine.report.json import NOTICE, notices_of
from policy_engine.report.problems import message_of, refused_notice

STANDS = N_("Edition {edition} ({status}), revision {revision}…")
CASE_BY_CASE = N_("`{folder}` is a round: its cases are rated one by one, without what they take from each other.")


def notes_of(editions: Sequence[Edition], language: str, rounds: Sequence[str], *, rated: bool) -> list[str]:
    """Return what stands beside every comparison: which editions these are, that a draft decides nothing, how cases were rated.

    Args:
        editions: the two editions.
        language: `vi` or `en`.
        rounds: the folders of cases that are rounds.
        rated: whether cases were rated.
    """
    notes: list[str] = []
    for edition in editions:
        status = status_word(edition.status, language, sealed=edition.sealed)
        notes.append(translate(STANDS, language, edition=edition.id, status=status, revision=edition.revision[:19]))
        notes += [translate(note, language) for note in notices_of(edition.status, sealed=edition.sealed) if note != NOTICE]
    notes += [translate(CASE_BY_CASE, language, folder=folder) for folder in rounds]
    return [*notes, translate(NOTICE, language)] if rated else notes


def compare_to_data(
    before: Edition, after: Edition, changes: Sequence[Change], shift: Shift | None, rounds: Sequence[str] = ()
) -> Mapping[str, object]:  # fmt: skip
    """Return a comparison as data; its schema is `schemas/compare.schema.json`. `cases` is null where none were asked about."""
    editions = (before, after)
    counts = {kind: sum(change.change == kind for change in changes) for kind in KINDS}
    return {
        "before": _edition(before),
        "after": _edition(after),
        "counts": counts | {"wording": sum(change.wording for change in changes)},
        "changes": [_change(change) for change in changes],
        "cases": None if shift is None else _shift(shift),
        "notice": {language: " ".join(notes_of(editions, language, rounds, rated=shift is not None)) for language in LANGUAGES},
        "problems": [],
    }


def nothing_compared(problems: Sequence[Problem]) -> Mapping[str, object]:
    """Return the keys of a comparison where the editions or the cases could not be read."""
    counts = dict.fromkeys((*KINDS, "wording"), 0)
    return {"before": None, "after": None, "counts": counts, "changes": [], "cases": None, "notice": refused_notice(problems)}


def _edition(edition: Edition) -> dict[str, str]:
    """Say which edition it is."""
    return {"edition": edition.id, "status": edition.status, "revision": edition.revision}


def _change(change: Change) -> Mapping[str, object]:
    """Return one difference."""
    fields = [{"name": field.name, "before": _plain(field.before), "after": _plain(field.after)} for field in change.fields]
    return change._asdict() | {"owner": change.owner._asdict(), "says": dict(change.says) or None, "fields": fields}


def _plain(value: Shown) -> object:
    """Return what a field holds as JSON has it: nothing at all is null."""
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, tuple):
        return [one if isinstance(one, str) else dict(one) for one in value]
    return dict(value) or None


def _shift(shift: Shift) -> Mapping[str, object]:
    """Return what the editions make of the same cases."""
    return {
        "rated": shift.matrix.total,
        "matrix": [{"before": before, "after": after, "count": count} for before, after, count in shift.matrix.cells()],
        "moves": [
            {"file": one.file, **one.move._asdict(), "reasons": [asdict(reason) for reason in one.move.reasons]} for one in shift.moved
        ],
        "not_rated": [_not_rated(one) for one in shift.not_rated],
    }


def _not_rated(one: NotRated) -> Mapping[str, object]:
    """Return a file that could not be rated, with the first thing wrong."""
    place = one.problem.location
    message = {language: message_of(one.problem, language) for language in LANGUAGES}
    return {
        "file": one.file, "edition": one.edition, "code": one.problem.code, "line": place.line, "column": place.column, "message": message,
    }  # fmt: skip


def proof_to_data(proof: Proof) -> Mapping[str, object]:
    """Return a proof as data; its schema is `schemas/prove.schema.json`."""
    return {
        **_edition_proofs(proof.edition),
        "passed": proof.passed,
        "counts": {answer: sum(claim.answer == answer for claim in proof.claims) for answer in ANSWERS},
        "claims": [_claim(claim) for claim in proof.claims],
        "problems": [],
    }


NOTHING_PROVEN: Mapping[str, object] = {
    "edition": None, "status": None, "revision": None, "passed": False, "counts": dict.fromkeys(ANSWERS, 0), "claims": [],
}  # fmt: skip
"""The keys of a proof where the editions could not be read."""


def _edition_proofs(edition: Edition) -> dict[str, object]:
    """Say which edition it is."""
    return {"edition": edition.id, "status": edition.status, "revision": edition.revision}


def _claim(claim: Claim) -> Mapping[str, object]:
    """Return one claim."""
    return {
        "id": claim.id,
        "kind": claim.kind,
        "track": claim.track or None,
        "answer": claim.answer,
        "about": list(claim.about),
        "clauses": list(claim.clauses),
        "declared": list(claim.declared),
        "says": dict(claim.says) or None,
        "reason": claim.reason,
        "regions": [_region(region) for region in claim.regions],
        "criteria": [{"id": part.criterion, "level": part.level, "citation": part.citation} for part in claim.parts],
        "witness": _witness(claim.witness) if claim.witness else None,
        "then": _witness(claim.then) if claim.then else None,
    }


def _region(region: Region) -> Mapping[str, object]:
    """Return one region of a gap."""
    failing = [{"id": part.criterion, "level": part.level, "citation": part.citation} for part in region.parts]
    return {"failing": failing, "figures": [span._asdict() for span in region.spans]}


def _witness(witness: Witness) -> Mapping[str, object]:
    """Return a smallest case: every value as a case file writes it."""
    return {"edition": witness.edition, "track": witness.track, "outcome": witness.outcome, "facts": dict(witness.facts)}


def passages_to_data(passages: Passages) -> Mapping[str, object]:
    """Return what is possible between two editions."""
    return {
        "settled": passages.settled,
        "facts_only_before": list(passages.only_before),
        "facts_only_after": list(passages.only_after),
        "facts_declared_otherwise": list(passages.apart),
        "tracks_left_out": list(passages.lost),
        "passages": [_passage(passage) for passage in passages.passages],
    }


def _passage(passage: Passage) -> Mapping[str, object]:
    """Return one pair of tracks."""
    return {
        "before": passage.before,
        "after": passage.after,
        "can_differ": passage.can_differ,
        "excluded": passage.excluded,
        "reason": passage.reason,
        "transitions": [
            {
                "before": one.before, "after": one.after, "answer": one.answer,
                "witness": {"before": _witness(one.witness[0]), "after": _witness(one.witness[1])} if one.witness else None,
            }
            for one in passage.transitions
        ],
    }  # fmt: skip
