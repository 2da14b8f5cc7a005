"""What a user reads, in the user's language: gettext catalogues, chosen by an explicit language.

The language is always handed over, never kept in a global: the same process answers one user
in Vietnamese and the next in English.
"""

import os
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import gettext

LANGUAGES = ("vi", "en")
DEFAULT_LANGUAGE = "en"
_DOMAIN = "policy_engine"
_FOLDER = os.path.join(os.path.dirname(__file__), "locale")


def language_of(environment: Mapping[str, str]) -> str:
    """Give the language that a locale asks for: Vietnamese where it is Vietnamese, else English."""
    for variable in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        wanted = environment.get(variable, "")
        if wanted:
            return "vi" if wanted.lower().startswith("vi") else DEFAULT_LANGUAGE
    return DEFAULT_LANGUAGE


@cache
def catalogue(language: str) -> "gettext.NullTranslations":
    """Give the translations into a language; English is the language of the code itself.

    Raises:
        FileNotFoundError: where there is no catalogue for it.
    """
    import gettext  # noqa: PLC0415  (who reads English needs no catalogue)

    return gettext.translation(_DOMAIN, _FOLDER, languages=[language], fallback=language == DEFAULT_LANGUAGE)


def bind_click(language: str) -> None:
    """Let click's own words (Usage, Options …) come from our catalogue too, for this process: the command line has one reader."""
    import gettext  # noqa: PLC0415  (click has loaded it already)

    os.environ["LANGUAGE"] = language
    gettext.bindtextdomain(_DOMAIN, _FOLDER)
    gettext.textdomain(_DOMAIN)


def translate(text: str, language: str, **words: object) -> str:
    """Give a marked text in a language, its placeholders filled with the words."""
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
    """Give a text of the rulebook in a language; rulebooks carry every language they show."""
    return texts.get(language) or next(iter(texts.values()), "")
