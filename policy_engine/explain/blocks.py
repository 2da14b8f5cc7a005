"""Shares as percentages: exact where decimals end, else rounded, but never onto or across a figure that the edition holds them against."""

from collections.abc import Collection
from fractions import Fraction
from typing import NamedTuple

from policy_engine.errors import N_
from policy_engine.language.types import SHARE
from policy_engine.messages import plural, translate
from policy_engine.model.rulebook import Edition


class Line(NamedTuple):
    """One line: how it came out (`met`, `not_met`, `unknown`, `not_applicable`, or `note`), what it says, and where that stands."""

    mark: str
    text: str
    source: str = ""


class Table(NamedTuple):
    """Rows under headings; every cell is text."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Section(NamedTuple):
    """A heading, and its lines or its table."""

    title: str
    lines: tuple[Line, ...] = ()
    table: Table | None = None


class Explanation(NamedTuple):
    """What a reader is told of one thing."""

    title: str
    headline: str
    outcome: str
    notes: tuple[str, ...]
    sections: tuple[Section, ...]


OUTCOMES = {
    "classified": N_("classified"), "gap": N_("no level"), "undetermined": N_("open"), "decided_by_authority": N_("authority decides"),
    "not_eligible": N_("not classified"), "out_of_scope": N_("out of scope"),
}  # fmt: skip


def outcome_word(outcome: str, language: str) -> str:
    """Return the short word of an outcome."""
    return translate(OUTCOMES[outcome], language) if outcome in OUTCOMES else outcome


def files_counted(rated: int, refused: int, language: str) -> str:
    """Return how many files there were, rated and refused."""
    return plural(
        "{number} file: {rated} rated, {refused} refused.", "{number} files: {rated} rated, {refused} refused.",
        rated + refused, language, rated=rated, refused=refused,
    )  # fmt: skip


def status_word(status: str, language: str, *, sealed: bool) -> str:
    """Return the word for an edition's status; one that says it is issued is only taken at its word where a seal shows it."""
    if status != "issued":
        return translate(N_("draft"), language)
    return translate(N_("issued") if sealed else N_("says that it is issued; no seal shows it"), language)


_EXACT_PLACES = 12
_LEAST_PLACES = 2


def share_bars(edition: Edition) -> frozenset[Fraction]:
    """Return every share that an edition holds something against, in percent; no rounded percentage may stand on another side of one."""
    owners = (edition.thresholds, *(one.thresholds for one in edition.tracks), *(one.thresholds for one in edition.chapters))
    quantities = [threshold.quantity for own in owners for threshold in own.values() if threshold.quantity.type is SHARE]
    return frozenset(value * 100 for quantity in quantities if isinstance(value := quantity.value, Fraction))


def percent(part: int, whole: int, language: str, bars: Collection[Fraction] = ()) -> str:
    """Write a share as a percentage: exact where decimals end; else rounded, with as many places as keep it off every bar and whole figure.

    Args:
        part: what is counted.
        whole: out of how much; not 0.
        language: `vi` or `en`, for the decimal sign.
        bars: the figures that it may be read against, in percent: rounded it lies on the same side of each as it does exactly.
    """
    value = Fraction(part * 100, whole)
    if 10**_EXACT_PLACES % value.denominator == 0:
        exact = next(places for places in range(_EXACT_PLACES + 1) if 10**places % value.denominator == 0)
        return f"= {_decimal(value, exact, language)}%"
    places = _LEAST_PLACES
    while not _keeps_side(value, round(value, places), bars):
        places += 1
    return f"≈ {_decimal(round(value, places), places, language)}%"


def figures_text(text: str, language: str, bars: Collection[Fraction] = ()) -> str:
    """Add the percentage to a figure like 12/20; anything else stays as it is."""
    part, _, whole = text.partition("/")
    if not (part.isdigit() and whole.isdigit()) or int(whole) == 0:
        return text
    return f"{text} {percent(int(part), int(whole), language, bars)}"


def _keeps_side(value: Fraction, rounded: Fraction, bars: Collection[Fraction]) -> bool:
    """Return whether a rounded figure is no whole one, and lies on the side of each bar on which the exact one lies."""
    return rounded.denominator != 1 and all((rounded < bar) == (value < bar) and (rounded == bar) == (value == bar) for bar in bars)


def _decimal(value: Fraction, places: int, language: str) -> str:
    """Write a number with so many decimals, with the comma of Vietnamese or the point of English."""
    whole, rest = divmod(int(value * 10**places), 10**places)
    return f"{whole}{',' if language == 'vi' else '.'}{rest:0{places}d}" if places else str(whole)
