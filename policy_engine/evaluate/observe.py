"""The figures that a condition looked at, as people write them: `12/20`, `3`, `true`."""

import ast
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from policy_engine.evaluate.expression import Interpreter, ShareOfNothingError, interpreter_over
from policy_engine.evaluate.shown import shown
from policy_engine.language.check import names_in
from policy_engine.language.show import show
from policy_engine.language.values import UNKNOWN, Value


class Glance(NamedTuple):
    """One thing that a condition looks at: facts by name, joined as a figure; `label` where the figure needs its name."""

    names: tuple[str, ...]
    label: str = ""
    sides: tuple[ast.expr, ...] = ()
    """What is worked out from facts, where a figure is not simply one of them."""


def glances(tree: ast.expr, facts: Iterable[str]) -> tuple[Glance, ...]:
    """Give what a condition looks at, in order, each once."""
    known = frozenset(facts)
    found = list(dict.fromkeys(_glances(tree, known)))
    flags = [g for g in found if g.label]
    return tuple(g._replace(label="") if len(found) == 1 and flags else g for g in found)


def _glances(tree: ast.expr, known: frozenset[str]) -> Iterable[Glance]:
    """Walk a condition."""
    match tree:
        case ast.BoolOp(values=parts):
            for part in parts:
                yield from _glances(part, known)
        case ast.UnaryOp(operand=operand):
            yield from _glances(operand, known)
        case ast.Compare(left=left, comparators=[*rest]):
            worked = [part for side in (left, *rest) for part in _parts(side) if _side(part, known)]
            if any(isinstance(part, ast.BinOp) for part in worked):
                yield Glance(tuple(name for part in worked for name in _side(part, known)), "", tuple(worked))
                return
            sides = [_side(side, known) for side in (left, *rest)]
            names = tuple(name for side in sides for name in side)
            yield Glance(names, "" if len(names) in {1, 2} else show(tree))
        case ast.Name(id=name):
            yield Glance((name,), name)
        case _:
            yield Glance(_side(tree, known), show(tree))


def _parts(side: ast.expr) -> list[ast.expr]:
    """Give the two figures of a share, or the one figure that a side is."""
    if isinstance(side, ast.Call) and isinstance(side.func, ast.Name) and side.func.id == "share":
        return side.args
    return [side]


def _side(tree: ast.expr, known: frozenset[str]) -> tuple[str, ...]:
    """Give the facts on one side of a comparison."""
    return tuple(name for name in names_in(tree) if name in known)


def observed(looked_at: Iterable[Glance], values: Mapping[str, Value]) -> str:
    """Write the figures of a case that a condition looked at; `?` where one is not known."""
    parts: list[str] = []
    for names, label, sides in looked_at:
        if sides:
            interpreter = interpreter_over(values)
            parts.append("/".join(_worked(side, interpreter) for side in sides))
            continue
        figures = "/".join([str(value) if (value := values[name]).__class__ is int else _figure(value) for name in names])
        parts.append(f"{label} = {figures}" if label else figures)
    return "; ".join(parts)


def _worked(side: ast.expr, interpreter: Interpreter) -> str:
    """Write what a side comes to; a dash where a condition never asks, since there is nothing to take a share of."""
    try:
        return _figure(interpreter.evaluated(side))
    except ShareOfNothingError:
        return "–"


def _figure(value: Value) -> str:
    """Write a value that is no plain count."""
    return "?" if value is UNKNOWN else shown(value)
