"""How far a long run is: a bar on a terminal, a plain line now and then elsewhere."""

import contextlib
import sys
from collections.abc import Callable, Generator

import click

from policy_engine.errors import N_
from policy_engine.messages import plural, translate

EVERY = 1_000_000


@contextlib.contextmanager
def rows_done(total: Callable[[], int], language: str) -> Generator[Callable[[int], None]]:
    """Give what is to be told of rows that are done.

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
