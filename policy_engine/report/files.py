"""Files that appear whole or not at all."""

import errno
import os

from policy_engine.load.beside import clear, held_folder
from policy_engine.load.files import write_whole


def write_new(path: str, text: str) -> None:
    """Write a new file.

    The text goes to a file beside it first and is then linked to its name, so that nobody ever sees
    half of it, and a file that exists is never touched.

    Raises:
        FileExistsError: where there is such a file already.
        OSError: where it cannot be written.
    """
    clear(os.path.dirname(os.path.abspath(path)))
    if os.path.lexists(path):
        raise FileExistsError(path)
    with held_folder(os.path.dirname(os.path.abspath(path))) as folder:
        beside = os.path.join(folder, "new")
        with open(beside, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.chmod(beside, 0o644)
        os.link(beside, path)


def replace_file(path: str, text: str) -> None:
    """Put a text in the place of a file's; where the path is a link, in the file that it leads to.

    Written beside it first and then moved over it, so that nobody ever sees half of it; the rights on the file stay.

    Raises:
        OSError: where it cannot be written.
    """
    target = os.path.realpath(path)
    mode = os.stat(target).st_mode & 0o7777
    if not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), target)
    write_whole(target, text.encode(), mode)
