"""One round: every case rated in its order, with what it takes from the cases below.

A level that another case stands at is the one that was decided, where there is one, else the one proposed; which of the two
is always said. A case without a level gives none, and what rests on it stays open.

A case waits for its unit and its collective, and a superior waits for those who name it: bottom up, the collective before
the persons. What waits for itself is an error, with the places of both links.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

from policy_engine.errors import N_, InputError, Problem
from policy_engine.evaluate.core.facts import problem_at
from policy_engine.evaluate.duties.survey import Surveyor, agreed_level
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.evaluate.round.caps import cap_traces
from policy_engine.language.complaint import nearest
from policy_engine.language.values import Item, Value
from policy_engine.messages import LANGUAGES, translate
from policy_engine.model.case import Case
from policy_engine.model.facts import FactDeclaration
from policy_engine.model.round import Entry, RatedEntry, Refused, Round, RoundFiles, Standing, Unit
from policy_engine.model.rulebook import Edition
from policy_engine.model.verdict import Finding, Gathered, Verdict
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
        """Return the links of one case as ids of cases, or of listed units."""
        found = {kind: self._target(entry, kind, name) for kind, name in entry.links.items()}
        return {kind: target for kind, target in found.items() if target}

    def _target(self, entry: Entry, kind: str, name: str) -> str:
        """Return what a name stands for: a case by its name, else by its subject; else a listed unit; else it dangles."""
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
    """Return the place of a link."""
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
    """Return each place once, in order."""
    return list(dict.fromkeys(places))


OPEN = Standing(None, "open")
_OTHERWISE = N_("`{fact}` gives {case} as {stated}; in this round it stands at {found}")
_LEFT_OUT = N_("`{fact}` leaves out cases of this round that name this one: {cases}")

Watch = Callable[[Sequence[Entry]], Iterable[Entry]]
"""Goes through the cases, and may show how far it is."""


def rate_round(
    files: RoundFiles, as_of: date | None = None, watch: Watch = iter, evaluator: Callable[[Edition], Evaluator] = Evaluator
) -> Round:  # fmt: skip
    """Rate every case of a round, bottom up.

    Args:
        files: the cases, read.
        as_of: the day on which the round is looked at: decisions after it count as not yet made.
        watch: goes through the cases, and may show how far it is.
        evaluator: makes an evaluator of the edition.
    """
    return _Rating(files, as_of, evaluator(files.edition)).round(watch)


class _Rating:
    """One round, while it is being rated."""

    def __init__(self, files: RoundFiles, as_of: date | None, evaluator: Evaluator) -> None:
        """Link the cases, and prepare the edition."""
        self.files, self.as_of = files, as_of
        self.linked: Linked = link(files)
        self.evaluator = evaluator
        self.surveyor = Surveyor(self.evaluator.plan)
        self.gathering = [fact for fact in files.edition.facts.values() if fact.gathered_from]
        self.entries = {entry.id: entry for entry in files.entries}
        self.names = {entry.subject: entry.id for entry in files.entries if entry.subject} | {name: name for name in self.entries}
        self.covered = {fact.name: frozenset(counts_of(files.edition, fact.name)) for fact in self.gathering}
        self.lacking = {fact.name: self._lacking(fact.gathered_from) for fact in self.gathering if fact.type.kind == "list"}
        self.standing: dict[str, Standing] = {}
        self.held_up: dict[str, tuple[str, ...]] = {}
        self.rated: list[RatedEntry] = []
        self.problems: list[Problem] = [*files.problems, *self.linked.problems]

    def round(self, watch: Watch) -> Round:
        """Rate every case, and then the cohorts."""
        for entry in watch(self.linked.order):
            if entry.case and entry.id not in self.linked.unsettled:
                self._rate(entry, as_it_stood(entry.case, self.as_of))
        unrated = len(self.files.entries) - len(self.rated)
        caps = cap_traces(self.files.edition, self.rated, self.evaluator.plan, self.linked.links, unrated)
        files = self.files
        return Round(
            files.id, files.edition, self.as_of, tuple(self.rated), self._units(refused := self._refused()), caps,
            InputError(self.problems).problems, refused,
        )  # fmt: skip

    def _rate(self, entry: Entry, case: Case) -> None:
        """Rate one case with what it takes from others."""
        gathered: list[Gathered] = []
        findings: list[Finding] = []
        whole = self._gather(entry, case, gathered, findings)
        try:
            verdict = self.surveyor.survey(whole, self.evaluator.evaluate(whole), tuple(gathered))
        except InputError as error:
            self.problems += [self._told(problem, entry) for problem in error.problems]
            return
        asked = frozenset(verdict.open_questions)
        waits = self._waits(entry, case, asked)
        held_up = tuple(dict.fromkeys(path for fact, paths in waits.items() if not self.covered[fact].isdisjoint(asked) for path in paths))
        duties = verdict.duties
        verdict = verdict._replace(duties=duties._replace(findings=(*duties.findings, *findings)))
        self.standing[entry.id] = standing_of(whole, verdict)
        if self.standing[entry.id] == OPEN and not case.record.decisions:
            self.held_up[entry.id] = held_up
        links = self.linked.links[entry.id]
        taken = {name: value for name, value in whole.facts.items() if name not in case.facts}
        self.rated.append(
            RatedEntry(
                whole, verdict, entry.path, links, self._unit(entry), self.standing[entry.id], entry.raw, taken, tuple(findings),
                waits=waits, held_up=held_up,
            )
        )  # fmt: skip

    def _refused(self) -> tuple[Refused, ...]:
        """Return the files that were not rated, with what could be read of them."""
        rated = {one.path for one in self.rated}
        problems: dict[str, list[Problem]] = {}
        for problem in InputError(self.problems).problems:
            problems.setdefault(problem.location.file, []).append(problem)
        found: list[Refused] = []
        for entry in (*self.files.entries, *self.files.dropped):
            if entry.path not in rated:
                circle = self.linked.unsettled.get(entry.id)
                own = problems.get(entry.path) or ([circle] if circle else [])
                unit = self._unit(entry) if entry.id in self.entries else ""
                found.append(Refused(entry.path, entry.id, entry.name, unit, tuple(own)))
        return tuple(sorted(found, key=lambda one: one.path))

    def _lacking(self, link: str) -> tuple[str, ...]:
        """Return the files of whom nobody can tell whether they name a case by this link, or whom they name."""
        torn = (entry.path for entry in self.files.entries if entry.torn and link not in entry.links)
        return (*self.files.unread, *torn, *self.linked.broken.get(link, ()))

    def _waits(self, entry: Entry, case: Case, asked: Collection[str]) -> dict[str, tuple[str, ...]]:
        """Return, by gathered fact, the faulty files that a case lacks: those it is taken from, and those they wait for in turn."""
        waits: dict[str, tuple[str, ...]] = {}
        for fact in self.gathering:
            sources = self._sources(fact, entry)
            paths = list(self.lacking.get(fact.name, ()))
            if not paths:
                for source in sources:
                    paths += self.held_up.get(source, ()) if source in self.standing else [self.entries[source].path]
            if fact.type.kind == "level" and not sources and fact.gathered_from in entry.links and not self.files.named:
                paths += self.files.unread
            concerned = sources or fact.type.kind == "level" or not self.covered[fact.name].isdisjoint(asked)
            if paths and concerned and fact.name not in case.facts:
                waits[fact.name] = tuple(dict.fromkeys(paths))
        return waits

    def _unit(self, entry: Entry) -> str:
        """Return the unit that a case is told under: the one it names, else its collective, else itself where others name it."""
        links = self.linked.links[entry.id]
        named = any((kind, entry.id) in self.linked.naming for kind in ("unit", "collective"))
        return entry.id if named else links.get("unit") or links.get("collective") or ""

    def _gather(self, entry: Entry, case: Case, gathered: list[Gathered], findings: list[Finding]) -> Case:
        """Take from other cases what the edition gathers and the case does not state itself."""
        facts: dict[str, Value] = dict(case.facts)
        for fact in self.gathering:
            sources = self._sources(fact, entry)
            if fact.name in case.facts:
                findings += self._compare(fact, case, sources)
            elif fact.type.kind == "list" and sources and self.files.whole and not self.lacking[fact.name]:
                facts[fact.name] = tuple(self._item(source) for source in sources)
                gathered += [self._taken(fact, source) for source in sources]
            elif fact.type.kind == "level" and sources:
                taken = self._taken(fact, sources[0])
                gathered.append(taken)
                if taken.level:
                    facts[fact.name] = self.files.edition.scale[taken.level].rank
        return case._replace(facts=facts) if gathered else case

    def _sources(self, fact: FactDeclaration, entry: Entry) -> tuple[str, ...]:
        """Return the cases that a fact is taken from: those that name this one, or the one that it names."""
        if fact.type.kind == "list":
            return self.linked.naming.get((fact.gathered_from, entry.id), ())
        target = self.linked.links[entry.id].get(fact.gathered_from, "")
        return (target,) if target in self.entries else ()

    def _item(self, source: str) -> Item:
        """Make an item of a list from the case that it stands for; without a level yet, its level is left out."""
        level = self.standing.get(source, OPEN).level
        return {"id": source, "level": self.files.edition.scale[level].rank} if level else {"id": source}

    def _taken(self, fact: FactDeclaration, source: str) -> Gathered:
        """Say what was taken, and whether it was decided or proposed."""
        level, origin = self.standing.get(source, OPEN)
        return Gathered(fact.name, source, level, origin)

    def _compare(self, fact: FactDeclaration, case: Case, sources: Sequence[str]) -> list[Finding]:
        """Report where a case states another level of a case than this round gives, or leaves out a case that names it."""
        stated = case.facts[fact.name]
        items = stated if isinstance(stated, tuple) else ({"id": sources[0], "level": stated},) if sources else ()
        found: list[Finding] = []
        listed = {self.names.get(str(item.get("id")), ""): item.get("level") for item in items}
        for name, rank in listed.items():
            level = self.standing.get(name, OPEN).level
            if level and isinstance(rank, int) and self.files.edition.scale[level].rank != rank:
                codes = {"stated": self.evaluator.plan.level_ids[rank], "found": level}
                words = {key: self.files.edition.scale[value].code for key, value in codes.items()}
                found.append(_finding("stated_otherwise", _OTHERWISE, fact, case=name, **words))
        left_out = [name for name in sources if name not in listed]
        if left_out:
            found.append(_finding("list_leaves_out", _LEFT_OUT, fact, cases=", ".join(left_out)))
        return found

    def _told(self, problem: Problem, entry: Entry) -> Problem:
        """Say of a count that contradicts a gathered list which cases the list was gathered from."""
        fact = self.files.edition.facts.get(problem.details.get("items", ""))
        case = entry.case
        if problem.code != "PE504" or fact is None or case is None or fact.name in case.facts:
            return problem
        details = {key: problem.details[key] for key in ("name", "given", "counted")}
        more = {"case": entry.id, "link": fact.gathered_from, "cases": ", ".join(self._sources(fact, entry))}
        return problem_at(case, problem.location, "PE704", details | more)

    def _units(self, refused: Iterable[Refused]) -> dict[str, str]:
        """Return the name of every unit that a case is told under, or that the round lists; those in the order of the list first."""
        units = {name: unit.name for name, unit in self.files.units.items()}
        subjects = {entry.id: entry.name or entry.id for entry in self.files.entries}
        subjects |= {one.case.id: one.case.subject.get("name", one.case.id) for one in self.rated}
        for name in sorted({*(one.unit for one in self.rated), *(one.unit for one in refused)} - {""}):
            units.setdefault(name, subjects.get(name, name))
        return units


def counts_of(edition: Edition, name: str) -> Iterator[str]:
    """Return a gathered fact and the facts that are counted from it."""
    yield name
    yield from (fact.name for fact in edition.facts.values() if fact.counted_from and name in fact.counted_from.names)


def _finding(name: str, text: str, fact: FactDeclaration, **words: str) -> Finding:
    """Make a finding about a fact that a case states, in every language."""
    says = {language: translate(text, language, fact=fact.name, **words) for language in LANGUAGES}
    return Finding(name, "warning", says, fact.citation.clause)


def as_it_stood(case: Case, as_of: date | None) -> Case:
    """Leave out what was decided after the day that is asked about, and every day that had not come yet."""
    if as_of is None:
        return case
    kept = tuple(d for d in case.record.decisions if d.day is None or d.day <= as_of)
    facts = {name: value for name, value in case.facts.items() if not (isinstance(value, date) and value > as_of)}
    return case._replace(facts=facts, record=case.record._replace(decisions=kept))


def standing_of(case: Case, verdict: Verdict) -> Standing:
    """Return the level that a case stands at: decided where every decision on file agrees, else proposed."""
    if case.record.decisions:
        level = agreed_level(case.record.decisions)
        return Standing(level, "decided") if level else OPEN
    return Standing(verdict.level, "proposed") if verdict.level else OPEN
