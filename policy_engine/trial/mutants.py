"""Mutants: an edition with one slip each. A set of cases that notices none of them would not notice the slip of an author either."""

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from policy_engine.language.check import positive_wholes
from policy_engine.language.quantity import Quantity
from policy_engine.language.show import show
from policy_engine.model.duties import Chapter
from policy_engine.model.facts import Condition
from policy_engine.model.rulebook import Criterion, Edition, LevelRule, Track
from policy_engine.model.threshold import Threshold
from policy_engine.trial import rewrite
from policy_engine.trial.places import Place, Spot, names_of, place_of, spots
from policy_engine.trial.slips import Known, nudged, slips

KINDS = ("threshold", "strictness", "connective", "negation", "dropped", "mode", "applies_when", "in_time", "relation", "order")
"""The sorts of mutants: what is otherwise in each."""


class Mutant(NamedTuple):
    """One slip: of what sort, what stands there and what would, where, and the edition with it (made when it is needed)."""

    kind: str
    before: str
    after: str
    place: Place
    part: str
    """The part of a condition that the slip is in, as the edition writes it, or the name of the figure; "" where it is in none."""
    make: Callable[[Edition], Edition]
    tells: tuple[ast.expr, ...] = ()
    """What every case meets that tells it from the edition, where that can be said beside the levels; else nothing."""


def mutants(edition: Edition) -> tuple[Mutant, ...]:
    """Give every mutant of an edition, in the order of its text."""
    found = spots(edition)
    ranked = sorted(edition.scale.values(), key=lambda level: level.rank)
    known = Known({name: fact.type for name, fact in edition.facts.items()}, [level.id for level in ranked])
    return (
        *_of_figures(edition, found),
        *(mutant for spot in found for mutant in _of_condition(spot, known)),
        *(mutant for track in edition.tracks for mutant in _of_track(track)),
        *_applying(edition),
        *(mutant for chapter in edition.chapters for mutant in _of_chapter(chapter)),
    )


def _of_figures(edition: Edition, found: tuple[Spot, ...]) -> Iterator[Mutant]:
    """Nudge every figure; one that only caps or invariants read is seen by no case alone."""
    read = names_of(found)
    for figures, tracks, chapter in _figures(edition):
        for threshold in figures.values():
            if threshold.name in read:
                binds = all(spot.place.binds for spot in found if threshold.name in spot.condition.names)
                place = Place(threshold.name, (threshold.citation.clause,), threshold.location, tracks, chapter, binds)
                yield from _nudges(threshold, place, found)


def _figures(edition: Edition) -> Iterator[tuple[Mapping[str, Threshold], tuple[str, ...], str]]:
    """Give the figures of an edition, of each track and of each chapter, with whose cases they concern."""
    yield edition.thresholds, (), ""
    for track in edition.tracks:
        yield track.thresholds, (track.id,), ""
    for chapter in edition.chapters:
        yield chapter.thresholds, chapter.tracks, chapter.clause


def _nudges(threshold: Threshold, place: Place, found: Iterable[Spot]) -> Iterator[Mutant]:
    """Nudge a figure both ways."""
    for quantity in nudged(threshold.quantity):
        other = threshold._replace(quantity=quantity)
        tells = () if place.binds else _told_by_figure(threshold, quantity, found)
        change = _figure_change(threshold, other)
        yield Mutant("threshold", threshold.quantity.text, quantity.text, place, threshold.name, change, tells)


def _told_by_figure(threshold: Threshold, quantity: Quantity, found: Iterable[Spot]) -> tuple[ast.expr, ...]:
    """Give what a case meets for which some condition beside the levels comes out otherwise with another figure."""
    reading = [spot for spot in found if threshold.name in spot.condition.names]
    each = [_told_by(spot, rewrite.with_figure(spot.condition, threshold.name, quantity.value)) for spot in reading]
    return (ast.BoolOp(ast.Or(), [ast.BoolOp(ast.And(), list(parts)) for parts in each]),) if each and all(each) else ()


