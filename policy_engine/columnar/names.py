"""The names of columns: those of criteria, those that go along with the facts, and the engine's own."""

from collections.abc import Iterable

from policy_engine.evaluate.core.plan import Plan
from policy_engine.model.rulebook import Criterion, LevelRule

CASE = "case"
ODD = "__odd"
"""The column of rows that a file of JSON holds and that fit no columns: their facts as they stand."""
ROW, FILE = "__row", "__file"
"""The number of a row, and the file that it stands in."""


def criterion_columns(plan: Plan) -> tuple[str, ...]:
    """Return the names of the columns of criteria, in the order of the edition; with `__applies` for those that need not apply."""
    return tuple(
        column
        for track in plan.tracks.values()
        for criterion in criteria_of(track.track.levels)
        for name in (column_of(track.track.id, criterion.id),)
        for column in ((name, f"{name}__applies") if criterion.applies_when else (name,))
    )


def column_of(track: str, criterion: str) -> str:
    """Return the name of a criterion's column."""
    return f"{track}__{criterion}"


def criteria_of(levels: Iterable[LevelRule]) -> tuple[Criterion, ...]:
    """Return the criteria of a track, each once."""
    found: dict[str, Criterion] = {}
    for rule in levels:
        for criterion in rule.criteria:
            found.setdefault(criterion.id, criterion)
    return tuple(found.values())


KEPT = "__keep_"


def kept_as(place: int) -> str:
    """Return the name that a column which is handed on has while rows are rated, so that it can clash with no other."""
    return f"{KEPT}{place:03}"
