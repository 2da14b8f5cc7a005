"""Conditions as plain Python: `not apart or total > 0` becomes `((not f_apart) or (f_total > 0))` where its facts are known.

Numbers are whole, and a share is never divided: what stands below a line is multiplied crosswise, so that
`share(done, total) >= 70%` becomes `f_done * 10 >= 7 * f_total`. Where facts may be open, each truth is kept and joined
after Kleene: `(True if (t0 := …) is True or (t1 := (U if f_total is U else f_total > 0)) is True else U if t0 is U or t1 is U else False)`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from policy_engine.compiled.generated import GeneratedFunction
from policy_engine.evaluate.core.expression import interpreter_over
from policy_engine.evaluate.core.plan import Plan
from policy_engine.language.fold import Reader
from policy_engine.language.tree import Pair, Tree, name_of
from policy_engine.language.values import Ratio, Value


class PartCode(NamedTuple):
    """A part of a condition as code."""

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


class Conditions(Reader[PartCode]):
    """Writes conditions into one function.

    Args:
        code: the function.
        plan: the edition.
        constants: the value of every name that is no fact.
    """

    def __init__(self, code: GeneratedFunction, plan: Plan, constants: Mapping[str, Value]) -> None:
        self.code = code
        self.plan = plan
        self.constants = constants

    def connective(self, _: Tree, sign: str, parts: Sequence[Tree]) -> PartCode:
        read = [self.read(part) for part in parts]
        return PartCode(f"({f' {sign} '.join(part.text for part in read)})", _asked(*read), connected=self._joined(read, ends=sign == "or"))

    def _joined(self, parts: Sequence[PartCode], *, ends: bool) -> str:
        """Join truths after Kleene: one that `ends` it decides, else one that is open leaves it open."""
        kept = [self.code.kept() for _ in parts]
        ending = " or ".join(f"({name} := {part.open}) is {ends}" for name, part in zip(kept, parts, strict=True))
        return f"({ends} if {ending} else U if {' or '.join(f'{name} is U' for name in kept)} else {not ends})"

    def negation(self, _: Tree, part: Tree) -> PartCode:
        read, kept = self.read(part), self.code.kept()
        return PartCode(f"(not {read.text})", read.asked, connected=f"(U if ({kept} := {read.open}) is U else not {kept})")

    def comparison(self, _: Tree, pairs: Sequence[Pair]) -> PartCode:
        read = [self._pair(*pair) for pair in pairs]
        if len(read) == 1:
            return read[0]
        return PartCode(f"({' and '.join(part.text for part in read)})", _asked(*read), connected=self._joined(read, ends=False))

    def membership(self, _: Tree, one: Tree, sign: str, elements: Sequence[Tree]) -> PartCode:
        pairs = [self._pair(one, "==", element) for element in elements]
        among = f"({' or '.join(pair.text for pair in pairs)})"
        return PartCode(among if sign == "in" else f"(not {among})", _asked(*pairs))

    def containment(self, _: Tree, one: Tree, sign: str, among: Tree) -> PartCode:
        return self._pair(one, sign, among)

    def _pair(self, left: Tree, sign: str, right: Tree) -> PartCode:
        """Write one comparison; what does not exist equals nothing, and is neither less nor more."""
        one, two = self.read(left), self.read(right)
        same = one.over == two.over
        first, second = (one.text, two.text) if same else (_product(one.text, two.over), _product(two.text, one.over))
        nullable = [self.code.fact(name) for name in (name_of(left), name_of(right)) if name in self.plan.nullable]
        there, join = ("is N", " or ") if sign == "!=" else ("is not N", " and ")
        return PartCode(f"({join.join([*(f'{fact} {there}' for fact in nullable), f'{first} {sign} {second}'])})", _asked(one, two))

    def name(self, _: Tree, name: str) -> PartCode:
        if name not in self.code.facts:
            return self.constant(_, self.constants[name])
        return self._fact(name, f"{self.code.value(_exact)}({{}})" if self.plan.types[name].kind == "share" else "{}")

    def _fact(self, name: str, form: str) -> PartCode:
        local = self.code.fact(name)
        return PartCode(form.format(local), frozenset({local}))

    def constant(self, _: Tree, value: Value) -> PartCode:
        exact = _exact(value)
        if isinstance(exact, Fraction):
            return PartCode(str(exact.numerator), over=str(exact.denominator))
        return PartCode(self.code.value(exact))

    def arithmetic(self, _: Tree, left: Tree, sign: str, right: Tree) -> PartCode:
        one, two = self.read(left), self.read(right)
        asked = _asked(one, two)
        if sign == "*":
            return PartCode(_product(one.text, two.text), asked, _product(one.over, two.over))
        if one.over == two.over:
            return PartCode(f"({one.text} {sign} {two.text})", asked, one.over)
        first, second = _product(one.text, two.over), _product(two.text, one.over)
        return PartCode(f"({first} {sign} {second})", asked, _product(one.over, two.over))

    def share(self, _: Tree, part: Tree, whole: Tree) -> PartCode:
        above, below = self.read(part), self.read(whole)
        return PartCode(_product(above.text, below.over), _asked(above, below), _product(above.over, below.text))

    def count(self, tree: Tree, items: Tree, *_: Tree) -> PartCode:
        return self._fact(name_of(items), f"{self.code.thing(self._of_items(tree, name_of(items)))}({{}})")

    sum = count

    def _of_items(self, tree: Tree, name: str) -> Callable[[Value], Any]:
        """Return what works out a question about the items of a list, item by item, as the reference does."""
        return lambda items: interpreter_over({**self.constants, name: items}).evaluated(tree)

    def exists(self, _: Tree, fact: Tree) -> PartCode:
        return self._fact(name_of(fact), "({} is not N)")

    def given(self, _: Tree, *facts: Tree) -> PartCode:
        return PartCode(f"({' or '.join(f'{self.code.value(name_of(fact))} in stated' for fact in facts)})")


def unless_open(asked: Collection[str], text: str) -> str:
    """Write a value that is open where one of some facts is."""
    return f"(U if {' or '.join(f'{local} is U' for local in sorted(asked))} else {text})" if asked else text


def _asked(*parts: PartCode) -> frozenset[str]:
    return frozenset[str]().union(*(part.asked for part in parts))


def _exact(value: Value) -> Value:
    """Return a share as a fraction, which can be multiplied; any other value as it is."""
    return value.fraction if isinstance(value, Ratio) else value


def _product(one: str, two: str) -> str:
    """Write a product; by one nothing changes."""
    return two if one == "1" else one if two == "1" else f"{one} * {two}"
