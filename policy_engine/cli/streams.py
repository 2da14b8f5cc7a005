"""Files of records, read line by line, and other long runs, with a progress bar on a terminal."""

import contextlib
import io
import os
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from typing import IO, TypeVar

import click

from policy_engine.errors import N_, InputError, Problem
from policy_engine.load.files import standard_input
from policy_engine.load.limits import MAX_RECORD, hold_line
from policy_engine.messages import plural, translate
from policy_engine.source import Location

EVERY = 1_000_000


@contextlib.contextmanager
def rows_done(total: Callable[[], int], language: str) -> Generator[Callable[[int], None]]:
    """Return what is to be told of rows that are done.

    Args:
        total: counts all rows; asked only where there is a bar to draw.
        language: `vi` or `en`.
    """
    if sys.stderr.isatty():
        with click.progressbar(length=total(), label=translate(N_("rows"), language), file=sys.stderr) as bar:
            yield bar.update
        return
    done = 0

    def tell(rows: int) -> None:
        nonlocal done
        done += rows
        if done // EVERY > (done - rows) // EVERY:
            sys.stderr.write(plural("{number} row done", "{number} rows done", done, language) + "\n")

    yield tell


_Thing = TypeVar("_Thing")
STANDARD = "-"
"""Stands for standard input where a file is read, for standard output where one is written."""


def open_records(path: str) -> IO[bytes]:
    """Open a file of records, or a pipe, which is a file like another; `-` is standard input.

    Raises:
        InputError: PE114, where it cannot be read; PE611, where it is empty: an empty run is never a success.
    """
    try:
        file = io.BufferedReader(standard_input() if path == STANDARD else io.FileIO(path))  # type: ignore[type-var]
        empty = not file.peek(1)
    except OSError as error:
        raise InputError([Problem("PE114", Location(path, 1, 1), {"reason": error.strerror or str(error)})]) from error
    if empty:
        file.close()
        raise InputError([Problem("PE611", Location(path, 1, 1), {})])
    return file


def watched(file: IO[bytes], path: str, label: str) -> Iterator[bytes]:
    """Go through the lines of a file, and show on a terminal how far it is."""
    lines = _lines(file, path)
    if not sys.stderr.isatty() or not os.path.isfile(path):  # nobody knows how long a pipe is
        yield from lines
        return
    with click.progressbar(length=os.path.getsize(path), label=label, file=sys.stderr) as bar:
        for line in lines:
            yield line
            bar.update(len(line))


def _lines(file: IO[bytes], path: str) -> Iterator[bytes]:
    """Read the lines of a file of records.

    Raises:
        InputError: PE117, where one is longer than any record.
    """
    number = 0
    while line := file.readline(MAX_RECORD + 1):
        number += 1
        hold_line(path, number, len(line), MAX_RECORD)
        yield line


def going_through(label: str) -> Callable[[Sequence[_Thing]], Iterable[_Thing]]:
    """Show on a terminal how far a run is; nothing elsewhere."""

    def watch(things: Sequence[_Thing]) -> Iterator[_Thing]:
        if not sys.stderr.isatty():
            yield from things
            return
        with click.progressbar(things, label=label, file=sys.stderr, show_pos=True) as bar:
            yield from bar

    return watch
