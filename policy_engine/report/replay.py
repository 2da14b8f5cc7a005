"""A replay as plain data."""

from dataclasses import asdict
from typing import Any

from policy_engine.audit.chain import Verifier
from policy_engine.audit.tally import Against, Tally
from policy_engine.messages import DEFAULT_LANGUAGE
from policy_engine.report.problems import problem_to_data


def replay_to_data(tally: Tally | Against, chain: Verifier) -> dict[str, Any]:
    """Give what a replay came to as data."""
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
