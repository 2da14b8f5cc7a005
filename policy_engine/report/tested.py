"""A run of tests as JSON and as JUnit XML."""

import os
from collections.abc import Sequence
from typing import Any

from policy_engine.errors import Problem
from policy_engine.explain.tested import Run, Tested, reasons
from policy_engine.report.junit import Outcome, Suite, to_junit
from policy_engine.report.problems import message_of
from policy_engine.report.slips import slips_to_data
from policy_engine.report.trial import figures_to_data, properties, survivors, trial_to_data


def run_to_data(run: Run, problems: Sequence[Problem] = ()) -> dict[str, Any]:
    """Give a run as data."""
    return {
        "passed": run.passed,
        "ran": len(run.tested),
        "refused": run.refused,
        "refused_by_rulebook": run.by_rulebook,
        "problems": slips_to_data(problems),
        "cases": [
            {"case": one.case, "path": one.path, "passed": one.passed, "expects": one.expects, "unmet": [u._asdict() for u in one.unmet]}
            for one in run.tested
        ],
        "coverage": [
            {"edition": coverage.edition.id, "total": coverage.total, "uncovered": [one._asdict() for one in coverage.uncovered()]}
            for coverage in run.coverage
        ],
        "figures": [figures_to_data(figures) for figures in run.figures],
        "mutation": [trial_to_data(trial) for trial in run.trials],
    }


def run_to_junit(run: Run, language: str, problems: Sequence[Problem] = (), seconds: float = 0.0) -> str:
    """Give a run as JUnit XML: a case that is not as expected is a failure, a file that cannot be read is an error.

    A small change of the edition that no case noticed is a failure too.

    Args:
        run: the cases that were rated.
        language: `vi` or `en`.
        problems: what is wrong with the files that could not be rated.
        seconds: how long the run took.
    """
    outcomes = [_outcome(one, language) for one in run.tested]
    for file in dict.fromkeys(problem.location.file for problem in problems):
        told = [problem for problem in problems if problem.location.file == file]
        text = "; ".join(f"{p.location.line}:{p.location.column}: {p.code} {message_of(p, language)}" for p in told)
        outcomes.append(Outcome(file, os.path.basename(file), "error", told[0].code, text))
    outcomes += [Outcome(place, name, "failure", "mutation", text) for place, name, text in survivors(run, language)]
    return to_junit([Suite("policy-engine", outcomes, seconds=seconds, properties=properties(run))])


def _outcome(one: Tested, language: str) -> Outcome:
    """Give one case as a test."""
    if one.passed:
        return Outcome(one.path, one.case)
    return Outcome(one.path, one.case, "failure", "expectation", "; ".join(reasons(one, language)))
