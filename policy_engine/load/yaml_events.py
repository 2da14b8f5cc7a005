"""YAML text to plain data, event by event: the place of every key and value, and the place and the name of every fault.

Reads libyaml's event stream and builds dicts, lists and scalars itself. Why not a ready loader:
duplicate keys win silently there, `no` and `012` change their meaning, aliases multiply, and
25,000 brackets end the process. Here each of these is a problem with a place, and the rest of
the file is still read, so that one run tells everything.

Of a text that is no YAML the parser says what it had hoped for where it gave up, in words that change with its release, and often one
line below the fault. So its words are only matched loosely for the kind of fault; the place and the sentence come from the lines
themselves, in the words of whoever wrote them.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import yaml

from policy_engine.errors import Problem, problem_in
from policy_engine.load.yaml_plain import Data, Path, Refusal, is_plain_word, normal, read_scalar, reads_as_text
from policy_engine.messages import N_, Words
from policy_engine.source import Location
from policy_engine.tuples import NamedTuple

MAX_DEPTH = 64
MAX_NODES = 50_000

_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Read(NamedTuple):
    """What was read of a text: its data, None where nothing could be read; the place of each value and key by path; its problems."""

    data: Data
    places: dict[Path, Location]
    keys: dict[Path, Location]
    problems: list[Problem]


def read_events(text: str, file: str, lines: Sequence[str]) -> Read:
    """Read a text event by event.

    libyaml scans ahead of the events that it hands over, and its releases differ in what they refuse there (0.2.6 ends at
    1,000 open brackets, 0.2.5 does not). So where it ends with a fault, what stands before that place is read by itself: a
    limit of ours that is passed there is the answer, whatever the release.
    """
    builder = _Builder(file, lines)
    builder.read(text)
    if builder.fault_at:
        before = _Builder(file, lines)
        before.read(text[: builder.fault_at])
        if before.ended_by_limit:
            builder = before
    return Read(builder.root, builder.places, builder.keys, builder.problems)


class _Builder:
    """Turns the events of one file into data; every fault is noted and the reading goes on."""

    def __init__(self, file: str, lines: Sequence[str]) -> None:
        self.file, self.lines = file, lines
        self.root: Data = None
        self.places: dict[Path, Location] = {}
        self.keys: dict[Path, Location] = {}
        self.problems: list[Problem] = []
        self.stack: list[tuple[list[Data] | dict[str, Data], Path]] = []
        """The mappings and lists that are being filled."""
        self.key: str | None = None
        self.key_place = Location(file, 1, 1)
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
                    meaning(self, event, Location(self.file, mark.line + 1, mark.column + 1))
        except yaml.MarkedYAMLError as error:
            self._note_fault(error)
            self.fault_at = error.problem_mark.index if error.problem_mark else 0
        except yaml.reader.ReaderError as error:
            at = max(text.find(chr(error.character)), 0)  # its readers count in bytes or in characters
            self.problems.append(character_problem(text, at, self.file, self.lines))
        if self.documents == 0 and not self.problems:
            self._note("PE111", Location(self.file, 1, 1), found=N_("is empty"))

    def _note(self, code: str, location: Location, **details: str) -> None:
        self.problems.append(problem_in(self.lines, code, location, details))

    def _note_fault(self, error: yaml.MarkedYAMLError) -> None:
        """Note what the parser complains of, at the line that is wrong."""
        marks = [Mark(mark.line, mark.column) for mark in (error.problem_mark, error.context_mark) if mark] or [Mark(0, 0)]
        said = " ".join(filter(None, (error.context, error.problem)))
        fault = fault_of(said, marks[0], marks[-1], self.lines)
        place = Location(self.file, fault.place.line + 1, fault.place.column + 1)
        self._note("PE105", place, found=fault.found, remedy=fault.remedy, **fault.words)

    def on_end(self, _event: Any, _place: Location) -> None:
        self.ended = True

    def on_document(self, event: Any, place: Location) -> None:
        """Count documents; only one belongs in a file, and no directives above it."""
        self.documents += 1
        if event.tags or event.version:
            self._note("PE108", place, found="%TAG" if event.tags else "%YAML")
        if self.documents == 2:  # noqa: PLR2004  (the first that is too many)
            self._note("PE111", place, found=N_("holds several documents (there is a line `---` too many)"))
        self.skipping = 1 if self.documents > 1 else 0

    def on_alias(self, event: Any, place: Location) -> None:
        """Refuse an alias; in its place stands nothing."""
        self._note("PE107", place, found=f"*{event.anchor}")
        if self._wants_key():
            self._drop_key(place)
        elif not self.skipping:
            self._put(None, place)

    def on_open(self, event: Any, place: Location) -> None:
        value: list[Data] | dict[str, Data] = {} if isinstance(event, yaml.MappingStartEvent) else []
        self._begin(event, place)
        if len(self.stack) + self.skipping + 1 > MAX_DEPTH:
            self._note("PE103", place, limit=str(MAX_DEPTH))
            self.ended = self.ended_by_limit = True
        if not self.skipping and self._wants_key():
            self._note("PE112", place, found="{…}" if isinstance(value, dict) else "[…]")
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
            self._drop_key(Location(self.file, 1, 1))

    def on_scalar(self, event: Any, place: Location) -> None:
        self._begin(event, place)
        if self.skipping:
            return
        text, plain = normal(event.value), not event.style
        if self._wants_key():
            self._take_key(text, place, plain=plain)
        elif event.tag or not plain or is_plain_word(text):
            self._put(None if event.tag else text, place)
        else:
            value = read_scalar(text)
            if isinstance(value, Refusal):
                self._note(value.code, place, **({"key": str(self.key or "-")} if value.code == "PE110" else value.details))
            self._put(None if isinstance(value, Refusal) else value, place)

    def _begin(self, event: Any, place: Location) -> None:
        """Count a value, past the limit the reading ends; refuse its anchor and its tag."""
        self.nodes += 1
        if self.nodes > MAX_NODES:
            self._note("PE104", place, limit=str(MAX_NODES))
            self.ended = self.ended_by_limit = True
        if event.anchor is not None:
            self._note("PE107", place, found=f"&{event.anchor}")
        if event.tag is not None:
            self._note("PE108", place, found=event.tag.replace("tag:yaml.org,2002:", "!!"))

    def _wants_key(self) -> bool:
        return not self.skipping and bool(self.stack) and isinstance(self.stack[-1][0], dict) and self.key is None

    def _drop_key(self, place: Location) -> None:
        self.key, self.key_place, self.dropping = f"#{self.nodes}", place, True

    def _take_key(self, text: str, place: Location, *, plain: bool) -> None:
        first = self.keys.get((*self.stack[-1][1], text))
        if plain and text == "<<":
            self._note("PE107", place, found=text)
        elif plain and not (is_plain_word(text) or reads_as_text(text)):
            self._note("PE112", place, found=text)
        elif first:
            self._note("PE106", place, key=text, first=str(first.line))
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
                self.keys[path] = self.key_place
            self.dropping = False
        self.places[path] = place
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


def place_in(text: str, at: int, file: str) -> Location:
    """Return the place of a character of a text."""
    return Location(file, text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))


def character_problem(text: str, at: int, file: str, lines: Sequence[str]) -> Problem:
    """Return the problem of a character that may not stand in YAML, or ends a line for some readers only."""
    found, remedy = _CHARACTER
    return problem_in(lines, "PE105", place_in(text, at, file), {"found": found, "remedy": remedy, "sign": f"U+{ord(text[at]):04X}"})


_COLON = r":(?=\s|$)"
_NEAR = 3
"""By how many spaces a line may be out of place and still belong to its neighbours."""
_REACH = 40
_STEP = 2
"""By how many spaces each block of these files is indented; a line at another distance is the one that is out of place."""


class Mark(NamedTuple):
    """A place as the parser counts: lines and columns from 0."""

    line: int
    column: int


class YamlFault(NamedTuple):
    """A fault of YAML: where it is, what was found, what to do, and the words that fill both."""

    place: Mark
    found: Words
    remedy: Words
    words: Mapping[str, str] = {}


_TAB = (N_("a tab (shown as `→`) stands in front of the text"), N_("indent with spaces only"))
_QUOTE = (N_("the quotation mark that opens here is not closed"), N_("close it, or take it away"))
_ESCAPE = (
    N_("a backslash in double quotation marks begins a sign of its own, and `{sign}` is none"),
    N_("use single quotation marks, or write the backslash twice"),
)
_BRACKET = (N_("the bracket `{sign}` that opens here is not closed"), N_("close it; a text that begins with a bracket belongs in quotes"))
_COMMA = (N_("a comma or the closing bracket is missing before this place"), N_("part the values with commas, and close the bracket"))
_NO_VALUE = (N_("`{sign}` stands where a value belongs"), N_("take it away, or put the whole text in quotes"))
_SIGN = (N_("`{sign}` has a meaning of its own at the beginning of a text"), N_("put the text in quotes"))
_BLOCK_TEXT = (N_("text stands on the line of a `|` or `>`"), N_("begin the text on the next line, or put it in quotes"))
_AFTER_END = (N_("the text goes on after the end of the document"), N_("remove the line `...`, or keep one document in a file"))
_LIST = (N_("a list cannot begin behind a key"), N_("put each `- ` on a line of its own, below the key"))
_SECOND_COLON = (N_("a second colon followed by a space stands in this line"), N_("put the text behind the first colon in quotes"))
_IN_TEXT = (
    N_("a colon followed by a space stands in a text that goes on over several lines"),
    N_("put the whole text in quotes, or write `>-` before it"),
)
_NO_SPACE = (N_("a space is missing after the colon"), N_("write `key: value`, with a space after the colon"))
_NO_COLON = (N_("this line has no colon"), N_("write `key: value`; a text that goes on is indented further than its key"))
_NO_KEY = (N_("a key is missing before the colon"), N_("write `key: value`"))
_BEHIND = (N_("`{rest}` stands behind the end of the value"), N_("put the whole value in one pair of quotes, or take the rest away"))
_DASH = (N_("a dash stands here, but the lines it belongs to are keys"), N_("indent the list below its key, or write a key"))
_NO_DASH = (
    N_("a key stands here, but the lines it belongs to begin with a dash"),
    N_("begin the line with `- `, or indent it below the key it belongs to"),
)
_DASHES = N_("the dashes of one list stand exactly below each other")
_KEYS = N_("the keys of one block stand exactly below each other")
_SHIFTED = N_("this line is indented by {own} spaces, but line {line}, to which it belongs, by {other}")
_ALONE = N_("this line is indented by {own} spaces, otherwise than the lines that it belongs to")
_GENERAL = (
    N_("it cannot be read on from here (the parser says: {said})"),
    N_("look for a missing colon, quote or indentation at or just above this place"),
)
_CHARACTER = (
    N_("the character {sign} may not stand in YAML"),
    N_("take it away; inside double quotation marks it can be written as an escape"),
)


class _Seen(NamedTuple):
    """What the parser said: where it gave up, where what it was reading began, and the lines of the file."""

    mark: Mark
    begun: Mark
    lines: Sequence[str]

    def line(self, number: int) -> str:
        return self.lines[number] if number < len(self.lines) else ""

    def sign(self, at: Mark) -> str:
        """Return the sign at a place; of a line that ends there, its last one."""
        line = self.line(at.line)
        return line[at.column : at.column + 1] or line.strip()[-1:]

    def above(self, number: int) -> int:
        """Return the nearest line above that holds more than a remark; the line itself where there is none."""
        return next((n for n in range(min(number, len(self.lines)) - 1, -1, -1) if _speaks(self.lines[n])), number)


def fault_of(said: str, mark: Mark, begun: Mark, lines: Sequence[str]) -> YamlFault:
    """Return what a complaint of the parser means.

    Args:
        said: its words, whatever its release.
        mark: where it gave up.
        begun: where what it was reading began; the same where it does not say.
        lines: the file.
    """
    seen = _Seen(mark, begun, lines)
    text, line = said.lower(), seen.line(mark.line)
    if re.search(r"\btab\b", text) or ("\t" in line[: mark.column + 1] and not line[: mark.column].strip()):
        tab = line.find("\t")
        return YamlFault(mark._replace(column=tab if tab >= 0 else mark.column), *_TAB)
    read = next((read for pattern, read in _KINDS.items() if re.search(pattern, text)), None)
    return read(seen) if read else YamlFault(mark, *_GENERAL, {"said": said})


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _speaks(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _escape(seen: _Seen) -> YamlFault:
    line = seen.line(seen.mark.line)
    start = max(line.rfind("\\", 0, seen.mark.column + 1), 0)
    return YamlFault(seen.mark._replace(column=start), *_ESCAPE, {"sign": line[start : start + 2]})


def _begins_otherwise(seen: _Seen) -> YamlFault:
    at = seen.begun if seen.begun.line == seen.mark.line else seen.mark
    return YamlFault(at, *_SIGN, {"sign": seen.sign(at)})


def _colon(seen: _Seen) -> YamlFault:
    """Return why a key and its colon cannot stand here: behind another one, or as the rest of the text above."""
    number = seen.mark.line
    line, above = seen.line(number), seen.above(number)
    before = seen.line(above)
    if re.search(_COLON, line[: seen.mark.column]):
        return YamlFault(seen.mark, *_SECOND_COLON)
    if above == number or re.search(_COLON, before):
        return _shifted(number, seen)
    if _indent(before) == _indent(line) > 0 and ":" not in before:
        return YamlFault(seen.mark, *_IN_TEXT)
    return _without_colon(seen, above)


def _without_colon(seen: _Seen, number: int) -> YamlFault:
    line = seen.line(number)
    colon = line.find(":")
    return YamlFault(Mark(number, colon), *_NO_SPACE) if colon >= 0 else YamlFault(Mark(number, _indent(line)), *_NO_COLON)


def _bracket(seen: _Seen) -> YamlFault:
    """Return that a bracket is not closed where the text goes on outside it, or that a comma is missing inside it."""
    here, there = seen.line(seen.mark.line), seen.line(seen.begun.line)
    if here.strip() and (seen.mark.line == seen.begun.line or _indent(here) > _indent(there)):
        return YamlFault(seen.mark, *_COMMA)
    return YamlFault(seen.begun, *_BRACKET, {"sign": seen.sign(seen.begun)})


def _out_of_place(seen: _Seen) -> YamlFault:
    """Return why a line fits no block: something stands before it, it is no key or no dash, or it is indented otherwise."""
    mark, line = seen.mark, seen.line(seen.mark.line)
    own = _indent(line)
    if mark.column > own:
        return YamlFault(mark, *_BEHIND, {"rest": line[mark.column :].strip()[:_REACH]})
    if line[own : own + 1] == ":":
        return YamlFault(mark, *_NO_KEY)
    if own == seen.begun.column:
        return YamlFault(mark, *(_DASH if line[own : own + 1] == "-" else _NO_DASH))
    return _shifted(mark.line, seen)


def _shifted(number: int, seen: _Seen) -> YamlFault:
    lines, above = seen.lines, seen.above(number)
    wrong = above if _indent(lines[number]) % _STEP == 0 and _indent(lines[above]) % _STEP else number
    own, is_dash = _indent(lines[wrong]), lines[wrong].lstrip().startswith("-")
    remedy, words = _DASHES if is_dash else _KEYS, {"own": str(own)}
    near = range(max(wrong - _REACH, 0), min(wrong + _REACH, len(lines)))
    for n in sorted(near, key=lambda n: (abs(_indent(lines[n]) - own), abs(n - wrong))):
        other = _indent(lines[n])
        alike = n != wrong and _speaks(lines[n]) and lines[n].lstrip().startswith("-") == is_dash
        if alike and 0 < abs(other - own) <= _NEAR and (other % _STEP == 0 or own % _STEP == 0):
            return YamlFault(Mark(wrong, own), _SHIFTED, remedy, {**words, "line": str(n + 1), "other": str(other)})
    return YamlFault(Mark(wrong, own), _ALONE, remedy, words)


_KINDS: Mapping[str, Callable[[_Seen], YamlFault]] = {
    r"quoted scalar.*(escape|hexdec)": _escape,
    r"quoted scalar": lambda seen: YamlFault(seen.begun, *_QUOTE),
    r"mapping values": _colon,
    r"sequence entries": lambda seen: YamlFault(seen.mark, *_LIST),
    r"simple key": lambda seen: _without_colon(seen, seen.begun.line),
    r"',' or|flow (sequence|mapping)": _bracket,
    r"node content": lambda seen: YamlFault(seen.mark, *_NO_VALUE, {"sign": seen.sign(seen.mark)}),
    r"start any token|anchor|alias|a tag|directive": _begins_otherwise,
    r"block scalar": lambda seen: YamlFault(seen.mark, *_BLOCK_TEXT),
    r"document start": lambda seen: YamlFault(seen.mark, *_AFTER_END),
    r"expected key|'-' indicator|block end|block (mapping|collection)": _out_of_place,
}
"""What the words of the parser are about, the first that fits; each wording of every release has one of these in it."""
