"""Is there a completion of a case's unknown facts such that a formula holds? Exactly, within a budget, and most of it by bounds.

Every sum that is compared anywhere is one `Sum`, and a comparison a `Limit` on it, so that what is known is two tables: the lower and the
upper end of each sum. Ends are narrowed by each other (`_narrowed`), which decides nearly every comparison in three values; what is left
of a disjunction is tried part by part. A branch ends with a point at which everything holds: found greedily, end by end, and only
where that fails by exact elimination (`linear`). Points are kept: the next question is first put to them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import combinations
from typing import TypeAlias

from policy_engine.evaluate.open.formula import All, Atom, Formula, Variables
from policy_engine.evaluate.open.linear import Budget, Point, Row, components, negated, solve

MAX_BRANCHES = 4_000
MAX_MOVES = 400
"""How often ends are narrowed by each other at a time; sums that nothing bounds could go on for ever."""
MAX_POINTS = 256
MAX_NUDGES = 60
MAX_SOLVED = 4_000

End: TypeAlias = tuple[Fraction | int, int]
"""An end of a sum; 1 or -1 where it lies just above or below the number, so that ends are compared as they are written."""


class Sum:
    """A sum that is compared, the first of its variables taken positively; or a variable, which has no terms."""

    __slots__ = ("high", "low", "name", "terms", "users", "whole")

    def __init__(self, name: str, terms: "tuple[tuple[Sum, int], ...]", *, whole: bool) -> None:
        self.name, self.terms, self.whole = name, terms, whole
        self.users: list[Sum] = []
        self.low: End | None = None
        self.high: End | None = None


class Limit:
    """A comparison: a sum is at most an end (`upper`), or at least."""

    __slots__ = ("atom", "end", "of", "sums", "upper", "variables")

    def __init__(self, atom: Atom, of: Sum, end: End, *, upper: bool) -> None:
        self.atom, self.of, self.end, self.upper = atom, of, end, upper
        self.sums = frozenset({of})
        self.variables = frozenset(v for v, _ in of.terms) or self.sums


class Join:
    """Comparisons joined by and (`every`), or by or."""

    __slots__ = ("every", "parts", "sums", "variables")

    def __init__(self, parts: "tuple[Limit | Join, ...]", *, every: bool) -> None:
        self.parts, self.every = parts, every
        self.sums: frozenset[Sum] = frozenset().union(*(part.sums for part in parts))
        self.variables: frozenset[Sum] = frozenset().union(*(part.variables for part in parts))


Node: TypeAlias = bool | Limit | Join
Part: TypeAlias = Limit | Join
Choice: TypeAlias = tuple[Part, ...]
"""What is left of a disjunction."""
Ends: TypeAlias = dict[Sum, End]
At: TypeAlias = dict[Sum, Fraction | int]
"""A point."""


class Space:
    """The sums, comparisons and formulas that were met, each once: so they are compared by what they are."""

    def __init__(self, variables: Variables) -> None:
        """Take what says where variables lie."""
        self.variables = variables
        self.solved: dict[frozenset[Row], Point | bool | None] = {}
        self._sums: dict[tuple[tuple[str, int], ...], Sum] = {}
        self._limits: dict[Atom, Limit] = {}
        self._joins: dict[tuple[bool, Choice], Join] = {}

    def __len__(self) -> int:
        """Return how much is kept."""
        return len(self._limits) + len(self._joins)

    def variable(self, name: str) -> Sum:
        key = ((name, 1),)
        if key not in self._sums:
            made = self._sums[key] = Sum(name, (), whole=not self.variables.rational(name))
            least, most = self.variables.domains[name]
            made.low, made.high = least if least is None else (least, 0), most if most is None else (most, 0)
        return self._sums[key]

    def sum(self, terms: tuple[tuple[str, int], ...]) -> Sum:
        found = self._sums.get(terms)
        if found is None:
            if len(terms) == 1 and terms[0][1] == 1:
                return self.variable(terms[0][0])
            parts = tuple((self.variable(name), c) for name, c in terms)
            found = self._sums[terms] = Sum("", parts, whole=all(part.whole for part, _ in parts))
            for part, _ in parts:
                part.users.append(found)
        return found

    def limit(self, atom: Atom) -> Limit:
        found = self._limits.get(atom)
        if found is None:
            (terms, bound, strict), upper = atom.row, atom.row.terms[0][1] > 0
            if isinstance(bound, Fraction) and bound.denominator == 1:
                bound = bound.numerator
            of = self.sum(terms if upper else tuple((name, -c) for name, c in terms))
            end = (bound, -int(strict)) if upper else (-bound, int(strict))
            found = self._limits[atom] = Limit(atom, of, end, upper=upper)
        return found

    def opposite(self, limit: Limit) -> Limit:
        return self.limit(Atom(negated(limit.atom.row, self.variables.rational), limit.atom.facts))

    def join(self, parts: Iterable[Node], *, every: bool) -> Node:
        """Join formulas by and, or by or; what is decided falls out."""
        kept: dict[Part, None] = {}
        for part in parts:
            if part is True or part is False:
                if part is not every:
                    return part
            elif isinstance(part, Join) and part.every is every:
                kept.update(dict.fromkeys(part.parts))
            else:
                kept[part] = None
        if len(kept) < 2:
            return next(iter(kept), every)
        key = (every, tuple(kept))
        if key not in self._joins:
            self._joins[key] = Join(key[1], every=every)
        return self._joins[key]

    def node(self, formula: Formula) -> Node:
        if isinstance(formula, bool):
            return formula
        if isinstance(formula, Atom):
            return self.limit(formula)
        return self.join([self.node(part) for part in formula.parts], every=isinstance(formula, All))

    def renamed(self, node: Node, others: Mapping[Sum, str]) -> Node:
        """Return a formula with some variables under other names: the same case, but for those facts."""
        if isinstance(node, bool) or node.variables.isdisjoint(others):
            return node
        if isinstance(node, Join):
            return self.join([self.renamed(part, others) for part in node.parts], every=node.every)
        names = {variable.name: other for variable, other in others.items()}
        terms = tuple(sorted((names.get(name, name), c) for name, c in node.atom.row.terms))
        return self.limit(Atom(node.atom.row._replace(terms=terms), node.atom.facts))


def limits_in(node: Node, *, certain: bool = False) -> list[Limit]:
    """Return the comparisons of a formula; or those alone that hold wherever it holds."""
    if isinstance(node, Limit):
        return [node]
    if isinstance(node, bool) or (certain and not node.every):
        return []
    return [limit for part in node.parts for limit in limits_in(part, certain=certain)]


class Solver:
    """Answers about one set of formulas that always hold; each answer is remembered."""

    def __init__(self, space: Space, always: Iterable[Node], known: At | None = None) -> None:
        """Take what always holds, and a point at which it does, where one is known."""
        self.space, self.rules = space, tuple(always)
        self.low: Ends = {}
        self.high: Ends = {}
        self.clash = False in self.rules
        self._groups: dict[Sum, _Group] = {}
        self._answers: dict[Node, bool | None] = {}
        self.kept: list[At] = []
        self._masks: dict[Limit, tuple[int, int]] = {}
        held = [rule for rule in self.rules if not isinstance(rule, bool)]
        self._live = {one for rule in held for one in rule.sums}
        for rule in held:
            self._join_groups(rule)
        for one in self._live:
            if one.terms:
                _narrowed(one, self.low, self.high, [])
        pending = _settled(self.low, self.high, held, self._live) if not self.clash else None
        self.clash = pending is None
        self.answer: bool | None = False
        if pending is None:
            return
        for choice in pending:
            self._groups[min(choice[0].variables, key=lambda one: one.name)].choices.append(choice)
        if known is None:
            budget = Budget(MAX_BRANCHES)
            parts = [self._search(dict(self.low), dict(self.high), g.choices, g, budget) for g in dict.fromkeys(self._groups.values())]
            self.answer = False if False in parts else None if None in parts else True
            known = {variable: value for part in parts if isinstance(part, dict) for variable, value in part.items()}
        else:
            self.answer = True
        self._base = known
        if self.answer:
            self.kept.append(known)

    def _join_groups(self, rule: Part) -> None:
        """Put the variables of a rule into one group."""
        for variable in rule.variables:
            self._meet(variable)
        groups = {self._groups[variable]: None for variable in rule.variables if variable in self._groups}
        whole = max(groups, key=lambda one: len(one.variables), default=None) or _Group()
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
        if variable not in self.low and variable.low is not None:
            self.low[variable] = variable.low
        if variable not in self.high and variable.high is not None:
            self.high[variable] = variable.high

    def at_rest(self) -> bool:
        """Return whether the ends are as near as each brings the others."""
        moved: list[Sum] = []
        low, high = dict(self.low), dict(self.high)
        return not self.clash and all(_narrowed(one, low, high, moved) for one in self._live if one.terms) and not moved

    def fixed(self) -> list[Sum]:
        """Return the variables that the ends leave one value."""
        return [one for one, end in self.low.items() if not one.terms and self.high.get(one) == end]

    def possible(self, node: Node) -> bool | None:
        """Return whether some completion makes a formula true; None where the budget ran out before that was settled."""
        if isinstance(node, bool):
            return self.answer if node else False
        if node not in self._answers:
            self._answers[node] = self._asked(node)
        return self._answers[node]

    def forced(self, node: Node, opposite: Node) -> bool | None:
        """Return the truth of a formula where every completion agrees; None where it is open."""
        if isinstance(node, bool):
            return node
        if self.possible(node) is False:
            return False
        return True if self.possible(opposite) is False else None

    def _asked(self, node: Part) -> bool | None:
        if self.answer is False:
            return False
        for variable in node.variables:
            self._meet(variable)
        for one in node.sums:
            if one.terms and one not in self._live:
                _narrowed(one, self.low, self.high, [])
        truth = _truth(node, self.low, self.high)
        if truth is not None:
            return self.answer if truth else False
        if self._mask(node):
            return True
        if near := self._nudged(node):
            self._keep(near)
            return True
        touched = _Group()
        touched.variables |= node.variables
        touched.sums |= node.sums
        for group in {self._groups[variable] for variable in node.variables if variable in self._groups}:
            touched.variables |= group.variables
            touched.sums |= group.sums
            touched.choices += group.choices
        found = self._search(dict(self.low), dict(self.high), [*touched.choices, (node,)], touched, Budget(MAX_BRANCHES))
        if not isinstance(found, dict):
            return found
        self._keep({**self._base, **found})
        return self.answer

    def _keep(self, point: At) -> None:
        if self.answer and len(self.kept) < MAX_POINTS:
            self.kept.append(point)

    def _mask(self, node: Part) -> int:
        """Return at which of the points that are kept a formula holds, bit by bit."""
        if isinstance(node, Limit):
            mask, seen = self._masks.get(node, (0, 0))
            for place in range(seen, len(self.kept)):
                mask |= _holds(node, self.kept[place]) << place
            self._masks[node] = mask, len(self.kept)
            return mask
        found = (1 << len(self.kept)) - 1 if node.every else 0
        for part in node.parts:
            found = found & self._mask(part) if node.every else found | self._mask(part)
            if node.every and not found:
                break
        return found

    def _search(self, low: Ends, high: Ends, pending: Iterable[Choice], group: "_Group", budget: Budget) -> At | bool | None:
        """Return a point at which what is pending holds; False where there is none. Every branch has its own ends."""
        if not budget.spend():
            return None
        choices = _settled(low, high, pending, group.sums)
        if choices is None:
            return False
        point = _greedy(low, high, group)
        if point is None:
            exact = self._exact(low, high, group)
            if exact is False:
                return False
            point = exact if isinstance(exact, dict) else None
        if point is not None and all(any(_holds(part, point) for part in choice) for choice in choices):
            return point
        if not choices:
            return None
        choices.sort(key=len)
        answer: bool | None = False
        denied: list[Choice] = []
        for part in choices[0]:
            found = self._search(dict(low), dict(high), [*denied, *choices[1:], (part,)], group, budget)
            if isinstance(found, dict):
                return found
            if found is None:
                answer = None
            elif isinstance(part, Limit):  # the next parts are tried where this one does not hold
                denied.append((self.space.opposite(part),))
        return answer

    def _exact(self, low: Ends, high: Ends, group: "_Group") -> At | bool | None:
        """Return a point within the ends by elimination, part by part of what hangs together."""
        rows = [row for one in group.sums if one.terms for row in _rows(one, low, high)]
        tied = {name for row in rows for name, _ in row.terms}
        rows += [row for one in group.variables if one.name in tied for row in _rows(one, low, high)]
        names = {one.name: one for one in group.variables}
        point: At = {one: _pick(one, low, high) for one in group.variables}
        settled = True
        for part in components(rows):
            if part not in self.space.solved:
                if len(self.space.solved) >= MAX_SOLVED:
                    self.space.solved.clear()
                self.space.solved[part] = solve(part, self.space.variables.rational, Budget())
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
        if moving and self._differ_nearby(
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
        pairs = ((one, self.space.renamed(two, others)) for one, two in combinations(outcomes, 2))
        found = any(both.possible(self.space.join(pair, every=True)) is not False for pair in pairs)
        for point in both.kept[1:]:
            self._keep(point)
            self._keep(point | {one: _at(self.space.variable(other), point) for one, other in others.items()})
        return found

    def _differ_nearby(self, outcomes: Sequence[Part], moving: Sequence[Sum]) -> bool:
        """Return whether a point that is kept comes out differently once some variables alone are moved: a little, or as in another."""
        rules = [rule for rule in self.rules if not isinstance(rule, bool) and not rule.variables.isdisjoint(moving)]
        limits = {limit: None for part in (*outcomes, *rules) for limit in limits_in(part) if moving[0] in limit.variables}
        for outcome in outcomes:
            mask = self._mask(outcome)
            for place, point in enumerate(self.kept):
                if mask >> place & 1:
                    if len(moving) == 1:
                        steps = (self._crossed(point, moving[0], limit) for limit in limits)
                    else:
                        steps = ({one: _at(one, other) for one in moving} for other in self.kept)
                    for step in steps:
                        if step and not _holds(outcome, there := point | step) and all(_holds(rule, there) for rule in rules):
                            return True
        return False

    def _nudged(self, node: Part) -> At | None:
        """Return a point at which a formula holds, one move away from a point that is kept; None where none is found so."""
        parts = node.parts if isinstance(node, Join) and node.every else (node,)
        masks = [(part, self._mask(part)) for part in parts]
        left = MAX_NUDGES
        for place, point in enumerate(self.kept):
            failing = [part for part, mask in masks if not mask >> place & 1]
            for limit in limits_in(failing[0]) if len(failing) == 1 else ():
                for one in limit.variables:
                    step = self._crossed(point, one, limit)
                    if step and left:
                        left -= 1
                        there = point | step
                        if _holds(node, there) and all(_holds(rule, there) for rule in self._rules_of(one)):
                            return there
        return None

    def _rules_of(self, one: Sum) -> list[Part]:
        return [rule for rule in self.rules if not isinstance(rule, bool) and one in rule.variables]

    def _crossed(self, point: At, one: Sum, limit: Limit) -> At | None:
        """Return where a variable has to go so that a comparison comes out otherwise, where it can."""
        c = next((c for part, c in limit.of.terms if part is one), 1)
        (there, side), here, held = limit.end, _value(limit.of, point), _holds(limit, point)
        up = limit.upper is held
        if bool(side) is not held:
            unit = 1 if limit.of.whole else Fraction(1, 100)
            there += unit if up else -unit
        value = _at(one, point) + Fraction(there - here) / c
        whole = value.__ceil__() if up is (c > 0) else value.__floor__()
        end = (whole if one.whole or value == whole else value, 0)
        low, high = self.low.get(one), self.high.get(one)
        return None if (low is not None and end < low) or (high is not None and end > high) else {one: end[0]}


class _Group:
    """Variables that what always holds ties to each other, with its sums, and its disjunctions that are open."""

    __slots__ = ("choices", "sums", "variables")

    def __init__(self) -> None:
        self.variables: set[Sum] = set()
        self.sums: set[Sum] = set()
        self.choices: list[Choice] = []


def _truth(node: Part, low: Ends, high: Ends) -> bool | None:
    """Return the truth of a formula within ends; None where they leave it open."""
    if isinstance(node, Limit):
        least, most = low.get(node.of), high.get(node.of)
        if node.upper:
            return True if most is not None and most <= node.end else False if least is not None and least > node.end else None
        return True if least is not None and least >= node.end else False if most is not None and most < node.end else None
    found: bool | None = node.every
    for part in node.parts:
        truth = _truth(part, low, high)
        if truth is None:
            found = None
        elif truth is not node.every:
            return truth
    return found


def _settled(
    low: Ends, high: Ends, pending: Iterable[Part | Choice], live: Collection[Sum]
) -> list[Choice] | None:  # fmt: skip
    """Take into the ends what must hold, and return the disjunctions that are still open; None where they exclude each other."""
    work, choices = list(pending), list[Choice]()
    moved: list[Sum] = []
    while True:
        while work:
            node = work.pop()
            if isinstance(node, tuple):
                choices.append(node)
            elif isinstance(node, Join):
                if node.every:
                    work.extend(node.parts)
                else:
                    choices.append(node.parts)
            elif not _taken(node, low, high, moved):
                return None
        if moved and not _spread(moved, low, high, live):
            return None
        moved = []
        kept: list[Choice] = []
        for choice in choices:
            left: list[Part] = []
            for part in choice:
                truth = _truth(part, low, high)
                if truth:
                    break
                if truth is None:
                    left.append(part)
            else:
                if not left:
                    return None
                if len(left) == 1:
                    work.append(left[0])
                else:
                    kept.append(tuple(left))
        choices = kept
        if not work:
            return choices


def _taken(limit: Limit, low: Ends, high: Ends, moved: list[Sum]) -> bool:
    """Take a comparison into the ends; return whether that can be."""
    of, end = limit.of, limit.end
    least, most = low.get(of), high.get(of)
    if limit.upper:
        if most is None or end < most:
            high[of] = end
            moved.append(of)
        return least is None or least <= end
    if least is None or end > least:
        low[of] = end
        moved.append(of)
    return most is None or end <= most


def _spread(moved: list[Sum], low: Ends, high: Ends, live: Collection[Sum]) -> bool:
    """Narrow what hangs on ends that moved, until nothing moves; return whether that can be."""
    left = MAX_MOVES
    waiting = dict.fromkeys(moved)
    while waiting and left:
        one = next(iter(waiting))
        del waiting[one]
        for total in (one,) if one.terms else one.users:
            if total in live:
                left -= 1
                changed: list[Sum] = []
                if not _narrowed(total, low, high, changed):
                    return False
                waiting.update(dict.fromkeys(changed))
        left = max(left, 0)
    return True


def _narrowed(total: Sum, low: Ends, high: Ends, changed: list[Sum]) -> bool:
    """Narrow a sum by its variables and each variable by the sum and the others; return whether that can be."""
    least: Fraction | int = 0
    most: Fraction | int = 0
    free_least = free_most = 0
    for one, c in total.terms:
        down, up = (low.get(one), high.get(one)) if c > 0 else (high.get(one), low.get(one))
        if down is None:
            free_least += 1
        else:
            least += c * down[0]
        if up is None:
            free_most += 1
        else:
            most += c * up[0]
    known = low.get(total)
    if not free_least and (known is None or least > known[0]):
        known = low[total] = (least, 0)
    top = high.get(total)
    if not free_most and (top is None or most < top[0]):
        top = high[total] = (most, 0)
    if known is not None and top is not None and known > top:
        return False
    if top is not None and free_least < 2 and (free_least or top[0] < most or free_most):
        for one, c in total.terms:
            own = low.get(one) if c > 0 else high.get(one)
            if free_least and own is not None:
                continue
            rest = top[0] - least + (c * own[0] if own is not None else 0)
            if not _ended(one, rest, c, low, high, changed, upper=c > 0):
                return False
    if known is not None and free_most < 2 and (free_most or known[0] > least or free_least):
        for one, c in total.terms:
            own = high.get(one) if c > 0 else low.get(one)
            if free_most and own is not None:
                continue
            rest = known[0] - most + (c * own[0] if own is not None else 0)
            if not _ended(one, rest, c, low, high, changed, upper=c < 0):
                return False
    return True


def _ended(one: Sum, rest: Fraction | int, c: int, low: Ends, high: Ends, changed: list[Sum], *, upper: bool) -> bool:
    """End a variable at a part of what is left for it."""
    end: Fraction | int
    if c in {1, -1}:
        end = rest * c
        if one.whole and not isinstance(end, int):
            end = end.__floor__() if upper else end.__ceil__()
    elif one.whole:
        end = rest // c if upper else -(-rest // c)
    else:
        end = Fraction(rest) / c
        if end.denominator == 1:
            end = end.numerator
    least, most = low.get(one), high.get(one)
    if upper:
        if most is None or end < most[0]:
            high[one] = (end, 0)
            changed.append(one)
            return least is None or least <= (end, 0)
    elif least is None or end > least[0]:
        low[one] = (end, 0)
        changed.append(one)
        return most is None or most >= (end, 0)
    return True


def _pick(one: Sum, low: Ends, high: Ends, *, upper: bool = False) -> Fraction | int:
    """Return a number between the ends of a variable: at the lower one where there is one, or at the upper."""
    least, most = low.get(one), high.get(one)
    if least is None or most is None:
        if least is None:
            return 0 if most is None else most[0] + most[1]
        return least[0] + least[1] + int(upper)
    end, far = (most, least) if upper else (least, most)
    return end[0] if not end[1] else Fraction(end[0] + far[0]) / 2


def _greedy(low: Ends, high: Ends, group: _Group) -> At | None:
    """Return a point within the ends, variable after variable at one of its ends; None where that leads nowhere."""
    low, high = dict(low), dict(high)
    for one in sorted(group.variables, key=_name):
        least, most = low.get(one), high.get(one)
        if least is not None and least == most:
            continue
        if not one.users or group.sums.isdisjoint(one.users):
            low[one] = high[one] = (_pick(one, low, high), 0)
            continue
        for upper in (False, True):
            first, second = dict(low), dict(high)
            first[one] = second[one] = (_pick(one, low, high, upper=upper), 0)
            if _spread([one], first, second, group.sums):
                low, high = first, second
                break
        else:
            return None
    point = {one: low[one][0] for one in group.variables}
    for one in group.sums:
        if one.terms:
            value = (sum(c * point[part] for part, c in one.terms), 0)
            if (one in low and value < low[one]) or (one in high and value > high[one]):
                return None
    return point


def _name(one: Sum) -> str:
    return one.name


def _rows(one: Sum, low: Ends, high: Ends) -> list[Row]:
    """Return the ends of a sum as rows, but for those that follow from the ends of its variables."""
    terms = tuple((part.name, c) for part, c in one.terms) or ((one.name, 1),)
    by_low, by_high = dict(low), dict(high)
    if one.terms:
        by_low.pop(one, None), by_high.pop(one, None)
        _narrowed(one, by_low, by_high, [])
    found: list[Row] = []
    if one in high and (not one.terms or by_high.get(one) != high[one]):
        found.append(Row(terms, high[one][0], high[one][1] != 0))
    if one in low and (not one.terms or by_low.get(one) != low[one]):
        found.append(Row(tuple((name, -c) for name, c in terms), -low[one][0], low[one][1] != 0))
    return found


def _holds(node: Part, point: Mapping[Sum, Fraction | int]) -> bool:
    """Return whether a formula holds at a point; a variable that is not there lies at its own end."""
    if isinstance(node, Join):
        for part in node.parts:
            if _holds(part, point) is not node.every:
                return not node.every
        return node.every
    value = (_value(node.of, point), 0)
    return value <= node.end if node.upper else value >= node.end


def _value(of: Sum, point: Mapping[Sum, Fraction | int]) -> Fraction | int:
    return sum(c * _at(part, point) for part, c in of.terms) if of.terms else _at(of, point)


def _at(one: Sum, point: Mapping[Sum, Fraction | int]) -> Fraction | int:
    if one in point:
        return point[one]
    end = one.low or one.high
    return end[0] if end else 0
