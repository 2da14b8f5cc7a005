"""A case with open facts: what follows all the same, which outcomes remain, and which questions would decide.

Built only where something is open; a case with every fact known never comes here.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Protocol, TypeVar

from policy_engine.errors import InputError, Problem
from policy_engine.evaluate.core.expression import interpreter_over
from policy_engine.evaluate.core.facts import Facts, place_of, problem_at
from policy_engine.evaluate.open.prepared import Bound, PreparedTrack, typed
from policy_engine.evaluate.open.space import Node, limits_in
from policy_engine.language.tree import Tree
from policy_engine.language.values import UNKNOWN
from policy_engine.model.case import Case
from policy_engine.model.facts import Condition
from policy_engine.model.rulebook import Criterion, LevelRule
from policy_engine.model.verdict import Deduction

MAX_ATOMS = 60

Key = str | None
"""An outcome: the id of a level, or None for the residual outcome without a level."""
T = TypeVar("T")


class MakesFormulas(Protocol[T]):
    """What makes formulas of conditions, and joins them."""

    def formula(self, tree: Tree, *, holds: bool = True) -> T: ...
    def joined(self, parts: Iterable[T], *, every: bool) -> T: ...


class OpenFacts:
    """One case's open facts under one track, ready to be asked."""

    def __init__(self, facts: Facts, case: Case, prepared: PreparedTrack, given: Iterable[Condition] = ()) -> None:
        """Set up variables for what is open, and hold them to the invariants; `given` is taken as true (that the track applies).

        Raises:
            InputError: PE506, where no completion obeys the invariants.
        """
        self.facts, self.prepared, self.track = facts, prepared, prepared.track
        self.aliases = {target: source for rule in facts.stand_ins for target, source in rule.take.items()}
        self.context, self.exact = prepared.context(facts.values, self.aliases)
        self.declared = dict.fromkeys(self.context.tied)
        values = facts.values
        rules = [
            (rule.id, self.formula(rule.holds.tree) if names is None or any(values[name] is UNKNOWN for name in names) else True)
            for rule, names in prepared.rules
        ]  # of known facts, a rule that does not hold has refused the case
        more = [self.formula(condition.tree) for condition in given] + self._hold_derived()
        situation = self.context.situation(rules, [*more, *self.context.ties], self.declared)
        if situation.clash:
            raise InputError([self._impossible(case, sorted(situation.clash))])
        self.solver, self._questions = situation.solver, situation.questions
        self.deductions = self._take_over(situation.forced, case)
        if self.solver.answer is False:
            raise InputError([self._impossible(case, [name for name, node in rules if node is not True])])

    def formula(self, tree: Tree, *, holds: bool = True) -> Node:
        """Return the formula of a condition, or of its negation."""
        node, exact, met = self.context.made(tree, self.facts.values, holds=holds)
        if met:
            self.declared.update(dict.fromkeys(met))
        self.exact &= exact
        return node

    def joined(self, parts: Iterable[Node], *, every: bool) -> Node:
        return self.context.space.join(parts, every=every)

    def _hold_derived(self) -> list[Node]:
        """Hold what open facts give to the derived facts that are known."""
        known, plan = self.facts.values, self.prepared.plan
        return [
            self.formula(self.prepared.held[name])
            if plan.types[name].kind != "bool"
            else self.formula(condition.tree, holds=known[name] is True)
            for name, condition in plan.substitutes.items()
            if known[name] is not UNKNOWN and any(known.get(source) is UNKNOWN for source in condition.names)
        ]

    def _take_over(self, forced: Mapping[str, Bound], case: Case) -> tuple[Deduction, ...]:
        """Take over what the rules force, and what follows from that."""
        values, plan, found = self.facts.values, self.prepared.plan, list[Deduction]()
        for name, (value, because) in sorted(forced.items()):
            if name in plan.types:
                values[name] = exact = typed(value, plan.types[name])
                found.append(Deduction(name, exact, "invariant", tuple(sorted(because))))
        for target, source in self.aliases.items():
            if values[target] is UNKNOWN and values[source] is not UNKNOWN:
                values[target] = values[source]
                found.append(Deduction(target, values[source], "stand_in", (source,)))
        for name, condition in plan.substitutes.items() if found else ():
            if values[name] is UNKNOWN:
                follows = self.context.follows(name, values, partial(interpreter_over(values, case.facts).value, condition))
                if follows is not UNKNOWN:
                    values[name] = follows
                    found.append(Deduction(name, follows, "derived", ()))
        return tuple(found)

    def _impossible(self, case: Case, rules: Sequence[str]) -> Problem:
        bound = [rule for rule in self.track.invariants if rule.id in rules]
        names = sorted({name for rule in bound for name in rule.holds.names if name in case.facts})
        texts = "; ".join(rule.holds.text for rule in bound)
        return problem_at(case, place_of(case, names[0] if names else ""), "PE506", {"rules": texts, "facts": ", ".join(names)})

    def level_forced(self, rule: LevelRule) -> bool | None:
        return self.solver.forced(level_formula(self, rule), level_formula(self, rule, holds=False))

    def criterion_outcome(self, criterion: Criterion) -> str:
        """Return the outcome of a criterion on which every completion agrees, or `unknown`."""
        applies = True if criterion.applies_when is None else self._forced(criterion.applies_when)
        if applies is not True:
            return "unknown" if applies is None else "not_applicable"
        return {True: "met", False: "not_met", None: "unknown"}[self._forced(criterion.when)]

    def _forced(self, condition: Condition) -> bool | None:
        return self.solver.forced(self.formula(condition.tree), self.formula(condition.tree, holds=False))

    def outcomes(self) -> dict[Key, Node]:
        """Return the formula of every outcome, in the order in which they are decided."""
        before: list[Node] = []
        found: dict[Key, Node] = {}
        for step in self.track.track.decide:
            for level in step.levels:
                found[level] = self.joined((*before, level_formula(self, self.track.rules[level])), every=True)
                before.append(level_formula(self, self.track.rules[level], holds=False))
        key, rest = self.track.track.residual.level, self.joined(before, every=True)
        found[key] = self.joined((found[key], rest), every=False) if key in found else rest
        return found

    def possible(self, outcomes: Mapping[Key, Node], also: Node) -> dict[Key, bool | None]:
        """Return the outcomes that some completion reaches; None where that could not be settled."""
        answers = {key: self.solver.possible(node, also) for key, node in outcomes.items()}
        return {key: answer for key, answer in answers.items() if answer is not False}

    def questions(self, outcomes: Mapping[Key, Node], remaining: Mapping[Key, bool | None]) -> tuple[str, ...]:
        """Return the open facts that can still change the outcome, most telling first.

        A fact can change it where two completions that differ in it alone come out differently. It is the more
        telling, the fewer outcomes are left when one of the comparisons that it stands in is settled.
        """
        live = {key: outcomes[key] for key in remaining}
        known = (*live.values(), *self.declared)
        if known not in self._questions:
            self._questions[known] = self._asked(live)
        return self._questions[known]

    def _asked(self, live: Mapping[Key, Node]) -> tuple[str, ...]:
        limits = sorted({limit for node in live.values() for limit in limits_in(node)}, key=lambda limit: limit.atom)
        scores: dict[str, tuple[int, int]] = {}
        for limit in limits[:MAX_ATOMS]:
            one, other = self.possible(live, limit), self.possible(live, self.context.space.opposite(limit))
            if one and other and one.keys() != other.keys():
                score = (len(one) + len(other), min(len(one), len(other)))
                scores.update({fact: min(score, scores.get(fact, score)) for fact in limit.atom.facts})
        candidates = scores or {fact: (0, 0) for limit in limits for fact in limit.atom.facts}
        ranked = sorted(candidates, key=lambda fact: (candidates[fact], fact))
        nodes = tuple(live.values())

        def differ(moving: Iterable[str]) -> bool:
            return self.solver.differ(nodes, [name for name in moving if name in self.declared])

        alone = tuple(fact for fact in ranked if fact not in self.declared or differ({fact}))
        if not differ(self.declared.keys() - set(alone)):
            return alone
        quiet = sorted({fact for limit in limits for fact in limit.atom.facts} - candidates.keys())
        more = tuple(fact for fact in quiet if (own := self._variables_of(fact)) and differ(own))
        if not differ(self.declared.keys() - {*alone, *more}):
            return (*alone, *more)
        return (*ranked, *more)  # facts that invariants tie together may change nothing alone

    def _variables_of(self, fact: str) -> set[str]:
        """Return the variables that a fact is by itself: one, or one a choice of a set; none where it is counted from a list."""
        facts = self.context.variables.facts
        own = {name for name in self.declared if facts.get(name) == frozenset({fact}) and " in " in name}
        return {fact} if fact in self.declared else own


def level_formula(made: MakesFormulas[T], rule: LevelRule, *, holds: bool = True) -> T:
    """Return the formula that a level holds, or that it does not; a criterion that does not apply is neutral."""
    every = (rule.mode == "all_of") is holds

    def counted() -> Iterator[T]:
        for criterion in rule.criteria:  # one by one: past a part that decides, nothing is made, and so nothing is made inexact
            when = made.formula(criterion.when.tree, holds=holds)
            if criterion.applies_when is None:
                yield when
                continue
            applies = made.formula(criterion.applies_when.tree, holds=not every)
            yield made.joined((applies, when), every=not every)

    return made.joined(counted(), every=every)
