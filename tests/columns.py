"""Cases as rows of a file: each fact a column, as texts (as in CSV) or as values of its type (as in Parquet)."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl

from policy_engine.evaluate.core.expression import shown
from policy_engine.language.values import NONE, Value
from policy_engine.load.cells import figure_text
from policy_engine.model.case import Case
from policy_engine.model.facts import FactDeclaration
from policy_engine.model.rulebook import Edition

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
