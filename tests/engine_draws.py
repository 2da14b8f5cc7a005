"""Drawn editions and rows for an engine over files: what it writes is held against the reference, every column of every row."""

import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl

from policy_engine.columnar.order import BatchResult, Order, RatedEdition, Source
from policy_engine.columnar.plan.answers import answer_of
from policy_engine.errors import InputError, Problem
from policy_engine.evaluate.core.expression import shown
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.language.values import NONE, Value
from policy_engine.load.case import find_cases, load_case
from policy_engine.load.cells import figure_text
from policy_engine.load.library import Library
from policy_engine.model.case import Case, Record
from policy_engine.model.facts import FactDeclaration
from policy_engine.model.rulebook import Edition
from tests.build import ROOT
from tests.editions.random_editions import drawn_by

_TYPES: Mapping[str, Any] = {
    "bool": pl.Boolean(), "count": pl.Int64(), "months": pl.Int32(), "points": pl.Decimal(20, 4), "day": pl.Date(),
    "set": pl.List(pl.String()),
}  # fmt: skip
WORDS = {"choice", "level", "share", "text"}


def as_texts(edition: Edition, cases: Sequence[Case]) -> pl.DataFrame:
    """Return cases as columns of texts; lists have no text."""
    stated = [name for name in edition.facts if any(name in case.facts for case in cases)]
    names = [name for name in stated if edition.facts[name].type.kind != "list"]
    return pl.DataFrame({name: [_text(edition, name, case) for case in cases] for name in names}, schema=dict.fromkeys(names, pl.String()))


def as_values(edition: Edition, cases: Sequence[Case]) -> pl.DataFrame:
    """Return cases as columns of values; a column with `none` in it, or of words, is one of texts."""
    names = [name for name in edition.facts if any(name in case.facts for case in cases)]
    return pl.DataFrame([_column(edition, name, cases) for name in names], height=len(cases))


def _column(edition: Edition, name: str, cases: Sequence[Case]) -> pl.Series:
    fact = edition.facts[name]
    values = [case.facts.get(name) for case in cases]
    if fact.type.kind in WORDS or NONE in values:
        return pl.Series(name, [_text(edition, name, case) for case in cases], pl.String())
    if fact.type.kind == "list":
        fields = {field: pl.String() if f.type.kind in WORDS else _TYPES[f.type.kind] for field, f in fact.fields.items()}
        items = [None if value is None else [_item(edition, fact, item) for item in value] for value in values]  # type: ignore[union-attr]
        return pl.Series(name, items, pl.List(pl.Struct(fields)))
    kind = _TYPES[fact.type.kind]
    if kind == pl.Int64() and any(isinstance(value, int) and value >= 1 << 63 for value in values):
        kind = pl.Int128()
    return pl.Series(name, [_plain(value) for value in values], kind)


def _item(edition: Edition, fact: FactDeclaration, item: Any) -> dict[str, Any]:
    return {
        name: level_id(edition, value) if fact.fields[name].type.kind == "level" else _plain(value) for name, value in item.items()
    }  # fmt: skip


def _plain(value: Any) -> Any:
    if isinstance(value, Fraction):
        return Decimal(value.numerator) / Decimal(value.denominator)
    return sorted(value) if isinstance(value, frozenset) else value


def _text(edition: Edition, name: str, case: Case) -> str | None:
    if name not in case.facts:
        return None
    value, kind = case.facts[name], edition.facts[name].type.kind
    if kind == "level" and isinstance(value, int):
        return level_id(edition, value)
    if isinstance(value, Fraction):  # three places after a point could be thousands, so that no cell is written so
        return f"{figure_text(value * 100)}%" if kind == "share" else figure_text(value)
    return f"{value} months" if kind == "months" and value is not NONE else shown(value)


def level_id(edition: Edition, rank: Value) -> str:
    return next(level.id for level in edition.scale.values() if level.rank == rank)


def is_huge(case: Case, most: int) -> bool:
    """Return whether a case has a figure of at least so much."""
    return any(isinstance(value, int) and not isinstance(value, (bool, date)) and value >= most for value in case.facts.values())


NO_ROWS = (
    '{"kind": 7}', "[1]", '"officer"', '{"tasks_total": 5.5}', '{"tasks_total": 1e3}', '{"tasks": 3}', "{",
    '{"kind": "officer", "tasks": [{"x": 1}]}',
)  # fmt: skip


def write_json_rows(folder: Path, library: Library, every: int) -> Path:
    """Write every so manieth case of the edition of 2020, in a fixed disorder."""
    edition = library.edition("2020")
    cases = [load_case(path, library)[0] for path in find_cases(str(ROOT / "cases" / "2020"))[::every]]
    rows = [{name: cell for name, cell in row.items() if cell is not None} for row in as_values(edition, cases).to_dicts()]
    lines = [*(json.dumps({"case": f"c{n}", **row}, default=str) for n, row in enumerate(rows)), *NO_ROWS]
    random.Random(7).shuffle(lines)
    path = folder / "rows.jsonl"
    path.write_text("\n".join([*lines, ""]), "utf-8")
    return path


Answer = Mapping[str, Any] | tuple[str, ...]
"""What stands in every column, or the codes of why there is nothing."""
Run = Callable[[Order, Sequence[RatedEdition], Callable[[Problem], str], Callable[[int], None]], BatchResult]
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
    told = run(order, [RatedEdition(drawn.edition, evaluator.plan, evaluator)], _code, lambda _: None)

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
