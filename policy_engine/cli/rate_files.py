"""What `evaluate` does, whoever read the command line: rate files and print verdicts."""

import sys
from collections.abc import Callable, Collection, Sequence

from policy_engine.errors import InputError, Problem
from policy_engine.evaluate.rate import Rated, Rater
from policy_engine.load.case import expand
from policy_engine.load.library import Library

Write = Callable[[str], object]


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
    paths = expand(cases, problems)
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


def _write_json(rated: Sequence[Rated], write: Write, *, several: bool) -> None:
    """Print one object for one case, an array for several; nothing where the only case was bad."""
    from policy_engine.report.data import to_json, verdict_to_data  # noqa: PLC0415  (what a run does not need it does not load)

    data = [verdict_to_data(one.verdict) for one in rated]
    if data or several:
        write(to_json(data if several else data[0]) + "\n")


def _write_prose(rated: Sequence[Rated], form: str, language: str, write: Write) -> None:
    """Print verdicts for people."""
    from policy_engine.cli.prose import write_prose  # noqa: PLC0415
    from policy_engine.explain.verdict import explain  # noqa: PLC0415
    from policy_engine.report.notices import notices_of  # noqa: PLC0415

    for number, one in enumerate(rated):
        if number:
            write("\n")
        write_prose(explain(one.verdict, one.edition, language, notices_of(one.verdict.status)), form)
