"""What a check of editions and a run of tests found: as text, as data, and as suites of JUnit."""

from collections.abc import Sequence
from typing import Any

from policy_engine.checks.run import Checked, fails, severity_of
from policy_engine.errors import FINDINGS, FIXABLE, InputError, Problem
from policy_engine.explain.tested import CaseRun, by_severity, fold_proposed, reasons, survivor_text
from policy_engine.messages import N_, translate
from policy_engine.model.duties import SEVERITIES
from policy_engine.report.json import to_json
from policy_engine.report.machine import JUnitCase, JUnitSuite, class_name, refused_cases, to_github, to_junit, to_sarif
from policy_engine.report.problems import (
    advice_of,
    grouped_to_data,
    message_of,
    place_text,
    problem_to_data,
    problem_to_text,
    problems_to_data,
    visible,
)  # fmt: skip
from policy_engine.report.prose import Style, plain
from policy_engine.trial.mutants import Mutant
from policy_engine.trial.sides import Unseen

_NAMES = {"error": N_("error"), "warning": N_("warning"), "note": N_("note")}
_ROLES = {"error": "not_met", "warning": "warning", "note": "faint"}


def summary_of(checked: Checked, language: str) -> str:
    """Say how many findings an edition has."""
    words = N_("Edition {edition}: errors {error}, warnings {warning}, notes {note}.")
    return translate(words, language, edition=visible(checked.survey.name), **_counts(checked.findings))


def _counts(findings: Sequence[Problem]) -> dict[str, int]:
    """Count findings by how bad they are."""
    found = [severity_of(problem) for problem in findings]
    return {severity: found.count(severity) for severity in SEVERITIES}


def checked_to_text(every: Sequence[Checked], language: str, style: Style = plain) -> str:
    """Write findings for a person: errors first, each with its line and what to do; notes last, under their number where others precede."""
    lines: list[str] = []
    for severity, problems in by_severity(problem for checked in every for problem in checked.findings).items():
        if severity == "note" and problems and lines:
            lines.append(style(translate(N_("Notes: {count}"), language, count=len(problems)), "title"))
        kind = style(translate(_NAMES[severity], language), _ROLES[severity]) + ": "
        # the line that a note is about is not shown
        lines += [problem_to_text(problem, language, kind, excerpt=severity != "note") for problem in fold_proposed(problems)]
    for checked in every:
        lines.append(style(summary_of(checked, language), "title"))
        if not checked.survey.whole:
            lines.append("  " + translate(N_("Fix these first; unused and missing parts are checked afterwards."), language))
    return "\n".join(lines) + "\n"


def checked_to_data(every: Sequence[Checked], level: str, language: str, problems: Sequence[Problem] = ()) -> dict[str, Any]:
    """Return findings as data; the schema is `schemas/check.schema.json`. With problems nothing could be checked."""
    found = [(checked.survey.name, problem) for checked in every for problem in checked.findings]
    editions: list[dict[str, Any]] = []
    for checked in every:
        survey = checked.survey
        revision = survey.edition.revision if survey.edition and survey.whole else None
        editions.append({
            "edition": survey.name, "folder": survey.folder, "revision": revision, "whole": survey.whole, "sealed": survey.sealed,
            "counts": _counts(checked.findings),
        })  # fmt: skip
    return {
        "passed": not problems and not any(fails(problem, level) for _, problem in found),
        "fail_level": level,
        "counts": _counts([problem for _, problem in found]),
        "editions": editions,
        "findings": [
            {"edition": edition, "severity": severity_of(problem), **problem_to_data(problem, language), "fixable": problem.code in FIXABLE}
            for edition, problem in found
        ],
        "problems": problems_to_data(problems),
    }


def checked_for_machines(
    every: Sequence[Checked], form: str, level: str, language: str, seconds: float = 0.0, problems: Sequence[Problem] = ()
) -> str:
    """Write findings for another program, as `json`, `github`, `sarif` or `junit`.

    Args:
        every: what was checked.
        form: the format.
        level: how bad a finding must be to fail.
        language: `vi` or `en`.
        seconds: how long it took; what was checked is checked in one run over an edition, so each test has an even share.
        problems: why the editions could not be found, so that nothing was checked.
    """
    found = [*problems, *(problem for checked in every for problem in checked.findings)]
    match form:
        case "junit":
            suites = [_suite(checked, level, language, seconds / len(every)) for checked in every]
            return to_junit([JUnitSuite("policy-engine", refused_cases(problems, language))] if problems else suites)
        case "github":
            return to_github(found, language)
        case "sarif":
            stopped = [*problems, *(p for one in every if not one.survey.whole for p in one.survey.problems)]
            return to_json(to_sarif(found, language, stopped))
        case _:
            return to_json(checked_to_data(every, level, language, problems))


