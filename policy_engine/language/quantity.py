"""Figures as rulebooks write them (`50%`, `3`, `90 points`, `6 months`, a day), read exactly.

A percentage is a fraction from its text on; no float is ever made.
"""

import re
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from policy_engine.language.show import decimal_text
from policy_engine.language.types import COUNT, DAY, MONTHS, POINTS, SHARE, Type
from policy_engine.language.values import Number

_FIGURE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,12})?) ?(%|points|months)?", re.ASCII)
_UNITS = {"%": SHARE, "points": POINTS, "months": MONTHS, None: COUNT}


class Quantity(NamedTuple):
    """A figure: its type, its exact value, and its text as it is shown."""

    type: Type
    value: Number | date
    text: str


def read_quantity(text: str) -> Quantity | None:
    """Read a figure; None where the text is none."""
    if text.count("-") == 2:  # noqa: PLR2004  (a day has two dashes)
        day = read_day(text)
        return Quantity(DAY, day, text) if day else None
    found = _FIGURE.fullmatch(text)
    if not found:
        return None
    number, kind = Fraction(found[1]), _UNITS[found[2]]
    if kind is SHARE:
        return Quantity(SHARE, number / 100, f"{decimal_text(number)}%")
    if number.denominator != 1 and kind is not POINTS:
        return None
    return Quantity(kind, number if kind is POINTS else number.numerator, text)


def read_day(text: str) -> date | None:
    """Read an ISO day; None where there is no such day."""
    if len(text) != len("2020-12-15") or not text.isascii() or text[4] + text[7] != "--":
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
