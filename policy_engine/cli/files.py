"""The files that a command reads line by line, and those that it writes; and how far a long run is, on a terminal.

An answer goes to a regular file, or to one that is not there yet. A link to a regular file is written through: its output is
replaced, and the link stays. A pipe, a device, a socket, a folder where a file belongs (and the other way round), a link that leads
nowhere, a folder without the right to write: wrong usage. So is an answer in the place of what the command reads, or of another
answer; paths are compared by what they lead to.
"""

import contextlib
import io
import os
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from policy_engine.cli.session import Session
from policy_engine.errors import InputError, Problem
from policy_engine.load.files import PACKED, YAML, DamagedError, files_below, odd_kind, standard_input, unpacked_lines
from policy_engine.load.library import Library
from policy_engine.load.limits import MAX_RECORD, hold_line
from policy_engine.load.lock import NAME
from policy_engine.messages import N_, plural, translate
from policy_engine.report.problems import visible
from policy_engine.source import Location

if TYPE_CHECKING:
    import click

STANDARD = "-"
"""Stands for standard input where a file is read, for standard output where one is written."""
_EVERY = 1_000_000
_NO_FOLDER = N_("there is no folder `{path}`; make it first")
_NO_RIGHT = N_("you have no right to write to `{path}`")
WRITTEN = N_("written: {path}")
EXISTS = N_("the file {path} exists already; it is left as it is")
_Thing = TypeVar("_Thing")


class Output(NamedTuple):
    """A path that is written to: the option that names it, and whether it is a folder that files are written into."""

    option: str
    path: str
    is_folder: bool = False


def hold_outputs(session: Session, outputs: Sequence[Output], inputs: Iterable[str] = ()) -> None:
    """Refuse what cannot be written to, or must not be.

    Raises:
        BadParameter: where an output is no regular file, is one of the inputs, or is written to twice.
    """
    for output in outputs:
        if wrong := _complaint(session, output):
            raise wrong
    read = {_identity(path) for path in inputs} if outputs else set[object]()
    taken: dict[object, str] = {}
    for option, path, _ in (one for one in outputs if not one.is_folder):
        identity = _identity(path)
        if identity in read:
            words = N_("`{path}` is one of the files that this command reads, which would be lost; name another file")
            raise session.misused(words, option, path=visible(path))
        if identity in taken:
            words = N_("`{path}` is where {other} writes too; name another file")
            raise session.misused(words, option, path=visible(path), other=f"`{taken[identity]}`")
        taken[identity] = option


def _complaint(session: Session, output: Output) -> "click.UsageError | None":
    """Return what is wrong with an output; None where it can be written to."""
    option, path, is_folder = output
    if not path:
        return session.misused(N_("no path was named"), option)
    try:
        found, folder = odd_kind(path), path
        there = _is_there(path)
        if is_folder and there and not os.path.isdir(path):
            return session.misused(N_("`{path}` is no folder; name a folder, or one that is not there yet"), option, path=visible(path))
        if found and not (is_folder and there):
            words = N_("`{path}` is {found}; name a file, or one that is not there yet")
            return session.misused(words, option, path=visible(path), found=session.text(found))
        if there and not os.access(path, os.W_OK):
            return session.misused(_NO_RIGHT, option, path=visible(path))
        if not (is_folder and there):
            folder = os.path.dirname(os.path.realpath(path))
        while is_folder and not os.path.lexists(folder):
            folder = os.path.dirname(folder)  # folders on the way are made
        if not os.path.isdir(folder):
            return session.misused(_NO_FOLDER, option, path=visible(folder))
    except NotADirectoryError:
        return session.misused(_NO_FOLDER, option, path=visible(os.path.dirname(path)))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return session.misused(N_("`{path}` cannot be written: {reason}"), option, path=visible(path), reason=reason)
    return None if os.access(folder, os.W_OK | os.X_OK) else session.misused(_NO_RIGHT, option, path=visible(folder))


