"""Numbers and days as people and programs write them in cells; what could be two figures is refused with both.

Everything here takes a folded text: one spelling of each letter, small letters, no blanks around it (see `cells.folded`).
"""

import re
from datetime import date, timedelta
from fractions import Fraction

from policy_engine.language.show import decimal_text
from policy_engine.load.scalars import Refusal

GROUP_SIGNS = "\u00a0\u2009\u202f"
"""Blanks that stand between groups of digits, and that nobody types between two figures."""
MOST_DIGITS, MOST_PLACES = 15, 12
"""What a case file reads exactly, before the point and after it."""
MOST_SIGNS = 100
"""A longer text is neither a number nor a day, and is not looked at closely."""
_GROUP = 3
_DECIMAL = re.compile(r"([+-]?[0-9]+)[.,]([0-9]+)", re.ASCII)
_GROUPED = re.compile(rf"([+-]?[1-9][0-9]{{0,2}})(([.,{GROUP_SIGNS}])[0-9]{{3}}(?:\3[0-9]{{3}})*)(?:([.,])([0-9]+))?", re.ASCII)
_LIKE_THOUSANDS = re.compile(r"-?[1-9][0-9]{0,2}\.[0-9]{3}", re.ASCII)
_YEAR_FIRST = re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})", re.ASCII)
_DAY_FIRST = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{4})", re.ASCII)
_IN_WORDS = re.compile(r"(?:ngày )?([0-9]{1,2}) tháng ([0-9]{1,2}) năm ([0-9]{4})", re.ASCII)
_SHORT_YEAR = re.compile(r"[0-9]{1,2}([-/.])[0-9]{1,2}\1[0-9]{2}", re.ASCII)
_TIME = re.compile(r"(.+?)[t ]+([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]+))?)?(?: ?(?:z|utc|[+-][0-9]{2}:?[0-9]{2}))?", re.ASCII)
_FIRST_SERIAL, _SERIAL_ZERO = 10_000, date(1899, 12, 30)
"""Below the first, a number is more likely a year than a day of a spreadsheet; the zero is where spreadsheets begin to count."""
_MONTHS_A_YEAR = 12


def read_number(text: str) -> Fraction | Refusal | None:
    """Return a number written with a point or a comma; None where the text is none.

    `1.234` is a thousand and more, or one and a part: it is refused with both, each in a spelling that has one meaning.
    """
    if len(text) > MOST_SIGNS:
        return None
    if re.fullmatch(r"[+-]?[0-9]+", text, re.ASCII):
        return _exact(text, text, "")
    if plain := _DECIMAL.fullmatch(text):
        whole, places = plain.groups()
        digits = whole.lstrip("+-")
        if len(places) == _GROUP and len(digits) <= _GROUP and digits[0] != "0":
            return Refusal("PE870", {"found": text, "one": f"`{whole}{places}`", "other": f"`{whole}.{places}0`"})
        return _exact(text, whole, places)
    grouped = _GROUPED.fullmatch(text)
    if grouped is None or grouped[3] == grouped[4]:
        return None
    return _exact(text, grouped[1] + grouped[2].replace(grouped[3], ""), grouped[5] or "")


def _exact(text: str, whole: str, places: str) -> Fraction | Refusal:
    """Return the figure of its digits, unless they are more than can be read exactly."""
    if len(whole.lstrip("+-")) > MOST_DIGITS or len(places) > MOST_PLACES:
        return Refusal("PE113", {"found": text[:40]})
    return Fraction(f"{whole}.{places or '0'}")


def read_cell_day(text: str) -> str | Refusal | None:
    """Return a day as ISO text: day before month where the year stands last; None where the text is no day."""
    if len(text) > MOST_SIGNS:
        return None
    time = _TIME.fullmatch(text)
    found = _day(time[1] if time else text)
    if time is None or found is None or isinstance(found, Refusal):
        return found
    return found if not any(int(part or 0) for part in time.groups()[1:]) else Refusal("PE873", {"found": text})


def _day(text: str) -> str | Refusal | None:
    """Return a day without a time."""
    if first := _YEAR_FIRST.fullmatch(text):
        return _dated(text, int(first[1]), int(first[3]), int(first[4]))
    if last := _DAY_FIRST.fullmatch(text):
        return _dated(text, int(last[4]), int(last[3]), int(last[1]))
    if words := _IN_WORDS.fullmatch(text):
        return _dated(text, int(words[3]), int(words[2]), int(words[1]))
    if _SHORT_YEAR.fullmatch(text):
        return Refusal("PE872", {"found": text})
    return None


def _dated(text: str, year: int, month: int, day: int) -> str | Refusal | None:
    """Return the day of its figures; where month and day stand in the other order, say which day that would be."""
    found = _day_of(year, month, day)
    if found is not None or month <= _MONTHS_A_YEAR:
        return found
    other = _day_of(year, day, month)
    return other and Refusal("PE871", {"found": text, "month": str(month), "day": other})


def _day_of(year: int, month: int, day: int) -> str | None:
    """Return a day as ISO text; None where there is no such day."""
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def day_of_serial(number: Fraction) -> str | None:
    """Return the day that a spreadsheet shows for a number; None where it shows none, or where the number looks like a year."""
    if number.denominator != 1 or not _FIRST_SERIAL <= number <= (date.max - _SERIAL_ZERO).days:
        return None
    return (_SERIAL_ZERO + timedelta(days=int(number))).isoformat()


def figure_text(number: Fraction) -> str:
    """Return a number in a spelling that has one meaning: three places after the point become four."""
    text = decimal_text(number)
    return text + "0" if _LIKE_THOUSANDS.fullmatch(text) else text
