"""What would reach the next better level: the least total change of counts, exactly.

Totals stay as they are, and locked facts cannot be changed after the event. What the text
leaves to judgement (a general criterion) is thought otherwise only where no count would do, and
as seldom as possible. Each answer is confirmed by evaluating the changed case again.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from policy_engine.evaluate.core.facts import Facts, known_facts, stand_in
from policy_engine.evaluate.core.plan import Plan, TrackPlan, next_level
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.evaluate.open.formula import Formula, Translator, Variables, conjunction, disjunction, split
from policy_engine.evaluate.open.linear import MAX_STEPS, Budget, Row, Stage, components, eliminate, range_of, whole_values
from policy_engine.evaluate.open.unknowns import level_formula
from policy_engine.language.values import UNKNOWN
from policy_engine.model.case import Case
from policy_engine.model.verdict import Advice, Change, Verdict

MAX_BRANCHES = 2_000
MAX_STEPS_WHERE_OPEN = 1_000
"""Where an open fact stands among the rows, a least change is seldom to be had; the search is not to take long over it."""

Cost = tuple[int, int, int]
"""Judgements changed, total change of counts, facts changed: compared in this order."""


class Nearest(NamedTuple):
    """A point at the least cost from the case as it is."""

    cost: Cost
    point: Mapping[str, int]


def advise(evaluator: Evaluator, case: Case, verdict: Verdict) -> tuple[Advice, ...]:
    """Return what would reach the level above the verdict's; nothing where facts are open or no level is better."""
    plan = evaluator.plan
    target = next_level(verdict, plan)
    if target is None or verdict.track is None:
        return ()
    track = plan.tracks[verdict.track]
    facts = stand_in(known_facts(case, plan), case, track)
    facts.values.update({deduction.fact: deduction.value for deduction in verdict.deductions})
    stood_for = {name for rule in facts.stand_ins for name in rule.take}
    search = _Search(facts, plan, track, _movable(plan, track, facts, locked=False))
    nearest = search.nearest(target)
    nothing = Advice(level=target, reachable=False, changes=(), total=0, locked=(), exact=False, reached=None)
    if nearest:
        changes = search.changes(nearest)
        reached = _confirm(evaluator, case, facts, changes, target)
        if reached:
            return (nothing._replace(reachable=True, changes=changes, total=nearest.cost[1], exact=search.exact, reached=reached),)
        return (nothing._replace(open=tuple(n for n in sorted(track.decisive - stood_for) if facts.values[n] is UNKNOWN)),)
    wider = _Search(facts, plan, track, _movable(plan, track, facts, locked=True))
    beyond = wider.nearest(target)
    locked = tuple(change.fact for change in (wider.changes(beyond) if beyond else ()) if plan.edition.facts[change.fact].locked)
    return (nothing._replace(locked=locked, exact=search.exact and wider.exact),)


def _movable(plan: Plan, track: TrackPlan, facts: Facts, *, locked: bool) -> frozenset[str]:
    """Return the facts that may be thought otherwise; locked ones only to name what stands in the way."""
    stood_for = {target for rule in facts.stand_ins for target in rule.take}
    known = [plan.edition.facts[name] for name in track.reads if name not in stood_for and facts.values[name] is not UNKNOWN]
    return frozenset(
        fact.name
        for fact in known
        if fact.type.kind in {"count", "bool"} and not fact.fixed and not fact.when_absent and (locked or not fact.locked)
    )


def _confirm(evaluator: Evaluator, case: Case, known: Facts, changes: Sequence[Change], target: str) -> str | None:
    """Rate the changed case; return the worst level that it can have, where that is the target or better.

    Where a count of a list changes, the case states every count of that list instead of the list.
    """
    changed = {change.fact: change.wanted for change in changes}
    plan = evaluator.plan
    lists = {source for source, counted in plan.counted.items() if any(fact.name in changed for fact in counted)}
    values = known_facts(case, plan).values
    counts = [f.name for f in evaluator.edition.facts.values() if f.counted_from and not lists.isdisjoint(f.counted_from.names)]
    whole = {name: values[name] for name in counts if values[name] is not UNKNOWN}
    repeated = {name for rule in known.stand_ins for name, source in rule.take.items() if source in changed}
    facts = {name: value for name, value in {**case.facts, **whole, **changed}.items() if name not in lists | repeated}
    found = evaluator.evaluate(case._replace(facts=facts))
    worst = found.possible_levels[-1] if found.possible_levels and not found.gap_possible else None
    return worst if worst and plan.level_ids.index(worst) >= plan.level_ids.index(target) else None


