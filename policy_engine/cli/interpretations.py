"""`policy-engine interpretations`: the register of interpretations, and which cases rest on each."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import click

from policy_engine.cli.options import OPTIONS, edition_argument, format_option, language_option, rulebook_option
from policy_engine.errors import N_, InputError
from policy_engine.messages import translate
from policy_engine.model.rulebook import Edition
from policy_engine.model.verdict import Verdict

if TYPE_CHECKING:
    from policy_engine.cli.outputs import Refusals
    from policy_engine.load.library import Library

_HELP = N_(
    """List where the text is silent, how it is read until the policy owner decides, and what rests on each interpretation.

    With files or folders of cases, each interpretation is listed with the cases that rest on it."""
)


def build_interpretations(language: str) -> click.Command:
    """Build the command in a language."""
    words = N_("A case file, or a folder that holds some; may be given several times.")
    return click.Command(
        "interpretations",
        help=translate(_HELP, language),
        short_help=translate(N_("List the interpretations of the text, and the cases that rest on each."), language),
        options_metavar=translate(OPTIONS, language),
        callback=partial(show_interpretations, language),
        params=[
            edition_argument(),
            click.Argument(["paths"], metavar="[CASE...]", nargs=-1, type=click.Path()),
            click.Option(["--cases"], metavar="DIR", multiple=True, type=click.Path(), help=translate(words, language)),
            rulebook_option(language),
            format_option(language),
            language_option(language),
        ],
    )


def show_interpretations(
    language: str, edition: str | None, paths: tuple[str, ...], cases: tuple[str, ...], rulebook: str | None, form: str, lang: str | None
) -> int:  # fmt: skip
    """Print the register; give the exit code.

    Raises:
        InputError: with the problems of every bad case, after the register was printed.
    """
    del lang  # read before the command was built
    from policy_engine.cli.output import write_prose
    from policy_engine.cli.outputs import Refusals
    from policy_engine.evaluate.maps import report_interpretations
    from policy_engine.explain.maps import explain_interpretations
    from policy_engine.load.library import Library
    from policy_engine.report.json import (
        interpretations_to_data,
        to_json,
    )

    library = Library(rulebook)
    chosen = library.edition_or_last(edition)
    refusals = Refusals()
    asked = (*paths, *cases)
    verdicts = _rated(asked, library, chosen, refusals) if asked else []
    reports = report_interpretations(chosen, verdicts)
    if form == "json":
        data = interpretations_to_data(chosen, reports, len(verdicts) if asked else None)
        click.echo(to_json(data | ({"refused": len(refusals.files), "problems": refusals.data()} if asked else {})))
    else:
        page = explain_interpretations(chosen, reports, len(verdicts) if asked else None, language)
        write_prose(refusals.before(page, len(verdicts), language), form)
    if refusals.problems:
        raise refusals.error()
    return 0


def _rated(paths: Sequence[str], library: "Library", edition: Edition, refusals: "Refusals") -> list[Verdict]:
    """Rate every case under one edition, a folder that is a round as one; note what is wrong with the others."""
    from policy_engine.evaluate.rate import Rater
    from policy_engine.load.case import expand, is_round

    rater = Rater(library, edition.id)
    verdicts: list[Verdict] = []
    for path in paths:
        if is_round(path):
            verdicts += _of_round(path, library, edition, refusals)
            continue
        for file in expand((path,), refusals.others):
            try:
                verdicts.append(rater.rate(file).verdict)
            except InputError as error:
                refusals.add(file, error)
    return verdicts


def _of_round(folder: str, library: "Library", edition: Edition, refusals: "Refusals") -> list[Verdict]:
    """Rate a round, so that what its cases take from each other is there."""
    from policy_engine.evaluate.round.round import rate_round
    from policy_engine.load.round import load_round

    done = rate_round(load_round(folder, library, edition.id))
    refusals.others += done.problems
    for one in done.refused:
        refusals.add(one.path, InputError(one.problems))
    return [one.verdict for one in done.rated]
