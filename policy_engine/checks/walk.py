"""The rules of an edition that rest on words of its text, each with its conditions: one walk for every check."""

import ast
from collections.abc import Container, Iterator, Mapping
from typing import NamedTuple

from policy_engine.language.text import MIRRORED, OPPOSITE, show, symbol
from policy_engine.model.duties import Cap, Chapter, Eligibility, Requirement
from policy_engine.model.facts import Condition, InterpretationUse, Threshold
from policy_engine.model.rulebook import Edition, Track
from policy_engine.source import Location


class Comparison(NamedTuple):
    """One comparison as it is written, and the sign that it has with its threshold on the right and no `not` before it.

    `threshold` is "" where it has none. `mirrored`: whether the threshold counts on the left. `number`: how many times the
    threshold's name stands before it in the condition. `guard`: whether it only says that something is above zero.
    """

    left: str
    written_sign: str
    right: str
    holds: bool
    sign: str
    threshold: str = ""
    mirrored: bool = False
    number: int = 0
    guard: bool = False

    @property
    def written(self) -> str:
        """Write the comparison as its author did."""
        return self._with(self.written_sign)

    def meaning(self, sign: str) -> str:
        """Write the comparison so that it has another sign, in the form that its author chose."""
        plain = MIRRORED[sign] if self.mirrored else sign
        return self._with(plain if self.holds else OPPOSITE[plain])

    def _with(self, sign: str) -> str:
        """Write the comparison with a sign in its place."""
        text = f"{self.left} {sign} {self.right}"
        return text if self.holds else f"not ({text})"


def comparisons(tree: ast.expr, thresholds: Container[str]) -> tuple[Comparison, ...]:
    """Return the comparisons of a condition by size; those about choices, texts and one item of a list are left out."""
    seen: dict[str, int] = {}
    return tuple(_read(left, operator, right, holds, thresholds, seen) for left, operator, right, holds in _pairs(tree, holds=True))


def _pairs(node: ast.expr, *, holds: bool) -> Iterator[tuple[ast.expr, ast.cmpop, ast.expr, bool]]:
    """Return each pair that is compared, and whether it must hold or must not."""
    match node:
        case ast.BoolOp(values=values):
            for value in values:
                yield from _pairs(value, holds=holds)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield from _pairs(operand, holds=not holds)
        case ast.Compare(left=left, ops=operators, comparators=comparators):
            for operator, right in zip(operators, comparators, strict=True):
                if not isinstance(operator, (ast.In, ast.NotIn)) and not _is_text(left) and not _is_text(right):
                    yield left, operator, right, holds
                left = right
        case _:
            return


def _is_text(node: ast.expr) -> bool:
    """Return whether a node is a text in quotes."""
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _read(
    left: ast.expr, operator: ast.cmpop, right: ast.expr, holds: bool, thresholds: Container[str], seen: dict[str, int]  # noqa: FBT001
) -> Comparison:  # fmt: skip
    """Turn one comparison."""
    plain = symbol(operator)
    sign = plain if holds else OPPOSITE[plain]
    guard = sign == ">" and isinstance(right, ast.Constant) and right.value == 0
    found = Comparison(show(left), plain, show(right), holds, sign, guard=guard)
    named = [*_named(left, 1, thresholds), *_named(right, -1, thresholds)]
    before = {name: seen.get(name, 0) for name, _ in named}
    for name, _ in named:
        seen[name] = seen.get(name, 0) + 1
    if len(named) != 1:
        return found._replace(guard=guard or bool(named))
    name, coefficient = named[0]
    turned = MIRRORED[sign] if coefficient > 0 else sign
    return found._replace(sign=turned, threshold=name, mirrored=coefficient > 0, number=before[name], guard=False)


def _named(node: ast.expr, coefficient: int, thresholds: Container[str]) -> Iterator[tuple[str, int]]:
    """Return the thresholds of a sum, each with whether it is added or taken away; a factor beside one is never below zero."""
    match node:
        case ast.Name(id=name) if name in thresholds:
            yield name, coefficient
        case ast.BinOp(left=left, op=operator, right=right):
            yield from _named(left, coefficient, thresholds)
            yield from _named(right, -coefficient if isinstance(operator, ast.Sub) else coefficient, thresholds)
        case _:
            return


class Ruling(NamedTuple):
    """A rule: its name, its phrase, its conditions, the figures known there, and the share that a cap names."""

    name: str
    phrase: str
    location: Location
    conditions: tuple[Condition, ...]
    thresholds: Mapping[str, Threshold]
    capped: tuple[Threshold, ...] = ()


