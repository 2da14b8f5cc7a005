"""The one table of spellings: what a cell of a table says, whichever program wrote it, as plain data that `read_value` takes.

A cell is what a reader of CSV, JSON, Parquet, a database or a workbook hands over: a text, a truth, a number, a day, a time,
bytes, a list. What has one meaning is read, what has two is refused with both. `docs/cells.md` shows the table to users. Case
files do not use it: YAML keeps its strict rules.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from policy_engine.language.complaint import nearest
from policy_engine.language.text import decimal_text
from policy_engine.language.types import NOUNS
from policy_engine.language.values import is_array, is_object
from policy_engine.load.node import describe
from policy_engine.load.yaml_plain import Data, Refusal
from policy_engine.messages import N_
from policy_engine.model.facts import FactDeclaration
from policy_engine.model.rulebook import Level

MOST_INTEGER, MOST_FLOAT = 1 << 63, 1 << 53
"""The first whole number that columns do not hold, and the first that a floating point number may not hold exactly."""
_GROUP_SIGNS = "\u00a0\u2009\u202f"
"""Blanks that stand between groups of digits, and that nobody types between two figures."""
_MOST_DIGITS, _MOST_PLACES = 15, 12
"""What a case file reads exactly, before the point and after it."""
_MOST_SIGNS, _MOST_OF_A_SET = 100, 5_000
"""A longer text is neither a number nor a day, or no set, and is not looked at closely."""
_MOST_EXPONENT = 400
"""Of a number in its shortest spelling; a float has no more."""
_SHOWN = 60
_GROUP = 3
_DECIMAL = re.compile(r"([+-]?[0-9]+)[.,]([0-9]+)", re.ASCII)
_GROUPED = re.compile(rf"([+-]?[1-9][0-9]{{0,2}})(([.,{_GROUP_SIGNS}])[0-9]{{3}}(?:\3[0-9]{{3}})*)(?:([.,])([0-9]+))?", re.ASCII)
_LIKE_THOUSANDS = re.compile(r"-?[1-9][0-9]{0,2}\.[0-9]{3}", re.ASCII)
_DAYS = (
    re.compile(r"(?P<year>[0-9]{4})([-/.])(?P<month>[0-9]{1,2})\2(?P<day>[0-9]{1,2})", re.ASCII),
    re.compile(r"(?P<day>[0-9]{1,2})([-/.])(?P<month>[0-9]{1,2})\2(?P<year>[0-9]{4})", re.ASCII),
    re.compile(r"(?:ngày )?(?P<day>[0-9]{1,2}) tháng (?P<month>[0-9]{1,2}) năm (?P<year>[0-9]{4})", re.ASCII),
)
_SHORT_YEAR = re.compile(r"[0-9]{1,2}([-/.])[0-9]{1,2}\1[0-9]{2}", re.ASCII)
_TIME = re.compile(r"(.+?)[t ]+([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]+))?)?(?: ?(?:z|utc|[+-][0-9]{2}:?[0-9]{2}))?", re.ASCII)
_FIRST_SERIAL, _SERIAL_ZERO = 10_000, date(1899, 12, 30)
"""Below the first, a number is more likely a year than a day of a spreadsheet; the zero is where spreadsheets begin to count."""
_MONTHS_A_YEAR = 12

# The words of cells, in both languages, as `_folded` writes them.
YES = frozenset({"true", "t", "yes", "y", "có", "đúng", "x"})
NO = frozenset({"false", "f", "no", "n", "không", "sai"})
NONE = frozenset({"none", "không có"})
UNKNOWN = frozenset({"unknown", "not recorded", "chưa ghi nhận", "chưa rõ", "không rõ", "chưa biết"})
GAPS = frozenset({"NULL", "Null", "null", "~", "NaN", "nan", "NaT", "<NA>"})
"""What programs write for a gap, to the letter."""
UNITS: Mapping[str, tuple[str, ...]] = {"months": ("months", "month", "tháng"), "points": ("points", "point", "điểm"), "share": ("%",)}
_BARE_NO = NO - {"false", "f", "sai"}
"""Of a fact that is no yes or no: the answer no, or that there is none."""
_DASHES = frozenset({"-", "--", "–", "—"})
_NOT_AVAILABLE = frozenset({"n/a", "na", "n.a."})
_FAULTS = frozenset(
    {"#ref!", "#n/a", "#value!", "#div/0!", "#name?", "#num!", "#null!", "#spill!", "#calc!", "#field!", "#getting_data", "#####"}
)  # fmt: skip
WORDS_FOR_NOTHING = NONE | UNKNOWN | GAPS | _BARE_NO | _DASHES | _NOT_AVAILABLE | {"None"}
"""Every word that may say that there is no value."""
_IS_NO, _IS_NONE, _IS_UNKNOWN = N_("no"), N_("known not to exist (`none`)"), N_("not recorded (an empty cell)")


class JsonNumber(str):
    """A number of JSON as it is written; it never becomes a float."""

    __slots__ = ()


class _Wanted(NamedTuple):
    """What a cell is read as: its fact, the levels of the edition, and whether a workbook shows the cell as a percentage."""

    fact: FactDeclaration
    scale: Mapping[str, Level]
    percent: bool

    @property
    def kind(self) -> str:
        return self.fact.type.kind

    def named(self) -> Iterator[tuple[str, tuple[str, ...], tuple[str, ...]]]:
        """Return each choice, or each level: its id, its exact spellings, and its names in every language."""
        if self.kind == "level":
            yield from ((one.id, (one.id, one.code, *one.aliases), tuple(one.label.values())) for one in self.scale.values())
        else:
            yield from ((one, (one,), tuple(self.fact.choices.get(one, {}).values())) for one in self.fact.type.choices)


def read_cell(cell: object, fact: FactDeclaration, scale: Mapping[str, Level], *, percent: bool = False) -> Data | Refusal:
    """Return a cell as plain data, None where it says that nothing was recorded; or why it is refused.

    Args:
        cell: the cell, as a reader of files hands it over.
        fact: the fact whose value it is.
        scale: the levels of the edition.
        percent: whether the cell is a number that a workbook shows as a percentage, so that 0.285 is 28.5%.
    """
    asked = _Wanted(fact, scale, percent)
    match cell:
        case None:
            return None
        case bool() if asked.kind == "bool":
            return cell
        case bool():
            return _unfit(cell, asked)
        case JsonNumber() | int() | float() | Decimal() | Fraction():
            return _number(cell, asked)
        case bytes():
            try:
                return _text(cell.decode(), asked)
            except UnicodeDecodeError:
                return Refusal("PE876", {"found": cell[: _SHOWN // 4].hex(" ")})
        case str():
            return _text(cell, asked)
        case date() if asked.kind == "day":
            return _day_of(cell)
        case _ if is_array(cell) and asked.kind in {"set", "list"}:
            return _several(cell, asked)
        case _:
            return _unfit(cell, asked)


def written(data: Data) -> str | None:
    """Return plain data as the text of a cell that is read as the same data again."""
    match data:
        case None:
            return None
        case bool():
            return "true" if data else "false"
        case Fraction():
            return figure_text(data)
        case list():
            return f"[{', '.join(map(str, data))}]"
        case _:
            return str(data)


def figure_text(number: Fraction) -> str:
    """Return a number in a spelling that has one meaning: three places after the point become four."""
    text = decimal_text(number)
    return text + "0" if _LIKE_THOUSANDS.fullmatch(text) else text


def _folded(text: str) -> str:
    """Return a text as spellings are held against each other: one form of each letter, small, single blanks, none around it."""
    return " ".join(_trimmed(text).casefold().split())


def _trimmed(text: str) -> str:
    """Return a text without blanks around it, seen or not, in the one form of each letter."""
    return unicodedata.normalize("NFC", text).strip().strip("\u200b\ufeff").strip()


def _shown(cell: object) -> str:
    if isinstance(cell, Decimal) and cell.is_finite() and -_MOST_DIGITS < cell.adjusted() < _SHOWN:
        return format(cell, "f")[:_SHOWN]
    return describe(cell).strip("`") if isinstance(cell, bool) else str(cell)[:_SHOWN]


def _unfit(cell: object, asked: _Wanted) -> Refusal:
    found = describe(cell) if is_array(cell) or is_object(cell) else f"`{_shown(cell)}`"
    return Refusal("PE502", {"found": found, "wanted": NOUNS[asked.kind]})


def _two(cell: object, one: str, other: str) -> Refusal:
    return Refusal("PE870", {"found": _shown(cell), "one": one, "other": other})


def _number(cell: JsonNumber | float | Decimal | Fraction, asked: _Wanted) -> Data | Refusal:
    """Read a number of a program; a float that is no number is a gap, as pandas writes one.

    One with more decimals than anyone writes was rounded somewhere, and is refused.
    """
    if isinstance(cell, int) and abs(cell) >= MOST_INTEGER:
        return Refusal("PE852", {"found": str(cell)})
    if isinstance(cell, (int, Fraction)):
        exact: Fraction | None = Fraction(cell)
    else:
        decimal = Decimal(cell if isinstance(cell, (JsonNumber, Decimal)) else repr(cell))
        if decimal.is_nan():
            return None
        exponent = decimal.as_tuple().exponent
        near = isinstance(exponent, int) and exponent > -_MOST_EXPONENT and decimal.adjusted() < 2 * _MOST_DIGITS
        exact = Fraction(decimal) if near and not (isinstance(cell, float) and abs(cell) >= MOST_FLOAT) else None
    if exact is None or (not isinstance(cell, (int, Fraction)) and (exact * 10**_MOST_PLACES).denominator != 1):
        return Refusal("PE113", {"found": _shown(cell)})
    return _as_kind(exact, cell, asked)


def _as_kind(number: Fraction, cell: object, asked: _Wanted) -> Data | Refusal:
    """Return a number as its fact's kind asks; a percentage without its sign is a part of one, or of a hundred."""
    whole = number.denominator == 1
    match asked.kind:
        case "points":
            return number
        case "count" if whole and number >= MOST_INTEGER:
            return Refusal("PE852", {"found": _shown(cell)})
        case "months" | "share" if number >= 10**_MOST_DIGITS:
            return Refusal("PE113", {"found": _shown(cell)})
        case "count" if whole and number >= 0:
            return int(number)
        case "months" if whole and number >= 0:
            return f"{number} months"
        case "share" if number >= 0:
            part, percent = f"{figure_text(number * 100)}%", f"{figure_text(number)}%"
            return part if asked.percent or number == 0 else _two(cell, f"`{part}`", f"`{percent}`")
        case "bool" if number in (0, 1):
            return number == 1
        case "text" if whole:
            return str(int(number))
        case "day" if whole and _FIRST_SERIAL <= number <= (date.max - _SERIAL_ZERO).days:
            return Refusal("PE874", {"found": _shown(cell), "day": (_SERIAL_ZERO + timedelta(days=int(number))).isoformat()})
        case _:
            return _unfit(cell, asked)


