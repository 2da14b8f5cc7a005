"""An edition made into code, for whole verdicts: what the reference evaluator says, to the byte, sooner.

The common path, where every fact that matters is known, is generated. Whatever is unusual goes to the reference: open facts (which
the solver narrows), a case that is refused (the reference says why), several tracks or none.
"""

from collections.abc import Callable, Collection, Mapping
from functools import cached_property
from typing import Any, NamedTuple

from policy_engine.compiled.following import Follows, following
from policy_engine.compiled.tracing import Traced, TraceFunction
from policy_engine.evaluate.core.expression import Interpreter, interpreter_over
from policy_engine.evaluate.core.facts import Facts, stand_in, whole_lists
from policy_engine.evaluate.core.plan import Plan, TrackPlan
from policy_engine.evaluate.core.reliance import relied_on, used
from policy_engine.evaluate.duties.bounds import bounded
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.language.values import Value
from policy_engine.model.case import Case
from policy_engine.model.rulebook import DecideStep, Edition
from policy_engine.model.verdict import Deduction, LevelTrace, Overlap, Verdict

AFTER = 20
"""Making the code of one track takes about as long as rating so many cases by the reference."""


class CompiledTrack(NamedTuple):
    """A track with its code, and what its outcomes rest on, by what that turns on."""

    plan: TrackPlan
    trace: Callable[[Mapping[str, Value], Collection[str]], Traced | None]
    resting: dict[tuple[Any, ...], tuple[str, ...]]
    steps: Mapping[str, tuple[DecideStep, frozenset[str]]]
    """By level: the step that decides it, and the levels of later steps."""


def for_many(edition: Edition, *, asks: bool = True) -> Evaluator:
    """Return an evaluator for a run over many files, which are perhaps only a few; see `Evaluator` for `asks`."""
    return CompiledEvaluator(edition, AFTER, asks=asks)


class CompiledEvaluator(Evaluator):
    """Rates cases as `Evaluator` does.

    Args:
        edition: the edition.
        after: how many cases go to the reference before any code is made, since making it costs as much as rating some.
        asks: whether the questions that would narrow an open outcome are worked out.
    """

    def __init__(self, edition: Edition, after: int = 0, *, asks: bool = True) -> None:
        super().__init__(edition, asks=asks)
        self._left = after
        self._by_code = after == 0
        self._compiled: dict[str, CompiledTrack] = {}

    def evaluate(self, case: Case) -> Verdict:
        """Rate a case.

        Raises:
            InputError: where the case contradicts itself or the invariants of the edition.
        """
        self._by_code = self._left <= 0
        self._left -= 1
        verdict = self.common(case) if self._by_code else None
        return super().evaluate(case) if verdict is None else verdict

    def common(self, case: Case) -> Verdict | None:
        """Rate a case on the common path; None where it is off it."""
        facts = self.facts(case)
        applying = None if facts.open_items else self._tracks(facts, case)[0]
        if applying is None:
            return None
        track = self._compiled.get(applying.track.id)
        if track is None:
            track = self._compiled[applying.track.id] = _compiled(self.plan, applying)
        under = stand_in(facts, case, applying) if applying.track.stand_ins else facts
        traced = track.trace(under.values, case.facts)
        if traced is None:
            return None
        verdict = self._verdict(case, track, under, traced)
        return bounded(verdict, self.bounds, facts, case, self.plan) if self.bounds else verdict

    @cached_property
    def _follows(self) -> Follows:
        """How facts follow from others, by code made when it is first asked."""
        return following(self.plan)

    def known(self, case: Case) -> Facts:
        """Return what is known of a case, by code once it is made."""
        facts = self.known_by_code(case) if self._by_code else None
        return super().known(case) if facts is None else facts

    def known_by_code(self, case: Case) -> Facts | None:
        """Return what is known of a case; None where an item leaves a field open, or where a fact is stated otherwise than it follows."""
        values = self.plan.blank.copy()
        values.update(case.facts)
        values.update(whole_lists(case, self.plan))
        added = self._follows(values, case.facts)
        return None if added is None else Facts(values=values, deductions=tuple(added[0]), stand_ins=(), followed=frozenset(added[1]))

    def _verdict(self, case: Case, track: CompiledTrack, facts: Facts, traced: Traced) -> Verdict:
        levels, (outcome, level), turns = traced
        plan, edition = track.plan, self.edition
        deductions = tuple(sorted([one for one in facts.deductions if one.fact in plan.decisive], key=_fact_of))
        key = (level, turns, facts.followed, tuple(rule.unless.text for rule in facts.stand_ins))
        resting = track.resting.get(key)
        if resting is None:
            interpreter = _interpreter(plan, facts, case)
            resting = relied_on(plan, facts, interpreter, levels, level, deductions, residual=level is None)
            track.resting[key] = resting
        unread = case.facts.keys() - plan.read
        return Verdict(
            case=case.id, subject=case.subject, edition=edition.id, status=edition.status, revision=edition.revision,
            track=plan.track.id, possible_tracks=(), outcome=outcome, level=level, possible_levels=(level,) if level else (),
            gap_possible=outcome == "gap", possible_exact=True, open_questions=(), unread=tuple(sorted(unread)) if unread else (),
            levels=levels, overlaps=_overlaps(track, facts, case, levels, level), interpretations=resting, deductions=deductions, advice=(),
        )  # fmt: skip


def _compiled(plan: Plan, track: TrackPlan) -> CompiledTrack:
    steps: dict[str, tuple[DecideStep, frozenset[str]]] = {}
    later = frozenset[str]()
    for step in reversed(track.track.decide):
        steps |= dict.fromkeys(step.levels, (step, later))
        later |= set(step.levels)
    return CompiledTrack(track, TraceFunction(plan, track).code.compiled(), {}, steps)


def _fact_of(deduction: Deduction) -> str:
    return deduction.fact


def _interpreter(plan: TrackPlan, facts: Facts, case: Case) -> Interpreter:
    return interpreter_over({**facts.values, **plan.constants}, case.facts)


def _overlaps(track: CompiledTrack, facts: Facts, case: Case, levels: tuple[LevelTrace, ...], level: str | None) -> tuple[Overlap, ...]:
    """Report levels of later steps that hold beside the one that went first."""
    if level is None or level not in track.steps:
        return ()
    step, later = track.steps[level]
    met = [trace.level for trace in levels if trace.outcome == "met"]
    if later.isdisjoint(met):
        return ()
    both = tuple(one for one in met if one == level or one in later)
    return (Overlap(both, level, used(step.interpretations, _interpreter(track.plan, facts, case))),)
