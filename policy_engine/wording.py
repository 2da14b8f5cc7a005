"""What a sentence of the engine is made of before it is shown: marked texts, and the entries of a catalogue.

Imports nothing of the engine, so that every catalogue of sentences can be built upon it.
"""

from collections.abc import Mapping
from typing import NamedTuple, Self


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


class Entry(NamedTuple):
    """What a code says: the sentence about what was found, and the advice on what to do."""

    message: str
    advice: str
    severity: str = "error"
    """How bad it is: `error`, `warning` or `note`; only findings of `check` are less than errors."""
