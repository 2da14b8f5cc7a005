"""What a reader sees, in neutral blocks that `report` writes as text or Markdown, and the words that every section shares.

A share is shown exactly where decimals end, else rounded, but never onto or across a figure that the edition holds it against.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from fractions import Fraction
from functools import cached_property

from policy_engine.evaluate.core.expression import shown
from policy_engine.language.types import SHARE
from policy_engine.language.values import UNKNOWN, Unknown, Value
from policy_engine.messages import N_, plural, sentence, translate
from policy_engine.model.evidence import Evidence
from policy_engine.model.facts import Texts
from policy_engine.model.rulebook import Edition
from policy_engine.tuples import NamedTuple


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
    """What a reader sees of one thing."""

    title: str
    headline: str
    outcome: str
    notes: tuple[str, ...]
    sections: tuple[Section, ...]


SEVERITY_MARKS = {"error": "not_met", "warning": "warning", "note": "note"}
"""The mark of a line by how bad it is."""
TRUTHS = {"true": N_("yes"), "false": N_("no"), "?": N_("not recorded")}
STATUSES = {"accepted": N_("accepted"), "proposed": N_("proposed, not yet accepted")}
"""How an interpretation stands with the policy owner."""
DRAFT = N_("This edition is a draft: nobody has issued it, and nothing may be decided by it.")
NOTICE = N_("This is a proposal worked out from the recorded facts; the competent authority decides.")
UNSEALED = N_("This edition says that it is issued, but there is no seal that shows it; hold it against the sealed original.")
_OUTCOMES = {
    "classified": N_("classified"), "gap": N_("no level"), "undetermined": N_("open"), "decided_by_authority": N_("authority decides"),
    "not_eligible": N_("not classified"), "out_of_scope": N_("out of scope"), "refused": N_("refused"),
}  # fmt: skip


class Wording:
    """One language, and the editions whose words are shown in it, the first that knows a name before the others."""

    def __init__(self, language: str, *editions: Edition) -> None:
        self.language, self.editions = language, editions

    @cached_property
    def bars(self) -> frozenset[Fraction]:
        return frozenset(bar for edition in self.editions for bar in share_bars(edition))

    def say(self, text: str, **words: object) -> str:
        """Return a marked text of the engine's own."""
        return translate(text, self.language, **words)

    def plural(self, one: str, several: str, number: int, **words: object) -> str:
        """Return the form of a marked text that a count asks for."""
        return plural(one, several, number, self.language, **words)

    def text(self, texts: Texts) -> str:
        """Return a sentence of the edition's."""
        return sentence(texts, self.language)

    def bare(self, texts: Texts) -> str:
        """Return a sentence of the edition's to which something is added: without its full stop."""
        return self.text(texts).rstrip(" .")

    def code(self, name: str | None) -> str:
        """Return the short code of a level, the word of an outcome; a dash for none."""
        name = name or "—"
        known = next((edition.scale[name].code for edition in self.editions if name in edition.scale), None)
        return known or (self.say(_OUTCOMES[name]) if name in _OUTCOMES else name)

    def level(self, name: str | None) -> str:
        """Return the words of a level, with its code; a dash for none."""
        known = next((edition.scale[name] for edition in self.editions if name and name in edition.scale), None)
        return f"{self.text(known.label)} ({known.code})" if known else "—"

    def label(self, name: str) -> str:
        """Return what a fact is called, by the last edition that has it; its name where none does."""
        return next((self.text(edition.facts[name].label) for edition in reversed(self.editions) if name in edition.facts), name)

    def fact(self, name: str) -> str:
        """Return what a fact is called, with its name."""
        return f"{self.label(name)} ({name})" if any(name in edition.facts for edition in self.editions) else name

    def decimal(self, figure: str) -> str:
        """Return a figure with the comma of Vietnamese, or the point of English."""
        return figure.replace(".", ",") if self.language == "vi" else figure

    def percent(self, part: int, whole: int) -> str:
        """Return a share as a percentage, on the same side of every figure of the editions as it lies exactly."""
        return percent(part, whole, self.language, self.bars)

    def seen(self, evidence: Evidence, named: Callable[[str], str]) -> str:
        """Return the figures of a condition; of several yes-or-no facts, those that do not hold."""
        parts: list[str] = []
        for label, values in evidence.seen:
            first = values[0] if len(values) == 1 else None
            if isinstance(first, (bool, Unknown)):
                answer = self.say(TRUTHS["?" if first is UNKNOWN else shown(first)])
                parts += [] if label and first is True else [f"{named(label)}: {answer}" if label else answer]
            else:
                parts.append(f"{label} = {self.together(values)}" if label else self.together(values))
        return "; ".join(parts)

    def together(self, values: Sequence[Value | None]) -> str:
        """Return figures that are read together; a part and its whole with the percentage that they make."""
        text = "/".join("–" if value is None else "?" if value is UNKNOWN else shown(value) for value in values)
        numbers = [int(value) for value in values if isinstance(value, (int, Fraction)) and value.denominator == 1 and value >= 0]
        share = len(values) == len(numbers) == 2 and numbers[1] > 0 and not any(isinstance(value, bool) for value in values)  # noqa: PLR2004
        return f"{text} {self.percent(numbers[0], numbers[1])}" if share else text

    def heading(self, edition: Edition) -> str:
        """Return what stands above every answer: the edition, its status, its revision."""
        words = {"edition": edition.id, "status": self.status(edition), "revision": edition.revision[:19]}
        return self.say(N_("Edition {edition} ({status}), revision {revision}…"), **words)

    def status(self, edition: Edition) -> str:
        """Return the word for an edition's status."""
        return status_word(edition.status, self.language, sealed=edition.sealed)

    def table(self, headings: Iterable[str], rows: Iterable[tuple[str, ...]]) -> Table:
        """Return a table under marked headings."""
        return Table(tuple(map(self.say, headings)), tuple(rows))

    def matrix(self, before: Edition, after: Edition, moves: Iterable[tuple[str, str, int]], whole: str) -> Table:
        """Return how many went from what to what, with sums: a row for what came out before, a column for what comes out after."""
        first, second = Wording(self.language, before), Wording(self.language, after)
        counts = {(was, now): count for was, now, count in moves}
        met = [{pair[side] for pair in counts} for side in (0, 1)]
        rows, columns = (
            [*edition.scale, *(key for key in _OUTCOMES if key in there)] for edition, there in zip((before, after), met, strict=True)
        )
        cells = [[counts.get((row, column), 0) for column in columns] for row in rows]
        body = [(first.code(row), *counted(*line, sum(line))) for row, line in zip(rows, cells, strict=True)]
        total = self.say(N_("total"))
        sums = counted(*(sum(line[number] for line in cells) for number in range(len(columns))))
        headings = (f"{before.id} → {after.id}", *map(second.code, columns), total)
        return Table(headings, (*body, (total, *sums, whole)))


