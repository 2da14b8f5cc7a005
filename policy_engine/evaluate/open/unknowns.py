"""A case with open facts: what follows all the same, which outcomes remain, and which questions would decide.

Built only where something is open; a case with every fact known never comes here.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from fractions import Fraction
from itertools import combinations, product
from math import ceil, floor, prod

from policy_engine.errors import InputError, Problem
from policy_engine.evaluate.core.expression import interpreter_over
from policy_engine.evaluate.core.facts import Facts, has_open_fields, place_of, problem_at
from policy_engine.evaluate.core.plan import Plan, TrackPlan
from policy_engine.evaluate.open.formula import All, Any, Atom, Formula, Solver, Translator, Variables, conjunction, disjunction, rename
from policy_engine.evaluate.open.linear import Linear, Row, negated, normal
from policy_engine.language.tree import Tree, compared, named, names_in, opened
from policy_engine.language.types import Type
from policy_engine.language.values import UNKNOWN, Item, Value
from policy_engine.model.case import Case
from policy_engine.model.facts import Condition, FactDeclaration
from policy_engine.model.rulebook import Criterion, LevelRule
from policy_engine.model.verdict import Deduction

MAX_ATOMS = 60
MAX_ROUNDS = 60
MAX_WAYS = 512

Key = str | None
"""An outcome: the id of a level, or None for the residual outcome without a level."""
Bound = tuple[Fraction | int, frozenset[str]]
"""A bound, and the rules that it rests on."""
Bounds = dict[tuple[str, bool], Bound]
"""By variable and side (True is the upper one)."""
Way = tuple[bool, ...]
"""To which counts an item contributes."""


class OpenFacts:
    """One case's open facts under one track, ready to be asked."""

    def __init__(self, facts: Facts, case: Case, plan: Plan, track: TrackPlan, given: Iterable[Condition] = ()) -> None:
        """Set up variables for what is open, and hold them to the invariants; `given` is taken as true (that the track applies).

        Raises:
            InputError: PE506, where no completion obeys the invariants.
        """
        self.facts, self.track = facts, track
        self.variables = Variables(facts.values, plan.types, len(plan.level_ids), plan.nullable)
        self.variables.aliases = {target: source for rule in facts.stand_ins for target, source in rule.take.items()}
        self.translator = Translator(self.variables, plan.substitutes)
        tied = self._tie_lists(plan)
        rules = [(rule.id, self.translator.formula(rule.holds.tree)) for rule in track.invariants]
        more = [self.translator.formula(condition.tree) for condition in given] + self._hold_derived(plan)
        self.deductions = self._deduce(rules, case, plan)
        ties = [row if isinstance(row, bool) else Atom(row, frozenset()) for row in tied]
        self.solver = Solver(self.variables, [*(formula for _, formula in rules), *more, *ties])
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
            self.translator.formula(compared(named(name), "==", condition.tree))
            if plan.types[name].kind != "bool"
            else self.translator.formula(condition.tree, holds=known[name] is True)
            for name, condition in plan.substitutes.items()
            if known[name] is not UNKNOWN and any(known.get(source) is UNKNOWN for source in condition.names)
        ]

    def _deduce(self, rules: Sequence[tuple[str, Formula]], case: Case, plan: Plan) -> tuple[Deduction, ...]:
        """Narrow what is open by the rules, and take over what they force."""
        forced, clash = narrow(rules, self.variables)
        if clash:
            raise InputError([self._impossible(case, sorted(clash))])
        values, found = self.facts.values, list[Deduction]()
        for name, (value, because) in sorted(forced.items()):
            if name in plan.types:
                exact = _typed(value, plan.types[name])
                values[name] = self.variables.values[name] = exact
                found.append(Deduction(name, exact, "invariant", tuple(sorted(because))))
        for target, source in self.variables.aliases.items():
            if values[target] is UNKNOWN and values[source] is not UNKNOWN:
                values[target] = self.variables.values[target] = values[source]
                found.append(Deduction(target, values[source], "stand_in", (source,)))
        for name, condition in plan.substitutes.items() if found else ():
            if values[name] is UNKNOWN and (follows := interpreter_over(values, case.facts).value(condition)) is not UNKNOWN:
                values[name] = self.variables.values[name] = follows
                found.append(Deduction(name, follows, "derived", ()))
        if found:
            self.translator.forget()
        return tuple(found)

    def _impossible(self, case: Case, rules: Sequence[str]) -> Problem:
        bound = [rule for rule in self.track.invariants if rule.id in rules]
        names = sorted({name for rule in bound for name in rule.holds.names if name in case.facts})
        texts = "; ".join(rule.holds.text for rule in bound)
        return problem_at(case, place_of(case, names[0] if names else ""), "PE506", {"rules": texts, "facts": ", ".join(names)})

    def level_forced(self, rule: LevelRule) -> bool | None:
        return self.solver.forced(level_formula(self.translator, rule), level_formula(self.translator, rule, holds=False))

    def criterion_outcome(self, criterion: Criterion) -> str:
        """Return the outcome of a criterion on which every completion agrees, or `unknown`."""
        applies = True if criterion.applies_when is None else self._forced(criterion.applies_when)
        if applies is not True:
            return "unknown" if applies is None else "not_applicable"
        return {True: "met", False: "not_met", None: "unknown"}[self._forced(criterion.when)]

    def _forced(self, condition: Condition) -> bool | None:
        return self.solver.forced(self.translator.formula(condition.tree), self.translator.formula(condition.tree, holds=False))

    def outcomes(self) -> dict[Key, Formula]:
        """Return the formula of every outcome, in the order in which they are decided."""
        translator, track = self.translator, self.track
        before: list[Formula] = []
        found: dict[Key, Formula] = {}
        for step in track.track.decide:
            for level in step.levels:
                found[level] = conjunction((*before, level_formula(translator, track.rules[level])))
                before.append(level_formula(translator, track.rules[level], holds=False))
        key, rest = track.track.residual.level, conjunction(before)
        found[key] = disjunction((found[key], rest)) if key in found else rest
        return found

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
        atoms = sorted({atom for formula in live.values() for atom in _atoms(formula, All, Any)})
        scores: dict[str, tuple[int, int]] = {}
        for atom in atoms[:MAX_ATOMS]:
            opposite = Atom(negated(atom.row, self.variables.rational), atom.facts)
            one, other = self.possible(live, atom), self.possible(live, opposite)
            if one and other and one.keys() != other.keys():
                score = (len(one) + len(other), min(len(one), len(other)))
                scores.update({fact: min(score, scores.get(fact, score)) for fact in atom.facts})
        candidates = scores or {fact: (0, 0) for atom in atoms for fact in atom.facts}
        ranked = sorted(candidates, key=lambda fact: (candidates[fact], fact))
        formulas, domains = tuple(live.values()), self.variables.domains
        anything = {*ranked, *domains}
        alone = tuple(fact for fact in ranked if fact not in domains or self._differ(formulas, {fact}))
        if not self._differ(formulas, anything - set(alone)):
            return alone
        quiet = sorted({fact for atom in atoms for fact in atom.facts} - candidates.keys())
        more = tuple(fact for fact in quiet if (own := self._variables_of(fact)) and self._differ(formulas, own))
        if not self._differ(formulas, anything - {*alone, *more}):
            return (*alone, *more)
        return (*ranked, *more)  # facts that invariants tie together may change nothing alone

    def _variables_of(self, fact: str) -> set[str]:
        """Return the variables that a fact is by itself: one, or one a choice of a set; none where it is counted from a list."""
        domains, facts = self.variables.domains, self.variables.facts
        return {fact} if fact in domains else {name for name in domains if facts.get(name) == frozenset({fact}) and " in " in name}

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


