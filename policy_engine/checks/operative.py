"""Conditions and thresholds held against the operative words that they cite."""

import ast
from collections.abc import Iterator, Mapping

from policy_engine.checks.comparisons import Comparison, comparisons
from policy_engine.checks.phrases import Phrase, Sign, governing, read_phrase, says
from policy_engine.checks.places import Places
from policy_engine.checks.walk import Ruling, declared_thresholds, rulings
from policy_engine.errors import Problem
from policy_engine.load.build_facts import PERIOD_NAMES, RECORD_NAMES
from policy_engine.model.facts import Condition
from policy_engine.model.rulebook import Edition
from policy_engine.model.threshold import Threshold
from policy_engine.model.words import OperativeWords
from policy_engine.source import Location


def find_contradictions(edition: Edition, places: Places) -> Iterator[Problem]:
    """Tell which signs and figures are not those of the phrases; where the edition lists no words, tell that."""
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
    """Tell whether every figure that a rule names could be read, with its phrase; of another one nothing can be told."""
    fields = {field for fact in edition.facts.values() for field in fact.fields}
    known = {*edition.facts, *fields, *edition.scale, *PERIOD_NAMES, *RECORD_NAMES}
    known |= {name for name, threshold in ruling.thresholds.items() if threshold.citation.phrase}
    return all(name in known for condition in ruling.conditions for name in condition.names)


def _figure(threshold: Threshold, words: OperativeWords, places: Places) -> Iterator[Problem]:
    """Hold a threshold's value against the figures of its phrase."""
    quantity, phrase = threshold.quantity, threshold.citation.phrase
    figures = read_phrase(phrase, words).figures
    told = {"name": threshold.name, "value": quantity.text, "phrase": phrase}
    if not figures:
        yield places.problem("PE818", places.below(threshold.location, "phrase"), **told)
    elif not any(says(figure, quantity) for figure in figures):
        found = ", ".join(f"`{figure.text}`" for figure in figures)
        yield places.problem("PE815", places.below(threshold.location, "value"), **told, found=found)


def _ruling(ruling: Ruling, words: OperativeWords, places: Places) -> Iterator[Problem]:
    """Hold the conditions of a rule against its phrase and those of its thresholds."""
    answered = bool(ruling.capped)
    for condition in ruling.conditions:
        for one in comparisons(condition.tree, ruling.thresholds):
            if one.threshold:
                answered = True
                place = places.name_in(condition.location, one.threshold, one.number)
                yield from _sign(one, ruling.thresholds[one.threshold], ruling, words, places, place)
    for share in ruling.capped:
        one = Comparison("share", "<=", share.name, holds=True, sign="<=", threshold=share.name)
        yield from _sign(one, share, ruling, words, places, places.name_in(ruling.location, share.name))
    if answered:
        yield from _own_figures(ruling, words, places)
    elif ruling.conditions:
        yield from _without_threshold(ruling, ruling.conditions[0], words, places)


def _own_figures(ruling: Ruling, words: OperativeWords, places: Places) -> Iterator[Problem]:
    """Hold the figures of a rule's own phrase against the thresholds that its conditions name, one of which must have them."""
    figures = read_phrase(ruling.phrase, words).figures
    named = {name for condition in ruling.conditions for name in condition.names} & ruling.thresholds.keys()
    used = [*ruling.capped, *(ruling.thresholds[name] for name in sorted(named))]
    kinds = {threshold.quantity.type.kind for threshold in used}
    wrong = [f for f in figures if f.kind in kinds and not any(says(f, threshold.quantity) for threshold in used)]
    if wrong and ruling.phrase not in {threshold.citation.phrase for threshold in used}:
        first = next(threshold for threshold in used if threshold.quantity.type.kind == wrong[0].kind)
        told = {"name": first.name, "value": first.quantity.text, "phrase": ruling.phrase, "found": f"`{wrong[0].text}`"}
        yield places.problem("PE815", places.phrase_of(ruling.name, ruling.phrase, ruling.location), **told)


def _sign(
    one: Comparison, threshold: Threshold, ruling: Ruling, words: OperativeWords, places: Places, place: Location
) -> Iterator[Problem]:  # fmt: skip
    """Hold one comparison against the words that govern its figure."""
    phrase, signs = _governed(threshold, ruling, words)
    if not signs:
        yield places.problem("PE816", place, found=one.written, phrase=phrase)
    elif one.sign not in {sign.sign for sign in signs}:
        first = signs[0]
        yield places.problem(
            "PE814", place, found=one.written, phrase=phrase, means=first.sign, word=first.word, wanted=one.meaning(first.sign)
        )


def _governed(threshold: Threshold, ruling: Ruling, words: OperativeWords) -> tuple[str, tuple[Sign, ...]]:
    """Give the phrase whose words govern a figure: the rule's own where it holds the figure, else the threshold's."""
    own, of_figure = ruling.phrase, threshold.citation.phrase
    if own and of_figure not in own.split("; "):
        read = read_phrase(own, words)
        signs = governing(read, threshold.quantity) if any(says(figure, threshold.quantity) for figure in read.figures) else ()
        if signs:
            return own, signs
    return of_figure, governing(read_phrase(of_figure, words), threshold.quantity)


def _without_threshold(ruling: Ruling, condition: Condition, words: OperativeWords, places: Places) -> Iterator[Problem]:
    """Hold a condition that names no threshold against its phrase: `every` is an equation, and a figure wants a comparison."""
    phrase = read_phrase(ruling.phrase, words)
    beside = isinstance(condition.tree, ast.BoolOp)
    found = [one for one in comparisons(condition.tree, ruling.thresholds) if not (one.guard and beside)]
    wholes = [sign for sign in phrase.signs if sign.sign == "==" and sign.means == "whole"]
    if wholes and found:
        if all(one.sign != "==" for one in found):
            told = {"phrase": ruling.phrase, "means": "==", "word": wholes[0].word}
            yield places.problem("PE814", condition.location, found=found[0].written, wanted=found[0].meaning("=="), **told)
        return
    signs = _with_figures(phrase)
    if signs:
        told = {"phrase": ruling.phrase, "means": signs[0].sign, "word": signs[0].word}
        yield places.problem("PE817", condition.location, condition=condition.text, **told)


def _with_figures(phrase: Phrase) -> tuple[Sign, ...]:
    """Give the signs of a phrase that stand to a figure."""
    if not phrase.figures:
        return ()
    told: Mapping[Sign, None] = {
        sign: None
        for sign in phrase.signs
        if any(sign.start <= f.start <= sign.end or 0 <= f.start - sign.end <= _NEAR for f in phrase.figures)
    }
    return tuple(told)


_NEAR = 2
"""How far from a word its figure may stand."""
