"""Figures that nothing decides on and that a row leaves open: whether they can be completed, by rules with these figures eliminated.

Of a row that states `total` and not the parts that it is the sum of, nothing is guessed; it is enough to know that there are
parts which the invariants allow. Each open figure is eliminated once, when the plan is made, as Fourier and Motzkin do it:
whatever is at least this and at most that leaves “this is at most that”. What remains holds for known figures alone.
"""

import ast
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import partial
from itertools import pairwise
from math import gcd, lcm
from typing import NamedTuple

from policy_engine.columnar.conditions import Reader, Weight
from policy_engine.columnar.fields import NUMBERS, Field
from policy_engine.columnar.logic import NotColumnarError
from policy_engine.evaluate.open.linear import Linear, NotLinearError, cross
from policy_engine.language.check import names_in
from policy_engine.language.values import Value
from policy_engine.model.facts import FactDeclaration
from policy_engine.model.rulebook import Edition

FRACTIONS = frozenset({"points", "share"})
"""Kinds of figures that need not be whole."""
MOST = 64
"""More rules than these are not worth their time in every row."""


class Row(NamedTuple):
    """A rule: a sum of facts that is at most nothing, or below it."""

    terms: Mapping[str, Fraction]
    constant: Fraction
    strict: bool


class Tie(NamedTuple):
    """What binds facts to each other, as rows (None where it is not a matter of sums); and which of the invariants it is, if it is one."""

    facts: frozenset[str]
    rows: tuple[Row, ...] | None
    law: int | None = None


def ties_of(edition: Edition, constants: Mapping[str, Value]) -> list[Tie]:
    """Return what binds the facts of an edition: its invariants, and sums that facts are derived by."""
    fields = {name: Field(fact.type.kind, name) for name, fact in edition.facts.items() if fact.type.kind != "list"}
    reader = Reader(fields, constants, Weight())
    ties = [_tie(rule.holds.tree, rule.holds.names, reader)._replace(law=n) for n, rule in enumerate(edition.invariants)]
    return ties + [tie for fact in edition.facts.values() for tie in _derived(fact, reader)]


def _derived(fact: FactDeclaration, reader: Reader) -> Iterable[Tie]:
    """Return what binds a fact to those that it is derived from; one that is counted from a list is free while the list is open."""
    names = {name for name in names_of(fact.derived.tree) if name in reader.fields} if fact.derived else set[str]()
    if fact.derived is None or not names:
        return []
    if fact.type.kind not in NUMBERS:
        return [Tie(frozenset({fact.name, *names}), None)]
    return [_tie(ast.Compare(ast.Name(fact.name), [ast.Eq()], [fact.derived.tree]), (fact.name, *names), reader)]


def names_of(tree: ast.AST) -> Iterable[str]:
    """Return the names of a sum, but not those that are looked up in the items of a list."""
    if isinstance(tree, ast.Name):
        return [tree.id]
    below = tree.args[:1] if isinstance(tree, ast.Call) and len(tree.args) > 1 and _is_over_list(tree) else ast.iter_child_nodes(tree)
    return [name for child in below for name in names_of(child)]


def _is_over_list(tree: ast.Call) -> bool:
    """Return whether something is counted or summed over the items of a list."""
    return isinstance(tree.func, ast.Name) and tree.func.id in {"count", "sum"}


def _tie(tree: ast.expr, names: Iterable[str], reader: Reader) -> Tie:
    """Read one rule."""
    facts = frozenset(name for name in names if name in reader.fields)
    try:
        return Tie(facts, tuple(_rows(tree, reader)))
    except (NotLinearError, NotColumnarError):
        return Tie(facts, None)


def _rows(tree: ast.expr, reader: Reader) -> list[Row]:
    """Return a comparison of figures as rows.

    Raises:
        NotLinearError: where it is none.
    """
    if not isinstance(tree, ast.Compare) or any(isinstance(sign, (ast.In, ast.NotIn, ast.NotEq)) for sign in tree.ops):
        raise NotLinearError
    sides = [_sum(side, reader) for side in (tree.left, *tree.comparators)]
    return [row for (left, right), sign in zip(pairwise(sides), tree.ops, strict=True) for row in _pair(cross(left, right), sign)]


def _sum(tree: ast.expr, reader: Reader) -> Linear:
    """Return one side."""
    if any(name in reader.fields and reader.fields[name].kind not in NUMBERS for name in names_in(tree)):
        raise NotLinearError
    found = reader.number(tree)
    if found is None:
        raise NotLinearError
    return found


def _pair(difference: Linear, sign: ast.cmpop) -> list[Row]:
    """Return how a sum stands to nothing as rows."""
    up = Row({name: Fraction(c) for name, c in difference.terms.items() if c}, Fraction(difference.constant), isinstance(sign, ast.Lt))
    down = Row({name: -c for name, c in up.terms.items()}, -up.constant, isinstance(sign, ast.Gt))
    return [up] * (not isinstance(sign, (ast.Gt, ast.GtE))) + [down] * (not isinstance(sign, (ast.Lt, ast.LtE)))


def groups(ties: Sequence[Tie], open_: frozenset[str]) -> list[tuple[Tie, ...]]:
    """Return the rules that bind open facts, those that an open fact joins together."""
    found: list[tuple[Tie, ...]] = []
    for tie in ties:
        if tie.facts & open_:
            joined = [group for group in found if any(one.facts & tie.facts & open_ for one in group)]
            found = [group for group in found if group not in joined]
            found.append((*(one for group in joined for one in group), tie))
    return found


