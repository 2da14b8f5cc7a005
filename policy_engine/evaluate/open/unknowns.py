"""A case with open facts: what follows all the same, which outcomes remain, and which questions would decide.

Built only where something is open; a case with every fact known never comes here.
"""

import ast
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from itertools import combinations

from policy_engine.errors import InputError, Problem
from policy_engine.evaluate.core.counting import has_open_fields, tie_counts
from policy_engine.evaluate.core.facts import Facts, narrow, place_of, problem_at
from policy_engine.evaluate.core.plan import Plan, TrackPlan
from policy_engine.evaluate.open.formula import All, Any, Atom, Formula, Translator, conjunction, disjunction, rename
from policy_engine.evaluate.open.linear import Row, negated
from policy_engine.evaluate.open.solver import Solver
from policy_engine.evaluate.open.variables import Variables
from policy_engine.language.values import UNKNOWN, Value
from policy_engine.model.case import Case
from policy_engine.model.facts import Condition
from policy_engine.model.rulebook import Criterion, LevelRule
from policy_engine.model.verdict import Deduction

Key = str | None
"""An outcome: the id of a level, or None for the residual outcome without a level."""


def criterion_formula(translator: Translator, criterion: Criterion, mode: str, *, holds: bool = True) -> Formula:
    """Return the formula that a criterion counts as held in its level; where it does not apply it is neutral."""
    when = translator.formula(criterion.when.tree, holds=holds)
    if criterion.applies_when is None:
        return when
    neutral = (mode == "all_of") is holds
    applies = translator.formula(criterion.applies_when.tree, holds=not neutral)
    return disjunction((applies, when)) if neutral else conjunction((applies, when))


def level_formula(translator: Translator, rule: LevelRule, *, holds: bool = True) -> Formula:
    """Return the formula that a level holds, or that it does not."""
    join = conjunction if (rule.mode == "all_of") is holds else disjunction
    return join(criterion_formula(translator, criterion, rule.mode, holds=holds) for criterion in rule.criteria)


def outcome_formulas(translator: Translator, track: TrackPlan) -> dict[Key, Formula]:
    """Return the formula of every outcome, in the order in which they are decided."""
    before: list[Formula] = []
    found: dict[Key, Formula] = {}
    for step in track.track.decide:
        for level in step.levels:
            found[level] = conjunction((*before, level_formula(translator, track.rules[level])))
            before.append(level_formula(translator, track.rules[level], holds=False))
    key = track.track.residual.level
    rest = conjunction(before)
    found[key] = disjunction((found[key], rest)) if key in found else rest
    return found


MAX_ATOMS = 60


