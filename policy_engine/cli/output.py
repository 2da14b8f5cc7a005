"""What every command prints the same way, on standard error: problems, and notes about sealed editions."""

import sys
from collections.abc import Iterable, Sequence

from policy_engine.errors import N_, Problem
from policy_engine.messages import translate
from policy_engine.model.rulebook import Edition


def show_problems(problems: Sequence[Problem], language: str, *, as_data: bool) -> None:
    """Print problems on standard error."""
    from policy_engine.report.problems import problem_to_data, problems_to_text  # noqa: PLC0415  (only where something is wrong)

    if as_data:
        from policy_engine.report.data import to_json  # noqa: PLC0415  (only where data was asked for)

        errors = [problem_to_data(problem, language) for problem in problems]
        sys.stderr.write(to_json({"errors": errors}) + "\n")
    else:
        sys.stderr.write(problems_to_text(problems, language) + "\n")


def note_reworded(editions: Iterable[Edition], language: str) -> None:
    """Note on standard error that files of a sealed edition differ in comments or spacing only."""
    words = N_("{file}: the edition {edition} is sealed; comments or spacing differ from what was sealed, the meaning does not")
    for edition in editions:
        for file in edition.reworded:
            sys.stderr.write(translate(words, language, file=file, edition=edition.id) + "\n")
