"""`policy-engine evaluate`: rate case files."""

import os
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from policy_engine.cli.options import OPTIONS, edition_option, language_option, rulebook_option
from policy_engine.errors import N_, InputError, Problem
from policy_engine.messages import translate
from policy_engine.model.verdict import OUTCOMES

if TYPE_CHECKING:
    from policy_engine.evaluate.rate import Rated

_HELP = N_(
    """Rate one or more case files, and say why.

    CASE is a case file, or a folder that holds some. Text is for people; `--format json` is for programs, and puts nothing
    else on standard output. A bad file does not hide the others: their verdicts are printed, and its errors go to
    standard error."""
)


def build_evaluate(language: str) -> click.Command:
    """Build the command in a language."""
    formats = click.Choice(("text", "json", "markdown"))
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
            language_option(language),
            click.Option(
                ["--fail-on"],
                metavar="OUTCOME,...",
                default="",
                callback=partial(_outcomes, language),
                help=translate(
                    N_("Exit with 1 where a verdict has one of these outcomes: {outcomes}."), language, outcomes=", ".join(OUTCOMES)
                ),
            ),
        ],
    )


def _outcomes(language: str, _context: click.Context, _option: click.Parameter, value: str) -> frozenset[str]:
    """Read the outcomes of `--fail-on`."""
    named = frozenset(filter(None, (word.strip() for word in value.split(","))))
    unknown = sorted(named - set(OUTCOMES))
    if unknown:
        words = N_("`{found}` is not an outcome; outcomes: {known}")
        raise click.BadParameter(translate(words, language, found=", ".join(unknown), known=", ".join(OUTCOMES)))
    return named


def evaluate_files(
    language: str, cases: tuple[str, ...], edition: str | None, rulebook: str | None, form: str, lang: str | None, fail_on: frozenset[str]
) -> int:  # fmt: skip
    """Rate files and print the verdicts; give the exit code."""
    del lang  # read before the command was built
    from policy_engine.evaluate.rate import Rater  # noqa: PLC0415  (what a run does not need it does not load)
    from policy_engine.load.library import Library  # noqa: PLC0415

    rater = Rater(Library(rulebook), edition)
    rated: list[Rated] = []
    problems: list[Problem] = []
    paths = _expand(cases, problems)
    for path in paths:
        try:
            rated.append(rater.rate(path))
        except InputError as error:
            problems.extend(error.problems)
    _print(rated, form, language, several=len(paths) > 1)
    if problems:
        raise InputError(problems)
    return int(any(one.verdict.outcome in fail_on for one in rated))


def _expand(cases: tuple[str, ...], problems: list[Problem]) -> list[str]:
    """Give the files that are meant: a folder stands for the case files below it."""
    from policy_engine.load.case import find_cases  # noqa: PLC0415

    paths: list[str] = []
    for case in cases:
        try:
            paths += find_cases(case) if os.path.isdir(case) else [case]
        except InputError as error:
            problems.extend(error.problems)
    return paths


def _print(rated: "list[Rated]", form: str, language: str, *, several: bool) -> None:
    """Print verdicts in one form."""
    if form == "json":
        _print_json(rated, several=several)
        return
    for place, one in enumerate(rated):
        if place:
            click.echo()
        click.echo(_as_prose(one, form, language), nl=False)


def _print_json(rated: "list[Rated]", *, several: bool) -> None:
    """Print one object for one case, an array for several; nothing where the only case was bad."""
    from policy_engine.cli.output import to_json  # noqa: PLC0415
    from policy_engine.report.data import verdict_to_data  # noqa: PLC0415

    data: list[Any] = [verdict_to_data(one.verdict) for one in rated]
    if several:
        click.echo(to_json(data))
    elif data:
        click.echo(to_json(data[0]))


def _as_prose(one: "Rated", form: str, language: str) -> str:
    """Write one verdict for people."""
    from policy_engine.explain import explain  # noqa: PLC0415
    from policy_engine.report.data import notices  # noqa: PLC0415

    explanation = explain(one.verdict, one.edition, language, notices(one.verdict))
    if form == "markdown":
        from policy_engine.report.markdown import to_markdown  # noqa: PLC0415

        return to_markdown(explanation)
    from policy_engine.cli.output import colour  # noqa: PLC0415
    from policy_engine.report.text import to_text  # noqa: PLC0415

    return to_text(explanation, colour)