def facts_of(group: Sequence[Tie]) -> frozenset[str]:
    """Return the facts that rules bind."""
    return frozenset[str]().union(*(tie.facts for tie in group))


def eliminated(group: Sequence[Tie], open_: frozenset[str], facts: Mapping[str, FactDeclaration]) -> list[Row] | None:
    """Return the rules of a group with its open facts eliminated; None where that cannot be done exactly.

    Args:
        group: the rules.
        open_: facts whose values are open.
        facts: every fact.
    """
    rows = _start(group, open_, facts)
    gone = sorted(open_ & facts_of(group))
    while rows is not None and gone:
        name = min(gone, key=partial(_pairs, rows))
        gone.remove(name)
        made = _made(rows, name, facts)
        rows = None if made is None else _once([*(row for row in rows if name not in row.terms), *made])
    return rows and [row for row in rows if not _is_sure(row)]


def closed(group: Sequence[Tie], free: frozenset[str], facts: Mapping[str, FactDeclaration]) -> list[Row] | None:
    """Return what the rules of a group say of its facts, whichever of the free ones are open; None where that cannot be done exactly.

    Each rule that follows when some are eliminated is kept beside those that it follows from. So a row can be completed where no
    rule whose facts it states is broken.

    Args:
        group: the rules.
        free: facts that may be open, each by itself.
        facts: every fact.
    """
    rows = _start(group, free, facts)
    for name in sorted(free & facts_of(group)):
        made = None if rows is None else _made(rows, name, facts)
        if rows is None or made is None:
            return None
        rows = _once([*rows, *made])
    return rows and [row for row in rows if not _is_sure(row)]


def _start(group: Sequence[Tie], open_: frozenset[str], facts: Mapping[str, FactDeclaration]) -> list[Row] | None:
    """Return the rules of a group as rows, with those that no figure is negative; None where one is no matter of sums."""
    bound = facts_of(group)
    if any(tie.rows is None for tie in group) or any(facts[name].may_be_none or facts[name].type.kind == "level" for name in bound):
        return None
    stated = [row for tie in group for row in tie.rows or ()]
    return stated + [Row({name: Fraction(-1)}, Fraction(0), strict=False) for name in sorted(open_ & bound)]


def _pairs(rows: Sequence[Row], name: str) -> int:
    """Say how many rows an elimination makes."""
    factors = [row.terms[name] for row in rows if name in row.terms]
    above = sum(factor > 0 for factor in factors)
    return above * (len(factors) - above)


def _is_whole(row: Row, name: str, whole: set[str]) -> bool:
    """Return whether a row bounds a whole figure by a whole one, so that nothing is lost between two fractions."""
    return (
        row.terms.keys() <= whole
        and abs(row.terms[name]) == 1
        and all(part.denominator == 1 for part in (*row.terms.values(), row.constant))
    )


def _made(rows: Sequence[Row], name: str, facts: Mapping[str, FactDeclaration]) -> list[Row] | None:
    """Return what follows when one figure is eliminated; None where that is not exact, or too much."""
    about = [row for row in rows if name in row.terms]
    whole = {fact for row in about for fact in row.terms if facts[fact].type.kind not in FRACTIONS}
    if (name in whole and not all(_is_whole(row, name, whole) for row in about)) or _pairs(rows, name) > MOST:
        return None
    above = [_tight(row, whole) for row in about if row.terms[name] > 0]
    below = [_tight(row, whole) for row in about if row.terms[name] < 0]
    return [_joined(one, other, name) for one in above for other in below]


def _once(rows: Iterable[Row]) -> list[Row]:
    """Return rows once each, without those that say nothing."""
    return list({(frozenset(row.terms.items()), row.constant, row.strict): row for row in rows if row.terms or not _is_sure(row)}.values())


def _tight(row: Row, whole: set[str]) -> Row:
    """Return a row over whole figures without “below”: at least one lies between."""
    return row._replace(constant=row.constant + 1, strict=False) if row.strict and row.terms.keys() <= whole else row


def _joined(one: Row, other: Row, name: str) -> Row:
    """Return what an upper and a lower bound of a figure leave."""
    left, right = 1 / one.terms[name], -1 / other.terms[name]
    terms = {
        fact: one.terms.get(fact, Fraction(0)) * left + other.terms.get(fact, Fraction(0)) * right for fact in {**one.terms, **other.terms}
    }
    kept = {fact: c for fact, c in terms.items() if c}
    scale = _scale([*kept.values(), one.constant * left + other.constant * right])
    constant = (one.constant * left + other.constant * right) * scale
    return Row({fact: c * scale for fact, c in kept.items()}, constant, one.strict or other.strict)


def _scale(parts: Sequence[Fraction]) -> Fraction:
    """Return the factor that makes parts the smallest whole ones."""
    common = lcm(*(part.denominator for part in parts))
    return Fraction(common, gcd(*(int(part * common) for part in parts)) or 1)


def _is_sure(row: Row) -> bool:
    """Return whether a row holds of whatever is not negative, as every figure is."""
    return all(factor < 0 for factor in row.terms.values()) and (row.constant < 0 or (row.constant == 0 and not row.strict))