class Open:
    """One case's open facts under one track, ready to be asked."""

    def __init__(self, facts: Facts, case: Case, plan: Plan, track: TrackPlan, given: Iterable[Condition] = ()) -> None:
        """Set up variables for what is open, and hold them to the invariants.

        Args:
            facts: what is known.
            case: the case, for the places of problems.
            plan: the edition.
            track: the track that is asked about.
            given: conditions that are taken as true (that the track applies).

        Raises:
            InputError: PE506, where no completion obeys the invariants.
        """
        self.facts = facts
        self.track = track
        self.variables = Variables(dict(facts.values), plan.types, len(plan.level_ids), plan.nullable)
        self.variables.aliases = {target: source for rule in facts.stand_ins for target, source in rule.take.items()}
        self.translator = Translator(self.variables, plan.substitutes)
        tied = self._tie_lists(plan)
        rules = [(rule.id, self.translator.formula(rule.holds.tree)) for rule in track.invariants]
        more = [self.translator.formula(condition.tree) for condition in given] + self._hold_derived(plan)
        self.deductions = self._deduce(rules, case, plan)
        ties = [row if isinstance(row, bool) else Atom(row, frozenset()) for row in tied]
        always = [formula for _, formula in rules] + more + ties
        self.solver = Solver(self.variables, always)
        if self.solver.possible(True) is False:
            raise InputError([self._impossible(case, [name for name, formula in rules if formula is not True])])

    def _tie_lists(self, plan: Plan) -> list[Row | bool]:
        """Tie counts to the lists that leave fields open."""
        rows: list[Row | bool] = []
        for source, counted in plan.counted.items():
            items = self.facts.values[source]
            if isinstance(items, tuple) and has_open_fields(items):
                tied = tie_counts(items, counted, plan.edition.facts[source], self.variables)
                self.variables.exact &= tied is not None
                rows += tied or []
        return rows

    def _hold_derived(self, plan: Plan) -> list[Formula]:
        """Hold what open facts give to the derived facts that are known."""
        known = self.facts.values
        return [
            self.translator.formula(ast.Compare(ast.Name(name), [ast.Eq()], [condition.tree]))
            if plan.types[name].kind != "bool"
            else self.translator.formula(condition.tree, holds=known[name] is True)
            for name, condition in plan.substitutes.items()
            if known[name] is not UNKNOWN and any(known.get(source) is UNKNOWN for source in condition.names)
        ]

    def _deduce(self, rules: Sequence[tuple[str, Formula]], case: Case, plan: Plan) -> tuple[Deduction, ...]:
        """Narrow what is open by the rules, and take over what they force."""
        narrowed = narrow(rules, self.variables)
        if narrowed.clash:
            raise InputError([self._impossible(case, sorted(narrowed.clash))])
        found: list[Deduction] = []
        for name, (value, because) in sorted(narrowed.values.items()):
            if name in plan.types:
                exact = _typed(value, plan.types[name].kind, plan.types[name].choices)
                self.facts.values[name] = self.variables.values[name] = exact
                found.append(Deduction(name, exact, "invariant", tuple(sorted(because))))
        for target, source in self.variables.aliases.items():
            if self.facts.values[target] is UNKNOWN and self.facts.values[source] is not UNKNOWN:
                self.facts.values[target] = self.variables.values[target] = self.facts.values[source]
                found.append(Deduction(target, self.facts.values[source], "stand_in", (source,)))
        if found:
            self.translator.forget()
        return tuple(found)

    def _impossible(self, case: Case, rules: Sequence[str]) -> Problem:
        """Say that no completion of the case obeys the rules."""
        bound = [rule for rule in self.track.invariants if rule.id in rules]
        names = sorted({name for rule in bound for name in rule.holds.names if name in case.facts})
        place = place_of(case, names[0] if names else "")
        texts = "; ".join(rule.holds.text for rule in bound)
        return problem_at(case, place, "PE506", {"rules": texts, "facts": ", ".join(names)})

    def level_forced(self, rule: LevelRule) -> bool | None:
        """Return the truth of a level on which every completion agrees."""
        return self.solver.forced(level_formula(self.translator, rule), level_formula(self.translator, rule, holds=False))

    def criterion_outcome(self, criterion: Criterion) -> str:
        """Return the outcome of a criterion on which every completion agrees, or `unknown`."""
        applies = criterion.applies_when
        if applies is not None:
            there = self.solver.forced(*self._both(applies))
            if there is False:
                return "not_applicable"
            if there is None:
                return "unknown"
        held = self.solver.forced(*self._both(criterion.when))
        return {True: "met", False: "not_met", None: "unknown"}[held]

    def _both(self, condition: Condition) -> tuple[Formula, Formula]:
        """Return the formula of a condition and of its negation."""
        return self.translator.formula(condition.tree), self.translator.formula(condition.tree, holds=False)

    def outcomes(self) -> dict[Key, Formula]:
        """Return the formula of every outcome, in the order in which they are decided."""
        return outcome_formulas(self.translator, self.track)

    def possible(self, outcomes: Mapping[Key, Formula], also: Formula | None = None) -> dict[Key, bool | None]:
        """Return the outcomes that some completion reaches; None where that could not be settled."""
        answers = {
            key: self.solver.possible(formula if also is None else conjunction((formula, also))) for key, formula in outcomes.items()
        }
        return {key: answer for key, answer in answers.items() if answer is not False}

    def questions(self, outcomes: Mapping[Key, Formula], remaining: Mapping[Key, bool | None]) -> tuple[str, ...]:
        """Return the open facts that can still change the outcome, most telling first.

        A fact can change it where two completions that differ in it alone come out differently. It is the more
        telling, the fewer outcomes are left when one of the comparisons that it stands in is settled.
        """
        live = {key: outcomes[key] for key in remaining}
        atoms = sorted({atom for formula in live.values() for atom in _atoms(formula)})
        scores: dict[str, tuple[int, int]] = {}
        for atom in atoms[:MAX_ATOMS]:
            opposite = Atom(negated(atom.row, self.variables.rational), atom.facts)
            one, other = self.possible(live, atom), self.possible(live, opposite)
            if one and other and one.keys() != other.keys():
                score = (len(one) + len(other), min(len(one), len(other)))
                scores.update({fact: min(score, scores.get(fact, score)) for fact in atom.facts})
        candidates = scores or {fact: (0, 0) for atom in atoms for fact in atom.facts}
        ranked = sorted(candidates, key=lambda fact: (candidates[fact], fact))
        formulas = tuple(live.values())
        tied = {name for name in self.variables.domains if name not in candidates}
        alone = tuple(fact for fact in ranked if fact not in self.variables.domains or self._differ(formulas, {fact}))
        if not self._differ(formulas, (set(ranked) | tied) - set(alone)):
            return alone
        quiet = sorted({fact for atom in atoms for fact in atom.facts} - candidates.keys())
        more = tuple(fact for fact in quiet if (own := self._variables_of(fact)) and self._differ(formulas, own))
        if not self._differ(formulas, (set(ranked) | tied) - {*alone, *more}):
            return (*alone, *more)
        return (*ranked, *more)  # facts that invariants tie together may change nothing alone

    def _variables_of(self, fact: str) -> set[str]:
        """Return the variables that a fact is by itself: one, or one a choice of a set; none where it is counted from a list."""
        if fact in self.variables.domains:
            return {fact}
        return {
            name
            for name, facts in self.variables.facts.items()
            if facts == frozenset({fact}) and name in self.variables.domains and " in " in name
        }

    def _differ(self, outcomes: Sequence[Formula], moving: Collection[str]) -> bool:
        """Return whether two completions that differ in some variables alone come out differently; where that is not settled, they may."""
        others = {name: f"{name}'" for name in moving if name in self.variables.domains}
        self.variables.domains |= {other: self.variables.domains[name] for name, other in others.items()}
        self.variables.rationals |= {other for name, other in others.items() if self.variables.rational(name)}
        again = rename(self.solver.always, others)
        pairs = ((one, rename(two, others)) for one, two in combinations(outcomes, 2))
        found = any(self.solver.possible(conjunction((*pair, again))) is not False for pair in pairs)
        for other in others.values():
            del self.variables.domains[other]
        return found


def _typed(value: Fraction | int, kind: str, choices: Sequence[str]) -> Value:
    """Return a variable's value as a value of its fact's type."""
    match kind:
        case "bool":
            return value == 1
        case "choice":
            return choices[int(value)]
        case "day":
            return date.fromordinal(int(value))
        case "points" | "share":
            return Fraction(value)
        case _:
            return int(value)


def _atoms(formula: Formula) -> set[Atom]:
    """Return the comparisons of a formula."""
    if isinstance(formula, Atom):
        return {formula}
    if isinstance(formula, (All, Any)):
        return {atom for part in formula.parts for atom in _atoms(part)}
    return set()
