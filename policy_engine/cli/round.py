"""`policy-engine round`: rate a year's cases together, bottom up."""

import gc
from functools import partial

from policy_engine.cli.files import going_through
from policy_engine.cli.session import Session
from policy_engine.compiled.evaluator import for_many
from policy_engine.errors import InputError
from policy_engine.evaluate.round.round import rate_round
from policy_engine.evaluate.round.summary import summarise
from policy_engine.explain.blocks import Explanation
from policy_engine.language.quantity import read_day
from policy_engine.load.round import load_round
from policy_engine.messages import N_
from policy_engine.model.duties import SEVERITIES
from policy_engine.model.round import Round
from policy_engine.report.problems import visible


def show_round(
    session: Session, *, folder: str, edition: str | None, as_of: str | None, fail_level: str | None, record: str | None
) -> int:  # fmt: skip
    """Rate the round and print it; return the exit code.

    Raises:
        InputError: with every problem, after what could be rated was printed.
    """
    day = read_day(as_of) if as_of is not None else None
    if as_of is not None and day is None:
        raise session.misused(N_("`{found}` is not a day like 2020-12-15"), "--as-of", found=visible(as_of))
    if record is not None:
        from policy_engine.cli.record import hold_record

        hold_record(session, record, [folder])
    gc.disable()  # everything that is read is kept to the end, and looking it over again and again would cost more the more there is
    files = load_round(folder, session.library, edition, partial(going_through, session.text(N_("reading files"))))
    gc.freeze()  # what rating leaves behind in circles is taken away, without a look at what was read
    gc.enable()
    done = rate_round(files, day, partial(going_through, session.text(N_("rating cases"))), for_many)
    if record is not None and done.rated:
        _record(session, record, done, edition)
    session.note_reworded(done.edition)
    if done.rated:
        from policy_engine.report.data import round_to_data

        session.answer(lambda: round_to_data(done, to_write=True), lambda: _page(done, session.language))
    if done.problems:
        raise InputError(list(done.problems))
    return int(bool(fail_level) and _worst(done) <= SEVERITIES.index(fail_level or ""))


def _record(session: Session, path: str, done: Round, asked: str | None) -> None:
    """Append every case of the round to a file of records, with what the round gave it."""
    from policy_engine.audit.record import Given, Rating
    from policy_engine.cli.record import append_run, path_kept

    ratings = [
        Rating(
            file=path_kept(one.path), raw=one.raw, asked=asked, edition=done.edition, verdict=one.verdict,
            given=Given(
                round=done.id, as_of=done.as_of, facts=one.taken, gathered=one.verdict.duties.gathered, findings=one.found
            ),
        )
        for one in done.rated
    ]  # fmt: skip
    append_run(session, path, ratings)


def _page(done: Round, language: str) -> Explanation:
    """Return the round in sentences, after what is wrong with its files."""
    from policy_engine.explain.blocks import notices_of
    from policy_engine.explain.round import explain_round
    from policy_engine.report.problems import after_problems

    page = explain_round(done, language, notices_of(done.edition.status, sealed=done.edition.sealed))
    return after_problems(page, done.problems, language)


def _worst(done: Round) -> int:
    """Return the place of the worst severity among findings, papers and caps; one past the last where there is nothing."""
    summary = summarise(done)
    found = {noted.finding.severity for noted in (*summary.decisions, *summary.others)}
    found |= {tie.trace.severity for tie in summary.ties}
    found |= {paper.trace.severity for paper in summary.papers if paper.state != "due"}
    found |= {cap.severity for cap in done.caps if cap.outcome == "exceeded"}
    return min((SEVERITIES.index(severity) for severity in found), default=len(SEVERITIES))
