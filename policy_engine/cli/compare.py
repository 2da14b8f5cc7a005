"""`policy-engine compare`: what two editions say differently, and what that makes of cases."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import click

from policy_engine.cli.options import OPTIONS, edition_argument, format_option, language_option, rulebook_option
from policy_engine.cli.output import note_reworded
from policy_engine.errors import N_, InputError, Problem
from policy_engine.messages import translate
from policy_engine.model.rulebook import Edition

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from policy_engine.compare.cases import Shift
    from policy_engine.load.library import Library

_HELP = N_(
    """Tell what two editions say differently: figures, criteria, facts, levels, readings, chapters, clauses.

    BEFORE and AFTER are ids of editions. With `--cases` every case is rated under both, and it is told how the levels shift,
    who moves and by which criterion, and which cases one of the editions cannot rate. Ends with 0 whether or not they differ."""
)


def build_compare(language: str) -> click.Command:
    """Build the command in a language."""
    words = N_("A case file, or a folder that holds some; may be given several times.")
    return click.Command(
        "compare",
        help=translate(_HELP, language),
        short_help=translate(N_("Tell what two editions say differently."), language),
        options_metavar=translate(OPTIONS, language),
        callback=partial(show_compare, language),
        params=[
            click.Argument(["before"], metavar="BEFORE", shell_complete=_complete),
            click.Argument(["after"], metavar="AFTER", shell_complete=_complete),
            click.Option(["--cases"], metavar="DIR", multiple=True, type=click.Path(), help=translate(words, language)),
            rulebook_option(language),
            format_option(language),
            language_option(language),
        ],
    )


def _complete(context: click.Context, option: click.Parameter, typed: str) -> "list[CompletionItem]":
    """Complete the id of an edition as every other command does."""
    del option
    return edition_argument().shell_complete(context, typed)


def show_compare(
    language: str, before: str, after: str, cases: tuple[str, ...], rulebook: str | None, form: str, lang: str | None
) -> int:  # fmt: skip
    """Print the comparison; give the exit code."""
    del lang  # read before the command was built
    from policy_engine.compare.differences import compare  # noqa: PLC0415  (what a run does not need it does not load)
    from policy_engine.load.case import is_round  # noqa: PLC0415
    from policy_engine.load.library import Library  # noqa: PLC0415
    from policy_engine.report.compare import compare_to_data, notes_of  # noqa: PLC0415

    library = Library(rulebook)
    first, second = library.edition(before), library.edition(after)
    note_reworded((first, second), language)
    shift = _shift(cases, library, first, second) if cases else None
    rounds = [folder for folder in cases if is_round(folder)]
    changes = compare(first, second)
    if form == "json":
        from policy_engine.report.data import to_json  # noqa: PLC0415

        click.echo(to_json(compare_to_data(first, second, changes, shift, rounds)))
        return 0
    from policy_engine.cli.prose import write_prose  # noqa: PLC0415
    from policy_engine.explain.compare import explain_changes  # noqa: PLC0415

    told = explain_changes(first, second, changes, language, notes_of((first, second), language, rounds, rated=shift is not None))
    if shift:
        from policy_engine.explain.shift import shift_sections  # noqa: PLC0415
        from policy_engine.report.problems import message_of  # noqa: PLC0415

        more = shift_sections(first, second, shift, language, lambda problem: message_of(problem, language))
        told = told._replace(sections=(more[0], *told.sections, *more[1:]))
    write_prose(told, form)
    return 0


def _shift(cases: Sequence[str], library: "Library", before: Edition, after: Edition) -> "Shift":
    """Rate the cases under both editions.

    Raises:
        InputError: where a path leads to no case, or where the figures of an edition contradict its own rules.
    """
    from policy_engine.compare.cases import shift_of  # noqa: PLC0415
    from policy_engine.compiled.evaluator import for_many  # noqa: PLC0415
    from policy_engine.evaluate.plan import plan_of  # noqa: PLC0415
    from policy_engine.evaluate.rate import Rater  # noqa: PLC0415
    from policy_engine.load.case import expand  # noqa: PLC0415
    from policy_engine.load.files import read_bytes  # noqa: PLC0415
    from policy_engine.load.yaml_text import MAX_BYTES  # noqa: PLC0415

    problems: list[Problem] = []
    paths = expand(cases, problems)
    if problems:
        raise InputError(problems)
    for named in set(paths).intersection(cases):
        read_bytes(named, MAX_BYTES)
    for edition in (before, after):
        plan_of(edition)
    sides = [(edition, Rater(library, edition.id, for_many)) for edition in (before, after)]
    return shift_of(paths, sides[0], sides[1])
