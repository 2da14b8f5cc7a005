"""What `policy-engine test` does beyond its cases: asks the solver, makes mutants, writes the cases that are missing."""

import os
from collections.abc import Sequence
from typing import NamedTuple

import click

from policy_engine.cli.solver import oracle_of
from policy_engine.cli.streams import going_through
from policy_engine.errors import N_, MissingExtraError
from policy_engine.evaluate.duties.survey import Surveyor
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.evaluate.expectation import outcome_of
from policy_engine.explain.tested import Figures
from policy_engine.load.case import read_case
from policy_engine.load.files import unwritten, write_new
from policy_engine.load.library import Library
from policy_engine.messages import translate
from policy_engine.report.problems import visible
from policy_engine.report.tested import suggestion_facts, suggestion_text
from policy_engine.trial.bench import Bench, Standing
from policy_engine.trial.run import Oracle, Suggestion, Trial, settle_sides, suggestions, try_cases


class Examined(NamedTuple):
    """An edition, as far as a run of cases has tried it."""

    standing: Standing
    figures: Figures
    trial: Trial | None
    oracle: Oracle | None


def examine(standing: Standing, language: str, *, mutate: bool) -> Examined:
    """Ask what sides of figures are missing, and make mutants where that was asked."""
    edition, unseen = standing.edition, standing.sides.unseen()
    oracle = oracle_of(edition) if unseen or mutate else None
    figures = Figures(edition.id, standing.sides.total, settle_sides(unseen, edition, oracle), oracle is not None)
    label = translate(N_("trying small changes"), language)
    trial = try_cases(Bench(edition, standing.held), oracle, going_through(label)) if mutate else None
    return Examined(standing, figures, trial, oracle)


def suggest(folder: str, examined: Sequence[Examined], library: Library, language: str) -> None:
    """Write the cases that are missing; a file that exists is left as it is, and that is said.

    Raises:
        MissingExtraError: where there is no solver to find them.
        BadParameter: where the folder cannot be written to.
    """
    for one in examined:
        oracle = one.oracle or oracle_of(one.standing.edition)
        if oracle is None:
            raise MissingExtraError("z3", "prove")
        survivors = one.trial.survivors if one.trial else ()
        evaluator = Evaluator(one.standing.edition)
        for case in suggestions(one.standing.edition, oracle, one.figures.settled.missing, survivors, one.standing.coverage.uncovered()):
            _write(folder, case, evaluator, library, language)


def _write(folder: str, case: Suggestion, evaluator: Evaluator, library: Library, language: str) -> None:
    """Write one case file."""
    from policy_engine.load.layout import modelines_for

    path = os.path.join(folder, f"{case.name}.yaml")
    edition = evaluator.edition
    plain = suggestion_facts(case, edition.id, modelines_for(folder, "case.schema.json"))
    read, _ = read_case(plain.encode(), path, library, edition.id)
    seen = outcome_of(Surveyor(evaluator.plan).survey(read, evaluator.evaluate(read)))
    click.echo(_put(path, suggestion_text(case, plain, seen), language), err=True)


def _put(path: str, text: str, language: str) -> str:
    """Put a file into a folder that may not be there yet; say what was done.

    Raises:
        InputError: PE886, where that cannot be.
    """
    if os.path.lexists(path):
        return translate(N_("the file {path} exists already; it is left as it is"), language, path=visible(path))
    try:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        write_new(path, text)
    except OSError as error:
        raise unwritten(path, error) from error
    return translate(N_("written: {path}"), language, path=visible(path))
