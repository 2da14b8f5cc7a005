"""What `check` found, as text, and as the data that the machine formats are made of."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from policy_engine.checks.run import Checked, fails, severity_of
from policy_engine.errors import FINDINGS, FIXABLE, N_, Problem
from policy_engine.explain.checked import by_severity, fold_proposed
from policy_engine.messages import translate
from policy_engine.model.duties import SEVERITIES
from policy_engine.report.annotations import Outcome, Place, Suite, class_name, refused_outcomes, to_github, to_junit
from policy_engine.report.json import to_json
from policy_engine.report.problems import Told, advice_of, caret_of, message_of, problem_to_data, problem_to_text, problems_to_data, visible
from policy_engine.report.sarif import to_sarif
from policy_engine.report.text import Style, plain

NAMES = {"error": N_("error"), "warning": N_("warning"), "note": N_("note")}
_ROLES = {"error": "not_met", "warning": "warning", "note": "faint"}
SUMMARY = N_("Edition {edition}: errors {error}, warnings {warning}, notes {note}.")
_WHOLE = N_("Fix these first; unused and missing parts are checked afterwards.")
_NOTES = N_("Notes: {count}")


def count(findings: Iterable[Problem]) -> dict[str, int]:
    """Count findings by how bad they are."""
    counts: dict[str, int] = dict.fromkeys(SEVERITIES, 0)
    for problem in findings:
        counts[severity_of(problem)] += 1
    return counts


def summary_of(checked: Checked, language: str) -> str:
    """Say how many findings an edition has."""
    return translate(SUMMARY, language, edition=visible(checked.survey.name), **count(checked.findings))


def checked_to_text(every: Sequence[Checked], language: str, style: Style = plain) -> str:
    """Write findings for a person: errors first, each with its line and what to do; notes last, under their number where others precede."""
    found = by_severity(problem for checked in every for problem in checked.findings)
    lines: list[str] = []
    for severity, problems in found.items():
        if severity == "note" and problems and lines:
            lines.append(style(translate(_NOTES, language, count=len(problems)), "title"))
        for problem in fold_proposed(problems):
            lines += _finding(problem, language, style)
    for checked in every:
        lines.append(style(summary_of(checked, language), "title"))
        lines += [] if checked.survey.whole else [f"  {translate(_WHOLE, language)}"]
    return "\n".join(lines) + "\n"


def _finding(problem: Problem, language: str, style: Style) -> Iterator[str]:
    """Write one finding; the line that a note is about is not shown."""
    severity, place = severity_of(problem), problem.location
    text = f"{style(translate(NAMES[severity], language), _ROLES[severity])}: {message_of(problem, language)}"
    yield f"{visible(place.file)}:{place.line}:{place.column}: {problem.code} {text}"
    yield from caret_of(problem) if severity != "note" else ()
    yield f"  → {advice_of(problem, language)}"


def checked_to_data(every: Sequence[Checked], level: str, language: str, problems: Sequence[Problem] = ()) -> dict[str, Any]:
    """Return findings as data; the schema is `schemas/check.schema.json`. With problems nothing could be checked."""
    found = [problem for checked in every for problem in checked.findings]
    return {
        "passed": not problems and not any(fails(problem, level) for problem in found),
        "fail_level": level,
        "counts": count(found),
        "editions": [_edition(checked) for checked in every],
        "findings": [
            {"edition": checked.survey.name, "severity": severity_of(problem), **problem_to_data(problem, language)}
            | {"fixable": problem.code in FIXABLE}
            for checked in every
            for problem in checked.findings
        ],
        "problems": problems_to_data(problems),
    }


def _edition(checked: Checked) -> Mapping[str, Any]:
    """Say which edition was checked, and how it came out."""
    survey = checked.survey
    revision = survey.edition.revision if survey.edition and survey.whole else None
    counts = count(checked.findings)
    return {
        "edition": survey.name, "folder": survey.folder, "revision": revision, "whole": survey.whole, "sealed": survey.sealed,
        "counts": counts,
    }  # fmt: skip


def told_of(problems: Iterable[Problem], language: str) -> list[Told]:
    """Return findings for the machine formats."""
    return [
        Told(
            problem.code, severity_of(problem), *problem.location, message_of(problem, language), advice_of(problem, language),
            problem.excerpt,
        )
        for problem in problems
    ]  # fmt: skip


class Machine(NamedTuple):
    """What is written for another program: what was found, from which level on it fails, in which language, after how many seconds.

    With problems the editions could not be found, so that nothing was checked.
    """

    every: Sequence[Checked]
    level: str
    language: str
    seconds: float = 0.0
    problems: Sequence[Problem] = ()

    def text(self, form: str) -> str:
        """Write it as `json`, `github`, `sarif` or `junit`."""
        found = [*self.problems, *(problem for checked in self.every for problem in checked.findings)]
        match form:
            case "junit":
                return to_junit(self.suites())
            case "github":
                return to_github(told_of(found, self.language))
            case "sarif":
                stopped = [*self.problems, *(p for one in self.every if not one.survey.whole for p in one.survey.problems)]
                return to_json(to_sarif(told_of(found, self.language), self.language, told_of(stopped, self.language)))
            case _:
                return to_json(checked_to_data(self.every, self.level, self.language, self.problems))

    def suites(self) -> list[Suite]:
        """Return each edition as a suite of tests: one for every check that found nothing so bad, one for every finding that is.

        What was checked is checked in one run over an edition, so each test of it has an even share of the time.
        """
        if self.problems:
            return [Suite(name="policy-engine", outcomes=refused_outcomes(self.problems, self.language))]
        share = self.seconds / len(self.every)
        return [_suite(checked, lambda problem: fails(problem, self.level), self.language, share) for checked in self.every]


def _suite(checked: Checked, bad: Callable[[Problem], bool], language: str, seconds: float) -> Suite:
    """Return one edition as a suite; what is not bad enough to fail is said beside it."""
    told = told_of(filter(bad, checked.findings), language)
    name = checked.survey.name
    failed = [
        Outcome(
            classname=class_name(one.file), name=f"{one.code} {one.line}:{one.column}", kind="failure", type=one.code,
            message=f"{one.message} → {one.advice}", text=problem_to_text(problem, language), place=Place(one.file, one.line),
        )
        for one, problem in zip(told, filter(bad, checked.findings), strict=True)
    ]  # fmt: skip
    codes = {one.code for one in told}
    kept = [code for code in ("PE1-PE7", *FINDINGS) if not any(found.startswith(_group(code)) for found in codes)]
    passed = [Outcome(classname=class_name(name), name=code) for code in kept]
    rest = told_of((problem for problem in checked.findings if not bad(problem)), language)
    said = [f"{one.file}:{one.line}:{one.column}: {one.code} {one.message}" for one in rest]
    timed = [replace(one, seconds=seconds / (len(passed) + len(failed))) for one in (*passed, *failed)]
    return Suite(name=name, outcomes=timed, said=[*said, summary_of(checked, language)])


def _group(code: str) -> tuple[str, ...]:
    """Return how the codes of a check begin; what is wrong with the files themselves is one check."""
    return (code,) if code in FINDINGS else tuple(f"PE{hundred}" for hundred in range(1, 8))
