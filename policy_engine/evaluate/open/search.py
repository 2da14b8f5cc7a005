"""Is there a completion of a case's unknown facts such that a formula holds? Exactly, within a budget, and most of it by ends of sums.

What ends decide falls out; what is left of a disjunction is tried part by part. A branch ends with a point at which everything holds: found
greedily, end by end, and only where that fails by exact elimination (`linear`). Points are kept: the next question is first put to them.
"""

from collections.abc import Collection, Iterable, Sequence

from policy_engine.evaluate.open.ends import MAX_MOVES, Group, mended, narrowed, pick, rows_of, settled, truth_within
from policy_engine.evaluate.open.linear import Budget, components, solve
from policy_engine.evaluate.open.points import Points, holds_at, value_at
from policy_engine.evaluate.open.space import At, Choice, Ends, Node, Part, Space, Sum, SumLimit

MAX_BRANCHES = 4_000


class Solver:
    """Answers about one set of formulas that always hold; each answer is remembered."""

    def __init__(self, space: Space, always: Iterable[Node], known: At | None = None) -> None:
        """Take what always holds, and a point at which it does, where one is known."""
        self.space, self.rules = space, tuple(always)
        self.lows: Ends = {}
        self.highs: Ends = {}
        self.clash = False in self.rules
        self._groups: dict[Sum, Group] = {}
        self._answers: dict[Node, bool | None] = {}
        self._begun: dict[Part, tuple[Ends, Ends, list[Choice]] | None] = {}
        self.points = Points(self.rules, self.lows, self.highs)
        held = [rule for rule in self.rules if not isinstance(rule, bool)]
        self._live: dict[Sum, None] = {}
        for rule in held:
            self._live |= rule.sums
            self._join_groups(rule)
        for one in self._live:
            if one.terms:
                narrowed(one, self.lows, self.highs, [])
        moves = Budget(MAX_MOVES)
        pending = settled(self.lows, self.highs, held, self._live, moves) if not self.clash else None
        self.clash, self.at_rest = pending is None, moves.left >= 0
        self.answer: bool | None = False
        if pending is None:
            return
        for choice in pending:
            self._groups[min(choice[0].variables, key=lambda one: one.name)].choices.append(choice)
        if known is None:
            budget = Budget(MAX_BRANCHES)
            parts = [self._search(dict(self.lows), dict(self.highs), g.choices, g, budget) for g in dict.fromkeys(self._groups.values())]
            self.answer = False if False in parts else None if None in parts else True
            known = {variable: value for part in parts if isinstance(part, dict) for variable, value in part.items()}
        else:
            self.answer = True
        self._base = known
        if self.answer:
            self.points.keep(known)

    def _join_groups(self, rule: Part) -> None:
        """Put the variables of a rule into one group."""
        for variable in rule.variables:
            self._meet(variable)
        groups = {self._groups[variable]: None for variable in rule.variables if variable in self._groups}
        whole = max(groups, key=lambda one: len(one.variables), default=None) or Group()
        for group in groups:
            if group is not whole:
                whole.variables |= group.variables
                whole.sums |= group.sums
                self._groups.update(dict.fromkeys(group.variables, whole))
        whole.variables |= rule.variables
        whole.sums |= rule.sums
        self._groups.update(dict.fromkeys(rule.variables, whole))

    def _meet(self, variable: Sum) -> None:
        """Take in where a variable lies by itself."""
        if variable not in self.lows and variable.least is not None:
            self.lows[variable] = variable.least
        if variable not in self.highs and variable.most is not None:
            self.highs[variable] = variable.most

    def tied_to_fixed(self) -> set[str]:
        """Return the variables that the ends leave one value, with those that rules tie to them."""
        fixed = [one for one, end in self.lows.items() if not one.terms and self.highs.get(one) == end]
        return {other.name for one in fixed for other in (self._groups[one].variables if one in self._groups else (one,))}

    def possible(self, node: Node, also: Node) -> bool | None:
        """Return whether some completion makes two formulas true; None where the budget ran out before that was settled."""
        if not (isinstance(node, bool) or isinstance(also, bool)):
            if self.answer and self.points.mask(node) & self.points.mask(also):
                return True
            if truth_within(also, self.lows, self.highs) is False:
                return False
        both = self.space.join((node, also), every=True)
        if isinstance(both, bool):
            return self.answer if both else False
        if both not in self._answers:
            pair = (node, also) if not (isinstance(node, bool) or isinstance(also, bool)) else (both, None)
            self._answers[both] = self._asked(both, *pair) if self.answer is not False else False
        return self._answers[both]

    def forced(self, node: Node, opposite: Node) -> bool | None:
        """Return the truth of a formula where every completion agrees; None where it is open."""
        if isinstance(node, bool):
            return node
        if self.possible(node, also=True) is False:
            return False
        return True if self.possible(opposite, also=True) is False else None

    def _asked(self, both: Part, node: Part, also: Part | None) -> bool | None:
        """Ask whether two formulas can hold; what follows from the first is worked out once, since it is asked with many others."""
        for variable in both.variables:
            self._meet(variable)
        for one in both.sums:
            if one.terms and one not in self._live:
                narrowed(one, self.lows, self.highs, [])
        if node not in self._begun:
            self._begun[node] = self._begin(node)
        begun, group = self._begun[node], self._touched(both)
        if begun is None:
            return False
        lows, highs, choices = self.lows | begun[0], self.highs | begun[1], begun[2]
        if also is not None:
            own = self._touched(node).choices
            more = [choice for choice in group.choices if choice not in own]
            left = settled(lows, highs, [*choices, *more, also], group.sums, Budget(MAX_MOVES))
            if left is None:
                return False
            choices = left
        if self.answer and self.points.near(both):
            return True
        found = self._completed(lows, highs, [*choices], group, Budget(MAX_BRANCHES))
        if self.answer and isinstance(found, dict):
            self.points.keep({**self._base, **found})
        return self.answer if isinstance(found, dict) else found

    def _begin(self, node: Part) -> tuple[Ends, Ends, list[Choice]] | None:
        """Return the ends where a formula holds, and what is open there; None where it cannot."""
        lows, highs, group = dict(self.lows), dict(self.highs), self._touched(node)
        left = settled(lows, highs, [*group.choices, node], group.sums, Budget(MAX_MOVES))
        return None if left is None else (lows, highs, left)

    def _touched(self, node: Part) -> Group:
        """Return what always holds of the variables of a formula, with the formula's own sums."""
        touched = Group()
        for group in dict.fromkeys(self._groups[variable] for variable in node.variables if variable in self._groups):
            touched.variables |= group.variables
            touched.sums |= group.sums
            touched.choices += group.choices
        touched.variables |= node.variables
        touched.sums |= node.sums
        return touched

    def _search(self, lows: Ends, highs: Ends, pending: Iterable[Part | Choice], group: Group, budget: Budget) -> At | bool | None:
        """Return a point at which what is pending holds; False where there is none. Every branch has its own ends."""
        choices = settled(lows, highs, pending, group.sums, Budget(MAX_MOVES))
        return False if choices is None else self._completed(lows, highs, choices, group, budget)

    def _completed(self, lows: Ends, highs: Ends, choices: list[Choice], group: Group, budget: Budget) -> At | bool | None:
        """Return a point within ends at which one part of every choice holds; False where there is none."""
        if not budget.spend():
            return None
        point = mended(lows, highs, group, self.points.kept[-2:]) or self._exact(lows, highs, group)
        if isinstance(point, dict) and all(any(holds_at(part, point) for part in choice) for choice in choices):
            return point
        if point is False or not choices:
            return False if point is False else None
        return self._branch(lows, highs, choices, group, budget)

    def _branch(self, lows: Ends, highs: Ends, choices: list[Choice], group: Group, budget: Budget) -> At | bool | None:
        """Try the parts of the shortest disjunction."""
        choices.sort(key=len)
        answer: bool | None = False
        denied: list[Part] = []
        for part in choices[0]:
            found = self._search(dict(lows), dict(highs), [*denied, *choices[1:], part], group, budget)
            if isinstance(found, dict):
                return found
            if found is None:
                answer = None
            elif isinstance(part, SumLimit):  # the next parts are tried where this one does not hold
                denied.append(self.space.opposite(part))
        return answer

    def _exact(self, lows: Ends, highs: Ends, group: Group) -> At | bool | None:
        """Return a point within the ends by elimination, part by part of what hangs together."""
        rows = [row for one in group.sums if one.terms for row in rows_of(one, lows, highs)]
        tied = {name for row in rows for name, _ in row.terms}
        rows += [row for one in group.variables if one.name in tied for row in rows_of(one, lows, highs)]
        names = {one.name: one for one in group.variables}
        point: At = {one: pick(one, lows, highs) for one in group.variables}
        settled = True
        for part in components(rows):
            if part not in self.space.solved:
                self.space.solved.keep(part, solve(part, self.space.variables.rational, Budget()))
            found = self.space.solved[part]
            if found is False:
                return False
            if isinstance(found, dict):
                point.update({names[name]: value for name, value in found.items()})
            else:
                settled = False
        return point if settled else None

    def differ(self, outcomes: Sequence[Node], moving: Collection[str]) -> bool:
        """Return whether two completions that differ in some variables alone come out differently; where that is not settled, they may."""
        if self.answer and self.points.differ(
            [one for one in outcomes if not isinstance(one, bool)], [self.space.variable(name) for name in moving]
        ):
            return True
        variables = self.space.variables
        others: dict[Sum, str] = {}
        for name in moving:
            others[self.space.variable(name)] = other = f"{name}'"
            variables.domains[other] = variables.domains[name]
            if variables.rational(name):
                variables.rationals.add(other)
        again = [renamed for rule in self.rules if (renamed := self.space.renamed(rule, others)) is not rule]
        known = None
        if self.answer:
            known = self._base | {self.space.variable(other): self._base[one] for one, other in others.items() if one in self._base}
        both = Solver(self.space, [*self.rules, *again], known)
        moved = [self.space.renamed(one, others) for one in outcomes]
        later = (self.space.join(moved[place:], every=False) for place in range(1, len(outcomes)))
        found = any(both.possible(one, two) is not False for one, two in zip(outcomes, later, strict=False))
        if self.answer:
            for point in both.points.kept[1:]:
                self.points.keep(point)
                self.points.keep(point | {one: value_at(self.space.variable(other), point) for one, other in others.items()})
        return found
