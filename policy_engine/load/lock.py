"""The lock: which bytes an edition had when it was sealed, and the digest of its meaning.

Where every file of an edition still has the bytes that the lock names, its digest is taken from there, and the schemas need
not be asked again: they were when it was sealed. A lock that says otherwise than the files is no lock to them.
"""

import os
from collections.abc import Iterator, Mapping

from policy_engine.load.digest import sha256_of

NAME = "editions.lock"


def sealed_revision(folder: str, raws: Mapping[str, bytes]) -> str | None:
    """Give the digest that the lock beside an edition's folder names; None where there is none, or where any byte differs."""
    edition = os.path.basename(os.path.abspath(folder))
    named = dict(_lines(os.path.join(os.path.dirname(os.path.abspath(folder)), NAME), edition))
    revision = named.pop(edition, None)
    if revision is None or named.keys() != {name_of(folder, path) for path in raws}:
        return None
    same = all(named[name_of(folder, path)] == f"sha256:{sha256_of((raw,))}" for path, raw in raws.items())
    return revision if same else None


def name_of(folder: str, path: str) -> str:
    """Name a file as the lock does: from the folder of editions on, with forward strokes."""
    return f"{os.path.basename(os.path.abspath(folder))}/{os.path.relpath(path, folder).replace(os.sep, '/')}"


def _lines(path: str, edition: str) -> Iterator[tuple[str, str]]:
    """Give the lines of a lock about one edition: a name and a digest each."""
    try:
        with open(path, encoding="utf-8") as file:
            for line in file:
                name, _, digest = line.strip().rpartition(" ")
                if name == edition or name.startswith(f"{edition}/"):
                    yield name, digest
    except (OSError, ValueError):
        return
