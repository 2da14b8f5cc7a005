"""Where files lie: the data shipped with the engine, and the bytes of what a user names.

They lie in `docs/errors/`, one file a code, and come with the engine; whatever pages are there can be read.

A run that is killed cannot take its own folder away. So each folder is held by a lock of the operating system, which ends with the
process, however it ends; and whoever writes in the same place next takes away every folder of this kind that nobody holds. A folder
is taken for ours by its name and by its owner. Where the file system or the system knows no locks (some network drives, Windows),
nothing is cleared: what cannot be known to be abandoned stays.
"""

import contextlib
import errno
import os
import re
import stat
import sys
import time
from collections.abc import Generator, Iterator, Mapping
from typing import IO, BinaryIO, NamedTuple

from policy_engine.errors import InputError, Problem
from policy_engine.load.limits import BEING_WRITTEN, FILES, MAX_FILES, hold_size
from policy_engine.messages import N_, Words
from policy_engine.source import Location

_FOLDER = os.path.join("docs", "errors")
_NAME = r"([A-Z]{2}[0-9]{3})\.md"
_TITLE = r"# [A-Z]{2}[0-9]{3}: (.+)\n+"
_BOLD_FIRST = r"(?s:\s*\*\*(.+?)\.\*\*\s*)"
_TURN = "\n## Tiếng Việt\n"


class Page(NamedTuple):
    """The page of a code in one language: its title, and what it says, in Markdown."""

    code: str
    title: str
    body: str


def codes() -> list[str]:
    """Return the codes that have a page, in their order."""
    folder = os.path.join(data_root(), _FOLDER)
    found = (re.fullmatch(_NAME, name, re.ASCII) for name in sorted(os.listdir(folder)))
    return [match[1] for match in found if match]


def read_page(code: str, language: str) -> Page:
    """Read the half of a page that is in a language; English where there is no other.

    Raises:
        InputError: PE114 where there is no such page.
    """
    english, _, vietnamese = read_text(os.path.join(data_root(), _FOLDER, f"{code}.md")).replace("\r\n", "\n").partition(_TURN)
    text, form = (vietnamese, _BOLD_FIRST) if language == "vi" and vietnamese.strip() else (english, _TITLE)
    head = re.match(form, text)
    return Page(code, " ".join(head[1].split()) if head else "", text[head.end() if head else 0 :].strip() + "\n")


_BESIDE = rf"{re.escape(BEING_WRITTEN)}[a-z0-9_]{{8}}"
_DAY = 86_400
_TRIES = 20
_CHUNK = 65_536


@contextlib.contextmanager
def held_folder(where: str | None = None) -> Generator[str]:
    """Make a folder for what is being written, and take it away in the end; what killed runs left in that place is cleared first.

    Args:
        where: the folder to make it in; None: the system's own for temporary files.

    Raises:
        OSError: where it cannot be made.
    """
    import shutil

    if where is None:
        import tempfile

        where = tempfile.gettempdir()
    clear(where)
    path, lock = _made(where)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        _own.discard(path)
        if lock is not None:
            os.close(lock)


_own: set[str] = set()
"""The folders of this process that are not taken away yet."""


def take_away_own() -> None:
    """Take away every folder of this process; for one that is stopped, and perhaps just while it makes one or takes one away."""
    for path in tuple(_own):
        import shutil

        shutil.rmtree(path, ignore_errors=True)


def _made(where: str) -> tuple[str, int | None]:
    """Make a folder and hold it; a run that clears at this very moment may be quicker, so it is looked at again and made anew."""
    for _ in range(_TRIES):
        path = os.path.join(where, BEING_WRITTEN + os.urandom(4).hex())
        _own.add(path)
        try:
            os.mkdir(path, 0o700)
        except FileExistsError:
            _own.discard(path)
            continue  # of another run
        try:
            lock = _lock(path)
            if os.path.isdir(path):
                return path, lock
            _own.discard(path)
            if lock is not None:
                os.close(lock)
        except (FileNotFoundError, BlockingIOError):
            _own.discard(path)
            continue  # whoever clears has it, and takes it away
        except OSError:
            return path, None  # no locks here
    raise FileNotFoundError(2, os.strerror(2), where)


def _lock(path: str) -> int | None:
    """Hold a folder for this process; None where the system holds no folders.

    Raises:
        BlockingIOError: where another process holds it.
    """
    try:
        import fcntl
    except ImportError:  # pragma: no cover  (Windows)
        return None
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise
    return handle


def clear(where: str) -> None:
    """Take away what killed runs left in a folder; what cannot be looked at or taken away stays."""
    with contextlib.suppress(OSError), os.scandir(where) as entries:
        for entry in [entry for entry in entries if re.fullmatch(_BESIDE, entry.name, re.ASCII)]:
            with contextlib.suppress(OSError):
                _take_away(entry)


