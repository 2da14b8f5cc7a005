"""The first file of an edition, `edition.yaml`: by it an edition is found, and its id is the one that its seal goes by."""

import os
import re
from collections.abc import Iterable
from typing import NamedTuple

from policy_engine.load.yaml_text import Document

FRONT = "edition.yaml"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*", re.ASCII)
_REMARKS = rb"(?:[ \t]*(?:#[^\r\n]*)?\r?\n)*"
_PLAIN = re.compile(
    rb"(?:\xef\xbb\xbf)?" + _REMARKS + rb'edition: "([A-Za-z0-9][A-Za-z0-9.-]*)"\r?\n'
    rb"(?:" + _REMARKS + rb"status: (issued|draft)\r?\n)?"
)  # fmt: skip


class Front(NamedTuple):
    """What the first file says where it is written plainly: the id, and the status or "" where that stands elsewhere."""

    id: str
    status: str


def is_an_id(name: str) -> bool:
    """Return whether a name can be the id of an edition: one that YAML, a folder, the lock and a log can hold."""
    return _ID.fullmatch(name) is not None


def plain_front(raw: bytes) -> Front | None:
    """Return id and status where they are the first keys of the file, which is seen without reading the rest of it."""
    found = _PLAIN.match(raw)
    return Front(found[1].decode(), (found[2] or b"").decode()) if found else None


def declared_front(folder: str, documents: Iterable[Document]) -> Front:
    """Return the id and the status that `edition.yaml` in a folder states; "" for what is no text or is not there."""
    first = os.path.join(folder, FRONT)
    data = next((document.data for document in documents if document.file == first), None)
    found = (data.get(key) if isinstance(data, dict) else None for key in ("edition", "status"))
    return Front(*(value if isinstance(value, str) else "" for value in found))
