"""`policy-engine test`: hold cases against what their authors expect, see what they would not notice, write those that are missing."""

import ast
import os
import sys
import time
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from policy_engine.cli.files import EXISTS, WRITTEN, Output, going_through, hold_outputs
from policy_engine.cli.session import Refusals, Session
from policy_engine.compiled.evaluator import for_many
from policy_engine.errors import MissingExtraError
from policy_engine.evaluate.duties.survey import Surveyor
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.evaluate.plain import line_of, outcome_of, unmet
from policy_engine.evaluate.rate import Rater
from policy_engine.explain.tested import CaseRun, FiguresSeen, Tested, explain_run
from policy_engine.load.case import expand, read_case
from policy_engine.load.edition import load_edition
from policy_engine.load.files import unwritten, write_new
from policy_engine.load.layout import modelines_for
from policy_engine.messages import N_
from policy_engine.model.duties import Chapter
from policy_engine.model.rulebook import Edition
from policy_engine.report.cases import suggestion_facts, suggestion_text
from policy_engine.report.problems import after_problems, visible
from policy_engine.report.runs import run_to_data, run_to_junit
from policy_engine.trial.bench import Bench, TestedEdition
from policy_engine.trial.run import OPEN, NotSettled, Oracle, Sketch, Trial, settle_sides, suggestions, try_cases

if TYPE_CHECKING:
    from policy_engine.prove.claims import Witness
    from policy_engine.prove.edition import Prover


class _Examined(NamedTuple):
    """An edition, as far as a run of cases has tried it."""

    standing: TestedEdition
    figures: FiguresSeen
    trial: Trial | None
    oracle: Oracle | None


def test_cases(session: Session, *, paths: Sequence[str], mutate: bool, suggest: str | None, edition: str | None) -> int:
    """CaseRun the cases and print what came out; return the exit code.

    Raises:
        InputError: with the problems of every bad case, after what came of the others was printed.
        MissingExtraError: where cases are to be suggested, and there is no solver to find them.
    """
    if suggest is not None:
        hold_outputs(session, [Output("--suggest", suggest, is_folder=True)])
    refusals, begun = Refusals(), time.perf_counter()
    tested, standings = _run(session, paths, edition, refusals, placed=mutate or suggest is not None)
    examined = [] if refusals.files else [_examine(session, one, mutate=mutate) for one in standings]  # else gaps may be the refused ones'
    run = CaseRun(
        tested=tuple(tested), coverage=tuple(one.standing.coverage for one in examined), figures=tuple(one.figures for one in examined),
        trials=tuple(one.trial for one in examined if one.trial), refused=len(refusals.files), by_rulebook=refusals.by_rulebook,
    )  # fmt: skip
    for one in examined if suggest is not None else ():
        _suggest(session, suggest or "", one)
    if session.form == "junit":
        sys.stdout.write(run_to_junit(run, session.language, refusals.problems, time.perf_counter() - begun) + "\n")
    elif session.form == "json":
        session.write_data(run_to_data(run, refusals.problems))
    else:
        page = explain_run(run, session.language)
        session.write_page(after_problems(page, refusals.problems, session.language))
    if refusals.problems:
        raise refusals.error()
    return int(not run.passed)


def _run(
    session: Session, paths: Sequence[str], edition: str | None, refusals: Refusals, *, placed: bool
) -> tuple[list[Tested], list[TestedEdition]]:
    """Rate every case, hold it against its expectation, and note what it has seen of its edition."""
    rater = Rater(session.library, edition, for_many)
    tested: list[Tested] = []
    standings: dict[str, TestedEdition] = {}
    begun = time.perf_counter()
    for path, one in refusals.taken(expand(paths, refusals.others), rater.judge):
        missed = unmet(one.case.expect, one.verdict)
        tested.append(
            Tested(
                path=path, case=one.case.id, expects=bool(one.case.expect), unmet=missed, line=line_of(one.case, missed),
                seconds=time.perf_counter() - begun,
            )
        )  # fmt: skip
        name = one.edition.id
        if name not in standings:  # a sealed copy has no places, at which a survivor stands
            standings[name] = TestedEdition(load_edition(session.library.folder_of(name), heed_lock=False) if placed else one.edition)
        standings[name].take(one, passed=tested[-1].passed)
        begun = time.perf_counter()
    return tested, list(standings.values())


