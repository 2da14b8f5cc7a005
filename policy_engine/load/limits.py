"""How much of anything is read: past a limit a stranger's file is refused, before it costs time or memory (`docs/security.md`)."""

from policy_engine.errors import InputError, Problem
from policy_engine.messages import N_
from policy_engine.source import Location

BEING_WRITTEN = ".policy-engine-"
"""How the name of a folder begins that holds what is being written (`files.held_folder`): nothing in it is read."""
MAX_FILES = 20_000
"""Files that a folder of cases, of rows or of files to lay out may hold."""
MAX_RULEBOOK_FILES = 500
MAX_RULEBOOK_BYTES = 16 * 1_048_576
MAX_EDITIONS = 1_000
"""Folders beside each other that are looked into for editions."""
MAX_COLUMNS = 2_000
"""Columns of a table, and keys of a line of JSON."""
MAX_LINE = 1_048_576
"""Bytes of a line of a table."""
MAX_RECORD = 32 * 1_048_576
"""Bytes of a line of records: the largest case, escaped, and what was worked out of it."""

FILES = N_("files to read")
RULEBOOK_FILES = N_("files of one edition")
RULEBOOK_BYTES = N_("bytes in the files of one edition")
FOLDERS = N_("folders of editions")


def hold_size(folder: str, found: int, limit: int, things: str) -> None:
    """Refuse a folder that holds more than is read.

    Raises:
        InputError: PE116.
    """
    if found > limit:
        raise InputError([Problem("PE116", Location(folder, 1, 1), {"limit": str(limit), "things": things})])


def hold_line(file: str, line: int, size: int, limit: int = MAX_LINE) -> None:
    """Refuse a file with a line that is longer than is read.

    Raises:
        InputError: PE117.
    """
    if size > limit:
        raise InputError([Problem("PE117", Location(file, max(line, 1), 1), {"limit": str(limit)})])


def hold_columns(place: Location, found: int) -> None:
    """Refuse a table with more columns than are read.

    Raises:
        InputError: PE118.
    """
    if found > MAX_COLUMNS:
        raise InputError([Problem("PE118", place, {"limit": str(MAX_COLUMNS), "found": str(found)})])
