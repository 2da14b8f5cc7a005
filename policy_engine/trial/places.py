"""Where the conditions of an edition stand: whose each is, under which clauses, in which file, and which cases it concerns."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from policy_engine.model.duties import Chapter, Rule
from policy_engine.model.facts import Condition
from policy_engine.model.rulebook import Edition, Track
from policy_engine.source import Location


class Place(NamedTuple):
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

    place: Place
    key: str
    condition: Condition
    guard: Condition | None = None
    guarded: Condition | None = None
    first: Condition | None = None
    """What must hold before it is asked at all: a paper is there before it can be late."""


def spots(edition: Edition) -> tuple[Spot, ...]:
    """Return every condition that a case can be held against, each once, in the order of the edition.

    Invariants and what a track requires are not among them: who breaks these is refused, and no expectation sees it.
    """
    found: dict[tuple[Location, str, str, str], Spot] = {}
    for spot in _all(edition):
        key = (spot.condition.location, spot.key, spot.condition.text, spot.place.owner)
        found[key] = _joined(found[key], spot) if key in found else spot
    return tuple(found.values())


def _joined(first: Spot, other: Spot) -> Spot:
    """Join two uses of one text: it stands under the clauses of both, and the cases of both read it."""
    one, two = first.place, other.place
    clauses, tracks = (tuple(dict.fromkeys((*a, *b))) for a, b in ((one.clauses, two.clauses), (one.tracks, two.tracks)))
    return first._replace(place=one._replace(clauses=clauses, tracks=tracks))


def _all(edition: Edition) -> Iterator[Spot]:
    """Return every use of every condition."""
    for track in edition.tracks:
        yield from _of_track(track)
    for chapter in edition.chapters:
        yield from _of_chapter(chapter)
    for fact in edition.facts.values():
        place = Place(fact.name, (fact.citation.clause,) if fact.citation.clause else (), fact.location)
        keys = (("derived", fact.derived), ("counted_from", fact.counted_from), ("when_absent", fact.when_absent))
        yield from (Spot(place, key, condition) for key, condition in keys if condition)


def _of_track(track: Track) -> Iterator[Spot]:
    """Return the conditions of a track: whom it concerns, and every criterion."""
    yield Spot(Place(track.id, (track.citation.clause,), track.location), "applies_to", track.applies_to)
    for rule in track.levels:
        for criterion in rule.criteria:
            place = Place(criterion.id, (criterion.citation.clause,), criterion.location, (track.id,), binds=True)
            yield Spot(place, "when", criterion.when, criterion.applies_when)
            if criterion.applies_when:
                yield Spot(place, "applies_when", criterion.applies_when, guarded=criterion.when)


def _of_chapter(chapter: Chapter) -> Iterator[Spot]:
    """Return the conditions of a chapter, but for those of caps: these are counted over a round, and no case alone sees them."""
    capped = {cap.rule.id for cap in chapter.caps}
    for rule in chapter.rules():
        if rule.applies_when and rule.id not in capped:
            yield Spot(place_of(rule, chapter), "applies_when", rule.applies_when)
    for entry in (*chapter.requirements, *chapter.contents):
        yield Spot(place_of(entry.rule, chapter), "holds", entry.holds, entry.rule.applies_when)
        if entry.in_time:
            yield Spot(place_of(entry.rule, chapter), "in_time", entry.in_time, entry.rule.applies_when, first=entry.holds)
    for ceiling in chapter.ceilings:
        yield Spot(place_of(ceiling.rule, chapter), ceiling.relation, ceiling.other, ceiling.rule.applies_when)
    for bar in chapter.eligibility:
        yield Spot(place_of(bar.rule, chapter), "when", bar.when)


def place_of(rule: Rule, chapter: Chapter) -> Place:
    """Return the place of a rule of a chapter."""
    binding = {bar.rule.id for bar in chapter.eligibility} | {ceiling.rule.id for ceiling in chapter.ceilings if ceiling.lowers}
    return Place(rule.id, (rule.citation.clause,), rule.location, chapter.tracks, chapter.clause, rule.id in binding)


def names_of(found: Iterable[Spot]) -> frozenset[str]:
    """Return every name that conditions read."""
    return frozenset(name for spot in found for name in spot.condition.names)
