"""Figures as rulebooks write them (`50%`, `3`, `90 points`, `6 months`, a day), read exactly.

A percentage is a fraction from its text on; no float is ever made.
"""

import re
from datetime import date
from fractions import Fraction

from policy_engine.language.text import decimal_text
from policy_engine.language.types import COUNT, DAY, MONTHS, POINTS, SHARE, Type
from policy_engine.language.values import Number
from policy_engine.tuples import NamedTuple

_FIGURE = r"([0-9]{1,15}(?:\.[0-9]{1,12})?) ?(%|points|months)?"
_LIKE_DAY = r"[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{4}|[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}"
_MAX_YEARLESS = 99
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
    found = re.fullmatch(_FIGURE, text, re.ASCII)
    if not found:
        return None
    number, kind = Fraction(found[1]), _UNITS[found[2]]
    if kind is SHARE:
        return Quantity(SHARE, number / 100, f"{decimal_text(number)}%")
    if number.denominator != 1 and kind is not POINTS:
        return None
    return Quantity(kind, number if kind is POINTS else number.numerator, text)


def is_like_day(text: str) -> bool:
    """Return whether a text is written like a day: three groups of digits, whether or not there is such a day."""
    return re.fullmatch(_LIKE_DAY, text, re.ASCII) is not None


def nearest_day(text: str) -> str:
    """Return the one day that a text like a day can mean, in the form that is read; "" where there is none, or two."""
    groups = [int(group) for group in re.findall("[0-9]+", text)]
    year = next((group for group in groups if group > _MAX_YEARLESS), 0)
    rest = [group for group in groups if group != year]
    pairs = [rest, rest[::-1]] if len(rest) == 2 else []  # noqa: PLR2004  (a day and a month)
    days = {day for month, number in pairs if (day := read_day(f"{year:04d}-{month:02d}-{number:02d}"))}
    return days.pop().isoformat() if len(days) == 1 else ""


def nearest_quantity(text: str) -> str:
    """Return the figure that a text means whose decimals stand behind a comma; "" where it means none."""
    written = " ".join(text.replace(",", ".").split()).replace(" %", "%")
    return written if written != text and read_quantity(written) else ""


def read_day(text: str) -> date | None:
    """Read an ISO day; None where there is no such day."""
    if len(text) != len("2020-12-15") or not text.isascii() or text[4] + text[7] != "--":
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
