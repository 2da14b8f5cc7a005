"""Tree to canonical text: the one spelling of a condition in verdicts, reports and digests.

`parse(show(tree))` gives the tree again; brackets stand only where the tree needs them.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Final, TypeAlias

from policy_engine.language.fold import Reader
from policy_engine.language.tree import Pair, Tree, name_of

_OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _ATOM = range(7)
Written: TypeAlias = tuple[str, int]
"""A tree without brackets of its own, and how tightly it binds."""
_SIGNS: Final = (*"()+−×*/", " - ")


def show(tree: Tree) -> str:
    """Write a tree as text."""
    return _TEXT.read(tree)[0]


def worded(figure: Tree, called: Callable[[str], str]) -> str:
    """Return a figure in a reader's words: `(all − on time) / all`; every fact stands where the tree has it, a share as a fraction.

    Args:
        figure: what is worked out from facts.
        called: gives what a fact or a threshold is called; a name that could be taken for a sum is put into quotation marks.
    """
    alone = bool(name_of(figure))
    return _Worded(lambda name: called(name) if alone else _apart(called(name))).read(figure)[0]


def _apart(words: str) -> str:
    """Put words into quotation marks where they hold a sign of reckoning."""
    return f"“{words}”" if any(sign in words for sign in _SIGNS) else words


class _Text(Reader[Written]):
    """Writes a tree as rule authors write it."""

    def constant(self, _: Tree, value: object) -> Written:
        if isinstance(value, str):
            return f'"{value}"' if "'" in value else f"'{value}'", _ATOM
        return decimal_text(value) if isinstance(value, Fraction) else str(value), _ATOM

    def name(self, _: Tree, name: str) -> Written:
        return name, _ATOM

    def connective(self, _: Tree, sign: str, parts: Sequence[Tree]) -> Written:
        strength = _AND if sign == "and" else _OR
        return f" {sign} ".join(self._within(part, strength + 1) for part in parts), strength

    def negation(self, _: Tree, part: Tree) -> Written:
        return f"not {self._within(part, _NOT)}", _NOT

    def comparison(self, _: Tree, pairs: Sequence[Pair]) -> Written:
        rest = (f"{pair.sign} {self._within(pair.right, _SUM)}" for pair in pairs)
        return " ".join([self._within(pairs[0].left, _SUM), *rest]), _COMPARE

    def membership(self, _: Tree, one: Tree, sign: str, elements: Sequence[Tree]) -> Written:
        among = ", ".join(self._within(element, _OR) for element in elements)
        return f"{self._within(one, _SUM)} {sign} ({among}{',' if len(elements) == 1 else ''})", _COMPARE

    def containment(self, tree: Tree, one: Tree, sign: str, among: Tree) -> Written:
        return self.comparison(tree, (Pair(one, sign, among),))

    def arithmetic(self, _: Tree, left: Tree, sign: str, right: Tree) -> Written:
        return self._reckoned(left, sign, right)

    def _reckoned(self, left: Tree, sign: str, right: Tree) -> Written:
        strength = _PRODUCT if sign in "*×/" else _SUM
        return f"{self._within(left, strength)} {sign} {self._within(right, strength + 1)}", strength

    def share(self, _: Tree, *arguments: Tree) -> Written:
        return self._call("share", arguments)

    def count(self, _: Tree, *arguments: Tree) -> Written:
        return self._call("count", arguments)

    def sum(self, _: Tree, *arguments: Tree) -> Written:
        return self._call("sum", arguments)

    def given(self, _: Tree, *arguments: Tree) -> Written:
        return self._call("given", arguments)

    def exists(self, _: Tree, *arguments: Tree) -> Written:
        return self._call("exists", arguments)

    def _call(self, function: str, arguments: Sequence[Tree]) -> Written:
        return f"{function}({', '.join(self._within(argument, _OR) for argument in arguments)})", _ATOM

    def _within(self, tree: Tree, floor: int) -> str:
        """Write a tree, in brackets where it binds more loosely than its surroundings ask."""
        text, strength = self.read(tree)
        return f"({text})" if strength < floor else text


class _Worded(_Text):
    """Writes words in the place of names, a fraction in the place of a share, and signs as people do."""

    def __init__(self, called: Callable[[str], str]) -> None:
        self.called = called

    def name(self, _: Tree, name: str) -> Written:
        return self.called(name), _ATOM

    def share(self, _: Tree, *arguments: Tree) -> Written:
        return self._reckoned(arguments[0], "/", arguments[1])

    def arithmetic(self, _: Tree, left: Tree, sign: str, right: Tree) -> Written:
        return self._reckoned(left, {"-": "−", "*": "×"}.get(sign, sign), right)


_TEXT: Final = _Text()


def decimal_text(value: Fraction) -> str:
    """Write a fraction whose denominator divides a power of ten in plain decimals, exactly."""
    places = 0
    while (value * 10**places).denominator != 1:
        places += 1
    digits = str(abs((value * 10**places).numerator)).rjust(places + 1, "0")
    sign = "-" if value < 0 else ""
    return sign + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)
