"""Figures that nothing decides on and that a row leaves open: whether the invariants leave room for them.

Of a row that states `total` and not the parts that it is the sum of, nothing is guessed; it is enough to know that there are parts
which the invariants allow. Each open figure is eliminated once, when the plan is made, as Fourier and Motzkin do it: whatever is at
least this and at most that leaves “this is at most that”. What remains holds for known figures alone.

Of any other rule either every fact is known and it holds, or none of its facts is known; any other row is not plain, since its open
figures might have no value that the rules allow.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import partial
from math import gcd, lcm
from typing import NamedTuple

from policy_engine.columnar.plan.conditions import ColumnReader, Weight
from policy_engine.columnar.plan.fields import NUMBERS, FactField, NotColumnarError, Truth, all_of, any_of, certain, known, opposite
from policy_engine.evaluate.core.plan import Plan, TrackPlan
from policy_engine.evaluate.duties.bounds import bounds_of
from policy_engine.evaluate.open.linear import Linear, NotLinearError, cross
from policy_engine.language.tree import Tree, children, compared, name_of, named, names_in, opened
from policy_engine.language.values import Value
from policy_engine.model.facts import FactDeclaration, InterpretationUse, Invariant
from policy_engine.model.rulebook import Edition

_FRACTIONS = frozenset({"points", "share"})
"""Kinds of figures that need not be whole."""
_MOST = 64
"""More rules than these are not worth their time in every row."""


class Law(NamedTuple):
    """An invariant over a file: its place, its facts, whether all are known and as it says, whether none is known."""

    rule: int
    facts: frozenset[str]
    holds: Truth
    none_known: Truth

    @property
    def real(self) -> Truth:
        """Return whether the figures of a row can be."""
        return any_of((self.holds, self.none_known))


def laws_of(rules: Iterable[Invariant], reader: ColumnReader) -> list[Law]:
    """Read invariants; those that no row of the file can break fall out."""
    laws: list[Law] = []
    for place, rule in enumerate(rules):
        facts = frozenset(name for name in rule.holds.names if name in reader.fields)
        stated = [known(reader.fields[name]) for name in sorted(facts)]
        none_known = all_of(map(opposite, stated))
        if none_known is not True:
            # one comparison of numbers is known only where all of its facts are
            construct, parts = opened(rule.holds.tree)
            strict = construct == "comparison" and len(parts[0]) == 1
            holds = reader.truth(rule.holds)
            laws.append(Law(place, facts, holds if strict else all_of([holds, *stated]), none_known))
    return laws


class Inequality(NamedTuple):
    """A rule: a sum of facts that is at most nothing, or below it."""

    terms: Mapping[str, Fraction]
    constant: Fraction
    strict: bool

    @property
    def sign(self) -> str:
        """Return how the sum stands to nothing."""
        return "<" if self.strict else "<="

    @property
    def is_sure(self) -> bool:
        """Return whether it holds of whatever is not negative, as every figure is."""
        return all(c < 0 for c in self.terms.values()) and (self.constant < 0 or (self.constant == 0 and not self.strict))


class Bond(NamedTuple):
    """What binds facts to each other, as inequalities (None where it is no matter of sums); and which invariant it is, if it is one."""

    facts: frozenset[str]
    rows: tuple[Inequality, ...] | None
    law: int | None = None


def bonds_of(edition: Edition, constants: Mapping[str, Value]) -> list[Bond]:
    """Return what binds the facts of an edition: its invariants, and sums that facts are derived by."""
    fields = {name: FactField(kind=fact.type.kind, column=name) for name, fact in edition.facts.items() if fact.type.kind != "list"}
    reader = ColumnReader(fields, constants, Weight())
    bonds = [_bond(rule.holds.tree, rule.holds.names, reader)._replace(law=n) for n, rule in enumerate(edition.invariants)]
    for fact in edition.facts.values():
        names = {name for name in names_of(fact.derived.tree) if name in fields} if fact.derived else set[str]()
        if fact.derived is None or not names:
            continue
        if fact.type.kind in NUMBERS:
            bonds.append(_bond(compared(named(fact.name), "==", fact.derived.tree), (fact.name, *names), reader))
        else:
            bonds.append(Bond(frozenset({fact.name, *names}), None))
    return bonds


def names_of(tree: Tree) -> Iterable[str]:
    """Return the names of a sum, but not those that are looked up in the items of a list, which are free while the list is open."""
    if name_of(tree):
        return [name_of(tree)]
    construct, parts = opened(tree)
    return [name for child in (parts[:1] if construct in {"count", "sum"} else children(tree)) for name in names_of(child)]


def _bond(tree: Tree, names: Iterable[str], reader: ColumnReader) -> Bond:
    """Read one rule: a chain of comparisons of sums, each pair as inequalities."""
    facts = frozenset(name for name in names if name in reader.fields)
    rows: list[Inequality] = []
    try:
        construct, parts = opened(tree)
        if construct != "comparison" or any(pair.sign == "!=" for pair in parts[0]):
            return Bond(facts, None)
        for left, sign, right in parts[0]:
            difference = cross(_sum(left, reader), _sum(right, reader))
            terms, constant = {name: Fraction(c) for name, c in difference.terms.items() if c}, Fraction(difference.constant)
            if sign not in {">", ">="}:
                rows.append(Inequality(terms, constant, sign == "<"))
            if sign not in {"<", "<="}:
                rows.append(Inequality({name: -c for name, c in terms.items()}, -constant, sign == ">"))
    except (NotLinearError, NotColumnarError):
        return Bond(facts, None)
    return Bond(facts, tuple(rows))


def _sum(tree: Tree, reader: ColumnReader) -> Linear:
    """Return one side; NotLinearError where it is no sum of numbers."""
    if any(name in reader.fields and reader.fields[name].kind not in NUMBERS for name in names_in(tree)):
        raise NotLinearError
    found = reader.number(tree)
    if found is None:
        raise NotLinearError
    return found


def groups(bonds: Sequence[Bond], open_: frozenset[str]) -> list[tuple[Bond, ...]]:
    """Return the rules that bind open facts, those that an open fact joins together."""
    found: list[tuple[Bond, ...]] = []
    for bond in bonds:
        if bond.facts & open_:
            joined = [group for group in found if any(one.facts & bond.facts & open_ for one in group)]
            found = [group for group in found if group not in joined]
            found.append((*(one for group in joined for one in group), bond))
    return found


def facts_of(group: Sequence[Bond]) -> frozenset[str]:
    """Return the facts that rules bind."""
    return frozenset[str]().union(*(bond.facts for bond in group))


def eliminated(
    group: Sequence[Bond], open_: frozenset[str], facts: Mapping[str, FactDeclaration], *, any_open: bool = False
) -> list[Inequality] | None:
    """Return the rules of a group with its open facts eliminated; None where that cannot be done exactly.

    `any_open` keeps each rule that follows beside those that it follows from. So it does not matter which of the open facts a row states:
    it can be completed where no rule whose facts it states is broken.
    """
    bound = facts_of(group)
    if any(bond.rows is None for bond in group) or any(facts[name].may_be_none or facts[name].type.kind == "level" for name in bound):
        return None
    gone = sorted(open_ & bound)
    rows = [row for bond in group for row in bond.rows or ()]
    rows += [Inequality({name: Fraction(-1)}, Fraction(0), strict=False) for name in gone]  # no figure is negative
    while gone:
        name = gone[0] if any_open else min(gone, key=partial(_pairs, rows))
        gone.remove(name)
        made = _without(rows, name, facts)
        if made is None:
            return None
        kept = [*(row for row in rows if any_open or name not in row.terms), *made]
        once = {(frozenset(row.terms.items()), row.constant, row.strict): row for row in kept if row.terms or not row.is_sure}
        rows = list(once.values())
    return [row for row in rows if not row.is_sure]


def _pairs(rows: Sequence[Inequality], name: str) -> int:
    """Return how many rows an elimination makes."""
    factors = [row.terms[name] for row in rows if name in row.terms]
    above = sum(factor > 0 for factor in factors)
    return above * (len(factors) - above)


def _without(rows: Sequence[Inequality], name: str, facts: Mapping[str, FactDeclaration]) -> list[Inequality] | None:
    """Return what follows when one figure is eliminated; None where that is not exact, or too much.

    A whole figure must be bound by whole ones with factors of one, so that nothing is lost between two fractions; and over whole figures
    “below” leaves at least one between.
    """
    about = [row for row in rows if name in row.terms]
    whole = {fact for row in about for fact in row.terms if facts[fact].type.kind not in _FRACTIONS}
    exact = name not in whole or all(
        row.terms.keys() <= whole and abs(row.terms[name]) == 1 and all(c.denominator == 1 for c in (*row.terms.values(), row.constant))
        for row in about
    )
    if not exact or _pairs(rows, name) > _MOST:
        return None
    tight = [row._replace(constant=row.constant + 1, strict=False) if row.strict and row.terms.keys() <= whole else row for row in about]
    return [_joined(one, other, name) for one in tight if one.terms[name] > 0 for other in tight if other.terms[name] < 0]


def _joined(one: Inequality, other: Inequality, name: str) -> Inequality:
    """Return what an upper and a lower bound of a figure leave, in the smallest whole numbers."""
    left, right = 1 / one.terms[name], -1 / other.terms[name]
    terms = {
        fact: one.terms.get(fact, Fraction(0)) * left + other.terms.get(fact, Fraction(0)) * right for fact in {**one.terms, **other.terms}
    }
    constant = one.constant * left + other.constant * right
    parts = [*(c for c in terms.values() if c), constant]
    common = lcm(*(part.denominator for part in parts))
    scale = Fraction(common, gcd(*(int(part * common) for part in parts)) or 1)
    return Inequality({fact: c * scale for fact, c in terms.items() if c}, constant * scale, one.strict or other.strict)


def uses_under(track: TrackPlan, facts: Iterable[FactDeclaration]) -> Iterator[InterpretationUse]:
    """Return every interpretation that an outcome under a track may rely on."""
    own = track.track
    for considered in track.considered.values():
        yield from considered.uses
    yield from own.residual.interpretations
    for interpretations in (*(rule.interpretations for rule in own.stand_ins), *(fact.interpretations for fact in facts)):
        yield from interpretations
    for level in own.levels:
        for criterion in level.criteria:
            yield from (*criterion.interpretations, *criterion.applies_interpretations)


class Completing:
    """The figures of an edition that a row may leave open without harm, track by track."""

    def __init__(self, plan: Plan, *, thorough: bool) -> None:
        """Take the edition; `thorough` looks for figures too that a row leaves open although the file has a column for them."""
        self.facts, self.thorough = plan.edition.facts, thorough
        self.bonds = bonds_of(plan.edition, plan.constants)
        uses = [use for track in plan.tracks.values() for use in uses_under(track, self.facts.values())]
        uses += [use for bound in bounds_of(plan.edition) for use in bound.rule.rule.interpretations]
        # what invariants force the facts to be that an interpretation hangs on, only the reference works out
        self.free = facts_of(self.bonds) - {name for use in uses if use.when for name in use.when.names}

    def laws_under(self, laws: Sequence[Law], decisive: frozenset[str], reader: ColumnReader) -> list[Law]:
        """Return the invariants under a track, by its decisive facts; each holds too where its open figures can be completed."""
        found: dict[int | None, list[Truth]] = {}
        for group, truth in self._truths(decisive, reader):
            for bond in group if truth is not False else ():
                found.setdefault(bond.law, []).append(truth)
        return [law._replace(holds=any_of((law.holds, *found.get(law.rule, ())))) for law in laws]

    def _truths(self, decisive: frozenset[str], reader: ColumnReader) -> Iterator[tuple[tuple[Bond, ...], Truth]]:
        """Return groups of rules, each with whether a row can be completed by them."""
        free = self.free - decisive
        absent = frozenset(name for name in free if known(reader.fields[name]) is False)
        sets = [absent]
        if self.thorough:  # besides, what lies below each step of deriving
            depths = self._depths(free)
            sets += [absent | {name for name, depth in depths.items() if depth >= most} for most in sorted(set(depths.values()))]
        for open_ in dict.fromkeys(sets):
            for group in groups(self.bonds, open_):
                yield group, self._room(group, open_, reader)
        for group in groups(self.bonds, free) if self.thorough else ():
            rows = eliminated(group, free, self.facts, any_open=True)
            if rows is not None:
                stated = [known(reader.fields[name]) for name in sorted(facts_of(group) - free)]
                yield group, all_of([*stated, *(certain(held, unknown=True) for held in _held(rows, reader))])

    def _depths(self, free: frozenset[str]) -> dict[str, int]:
        """Return how many steps of deriving lie between each fact and one that nothing is derived from."""
        depths = dict.fromkeys(free, 1)
        pairs = [(fact.name, name) for fact in self.facts.values() if fact.derived for name in names_of(fact.derived.tree) if name in free]
        for _ in free:
            depths |= {name: depths.get(above, 0) + 1 for above, name in pairs if depths[name] <= depths.get(above, 0)}
        return depths

    def _room(self, group: Sequence[Bond], open_: frozenset[str], reader: ColumnReader) -> Truth:
        """Return whether a row leaves just these facts of a group open, and the others leave room for them."""
        bound = facts_of(group)
        stated = [known(reader.fields[name]) for name in sorted(bound - open_)]
        rows = None if any(one is False for one in stated) else eliminated(group, open_, self.facts)
        if rows is None:
            return False
        gone = [opposite(known(reader.fields[name])) for name in sorted(bound & open_)]
        return all_of([*stated, *gone, *_held(rows, reader)])


def _held(rows: Iterable[Inequality], reader: ColumnReader) -> Iterator[Truth]:
    """Return whether rows hold of the figures that are known; nothing is said of those without a column."""
    for row in rows:
        total = over_columns(row, reader.fields)
        if total is not None:
            yield reader.row(total, row.sign)


def over_columns(row: Inequality, fields: Mapping[str, FactField]) -> Linear | None:
    """Return the sum of a rule over columns; None where one of its facts has none."""
    total = Linear({}, row.constant)
    for name, factor in row.terms.items():
        own = fields[name].as_sum()
        if own is None:
            return None
        total = total.plus(own, factor)
    return total
