"""What `check` found, as text, and as the data that the machine formats are made of."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from policy_engine.checks.run import Checked, fails, severity_of
from policy_engine.errors import N_, Problem
from policy_engine.findings import FINDINGS, FIXABLE
from policy_engine.messages import translate
from policy_engine.model.duties import SEVERITIES
from policy_engine.report.data import to_json
from policy_engine.report.github import to_github
from policy_engine.report.junit import Outcome, Suite, to_junit
from policy_engine.report.problems import advice_of, caret_of, message_of, problem_to_data
from policy_engine.report.sarif import to_sarif
from policy_engine.report.text import WIDTH, Style, plain
from policy_engine.report.told import Told
from policy_engine.report.visible import visible

NAMES = {"error": N_("error"), "warning": N_("warning"), "note": N_("note")}
_ROLES = {"error": "not_met", "warning": "warning", "note": "faint"}
SUMMARY = N_("Edition {edition}: errors {error}, warnings {warning}, notes {note}.")
_WHOLE = N_("Some of it could not be read; what nothing uses, and which clauses are left out, is told once that is mended.")


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
    """Write findings for a person: each with its line and what to do; notes in a few words; then how many there are."""
    lines: list[str] = []
    for checked in every:
        for problem in checked.findings:
            lines += _finding(problem, language, style)
        lines += [style(summary_of(checked, language), "title")]
        lines += [] if checked.survey.whole else [f"  {translate(_WHOLE, language)}"]
    return "\n".join(lines) + "\n"


def _finding(problem: Problem, language: str, style: Style) -> Iterator[str]:
    """Write one finding."""
    severity, place = severity_of(problem), problem.location
    head = f"{visible(place.file)}:{place.line}:{place.column}: {problem.code} "
    text = f"{style(translate(NAMES[severity], language), _ROLES[severity])}: {message_of(problem, language)}"
    if severity == "note":
        yield head + _cut(text, max(WIDTH - len(head), _SHORTEST))
        return
    yield head + text
    yield from caret_of(problem)
    yield f"  → {advice_of(problem, language)}"


def _cut(text: str, width: int) -> str:
    """Cut a sentence to what a terminal shows in a line; the whole of it stands in every other format."""
    return text if len(text) <= width else text[: width - 1] + "…"


_SHORTEST = 72
"""How much of a note is told however long its place is."""


def checked_to_data(every: Sequence[Checked], level: str, language: str) -> dict[str, Any]:
    """Give findings as data; the schema is `schemas/check.schema.json`."""
    found = [problem for checked in every for problem in checked.findings]
    return {
        "passed": not any(fails(problem, level) for problem in found),
        "fail_level": level,
        "counts": count(found),
        "editions": [_edition(checked) for checked in every],
        "findings": [
            {"edition": checked.survey.name, "severity": severity_of(problem), **problem_to_data(problem, language)}
            | {"fixable": problem.code in FIXABLE}
            for checked in every
            for problem in checked.findings
        ],
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
    """Give findings for the machine formats."""
    return [
        Told(
            problem.code, severity_of(problem), *problem.location, message_of(problem, language), advice_of(problem, language),
            problem.excerpt,
        )
        for problem in problems
    ]  # fmt: skip


def checked_to_suites(every: Sequence[Checked], level: str, language: str, seconds: float) -> list[Suite]:
    """Give each edition as a suite of tests: one for every check that found nothing so bad, one for every finding that is."""
    return [_suite(checked, lambda problem: fails(problem, level), language, seconds / len(every)) for checked in every]


def checked_to_machine(every: Sequence[Checked], form: str, level: str, language: str, seconds: float) -> str:
    """Write findings for another program: `json`, `github`, `sarif` or `junit`."""
    found = told_of((problem for checked in every for problem in checked.findings), language)
    match form:
        case "junit":
            return to_junit(checked_to_suites(every, level, language, seconds))
        case "github":
            return to_github(found)
        case "sarif":
            return to_json(to_sarif(found, language))
        case _:
            return to_json(checked_to_data(every, level, language))


def _suite(checked: Checked, bad: Callable[[Problem], bool], language: str, seconds: float) -> Suite:
    """Give one edition as a suite; what is not bad enough to fail is said beside it."""
    told = told_of(filter(bad, checked.findings), language)
    name = checked.survey.name
    failed = [
        Outcome(one.file, f"{one.code} {one.line}:{one.column}", "failure", one.code, f"{one.message} → {one.advice}") for one in told
    ]
    codes = {one.code for one in told}
    passed = [Outcome(name, code) for code in ("PE1-PE7", *FINDINGS) if not any(found.startswith(_group(code)) for found in codes)]
    rest = told_of((problem for problem in checked.findings if not bad(problem)), language)
    said = [f"{one.file}:{one.line}:{one.column}: {one.code} {one.message}" for one in rest]
    return Suite(name, [*passed, *failed], [*said, summary_of(checked, language)], seconds)


def _group(code: str) -> tuple[str, ...]:
    """Give how the codes of a check begin; what is wrong with the files themselves is one check."""
    return (code,) if code in FINDINGS else tuple(f"PE{hundred}" for hundred in range(1, 8))
