"""Conditions to code, twice: as plain Python where facts are known, and after Kleene where some are not.

The known reading of `not apart or total > 0` is `((not f_apart) or (f_total > 0))`. UNKNOWN refuses to be taken for true or false,
and to be ordered or added, so a fact that is open raises TypeError where it is asked and never passes for an answer; `quiet` tells
the facts for which that is not sure (`==`, `in`, `exists`, the right side of `or`), which must be looked at before.

The open reading keeps the value of every part, one statement each, of which the last is the condition's:

    t0 = U if f_apart is U else not f_apart
    t1 = U if f_total is U else (f_total > 0)
    t2 = True if t0 is True or t1 is True else U if t0 is U or t1 is U else False
"""

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from policy_engine.compiled.figures import Figure, crossed, fixed, plus, share, times
from policy_engine.compiled.lines import Lines
from policy_engine.compiled.names import Names
from policy_engine.errors import EngineFaultError
from policy_engine.evaluate.core.expression import interpreter_over
from policy_engine.language.text import symbol
from policy_engine.language.values import UNKNOWN, Ratio, Value

Side = Figure | str
"""One side of a comparison: a number, or the text of a value that is none."""
_FACT = re.compile(r"\bf_([a-z0-9_]+)\b")
_LISTED = re.compile(r"sure\((k\d+\(\w+\))\)")


def asked_in(text: str) -> frozenset[str]:
    """Return the facts that a piece of code asks."""
    return frozenset(_FACT.findall(text))


def sure(value: Value) -> Value:
    """Return a value that is known.

    Raises:
        TypeError: where it is open, as any other question about it would.
    """
    if value is UNKNOWN:
        raise TypeError("open")
    return value


