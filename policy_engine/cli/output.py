"""What every command prints the same way, on standard error: problems, and notes about sealed editions."""

import os
import sys
from collections.abc import Iterable, Mapping, Sequence

from policy_engine.errors import N_, InputError, Problem
from policy_engine.explain.blocks import Explanation
from policy_engine.messages import translate
from policy_engine.model.rulebook import Edition

_CODES = {
    "title": "1", "faint": "2", "met": "32", "not_met": "31", "unknown": "33", "warning": "33",
    "classified": "32;1", "gap": "33;1", "undetermined": "33;1", "round": "1",
}  # fmt: skip


def write_prose(explanation: Explanation, form: str, *, aside: bool = False) -> None:
    """Print an explanation for people; on standard error, where standard output holds something else."""
    if form == "markdown":
        from policy_engine.report.markdown import to_markdown

        text = to_markdown(explanation)
    else:
        from policy_engine.report.text import plain, to_text

        text = to_text(explanation, colour if wants_colour() and not aside else plain)
    (sys.stderr if aside else sys.stdout).write(text)


def wants_colour() -> bool:
    """Return whether standard output is a terminal that reads colours (https://no-color.org)."""
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def colour(text: str, role: str) -> str:
    """Colour a text by its role."""
    code = _CODES.get(role)
    return f"\x1b[{code}m{text}\x1b[0m" if code else text


def show_problems(problems: Sequence[Problem], language: str, *, as_data: bool, times: Sequence[int] = ()) -> None:
    """Print problems on standard error, each once, with how many cases it hits where those are several."""
    from policy_engine.report.problems import problem_to_data, problems_to_text

    if as_data:
        from policy_engine.report.json import to_json

        counts = times or (1,) * len(problems)
        errors = [problem_to_data(problem, language) | {"times": count} for problem, count in zip(problems, counts, strict=True)]
        sys.stderr.write(to_json({"errors": errors}) + "\n")
    else:
        sys.stderr.write(problems_to_text(problems, language, times) + "\n")


def answer_refused(error: InputError, form: str, title: str, empty: Mapping[str, object], language: str) -> None:
    """Print a whole document of the format that was asked for, its content what is wrong; for people it is told on standard error alone.

    Args:
        error: what is wrong.
        form: `text`, `json` or `markdown`.
        title: the heading of the page.
        empty: the keys of the JSON answer, with nothing in them.
        language: `vi` or `en`.
    """
    if form == "json":
        from policy_engine.report.json import to_json
        from policy_engine.report.problems import refused_to_data

        sys.stdout.write(to_json(refused_to_data(empty, error.problems)) + "\n")
    elif form == "markdown":
        from policy_engine.report.problems import refused_page

        write_prose(refused_page(title, error.problems, language), form)


def note_reworded(editions: Iterable[Edition], language: str) -> None:
    """Note on standard error that files of a sealed edition differ in comments or spacing only."""
    from policy_engine.report.problems import opening

    words = N_("{file}: the edition {edition} is sealed; comments or spacing differ from what was sealed, the meaning does not")
    for edition in editions:
        for file in edition.reworded:
            sys.stderr.write(translate(words, language, file=opening(file), edition=edition.id) + "\n")
