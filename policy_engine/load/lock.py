"""The lock: what an edition meant when it was sealed, file by file, and which bytes its files had.

`editions.lock` stands beside the folders of editions; beside it, in `sealed/`, stands a copy of the meaning of each sealed
edition, so that a changed value can be named. The lock holds the digest of the copy. A sealed edition whose meaning is
another one is refused by every command.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from policy_engine.errors import InputError, Problem
from policy_engine.load.digest import sha256_of
from policy_engine.load.files import odd_kind
from policy_engine.load.yaml_text import Document
from policy_engine.source import Location

NAME = "editions.lock"
COPIES = "sealed"
_DIGEST = re.compile(r"(?:meaning|text|copy)=sha256:[0-9a-f]{64}", re.ASCII)
_MEANING, _TEXT, _COPY = "meaning=sha256:", "text=sha256:", "copy=sha256:"


class Seal(NamedTuple):
    """One sealed edition: the digest of its meaning and of its sealed copy; of each file, of its meaning and of its bytes."""

    revision: str
    copy: str
    meanings: Mapping[str, str]
    texts: Mapping[str, str]


def read_seal(folder: str) -> Seal | None:
    """Give the seal of the edition in a folder; None where it is not sealed."""
    edition, root = _split(folder)
    front: dict[str, str] = {}
    meanings: dict[str, str] = {}
    texts: dict[str, str] = {}
    for name, marks in _lines(os.path.join(root, NAME), edition):
        if name == edition:
            front = marks
        else:
            meanings[name], texts[name] = marks.get(_MEANING, ""), marks.get(_TEXT, "")
    return Seal(front.get(_MEANING, ""), front.get(_COPY, ""), meanings, texts) if front else None


def name_of(folder: str, path: str) -> str:
    """Name a file as the lock does: from the folder of editions on, with forward strokes."""
    return f"{_split(folder)[0]}/{os.path.relpath(path, folder).replace(os.sep, '/')}"


def is_a_name(name: str) -> bool:
    """Return whether the lock can hold a name: one line of text, which is no remark."""
    return bool(name) and name.isprintable() and not name.startswith("#")


def copy_path(folder: str) -> str:
    """Give the path of the sealed copy of an edition."""
    edition, root = _split(folder)
    return os.path.join(root, COPIES, f"{edition}.json")


def same_texts(seal: Seal, folder: str, raws: Mapping[str, bytes]) -> bool:
    """Tell whether every file has the bytes that were sealed, and none is missing or new."""
    names = {name_of(folder, path): path for path in raws}
    return names.keys() == seal.texts.keys() and all(text_digest(raws[path]) == seal.texts[name] for name, path in names.items())


def text_digest(raw: bytes) -> str:
    """Give the digest of a file's bytes, as the lock writes it."""
    return sha256_of((raw,))


class SealedCopy(NamedTuple):
    """The sealed meaning of an edition: its digest, and the data of its files by their names."""

    revision: str
    files: Mapping[str, Any]


def sealed_data(folder: str, seal: Seal) -> SealedCopy | None:
    """Give the sealed meaning of an edition; None where the copy is missing or not the sealed one."""
    path = copy_path(folder)
    try:
        if odd_kind(path):
            return None
        with open(path, "rb") as file:
            raw = file.read()
    except OSError:
        return None
    if sha256_of((raw,)) != seal.copy:
        return None
    data = json.loads(raw)
    return SealedCopy(data["revision"], data["files"]) if isinstance(data, dict) and data.keys() == {"revision", "files"} else None


def sealed_documents(folder: str, raws: Mapping[str, bytes], seal: Seal) -> list[Document] | None:
    """Give the documents of an edition from its sealed copy, without their places: nothing in them is left to complain of.

    None where the copy is not the sealed one, or speaks of other files or of another revision than the lock.
    """
    copy = sealed_data(folder, seal)
    names = {name_of(folder, path): path for path in raws}
    if copy is None or copy.revision != seal.revision or copy.files.keys() != names.keys():
        return None
    return [Document(path, copy.files[name], {}, {}, (), []) for name, path in names.items()]


def lock_line(name: str, **marks: str) -> str:
    """Write one line of the lock."""
    return " ".join([name, *(f"{key}=sha256:{digest}" for key, digest in marks.items())])


def _split(folder: str) -> tuple[str, str]:
    """Give the name of an edition's folder, and the folder of editions."""
    whole = os.path.abspath(folder)
    return os.path.basename(whole), os.path.dirname(whole)


def split_line(line: str) -> tuple[str, dict[str, str]]:
    """Give the name in a line of a lock, which may have spaces, and its digests by their marks."""
    words = line.rstrip("\n").split(" ")
    marks: dict[str, str] = {}
    while len(words) > 1 and _DIGEST.fullmatch(words[-1]):
        key, _, digest = words.pop().partition(":")
        marks[f"{key}:"] = digest
    return " ".join(words), marks


def _lines(path: str, edition: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Give the lines of a lock about one edition: a name, and a digest by each mark.

    Raises:
        InputError: PE880, where the lock is no file.
    """
    if kind := odd_kind(path):
        raise InputError([Problem("PE880", Location(path, 1, 1), {"found": kind})])
    try:
        with open(path, encoding="utf-8") as file:
            for line in file:
                name, marks = split_line(line) if line.startswith(edition) else ("", {})
                if name == edition or name.startswith(f"{edition}/"):
                    yield name, marks
    except (OSError, ValueError):
        return
