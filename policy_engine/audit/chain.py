"""A file of records as a hash chain: appended to by whole lines, never rewritten, and verified line by line.

Each record names the digest of the one before it, and its own digest over everything else in it, in the canonical form of
RFC 8785. A line must be that very form, so that not even a space can be changed unseen. What is cut off at the end can only be
seen by who kept the head.
"""

import json
import os
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import IO, Any, NamedTuple, TypeGuard

from policy_engine.language.quantity import read_day
from policy_engine.language.shapes import is_object
from policy_engine.load.digest import sha256_of
from policy_engine.load.meaning import canonical

START = "sha256:" + "0" * 64
_BACK = 1 << 16


class Head(NamedTuple):
    """The end of a chain: how many records, and the digest of the last one."""

    length: int
    hash: str


class Fault(NamedTuple):
    """A line that is not what was written: its number, what is wrong (`unreadable`, `changed`, `out_of_place`, `torn`)."""

    line: int
    fault: str
    name: str


def sealed(record: Mapping[str, Any], head: Head) -> tuple[bytes, Head]:
    """Give a record as its line in a chain that ends with `head`, and the new head."""
    placed = {**record, "sequence": head.length + 1, "previous": head.hash}
    digest = f"sha256:{sha256_of((canonical(placed),))}"
    return canonical({**placed, "hash": digest}) + b"\n", Head(head.length + 1, digest)


def append(path: str, records: Iterable[Mapping[str, Any]]) -> Head:
    """Append records to a chain, one line each, and give its head.

    The file is locked meanwhile, so that two writers never mix. A line that a killed run left torn is taken off first and kept
    beside the file (`FILE.torn`); every line is written by one call.

    Raises:
        OSError: where the file cannot be written.
        ValueError: where its last line is no record.
    """
    with open(path, "a+b", buffering=0) as file, _locked(file):
        _take_off_torn(file, path)
        head, begin = _head_of(file), file.seek(0, os.SEEK_END)
        try:
            for record in records:
                line, head = sealed(record, head)
                _write_all(file, line)
            os.fsync(file.fileno())
        except BaseException:  # a full disk, or whoever stops the run: all records of a run, or none
            file.truncate(begin)
            raise
    return head


def _write_all(file: IO[bytes], line: bytes) -> None:
    """Write a line; where the disk takes only a part, take that part back, so that the file still ends with a whole line."""
    begin = file.seek(0, os.SEEK_END)
    written = file.write(line)
    if written != len(line):
        file.truncate(begin)
        raise OSError(28, os.strerror(28))


def _take_off_torn(file: IO[bytes], path: str) -> None:
    """Take off what stands after the last whole line, and keep it beside the file."""
    end = file.seek(0, os.SEEK_END)
    last = _last_break(file, end)
    if last < end:
        file.seek(last)
        torn = file.read(end - last)
        with open(f"{path}.torn", "ab") as kept:
            kept.write(torn + b"\n")
        file.truncate(last)


def _last_break(file: IO[bytes], end: int) -> int:
    """Give the place after the last line break before `end`; 0 where there is none."""
    place = end
    while place > 0:
        begin = max(place - _BACK, 0)
        file.seek(begin)
        found = file.read(place - begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        place = begin
    return 0


def _head_of(file: IO[bytes]) -> Head:
    """Give the head of the chain in a file that ends with a whole line."""
    end = file.seek(0, os.SEEK_END)
    if end == 0:
        return Head(0, START)
    begin = _last_break(file, end - 1)
    file.seek(begin)
    record = json.loads(file.read(end - begin))
    if not _has(record, {"sequence": int, "hash": str}):
        raise ValueError(begin)
    return Head(record["sequence"], record["hash"])


@contextmanager
def _locked(file: IO[bytes]) -> Generator[None]:
    """Hold a file for this writer alone."""
    try:
        import fcntl  # noqa: PLC0415  (not on every system)
    except ImportError:  # pragma: no cover  (Windows)
        import msvcrt  # noqa: PLC0415

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
        try:
            yield
        finally:
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
        return
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)


_KINDS: Mapping[str, type] = {
    "record": int, "case": dict, "edition": str, "revision": str, "engine": str, "schemas": dict, "verdict": dict, "sequence": int,
    "previous": str, "hash": str,
}  # fmt: skip
_CASE_KINDS: Mapping[str, type] = {"name": str, "file": str, "sha256": str, "text": str}
_GIVEN_KINDS: Mapping[str, type] = {"round": str, "facts": dict, "gathered": list, "findings": list}
_GATHERED = {"fact", "case", "level", "origin"}
_FINDING: Mapping[str, type] = {"id": str, "severity": str, "says": dict, "citation": str, "interpretations": list}


def _has(value: Any, kinds: Mapping[str, type]) -> TypeGuard[dict[str, Any]]:
    """Tell whether a value is an object with parts of these kinds."""
    return is_object(value) and all(isinstance(value.get(key), kind) for key, kind in kinds.items())


def _is_record(record: Any) -> TypeGuard[dict[str, Any]]:
    """Tell whether what a line holds has the form of a record."""
    if not _has(record, _KINDS) or not _has(record["case"], _CASE_KINDS):
        return False
    given = record["case"].get("given")
    return given is None or _is_given(given)


def _is_given(given: Any) -> bool:
    """Tell whether what a round gave a case has its form."""
    if not _has(given, _GIVEN_KINDS):
        return False
    day = given.get("as_of")
    return (
        (day is None or (isinstance(day, str) and read_day(day) is not None))
        and all(is_object(one) and one.keys() == _GATHERED for one in given["gathered"])
        and all(_has(one, _FINDING) for one in given["findings"])
    )


def _is_whole(record: Mapping[str, Any], line: bytes) -> bool:
    """Tell whether a line is the very form of its record, and the record's digest its own; what has no such form is neither."""
    bare = {key: value for key, value in record.items() if key != "hash"}
    try:
        return canonical(record) + b"\n" == line and f"sha256:{sha256_of((canonical(bare),))}" == record["hash"]
    except (ValueError, RecursionError):
        return False


class Verifier:
    """Follows a chain line by line; what is wrong is noted, and the rest is followed all the same."""

    def __init__(self) -> None:
        """Begin at the start of a chain."""
        self.head = Head(0, START)
        self.lines = 0
        self.faults: list[Fault] = []

    def read(self, line: bytes) -> dict[str, Any] | None:
        """Take the next line; give its record, or None where it cannot be read."""
        self.lines += 1
        try:
            record = json.loads(line.decode("utf-8")) if line.endswith(b"\n") else None
        except (ValueError, RecursionError):
            record = None
        if not _is_record(record):
            self._fault("torn" if not line.endswith(b"\n") else "unreadable", "")
            return None
        name = record["case"]["name"]
        if not _is_whole(record, line):
            self._fault("changed", name)
        if (record.get("sequence"), record.get("previous")) != (self.head.length + 1, self.head.hash):
            self._fault("out_of_place", name)
        sequence = record.get("sequence")
        self.head = Head(sequence if isinstance(sequence, int) else self.lines, record["hash"])
        return record

    def _fault(self, fault: str, name: str) -> None:
        """Note a fault of this line."""
        self.faults.append(Fault(self.lines, fault, name))


def verify(lines: Iterable[bytes]) -> Verifier:
    """Follow a whole chain."""
    verifier = Verifier()
    for line in lines:
        verifier.read(line)
    return verifier
