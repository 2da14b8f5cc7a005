"""The formulas of open facts, each kept once, as comparisons of sums that are kept once too.

Every sum that is compared anywhere is one `Sum`, and a comparison a `SumLimit` on it; so what is known are two tables, the lower and the
upper end of each sum, and formulas are compared by what they are.
"""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import TypeAlias

from policy_engine.evaluate.core.memory import Memory
from policy_engine.evaluate.open.formula import All, Atom, Formula, Variables
from policy_engine.evaluate.open.linear import Point, negated

MAX_SOLVED = 4_000
"""How many systems of rows are remembered with what elimination found."""

End: TypeAlias = tuple[Fraction | int, int]
"""An end of a sum; 1 or -1 where it lies just above or below the number, so that ends are compared as they are written."""


class Sum:
    """A sum that is compared, the first of its variables taken positively; or a variable, which has no terms."""

    __slots__ = ("least", "most", "name", "terms", "times", "users", "whole")

    def __init__(self, name: str, terms: "tuple[tuple[Sum, int], ...]", *, whole: bool) -> None:
        self.name, self.terms, self.whole = name, terms, whole
        self.times: dict[Sum, int] = dict(terms) or {self: 1}
        self.users: list[Sum] = []
        self.least: End | None = None
        self.most: End | None = None


class SumLimit:
    """A comparison: a sum is at most an end (`upper`), or at least."""

    __slots__ = ("atom", "end", "of", "sums", "upper", "variables")

    def __init__(self, atom: Atom, of: Sum, end: End, *, upper: bool) -> None:
        self.atom, self.of, self.end, self.upper = atom, of, end, upper
        self.sums: dict[Sum, None] = {of: None}
        self.variables: dict[Sum, None] = dict.fromkeys(of.times)


class Join:
    """Comparisons joined by and (`every`), or by or."""

    __slots__ = ("every", "parts", "sums", "variables")

    def __init__(self, parts: "tuple[SumLimit | Join, ...]", *, every: bool) -> None:
        self.parts, self.every = parts, every
        self.sums: dict[Sum, None] = {}
        self.variables: dict[Sum, None] = {}
        for part in parts:
            self.sums |= part.sums
            self.variables |= part.variables


Node: TypeAlias = bool | SumLimit | Join
Part: TypeAlias = SumLimit | Join
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
        self.solved: Memory[Point | bool | None] = Memory(MAX_SOLVED)
        self._sums: dict[tuple[tuple[str, int], ...], Sum] = {}
        self._limits: dict[Atom, SumLimit] = {}
        self._joins: dict[tuple[bool, Choice], Join] = {}

    def __len__(self) -> int:
        """Return how much is kept."""
        return len(self._limits) + len(self._joins)

    def variable(self, name: str) -> Sum:
        key = ((name, 1),)
        if key not in self._sums:
            made = self._sums[key] = Sum(name, (), whole=not self.variables.rational(name))
            least, most = self.variables.domains[name]
            made.least, made.most = least if least is None else (least, 0), most if most is None else (most, 0)
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

    def limit(self, atom: Atom) -> SumLimit:
        found = self._limits.get(atom)
        if found is None:
            (terms, bound, strict), upper = atom.row, atom.row.terms[0][1] > 0
            if isinstance(bound, Fraction) and bound.denominator == 1:
                bound = bound.numerator
            of = self.sum(terms if upper else tuple((name, -c) for name, c in terms))
            end = (bound, -int(strict)) if upper else (-bound, int(strict))
            found = self._limits[atom] = SumLimit(atom, of, end, upper=upper)
        return found

    def opposite(self, limit: SumLimit) -> SumLimit:
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
        if len(kept) <= 1:
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
        if isinstance(node, bool) or node.variables.keys().isdisjoint(others):
            return node
        if isinstance(node, Join):
            return self.join([self.renamed(part, others) for part in node.parts], every=node.every)
        names = {variable.name: other for variable, other in others.items()}
        terms = tuple(sorted((names.get(name, name), c) for name, c in node.atom.row.terms))
        return self.limit(Atom(node.atom.row._replace(terms=terms), node.atom.facts))


def limits_in(node: Node, *, certain: bool = False) -> list[SumLimit]:
    """Return the comparisons of a formula; or those alone that hold wherever it holds."""
    if isinstance(node, SumLimit):
        return [node]
    if isinstance(node, bool) or (certain and not node.every):
        return []
    return [limit for part in node.parts for limit in limits_in(part, certain=certain)]
