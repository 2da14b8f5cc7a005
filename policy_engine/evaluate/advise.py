"""What would reach the next better level: the least total change of counts, exactly.

Totals stay as they are, and locked facts cannot be changed after the event. What the text
leaves to judgement (a general criterion) is thought otherwise only where no count would do, and
as seldom as possible. Each answer is confirmed by evaluating the changed case again.
"""

from collections.abc import Sequence

from policy_engine.errors import InputError
from policy_engine.evaluate.core.facts import Facts, stand_in
from policy_engine.evaluate.core.plan import Plan, next_level
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.evaluate.open.least import Nearest
from policy_engine.evaluate.open.nearest import Searches
from policy_engine.language.values import UNKNOWN
from policy_engine.model.case import Case
from policy_engine.model.verdict import Advice, Change, Verdict


def advise(evaluator: Evaluator, case: Case, verdict: Verdict) -> tuple[Advice, ...]:
    """Return what would reach the level above the verdict's; nothing where facts are open or no level is better."""
    plan = evaluator.plan
    target = next_level(verdict, plan)
    if target is None or verdict.track is None:
        return ()
    track = plan.tracks[verdict.track]
    facts = stand_in(evaluator.facts(case), case, track)
    facts.values.update({deduction.fact: deduction.value for deduction in verdict.deductions})
    stood_for = {name for rule in facts.stand_ins for name in rule.take}
    searches = evaluator.searches = evaluator.searches or Searches(plan)
    nearest, exact = searches.search(track, facts, locked=False).nearest(target, facts.values)
    nothing = Advice(level=target, reachable=False, changes=(), total=0, locked=(), exact=False, reached=None)
    if nearest:
        changes = _changes(nearest, facts, plan)
        reached = _confirm(evaluator, case, facts, changes, target)
        if reached:
            return (nothing._replace(reachable=True, changes=changes, total=nearest.cost[1], exact=exact, reached=reached),)
        return (nothing._replace(open=tuple(n for n in sorted(track.decisive - stood_for) if facts.values[n] is UNKNOWN)),)
    beyond, sure = searches.search(track, facts, locked=True).nearest(target, facts.values)
    locked = tuple(change.fact for change in (_changes(beyond, facts, plan) if beyond else ()) if plan.edition.facts[change.fact].locked)
    return (nothing._replace(locked=locked, exact=exact and sure),)


def _changes(nearest: Nearest, facts: Facts, plan: Plan) -> tuple[Change, ...]:
    """Return what a point changes of what is known."""
    known = {name: facts.values.get(name) for name in sorted(nearest.point)}
    return tuple(
        Change(name, value, bool(nearest.point[name]) if plan.types[name].kind == "bool" else nearest.point[name])
        for name, value in known.items()
        if isinstance(value, int) and value != nearest.point[name]
    )


def _confirm(evaluator: Evaluator, case: Case, known: Facts, changes: Sequence[Change], target: str) -> str | None:
    """Rate the changed case; return the worst level that it can have, where that is the target or better.

    Where a count of a list changes, the case states every count of that list instead of the list.
    """
    changed = {change.fact: change.wanted for change in changes}
    plan = evaluator.plan
    lists = {source for source, counted in plan.counted.items() if any(fact.name in changed for fact in counted)}
    values = evaluator.facts(case).values
    counts = [f.name for f in evaluator.edition.facts.values() if f.counted_from and not lists.isdisjoint(f.counted_from.names)]
    whole = {name: values[name] for name in counts if values[name] is not UNKNOWN}
    repeated = {name for rule in known.stand_ins for name, source in rule.take.items() if source in changed}
    facts = {name: value for name, value in {**case.facts, **whole, **changed}.items() if name not in lists | repeated}
    try:
        found = evaluator.outcomes(case._replace(facts=facts))
    except InputError:  # what is changed follows from facts that are not, or stands beside others as it cannot
        return None
    worst = found.possible_levels[-1] if found.possible_levels and not found.gap_possible else None
    return worst if worst and plan.level_ids.index(worst) >= plan.level_ids.index(target) else None
