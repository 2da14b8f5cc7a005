"""What is asked of a batch, and what came of it."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from policy_engine.evaluate.core.plan import Plan
from policy_engine.model.case import Case
from policy_engine.model.rulebook import Edition
from policy_engine.model.verdict import Verdict


class Source(NamedTuple):
    """A file of rows, and its format."""

    path: str
    form: str


class RatesCases(Protocol):
    """Whatever rates a case: the reference, or a faster reader that agrees with it."""

    def evaluate(self, case: Case) -> Verdict:
        """Rate a case."""
        ...


class Order(NamedTuple):
    """What is asked of a batch."""

    sources: Sequence[Source]
    to: str
    to_format: str
    detail: str
    keep: tuple[str, ...] = ()
    rejects: str | None = None
    rejects_format: str = "csv"
    excel: bool = False
    separator: str | None = None
    """What separates the cells of CSV files, where their headings do not tell."""
    language: str = "en"


class Refused(NamedTuple):
    """A row without an answer, as it stands among the rejects."""

    file: str
    row: int
    case: str | None
    column: str
    code: str
    reason: str
    line: int | None
    """Its line in an editor; a row of Parquet has none."""
    cell: str
    """Where a spreadsheet shows what is wrong (`D12`), or nothing."""
    place: str
    """All of that as it is told."""


class Note(NamedTuple):
    """Something to be said of what was read: a marked sentence, and its words."""

    text: str
    words: Mapping[str, str]


class Told(NamedTuple):
    """What came of a batch."""

    rows: int
    written: int
    rejected: int
    by_row: tuple[str, ...] = ()
    first: tuple[Refused, ...] = ()
    """The first rejects, for whoever asked for no file of them."""
    moves: tuple[tuple[str, str, int], ...] = ()
    """How many rows came out as what under the one edition, and as what under the other."""
    blank: int = 0
    """Rows with nothing in them, which were skipped."""
    notes: tuple[Note, ...] = ()


class Side(NamedTuple):
    """An edition to rate under: worked out, and with what rates its single rows."""

    edition: Edition
    plan: Plan
    evaluator: RatesCases
