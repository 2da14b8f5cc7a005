"""`policy-engine check`: hold editions against themselves."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import click

from policy_engine.cli.options import OPTIONS, complete_edition, format_option, language_option, rulebook_option
from policy_engine.errors import N_, InputError
from policy_engine.messages import translate
from policy_engine.model.duties import SEVERITIES

if TYPE_CHECKING:
    from policy_engine.checks.run import Checked

_HELP = N_(
    """Hold editions against themselves: every edition of the library, or those that are named.

    Tells what is wrong with their files, and what in them nothing uses, stands twice, is left out of the text or of one
    language, and where the sign or the figure of a condition is not the one of the phrase that it cites. Ends with 1 where
    something is found that is as bad as the fail level."""
)
_FAIL = N_("How bad a finding must be for the command to end with 1.")
_FIX = N_("Mend what is certain, and changes no meaning: letters in pieces, a missing schema line. A sealed edition is left alone.")
_MENDED = N_("mended: {file}")
_SEALED = N_("the edition {edition} is sealed: nothing in it was mended")
FORMATS = ("text", "human", "json", "markdown", "github", "sarif", "junit")
"""`human` is another word for `text`, which other checkers of files use."""


def build_check(language: str) -> click.Command:
    """Build the command in a language."""
    return click.Command(
        "check",
        help=translate(_HELP, language),
        short_help=translate(N_("Hold editions against themselves."), language),
        options_metavar=translate(OPTIONS, language),
        callback=partial(check_editions, language),
        params=[
            click.Argument(["editions"], metavar="[EDITION...]", nargs=-1, shell_complete=complete_edition),
            click.Option(["--fail-level"], type=click.Choice(SEVERITIES), default="error", help=translate(_FAIL, language)),
            click.Option(["--fix"], is_flag=True, help=translate(_FIX, language)),
            rulebook_option(language),
            format_option(language, FORMATS),
            language_option(language),
        ],
    )


def check_editions(
    language: str, editions: tuple[str, ...], fail_level: str, *, fix: bool, rulebook: str | None, form: str, lang: str | None
) -> int:  # fmt: skip
    """Check the editions and print what was found; give the exit code."""
    del lang  # read before the command was built
    import time

    from policy_engine.checks.run import fails

    begun = time.perf_counter()
    try:
        every = _check(editions, rulebook)
    except InputError as error:
        _write_refused(error, form, fail_level, language)
        raise
    if fix:
        every = [_mend(checked, language) for checked in every]
    _write(every, form, fail_level, language, time.perf_counter() - begun)
    return int(any(fails(problem, fail_level) for checked in every for problem in checked.findings))


def _check(names: Sequence[str], rulebook: str | None) -> "list[Checked]":
    """Check the editions that are named, or all of them; their files are named from the present folder where they lie in it."""
    import os

    from policy_engine.checks.run import check_edition
    from policy_engine.load.edition import survey_edition
    from policy_engine.load.library import Library

    library, here = Library(rulebook), os.getcwd() + os.sep
    folders = {name: library.folder_of(name) for name in (names or sorted(library.folders()))}
    return [check_edition(survey_edition(name, folder.removeprefix(here))) for name, folder in folders.items()]


def _mend(checked: "Checked", language: str) -> "Checked":
    """Mend an edition, say what was written, and check it again."""
    from policy_engine.checks.run import check_edition
    from policy_engine.checks.texts import mend
    from policy_engine.cli.outputs import Output, hold_outputs
    from policy_engine.errors import FIXABLE
    from policy_engine.load.edition import survey_edition
    from policy_engine.report.problems import visible

    survey = checked.survey
    files = dict.fromkeys(problem.location.file for problem in checked.findings if problem.code in FIXABLE and not survey.sealed)
    hold_outputs(language, [Output("--fix", file) for file in files])
    if survey.sealed and any(problem.code in FIXABLE for problem in checked.findings):
        click.echo(translate(_SEALED, language, edition=survey.name), err=True)
    written = mend(survey, checked.findings)
    for file in written:
        click.echo(translate(_MENDED, language, file=visible(file)), err=True)
    return check_edition(survey_edition(survey.name, survey.folder)) if written else checked


def _write_refused(error: InputError, form: str, level: str, language: str) -> None:
    """Print a whole document of the format that was asked for where the editions cannot be found; its content is what is wrong."""
    if form == "markdown":
        from policy_engine.cli.output import write_prose
        from policy_engine.report.problems import refused_page

        write_prose(refused_page(translate(N_("Check"), language), error.problems, language), form)
    elif form not in {"text", "human"}:
        from policy_engine.report.checked import Machine

        click.echo(Machine((), level, language, problems=error.problems).text(form))


def _write(every: "list[Checked]", form: str, level: str, language: str, seconds: float) -> None:
    """Print what was found."""
    if form in {"text", "human"}:
        from policy_engine.cli.output import colour, wants_colour
        from policy_engine.report.checked import checked_to_text
        from policy_engine.report.text import plain

        click.echo(checked_to_text(every, language, colour if wants_colour() else plain), nl=False)
    elif form == "markdown":
        from policy_engine.cli.output import write_prose
        from policy_engine.explain.checked import explain_checked
        from policy_engine.report.checked import summary_of
        from policy_engine.report.problems import message_of

        say, summary = partial(message_of, language=language), partial(summary_of, language=language)
        write_prose(explain_checked(every, language, say, summary), form)
    else:
        from policy_engine.report.checked import Machine

        click.echo(Machine(every, level, language, seconds).text(form))
