"""Figures in generated code: sums over wholes, compared by multiplying crosswise, whole numbers only.

A share is never divided. What an edition fixes is worked out here, once: `share(done, total) >= 70%` becomes
`f_done * 10 >= f_total * 7`.
"""

from fractions import Fraction
from math import gcd
from typing import NamedTuple

from policy_engine.language.values import Ratio


class Figure(NamedTuple):
    """A number in code: `factor * text / (over * wholes)`; without a text, a number that the edition fixes."""

    factor: int
    text: str = ""
    over: int = 1
    wholes: tuple[str, ...] = ()

    def top(self, more: int = 1, *, wholes: tuple[str, ...] = ()) -> str:
        """Write what stands above the line, times a number and wholes."""
        factor = self.factor * more
        parts = [part for part in (self.text, *wholes) if part]
        if not parts or factor == 0:
            return str(factor)
        return " * ".join([*parts, str(factor)] if factor != 1 else parts)


def fixed(value: int | Fraction | Ratio) -> Figure:
    """Return the figure of a number that the edition fixes."""
    exact = value.fraction if isinstance(value, Ratio) else Fraction(value)
    return Figure(exact.numerator, "", exact.denominator)


def times(one: Figure, two: Figure) -> Figure:
    """Multiply two figures."""
    texts = [text for text in (one.text, two.text) if text]
    return Figure(one.factor * two.factor, " * ".join(texts), one.over * two.over, (*one.wholes, *two.wholes))


def share(part: Figure, whole: Figure) -> Figure:
    """Return a part of a whole, with the whole below the line."""
    turned = part.over * whole.factor
    top = times(part, Figure(whole.over, "", 1, ()))._replace(over=turned, wholes=(*part.wholes, *((whole.text,) if whole.text else ())))
    return top._replace(text=" * ".join(text for text in (top.text, *whole.wholes) if text))


def plus(one: Figure, two: Figure, sign: str) -> Figure:
    """Add or subtract two figures."""
    left, right = crossed(one, two)
    common = gcd(one.over, two.over) or 1
    wholes = one.wholes if one.wholes == two.wholes else (*one.wholes, *two.wholes)
    return Figure(1, f"({left} {sign} {right})", one.over // common * two.over, wholes)


def crossed(one: Figure, two: Figure) -> tuple[str, str]:
    """Write two figures as they are compared: each times what stands below the other's line."""
    common = gcd(one.over, two.over) or 1
    same = one.wholes == two.wholes
    left = one.top(two.over // common, wholes=() if same else two.wholes)
    return left, two.top(one.over // common, wholes=() if same else one.wholes)
