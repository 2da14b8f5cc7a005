"""Criteria that ask the same: twice in one level, or in two levels under two ids."""

from collections.abc import Iterator

from policy_engine.checks.places import Places
from policy_engine.errors import Problem
from policy_engine.model.rulebook import Criterion, Edition


def find_doubles(edition: Edition, places: Places) -> Iterator[Problem]:
    """Tell which criteria of a track have the same condition, and apply in the same cases."""
    for track in edition.tracks:
        anywhere: dict[tuple[str, str], Criterion] = {}
        for rule in track.levels:
            here: dict[tuple[str, str], Criterion] = {}
            for criterion in rule.criteria:
                asked = (criterion.when.text, criterion.applies_when.text if criterion.applies_when else "")
                twin, other = here.setdefault(asked, criterion), anywhere.setdefault(asked, criterion)
                if twin is not criterion:
                    yield _double("PE807", criterion, twin, places)
                elif other.id != criterion.id:
                    yield _double("PE808", criterion, other, places)


def _double(code: str, criterion: Criterion, other: Criterion, places: Places) -> Problem:
    """Tell of two criteria that ask the same."""
    return places.problem(
        code, criterion.location, name=criterion.id, other=other.id, line=str(other.location.line), condition=criterion.when.text
    )
