"""What a user reads, in the user's language: gettext catalogues, chosen by an explicit language.

The language is always handed over, never kept in a global: the same process answers one user
in Vietnamese and the next in English.

Imports nothing of the engine, so that every catalogue of sentences can be built upon it.
"""

import os
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    import gettext


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
def catalogue(language: str) -> "gettext.NullTranslations":
    """Return the translations into a language; English is the language of the code itself.

    Raises:
        FileNotFoundError: where there is no catalogue for it.
    """
    import gettext

    return gettext.translation(_DOMAIN, _FOLDER, languages=[language], fallback=language == DEFAULT_LANGUAGE)


def bind_click(language: str) -> None:
    """Let click's own words (Usage, Options …) come from our catalogue too, for this process: the command line has one reader."""
    import gettext

    os.environ["LANGUAGE"] = language
    gettext.bindtextdomain(_DOMAIN, _FOLDER)
    gettext.textdomain(_DOMAIN)


def translate(text: str, language: str, **words: object) -> str:
    """Return a marked text in a language, its placeholders filled with the words."""
    found = text if language == DEFAULT_LANGUAGE else catalogue(language).gettext(text)
    return found.format(**words) if words else found


def plural(one: str, many: str, number: int, language: str, **words: object) -> str:
    """Return the form of a marked text that a count asks for, its placeholders filled; `{number}` is the count."""
    found = catalogue(language).ngettext(one, many, number) if language != DEFAULT_LANGUAGE else one if number == 1 else many
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
