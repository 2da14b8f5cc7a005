"""`policy-engine clauses`: what encodes each clause of the text, and whether the text bears it out."""

from functools import partial

import click

from policy_engine.cli.options import OPTIONS, edition_argument, format_option, language_option, rulebook_option
from policy_engine.errors import N_
from policy_engine.messages import translate

_HELP = N_(
    """Print the clause map of an edition, both ways: what encodes each clause, and which clause each part stands for.

    With `--source` every operative phrase is sought in the official text, inside the very clause that it is cited from.
    Ends with 1 where a clause is neither encoded nor explained, where a cite leads to no clause, or where the text does not
    bear a phrase out."""
)


def build_clauses(language: str) -> click.Command:
    """Build the command in a language."""
    source = N_("The official text, as a plain text file.")
    return click.Command(
        "clauses",
        help=translate(_HELP, language),
        short_help=translate(N_("Print what encodes each clause of the text."), language),
        options_metavar=translate(OPTIONS, language),
        callback=partial(show_clauses, language),
        params=[
            edition_argument(),
            click.Option(["--source"], metavar="FILE", type=click.Path(), help=translate(source, language)),
            rulebook_option(language),
            format_option(language),
            language_option(language),
        ],
    )


def show_clauses(language: str, edition: str | None, source: str | None, rulebook: str | None, form: str, lang: str | None) -> int:
    """Print the map; give the exit code."""
    del lang  # read before the command was built
    from policy_engine.cli.output import write_prose
    from policy_engine.evaluate.maps import clause_map, hold_against
    from policy_engine.explain.maps import explain_map
    from policy_engine.load.files import read_text
    from policy_engine.load.library import Library
    from policy_engine.report.json import (
        map_to_data,
        to_json,
    )

    chosen = Library(rulebook).edition_or_last(edition)
    if not chosen.clauses:
        words = translate(N_("edition {edition} has no clause map (a file `clauses:`)"), language, edition=chosen.id)
        raise click.UsageError(words)
    found = clause_map(chosen)
    faults = None if source is None else hold_against(chosen, read_text(source))
    if form == "json":
        click.echo(to_json(map_to_data(chosen, found, faults)))
    else:
        write_prose(explain_map(chosen, found, faults, language), form)
    return int(bool(faults or found.strays or not all(one.covered for one in found.clauses)))
