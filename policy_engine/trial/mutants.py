"""Mutants: an edition with one slip each. A set of cases that notices none of them would not notice the slip of an author either."""

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import NamedTuple, TypeVar

from policy_engine.language.check import names_in, positive_wholes
from policy_engine.language.grammar import children
from policy_engine.language.quantity import Quantity
from policy_engine.language.text import decimal_text, show, symbol
from policy_engine.language.types import ORDERED, SHARE, Type
from policy_engine.language.values import Number, is_array
from policy_engine.model.duties import Chapter, Rule
from policy_engine.model.facts import Condition, FactDeclaration, Threshold
from policy_engine.model.rulebook import Criterion, Edition, LevelRule, Track
from policy_engine.trial.places import Place, Spot, names_of, place_of, spots

_STRICTNESS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE,), ast.LtE: (ast.Lt,), ast.Gt: (ast.GtE,), ast.GtE: (ast.Gt,),
}  # fmt: skip
_DENIALS: dict[type[ast.cmpop], type[ast.cmpop]] = {ast.NotEq: ast.Eq, ast.NotIn: ast.In}


class Slip(NamedTuple):
    """One condition with one thing otherwise: what sort of slip it is, the signs or words before and after, in which part; the tree."""

    kind: str
    before: str
    after: str
    part: str
    tree: ast.expr


class Known(NamedTuple):
    """What is known of names: the types of facts, and the levels from the worst to the best."""

    types: Mapping[str, Type]
    levels: Sequence[str]


def slips(tree: ast.expr, known: Known) -> Iterator[Slip]:
    """Return every slip of a condition, in the order of its text.

    Two choices are equal or not, but never more or less; and a slip that says the same by itself is none: nothing is below
    zero of a count, below the worst level or above the best one.
    """
    pending = [tree]
    while pending:
        node = pending.pop()
        for kind, before, after, other in _of_node(node, known):
            yield Slip(kind, before, after, show(node), swapped(tree, node, other))
        pending += reversed(children(node))


def _of_node(node: ast.expr, known: Known) -> Iterator[tuple[str, str, str, ast.expr]]:
    """Return the slips of one node."""
    match node:
        case ast.BoolOp(op=operator, values=values):
            other = ast.Or() if isinstance(operator, ast.And) else ast.And()
            yield "connective", symbol(operator), symbol(other), ast.BoolOp(other, values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield "negation", "not", "", operand
        case ast.Compare(left=left, ops=signs, comparators=comparators):
            for place, sign in enumerate(signs):
                for kind, mistaken in _signs(sign, node, known):
                    changed = [*signs[:place], mistaken(), *signs[place + 1 :]]
                    yield kind, symbol(sign), symbol(mistaken()), ast.Compare(left, changed, comparators)
        case _:
            return


def _signs(sign: ast.cmpop, node: ast.Compare, known: Known) -> Iterator[tuple[str, type[ast.cmpop]]]:
    """Return the signs that may be mistaken for one."""
    kind = type(sign)
    if kind in _DENIALS:
        yield "negation", _DENIALS[kind]
    elif kind is ast.Eq and _is_ordered(node, known.types):
        yield from (("strictness", other) for other in (ast.GtE, ast.LtE) if other is not _same_by_itself(node, known))
    else:
        yield from (("strictness", other) for other in _STRICTNESS.get(kind, ()))


def _same_by_itself(node: ast.Compare, known: Known) -> type[ast.cmpop] | None:
    """Return the sign that says no more than `==` where one side is the least, or the most, that there can be."""
    match node.left, node.comparators[0]:
        case ast.Call(func=ast.Name(id="count")), ast.Constant(value=0):
            return ast.LtE
        case ast.Name(id=name), ast.Constant(value=0) if name in known.types and known.types[name].kind == "count":
            return ast.LtE
        case _, ast.Name(id=level) if level in known.levels:
            return ast.LtE if level == known.levels[0] else ast.GtE if level == known.levels[-1] else None
        case _:
            return None


def _is_ordered(node: ast.Compare, types: Mapping[str, Type]) -> bool:
    """Return whether what is compared knows more and less."""
    for side in (node.left, *node.comparators):
        if isinstance(side, ast.Constant) and isinstance(side.value, str):
            return False
        if isinstance(side, ast.Name) and side.id in types and types[side.id].kind not in ORDERED:
            return False
    return True


def unit_of(quantity: Quantity) -> int | Fraction:
    """Return the smallest step of a figure: one unit of the last place that it is written with; of days and counts, one."""
    if isinstance(quantity.value, date):
        return 1
    written = quantity.text.partition("%")[0].partition(" ")[0]
    step = Fraction(1, 10 ** len(written.partition(".")[2]))
    return step / 100 if quantity.type is SHARE else step


def nudged(quantity: Quantity) -> Iterator[Quantity]:
    """Return a figure one step lower and one step higher, where there is such a figure."""
    step = unit_of(quantity)
    value = quantity.value
    for up in (-1, 1):
        if isinstance(value, date):
            day = value + timedelta(days=up)
            yield quantity._replace(value=day, text=day.isoformat())
        elif value + up * step >= 0:
            number = value + up * step
            yield quantity._replace(value=number if isinstance(value, Fraction) else int(number), text=_text(quantity, Fraction(number)))


def _text(quantity: Quantity, number: Fraction) -> str:
    """Write a figure as a rulebook would."""
    if quantity.type is SHARE:
        return f"{decimal_text(number * 100)}%"
    _, space, unit = quantity.text.partition(" ")
    return f"{decimal_text(number)}{space}{unit}"


Change = Callable[[Condition], Condition]
_Node = TypeVar("_Node", bound=ast.AST)


def with_tree(condition: Condition, tree: ast.expr) -> Condition:
    """Return a condition another tree."""
    return Condition(tree, show(tree), condition.location, names_in(tree))


def with_figure(condition: Condition, name: str, value: Number | date) -> Condition:
    """Return a condition with a figure written out where it was named; for a solver, which reads the tree alone."""
    tree = condition.tree
    figure = ast.Constant(value=value)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # an exact number is this language's literal
    for node in [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == name]:
        tree = swapped(tree, node, figure)
    return condition._replace(tree=tree)


def joined(first: Condition, second: Condition) -> Condition:
    """Return the condition that both hold, at the place of the second."""
    parts = [part for one in (first, second) for part in _conjuncts(one.tree)]
    return with_tree(second, ast.BoolOp(ast.And(), parts))


def _conjuncts(tree: ast.expr) -> list[ast.expr]:
    """Return what is joined by `and`."""
    return tree.values if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And) else [tree]


