"""A run of tests as JSON and as JUnit XML."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from policy_engine.errors import InputError, Problem
from policy_engine.explain.tested import Run, Tested, reasons
from policy_engine.report.junit import Outcome, Place, Suite, class_name, refused_outcomes, to_junit
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
    problems = InputError(list(problems)).problems  # what is wrong with a rulebook was met with every case
    outcomes = [_outcome(one, language) for one in run.tested]
    outcomes += refused_outcomes(problems, language)
    outcomes += [
        Outcome(classname=class_name(place.file), name=name, kind="failure", type="mutation", message=text, place=place)
        for place, name, text in survivors(run, language)
    ]
    left = max(seconds - sum(outcome.seconds for outcome in outcomes), 0.0)
    if outcomes:  # what was spent on all of them together, such as reading the rulebook, is told of the first
        outcomes[0] = replace(outcomes[0], seconds=outcomes[0].seconds + left)
    return to_junit([Suite(name="policy-engine", outcomes=outcomes, properties=properties(run))])


def _outcome(one: Tested, language: str) -> Outcome:
    """Give one case as a test."""
    place = Place(one.path, one.line)
    if one.passed:
        return Outcome(classname=class_name(one.path), name=one.case, place=place, seconds=one.seconds)
    why = tuple(reasons(one, language))
    return Outcome(
        classname=class_name(one.path), name=one.case, kind="failure", type="expectation", message="; ".join(why),
        text="\n".join((f"{one.path}:{one.line}", *why)), place=place, seconds=one.seconds,
    )  # fmt: skip
