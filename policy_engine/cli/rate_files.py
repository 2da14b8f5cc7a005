"""What `evaluate` does, whoever read the command line: rate files and print verdicts."""

import os
import sys
from collections.abc import Callable, Collection, Sequence

from policy_engine.cli.output import note_reworded
from policy_engine.cli.outputs import Refusals
from policy_engine.errors import N_, InputError
from policy_engine.evaluate.rate import Rated, Rater
from policy_engine.load.case import expand
from policy_engine.load.library import Library
from policy_engine.messages import translate

Write = Callable[[str], object]


def rate_files(
    cases: Sequence[str], edition: str | None, rulebook: str | None, form: str, language: str, fail_on: Collection[str] = (),
    record_to: str | None = None,
) -> int:  # fmt: skip
    """Rate files and print the verdicts on standard output; give the exit code.

    Raises:
        InputError: with the problems of every bad file, after the verdicts of the others were printed.
    """
    library = Library(rulebook)
    if record_to is not None:
        from policy_engine.cli.recording import hold_record

        hold_record(record_to, cases, library, language)
    rater = Rater(library, edition)
    rated: list[Rated] = []
    rated_paths: list[str] = []
    refusals = Refusals()
    paths = expand(cases, refusals.others)
    for path in paths:
        try:
            rated.append(rater.rate(path))
            rated_paths.append(path)
        except InputError as error:
            refusals.add(path, error)
    if record_to is not None and rated:
        _record(record_to, rated_paths, rated, edition, language)
    note_reworded({one.edition.id: one.edition for one in rated}.values(), language)
    write = sys.stdout.write
    several = len(cases) > 1 or (bool(paths) and os.path.isdir(cases[0]))
    if form == "json":
        _write_json(rated, refusals, write, several=several)
    else:
        _write_prose(rated, refusals if several else Refusals(), form, language, write)
    if refusals.problems:
        raise refusals.error()
    return int(any(one.verdict.outcome in fail_on for one in rated))


def _record(path: str, files: Sequence[str], rated: Sequence[Rated], asked: str | None, language: str) -> None:
    """Append what was rated to a file of records."""
    from policy_engine.audit.record import Rating
    from policy_engine.cli.recording import named, record

    pairs = zip(files, rated, strict=True)
    record(path, [Rating(named(file), one.raw, asked, one.edition, one.verdict) for file, one in pairs], language)


def _write_json(rated: Sequence[Rated], refusals: Refusals, write: Write, *, several: bool) -> None:
    """Print one object for one case, an array for several, the refused ones first; nothing where the only case was bad."""
    from policy_engine.report.json import to_json, verdict_to_data

    data = [verdict_to_data(one.verdict) for one in rated]
    if several:
        write(to_json([*refusals.each(), *data]) + "\n")
    elif data:
        write(to_json(data[0]) + "\n")


def _write_prose(rated: Sequence[Rated], refusals: Refusals, form: str, language: str, write: Write) -> None:
    """Print verdicts for people, after what was refused."""
    from policy_engine.cli.output import write_prose
    from policy_engine.explain.verdict import explain
    from policy_engine.report.json import notices_of

    if refusals.files:
        write_prose(refusals.page(translate(N_("Cases"), language), len(rated), language), form)
    for number, one in enumerate(rated):
        if number or refusals.files:
            write("\n")
        write_prose(explain(one.verdict, one.edition, language, notices_of(one.verdict.status, sealed=one.verdict.sealed)), form)
