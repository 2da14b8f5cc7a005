"""Explanations on standard output: as text, coloured where a terminal reads colours, or as Markdown."""

import os
import sys

from policy_engine.explain.blocks import Explanation

_CODES = {
    "title": "1", "faint": "2", "met": "32", "not_met": "31", "unknown": "33", "warning": "33",
    "classified": "32;1", "gap": "33;1", "undetermined": "33;1", "round": "1",
}  # fmt: skip


def write_prose(explanation: Explanation, form: str, *, aside: bool = False) -> None:
    """Print an explanation for people; on standard error, where standard output holds something else."""
    if form == "markdown":
        from policy_engine.report.markdown import to_markdown  # noqa: PLC0415  (what a run does not need it does not load)

        text = to_markdown(explanation)
    else:
        from policy_engine.report.text import plain, to_text  # noqa: PLC0415

        text = to_text(explanation, colour if wants_colour() and not aside else plain)
    (sys.stderr if aside else sys.stdout).write(text)


def wants_colour() -> bool:
    """Tell whether standard output is a terminal that reads colours (https://no-color.org)."""
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def colour(text: str, role: str) -> str:
    """Colour a text by its role."""
    code = _CODES.get(role)
    return f"\x1b[{code}m{text}\x1b[0m" if code else text