def level_formula(translator: Translator, rule: LevelRule, *, holds: bool = True) -> Formula:
    """Return the formula that a level holds, or that it does not; a criterion that does not apply is neutral."""
    every = (rule.mode == "all_of") is holds

    def counted() -> Iterator[Formula]:
        for criterion in rule.criteria:  # one by one: past a part that decides, nothing is made, and so nothing is made inexact
            when = translator.formula(criterion.when.tree, holds=holds)
            if criterion.applies_when is None:
                yield when
                continue
            applies = translator.formula(criterion.applies_when.tree, holds=not every)
            yield disjunction((applies, when)) if every else conjunction((applies, when))

    return conjunction(counted()) if every else disjunction(counted())


def narrow(rules: Iterable[tuple[str, Formula]], variables: Variables) -> tuple[dict[str, Bound], frozenset[str]]:
    """Return the values that rules force, with those that each rests on; and the rules that exclude each other, where some do.

    Bounds are narrowed rule by rule until nothing moves. Each remembers the rules that it rests on, so that a deduced value can be
    shown with its reasons.
    """
    rows = [(atom.row, frozenset({rule})) for rule, formula in rules for atom in _atoms(formula, All)]
    ends = {(name, bool(upper)): end for name, both in variables.domains.items() for upper, end in enumerate(both)}
    bounds: Bounds = {side: (end, frozenset()) for side, end in ends.items() if end is not None}
    forced: dict[str, Bound] = {}
    for _ in range(MAX_ROUNDS):
        moved = [_tighten(row, reasons, bounds, variables) for row, reasons in rows]
        for name in variables.domains:
            least, most = bounds.get((name, False)), bounds.get((name, True))
            if least and most and least[0] > most[0]:
                return {}, least[1] | most[1]
            if least and most and least[0] == most[0]:
                forced[name] = (least[0], least[1] | most[1])
        if not any(moved):
            break
    return forced, frozenset()


