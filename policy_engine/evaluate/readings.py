"""The register of readings, both ways: what in an edition rests on each, and which cases do."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from policy_engine.model.facts import ReadingUse
from policy_engine.model.rulebook import Edition, Reading, Track
from policy_engine.model.verdict import Verdict


class ReadingReport(NamedTuple):
    """A reading, the parts of the edition that rest on it, and the cases that do."""

    reading: Reading
    parts: tuple[str, ...]
    cases: tuple[str, ...]


def report_readings(edition: Edition, verdicts: Iterable[Verdict] = ()) -> tuple[ReadingReport, ...]:
    """Give every reading of the register, with what rests on it.

    Args:
        edition: the edition.
        verdicts: verdicts under it, with their duties.
    """
    parts: dict[str, dict[str, None]] = {name: {} for name in edition.register}
    for part, uses in _uses(edition):
        for use in uses:
            parts[use.id][part] = None
    cases: dict[str, dict[str, None]] = {name: {} for name in edition.register}
    for verdict in verdicts:
        for name in rests_on(verdict):
            cases[name][verdict.case] = None
    return tuple(ReadingReport(reading, tuple(parts[name]), tuple(cases[name])) for name, reading in edition.register.items())


def rests_on(verdict: Verdict) -> tuple[str, ...]:
    """Give the readings that anything in a verdict rests on: its outcome, and what is asked beside it."""
    duties = verdict.duties
    blocks = (duties.routes, duties.requirements, duties.contents, verdict.ceilings, duties.findings, verdict.eligibility)
    return tuple(sorted({*verdict.interpretations, *(name for block in blocks for trace in block for name in trace.interpretations)}))


def _uses(edition: Edition) -> Iterator[tuple[str, tuple[ReadingUse, ...]]]:
    """Give what rests on readings, by the names of its parts."""
    for fact in edition.facts.values():
        yield fact.name, fact.readings
    for invariant in edition.invariants:
        yield invariant.id, invariant.readings
    for track in edition.tracks:
        yield from _of_track(track)
    for chapter in edition.chapters:
        for rule in chapter.rules():
            yield rule.id, rule.readings


def _of_track(track: Track) -> Iterator[tuple[str, tuple[ReadingUse, ...]]]:
    """Give what of a track rests on readings."""
    yield track.id, (*track.readings, *track.residual.readings)
    steps: Mapping[str, tuple[ReadingUse, ...]] = {f"{track.id}.decide": tuple(use for step in track.decide for use in step.readings)}
    yield from steps.items()
    for stand_in in track.stand_ins:
        yield f"{track.id}.stand_in", stand_in.readings
    for rule in track.requires:
        yield rule.id, (*rule.readings, *(rule.otherwise.readings if rule.otherwise else ()))
    for level in track.levels:
        yield f"{track.id}.{level.level}", level.readings
        for criterion in level.criteria:
            yield f"{track.id}.{criterion.id}", (*criterion.readings, *criterion.applies_readings)
