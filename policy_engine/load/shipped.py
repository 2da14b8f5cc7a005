"""The issued editions that come with the engine, known by digests inside the package: who changes their files does not change these."""

import os
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

_FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "shipped.json")


class Shipped(NamedTuple):
    """One edition as it was shipped: the digest of its meaning, and of its lines in the lock, which name every byte of it."""

    revision: str
    seal: str


@cache
def shipped_editions() -> Mapping[str, Shipped]:
    """Return what is known of the issued editions that came with the engine, by id (a test holds the file against them)."""
    import json  # noqa: PLC0415

    with open(_FILE, encoding="utf-8") as file:
        return {name: Shipped(**digests) for name, digests in json.load(file).items()}


def is_as_shipped(name: str, revision: str) -> bool | None:
    """Return whether an edition means what the shipped one of its id does; None where none of that id was shipped."""
    known = shipped_editions().get(name)
    return None if known is None else known.revision == revision
