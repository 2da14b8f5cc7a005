"""One file in its canonical layout, held against what it meant before; and the files that a user means."""

import os
from collections.abc import Iterable
from typing import NamedTuple

from policy_engine.errors import InputError, Problem
from policy_engine.load.edition import KINDS
from policy_engine.load.files import YAML, files_below, read_bytes
from policy_engine.load.scalars import Data
from policy_engine.load.tidy.layout import OddGapError, comments_of, laid_out
from policy_engine.load.tidy.modeline import is_modeline, schema_above, schema_of, with_modeline
from policy_engine.load.yaml_text import MAX_BYTES, Document, Path, read_document
from policy_engine.source import Location

_ORDER_MARK = "\ufeff"


class Tidied(NamedTuple):
    """A file as it stands, and as it should."""

    file: str
    before: str
    after: str

    @property
    def changed(self) -> bool:
        """Whether a single byte differs."""
        return self.before != self.after


def yaml_files(paths: Iterable[str], problems: list[Problem]) -> list[str]:
    """Give the files that are meant, each once: a folder stands for the YAML files below it, hidden ones aside."""
    found: dict[str, str] = {}
    for path in paths:
        odd = len(problems)
        files = sorted(files_below(path, YAML, problems, hidden=False)) if os.path.isdir(path) else [path]
        if not files and len(problems) == odd:
            problems.append(Problem("PE841", Location(path, 1, 1), {"folder": path}))
        for file in files:
            found.setdefault(os.path.realpath(file), file)
    return list(found.values())


def tidied_file(path: str) -> Tidied:
    """Lay out a file on disk.

    Raises:
        InputError: as `tidied` does, and PE114 where it cannot be read.
    """
    return tidied(read_bytes(path, MAX_BYTES), path, os.path.dirname(os.path.realpath(path)))


def tidied(raw: bytes, file: str, folder: str | None) -> Tidied:
    """Lay out a text.

    Args:
        raw: its bytes.
        file: its name, for problems.
        folder: where it lies, from which its modeline leads to the schema; None where that is not known.

    Raises:
        InputError: with every problem of a text that cannot be read; PE840 where it cannot be laid out without loss.
    """
    document = read_document(raw, file)
    if document.problems:
        raise InputError(document.problems)
    text = raw.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n").lstrip(_ORDER_MARK)
    schema = schema_of(document.data, KINDS)
    seen = schema_above(folder, schema) if schema and folder is not None else ""
    try:
        after = laid_out(with_modeline(text, seen) if seen else text)
        _hold(document, text, after)
    except OddGapError as error:
        at = max(text.find(error.found), 0)
        place = Location(file, text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))
        raise InputError([document.problem("PE840", place)]) from error
    return Tidied(file, raw.decode("utf-8"), after)


def _hold(before: Document, text: str, after: str) -> None:
    """Hold a layout against the text that it was made of: the same data, the same comments, and nothing left to do.

    Raises:
        InputError: PE840, at the first value that would be another.
    """
    read = read_document(after.encode(), before.file)
    same = not read.problems and repr(read.data) == repr(before.data)
    if same and _remarks(text) == _remarks(after) and laid_out(after) == after:
        return
    others = [path for path in before.places if path and _at(before.data, path) != _at(read.data, path)]
    places = [before.keys.get(path) or before.places[path] for path in others]
    raise InputError([before.problem("PE840", min(places, default=Location(before.file, 1, 1)))])


def _at(data: Data, path: Path) -> Data:
    """Give the value at a path; a mapping or list counts only for being one, since its members are asked for themselves."""
    for key in path:
        if isinstance(data, dict):
            data = data.get(str(key))
        else:
            data = data[key] if isinstance(data, list) and isinstance(key, int) and key < len(data) else None
    return {} if isinstance(data, dict) else [] if isinstance(data, list) else data


def _remarks(text: str) -> list[str]:
    """Give the comments of a text; the modeline is the engine's own."""
    return [comment for comment in comments_of(text) if not is_modeline(comment)]
