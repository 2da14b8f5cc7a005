"""Conditions as plain Python: `not apart or total > 0` becomes `((not f_apart) or f_total > 0)` where its facts are known.

Numbers are whole, and a share is never divided: what stands below a line is multiplied crosswise, so that
`share(done, total) >= 70%` becomes `f_done * 10 >= 7 * f_total`. Where facts may be open, each truth is kept and joined
after Kleene: `(True if (t0 := …) is True or (t1 := (U if f_total is U else f_total > 0)) is True else U if t0 is U or t1 is U else False)`.
"""

import ast
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from policy_engine.compiled.code import Function
from policy_engine.errors import EngineFaultError
from policy_engine.evaluate.core.expression import interpreter_over
from policy_engine.evaluate.core.plan import Plan
from policy_engine.language.tree import symbol
from policy_engine.language.values import Ratio, Value
from policy_engine.model.facts import Condition


class Part(NamedTuple):
    """A part of a condition in code."""

    text: str
    """Its value where the facts that it asks are known; of a number, what stands above the line."""
    asked: frozenset[str] = frozenset()
    """The locals of the facts that it asks."""
    over: str = "1"
    """What stands below the line."""
    connected: str = ""
    """Of truths joined by a connective: their value after Kleene."""

    @property
    def open(self) -> str:
        """Its value where facts may be open."""
        return self.connected or unless_open(self.asked, self.text)


class Conditions:
    """Writes conditions into one function.

    Args:
        code: the function.
        plan: the edition.
        constants: the value of every name that is no fact.
    """

    def __init__(self, code: Function, plan: Plan, constants: Mapping[str, Value]) -> None:
        self.code = code
        self.plan = plan
        self.constants = constants

    def part(self, tree: ast.expr) -> Part:  # noqa: PLR0911
        """Write a part of a condition."""
        match tree:
            case ast.BoolOp(op=operator, values=values):
                parts = [self.part(value) for value in values]
                text = f"({f' {symbol(operator)} '.join(part.text for part in parts)})"
                return Part(text, _asked(*parts), connected=self._joined(parts, ends=isinstance(operator, ast.Or)))
            case ast.UnaryOp(operand=operand):
                part = self.part(operand)
                return Part(
                    f"(not {part.text})", part.asked, connected=f"(U if ({(kept := self.code.kept())} := {part.open}) is U else not {kept})"
                )
            case ast.Compare(left=left, ops=signs, comparators=comparators):
                pairs = [self._pair(*pair) for pair in zip((left, *comparators), signs, comparators, strict=False)]
                if len(pairs) == 1:
                    return pairs[0]
                return Part(_all(pair.text for pair in pairs), _asked(*pairs), connected=self._joined(pairs, ends=False))
            case ast.Name(id=name) if name in self.code.facts:
                return self._fact(name, f"{self.code.value(_exact)}({{}})" if self.plan.types[name].kind == "share" else "{}")
            case ast.Name(id=name):
                return self._constant(self.constants[name])
            case ast.Constant(value=value):
                return self._constant(value)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # the grammar made it exact
            case ast.BinOp(left=left, op=operator, right=right):
                return _arithmetic(self.part(left), operator, self.part(right))
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return self._function(tree, name, arguments)
            case _:
                raise EngineFaultError(f"no code for {type(tree).__name__}")

    def _joined(self, parts: Sequence[Part], *, ends: bool) -> str:
        """Join truths after Kleene: one that `ends` it decides, else one that is open leaves it open."""
        kept = [self.code.kept() for _ in parts]
        ending = " or ".join(f"({name} := {part.open}) is {ends}" for name, part in zip(kept, parts, strict=True))
        return f"({ends} if {ending} else U if {' or '.join(f'{name} is U' for name in kept)} else {not ends})"

    def _function(self, tree: ast.expr, name: str, arguments: list[ast.expr]) -> Part:
        """Write what a function of the language comes to."""
        match name, arguments:
            case "share", [part, whole]:
                above, below = self.part(part), self.part(whole)
                return Part(_product(above.text, below.over), _asked(above, below), _product(above.over, below.text))
            case "count" | "sum", [ast.Name(id=items), *_]:
                return self._fact(items, f"{self.code.thing(self._of_items(tree, items))}({{}})")
            case "exists", [ast.Name(id=fact)]:
                return self._fact(fact, "({} is not N)")
            case "given", facts:
                return Part(f"({' or '.join(f'{self.code.value(fact.id)} in stated' for fact in facts if isinstance(fact, ast.Name))})")
            case _:
                raise EngineFaultError(f"no code for the function {name}")

    def _fact(self, name: str, form: str) -> Part:
        """Write what is asked of a fact."""
        local = self.code.fact(name)
        return Part(form.format(local), frozenset({local}))

    def _pair(self, left: ast.expr, sign: ast.cmpop, right: ast.expr) -> Part:
        """Write one comparison; what does not exist equals nothing, and is neither less nor more."""
        if isinstance(right, ast.Tuple):
            pairs = [self._pair(left, ast.Eq(), element) for element in right.elts]
            among = f"({' or '.join(pair.text for pair in pairs)})"
            return Part(among if isinstance(sign, ast.In) else f"(not {among})", _asked(*pairs))
        one, two = self.part(left), self.part(right)
        same = one.over == two.over
        first, second = (one.text, two.text) if same else (_product(one.text, two.over), _product(two.text, one.over))
        named = [self.code.fact(side.id) for side in (left, right) if isinstance(side, ast.Name) and side.id in self.plan.nullable]
        text = f"{first} {symbol(sign)} {second}"
        if isinstance(sign, ast.NotEq):
            return Part(f"({' or '.join([*(f'{name} is N' for name in named), text])})", _asked(one, two))
        return Part(_all([*(f"{name} is not N" for name in named), text]), _asked(one, two))

    def _constant(self, value: Value) -> Part:
        """Write what the edition fixes."""
        exact = _exact(value)
        return Part(str(exact.numerator), over=str(exact.denominator)) if isinstance(exact, Fraction) else Part(self.code.value(exact))

    def _of_items(self, tree: ast.expr, name: str) -> Callable[[Value], Any]:
        """Return what works out a question about the items of a list, item by item, as the reference does."""
        return lambda items: interpreter_over({**self.constants, name: items}).evaluated(tree)

    def figure(self, condition: Condition) -> str:
        """Write a figure that follows from facts: the reference works it out, to its very type, where all of them are known."""
        asked = [self.code.fact(name) for name in condition.names if name in self.code.facts]
        return unless_open(asked, f"{self.code.thing(lambda values: interpreter_over(values).value(condition))}(values)")


