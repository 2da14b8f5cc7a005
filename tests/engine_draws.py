"""Drawn editions and rows for an engine over files: what it writes is held against the reference, every column of every row."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from policy_engine.columnar.order import BatchResult, Order, Side, Source
from policy_engine.columnar.plan.answers import answer_of
from policy_engine.errors import InputError, Problem
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.model.case import Case, Record
from policy_engine.model.rulebook import Edition
from tests.columns import as_texts, as_values, is_huge
from tests.editions.random_editions import drawn_by

Answer = Mapping[str, Any] | tuple[str, ...]
"""What stands in every column, or the codes of why there is nothing."""
Run = Callable[[Order, Sequence[Side], Callable[[Problem], str], Callable[[int], None]], BatchResult]
FORMS = {"texts": (as_texts, 10**15), "values": (as_values, 1 << 63)}
"""How cases become columns, and the figure from which such a column refuses."""
HUGE = ("too large",)
LISTS = (list, tuple)


def told_by_reference(edition: Edition, cases: Sequence[Case]) -> Iterator[Answer]:
    """Return what the reference says of cases as rows: with their facts, and nothing on record."""
    evaluator = Evaluator(edition, asks=False)
    for case in cases:
        try:
            yield answer_of(evaluator.evaluate(case._replace(record=Record())))
        except InputError as error:
            yield tuple(problem.code for problem in error.problems)


def agrees(expected: Answer, found: Answer) -> bool:
    """Return whether every column is as expected; a figure that is too large is refused, whatever else is wrong."""
    if isinstance(expected, tuple) or isinstance(found, tuple):
        return isinstance(found, tuple) and expected in (HUGE, found)
    return all(expected.get(name) == cell for name, cell in found.items())


def fitting(cases: Sequence[Case], form: str) -> list[int]:
    """Return the places of cases that a form of columns can hold: texts hold no lists."""
    return [n for n, case in enumerate(cases) if form == "values" or not any(isinstance(value, LISTS) for value in case.facts.values())]


def wrong_in(run: Run, folder: Path, seed: int, form: str, rows: int = 50) -> list[tuple[int, Answer, Answer]]:
    """Return where an engine's answers to drawn rows are not the reference's: a CSV file of texts, a Parquet file of values."""
    drawn = drawn_by(seed, rows, known=seed % 2 == 0)
    make, most = FORMS[form]
    cases = [drawn.cases[n] for n in fitting(drawn.cases, form) if form == "texts" or not is_huge(drawn.cases[n], most)]
    expected = [HUGE if is_huge(case, most) else one for case, one in zip(cases, told_by_reference(drawn.edition, cases), strict=True)]
    numbers = pl.Series(range(1, len(cases) + 1), dtype=pl.Int64)
    path = write_rows(folder, make(drawn.edition, cases).with_columns(case=numbers), form)

    to, rejects = str(folder / f"out_{seed}_{form}.parquet"), str(folder / "rejects.parquet")
    order = Order([path], to, "parquet", "all", rejects=rejects, rejects_format="parquet")
    evaluator = Evaluator(drawn.edition, asks=False)
    told = run(order, [Side(drawn.edition, evaluator.plan, evaluator)], _code, lambda _: None)

    refused = {row: tuple(reason.split("; ")) for row, reason in pl.read_parquet(rejects).select("row", "reason").rows()}
    found = {int(row.pop("case")): row for row in read_answers(order.to).drop("edition_status").to_dicts()}
    assert len(cases) == told.rows == len(found) + len(refused)
    return [
        (n, one, found.get(n) or refused[n]) for n, one in enumerate(expected, start=1) if not agrees(one, found.get(n) or refused[n])
    ]  # fmt: skip


def write_rows(folder: Path, rows: pl.DataFrame, form: str) -> Source:
    if form == "texts":
        rows.write_csv(folder / "rows.csv")
        return Source(str(folder / "rows.csv"), "csv")
    rows.write_parquet(folder / "rows.parquet", row_group_size=20)
    return Source(str(folder / "rows.parquet"), "parquet")


def read_answers(path: str) -> pl.DataFrame:
    """Read answers in Parquet: one file, or a folder of parts."""
    return pl.read_parquet(f"{path}/*.parquet" if Path(path).is_dir() else path)


def _code(problem: Problem) -> str:
    return problem.code
