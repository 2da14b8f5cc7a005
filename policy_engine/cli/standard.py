"""Files that go to standard output: written whole first, as any other file, and then handed over."""

import contextlib
import os
import shutil
import sys
from collections.abc import Generator
from typing import TYPE_CHECKING

from policy_engine.cli.streams import STANDARD
from policy_engine.load.beside import held_folder

if TYPE_CHECKING:
    from policy_engine.columnar.order import Order


@contextlib.contextmanager
def to_files(order: "Order") -> "Generator[Order]":
    """Return an order that writes files; what was to go to standard output goes there when all is done."""
    with held_folder() as folder:
        path = os.path.join(folder, "output")
        to = path if order.to == STANDARD else order.to
        rejects = path if order.rejects == STANDARD else order.rejects
        yield order._replace(to=to, rejects=rejects)
        if os.path.exists(path):
            sys.stdout.flush()
            with open(path, "rb") as written:
                shutil.copyfileobj(written, sys.stdout.buffer)
            sys.stdout.buffer.flush()
