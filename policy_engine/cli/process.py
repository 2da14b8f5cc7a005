"""What surrounds a run: the signals that stop it, and the standard streams, which may be closed, full or a terminal of any code page."""

import io
import os
import signal
import sys
from types import FrameType
from typing import TextIO

from policy_engine.load.files import unprinted

stopped: list[int] = []
"""The signal that stops this run, once it has come: libraries may swallow the exception that it raises."""


def heed_signals() -> None:
    """Let what stops a run from outside end it in order: what was being written is taken away, and a sentence says so."""
    for number in _signals():
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)


def _signals() -> list[int]:
    """Return the signals by which a run is stopped, those that this system has."""
    return [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


def _stop(number: int, _frame: FrameType | None) -> None:
    """Stop the run; a second signal does not stop what is being taken away."""
    stopped.append(number)
    for other in _signals():
        signal.signal(other, signal.SIG_IGN)
    raise KeyboardInterrupt


class _Answers(io.FileIO):
    """Standard output, where it can be written to at all."""

    def write(self, text: "bytes | bytearray | memoryview", /) -> int | None:  # type: ignore[override]  # the library's own stub is wider
        """Write; what it does not take is an error that no handler of files mistakes for one of its own.

        Raises:
            InputError: PE887.
        """
        try:
            return super().write(text)
        except BrokenPipeError:
            raise
        except OSError as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is held back would fail again when the process ends
            raise unprinted(error) from error


class _Notes(io.FileIO):
    """Standard error: what nobody can be told is not told, and changes nothing."""

    def write(self, text: "bytes | bytearray | memoryview", /) -> int | None:  # type: ignore[override]  # the library's own stub is wider
        """Write, or pass over."""
        try:
            return super().write(text)
        except OSError:
            return len(text)


def open_streams() -> None:
    """Let standard output and error carry Vietnamese whatever the terminal's code page is, and say it where they are closed or full."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:  # closed; else the next file that is opened would take its number, and answers would go into it
            nothing = os.open(os.devnull, os.O_WRONLY if number == 2 else os.O_RDONLY)  # noqa: PLR2004  (standard error)
            if nothing != number:
                os.dup2(nothing, number)
                os.close(nothing)
    sys.stdout = _opened(sys.stdout, _Answers, 1)
    sys.stderr = _opened(sys.stderr, _Notes, 2)


def _opened(stream: TextIO | None, kind: type[io.FileIO], number: int) -> TextIO:
    """Return a stream over what one of the process leads to; a terminal of Windows stays as it is."""
    if stream is not None and os.name == "nt" and stream.isatty():
        _speak_utf8(stream)
        return stream
    raw = kind(number, "w", closefd=False)
    buffered = number == 1 and not raw.isatty()
    return io.TextIOWrapper(io.BufferedWriter(raw), "utf-8", "backslashreplace", line_buffering=not buffered)


def _speak_utf8(stream: TextIO) -> None:
    """Let a stream carry Vietnamese whatever the terminal's code page is."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure:
        reconfigure(encoding="utf-8", errors="backslashreplace")