def _suite(checked: Checked, level: str, language: str, seconds: float) -> JUnitSuite:
    """Return one edition as a suite of tests: one for every check that found nothing so bad, one for every finding that is.

    What is not bad enough to fail is said beside it. What is wrong with the files themselves is one check.
    """
    bad = [problem for problem in checked.findings if fails(problem, level)]
    rest = [problem for problem in checked.findings if not fails(problem, level)]
    groups = {"PE1-PE7": tuple(f"PE{hundred}" for hundred in range(1, 8)), **{code: (code,) for code in FINDINGS}}
    kept = [name for name, begins in groups.items() if not any(problem.code.startswith(begins) for problem in bad)]
    share = seconds / (len(kept) + len(bad))
    cases = [JUnitCase(classname=class_name(checked.survey.name), name=code, seconds=share) for code in kept]
    for problem in bad:
        file, line, column = problem.location
        cases.append(
            JUnitCase(
                classname=class_name(file), name=f"{problem.code} {line}:{column}", kind="failure", type=problem.code,
                message=f"{message_of(problem, language)} → {advice_of(problem, language)}",
                text=problem_to_text(problem, language), file=file, line=line, seconds=share,
            )
        )  # fmt: skip
    said = [f"{place_text(problem.location)}: {problem.code} {message_of(problem, language)}" for problem in rest]
    return JUnitSuite(checked.survey.name, cases, [*said, summary_of(checked, language)])


def run_to_data(run: CaseRun, problems: Sequence[Problem] = ()) -> dict[str, Any]:
    """Return a run of tests as data; its schema is `schemas/test.schema.json`."""
    return {
        "passed": run.passed,
        "ran": len(run.tested),
        "refused": run.refused,
        "refused_by_rulebook": run.by_rulebook,
        "problems": grouped_to_data(problems),
        "cases": [
            {"case": one.case, "path": one.path, "passed": one.passed, "expects": one.expects, "unmet": [u._asdict() for u in one.unmet]}
            for one in run.tested
        ],
        "coverage": [
            {"edition": coverage.edition.id, "total": coverage.total, "uncovered": [one._asdict() for one in coverage.uncovered()]}
            for coverage in run.coverage
        ],
        "figures": [
            {
                "edition": figures.edition,
                "total": figures.total - len(figures.settled.impossible),
                "unseen": [_side(one.unseen) | {"settled": one.settled} for one in figures.settled.missing],
                "impossible": [_side(one) for one in figures.settled.impossible],
                "solver": figures.asked,
            }
            for figures in run.figures
        ],
        "mutation": [
            {
                "edition": trial.edition, "total": trial.total, "killed": trial.killed, "refused": trial.refused,
                "equivalent": [_mutant(mutant) for mutant in trial.equivalent],
                "survivors": [_mutant(one.mutant) | {"settled": one.settled} for one in trial.survivors],
                "solver": trial.asked,
            }
            for trial in run.trials
        ],
    }  # fmt: skip


def _side(one: Unseen) -> dict[str, Any]:
    """Return one side of a figure."""
    place = one.comparison.place
    return {
        "track": one.comparison.track, "chapter": place.chapter, "id": place.owner, "clauses": list(place.clauses),
        "key": one.comparison.key, "held": one.comparison.text, "figure": one.comparison.shown, "side": one.side,
    }  # fmt: skip


def _mutant(mutant: Mutant) -> dict[str, Any]:
    place = mutant.place
    return {
        "kind": mutant.kind, "before": mutant.before, "after": mutant.after, "id": place.owner, "clauses": list(place.clauses),
        "tracks": list(place.tracks), "chapter": place.chapter, "part": mutant.part,
        "file": place.location.file, "line": place.location.line,
    }  # fmt: skip


def run_to_junit(run: CaseRun, language: str, problems: Sequence[Problem] = (), seconds: float = 0.0) -> str:
    """Return a run as JUnit XML: a case that is not as expected is a failure, a file that cannot be read is an error.

    A small change of the edition that no case noticed is a failure too. What was spent on all tests together, such as reading the
    rulebook, is added to the first.
    """
    cases: list[JUnitCase] = []
    for one in run.tested:
        case = JUnitCase(classname=class_name(one.path), name=one.case, file=one.path, line=one.line, seconds=one.seconds)
        if not one.passed:
            why = tuple(reasons(one, language))
            text = "\n".join((f"{one.path}:{one.line}", *why))
            case = case._replace(kind="failure", type="expectation", message="; ".join(why), text=text)
        cases.append(case)
    cases += refused_cases(InputError(list(problems)).problems, language)
    for mutant in (survivor.mutant for trial in run.trials for survivor in trial.survivors):
        place = mutant.place
        name = " ".join(filter(None, (mutant.kind, place.owner, mutant.part, mutant.before, mutant.after)))
        cases.append(
            JUnitCase(
                classname=class_name(place.location.file), name=name, kind="failure", type="mutation",
                message=survivor_text(mutant, language), file=place.location.file, line=place.location.line,
            )
        )  # fmt: skip
    left = max(seconds - sum(case.seconds for case in cases), 0.0)
    if cases:
        cases[0] = cases[0]._replace(seconds=cases[0].seconds + left)
    return to_junit([JUnitSuite("policy-engine", cases, properties=_properties(run))])


def _properties(run: CaseRun) -> dict[str, str]:
    """Return how well a run covers its editions, or how many cases were refused."""
    found: dict[str, str] = {"ran": str(len(run.tested)), "refused": str(run.refused)} if run.refused else {}
    for figures in run.figures:
        demanded = figures.total - len(figures.settled.impossible)
        found[f"{figures.edition}.figures"] = f"{demanded - len(figures.settled.missing)}/{demanded}"
    for trial in run.trials:
        found[f"{trial.edition}.mutants"] = f"{trial.killed + trial.refused}/{trial.total - len(trial.equivalent)}"
        found[f"{trial.edition}.equivalent"] = str(len(trial.equivalent))
    return found
