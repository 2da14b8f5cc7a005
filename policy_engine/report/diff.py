"""Two texts of one file as a unified diff."""

import difflib
from collections.abc import Iterator

from policy_engine.report.visible import visible

_NO_END = "\\ No newline at end of file\n"


def unified_diff(path: str, before: str, after: str) -> str:
    """Write what changes in a file, as `patch` and `git apply` read it."""
    return "".join(_ended(difflib.unified_diff(_lines(before), _lines(after), f"a/{visible(path)}", f"b/{visible(path)}")))


def _lines(text: str) -> list[str]:
    """Cut a text at its newlines, as patch does; no other sign ends a line there."""
    *whole, last = text.split("\n")
    return [*(f"{line}\n" for line in whole), *([last] if last else [])]


def _ended(lines: Iterator[str]) -> Iterator[str]:
    """Say of a last line that it has no end."""
    for line in lines:
        yield line if line.endswith("\n") else f"{line}\n{_NO_END}"