def _day_of(cell: date) -> Data | Refusal:
    """Read a day; a time is one at midnight, and one of a zone at midnight of UTC, since columns keep no other zone."""
    if isinstance(cell, datetime):
        local = cell.astimezone(UTC) if cell.tzinfo else cell
        return Refusal("PE873", {"found": _shown(cell)}) if local.time() != time() else local.date().isoformat()
    return cell.isoformat()


def _text(cell: str, asked: _Wanted) -> Data | Refusal:
    """Read a text: an exact id or a name of a choice goes first, then the words for nothing, then what the kind asks."""
    text, word = _trimmed(cell), _folded(cell)
    if not word or text in GAPS:
        return None
    if word in _FAULTS or word.startswith("err:"):
        return Refusal("PE875", {"found": _shown(cell)})
    named = _named(text, asked) if asked.kind in {"choice", "level"} else None
    said = _nothing(cell, text, word, asked)
    if said is None or (named is not None and text in asked.fact.type.choices):
        return _of_kind(cell, text, word, asked) if named is None else named
    if isinstance(named, str):
        return _two(cell, f"`{named}`", _IS_UNKNOWN if said == "unknown" else _IS_NONE)
    return None if said == "unknown" else said


def _nothing(cell: str, text: str, word: str, asked: _Wanted) -> "str | Refusal | None":
    """Return `unknown` or `none` where a text says so, or why that is not sure; None where it says something else."""
    kind, may_be_none = asked.kind, asked.fact.may_be_none
    if text == "None" or word in _NOT_AVAILABLE:
        return _two(cell, _IS_NONE, _IS_UNKNOWN)
    if word in _DASHES:
        return _two(cell, "`0`" if kind in {"count", "points", "months", "share"} else _IS_NONE, _IS_UNKNOWN)
    if word in UNKNOWN:
        return "unknown"
    if word in NONE and kind == "bool" and word != "none":
        return _two(cell, _IS_NO, _IS_NONE)
    if word in NONE and (may_be_none or kind not in {"text", "choice"}):
        return "none" if may_be_none else Refusal("PE507", {"found": _shown(cell)})
    if word in _BARE_NO and kind != "bool" and (may_be_none or kind not in {"text", "choice", "level", "set"}):
        return _two(cell, _IS_NO, _IS_NONE)
    return None