class Conditions:
    """Writes the conditions of one part of an edition, whose figures are `constants`."""

    def __init__(self, names: Names, constants: Mapping[str, Value], nullable: frozenset[str], shares: frozenset[str]) -> None:
        """Take the names, the value of every figure, the facts that may be known not to exist, and those that are shares."""
        self.names = names
        self.constants = constants
        self.nullable = nullable
        self.shares = shares
        names.table["sure"] = sure

    def known(self, tree: ast.expr) -> str:
        """Write a condition for known facts."""
        match tree:
            case ast.BoolOp(op=operator, values=parts):
                return f"({f' {symbol(operator)} '.join(self.known(part) for part in parts)})"
            case ast.UnaryOp(operand=operand):
                return f"(not {self.known(operand)})"
            case ast.Compare():
                pairs = [self._pair(*pair) for pair in _pairs_of(tree)]
                return pairs[0] if len(pairs) == 1 else f"({' and '.join(pairs)})"
            case ast.Name(id=name):
                return self.names.fact(name)
            case ast.Call(func=ast.Name(id="exists"), args=[ast.Name(id=name)]):
                return f"({self.names.fact(name)} is not N)"
            case ast.Call(func=ast.Name(id="given"), args=facts):
                return f"({' or '.join(self.names.stated(_name_of(fact)) for fact in facts)})"
            case _:
                raise EngineFaultError(f"no code for {type(tree).__name__}")

    def read(self, tree: ast.expr) -> frozenset[str]:
        """Return the facts that a condition reads; of a question about a list, the list."""
        match tree:
            case ast.Name(id=name):
                return frozenset({name}) & self.names.positions.keys()
            case ast.Call(func=ast.Name(id="count" | "sum" | "exists"), args=[listed, *_]):
                return self.read(listed)
            case ast.Call(func=ast.Name(id="given")):
                return frozenset()
            case _:
                return frozenset[str]().union(*(self.read(part) for part in ast.iter_child_nodes(tree) if isinstance(part, ast.expr)))

    def quiet(self, tree: ast.expr) -> frozenset[str]:
        """Return the facts that a condition may pass over, or take as they are, where they are open."""
        return self.read(tree) - self.raising(tree)

    def raising(self, tree: ast.expr) -> frozenset[str]:
        """Return the facts that surely raise TypeError where they are open, when the condition is tested."""
        match tree:
            case ast.BoolOp(values=[first, *_]) | ast.UnaryOp(operand=first):
                return self.raising(first)
            case ast.Name(id=name):
                return frozenset({name}) & self.names.positions.keys()
            case ast.Compare(ops=[ast.Lt() | ast.LtE() | ast.Gt() | ast.GtE(), *_]):
                asked = asked_in(self._pair(*_pairs_of(tree)[0]))
                return frozenset() if asked & self.nullable else asked
            case _:
                return frozenset()

    def open(self, tree: ast.expr, lines: Lines) -> str:
        """Write a condition for facts of which some may be open; give the name of its value."""
        match tree:
            case ast.BoolOp(op=operator, values=parts):
                values = [self.open(part, lines) for part in parts]
                ends, goes_on = ("True", "False") if isinstance(operator, ast.Or) else ("False", "True")
                return lines.keep(f"{ends} if {any_is(values, ends)} else U if {any_is(values, 'U')} else {goes_on}")
            case ast.UnaryOp(operand=operand):
                value = self.open(operand, lines)
                return lines.keep(f"U if {value} is U else not {value}")
            case ast.Compare():
                values = [self._open_pair(*pair, lines) for pair in _pairs_of(tree)]
                joined = f"False if {any_is(values, 'False')} else U if {any_is(values, 'U')} else True"
                return values[0] if len(values) == 1 else lines.keep(joined)
            case ast.Call(func=ast.Name(id="exists"), args=[ast.Name(id=name)]):
                return lines.keep(f"U if {self.names.fact(name)} is U else {self.known(tree)}")
            case _:
                return self.known(tree)

    def _open_pair(self, left: ast.expr, sign: ast.cmpop, right: ast.expr, lines: Lines) -> str:
        """Write one comparison for facts of which some may be open; what is asked of a list may be open by itself."""
        text = self._pair(left, sign, right)
        asked = self.read(left) | self.read(right)
        values: list[str] = []
        for call in dict.fromkeys(_LISTED.findall(text)):
            values.append(lines.keep(call))
            text = text.replace(f"sure({call})", values[-1])
            asked -= asked_in(call)
        values += [self.names.fact(name) for name in sorted(asked)]
        return lines.keep(f"U if {any_is(values, 'U')} else {text}" if values else text)

    def _pair(self, left: ast.expr, sign: ast.cmpop, right: ast.expr) -> str:
        """Write one comparison; what does not exist equals nothing, and is neither less nor more."""
        if isinstance(right, ast.Tuple):
            among = " or ".join(self._pair(left, ast.Eq(), element) for element in right.elts)
            return f"({among})" if isinstance(sign, ast.In) else f"(not ({among}))"
        one, two = self._side(left), self._side(right)
        first, second = crossed(one, two) if isinstance(one, Figure) and isinstance(two, Figure) else (_plain(one), _plain(two))
        text = f"{first} {symbol(sign)} {second}"
        nullable = [self.names.fact(t.id) for t in (left, right) if isinstance(t, ast.Name) and t.id in self.nullable]
        if isinstance(sign, ast.NotEq):
            return f"({' or '.join([*(f'{name} is N' for name in nullable), text])})"
        return f"({' and '.join([*(f'{name} is not N' for name in nullable), text])})"

    def _side(self, tree: ast.expr) -> Side:
        """Write one side of a comparison."""
        match tree:
            case ast.Name(id=name) if name in self.names.positions:
                return Figure(1, self.names.fact(name))
            case ast.Name(id=name):
                return self._constant(self.constants[name])
            case ast.Constant(value=value):
                return fixed(value) if isinstance(value, (int, Fraction)) else self.names.value(value)
            case ast.BinOp(left=left, op=operator, right=right):
                one, two = self._figure(left), self._figure(right)
                return times(one, two) if isinstance(operator, ast.Mult) else plus(one, two, symbol(operator))
            case ast.Call(func=ast.Name(id="share"), args=[part, whole]):
                return share(self._figure(part), self._figure(whole))
            case ast.Call(func=ast.Name(id="count" | "sum"), args=[ast.Name(id=name), *_]):
                return Figure(1, f"sure({self.names.thing(self._listed(tree, name))}({self.names.fact(name)}))")
            case _:
                raise EngineFaultError(f"no code for {type(tree).__name__}")

    def _figure(self, tree: ast.expr) -> Figure:
        """Write a number."""
        side = self._side(tree)
        assert isinstance(side, Figure)
        return side

    def _constant(self, value: Value) -> Side:
        """Write what the edition fixes."""
        return fixed(value) if isinstance(value, (int, Fraction, Ratio)) else self.names.value(value)

    def _listed(self, tree: ast.expr, name: str) -> Callable[[Value], Any]:
        """Return what works out a question about the items of a list, item by item, as the reference does."""
        return lambda items: interpreter_over({**self.constants, name: items}).evaluated(tree)

    def value(self, tree: ast.expr, lines: Lines) -> str:
        """Write what a fact follows from: a truth, or a figure that is handed on as it is."""
        match tree:
            case ast.BoolOp() | ast.UnaryOp() | ast.Compare() | ast.Call(func=ast.Name(id="exists" | "given")):
                return self.open(tree, lines)
            case ast.Name(id=name) if name in self.names.positions:
                return self.names.fact(name)
            case _:
                names = sorted(self.read(tree))
                facts = [self.names.fact(name) for name in names]
                text = (
                    isinstance(tree, ast.BinOp) and self._sum(tree)
                ) or f"{self.names.thing(self._worked_out(tree, names))}({', '.join(facts)})"
                return lines.keep(f"U if {any_is(facts, 'U')} else {text}" if names and not _divides(tree) else text)

    def _sum(self, tree: ast.expr) -> str:
        """Write sums and products of known figures as they stand; "" where something else is in them."""
        match tree:
            case ast.Name(id=name) if name in self.names.positions:
                return "" if name in self.shares | self.nullable else self.names.fact(name)
            case ast.Name(id=name):
                return self._number(self.constants[name])
            case ast.Constant(value=value):
                return self._number(value)
            case ast.BinOp(left=left, op=operator, right=right):
                one, two = self._sum(left), self._sum(right)
                return f"({one} {symbol(operator)} {two})" if one and two else ""
            case _:
                return ""

    def _number(self, value: object) -> str:
        """Write a number that the edition fixes, of the very type that the reference gives it."""
        plain = value.fraction if isinstance(value, Ratio) else value
        return self.names.value(plain) if isinstance(plain, (int, Fraction)) else ""

    def _worked_out(self, tree: ast.expr, names: list[str]) -> Callable[..., Any]:
        """Return what works out a figure, exactly, as the reference does."""
        return lambda *values: interpreter_over({**self.constants, **dict(zip(names, values, strict=True))}).evaluated(tree)


def _divides(tree: ast.expr) -> bool:
    """Return whether a share stands in a condition: one of nothing is refused, whatever else is open."""
    return any(isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "share" for node in ast.walk(tree))


def _plain(side: Side) -> str:
    """Write a side that is held against what is no number."""
    return side if isinstance(side, str) else side.top()


def _name_of(tree: ast.expr) -> str:
    """Return the name of a fact that `given` asks for."""
    assert isinstance(tree, ast.Name)
    return tree.id


def _pairs_of(tree: ast.Compare) -> list[tuple[ast.expr, ast.cmpop, ast.expr]]:
    """Return the pairs that a comparison compares."""
    sides = (tree.left, *tree.comparators)
    return [(sides[number], sign, sides[number + 1]) for number, sign in enumerate(tree.ops)]


def any_is(values: Sequence[str], *words: str) -> str:
    """Write the question whether one of some values is a certain one, or one of several."""
    return " or ".join(f"{value} is {word}" for value in values for word in words)
