"""The unknowns of one case: sums over variables, and which variable stands for which fact."""

from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple

from policy_engine.evaluate.open.linear import Row, normal
from policy_engine.language.text import show
from policy_engine.language.tree import Tree
from policy_engine.language.types import Type
from policy_engine.language.values import Value

_DOMAINS: Mapping[str, tuple[int, int | None]] = {
    "bool": (0, 1), "count": (0, None), "choice": (0, None), "level": (0, None), "months": (0, None),
}  # fmt: skip


class Linear(NamedTuple):
    """A sum of variables with coefficients, and a constant, over a positive whole (`below`, for shares)."""

    terms: Mapping[str, Fraction | int]
    constant: Fraction | int = 0
    below: "Linear | None" = None

    def plus(self, other: "Linear", factor: Fraction | int = 1) -> "Linear":
        """Add another sum, times a factor."""
        terms = dict(self.terms)
        for name, c in other.terms.items():
            terms[name] = terms.get(name, 0) + factor * c
        return Linear(terms, self.constant + factor * other.constant)

    def times(self, factor: Fraction | int) -> "Linear":
        return Linear({name: c * factor for name, c in self.terms.items()}, self.constant * factor, self.below)


class NotLinearError(Exception):
    """A condition compares what is not linear; its caller makes it a free variable."""


def cross(left: Linear, right: Linear) -> Linear:
    """Return left minus right times their positive wholes; division is never done."""
    a, b = left.below, right.below
    scaled_left = left if b is None else product(left, b)
    scaled_right = right if a is None else product(right, a)
    return Linear(scaled_left.terms, scaled_left.constant).plus(Linear(scaled_right.terms, scaled_right.constant), -1)


def product(left: Linear, right: Linear) -> Linear:
    """Multiply, where one factor is a number."""
    if right.below is None and not right.terms:
        return left.times(right.constant)
    if left.below is None and not left.terms:
        return right.times(left.constant)
    raise NotLinearError


def add(left: Linear, right: Linear, factor: int) -> Linear:
    """Add, where both are plain sums or shares of the same whole."""
    if left.below != right.below:
        raise NotLinearError
    return left.plus(right, factor)._replace(below=left.below)


class Variables:
    """The unknowns of one case: which variable stands for which fact, and within which bounds."""

    def __init__(self, values: Mapping[str, Value], types: Mapping[str, Type], ranks: int, nullable: frozenset[str] = frozenset()) -> None:
        """Take the values known so far, the type of every fact, the number of levels, and the facts that may not exist."""
        self.values, self.types, self.ranks, self.nullable = dict(values), types, ranks, nullable
        self.sums: dict[str, Linear] = {}
        self.facts: dict[str, frozenset[str]] = {}
        self.domains: dict[str, tuple[Fraction | int | None, Fraction | int | None]] = {}
        self.rationals: set[str] = set()
        self.aliases: dict[str, str] = {}
        self.exact = True

    def rational(self, name: str) -> bool:
        """Return whether a variable takes fractions."""
        return name in self.rationals

    def sum_of(self, name: str) -> Linear:
        """Return the sum that an unknown fact is: a variable of its own, unless it was counted from a list."""
        name = self.aliases.get(name, name)
        if name not in self.sums:
            self.sums[name] = self.variable(name, self.types[name], frozenset({name}))
        return self.sums[name]

    def variable(self, name: str, kind: Type, facts: frozenset[str]) -> Linear:
        """Make a variable of a type, for some facts."""
        self.facts[name] = facts
        least, most = _DOMAINS.get(kind.kind, (None, None))
        if kind.kind in {"choice", "level"}:
            most = (len(kind.choices) if kind.kind == "choice" else self.ranks) - 1
        self.domains[name] = (least, most)
        if kind.kind in {"points", "share"}:
            self.rationals.add(name)
        return Linear({name: 1})

    def free(self, tree: Tree, facts: frozenset[str]) -> Linear:
        """Make a truth variable for what is not linear: either way is thought possible."""
        self.exact = False
        return self.variable(f"?{show(tree)}", Type("bool"), facts)

    def domain_rows(self) -> list[Row]:
        """Return the bounds of every variable as rows."""
        lower = [normal({name: -1}, -least, self.rational) for name, (least, _) in self.domains.items() if least is not None]
        upper = [normal({name: 1}, most, self.rational) for name, (_, most) in self.domains.items() if most is not None]
        return [row for row in (*lower, *upper) if isinstance(row, Row)]
