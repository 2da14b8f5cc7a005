"""Where the parts of an edition stand in its files, and problems placed there with the line as it is written."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from policy_engine.errors import Problem
from policy_engine.load.edition import Survey
from policy_engine.load.yaml_plain import Data, Path
from policy_engine.load.yaml_text import Document
from policy_engine.model.duties import Cap
from policy_engine.model.facts import Condition, Threshold
from policy_engine.model.rulebook import Edition, StandIn
from policy_engine.model.sites import RULES, sites
from policy_engine.source import Location

_MAX_LINES = 60
"""How far below its beginning a folded condition is searched; one has at most 2,000 characters."""


class FilePlaces(NamedTuple):
    """The files of an edition, and what stands at each place of them."""

    documents: Mapping[str, Document]
    at: Mapping[Location, tuple[Document, Path]]

    def problem(self, code: str, place: Location, **details: str) -> Problem:
        """Make a problem at a place, with the line as it stands there."""
        document = self.documents.get(place.file)
        return document.problem(code, place, **details) if document else Problem(code=code, location=place, details=details)

    def below(self, place: Location, *keys: str) -> Location:
        """Return the place of a value below the part that stands at a place; the part's own where there is none."""
        found = self.at.get(place)
        return found[0].places.get((*found[1], *keys), place) if found else place

    def key(self, *path: str) -> Location | None:
        """Return the place of a key of whichever file has it."""
        return next((document.keys[path] for document in self.documents.values() if path in document.keys), None)

    def phrase_of(self, name: str, phrase: str, otherwise: Location) -> Location:
        """Return the place of the phrase that a rule of a name has; another place where there is none."""
        for document in self.documents.values():
            for path, value, owner in texts_of(document.data):
                if path[-1:] == ("phrase",) and value == phrase and (name in path or name in owner.values()):
                    return document.places[path]
        return otherwise

    def name_in(self, place: Location, name: str, number: int = 0) -> Location:
        """Return the place of a name inside the condition that begins at a place; the beginning where it is not found."""
        document = self.documents.get(place.file)
        lines = document.lines[place.line - 1 : place.line - 1 + _MAX_LINES] if document else ()
        for index, line in enumerate(lines):
            start = place.column - 1 if index == 0 else 0
            for found in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", line[start:]):
                if number == 0:
                    return Location(place.file, place.line + index, start + found.start() + 1)
                number -= 1
        return place


def places_of(survey: Survey) -> FilePlaces:
    """Return the places of an edition that was read from its files."""
    at: dict[Location, tuple[Document, Path]] = {}
    for document in survey.documents.values():
        for path, place in (*document.places.items(), *document.keys.items()):
            at[place] = (document, path)
    return FilePlaces(survey.documents, at)


def texts_of(value: Data, path: Path = (), owner: Mapping[str, Data] | None = None) -> Iterator[tuple[Path, str, Mapping[str, Data]]]:
    """Return every text of a file with its path, and the mapping that it stands in."""
    if isinstance(value, dict):
        named = {key: child for key, child in value.items() if key in _NAMING}
        for key, child in value.items():
            yield from texts_of(child, (*path, key), named)
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from texts_of(child, (*path, index), owner)
    elif isinstance(value, str):
        yield path, value, owner or {}


_NAMING = ("id", "use", "track", "chapter", "level")
"""The keys under which a part has its name."""


class Ruling(NamedTuple):
    """A rule: its name, its phrase, its conditions, the figures known there, and the shares that a cap names."""

    name: str
    phrase: str
    location: Location
    conditions: tuple[Condition, ...]
    thresholds: Mapping[str, Threshold]
    capped: tuple[Threshold, ...]


def rulings(edition: Edition) -> Iterator[Ruling]:
    """Return every rule that decides something by the words of the text; invariants and what facts follow from do not."""
    for site in sites(edition):
        if site.sort in {"track", "criterion", *RULES}:
            conditions = tuple(condition for key, condition in site.conditions.items() if key != "other")
            yield Ruling(
                name=site.name, phrase=site.citation.phrase, location=site.location, conditions=conditions, thresholds=site.known,
                capped=shares_of(site.part) if isinstance(site.part, Cap) else (),
            )  # fmt: skip


def shares_of(cap: Cap) -> tuple[Threshold, ...]:
    """Return the shares that a cap names."""
    return (cap.at_most, *((cap.exception.at_most,) if cap.exception else ()))


def declared_thresholds(edition: Edition) -> Iterator[Threshold]:
    """Return every threshold of an edition."""
    return (site.part for site in sites(edition) if site.sort == "threshold")


def read_names(edition: Edition) -> set[str]:
    """Return every name that anything in an edition reads, in conditions or by itself; what a proof alone reads counts as unread."""
    every = [site for site in sites(edition) if site.sort != "gap"]
    found = {name for site in every for condition in site.conditions.values() for name in condition.names}
    found |= {name for site in every for use in site.uses if use.when for name in use.when.names}
    for site in every:
        if isinstance(site.part, StandIn):
            found |= {*site.part.take, *site.part.take.values()}
        elif isinstance(site.part, Cap):
            found |= {*site.part.per, *(share.name for share in shares_of(site.part))}
    return found
