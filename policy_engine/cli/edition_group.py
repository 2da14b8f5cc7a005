"""`policy-engine edition`: the group of commands that look after the library, built in the reader's language."""

from collections.abc import Callable
from functools import partial

import click

from policy_engine.cli.edition import make_new, seal, show_list, show_one, verify
from policy_engine.cli.options import COMMANDS, OPTIONS, edition_argument, format_option, language_option, nothing, rulebook_option
from policy_engine.errors import N_
from policy_engine.messages import translate

_HELP = N_(
    """Look after the library of editions.

    An edition is one folder of files. `new` copies one as a draft, `seal` writes down what an issued one means, and from then
    on every command refuses it if a single value is changed; `verify` says what was changed."""
)
_NEW = N_(
    """Copy an edition under a new id and period, as a draft; comments are kept.

    What still speaks of the old period is listed with its place."""
)
_SEAL = N_(
    """Write down what an issued edition means, file by file, in `editions.lock` beside it.

    With `--sign KEY` the lock is signed with an SSH key (`ssh-keygen -Y sign`)."""
)
_VERIFY = N_(
    """Work out anew what sealed editions mean, and name every value, file or comment that is not as it was sealed.

    With `--signers FILE --identity WHO` the signature of the lock is verified as well. Ends with 1 where a meaning changed."""
)


def build_edition(language: str) -> click.Group:
    """Build the group of commands in a language."""
    options = translate(OPTIONS, language)
    command = partial(_command, language)
    listed, shown = N_("List the editions."), N_("Show what an edition holds.")
    sealing, verifying = N_("Write down what an issued edition means."), N_("Hold sealed editions against their seals.")
    return click.Group(
        "edition",
        help=translate(_HELP, language),
        short_help=translate(N_("Look after the library of editions."), language),
        options_metavar=options,
        subcommand_metavar=translate(COMMANDS, language),
        params=[language_option(language)],
        callback=nothing,
        no_args_is_help=True,
        commands=[
            command("list", listed, listed, show_list, [format_option(language)]),
            command("show", shown, shown, show_one, [edition_argument(), format_option(language)]),
            command("new", _NEW, N_("Copy an edition as a draft."), make_new, _new_params(language)),
            command("seal", _SEAL, sealing, seal, _seal_params(language)),
            command("verify", _VERIFY, verifying, verify, _verify_params(language)),
        ],
    )


def _command(
    language: str, name: str, text: str, short: str, callback: Callable[..., int], params: list[click.Parameter]
) -> click.Command:  # fmt: skip
    """Build one command of the group."""
    return click.Command(
        name,
        help=translate(text, language),
        short_help=translate(short, language),
        options_metavar=translate(OPTIONS, language),
        callback=partial(callback, language),
        params=[*params, rulebook_option(language), language_option(language)],
    )


def _new_params(language: str) -> list[click.Parameter]:
    """Return the parameters of `new`."""
    return [
        click.Argument(["name"], metavar="NEW"),
        click.Option(["--from", "source"], metavar="OLD", required=True, help=translate(N_("The edition to copy."), language)),
        click.Option(
            ["--period"], metavar="YEAR", help=translate(N_("The year or quarter it governs; without it, the year in its id."), language)
        ),
        click.Option(["--to"], metavar="DIR", type=click.Path(), help=translate(N_("The folder of editions to copy it into."), language)),
        format_option(language),
    ]


def _seal_params(language: str) -> list[click.Parameter]:
    """Return the parameters of `seal`."""
    again = N_("Seal anew an edition whose meaning is not what was sealed.")
    return [
        click.Argument(["name"], metavar="EDITION"),
        click.Option(["--again"], is_flag=True, help=translate(again, language)),
        click.Option(["--sign"], metavar="KEY", type=click.Path(), help=translate(N_("Sign the lock with this SSH key."), language)),
    ]


def _verify_params(language: str) -> list[click.Parameter]:
    """Return the parameters of `verify`."""
    return [
        click.Argument(["names"], metavar="[EDITION...]", nargs=-1),
        click.Option(
            ["--signers"], metavar="FILE", type=click.Path(), help=translate(N_("Allowed signers, as ssh-keygen reads them."), language)
        ),
        click.Option(["--identity"], metavar="WHO", help=translate(N_("Who must have signed."), language)),
        format_option(language),
    ]
