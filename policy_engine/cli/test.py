"""`policy-engine test`: hold cases against what their authors expect."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import click

from policy_engine.cli.options import OPTIONS, edition_option, format_option, language_option, rulebook_option
from policy_engine.errors import N_, InputError, Problem
from policy_engine.messages import translate

if TYPE_CHECKING:
    from policy_engine.explain.tested import Run

_HELP = N_(
    """Rate cases and hold each against what its author expects under `expect:`.

    A case that expects nothing fails, and so does a run without a case. It is told which criteria no case has seen met, not
    met and unknown. Ends with 1 where an expectation is not met."""
)


def build_test(language: str) -> click.Command:
    """Build the command in a language."""
    return click.Command(
        "test",
        help=translate(_HELP, language),
        short_help=translate(N_("Hold cases against what their authors expect."), language),
        options_metavar=translate(OPTIONS, language),
        callback=partial(test_cases, language),
        params=[
            click.Argument(["paths"], metavar="CASE...", nargs=-1, required=True, type=click.Path()),
            edition_option(language),
            rulebook_option(language),
            format_option(language, ("text", "json", "markdown", "junit")),
            language_option(language),
        ],
    )


def test_cases(language: str, paths: tuple[str, ...], edition: str | None, rulebook: str | None, form: str, lang: str | None) -> int:
    """Run the cases and print what came out; give the exit code.

    Raises:
        InputError: with the problems of every bad case, after the others were told.
    """
    del lang  # read before the command was built
    problems: list[Problem] = []
    run = _run(paths, edition, rulebook, problems)
    _write(run, form, language)
    if problems:
        raise InputError(problems)
    return int(not run.passed)


def _run(paths: Sequence[str], edition: str | None, rulebook: str | None, problems: list[Problem]) -> "Run":
    """Rate every case, and hold it against its expectation."""
    from policy_engine.compiled.evaluator import for_many  # noqa: PLC0415  (what a run does not need it does not load)
    from policy_engine.evaluate.expectation import Coverage, unmet  # noqa: PLC0415
    from policy_engine.evaluate.rate import Rater  # noqa: PLC0415
    from policy_engine.explain.tested import Run, Tested  # noqa: PLC0415
    from policy_engine.load.case import expand  # noqa: PLC0415
    from policy_engine.load.library import Library  # noqa: PLC0415

    rater = Rater(Library(rulebook), edition, for_many)
    tested: list[Tested] = []
    covered: dict[str, Coverage] = {}
    for path in expand(paths, problems):
        try:
            one = rater.rate(path)
        except InputError as error:
            problems += error.problems
            continue
        covered.setdefault(one.edition.id, Coverage(one.edition)).take(one.verdict)
        tested.append(Tested(path, one.case.id, bool(one.case.expect), unmet(one.case.expect, one.verdict)))
    return Run(tuple(tested), tuple(covered.values()))


def _write(run: "Run", form: str, language: str) -> None:
    """Print what came out."""
    if form in {"json", "junit"}:
        from policy_engine.report.tested import run_to_data, run_to_junit  # noqa: PLC0415

        if form == "junit":
            click.echo(run_to_junit(run, language))
        else:
            from policy_engine.report.data import to_json  # noqa: PLC0415

            click.echo(to_json(run_to_data(run)))
        return
    from policy_engine.cli.prose import write_prose  # noqa: PLC0415
    from policy_engine.explain.tested import explain_run  # noqa: PLC0415

    write_prose(explain_run(run, language), form)
