"""Conditions and thresholds held against the operative words that they cite.

Longer words are taken first, so that `not more than` is not `more than`; a word with a hole holds what stands in it. The engine
itself knows digits and the percent sign, and no word of any language.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from policy_engine.checks.places import FilePlaces, Ruling, declared_thresholds, rulings
from policy_engine.errors import Problem
from policy_engine.language.fold import Reader
from policy_engine.language.quantity import Quantity
from policy_engine.language.text import show
from policy_engine.language.tree import MIRRORED, OPPOSITE, Pair, Tree, opened
from policy_engine.language.values import Number
from policy_engine.load.build_chapter import HOLE
from policy_engine.load.build_facts import PERIOD_NAMES
from policy_engine.model.duties import RECORD_NAMES
from policy_engine.model.facts import BREACH, Condition, OperativeWords, Threshold
from policy_engine.model.rulebook import Edition
from policy_engine.source import Location

SIGNS = {"whole": "==", "before": "<"}
"""The signs of the meanings that are no signs themselves."""
_NEAR = 2
"""How far from a word its figure may stand."""
_NUMBER = re.compile(r"(?<![\w.,])([0-9]+(?:[.,][0-9]+)*)")
_KINDS = {"%": "share"}


class PhraseFigure(NamedTuple):
    """A figure in a phrase; its kind is "" where no unit follows. A day without a year is its day and month."""

    start: int
    end: int
    kind: str
    value: Number | date | tuple[int, int]
    text: str


class Sign(NamedTuple):
    """A word found in a phrase: the stretch that it and its holes take up, the word, what it means, and whether that must not be."""

    start: int
    end: int
    word: str
    means: str
    forbidden: bool = False

    @property
    def sign(self) -> str:
        """The sign of comparison that a rule must have by it: of what must not be, the opposite."""
        sign = SIGNS.get(self.means, self.means)
        return OPPOSITE[sign] if self.forbidden else sign


class Phrase(NamedTuple):
    """A phrase, read."""

    figures: tuple[PhraseFigure, ...]
    signs: tuple[Sign, ...]


@lru_cache(maxsize=1024)
def read_phrase(phrase: str, words: OperativeWords) -> Phrase:
    """Read a phrase by the words of an edition."""
    text = plain(phrase)
    return Phrase(tuple(sorted(_figures(text, words))), tuple(sorted(_turned(list(_signs(text, words)), text))))


def _turned(signs: list[Sign], text: str) -> Iterator[Sign]:
    """Return the signs of a phrase, each with whether a word beside it says that it must not be; a semicolon parts them."""
    breaches = [sign for sign in signs if sign.means == BREACH]
    for sign in signs:
        if sign.means != BREACH:
            beside = next((one for one in breaches if ";" not in text[min(one.start, sign.start) : max(one.end, sign.end)]), None)
            yield sign._replace(word=f"{beside.word} … {sign.word}", forbidden=True) if beside else sign


def plain(text: str) -> str:
    """Bring a text into the form in which words are sought: composed letters, small, single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def governing(phrase: Phrase, quantity: Quantity) -> tuple[Sign, ...]:
    """Return the signs that a phrase sets to a figure: around it, or next to it; all of them where it has no such figure."""

    def is_free(start: int, end: int) -> bool:
        return not any(start <= figure.start and figure.end <= end for figure in phrase.figures)

    found: list[Sign] = []
    matching = [figure for figure in phrase.figures if says(figure, quantity)]
    for figure in matching:
        around = [sign for sign in phrase.signs if sign.start <= figure.start and figure.end <= sign.end]
        before = [sign for sign in phrase.signs if sign.end <= figure.start and is_free(sign.end, figure.start)]
        after = [sign for sign in phrase.signs if sign.start >= figure.end and is_free(figure.end, sign.start)]
        found += [*around, *before[-1:]] or after[:1]
    return tuple(dict.fromkeys(found)) if matching else phrase.signs


def says(figure: PhraseFigure, quantity: Quantity) -> bool:
    """Return whether a figure of a phrase is a threshold's; where the phrase has no unit, the number alone counts (not for a share)."""
    kind, value = quantity.type.kind, quantity.value
    if isinstance(figure.value, tuple):
        return isinstance(value, date) and (value.day, value.month) == figure.value
    return figure.value == value and (figure.kind == kind or (figure.kind == "" and kind in {"count", "points", "months"}))


def _signs(text: str, words: OperativeWords) -> Iterator[Sign]:
    """Find the words, the longest first; what one has taken, no other takes."""
    taken: set[int] = set()
    for word in sorted(words.signs, key=lambda word: -len(word.text.replace(HOLE, ""))):
        for found in _pattern(word.text).finditer(text):
            own = {place for group in range(1, (found.lastindex or 0) + 1) for place in range(*found.span(group))}
            if not own & taken:
                taken |= own
                yield Sign(start=found.start(), end=found.end(), word=word.text, means=word.means)


