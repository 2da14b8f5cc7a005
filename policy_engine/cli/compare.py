"""`policy-engine compare`: what two editions say differently, and what that makes of cases."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import click

from policy_engine.cli.options import OPTIONS, complete_edition, format_option, language_option, rulebook_option
from policy_engine.cli.output import answer_refused, note_reworded
from policy_engine.errors import N_, InputError, Problem
from policy_engine.messages import translate
from policy_engine.model.rulebook import Edition

if TYPE_CHECKING:
    from policy_engine.compare.differences import Shift
    from policy_engine.load.library import Library
    from policy_engine.prove.transitions import Passages

_HELP = N_(
    """Tell what two editions say differently: figures, criteria, facts, levels, interpretations, chapters, clauses.

    BEFORE and AFTER are ids of editions. With `--cases` every case is rated under both, and it is told how the levels shift,
    who moves and by which criterion, and which cases one of the editions cannot rate. With `--prove` (extra `prove`) it is
    told of all cases at once which levels can become which, with a smallest case of each. Ends with 0 whether or not they
    differ, and with 1 where a proof stays undecided."""
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
            click.Argument(["before"], metavar="BEFORE", shell_complete=complete_edition),
            click.Argument(["after"], metavar="AFTER", shell_complete=complete_edition),
            click.Option(["--cases"], metavar="DIR", multiple=True, type=click.Path(), help=translate(words, language)),
            click.Option(["--prove", "proven"], is_flag=True, help=translate(N_("Ask it of all cases at once."), language)),
            rulebook_option(language),
            format_option(language),
            language_option(language),
        ],
    )


def show_compare(
    language: str, before: str, after: str, cases: tuple[str, ...], rulebook: str | None, form: str, lang: str | None, *, proven: bool
) -> int:  # fmt: skip
    """Print the comparison; give the exit code.

    Raises:
        InputError: where there is nothing to compare; the document that was asked for is printed all the same, and says so.
    """
    del lang  # read before the command was built
    try:
        told = _compared(before, after, cases, rulebook, language, proven=proven)
    except InputError as error:
        from policy_engine.report.compared import nothing_compared

        answer_refused(error, form, f"{before} → {after}", nothing_compared(error.problems), language)
        raise
    if form == "json":
        _write_data(told)
    else:
        _write_prose(told, form, language)
    return int(told.passages is not None and not told.passages.settled)


def _compared(before: str, after: str, cases: Sequence[str], rulebook: str | None, language: str, *, proven: bool) -> "_Told":
    """Read the two editions, and answer what was asked of them."""
    from policy_engine.load.case import is_round
    from policy_engine.load.library import Library

    library = Library(rulebook)
    first, second = library.edition(before), library.edition(after)
    note_reworded((first, second), language)
    return _Told(
        first, second, _shift(cases, library, first, second) if cases else None, _passages(first, second) if proven else None,
        tuple(folder for folder in cases if is_round(folder)),
    )  # fmt: skip


class _Told(NamedTuple):
    """What is told of two editions: the cases under both, and what is proven of them, where these were asked for."""

    before: Edition
    after: Edition
    shift: "Shift | None"
    passages: "Passages | None"
    rounds: tuple[str, ...]


def _write_data(told: _Told) -> None:
    """Print the comparison for programs."""
    from policy_engine.compare.differences import compare
    from policy_engine.report.compared import compare_to_data
    from policy_engine.report.json import to_json

    data = compare_to_data(told.before, told.after, compare(told.before, told.after), told.shift, told.rounds)
    if told.passages:
        from policy_engine.report.compared import passages_to_data

        data = {**data, "proof": passages_to_data(told.passages)}
    click.echo(to_json(data))


def _write_prose(told: _Told, form: str, language: str) -> None:
    """Print the comparison for people: what is proven, how cases move, what differs."""
    from policy_engine.cli.output import write_prose
    from policy_engine.compare.differences import compare
    from policy_engine.explain.compare import explain_changes
    from policy_engine.report.compared import notes_of

    editions = (told.before, told.after)
    notes = notes_of(editions, language, told.rounds, rated=told.shift is not None)
    page = explain_changes(*editions, compare(*editions), language, notes)
    if told.shift:
        from policy_engine.explain.shift import shift_sections
        from policy_engine.report.problems import message_of

        more = shift_sections(*editions, told.shift, language, lambda problem: message_of(problem, language))
        page = page._replace(sections=(more[0], *page.sections, *more[1:]))
    if told.passages:
        from policy_engine.explain.compare import passage_sections

        page = page._replace(sections=(*passage_sections(told.passages, language), *page.sections))
    write_prose(page, form)


def _passages(before: Edition, after: Edition) -> "Passages":
    """Ask what can become of every level.

    Raises:
        MissingExtraError: where z3 is not installed.
    """
    from policy_engine.evaluate.evaluator import Evaluator
    from policy_engine.prove.transitions import transitions

    return transitions(Evaluator(before), Evaluator(after))


def _shift(cases: Sequence[str], library: "Library", before: Edition, after: Edition) -> "Shift":
    """Rate the cases under both editions.

    Raises:
        InputError: where a path leads to no case, or where the figures of an edition contradict its own rules.
    """
    from policy_engine.compare.differences import shift_of
    from policy_engine.compiled.evaluator import for_many
    from policy_engine.evaluate.core.plan import plan_of
    from policy_engine.evaluate.rate import Rater
    from policy_engine.load.case import expand
    from policy_engine.load.files import odd_kind, read_bytes
    from policy_engine.load.yaml_text import MAX_BYTES
    from policy_engine.source import Location

    problems: list[Problem] = []
    paths = expand(cases, problems)
    if problems:
        raise InputError(problems)
    for named in set(paths).intersection(cases):
        if kind := odd_kind(named):  # each case is read twice
            raise InputError([Problem("PE880", Location(named, 1, 1), {"found": kind})])
        read_bytes(named, MAX_BYTES)
    for edition in (before, after):
        plan_of(edition)
    sides = [(edition, Rater(library, edition.id, for_many)) for edition in (before, after)]
    return shift_of(paths, sides[0], sides[1])
