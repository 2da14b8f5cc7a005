"""Folders for what is being written: made beside the file whose place it takes, held while the run lives, cleared by the next run.

A run that is killed cannot take its own folder away. So each folder is held by a lock of the operating system, which ends with the
process, however it ends; and whoever writes in the same place next takes away every folder of this kind that nobody holds. A folder
is taken for ours by its name and by its owner. Where the file system or the system knows no locks (some network drives, Windows),
nothing is cleared: what cannot be known to be abandoned stays.
"""

import contextlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Generator

from policy_engine.load.limits import BEING_WRITTEN

_NAME = re.compile(rf"{re.escape(BEING_WRITTEN)}[a-z0-9_]{{8}}", re.ASCII)
_DAY = 86_400
_TRIES = 20


@contextlib.contextmanager
def held_folder(where: str | None = None) -> Generator[str]:
    """Make a folder for what is being written, and take it away in the end; what killed runs left in that place is cleared first.

    Args:
        where: the folder to make it in; None: the system's own for temporary files.

    Raises:
        OSError: where it cannot be made.
    """
    where = tempfile.gettempdir() if where is None else where
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
        shutil.rmtree(path, ignore_errors=True)


def _made(where: str) -> tuple[str, int | None]:
    """Make a folder and hold it; a run that clears at this very moment may be quicker, so it is looked at again and made anew.

    Raises:
        OSError: where it cannot be made.
    """
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
        OSError: where it cannot be held.
    """
    try:
        import fcntl  # noqa: PLC0415  (not on every system)
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
        for entry in [entry for entry in entries if _NAME.fullmatch(entry.name)]:
            with contextlib.suppress(OSError):
                _take_away(entry)


def _take_away(entry: os.DirEntry[str]) -> None:
    """Take away a folder that is ours and that nobody holds, or a file that a release before this one left more than a day ago.

    Raises:
        OSError: where it is held, or cannot be taken away.
    """
    found = entry.stat(follow_symlinks=False)
    if hasattr(os, "geteuid") and found.st_uid != os.geteuid():
        return
    if entry.is_dir(follow_symlinks=False):
        lock = _lock(entry.path)
        if lock is not None:
            shutil.rmtree(entry.path, ignore_errors=True)
            os.close(lock)
    elif entry.is_file(follow_symlinks=False) and found.st_mtime < time.time() - _DAY:
        os.unlink(entry.path)