@lru_cache(maxsize=1024)
def _pattern(word: str) -> re.Pattern[str]:
    """Return the pattern of a word: its parts are groups, its holes whatever stands between them."""
    parts = [re.escape(part.strip()) for part in plain(word).split(HOLE) if part.strip()]
    return re.compile(r"[^;]*?".join(rf"(?<!\w)({part})(?!\w)" for part in parts))


def _figures(text: str, words: OperativeWords) -> Iterator[PhraseFigure]:
    """Find the figures: days first, then figures in words, then digits with their units."""
    rest = text
    for pattern in _days(words.days):
        for found in pattern.finditer(rest):
            day = _day(found.groupdict())
            if day is not None:
                yield _read_as(found, "day", day)
                rest = _blank(rest, found)
    for word, quantity in sorted(words.figures, key=lambda pair: -len(pair[0])):
        for found in _pattern(word).finditer(rest):
            yield _read_as(found, quantity.type.kind, quantity.value)
            rest = _blank(rest, found)
    for found in _NUMBER.finditer(rest):
        number = _number(found[1], words.decimal)
        if number is not None:
            yield _with_unit(found, number, words)


def _blank(text: str, found: re.Match[str]) -> str:
    """Blank out what was read, so that nothing in it is read again."""
    return text[: found.start()] + " " * len(found[0]) + text[found.end() :]


def _read_as(found: re.Match[str], kind: str, value: Number | date | tuple[int, int], end: int | None = None) -> PhraseFigure:
    end = found.end() if end is None else end
    return PhraseFigure(start=found.start(), end=end, kind=kind, value=value, text=found.string[found.start() : end])


def _with_unit(found: re.Match[str], number: Fraction, words: OperativeWords) -> PhraseFigure:
    units = [("%", "%"), *((plain(word.text), word.means) for word in words.units)]
    for unit, means in sorted(units, key=lambda pair: -len(pair[0])):
        behind = re.compile(rf"\s*{re.escape(unit)}(?!\w)").match(found.string, found.end())
        if behind:
            return _read_as(found, _KINDS.get(means, means), number / 100 if means == "%" else number, behind.end())
    return _read_as(found, "", number)


def _number(text: str, decimal: str) -> Fraction | None:
    """Read digits exactly: signs before groups of three digits part thousands, where they are not the text's decimal sign."""
    thousands = "." if decimal == "," else ","
    if re.fullmatch(rf"[0-9]{{1,3}}(?:\{thousands}[0-9]{{3}})+(?:\{decimal}[0-9]+)?", text):
        text = text.replace(thousands, "")
    return Fraction(text.replace(",", ".")) if len(re.findall(r"[.,]", text)) <= 1 else None


