"""The lock: what each edition meant when it was sealed, file by file, and which bytes its files had.

`editions.lock` stands beside the folders of editions; beside it, in `sealed/`, stands a copy of the meaning of each sealed
edition, so that a changed value can be named. The lock holds the digest of the copy. A sealed edition whose meaning is
another one is refused by every command, and so is every edition beside a lock that cannot be read to its end.

A seal goes by the id that the edition states, whatever its folder is called; where that id has none, by the name of the folder,
by which locks went before: who changes an id in place does not shake its seal off.
"""

import os
import posixpath
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from policy_engine.errors import InputError, Problem
from policy_engine.language.values import is_object
from policy_engine.load.files import YAML, files_below, lines_of, odd_kind, read_bytes, read_text
from policy_engine.load.limits import MAX_RULEBOOK_BYTES, MAX_RULEBOOK_FILES, RULEBOOK_BYTES, RULEBOOK_FILES, hold_size
from policy_engine.load.meaning import sha256_of
from policy_engine.load.yaml_text import MAX_BYTES, Document
from policy_engine.source import Location
from policy_engine.tuples import NamedTuple

FRONT = "edition.yaml"
_ID = r"[A-Za-z0-9][A-Za-z0-9.-]*"
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
    return re.fullmatch(_ID, name, re.ASCII) is not None


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


_FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "shipped.json")


class Shipped(NamedTuple):
    """One edition as it was shipped: the digest of its meaning, and of its lines in the lock, which name every byte of it."""

    revision: str
    seal: str


@cache
def shipped_editions() -> Mapping[str, Shipped]:
    """Return what is known of the issued editions that came with the engine, by id (a test holds the file against them)."""
    import json

    with open(_FILE, encoding="utf-8") as file:
        return {name: Shipped(**digests) for name, digests in json.load(file).items()}


def is_as_shipped(name: str, revision: str) -> bool | None:
    """Return whether an edition means what the shipped one of its id does; None where none of that id was shipped."""
    known = shipped_editions().get(name)
    return None if known is None else known.revision == revision


NAME = "editions.lock"
COPIES = "sealed"
_MARK = r"(meaning|text|copy)=sha256:([0-9a-f]{64})"
_FRONT_MARKS, _FILE_MARKS = ("meaning", "copy"), ("meaning", "text")
_MAX_COPY = 64 * 1024 * 1024
_LONGEST = 80


class Seal(NamedTuple):
    """One sealed edition: its name in the lock, the digest of its meaning and of its sealed copy; of each file, of its meaning and bytes.

    Files are named from the edition's folder on. `digest` is that of all its lines in the lock.
    """

    name: str
    revision: str
    copy: str
    meanings: Mapping[str, str]
    texts: Mapping[str, str]
    digest: str


class Lock(NamedTuple):
    """A lock that was read whole: its lines by the name of their edition, without the remarks, and its seals."""

    path: str
    lines: Mapping[str, tuple[str, ...]]
    seals: Mapping[str, Seal]

    def seal_of(self, folder: str, edition: str) -> Seal | None:
        """Return the seal of the edition in a folder, by its id or else by the folder's name; None where it is not sealed."""
        return self.seals.get(edition) or self.seals.get(os.path.basename(os.path.abspath(folder)))


def lock_path(root: str) -> str:
    return os.path.join(root, NAME)


def root_of(folder: str) -> str:
    """Return the folder of editions that an edition's folder lies in, written as the edition's folder is where that can be."""
    whole = os.path.normpath(folder)
    return os.path.dirname(os.path.abspath(whole)) if os.path.basename(whole) in {"", ".", ".."} else os.path.dirname(whole) or "."


class Sources(NamedTuple):
    """All that an edition is made of, as it was read: the bytes of its files by their paths, and the text of the lock, if there is one."""

    raws: Mapping[str, bytes]
    lock: str | None


def read_sources(folder: str) -> Sources:
    """Read what an edition is made of.

    Raises:
        InputError: those of `read_raws`, and PE880, PE101, PE102, PE114 where the lock is no file or cannot be read.
    """
    raws = read_raws(folder)
    return Sources(raws, _text_of(lock_path(root_of(folder))))


def read_raws(folder: str) -> dict[str, bytes]:
    """Read the bytes of every YAML file below a folder, in the order of their names.

    Raises:
        InputError: PE880, where something bears the name of such a file and is none; PE114, where one cannot be read; PE116, where
            they are too many or too large.
    """
    odd: list[Problem] = []
    found = files_below(folder, YAML, odd, most=MAX_RULEBOOK_FILES, things=RULEBOOK_FILES)
    if odd:
        raise InputError(odd)
    raws: dict[str, bytes] = {}
    for path in found:
        raws[path] = read_bytes(path, MAX_BYTES)
        hold_size(folder, sum(map(len, raws.values())), MAX_RULEBOOK_BYTES, RULEBOOK_BYTES)
    return raws


def _text_of(path: str) -> str | None:
    if not os.path.lexists(path):
        return None
    if kind := odd_kind(path):
        raise InputError([Problem("PE880", Location(path, 1, 1), {"found": kind})])
    return read_text(path)


def read_lock(root: str) -> Lock:
    """Read the lock of a folder of editions whole; one that is not there has no seal.

    Raises:
        InputError: PE880 where it is no file, PE101, PE102, PE114 where it cannot be read, PE613 to PE615 where it is not whole: a
            lock of which a part cannot be read may hold any seal.
    """
    path = lock_path(root)
    return parse_lock(path, _text_of(path))


