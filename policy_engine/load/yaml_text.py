"""YAML text to plain data, with the place of every key and value.

Reads libyaml's event stream and builds dicts, lists and scalars itself. Why not a ready loader:
duplicate keys win silently there, `no` and `012` change their meaning, aliases multiply, and
25,000 brackets end the process. Here each of these is a problem with a place, and the rest of
the file is still read, so that one run tells everything.

PyYAML follows YAML 1.1, editors follow 1.2: `no`, `012`, `1:30` and `1e3` are different values to them. Patterns are kept
as text, since most files never need them and compiling them is a part of every start.

Reading every event in Python costs three times as much. So a plain file is composed in C and walked once; at the first
thing that is not plain (an alias, a tag, a key that stands twice, a scalar that readers disagree on, any fault of YAML)
this reader gives up, and the reader of events, which knows the place and the name of every fault, begins anew. It
is never asked about a file that could be nested deeply, since composing is recursive. A test holds the two together.
"""

import re
import unicodedata
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import Any, NamedTuple, TypeAlias

import yaml
from yaml.resolver import Resolver

from policy_engine.errors import Problem
from policy_engine.language.text import decimal_text
from policy_engine.load.files import lines_of
from policy_engine.messages import N_
from policy_engine.source import Location

Data: TypeAlias = bool | int | Fraction | str | list["Data"] | dict[str, "Data"] | None
"""What a file holds: mappings, lists and scalars, numbers exact, days as ISO text."""

_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_DECIMAL = r"[-+]?(0|[1-9][0-9]{0,14})\.[0-9]{1,12}"
_ENDLESS = r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)|[-+]?[0-9]{16,}(\.[0-9]*)?|[-+]?[0-9]+\.[0-9]{13,}"
_CORE_1_2 = r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+|[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"
_MAX_DIGITS = 15
_WORDS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_EMPTY = frozenset({"", "~", "null", "Null", "NULL"})
_ONE_LETTER = frozenset("yYnN")
_LETTERED = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
"""The only texts beginning with a letter that some YAML reader takes for something else (a test tries them all)."""
_YES = frozenset({"yes", "on", "y"})
_NO = frozenset({"no", "off", "n"})


_EITHER = N_('`{plain}`, or `"{found}"` in quotes if the text itself is meant')
_QUOTED = N_('`"{found}"` in quotes')


class Refusal(NamedTuple):
    """Why a scalar is not read: a code, and the words for its sentence."""

    code: str
    details: dict[str, str]


def is_plain_word(text: str) -> bool:
    """Return, after the cheapest of looks, whether a text is text to every YAML reader."""
    return text[:1].isalpha() and text.lower() not in _LETTERED


def reads_as_text(text: str) -> bool:
    """Return whether YAML 1.1 (PyYAML) and YAML 1.2 (editors) take an unquoted text for text; of a day one does, the other does not."""
    if text in _WORDS or text in _EMPTY or text in _ONE_LETTER or re.fullmatch(_CORE_1_2, text):
        return False
    resolvers: Any = Resolver.yaml_implicit_resolvers
    return not any(regexp.match(text) for _, regexp in resolvers.get(text[:1], ()))


def read_scalar(text: str) -> Data | Refusal:
    """Return the value of an unquoted scalar; or why it is refused: nothing, no finite number, or read differently by different readers."""
    if text in _WORDS:
        return _WORDS[text]
    digits = text[1:] if text[:1] in "+-" and len(text) > 1 else text
    if digits.isdigit() and digits.isascii() and len(digits) <= _MAX_DIGITS and (digits[0] != "0" or digits == "0"):
        return int(text)
    if re.fullmatch(_DECIMAL, text):
        return Fraction(text)
    if reads_as_text(text) or re.fullmatch(_DAY, text):
        return text  # a day that does not exist is refused where a day is asked for
    if text in _EMPTY:
        return Refusal("PE110", {})
    if re.fullmatch(_ENDLESS, text):
        return Refusal("PE113", {"found": text[:40]})
    plain = _plain(text)
    return Refusal("PE109", {"found": text[:40], "suggestion": _EITHER if plain else _QUOTED, **({"plain": plain} if plain else {})})


def _plain(text: str) -> str:
    """Return the one value that a person means by a scalar, in the form that every reader takes alike; "" where there is none."""
    word = text.lower()
    if word in _YES | _NO:
        return "true" if word in _YES else "false"
    midnight = re.fullmatch(rf"({_DAY})[Tt ]+00?:00:00(\.0*)?Z?", text)
    if midnight:
        return midnight[1]
    digits = text.replace("_", "")
    if not re.fullmatch(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,2})?", digits):
        return ""
    plain = decimal_text(Fraction(digits))
    return plain if len(plain) <= _MAX_DIGITS and not isinstance(read_scalar(plain), Refusal) else ""


