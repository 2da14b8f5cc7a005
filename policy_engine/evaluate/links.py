"""How the cases of a round hang together: names to cases, and the order in which they can be rated.

A case waits for its unit and its collective, and a superior waits for those who name it: bottom up, the collective before
the persons. What waits for itself is an error, with the places of both links.
"""

from collections.abc import Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

from policy_engine.errors import Problem
from policy_engine.language.complaint import nearest
from policy_engine.model.round import Entry, RoundFiles, Unit
from policy_engine.source import Location

_DOWNWARD = "superior"
"""The link whose target waits for the case that names it; along the others the case waits for the target."""


class Linked(NamedTuple):
    """The entries in the order in which they can be rated, their links as ids, and who names whom."""

    order: tuple[Entry, ...]
    links: Mapping[str, Mapping[str, str]]
    naming: Mapping[tuple[str, str], tuple[str, ...]]
    """By link and target: the ids of the cases that name the target so."""
    problems: tuple[Problem, ...]
    unsettled: Mapping[str, Problem]
    """Cases that wait for each other, so that none of them is rated, with the circle."""
    broken: Mapping[str, Sequence[str]]
    """The links of which one leads nowhere, so that a list gathered by it could miss somebody; with the files where they stand."""


def link(files: RoundFiles) -> Linked:
    """Resolve every link, and order the cases."""
    problems: list[Problem] = []
    entries = {entry.id: entry for entry in files.entries}
    subjects: dict[str, list[str]] = {}
    for entry in files.entries:
        subjects.setdefault(entry.subject, []).append(entry.id)
    subjects.pop("", None)
    resolver = _Resolver(entries, subjects, files.units, problems, {}, files.named)
    links = {entry.id: resolver.resolved(entry) for entry in files.entries}
    naming: dict[tuple[str, str], list[str]] = {}
    for name, named in links.items():
        for kind, target in named.items():
            naming.setdefault((kind, target), []).append(name)
    order, unsettled = _ordered(entries, links, problems)
    told = {key: tuple(names) for key, names in naming.items()}
    return Linked(tuple(entries[name] for name in order), links, told, tuple(problems), unsettled, resolver.broken)


class _Resolver(NamedTuple):
    """What names can stand for."""

    entries: Mapping[str, Entry]
    subjects: Mapping[str, Sequence[str]]
    units: Mapping[str, Unit]
    problems: list[Problem]
    broken: dict[str, list[str]]
    named: bool

    def resolved(self, entry: Entry) -> dict[str, str]:
        """Give the links of one case as ids of cases, or of listed units."""
        found = {kind: self._target(entry, kind, name) for kind, name in entry.links.items()}
        return {kind: target for kind, target in found.items() if target}

    def _target(self, entry: Entry, kind: str, name: str) -> str:
        """Give what a name stands for: a case by its name, else by its subject; else a listed unit; else it dangles."""
        meant = [name] if name in self.entries else self.subjects.get(name, ())
        if len(meant) == 1:
            return meant[0]
        if len(meant) > 1:
            self.broken.setdefault(kind, []).append(entry.path)
            self.problems.append(_problem("PE705", entry, kind, name=name, cases=", ".join(meant)))
            return ""
        if kind == "unit" and name in self.units:
            return name
        self.broken.setdefault(kind, []).append(entry.path)
        if not self.named:
            return ""  # what is missing may be the case in the file that could not be read
        known = (*self.entries, *self.subjects, *(self.units if kind == "unit" else ()))
        guess = nearest(name, known) if len(self.problems) < _MAX_GUESSES else ""
        self.problems.append(_problem("PE701", entry, kind, name=name, nearest=guess))
        return ""


_MAX_GUESSES = 100


def _problem(code: str, entry: Entry, kind: str, **details: str) -> Problem:
    """Make a problem at a link of a case."""
    place = _place(entry, kind)
    excerpt = entry.lines[place.line - 1] if 0 < place.line <= len(entry.lines) else ""
    return Problem(code, place, {"link": kind, **details}, excerpt)


def _place(entry: Entry, kind: str) -> Location:
    """Give the place of a link."""
    return entry.places.get((kind,)) or Location(entry.path, 1, 1)


def _ordered(
    entries: Mapping[str, Entry], links: Mapping[str, Mapping[str, str]], problems: list[Problem]
) -> tuple[list[str], dict[str, Problem]]:
    """Order the cases so that each comes after those it waits for; report each circle once."""
    waits: dict[str, set[str]] = {name: set() for name in entries}
    by: dict[tuple[str, str], tuple[str, str]] = {}
    for name, named in links.items():
        for kind, target in named.items():
            if target in entries:
                waiting, awaited = (target, name) if kind == _DOWNWARD else (name, target)
                waits[waiting].add(awaited)
                by.setdefault((waiting, awaited), (name, kind))
    unsettled: dict[str, Problem] = {}
    while True:
        try:
            order = list(TopologicalSorter({name: sorted(waits[name]) for name in sorted(waits)}).static_order())
        except CycleError as error:
            circle: list[str] = list(reversed(error.args[1]))[:-1]
            problems.append(_circle(circle, entries, by))
            unsettled.update(dict.fromkeys(circle, problems[-1]))
            for name, awaited in zip(circle, (*circle[1:], circle[0]), strict=True):
                waits[name].discard(awaited)
                if len(problems) > _MAX_GUESSES:
                    waits[name].clear()
        else:
            return order, unsettled


def _circle(circle: Sequence[str], entries: Mapping[str, Entry], by: Mapping[tuple[str, str], tuple[str, str]]) -> Problem:
    """Say which cases wait for each other, with the place of every link between them."""
    start = circle.index(min(circle))
    turned = [*circle[start:], *circle[:start]]
    steps = [by[turned[n], turned[(n + 1) % len(turned)]] for n in range(len(turned))]
    places = [_place(entries[name], kind) for name, kind in steps]
    entry, kind = entries[steps[0][0]], steps[0][1]
    return _problem(
        "PE702", entry, kind, chain=" -> ".join([*turned, turned[0]]),
        places="; ".join(f"{place.file}:{place.line}:{place.column}" for place in _once(places)),
    )  # fmt: skip


def _once(places: Iterable[Location]) -> list[Location]:
    """Give each place once, in order."""
    return list(dict.fromkeys(places))
