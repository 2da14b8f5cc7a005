"""`policy-engine evaluate`: rate case files."""

from functools import partial

import click

from policy_engine.cli.options import OPTIONS, edition_option, language_option, rulebook_option
from policy_engine.cli.quick import FORMATS
from policy_engine.cli.recording import record_option
from policy_engine.errors import N_
from policy_engine.messages import translate
from policy_engine.model.verdict import OUTCOMES

_HELP = N_(
    """Rate one or more case files, and say why.

    CASE is a case file, a folder that holds some, or `-` for standard input. Text is for people; `--format json` is for
    programs, and puts nothing else on standard output. A bad file does not hide the others: their verdicts are printed, and
    its errors go to standard error."""
)


def build_evaluate(language: str) -> click.Command:
    """Build the command in a language."""
    formats = click.Choice(FORMATS)
    return click.Command(
        "evaluate",
        help=translate(_HELP, language),
        short_help=translate(N_("Rate case files, and say why."), language),
        options_metavar=translate(OPTIONS, language),
        callback=partial(evaluate_files, language),
        params=[
            click.Argument(["cases"], metavar="CASE...", nargs=-1, required=True, type=click.Path()),
            edition_option(language),
            rulebook_option(language),
            click.Option(["--format", "form"], type=formats, default="text", help=translate(N_("How verdicts are written."), language)),
            record_option(language),
            language_option(language),
            click.Option(
                ["--fail-on"],
                metavar="OUTCOME,...",
                callback=partial(_outcomes, language),
                help=translate(
                    N_("Exit with 1 where a verdict has one of these outcomes: {outcomes}."), language, outcomes=", ".join(OUTCOMES)
                ),
            ),
        ],
    )


def _outcomes(language: str, _context: click.Context, _option: click.Parameter, value: str | None) -> frozenset[str]:
    """Read the outcomes of `--fail-on`."""
    named = frozenset(filter(None, (word.strip() for word in (value or "").split(","))))
    if value is not None and not named:
        raise click.BadParameter(translate(N_("no outcome is named; outcomes: {known}"), language, known=", ".join(OUTCOMES)))
    unknown = sorted(named - set(OUTCOMES))
    if unknown:
        words = N_("`{found}` is not an outcome; outcomes: {known}")
        raise click.BadParameter(translate(words, language, found=", ".join(unknown), known=", ".join(OUTCOMES)))
    return named


def evaluate_files(
    language: str, cases: tuple[str, ...], edition: str | None, rulebook: str | None, form: str, record: str | None, lang: str | None,
    fail_on: frozenset[str],
) -> int:  # fmt: skip
    """Rate files and print the verdicts; give the exit code."""
    del lang  # read before the command was built
    from policy_engine.cli.rate_files import rate_files

    return rate_files(cases, edition, rulebook, form, language, fail_on, record)
