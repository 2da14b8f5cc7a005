"""The commands, built in the reader's language."""

from collections.abc import Sequence

import click

from policy_engine.cli.batch import build_batch
from policy_engine.cli.check import build_check
from policy_engine.cli.clauses import build_clauses
from policy_engine.cli.compare import build_compare
from policy_engine.cli.edition_group import build_edition
from policy_engine.cli.evaluate import build_evaluate
from policy_engine.cli.explain import build_explain
from policy_engine.cli.fmt import build_fmt
from policy_engine.cli.interpretations import build_interpretations
from policy_engine.cli.new_case import build_new_case
from policy_engine.cli.options import COMMANDS, OPTIONS, language_option, nothing
from policy_engine.cli.prove import build_prove
from policy_engine.cli.record import build_record
from policy_engine.cli.replay import build_replay
from policy_engine.cli.round import build_round
from policy_engine.cli.test import build_test
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


def build_app(language: str) -> click.Group:
    """Build the command line in a language."""
    app = click.Group(
        "policy-engine",
        help=translate(_HELP, language),
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
        commands=[
            build_evaluate(language),
            build_new_case(language),
            build_round(language),
            build_batch(language),
            build_clauses(language),
            build_interpretations(language),
            build_compare(language),
            build_prove(language),
            build_edition(language),
            build_record(language),
            build_replay(language),
            build_test(language),
            build_check(language),
            build_fmt(language),
            build_explain(language),
        ],
        params=[language_option(language)],
        callback=nothing,
        no_args_is_help=True,
        subcommand_metavar=translate(COMMANDS, language),
        options_metavar=translate(OPTIONS, language),
    )
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
