"""Where files lie: the data shipped with the engine, and the bytes of what a user names."""

import errno
import os
import stat
import sys
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from policy_engine.errors import N_, InputError, Problem, Words
from policy_engine.load.limits import BEING_WRITTEN, FILES, MAX_FILES, hold_size
from policy_engine.source import Location

_REASONS = {
    errno.ENOENT: N_("there is no such file"),
    errno.EACCES: N_("you have no right to read it"),
    errno.EISDIR: N_("it is a folder"),
    errno.ENOSPC: N_("no space is left on the disk"),
    errno.EDQUOT: N_("your share of the disk is used up"),
    errno.EFBIG: N_("it would become larger than is allowed here"),
    errno.EROFS: N_("the disk can only be read"),
    errno.EBADF: N_("it is closed"),
}
_OF_WRITING = {errno.EACCES: N_("you have no right to write there"), errno.ENOENT: N_("there is no such folder")}
DISK_FAULTS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO})
"""What keeps a disk from taking what is written, whoever writes and whatever."""


def data_root() -> str:
    """Give the folder that holds `rulebook/` and `schemas/`.

    One answer for a wheel, which carries them inside the package, and for a checkout, where they
    stand beside it (an editable install does not see files that a wheel includes).
    """
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    inside = os.path.join(package, "_data")
    return inside if os.path.isdir(inside) else os.path.dirname(package)


def is_shipped(folder: str) -> bool:
    """Tell whether a folder is one of those that came with the engine."""
    return os.path.realpath(folder).startswith(os.path.realpath(data_root()) + os.sep + "rulebook" + os.sep)


def read_bytes(path: str, limit: int) -> bytes:
    """Read at most one byte more than `limit`: enough to see that a file is too large.

    Raises:
        InputError: PE114, where the file cannot be read.
    """
    try:
        with open(path, "rb") as file:
            return file.read(limit + 1)
    except (OSError, ValueError) as error:
        raise InputError([Problem("PE114", Location(path, 1, 1), {"reason": _reason(error, _REASONS)})]) from error


def _reason(error: Exception, known: Mapping[int, Words]) -> str:
    """Return why the operating system refuses, in our words where we have some."""
    return known.get(getattr(error, "errno", None) or 0) or getattr(error, "strerror", None) or str(error)


def unwritten(path: str, error: Exception) -> InputError:
    """Return what keeps a file from being written, as a problem: PE886."""
    return InputError([Problem("PE886", Location(path, 1, 1), {"reason": _reason(error, _REASONS | _OF_WRITING)})])


def unprinted(error: OSError) -> InputError:
    """Return what keeps standard output from being written to, as a problem: PE887."""
    return InputError([Problem("PE887", Location("-", 1, 1), {"reason": _reason(error, _REASONS)})])


def standard_input() -> BinaryIO:
    """Return standard input as bytes.

    Raises:
        OSError: where whoever started this run closed it.
    """
    if sys.stdin is None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    return sys.stdin.buffer


def read_input(path: str, limit: int) -> bytes:
    """Read a file that a user names, or standard input for `-`; see `read_bytes`."""
    if path != "-":
        return read_bytes(path, limit)
    try:
        return standard_input().read(limit + 1)
    except OSError as error:
        raise InputError([Problem("PE114", Location(path, 1, 1), {"reason": error.strerror or str(error)})]) from error


YAML = (".yaml", ".yml")
"""How the names of rulebook and case files end."""

KINDS = {
    stat.S_IFDIR: N_("a folder"), stat.S_IFIFO: N_("a pipe"), stat.S_IFSOCK: N_("a socket"), stat.S_IFCHR: N_("a device"),
    stat.S_IFBLK: N_("a device"), stat.S_IFLNK: N_("a link that leads nowhere"),
}  # fmt: skip
"""What can bear a name beside a regular file."""


def odd_kind(path: str) -> Words | None:
    """Return what lies at a path where that is no regular file; None where it is one, nothing, or what only opening it tells."""
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        mode = os.lstat(path).st_mode if os.path.lexists(path) else stat.S_IFREG
    except (OSError, ValueError):
        return None
    return None if stat.S_ISREG(mode) else KINDS.get(stat.S_IFMT(mode), N_("a device"))


def files_below(
    folder: str, endings: tuple[str, ...], problems: list[Problem], *, hidden: bool = True, most: int = MAX_FILES, things: str = FILES
) -> list[str]:  # fmt: skip
    """Return the regular files below a folder whose names have one of the endings, folder by folder.

    Whatever else bears such a name is no file that can be read to its end: a pipe would be waited for. It is a problem, PE880. What
    is only being written (`load/beside.py`) is none of them.

    Raises:
        InputError: PE116, where there are more than `most`.
    """
    found: list[str] = []
    for number, path in enumerate(_named_below(folder, endings, hidden=hidden), start=1):
        hold_size(folder, number, most, things)
        kind = odd_kind(path)
        if kind is None:
            found.append(path)
        else:
            problems.append(Problem("PE880", Location(path, 1, 1), {"found": kind}))
    return found


def _named_below(folder: str, endings: tuple[str, ...], *, hidden: bool) -> Iterator[str]:
    """Return the paths below a folder with one of the endings, folders aside."""
    for base, folders, names in os.walk(folder):
        folders[:] = [name for name in sorted(folders) if not name.startswith(BEING_WRITTEN) and (hidden or not name.startswith("."))]
        yield from (os.path.join(base, name) for name in sorted(names) if name.endswith(endings) and (hidden or not name.startswith(".")))


def read_text(path: str, limit: int = 16 * 1024 * 1024) -> str:
    """Read a plain text file whole.

    Raises:
        InputError: PE114, where the file cannot be read; PE101, where it is not UTF-8; PE102, where it is larger than `limit` bytes.
    """
    raw = read_bytes(path, limit)
    if len(raw) > limit:
        raise InputError([Problem("PE102", Location(path, 1, 1), {"limit": str(limit)})])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise InputError([Problem("PE101", Location(path, line, 1), {"byte": f"0x{raw[error.start]:02x}"})]) from error


def lines_of(text: str) -> tuple[str, ...]:
    """Cut a text into lines, at the ends that libyaml and editors count."""
    return tuple(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))


def write_whole(path: str, content: bytes, mode: int = 0o644) -> None:
    """Write a file whole or not at all, in the place of one that may be there; where that fails nothing is left behind.

    A link is written through: what it leads to is replaced, and the link stays.

    Raises:
        OSError: where it cannot be written.
    """
    from policy_engine.load.beside import held_folder  # noqa: PLC0415  (rating a case writes nothing)

    path = os.path.realpath(path)
    with held_folder(os.path.dirname(path)) as folder:
        beside = os.path.join(folder, "new")
        with open(beside, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(beside, mode)
        os.replace(beside, path)
