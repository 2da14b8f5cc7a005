"""Mutants: an edition with one thing otherwise in each. Cases that notice none of them would not notice the mistake of an author either."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from itertools import groupby, pairwise
from typing import NamedTuple, TypeAlias

from policy_engine.language.check import positive_wholes
from policy_engine.language.fold import Reader
from policy_engine.language.quantity import Quantity
from policy_engine.language.text import decimal_text, show
from policy_engine.language.tree import (
    Pair,
    Tree,
    calls_in,
    chained,
    compared,
    conjuncts,
    joined,
    listed,
    literal,
    name_of,
    names_in,
    negated,
    opened,
    swapped,
    walk,
)  # fmt: skip
from policy_engine.language.types import ORDERED, SHARE, Type
from policy_engine.language.values import Number
from policy_engine.model.duties import Eligibility
from policy_engine.model.facts import Condition, Threshold
from policy_engine.model.rulebook import Criterion, Edition
from policy_engine.model.sites import DROPPED, RULES, Site, rebuilt, sites
from policy_engine.source import Location


class RulePlace(NamedTuple):
    """A place of the rulebook's text: whose it is, its clauses, where it stands, and whose cases read it.

    `tracks` are the tracks whose criteria read it and `chapter` the chapter; neither: every case may. `binds`: whether it
    bears on levels and on nothing else, so that whoever compares all levels compares all that it says.
    """

    owner: str
    clauses: tuple[str, ...]
    location: Location
    tracks: tuple[str, ...] = ()
    chapter: str = ""
    binds: bool = False


class Spot(NamedTuple):
    """A condition at its place; `key` is the key of the file that it stands under.

    `guard` must hold for it to be asked; `guarded` is what is asked only where this one holds.
    """

    place: RulePlace
    key: str
    condition: Condition
    guard: Condition | None = None
    guarded: Condition | None = None
    first: Condition | None = None
    """What must hold before it is asked at all: a paper is there before it can be late."""


def spots(edition: Edition) -> tuple[Spot, ...]:
    """Return every condition that a case can be held against, each once: of tracks, then of chapters, then of facts.

    Invariants and what a track requires are not among them: who breaks these is refused, and no expectation sees it. Nor are those
    of caps: they are counted over a round, and no case alone sees them.
    """
    chapters = {chapter.clause: chapter.tracks for chapter in edition.chapters}
    asked = [site for site in sites(edition) if site.sort in _ASKED]
    found: dict[tuple[Location, str, str, str], Spot] = {}
    for owner, group in groupby(sorted(asked, key=lambda site: site.owner.kind == "edition"), key=lambda site: site.owner[:2]):
        several = list(group)
        spots_of = [spot for site in several for spot in _of_site(site, chapters.get(owner[1], ()))]
        if owner[0] == "chapter":  # whom its rules concern, before what they ask
            spots_of.sort(key=lambda spot: spot.key != "applies_when")
        for spot in spots_of:
            key = (spot.condition.location, spot.key, spot.condition.text, spot.place.owner)
            found[key] = _joined(found[key], spot) if key in found else spot
    return tuple(found.values())


_ASKED = ("fact", "track", "criterion", "route", "requirement", "content", "ceiling", "eligibility")


def _joined(first: Spot, other: Spot) -> Spot:
    """Join two uses of one text: it stands under the clauses of both, and the cases of both read it."""
    one, two = first.place, other.place
    clauses, tracks = (tuple(dict.fromkeys((*a, *b))) for a, b in ((one.clauses, two.clauses), (one.tracks, two.tracks)))
    return first._replace(place=one._replace(clauses=clauses, tracks=tracks))


def _of_site(site: Site, tracks: tuple[str, ...]) -> Iterator[Spot]:
    place, conditions = _place(site, tracks), site.conditions
    guard = conditions.get("applies_when")
    for key, condition in conditions.items():
        if key == "applies_when":
            yield Spot(place=place, key=key, condition=condition, guarded=site.part.when if site.sort == "criterion" else None)
        else:
            name = site.part.relation if site.sort == "ceiling" else key
            first = conditions["holds"] if key == "in_time" else None
            yield Spot(place=place, key=name, condition=condition, guard=guard, first=first)


def _place(site: Site, tracks: tuple[str, ...] = ()) -> RulePlace:
    """Return the place of a part; `tracks` are those that its chapter concerns."""
    clauses = (site.citation.clause,) if site.citation.clause or site.sort != "fact" else ()
    if site.sort in RULES:
        binds = isinstance(site.part, Eligibility) or getattr(site.part, "lowers", False)
        return RulePlace(owner=site.name, clauses=clauses, location=site.location, tracks=tracks, chapter=site.owner.id, binds=binds)
    if site.sort == "criterion":
        return RulePlace(owner=site.name, clauses=clauses, location=site.location, tracks=(site.owner.id,), binds=True)
    return RulePlace(owner=site.name, clauses=clauses, location=site.location)


_STRICTNESS = {"<": ["<="], "<=": ["<"], ">": [">="], ">=": [">"]}


class Mistake(NamedTuple):
    """One condition with one thing otherwise: what sort of mistake it is, the signs or words before and after, in which part; the tree."""

    kind: str
    before: str
    after: str
    part: str
    tree: Tree


class KnownNames(NamedTuple):
    """What is known of names: the types of facts, and the levels from the worst to the best."""

    types: Mapping[str, Type]
    levels: Sequence[str]


def mistakes(tree: Tree, known: KnownNames) -> Iterator[Mistake]:
    """Return every mistake of a condition, in the order of its text.

    Two choices are equal or not, but never more or less; and a mistake that says the same by itself is none: nothing is below
    zero of a count, below the worst level or above the best one.
    """
    reader = _MistakeReader(known)
    for node in walk(tree):
        for kind, before, after, other in reader.read(node):
            yield Mistake(kind=kind, before=before, after=after, part=show(node), tree=swapped(tree, node, other))


_Found: TypeAlias = tuple[str, str, str, Tree]
"""The sort of mistake, the sign or word before and after, and the node with it."""


class _MistakeReader(Reader[Iterable[_Found]]):
    """What may be mistaken in one node, without those below it."""

    def __init__(self, known: KnownNames) -> None:
        self.known = known

    def connective(self, _: Tree, sign: str, parts: Sequence[Tree]) -> Iterator[_Found]:
        other = "or" if sign == "and" else "and"
        yield "connective", sign, other, joined(other, parts)

    def negation(self, _: Tree, part: Tree) -> Iterator[_Found]:
        yield "negation", "not", "", part

    def membership(self, _: Tree, one: Tree, sign: str, elements: Sequence[Tree]) -> Iterator[_Found]:
        if sign == "not in":
            yield "negation", sign, "in", listed(one, "in", elements)

    def containment(self, _: Tree, one: Tree, sign: str, among: Tree) -> Iterator[_Found]:
        if sign == "not in":
            yield "negation", sign, "in", compared(one, "in", among)

    def comparison(self, _: Tree, pairs: Sequence[Pair]) -> Iterator[_Found]:
        for place, pair in enumerate(pairs):
            kind = "strictness"
            others = _STRICTNESS.get(pair.sign, [])
            if pair.sign == "!=":
                kind, others = "negation", ["=="]
            elif pair.sign == "==" and self._is_ordered(pairs):
                same = self._same_by_itself(pairs[0])
                others = [sign for sign in (">=", "<=") if sign != same]
            for sign in others:
                yield kind, pair.sign, sign, chained([*pairs[:place], pair._replace(sign=sign), *pairs[place + 1 :]])

    def _same_by_itself(self, pair: Pair) -> str:
        """Return the sign that says no more than `==` where one side is the least, or the most, that there can be."""
        levels, (construct, _), right = self.known.levels, opened(pair.left), opened(pair.right)
        fact = self.known.types.get(name_of(pair.left))
        if right == ("constant", (0,)):
            return "<=" if construct == "count" or (fact and fact.kind == "count") else ""
        level = name_of(pair.right)
        return "<=" if level == levels[0] else ">=" if level == levels[-1] else ""

    def _is_ordered(self, pairs: Sequence[Pair]) -> bool:
        """Return whether what is compared knows more and less."""
        for side in (pairs[0].left, *(pair.right for pair in pairs)):
            construct, parts = opened(side)
            if construct == "constant" and isinstance(parts[0], str):
                return False
            if construct == "name" and parts[0] in self.known.types and self.known.types[parts[0]].kind not in ORDERED:
                return False
        return True

    def nothing(self, *_: object) -> Iterable[_Found]:
        return ()

    constant = name = arithmetic = share = count = sum = given = exists = nothing


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
    if quantity.type is SHARE:
        return f"{decimal_text(number * 100)}%"
    _, space, unit = quantity.text.partition(" ")
    return f"{decimal_text(number)}{space}{unit}"


def with_tree(condition: Condition, tree: Tree) -> Condition:
    """Return a condition with another tree."""
    return Condition(tree, show(tree), condition.location, names_in(tree))


def with_figure(condition: Condition, name: str, value: Number | date) -> Condition:
    """Return a condition with a figure written out where it was named; for a solver, which reads the tree alone."""
    tree = condition.tree
    for node in [node for node in walk(tree) if name_of(node) == name]:
        tree = swapped(tree, node, literal(value))
    return condition._replace(tree=tree)


_Change = Callable[[Edition], Edition]


class Mutant(NamedTuple):
    """One change: of what sort, what stands there and what would, where, and the edition with it (made when it is needed)."""

    kind: str
    before: str
    after: str
    place: RulePlace
    part: str
    """The part of a condition that is changed, as the edition writes it, or the name of the figure; "" where it is in none."""
    make: _Change
    shown_by: tuple[Tree, ...] = ()
    """What every case meets that shows it, where that can be said beside the levels; else nothing."""


def _changed(change: Callable[[object], object]) -> _Change:
    return lambda edition: rebuilt(edition, change)


def _put(old: object, new: object) -> _Change:
    """Return the change that puts another record in the place of one; of conditions and figures wherever their text is used."""

    def change(one: object) -> object:
        if isinstance(old, Condition):
            same = isinstance(one, Condition) and one.location == old.location and one.text == old.text
        elif isinstance(old, Threshold):
            same = isinstance(one, Threshold) and one.location == old.location and one.name == old.name
        else:
            same = one is old
        return new if same else one

    return _changed(change)


def mutants(edition: Edition) -> tuple[Mutant, ...]:
    """Return every mutant of an edition, in the order of its text."""
    found = spots(edition)
    ranked = sorted(edition.scale.values(), key=lambda level: level.rank)
    known = KnownNames({name: fact.type for name, fact in edition.facts.items()}, [level.id for level in ranked])
    return (
        *_of_figures(edition, found),
        *(mutant for spot in found for mutant in _of_condition(spot, known)),
        *_of_tracks(edition),
        *(mutant for spot in found if spot.key == "when" and spot.place.chapter == "" for mutant in _freed(spot)),
        *_of_chapters(edition),
    )


def _of_figures(edition: Edition, found: tuple[Spot, ...]) -> Iterator[Mutant]:
    """Nudge every figure both ways; one that only caps or invariants read is seen by no case alone."""
    chapters = {chapter.clause: chapter.tracks for chapter in edition.chapters}
    for site in sites(edition):
        reading = [spot for spot in found if site.sort == "threshold" and site.name in spot.condition.names]
        if reading:
            threshold, (kind, owner, _) = site.part, site.owner
            tracks = {"track": (owner,), "chapter": chapters.get(owner, ())}.get(kind, ())
            place = RulePlace(
                owner=site.name, clauses=(threshold.citation.clause,), location=threshold.location, tracks=tracks,
                chapter=owner if kind == "chapter" else "", binds=all(spot.place.binds for spot in reading),
            )  # fmt: skip
            for quantity in nudged(threshold.quantity):
                each = [_shown_by(spot, with_figure(spot.condition, site.name, quantity.value)) for spot in reading]
                apart = place.binds or not all(each)
                shown_by = () if apart else (joined("or", [joined("and", parts) for parts in each]),)
                change = _put(threshold, threshold._replace(quantity=quantity))
                yield Mutant(
                    kind="threshold", before=threshold.quantity.text, after=quantity.text, place=place, part=site.name, make=change,
                    shown_by=shown_by,
                )  # fmt: skip


def _of_condition(spot: Spot, known: KnownNames) -> Iterator[Mutant]:
    for mistake in mistakes(spot.condition.tree, known):
        other = with_tree(spot.condition, mistake.tree)
        lost = positive_wholes(spot.condition.tree) - positive_wholes(mistake.tree) if spot.guarded else ()
        if spot.guarded and any(_is_whole(whole, spot.guarded) for whole in lost):
            continue  # a share would stand without its guard: such an edition is refused when it is read, and needs no case
        yield Mutant(
            kind=mistake.kind, before=mistake.before, after=mistake.after, place=spot.place._replace(location=spot.condition.location),
            part=mistake.part, make=_put(spot.condition, other), shown_by=_shown_by(spot, other),
        )  # fmt: skip


def _shown_by(spot: Spot, other: Condition) -> tuple[Tree, ...]:
    """Return what a case meets for which a condition beside the levels comes out otherwise."""
    one, two = spot.condition.tree, other.tree
    if spot.place.binds or spot.key in {"applies_to", "when_absent"} or asks_lists(one) or asks_lists(two):
        return ()
    apart = joined("or", [joined("and", (a, negated(b))) for a, b in ((one, two), (two, one))])
    return (*(condition.tree for condition in (spot.guard, spot.first) if condition), apart)


def asks_lists(tree: Tree) -> bool:
    """Return whether a condition counts a list, or asks what the case file states: that a solver over facts does not read."""
    return not calls_in(tree).isdisjoint({"count", "sum", "given"})


def _is_whole(text: str, condition: Condition) -> bool:
    return any(construct == "share" and show(parts[1]) == text for construct, parts in map(opened, walk(condition.tree)))


def _of_tracks(edition: Edition) -> Iterator[Mutant]:
    """Drop each criterion of each level, take any for all, and change the order of deciding."""
    for track in edition.tracks:
        whole = RulePlace(owner=track.id, clauses=(track.citation.clause,), location=track.location, tracks=(track.id,), binds=True)
        for rule in track.levels:
            if len(rule.criteria) > 1:
                other = "any_of" if rule.mode == "all_of" else "all_of"
                place, change = whole._replace(owner=rule.level, clauses=(rule.citation.clause,)), _put(rule, rule._replace(mode=other))
                yield Mutant(kind="mode", before=rule.mode, after=other, place=place, part="", make=change)
            for criterion in rule.criteria if len(rule.criteria) > 1 else ():
                kept = rule._replace(criteria=tuple(one for one in rule.criteria if one is not criterion))
                place = whole._replace(owner=criterion.id, clauses=(criterion.citation.clause,), location=criterion.location)
                yield Mutant(
                    kind="dropped", before=criterion.id, after="", place=place, part=criterion.when.text, make=_put(rule, kept)
                )  # fmt: skip
        for number, (first, second) in enumerate(pairwise(track.decide)):
            steps = (*track.decide[:number], second, first, *track.decide[number + 2 :])
            before, after = ", ".join(first.levels), ", ".join(second.levels)
            change = _put(track, track._replace(decide=steps))
            yield Mutant(kind="order", before=before, after=after, place=whole, part="", make=change)


def _freed(spot: Spot) -> Iterator[Mutant]:
    """Let a criterion apply to everyone; where that guards a share, ask it as a condition instead, since else it would not load."""
    guard, when = spot.guard, spot.condition
    if guard is None:
        return
    other = when
    if any(_is_whole(whole, when) for whole in positive_wholes(guard.tree)):
        other = with_tree(when, joined("and", [part for one in (guard, when) for part in conjuncts(one.tree)]))

    def change(one: object) -> object:
        mine = isinstance(one, Criterion) and one.when.location == when.location and one.when.text == when.text
        return one._replace(when=other, applies_when=None) if isinstance(one, Criterion) and mine else one

    yield Mutant(
        kind="applies_when", before=guard.text, after="", place=spot.place, part=when.text, make=_changed(change)
    )  # fmt: skip


def _of_chapters(edition: Edition) -> Iterator[Mutant]:
    """Change the rules of each chapter: first whether and of whom they ask, then their days, then what ties a level."""
    order = {"in_time": 1, "relation": 2}
    for chapter in edition.chapters:
        own = [site for site in sites(edition) if site.owner == ("chapter", chapter.clause, "") and site.sort in _ASKED]
        found = [mutant for site in own for mutant in _of_rule(site, _place(site, chapter.tracks))]
        yield from sorted(found, key=lambda mutant: order.get(mutant.kind, 0))


def _of_rule(site: Site, place: RulePlace) -> Iterator[Mutant]:
    """Drop a rule, let it apply to everyone, forget its day, mistake what ties a level."""
    entry, rule = site.part, site.part.rule
    applies = (rule.applies_when.tree,) if rule.applies_when else ()
    always = compared(literal(0), "==", literal(0))
    change = _put(entry, DROPPED)
    yield Mutant(kind="dropped", before=rule.id, after="", place=place, part="", make=change, shown_by=applies or (always,))
    if rule.applies_when:
        text, change = rule.applies_when.text, _put(entry, entry._replace(rule=rule._replace(applies_when=None)))
        others = (negated(rule.applies_when.tree),)
        yield Mutant(kind="applies_when", before=text, after="", place=place, part=text, make=change, shown_by=others)
    if site.sort in {"requirement", "content"} and entry.in_time:
        text, late = entry.in_time.text, (*applies, entry.holds.tree, negated(entry.in_time.tree))
        change = _put(entry, entry._replace(in_time=None))
        yield Mutant(kind="in_time", before=text, after="", place=place, part=text, make=change, shown_by=late)
    if site.sort == "ceiling" and not entry.lowers:  # what lowers can only be `not_above`
        other = "same_as" if entry.relation == "not_above" else "not_above"
        change = _put(entry, entry._replace(relation=other))
        yield Mutant(kind="relation", before=entry.relation, after=other, place=place, part="", make=change)
