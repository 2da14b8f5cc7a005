"""Files of records, read line by line, with a progress bar on a terminal."""

import os
import sys
from collections.abc import Iterator
from typing import IO

import click

from policy_engine.errors import InputError, Problem
from policy_engine.source import Location


def open_records(path: str) -> IO[bytes]:
    """Open a file of records.

    Raises:
        InputError: PE114, where it cannot be read; PE611, where it is empty: an empty run is never a success.
    """
    try:
        file = open(path, "rb")  # noqa: SIM115  (the caller closes it)
    except OSError as error:
        raise InputError([Problem("PE114", Location(path, 1, 1), {"reason": error.strerror or str(error)})]) from error
    if os.fstat(file.fileno()).st_size == 0:
        file.close()
        raise InputError([Problem("PE611", Location(path, 1, 1), {})])
    return file


def watched(file: IO[bytes], path: str, label: str) -> Iterator[bytes]:
    """Go through the lines of a file, and show on a terminal how far it is."""
    if not sys.stderr.isatty():
        yield from file
        return
    with click.progressbar(length=os.path.getsize(path), label=label, file=sys.stderr) as bar:
        for line in file:
            yield line
            bar.update(len(line))