def swapped(node: _Node, old: ast.AST, new: ast.AST) -> _Node:
    """Return a tree with one of its nodes replaced; what is not on the way to it is shared."""
    if node is old:
        return new  # type: ignore[return-value]  # pyright: ignore[reportReturnType]  # the caller puts a node where one of its kind stood
    fields = {name: _within(value, old, new) for name, value in ast.iter_fields(node)}
    return type(node)(**fields) if any(fields[name] is not value for name, value in ast.iter_fields(node)) else node


def _within(value: object, old: ast.AST, new: ast.AST) -> object:
    """Replace the node inside a field of another one."""
    if isinstance(value, ast.AST):
        return swapped(value, old, new)
    if is_array(value):
        other = [_within(item, old, new) for item in value]
        return other if any(a is not b for a, b in zip(value, other, strict=True)) else value
    return value


def with_condition(edition: Edition, old: Condition, new: Condition) -> Edition:
    """Return an edition in which a condition reads otherwise, wherever its text is used."""

    def change(condition: Condition) -> Condition:
        return new if condition.location == old.location and condition.text == old.text else condition

    tracks = tuple(_track(track, change) for track in edition.tracks)
    chapters = tuple(_chapter(chapter, change) for chapter in edition.chapters)
    return edition._replace(tracks=tracks, chapters=chapters, facts={name: _fact(fact, change) for name, fact in edition.facts.items()})


def _perhaps(condition: Condition | None, change: Change) -> Condition | None:
    """Change a condition, where there is one."""
    return change(condition) if condition else None


def _track(track: Track, change: Change) -> Track:
    """Change the conditions of a track."""
    levels = with_criteria(track.levels, lambda c: c._replace(when=change(c.when), applies_when=_perhaps(c.applies_when, change)))
    return track._replace(applies_to=change(track.applies_to), levels=levels)


def with_criteria(levels: tuple[LevelRule, ...], change: Callable[[Criterion], Criterion | None]) -> tuple[LevelRule, ...]:
    """Change every criterion of the levels, or drop it."""
    return tuple(rule._replace(criteria=tuple(c for c in map(change, rule.criteria) if c)) for rule in levels)