class _Search:
    def __init__(self, facts: Facts, plan: Plan, track: TrackPlan, movable: frozenset[str]) -> None:
        self.start, self.plan, self.track = dict(facts.values), plan, track
        aliases = {target: source for rule in facts.stand_ins for target, source in rule.take.items()}
        opened = movable | {target for target, source in aliases.items() if source in movable}
        values = {name: UNKNOWN if name in opened else value for name, value in facts.values.items()}
        self.variables = Variables(values, plan.types, len(plan.level_ids), plan.nullable)
        self.variables.aliases = aliases
        self.translator = Translator(self.variables, plan.substitutes)
        self.bools = {name for name in movable if plan.types[name].kind == "bool"}
        self.exact = True
        self.best: Nearest | None = None
        self._known: dict[frozenset[Row], Nearest | None] = {}
        self.budget = Budget(MAX_BRANCHES)

    def nearest(self, target: str) -> Nearest | None:
        """Return the cheapest point at which a level at least as good as the target comes out; None where there is none."""
        rules = [self.translator.formula(rule.holds.tree) for rule in self.track.invariants]
        formula = conjunction((conjunction(rules), self._reaching(target)))
        self._branch(frozenset(self.variables.domain_rows()), [formula])
        self.exact = self.exact and self.budget.left >= 0 and self.variables.exact
        return self.best

    def _reaching(self, target: str) -> Formula:
        better = self.plan.level_ids[self.plan.level_ids.index(target) :]
        before: list[Formula] = []
        ways: list[Formula] = []
        for step in self.track.track.decide:
            rules = [self.track.rules[level] for level in step.levels]
            ways += [conjunction((*before, level_formula(self.translator, rule))) for rule in rules if rule.level in better]
            before += [level_formula(self.translator, rule, holds=False) for rule in rules]
        if self.track.track.residual.level in better:
            ways.append(conjunction(before))
        return disjunction(ways)

    def changes(self, nearest: Nearest) -> tuple[Change, ...]:
        moved = {name: bool(value) if name in self.bools else value for name, value in nearest.point.items()}
        known = {name: value for name, value in moved.items() if isinstance(self.start.get(name), int)}
        return tuple(Change(n, self.start[n], v) for n, v in sorted(known.items()) if v != self.start[n])

    def _branch(self, rows: frozenset[Row], pending: Sequence[Formula]) -> None:
        """Try the alternatives of a formula, cheapest bound first known; what cannot beat the best is left."""
        taken, choices = split(rows, pending, self.variables.rational)
        if taken is None or not self.budget.spend():
            return
        here = self._cheapest(taken)
        if here is None or (self.best and here.cost >= self.best.cost):
            return
        if not choices:
            self.best = here
            return
        choices.sort(key=lambda choice: len(choice.parts))
        for part in choices[0].parts:
            self._branch(taken, [part, *choices[1:]])

    def _cheapest(self, rows: frozenset[Row]) -> Nearest | None:
        """Return the cheapest point of rows, group by group; with fewer rows it is a lower bound."""
        cost, point = (0, 0, 0), dict[str, int]()
        for group in components(rows):
            if group not in self._known:
                self._known[group] = self._cheapest_group(group)
            found = self._known[group]
            if found is None:
                return None
            cost = _add(cost, found.cost)
            point.update(found.point)
        return Nearest(cost, point)

    def _cheapest_group(self, rows: frozenset[Row]) -> Nearest | None:
        stages = eliminate(rows, self.variables.rational)
        if not isinstance(stages, list):
            self.exact = self.exact and stages is False
            return None
        unsettled = any(not isinstance(self.start.get(stage.name), int) for stage in stages)
        budget = Budget(MAX_STEPS_WHERE_OPEN if unsettled else MAX_STEPS)
        found = self._descend(stages[::-1], Nearest((0, 0, 0), {}), None, budget)
        self.exact = self.exact and budget.left >= 0
        return found

    def _descend(self, stages: Sequence[Stage], so_far: Nearest, best: Nearest | None, budget: Budget) -> Nearest | None:
        """Choose variable after variable, nearest values first, and keep the cheapest whole point."""
        if not stages:
            return so_far
        name = stages[0].name
        known = self.start.get(name)
        start = known if isinstance(known, int) else 0
        for value in whole_values(range_of(stages[0], so_far.point), start):
            far = abs(value - start) if isinstance(known, int) else 0
            cost = _add(so_far.cost, (far, 0, far) if name in self.bools else (0, far, int(far > 0)))
            if (best and cost >= best.cost) or not budget.spend():
                break
            found = self._descend(stages[1:], Nearest(cost, {**so_far.point, name: value}), best, budget)
            best = found or best
        return best


def _add(one: Cost, other: Cost) -> Cost:
    return (one[0] + other[0], one[1] + other[1], one[2] + other[2])
