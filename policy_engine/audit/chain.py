"""The head of a chain with what it vouches for: what is kept elsewhere, so that a cut or rewritten file of records is found.

Each record names the digest of the one before it, and its own digest over everything else in it, in the canonical form of
RFC 8785. A line must be that very form, so that not even a space can be changed unseen. Each names its run as well, and how many
records belong to it (`audit/record.py`), so that a run which was stopped is seen. Whole runs that are cut off at the end can only be
seen by who kept the head.
"""

import errno
import io
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager, suppress
from typing import IO, Any, NamedTuple

from policy_engine.audit.form import Contradiction, is_record, run_of
from policy_engine.audit.record import ChainFault, RecordedRun, RunFollower, run_id
from policy_engine.errors import InputError, Problem
from policy_engine.language.values import is_object
from policy_engine.load.files import PACKED, DamagedError, read_text, unpacked
from policy_engine.load.limits import MAX_RECORD
from policy_engine.load.meaning import canonical, has_astral, sha256_of
from policy_engine.source import Location

PATIENCE = 300.0
"""How many seconds a run waits for another one that holds the file; a run holds it only while it writes."""
_PAUSE = 0.05


class BusyError(Exception):
    """Another run holds the file, and has held it for as long as was waited."""


@contextmanager
def held(path: str, waiting: Callable[[], None], patience: float) -> Generator[IO[bytes]]:
    """Open a file to append to it, made where it is not there, and hold it for this writer alone.

    Args:
        path: the file.
        waiting: called once, where another run holds the file.
        patience: how many seconds to wait for it.

    Raises:
        BusyError: where it is still held then.
        OSError: where it cannot be opened.
    """
    ends, said = time.monotonic() + patience, False
    while True:
        with open(path, "a+b", buffering=0) as file:
            if _lock(file, take=True):
                if not _still_there(file, path):
                    continue  # taken away, or replaced by another file, while this run waited
                try:
                    yield file
                finally:
                    _lock(file, take=False)
                return
        if not said:
            said = True
            waiting()
        if time.monotonic() >= ends:
            raise BusyError
        time.sleep(_PAUSE)


def _still_there(file: IO[bytes], path: str) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(path))
    except FileNotFoundError:
        return False


def _lock(file: IO[bytes], *, take: bool) -> bool:
    """Take a file for this writer, or let other writers in; return whether that was possible at once."""
    try:
        import fcntl
    except ImportError:  # pragma: no cover  (Windows)
        import msvcrt

        file.seek(0)
        try:
            how = msvcrt.LK_NBLCK if take else msvcrt.LK_UNLCK  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
            msvcrt.locking(file.fileno(), how, 1)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
        except OSError:
            return False
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB if take else fcntl.LOCK_UN)
    except BlockingIOError:
        return False
    return True


START = "sha256:" + "0" * 64
_BACK = 1 << 16
_LIMIT = 1 << 20
_MOST_FAULTS = 100_000
"""More are not kept, since a small packed file may hold any number of lines that are none."""
_MANY = 200
"""After so many records it pays to load OpenSSL."""


class Head(NamedTuple):
    """The end of a chain: how many records, and the digest of the last one."""

    length: int
    hash: str


class Notice(NamedTuple):
    """What is said while records are appended, and what its sentence names.

    `waiting`: another run holds the file. `torn`: what broke off was moved beside the file. `finished`: a whole record lacked its line
    end, which was put. `cut`: the last run before this one lacks records.
    """

    kind: str
    number: int = 0
    of: int = 0


def sealed(record: Mapping[str, Any], head: Head) -> tuple[bytes, Head]:
    """Return a record as its line in a chain that ends with `head`, and the new head."""
    placed = {**record, "sequence": head.length + 1, "previous": head.hash}
    digest = f"sha256:{sha256_of((canonical(placed),))}"
    return canonical({**placed, "hash": digest}) + b"\n", Head(head.length + 1, digest)


