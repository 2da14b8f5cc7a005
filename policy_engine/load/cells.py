"""The one table of spellings: what a cell of a table says, whichever program wrote it, as plain data that `read_value` takes.

A cell is what a reader of CSV, JSON, Parquet, a database or a workbook hands over: a text, a truth, a number, a day, a time,
bytes, a list. What has one meaning is read, what has two is refused with both. `docs/cells.md` shows the table to users. Case
files do not use it: YAML keeps its strict rules.

Everything here takes a folded text: one spelling of each letter, small letters, no blanks around it (see `cells.folded`).
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from policy_engine.errors import N_
from policy_engine.language.complaint import nearest
from policy_engine.language.text import decimal_text
from policy_engine.language.types import NOUNS
from policy_engine.language.values import is_array, is_object
from policy_engine.load.node import describe
from policy_engine.load.yaml_text import Data, Refusal
from policy_engine.model.facts import FactDeclaration, Texts
from policy_engine.model.rulebook import Level

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


MOST_INTEGER, MOST_FLOAT = 1 << 63, 1 << 53
"""The first whole number that columns do not hold, and the first that a floating point number may not hold exactly."""
_BLANKS = "\u200b\ufeff"
_SHOWN = 60
_MOST_OF_A_SET = 5_000
"""A longer text is no set."""
_MOST_EXPONENT = 400
"""Of a number in its shortest spelling; a float has no more."""

# The words of cells, in both languages, as `folded` writes them.
YES = frozenset({"true", "t", "yes", "y", "có", "đúng", "x"})
NO = frozenset({"false", "f", "no", "n", "không", "sai"})
NONE = frozenset({"none", "không có"})
UNKNOWN = frozenset({"unknown", "not recorded", "chưa ghi nhận", "chưa rõ", "không rõ", "chưa biết"})
GAPS = frozenset({"NULL", "Null", "null", "~", "NaN", "nan", "NaT", "<NA>"})
"""What programs write for a gap, to the letter."""
UNITS: Mapping[str, tuple[str, ...]] = {
    "months": ("months", "month", "tháng"),
    "points": ("points", "point", "điểm"),
    "share": ("%",),
}
_BARE_NO = NO - {"false", "f", "sai"}
"""Of a fact that is no yes or no: the answer no, or that there is none."""
_WORDY = frozenset({"text", "choice", "level", "set"})
"""Kinds whose values are words."""
_DASHES = frozenset({"-", "--", "–", "—"})
_NOT_AVAILABLE = frozenset({"n/a", "na", "n.a."})
_PYTHON_NONE = "None"
_FAULTS = frozenset(
    {"#ref!", "#n/a", "#value!", "#div/0!", "#name?", "#num!", "#null!", "#spill!", "#calc!", "#field!", "#getting_data", "#####"}
)  # fmt: skip
WORDS_FOR_NOTHING = NONE | UNKNOWN | GAPS | _BARE_NO | _DASHES | _NOT_AVAILABLE | {_PYTHON_NONE}
"""Every word that may say that there is no value."""
_IS_NO, _IS_NONE, _IS_UNKNOWN = N_("no"), N_("known not to exist (`none`)"), N_("not recorded (an empty cell)")


class Figure(str):
    """A number of JSON as it is written; it never becomes a float."""

    __slots__ = ()


class _Asked(NamedTuple):
    """What a cell is read as: its fact, the levels of the edition, and whether a workbook shows the cell as a percentage."""

    fact: FactDeclaration
    scale: Mapping[str, Level]
    percent: bool

    @property
    def kind(self) -> str:
        """The kind of value that the fact asks for."""
        return self.fact.type.kind


def read_cell(cell: object, fact: FactDeclaration, scale: Mapping[str, Level], *, percent: bool = False) -> Data | Refusal:
    """Return a cell as plain data, None where it says that nothing was recorded; or why it is refused.

    Args:
        cell: the cell, as a reader of files hands it over.
        fact: the fact whose value it is.
        scale: the levels of the edition.
        percent: whether the cell is a number that a workbook shows as a percentage, so that 0.285 is 28.5%.
    """
    asked = _Asked(fact, scale, percent)
    match cell:
        case None:
            return None
        case bool():
            return cell if asked.kind == "bool" else _unfit(cell, asked)
        case Figure() | int() | float() | Decimal() | Fraction():
            return _number(cell, asked)
        case bytes():
            return _bytes(cell, asked)
        case str():
            return _text(cell, asked)
        case date():
            return _day_cells(cell, asked)
        case _ if is_array(cell):
            return _several(cell, asked)
        case _:
            return _unfit(cell, asked)


def folded(text: str) -> str:
    """Return a text as spellings are held against each other: one form of each letter, small, single blanks, none around it."""
    return " ".join(_trimmed(text).casefold().split())


def _trimmed(text: str) -> str:
    """Return a text without blanks around it, seen or not, in the one form of each letter."""
    return unicodedata.normalize("NFC", text).strip().strip(_BLANKS).strip()


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


def _shown(cell: object) -> str:
    """Return a cell as it stands."""
    if isinstance(cell, Decimal) and cell.is_finite() and -MOST_DIGITS < cell.adjusted() < _SHOWN:
        return format(cell, "f")[:_SHOWN]
    return describe(cell).strip("`") if isinstance(cell, bool) else str(cell)[:_SHOWN]


def _unfit(cell: object, asked: _Asked) -> Refusal:
    """Say that a cell is no value of its fact's kind."""
    found = describe(cell) if is_array(cell) or is_object(cell) else f"`{_shown(cell)}`"
    return Refusal("PE502", {"found": found, "wanted": NOUNS[asked.kind]})


