"""Every check of an edition, in one run: what is wrong with its files, and what of it does not hold together."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from policy_engine.checks.operative import find_contradictions
from policy_engine.checks.places import FilePlaces, declared_thresholds, places_of, read_names, texts_of
from policy_engine.checks.reach import find_passed_by
from policy_engine.checks.texts import find_unkempt, find_untranslated
from policy_engine.errors import CATALOGUE, InputError, Problem
from policy_engine.evaluate.core.plan import plan_of
from policy_engine.evaluate.maps import Cited, clause_map, report_interpretations
from policy_engine.language.complaint import nearest
from policy_engine.load.edition import Survey
from policy_engine.messages import Spoken
from policy_engine.model.duties import SEVERITIES
from policy_engine.model.facts import Texts
from policy_engine.model.rulebook import Criterion, Edition
from policy_engine.model.sites import SORTS
from policy_engine.source import Location


def find_doubles(edition: Edition, places: FilePlaces) -> Iterator[Problem]:
    """Return which criteria of a track have the same condition, and apply in the same cases."""
    for track in edition.tracks:
        anywhere: dict[tuple[str, str], Criterion] = {}
        for rule in track.levels:
            here: dict[tuple[str, str], Criterion] = {}
            for criterion in rule.criteria:
                asked = (criterion.when.text, criterion.applies_when.text if criterion.applies_when else "")
                same, other = here.setdefault(asked, criterion), anywhere.setdefault(asked, criterion)
                if same is not criterion:
                    yield _double("PE807", criterion, same, places)
                elif other.id != criterion.id:
                    yield _double("PE808", criterion, other, places)


def _double(code: str, criterion: Criterion, other: Criterion, places: FilePlaces) -> Problem:
    return places.problem(
        code, criterion.location, name=criterion.id, other=other.id, line=str(other.location.line), condition=criterion.when.text
    )


def find_unmapped(edition: Edition, places: FilePlaces) -> Iterator[Problem]:
    """Return which clauses nothing encodes or explains, and which cites lead to no clause; once for every place."""
    if not edition.clauses:
        front = next((document for document in places.documents.values() if ("edition",) in document.keys), None)
        if front:
            yield places.problem("PE811", front.keys["edition",])
        return
    found = clause_map(edition)
    located = {clause.id: clause.location for clause in edition.clauses}
    for mapped in found.clauses:
        if not mapped.covered:
            yield places.problem("PE809", located[mapped.clause], clause=mapped.clause)
    for part in found.strays:
        for place in _cites(part, places):
            guess = nearest(part.citation.clause, located)
            yield places.problem("PE810", place, sort=SORTS[part.sort], name=part.name, clause=part.citation.clause, nearest=guess)


def find_uncited(edition: Edition, places: FilePlaces) -> Iterator[Problem]:
    """Return which levels name no clause, where others of the scale do."""
    del edition  # a level does not know where it stands
    for document in places.documents.values():
        scale = document.data.get("scale") if isinstance(document.data, dict) else None
        levels = [level for level in scale if isinstance(level, dict)] if isinstance(scale, list) else []
        if not any("cite" in level for level in levels):
            continue
        for index, level in enumerate(levels):
            place = document.keys.get(("scale", index, "level"))
            if "cite" not in level and place:
                yield document.problem("PE207", place, level=str(level["level"]))


def _cites(part: Cited, places: FilePlaces) -> list[Location]:
    """Return the places where a part cites its clause: those inside the part of that name, or else the first one."""
    name = part.name.rpartition(".")[2]
    found: list[tuple[Location, bool]] = []
    for document in places.documents.values():
        for path, value, owner in texts_of(document.data):
            if value == part.citation.clause and {"cite", "chapter"} & set(path[-2:]):
                found.append((document.places[path], name in path or name in owner.values()))
    return [place for place, owned in found if owned] or [place for place, _ in found][:1]


def find_dead(edition: Edition, places: FilePlaces) -> Iterator[Problem]:
    """Return what nothing uses; a name that another dead part reads counts as read."""
    read = read_names(edition)
    for fact in edition.facts.values():
        if fact.name not in read:
            code, clause = ("PE801", fact.citation.clause) if fact.citation.clause else ("PE802", "")
            yield places.problem(code, fact.location, name=fact.name, clause=clause)
    for threshold in declared_thresholds(edition):
        if threshold.name not in read:
            yield places.problem("PE803", threshold.location, name=threshold.name)
    yield from _interpretations(edition, places)
    yield from _shared(edition, places)
    named = {route.body for chapter in edition.chapters for route in chapter.routes}
    for body in edition.bodies.keys() - named:
        place = places.key("bodies", body)
        if place:
            yield places.problem("PE806", place, name=body)


def _interpretations(edition: Edition, places: FilePlaces) -> Iterator[Problem]:
    """Return which interpretations nothing rests on; a clause or a note may rest on one by naming it in its sentence."""
    spoken = " ".join(text for texts in _spoken(edition) for text in texts.values())
    for report in report_interpretations(edition):
        name = report.interpretation.id
        place = places.key("register", name)
        if place and not report.parts and not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", spoken):
            yield places.problem("PE804", place, name=name)


def _spoken(edition: Edition) -> Iterator[Texts]:
    """Return the sentences in which an edition names what it leaves out, and what a reader should know."""
    yield from edition.notes
    for clause in edition.clauses:
        yield from (clause.says, clause.why_not, clause.leaves_out)


def _shared(edition: Edition, places: FilePlaces) -> Iterator[Problem]:
    """Return which criteria that are written once are used by no level."""
    used: Mapping[str, set[str]] = {
        track.id: {criterion.id for rule in track.levels for criterion in rule.criteria} for track in edition.tracks
    }
    everywhere = set[str]().union(*used.values())
    for document in places.documents.values():
        data = document.data if isinstance(document.data, dict) else {}
        block = data.get("criteria")
        known = used.get(str(data["track"]), set()) if "track" in data else everywhere
        for name in block if isinstance(block, dict) else ():
            if name not in known:
                yield places.problem("PE805", document.keys["criteria", name], name=name)


Check = Callable[[Edition, FilePlaces], Iterator[Problem]]


class Checked(NamedTuple):
    """An edition that was checked, and what was found, sorted by place."""

    survey: Survey
    findings: tuple[Problem, ...]


def find_proposed(edition: Edition, places: FilePlaces) -> Iterator[Problem]:
    """Return which interpretations the policy owner has not accepted."""
    for interpretation in edition.register.values():
        place = places.key("register", interpretation.id)
        if place and interpretation.status == "proposed":
            says = Spoken({language: f"{interpretation.id}: {text}" for language, text in interpretation.silent_on.items()})
            yield places.problem("PE820", places.below(place, "status"), name=interpretation.id, says=says)


WHOLE: tuple[Check, ...] = (find_dead, find_unmapped, find_passed_by)
"""What can only be known of an edition of which every part could be read: else an error would have consequences."""
ANY: tuple[Check, ...] = (find_doubles, find_contradictions, find_uncited, find_proposed)


def check_edition(survey: Survey) -> Checked:
    """Check an edition; where it cannot be read whole, what is wrong with it, and whatever else can be known."""
    places = places_of(survey)
    found = [*survey.problems, *find_untranslated(places), *find_unkempt(places)]
    known = {problem.location for problem in survey.problems}
    edition = survey.edition
    if edition:
        for check in (*ANY, *(WHOLE if survey.whole else ())):
            found += (problem for problem in check(edition, places) if problem.location not in known)
        if survey.whole:
            found += _own_figures(edition)
    return Checked(survey, InputError([_with_line(problem, survey) for problem in found]).problems)


def _with_line(problem: Problem, survey: Survey) -> Problem:
    """Add the line of a problem that came without it."""
    document = survey.documents.get(problem.location.file)
    if problem.excerpt or not document:
        return problem
    return problem._replace(excerpt=document.problem(problem.code, problem.location).excerpt)


def _own_figures(edition: Edition) -> tuple[Problem, ...]:
    """Return where the edition's own figures contradict its rules, as whoever rates by it would see."""
    try:
        plan_of(edition)
    except InputError as error:
        return error.problems
    return ()


def severity_of(problem: Problem) -> str:
    """Return how bad a finding is: `error`, `warning` or `note`."""
    return CATALOGUE[problem.code].severity


def fails(problem: Problem, level: str) -> bool:
    """Return whether a finding is as bad as a level, or worse."""
    return SEVERITIES.index(severity_of(problem)) <= SEVERITIES.index(level)
