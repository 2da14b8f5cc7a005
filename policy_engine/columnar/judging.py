"""Rows that a plan leaves open, judged one by one for an engine over tables: under the edition, and under one that it is held against.

What they need is plain data, so that it can be handed to the workers of a cluster.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple, TypeAlias

from policy_engine.columnar.answers import Cell, Layout
from policy_engine.columnar.names import CASE, FILE, ROW
from policy_engine.columnar.order import RatesCases
from policy_engine.columnar.plain_rows import Plain, PlainRows
from policy_engine.columnar.rows import Judgement
from policy_engine.errors import Problem
from policy_engine.model.rulebook import Edition

CODES = ("__answer", "__against")
"""The codes of a row: under the edition, and under the one that it is held against."""
REFUSED = "refused"
AT_ONCE = 2_000
"""Rows that are judged together, so that what they have in common is seen."""


class Work(NamedTuple):
    """What is to be done with the rows that are left open."""

    editions: tuple[Edition, ...]
    facts: tuple[tuple[str, ...], ...]
    """For each edition, the columns that are facts of it."""
    answers: tuple[tuple[str, ...], ...]
    """For each edition, the answer that a code stands for."""
    kinds: Mapping[str, str]
    """In which type Polars holds each of these."""
    keep: tuple[str, ...]
    layout: Layout

    @property
    def open(self) -> str:
        """Tell, as a condition of SQL, which rows are left open."""
        return " or ".join(f"{code} is null" for code in CODES[: len(self.editions)])

    @property
    def settled(self) -> str:
        """Tell, as a condition of SQL, which rows are left open by none."""
        return " and ".join(f"{code} is not null" for code in CODES[: len(self.editions)])


class Answer(NamedTuple):
    """A row that has an answer: its number, and its cells."""

    row: int
    cells: tuple[Any, ...]


class Refusal(NamedTuple):
    """A row that has none: its number, its case, and why; and its file, where a source has more than one."""

    row: int
    case: str | None
    problems: tuple[Problem, ...]
    file: str | None


class Move(NamedTuple):
    """What a row is under the one edition, and under the other."""

    before: str
    after: str


Judged: TypeAlias = Answer | Refusal | Move


def judged(work: Work, evaluators: Sequence[RatesCases], rows: Iterable[Plain]) -> Iterator[Judged]:
    """Judge rows one by one: each is an answer or a refusal, if the plan left it open, and a move, if two editions are compared."""
    readers = [PlainRows(*one, work.kinds) for one in zip(work.editions, evaluators, work.facts, strict=True)]
    coming = iter(rows)
    while some := list(islice(coming, AT_ONCE)):
        told = [_judgements(reader, some, code) for reader, code in zip(readers, CODES, strict=False)]
        for row, *each in zip(some, *told, strict=True):
            if each[0] is not None:
                yield _of_row(work, row, each[0])
            if len(each) > 1:
                before, after = (_answer(work.answers[n], row[CODES[n]], one) for n, one in enumerate(each))
                yield Move(before, after)


def _judgements(reader: PlainRows, rows: Sequence[Plain], code: str) -> list[Judgement | None]:
    """Rate the rows that have no code; None stands for the others."""
    found = iter(reader.judged([row for row in rows if row[code] is None]))
    return [next(found) if row[code] is None else None for row in rows]


def _of_row(work: Work, row: Plain, one: Judgement) -> Answer | Refusal:
    """Return what came of a row, with what is handed on of it."""
    if isinstance(one, dict):
        return Answer(row[ROW], (*(row[name] for name in work.keep), *_cells(one, work.layout)))
    case = row.get(CASE)
    return Refusal(row[ROW], None if case is None else str(case), one, row.get(FILE))


def _cells(found: Mapping[str, Cell], layout: Layout) -> tuple[Cell, ...]:
    """Return what stands in each column of an answer."""
    return tuple(found.get(name) for name in layout.columns)


def _answer(words: Sequence[str], code: int | None, one: Judgement | None) -> str:
    """Return the answer of a row: what its code stands for, what it was judged to be, or that it was refused."""
    if code is not None:
        return words[code]
    return str(one["answer"]) if isinstance(one, dict) else REFUSED
