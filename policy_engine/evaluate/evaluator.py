"""One case under one edition: the reference meaning of a rulebook, with its whole trace.

Every level and criterion is evaluated, whatever came before it: the trace answers "why" and
"why not" alike. A verdict depends on nothing but the edition and the case.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from policy_engine.errors import InputError
from policy_engine.evaluate.core.expression import interpreter_over
from policy_engine.evaluate.core.facts import Facts, check_invariants, known_facts, place_of, problem_at, set_aside, stand_in
from policy_engine.evaluate.core.plan import TrackPlan, plan_of
from policy_engine.evaluate.core.reliance import relied_on, used
from policy_engine.evaluate.duties.bounds import bounded, bounds_of
from policy_engine.language.values import UNKNOWN, Truth, Value, all_hold, any_holds
from policy_engine.model.case import Case
from policy_engine.model.facts import Invariant, Otherwise
from policy_engine.model.rulebook import Criterion, Edition, LevelRule
from policy_engine.model.verdict import CriterionTrace, Deduction, LevelTrace, Overlap, Verdict
from policy_engine.tuples import NamedTuple

if TYPE_CHECKING:
    from policy_engine.evaluate.open.nearest import Searches
    from policy_engine.evaluate.open.prepared import PreparedTrack
    from policy_engine.evaluate.open.unknowns import OpenFacts


_TRUTHS: Mapping[str, Truth] = {"met": True, "not_met": False, "unknown": UNKNOWN}


class Answer(NamedTuple):
    """What was decided: the outcomes that remain, and the questions that would narrow them."""

    outcome: str
    level: str | None = None
    possible_levels: tuple[str, ...] = ()
    gap_possible: bool = False
    exact: bool = True
    questions: tuple[str, ...] = ()


class Evaluator:
    """An edition ready to rate cases; it holds no state of any case, but remembers what follows from what, within bounds."""

    def __init__(self, edition: Edition, *, asks: bool = True, traces: bool = True) -> None:
        """Work out once what every case needs.

        Args:
            edition: the edition.
            asks: whether the questions that would narrow an open outcome are worked out; they cost more than all the rest.
            traces: whether the verdict on a case with open facts shows every level; else it may be its outcome alone.
        """
        self.edition = edition
        self.asks, self.traces = asks, traces
        self.plan = plan_of(edition)
        self.bounds = bounds_of(edition)
        self._chosen: dict[tuple[Value, ...], dict[str, Truth]] = {}
        self.prepared: dict[str, PreparedTrack] = {}
        """What open facts of a track come to, by its id, as far as cases have asked."""
        self._last: tuple[Case, Facts] | None = None
        self.searches: Searches | None = None
        """What advice has prepared, once some was asked for."""

    def evaluate(self, case: Case) -> Verdict:
        """Rate a case.

        Raises:
            InputError: where the case contradicts itself or the invariants of the edition.
        """
        facts = self.facts(case)
        verdict = self._rated(facts, case)
        return bounded(verdict, self.bounds, facts, case, self.plan) if self.bounds else verdict

    def outcomes(self, case: Case) -> Verdict:
        """Rate a case without working out the questions that would narrow an open outcome; see `evaluate`."""
        asks, self.asks = self.asks, False
        try:
            return self.evaluate(case)
        finally:
            self.asks = asks

    def facts(self, case: Case) -> Facts:
        """Return what is known of a case; of the last one it is remembered, since what is asked beside the level asks for it again.

        Raises:
            InputError: where a stated fact contradicts what it follows from.
        """
        if self._last is None or self._last[0] is not case:
            self._last = case, self.known(case)
        return self._last[1]

    def known(self, case: Case) -> Facts:
        """Work out what is known of a case; see `facts`."""
        return known_facts(case, self.plan)

    def _rated(self, facts: Facts, case: Case) -> Verdict:
        """Rate a case by its criteria alone."""
        applying, possible = self._tracks(facts, case)
        if applying is not None:
            return _Rating(self, facts, case, applying).verdict()
        if not possible:
            return self._blank(case, Answer(outcome="out_of_scope"), (), facts)
        return self._many_tracks(facts, case, possible)

    def _tracks(self, facts: Facts, case: Case) -> tuple[TrackPlan | None, list[TrackPlan]]:
        """Find the one track that applies; else those that could, once open facts are answered."""
        key = tuple([facts.values[name] for name in self.plan.choosing])
        truths = self._chosen.get(key) if self.plan.choosing else None
        if truths is None:
            interpreter = interpreter_over(facts.values, case.facts)
            truths = {name: interpreter.truth(plan.track.applies_to) for name, plan in self.plan.tracks.items()}
            self._chosen[key] = truths
        sure = [self.plan.tracks[name] for name, truth in truths.items() if truth is True]
        if len(sure) > 1:
            names = ", ".join(plan.track.id for plan in sure)
            raise InputError([problem_at(case, place_of(case, ""), "PE510", {"tracks": names})])
        if sure:
            return sure[0], []
        return None, [self.plan.tracks[name] for name, truth in truths.items() if truth is UNKNOWN]

    def _many_tracks(self, facts: Facts, case: Case, possible: Sequence[TrackPlan]) -> Verdict:
        """Answer where open facts choose the track: what each track that is still possible could say."""
        answers: dict[str, Answer] = {}
        choosing: dict[str, None] = {}
        refused: list[InputError] = []
        for plan in possible:
            rating = _Rating(self, facts, case, plan, assumed=True)
            if rating.problem:
                refused.append(rating.problem)
            else:
                answers[plan.track.id] = rating.answer()
                choosing.update(dict.fromkeys(n for n in plan.track.applies_to.names if facts.values.get(n) is UNKNOWN))
        if refused and not answers:
            raise refused[0]
        levels = {level for answer in answers.values() for level in answer.possible_levels}
        more = {name for answer in answers.values() for name in answer.questions} - choosing.keys()
        answer = Answer(
            outcome="undetermined", possible_levels=self.best_first(levels), gap_possible=any(a.gap_possible for a in answers.values()),
            exact=all(a.exact for a in answers.values()), questions=(*choosing, *sorted(more)),
        )  # fmt: skip
        return self._blank(case, answer, tuple(answers), facts)

    def best_first(self, levels: Iterable[str]) -> tuple[str, ...]:
        """Sort levels, the best first."""
        wanted = set(levels)
        return tuple(level for level in reversed(self.plan.level_ids) if level in wanted)

    def _blank(self, case: Case, answer: Answer, tracks: tuple[str, ...], facts: Facts) -> Verdict:
        """Return a verdict without a track."""
        return self.finished(case, answer, possible_tracks=tracks)._replace(deductions=facts.deductions)

    def finished(self, case: Case, answer: Answer, *, possible_tracks: tuple[str, ...] = ()) -> Verdict:
        """Return an answer as the verdict of a case, before what it rests on."""
        edition = self.edition
        return Verdict(
            case=case.id, subject=case.subject, edition=edition.id, status=edition.status, revision=edition.revision, track=None,
            possible_tracks=possible_tracks, outcome=answer.outcome, level=answer.level, possible_levels=answer.possible_levels,
            gap_possible=answer.gap_possible, possible_exact=answer.exact, open_questions=answer.questions, unread=(), levels=(),
            overlaps=(), interpretations=(), deductions=(), advice=(),
        )  # fmt: skip


class _Rating:
    """One case under one track, while it is being rated."""

    def __init__(self, evaluator: Evaluator, facts: Facts, case: Case, plan: TrackPlan, *, assumed: bool = False) -> None:
        """Bring the facts under the track, and see what is open.

        Args:
            evaluator: the edition.
            facts: what is known of the case under every track.
            case: the case.
            plan: the track.
            assumed: that the track applies is assumed, not known.
        """
        self.evaluator, self.case, self.plan, self.track = evaluator, case, plan, plan.track
        self.facts = facts
        self.problem: InputError | None = None
        self.open: OpenFacts | None = None
        self.aside: tuple[tuple[Invariant, Otherwise], ...] = ()
        try:
            self.facts = stand_in(facts, case, plan)
            self.aside = set_aside(self.facts, case, plan)
            check_invariants(self.facts, case, plan, aside=bool(self.aside))
            if not self.aside and _is_open(self.facts, case, plan):
                from policy_engine.evaluate.open import prepared, unknowns

                given = (plan.track.applies_to,) if assumed else ()
                ready = evaluator.prepared.get(plan.track.id)
                if ready is None:
                    ready = evaluator.prepared[plan.track.id] = prepared.PreparedTrack(evaluator.plan, plan)
                self.open = unknowns.OpenFacts(self.facts, case, ready, given)
        except InputError as error:
            if not assumed:
                raise
            self.problem = error.with_traceback(None)  # its frames hold this rating: the two would wait for the collector in a circle
        self.interpreter = plan.interpreter.over(self.facts.values, case.facts)
        self.outcomes: dict[str, str] = {}

    def verdict(self) -> Verdict:
        """Rate the case, with its trace."""
        if self.aside:
            return self._without_figures()
        if self.open is not None and not self.evaluator.traces and self.track.levels:
            answer = self.answer()
            if answer.exact:  # else its levels may settle what the search could not
                return self.evaluator.finished(self.case, answer)._replace(track=self.track.id)
        levels = tuple(self._level(rule) for rule in self.track.levels)
        answer = self._known_answer(levels) or self.answer()
        found = (*self.facts.deductions, *(self.open.deductions if self.open else ()))
        deductions = tuple(sorted([one for one in found if one.fact in self.plan.decisive], key=_fact_of))
        unread = tuple(sorted(self.case.facts.keys() - self.plan.read))
        residual = answer.gap_possible or (answer.level is None and answer.outcome != "undetermined")
        interpretations = relied_on(self.plan, self.facts, self.interpreter, levels, answer.level, deductions, residual=residual)
        return self.evaluator.finished(self.case, answer)._replace(
            track=self.track.id, unread=unread, levels=levels, overlaps=self._overlaps(levels, answer),
            interpretations=interpretations, deductions=deductions,
        )  # fmt: skip

    def _without_figures(self) -> Verdict:
        """Return what comes out where there is nothing to rate by, and the edition says what then."""
        uses = [use for rule, otherwise in self.aside for use in (*rule.interpretations, *otherwise.interpretations)]
        unread = tuple(sorted(self.case.facts.keys() - self.plan.read))
        deductions = tuple(sorted([one for one in self.facts.deductions if one.fact in self.plan.decisive], key=_fact_of))
        return self.evaluator.finished(self.case, self.answer())._replace(
            track=self.track.id, unread=unread, deductions=deductions,
            interpretations=tuple(sorted({*used(uses, self.interpreter)})),
        )  # fmt: skip

    def _known_answer(self, levels: Sequence[LevelTrace]) -> Answer | None:
        """Decide step by step where no open level stands in the way; None where one does."""
        outcomes = {trace.level: trace.outcome for trace in levels}
        for step in self.track.decide:
            for level in step.levels:
                if outcomes[level] == "unknown":
                    return None
                if outcomes[level] == "met":
                    return Answer(outcome="classified", level=level, possible_levels=(level,))
        residual = self.track.residual
        return Answer(
            outcome=residual.outcome, level=residual.level, possible_levels=(residual.level,) if residual.level else (),
            gap_possible=residual.outcome == "gap",
        )  # fmt: skip

    def answer(self) -> Answer:
        """Decide over all completions of the open facts."""
        if self.aside:
            outcome = self.aside[0][1].outcome
            return Answer(outcome=outcome, gap_possible=outcome == "gap")
        if self.open is None or not self.track.levels:
            traces = tuple(self._level(rule) for rule in self.track.levels)
            return self._known_answer(traces) or Answer(outcome="undetermined", exact=False)
        outcomes = self.open.outcomes()
        remaining = self.open.possible(outcomes, also=True)
        exact = self.open.exact and None not in remaining.values()
        levels = self.evaluator.best_first(level for level in remaining if level)
        residual = self.track.residual
        gap = None in remaining and residual.outcome == "gap"
        if len(remaining) > 1:
            asked = self.open.questions(outcomes, remaining) if self.evaluator.asks else ()
            return Answer(outcome="undetermined", possible_levels=levels, gap_possible=gap, exact=exact, questions=asked)
        key = next(iter(remaining), None)
        return Answer(
            outcome="classified" if key else residual.outcome, level=key, possible_levels=levels, gap_possible=gap, exact=exact
        )  # fmt: skip

    def _level(self, rule: LevelRule) -> LevelTrace:
        """Evaluate a level with all of its criteria."""
        traces = tuple([self._criterion(criterion) for criterion in rule.criteria])
        applying = [_TRUTHS[trace.outcome] for trace in traces if trace.outcome != "not_applicable"]
        truth = all_hold(applying) if rule.mode == "all_of" else any_holds(applying)
        if truth is UNKNOWN and self.open:
            forced = self.open.level_forced(rule)
            truth = UNKNOWN if forced is None else forced
        outcome, said = _word(truth), self.plan.levels
        key = (rule.level, outcome, *map(id, traces))  # which the level holds: no other has the id of one of them
        known = said.get(key)
        if known is None:
            known = LevelTrace(level=rule.level, outcome=outcome, mode=rule.mode, citation=rule.citation.clause, criteria=traces)
            said.keep(key, known)
        return known

    def _criterion(self, criterion: Criterion) -> CriterionTrace:
        """Evaluate one criterion; one that several levels use is worked out once, and stands under each one's clause."""
        outcome = self.outcomes.get(criterion.id)
        if outcome is None:
            outcome = self.outcomes[criterion.id] = self._outcome(criterion)
        return self.plan.criteria[id(criterion)].said.to(self.facts.values, lambda: self._said(criterion, outcome), outcome)

    def _said(self, criterion: Criterion, outcome: str) -> CriterionTrace:
        """Say how a criterion came out, and why."""
        uses = criterion.applies_interpretations if outcome == "not_applicable" else criterion.interpretations
        clause, phrase = criterion.citation
        return CriterionTrace(
            id=criterion.id, outcome=outcome, citation=clause, phrase=phrase, condition=criterion.when.text,
            evidence=self.plan.criteria[id(criterion)].evidence.of(self.facts.values),
            interpretations=used(uses, self.interpreter), says=criterion.says,
        )  # fmt: skip

    def _outcome(self, criterion: Criterion) -> str:
        """Return the outcome of a criterion; where the plain interpretation leaves it open, what every completion agrees on."""
        applies: Truth = True if criterion.applies_when is None else self.interpreter.truth(criterion.applies_when)
        if applies is False:
            return "not_applicable"
        truth = self.interpreter.truth(criterion.when) if applies is True else UNKNOWN
        if truth is UNKNOWN and self.open:
            return self.open.criterion_outcome(criterion)
        return _word(truth)

    def _overlaps(self, levels: Sequence[LevelTrace], answer: Answer) -> tuple[Overlap, ...]:
        """Report levels of later steps that hold beside the one that went first."""
        met = {trace.level for trace in levels if trace.outcome == "met"}
        for index, step in enumerate(self.track.decide):
            if answer.level in step.levels:
                later = {level for other in self.track.decide[index + 1 :] for level in other.levels} & met
                both = self.evaluator.best_first({answer.level, *later} if answer.level else later)
                return (Overlap(both, answer.level or "", used(step.interpretations, self.interpreter)),) if later else ()
        return ()


def _is_open(facts: Facts, case: Case, plan: TrackPlan) -> bool:
    """Return whether an open fact could matter: to a level, or to whether the figures stated can be at all."""
    values = facts.values
    unknown = {name for name in plan.bound if values[name] is UNKNOWN}
    if facts.open_items:
        return True
    if not unknown:
        return False
    stated = case.facts.keys()
    return not unknown.isdisjoint(plan.decisive) or any(
        not unknown.isdisjoint(rule.holds.names) and not stated.isdisjoint(rule.holds.names) for rule in plan.invariants
    )


def _fact_of(deduction: Deduction) -> str:
    """Return what deductions are sorted by; the order of keys in a file means nothing."""
    return deduction.fact


def _word(truth: Truth) -> str:
    """Return the word for a truth."""
    return "met" if truth is True else "not_met" if truth is False else "unknown"
