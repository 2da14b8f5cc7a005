"""A new edition from an old one: a full copy with its comments, under its own id and period, as a draft."""

import errno
import os
import re
import shutil
from collections.abc import Iterator
from datetime import date
from operator import itemgetter
from typing import NamedTuple

from policy_engine.load.edition import load_edition
from policy_engine.load.files import clear, held_folder, odd_kind
from policy_engine.load.layout import moved
from policy_engine.load.lock import FRONT, read_raws
from policy_engine.load.yaml_plain import Path
from policy_engine.load.yaml_text import read_document
from policy_engine.model.rulebook import Edition
from policy_engine.source import Location


class Remaining(NamedTuple):
    """A value of a new edition that still speaks of the old period: where it stands, and what it says."""

    location: Location
    text: str


def new_edition(old: str, root: str, name: str, first: date, last: date) -> tuple[str, tuple[Remaining, ...]]:
    """Copy an edition's folder under a new id and period, as a draft; return its folder, and what still speaks of the old period.

    Comments and spacing stay as they are: only the values are replaced, and the modeline at the head of each file. The copy
    appears whole or not at all.

    Args:
        old: the folder of the edition that is copied.
        root: the folder of editions to copy it into.
        name: the id of the new edition, and the name of its folder.
        first: the first day that it governs.
        last: the last one.

    Raises:
        FileExistsError: where there is such a folder already.
        OSError: where it cannot be written.
        InputError: where the copy cannot be read.
    """
    target = os.path.join(root, name)
    clear(root)
    if os.path.lexists(target):
        raise FileExistsError(target)
    load_edition(old, heed_lock=False)
    os.makedirs(root, exist_ok=True)
    with held_folder(root) as beside:
        copy = os.path.join(beside, name)
        _copy(old, copy)
        before = load_edition(copy, heed_lock=False)
        _rewrite_front(os.path.join(copy, FRONT), before, name, first, last)
        _rewrite_modelines(old, copy, target)
        load_edition(copy, heed_lock=False)
        os.rename(copy, target)
    return target, tuple(_remaining(target, before.begins.year, (first.year, last.year)))


class _UncopiedError(Exception):
    """A file could not be copied; not an OSError, of which `copytree` gathers one a file into one without a reason."""


def _copy(old: str, copy: str) -> None:
    try:
        shutil.copytree(old, copy, copy_function=_copied)
    except _UncopiedError as error:
        raise error.__cause__ or error from None
    except shutil.Error as error:
        raise OSError(errno.EIO, str(error)) from error


def _copied(source: str, copy: str) -> str:
    """Copy a file; what is none would be read for ever."""
    if odd_kind(source):
        raise _UncopiedError(source) from OSError(errno.EINVAL, os.strerror(errno.EINVAL), source)
    try:
        return shutil.copy2(source, copy)
    except OSError as error:
        raise _UncopiedError(source) from error


def _rewrite_modelines(old: str, copy: str, target: str) -> None:
    for path, raw in read_raws(copy).items():
        inner = os.path.relpath(os.path.dirname(path), copy)
        before, after = (os.path.abspath(os.path.join(folder, inner)) for folder in (old, target))
        _write(path, moved(raw.decode("utf-8"), before, after, "rulebook.schema.json"))


def _rewrite_front(path: str, before: Edition, name: str, first: date, last: date) -> None:
    with open(path, "rb") as file:
        raw = file.read()
    places = read_document(raw, path).places
    wanted: dict[Path, str] = {
        ("edition",): f'"{name}"', ("status",): "draft", ("period", "from"): first.isoformat(), ("period", "until"): last.isoformat(),
        ("supersedes",): f'"{before.id}"',
    }  # fmt: skip
    lines = raw.decode("utf-8").split("\n")
    for where, value in wanted.items():
        if place := places.get(where):
            lines[place.line - 1] = _with_value(lines[place.line - 1], place.column - 1, value)
    if ("supersedes",) not in places:
        lines.insert(places["status",].line, f'supersedes: "{before.id}"')
    _write(path, "\n".join(lines))


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(text)


def _with_value(line: str, begin: int, value: str) -> str:
    """Replace the scalar that begins at a place of a line, and leave what stands behind it."""
    quote = line[begin : begin + 1]
    if quote in {'"', "'"}:
        end = line.index(quote, begin + 1) + 1
    else:
        remark = re.search(r"\s+#|\s*[,}]|\s*$", line[begin:])
        end = begin + (remark.start() if remark else len(line))
    return line[:begin] + value + line[end:]


def _remaining(folder: str, year: int, wanted: tuple[int, int]) -> Iterator[Remaining]:
    """Return the values that still name the old year, in the order of the files; the front file's own are left to it."""
    pattern = re.compile(rf"(?<!\d){year}(?!\d)")
    for path, raw in read_raws(folder).items() if year not in wanted else ():
        document = read_document(raw, path)
        for where, place in sorted(document.places.items(), key=itemgetter(1)):
            value = document.at(where)
            if isinstance(value, str) and pattern.search(value) and where != ("supersedes",):
                yield Remaining(place, " ".join(value.split()))
