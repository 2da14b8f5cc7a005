"""Cases that are missing: one for each thing that no case has seen, as the solver finds it. What must come out, a person says."""

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from policy_engine.evaluate.duties.survey import names_by_rule
from policy_engine.evaluate.expectation import Uncovered
from policy_engine.model.duties import Chapter
from policy_engine.model.rulebook import Criterion, Edition
from policy_engine.trial.bench import Bench
from policy_engine.trial.mutants import Mutant, Place, asks_lists, mutants
from policy_engine.trial.oracle import OPEN, Open, Oracle, Sketch, can_occur, first_case, first_difference
from policy_engine.trial.sides import Comparison, Unseen

Watch = Callable[[Sequence[Mutant]], Iterable[Mutant]]
"""What goes through the mutants; on a terminal it shows how far it is."""


class Survivor(NamedTuple):
    """A mutant that no case noticed. `sketch`: a case that would, where the solver found one; `settled`: whether it answered."""

    mutant: Mutant
    settled: bool
    sketch: Sketch | None


class Trial(NamedTuple):
    """How a set of cases fared against the mutants of an edition.

    `refused` mutants break the edition's own rules and would not load; `equivalent` ones say the same in other words, which is proven.
    """

    edition: str
    total: int
    killed: int
    refused: int
    equivalent: tuple[Mutant, ...]
    survivors: tuple[Survivor, ...]
    asked: bool
    """Whether there was a solver to ask."""


def try_cases(bench: Bench, oracle: Oracle | None, watch: Watch) -> Trial:
    """Hold every mutant against the cases, and ask about those that survive."""
    every = mutants(bench.edition)
    outcomes = [(mutant, bench.outcome(mutant)) for mutant in watch(every)]
    equivalent: list[Mutant] = []
    survivors: list[Survivor] = []
    for mutant in (mutant for mutant, outcome in outcomes if outcome == "survived"):
        answer = told_apart(mutant, bench.edition, oracle) if oracle else Open()
        if answer is None:
            equivalent.append(mutant)
        else:
            survivors.append(Survivor(mutant, isinstance(answer, Sketch), answer if isinstance(answer, Sketch) else None))
    killed, refused = (sum(outcome == wanted for _, outcome in outcomes) for wanted in ("killed", "refused"))
    return Trial(bench.edition.id, len(every), killed, refused, tuple(equivalent), tuple(survivors), oracle is not None)


class Missing(NamedTuple):
    """A side of a figure that no case has seen: whether it is settled that it can occur, and then the smallest case on it."""

    unseen: Unseen
    settled: bool


class Settled(NamedTuple):
    """The sides that no case has seen and that can occur (or may), and how many cannot."""

    missing: tuple[Missing, ...]
    impossible: tuple[Unseen, ...]


def settle_sides(unseen: Sequence[Unseen], edition: Edition, oracle: Oracle | None) -> Settled:
    """Set apart the sides that cannot occur; without a solver nothing is set apart."""
    missing: list[Missing] = []
    impossible: list[Unseen] = []
    for one in unseen:
        answer = can_occur(oracle, tracks_of(one.comparison, edition), goals(one), chapter_of(one.comparison, edition)) if oracle else OPEN
        if answer is False:
            impossible.append(one)
        else:
            missing.append(Missing(one, settled=answer is True))
    return Settled(tuple(missing), tuple(impossible))


def case_on(one: Unseen, edition: Edition, oracle: Oracle) -> Sketch | Open | None:
    """Return the smallest case on a side of a figure."""
    chapter = chapter_of(one.comparison, edition)
    return first_case(oracle, tracks_of(one.comparison, edition), (*goals(one), *_whole(one.comparison.place, chapter, edition)), chapter)


def tracks_of(one: Comparison, edition: Edition) -> tuple[str, ...]:
    """Return the tracks whose cases may lie on a side."""
    return (one.track,) if one.track else one.place.tracks or tuple(track.id for track in edition.tracks)


def chapter_of(one: Comparison, edition: Edition) -> Chapter | None:
    """Return the chapter whose figures a comparison names."""
    return next((chapter for chapter in edition.chapters if chapter.clause == one.place.chapter), None)


def goals(one: Unseen) -> tuple[ast.expr, ...]:
    """Return the conditions that a case meets which lies on a side of a figure, where it is asked."""
    return (*one.comparison.guards, *_on_side(one.comparison, one.side))


