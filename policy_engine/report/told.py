"""A thing told of a file, for the machine formats that several commands share."""

from typing import NamedTuple


class Told(NamedTuple):
    """One thing told: its code, how bad it is (`error`, `warning`, `note`), its place, its sentence, what to do, the line."""

    code: str
    severity: str
    file: str
    line: int
    column: int
    message: str
    advice: str = ""
    excerpt: str = ""