def _is_there(path: str) -> bool:
    """Return whether anything lies at a path; raises OSError where that cannot be seen, ValueError where the path can be none."""
    try:
        os.lstat(path)
    except FileNotFoundError:
        return False
    return True


def _identity(path: str) -> object:
    """Return what a path leads to: the file itself where there is one, else the place where it would be."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return os.path.normcase(os.path.realpath(path)) if "\0" not in path else path
    return found.st_dev, found.st_ino


def files_read(paths: Iterable[str], endings: tuple[str, ...] = YAML) -> list[str]:
    """Return the files that paths lead to, those in folders by their endings, for a comparison with what is written."""
    return [file for path in paths for file in (files_below(path, endings, []) if os.path.isdir(path) else [path])]


def rulebook_files(library: Library) -> list[str]:
    """Return the files of every edition of a library, and its lock; none where it cannot be read, which whoever reads it says."""
    try:
        folders = library.folders()
    except InputError:
        return []
    locks = {os.path.join(os.path.dirname(os.path.abspath(folder)), NAME) for folder in folders.values()}
    return [*files_read(folders.values()), *locks]


def open_records(path: str) -> "io.BufferedReader[Any]":
    """Open a file of records, or a pipe, which is a file like another; `-` is standard input.

    Raises:
        InputError: PE114, where it cannot be read; PE611, where it is empty: an empty run is never a success.
    """
    try:
        opened: Any = standard_input() if path == STANDARD else io.FileIO(path)
        file = io.BufferedReader(opened)
        empty = not file.peek(1)
    except OSError as error:
        raise InputError([Problem("PE114", Location(path, 1, 1), {"reason": error.strerror or str(error)})]) from error
    if empty:
        file.close()
        raise InputError([Problem("PE611", Location(path, 1, 1), {})])
    return file


def lines_of_records(path: str, label: str) -> Iterator[bytes]:
    """Read the lines of a file of records, packed or not, and show on a terminal how far it is; an empty one where it is damaged.

    Raises:
        InputError: as `open_records` does; PE117, where a line is longer than any record.
    """
    with open_records(path) as file, contextlib.ExitStack() as shown:
        packed = file.peek(1).startswith(PACKED)
        update: Callable[[int], object] = lambda _: None  # noqa: E731
        if sys.stderr.isatty() and os.path.isfile(path) and not packed:  # nobody knows how long a pipe is
            import click

            update = shown.enter_context(click.progressbar(length=os.path.getsize(path), label=label, file=sys.stderr)).update
        lines = unpacked_lines(file, MAX_RECORD) if packed else iter(lambda: file.readline(MAX_RECORD + 1), b"")
        try:
            for number, line in enumerate(lines, 1):
                hold_line(path, number, len(line), MAX_RECORD)
                yield line
                update(len(line))
        except DamagedError:
            yield b""


def going_through(label: str, things: Sequence[_Thing]) -> Iterator[_Thing]:
    """Go through things, and show on a terminal how far it is."""
    if not sys.stderr.isatty():
        yield from things
        return
    import click

    with click.progressbar(things, label=label, file=sys.stderr, show_pos=True) as bar:
        yield from bar


@contextlib.contextmanager
def rows_done(total: Callable[[], int], language: str) -> Generator[Callable[[int], None]]:
    """Yield what is to be called with how many more rows are done.

    Args:
        total: counts all rows; asked only where there is a bar to draw.
        language: `vi` or `en`.
    """
    if sys.stderr.isatty():
        import click

        with click.progressbar(length=total(), label=translate(N_("rows"), language), file=sys.stderr) as bar:
            yield bar.update
        return
    done = 0

    def count(rows: int) -> None:
        nonlocal done
        done += rows
        if done // _EVERY > (done - rows) // _EVERY:
            sys.stderr.write(plural("{number} row done", "{number} rows done", done, language) + "\n")

    yield count
