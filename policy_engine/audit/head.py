"""The head of a chain with what it vouches for: what is kept elsewhere, so that a cut or rewritten file of records is found."""

import json
from typing import Any, NamedTuple

from policy_engine.audit.chain import Verifier
from policy_engine.errors import InputError, Problem
from policy_engine.language.shapes import is_object
from policy_engine.load.files import read_text
from policy_engine.source import Location

_LIMIT = 1 << 20


class Vouched(NamedTuple):
    """Records of one edition: how many."""

    edition: str
    status: str
    revision: str
    records: int


class HeadFinder:
    """Follows a chain to its end, and counts what stands in it by edition."""

    def __init__(self, verifier: Verifier) -> None:
        """Begin at the start of a chain."""
        self.verifier = verifier
        self.records = 0
        self.day: str | None = None
        """The day on which the last record was written."""
        self._editions: dict[tuple[str, str, str], int] = {}

    def read(self, line: bytes) -> None:
        """Take the next line."""
        record = self.verifier.read(line)
        if record is None:
            return
        self.records += 1
        key = (record["edition"], str(record.get("status")), record["revision"])
        self._editions[key] = self._editions.get(key, 0) + 1
        times = record.get("times")
        at = times.get("recorded_at") if is_object(times) else None
        self.day = at[:10] if isinstance(at, str) else None

    @property
    def editions(self) -> list[Vouched]:
        """The editions that the records were rated under, in the order in which they come."""
        return [Vouched(*key, count) for key, count in self._editions.items()]

    def to_data(self, path: str) -> dict[str, Any]:
        """Return what is kept, as data."""
        return {
            "file": path, "records": self.records, "runs": self.verifier.runs, "head": self.verifier.head.hash, "day": self.day,
            "editions": [one._asdict() for one in self.editions], "faults": len(self.verifier.faults),
        }  # fmt: skip


def read_head(path: str) -> tuple[int, str]:
    """Return what a file of a kept head says: how many records there were, and the head.

    Raises:
        InputError: PE114 where it cannot be read, PE620 where it keeps no head.
    """
    try:
        kept: Any = json.loads(read_text(path, _LIMIT))
    except (ValueError, RecursionError):
        kept = None
    if not _is_head(kept):
        raise InputError([Problem("PE620", Location(path, 1, 1), {})])
    return kept["records"], kept["head"]


def _is_head(kept: Any) -> bool:
    """Return whether data has the parts of a kept head that a chain is held against."""
    return is_object(kept) and type(kept.get("records")) is int and isinstance(kept.get("head"), str)
