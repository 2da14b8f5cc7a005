"""The words of a text that carry force: which sign each means, how figures and days are written there."""

from typing import NamedTuple

from policy_engine.language.quantity import Quantity

BREACH = "breach"
MEANINGS = (">=", "<=", ">", "<", "==", "whole", "before", BREACH)
"""What a word may mean: a sign; `whole`: equal to the whole; `before`: earlier than a day; `breach`: what is said must not be."""


class Word(NamedTuple):
    """A word, or words with holes (`…`) for what stands between them, and what they mean."""

    text: str
    means: str


class OperativeWords(NamedTuple):
    """The words of one edition: signs, units behind figures, figures in words, forms of days, the decimal sign."""

    signs: tuple[Word, ...] = ()
    units: tuple[Word, ...] = ()
    figures: tuple[tuple[str, Quantity], ...] = ()
    days: tuple[str, ...] = ()
    decimal: str = ","
