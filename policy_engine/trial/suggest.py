"""Cases that are missing: one for each thing that no case has seen, as the solver finds it. What must come out, a person says."""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from policy_engine.evaluate.expectation import Uncovered
from policy_engine.model.rulebook import Criterion, Edition
from policy_engine.trial.oracle import Oracle, Sketch, first_case
from policy_engine.trial.run import Survivor
from policy_engine.trial.settle import Missing, case_on

Reason = Missing | Survivor | Uncovered
"""Why a case is missing: a side of a figure, a slip, or a criterion that nobody has seen so."""


class Suggestion(NamedTuple):
    """A case to be written: its name, its facts, and everything that it would show."""

    name: str
    sketch: Sketch
    reasons: tuple[Reason, ...]


def suggestions(
    edition: Edition, oracle: Oracle, missing: Iterable[Missing], survivors: Iterable[Survivor], uncovered: Iterable[Uncovered]
) -> tuple[Suggestion, ...]:  # fmt: skip
    """Give a case for each thing that is missing, where the solver finds one; one case may show several."""
    found: dict[tuple[str, ...], Suggestion] = {}
    names: dict[str, int] = {}
    for name, sketch, reason in _sketches(edition, oracle, tuple(missing), tuple(survivors), tuple(uncovered)):
        key = (sketch.track, *(f"{fact}: {value}" for fact, value in sketch.facts.items()))
        known = found.get(key)
        if known is None:
            names[name] = names.get(name, 0) + 1
            own = f"{name}-{names[name]}" if names[name] > 1 else name
            found[key] = Suggestion(own, sketch, (reason,))
        else:
            found[key] = known._replace(reasons=(*known.reasons, reason))
    return tuple(found.values())


def _sketches(
    edition: Edition, oracle: Oracle, missing: Sequence[Missing], survivors: Sequence[Survivor], uncovered: Sequence[Uncovered]
) -> Iterator[tuple[str, Sketch, Reason]]:  # fmt: skip
    """Give a case for each thing by itself, with a name for it."""
    for side in missing:
        place = side.unseen.comparison.place
        sketch = case_on(side.unseen, edition, oracle)
        if isinstance(sketch, Sketch):
            yield _name(sketch.track, place.owner, side.unseen.side), sketch, side
    for one in survivors:
        if one.sketch:
            yield _name(one.sketch.track, one.mutant.place.owner, one.mutant.kind), one.sketch, one
    for seen in uncovered:
        for way in seen.never:
            goals = _ways(seen, edition).get(way)
            sketch = first_case(oracle, (seen.track,), goals, None) if goals else None
            if isinstance(sketch, Sketch):
                yield _name(seen.track, seen.criterion, way), sketch, seen._replace(never=(way,))


def _name(*parts: str) -> str:
    """Give a case its name."""
    return "-".join(["suggested", *parts]).replace("_", "-")


def _ways(seen: Uncovered, edition: Edition) -> Mapping[str, tuple[ast.expr, ...]]:
    """Give the conditions under which a criterion comes out met, or not met; that it is open needs no search: leave a fact out."""
    criterion = _criterion(seen, edition)
    applies = (criterion.applies_when.tree,) if criterion.applies_when else ()
    when = criterion.when.tree
    return {"met": (*applies, when), "not_met": (*applies, ast.UnaryOp(ast.Not(), when))}


def _criterion(seen: Uncovered, edition: Edition) -> Criterion:
    """Find a criterion."""
    track = next(track for track in edition.tracks if track.id == seen.track)
    return next(criterion for rule in track.levels for criterion in rule.criteria if criterion.id == seen.criterion)