def _two(cell: object, one: str, other: str) -> Refusal:
    """Say which two things a cell can mean."""
    return Refusal("PE870", {"found": _shown(cell), "one": one, "other": other})


# Numbers


def _number(cell: Figure | float | Decimal | Fraction, asked: _Asked) -> Data | Refusal:
    """Read a number of a program; a float that is no number is a gap, as pandas writes one."""
    if isinstance(cell, int) and abs(cell) >= MOST_INTEGER:
        return Refusal("PE852", {"found": str(cell)})
    exact = _exactly(cell)
    if exact is None:
        return None
    return exact if isinstance(exact, Refusal) else _as_kind(exact, cell, asked)


def _exactly(cell: Figure | float | Decimal | Fraction) -> Fraction | Refusal | None:
    """Return the figure that a number says in decimals; one with more of them than anyone writes was rounded somewhere."""
    if isinstance(cell, (int, Fraction)):
        return Fraction(cell)
    decimal = Decimal(cell if isinstance(cell, (Figure, Decimal)) else repr(cell))
    if decimal.is_nan():
        return None
    exponent = decimal.as_tuple().exponent
    near = isinstance(exponent, int) and exponent > -_MOST_EXPONENT and decimal.adjusted() < 2 * MOST_DIGITS
    exact = Fraction(decimal) if near and not (isinstance(cell, float) and abs(cell) >= MOST_FLOAT) else None
    if exact is None or (exact * 10**MOST_PLACES).denominator != 1:
        return Refusal("PE113", {"found": _shown(cell)})
    return exact


def _as_kind(number: Fraction, cell: object, asked: _Asked) -> Data | Refusal:
    """Return a number as its fact's kind asks."""
    whole = number.denominator == 1
    match asked.kind:
        case "points":
            return number
        case "count" if whole and number >= MOST_INTEGER:
            return Refusal("PE852", {"found": _shown(cell)})
        case "months" | "share" if number >= 10**MOST_DIGITS:
            return Refusal("PE113", {"found": _shown(cell)})
        case "count" if whole and number >= 0:
            return int(number)
        case "months" if whole and number >= 0:
            return f"{number} months"
        case "share":
            return _share(number, cell, asked)
        case "bool" if number in (0, 1):
            return number == 1
        case "text" if whole:
            return str(int(number))
        case "day" if (day := day_of_serial(number)) is not None:
            return Refusal("PE874", {"found": _shown(cell), "day": day})
        case _:
            return _unfit(cell, asked)


def _share(number: Fraction, cell: object, asked: _Asked) -> Data | Refusal:
    """Read a percentage without its sign: a part of one, or of a hundred; nothing is nothing of both."""
    part, percent = f"{figure_text(number * 100)}%", f"{figure_text(number)}%"
    if number < 0:
        return _unfit(cell, asked)
    return part if asked.percent or number == 0 else _two(cell, f"`{part}`", f"`{percent}`")


# Days and bytes


def _day_cells(cell: date, asked: _Asked) -> Data | Refusal:
    """Read a day; a time is one at midnight, and one of a zone at midnight of UTC, since columns keep no other zone."""
    if asked.kind != "day":
        return _unfit(cell, asked)
    if isinstance(cell, datetime):
        local = cell.astimezone(UTC) if cell.tzinfo else cell
        if local.time() != time():
            return Refusal("PE873", {"found": _shown(cell)})
        cell = local.date()
    return cell.isoformat()


