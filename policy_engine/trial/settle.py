"""What the solver says of what no case noticed: which sides cannot occur, which mutants are the same rulebook in other words."""

import ast
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from policy_engine.evaluate.duties import rules_reading
from policy_engine.model.duties import Chapter
from policy_engine.model.rulebook import Edition
from policy_engine.trial.comparisons import Comparison
from policy_engine.trial.mutants import Mutant, asks_lists
from policy_engine.trial.oracle import OPEN, Open, Oracle, Sketch, can_occur, first_case, first_difference
from policy_engine.trial.places import Place
from policy_engine.trial.sides import Unseen


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
    """Give the smallest case on a side of a figure."""
    chapter = chapter_of(one.comparison, edition)
    return first_case(oracle, tracks_of(one.comparison, edition), (*goals(one), *_whole(one.comparison.place, chapter, edition)), chapter)


def tracks_of(one: Comparison, edition: Edition) -> tuple[str, ...]:
    """Give the tracks whose cases may lie on a side."""
    return (one.track,) if one.track else one.place.tracks or tuple(track.id for track in edition.tracks)


def chapter_of(one: Comparison, edition: Edition) -> Chapter | None:
    """Give the chapter whose figures a comparison names."""
    return next((chapter for chapter in edition.chapters if chapter.clause == one.place.chapter), None)


def goals(one: Unseen) -> tuple[ast.expr, ...]:
    """Give the conditions that a case meets which lies on a side of a figure, where it is asked."""
    return (*one.comparison.guards, *_on_side(one.comparison, one.side))


def _on_side(one: Comparison, side: str) -> Iterator[ast.expr]:
    """Give the conditions of a side: on the figure; or beyond it, but not beyond by a whole step."""
    if side == "on":
        yield _compared(one.held, ast.Eq(), one.figure)
        return
    beyond, back, step = (ast.Lt(), ast.GtE(), ast.Add()) if side == "below" else (ast.Gt(), ast.LtE(), ast.Sub())
    yield _compared(one.held, beyond, one.figure)
    yield _compared(_stepped(one, step), back, one.figure)


def _stepped(one: Comparison, step: ast.operator) -> ast.expr:
    """Give what is held against a figure, a step further; of a share, with one more or less in the part."""
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
    """Give a case that tells a mutant from the edition; None where no case can, and that is proven."""
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
    """Give conditions that say nothing but bring in every fact that a rule of a chapter reads, so that a case states them all."""
    rules = rules_reading(chapter) if chapter else ()
    read = dict.fromkeys(name for rule, names in rules if rule == place.owner or place.owner in names for name in names)
    plain = [name for name in read if name in edition.facts and edition.facts[name].type.kind != "list"]
    there = [ast.Call(ast.Name("exists"), [ast.Name(name)], []) for name in plain]
    return tuple(ast.BoolOp(ast.Or(), [one, ast.UnaryOp(ast.Not(), one)]) for one in there)