def parse_lock(path: str, text: str | None) -> Lock:
    """Return the lock that a text is; see `read_lock`."""
    if text is None:
        return Lock(path, {}, {})
    problems: list[Problem] = []
    first: dict[str, int] = {}
    marks: dict[str, dict[str, str]] = {}
    lines: dict[str, list[str]] = {}
    for number, line in enumerate(lines_of(text), 1):
        name, digests = _split_line(line)
        if not line.strip() or line.startswith("#"):
            continue
        if not _is_whole_line(line, name, digests):
            problems.append(Problem("PE613", Location(path, number, 1), {"found": line[:_LONGEST]}, line))
        elif name in first:
            problems.append(Problem("PE614", Location(path, number, 1), {"name": name, "first": str(first[name])}, line))
        else:
            first[name], marks[name] = number, digests
            lines.setdefault(name.partition("/")[0], []).append(line)
    for edition, own in lines.items():
        if edition not in marks or len(own) == 1:
            place = Location(path, min(number for name, number in first.items() if name.partition("/")[0] == edition), 1)
            problems.append(Problem("PE615", place, {"name": edition}, own[0]))
    if problems:
        raise InputError(problems)
    return Lock(path, {name: tuple(own) for name, own in lines.items()}, {name: _seal(name, own, marks) for name, own in lines.items()})


def read_seal(folder: str, edition: str = "") -> Seal | None:
    """Return the seal of the edition in a folder; None where it is not sealed. See `read_lock` and `Lock.seal_of`."""
    return read_lock(root_of(folder)).seal_of(folder, edition)


def _is_whole_line(line: str, name: str, digests: Mapping[str, str]) -> bool:
    """Return whether a line is one that `seal` writes, to the letter: an edition or one of its files, with its two digests."""
    wanted = _FILE_MARKS if "/" in name else _FRONT_MARKS
    plain = is_a_name(name) and name == name.strip() and posixpath.normpath(name) == name and not name.startswith(("/", "../"))
    return plain and name not in {".", ".."} and tuple(digests) == wanted and lock_line(name, **digests) == line


def _seal(edition: str, lines: Iterable[str], marks: Mapping[str, Mapping[str, str]]) -> Seal:
    front, start = marks[edition], f"{edition}/"
    files = {name.removeprefix(start): digests for name, digests in marks.items() if name.startswith(start)}
    meanings, texts = ({name: digests[key] for name, digests in files.items()} for key in _FILE_MARKS)
    digest = sha256_of(("\n".join(sorted(lines)).encode(),))
    return Seal(name=edition, revision=front["meaning"], copy=front["copy"], meanings=meanings, texts=texts, digest=digest)


def _split_line(line: str) -> tuple[str, dict[str, str]]:
    """Return the name in a line of a lock, which may have spaces, and its digests by their marks, in their order."""
    words = line.split(" ")
    marks: list[tuple[str, str]] = []
    while len(words) > 1 and (found := re.fullmatch(_MARK, words[-1], re.ASCII)):
        marks.append((found[1], found[2]))
        words.pop()
    return " ".join(words), dict(reversed(marks))


def lock_line(name: str, **marks: str) -> str:
    return " ".join([name, *(f"{key}=sha256:{digest}" for key, digest in marks.items())])


def name_of(folder: str, path: str) -> str:
    """Return how a seal names a file: from the edition's folder on, with forward strokes."""
    return os.path.relpath(path, folder).replace(os.sep, "/")


def is_a_name(name: str) -> bool:
    """Return whether the lock can hold a name: one line of text, which is no remark."""
    return bool(name) and name.isprintable() and not name.startswith("#")


def copy_path(folder: str, name: str) -> str:
    """Return the path of the sealed copy of the edition in a folder, which the lock has under a name."""
    return os.path.join(root_of(folder), COPIES, f"{name}.json")


def same_texts(seal: Seal, folder: str, raws: Mapping[str, bytes]) -> bool:
    """Return whether every file has the bytes that were sealed, and none is missing or new."""
    names = {name_of(folder, path): path for path in raws}
    return names.keys() == seal.texts.keys() and all(text_digest(raws[path]) == seal.texts[name] for name, path in names.items())


def text_digest(raw: bytes) -> str:
    return sha256_of((raw,))


class SealedCopy(NamedTuple):
    """The sealed meaning of an edition: its digest, and the data of its files by their names."""

    revision: str
    files: Mapping[str, Any]


def sealed_data(folder: str, seal: Seal) -> SealedCopy | None:
    """Return the sealed meaning of an edition; None where the copy is missing, is not the sealed one or is none that `seal` writes."""
    import json

    path = copy_path(folder, seal.name)
    try:
        if odd_kind(path):
            return None
        with open(path, "rb") as file:
            raw = file.read(_MAX_COPY + 1)
        data: Any = json.loads(raw) if len(raw) <= _MAX_COPY and sha256_of((raw,)) == seal.copy else None
    except (OSError, ValueError, RecursionError):  # whoever wrote the lock may have written anything
        return None
    files = data["files"] if is_object(data) and data.keys() == {"revision", "files"} else None
    start = f"{seal.name}/"
    if not is_object(files) or not all(name.startswith(start) for name in files):
        return None
    return SealedCopy(data["revision"], {name.removeprefix(start): content for name, content in files.items()})


def sealed_documents(folder: str, raws: Mapping[str, bytes], seal: Seal) -> list[Document] | None:
    """Return the documents of an edition from its sealed copy, without their places: nothing in them is left to complain of.

    None where the copy is not the sealed one, or speaks of other files or of another revision than the lock.
    """
    copy = sealed_data(folder, seal)
    names = {name_of(folder, path): path for path in raws}
    if copy is None or copy.revision != seal.revision or copy.files.keys() != names.keys():
        return None
    return [Document(file=path, data=copy.files[name], places={}, keys={}, lines=(), problems=[]) for name, path in names.items()]
