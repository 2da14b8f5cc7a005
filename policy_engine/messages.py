"""What a user reads, in the user's language: catalogues of gettext, chosen by an explicit language.

They are looked up by ourselves: gettext makes every text of a catalogue before it gives the first, which takes as long as a cold answer's
own work. click asks gettext. A test holds the two together.

The language is always handed over, never kept in a global: the same process answers one user
in Vietnamese and the next in English.

Imports nothing of the engine, so that every catalogue of sentences can be built upon it.
"""

import os
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Self

from policy_engine.tuples import NamedTuple


class Words(str):
    """A text of the engine's own, in English until it is shown; a user's own words are never translated."""

    __slots__ = ()


def N_(text: str) -> Words:  # noqa: N802  (gettext's own name for "translate this later")
    """Mark a text for the catalogue of translations."""
    return Words(text)


class Spoken(str):
    """A text in every language of the edition; as a plain text it is the first of them."""

    __slots__ = ("texts",)
    texts: Mapping[str, str]

    def __new__(cls, texts: Mapping[str, str]) -> Self:
        """Take the text of each language."""
        made = super().__new__(cls, next(iter(texts.values()), ""))
        made.texts = dict(texts)
        return made

    def __getnewargs__(self) -> tuple[Mapping[str, str]]:  # type: ignore[override]  # a copy is made of the texts
        """Return what a copy is made of."""
        return (self.texts,)


class Kind(NamedTuple):
    """What a code says: the sentence about what was found, and the advice on what to do."""

    message: str
    advice: str
    severity: str = "error"
    """How bad it is: `error`, `warning` or `note`; only findings of `check` are less than errors."""


LANGUAGES = ("vi", "en")
DEFAULT_LANGUAGE = "en"
_DOMAIN = "policy_engine"
_FOLDER = os.path.join(os.path.dirname(__file__), "locale")


def language_of(environment: Mapping[str, str]) -> str:
    """Return the language that a locale asks for: Vietnamese where it is Vietnamese, else English."""
    for variable in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        wanted = environment.get(variable, "")
        if wanted:
            return "vi" if wanted.lower().startswith("vi") else DEFAULT_LANGUAGE
    return DEFAULT_LANGUAGE


@cache
def _catalogue(language: str) -> Mapping[bytes, bytes]:
    """Return the translations into a language, as they stand in the compiled catalogue; a text in two numbers has a zero byte between them.

    Raises:
        FileNotFoundError: where there is no catalogue for it.
    """
    from struct import unpack_from

    with open(os.path.join(_FOLDER, language, "LC_MESSAGES", f"{_DOMAIN}.mo"), "rb") as file:
        raw = file.read()
    order = "<" if raw.startswith(b"\xde\x12\x04\x95") else ">"  # as the machine has it that compiled it
    count, *tables = unpack_from(f"{order}8x3L", raw)
    found = (unpack_from(f"{order}{2 * count}L", raw, at) for at in tables)
    texts = [[raw[start : start + length] for length, start in zip(table[::2], table[1::2], strict=True)] for table in found]
    return dict(zip(*texts, strict=True))


@lru_cache(maxsize=4096)
def _translation(text: str, language: str) -> str | None:
    """Return the translation of a text; None where there is none. Vietnamese has one form for every number."""
    found = _catalogue(language).get(text.encode("utf-8", "surrogatepass"))
    return None if found is None else found.decode()


def bind_click(language: str) -> None:
    """Let click's own words (Usage, Options …) come from our catalogue too, for this process: the command line has one reader."""
    import gettext

    os.environ["LANGUAGE"] = language
    gettext.bindtextdomain(_DOMAIN, _FOLDER)
    gettext.textdomain(_DOMAIN)


def translate(text: str, language: str, **words: object) -> str:
    """Return a marked text in a language, its placeholders filled with the words."""
    found = text if language == DEFAULT_LANGUAGE else _translation(text, language) or text
    return found.format(**words) if words else found


def plural(one: str, many: str, number: int, language: str, **words: object) -> str:
    """Return the form of a marked text that a count asks for, its placeholders filled; `{number}` is the count."""
    found = (_translation(f"{one}\0{many}", language) if language != DEFAULT_LANGUAGE else None) or (one if number == 1 else many)
    return found.format(number=number, **words)


def with_unit(figure: str, language: str) -> str:
    """Return a figure as rulebooks write it (`6 months`, `90 points`, `50%`) with its unit in a language."""
    number, _, unit = figure.partition(" ")
    count = 1 if number == "1" else 2  # any other number, whole or not, takes the second form
    if unit == "months":
        return plural("{figure} month", "{figure} months", count, language, figure=number)
    return plural("{figure} point", "{figure} points", count, language, figure=number) if unit == "points" else figure


def sentence(texts: Mapping[str, str], language: str) -> str:
    """Return a text of the rulebook in a language; rulebooks carry every language they show."""
    return texts.get(language) or next(iter(texts.values()), "")
