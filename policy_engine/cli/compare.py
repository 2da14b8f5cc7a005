"""`policy-engine compare`: what two editions say differently, and what that makes of cases."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from policy_engine.cli.session import Session
from policy_engine.compare.differences import Shift, compare, shift_of
from policy_engine.compiled.evaluator import for_many
from policy_engine.errors import InputError, Problem
from policy_engine.evaluate.core.plan import plan_of
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.evaluate.rate import Rater
from policy_engine.explain.blocks import Explanation
from policy_engine.load.case import expand, is_round
from policy_engine.load.files import odd_kind, read_bytes
from policy_engine.load.yaml_text import MAX_BYTES
from policy_engine.model.rulebook import Edition
from policy_engine.report.data import compare_to_data, notes_of, nothing_compared
from policy_engine.source import Location

if TYPE_CHECKING:
    from policy_engine.prove.transitions import Passages


def show_compare(session: Session, *, before: str, after: str, cases: Sequence[str], proven: bool) -> int:
    """Print the comparison; return the exit code.

    Raises:
        InputError: where there is nothing to compare; the document that was asked for is printed all the same, and says so.
        MissingExtraError: where z3 is not installed.
    """
    try:
        editions = (session.library.edition(before), session.library.edition(after))
        session.note_reworded(*editions)
        shift = _shift(session, cases, *editions) if cases else None
        passages = _passages(*editions) if proven else None
    except InputError as error:
        session.answer_refused(error, f"{before} → {after}", nothing_compared(error.problems))
        raise
    rounds = tuple(folder for folder in cases if is_round(folder))
    if session.form == "json":
        data = compare_to_data(*editions, compare(*editions), shift, rounds)
        if passages:
            from policy_engine.report.data import passages_to_data

            data = {**data, "proof": passages_to_data(passages)}
        session.write_data(data)
    else:
        session.write_page(_page(editions, shift, passages, rounds, session.language))
    return int(passages is not None and not passages.settled)


def _page(
    editions: tuple[Edition, Edition], shift: Shift | None, passages: "Passages | None", rounds: Sequence[str], language: str
) -> Explanation:  # fmt: skip
    """Return the comparison in sentences: what is proven, how cases move, what differs."""
    from policy_engine.explain.compare import explain_changes, passage_sections

    page = explain_changes(*editions, compare(*editions), language, notes_of(editions, language, rounds, rated=shift is not None))
    if shift:
        from policy_engine.explain.shift import shift_sections
        from policy_engine.report.problems import message_of

        matrix, *moves = shift_sections(*editions, shift, language, lambda problem: message_of(problem, language))
        page = page._replace(sections=(matrix, *page.sections, *moves))
    return page._replace(sections=(*passage_sections(passages, language), *page.sections)) if passages else page


def _passages(before: Edition, after: Edition) -> "Passages":
    """Ask what can become of every level."""
    from policy_engine.prove.transitions import transitions

    return transitions(Evaluator(before), Evaluator(after))


def _shift(session: Session, cases: Sequence[str], before: Edition, after: Edition) -> Shift:
    """Rate the cases under both editions.

    Raises:
        InputError: where a path leads to no case, or where the figures of an edition contradict its own rules.
    """
    problems: list[Problem] = []
    paths = expand(cases, problems)
    if problems:
        raise InputError(problems)
    for path in set(paths).intersection(cases):
        if kind := odd_kind(path):  # each case is read twice
            raise InputError([Problem("PE880", Location(path, 1, 1), {"found": kind})])
        read_bytes(path, MAX_BYTES)
    for edition in (before, after):
        plan_of(edition)
    first, second = ((edition, Rater(session.library, edition.id, partial(for_many, asks=False))) for edition in (before, after))
    return shift_of(paths, first, second)