def counted(*counts: int) -> tuple[str, ...]:
    """Write counts; nothing is a dot."""
    return tuple(str(count) if count else "·" for count in counts)


def source(citation: str, interpretations: Iterable[str] = (), *more: str) -> str:
    """Return where something stands, and the interpretations that it rests on."""
    return " · ".join(filter(None, (citation, ", ".join(interpretations), *more)))


def filled(*sections: Section) -> tuple[Section, ...]:
    """Return the sections that have anything in them."""
    return tuple(section for section in sections if section.lines or section.table)


def files_counted(rated: int, refused: int, language: str) -> str:
    """Return how many files there were, rated and refused."""
    return plural(
        "{number} file: {rated} rated, {refused} refused.", "{number} files: {rated} rated, {refused} refused.",
        rated + refused, language, rated=rated, refused=refused,
    )  # fmt: skip


def notices_of(status: str, *, sealed: bool) -> list[str]:
    """Return the marked sentences that stand beside every answer of an edition with this status.

    Args:
        status: `issued` or `draft`, as the edition says.
        sealed: whether a seal shows that it is what was issued.
    """
    return [NOTICE] if status == "issued" and sealed else [UNSEALED, NOTICE] if status == "issued" else [DRAFT, NOTICE]


def status_word(status: str, language: str, *, sealed: bool) -> str:
    """Return the word for an edition's status; one that says it is issued is only taken at its word where a seal shows it."""
    if status != "issued":
        return translate(N_("draft"), language)
    return translate(N_("issued") if sealed else N_("says that it is issued; no seal shows it"), language)


_EXACT_PLACES, _LEAST_PLACES = 12, 2


def share_bars(edition: Edition) -> frozenset[Fraction]:
    """Return every share that an edition holds something against, in percent; no rounded percentage may stand on another side of one."""
    owners = (edition.thresholds, *(one.thresholds for one in edition.tracks), *(one.thresholds for one in edition.chapters))
    quantities = [threshold.quantity for own in owners for threshold in own.values() if threshold.quantity.type is SHARE]
    return frozenset(value * 100 for quantity in quantities if isinstance(value := quantity.value, Fraction))


def percent(part: int, whole: int, language: str, bars: Collection[Fraction] = ()) -> str:
    """Return a share as a percentage: exact where decimals end; else with as many places as keep it off every bar and whole figure."""
    value = Fraction(part * 100, whole)
    if 10**_EXACT_PLACES % value.denominator == 0:
        exact = next(places for places in range(_EXACT_PLACES + 1) if 10**places % value.denominator == 0)
        return f"= {_decimal(value, exact, language)}%"
    places, rounded = _LEAST_PLACES, round(value, _LEAST_PLACES)
    while rounded.denominator == 1 or any((rounded < bar, rounded == bar) != (value < bar, value == bar) for bar in bars):
        places += 1
        rounded = round(value, places)
    return f"≈ {_decimal(rounded, places, language)}%"


def _decimal(value: Fraction, places: int, language: str) -> str:
    """Write a number with so many decimals, with the comma of Vietnamese or the point of English."""
    whole, rest = divmod(int(value * 10**places), 10**places)
    return f"{whole}{',' if language == 'vi' else '.'}{rest:0{places}d}" if places else str(whole)