def rulings(edition: Edition) -> Iterator[Ruling]:
    """Return every rule that decides something by the words of the text; invariants and what facts follow from do not."""
    for track in edition.tracks:
        known = {**edition.thresholds, **track.thresholds}
        yield Ruling(track.id, "", track.location, (track.applies_to,), known)
        for level in track.levels:
            for one in level.criteria:
                yield Ruling(one.id, one.citation.phrase, one.location, tuple(filter(None, (one.when, one.applies_when))), known)
    for chapter in edition.chapters:
        yield from _of_chapter(chapter, {**edition.thresholds, **chapter.thresholds})


def _of_chapter(chapter: Chapter, known: Mapping[str, Threshold]) -> Iterator[Ruling]:
    """Return the rules of a chapter."""
    for block in (chapter.routes, chapter.requirements, chapter.contents, chapter.ceilings, chapter.eligibility, chapter.caps):
        for entry in block:
            rule = entry.rule
            own: tuple[Condition | None, ...] = (rule.applies_when,)
            capped: tuple[Threshold, ...] = ()
            match entry:
                case Requirement():
                    own = (entry.holds, entry.in_time, rule.applies_when)
                case Eligibility():
                    own = (entry.when,)
                case Cap():
                    own = (rule.applies_when, entry.exception.where if entry.exception else None)
                    capped = (entry.at_most, *((entry.exception.at_most,) if entry.exception else ()))
                case _:
                    pass
            yield Ruling(rule.id, rule.citation.phrase, rule.location, tuple(filter(None, own)), known, capped)


def declared_thresholds(edition: Edition) -> Iterator[Threshold]:
    """Return every threshold of an edition."""
    yield from edition.thresholds.values()
    for track in edition.tracks:
        yield from track.thresholds.values()
    for chapter in edition.chapters:
        yield from chapter.thresholds.values()


def read_names(edition: Edition) -> set[str]:
    """Return every name that anything in an edition reads, in conditions or by itself."""
    found = {name for condition in _conditions(edition) for name in condition.names}
    for track in edition.tracks:
        found |= {name for stand_in in track.stand_ins for pair in stand_in.take.items() for name in pair}
    for chapter in edition.chapters:
        found |= {name for cap in chapter.caps for name in cap.per}
        found |= {one.name for cap in chapter.caps for one in (cap.at_most, *((cap.exception.at_most,) if cap.exception else ()))}
    return found


def named_conditions(edition: Edition) -> Iterator[tuple[str, tuple[Condition, ...]]]:
    """Return everything that decides something or leads to a fact, by its name, with its conditions."""
    for fact in edition.facts.values():
        yield fact.name, tuple(filter(None, (fact.counted_from, fact.derived, fact.when_absent)))
    for invariant in (*edition.invariants, *(rule for track in edition.tracks for rule in track.requires)):
        yield invariant.id, (invariant.holds, *filter(None, (invariant.otherwise.when,) if invariant.otherwise else ()))
    for ruling in rulings(edition):
        yield ruling.name, ruling.conditions


def _conditions(edition: Edition) -> Iterator[Condition]:
    """Return every condition of an edition."""
    for fact in edition.facts.values():
        yield from filter(None, (fact.counted_from, fact.derived, fact.when_absent))
        yield from _of_uses(fact.interpretations)
    for invariant in edition.invariants:
        yield invariant.holds
        yield from _of_uses(invariant.interpretations)
    for ruling in rulings(edition):
        yield from ruling.conditions
    for track in edition.tracks:
        yield from _of_track(track)
    for chapter in edition.chapters:
        yield from (ceiling.other for ceiling in chapter.ceilings)
        for rule in chapter.rules():
            yield from _of_uses(rule.interpretations)


def _of_track(track: Track) -> Iterator[Condition]:
    """Return the conditions of a track that are no criterion's own."""
    for rule in track.requires:
        yield rule.holds
        yield from _of_uses(rule.interpretations)
        if rule.otherwise:
            yield from filter(None, (rule.otherwise.when,))
            yield from _of_uses(rule.otherwise.interpretations)
    for stand_in in track.stand_ins:
        yield stand_in.unless
        yield from _of_uses(stand_in.interpretations)
    for step in track.decide:
        yield from _of_uses(step.interpretations)
    yield from _of_uses((*track.interpretations, *track.residual.interpretations))
    for level in track.levels:
        yield from _of_uses(level.interpretations)
        for one in level.criteria:
            yield from _of_uses((*one.interpretations, *one.applies_interpretations))


def _of_uses(uses: tuple[InterpretationUse, ...]) -> Iterator[Condition]:
    """Return the conditions under which interpretations are relied on."""
    yield from (use.when for use in uses if use.when)