def append(
    path: str, records: Iterable[Mapping[str, Any]], run: RecordedRun | None = None, say: Callable[[Notice], None] = lambda _: None,
    patience: float = PATIENCE,
) -> Head:  # fmt: skip
    """Append records to a chain, one line each, and return its head.

    The file is held meanwhile, so that two writers never mix. What a killed run left is looked after first: a whole record without its
    line end gets it, and what broke off is moved beside the file (`FILE.torn`). Every line is written by one call. Where the file is
    packed, or is new and its name says so, the lines are appended as a member of gzip's, and no byte before it is touched.

    Args:
        path: the file.
        records: what is appended.
        run: the run that these are the records of; each is given its number.
        say: called with what the reader should know.
        patience: how many seconds to wait for another run that holds the file.

    Raises:
        BusyError: where another run holds the file for longer.
        OSError: where the file cannot be written; what was appended of this run is taken back: a run is recorded whole or not at all.
        ValueError: where its last line is no record.
    """
    new = not os.path.lexists(path)
    with held(path, lambda: say(Notice("waiting")), patience) as file:
        file.seek(0)
        packed = (file.read(1) or (PACKED if path.endswith(".gz") else b"")) == PACKED
        last = _last_packed(file, path, say) if packed else _last_line(file, path, say)
        head, cut = _end_of(last)
        if cut:
            say(cut)
        name, begin = run_id(head.hash, run) if run else "", file.seek(0, os.SEEK_END)
        pack = _packer() if packed else None
        try:
            for number, record in enumerate(records, 1):
                placed = {**record, "run": {"id": name, "number": number, "of": run.of}} if run else record
                line, head = sealed(placed, head)
                _write_all(file, pack.compress(line) if pack else line)
            if pack:
                _write_all(file, pack.flush())
            os.fsync(file.fileno())
        except BaseException:  # a full disk, or whoever stops the run: all records of a run, or none
            file.truncate(begin)
            if new and begin == 0:
                os.unlink(path)
            raise
    return head


def _write_all(file: IO[bytes], line: bytes) -> None:
    """Write a line; where the disk takes only a part, take that part back, so that the file still ends with a whole line."""
    begin = file.seek(0, os.SEEK_END)
    written = file.write(line)
    if written != len(line):
        file.truncate(begin)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _packer() -> Any:
    import zlib

    return zlib.compressobj(wbits=31)


def _last_line(file: IO[bytes], path: str, say: Callable[[Notice], None]) -> bytes:
    """Return the last line; put the line end to a whole record, and set aside anything else behind the last one."""
    end = file.seek(0, os.SEEK_END)
    last = _last_break(file, end)
    if last != end:
        file.seek(last)
        if is_record(_parsed(file.read(end - last))):
            _write_all(file, b"\n")
            say(Notice("finished"))
        else:
            _set_aside(file, path, last, say)
        end = file.seek(0, os.SEEK_END)
    file.seek(_last_break(file, end - 1) if end else 0)
    return file.read()


def _last_packed(file: IO[bytes], path: str, say: Callable[[Notice], None]) -> bytes:
    """Return the last line of a packed file; set aside a member that lacks its end, and pack the whole lines of it anew.

    Raises:
        ValueError: where it is damaged otherwise, or the line is none.
    """
    file.seek(0)
    line = b""
    try:
        for piece in unpacked(file):
            line += piece
            line = line[line.rfind(b"\n", 0, -1) + 1 :]
            if len(line) > MAX_RECORD:
                raise ValueError(path)
    except DamagedError as damaged:
        if not damaged.cut:
            raise ValueError(path) from damaged
        _pack_again(file, _set_aside(file, path, damaged.whole, say))
        return _last_packed(file, path, say)
    if line and not line.endswith(b"\n"):
        raise ValueError(path)
    return line


