"""What the engines over tables share: a plan's rows, the words for their codes, and rows that are looked at one by one."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from policy_engine.columnar.answers import Cell, Layout
from policy_engine.columnar.column_plan import ColumnPlan, Within, planned
from policy_engine.columnar.lookup import Lookup
from policy_engine.columnar.order import Side, Source
from policy_engine.columnar.plan import plan_columns
from policy_engine.columnar.rows import Judgement, RowReader
from policy_engine.columnar.sources import CASE, check_columns
from policy_engine.errors import InputError, Problem
from policy_engine.extras import load_extra
from policy_engine.source import Location

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw
else:
    nw = load_extra("narwhals.stable.v2", "batch")

ROW = "__row"
KEYS = ("__answer", "__by_criteria", "__bits")


class Table(NamedTuple):
    """One file as a table: what was planned for its rows, and the columns that are facts, and that are handed on."""

    rows: Any
    plan: ColumnPlan
    facts: tuple[str, ...]
    keep: tuple[str, ...]


class Clamped(Within):
    """Tells of each column that it is within bounds; what the engine works out beside it must not overflow, so it is made to fit."""


def table_of(native: Any, source: Source, side: Side, layout: Layout, keep: Sequence[str]) -> Table:
    """Plan a table that has numbers for its rows.

    Args:
        native: the table, as its engine holds it.
        source: the file that it comes from.
        side: the edition.
        layout: what is to be told.
        keep: columns that are handed on.

    Raises:
        InputError: where a column is not declared, or can hold no value of its fact.
    """
    frame = nw.from_native(native)
    schema = {name: dtype for name, dtype in frame.collect_schema().items() if name != ROW}
    check_columns(source, schema, [side.edition], keep)
    facts = tuple(name for name in schema if name in side.edition.facts)
    kept = (*([CASE] if CASE in schema else []), *(name for name in keep if name != CASE))
    plan = plan_columns(side.plan, {name: schema[name] for name in facts}, Clamped())
    raw = tuple(dict.fromkeys((*kept, *facts, ROW)))
    asked = layout._replace(interpretations=True)
    return Table(planned(frame.select(*raw), plan, asked, raw).to_native(), plan, facts, kept)


def words_of(keys: Iterable[tuple[int, int, int]], plan: ColumnPlan, layout: Layout) -> list[tuple[Any, ...]]:
    """Give the words for each combination of codes and bits: the three numbers, and what stands in each column."""
    lookup = Lookup(plan.codes, plan.relied)
    columns = told_columns(layout)
    return [(*key, *(found[name] for name in columns)) for key in keys for found in (lookup.words(*key),)]


def told_columns(layout: Layout) -> tuple[str, ...]:
    """Give the columns that words tell of."""
    return (*layout.verdict, *(("interpretations",) if layout.interpretations else ()))


def is_truth(name: str) -> bool:
    """Tell whether a column of an answer holds true and false."""
    return name in {"gap_possible", "possible_exact"} or "__" in name


def judged_rows(reader: RowReader, rows: Iterable[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], Judgement]]:
    """Rate rows one by one."""
    names = [fact.name for fact in reader.facts]
    return ((row, reader.judge(tuple(row[name] for name in names))) for row in rows)


def refuse_format(source: Source, engine: str) -> None:
    """Refuse a file that only the engine of one machine reads.

    Raises:
        InputError: PE854.
    """
    if source.form == "jsonl":
        details = {"format": source.form, "reason": f"--engine {engine}: parquet, csv"}
        raise InputError([Problem("PE854", Location(source.path, 1, 1), details)])


def cells(found: Mapping[str, Cell], layout: Layout) -> tuple[Cell, ...]:
    """Give what stands in each column of an answer."""
    return tuple(found.get(name) for name in layout.columns)