def _exact(value: Value) -> Value:
    """Return a share as a fraction, which can be multiplied; any other value as it is."""
    return value.fraction if isinstance(value, Ratio) else value


def unless_open(asked: Collection[str], text: str) -> str:
    """Write a value that is open where one of some facts is."""
    return f"(U if {' or '.join(f'{local} is U' for local in sorted(asked))} else {text})" if asked else text


def _asked(*parts: Part) -> frozenset[str]:
    """Return the facts that parts ask."""
    return frozenset[str]().union(*(part.asked for part in parts))


def _all(texts: Iterable[str]) -> str:
    """Join truths that are known by `and`."""
    return f"({' and '.join(texts)})"


def _arithmetic(one: Part, operator: ast.operator, two: Part) -> Part:
    """Write a sum, a difference or a product."""
    if isinstance(operator, ast.Mult):
        return Part(_product(one.text, two.text), _asked(one, two), _product(one.over, two.over))
    if one.over == two.over:
        return Part(f"({one.text} {symbol(operator)} {two.text})", _asked(one, two), one.over)
    text = f"({_product(one.text, two.over)} {symbol(operator)} {_product(two.text, one.over)})"
    return Part(text, _asked(one, two), _product(one.over, two.over))


def _product(one: str, two: str) -> str:
    """Write a product; by one nothing changes."""
    return two if one == "1" else one if two == "1" else f"{one} * {two}"
