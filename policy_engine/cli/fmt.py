"""`policy-engine fmt`: set YAML files in their canonical layout."""

import os
import sys
from collections.abc import Sequence

from policy_engine.cli.files import STANDARD, Output, hold_outputs
from policy_engine.cli.session import Refusals, Session
from policy_engine.errors import InputError, Problem
from policy_engine.explain.editions import explain_formatted
from policy_engine.load.files import clear, read_input, replace_file, unwritten
from policy_engine.load.layout import Tidied, tidied, tidied_file, yaml_files
from policy_engine.load.yaml_text import MAX_BYTES
from policy_engine.messages import N_
from policy_engine.report.json import to_json
from policy_engine.report.problems import after_problems
from policy_engine.report.prose import unified_diff


def format_files(session: Session, *, paths: Sequence[str], check: bool, diff: bool) -> int:
    """Format the files; return the exit code.

    Raises:
        InputError: with the problems of every file that cannot be formatted, after the others were.
    """
    writes, refusals = not (check or diff), Refusals()
    if writes:  # a pipe or a device cannot be written back
        odd = [path for path in paths if path != STANDARD and os.path.exists(path) and not (os.path.isfile(path) or os.path.isdir(path))]
        hold_outputs(session, [Output("PATH", path) for path in odd])
    if tuple(paths) == (STANDARD,):
        found = [tidied(read_input(STANDARD, MAX_BYTES), STANDARD, None)]
        if writes:
            sys.stdout.write(found[0].after)
            return 0
    else:
        found = _read(session, paths, refusals)
    changed = [one for one in found if one.changed]
    failed = _write(found, changed) if writes else []
    for one in changed if diff else ():
        sys.stdout.write(unified_diff(one.file, one.before, one.after))
    if found or len(refusals.files) > 1:
        _report(session, found, changed, refusals, written=writes, aside=diff)
    if refusals.problems or failed:
        raise InputError([*refusals.problems, *failed])
    return int(check and bool(changed))


def _read(session: Session, paths: Sequence[str], refusals: Refusals) -> list[Tidied]:
    """Lay out every file, none written yet."""
    if STANDARD in paths:
        raise session.misused(N_("`-` stands alone: standard input is one file"))
    return [one for _, one in refusals.taken(yaml_files(paths, refusals.others), tidied_file)]


def _write(found: Sequence[Tidied], changed: list[Tidied]) -> list[Problem]:
    """Write what changed, each file whole or not at all; return what could not be written, which is then not said to be done.

    What a killed run left in the folders goes, even where there is nothing to write any more.
    """
    for folder in {os.path.dirname(os.path.realpath(one.file)) for one in found}:
        clear(folder)
    failed: list[Problem] = []
    for one in list(changed):
        try:
            replace_file(one.file, one.after)
        except OSError as error:
            failed += unwritten(one.file, error).problems
            changed.remove(one)
    return failed


def _report(
    session: Session, found: Sequence[Tidied], changed: Sequence[Tidied], refusals: Refusals, *, written: bool, aside: bool
) -> None:  # fmt: skip
    """Print what was done, the files that could not be read first; beside a diff, on standard error."""
    if session.form == "json":
        files = [{"file": one.file, "changed": one.changed} for one in found]
        refused = refusals.to_data() if refusals.problems else {}
        text = to_json({"files": files, "changed": len(changed), "written": written, **refused})
        (sys.stderr if aside else sys.stdout).write(text + "\n")
        return
    language = session.language
    page = explain_formatted(len(found), [one.file for one in changed], language, written=written, refused=len(refusals.files))
    if aside:
        sys.stderr.write(page.headline + "\n")
    else:
        session.write_page(after_problems(page, refusals.problems, language))
