"""The bench: cases whose expectations hold, and whether one of them notices a mutant."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

from policy_engine.compiled.evaluator import for_many
from policy_engine.errors import EngineFaultError, InputError
from policy_engine.evaluate.duties.bounds import relevance
from policy_engine.evaluate.duties.survey import Surveyor
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.evaluate.plain import Coverage, unmet
from policy_engine.evaluate.rate import Rated
from policy_engine.language.values import is_object
from policy_engine.model.case import Case
from policy_engine.model.rulebook import Edition
from policy_engine.model.verdict import Verdict
from policy_engine.trial.mutants import Mutant, Spot, spots
from policy_engine.trial.sides import Sides


class Standing:
    """One edition, while cases of it are run."""

    def __init__(self, edition: Edition) -> None:
        """Begin with nothing seen."""
        self.edition = edition
        self.coverage = Coverage(edition)
        self.sides = Sides(edition)
        self.held: list[Case] = []

    def take(self, one: Rated, *, passed: bool) -> None:
        """Look at a case; only one that expects something, all of which holds, can notice a mutant."""
        self.coverage.take(one.verdict)
        self.sides.take(one.case, one.verdict)
        if passed:
            self.held.append(one.case)


_ASKED = "open_questions"
"""What a case may expect, but is worked out only where nothing else notices a mutant: it costs more than all the rest."""


class Prepare(Protocol):
    """How an edition is made ready to rate cases by its levels; any evaluator that gives the reference's verdicts will do."""

    def __call__(self, edition: Edition, *, asks: bool) -> Evaluator:
        """Make an edition ready, with or without the questions that would narrow an open outcome."""
        ...


class Held(NamedTuple):
    """A case whose expectation holds, its verdict under the edition as it is, and what its author names: facts, and ids expected."""

    case: Case
    verdict: Verdict
    named: frozenset[str]


class Bench:
    """The cases of one edition, the quickest first; a mutant is held against those that it can concern."""

    def __init__(self, edition: Edition, cases: Iterable[Case], prepare: Prepare = for_many) -> None:
        """Take the cases whose expectations hold, and rate them under the edition as it is."""
        self.edition, self.prepare = edition, prepare
        rate = prepare(edition, asks=False).evaluate
        self.held = sorted((Held(case, rate(case), _named(case)) for case in cases), key=_effort)
        self._watchers = _watchers(edition)
        self._binding = {c.clause for c in edition.chapters if c.eligibility or any(ceiling.lowers for ceiling in c.ceilings)}

    def outcome(self, mutant: Mutant) -> str:
        """Return what became of a mutant: `killed` by a case, `refused` by the edition's own rules, or `survived`."""
        try:
            rater = self.prepare(mutant.make(self.edition), asks=False)
        except InputError:
            return "refused"
        held, beside = self._likely_first(mutant), self._is_beside(mutant)
        surveyor = Surveyor(rater.plan)
        noticed = any(_notices(one, None if beside else rater, surveyor) for one in held) or (not beside and self._questioned(rater, held))
        return "killed" if noticed else "survived"

    def _questioned(self, rater: Evaluator, held: Iterable[Held]) -> bool:
        """Return whether a case that expects certain questions is asked others."""
        expecting = [one.case for one in held if _ASKED in one.case.expect]
        asking = self.prepare(rater.edition, asks=True) if expecting else rater
        return any(unmet({_ASKED: case.expect[_ASKED]}, asking.evaluate(case)) for case in expecting)

    def _likely_first(self, mutant: Mutant) -> list[Held]:
        """Return the cases that a mutant can concern: those that leave nothing open first, and first those that name what is otherwise."""
        watched = self._watchers.get(mutant.place.owner, frozenset({mutant.place.owner}))
        concerned = [one for one in self.held if self._concerns(mutant, one.verdict)]
        return sorted(concerned, key=lambda one: (one.verdict.outcome == "undetermined", watched.isdisjoint(one.named)))

    def _is_beside(self, mutant: Mutant) -> bool:
        """Return whether a mutant leaves every level as it is: it is in a chapter that binds none."""
        return bool(mutant.place.chapter) and mutant.place.chapter not in self._binding

    def _concerns(self, mutant: Mutant, verdict: Verdict) -> bool:
        """Return whether a case reads what is otherwise: by its track, or by those that it may still be under."""
        place = mutant.place
        if place.chapter:
            chapter = next(chapter for chapter in self.edition.chapters if chapter.clause == place.chapter)
            return relevance(chapter, verdict) is not False
        return not place.tracks or verdict.track in place.tracks or not set(place.tracks).isdisjoint(verdict.possible_tracks)


def _effort(one: Held) -> tuple[int, str]:
    """Return about how long a case takes to rate: what is open is searched."""
    return len(one.verdict.possible_levels) + 10 * len(one.verdict.possible_tracks), one.case.id


def _named(case: Case) -> frozenset[str]:
    """Return the facts that a case states, and the ids that its expectation names."""
    return frozenset(case.facts) | {name for value in case.expect.values() if is_object(value) for name in value}


def _watchers(edition: Edition) -> Mapping[str, frozenset[str]]:
    """Return for each name what a case names that watches it: the rules that read it; of what follows from facts, those facts."""
    found: dict[str, frozenset[str]] = {}
    for spot in spots(edition):
        follows = spot.place.owner in edition.facts
        watching = _sources(spot, edition) if follows else frozenset({spot.place.owner})
        read = frozenset(spot.condition.names) - edition.facts.keys()
        for name in (spot.place.owner, *read):
            found[name] = found.get(name, frozenset()) | watching
    return found


def _sources(spot: Spot, edition: Edition) -> frozenset[str]:
    """Return the facts that another one follows from; where it is counted, the lists alone (the rest are names of their fields)."""
    read = frozenset(spot.condition.names) & edition.facts.keys()
    return frozenset(name for name in read if edition.facts[name].type.kind == "list") or read


def _notices(one: Held, rater: Evaluator | None, surveyor: Surveyor) -> bool:
    """Return whether what a case expects beside questions no longer holds, or the case is refused; without a rater nothing is otherwise."""
    expected = {key: value for key, value in one.case.expect.items() if key != _ASKED}
    try:
        verdict = rater.evaluate(one.case) if rater else one.verdict
        return bool(unmet(expected, surveyor.survey(one.case, verdict)))
    except (InputError, EngineFaultError):
        return True
