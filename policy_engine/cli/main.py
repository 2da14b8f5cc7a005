"""The entrance of the command line: language, signals, streams and exit codes, the same for every command.

0 answered · 1 the answer is no · 2 wrong usage · 3 bad or missing input, or output that cannot be written · 70 a fault of ours ·
129, 130, 143 stopped from outside.
"""

import gc
import io
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from itertools import pairwise
from types import FrameType
from typing import NoReturn, TextIO

from policy_engine.cli.quick import plain_call
from policy_engine.errors import InputError, MissingExtraError
from policy_engine.load.files import DISK_FAULTS, take_away_own, unprinted, unwritten
from policy_engine.messages import LANGUAGES, N_, language_of, translate

FAULT = 70
BAD_INPUT = 3
USAGE = 2
_FAULT_TEXT = N_("a fault of the engine itself, not of your files: {fault}. Please report it, with the command you typed.")
_EXTRA_TEXT = N_("this command needs the library `{module}`, which is not installed: pip install 'policy-engine[{extra}]'")
_STOPPED_TEXT = N_("stopped before the end ({signal}); every file is whole: as it was before, or as it was to be written")

_stopped: list[int] = []
"""The signal that stops this run, once it has come: libraries may swallow the exception that it raises."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and end the process with its exit code."""
    gc.set_threshold(100_000, 20, 20)  # reading a rulebook makes many objects and hardly a cycle
    typed = list(sys.argv[1:] if arguments is None else arguments)
    language = language_asked(typed, os.environ)
    try:
        for number in _signals():
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, _stop)
        _open_streams()
        code = run(typed, language)
    except KeyboardInterrupt:  # between two steps, where no command runs
        code = _end_stopped(language)
    _leave(code)


def _leave(code: int) -> NoReturn:
    """End the process at once, when everything is written: taking a rulebook apart object by object would cost a tenth of a run."""
    if os.environ.get("POLICY_ENGINE_DEBUG"):
        sys.exit(code)  # a debugger or a measure of coverage has things of its own to finish
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            continue  # whoever closed it wants no more
    os._exit(code)


def run(typed: Sequence[str], language: str) -> int:
    """Run one command and return its exit code; nothing that goes wrong shows a traceback."""
    _stopped.clear()
    code = FAULT
    try:
        code = _run(typed, language)
    except KeyboardInterrupt:
        _stopped.append(signal.SIGINT)
    return _end_stopped(language) if _stopped else code


def _run(typed: Sequence[str], language: str) -> int:
    """Run one command and return its exit code; raises KeyboardInterrupt where it is stopped from outside."""
    try:
        call = plain_call(typed, LANGUAGES) if "_POLICY_ENGINE_COMPLETE" not in os.environ else None
        if call is None:
            from policy_engine.cli.app import run_app

            code = run_app(typed, language)
        else:
            from policy_engine.cli.evaluate import evaluate_files
            from policy_engine.cli.session import Session

            code = evaluate_files(Session(language, call.rulebook, call.form), cases=call.cases, edition=call.edition)
        sys.stdout.flush()
    except InputError as error:
        _show(error, typed, language)
        return BAD_INPUT
    except MissingExtraError as error:
        sys.stderr.write(translate(_EXTRA_TEXT, language, module=error.module, extra=error.extra) + "\n")
        return USAGE
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except Exception as error:  # the last line of defence: a user must not be shown a traceback
        if isinstance(error, OSError) and error.errno in DISK_FAULTS:
            _show(_of_the_disk(error), typed, language)
            return BAD_INPUT
        if os.environ.get("POLICY_ENGINE_DEBUG"):
            raise
        sys.stderr.write(translate(_FAULT_TEXT, language, fault=f"{type(error).__name__}: {error}") + "\n")
        return FAULT
    return code


def _of_the_disk(error: OSError) -> InputError:
    """Return what a disk does not take, as a problem: at the file that it names, at the folder for temporary files, or standard output."""
    if error.filename is not None:
        return unwritten(os.fsdecode(error.filename), error)
    try:
        sys.stdout.flush()
    except OSError as again:
        return unprinted(again)
    import tempfile

    return unwritten(tempfile.gettempdir(), error)


def language_asked(typed: Sequence[str], environment: Mapping[str, str]) -> str:
    """Return the language of this run before any command is read, since help must speak it too."""
    for place, word in enumerate(typed):
        asked = [word.partition("=")[2]] if word.startswith("--lang=") else typed[place + 1 : place + 2] if word == "--lang" else ()
        if asked and asked[0] in LANGUAGES:
            return asked[0]
    return language_of(environment)


def _show(error: InputError, typed: Sequence[str], language: str) -> None:
    """Show problems on standard error, each once, with how many cases it hits; as data where data was asked for."""
    from policy_engine.report.json import to_json
    from policy_engine.report.problems import problem_to_data, problems_to_text

    text = problems_to_text(error.problems, language, error.times)
    if "--format=json" in typed or ("--format", "json") in pairwise(typed):
        pairs = zip(error.problems, error.times, strict=True)
        text = to_json({"errors": [problem_to_data(problem, language) | {"times": count} for problem, count in pairs]})
    sys.stderr.write(text + "\n")


def _signals() -> list[int]:
    """Return the signals by which a run is stopped, those that this system has."""
    return [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


def _stop(number: int, _frame: FrameType | None) -> None:
    """Stop the run in order; a second signal does not stop what is being taken away."""
    _stopped.append(number)
    for other in _signals():
        signal.signal(other, signal.SIG_IGN)
    raise KeyboardInterrupt


def _end_stopped(language: str) -> int:
    """Take away what was being written, and say that the run was stopped; return its exit code, as shells have it."""
    take_away_own()
    sys.stderr.write(translate(_STOPPED_TEXT, language, signal=signal.Signals(_stopped[0]).name) + "\n")
    return 128 + _stopped[0]


class _Answers(io.FileIO):
    """Standard output, where it can be written to at all; what it does not take is PE887, which no handler of files takes for its own."""

    def write(self, text: "bytes | bytearray | memoryview", /) -> int | None:  # type: ignore[override]  # the library's own stub is wider
        try:
            return super().write(text)
        except BrokenPipeError:
            raise
        except OSError as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is held back would fail again when the process ends
            raise unprinted(error) from error


class _Notes(io.FileIO):
    """Standard error: what nobody can be shown is not shown, and changes nothing."""

    def write(self, text: "bytes | bytearray | memoryview", /) -> int | None:  # type: ignore[override]  # the library's own stub is wider
        try:
            return super().write(text)
        except OSError:
            return len(text)


def _open_streams() -> None:
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
    """Return a stream over what one of the process leads to; a terminal of Windows stays as it is, but for its code page."""
    if stream is not None and os.name == "nt" and stream.isatty():
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(encoding="utf-8", errors="backslashreplace")
        return stream
    raw = kind(number, "w", closefd=False)
    buffered = number == 1 and not raw.isatty()
    return io.TextIOWrapper(io.BufferedWriter(raw), "utf-8", "backslashreplace", line_buffering=not buffered)
