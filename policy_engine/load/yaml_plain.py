"""What plain YAML means: a scalar without quotes, and a file that has nothing in it but lines of `key: value`.

PyYAML follows YAML 1.1, editors follow 1.2: `no`, `012`, `1:30` and `1e3` are different values to them, and no value here.
Patterns of scalars are kept as text, since most files never need them and compiling them is a part of every start.

Most case files are lines that stand in a thousand others word for word. So a line is read once and remembered, and a file is put
together from its lines, without a parser. Only what every reader of YAML takes alike is read in this way: keys that are words, values
on their own line, brackets one deep, all of it printable. At anything else this reader has no answer, and the complete one
(`yaml_events`), which knows the place and the name of every fault, is asked instead. Tests hold the two together.
"""

import re
import unicodedata
from fractions import Fraction
from typing import Any, TypeAlias

from policy_engine.language.text import decimal_text
from policy_engine.messages import N_
from policy_engine.tuples import NamedTuple

Data: TypeAlias = bool | int | Fraction | str | list["Data"] | dict[str, "Data"] | None
"""What a file holds: mappings, lists and scalars, numbers exact, days as ISO text."""
Path = tuple[str | int, ...]

_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_DECIMAL = r"[-+]?(0|[1-9][0-9]{0,14})\.[0-9]{1,12}"
_ENDLESS = r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)|[-+]?[0-9]{16,}(\.[0-9]*)?|[-+]?[0-9]+\.[0-9]{13,}"
_CORE_1_2 = r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+|[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"
_MAX_DIGITS = 15
_WORDS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_EMPTY = frozenset({"", "~", "null", "Null", "NULL"})
_ONE_LETTER = frozenset("yYnN")
_LETTERED = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
"""The only texts beginning with a letter that some YAML reader takes for something else (a test tries them all)."""
_NUMERIC = frozenset("0123456789abcdefABCDEFxXoOtTzZ_.:,+- \t")
"""The signs of whatever some YAML reader takes for a number, a time or a day; so `12 months` is text (a test tries it)."""
_YES = frozenset({"yes", "on", "y"})
_NO = frozenset({"no", "off", "n"})


_EITHER = N_('`{plain}`, or `"{found}"` in quotes if the text itself is meant')
_QUOTED = N_('`"{found}"` in quotes')


class Refusal(NamedTuple):
    """Why a scalar is not read: a code, and the words for its sentence."""

    code: str
    details: dict[str, str]


def is_plain_word(text: str) -> bool:
    """Return, after the cheapest of looks, whether a text is text to every YAML reader."""
    return text[:1].isalpha() and text.lower() not in _LETTERED


def reads_as_text(text: str) -> bool:
    """Return whether YAML 1.1 (PyYAML) and YAML 1.2 (editors) take an unquoted text for text; of a day one does, the other does not."""
    if text in _WORDS or text in _EMPTY or text in _ONE_LETTER or re.fullmatch(_CORE_1_2, text):
        return False
    if text[0].isdigit() and not _NUMERIC.issuperset(text):
        return True
    from yaml.resolver import Resolver

    resolvers: Any = Resolver.yaml_implicit_resolvers
    return not any(regexp.match(text) for _, regexp in resolvers.get(text[:1], ()))


def read_scalar(text: str) -> Data | Refusal:
    """Return the value of an unquoted scalar; or why it is refused: nothing, no finite number, or read differently by different readers."""
    if text in _WORDS:
        return _WORDS[text]
    digits = text[1:] if text[:1] in "+-" and len(text) > 1 else text
    if digits.isdigit() and digits.isascii() and len(digits) <= _MAX_DIGITS and (digits[0] != "0" or digits == "0"):
        return int(text)
    if re.fullmatch(_DECIMAL, text):
        return Fraction(text)
    if re.fullmatch(_DAY, text) or reads_as_text(text):
        return text  # a day that does not exist is refused where a day is asked for
    if text in _EMPTY:
        return Refusal("PE110", {})
    if re.fullmatch(_ENDLESS, text):
        return Refusal("PE113", {"found": text[:40]})
    plain = _plain(text)
    return Refusal("PE109", {"found": text[:40], "suggestion": _EITHER if plain else _QUOTED, **({"plain": plain} if plain else {})})


def _plain(text: str) -> str:
    """Return the one value that a person means by a scalar, in the form that every reader takes alike; "" where there is none."""
    word = text.lower()
    if word in _YES | _NO:
        return "true" if word in _YES else "false"
    midnight = re.fullmatch(rf"({_DAY})[Tt ]+00?:00:00(\.0*)?Z?", text)
    if midnight:
        return midnight[1]
    digits = text.replace("_", "")
    if not re.fullmatch(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,2})?", digits):
        return ""
    plain = decimal_text(Fraction(digits))
    return plain if len(plain) <= _MAX_DIGITS and not isinstance(read_scalar(plain), Refusal) else ""


def normal(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text)


