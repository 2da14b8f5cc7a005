"""The commands of the table, built by click in the reader's language."""

from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from typing import Any

import click

from policy_engine.cli.commands import APP, COMMANDS, LANGUAGE, Command, Parameter
from policy_engine.cli.session import Session
from policy_engine.messages import N_, bind_click, translate

_READ_LATER = {"rulebook", "period"}
"""What is refused by whoever reads it, who has more to say."""


class _Commands(click.Group):
    """The commands in the order of the table, which is the order in which they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click calls it so)
        return list(self.commands)


def build_app(language: str) -> click.Group:
    """Build the command line in a language."""
    app = _group(_Commands, "policy-engine", APP, language, help_option_names=["-h", "--help"], max_content_width=100)
    groups = {"": app}
    for path, command in COMMANDS.items():
        group, _, name = path.rpartition(" ")
        if not command.runs:
            groups[name] = _group(click.Group, name, command, language)
        made = groups.get(name) or click.Command(name, callback=partial(_run, command.runs, language), **_shown(command, language))
        groups[group].add_command(made)
    return click.version_option(package_name="policy-engine", message="%(prog)s %(version)s")(app)


def _group(kind: type[click.Group], name: str, command: Command, language: str, **settings: Any) -> click.Group:
    return kind(
        name,
        callback=_nothing,
        context_settings=settings,
        no_args_is_help=True,
        subcommand_metavar=translate(N_("COMMAND [ARGUMENTS]..."), language),
        **_shown(command, language),
    )


def _nothing(lang: str | None) -> None:
    del lang  # read before the commands were built


def _shown(command: Command, language: str) -> dict[str, Any]:
    last = () if LANGUAGE in command.parameters else (LANGUAGE,)
    return {
        "help": translate(command.help, language),
        "short_help": translate(command.short, language) if command.short else None,
        "options_metavar": translate(N_("[OPTIONS]"), language),
        "params": [_parameter(one, language) for one in (*command.parameters, *last)],
    }


def _parameter(one: Parameter, language: str) -> click.Parameter:
    """Build a parameter; it refuses an empty word: nothing was meant by it, and it is not what it is by default."""
    settings = dict(one.settings)
    words = settings.pop("words", {})
    if one.help is None:
        made: click.Parameter = click.Argument(one.names, **settings)
        refuses = not isinstance(made.type, click.Path)
    else:
        made = click.Option(one.names, help=translate(one.help, language, **words), **settings)
        refuses = "is_flag" not in settings and made.name not in _READ_LATER
    if refuses:
        made.callback = partial(_refuse_empty, language)
    return made


def _refuse_empty(language: str, context: click.Context, param: click.Parameter, value: Any) -> Any:
    words: list[object] = list(value) if param.multiple or param.nargs != 1 else [value]
    if "" in words:
        wrong = translate(N_("nothing stands behind it; write a value, or leave the option out"), language)
        raise click.BadParameter(wrong, ctx=context, param=param)
    return value


def _run(place: str, language: str, *, rulebook: str | None = None, form: str = "text", **typed: Any) -> int:
    """Load the function of a command, and run it with what was typed."""
    del typed["lang"]  # read before the commands were built
    module, _, name = place.partition(":")
    function: Callable[..., int] = getattr(import_module(f"policy_engine.cli.{module}"), name)
    return function(Session(language, rulebook, form), **typed)


def run_app(typed: Sequence[str], language: str) -> int:
    """Read a command line with click and run it; return its exit code."""
    bind_click(language)
    try:
        code: object = build_app(language).main(list(typed), prog_name="policy-engine", standalone_mode=False)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        from policy_engine.report.problems import tamed

        vars(error)["message"] = tamed(error.message, typed)
        error.show()
        return error.exit_code
    except click.Abort:
        raise KeyboardInterrupt from None
    return code if isinstance(code, int) else 0
