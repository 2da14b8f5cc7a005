"""Every check of an edition, in one run: what is wrong with its files, and what of it does not hold together."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from policy_engine.checks.operative import find_contradictions
from policy_engine.checks.places import Places, places_of
from policy_engine.checks.reach import find_passed_by
from policy_engine.checks.texts import find_unkempt, find_untranslated
from policy_engine.checks.unused import find_dead, find_doubles, find_uncited, find_unmapped
from policy_engine.errors import CATALOGUE, InputError, Problem
from policy_engine.evaluate.core.plan import plan_of
from policy_engine.load.edition import Survey
from policy_engine.messages import Spoken
from policy_engine.model.duties import SEVERITIES
from policy_engine.model.rulebook import Edition

Check = Callable[[Edition, Places], Iterator[Problem]]


class Checked(NamedTuple):
    """An edition that was checked, and what was found, sorted by place."""

    survey: Survey
    findings: tuple[Problem, ...]


def find_proposed(edition: Edition, places: Places) -> Iterator[Problem]:
    """Return which interpretations the policy owner has not accepted."""
    for interpretation in edition.register.values():
        place = places.key("register", interpretation.id)
        if place and interpretation.status == "proposed":
            says = Spoken({language: f"{interpretation.id}: {text}" for language, text in interpretation.silent_on.items()})
            yield places.problem("PE820", places.below(place, "status"), name=interpretation.id, says=says)


WHOLE: tuple[Check, ...] = (find_dead, find_unmapped, find_passed_by)
"""What can only be told of an edition of which every part could be read: else an error would have consequences."""
ANY: tuple[Check, ...] = (find_doubles, find_contradictions, find_uncited, find_proposed)


def check_edition(survey: Survey) -> Checked:
    """Check an edition; where it cannot be read whole, what is wrong with it, and whatever else can be told."""
    places = places_of(survey)
    found = [*survey.problems, *find_untranslated(places), *find_unkempt(places)]
    told = {problem.location for problem in survey.problems}
    edition = survey.edition
    if edition:
        for check in (*ANY, *(WHOLE if survey.whole else ())):
            found += (problem for problem in check(edition, places) if problem.location not in told)
        if survey.whole:
            found += _own_figures(edition)
    return Checked(survey, InputError([_with_line(problem, survey) for problem in found]).problems)


def _with_line(problem: Problem, survey: Survey) -> Problem:
    """Add the line of a problem that was told without it."""
    document = survey.documents.get(problem.location.file)
    if problem.excerpt or not document:
        return problem
    return problem._replace(excerpt=document.problem(problem.code, problem.location).excerpt)


def _own_figures(edition: Edition) -> tuple[Problem, ...]:
    """Return where the edition's own figures contradict its rules, as whoever rates by it would be told."""
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