def _bytes(cell: bytes, asked: _Asked) -> Data | Refusal:
    """Read bytes as the text that they are."""
    try:
        return _text(cell.decode(), asked)
    except UnicodeDecodeError:
        return Refusal("PE876", {"found": cell[: _SHOWN // 4].hex(" ")})


# Texts


def _text(cell: str, asked: _Asked) -> Data | Refusal:
    """Read a text: an exact id or a name of a choice goes first, then the words for nothing, then what the kind asks."""
    text, word = _trimmed(cell), folded(cell)
    if not word or text in GAPS:
        return None
    if word in _FAULTS or word.startswith("err:"):
        return Refusal("PE875", {"found": _shown(cell)})
    named = _named(word, text, asked)
    said = _nothing(cell, text, word, asked)
    if named is not None and (said is None or asked.fact.type.choices.count(text)):
        return named
    if isinstance(named, str) and said is not None:
        return _two(cell, f"`{named}`", _meaning(said))
    if said is not None:
        return None if said == "unknown" else said
    return _of_kind(cell, text, word, asked)


def _meaning(said: str | Refusal) -> str:
    """Return the words for what a cell says that is no value."""
    return _IS_UNKNOWN if said == "unknown" else _IS_NONE


def _nothing(cell: str, text: str, word: str, asked: _Asked) -> "str | Refusal | None":
    """Return `unknown` or `none` where a text says so, or why that is not sure; None where it says something else."""
    kind, may_be_none = asked.kind, asked.fact.may_be_none
    if text == _PYTHON_NONE or word in _NOT_AVAILABLE:
        return _two(cell, _IS_NONE, _IS_UNKNOWN)
    if word in _DASHES:
        return _two(cell, "`0`" if kind in {"count", "points", "months", "share"} else _IS_NONE, _IS_UNKNOWN)
    if word in UNKNOWN:
        return "unknown"
    if word in NONE and kind == "bool" and word != "none":
        return _two(cell, _IS_NO, _IS_NONE)
    if word in NONE and (may_be_none or kind not in {"text", "choice"}):
        return "none" if may_be_none else Refusal("PE507", {"found": _shown(cell)})
    if word in _BARE_NO and kind != "bool" and (may_be_none or kind not in _WORDY):
        return _two(cell, _IS_NO, _IS_NONE)
    return None


def _of_kind(cell: str, text: str, word: str, asked: _Asked) -> Data | Refusal:
    """Read a text that says something as its fact's kind asks."""
    match asked.kind:
        case "text":
            return cell
        case "choice":
            return _unknown_choice(cell, asked.fact.type.choices, asked.fact.choices.values())
        case "level":
            levels = asked.scale.values()
            ids = [spelling for level in levels for spelling in (level.id, level.code, *level.aliases)]
            return _unknown_choice(cell, ids, (level.label for level in levels))
        case "set":
            return _set(text, asked)
        case "bool" if word in YES or word in NO:
            return word in YES
        case "list":
            return _unfit(cell, asked)
        case "day" if (day := read_cell_day(word)) is not None:
            return _as_found(day, cell)
        case _:
            return _figure(cell, text, asked)


def _figure(cell: str, text: str, asked: _Asked) -> Data | Refusal:
    """Read a number, with its unit where it has one."""
    lower = text.casefold()
    unit = next((unit for unit in UNITS.get(asked.kind, ()) if lower.endswith(unit)), "")
    number = _as_found(read_number(lower.removesuffix(unit).rstrip()), cell)
    if number is None:
        return _unfit(cell, asked)
    if isinstance(number, Refusal) or not isinstance(number, Fraction):
        return _with_unit(number, unit)
    if unit == "%":
        return f"{figure_text(number)}%" if number >= 0 else _unfit(cell, asked)
    return _as_kind(number, cell, asked)


def _with_unit(refusal: "Data | Refusal", unit: str) -> Data | Refusal:
    """Add its unit to both of the figures that a cell can be."""
    if not isinstance(refusal, Refusal) or "one" not in refusal.details or not unit:
        return refusal
    joined = unit if unit == "%" else f" {unit}"
    both = {key: f"{refusal.details[key][:-1]}{joined}`" for key in ("one", "other")}
    return refusal._replace(details={**refusal.details, **both})


def _as_found(read: "Fraction | str | Refusal | None", cell: str) -> "Fraction | str | Refusal | None":
    """Let a refusal print the cell as it stands."""
    return read._replace(details={**read.details, "found": _shown(cell)}) if isinstance(read, Refusal) else read


# Choices, levels and sets


def _named(word: str, text: str, asked: _Asked) -> str | Refusal | None:
    """Return the id of the choice or the level that a text names; both where it names two."""
    if asked.kind == "choice":
        return _chosen(word, text, asked.fact)
    if asked.kind != "level":
        return None
    exact = [level.id for level in asked.scale.values() if text in (level.id, level.code, *level.aliases)]
    names = ((level.id, (level.id, level.code, *level.aliases, *level.label.values())) for level in asked.scale.values())
    return _one_of(text, exact or _matching(word, names))


def _chosen(word: str, text: str, fact: FactDeclaration) -> str | Refusal | None:
    """Return the id of the choice that a text names: its id, or its name in any language of the edition."""
    if text in fact.type.choices:
        return text
    names = ((choice, (choice, *fact.choices.get(choice, {}).values())) for choice in fact.type.choices)
    return _one_of(text, _matching(word, names))


def _matching(word: str, names: Iterable[tuple[str, Iterable[str]]]) -> list[str]:
    """Return the ids of which a spelling is one."""
    return [found for found, spellings in names if any(folded(spelling) == word for spelling in spellings)]


def _one_of(text: str, found: Sequence[str]) -> str | Refusal | None:
    """Return the one id that was found; two are two meanings."""
    if len(found) > 1:
        return _two(text, f"`{found[0]}`", f"`{found[1]}`")
    return found[0] if found else None


def _unknown_choice(cell: str, ids: Sequence[str], labels: Iterable[Texts]) -> Refusal:
    """Say that a text names no choice."""
    near = nearest(cell, [*ids, *(name for label in labels for name in label.values())])
    return Refusal("PE503", {"found": _shown(cell), "choices": ", ".join(ids), "nearest": near})


def _set(text: str, asked: _Asked) -> Data | Refusal:
    """Read the choices of a set: in brackets or not, apart by a semicolon, a line break or a comma."""
    if len(text) > _MOST_OF_A_SET:
        return _unfit(text, asked)
    inner = text[1:-1] if text[0] + text[-1] == "[]" else text
    found: list[Data] = []
    for part in inner.replace("\n", ";").split(";"):
        if not part.strip():
            continue
        members = _members([piece.strip().strip("\"'") for piece in part.split(",")], asked.fact)
        if isinstance(members, Refusal):
            return members
        found += members
    return found


def _members(pieces: list[str], fact: FactDeclaration) -> list[Data] | Refusal:
    """Return the choices that pieces between commas name; a name may have commas of its own."""
    ways = _ways(pieces, fact)
    if len(ways) > 1:
        return _two(", ".join(pieces), *(f"`[{', '.join(sorted(way))}]`" for way in sorted(ways, key=sorted)[:2]))
    if ways:
        return [*sorted(ways.pop())]
    for piece in pieces:
        one = _chosen(folded(piece), piece, fact)
        if isinstance(one, Refusal):
            return one
        if one is None:
            return _unknown_choice(piece, fact.type.choices, fact.choices.values())
    return []


def _ways(pieces: list[str], fact: FactDeclaration) -> "set[frozenset[str]]":
    """Return the sets that pieces can name, when neighbours are joined again where a name has commas; more than two are not needed."""
    longest = 1 + max((name.count(",") for label in fact.choices.values() for name in label.values()), default=0)
    ends: list[set[frozenset[str]]] = [{frozenset()}]
    for end in range(1, len(pieces) + 1):
        found: set[frozenset[str]] = set()
        for start in range(max(0, end - longest), end):
            text = ", ".join(pieces[start:end])
            one = _chosen(folded(text), text, fact)
            if isinstance(one, str) and len(found) <= 2:  # noqa: PLR2004  (two are enough to refuse)
                found |= {way | {one} for way in ends[start]}
        ends.append(found)
    return ends[-1]


# Lists


def _several(cell: list[object], asked: _Asked) -> Data | Refusal:
    """Read a list: the choices of a set, or the items of an itemised list."""
    if asked.kind == "set":
        return _chosen_all(cell, asked)
    if asked.kind != "list":
        return _unfit(cell, asked)
    items: list[Data] = []
    for item in cell:
        read = _item(item, asked)
        if isinstance(read, Refusal):
            return read
        items.append(read)
    return items


def _chosen_all(cell: Sequence[object], asked: _Asked) -> Data | Refusal:
    """Read the choices of a set from a list of texts."""
    found: list[Data] = []
    for one in cell:
        read = _members([one.strip()], asked.fact) if isinstance(one, str) else _unfit(one, asked)
        if isinstance(read, Refusal):
            return read
        found += read
    return found


def _item(item: object, asked: _Asked) -> Data | Refusal:
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
