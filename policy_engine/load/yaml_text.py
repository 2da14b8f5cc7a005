"""YAML text to plain data, with the place of every key and value.

Reads libyaml's event stream and builds dicts, lists and scalars itself. Why not a ready loader:
duplicate keys win silently there, `no` and `012` change their meaning, aliases multiply, and
25,000 brackets end the process. Here each of these is a problem with a place, and the rest of
the file is still read, so that one run tells everything.
"""

import re
import unicodedata
from fractions import Fraction
from typing import Any, NamedTuple, TypeAlias

import yaml
from yaml.resolver import Resolver

from policy_engine.errors import Problem
from policy_engine.language.quantity import read_day
from policy_engine.source import Location

MAX_BYTES = 1_048_576
MAX_DEPTH = 64
MAX_NODES = 50_000

Path = tuple[str | int, ...]
Data: TypeAlias = bool | int | Fraction | str | list["Data"] | dict[str, "Data"] | None
"""What a file holds: mappings, lists and scalars, numbers exact, days as ISO text."""

_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]{0,14})", re.ASCII)
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]{0,14})\.[0-9]{1,12}", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_ENDLESS = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)|[-+]?[0-9]{16,}(\.[0-9]*)?|[-+]?[0-9]+\.[0-9]{13,}", re.ASCII)
_CORE_1_2 = re.compile(
    r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+|[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII
)  # fmt: skip
_WORDS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_EMPTY = frozenset({"", "~", "null", "Null", "NULL"})
_FATAL = frozenset({"PE101", "PE102", "PE103", "PE104", "PE105", "PE111", "PE114"})
_ONE_LETTER = frozenset("yYnN")
_YES = frozenset({"yes", "on", "y"})
_NO = frozenset({"no", "off", "n"})


class Document(NamedTuple):
    """A file read: its plain data, the place of each value and key by path, its lines, and its problems."""

    file: str
    data: Data
    places: dict[Path, Location]
    keys: dict[Path, Location]
    lines: tuple[str, ...]
    problems: list[Problem]

    @property
    def broken(self) -> bool:
        """Tell whether reading ended early, so that what is missing may only not have been reached."""
        return any(p.code in _FATAL for p in self.problems)

    def problem(self, code: str, location: Location, **details: str) -> Problem:
        """Make a problem at a place of this file, with the line as it stands there."""
        excerpt = self.lines[location.line - 1] if 0 < location.line <= len(self.lines) else ""
        return Problem(code, location, details, excerpt)


def read_document(raw: bytes, file: str) -> Document:
    """Read one YAML document.

    Never raises on bad input: what is wrong stands in `problems`, and `data` is None where
    nothing could be read.
    """
    document = Document(file, None, {}, {}, (), [])
    if len(raw) > MAX_BYTES:
        document.problems.append(document.problem("PE102", Location(file, 1, 1), limit=str(MAX_BYTES)))
        return document
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8-sig", errors="replace")
        place = Location(file, before.count("\n") + 1, len(before) - before.rfind("\n"))
        document.problems.append(document.problem("PE101", place, byte=f"0x{raw[error.start]:02x}"))
        return document
    document = document._replace(lines=tuple(text.split("\n")))
    builder = _Builder(document)
    builder.read(text)
    return document._replace(data=builder.root)


class _Open(NamedTuple):
    """A mapping or list that is being filled."""

    value: list[Data] | dict[str, Data]
    path: Path


class _Builder:
    """Turns the events of one file into data; every fault is noted and the reading goes on."""

    def __init__(self, document: Document) -> None:
        """Prepare to fill a document."""
        self.document = document
        self.root: Data = None
        self.stack: list[_Open] = []
        self.key: str | None = None
        self.key_place = Location(document.file, 1, 1)
        self.skipping = 0
        self.nodes = 0
        self.documents = 0

    def read(self, text: str) -> None:
        """Read all events, up to the end or the first fault of YAML itself."""
        try:
            for event in yaml.parse(text, Loader=_PARSER):
                if not self._take(event):
                    return
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = Location(self.document.file, mark.line + 1, mark.column + 1) if mark else self._start()
            words = " ".join(filter(None, (error.context, error.problem)))
            self._complain("PE105", place, found=words)
        except yaml.reader.ReaderError as error:
            self._complain("PE105", self._reader_place(text, error), found=f"character #x{error.character:04x}")
        if self.documents != 1 and not self.document.problems:
            self._complain("PE111", self._start(), found=str(self.documents))

    def _reader_place(self, text: str, error: yaml.reader.ReaderError) -> Location:
        """Give the place of a character that YAML forbids; libyaml counts bytes."""
        before = text.encode()[: error.position].decode(errors="ignore")
        return Location(self.document.file, before.count("\n") + 1, len(before) - before.rfind("\n"))

    def _start(self) -> Location:
        """Give the first place of the file."""
        return Location(self.document.file, 1, 1)

    def _complain(self, code: str, place: Location, **details: str) -> None:
        """Note a problem."""
        self.document.problems.append(self.document.problem(code, place, **details))

    def _take(self, event: Any) -> bool:
        """Take one event; tell whether reading may go on."""
        kind: Any = event.__class__
        if kind is yaml.ScalarEvent:
            self._scalar(event, self._place(event))
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            self._open(event, {} if kind is yaml.MappingStartEvent else [], self._place(event))
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            self._close()
        elif kind is yaml.AliasEvent:
            self._alias(event)
        elif kind is yaml.DocumentStartEvent:
            self._document(event)
        return self.nodes <= MAX_NODES and len(self.stack) + self.skipping <= MAX_DEPTH

    def _place(self, event: Any) -> Location:
        """Give the place where an event begins."""
        mark = event.start_mark
        return Location(self.document.file, mark.line + 1, mark.column + 1)

    def _document(self, event: Any) -> None:
        """Count documents; only one belongs in a file, and no directives above it."""
        self.documents += 1
        if event.tags:
            self._complain("PE108", self._place(event), found="%TAG")
        self.skipping = 1 if self.documents > 1 else 0

    def _decorated(self, event: Any, place: Location) -> None:
        """Refuse anchors and tags; the value itself is still read."""
        if event.anchor is not None:
            self._complain("PE107", place, found=f"&{event.anchor}")
        if event.tag is not None:
            self._complain("PE108", place, found=event.tag)

    def _alias(self, event: Any) -> None:
        """Refuse an alias; in its place stands nothing."""
        place = self._place(event)
        self._complain("PE107", place, found=f"*{event.anchor}")
        if not self.skipping:
            self._put(None, place)

    def _open(self, event: Any, value: list[Data] | dict[str, Data], place: Location) -> None:
        """Begin a mapping or a list."""
        self.nodes += 1
        self._decorated(event, place)
        if len(self.stack) + self.skipping + 1 > MAX_DEPTH:
            self._complain("PE103", place, limit=str(MAX_DEPTH))
        if not self.skipping and self._wants_key():
            self._complain("PE112", place, found="{…}" if isinstance(value, dict) else "[…]")
            self.skipping = 1
        elif self.skipping:
            self.skipping += 1
        else:
            self.stack.append(_Open(value, self._put(value, place)))

    def _close(self) -> None:
        """End a mapping or a list; a skipped key's value is skipped with it."""
        if not self.skipping:
            self.stack.pop()
            return
        self.skipping -= 1
        if not self.skipping and self.stack and self._wants_key():
            self.key = f"\0{self.nodes}"
            self.key_place = self._start()

    def _wants_key(self) -> bool:
        """Tell whether the next scalar is a key."""
        return bool(self.stack) and isinstance(self.stack[-1].value, dict) and self.key is None

    def _scalar(self, event: Any, place: Location) -> None:
        """Take a scalar as a key or as a value."""
        self.nodes += 1
        if self.nodes == MAX_NODES + 1:
            self._complain("PE104", place, limit=str(MAX_NODES))
        self._decorated(event, place)
        if self.skipping:
            return
        text = event.value if event.value.isascii() else unicodedata.normalize("NFC", event.value)
        plain = not event.style
        if self._wants_key():
            self._take_key(text, place, plain=plain)
        else:
            self._put(self._plain(text, place) if plain else text, place)

    def _take_key(self, text: str, place: Location, *, plain: bool) -> None:
        """Take a key: a text, once in its mapping."""
        if plain and text == "<<":
            self._complain("PE107", place, found=text)
        elif plain and (text in _EMPTY or text in _WORDS or _reads_as_other(text) or _DAY.fullmatch(text)):
            self._complain("PE112", place, found=text)
        top = self.stack[-1]
        first = self.document.keys.get((*top.path, text))
        if first:
            self._complain("PE106", place, key=text, first=str(first.line))
            text = f"\0{text}{self.nodes}"
        self.key, self.key_place = text, place

    def _put(self, value: Data, place: Location) -> Path:
        """Put a value where it belongs, and remember its place; give its path."""
        if not self.stack:
            self.root = value
            self.document.places[()] = place
            return ()
        top = self.stack[-1]
        if isinstance(top.value, list):
            path: Path = (*top.path, len(top.value))
            top.value.append(value)
        else:
            key, self.key = self.key, None
            assert key is not None
            path = (*top.path, key)
            if not key.startswith("\0"):
                top.value[key] = value
            self.document.keys[path] = self.key_place
        self.document.places[path] = place
        return path

    def _plain(self, text: str, place: Location) -> Data:
        """Give the value of an unquoted scalar, where all YAML readers agree on it."""
        if text in _WORDS:
            return _WORDS[text]
        if _WHOLE.fullmatch(text):
            return int(text)
        if _DAY.fullmatch(text) and read_day(text):
            return text
        if _DECIMAL.fullmatch(text):
            return Fraction(text)
        if text in _EMPTY:
            self._complain("PE110", place, key=str(self.key or ""))
            return None
        if _ENDLESS.fullmatch(text):
            self._complain("PE113", place, found=text[:40])
            return None
        if text in _ONE_LETTER or _reads_as_other(text):
            self._complain("PE109", place, found=text[:40], suggestion=_suggestion(text[:40]))
            return None
        return text


def _reads_as_other(text: str) -> bool:
    """Tell whether YAML 1.1 (PyYAML) or YAML 1.2 (editors) would take an unquoted text for something else."""
    resolvers: Any = Resolver.yaml_implicit_resolvers
    return any(regexp.match(text) for _, regexp in resolvers.get(text[:1], ())) or _CORE_1_2.fullmatch(text) is not None


def _suggestion(text: str) -> str:
    """Give the forms that every reader agrees on."""
    word = text.lower()
    meant = "true" if word in _YES else "false" if word in _NO else ""
    return f'"{text}"' + (f" ({meant})" if meant else "")
