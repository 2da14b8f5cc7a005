"""The door of the command line: language, encoding and exit codes, the same for every command.

0 answered · 1 the answer is no · 2 wrong usage · 3 bad or missing input, or output that cannot be written · 70 a fault of ours ·
129, 130, 143 stopped from outside.
"""

import gc
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NoReturn

from policy_engine.cli.process import heed_signals, open_streams, stopped
from policy_engine.cli.quick import plain_call
from policy_engine.errors import N_, InputError, MissingExtraError
from policy_engine.load.files import DISK_FAULTS, unprinted, unwritten
from policy_engine.messages import LANGUAGES, language_of, translate

FAULT = 70
BAD_INPUT = 3
USAGE = 2
_FAULT_TEXT = N_("a fault of the engine itself, not of your files: {fault}. Please report it, with the command you typed.")

_EXTRA_TEXT = N_("this command needs the library `{module}`, which is not installed: pip install 'policy-engine[{extra}]'")


_STOPPED_TEXT = N_("stopped before the end ({signal}); every file is whole: as it was before, or as it was to be written")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and end the process with its exit code."""
    gc.set_threshold(100_000, 20, 20)  # reading a rulebook makes many objects and hardly a cycle
    typed = list(sys.argv[1:] if arguments is None else arguments)
    language = language_asked(typed, os.environ)
    try:
        heed_signals()
        open_streams()
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
    """Run one command and give its exit code; nothing that goes wrong shows a traceback."""
    stopped.clear()
    code = FAULT
    try:
        code = _run(typed, language)
    except KeyboardInterrupt:
        stopped.append(signal.SIGINT)
    return _end_stopped(language) if stopped else code


def _end_stopped(language: str) -> int:
    """Take away what was being written, and say that the run was stopped; return its exit code, as shells have it."""
    from policy_engine.load.files import take_away_own

    number = stopped[0]
    take_away_own()
    sys.stderr.write(translate(_STOPPED_TEXT, language, signal=signal.Signals(number).name) + "\n")
    return 128 + number


def _run(typed: Sequence[str], language: str) -> int:
    """Run one command and return its exit code.

    Raises:
        KeyboardInterrupt: where it is stopped from outside.
    """
    try:
        call = plain_call(typed, LANGUAGES) if "_POLICY_ENGINE_COMPLETE" not in os.environ else None
        if call is None:
            from policy_engine.cli.app import run_app

            code = run_app(typed, language)
        else:
            from policy_engine.cli.rate_files import rate_files

            code = rate_files(call.cases, call.edition, call.rulebook, call.form, language)
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
        value = word.partition("=")[2] if word.startswith("--lang=") else typed[place + 1 : place + 2] if word == "--lang" else ""
        asked = value if isinstance(value, str) else "".join(value)
        if asked in LANGUAGES:
            return asked
    return language_of(environment)


def _show(error: InputError, typed: Sequence[str], language: str) -> None:
    """Show problems on standard error, as data where data was asked for."""
    from policy_engine.cli.output import show_problems

    as_data = "--format=json" in typed or ("--format", "json") in pairwise(typed)
    show_problems(error.problems, language, as_data=as_data, times=error.times)
