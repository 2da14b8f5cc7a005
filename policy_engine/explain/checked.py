"""What `check` found, as neutral blocks: an edition's findings, the worst first."""

from collections.abc import Callable, Iterable, Sequence

from policy_engine.checks.run import Checked, severity_of
from policy_engine.errors import Problem
from policy_engine.explain.blocks import Explanation, Line, Section
from policy_engine.messages import LANGUAGES, N_, Spoken, translate
from policy_engine.model.duties import SEVERITIES

_TITLES = {"error": N_("Errors"), "warning": N_("Warnings"), "note": N_("Notes")}
_MARKS = {"error": "not_met", "warning": "warning", "note": "note"}


def explain_checked(
    every: Sequence[Checked], language: str, say: Callable[[Problem], str], summary: Callable[[Checked], str]
) -> Explanation:  # fmt: skip
    """Put findings into blocks.

    Args:
        every: the editions that were checked.
        language: `vi` or `en`.
        say: gives the sentence of a finding.
        summary: gives the sentence that counts an edition's findings.
    """
    found = by_severity(problem for checked in every for problem in checked.findings)
    sections = [
        Section(translate(_TITLES[severity], language), tuple(_line(problem, say) for problem in fold_proposed(problems)))
        for severity, problems in found.items()
    ]
    headline = " ".join(map(summary, every))
    return Explanation(translate(N_("Check"), language), headline, "round", (), tuple(section for section in sections if section.lines))


def by_severity(problems: Iterable[Problem]) -> dict[str, list[Problem]]:
    """Return findings by how bad they are, the worst first; those of one severity by file and line."""
    ordered = sorted(problems, key=lambda problem: (problem.location, problem.code))
    return {severity: [problem for problem in ordered if severity_of(problem) == severity] for severity in SEVERITIES}


def fold_proposed(problems: Sequence[Problem]) -> list[Problem]:
    """Return findings with the interpretations of a file that are not accepted yet as one, at the first of them, which names them all."""
    folded: list[Problem] = []
    for problem in problems:
        same = [one for one in problems if one.code == problem.code == _PROPOSED and one.location.file == problem.location.file]
        if len(same) < _FEW:
            folded.append(problem)
        elif problem is same[0]:
            names = ", ".join(one.details["name"] for one in same)
            says = Spoken(dict.fromkeys(LANGUAGES, f"{len(same)} ({names})"))
            folded.append(problem._replace(details={**problem.details, "says": says}))
    return folded


_PROPOSED = "PE820"
_FEW = 2


def _line(problem: Problem, say: Callable[[Problem], str]) -> Line:
    """Return one finding as a line with its place."""
    place = problem.location
    return Line(_MARKS[severity_of(problem)], f"{problem.code} {say(problem)}", f"{place.file}:{place.line}:{place.column}")
