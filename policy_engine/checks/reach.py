"""What an edition tells apart and then passes by: a track, a level or a choice that some rules name and others of its list are not.

Whoever splits a track or adds a choice would lose duties without a word. So wherever rules pick out items of a closed list, every
item of the list is named there, or stands under `except:` with the reason. One walk serves every list and every part of an edition.
"""

import ast
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from policy_engine.checks.places import Places
from policy_engine.checks.walk import named_conditions
from policy_engine.errors import Problem
from policy_engine.language.text import show
from policy_engine.load.build_facts import LEVELS, TRACKS
from policy_engine.model.duties import Cap, Chapter
from policy_engine.model.facts import Condition, Exemption
from policy_engine.model.rulebook import Edition
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


class Part(NamedTuple):
    """A part of an edition whose rules together answer for every item of the lists that they pick from."""

    code: str
    name: str
    location: Location
    rules: Sequence[Naming]
    others: Sequence[Naming]
    """The rules, of this part or of others, that may take the items which one does not pick."""
    exemptions: Sequence[Exemption] = ()


def find_passed_by(edition: Edition, places: Places) -> Iterator[Problem]:
    """Return what each part of an edition passes by, and which exemptions are of no use."""
    lists = _closed_lists(edition)
    whole = [*edition.exemptions, *(one for chapter in edition.chapters for one in chapter.exemptions)]
    needed: set[tuple[Location, str]] = set()
    told: set[tuple[str, str]] = set()
    for part in _parts(edition, places, whole):
        for of, missing in _left(part, lists):
            excused = {item: one.location for one in part.exemptions if one.of == of for item in one.items}
            needed |= {(excused[item], item) for item in missing if item in excused}
            for item in missing:
                if item not in excused and not (part.code == "PE826" and (of, item) in told):
                    told.add((of, item))
                    picking = [rule for rule in part.rules if of in rule.picks and not _complemented(rule, of, part.others)]
                    yield _passed(part, of, item, picking, places)
    for one in whole:
        for number, item in enumerate(one.items):
            if (one.location, item) not in needed:
                yield places.problem("PE827", _place_of(one, number, places), name=item, of=one.of)


def _place_of(exemption: Exemption, number: int, places: Places) -> Location:
    """Return the place of an item under `except:`; an entry begins where its first key does."""
    document, path = places.at[exemption.location]
    of_entry = path if isinstance(path[-1], int) else path[:-1]
    return document.places.get((*of_entry, "items", number), exemption.location)


def _passed(part: Part, of: str, item: str, picking: Sequence[Naming], places: Places) -> Problem:
    """Make the finding of one item that a part passes by."""
    place = part.location if of == TRACKS else picking[0].location
    return places.problem(part.code if of != TRACKS else "PE823", place, part=part.name, of=of, name=item,
                          rules=", ".join(dict.fromkeys(rule.rule for rule in picking)))  # fmt: skip


def _left(part: Part, lists: Mapping[str, Collection[str]]) -> Iterator[tuple[str, list[str]]]:
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


def _parts(edition: Edition, places: Places, whole: Sequence[Exemption]) -> Iterator[Part]:
    """Return every part of an edition that picks items out: each chapter, the tracks together, and the edition as a whole."""
    rules = {chapter.clause: list(_of_chapter(chapter, edition)) for chapter in edition.chapters}
    everywhere = [one for several in rules.values() for one in several]
    for chapter in edition.chapters:
        document = places.documents.get(chapter.location.file)
        place = document.places.get((TRACKS,), chapter.location) if document else chapter.location
        yield Part("PE824", chapter.clause, place, rules[chapter.clause], everywhere, chapter.exemptions)
    tracks = [_naming(track.id, [track.applies_to], edition)._replace(share=TRACKS) for track in edition.tracks]
    yield Part("PE825", edition.id, edition.tracks[0].location, tracks, tracks, edition.exemptions)
    every = [_naming(name, conditions, edition) for name, conditions in named_conditions(edition)]
    yield Part("PE826", edition.id, edition.tracks[0].location, every, every, whole)


def _of_chapter(chapter: Chapter, edition: Edition) -> Iterator[Naming]:
    """Return what the rules of a chapter name when they say whom they are for, and the tracks that the chapter is for."""
    bars = {bar.rule.id: bar.when for bar in chapter.eligibility}
    duties = {route.rule.id: route.duty for route in chapter.routes}
    caps = {entry.rule.id: entry for entry in chapter.caps}
    for rule in chapter.rules():
        asked = [condition for condition in (rule.applies_when, bars.get(rule.id)) if condition]
        found = _naming(rule.id, asked, edition, rule.location)
        picks = dict(found.picks)
        if chapter.tracks:
            picks[TRACKS] = frozenset(chapter.tracks)
        if rule.id in caps and caps[rule.id].base:
            picks[LEVELS] = picks.get(LEVELS, frozenset()) | _levels_of(caps[rule.id])
        yield found._replace(picks=picks, share=duties.get(rule.id, ""))


