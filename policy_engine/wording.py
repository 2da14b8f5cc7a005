"""What a sentence of the engine is made of before it is shown: marked texts, and the entries of a catalogue.

Imports nothing, so that every catalogue of sentences can be built upon it.
"""

from typing import NamedTuple


class Words(str):
    """A text of the engine's own, in English until it is shown; a user's own words are never translated."""

    __slots__ = ()


def N_(text: str) -> Words:  # noqa: N802  (gettext's own name for "translate this later")
    """Mark a text for the catalogue of translations."""
    return Words(text)


class Entry(NamedTuple):
    """What a code says: the sentence about what was found, and the advice on what to do."""

    message: str
    advice: str
    severity: str = "error"
    """How bad it is: `error`, `warning` or `note`; only findings of `check` are less than errors."""
