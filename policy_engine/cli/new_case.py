"""`policy-engine new-case`: write a blank case."""

import os
from functools import partial

import click

from policy_engine.cli.options import OPTIONS, edition_option, language_option, rulebook_option
from policy_engine.cli.outputs import Output, hold_outputs
from policy_engine.errors import N_
from policy_engine.messages import translate
from policy_engine.report.problems import visible

_HELP = N_(
    """Write a blank case file: every fact that the edition asks for, with its question, type, unit and clause.

    Every fact is `unknown`; the file is valid as it stands, and `evaluate` tells which answers would decide. Without
    `--track` it asks for the facts of every track."""
)


def build_new_case(language: str) -> click.Command:
    """Build the command in a language."""
    return click.Command(
        "new-case",
        help=translate(_HELP, language),
        short_help=translate(N_("Write a blank case, with every question in it."), language),
        options_metavar=translate(OPTIONS, language),
        callback=partial(new_case, language),
        params=[
            edition_option(language),
            click.Option(["--track"], metavar="T", help=translate(N_("Ask only for the facts of this track."), language)),
            click.Option(
                ["--output", "-o"],
                metavar="FILE",
                type=click.Path(),
                help=translate(N_("Write to a new file instead of the screen."), language),
            ),
            rulebook_option(language),
            language_option(language),
        ],
    )


def new_case(language: str, edition: str | None, track: str | None, output: str | None, rulebook: str | None, lang: str | None) -> int:
    """Write the blank case; an existing file is never overwritten."""
    del lang  # read before the command was built
    from policy_engine.load.layout import modelines_for
    from policy_engine.load.library import Library
    from policy_engine.report.blank_case import blank_case

    if output is not None and not output.endswith((".yaml", ".yml")):
        other = N_("a case is a YAML file: give {path} a name that ends in `.yaml`; a table for `policy-engine batch` is not written here")
        raise click.BadParameter(translate(other, language, path=visible(output)), param_hint="'--output'")
    if output is not None and not os.path.isfile(output):  # a file that is there is left as it is, which is said in the end
        hold_outputs(language, [Output("--output", output)])
    library = Library(rulebook)
    chosen = library.edition_or_last(edition)
    known = {each.id: each for each in chosen.tracks}
    if track is not None and track not in known:
        words = translate(
            N_("`{track}` is not a track of edition {edition}: {known}"), language, track=track, edition=chosen.id, known=", ".join(known)
        )
        raise click.BadParameter(words, param_hint="'--track'")
    head = modelines_for(os.path.dirname(os.path.abspath(output)), "case.schema.json") if output is not None else []
    text = blank_case(chosen, [known[track]] if track else list(known.values()), head)
    if output is None:
        click.echo(text, nl=False)
        return 0
    return _write_new(output, text, language)


def _write_new(path: str, text: str, language: str) -> int:
    """Write a file that must not exist yet, whole or not at all."""
    from policy_engine.load.files import (
        unwritten,
        write_new,
    )

    try:
        write_new(path, text)
    except FileExistsError:
        raise click.BadParameter(
            translate(N_("the file {path} exists already; it is left as it is"), language, path=visible(path)), param_hint="'--output'"
        ) from None
    except OSError as error:
        raise unwritten(path, error) from error
    click.echo(translate(N_("written: {path}"), language, path=visible(path)), err=True)
    return 0