_MAX_LINE = 1_000
_MAX_BRACKETS = 1_000
_MAX_NODES = 20_000
_ODD = ("&", "*", "\n%", "\n---", "\n...", "\n!", " !!", ": !", "- !", "? !", "[!", "{!", ",!", ", !", "[ !", "{ !")
"""What might be an anchor, an alias, a directive, a second document or a tag; a tag on a scalar looks like quotes later."""
_MAX_DEPTH = 60
_new: Any = tuple.__new__  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
"""Makes a named tuple without its own constructor, which would cost a third of the walk."""
_CParser: Any = getattr(getattr(yaml, "cyaml", None), "CParser", None)

Path = tuple[str | int, ...]


class Composed(NamedTuple):
    """A plain file: its data, and the place of each value and key by path."""

    data: Data
    places: dict[Path, Location]
    keys: dict[Path, Location]


class _NotPlainError(Exception):
    """The file has something that only the reader of events can judge."""


def compose(text: str, file: str) -> Composed | None:
    """Read a plain file; None where it is anything else, or where PyYAML came without libyaml.

    One that is not shallow is not even tried. A block nested in another begins further right, so no file is nested deeper than its
    lines are long, brackets aside.
    """
    if _CParser is None or text.startswith(("%", "!")) or any(odd in text for odd in _ODD):
        return None
    if text.count("[") + text.count("{") > _MAX_BRACKETS or max(map(len, text.split("\n"))) > _MAX_LINE:
        return None
    try:
        node = _composer()(text).get_single_node()
        return None if node is None else _walk(node, file)
    except (yaml.YAMLError, _NotPlainError):
        return None


@cache
def _composer() -> Any:
    """Return libyaml's composer, without PyYAML's guesses: a tag says only whether a scalar stood in quotes.

    It is made once: a class holds itself in a circle, so that one a file would stay in memory until the collector comes.
    """

    class Composer(_CParser):  # type: ignore[misc]  # libyaml's class has no types
        def resolve(self, _kind: object, _value: object, implicit: "bool | tuple[bool, bool]") -> str:
            return "plain" if implicit is True or (implicit is not False and implicit[0]) else "quoted"

        def descend_resolver(self, _parent: object, _index: object) -> None: ...

        def ascend_resolver(self) -> None: ...

    return Composer


def _walk(root: Any, file: str) -> Composed:
    places: dict[Path, Location] = {}
    keys: dict[Path, Location] = {}
    holder: list[Data] = [None]
    pending: list[tuple[Any, Any, str | int, Path]] = [(root, holder, 0, ())]
    while pending:
        node, into, key, path = pending.pop()
        mark = node.start_mark
        places[path] = _new(Location, (file, mark.line + 1, mark.column + 1))
        if node.__class__ is yaml.ScalarNode:
            text = _normal(node.value)
            into[key] = value = text if node.tag == "quoted" or is_plain_word(text) else read_scalar(text)
            if value.__class__ is Refusal:
                raise _NotPlainError
        elif node.__class__ is yaml.MappingNode:
            into[key] = mapping = dict.fromkeys(_keys(node, path, file, keys))
            pending += [(value, mapping, name, (*path, name)) for name, (_, value) in zip(mapping, node.value, strict=True)]
        else:
            into[key] = items = [None] * len(node.value)
            pending += [(value, items, index, (*path, index)) for index, value in enumerate(node.value)]
        if node.tag not in {"plain", "quoted"} or len(places) > _MAX_NODES or len(path) > _MAX_DEPTH:
            raise _NotPlainError
    return Composed(holder[0], places, keys)


def _keys(node: Any, path: Path, file: str, keys: dict[Path, Location]) -> list[str]:
    names: list[str] = []
    for key, _ in node.value:
        if key.__class__ is not yaml.ScalarNode or key.tag not in {"plain", "quoted"}:
            raise _NotPlainError
        name = _normal(key.value)
        place = (*path, name)
        if place in keys or not (key.tag == "quoted" or is_plain_word(name) or (name != "<<" and reads_as_text(name))):
            raise _NotPlainError
        mark = key.start_mark
        keys[place] = _new(Location, (file, mark.line + 1, mark.column + 1))
        names.append(name)
    return names


def _normal(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text)


MAX_BYTES = 1_048_576
MAX_DEPTH = 64
MAX_NODES = 50_000