def _tighten(row: Row, reasons: frozenset[str], bounds: Bounds, variables: Variables) -> bool:
    """Narrow each variable of a row by the bounds of the others; return whether one moved."""
    moved = False
    for name, own in row.terms:
        rest, because, upper = Fraction(row.bound), reasons, own > 0
        for other, c in row.terms:
            if other != name:
                end = bounds.get((other, c < 0))
                if end is None:
                    break
                rest, because = rest - c * end[0], because | end[1]
        else:
            limit = rest / own if variables.rational(name) else floor(rest / own) if upper else ceil(rest / own)
            known = bounds.get((name, upper))
            if known is None or (limit < known[0] if upper else limit > known[0]):
                bounds[name, upper] = (limit, because)
                moved = True
    return moved


def tie_counts(
    items: Sequence[Item], counted: Sequence[FactDeclaration], source: FactDeclaration, variables: Variables
) -> list[Row | bool] | None:
    """Return the rows that tie the counts of a list whose items leave fields out, and make each count its sum over how they can go.

    Each item with an open field can contribute differently to several counts at once. Items that can contribute in the same ways form
    a class, and how many of a class go each way is a variable; so counts from one list stay tied to each other, as they are in it. A
    row that is False says that the counts stated beside the list cannot be; None, that an item has too many ways.
    """
    conditions: list[Tree] = [opened(fact.counted_from.tree)[1][1] for fact in counted if fact.counted_from]
    needed = {name for condition in conditions for name in names_in(condition)}
    fields = [field for name, field in source.fields.items() if name in needed]
    known = [0] * len(counted)
    classes: dict[tuple[Way, ...], int] = {}
    seen: dict[tuple[Value, ...], tuple[Way, ...] | None] = {}
    for item in items:
        kind = tuple(item.get(field.name, UNKNOWN) for field in fields)
        if kind not in seen:
            seen[kind] = _ways(item, conditions, fields, variables)
        ways = seen[kind]
        if ways is None:
            return None
        if len(ways) == 1:
            known = [n + gone for n, gone in zip(known, ways[0], strict=True)]
        else:
            classes[ways] = classes.get(ways, 0) + 1
    return _tie(classes, known, counted, source.name, variables)


def _ways(
    item: Item, conditions: Sequence[Tree], fields: Iterable[FactDeclaration], variables: Variables
) -> tuple[Way, ...] | None:  # fmt: skip
    """Return the ways in which an item can contribute, one or more for each completion of its open fields; None: no end of them."""
    domains: dict[str, Sequence[Value]] = {}
    for field in fields:
        if item.get(field.name, UNKNOWN) is UNKNOWN:
            finite: Mapping[str, Sequence[Value]] = {
                "bool": (True, False), "choice": field.type.choices, "level": range(variables.ranks),
            }  # fmt: skip
            if field.type.kind not in finite:
                return None
            domains[field.name] = finite[field.type.kind]
    if prod(map(len, domains.values())) > MAX_WAYS:
        return None
    ways: set[Way] = set()
    interpreter = interpreter_over(variables.values)
    for completion in product(*domains.values()):
        whole = {**item, **dict(zip(domains, completion, strict=True))}
        ways.add(tuple(interpreter.item_truth(whole, condition) is True for condition in conditions))
    return tuple(sorted(ways))


def _tie(
    classes: Mapping[tuple[Way, ...], int], known: Sequence[int], counted: Sequence[FactDeclaration], name: str, variables: Variables
) -> list[Row | bool]:  # fmt: skip
    """Make a variable of every way but the first of each class; the first has the rest of the class."""
    totals: list[Linear] = [Linear({}, count) for count in known]
    rows: list[Row | bool] = []
    for number, (ways, size) in enumerate(classes.items()):
        moving = frozenset(f.name for i, f in enumerate(counted) if len({way[i] for way in ways}) > 1)
        others = [variables.variable(f"{name}#{number}.{index}", Type("count"), moving) for index in range(1, len(ways))]
        rest = Linear({}, size)
        for other in others:
            rest = rest.plus(other, -1)
        for way, number_of in zip(ways, (rest, *others), strict=True):
            totals = [t.plus(number_of) if gone else t for t, gone in zip(totals, way, strict=True)]
        rows.append(normal(rest.times(-1).terms, size, variables.rational))
    for fact, total in zip(counted, totals, strict=True):
        stated = variables.values[fact.name]
        if isinstance(stated, int):
            rows += [
                normal(side.terms, sign * stated - side.constant, variables.rational) for sign, side in ((1, total), (-1, total.times(-1)))
            ]
        else:
            variables.sums[fact.name] = total
    return [row for row in rows if row is not True]


def _typed(value: Fraction | int, kind: Type) -> Value:
    match kind.kind:
        case "bool":
            return value == 1
        case "choice":
            return kind.choices[int(value)]
        case "day":
            return date.fromordinal(int(value))
        case "points" | "share":
            return Fraction(value)
        case _:
            return int(value)


def _atoms(formula: Formula, *within: type) -> list[Atom]:
    """Return the comparisons of a formula that stand in conjunctions or disjunctions, as asked."""
    if isinstance(formula, Atom):
        return [formula]
    if isinstance(formula, bool) or not isinstance(formula, within):
        return []
    return [atom for part in formula.parts for atom in _atoms(part, *within)]
