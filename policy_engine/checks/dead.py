"""What an edition declares and nothing uses: facts, thresholds, readings, shared criteria, bodies."""

import re
from collections.abc import Iterator, Mapping

from policy_engine.checks.places import Places
from policy_engine.checks.walk import declared_thresholds, read_names
from policy_engine.errors import Problem
from policy_engine.evaluate.readings import report_readings
from policy_engine.model.facts import Texts
from policy_engine.model.rulebook import Edition


def find_dead(edition: Edition, places: Places) -> Iterator[Problem]:
    """Tell what nothing uses; a name that another dead part reads counts as read."""
    read = read_names(edition)
    for fact in edition.facts.values():
        if fact.name not in read:
            code, clause = ("PE801", fact.citation.clause) if fact.citation.clause else ("PE802", "")
            yield places.problem(code, fact.location, name=fact.name, clause=clause)
    for threshold in declared_thresholds(edition):
        if threshold.name not in read:
            yield places.problem("PE803", threshold.location, name=threshold.name)
    yield from _readings(edition, places)
    yield from _shared(edition, places)
    named = {route.body for chapter in edition.chapters for route in chapter.routes}
    for body in edition.bodies.keys() - named:
        place = places.key("bodies", body)
        if place:
            yield places.problem("PE806", place, name=body)


def _readings(edition: Edition, places: Places) -> Iterator[Problem]:
    """Tell which readings nothing rests on; a clause or a note may rest on one by naming it in its sentence."""
    spoken = " ".join(text for texts in _spoken(edition) for text in texts.values())
    for report in report_readings(edition):
        name = report.reading.id
        place = places.key("register", name)
        if place and not report.parts and not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", spoken):
            yield places.problem("PE804", place, name=name)


def _spoken(edition: Edition) -> Iterator[Texts]:
    """Give the sentences in which an edition names what it leaves out, and what a reader should know."""
    yield from edition.notes
    for clause in edition.clauses:
        yield from (clause.says, clause.why_not, clause.leaves_out)


def _shared(edition: Edition, places: Places) -> Iterator[Problem]:
    """Tell which criteria that are written once are used by no level."""
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
