"""An edition with one thing otherwise: a condition, a figure, an entry. The edition itself is never changed."""

import ast
from collections.abc import Callable, Mapping
from datetime import date
from typing import TypeVar

from policy_engine.language.check import names_in
from policy_engine.language.shapes import is_array
from policy_engine.language.show import show
from policy_engine.language.values import Number
from policy_engine.model.duties import Chapter, Rule
from policy_engine.model.facts import Condition, FactDeclaration
from policy_engine.model.rulebook import Criterion, Edition, LevelRule, Track
from policy_engine.model.threshold import Threshold

Change = Callable[[Condition], Condition]
_Node = TypeVar("_Node", bound=ast.AST)


def with_tree(condition: Condition, tree: ast.expr) -> Condition:
    """Give a condition another tree."""
    return Condition(tree, show(tree), condition.location, names_in(tree))


def with_figure(condition: Condition, name: str, value: Number | date) -> Condition:
    """Give a condition with a figure written out where it was named; for a solver, which reads the tree alone."""
    tree = condition.tree
    figure = ast.Constant(value=value)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # an exact number is this language's literal
    for node in [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == name]:
        tree = swapped(tree, node, figure)
    return condition._replace(tree=tree)


def joined(first: Condition, second: Condition) -> Condition:
    """Give the condition that both hold, at the place of the second."""
    parts = [part for one in (first, second) for part in _conjuncts(one.tree)]
    return with_tree(second, ast.BoolOp(ast.And(), parts))


def _conjuncts(tree: ast.expr) -> list[ast.expr]:
    """Give what is joined by `and`."""
    return tree.values if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And) else [tree]


def swapped(node: _Node, old: ast.AST, new: ast.AST) -> _Node:
    """Give a tree with one of its nodes replaced; what is not on the way to it is shared."""
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
    """Give an edition in which a condition reads otherwise, wherever its text is used."""

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
    """Give an edition in which a figure is another one."""

    def changed(figures: Mapping[str, Threshold]) -> dict[str, Threshold]:
        return {name: new if (one.name, one.location) == (old.name, old.location) else one for name, one in figures.items()}

    tracks = tuple(track._replace(thresholds=changed(track.thresholds)) for track in edition.tracks)
    chapters = tuple(chapter._replace(thresholds=changed(chapter.thresholds)) for chapter in edition.chapters)
    return edition._replace(thresholds=changed(edition.thresholds), tracks=tracks, chapters=chapters)


def with_track(edition: Edition, track: Track) -> Edition:
    """Give an edition in which a track is another one."""
    return edition._replace(tracks=tuple(track if one.id == track.id else one for one in edition.tracks))


def with_chapter(edition: Edition, chapter: Chapter) -> Edition:
    """Give an edition in which a chapter is another one."""
    return edition._replace(chapters=tuple(chapter if one.clause == chapter.clause else one for one in edition.chapters))


def without_rule(chapter: Chapter, name: str) -> Chapter:
    """Give a chapter without one of its rules."""
    return chapter._replace(
        routes=tuple(e for e in chapter.routes if e.rule.id != name),
        requirements=tuple(e for e in chapter.requirements if e.rule.id != name),
        contents=tuple(e for e in chapter.contents if e.rule.id != name),
        ceilings=tuple(e for e in chapter.ceilings if e.rule.id != name),
        eligibility=tuple(e for e in chapter.eligibility if e.rule.id != name),
    )


def for_everyone(chapter: Chapter, name: str) -> Chapter:
    """Give a chapter in which a rule applies to everyone whom the chapter concerns."""

    def freed(rule: Rule) -> Rule:
        return rule._replace(applies_when=None) if rule.id == name else rule

    return chapter._replace(
        routes=tuple(e._replace(rule=freed(e.rule)) for e in chapter.routes),
        requirements=tuple(e._replace(rule=freed(e.rule)) for e in chapter.requirements),
        contents=tuple(e._replace(rule=freed(e.rule)) for e in chapter.contents),
        ceilings=tuple(e._replace(rule=freed(e.rule)) for e in chapter.ceilings),
    )