def _of_kind(cell: str, text: str, word: str, asked: _Wanted) -> Data | Refusal:
    match asked.kind:
        case "text":
            return cell
        case "choice" | "level":
            return _unknown(cell, asked)
        case "set":
            return _set(text, asked)
        case "bool" if word in YES or word in NO:
            return word in YES
        case "list":
            return _unfit(cell, asked)
        case "day" if (day := _written_day(word)) is not None:
            return day._replace(details={**day.details, "found": _shown(cell)}) if isinstance(day, Refusal) else day
        case _:
            return _figure(cell, text.casefold(), asked)


def _written_day(text: str) -> str | Refusal | None:
    """Return a day as ISO text: day before month where the year stands last; None where the text is no day.

    Where month and day stand in the other order, the refusal says which day that would be.
    """
    if len(text) > _MOST_SIGNS:
        return None
    at = _TIME.fullmatch(text)
    alone = at[1] if at else text
    found = next((match for form in _DAYS if (match := form.fullmatch(alone))), None)
    if found is None:
        return Refusal("PE872", {"found": alone}) if _SHORT_YEAR.fullmatch(alone) else None
    year, month, day = (int(found[part]) for part in ("year", "month", "day"))
    try:
        read = date(year, month, day).isoformat()
    except ValueError:
        try:
            other = date(year, day, month).isoformat()
        except ValueError:
            return None
        return Refusal("PE871", {"found": alone, "month": str(month), "day": other}) if month > _MONTHS_A_YEAR else None
    return Refusal("PE873", {"found": text}) if at and any(int(part or 0) for part in at.groups()[1:]) else read


