"""One round: every case rated in its order, with what it takes from the cases below.

A level that another case stands at is the one that was decided, where there is one, else the one proposed; which of the two
is always said. A case without a level gives none, and what rests on it stays open.

A case waits for its unit and its collective, and a superior waits for those who name it: bottom up, the collective before
the persons. What waits for itself is an error, with the places of both links.

A cap lowers nobody: a breach is reported with the names, and the authority decides. Cases without a level yet make the counts a
range; a cap is broken, or kept, only where every outcome of theirs would leave it so.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from fractions import Fraction
from graphlib import CycleError, TopologicalSorter
from math import ceil, floor
from typing import NamedTuple

from policy_engine.errors import InputError, Problem
from policy_engine.evaluate.core.expression import Interpreter, interpreter_over, shown
from policy_engine.evaluate.core.facts import problem_at
from policy_engine.evaluate.core.plan import figure
from policy_engine.evaluate.core.reliance import used
from policy_engine.evaluate.duties.bounds import applies, relevance
from policy_engine.evaluate.duties.survey import Surveyor, agreed_level
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.language.complaint import nearest
from policy_engine.language.values import UNKNOWN, Item, Value
from policy_engine.messages import LANGUAGES, N_, translate
from policy_engine.model.case import LINKS, Case
from policy_engine.model.duties import Cap, Chapter
from policy_engine.model.facts import FactDeclaration, Threshold
from policy_engine.model.round import CapTrace, Entry, RatedEntry, Refused, Round, RoundFiles, Standing
from policy_engine.model.rulebook import Edition
from policy_engine.model.verdict import Finding, Gathered, Verdict
from policy_engine.source import Location

_CLASSED = ("classified", "gap", "undetermined", "decided_by_authority")


class Member(NamedTuple):
    """A case of a cohort: the level that it stands at, the levels that it may come to, and whether it surely belongs here."""

    id: str
    level: str | None
    possible: frozenset[str]
    sure: bool


def cap_traces(
    evaluator: Evaluator, rated: Sequence[RatedEntry], links: Mapping[str, Mapping[str, str]], unrated: int = 0
) -> tuple[CapTrace, ...]:  # fmt: skip
    """Hold every group of every cohort against its cap, in the order of their names; the cases that are `unrated` may belong anywhere."""
    by_id = {one.case.id: one for one in rated}
    stray = [Member("", None, frozenset(evaluator.plan.level_ids), sure=False)] * unrated
    return tuple(
        trace
        for chapter in evaluator.edition.chapters
        for cap in chapter.caps
        for trace in _Cohort(cap, chapter, evaluator, by_id, links).traces(list(stray))
    )


def rounded(value: Fraction, rounding: str) -> int:
    """Round a number of people: down, up, or to the nearest, halves up."""
    if rounding == "nearest":
        return floor(value + Fraction(1, 2))
    return ceil(value) if rounding == "up" else floor(value)


class _Cohort:
    def __init__(
        self, cap: Cap, chapter: Chapter, evaluator: Evaluator, rated: Mapping[str, RatedEntry], links: Mapping[str, Mapping[str, str]]
    ) -> None:  # fmt: skip
        self.cap, self.chapter, self.rated, self.links = cap, chapter, rated, links
        self.plan, self.facts = evaluator.plan, evaluator.facts
        self.figures = {name: figure(threshold.quantity) for name, threshold in chapter.thresholds.items()}
        ids, base = self.plan.level_ids, cap.base
        self.moving = 0
        """By how much the base, as the cap counts it, changes where one case is lowered by one level."""
        if base and cap.counted == "after_lowering":
            self.moving = (ids[max(ids.index(cap.level) - 1, 0)] in base) - (cap.level in base)

    def traces(self, stray: list[Member]) -> Iterable[CapTrace]:
        """Hold each group against the cap; `stray`: the cases that may belong to any group."""
        groups: dict[tuple[str, ...], list[Member]] = {}
        for one in self.rated.values():
            interpreter = self._interpreter(one)
            belongs = applies(self.cap.rule, interpreter, relevance(self.chapter, one.verdict))
            if one.verdict.outcome not in _CLASSED or belongs is False:
                continue
            if any(interpreter.values[key] is UNKNOWN for key in self.cap.per if key not in LINKS):
                stray.append(self._member(one, sure=False))
            else:
                links = self.links.get(one.case.id, {})
                group = tuple(links.get(key, "") if key in LINKS else shown(interpreter.values[key]) for key in self.cap.per)
                sure = belongs is True and not one.verdict.ineligible_possible
                groups.setdefault(group, []).append(self._member(one, sure=sure))
        return [self._trace(name, [*members, *stray]) for name, members in sorted(groups.items())]

    def _interpreter(self, one: RatedEntry) -> Interpreter:
        values: dict[str, Value] = {**self.facts(one.case).values, **self.figures}
        return interpreter_over(values, one.case.facts)

    def _member(self, one: RatedEntry, *, sure: bool) -> Member:
        decided = tuple(decision.level for decision in one.case.record.decisions)
        open_levels = one.verdict.possible_levels or self.plan.level_ids
        possible = (one.standing.level,) if one.standing.level else (*decided, *open_levels)
        return Member(one.case.id, one.standing.level, frozenset(possible), sure)

    def _trace(self, name: tuple[str, ...], members: Sequence[Member]) -> CapTrace:
        cap, rule = self.cap, self.cap.rule
        level, base = cap.level, frozenset(cap.base or self.plan.level_ids)
        held, most = sum(one.sure and one.level == level for one in members), sum(level in one.possible for one in members)
        base_least = sum(one.sure and (not cap.base or one.possible <= base) for one in members)
        base_most = sum(not cap.base or bool(one.possible & base) for one in members)
        holder = self.rated.get(name[0]) if cap.exception and name else None  # a group without a case of its own has no exception
        excepted = self._interpreter(holder).truth(cap.exception.where) if holder and cap.exception else False
        threshold = cap.exception.at_most if cap.exception and excepted is True else cap.at_most
        wider = cap.exception.at_most if cap.exception and excepted is UNKNOWN else threshold
        over = 0
        if held > self._allowed(base_most, wider):
            outcome, threshold = "exceeded", wider  # the share that may hold: what is above it is so either way
            # as few as leave the cap kept, with the base counted as the cap says
            enough = (k for k in range(held + 1) if held - k <= self._allowed(base_most + k * self.moving, threshold))
            over = next(enough, held)
        else:
            outcome = "kept" if most <= self._allowed(base_least, threshold) else "unknown"
        base_after = base_most + over * self.moving
        anyone = self._interpreter(next(self.rated[member.id] for member in members if member.id))
        return CapTrace(
            id=rule.id, group=" · ".join(filter(None, name)), outcome=outcome, level=level, held=held, most=most, base=base_least,
            allowed=self._allowed(base_least, threshold), over=over, share=threshold.quantity.text, excepted=excepted is True,
            counted=cap.counted, cases=tuple(sorted(member.id for member in members if member.id and member.level == level)),
            severity=cap.severity, citation=rule.citation.clause, phrase=rule.citation.phrase,
            interpretations=used(rule.interpretations, anyone), says=rule.says, base_most=base_most,
            allowed_most=self._allowed(base_most, threshold), base_after=base_after,
            allowed_after=self._allowed(base_after, threshold), of=cap.base,
        )  # fmt: skip

    def _allowed(self, base: int, threshold: Threshold) -> int:
        share = threshold.quantity.value
        return rounded(share * base, self.cap.rounding) if isinstance(share, Fraction) else 0


_DOWNWARD = "superior"
"""The link whose target waits for the case that names it; along the others the case waits for the target."""


OPEN = Standing(None, "open")
_MAX_GUESSES = 100
_OTHERWISE = N_("`{fact}` gives {case} as {stated}; in this round it stands at {found}")
_LEFT_OUT = N_("`{fact}` leaves out cases of this round that name this one: {cases}")

Watch = Callable[[Sequence[Entry]], Iterable[Entry]]
"""Goes through the cases, and may show how far it is."""


class _Links:
    """The entries in the order in which they can be rated, their links as ids, and who names whom."""

    def __init__(self, files: RoundFiles) -> None:
        self.files = files
        self.entries = {entry.id: entry for entry in files.entries}
        self.subjects: dict[str, list[str]] = {}
        for entry in files.entries:
            if entry.subject:
                self.subjects.setdefault(entry.subject, []).append(entry.id)
        self.problems: list[Problem] = []
        self.broken: dict[str, list[str]] = {}
        """The links of which one leads nowhere, so that a list gathered by it could miss somebody; with the files where they stand."""
        self.links: dict[str, dict[str, str]] = {}
        """Of every case, its links as ids of cases, or of listed units."""
        self.naming: dict[tuple[str, str], list[str]] = {}
        """By link and target: the ids of the cases that name the target so."""
        for entry in files.entries:
            found = {kind: self._target(entry, kind, name) for kind, name in entry.links.items()}
            self.links[entry.id] = {kind: target for kind, target in found.items() if target}
            for kind, target in self.links[entry.id].items():
                self.naming.setdefault((kind, target), []).append(entry.id)
        self.unsettled: dict[str, Problem] = {}
        """Cases that wait for each other, so that none of them is rated, with the circle."""
        self.order = self._ordered()

    def _target(self, entry: Entry, kind: str, name: str) -> str:
        """Return what a name stands for: a case by its name, else by its subject; else a listed unit; else it dangles."""
        meant = [name] if name in self.entries else self.subjects.get(name, ())
        if len(meant) == 1:
            return meant[0]
        if not meant and kind == "unit" and name in self.files.units:
            return name
        self.broken.setdefault(kind, []).append(entry.path)
        if meant:
            self.problems.append(_problem("PE705", entry, kind, name=name, cases=", ".join(meant)))
        elif self.files.named:  # else what is missing may be the case in the file that could not be read
            known = (*self.entries, *self.subjects, *(self.files.units if kind == "unit" else ()))
            guess = nearest(name, known) if len(self.problems) < _MAX_GUESSES else ""
            self.problems.append(_problem("PE701", entry, kind, name=name, nearest=guess))
        return ""

    def _ordered(self) -> list[Entry]:
        """Order the cases so that each comes after those it waits for; report each circle once."""
        waits: dict[str, set[str]] = {name: set() for name in self.entries}
        by: dict[tuple[str, str], tuple[str, str]] = {}
        for name, named in self.links.items():
            for kind, target in named.items():
                if target in self.entries:
                    waiting, awaited = (target, name) if kind == _DOWNWARD else (name, target)
                    waits[waiting].add(awaited)
                    by.setdefault((waiting, awaited), (name, kind))
        while True:
            try:
                order = list(TopologicalSorter({name: sorted(waits[name]) for name in sorted(waits)}).static_order())
            except CycleError as error:
                circle: list[str] = list(reversed(error.args[1]))[:-1]
                steps = list(zip(circle, (*circle[1:], circle[0]), strict=True))
                self.problems.append(self._circle(circle, [by[step] for step in steps]))
                self.unsettled.update(dict.fromkeys(circle, self.problems[-1]))
                for name, awaited in steps:
                    waits[name].discard(awaited)
                    if len(self.problems) > _MAX_GUESSES:
                        waits[name].clear()
            else:
                return [self.entries[name] for name in order]

    def _circle(self, circle: Sequence[str], steps: Sequence[tuple[str, str]]) -> Problem:
        """Say which cases wait for each other, with the place of every link between them, from the first by name."""
        start = circle.index(min(circle))
        turned, steps = [*circle[start:], *circle[:start]], [*steps[start:], *steps[:start]]
        places = dict.fromkeys(_place(self.entries[name], kind) for name, kind in steps)
        listed = "; ".join(f"{place.file}:{place.line}:{place.column}" for place in places)
        return _problem("PE702", self.entries[steps[0][0]], steps[0][1], chain=" -> ".join([*turned, turned[0]]), places=listed)


def _problem(code: str, entry: Entry, kind: str, **details: str) -> Problem:
    place = _place(entry, kind)
    excerpt = entry.lines[place.line - 1] if 0 < place.line <= len(entry.lines) else ""
    return Problem(code, place, {"link": kind, **details}, excerpt)


def _place(entry: Entry, kind: str) -> Location:
    return entry.places.get((kind,)) or Location(entry.path, 1, 1)


def rate_round(
    files: RoundFiles, as_of: date | None = None, watch: Watch = iter, evaluator: Callable[[Edition], Evaluator] = Evaluator
) -> Round:  # fmt: skip
    """Rate every case of a round, bottom up, and then the cohorts.

    Args:
        files: the cases, read.
        as_of: the day on which the round is looked at: decisions after it count as not yet made.
        watch: goes through the cases, and may show how far it is.
        evaluator: makes an evaluator of the edition.
    """
    done = _Rated(files, evaluator(files.edition))
    for entry in watch(done.linked.order):
        if entry.case and entry.id not in done.linked.unsettled:
            done.rate(entry, as_it_stood(entry.case, as_of))
    unrated = len(files.entries) - len(done.rated)
    refused = done.refused()
    return Round(
        id=files.id, edition=files.edition, as_of=as_of, rated=tuple(done.rated), units=done.units(refused),
        caps=cap_traces(done.evaluator, done.rated, done.linked.links, unrated),
        problems=InputError(done.problems).problems, refused=refused,
    )  # fmt: skip


class _Rated:
    def __init__(self, files: RoundFiles, evaluator: Evaluator) -> None:
        self.files, self.evaluator = files, evaluator
        self.linked = _Links(files)
        self.surveyor = Surveyor(evaluator.plan, evaluator.facts)
        self.entries = self.linked.entries
        self.names = {entry.subject: entry.id for entry in files.entries if entry.subject} | {name: name for name in self.entries}
        self.gathering = [fact for fact in files.edition.facts.values() if fact.gathered_from]
        self.covered = {fact.name: frozenset(counts_of(files.edition, fact.name)) for fact in self.gathering}
        self.lacking: dict[str, list[str]] = {}
        """By list that is gathered: the files of which nobody can tell whether they name a case by its link, or whom they name."""
        for fact in self.gathering:
            if fact.type.kind == "list":
                torn = [entry.path for entry in files.entries if entry.torn and fact.gathered_from not in entry.links]
                self.lacking[fact.name] = [*files.unread, *torn, *self.linked.broken.get(fact.gathered_from, ())]
        self.standing: dict[str, Standing] = {}
        self.held_up: dict[str, tuple[str, ...]] = {}
        self.rated: list[RatedEntry] = []
        self.problems: list[Problem] = [*files.problems, *self.linked.problems]

    def rate(self, entry: Entry, case: Case) -> None:
        gathered: list[Gathered] = []
        findings: list[Finding] = []
        taken = self._gather(entry, case, gathered, findings)
        whole = case._replace(facts={**case.facts, **taken}) if gathered else case
        try:
            verdict = self.surveyor.survey(whole, self.evaluator.evaluate(whole), tuple(gathered))
        except InputError as error:
            self.problems += [self._of_gathered(problem, entry) for problem in error.problems]
            return
        asked = frozenset(verdict.open_questions)
        waits = self._waits(entry, case, asked)
        held_up = tuple(dict.fromkeys(path for fact, paths in waits.items() if not self.covered[fact].isdisjoint(asked) for path in paths))
        duties = verdict.duties
        verdict = verdict._replace(duties=duties._replace(findings=(*duties.findings, *findings)))
        standing = self.standing[entry.id] = standing_of(whole, verdict)
        if standing == OPEN and not case.record.decisions:
            self.held_up[entry.id] = held_up
        self.rated.append(
            RatedEntry(
                case=whole, verdict=verdict, path=entry.path, links=self.linked.links[entry.id], unit=self._unit(entry), standing=standing,
                raw=entry.raw, taken=taken, found=tuple(findings), waits=waits, held_up=held_up,
            )
        )  # fmt: skip

    def refused(self) -> tuple[Refused, ...]:
        """Return the files that were not rated, by path, with what could be read of them."""
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
                found.append(Refused(path=entry.path, case=entry.id, name=entry.name, unit=unit, problems=tuple(own)))
        return tuple(sorted(found, key=lambda one: one.path))

    def units(self, refused: Iterable[Refused]) -> dict[str, str]:
        """Return the name of every unit that a case stands under, or that the round lists; those in the order of the list first."""
        units = {name: unit.name for name, unit in self.files.units.items()}
        subjects = {entry.id: entry.name or entry.id for entry in self.files.entries}
        subjects |= {one.case.id: one.case.subject.get("name", one.case.id) for one in self.rated}
        for name in sorted({*(one.unit for one in self.rated), *(one.unit for one in refused)} - {""}):
            units.setdefault(name, subjects.get(name, name))
        return units

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
        """Return the unit that a case stands under: the one it names, else its collective, else itself where others name it."""
        links = self.linked.links[entry.id]
        named = any((kind, entry.id) in self.linked.naming for kind in ("unit", "collective"))
        return entry.id if named else links.get("unit") or links.get("collective") or ""

    def _gather(self, entry: Entry, case: Case, gathered: list[Gathered], findings: list[Finding]) -> dict[str, Value]:
        """Return what the edition gathers from other cases, whence, and what the case itself states otherwise."""
        scale, taken = self.files.edition.scale, dict[str, Value]()
        for fact in self.gathering:
            sources = self._sources(fact, entry)
            standings = {source: self.standing.get(source, OPEN) for source in sources}
            if fact.name in case.facts:
                findings += self._compare(fact, case, sources)
            elif fact.type.kind == "list" and sources and self.files.whole and not self.lacking[fact.name]:
                # without a level yet, the level of an item is left out
                levels = {source: {"level": scale[one.level].rank} if one.level else {} for source, one in standings.items()}
                items: tuple[Item, ...] = tuple({"id": source, **level} for source, level in levels.items())
                taken[fact.name] = items
                gathered += [Gathered(fact.name, source, *standing) for source, standing in standings.items()]
            elif fact.type.kind == "level" and sources:
                level, origin = standings[sources[0]]
                gathered.append(Gathered(fact.name, sources[0], level, origin))
                taken |= {fact.name: scale[level].rank} if level else {}
        return taken

    def _sources(self, fact: FactDeclaration, entry: Entry) -> Sequence[str]:
        """Return the cases that a fact is taken from: those that name this one, or the one that it names."""
        if fact.type.kind == "list":
            return self.linked.naming.get((fact.gathered_from, entry.id), ())
        target = self.linked.links[entry.id].get(fact.gathered_from, "")
        return (target,) if target in self.entries else ()

    def _compare(self, fact: FactDeclaration, case: Case, sources: Sequence[str]) -> list[Finding]:
        """Report where a case states another level of a case than this round gives, or leaves out a case that names it."""
        stated, scale = case.facts[fact.name], self.files.edition.scale
        items = stated if isinstance(stated, tuple) else ({"id": sources[0], "level": stated},) if sources else ()
        found: list[Finding] = []
        listed = {self.names.get(str(item.get("id")), ""): item.get("level") for item in items}
        for name, rank in listed.items():
            level = self.standing.get(name, OPEN).level
            if level and isinstance(rank, int) and scale[level].rank != rank:
                words = {"stated": scale[self.evaluator.plan.level_ids[rank]].code, "found": scale[level].code}
                found.append(_finding("stated_otherwise", _OTHERWISE, fact, case=name, **words))
        left_out = [name for name in sources if name not in listed]
        if left_out:
            found.append(_finding("list_leaves_out", _LEFT_OUT, fact, cases=", ".join(left_out)))
        return found

    def _of_gathered(self, problem: Problem, entry: Entry) -> Problem:
        """Say of a count that contradicts a gathered list which cases the list was gathered from."""
        fact = self.files.edition.facts.get(problem.details.get("items", ""))
        case = entry.case
        if problem.code != "PE504" or fact is None or case is None or fact.name in case.facts:
            return problem
        details = {key: problem.details[key] for key in ("name", "given", "counted")}
        more = {"case": entry.id, "link": fact.gathered_from, "cases": ", ".join(self._sources(fact, entry))}
        return problem_at(case, problem.location, "PE704", details | more)


def counts_of(edition: Edition, name: str) -> Iterator[str]:
    yield name
    yield from (fact.name for fact in edition.facts.values() if fact.counted_from and name in fact.counted_from.names)


def _finding(name: str, text: str, fact: FactDeclaration, **words: str) -> Finding:
    says = {language: translate(text, language, fact=fact.name, **words) for language in LANGUAGES}
    return Finding(id=name, severity="warning", says=says, citation=fact.citation.clause)


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