_ODD_LINE_ENDS = frozenset("\x85\u2028\u2029")
"""What ends a line for libyaml and for no editor: every place below it would be wrong."""
_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_FATAL = frozenset({"PE101", "PE102", "PE103", "PE104", "PE105", "PE111", "PE114"})


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
        excerpt = self.lines[location.line - 1] if 0 < location.line <= len(self.lines) else ""
        return Problem(code, location, details, excerpt)

    def note(self, code: str, location: Location, **details: str) -> None:
        self.problems.append(self.problem(code, location, **details))

    def note_fault(self, error: yaml.MarkedYAMLError) -> None:
        """Note what the parser complains of, at the line that is wrong."""
        from policy_engine.load.yaml_words import Mark, fault_of

        marks = [Mark(mark.line, mark.column) for mark in (error.problem_mark, error.context_mark) if mark] or [Mark(0, 0)]
        said = " ".join(filter(None, (error.context, error.problem)))
        fault = fault_of(said, marks[0], marks[-1], self.lines)
        place = Location(self.file, fault.place.line + 1, fault.place.column + 1)
        self.note("PE105", place, found=fault.found, remedy=fault.remedy, **fault.words)

    def note_character(self, text: str, at: int) -> None:
        """Note a character that may not stand in YAML, or ends a line for some readers only."""
        from policy_engine.load.yaml_words import CHARACTER

        found, remedy = CHARACTER
        self.note("PE105", place_in(text, at, self.file), found=found, remedy=remedy, sign=f"U+{ord(text[at]):04X}")


def place_in(text: str, at: int, file: str) -> Location:
    """Return the place of a character of a text."""
    return Location(file, text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))


def read_document(raw: bytes, file: str) -> Document:
    """Read one YAML document.

    Never raises on bad input: what is wrong stands in `problems`, and `data` is None where
    nothing could be read.
    """
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
    document = document._replace(lines=lines_of(text))
    odd = min((text.find(sign) for sign in _ODD_LINE_ENDS if sign in text), default=-1)
    if odd >= 0:
        document.note_character(text, odd)
        return document
    composed = compose(text, file)
    if composed:
        return document._replace(data=composed.data, places=composed.places, keys=composed.keys)
    return read_events(text, document)


def read_events(text: str, document: Document) -> Document:
    """Read a file event by event, with the place and the name of every fault.

    libyaml scans ahead of the events that it hands over, and its releases differ in what they refuse there (0.2.6 ends at
    1,000 open brackets, 0.2.5 does not). So where it ends with a fault, what stands before that place is read by itself: a
    limit of ours that is passed there is the answer, whatever the release.
    """
    builder = _Builder(document)
    builder.read(text)
    if builder.fault_at:
        before = _Builder(document._replace(places={}, keys={}, problems=[]))
        before.read(text[: builder.fault_at])
        if before.ended_by_limit:
            builder = before
    return builder.document._replace(data=builder.root)


