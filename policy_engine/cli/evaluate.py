"""`policy-engine evaluate`: rate files and print verdicts, whoever read the command line."""

import os
import sys
from collections.abc import Sequence

from policy_engine.cli.session import Refusals, Session
from policy_engine.evaluate.rate import Rated, Rater
from policy_engine.explain.blocks import Explanation, notices_of
from policy_engine.load.case import expand
from policy_engine.messages import N_
from policy_engine.model.verdict import OUTCOMES


def evaluate_files(
    session: Session, *, cases: Sequence[str], edition: str | None, record: str | None = None, fail_on: str | None = None
) -> int:  # fmt: skip
    """Rate files and print the verdicts on standard output; return the exit code.

    Raises:
        InputError: with the problems of every bad file, after the verdicts of the others were printed.
    """
    session.cached = record is None
    failing = _outcomes(session, fail_on)
    if record is not None:
        from policy_engine.cli.record import hold_record

        hold_record(session, record, cases)
    rater = Rater(session.library, edition)
    rated: list[Rated] = []
    rated_paths: list[str] = []
    refusals = Refusals()
    paths = expand(cases, refusals.others)
    for path, one in refusals.taken(paths, rater.rate):
        rated.append(one)
        rated_paths.append(path)
    if record is not None and rated:
        from policy_engine.audit.record import Rating
        from policy_engine.cli.record import append_run, path_kept

        ratings = [
            Rating(file=path_kept(path), raw=one.raw, asked=edition, edition=one.edition, verdict=one.verdict)
            for path, one in zip(rated_paths, rated, strict=True)
        ]
        append_run(session, record, ratings)
    session.note_reworded(*{one.edition.id: one.edition for one in rated}.values())
    several = len(cases) > 1 or (bool(paths) and os.path.isdir(cases[0]))
    if session.form == "json":
        _write_data(session, rated, refusals, several=several)
    else:
        _write_pages(session, rated, refusals if several else Refusals())
    if refusals.problems:
        raise refusals.error()
    return int(any(one.verdict.outcome in failing for one in rated))


def _outcomes(session: Session, fail_on: str | None) -> frozenset[str]:
    """Read the outcomes of `--fail-on`."""
    if fail_on is None:
        return frozenset()
    outcomes = frozenset(filter(None, (word.strip() for word in fail_on.split(","))))
    known = ", ".join(OUTCOMES)
    if not outcomes:
        raise session.misused(N_("no outcome is named; outcomes: {known}"), "--fail-on", known=known)
    if unknown := sorted(outcomes.difference(OUTCOMES)):
        raise session.misused(N_("`{found}` is not an outcome; outcomes: {known}"), "--fail-on", found=", ".join(unknown), known=known)
    return outcomes


def _write_data(session: Session, rated: Sequence[Rated], refusals: Refusals, *, several: bool) -> None:
    """Print one object for one case, an array for several, the refused ones first; nothing where the only case was bad."""
    from policy_engine.report.json import verdict_to_data

    data = [verdict_to_data(one.verdict) for one in rated]
    if several:
        session.write_data([*refusals.each(), *data])
    elif data:
        session.write_data(data[0])


def _write_pages(session: Session, rated: Sequence[Rated], refusals: Refusals) -> None:
    """Print verdicts for people, after what was refused."""
    from policy_engine.explain.verdict import explain

    language = session.language
    pages: list[Explanation] = []
    if refusals.files:
        empty = Explanation(title=session.text(N_("Cases")), headline="", outcome="round", notes=(), sections=())
        pages.append(refusals.before(empty, len(rated), language))
    pages += [explain(one.verdict, one.edition, language, notices_of(one.verdict.status, sealed=one.verdict.sealed)) for one in rated]
    for number, page in enumerate(pages):
        if number:
            sys.stdout.write("\n")
        session.write_page(page)