def _figure_change(old: Threshold, new: Threshold) -> Callable[[Edition], Edition]:
    """Give the change that puts another figure."""
    return lambda edition: rewrite.with_threshold(edition, old, new)


def _of_condition(spot: Spot, known: Known) -> Iterator[Mutant]:
    """Make each slip of one condition."""
    for slip in slips(spot.condition.tree, known):
        other = rewrite.with_tree(spot.condition, slip.tree)
        if spot.guarded and _loses(spot.condition, other, spot.guarded):
            continue
        change, tells = _condition_change(spot.condition, other), _told_by(spot, other)
        place = spot.place._replace(location=spot.condition.location)
        yield Mutant(slip.kind, slip.before, slip.after, place, slip.part, change, tells)


def _told_by(spot: Spot, other: Condition) -> tuple[ast.expr, ...]:
    """Give what a case meets for which a condition beside the levels comes out otherwise."""
    if spot.place.binds or spot.key in {"applies_to", "when_absent"} or any(asks_lists(tree) for tree in (spot.condition.tree, other.tree)):
        return ()
    one, two = spot.condition.tree, other.tree
    apart = ast.BoolOp(ast.Or(), [ast.BoolOp(ast.And(), [a, ast.UnaryOp(ast.Not(), b)]) for a, b in ((one, two), (two, one))])
    return (*((spot.guard.tree,) if spot.guard else ()), *((spot.first.tree,) if spot.first else ()), apart)


def asks_lists(tree: ast.expr) -> bool:
    """Tell whether a condition counts a list, or asks what the case file states: that a solver over facts does not read."""
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return any(isinstance(function, ast.Name) and function.id in {"count", "sum", "given"} for function in calls)


def _loses(old: Condition, new: Condition, guarded: Condition) -> bool:
    """Tell whether a share would stand without its guard: such an edition is refused when it is read, and needs no case."""
    return any(_is_whole(whole, guarded) for whole in positive_wholes(old.tree) - positive_wholes(new.tree))


def _is_whole(text: str, condition: Condition) -> bool:
    """Tell whether a condition takes a share of something."""
    return any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "share" and show(node.args[1]) == text
        for node in ast.walk(condition.tree)
    )


def _condition_change(old: Condition, new: Condition) -> Callable[[Edition], Edition]:
    """Give the change that puts another condition."""
    return lambda edition: rewrite.with_condition(edition, old, new)


def _of_track(track: Track) -> Iterator[Mutant]:
    """Drop each criterion of each level, take any for all, and change the order of deciding."""
    for rule in track.levels:
        if len(rule.criteria) > 1:
            other = "any_of" if rule.mode == "all_of" else "all_of"
            place = Place(rule.level, (rule.citation.clause,), track.location, (track.id,), binds=True)
            yield Mutant("mode", rule.mode, other, place, "", _level_change(track, rule, rule._replace(mode=other)))
            yield from (_dropped(track, rule, criterion) for criterion in rule.criteria)
    for place_in, (first, second) in enumerate(zip(track.decide, track.decide[1:], strict=False)):
        steps = (*track.decide[:place_in], second, first, *track.decide[place_in + 2 :])
        place = Place(track.id, (track.citation.clause,), track.location, (track.id,), binds=True)
        before, after = ", ".join(first.levels), ", ".join(second.levels)
        yield Mutant("order", before, after, place, "", _track_change(track._replace(decide=steps)))


def _dropped(track: Track, rule: LevelRule, criterion: Criterion) -> Mutant:
    """Drop a criterion of one level."""
    kept = rule._replace(criteria=tuple(one for one in rule.criteria if one is not criterion))
    place = Place(criterion.id, (criterion.citation.clause,), criterion.location, (track.id,), binds=True)
    return Mutant("dropped", criterion.id, "", place, criterion.when.text, _level_change(track, rule, kept))