def _figure(cell: str, text: str, asked: _Wanted) -> Data | Refusal:
    """Read a number, with its unit where it has one."""
    unit = next((unit for unit in UNITS.get(asked.kind, ()) if text.endswith(unit)), "")
    number = _written_number(text.removesuffix(unit).rstrip())
    if number is None:
        return _unfit(cell, asked)
    if isinstance(number, Refusal):
        joined = unit if unit == "%" or not unit else f" {unit}"
        both: dict[str, str] = {key: f"{number.details[key][:-1]}{joined}`" for key in ("one", "other") if key in number.details}
        return number._replace(details={**number.details, **both, "found": _shown(cell)})
    if unit == "%":
        return f"{figure_text(number)}%" if number >= 0 else _unfit(cell, asked)
    return _as_kind(number, cell, asked)


def _written_number(text: str) -> Fraction | Refusal | None:
    """Return a number written with a point or a comma; None where the text is none.

    `1.234` is a thousand and more, or one and a part: it is refused with both, each in a spelling that has one meaning.
    """
    if len(text) > _MOST_SIGNS:
        return None
    whole, places = text, ""
    if plain := _DECIMAL.fullmatch(text):
        whole, places = plain.groups()
        digits = whole.lstrip("+-")
        if len(places) == _GROUP and len(digits) <= _GROUP and digits[0] != "0":
            return Refusal("PE870", {"found": text, "one": f"`{whole}{places}`", "other": f"`{whole}.{places}0`"})
    elif not re.fullmatch(r"[+-]?[0-9]+", text, re.ASCII):
        grouped = _GROUPED.fullmatch(text)
        if grouped is None or grouped[3] == grouped[4]:
            return None
        whole, places = grouped[1] + grouped[2].replace(grouped[3], ""), grouped[5] or ""
    if len(whole.lstrip("+-")) > _MOST_DIGITS or len(places) > _MOST_PLACES:
        return Refusal("PE113", {"found": text[:40]})
    return Fraction(f"{whole}.{places or '0'}")


