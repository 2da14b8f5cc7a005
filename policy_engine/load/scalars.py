"""Unquoted scalars: read where every YAML reader reads the same, refused where they differ.

PyYAML follows YAML 1.1, editors follow 1.2: `no`, `012`, `1:30` and `1e3` are different values to them. Patterns are kept
as text, since most files never need them and compiling them is a part of every start.
"""

import re
from fractions import Fraction
from typing import Any, NamedTuple, TypeAlias

from yaml.resolver import Resolver

from policy_engine.language.show import decimal_text
from policy_engine.wording import N_

Data: TypeAlias = bool | int | Fraction | str | list["Data"] | dict[str, "Data"] | None
"""What a file holds: mappings, lists and scalars, numbers exact, days as ISO text."""

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
_YES = frozenset({"yes", "on", "y"})
_NO = frozenset({"no", "off", "n"})


_EITHER = N_('`{plain}`, or `"{found}"` in quotes if the text itself is meant')
_QUOTED = N_('`"{found}"` in quotes')


class Refusal(NamedTuple):
    """Why a scalar is not read: a code, and the words for its sentence."""

    code: str
    details: dict[str, str]


def is_plain_word(text: str) -> bool:
    """Tell at a glance whether a text is text to every YAML reader."""
    return text[:1].isalpha() and text.lower() not in _LETTERED


def reads_as_text(text: str) -> bool:
    """Tell whether every YAML reader takes an unquoted text for text; a day is one thing to one, another to the other."""
    return text not in _WORDS and text not in _EMPTY and text not in _ONE_LETTER and not _reads_as_other(text)


def read_scalar(text: str) -> Data | Refusal:
    """Give the value of an unquoted scalar, or why it is refused."""
    if text in _WORDS:
        return _WORDS[text]
    digits = text[1:] if text[:1] in "+-" and len(text) > 1 else text
    if digits.isdigit() and digits.isascii() and len(digits) <= _MAX_DIGITS and (digits[0] != "0" or digits == "0"):
        return int(text)
    if re.fullmatch(_DECIMAL, text):
        return Fraction(text)
    if reads_as_text(text) or re.fullmatch(_DAY, text):
        return text  # a day that does not exist is refused where a day is asked for
    return _refusal(text)


def _refusal(text: str) -> Refusal:
    """Say what is wrong with a scalar: nothing, no finite number, or read differently by different readers."""
    if text in _EMPTY:
        return Refusal("PE110", {})
    if re.fullmatch(_ENDLESS, text):
        return Refusal("PE113", {"found": text[:40]})
    plain = _plain(text)
    details = {"found": text[:40], "suggestion": _EITHER if plain else _QUOTED}
    return Refusal("PE109", details | {"plain": plain} if plain else details)


def _reads_as_other(text: str) -> bool:
    """Tell whether YAML 1.1 (PyYAML) or YAML 1.2 (editors) would take an unquoted text for something else."""
    resolvers: Any = Resolver.yaml_implicit_resolvers
    return any(regexp.match(text) for _, regexp in resolvers.get(text[:1], ())) or re.fullmatch(_CORE_1_2, text) is not None


def _plain(text: str) -> str:
    """Give the one value that a person means by a scalar, in the form that every reader takes alike; "" where there is none."""
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
