"""The commands, built in the reader's language."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from typing import Any

import click

from policy_engine.cli.options import COMMANDS, OPTIONS, language_option, nothing
from policy_engine.errors import N_
from policy_engine.messages import bind_click, translate
from policy_engine.report.problems import tamed

_HELP = N_(
    """Rate cases under a rulebook, and say why.

    A case file states the facts about one person or unit; a rulebook holds one edition of the guideline as data. The
    engine proposes a level with every reason, clause and figure; the competent authority decides.

    \b
    First steps:
      policy-engine new-case --output case.yaml     write a blank case, with every question in it
      policy-engine evaluate case.yaml              rate it
      policy-engine round folder                    rate a year's cases together

    \b
    Exit codes: 0 answered, 1 the answer is no, 2 wrong usage,
    3 bad or missing input, or output that cannot be written,
    70 a fault of ours, 129, 130, 143 stopped from outside.

    \b
    Completion in the shell: eval "$(_POLICY_ENGINE_COMPLETE=bash_source policy-engine)"
    (also zsh_source, fish_source)."""
)


_EMPTY = N_("nothing stands behind it; write a value, or leave the option out")

_MODULES: Mapping[str, str] = {
    "evaluate": "evaluate", "new-case": "new_case", "round": "round", "batch": "batch", "clauses": "clauses",
    "interpretations": "interpretations", "compare": "compare", "prove": "prove", "edition": "edition_group", "record": "record",
    "replay": "replay", "test": "test", "check": "check", "fmt": "fmt", "explain": "explain",
}  # fmt: skip
"""The module of each command, in the order in which they are told; its function `build_COMMAND` builds it in a language."""


class _Commands(click.Group):
    """The commands, each loaded when it is asked for: one that is not run costs nothing."""

    language = "en"

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        del ctx
        return list(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Build a command; None where there is none of this name."""
        if cmd_name not in _MODULES:
            for known in _MODULES:  # so that the nearest can be told
                self.get_command(ctx, known)
        elif cmd_name not in self.commands:
            module = import_module(f"policy_engine.cli.{_MODULES[cmd_name]}")
            build: Callable[[str], click.Command] = getattr(module, f"build_{cmd_name.replace('-', '_')}")
            self.commands[cmd_name] = _stated(build(self.language), self.language)
        return super().get_command(ctx, cmd_name)


def _stated(command: click.Command, language: str) -> click.Command:
    """Let a command refuse an option that is named and left empty: nothing was meant by it, and it is not what it is by default."""
    for param in command.params:
        named = isinstance(param, click.Option) and not param.is_flag and param.name not in _READ
        if named or (isinstance(param, click.Argument) and not isinstance(param.type, click.Path)):
            param.callback = partial(_refuse_empty, language, param.callback)
    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        _stated(inner, language)
    return command


_READ = {"rulebook", "period"}
"""What is refused by whoever reads it, who has more to say."""


def _refuse_empty(
    language: str, callback: Callable[..., object] | None, context: click.Context, param: click.Parameter, value: Any  # noqa: ANN401
) -> object:  # fmt: skip
    """Refuse an empty word, and hand on any other."""
    given: list[object] = list(value) if param.multiple or param.nargs != 1 else [value]
    if "" in given:
        raise click.BadParameter(translate(_EMPTY, language), ctx=context, param=param)
    return callback(context, param, value) if callback else value


def build_app(language: str) -> click.Group:
    """Build the command line in a language."""
    app = _Commands(
        "policy-engine",
        help=translate(_HELP, language),
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
        params=[language_option(language)],
        callback=nothing,
        no_args_is_help=True,
        subcommand_metavar=translate(COMMANDS, language),
        options_metavar=translate(OPTIONS, language),
    )
    app.language = language
    return click.version_option(package_name="policy-engine", message="%(prog)s %(version)s")(app)


def run_app(typed: Sequence[str], language: str) -> int:
    """Read a command line with click and run it; give its exit code."""
    bind_click(language)
    try:
        code: object = build_app(language).main(list(typed), prog_name="policy-engine", standalone_mode=False)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        vars(error)["message"] = tamed(error.message, typed)
        error.show()
        return error.exit_code
    except click.Abort:
        raise KeyboardInterrupt from None
    return code if isinstance(code, int) else 0
