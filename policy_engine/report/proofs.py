"""A proof, and what two editions make of every case, as plain data: the JSON that programs read."""

from collections.abc import Mapping

from policy_engine.model.rulebook import Edition
from policy_engine.prove.claims import ANSWERS, Claim, Region, Witness
from policy_engine.prove.edition import Proof
from policy_engine.prove.transitions import Passage, Passages


def proof_to_data(proof: Proof) -> Mapping[str, object]:
    """Give a proof as data; its schema is `schemas/prove.schema.json`."""
    return {
        **_edition(proof.edition),
        "passed": proof.passed,
        "counts": {answer: sum(claim.answer == answer for claim in proof.claims) for answer in ANSWERS},
        "claims": [_claim(claim) for claim in proof.claims],
        "problems": [],
    }


NOTHING_PROVEN: Mapping[str, object] = {
    "edition": None, "status": None, "revision": None, "passed": False, "counts": dict.fromkeys(ANSWERS, 0), "claims": [],
}  # fmt: skip
"""The keys of a proof where the editions could not be read."""


def _edition(edition: Edition) -> dict[str, object]:
    """Say which edition it is."""
    return {"edition": edition.id, "status": edition.status, "revision": edition.revision}


def _claim(claim: Claim) -> Mapping[str, object]:
    """Give one claim."""
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
    """Give one region of a gap."""
    failing = [{"id": part.criterion, "level": part.level, "citation": part.citation} for part in region.parts]
    return {"failing": failing, "figures": [span._asdict() for span in region.spans]}


def _witness(witness: Witness) -> Mapping[str, object]:
    """Give a smallest case: every value as a case file writes it."""
    return {"edition": witness.edition, "track": witness.track, "outcome": witness.outcome, "facts": dict(witness.facts)}


def passages_to_data(passages: Passages) -> Mapping[str, object]:
    """Give what is possible between two editions."""
    return {
        "settled": passages.settled,
        "facts_only_before": list(passages.only_before),
        "facts_only_after": list(passages.only_after),
        "facts_declared_otherwise": list(passages.apart),
        "tracks_left_out": list(passages.lost),
        "passages": [_passage(passage) for passage in passages.passages],
    }


def _passage(passage: Passage) -> Mapping[str, object]:
    """Give one pair of tracks."""
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
