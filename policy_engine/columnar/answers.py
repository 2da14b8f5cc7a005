"""What stands in the columns of an answer: the same words, whoever worked the row out."""

from collections.abc import Iterable
from typing import NamedTuple, TypeAlias

from policy_engine.columnar.names import criterion_columns
from policy_engine.evaluate.core.plan import Plan
from policy_engine.evaluate.transitions import key_of
from policy_engine.model.verdict import Verdict

Cell: TypeAlias = str | bool | None
LEVEL_COLUMNS = ("answer",)
"""The level, or the outcome where there is none: what `transitions.key_of` counts a verdict under."""
VERDICT_COLUMNS = ("track", "outcome", "level", "possible_levels", "gap_possible", "possible_exact")
_HELD = {"met": True, "not_met": False}
_APPLIES = {"met": True, "not_met": True, "not_applicable": False}


class Layout(NamedTuple):
    """The columns that are asked for, in order."""

    verdict: tuple[str, ...]
    criteria: tuple[str, ...]
    interpretations: bool

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column."""
        return (*self.verdict, *self.criteria, *(("interpretations",) if self.interpretations else ()))


def layout_of(plan: Plan, detail: str) -> Layout:
    """Return the columns of a detail: `level` (the answer alone), `verdict`, `criteria`, or `all` with the interpretations too."""
    if detail == "level":
        return Layout(LEVEL_COLUMNS, (), interpretations=False)
    criteria = criterion_columns(plan) if detail in {"criteria", "all"} else ()
    return Layout(VERDICT_COLUMNS, criteria, detail == "all")


def answer_of(verdict: Verdict) -> dict[str, Cell]:
    """Return every column of a verdict; those of criteria of other tracks than its own are left out."""
    found: dict[str, Cell] = {
        "answer": key_of(verdict), "track": verdict.track, "outcome": verdict.outcome, "level": verdict.level,
        "possible_levels": joined(verdict.possible_levels), "gap_possible": verdict.gap_possible,
        "possible_exact": verdict.possible_exact, "interpretations": joined(verdict.interpretations),
    }  # fmt: skip
    for level in verdict.levels:
        for trace in level.criteria:
            name = f"{verdict.track}__{trace.id}"
            found[name], found[f"{name}__applies"] = _HELD.get(trace.outcome), _APPLIES.get(trace.outcome)
    return found


def joined(names: Iterable[str]) -> str | None:
    """Return names as one text; none of them is no text."""
    return ", ".join(names) or None
