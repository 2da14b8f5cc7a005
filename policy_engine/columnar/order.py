"""What is asked of a batch, what came of it, and the names of its columns: known before anything heavy is loaded."""

import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from policy_engine.errors import Problem

if TYPE_CHECKING:
    from policy_engine.evaluate.core.plan import Plan
    from policy_engine.model.case import Case
    from policy_engine.model.rulebook import Edition
    from policy_engine.model.verdict import Verdict

ENGINES = ("polars", "duckdb", "spark")
FORMATS = ("parquet", "csv", "jsonl")
_ENDINGS = {".parquet": "parquet", ".pq": "parquet", ".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}

CASE = "case"
ODD = "__odd"
"""The column that says of a row that it fits no columns: its facts as they stand, or why it cannot be read."""
ROW = "__row"
AGAINST = "__against"
"""The column of the answer under the edition that another one is held against."""
REFUSED = "refused"
KEPT = "__keep_"


def format_of(path: str) -> str | None:
    """Return the format that the name of a file says."""
    return _ENDINGS.get(os.path.splitext(path)[1].lower())


def kept_as(place: int) -> str:
    """Return the name that a column which is handed on has while rows are rated, so that it can clash with no other."""
    return f"{KEPT}{place:03}"


class Source(NamedTuple):
    """A file of rows, and its format."""

    path: str
    form: str


class RatesCases(Protocol):
    """Whatever evaluates a case: the reference, or a faster reader that agrees with it."""

    def evaluate(self, case: "Case") -> "Verdict": ...


class RatedEdition(NamedTuple):
    """An edition to rate under: worked out, and with what evaluates its single rows."""

    edition: "Edition"
    plan: "Plan"
    evaluator: RatesCases


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
    """What separates the cells of CSV files, where their headings do not say."""
    language: str = "en"


class Rejected(NamedTuple):
    """A row without an answer: its number from 1, its `case` if it has one, what is wrong, and its part of a source of many files."""

    row: int
    case: str | None
    problems: tuple[Problem, ...]
    file: str | None = None


class RefusedRow(NamedTuple):
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
    """All of that, as it is shown."""


class Note(NamedTuple):
    """Something to be said of what was read: a marked sentence, and its words."""

    text: str
    words: Mapping[str, str]


class BatchResult(NamedTuple):
    """What came of a batch."""

    rows: int
    written: int
    rejected: int
    by_row: tuple[str, ...] = ()
    first: tuple[RefusedRow, ...] = ()
    """The first rejects, for whoever asked for no file of them."""
    moves: tuple[tuple[str, str, int], ...] = ()
    """How many rows came out as what under the one edition, and as what under the other."""
    blank: int = 0
    """Rows with nothing in them, which were skipped."""
    notes: tuple[Note, ...] = ()


_SETTINGS = {
    "POLARS_ROW_GROUP_PREFETCH_SIZE": 1,
    "POLARS_PARQUET_DECODE_TARGET_VALUES_PER_THREAD": 250_000,
    "POLARS_CSV_CHUNK_PREFETCH_LIMIT": 1,
    "POLARS_CSV_CHUNK_SIZE": 2_000_000,
    "POLARS_DEFAULT_LINEARIZER_BUFFER_SIZE": 1,
    "POLARS_DEFAULT_DISTRIBUTOR_BUFFER_SIZE": 1,
}
_FOR_LINES = {"POLARS_IDEAL_MORSEL_SIZE": 25_000}
"""A line of JSON is many times as long as the row that it stands for, and waits in memory until those before it are written."""
_ALLOCATOR = "_RJEM_MALLOC_CONF"
_DECAY = "dirty_decay_ms:20,muzzy_decay_ms:0,background_thread:true"
"""Freed memory goes back after 20 milliseconds, by a thread of its own."""
_INHERITED = "dirty_decay_ms:500,"
"""What Polars writes there itself begins so; whoever loaded it hands that down to the processes that it starts."""


def spare_memory(*, lines: bool = False) -> None:
    """Let Polars hold few rows at a time and give freed memory back soon; what the user set goes first.

    Polars reads this from the environment when it is loaded, and never again. As it comes, it reads ten row groups ahead, decodes whole
    ones, and keeps freed memory for half a second: more rows a second would hold more memory, up to some hundred MB. With these settings
    ten million rows need little more than one million, in the same time.

    Args:
        lines: whether lines of JSON are to be written.
    """
    for name, value in {**_SETTINGS, **(_FOR_LINES if lines else {})}.items():
        os.environ.setdefault(name, str(value))
    if sys.platform == "linux" and os.environ.get(_ALLOCATOR, _INHERITED).startswith(_INHERITED):
        os.environ[_ALLOCATOR] = f"{_DECAY},narenas:{max((os.cpu_count() or 1) // 2, 1)}"
