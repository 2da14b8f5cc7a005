"""Where an open figure is the only open one in each rule about it: all that an answer can hang on is how the rules' limits lie.

Each comparison of such a figure says that it is at most some number that the row's other figures make. Between two neighbouring limits
nothing changes, so that two rows have the same answer where the same limits come in the same order, fall together alike, and leave the
same room (none, one whole number, or more) between them: 3 of 6 tasks is like 50 of 100.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from math import lcm
from typing import NamedTuple

import narwhals.stable.v2 as nw

from policy_engine.columnar.plan.completing import Bond, Completing, Inequality, eliminated, facts_of, groups, over_columns
from policy_engine.columnar.plan.conditions import ColumnReader
from policy_engine.columnar.plan.fields import NUMBERS, FactField, NotColumnarError, Truth, all_of, any_of, as_column, known, opposite
from policy_engine.evaluate.open.linear import Linear, NotLinearError, cross
from policy_engine.language.tree import Pair, Tree, opened

_PARTS = frozenset({"points", "share"})
"""Kinds of figures that need not be whole."""
_PLAIN = NUMBERS | {"bool", "choice"}
_ROOM = 4
"""Limits of a figure that need not be whole are so much apart that, next to each, there is a place for “below” it."""
_APART = 2
"""Limits that are further apart than this leave as much room as any others."""


class _SumComparison(NamedTuple):
    """A comparison of a sum of columns with nothing."""

    terms: tuple[tuple[str, Fraction | int], ...]
    constant: Fraction | int
    sign: str


class Limits(NamedTuple):
    """The limits of one figure: the column that says whether it is open and alone in each of its rules, and those of its limits."""

    alone: str
    above: tuple[str, ...]
    """What it must lie above."""
    most: tuple[str, ...]
    """What it must not exceed."""
    between: tuple[str, ...]
    """Where something changes that matters."""

    @property
    def columns(self) -> list[str]:
        return [*self.above, *self.most, *self.between]

    def order_of(self, limits: Sequence[int | None]) -> tuple[int, ...] | None:
        """Return how the limits of a row lie to each other within the bounds of the figure; None where it is free and nothing changes.

        Nothing, where its bounds leave no room for it.
        """
        ends = len(self.above), len(self.above) + len(self.most)
        above = max((one for one in limits[: ends[0]] if one is not None), default=None)
        most = min((one for one in limits[ends[0] : ends[1]] if one is not None), default=None)
        if above is not None and most is not None and above >= most:
            return ()
        inside = [_within(one, above, most) for one in limits[ends[1] :]]
        if not any(one is not None for one in inside):
            return None
        places: dict[int | None, int] = {None: -1}
        place, before = 0, 0
        for limit in sorted({one for one in (above, most, *inside) if one is not None}):
            place += min(limit - before, _APART) if place else 1
            places[limit] = place
            before = limit
        return (places[above], places[most], *[places[one] for one in inside])


def _within(limit: int | None, above: int | None, most: int | None) -> int | None:
    if limit is None:
        return None
    raised = limit if above is None else max(limit, above)
    return raised if most is None else min(raised, most)


class Apart:
    """The comparisons of an edition by the columns that stand in them."""

    def __init__(self, fields: Mapping[str, FactField], absent: frozenset[str], levels: int) -> None:
        """Take the fields, the facts that no row states and nothing decides on, and the number of levels."""
        self.fields, self.absent, self._levels = fields, absent, levels
        self._kinds = {field.column: field.kind for field in fields.values() if field.column and field.kind in NUMBERS}
        self._rules: dict[str, dict[_SumComparison, list[Truth]]] = {}
        """By column: the comparisons in which it stands, and the truths of which one must not be false for it to matter."""
        self._laws: set[_SumComparison] = set()
        """Those that must hold."""
        self.numbers = {name for name, field in fields.items() if field.kind in NUMBERS and field.column}
        self._lost: set[str] = {field.column for field in fields.values() if field.none}
        self.settled: set[str] = set()
        """Facts without a column of which it is known whether the row leaves room for them."""
        self.idle: dict[str, str] = {}
        """By column: figures that play no part where they are open and no comparison looks at them which matters."""
        self.room: list[Truth] = []
        """Whether it does."""

    def lose(self, names: Iterable[str]) -> None:
        """Take some facts for held against others in a way that is no matter of limits."""
        for name in names:
            field = self.fields.get(name)
            if field:
                self._lost.update([field.column, *(field.total.terms if field.total else ())])
        self._lost.discard("")

    def loses(self, name: str) -> bool:
        """Return whether what a fact is held against is no matter of sums and limits, truths and choices."""
        field = self.fields.get(name)
        return field is None or field.column in self._lost or field.kind not in _PLAIN

    def take(self, leaf: Tree, names: Iterable[str], reader: ColumnReader, matters: Truth, *, law: bool) -> None:
        """Take in a comparison that a condition is made of: whether it matters to a row, and whether it must hold."""
        facts = [name for name in names if name in self.fields]
        if not any(self.fields[name].kind in NUMBERS for name in facts):
            return
        try:
            for left, sign, right in _pairs(leaf):
                one, other = reader.number(left), reader.number(right)
                if one is None or other is None:  # some fact has no column; what a law leaves without it, `complete` takes in
                    if not (law and all(name in self.absent or known(self.fields[name]) is not False for name in facts)):
                        self.lose(facts)
                else:
                    self._add(cross(one, other), sign, matters, law=law)
        except (NotLinearError, NotColumnarError, KeyError):
            self.lose(facts)

    def _add(self, total: Linear, sign: str, matters: Truth, *, law: bool) -> None:
        rule = _SumComparison(tuple(sorted(total.terms.items())), total.constant, sign)
        if law:
            self._laws.add(rule)
        for column in total.terms:
            self._rules.setdefault(column, {}).setdefault(rule, []).append(matters)

    def complete(self, completing: Completing, reader: ColumnReader, *, any_open: bool) -> None:
        """Take in what the invariants and sums leave where facts are eliminated: those without a column, or any figure that is open."""
        absent = self.absent
        stated = frozenset(name for name, field in self.fields.items() if field.kind in NUMBERS and known(field) is not False)
        for group in groups(completing.bonds, absent | stated):
            bound = facts_of(group)
            rows = eliminated(group, (absent | stated) & bound, completing.facts, any_open=True) if any_open else None
            if rows is None:
                for part in groups(group, absent):
                    self._complete(part, eliminated(part, absent, completing.facts), reader)
                continue
            self.idle |= {self.fields[name].column: name for name in bound & stated if self.fields[name].column}
            self._complete(group, [row for row in rows if not row.terms.keys() & absent], reader)

    def _complete(self, group: Sequence[Bond], rows: Sequence[Inequality] | None, reader: ColumnReader) -> None:
        if rows is None:
            self.lose(facts_of(group))
            return
        self.settled |= facts_of(group) & self.absent
        for row in rows:
            total = over_columns(row, self.fields)
            if total is None:
                self.lose(row.terms)
                continue
            self._add(total, row.sign, False, law=True)
            self.room.append(reader.row(total, row.sign))

    def alone(self, name: str) -> Truth:
        """Return whether a fact, where it is open, is the only open one in each rule about it; one that adds up from others is none."""
        field = self.fields[name]
        if field.total is not None:
            return not (field.total.terms.keys() & self._lost)
        if field.column in self._lost or field.column not in self._kinds:
            return False
        return all_of(
            any_of(
                (
                    all_of(~nw.col(other).is_null() for other, _ in rule.terms if other != field.column),
                    rule not in self._laws and opposite(any_of(matters)),
                    all_of((opposite(any_of(matters)), any_of(self._is_idle(other) for other, _ in rule.terms if other != field.column))),
                )
            )
            for rule, matters in self._rules.get(field.column, {}).items()
        )

    def _is_idle(self, column: str) -> Truth:
        """Return whether a row leaves a figure open that no comparison looks at which matters."""
        return all_of((nw.col(column).is_null(), nw.col(f"__idle_{self.idle[column]}"))) if column in self.idle else False

    def limits(self, name: str, reader: ColumnReader) -> tuple[Limits, Mapping[str, nw.Expr]] | None:
        """Return the limits of a fact, and their columns; None for one that is never alone."""
        column = self.fields[name].column
        if not column or column in self._lost or column not in self._kinds:
            return None
        rules = self._rules.get(column, {})
        whole = self._kinds[column] not in _PARTS
        factors = {rule: _scaled(rule, column) for rule in rules if dict(rule.terms)[column]}
        common = lcm(*(abs(factor) for _, factor in factors.values()))
        found: dict[str, dict[str, nw.Expr]] = {"above": {}, "most": {}, "between": {}}

        def note(where: str, limit: nw.Expr) -> None:
            found[where][f"__limit_{name}_{where}{len(found[where])}"] = limit

        for rule, (scale, factor) in factors.items():
            rest = {other: Fraction(c) for other, c in rule.terms if other != column}
            more = 1 if whole else _ROOM * common // abs(factor)
            plus, minus = reader.sides(rest, Fraction(rule.constant), scale * more)
            apart = _number(minus) - _number(plus) if factor > 0 else _number(plus) - _number(minus)
            matters = any_of(rules[rule])
            for less in dict.fromkeys(_cuts(rule.sign, positive=factor > 0)):
                limit = (apart - less) // abs(factor) if whole else apart - less
                if rule in self._laws and rule.sign != "!=":
                    below = not less if rule.sign == "==" else (rule.sign in {"<", "<="}) is (factor > 0)
                    note("most" if below else "above", limit)
                if matters is not False:
                    note("between", limit if matters is True else nw.when(as_column(matters)).then(limit))
        if whole:
            note("above", nw.lit(-1, dtype=nw.Int64))
        if self._kinds[column] == "level":
            note("most", nw.lit(self._levels - 1, dtype=nw.Int64))
        limits = Limits(alone=f"__alone_{name}", **{where: tuple(columns) for where, columns in found.items()})
        return limits, {name: limit for columns in found.values() for name, limit in columns.items()}


def _scaled(rule: _SumComparison, column: str) -> tuple[int, int]:
    """Return by what a sum becomes one of whole numbers, and the factor of a column in it."""
    scale = lcm(Fraction(rule.constant).denominator, *(Fraction(c).denominator for _, c in rule.terms))
    return scale, int(dict(rule.terms)[column] * scale)


def _cuts(sign: str, *, positive: bool) -> Iterator[int]:
    """Return what to take from the rest before it is divided: over whole numbers `a * x < r` is `a * x <= r - 1`."""
    if sign not in {"<", ">="}:
        yield 0 if positive else 1
    if sign not in {"<=", ">"}:
        yield 1 if positive else 0


def _number(side: nw.Expr | int) -> nw.Expr:
    return nw.lit(side, dtype=nw.Int64) if isinstance(side, int) else side.cast(nw.Int64)


def _pairs(leaf: Tree) -> Iterable[Pair]:
    """Return the comparisons that a leaf is; NotLinearError where it is none."""
    match opened(leaf):
        case "comparison", (pairs,):
            compared: Sequence[Pair] = pairs
            return compared
        case "membership", (one, _, elements):
            return [Pair(one, "==", element) for element in elements]
        case _:
            raise NotLinearError
