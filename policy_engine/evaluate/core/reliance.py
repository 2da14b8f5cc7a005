"""Which interpretations of the register an outcome rests on.

Those of the levels considered up to the one that decided, of how they were decided, and of
how the facts that they read came to be known: stood in for, counted, derived, deduced.
"""

from collections.abc import Iterator, Sequence

from policy_engine.evaluate.core.expression import Interpreter
from policy_engine.evaluate.core.facts import Facts
from policy_engine.evaluate.core.plan import TrackPlan
from policy_engine.model.facts import InterpretationUse
from policy_engine.model.verdict import Deduction, LevelTrace


def used(uses: Sequence[InterpretationUse], interpreter: Interpreter) -> tuple[str, ...]:
    """Return the interpretations that are relied on: those whose own condition is not false."""
    if not uses:
        return ()
    return tuple([use.id for use in uses if use.when is None or interpreter.truth(use.when) is not False])


def relied_on(
    track: TrackPlan, facts: Facts, interpreter: Interpreter, traces: Sequence[LevelTrace], level: str | None,
    deductions: Sequence[Deduction], *, residual: bool,
) -> tuple[str, ...]:  # fmt: skip
    """Return the interpretations that an outcome rests on, sorted.

    Args:
        track: the track.
        facts: what is known of the case, and how it came to be known.
        interpreter: for interpretations with a condition of their own.
        traces: every level as it came out.
        level: the level that decided, if one did.
        deductions: the facts that were worked out.
        residual: whether what comes out where no level holds was reached, or still may be.
    """
    considered = track.considered.get(level) or track.considered[None]  # a residual level needs no rule of its own
    found = set(used(considered.uses, interpreter))
    if residual:
        found.update(used(track.track.residual.interpretations, interpreter))
    for trace in traces:
        if trace.level in considered.levels:
            for criterion in trace.criteria:
                found.update(criterion.interpretations)
    read = considered.reads
    for rule in facts.stand_ins:
        standing = read & rule.take.keys()
        if standing:
            found.update(used(rule.interpretations, interpreter))
            read |= {rule.take[name] for name in standing}
    for uses in _of_facts(read, facts, track, deductions):
        found.update(used(uses, interpreter))
    return tuple(sorted(found))


def _of_facts(
    read: frozenset[str], facts: Facts, track: TrackPlan, deductions: Sequence[Deduction]
) -> Iterator[Sequence[InterpretationUse]]:
    """Return the interpretations of facts that were counted or derived, and of the rules that others were deduced from."""
    for name in read & facts.followed:
        yield track.facts[name].interpretations
    because = {rule for d in deductions if d.origin == "invariant" and d.fact in read for rule in d.because}
    if because:
        yield from (rule.interpretations for rule in track.invariants if rule.id in because)