def _pack_again(file: IO[bytes], broken: bytes) -> None:
    """Append the whole lines of a member that lacks its end, so that its run is found to be cut, as it is where nothing is packed."""
    pack, rest, size = _packer(), b"", 0
    with suppress(DamagedError):
        for piece in unpacked(io.BytesIO(broken)):
            whole, end, rest = (rest + piece).rpartition(b"\n")
            if end:
                size += len(whole)
                _write_all(file, pack.compress(whole + end))
    if size:
        _write_all(file, pack.flush())


def _set_aside(file: IO[bytes], path: str, begin: int, say: Callable[[Notice], None]) -> bytes:
    """Move what stands behind a place beside the file, and return it."""
    file.seek(begin)
    rest = file.read()
    with open(f"{path}.torn", "ab") as kept:
        kept.write(rest if rest.startswith(PACKED) else rest + b"\n")
        kept.flush()
        os.fsync(kept.fileno())  # it stands there before it is taken off here
    file.truncate(begin)
    say(Notice("torn", len(rest)))
    return rest


def _last_break(file: IO[bytes], end: int) -> int:
    """Return the place after the last line break before `end`; 0 where there is none."""
    place = end
    while place > 0:
        begin = max(place - _BACK, 0)
        file.seek(begin)
        found = file.read(place - begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        place = begin
    return 0


def _end_of(line: bytes) -> tuple[Head, Notice | None]:
    """Return the head of a chain that ends with a line, and that its last run was cut where it was."""
    if not line:
        return Head(0, START), None
    record = _parsed(line)
    if not is_object(record) or not isinstance(record.get("sequence"), int) or not isinstance(record.get("hash"), str):
        raise ValueError(line)
    run = run_of(record) if is_record(record) else None
    cut = Notice("cut", run["number"], run["of"]) if run and run["number"] < run["of"] else None
    return Head(record["sequence"], record["hash"]), cut


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        return None


def _is_canonical(record: Mapping[str, Any], line: bytes) -> bool:
    """Return whether a line is the very form of its record; what has no such form is not."""
    try:
        return canonical(record) + b"\n" == line
    except (ValueError, RecursionError):
        return False


def _digests_to(digest: str, line: bytes) -> bool:
    """Return whether a line in canonical form has this digest; without the digest itself it is the canonical form of the rest."""
    before, there, after = line[:-1].partition(b'"hash":"%s",' % digest.encode("utf-8", "replace"))
    return bool(there) and f"sha256:{sha256_of((before, after))}" == digest


def _quick_reader() -> Callable[[bytes], Any] | None:
    """Return what reads lines in canonical form several times as quickly, and nothing else; None where orjson is not installed.

    What it returns None for is looked at by the standard library: what is no canonical form, fractions, which are written otherwise
    there, and characters beyond U+FFFF, by which keys are sorted otherwise.
    """
    try:
        import orjson
    except ImportError:
        return None
    how = orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE

    def read(line: bytes) -> Any:
        try:
            record: Any = orjson.loads(line)
            return record if orjson.dumps(record, option=how) == line and _is_exact([record]) and not has_astral(line) else None
        except (ValueError, TypeError):
            return None

    return read


def _is_exact(holder: Any) -> bool:
    """Return whether there is no number in a value but whole ones."""
    for part in holder.values() if holder.__class__ is dict else holder:
        kind = part.__class__
        if kind is float or ((kind is dict or kind is list) and not _is_exact(part)):
            return False
    return True


class Verifier:
    """Follows a chain line by line; what is wrong is noted, and the rest is followed all the same.

    `hold` holds what a record says against its own parts; without it the chain and its runs alone are followed.
    """

    def __init__(self, hold: Callable[[Mapping[str, Any]], Iterable[Contradiction]] | None = None) -> None:
        self.head = Head(0, START)
        self.lines = 0
        self._faults: list[ChainFault] = []
        self._runs = RunFollower()
        self._hold = hold
        self._quick: Callable[[bytes], Any] | None = None

    @property
    def faults(self) -> list[ChainFault]:
        """What is wrong with the lines so far, in their order; a run that lacks records behind the last of them is cut."""
        cut = self._runs.cut_off()
        return sorted([*self._faults, cut] if cut else self._faults, key=lambda fault: fault.line)

    @property
    def runs(self) -> int:
        """How many runs there are so far; records of version 1 are of none that is known."""
        return self._runs.count

    def read(self, line: bytes) -> dict[str, Any] | None:
        """Take the next line, or an empty one where no more can be unpacked; return its record, or None where it cannot be read."""
        self.lines += 1
        if self.lines == _MANY:
            import hashlib  # noqa: F401  # pyright: ignore[reportUnusedImport]  (digests are quicker then)

            self._quick = _quick_reader()
        quick = self._quick(line) if self._quick else None
        found: Any = _parsed(line) if quick is None else quick
        if not is_record(found):
            self._fault("unreadable" if line.endswith(b"\n") else "torn" if line else "damaged", "")
            return None
        record: dict[str, Any] = found
        name = record["case"]["name"]
        if not line.endswith(b"\n"):
            self._fault("unended", name)
            line += b"\n"
        follows = (record["sequence"], record["previous"]) == (self.head.length + 1, self.head.hash)
        whole = (quick is not None or _is_canonical(record, line)) and _digests_to(record["hash"], line)
        if not whole:
            self._fault("changed", name)
        if not follows:
            self._fault("out_of_place", name)
        self._faults += self._runs.take(record, self.lines, sound=whole and follows)
        if whole and self._hold:
            for one in self._hold(record):
                self._fault("contradicted" if one.by else "form", name, one)
        self.head = Head(record["sequence"], record["hash"])
        return record

    def _fault(self, fault: str, name: str, contradiction: Contradiction | None = None) -> None:
        if len(self._faults) < _MOST_FAULTS:
            self._faults.append(ChainFault(self.lines, fault, name, contradiction._asdict() if contradiction else {}))


def verify(lines: Iterable[bytes]) -> Verifier:
    verifier = Verifier()
    for line in lines:
        verifier.read(line)
    return verifier


class Vouched(NamedTuple):
    """How many records there are of one edition."""

    edition: str
    status: str
    revision: str
    records: int


class HeadFinder:
    """Follows a chain to its end, and counts what stands in it by edition."""

    def __init__(self, verifier: Verifier) -> None:
        self.verifier = verifier
        self.records = 0
        self.day: str | None = None
        """The day on which the last record was written."""
        self._editions: Counter[tuple[str, str, str]] = Counter()

    def read(self, line: bytes) -> None:
        record = self.verifier.read(line)
        if record is None:
            return
        self.records += 1
        self._editions[record["edition"], str(record.get("status")), record["revision"]] += 1
        times = record.get("times")
        at = times.get("recorded_at") if is_object(times) else None
        self.day = at[:10] if isinstance(at, str) else None

    @property
    def editions(self) -> list[Vouched]:
        """The editions that the records were rated under, in the order in which they come."""
        return [Vouched(*key, count) for key, count in self._editions.items()]

    def to_data(self, path: str) -> dict[str, Any]:
        return {
            "file": path, "records": self.records, "runs": self.verifier.runs, "head": self.verifier.head.hash, "day": self.day,
            "editions": [one._asdict() for one in self.editions], "faults": len(self.verifier.faults),
        }  # fmt: skip


def read_head(path: str) -> tuple[int, str]:
    """Return what a file of a kept head says: how many records there were, and the head.

    Raises:
        InputError: PE114 where it cannot be read, PE620 where it keeps no head.
    """
    try:
        kept: Any = json.loads(read_text(path, _LIMIT))
    except (ValueError, RecursionError):
        kept = None
    if not is_object(kept) or type(kept.get("records")) is not int or not isinstance(kept.get("head"), str):
        raise InputError([Problem(code="PE620", location=Location(path, 1, 1), details={})])
    return kept["records"], kept["head"]
