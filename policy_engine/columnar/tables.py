"""What the engines over tables share: a plan's rows, the words for their codes, and how many went from what to what."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from policy_engine.columnar.answers import Layout
from policy_engine.columnar.column_plan import ColumnPlan, Within, planned
from policy_engine.columnar.headings import Column
from policy_engine.columnar.judging import CODES, Move, Work
from policy_engine.columnar.lookup import Lookup
from policy_engine.columnar.names import CASE, KEPT, ODD, ROW
from policy_engine.columnar.order import Side, Source
from policy_engine.columnar.plain_rows import kind_of
from policy_engine.columnar.plan import plan_columns
from policy_engine.columnar.sources import check_types
from policy_engine.extras import load_extra

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw
else:
    nw = load_extra("narwhals.stable.v2", "batch")

KEYS = ("__answer", "__by_criteria", "__bits")


class Table(NamedTuple):
    """One file as a table: what was planned for its rows, and what is to be done with those that the plan leaves open."""

    rows: Any
    read: Any
    """Its rows as they are judged one by one, without what was planned."""
    plan: ColumnPlan
    work: Work
    raw: tuple[str, ...]
    """The columns that they are judged by."""


def _as_it_is(native: Any) -> Any:
    """Leave a table to be worked out whenever it is asked for."""
    return native


def table_of(
    native: Any, source: Source, sides: Sequence[Side], layout: Layout, columns: Sequence[Column],
    more: tuple[str, ...] = (), hold: Callable[[Any], Any] = _as_it_is,
) -> Table:  # fmt: skip
    """Plan a table that has numbers for its rows.

    Args:
        native: the table, as its engine holds it.
        source: the file that it comes from.
        sides: the edition, and perhaps one that it is held against.
        layout: what is to be told.
        columns: which of its columns are facts, or are handed on.
        more: columns of the engine's own.
        hold: makes the engine work out what was planned so far once, and not anew in each of the many places that name it.

    Raises:
        InputError: where a column is not declared, or can hold no value of its fact.
    """
    whole: nw.LazyFrame[Any] = nw.from_native(native)
    frame = whole.select(*(nw.col(column.heading).alias(column.name) for column in columns), *dict.fromkeys((*more, ROW)))
    schema = {name: dtype for name, dtype in frame.collect_schema().items() if name not in {ROW, *more}}
    editions = tuple(side.edition for side in sides)
    check_types(source, schema, editions)
    facts = tuple(tuple(name for name in schema if name in edition.facts) for edition in editions)
    kept = tuple(name for name in (CASE, *sorted(name for name in schema if name.startswith(KEPT))) if name in schema)
    odd = (ODD,) if ODD in schema else ()
    raw = tuple(dict.fromkeys((*kept, *(name for names in facts for name in names), *odd, *more, ROW)))
    read = frame = frame.select(*raw)
    planning = partial(plan_columns, within=Within(), odd="".join(odd), patient=True)
    plans = [planning(side.plan, {name: schema[name] for name in names}) for side, names in zip(sides, facts, strict=True)]
    for plan in plans[1:]:
        frame, raw = nw.from_native(hold(_against(frame, plan, raw).to_native())), (*raw, CODES[1])
    answers = tuple(tuple(meaning.level or meaning.outcome for meaning in plan.codes.meanings) for plan in plans)
    kinds = {name: kind_of(schema[name]) for names in facts for name in names}
    rows = planned(frame, plans[0], layout._replace(interpretations=True), raw).to_native()
    return Table(hold(rows), read.to_native(), plans[0], Work(editions, facts, answers, kinds, kept, layout), (*raw, CODES[0]))


def _against(frame: "nw.LazyFrame[Any]", plan: ColumnPlan, raw: Sequence[str]) -> "nw.LazyFrame[Any]":
    """Add to rows the code that the other edition has for them."""
    return planned(frame, plan, Layout((), (), interpretations=False), raw).rename({CODES[0]: CODES[1]})


def words_of(keys: Iterable[tuple[int, int, int]], plan: ColumnPlan, layout: Layout) -> list[tuple[Any, ...]]:
    """Return the words for each combination of codes and bits: the three numbers, and what stands in each column."""
    lookup = Lookup(plan.codes, plan.relied)
    columns = told_columns(layout)
    return [(*key, *(found[name] for name in columns)) for key in keys for found in (lookup.words(*key),)]


def told_columns(layout: Layout) -> tuple[str, ...]:
    """Return the columns that words tell of."""
    return (*layout.verdict, *(("interpretations",) if layout.interpretations else ()))


def is_truth(name: str) -> bool:
    """Return whether a column of an answer holds true and false."""
    return name in {"gap_possible", "possible_exact"} or "__" in name


def moves_of(work: Work, counted: Iterable[tuple[int, int, int]]) -> Counter[Move]:
    """Count how many rows went from what to what, from the codes of those that are settled under both editions and their number."""
    before, after = work.answers
    moves: Counter[Move] = Counter()
    for one, other, number in counted:
        moves[Move(before[one], after[other])] += number
    return moves


def told_moves(moves: Mapping[Move, int]) -> tuple[tuple[str, str, int], ...]:
    """Return the counts in an order of their own."""
    return tuple((move.before, move.after, number) for move, number in sorted(moves.items()))
