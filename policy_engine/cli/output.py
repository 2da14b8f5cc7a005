"""What every command prints the same way, on standard error: problems, and notes about sealed editions."""

import sys
from collections.abc import Iterable, Mapping, Sequence

from policy_engine.errors import N_, InputError, Problem
from policy_engine.messages import translate
from policy_engine.model.rulebook import Edition


def show_problems(problems: Sequence[Problem], language: str, *, as_data: bool, times: Sequence[int] = ()) -> None:
    """Print problems on standard error, each once, with how many cases it hits where those are several."""
    from policy_engine.report.problems import problem_to_data, problems_to_text  # noqa: PLC0415  (only where something is wrong)

    if as_data:
        from policy_engine.report.data import to_json  # noqa: PLC0415  (only where data was asked for)

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
        from policy_engine.report.data import to_json  # noqa: PLC0415  (only where data was asked for)
        from policy_engine.report.refused import refused_to_data  # noqa: PLC0415

        sys.stdout.write(to_json(refused_to_data(empty, error.problems)) + "\n")
    elif form == "markdown":
        from policy_engine.cli.prose import write_prose  # noqa: PLC0415
        from policy_engine.report.refused import refused_page  # noqa: PLC0415

        write_prose(refused_page(title, error.problems, language), form)


def note_reworded(editions: Iterable[Edition], language: str) -> None:
    """Note on standard error that files of a sealed edition differ in comments or spacing only."""
    from policy_engine.report.visible import opening  # noqa: PLC0415  (only where something differs)

    words = N_("{file}: the edition {edition} is sealed; comments or spacing differ from what was sealed, the meaning does not")
    for edition in editions:
        for file in edition.reworded:
            sys.stderr.write(translate(words, language, file=opening(file), edition=edition.id) + "\n")
