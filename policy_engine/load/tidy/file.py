"""One file in its canonical layout, held against what it meant before."""

import os
from typing import NamedTuple

from policy_engine.errors import InputError, Problem
from policy_engine.load.edition import KINDS
from policy_engine.load.tidy.layout import laid_out
from policy_engine.load.tidy.modeline import schema_above, schema_of, with_modeline
from policy_engine.load.yaml_text import Document, Path, read_document
from policy_engine.source import Location


class Tidied(NamedTuple):
    """A file as it stands, and as it should."""

    file: str
    before: str
    after: str
    changed: bool
    """Whether a single byte differs; line ends and a mark of the byte order are not seen in the texts."""


def tidied(raw: bytes, file: str, folder: str | None) -> Tidied:
    """Lay out a file.

    Args:
        raw: its bytes.
        file: its name, for problems.
        folder: where it lies, from which its modeline leads to the schema; None where that is not known.

    Raises:
        InputError: with every problem of a file that cannot be read; PE840 where it would mean something else.
    """
    document = read_document(raw, file)
    if document.problems:
        raise InputError(document.problems)
    before = raw.decode("utf-8-sig")
    text = before.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff")
    schema = schema_of(document.data, KINDS)
    seen = schema_above(folder, schema) if schema and folder is not None else ""
    after = laid_out(with_modeline(text, seen) if seen else text)
    _held_against(document, read_document(after.encode(), file))
    return Tidied(file, before, after, after.encode() != raw)


def _held_against(before: Document, after: Document) -> None:
    """Refuse a layout that would not mean the same.

    Raises:
        InputError: PE840, at the first value that would be another.
    """
    if not after.problems and repr(before.data) == repr(after.data):
        return
    path = next((path for path in before.places if _value(before, path) != _value(after, path)), ())
    place = before.places.get(path) or Location(before.file, 1, 1)
    raise InputError([before.problem("PE840", place)])
