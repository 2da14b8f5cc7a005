"""What an edition tells apart and then passes by: a track, a level or a choice that some rules name and others of its list are not.

Whoever splits a track or adds a choice would lose duties without a word. So wherever rules pick out items of a closed list, every
item of the list is named there, or stands under `except:` with the reason. One walk serves every list and every part of an edition.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from policy_engine.checks.places import FilePlaces, rulings
from policy_engine.errors import Problem
from policy_engine.language.fold import Reader
from policy_engine.language.text import show
from policy_engine.language.tree import Pair, Tree, children, conjuncts, name_of, opened
from policy_engine.load.build_facts import LEVELS, TRACKS
from policy_engine.model.duties import Cap, Chapter, Route
from policy_engine.model.facts import Condition, Exemption
from policy_engine.model.rulebook import Edition
from policy_engine.model.sites import RULES, sites
from policy_engine.source import Location


class Naming(NamedTuple):
    """One rule as far as it names items of closed lists: those that it picks, and those that it keeps out, by list.

    `share`: what it has in common with rules that may take the items that it does not pick (the duty of a route).
    """

    rule: str
    share: str
    asks: frozenset[str]
    """The parts of its conditions, each of which must hold, in canonical text."""
    location: Location
    picks: Mapping[str, frozenset[str]]
    keeps_out: Mapping[str, frozenset[str]]


class PickingPart(NamedTuple):
    """A part of an edition whose rules together answer for every item of the lists that they pick from."""

    code: str
    name: str
    location: Location
    rules: Sequence[Naming]
    others: Sequence[Naming]
    """The rules, of this part or of others, that may take the items which one does not pick."""
    exemptions: Sequence[Exemption] = ()


def find_passed_by(edition: Edition, places: FilePlaces) -> Iterator[Problem]:
    """Return what each part of an edition passes by, and which exemptions are of no use."""
    lists = _closed_lists(edition)
    whole = [*edition.exemptions, *(one for chapter in edition.chapters for one in chapter.exemptions)]
    needed: set[tuple[Location, str]] = set()
    named: set[tuple[str, str]] = set()
    for part in _parts(edition, places, whole):
        for of, missing in _left(part, lists):
            excused = {item: one.location for one in part.exemptions if one.of == of for item in one.items}
            needed |= {(excused[item], item) for item in missing if item in excused}
            for item in missing:
                if item not in excused and not (part.code == "PE826" and (of, item) in named):
                    named.add((of, item))
                    picking = [rule for rule in part.rules if of in rule.picks and not _complemented(rule, of, part.others)]
                    code, place = ("PE823", part.location) if of == TRACKS else (part.code, picking[0].location)
                    rules = ", ".join(dict.fromkeys(rule.rule for rule in picking))
                    yield places.problem(code, place, part=part.name, of=of, name=item, rules=rules)
    for one in whole:
        document, path = places.at[one.location]
        entry = path if isinstance(path[-1], int) else path[:-1]  # an entry begins where its first key does
        for number, item in enumerate(one.items):
            if (one.location, item) not in needed:
                place = document.places.get((*entry, "items", number), one.location)
                yield places.problem("PE827", place, name=item, of=one.of)


def _left(part: PickingPart, lists: Mapping[str, Collection[str]]) -> Iterator[tuple[str, list[str]]]:
    """Return, for each list that a part picks from, the items that no rule of it names."""
    named: dict[str, set[str]] = defaultdict(set)
    for rule in part.rules:
        for of, items in (*rule.picks.items(), *rule.keeps_out.items()):
            named[of] |= items
    for of, known in lists.items():
        if any(of in rule.picks and not _complemented(rule, of, part.others) for rule in part.rules):
            yield of, [item for item in known if item not in named[of]]


def _complemented(rule: Naming, of: str, others: Iterable[Naming]) -> bool:
    """Return whether another rule takes just the items that a rule does not pick, whichever they are, and asks the same beside that."""
    for other in others:
        mine, its = rule.asks - other.asks, other.asks - rule.asks
        if other.share == rule.share != "" and len(mine) == len(its) == 1 and other.keeps_out.get(of) == rule.picks[of]:
            left, right = next(iter(mine)), next(iter(its))
            if right in {left.replace(" == ", " != "), left.replace(" in ", " not in ")}:
                return other.picks.get(TRACKS, frozenset()) >= rule.picks.get(TRACKS, frozenset()) or TRACKS not in other.picks
    return False


def _parts(edition: Edition, places: FilePlaces, whole: Sequence[Exemption]) -> Iterator[PickingPart]:
    """Return every part of an edition that picks items out: each chapter, the tracks together, and the edition as a whole."""
    rules = {chapter.clause: list(_of_chapter(chapter, edition)) for chapter in edition.chapters}
    everywhere = [one for several in rules.values() for one in several]
    for chapter in edition.chapters:
        document = places.documents.get(chapter.location.file)
        place = document.places.get((TRACKS,), chapter.location) if document else chapter.location
        yield PickingPart(
            code="PE824", name=chapter.clause, location=place, rules=rules[chapter.clause], others=everywhere, exemptions=chapter.exemptions
        )  # fmt: skip
    tracks = [_naming(track.id, [track.applies_to], edition)._replace(share=TRACKS) for track in edition.tracks]
    first = edition.tracks[0].location
    yield PickingPart(code="PE825", name=edition.id, location=first, rules=tracks, others=tracks, exemptions=edition.exemptions)
    follow = [site for sort in ("fact", "invariant", "requires") for site in sites(edition) if site.sort == sort]
    every = [_naming(site.name, tuple(site.conditions.values()), edition) for site in follow]
    every += [_naming(ruling.name, ruling.conditions, edition) for ruling in rulings(edition)]
    yield PickingPart(code="PE826", name=edition.id, location=first, rules=every, others=every, exemptions=whole)


def _of_chapter(chapter: Chapter, edition: Edition) -> Iterator[Naming]:
    """Return what the rules of a chapter name when they say whom they are for, and the tracks that the chapter is for."""
    for site in sites(edition):
        if site.sort in RULES and site.owner.id == chapter.clause:
            asked = [site.conditions[key] for key in ("applies_when", "when") if key in site.conditions]
            found = _naming(site.name, asked, edition, site.location)
            picks = dict(found.picks)
            if chapter.tracks:
                picks[TRACKS] = frozenset(chapter.tracks)
            if isinstance(site.part, Cap) and site.part.base:
                picks[LEVELS] = picks.get(LEVELS, frozenset()) | {site.part.level, *site.part.base}
            yield found._replace(picks=picks, share=site.part.duty if isinstance(site.part, Route) else "")


def _naming(rule: str, conditions: Sequence[Condition], edition: Edition, location: Location | None = None) -> Naming:
    named: tuple[dict[str, set[str]], dict[str, set[str]]] = defaultdict(set), defaultdict(set)
    for condition in conditions:
        for of, item, picked in _Names(edition).read(condition.tree, holds=True, items=""):
            named[not picked][of].add(item)
    picks, keeps_out = ({of: frozenset(items) for of, items in found.items()} for found in named)
    asks = frozenset(show(part) for condition in conditions for part in _conjuncts(condition.tree))
    place = conditions[0].location if conditions else location or Location("", 1, 1)
    return Naming(rule=rule, share="", asks=asks, location=place, picks=picks, keeps_out=keeps_out)


def _conjuncts(tree: Tree) -> Iterator[Tree]:
    """Return the parts of a condition that must all hold."""
    for part in conjuncts(tree):
        yield from (part,) if part is tree else _conjuncts(part)


Named: TypeAlias = Iterator[tuple[str, str, bool]]


class _Names(Reader[Named]):
    """The items that a condition names, and those of the facts that it reads and that follow from others: the list, the item, if picked.

    `holds`: whether the condition is asked to hold, or not to. `items`: the list whose items it is about, in `count(list, condition)`.
    """

    def __init__(self, edition: Edition) -> None:
        self.edition = edition
        self.walked: set[tuple[str, bool]] = set()

    def negation(self, _: Tree, part: Tree, *, holds: bool, items: str) -> Named:
        return self.read(part, holds=not holds, items=items)

    def comparison(self, tree: Tree, pairs: Sequence[Pair], *, holds: bool, items: str) -> Named:
        (left, sign, right), *more = pairs
        if sign in {"==", "!="} and not more:
            yield from self._named((left, right), (), (sign == "==") is holds, items)
        yield from self.below(tree, holds=holds, items=items)

    def membership(self, tree: Tree, one: Tree, sign: str, elements: Sequence[Tree], *, holds: bool, items: str) -> Named:
        yield from self._named((one,), elements, (sign == "in") is holds, items)
        yield from self.below(tree, holds=holds, items=items)

    def containment(self, tree: Tree, one: Tree, sign: str, among: Tree, *, holds: bool, items: str) -> Named:
        yield from self._named((one, among), (), (sign == "in") is holds, items)
        yield from self.below(tree, holds=holds, items=items)

    def name(self, _: Tree, name: str, *, holds: bool, **__: str) -> Named:
        fact = self.edition.facts.get(name)
        if fact and fact.derived and (name, holds) not in self.walked:
            self.walked.add((name, holds))
            yield from self.read(fact.derived.tree, holds=holds, items="")

    def count(self, tree: Tree, among: Tree, *rest: Tree, holds: bool, items: str) -> Named:
        fact = self.edition.facts.get(name_of(among))
        if rest and fact and fact.fields:
            return (found for part in rest for found in self.read(part, holds=holds, items=fact.name))
        return self.below(tree, holds=holds, items=items)

    def below(self, tree: Tree, *_: object, holds: bool, items: str) -> Named:
        return (found for part in children(tree) for found in self.read(part, holds=holds, items=items))

    sum = count
    constant = connective = arithmetic = share = given = exists = below

    def _named(self, sides: Sequence[Tree], elements: Sequence[Tree], picked: bool, items: str) -> Named:  # noqa: FBT001
        """Return the items that a comparison holds a fact, a field or a level against."""
        fact = next((name for side in sides if (name := name_of(side)) and name not in self.edition.scale), "")
        of = f"{items}.{fact}" if items and fact in self.edition.facts[items].fields else fact
        for construct, parts in map(opened, (*sides, *elements)):
            if construct == "constant" and isinstance(parts[0], str):
                yield of, parts[0], picked
            elif construct == "name" and parts[0] in self.edition.scale:
                yield LEVELS, parts[0], picked


def _closed_lists(edition: Edition) -> Mapping[str, Collection[str]]:
    """Return every closed list of an edition with its items; a list of one item tells nothing apart."""
    found: dict[str, Collection[str]] = {TRACKS: [track.id for track in edition.tracks], LEVELS: list(edition.scale)}
    for fact in edition.facts.values():
        found |= {f"{fact.name}.{name}": list(field.choices) for name, field in fact.fields.items()} | {fact.name: list(fact.choices)}
    return {of: items for of, items in found.items() if len(items) > 1}
