"""Days that no real file has: a slip of the year, such as 1020 or 2202, which every comparison would take at its word."""

from collections.abc import Iterator
from datetime import date
from functools import cache

from policy_engine.errors import N_
from policy_engine.language.values import Value
from policy_engine.messages import LANGUAGES, sentence, translate
from policy_engine.model.case import Case
from policy_engine.model.facts import Texts
from policy_engine.model.rulebook import Edition
from policy_engine.model.verdict import Finding

PLAUSIBLE_YEARS = 50
"""How many years a day may lie before the period or after it: a working life, within which files speak of what was and what is to be."""
_TEXT = N_("{label}: {day} is more than {years} years from the period that is assessed; is the year right?")


@cache
def _day_of_decision() -> Texts:
    """Return what the day of a decision is called; worked out where there is one, since a catalogue costs more than a case."""
    return {language: translate(N_("Day of the decision"), language) for language in LANGUAGES}


def odd_days(case: Case, edition: Edition) -> Iterator[Finding]:
    """Return a remark for each day on record that is too far from the edition's period to be meant."""
    first, last = edition.begins.year - PLAUSIBLE_YEARS, edition.until.year + PLAUSIBLE_YEARS
    for label, day in _days(case, edition):
        if not first <= day.year <= last:
            words = {"day": day.isoformat(), "years": PLAUSIBLE_YEARS}
            says = {language: translate(_TEXT, language, label=sentence(label, language), **words) for language in LANGUAGES}
            yield Finding("day_implausible", "warning", says)


def _days(case: Case, edition: Edition) -> Iterator[tuple[Texts, date]]:
    """Return every day on record with the words for it: of facts, of the items of lists, of decisions."""
    for name, fact in edition.facts.items():
        stated = case.facts.get(name)
        if isinstance(stated, date):
            yield fact.label, stated
        for item in stated if isinstance(stated, tuple) else ():
            days: dict[str, Value] = {field: value for field, value in item.items() if isinstance(value, date)}
            for field, day in days.items():
                if isinstance(day, date):
                    yield fact.fields[field].label or fact.label, day
    for decision in case.record.decisions:
        if decision.day:
            yield _day_of_decision(), decision.day