def _named(text: str, asked: _Wanted) -> str | Refusal | None:
    """Return the id of the choice or the level that a text names, exactly or by a name in any language; both where it names two."""
    found, word = [name for name, exact, _ in asked.named() if text in exact], _folded(text)
    found = found or [name for name, exact, names in asked.named() if any(_folded(one) == word for one in (*exact, *names))]
    return _two(text, f"`{found[0]}`", f"`{found[1]}`") if len(found) > 1 else found[0] if found else None


def _unknown(cell: str, asked: _Wanted) -> Refusal:
    ids = [one for _, exact, _ in asked.named() for one in exact]
    near = nearest(cell, [*ids, *(one for _, _, names in asked.named() for one in names)])
    return Refusal("PE503", {"found": _shown(cell), "choices": ", ".join(ids), "nearest": near})


def _set(text: str, asked: _Wanted) -> Data | Refusal:
    """Read the choices of a set: in brackets or not, apart by a semicolon, a line break or a comma."""
    if len(text) > _MOST_OF_A_SET:
        return _unfit(text, asked)
    inner = text[1:-1] if text[0] + text[-1] == "[]" else text
    parts = [part for part in inner.replace("\n", ";").split(";") if part.strip()]
    return _gathered(_members([piece.strip().strip("\"'") for piece in part.split(",")], asked) for part in parts)


def _gathered(read: "Iterator[list[Data] | Refusal]") -> Data | Refusal:
    """Join lists that were read; the first refusal refuses them all."""
    found: list[Data] = []
    for one in read:
        if isinstance(one, Refusal):
            return one
        found += one
    return found


def _members(pieces: list[str], asked: _Wanted) -> list[Data] | Refusal:
    """Return the choices that pieces between commas name; a name may have commas of its own."""
    ways = _ways(pieces, asked)
    if len(ways) > 1:
        return _two(", ".join(pieces), *(f"`[{', '.join(sorted(way))}]`" for way in sorted(ways, key=sorted)[:2]))
    if ways:
        return [*sorted(ways.pop())]
    for piece in pieces:
        one = _named(piece, asked)
        if not isinstance(one, str):
            return one or _unknown(piece, asked)
    return []


def _ways(pieces: list[str], asked: _Wanted) -> "set[frozenset[str]]":
    """Return the sets that pieces can name, when neighbours are joined again where a name has commas; more than two are not needed."""
    longest = 1 + max((name.count(",") for _, _, names in asked.named() for name in names), default=0)
    ends: list[set[frozenset[str]]] = [{frozenset()}]
    for end in range(1, len(pieces) + 1):
        found: set[frozenset[str]] = set()
        for start in range(max(0, end - longest), end):
            one = _named(", ".join(pieces[start:end]), asked)
            if isinstance(one, str) and len(found) <= 2:  # noqa: PLR2004  (two are enough to refuse)
                found |= {way | {one} for way in ends[start]}
        ends.append(found)
    return ends[-1]


def _several(cell: Sequence[object], asked: _Wanted) -> Data | Refusal:
    if asked.kind == "set":
        return _gathered(_members([one.strip()], asked) if isinstance(one, str) else _unfit(one, asked) for one in cell)
    return _gathered(read if isinstance(read, Refusal) else [read] for item in cell for read in (_item(item, asked),))


def _item(item: object, asked: _Wanted) -> Data | Refusal:
    """Read an item of a list; a field without a value is left out."""
    if item is None:
        return None
    if not is_object(item):
        return _unfit(item, asked)
    found: dict[str, Data] = {}
    for name, cell in item.items():
        field = asked.fact.fields.get(name)
        place = f"{asked.fact.name}: {name}"
        if field is None:
            return Refusal("PE850", {"name": place, "nearest": nearest(name, asked.fact.fields)})
        read = read_cell(cell, field, asked.scale)
        if isinstance(read, Refusal):
            return read._replace(details={"name": place, **read.details})
        if read is not None:
            found[name] = read
    return found
