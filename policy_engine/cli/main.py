"""The door of the command line: language, encoding and exit codes, the same for every command.

0 answered · 1 the answer is no · 2 wrong usage · 3 bad or missing input · 70 a fault of ours.
"""

import gc
import os
import sys
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NoReturn, TextIO

from policy_engine.cli.quick import plain_call
from policy_engine.errors import N_, InputError, MissingExtraError
from policy_engine.messages import LANGUAGES, language_of, translate

FAULT = 70
BAD_INPUT = 3
USAGE = 2
_FAULT_TEXT = N_("a fault of the engine itself, not of your files: {fault}. Please report it, with the command you typed.")

_EXTRA_TEXT = N_("this command needs the library `{module}`, which is not installed: pip install 'policy-engine[{extra}]'")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and end the process with its exit code."""
    gc.set_threshold(100_000, 20, 20)  # reading a rulebook makes many objects and hardly a cycle
    typed = list(sys.argv[1:] if arguments is None else arguments)
    language = language_asked(typed, os.environ)
    for stream in (sys.stdout, sys.stderr):
        _speak_utf8(stream)
    _leave(run(typed, language))


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
    try:
        call = plain_call(typed, LANGUAGES) if "_POLICY_ENGINE_COMPLETE" not in os.environ else None
        if call is None:
            from policy_engine.cli.app import run_app  # noqa: PLC0415  (click costs more than rating a case)

            code = run_app(typed, language)
        else:
            from policy_engine.cli.rate_files import rate_files  # noqa: PLC0415

            code = rate_files(call.cases, call.edition, call.rulebook, call.form, language)
        sys.stdout.flush()
    except InputError as error:
        _show(error, typed, language)
        return BAD_INPUT
    except MissingExtraError as error:
        sys.stderr.write(translate(_EXTRA_TEXT, language, module=error.module, extra=error.extra) + "\n")
        return USAGE
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except Exception as error:  # the last line of defence: a user must not be shown a traceback
        if os.environ.get("POLICY_ENGINE_DEBUG"):
            raise
        sys.stderr.write(translate(_FAULT_TEXT, language, fault=f"{type(error).__name__}: {error}") + "\n")
        return FAULT
    return code


def language_asked(typed: Sequence[str], environment: Mapping[str, str]) -> str:
    """Give the language of this run before any command is read, since help must speak it too."""
    for place, word in enumerate(typed):
        value = word.partition("=")[2] if word.startswith("--lang=") else typed[place + 1 : place + 2] if word == "--lang" else ""
        asked = value if isinstance(value, str) else "".join(value)
        if asked in LANGUAGES:
            return asked
    return language_of(environment)


def _show(error: InputError, typed: Sequence[str], language: str) -> None:
    """Show problems on standard error, as data where data was asked for."""
    from policy_engine.cli.output import show_problems  # noqa: PLC0415  (only where something is wrong)

    as_data = "--format=json" in typed or ("--format", "json") in pairwise(typed)
    show_problems(error.problems, language, as_data=as_data, times=error.times)


def _speak_utf8(stream: TextIO) -> None:
    """Let a stream carry Vietnamese whatever the terminal's code page is."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure:
        reconfigure(encoding="utf-8", errors="backslashreplace")
