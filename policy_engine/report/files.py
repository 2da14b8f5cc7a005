"""Files that appear whole or not at all."""

import os
import tempfile


def write_new(path: str, text: str) -> None:
    """Write a new file.

    The text goes to a file beside it first and is then linked to its name, so that nobody ever sees
    half of it, and a file that exists is never touched.

    Raises:
        FileExistsError: where there is such a file already.
        OSError: where it cannot be written.
    """
    if os.path.lexists(path):
        raise FileExistsError(path)
    handle, beside = tempfile.mkstemp(dir=os.path.dirname(os.path.abspath(path)), prefix=".policy-engine-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.chmod(beside, 0o644)
        os.link(beside, path)
    finally:
        os.unlink(beside)
