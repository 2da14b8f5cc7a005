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
from policy_engine.trial.mutants import Mutant, spots
from policy_engine.trial.sides import Sides

_ASKED = "open_questions"
"""What a case may expect, but is worked out only where nothing else notices a mutant: it costs more than all the rest."""


class TestedEdition:
    """One edition, while cases of it are run: what they cover, and those that can notice a mutant."""

    def __init__(self, edition: Edition) -> None:
        self.edition, self.coverage, self.sides = edition, Coverage(edition), Sides(edition)
        self.held: list[Case] = []

    def take(self, one: Rated, *, passed: bool) -> None:
        """Look at a case; only one that expects something, all of which holds, can notice a mutant."""
        self.coverage.take(one.verdict)
        self.sides.take(one.case, one.verdict)
        if passed:
            self.held.append(one.case)


class Prepare(Protocol):
    """How an edition is made ready to rate cases by its levels; any evaluator that gives the reference's verdicts will do."""

    def __call__(self, edition: Edition, *, asks: bool) -> Evaluator:
        """Make an edition ready, with or without the questions that would narrow an open outcome."""
        ...


class HeldCase(NamedTuple):
    """A case whose expectation holds, its verdict under the edition as it is, and what its author names: facts, and ids expected."""

    case: Case
    verdict: Verdict
    named: frozenset[str]


class Bench:
    """The cases of one edition, the quickest first; a mutant is held against those that it can concern."""

    def __init__(self, edition: Edition, cases: Iterable[Case], prepare: Prepare = for_many) -> None:
        self.edition, self.prepare = edition, prepare
        rate = prepare(edition, asks=False).evaluate
        self.held: list[HeldCase] = []
        for case in cases:
            expected = {name for value in case.expect.values() if is_object(value) for name in value}
            self.held.append(HeldCase(case, rate(case), frozenset(case.facts) | expected))
        self.held.sort(key=lambda one: (len(one.verdict.possible_levels) + 10 * len(one.verdict.possible_tracks), one.case.id))
        self._watchers = _watchers(edition)
        self._binding = {c.clause for c in edition.chapters if c.eligibility or any(ceiling.lowers for ceiling in c.ceilings)}

    def outcome(self, mutant: Mutant) -> str:
        """Return what became of a mutant: `killed` by a case, `refused` by the edition's own rules, or `survived`."""
        try:
            rater = self.prepare(mutant.make(self.edition), asks=False)
        except InputError:
            return "refused"
        watched = self._watchers.get(mutant.place.owner, frozenset({mutant.place.owner}))
        held = [one for one in self.held if self._concerns(mutant, one.verdict)]
        held.sort(key=lambda one: (one.verdict.outcome == "undetermined", watched.isdisjoint(one.named)))  # the likeliest to notice first
        beside = bool(mutant.place.chapter) and mutant.place.chapter not in self._binding  # every level stays as it is
        surveyor = Surveyor(rater.plan, rater.facts)
        noticed = any(_notices(one, None if beside else rater, surveyor) for one in held) or (not beside and self._questioned(rater, held))
        return "killed" if noticed else "survived"

    def _questioned(self, rater: Evaluator, held: Iterable[HeldCase]) -> bool:
        """Return whether a case that expects certain questions is asked others."""
        expecting = [one.case for one in held if _ASKED in one.case.expect]
        asking = self.prepare(rater.edition, asks=True) if expecting else rater
        return any(unmet({_ASKED: case.expect[_ASKED]}, asking.evaluate(case)) for case in expecting)

    def _concerns(self, mutant: Mutant, verdict: Verdict) -> bool:
        """Return whether a case reads what is otherwise: by its track, or by those that it may still be under."""
        place = mutant.place
        if place.chapter:
            chapter = next(chapter for chapter in self.edition.chapters if chapter.clause == place.chapter)
            return relevance(chapter, verdict) is not False
        return not place.tracks or verdict.track in place.tracks or not set(place.tracks).isdisjoint(verdict.possible_tracks)


def _watchers(edition: Edition) -> Mapping[str, frozenset[str]]:
    """Return for each name what a case names that watches it: the rules that read it.

    Of what follows from facts these are the facts; where it is counted, the lists alone (the rest are names of their fields).
    """
    found: dict[str, frozenset[str]] = {}
    for spot in spots(edition):
        owner, names = spot.place.owner, frozenset(spot.condition.names)
        watching = frozenset({owner})
        if owner in edition.facts:
            facts = names & edition.facts.keys()
            watching = frozenset(name for name in facts if edition.facts[name].type.kind == "list") or facts
        for name in (owner, *(names - edition.facts.keys())):
            found[name] = found.get(name, frozenset()) | watching
    return found


def _notices(one: HeldCase, rater: Evaluator | None, surveyor: Surveyor) -> bool:
    """Return whether what a case expects beside questions no longer holds, or the case is refused; without a rater nothing is otherwise."""
    expected = {key: value for key, value in one.case.expect.items() if key != _ASKED}
    try:
        verdict = rater.evaluate(one.case) if rater else one.verdict
        return bool(unmet(expected, surveyor.survey(one.case, verdict)))
    except (InputError, EngineFaultError):
        return True
