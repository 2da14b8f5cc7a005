"""Lists whose items leave fields out: the counts that they can still give, exactly.

Each item with an open field can contribute differently to several counts at once. Items that can
contribute in the same ways form a class, and how many of a class go each way is a variable. So counts from
one list stay tied to each other, as they are in the list.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from policy_engine.evaluate.core.expression import interpreter_over
from policy_engine.evaluate.open.linear import Row, normal
from policy_engine.evaluate.open.variables import Linear, Variables
from policy_engine.language.check import names_in
from policy_engine.language.types import Type
from policy_engine.language.values import UNKNOWN, Item, Value
from policy_engine.model.facts import FactDeclaration

MAX_WAYS = 512


def tie_counts(
    items: Sequence[Item], counted: Sequence[FactDeclaration], source: FactDeclaration, variables: Variables
) -> list[Row | bool] | None:
    """Return each count its sum over the ways that items can go, and the rows that tie those.

    A row that is False says that the counts stated beside the list cannot be; None, that an item has too many ways.

    Args:
        items: the items of the list.
        counted: the facts that are counted from it, with a condition each.
        source: the declaration of the list.
        variables: the unknowns of the case, which get the new ones.
    """
    conditions = [_condition(fact) for fact in counted]
    known = [0] * len(counted)
    classes: dict[tuple[tuple[bool, ...], ...], int] = {}
    needed = {name for condition in conditions for name in names_in(condition)}
    seen: dict[tuple[Value, ...], tuple[tuple[bool, ...], ...] | None] = {}
    for item in items:
        kind = tuple(item.get(name, UNKNOWN) for name in source.fields if name in needed)
        if kind not in seen:
            seen[kind] = _ways(item, conditions, source, variables)
        ways = seen[kind]
        if ways is None:
            return None
        if len(ways) == 1:
            known = [n + gone for n, gone in zip(known, ways[0], strict=True)]
        else:
            classes[ways] = classes.get(ways, 0) + 1
    return _tie(classes, known, counted, source.name, variables)


def has_open_fields(items: Sequence[Item]) -> bool:
    """Return whether an item leaves a field out (every item has every declared field, UNKNOWN where it was left out)."""
    return any(value is UNKNOWN for item in items for value in item.values())


def _condition(fact: FactDeclaration) -> ast.expr:
    """Return the condition under which an item counts."""
    assert fact.counted_from
    assert isinstance(fact.counted_from.tree, ast.Call)
    return fact.counted_from.tree.args[1]


def _ways(
    item: Item, conditions: Sequence[ast.expr], source: FactDeclaration, variables: Variables
) -> tuple[tuple[bool, ...], ...] | None:  # fmt: skip
    """Return the ways in which an item can contribute: for each completion of its open fields, to which counts."""
    needed = {name for condition in conditions for name in names_in(condition)}
    open_fields = [f for n, f in source.fields.items() if n in needed and item.get(n, UNKNOWN) is UNKNOWN]
    ways: dict[tuple[bool, ...], None] = {}
    interpreter = interpreter_over(variables.values)
    completions = _completions(open_fields, variables.ranks)
    for number, completion in enumerate(completions):
        if completion is None or number >= MAX_WAYS:
            return None
        whole = {**item, **completion}
        ways[tuple(interpreter.item_truth(whole, condition) is True for condition in conditions)] = None
    return tuple(sorted(ways))


def _completions(fields: Sequence[FactDeclaration], ranks: int) -> Iterator[dict[str, Value] | None]:
    """Return every way to fill fields; None where a field has no end of values."""
    domains = [_domain(field.type, ranks) for field in fields]
    if any(domain is None for domain in domains):
        yield None
        return
    for values in product(*(domain or () for domain in domains)):
        yield dict(zip((field.name for field in fields), values, strict=True))


def _domain(kind: Type, ranks: int) -> Sequence[Value] | None:
    """Return all values of a type that has finitely many."""
    finite: Mapping[str, Sequence[Value]] = {"bool": (True, False), "choice": kind.choices, "level": range(ranks)}
    return finite.get(kind.kind)


def _tie(
    classes: Mapping[tuple[tuple[bool, ...], ...], int], known: Sequence[int], counted: Sequence[FactDeclaration], name: str,
    variables: Variables,
) -> list[Row | bool]:  # fmt: skip
    """Make a variable of every way but the first of each class; the first has the rest of the class."""
    totals: list[Linear] = [Linear({}, count) for count in known]
    rows: list[Row | bool] = []
    for number, (ways, size) in enumerate(classes.items()):
        moving = frozenset(f.name for i, f in enumerate(counted) if len({way[i] for way in ways}) > 1)
        others = Linear({}, 0)
        for index, way in enumerate(ways[1:], start=1):
            variable = variables.variable(f"{name}#{number}.{index}", Type("count"), moving)
            others = others.plus(variable)
            totals = [t.plus(variable) if gone else t for t, gone in zip(totals, way, strict=True)]
        rest = others.times(-1).plus(Linear({}, size))
        totals = [t.plus(rest) if gone else t for t, gone in zip(totals, ways[0], strict=True)]
        rows.append(normal(others.terms, size, variables.rational))
    for fact, total in zip(counted, totals, strict=True):
        stated = variables.values[fact.name]
        if isinstance(stated, int):
            rows += [
                normal(side.terms, sign * stated - side.constant, variables.rational) for sign, side in ((1, total), (-1, total.times(-1)))
            ]
        else:
            variables.sums[fact.name] = total
    return [row for row in rows if row is not True]
