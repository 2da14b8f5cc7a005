"""Rows that a plan leaves open, judged one by one for an engine over tables: under the edition, and under one that it is held against.

What they need is plain data, so that it can be handed to the workers of a cluster.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from policy_engine.columnar.answers import Cell, Layout
from policy_engine.columnar.order import RatesCases
from policy_engine.columnar.rows import Judgement, RowReader
from policy_engine.columnar.sources import CASE, ODD
from policy_engine.errors import Problem
from policy_engine.model.rulebook import Edition

ROW, FILE = "__row", "__file"
CODES = ("__answer", "__against")
"""The codes of a row: under the edition, and under the one that it is held against."""
REFUSED = "refused"


class Work(NamedTuple):
    """What is to be done with the rows that are left open."""

    editions: tuple[Edition, ...]
    facts: tuple[tuple[str, ...], ...]
    """For each edition, the columns that are facts of it."""
    answers: tuple[tuple[str, ...], ...]
    """For each edition, the answer that a code stands for."""
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


def judged(work: Work, evaluators: Sequence[RatesCases], rows: Iterable[Mapping[str, Any]]) -> Iterator[Judged]:
    """Judge rows one by one: each is an answer or a refusal, if the plan left it open, and a move, if two editions are compared."""
    readers = [RowReader(*one) for one in zip(work.editions, evaluators, work.facts, strict=True)]
    sides = list(zip(readers, work.facts, CODES[: len(readers)], strict=True))
    for row in rows:
        told = [_judgement(reader, facts, row) if row[code] is None else None for reader, facts, code in sides]
        if told[0] is not None:
            yield _of_row(work, row, told[0])
        if len(told) > 1:
            before, after = (_answer(work.answers[n], row[CODES[n]], one) for n, one in enumerate(told))
            yield Move(before, after)


def _judgement(reader: RowReader, facts: Sequence[str], row: Mapping[str, Any]) -> Judgement:
    """Rate a row."""
    odd = row.get(ODD)
    return reader.judge(tuple(row[name] for name in facts)) if odd is None else reader.judge_object(odd)


def _of_row(work: Work, row: Mapping[str, Any], one: Judgement) -> Answer | Refusal:
    """Give what came of a row, with what is handed on of it."""
    if isinstance(one, dict):
        return Answer(row[ROW], (*(row[name] for name in work.keep), *_cells(one, work.layout)))
    case = row.get(CASE)
    return Refusal(row[ROW], None if case is None else str(case), one, row.get(FILE))


def _cells(found: Mapping[str, Cell], layout: Layout) -> tuple[Cell, ...]:
    """Give what stands in each column of an answer."""
    return tuple(found.get(name) for name in layout.columns)


def _answer(words: Sequence[str], code: int | None, one: Judgement | None) -> str:
    """Give the answer of a row: what its code stands for, what it was judged to be, or that it was refused."""
    if code is not None:
        return words[code]
    return str(one["answer"]) if isinstance(one, dict) else REFUSED