_MAX_TEXT = 100_000
"""A text so short cannot pass the limit of values, each of which takes two characters at least."""
_MAX_LINE = 1_000
_MAX_NESTED = 30
_MAX_KNOWN = 4_096
"""How many lines, and how many pairs in braces, are remembered before all are forgotten."""
_WORD = r"[^\W\d_][\w./-]*"
_REMARK = r"(?: +#.*| *)"
_QUOTES = r'"[^"\\]*"|\'[^\']*\''
_LINE = re.compile(rf"( *)(- +)?(?:({_WORD}):(?: +|$))?(.*)")
_ON_LINE = re.compile(rf"({_QUOTES}|-?\w(?:[^ :#]|:(?! |$)|(?<! )#| +(?![ #]|$))*|\[[^\[\]{{}}]*\]|{{[^\[\]{{}}]*}}){_REMARK}")
_IN_BRACKETS = re.compile(rf" *(?:({_WORD}): +)?({_QUOTES}|-?\w[^,:#?\[\]{{}}]*?) *")


_Line: TypeAlias = tuple[int, bool, int, str | None, Data, bool]
"""A line: its column, whether it is an item, the column of its key, its key, the value, and whether that stands below instead."""
_known: dict[str, _Line | bool] = {}
"""What lines mean; True for one that says nothing, False for one that only the complete reader can judge."""
_pairs: dict[str, tuple[str | None, Data]] = {}


def read_lines(text: str) -> dict[str, Data] | None:
    """Return what a plain text holds, a block of keys; None where it is anything else, or anything may be wrong with it.

    What stands in one line is shared by every text with that line, and not to be changed.
    """
    blocks = _Blocks()
    for written in text.split("\n") if len(text) <= _MAX_TEXT else ("",):
        line = _known.get(written)
        if line is None:
            line = _learn(written)
        if line is not True and (line is False or not blocks.take(line)):
            return None
    return blocks.root if blocks.root and not blocks.opened else None


class _Blocks:
    """The blocks that lines stand in: the one that is being filled, and those around it."""

    def __init__(self) -> None:
        self.root: dict[str, Data] = {}
        self.holder: Any = self.root
        self.column = 0
        self.opened: str | None = None
        """The key whose value begins on the next line."""
        self.around: list[tuple[int, Any]] = []

    def take(self, line: _Line) -> bool:
        """Put a line where it belongs; return whether there is such a place."""
        at, is_item, inner, key, value, opens = line
        if not self._find(at, is_item=is_item):
            return False
        if is_item:
            if key is None:
                self.holder.append(value)
                return True
            item: dict[str, Data] = {}
            self.holder.append(item)
            self._enter(item, inner)
        if key in self.holder:
            return False
        if opens:
            self.opened = key
        else:
            self.holder[key] = value
        return True

    def _find(self, at: int, *, is_item: bool) -> bool:
        """Go to the block of a line by its column: one below the key that waits for its value, or one that the line goes on with."""
        if self.opened is not None:
            if at < self.column or (at == self.column and not is_item) or len(self.around) > _MAX_NESTED:
                return False
            below: Any = [] if is_item else {}
            self.holder[self.opened] = below
            self.opened = None
            self._enter(below, at)
            return True
        while at < self.column or (at == self.column and not is_item and self.around and isinstance(self.holder, list)):
            self.column, self.holder = self.around.pop()  # dashes may stand right below their key
        return at == self.column and is_item is isinstance(self.holder, list)

    def _enter(self, block: list[Data] | dict[str, Data], column: int) -> None:
        self.around.append((self.column, self.holder))
        self.holder, self.column = block, column


def _learn(text: str) -> _Line | bool:
    """Read a line, and remember what it means."""
    if len(_known) >= _MAX_KNOWN:
        _known.clear()
    _known[text] = line = _line(text) if text.isprintable() and len(text) <= _MAX_LINE else False
    return line


def _line(text: str) -> _Line | bool:
    found = _LINE.fullmatch(text)
    if found is None:
        return False
    indent, dash, key, rest = found.groups()
    if key is None and dash is None:
        return not rest or rest[0] == "#"
    column, is_item = len(indent), dash is not None
    inner = column + len(dash or "")
    if key is not None:
        key = normal(key)
        if not is_plain_word(key):
            return False
        if not rest or rest[0] == "#":
            return column, is_item, inner, key, None, True
    written = _ON_LINE.fullmatch(rest)
    value = _value(written[1]) if written else None
    return value is not None and (column, is_item, inner, key, value, False)


def _value(text: str) -> Data:
    """Return a value; None where this reader does not know it."""
    if text[0] in "\"'":
        return normal(text[1:-1])
    if text[0] not in "[{":
        text = normal(text)
        value = text if is_plain_word(text) else read_scalar(text)
        return None if isinstance(value, Refusal) else value
    body = text[1:-1].strip(" ")
    pairs = [_pairs.get(part) or _pair(part) for part in body.split(",")] if body else []
    if any(value is None or (key is None) is (text[0] == "{") for key, value in pairs):
        return None
    if text[0] == "[":
        return [value for _, value in pairs]
    found: dict[str, Data] = {key: value for key, value in pairs if key is not None}
    return found if len(found) == len(pairs) else None


def _pair(text: str) -> tuple[str | None, Data]:
    """Read what stands between two commas, a value or a key with its value, and remember it."""
    if len(_pairs) >= _MAX_KNOWN:
        _pairs.clear()
    found = _IN_BRACKETS.fullmatch(text)
    key = normal(found[1]) if found and found[1] else None
    value = _value(found[2]) if found and (key is None or is_plain_word(key)) else None
    _pairs[text] = key, value
    return key, value