def _chapter(chapter: Chapter, change: Change) -> Chapter:
    """Change the conditions of a chapter."""

    def ruled(rule: Rule) -> Rule:
        return rule._replace(applies_when=_perhaps(rule.applies_when, change))

    requirements, contents = (
        tuple(e._replace(rule=ruled(e.rule), holds=change(e.holds), in_time=_perhaps(e.in_time, change)) for e in block)
        for block in (chapter.requirements, chapter.contents)
    )
    return chapter._replace(
        routes=tuple(e._replace(rule=ruled(e.rule)) for e in chapter.routes), requirements=requirements, contents=contents,
        ceilings=tuple(e._replace(rule=ruled(e.rule), other=change(e.other)) for e in chapter.ceilings),
        eligibility=tuple(e._replace(rule=ruled(e.rule), when=change(e.when)) for e in chapter.eligibility),
    )  # fmt: skip


def _fact(fact: FactDeclaration, change: Change) -> FactDeclaration:
    """Change what a fact follows from."""
    if not (fact.derived or fact.counted_from or fact.when_absent):
        return fact
    derived, counted, absent = (_perhaps(condition, change) for condition in (fact.derived, fact.counted_from, fact.when_absent))
    return fact._replace(derived=derived, counted_from=counted, when_absent=absent)


def with_threshold(edition: Edition, old: Threshold, new: Threshold) -> Edition:
    """Return an edition in which a figure is another one."""

    def changed(figures: Mapping[str, Threshold]) -> dict[str, Threshold]:
        return {name: new if (one.name, one.location) == (old.name, old.location) else one for name, one in figures.items()}

    tracks = tuple(track._replace(thresholds=changed(track.thresholds)) for track in edition.tracks)
    chapters = tuple(chapter._replace(thresholds=changed(chapter.thresholds)) for chapter in edition.chapters)
    return edition._replace(thresholds=changed(edition.thresholds), tracks=tracks, chapters=chapters)


def with_track(edition: Edition, track: Track) -> Edition:
    """Return an edition in which a track is another one."""
    return edition._replace(tracks=tuple(track if one.id == track.id else one for one in edition.tracks))


def with_chapter(edition: Edition, chapter: Chapter) -> Edition:
    """Return an edition in which a chapter is another one."""
    return edition._replace(chapters=tuple(chapter if one.clause == chapter.clause else one for one in edition.chapters))


def without_rule(chapter: Chapter, name: str) -> Chapter:
    """Return a chapter without one of its rules."""
    return chapter._replace(
        routes=tuple(e for e in chapter.routes if e.rule.id != name),
        requirements=tuple(e for e in chapter.requirements if e.rule.id != name),
        contents=tuple(e for e in chapter.contents if e.rule.id != name),
        ceilings=tuple(e for e in chapter.ceilings if e.rule.id != name),
        eligibility=tuple(e for e in chapter.eligibility if e.rule.id != name),
    )


def for_everyone(chapter: Chapter, name: str) -> Chapter:
    """Return a chapter in which a rule applies to everyone whom the chapter concerns."""

    def freed(rule: Rule) -> Rule:
        return rule._replace(applies_when=None) if rule.id == name else rule

    return chapter._replace(
        routes=tuple(e._replace(rule=freed(e.rule)) for e in chapter.routes),
        requirements=tuple(e._replace(rule=freed(e.rule)) for e in chapter.requirements),
        contents=tuple(e._replace(rule=freed(e.rule)) for e in chapter.contents),
        ceilings=tuple(e._replace(rule=freed(e.rule)) for e in chapter.ceilings),
    )


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
    """Return every mutant of an edition, in the order of its text."""
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
    """Return the figures of an edition, of each track and of each chapter, with whose cases they concern."""
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
    """Return what a case meets for which some condition beside the levels comes out otherwise with another figure."""
    reading = [spot for spot in found if threshold.name in spot.condition.names]
    each = [_told_by(spot, with_figure(spot.condition, threshold.name, quantity.value)) for spot in reading]
    return (ast.BoolOp(ast.Or(), [ast.BoolOp(ast.And(), list(parts)) for parts in each]),) if each and all(each) else ()


def _figure_change(old: Threshold, new: Threshold) -> Callable[[Edition], Edition]:
    """Return the change that puts another figure."""
    return lambda edition: with_threshold(edition, old, new)


