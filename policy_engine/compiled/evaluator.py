"""An edition made into code, for whole verdicts: what the reference evaluator says, to the byte, sooner.

The common path, where every fact that matters is known, is generated. Whatever is unusual goes to the reference: open facts (which
the solver narrows), a case that is refused (the reference says why), several tracks or none.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, NamedTuple

from policy_engine.compiled.facts import KnownFacts
from policy_engine.compiled.names import Compiler
from policy_engine.compiled.opening import Layout, layout_of
from policy_engine.compiled.tracing import TraceFunction, conditions_of_interpretations
from policy_engine.evaluate.core.expression import interpreter_over
from policy_engine.evaluate.core.facts import Facts, stand_in
from policy_engine.evaluate.core.plan import TrackPlan
from policy_engine.evaluate.core.reliance import relied_on, used
from policy_engine.evaluate.duties.bounds import bounded
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.language.values import Value
from policy_engine.model.case import Case
from policy_engine.model.rulebook import Edition
from policy_engine.model.verdict import Deduction, LevelTrace, Overlap, Verdict

Traced = tuple[tuple[LevelTrace, ...], tuple[str, str | None], tuple[Value, ...]]
"""The levels with their criteria, the outcome and the level, and what interpretations with conditions turn on."""


class Ready(NamedTuple):
    """A track with its code, and what its outcomes rest on, by what that turns on."""

    plan: TrackPlan
    trace: Callable[[tuple[Value, ...], Mapping[str, Value]], Traced | None]
    resting: dict[tuple[Any, ...], tuple[str, ...]]
    later: Mapping[str, frozenset[str]]
    """By level: the levels of later steps."""


AFTER = 20
"""Making the code of one track takes about as long as rating so many cases by the reference."""


def for_many(edition: Edition, *, asks: bool = True) -> Evaluator:
    """Return an evaluator for a run over many files, which are perhaps only a few; see `Evaluator` for `asks`."""
    return CompiledEvaluator(edition, AFTER, asks=asks)


class CompiledEvaluator(Evaluator):
    """Rates cases as `Evaluator` does."""

    def __init__(self, edition: Edition, after: int = 0, *, asks: bool = True) -> None:
        """Prepare the edition.

        Args:
            edition: the edition.
            after: how many cases go to the reference before any code is made, since making it costs as much as rating some.
            asks: whether the questions that would narrow an open outcome are worked out.
        """
        super().__init__(edition, asks=asks)
        self._left = after
        self._ready: dict[str, Ready] = {}

    def evaluate(self, case: Case) -> Verdict:
        """Rate a case.

        Raises:
            InputError: where the case contradicts itself or the invariants of the edition.
        """
        self._left -= 1
        verdict = self.common(case) if self._left < 0 else None
        return super().evaluate(case) if verdict is None else verdict

    @cached_property
    def _layout(self) -> Layout:
        """How facts are laid out as rows, worked out when code is first made."""
        interpretations = [when for track in self.plan.tracks.values() for when in conditions_of_interpretations(track)]
        return layout_of(self.plan, [name for when in interpretations for name in when.names])

    @cached_property
    def _known(self) -> KnownFacts:
        """What makes facts known, by code made when it is first asked."""
        return KnownFacts(self._layout)

    def common(self, case: Case) -> Verdict | None:
        """Rate a case on the common path; None where it is off it."""
        facts = self._known.of(case)
        if facts is None:
            return None
        applying, _ = self._tracks(facts, case)
        if applying is None:
            return None
        ready = self._ready.get(applying.track.id) or self._make(applying)
        under = stand_in(facts, case, applying) if applying.track.stand_ins else facts
        traced = ready.trace(self._known.row(under.values), under.values)
        if traced is None:
            return None
        verdict = self._verdict(case, ready, under, traced)
        return bounded(verdict, self.bounds, facts, case, self.plan) if self.bounds else verdict

    def _make(self, track: TrackPlan) -> Ready:
        """Make the code of a track."""
        self._ready[track.track.id] = _ready(self._layout, track)
        return self._ready[track.track.id]

    def _verdict(self, case: Case, ready: Ready, facts: Facts, traced: Traced) -> Verdict:
        """Put the verdict together."""
        levels, (outcome, level), turns = traced
        plan, edition = ready.plan, self.edition
        deductions = tuple(sorted([one for one in facts.deductions if one.fact in plan.decisive], key=_fact_of))
        unread = case.facts.keys() - plan.read
        key = (level, turns, facts.followed, tuple(rule.unless.text for rule in facts.stand_ins))
        resting = ready.resting.get(key)
        if resting is None:
            resting = ready.resting[key] = _resting(plan, facts, case, levels, level, deductions)
        return Verdict(
            case.id, case.subject, edition.id, edition.status, edition.revision, plan.track.id, (), outcome, level,
            (level,) if level else (), outcome == "gap", True, (), tuple(sorted(unread)) if unread else (), levels,
            _overlaps(ready, facts, case, levels, level), resting, deductions, (),
        )  # fmt: skip


def _ready(layout: Layout, track: TrackPlan) -> Ready:
    """Make the code of a track."""
    steps = track.track.decide
    later = {
        level: frozenset(other for after in steps[number + 1 :] for other in after.levels)
        for number, step in enumerate(steps)
        for level in step.levels
    }
    return Ready(track, Compiler(layout.names).made("trace", TraceFunction(layout, track).trace()), {}, later)


def _fact_of(deduction: Deduction) -> str:
    """Return what deductions are told in the order of."""
    return deduction.fact


def _resting(
    plan: TrackPlan, facts: Facts, case: Case, levels: tuple[LevelTrace, ...], level: str | None, deductions: tuple[Deduction, ...]
) -> tuple[str, ...]:  # fmt: skip
    """Return the interpretations that an outcome rests on."""
    interpreter = interpreter_over({**facts.values, **plan.constants}, case.facts)
    return relied_on(plan, facts, interpreter, levels, level, deductions, residual=level is None)


def _overlaps(ready: Ready, facts: Facts, case: Case, levels: tuple[LevelTrace, ...], level: str | None) -> tuple[Overlap, ...]:
    """Report levels of later steps that hold beside the one that went first."""
    later = ready.later.get(level) if level else None
    both = [trace.level for trace in levels if trace.outcome == "met" and trace.level in later] if later else []
    if not both or level is None:
        return ()
    step = next(step for step in ready.plan.track.decide if level in step.levels)
    told = tuple(trace.level for trace in levels if trace.level in {level, *both})
    return (Overlap(told, level, used(step.interpretations, interpreter_over({**facts.values, **ready.plan.constants}, case.facts))),)
