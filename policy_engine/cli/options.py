"""Options that several commands share."""

from collections.abc import Sequence

import click

from policy_engine.cli.quick import FORMATS
from policy_engine.errors import N_
from policy_engine.messages import LANGUAGES, translate

OPTIONS = N_("[OPTIONS]")
"""Where the options stand in a line of usage."""
COMMANDS = N_("COMMAND [ARGUMENTS]...")
"""Where the commands of a group stand there."""


def nothing(lang: str | None) -> None:
    """Do nothing where a group of commands is called: the language was read before the commands were built."""
    del lang


def language_option(language: str) -> click.Option:
    """Return the option that chooses the language; it was read before the commands were built."""
    return click.Option(["--lang"], type=click.Choice(LANGUAGES), help=translate(N_("Language of what is shown."), language))


def edition_option(language: str) -> click.Option:
    """Return the option that names the edition."""
    words = N_("The edition to rate under, instead of the one that a case names.")
    return click.Option(["--edition"], metavar="ID", help=translate(words, language), shell_complete=complete_edition)


def edition_argument() -> click.Argument:
    """Return the argument that names the edition; without it, the last one."""
    return click.Argument(["edition"], metavar="[EDITION]", required=False, shell_complete=complete_edition)


def format_option(language: str, formats: Sequence[str] = FORMATS) -> click.Option:
    """Return the option that chooses how an answer is written."""
    words = N_("How the answer is written.")
    return click.Option(["--format", "form"], type=click.Choice(formats), default="text", help=translate(words, language))


def rulebook_option(language: str) -> click.Option:
    """Return the option that names the folder of editions."""
    words = N_("The folder that holds the editions, or one edition. Default: the editions that come with the engine.")
    return click.Option(["--rulebook"], metavar="DIR", type=click.Path(), help=translate(words, language))


def complete_edition(context: click.Context, option: click.Parameter, typed: str) -> list[str]:
    """Return the editions whose id begins with what is typed."""
    del option
    from policy_engine.load.library import Library

    params: dict[str, object] = context.params
    folder = params.get("rulebook")
    return [name for name in Library(str(folder) if folder else None).folders() if name.startswith(typed)]
