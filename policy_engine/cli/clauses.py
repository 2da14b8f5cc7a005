"""`policy-engine clauses` and `interpretations`: what encodes each clause of the text, and how it is read where it is silent."""

from collections.abc import Sequence

from policy_engine.cli.session import Refusals, Session
from policy_engine.errors import InputError
from policy_engine.evaluate.maps import clause_map, hold_against, report_interpretations
from policy_engine.evaluate.rate import Rater
from policy_engine.evaluate.round.round import rate_round
from policy_engine.explain.editions import explain_interpretations, explain_map
from policy_engine.load.case import expand, is_round
from policy_engine.load.files import read_text
from policy_engine.load.round import load_round
from policy_engine.messages import N_
from policy_engine.model.rulebook import Edition
from policy_engine.model.verdict import Verdict
from policy_engine.report.data import interpretations_to_data, map_to_data


def show_clauses(session: Session, *, edition: str | None, source: str | None) -> int:
    """Print the map of clauses; return the exit code."""
    chosen = session.library.edition_or_last(edition)
    if not chosen.clauses:
        raise session.misused(N_("edition {edition} has no clause map (a file `clauses:`)"), edition=chosen.id)
    found = clause_map(chosen)
    faults = None if source is None else hold_against(chosen, read_text(source))
    session.answer(lambda: map_to_data(chosen, found, faults), lambda: explain_map(chosen, found, faults, session.language))
    return int(bool(faults or found.strays or not all(one.covered for one in found.clauses)))


def show_interpretations(session: Session, *, edition: str | None, paths: Sequence[str], cases: Sequence[str]) -> int:
    """Print the register of interpretations, and which cases rest on each; return the exit code.

    Raises:
        InputError: with the problems of every bad case, after the register was printed.
    """
    chosen = session.library.edition_or_last(edition)
    refusals = Refusals()
    asked = (*paths, *cases)
    verdicts = _rated(session, asked, chosen, refusals)
    reports = report_interpretations(chosen, verdicts)
    count = len(verdicts) if asked else None
    if session.form == "json":
        data = interpretations_to_data(chosen, reports, count)
        session.write_data(data | (refusals.to_data() if asked else {}))
    else:
        page = explain_interpretations(chosen, reports, count, session.language)
        session.write_page(refusals.before(page, len(verdicts), session.language))
    if refusals.problems:
        raise refusals.error()
    return 0


def _rated(session: Session, paths: Sequence[str], edition: Edition, refusals: Refusals) -> list[Verdict]:
    """Rate every case under one edition, a folder that is a round as one, so that what its cases take from each other is there."""
    rater = Rater(session.library, edition.id)
    verdicts: list[Verdict] = []
    for path in paths:
        if is_round(path):
            done = rate_round(load_round(path, session.library, edition.id))
            refusals.others += done.problems
            refusals.files += [(one.path, InputError(one.problems)) for one in done.refused]
            verdicts += [one.verdict for one in done.rated]
            continue
        verdicts += [one.verdict for _, one in refusals.taken(expand((path,), refusals.others), rater.rate)]
    return verdicts
