"""A table of hostile and odd inputs, and of the commands that they are handed to; `test_hostile_verbs.py` runs the one with the other.

An input makes something under a path: a file, or what is none. A command is a list of words, in which `PATH` is that path, `DIR` the
folder around it, `BOOK` a small rulebook that is sound and `GOOD` a sound case of it. To try another input, add a row.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

from tests.bad_files import RULEBOOKS, SAMPLE_CASE

Make = Callable[[Path], object]
Command = tuple[str, ...]

CASE = SAMPLE_CASE.read_text("utf-8")


def orchard_at(folder: Path) -> Path:
    """Make a library with the small edition that is sound, issued so that it may be sealed."""
    book = folder / "book" / "orchard"
    shutil.copytree(RULEBOOKS / "PE302-unknown-name", book)
    for name, old, new in (("track.yaml", "apples_rip >", "apples_ripe >"), ("edition.yaml", "status: draft", "status: issued")):
        (book / name).write_text((book / name).read_text("utf-8").replace(old, new), "utf-8")
    return folder / "book"
