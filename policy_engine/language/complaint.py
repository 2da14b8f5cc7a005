"""What is wrong inside one condition, before anyone knows in which file it stands."""

from collections.abc import Iterable
from typing import NamedTuple


class Complaint(NamedTuple):
    """A fault in a condition: its code, the character where it begins (from 0), and the words for the message."""

    code: str
    offset: int
    details: dict[str, str]


def nearest(name: str, known: Iterable[str]) -> str:
    """Give the known name most like `name`, or "" where none is near.

    Why: most unknown names are slips of the hand, and "did you mean" ends them at once.
    """
    from difflib import get_close_matches  # noqa: PLC0415  (only errors need it, and it is slow to load)

    found = get_close_matches(name, sorted(known), n=1, cutoff=0.6)
    return found[0] if found else ""
