"""What `evaluate` does, whoever read the command line: rate files and print verdicts."""

import os
import sys
from collections.abc import Callable, Collection, Sequence

from policy_engine.errors import InputError, Problem
from policy_engine.evaluate.rate import Rated, Rater
from policy_engine.load.case import find_cases
from policy_engine.load.library import Library

Write = Callable[[str], object]
_CODES = {
    "title": "1", "faint": "2", "met": "32", "not_met": "31", "unknown": "33",
    "classified": "32;1", "gap": "33;1", "undetermined": "33;1",
}  # fmt: skip


def rate_files(
    cases: Sequence[str], edition: str | None, rulebook: str | None, form: str, language: str, fail_on: Collection[str] = ()
) -> int:  # fmt: skip
    """Rate files and print the verdicts on standard output; give the exit code.

    Raises:
        InputError: with the problems of every bad file, after the verdicts of the others were printed.
    """
    rater = Rater(Library(rulebook), edition)
    rated: list[Rated] = []
    problems: list[Problem] = []
    paths = _expand(cases, problems)
    for path in paths:
        try:
            rated.append(rater.rate(path))
        except InputError as error:
            problems.extend(error.problems)
    write = sys.stdout.write
    if form == "json":
        _write_json(rated, write, several=len(paths) > 1)
    else:
        _write_prose(rated, form, language, write)
    if problems:
        raise InputError(problems)
    return int(any(one.verdict.outcome in fail_on for one in rated))


def _expand(cases: Sequence[str], problems: list[Problem]) -> list[str]:
    """Give the files that are meant: a folder stands for the case files below it."""
    paths: list[str] = []
    for case in cases:
        try:
            paths += find_cases(case) if os.path.isdir(case) else [case]
        except InputError as error:
            problems.extend(error.problems)
    return paths


def _write_json(rated: Sequence[Rated], write: Write, *, several: bool) -> None:
    """Print one object for one case, an array for several; nothing where the only case was bad."""
    from policy_engine.report.data import to_json, verdict_to_data  # noqa: PLC0415  (what a run does not need it does not load)

    data = [verdict_to_data(one.verdict) for one in rated]
    if data or several:
        write(to_json(data if several else data[0]) + "\n")


def _write_prose(rated: Sequence[Rated], form: str, language: str, write: Write) -> None:
    """Print verdicts for people."""
    from policy_engine.explain import explain  # noqa: PLC0415
    from policy_engine.report.notices import notices  # noqa: PLC0415

    for number, one in enumerate(rated):
        explanation = explain(one.verdict, one.edition, language, notices(one.verdict))
        if form == "markdown":
            from policy_engine.report.markdown import to_markdown  # noqa: PLC0415

            text = to_markdown(explanation)
        else:
            from policy_engine.report.text import plain, to_text  # noqa: PLC0415

            text = to_text(explanation, colour if _wants_colour() else plain)
        write(("\n" if number else "") + text)


def _wants_colour() -> bool:
    """Tell whether standard output is a terminal that reads colours (https://no-color.org)."""
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def colour(text: str, role: str) -> str:
    """Colour a text by its role."""
    code = _CODES.get(role)
    return f"\x1b[{code}m{text}\x1b[0m" if code else text