def _of_condition(spot: Spot, known: Known) -> Iterator[Mutant]:
    """Make each slip of one condition."""
    for slip in slips(spot.condition.tree, known):
        other = with_tree(spot.condition, slip.tree)
        if spot.guarded and _loses(spot.condition, other, spot.guarded):
            continue
        change, tells = _condition_change(spot.condition, other), _told_by(spot, other)
        place = spot.place._replace(location=spot.condition.location)
        yield Mutant(slip.kind, slip.before, slip.after, place, slip.part, change, tells)


def _told_by(spot: Spot, other: Condition) -> tuple[ast.expr, ...]:
    """Return what a case meets for which a condition beside the levels comes out otherwise."""
    if spot.place.binds or spot.key in {"applies_to", "when_absent"} or any(asks_lists(tree) for tree in (spot.condition.tree, other.tree)):
        return ()
    one, two = spot.condition.tree, other.tree
    apart = ast.BoolOp(ast.Or(), [ast.BoolOp(ast.And(), [a, ast.UnaryOp(ast.Not(), b)]) for a, b in ((one, two), (two, one))])
    return (*((spot.guard.tree,) if spot.guard else ()), *((spot.first.tree,) if spot.first else ()), apart)


def asks_lists(tree: ast.expr) -> bool:
    """Return whether a condition counts a list, or asks what the case file states: that a solver over facts does not read."""
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return any(isinstance(function, ast.Name) and function.id in {"count", "sum", "given"} for function in calls)


def _loses(old: Condition, new: Condition, guarded: Condition) -> bool:
    """Return whether a share would stand without its guard: such an edition is refused when it is read, and needs no case."""
    return any(_is_whole(whole, guarded) for whole in positive_wholes(old.tree) - positive_wholes(new.tree))


def _is_whole(text: str, condition: Condition) -> bool:
    """Return whether a condition takes a share of something."""
    return any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "share" and show(node.args[1]) == text
        for node in ast.walk(condition.tree)
    )


def _condition_change(old: Condition, new: Condition) -> Callable[[Edition], Edition]:
    """Return the change that puts another condition."""
    return lambda edition: with_condition(edition, old, new)


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
    """Return the change that puts another rule of a level."""
    return _track_change(track._replace(levels=tuple(new if one is old else one for one in track.levels)))


def _track_change(track: Track) -> Callable[[Edition], Edition]:
    """Return the change that puts another track."""
    return lambda edition: with_track(edition, track)


def _applying(edition: Edition) -> Iterator[Mutant]:
    """Take away where a criterion applies; where that guards a share, ask it as a condition instead, since else it would not load."""
    for spot in spots(edition):
        if spot.key == "when" and spot.guard and spot.place.chapter == "" and spot.place.tracks:
            yield Mutant("applies_when", spot.guard.text, "", spot.place, spot.condition.text, _freed(spot))


def _freed(spot: Spot) -> Callable[[Edition], Edition]:
    """Return the change that lets a criterion apply to everyone."""
    guard, when = spot.guard, spot.condition
    assert guard
    needed = any(_is_whole(whole, when) for whole in positive_wholes(guard.tree))
    other = joined(guard, when) if needed else when

    def change(criterion: Criterion) -> Criterion:
        mine = criterion.when.location == when.location and criterion.when.text == when.text
        return criterion._replace(when=other, applies_when=None) if mine else criterion

    return lambda edition: edition._replace(
        tracks=tuple(track._replace(levels=with_criteria(track.levels, change)) for track in edition.tracks)
    )


def _of_chapter(chapter: Chapter) -> Iterator[Mutant]:
    """Drop each rule of a chapter, let it apply to everyone, forget its day, mistake what ties a level."""
    capped = {cap.rule.id for cap in chapter.caps}
    for rule in (rule for rule in chapter.rules() if rule.id not in capped):
        place = place_of(rule, chapter)
        applies = (rule.applies_when.tree,) if rule.applies_when else (ast.Compare(ast.Constant(0), [ast.Eq()], [ast.Constant(0)]),)
        yield Mutant("dropped", rule.id, "", place, "", _chapter_change(without_rule(chapter, rule.id)), applies)
        if rule.applies_when:
            text, others = rule.applies_when.text, (ast.UnaryOp(ast.Not(), rule.applies_when.tree),)
            yield Mutant("applies_when", text, "", place, text, _chapter_change(for_everyone(chapter, rule.id)), others)
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
    """Return the change that puts another chapter."""
    return lambda edition: with_chapter(edition, chapter)