class _Builder:
    """Turns the events of one file into data; every fault is noted and the reading goes on."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.root: Data = None
        self.stack: list[tuple[list[Data] | dict[str, Data], Path]] = []
        """The mappings and lists that are being filled."""
        self.key: str | None = None
        self.key_place = Location(document.file, 1, 1)
        self.dropping = False
        """Whether the key was refused: what stands under it is read for its own faults, and then dropped."""
        self.skipping = 0
        self.nodes = 0
        self.documents = 0
        self.ended = False
        self.ended_by_limit = False
        self.fault_at = 0
        """The character at which libyaml gave up; 0 where it did not."""

    def read(self, text: str) -> None:
        """Read all events, up to the end or the first fault of YAML itself."""
        try:
            parser = _PARSER(text)
            while not self.ended:
                event = parser.get_event()
                meaning = _MEANINGS.get(event.__class__)
                if meaning is not None:
                    mark = event.start_mark
                    meaning(self, event, Location(self.document.file, mark.line + 1, mark.column + 1))
        except yaml.MarkedYAMLError as error:
            self.document.note_fault(error)
            self.fault_at = error.problem_mark.index if error.problem_mark else 0
        except yaml.reader.ReaderError as error:
            self.document.note_character(text, max(text.find(chr(error.character)), 0))  # its readers count in bytes or in characters
        if self.documents == 0 and not self.document.problems:
            self.document.note("PE111", Location(self.document.file, 1, 1), found=N_("is empty"))

    def on_end(self, _event: Any, _place: Location) -> None:
        self.ended = True

    def on_document(self, event: Any, place: Location) -> None:
        """Count documents; only one belongs in a file, and no directives above it."""
        self.documents += 1
        if event.tags or event.version:
            self.document.note("PE108", place, found="%TAG" if event.tags else "%YAML")
        if self.documents == 2:  # noqa: PLR2004  (the first that is too many)
            self.document.note("PE111", place, found=N_("holds several documents (there is a line `---` too many)"))
        self.skipping = 1 if self.documents > 1 else 0

    def on_alias(self, event: Any, place: Location) -> None:
        """Refuse an alias; in its place stands nothing."""
        self.document.note("PE107", place, found=f"*{event.anchor}")
        if self._wants_key():
            self._drop_key(place)
        elif not self.skipping:
            self._put(None, place)

    def on_open(self, event: Any, place: Location) -> None:
        value: list[Data] | dict[str, Data] = {} if isinstance(event, yaml.MappingStartEvent) else []
        self._begin(event, place)
        if len(self.stack) + self.skipping + 1 > MAX_DEPTH:
            self.document.note("PE103", place, limit=str(MAX_DEPTH))
            self.ended = self.ended_by_limit = True
        if not self.skipping and self._wants_key():
            self.document.note("PE112", place, found="{…}" if isinstance(value, dict) else "[…]")
            self.skipping = 1
        elif self.skipping:
            self.skipping += 1
        else:
            self.stack.append((value, self._put(value, place)))

    def on_close(self, _event: Any, _place: Location) -> None:
        """End a mapping or a list; a skipped key's value is skipped with it."""
        if not self.skipping:
            self.stack.pop()
            return
        self.skipping -= 1
        if not self.skipping and self._wants_key():
            self._drop_key(Location(self.document.file, 1, 1))

    def on_scalar(self, event: Any, place: Location) -> None:
        self._begin(event, place)
        if self.skipping:
            return
        text, plain = _normal(event.value), not event.style
        if self._wants_key():
            self._take_key(text, place, plain=plain)
        elif event.tag or not plain or is_plain_word(text):
            self._put(None if event.tag else text, place)
        else:
            value = read_scalar(text)
            if isinstance(value, Refusal):
                self.document.note(value.code, place, **({"key": str(self.key or "-")} if value.code == "PE110" else value.details))
            self._put(None if isinstance(value, Refusal) else value, place)

    def _begin(self, event: Any, place: Location) -> None:
        """Count a value, past the limit the reading ends; refuse its anchor and its tag."""
        self.nodes += 1
        if self.nodes > MAX_NODES:
            self.document.note("PE104", place, limit=str(MAX_NODES))
            self.ended = self.ended_by_limit = True
        if event.anchor is not None:
            self.document.note("PE107", place, found=f"&{event.anchor}")
        if event.tag is not None:
            self.document.note("PE108", place, found=event.tag.replace("tag:yaml.org,2002:", "!!"))

    def _wants_key(self) -> bool:
        return not self.skipping and bool(self.stack) and isinstance(self.stack[-1][0], dict) and self.key is None

    def _drop_key(self, place: Location) -> None:
        self.key, self.key_place, self.dropping = f"#{self.nodes}", place, True

    def _take_key(self, text: str, place: Location, *, plain: bool) -> None:
        first = self.document.keys.get((*self.stack[-1][1], text))
        if plain and text == "<<":
            self.document.note("PE107", place, found=text)
        elif plain and not (is_plain_word(text) or reads_as_text(text)):
            self.document.note("PE112", place, found=text)
        elif first:
            self.document.note("PE106", place, key=text, first=str(first.line))
        else:
            self.key, self.key_place = text, place
            return
        self._drop_key(place)

    def _put(self, value: Data, place: Location) -> Path:
        """Put a value where it belongs, and remember its place; return its path."""
        path: Path = ()
        if not self.stack:
            self.root = value
        elif isinstance(self.stack[-1][0], list):
            path = (*self.stack[-1][1], len(self.stack[-1][0]))
            self.stack[-1][0].append(value)
        else:
            key, self.key = self.key, None
            assert key is not None
            path = (*self.stack[-1][1], key, *(["dropped"] if self.dropping else ()))
            if not self.dropping:
                self.stack[-1][0][key] = value
                self.document.keys[path] = self.key_place
            self.dropping = False
        self.document.places[path] = place
        return path


_MEANINGS: dict[type, Callable[[_Builder, Any, Location], None]] = {
    yaml.ScalarEvent: _Builder.on_scalar,
    yaml.MappingStartEvent: _Builder.on_open,
    yaml.SequenceStartEvent: _Builder.on_open,
    yaml.MappingEndEvent: _Builder.on_close,
    yaml.SequenceEndEvent: _Builder.on_close,
    yaml.AliasEvent: _Builder.on_alias,
    yaml.DocumentStartEvent: _Builder.on_document,
    yaml.StreamEndEvent: _Builder.on_end,
}
"""What is done with each kind of event; the other kinds say nothing."""
