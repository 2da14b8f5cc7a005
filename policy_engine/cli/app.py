"""The commands, built in the reader's language."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module

import click

from policy_engine.cli.options import COMMANDS, OPTIONS, language_option, nothing
from policy_engine.errors import N_
from policy_engine.messages import bind_click, translate

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
    3 bad or missing input, 70 a fault of ours.

    \b
    Completion in the shell: eval "$(_POLICY_ENGINE_COMPLETE=bash_source policy-engine)"
    (also zsh_source, fish_source)."""
)


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
        """Give the names of the commands."""
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
            self.commands[cmd_name] = build(self.language)
        return super().get_command(ctx, cmd_name)


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
        error.show()
        return error.exit_code
    except click.Abort:
        return 130
    return code if isinstance(code, int) else 0