def _take_away(entry: os.DirEntry[str]) -> None:
    """Take away a folder that is ours and that nobody holds, or a file that a release before this one left more than a day ago."""
    found = entry.stat(follow_symlinks=False)
    if hasattr(os, "geteuid") and found.st_uid != os.geteuid():
        return
    if entry.is_dir(follow_symlinks=False):
        lock = _lock(entry.path)
        if lock is not None:
            import shutil

            shutil.rmtree(entry.path, ignore_errors=True)
            os.close(lock)
    elif entry.is_file(follow_symlinks=False) and found.st_mtime < time.time() - _DAY:
        os.unlink(entry.path)


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
    """Put a text in the place of a file's; where the path is a link, in the file that it leads to. The rights on the file stay.

    Raises:
        OSError: where it cannot be written.
    """
    target = os.path.realpath(path)
    mode = os.stat(target).st_mode & 0o7777
    if not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), target)
    write_whole(target, text.encode(), mode)


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
    """Return the folder that holds `rulebook/` and `schemas/`.

    One answer for a wheel, which carries them inside the package, and for a checkout, where they
    stand beside it (an editable install does not see files that a wheel includes).
    """
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    inside = os.path.join(package, "_data")
    return inside if os.path.isdir(inside) else os.path.dirname(package)


def is_shipped(folder: str) -> bool:
    """Return whether a folder is one of those that came with the engine."""
    return os.path.realpath(folder).startswith(os.path.realpath(data_root()) + os.sep + "rulebook" + os.sep)


def read_bytes(path: str, limit: int) -> bytes:
    """Read at most one byte more than `limit`: enough to see that a file is too large.

    Raises:
        InputError: PE114, where the file cannot be read.
    """
    try:
        file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        try:
            return _read(file, limit + 1)
        finally:
            os.close(file)
    except (OSError, ValueError) as error:
        raise InputError([Problem("PE114", Location(path, 1, 1), {"reason": _reason(error, _REASONS)})]) from error


def _read(file: int, most: int) -> bytes:
    """Read to the end, or so many bytes; of room no more is taken at once than the file says that it needs, which is nothing for a pipe."""
    piece = max(os.fstat(file).st_size + 1, _CHUNK)
    parts: list[bytes] = []
    while most > 0 and (part := os.read(file, min(piece, most))):
        parts.append(part)
        most -= len(part)
    return b"".join(parts)


def _reason(error: Exception, known: Mapping[int, Words]) -> str:
    return known.get(getattr(error, "errno", None) or 0) or getattr(error, "strerror", None) or str(error)


def unwritten(path: str, error: Exception) -> InputError:
    """Return what keeps a file from being written, as a problem."""
    return InputError([Problem("PE886", Location(path, 1, 1), {"reason": _reason(error, _REASONS | _OF_WRITING)})])


def unprinted(error: OSError) -> InputError:
    """Return what keeps standard output from being written to, as a problem: PE887."""
    return InputError([Problem("PE887", Location("-", 1, 1), {"reason": _reason(error, _REASONS)})])


def standard_input() -> BinaryIO:
    """Return standard input as bytes; an OSError is raised where whoever started this run closed it."""
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
    is only being written (`held_folder`) is none of them.

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
    path = os.path.realpath(path)
    with held_folder(os.path.dirname(path)) as folder:
        beside = os.path.join(folder, "new")
        with open(beside, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(beside, mode)
        os.replace(beside, path)


PACKED = b"\x1f"
"""How what gzip has packed begins, and no line of JSON does."""
_PIECE = 1 << 18
_MOST_TIMES, _AND_MORE = 500, 1 << 16


class DamagedError(Exception):
    """What is packed cannot be unpacked further.

    Attributes:
        cut: whether it is only that its end is missing.
        whole: how many bytes before it are whole.
    """

    def __init__(self, whole: int, *, cut: bool) -> None:
        super().__init__(whole)
        self.whole, self.cut = whole, cut


def unpacked(file: IO[bytes]) -> Iterator[bytes]:
    """Unpack a file of gzip's members, piece by piece.

    Raises:
        DamagedError: where a member is damaged or lacks its end, or unpacks to more than `_MOST_TIMES` its size, which no record does.
    """
    import zlib

    member, read, made, whole = None, 0, 0, 0
    while packed := file.read(_PIECE):
        read += len(packed)
        while packed:
            member = member or zlib.decompressobj(31)
            try:
                piece = member.decompress(packed, _PIECE)
            except zlib.error as error:
                raise DamagedError(whole, cut=False) from error
            packed = member.unused_data if member.eof else member.unconsumed_tail
            made += len(piece)
            if made > _MOST_TIMES * (read - len(packed)) + _AND_MORE:
                raise DamagedError(whole, cut=False)
            if member.eof:
                member, whole = None, read - len(packed)
            yield piece
    if member is not None:
        raise DamagedError(whole, cut=True)


def unpacked_lines(file: IO[bytes], limit: int) -> Iterator[bytes]:
    """Yield the lines of a packed file, and of one that is longer than `limit` as much as shows that; see `unpacked`."""
    rest = b""
    for piece in unpacked(file):
        *lines, rest = (rest + piece).split(b"\n")
        yield from [line + b"\n" for line in lines]
        if len(rest) > limit:
            break
    if rest:
        yield rest
