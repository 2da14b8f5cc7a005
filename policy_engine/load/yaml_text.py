"""A file of YAML as a document: its data, with the place of every key and value, and everything that is wrong with it."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from policy_engine.errors import Problem, problem_in
from policy_engine.load.files import lines_of
from policy_engine.load.yaml_plain import Data, Path, read_lines
from policy_engine.source import Location
from policy_engine.tuples import NamedTuple

MAX_BYTES = 1_048_576

_ODD_LINE_ENDS = frozenset("\x85\u2028\u2029")
"""What ends a line for libyaml and for no editor: every place below it would be wrong."""
_FATAL = frozenset({"PE101", "PE102", "PE103", "PE104", "PE105", "PE111", "PE114"})


class Document(NamedTuple):
    """A file read: its plain data, the place of each value and key by path, its lines, and its problems."""

    file: str
    data: Data
    places: Mapping[Path, Location]
    keys: Mapping[Path, Location]
    lines: Sequence[str]
    problems: list[Problem]

    @property
    def broken(self) -> bool:
        """Return whether reading ended early, so that what is missing may only not have been reached."""
        return any(p.code in _FATAL for p in self.problems)

    def at(self, path: Path) -> Data:
        """Return the value at a path; None where there is none."""
        value = self.data
        for key in path:
            if isinstance(value, dict):
                value = value.get(str(key))
            else:
                value = value[key] if isinstance(value, list) and isinstance(key, int) and key < len(value) else None
        return value

    def problem(self, code: str, location: Location, **details: str) -> Problem:
        """Make a problem at a place of this file, with the line as it stands there."""
        return problem_in(self.lines, code, location, details)

    def note(self, code: str, location: Location, **details: str) -> None:
        self.problems.append(self.problem(code, location, **details))


class Places(Mapping[Path, Location]):
    """Where the values of a plain text stand, or its keys; found out by the complete reader whenever somebody asks."""

    __slots__ = ("_file", "_of_keys", "_raw")

    def __init__(self, raw: bytes, file: str, *, of_keys: bool = False) -> None:
        self._raw, self._file, self._of_keys = raw, file, of_keys

    def _all(self) -> Mapping[Path, Location]:
        document = _whole(self._raw, self._file)
        return document.keys if self._of_keys else document.places

    def __getitem__(self, path: Path) -> Location:
        return self._all()[path]

    def __iter__(self) -> Iterator[Path]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())


class Lines(Sequence[str]):
    """The lines of a plain text, cut when somebody asks."""

    __slots__ = ("_file", "_raw")

    def __init__(self, raw: bytes, file: str) -> None:
        self._raw, self._file = raw, file

    def __getitem__(self, at: Any) -> Any:
        return _whole(self._raw, self._file).lines[at]

    def __len__(self) -> int:
        return len(_whole(self._raw, self._file).lines)

    def __bool__(self) -> bool:
        return True


@lru_cache(maxsize=8)
def _whole(raw: bytes, file: str) -> Document:
    return read_document(raw, file)


def read_document(raw: bytes, file: str) -> Document:
    """Read one YAML document.

    Never raises on bad input: what is wrong stands in `problems`, and `data` is None where
    nothing could be read.
    """
    from policy_engine.load.yaml_events import character_problem, place_in

    document = Document(file=file, data=None, places={}, keys={}, lines=(), problems=[])
    if len(raw) > MAX_BYTES:
        document.note("PE102", Location(file, 1, 1), limit=str(MAX_BYTES))
        return document
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        document = document._replace(lines=lines_of(raw.decode("utf-8-sig", errors="replace")))
        before = raw[: error.start].decode("utf-8-sig", errors="replace")
        document.note("PE101", place_in(before, len(before), file), byte=f"0x{raw[error.start]:02x}")
        return document
    odd = min((text.find(sign) for sign in _ODD_LINE_ENDS if sign in text), default=-1)
    if odd >= 0:
        document = document._replace(lines=lines_of(text))
        document.problems.append(character_problem(text, odd, file, document.lines))
        return document
    return read_whole(text, file)


def read_whole(text: str, file: str) -> Document:
    """Read a text to its end, or to where nothing can be read on from."""
    from policy_engine.load.yaml_events import read_events

    lines = lines_of(text)
    read = read_events(text, file, lines)
    return Document(file=file, data=read.data, places=read.places, keys=read.keys, lines=lines, problems=read.problems)


def read_values(raw: bytes, file: str) -> Document:
    """Read one YAML document of which mostly the data is wanted: of a plain one the places are found out when they are asked for.

    Its data is shared with other documents, and not to be changed.
    """
    try:
        text = raw.decode().removeprefix("\ufeff").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return read_document(raw, file)
    data = read_lines(text)
    if data is None:
        return read_document(raw, file)
    keys = Places(raw, file, of_keys=True)
    return Document(file=file, data=data, places=Places(raw, file), keys=keys, lines=Lines(raw, file), problems=[])