def _levels_of(cap: Cap) -> frozenset[str]:
    """Return the levels that a cap names."""
    return frozenset({cap.level, *cap.base})


def _naming(rule: str, conditions: Sequence[Condition], edition: Edition, location: Location | None = None) -> Naming:
    """Return what conditions name of each closed list."""
    picks: dict[str, set[str]] = defaultdict(set)
    keeps_out: dict[str, set[str]] = defaultdict(set)
    for condition in conditions:
        for of, item, picked in _Names(edition).of(condition.tree, holds=True, items=""):
            (picks if picked else keeps_out)[of].add(item)
    place = conditions[0].location if conditions else location
    frozen = [{of: frozenset(items) for of, items in found.items()} for found in (picks, keeps_out)]
    asks = frozenset(show(part) for condition in conditions for part in _conjuncts(condition.tree))
    return Naming(rule, "", asks, place or Location("", 1, 1), frozen[0], frozen[1])


def _conjuncts(tree: ast.expr) -> Iterator[ast.expr]:
    """Return the parts of a condition that must all hold."""
    if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And):
        yield from (found for part in tree.values for found in _conjuncts(part))
    else:
        yield tree


class _Names:
    """Walks conditions, and through the facts that follow from others into theirs."""

    def __init__(self, edition: Edition) -> None:
        """Take the edition, and note which facts were walked through, so that none is walked twice in one way."""
        self.edition = edition
        self.walked: set[tuple[str, bool]] = set()

    def of(self, tree: ast.expr, *, holds: bool, items: str) -> Iterator[tuple[str, str, bool]]:
        """Return each item that a condition names: its list, the item, and whether it is picked or kept out.

        Args:
            tree: the condition.
            holds: whether the condition is asked to hold, or not to.
            items: the list whose items the condition is about, in `count(list, condition)`.
        """
        match tree:
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                yield from self.of(operand, holds=not holds, items=items)
            case ast.Compare(left=left, ops=[operator], comparators=[right]):
                picked = isinstance(operator, (ast.Eq, ast.In)) is holds
                if isinstance(operator, (ast.Eq, ast.NotEq, ast.In, ast.NotIn)):
                    yield from ((of, item, picked) for of, item in self._named(left, right, items))
                yield from (found for side in (left, right) for found in self.of(side, holds=holds, items=items))
            case ast.Call(args=[ast.Name(id=name), *rest]) if rest and name in self.edition.facts and self.edition.facts[name].fields:
                yield from (found for part in rest for found in self.of(part, holds=holds, items=name))
            case ast.Name(id=name):
                fact = self.edition.facts.get(name)
                if fact and fact.derived and (name, holds) not in self.walked:
                    self.walked.add((name, holds))
                    yield from self.of(fact.derived.tree, holds=holds, items="")
            case _:
                children = [child for child in ast.iter_child_nodes(tree) if isinstance(child, ast.expr)]
                yield from (found for child in children for found in self.of(child, holds=holds, items=items))

    def _named(self, left: ast.expr, right: ast.expr, items: str) -> Iterator[tuple[str, str]]:
        """Return the items that a comparison holds a fact, a field or a level against."""
        fact = next((side.id for side in (left, right) if isinstance(side, ast.Name) and side.id not in self.edition.scale), "")
        of = f"{items}.{fact}" if items and fact in self.edition.facts[items].fields else fact
        for side in (left, *(right.elts if isinstance(right, ast.Tuple) else (right,))):
            if isinstance(side, ast.Constant) and isinstance(side.value, str):
                yield of, side.value
            elif isinstance(side, ast.Name) and side.id in self.edition.scale:
                yield LEVELS, side.id


def _closed_lists(edition: Edition) -> Mapping[str, Collection[str]]:
    """Return every closed list of an edition with its items; a list of one item tells nothing apart."""
    found: dict[str, Collection[str]] = {TRACKS: [track.id for track in edition.tracks], LEVELS: list(edition.scale)}
    for fact in edition.facts.values():
        found |= {f"{fact.name}.{name}": list(field.choices) for name, field in fact.fields.items()} | {fact.name: list(fact.choices)}
    return {of: items for of, items in found.items() if len(items) > 1}
