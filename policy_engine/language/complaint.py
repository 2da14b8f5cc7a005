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
    return next(iter(nearest_few(name, known, 1)), "")


def nearest_few(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """Give the known names most like `name`, the nearest first; none where none is near."""
    from difflib import get_close_matches  # noqa: PLC0415  (only errors need it, and it is slow to load)

    return get_close_matches(name, sorted(known), n=count, cutoff=0.6)