def _level_change(track: Track, old: LevelRule, new: LevelRule) -> Callable[[Edition], Edition]:
    """Give the change that puts another rule of a level."""
    return _track_change(track._replace(levels=tuple(new if one is old else one for one in track.levels)))


def _track_change(track: Track) -> Callable[[Edition], Edition]:
    """Give the change that puts another track."""
    return lambda edition: rewrite.with_track(edition, track)


def _applying(edition: Edition) -> Iterator[Mutant]:
    """Take away where a criterion applies; where that guards a share, ask it as a condition instead, since else it would not load."""
    for spot in spots(edition):
        if spot.key == "when" and spot.guard and spot.place.chapter == "" and spot.place.tracks:
            yield Mutant("applies_when", spot.guard.text, "", spot.place, spot.condition.text, _freed(spot))


def _freed(spot: Spot) -> Callable[[Edition], Edition]:
    """Give the change that lets a criterion apply to everyone."""
    guard, when = spot.guard, spot.condition
    assert guard
    needed = any(_is_whole(whole, when) for whole in positive_wholes(guard.tree))
    other = rewrite.joined(guard, when) if needed else when

    def change(criterion: Criterion) -> Criterion:
        mine = criterion.when.location == when.location and criterion.when.text == when.text
        return criterion._replace(when=other, applies_when=None) if mine else criterion

    return lambda edition: edition._replace(
        tracks=tuple(track._replace(levels=rewrite.with_criteria(track.levels, change)) for track in edition.tracks)
    )


def _of_chapter(chapter: Chapter) -> Iterator[Mutant]:
    """Drop each rule of a chapter, let it apply to everyone, forget its day, mistake what ties a level."""
    capped = {cap.rule.id for cap in chapter.caps}
    for rule in (rule for rule in chapter.rules() if rule.id not in capped):
        place = place_of(rule, chapter)
        applies = (rule.applies_when.tree,) if rule.applies_when else (ast.Compare(ast.Constant(0), [ast.Eq()], [ast.Constant(0)]),)
        yield Mutant("dropped", rule.id, "", place, "", _chapter_change(rewrite.without_rule(chapter, rule.id)), applies)
        if rule.applies_when:
            text, others = rule.applies_when.text, (ast.UnaryOp(ast.Not(), rule.applies_when.tree),)
            yield Mutant("applies_when", text, "", place, text, _chapter_change(rewrite.for_everyone(chapter, rule.id)), others)
    yield from _of_days(chapter)
    for ceiling in (one for one in chapter.ceilings if not one.lowers):  # what lowers can only be `not_above`
        other = "same_as" if ceiling.relation == "not_above" else "not_above"
        ceilings = tuple(one._replace(relation=other) if one is ceiling else one for one in chapter.ceilings)
        change = _chapter_change(chapter._replace(ceilings=ceilings))
        yield Mutant("relation", ceiling.relation, other, place_of(ceiling.rule, chapter), "", change)


def _of_days(chapter: Chapter) -> Iterator[Mutant]:
    """Forget the day by which something must be there."""
    for entry in (*chapter.requirements, *chapter.contents):
        if entry.in_time:
            free = entry._replace(in_time=None)
            requirements, contents = (
                tuple(free if one is entry else one for one in block) for block in (chapter.requirements, chapter.contents)
            )
            change = _chapter_change(chapter._replace(requirements=requirements, contents=contents))
            applies = (entry.rule.applies_when.tree,) if entry.rule.applies_when else ()
            late = (*applies, entry.holds.tree, ast.UnaryOp(ast.Not(), entry.in_time.tree))
            yield Mutant("in_time", entry.in_time.text, "", place_of(entry.rule, chapter), entry.in_time.text, change, late)


def _chapter_change(chapter: Chapter) -> Callable[[Edition], Edition]:
    """Give the change that puts another chapter."""
    return lambda edition: rewrite.with_chapter(edition, chapter)