def _on_side(one: Comparison, side: str) -> Iterator[ast.expr]:
    """Return the conditions of a side: on the figure; or beyond it, but not beyond by a whole step."""
    if side == "on":
        yield _compared(one.held, ast.Eq(), one.figure)
        return
    beyond, back, step = (ast.Lt(), ast.GtE(), ast.Add()) if side == "below" else (ast.Gt(), ast.LtE(), ast.Sub())
    yield _compared(one.held, beyond, one.figure)
    yield _compared(_stepped(one, step), back, one.figure)


def _stepped(one: Comparison, step: ast.operator) -> ast.expr:
    """Return what is held against a figure, a step further; of a share, with one more or less in the part."""
    unit = ast.Constant(value=one.unit)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # an exact number is this language's literal
    match one.held:
        case ast.Call(func=function, args=[part, whole]):
            return ast.Call(function, [ast.BinOp(part, step, ast.Constant(value=1)), whole], [])
        case _:
            return ast.BinOp(one.held, step, unit)


def _compared(left: ast.expr, sign: ast.cmpop, right: ast.expr) -> ast.expr:
    """Write a comparison."""
    return ast.Compare(left, [sign], [right])


def told_apart(mutant: Mutant, edition: Edition, oracle: Oracle) -> Sketch | Open | None:
    """Return a case that tells a mutant from the edition; None where no case can, and that is proven."""
    place = mutant.place
    tracks = place.tracks or tuple(track.id for track in edition.tracks)
    if place.binds:
        ruled = [track.id for track in edition.tracks if track.id in tracks and track.levels]
        return first_difference(oracle, ruled, mutant.make(edition)) if ruled else OPEN
    chapter = next((chapter for chapter in edition.chapters if chapter.clause == place.chapter), None)
    if not mutant.tells or any(map(asks_lists, mutant.tells)):
        return OPEN
    return first_case(oracle, tracks, (*mutant.tells, *_whole(place, chapter, edition)), chapter)


def _whole(place: Place, chapter: Chapter | None, edition: Edition) -> tuple[ast.expr, ...]:
    """Return conditions that say nothing but bring in every fact that a rule of a chapter reads, so that a case states them all."""
    rules = names_by_rule(chapter) if chapter else ()
    read = dict.fromkeys(name for rule, names in rules if rule == place.owner or place.owner in names for name in names)
    plain = [name for name in read if name in edition.facts and edition.facts[name].type.kind != "list"]
    there = [ast.Call(ast.Name("exists"), [ast.Name(name)], []) for name in plain]
    return tuple(ast.BoolOp(ast.Or(), [one, ast.UnaryOp(ast.Not(), one)]) for one in there)


Reason: TypeAlias = Missing | Survivor | Uncovered
"""Why a case is missing: a side of a figure, a slip, or a criterion that nobody has seen so."""


class Suggestion(NamedTuple):
    """A case to be written: its name, its facts, and everything that it would show."""

    name: str
    sketch: Sketch
    reasons: tuple[Reason, ...]


def suggestions(
    edition: Edition, oracle: Oracle, missing: Iterable[Missing], survivors: Iterable[Survivor], uncovered: Iterable[Uncovered]
) -> tuple[Suggestion, ...]:  # fmt: skip
    """Return a case for each thing that is missing, where the solver finds one; one case may show several."""
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
    """Return a case for each thing by itself, with a name for it."""
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
    """Return a case its name."""
    return "-".join(["suggested", *parts]).replace("_", "-")


def _ways(seen: Uncovered, edition: Edition) -> Mapping[str, tuple[ast.expr, ...]]:
    """Return the conditions under which a criterion comes out met, or not met; that it is open needs no search: leave a fact out."""
    criterion = _criterion(seen, edition)
    applies = (criterion.applies_when.tree,) if criterion.applies_when else ()
    when = criterion.when.tree
    return {"met": (*applies, when), "not_met": (*applies, ast.UnaryOp(ast.Not(), when))}


def _criterion(seen: Uncovered, edition: Edition) -> Criterion:
    """Find a criterion."""
    track = next(track for track in edition.tracks if track.id == seen.track)
    return next(criterion for rule in track.levels for criterion in rule.criteria if criterion.id == seen.criterion)