def _examine(session: Session, standing: TestedEdition, *, mutate: bool) -> _Examined:
    """Ask what sides of figures are missing, and make mutants where that was asked."""
    edition, unseen = standing.edition, standing.sides.unseen()
    oracle = oracle_of(edition) if unseen or mutate else None
    figures = FiguresSeen(edition.id, standing.sides.total, settle_sides(unseen, edition, oracle), oracle is not None)
    watch = partial(going_through, session.text(N_("trying small changes")))
    trial = try_cases(Bench(edition, standing.held), oracle, watch) if mutate else None
    return _Examined(standing, figures, trial, oracle)


def _suggest(session: Session, folder: str, examined: _Examined) -> None:
    """Write the cases that are missing; a file that exists is left as it is, and that is said."""
    edition = examined.standing.edition
    oracle = examined.oracle or oracle_of(edition)
    if oracle is None:
        raise MissingExtraError("z3", "prove")
    survivors = examined.trial.survivors if examined.trial else ()
    evaluator = Evaluator(edition)
    missing, uncovered = examined.figures.settled.missing, examined.standing.coverage.uncovered()
    for case in suggestions(edition, oracle, missing, survivors, uncovered):
        path = os.path.join(folder, f"{case.name}.yaml")
        plain = suggestion_facts(case, edition.id, modelines_for(folder, "case.schema.json"))
        read, _ = read_case(plain.encode(), path, session.library, edition.id)
        seen = outcome_of(Surveyor(evaluator.plan).survey(read, evaluator.evaluate(read)))
        if os.path.lexists(path):
            session.note(EXISTS, path=visible(path))
            continue
        try:
            os.makedirs(folder or ".", exist_ok=True)
            write_new(path, suggestion_text(case, plain, seen))
        except OSError as error:
            raise unwritten(path, error) from error
        session.note(WRITTEN, path=visible(path))


def oracle_of(edition: Edition) -> Oracle | None:
    """Return a solver over an edition; None where the extra is not installed, which the caller says."""
    try:
        from policy_engine.prove.edition import Prover
    except MissingExtraError:
        return None
    return _Solver(Prover(Evaluator(edition)))


class _Solver:
    """Answers a trial's questions by the proofs of `prove`."""

    def __init__(self, prover: "Prover") -> None:
        self._prover = prover

    def possible(self, track: str, conditions: Sequence[ast.expr], chapter: Chapter | None) -> bool | NotSettled:
        """Return whether some case of a track meets conditions."""
        answer = self._prover_for(chapter).possible(track, conditions, chapter=chapter)
        return answer if isinstance(answer, bool) else OPEN

    def find(self, track: str, conditions: Sequence[ast.expr], chapter: Chapter | None) -> Sketch | NotSettled | None:
        """Return the smallest case of a track that meets conditions."""
        return _sketch(self._prover_for(chapter).find(track, conditions, chapter=chapter))

    def distinguish(self, track: str, other: Edition) -> Sketch | NotSettled | None:
        """Return the smallest case of a track that another version rates otherwise, or refuses."""
        return _sketch(self._prover.distinguish(track, Evaluator(other)))

    def _prover_for(self, chapter: Chapter | None) -> "Prover":
        """Return the prover; for a chapter a new one, since the facts that it reads would stand in every later case too."""
        return type(self._prover)(self._prover.evaluator) if chapter else self._prover


def _sketch(answer: "Witness | object | None") -> Sketch | NotSettled | None:
    """Return a witness as a trial's own."""
    from policy_engine.prove.claims import Witness

    return Sketch(answer.facts, answer.track, answer.outcome) if isinstance(answer, Witness) else None if answer is None else OPEN
