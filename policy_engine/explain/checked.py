"""What `check` found, as neutral blocks: an edition's findings, the worst first."""

from collections.abc import Callable, Sequence

from policy_engine.checks.run import Checked, severity_of
from policy_engine.errors import N_, Problem
from policy_engine.explain.blocks import Explanation, Line, Section
from policy_engine.messages import translate
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
    found = [problem for checked in every for problem in checked.findings]
    sections = [
        Section(translate(_TITLES[severity], language), tuple(_line(p, say) for p in found if severity_of(p) == severity))
        for severity in SEVERITIES
    ]
    headline = " ".join(map(summary, every))
    return Explanation(translate(N_("Check"), language), headline, "round", (), tuple(section for section in sections if section.lines))


def _line(problem: Problem, say: Callable[[Problem], str]) -> Line:
    """Give one finding as a line with its place."""
    place = problem.location
    return Line(_MARKS[severity_of(problem)], f"{problem.code} {say(problem)}", f"{place.file}:{place.line}:{place.column}")
