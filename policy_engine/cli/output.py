"""What every command prints the same way: problems, on standard error."""

import sys
from collections.abc import Sequence

from policy_engine.errors import Problem
from policy_engine.report.problems import problem_to_data, problems_to_text


def show_problems(problems: Sequence[Problem], language: str, *, as_data: bool) -> None:
    """Print problems on standard error."""
    if as_data:
        from policy_engine.report.data import to_json  # noqa: PLC0415  (only where data was asked for)

        errors = [problem_to_data(problem, language) for problem in problems]
        sys.stderr.write(to_json({"errors": errors}) + "\n")
    else:
        sys.stderr.write(problems_to_text(problems, language) + "\n")
