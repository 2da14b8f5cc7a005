"""A file held by one writer alone: who comes second waits, says so, and gives up after a while."""

import os
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import IO

PATIENCE = 300.0
"""How many seconds a run waits for another one that holds the file; a run holds it only while it writes."""
_PAUSE = 0.05


class BusyError(Exception):
    """Another run holds the file, and has held it for as long as was waited."""


@contextmanager
def held(path: str, waiting: Callable[[], None], patience: float) -> Generator[IO[bytes]]:
    """Open a file to append to it, made where it is not there, and hold it for this writer alone.

    Args:
        path: the file.
        waiting: called once, where another run holds the file.
        patience: how many seconds to wait for it.

    Raises:
        BusyError: where it is still held then.
        OSError: where it cannot be opened.
    """
    ends, said = time.monotonic() + patience, False
    while True:
        with open(path, "a+b", buffering=0) as file:
            if _taken(file):
                if not _still_there(file, path):
                    continue  # taken away, or replaced by another file, while this run waited
                try:
                    yield file
                finally:
                    _let_go(file)
                return
        if not said:
            said = True
            waiting()
        if time.monotonic() >= ends:
            raise BusyError
        time.sleep(_PAUSE)


def _still_there(file: IO[bytes], path: str) -> bool:
    """Return whether a path still leads to this file."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(path))
    except FileNotFoundError:
        return False


def _taken(file: IO[bytes]) -> bool:
    """Take a file for this writer; return whether that was possible at once."""
    try:
        import fcntl  # noqa: PLC0415  (not on every system)
    except ImportError:  # pragma: no cover  (Windows)
        import msvcrt  # noqa: PLC0415

        file.seek(0)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
        except OSError:
            return False
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _let_go(file: IO[bytes]) -> None:
    """Let other writers in."""
    try:
        import fcntl  # noqa: PLC0415
    except ImportError:  # pragma: no cover  (Windows)
        import msvcrt  # noqa: PLC0415

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
        return
    fcntl.flock(file, fcntl.LOCK_UN)
