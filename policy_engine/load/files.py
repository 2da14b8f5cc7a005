"""Where files lie: the data shipped with the engine, and the bytes of what a user names."""

import os

from policy_engine.errors import InputError, Problem
from policy_engine.source import Location


def data_root() -> str:
    """Give the folder that holds `rulebook/` and `schemas/`.

    One answer for a wheel, which carries them inside the package, and for a checkout, where they
    stand beside it (an editable install does not see files that a wheel includes).
    """
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    inside = os.path.join(package, "_data")
    return inside if os.path.isdir(inside) else os.path.dirname(package)


def read_bytes(path: str, limit: int) -> bytes:
    """Read at most one byte more than `limit`: enough to see that a file is too large.

    Raises:
        InputError: PE114, where the file cannot be read.
    """
    try:
        with open(path, "rb") as file:
            return file.read(limit + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError([Problem("PE114", Location(path, 1, 1), {"reason": reason})]) from error
