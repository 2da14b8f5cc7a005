"""`policy-engine fmt`: give YAML files their canonical layout."""

import os
import sys
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import click

from policy_engine.cli.options import OPTIONS, format_option, language_option
from policy_engine.errors import N_, InputError, Problem
from policy_engine.messages import translate

if TYPE_CHECKING:
    from policy_engine.cli.outputs import Refusals
    from policy_engine.load.layout import Tidied

_HELP = N_(
    """Give rulebook and case files their canonical layout.

    PATH is a file, a folder that is searched, or `-` for standard input to standard output. Indentation, blank lines, line
    ends, the modeline for editors and the width of prose are set; comments and values stay as they are. Each file is read
    again before it is written, and refused if it would mean anything else."""
)


def build_fmt(language: str) -> click.Command:
    """Build the command in a language."""
    check = N_("Write nothing; end with 1 where a file would change, and name it.")
    return click.Command(
        "fmt",
        help=translate(_HELP, language),
        short_help=translate(N_("Give YAML files their canonical layout."), language),
        options_metavar=translate(OPTIONS, language),
        callback=partial(format_files, language),
        params=[
            click.Argument(["paths"], metavar="PATH...", nargs=-1, required=True, type=click.Path()),
            click.Option(["--check"], is_flag=True, help=translate(check, language)),
            click.Option(["--diff"], is_flag=True, help=translate(N_("Write nothing; show what would change."), language)),
            format_option(language),
            language_option(language),
        ],
    )


def format_files(language: str, paths: tuple[str, ...], check: bool, diff: bool, form: str, lang: str | None) -> int:  # noqa: FBT001  (flags of the command line)
    """Format the files; give the exit code.

    Raises:
        InputError: with the problems of every file that cannot be formatted, after the others were.
    """
    del lang  # read before the command was built
    from policy_engine.cli.outputs import Refusals

    if not check and not diff:
        _refuse_odd(paths, language)
    refusals = Refusals()
    found = [_from_input()] if paths == ("-",) else _read(paths, language, refusals)
    changed = [one for one in found if one.changed]
    failed = [] if check or diff or paths == ("-",) else _write(changed, {os.path.dirname(os.path.realpath(one.file)) for one in found})
    if paths == ("-",) and not (check or diff):
        sys.stdout.write(found[0].after)
        return 0
    if diff:
        _show_diff(changed)
    if found or len(refusals.files) > 1:
        _tell(found, changed, refusals, form, language, written=not (check or diff), aside=diff)
    if refusals.problems or failed:
        raise InputError([*refusals.problems, *failed])
    return int(check and bool(changed))


def _refuse_odd(paths: Sequence[str], language: str) -> None:
    """Refuse to lay out what cannot be written back: a pipe, a device."""
    from policy_engine.cli.outputs import Output, hold_outputs

    hold_outputs(language, [Output("PATH", path) for path in paths if path != "-" and os.path.exists(path) and not _is_usual(path)])


def _is_usual(path: str) -> bool:
    """Return whether a path leads to a file, or to a folder of files."""
    return os.path.isfile(path) or os.path.isdir(path)


def _from_input() -> "Tidied":
    """Lay out what stands on standard input."""
    from policy_engine.load.files import read_input
    from policy_engine.load.layout import tidied
    from policy_engine.load.yaml_text import MAX_BYTES

    return tidied(read_input("-", MAX_BYTES), "-", None)


def _read(paths: Sequence[str], language: str, refusals: "Refusals") -> "list[Tidied]":
    """Lay out every file, none written yet."""
    from policy_engine.load.layout import tidied_file, yaml_files

    if "-" in paths:
        raise click.UsageError(translate(N_("`-` stands alone: standard input is one file"), language))
    found: list[Tidied] = []
    for path in yaml_files(paths, refusals.others):
        try:
            found.append(tidied_file(path))
        except InputError as error:
            refusals.add(path, error)
    return found


def _write(changed: "list[Tidied]", folders: Iterable[str]) -> list[Problem]:
    """Write what changed, each file whole or not at all; return what could not be written, which is then not told as done.

    What a killed run left in the folders goes, even where there is nothing to write any more.
    """
    from policy_engine.load.files import (
        clear,
        replace_file,
        unwritten,
    )

    for folder in folders:
        clear(folder)
    failed: list[Problem] = []
    for one in list(changed):
        try:
            replace_file(one.file, one.after)
        except OSError as error:
            failed += unwritten(one.file, error).problems
            changed.remove(one)
    return failed


def _show_diff(changed: "Sequence[Tidied]") -> None:
    """Print what would change."""
    from policy_engine.report.text import unified_diff

    for one in changed:
        sys.stdout.write(unified_diff(one.file, one.before, one.after))


def _tell(
    found: "Sequence[Tidied]", changed: "Sequence[Tidied]", refusals: "Refusals", form: str, language: str, *, written: bool, aside: bool
) -> None:  # fmt: skip
    """Print what was done, the files that could not be read first; beside a diff, on standard error."""
    if form == "json":
        from policy_engine.report.json import to_json

        files = [{"file": one.file, "changed": one.changed} for one in found]
        refused = {"refused": len(refusals.files), "problems": refusals.data()} if refusals.problems else {}
        click.echo(to_json({"files": files, "changed": len(changed), "written": written, **refused}), err=aside)
        return
    from policy_engine.cli.output import write_prose
    from policy_engine.explain.maps import explain_formatted

    told = explain_formatted(len(found), [one.file for one in changed], language, written=written, refused=len(refusals.files))
    if refusals.problems:
        told = told._replace(sections=(refusals.section(language), *told.sections))
    if aside:
        click.echo(told.headline, err=True)
    else:
        write_prose(told, form)
