"""Lists whose items leave fields out: the counts from one list stay tied to each other, as they are in it."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from math import prod
from typing import TypeAlias

from policy_engine.evaluate.core.expression import interpreter_over
from policy_engine.evaluate.open.formula import Variables
from policy_engine.evaluate.open.linear import Linear, Row, normal
from policy_engine.language.tree import Tree, names_in, opened
from policy_engine.language.types import Type
from policy_engine.language.values import UNKNOWN, Item, Value
from policy_engine.model.facts import FactDeclaration

MAX_WAYS = 512

Way: TypeAlias = tuple[bool, ...]
"""To which counts an item contributes."""


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
