"""A value as a case file would write it."""

from datetime import date
from fractions import Fraction

from policy_engine.language.show import decimal_text
from policy_engine.language.values import NONE, UNKNOWN, Value


def shown(value: Value) -> str:
    """Write a value as a case file would."""
    kind = value.__class__
    if kind is int or kind is str:
        return str(value)
    if value is True or value is False:
        return "true" if value else "false"
    match value:
        case date():
            return value.isoformat()
        case Fraction():
            return f"{value.numerator}/{value.denominator}" if _endless(value) else decimal_text(value)
        case frozenset():
            return f"[{', '.join(sorted(value))}]"
        case tuple():
            return f"[{len(value)}]"
        case _:
            return "unknown" if value is UNKNOWN else "none" if value is NONE else str(value)


def _endless(value: Fraction) -> bool:
    """Tell whether a fraction has no end in decimals."""
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest != 1
