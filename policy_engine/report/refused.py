"""The document of a command that could not answer, since a rulebook or the library does not load: what is wrong is its content.

A program that asked for a format reads a whole document of that format, whatever happened; the exit code tells the rest.
"""

from collections.abc import Mapping, Sequence

from policy_engine.errors import N_, Problem
from policy_engine.explain.blocks import Explanation, Line, Section
from policy_engine.messages import LANGUAGES, translate
from policy_engine.report.problems import advice_of, message_of, problems_to_data

_HEADLINE = N_("Not answered; errors to be mended first: {count}.")


def refused_page(title: str, problems: Sequence[Problem], language: str) -> Explanation:
    """Return the problems as a page for people."""
    lines = tuple(
        Line("not_met", f"{one.code} {message_of(one, language)} → {advice_of(one, language)}", "{}:{}:{}".format(*one.location))
        for one in problems
    )
    return Explanation(title, _headline(problems, language), "round", (), (Section(translate(N_("Errors"), language), lines),))


def refused_notice(problems: Sequence[Problem]) -> dict[str, str]:
    """Return in every language that nothing was answered."""
    return {language: _headline(problems, language) for language in LANGUAGES}


def refused_to_data(empty: Mapping[str, object], problems: Sequence[Problem]) -> dict[str, object]:
    """Return an answer that says nothing but what is wrong: the keys of the whole answer, and the problems."""
    return {**empty, "problems": problems_to_data(problems)}


def _headline(problems: Sequence[Problem], language: str) -> str:
    """Say that nothing was answered."""
    return translate(_HEADLINE, language, count=len(problems))