@lru_cache(maxsize=64)
def _days(forms: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    """Return the patterns of the forms of days, those with a year first; an ISO day is one in every text."""
    patterns: list[re.Pattern[str]] = []
    for form in ("y-m-d", *sorted(forms, key=lambda form: -len(form))):
        parts: list[str] = re.findall(r"\w+|\W+", plain(form))
        pattern = "".join(_DIGITS.get(part) or re.escape(part) for part in parts)
        patterns.append(re.compile(rf"(?<![\w/]){pattern}(?![\w/])"))
    return tuple(patterns)


_DIGITS = {"d": "(?P<d>[0-9]{1,2})", "m": "(?P<m>[0-9]{1,2})", "y": "(?P<y>[0-9]{4})"}


def _day(parts: dict[str, str | None]) -> date | tuple[int, int] | None:
    """Return a day; without a year, its day and month; None where there is no such day."""
    day, month, year = int(parts["d"] or 0), int(parts["m"] or 0), parts.get("y")
    try:
        found = date(int(year or 2000), month, day)
    except ValueError:
        return None
    return found if year else (day, month)


class SignComparison(NamedTuple):
    """One comparison as it is written, and the sign that it has with its threshold on the right and no `not` before it.

    `threshold` is "" where it has none. `mirrored`: whether the threshold counts on the left. `number`: how many times the
    threshold's name stands before it in the condition. `guard`: whether it only says that something is above zero.
    """

    left: str
    written_sign: str
    right: str
    holds: bool
    sign: str
    threshold: str = ""
    mirrored: bool = False
    number: int = 0
    guard: bool = False

    @property
    def written(self) -> str:
        """Write the comparison as its author did."""
        return self._with(self.written_sign)

    def meaning(self, sign: str) -> str:
        """Write the comparison so that it has another sign, in the form that its author chose."""
        plain = MIRRORED[sign] if self.mirrored else sign
        return self._with(plain if self.holds else OPPOSITE[plain])

    def _with(self, sign: str) -> str:
        text = f"{self.left} {sign} {self.right}"
        return text if self.holds else f"not ({text})"


def comparisons(tree: Tree, thresholds: Container[str]) -> tuple[SignComparison, ...]:
    """Return the comparisons of a condition by size; those about choices, texts and one item of a list are left out."""
    seen: Counter[str] = Counter()
    found: list[SignComparison] = []
    for (left, plain, right), holds in _Compared().read(tree, holds=True):
        sign = plain if holds else OPPOSITE[plain]
        named = [*_Summed(thresholds).read(left, coefficient=1), *_Summed(thresholds).read(right, coefficient=-1)]
        guard = len(named) > 1 or (not named and sign == ">" and opened(right) == ("constant", (0,)))
        one = SignComparison(left=show(left), written_sign=plain, right=show(right), holds=holds, sign=sign, guard=guard)
        if len(named) == 1:
            ((name, coefficient),) = named
            turned = MIRRORED[sign] if coefficient > 0 else sign
            one = one._replace(sign=turned, threshold=name, mirrored=coefficient > 0, number=seen[name])
        found.append(one)
        seen.update(name for name, _ in named)
    return tuple(found)


class _Compared(Reader[Iterator[tuple[Pair, bool]]]):
    """Each pair that is compared by size, and whether it must hold or must not."""

    def connective(self, _: Tree, __: str, parts: Sequence[Tree], *, holds: bool) -> Iterator[tuple[Pair, bool]]:
        return (found for part in parts for found in self.read(part, holds=holds))

    def negation(self, _: Tree, part: Tree, *, holds: bool) -> Iterator[tuple[Pair, bool]]:
        return self.read(part, holds=not holds)

    def comparison(self, _: Tree, pairs: Sequence[Pair], *, holds: bool) -> Iterator[tuple[Pair, bool]]:
        return ((pair, holds) for pair in pairs if not any(_is_text(side) for side in (pair.left, pair.right)))

    def nothing(self, *_: object, **__: object) -> Iterator[tuple[Pair, bool]]:
        return iter(())

    constant = name = membership = containment = arithmetic = share = count = sum = given = exists = nothing


def _is_text(tree: Tree) -> bool:
    construct, parts = opened(tree)
    return construct == "constant" and isinstance(parts[0], str)


class _Summed(Reader[Iterator[tuple[str, int]]]):
    """The thresholds of a sum, each with whether it is added or taken away; a factor beside one is never below zero."""

    def __init__(self, thresholds: Container[str]) -> None:
        self.thresholds = thresholds

    def name(self, _: Tree, name: str, *, coefficient: int) -> Iterator[tuple[str, int]]:
        return iter(((name, coefficient),) if name in self.thresholds else ())

    def arithmetic(self, _: Tree, left: Tree, sign: str, right: Tree, *, coefficient: int) -> Iterator[tuple[str, int]]:
        yield from self.read(left, coefficient=coefficient)
        yield from self.read(right, coefficient=-coefficient if sign == "-" else coefficient)

    def nothing(self, *_: object, **__: object) -> Iterator[tuple[str, int]]:
        return iter(())

    constant = comparison = membership = containment = connective = negation = share = count = sum = given = exists = nothing


def find_contradictions(edition: Edition, places: FilePlaces) -> Iterator[Problem]:
    """Return which signs and figures are not those of the phrases; where the edition lists no words, say that."""
    declared = list(declared_thresholds(edition))
    if any(
        "operative_words" in read and document.problems for document in places.documents.values() if isinstance(read := document.data, dict)
    ):
        return  # a word that is missing may be the one that could not be read
    if not edition.words.signs:
        if declared:
            first = min(declared, key=lambda threshold: threshold.location)
            yield places.problem("PE819", first.location)
        return
    for threshold in declared:
        if threshold.citation.phrase:
            yield from _figure(threshold, edition.words, places)
    for ruling in rulings(edition):
        if _has_all_figures(ruling, edition):
            yield from _ruling(ruling, edition.words, places)


def _has_all_figures(ruling: Ruling, edition: Edition) -> bool:
    """Return whether every figure that a rule names could be read, with its phrase; of another one nothing can be said."""
    fields = {field for fact in edition.facts.values() for field in fact.fields}
    known = {*edition.facts, *fields, *edition.scale, *PERIOD_NAMES, *RECORD_NAMES}
    known |= {name for name, threshold in ruling.thresholds.items() if threshold.citation.phrase}
    return all(name in known for condition in ruling.conditions for name in condition.names)


def _figure(threshold: Threshold, words: OperativeWords, places: FilePlaces) -> Iterator[Problem]:
    quantity, phrase = threshold.quantity, threshold.citation.phrase
    figures = read_phrase(phrase, words).figures
    details = {"name": threshold.name, "value": quantity.text, "phrase": phrase}
    if not figures:
        yield places.problem("PE818", places.below(threshold.location, "phrase"), **details)
    elif not any(says(figure, quantity) for figure in figures):
        found = ", ".join(f"`{figure.text}`" for figure in figures)
        yield places.problem("PE815", places.below(threshold.location, "value"), **details, found=found)


def _ruling(ruling: Ruling, words: OperativeWords, places: FilePlaces) -> Iterator[Problem]:
    """Hold the conditions of a rule against its phrase and those of its thresholds."""
    answered = bool(ruling.capped)
    for condition in ruling.conditions:
        for one in comparisons(condition.tree, ruling.thresholds):
            if one.threshold:
                answered = True
                place = places.name_in(condition.location, one.threshold, one.number)
                yield from _sign(one, ruling.thresholds[one.threshold], ruling, words, places, place)
    for share in ruling.capped:
        one = SignComparison(left="share", written_sign="<=", right=share.name, holds=True, sign="<=", threshold=share.name)
        yield from _sign(one, share, ruling, words, places, places.name_in(ruling.location, share.name))
    if answered:
        yield from _own_figures(ruling, words, places)
    elif ruling.conditions:
        yield from _without_threshold(ruling, ruling.conditions[0], words, places)


def _own_figures(ruling: Ruling, words: OperativeWords, places: FilePlaces) -> Iterator[Problem]:
    """Hold the figures of a rule's own phrase against the thresholds that its conditions name, one of which must have them."""
    figures = read_phrase(ruling.phrase, words).figures
    named = {name for condition in ruling.conditions for name in condition.names} & ruling.thresholds.keys()
    used = [*ruling.capped, *(ruling.thresholds[name] for name in sorted(named))]
    kinds = {threshold.quantity.type.kind for threshold in used}
    wrong = [f for f in figures if f.kind in kinds and not any(says(f, threshold.quantity) for threshold in used)]
    if wrong and ruling.phrase not in {threshold.citation.phrase for threshold in used}:
        first = next(threshold for threshold in used if threshold.quantity.type.kind == wrong[0].kind)
        details = {"name": first.name, "value": first.quantity.text, "phrase": ruling.phrase, "found": f"`{wrong[0].text}`"}
        yield places.problem("PE815", places.phrase_of(ruling.name, ruling.phrase, ruling.location), **details)


def _sign(
    one: SignComparison, threshold: Threshold, ruling: Ruling, words: OperativeWords, places: FilePlaces, place: Location
) -> Iterator[Problem]:  # fmt: skip
    phrase, signs = _governed(threshold, ruling, words)
    if not signs:
        yield places.problem("PE816", place, found=one.written, phrase=phrase)
    elif one.sign not in {sign.sign for sign in signs}:
        first = signs[0]
        yield places.problem(
            "PE814", place, found=one.written, phrase=phrase, means=first.sign, word=first.word, wanted=one.meaning(first.sign)
        )


def _governed(threshold: Threshold, ruling: Ruling, words: OperativeWords) -> tuple[str, tuple[Sign, ...]]:
    """Return the phrase whose words govern a figure: the rule's own where it holds the figure, else the threshold's."""
    own, of_figure = ruling.phrase, threshold.citation.phrase
    if own and of_figure not in own.split("; "):
        read = read_phrase(own, words)
        signs = governing(read, threshold.quantity) if any(says(figure, threshold.quantity) for figure in read.figures) else ()
        if signs:
            return own, signs
    return of_figure, governing(read_phrase(of_figure, words), threshold.quantity)


def _without_threshold(ruling: Ruling, condition: Condition, words: OperativeWords, places: FilePlaces) -> Iterator[Problem]:
    """Hold a condition that names no threshold against its phrase: `every` is an equation, and a figure wants a comparison."""
    phrase = read_phrase(ruling.phrase, words)
    beside = opened(condition.tree)[0] == "connective"
    found = [one for one in comparisons(condition.tree, ruling.thresholds) if not (one.guard and beside)]
    wholes = [sign for sign in phrase.signs if sign.sign == "==" and sign.means == "whole"]
    if wholes and found:
        if all(one.sign != "==" for one in found):
            details = {"phrase": ruling.phrase, "means": "==", "word": wholes[0].word}
            yield places.problem("PE814", condition.location, found=found[0].written, wanted=found[0].meaning("=="), **details)
        return
    signs = [s for s in phrase.signs if any(s.start <= f.start <= s.end or 0 <= f.start - s.end <= _NEAR for f in phrase.figures)]
    if signs:  # that stand to a figure
        details = {"phrase": ruling.phrase, "means": signs[0].sign, "word": signs[0].word}
        yield places.problem("PE817", condition.location, condition=condition.text, **details)
