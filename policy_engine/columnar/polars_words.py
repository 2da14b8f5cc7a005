"""The columns of answers in Polars: their types, and the words for the codes of a plan."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from policy_engine.columnar.answers import Layout
from policy_engine.columnar.column_plan import ColumnPlan
from policy_engine.columnar.lookup import Lookup, of_meaning
from policy_engine.evaluate.core.plan import Plan
from policy_engine.extras import load_extra
from policy_engine.model.verdict import OUTCOMES

if TYPE_CHECKING:
    import polars as pl
else:
    pl = load_extra("polars", "batch")

MANY = 8
"""More levels than these have too many combinations to name each beforehand."""


def types_of(plan: Plan, layout: Layout) -> "dict[str, pl.DataType]":
    """Return the types of the columns of answers."""
    levels = list(reversed(plan.level_ids))
    answers = pl.Enum([*levels, *OUTCOMES])
    words: dict[str, pl.DataType] = {
        "answer": answers,
        "track": pl.Enum(list(plan.tracks)),
        "outcome": pl.Enum(OUTCOMES),
        "level": pl.Enum(levels),
    }
    words |= {"possible_levels": _possible(levels), "interpretations": pl.Categorical()}
    truths = {name: pl.Boolean() for name in ("gap_possible", "possible_exact", *layout.criteria)}
    return {name: words.get(name) or truths.get(name) or pl.String() for name in layout.columns}


def _possible(levels: Sequence[str]) -> "pl.DataType":
    """Return the type of a column of possible levels: few texts, unless there are many levels."""
    if len(levels) > MANY:
        return pl.String()
    return pl.Enum([", ".join(some) for count in range(1, len(levels) + 1) for some in combinations(levels, count)])


class Words:
    """The words for the codes of one plan."""

    def __init__(self, columns: ColumnPlan, layout: Layout, types: "Mapping[str, pl.DataType]") -> None:
        """Take the plan, and the columns that are told."""
        self.layout = layout
        self.lookup = Lookup(columns.codes, columns.relied)
        told = [of_meaning(meaning) for meaning in columns.codes.meanings]
        self.words = {name: pl.Series(name, [one[name] for one in told], types[name]) for name in layout.verdict}

    def settled(self, frame: "pl.DataFrame", more: Sequence[str]) -> "pl.DataFrame":
        """Put words to the codes of rows that are settled, beside columns that are handed on."""
        codes = frame["__answer"].cast(pl.UInt32)
        told = [words.gather(codes) for words in self.words.values()]
        told += [frame[name] for name in self.layout.criteria]
        if self.layout.interpretations:
            told.append(self._interpretations(frame))
        return pl.DataFrame([*(frame[name] for name in more), *told])

    def _interpretations(self, frame: "pl.DataFrame") -> "pl.Series":
        """Put the interpretations to the bits of rows that are settled, once for each combination that occurs."""
        keys = frame.select((pl.col("__bits").cast(pl.Int64) * 65_536 + pl.col("__by_criteria")).alias("k"))["k"]
        distinct = keys.unique()
        kind = pl.Categorical()
        if distinct.is_empty():
            return pl.Series("interpretations", [], kind)
        texts = [self.lookup.interpretations(key % 65_536, key // 65_536) for key in distinct.to_list()]
        return keys.replace_strict(distinct, pl.Series(texts, dtype=kind), return_dtype=kind).alias("interpretations")
