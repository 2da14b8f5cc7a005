"""One file in its canonical layout, held against what it meant before; and the files that a user means.

libyaml's tokens say where each piece begins and ends, so that everything else is known to be whitespace or a comment.
Each piece remembers the column it has and the column it should have: a block below a block stands two further right, the
dashes of a list too.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar, NamedTuple

import yaml

from policy_engine.errors import InputError, Problem
from policy_engine.load.edition import KINDS
from policy_engine.load.files import YAML, files_below, read_bytes
from policy_engine.load.yaml_text import MAX_BYTES, Data, Document, Path, read_document
from policy_engine.source import Location

STEP = 2
_SCANNER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BLOCK_STYLES = ("|", ">")


class Block(NamedTuple):
    """A mapping or list in block style that is open: the column of its entries, as it is and as it should be."""

    old: int
    new: int
    is_list: bool
    is_indentless: bool = False
    """Whether its dashes stand right below the key that it belongs to; libyaml does not tell where such a list ends."""


class Piece(NamedTuple):
    """One thing that is written: where it stands, what it is, and the column it should have where it begins a line."""

    start: int
    end: int
    sort: str
    """`key`, `value`, `:`, `-`, `?` (or the colon that belongs to it), `flow` (what stands in brackets), `mark` (`---`, `...`)."""
    style: str
    """Of a scalar: `'`, `"`, `|`, `>`, or nothing for a plain one."""
    column: int
    blocks: tuple[Block, ...]
    depth: int
    """How many brackets are open before it."""
    closes: bool
    """Whether it is a closing bracket."""

    @property
    def is_block_scalar(self) -> bool:
        """Whether it is a text under `|` or `>`."""
        return self.style in _BLOCK_STYLES

    @property
    def outer(self) -> int:
        """The column that the block around it should have; left of everything outside of all blocks."""
        return self.blocks[-1].new if self.blocks else -STEP

    @property
    def first_column(self) -> int:
        """The column it should have where it begins a line."""
        if self.depth:
            moved = self.column + (self.outer - self.blocks[-1].old if self.blocks else 0)
            return max(moved, self.outer + (0 if self.closes and self.depth == 1 else STEP))
        if self.sort in {"key", "-", "?"}:
            return self.outer
        return self.outer + STEP if self.blocks else self.column


def cut(text: str) -> list[Piece]:
    """Cut a text that is valid YAML into its pieces."""
    cutter = _Cutter()
    for token in _tokens(text):
        cutter.take(token)
    return cutter.pieces


def _tokens(text: str) -> Iterator[Any]:
    """Return libyaml's tokens."""
    scanner = _SCANNER(text)
    while token := scanner.get_token():
        yield token


class _Cutter:
    """Follows the tokens of one file."""

    meanings: ClassVar[dict[type, Callable[["_Cutter", Any], None]]]
    """What is done with each kind of token; the table below the class."""

    def __init__(self) -> None:
        """Begin outside of everything."""
        self.pieces: list[Piece] = []
        self.blocks: tuple[Block, ...] = ()
        self.depth = 0
        self.key_next = False
        self.explicit: set[int] = set()

    def take(self, token: Any) -> None:
        """Take one token."""
        meaning = self.meanings.get(token.__class__)
        if meaning is not None:
            meaning(self, token)

    def _add(self, token: Any, sort: str, style: str = "", *, closes: bool = False) -> None:
        """Note a piece."""
        start, end = token.start_mark, token.end_mark
        self.pieces.append(Piece(start.index, end.index, sort, style, start.column, self.blocks, self.depth, closes))

    def _open(self, token: Any, *, is_list: bool, is_indentless: bool = False) -> None:
        """Open a block, two columns right of the one around it."""
        new = self.blocks[-1].new + STEP if self.blocks else 0
        self.blocks = (*self.blocks, Block(token.start_mark.column, new, is_list, is_indentless))

    def _leave_indentless(self) -> None:
        """Close a list whose dashes stood below its key: the next key of the mapping has come, or its end."""
        if self.blocks and self.blocks[-1].is_indentless:
            self.blocks = self.blocks[:-1]

    def on_mapping(self, token: Any) -> None:
        """Open a mapping."""
        self._open(token, is_list=False)

    def on_list(self, token: Any) -> None:
        """Open a list."""
        self._open(token, is_list=True)

    def on_close(self, _token: Any) -> None:
        """Close a block."""
        self._leave_indentless()
        self.blocks = self.blocks[:-1]

    def on_entry(self, token: Any) -> None:
        """Take the dash of an item."""
        if not self.blocks[-1].is_list:
            self._open(token, is_list=True, is_indentless=True)
        self._add(token, "-")

    def on_key(self, token: Any) -> None:
        """Know that a key comes; a question mark before it is a piece of its own."""
        if self.depth == 0:
            self._leave_indentless()
        self.key_next = True
        if token.end_mark.index > token.start_mark.index:
            self._add(token, "flow" if self.depth else "?")
            self.explicit.update([] if self.depth else [len(self.blocks)])

    def on_value(self, token: Any) -> None:
        """Take the colon behind a key."""
        self.key_next = False
        if self.depth:
            self._add(token, "flow")
        else:
            self._add(token, "?" if len(self.blocks) in self.explicit else ":")
            self.explicit.discard(len(self.blocks))

    def on_scalar(self, token: Any) -> None:
        """Take a key or a value."""
        self._add(token, "key" if self.key_next else "value", "" if token.plain else token.style or "'")
        self.key_next = False

    def on_flow_open(self, token: Any) -> None:
        """Take an opening bracket."""
        self._add(token, "flow")
        self.depth += 1
        self.key_next = False

    def on_flow_close(self, token: Any) -> None:
        """Take a closing bracket."""
        self._add(token, "flow", closes=True)
        self.depth -= 1

    def on_flow_entry(self, token: Any) -> None:
        """Take a comma."""
        self._add(token, "flow")

    def on_mark(self, token: Any) -> None:
        """Take the mark of a document's begin or end."""
        self._add(token, "mark")


_Cutter.meanings = {
    yaml.BlockMappingStartToken: _Cutter.on_mapping,
    yaml.BlockSequenceStartToken: _Cutter.on_list,
    yaml.BlockEndToken: _Cutter.on_close,
    yaml.BlockEntryToken: _Cutter.on_entry,
    yaml.KeyToken: _Cutter.on_key,
    yaml.ValueToken: _Cutter.on_value,
    yaml.ScalarToken: _Cutter.on_scalar,
    yaml.FlowMappingStartToken: _Cutter.on_flow_open,
    yaml.FlowSequenceStartToken: _Cutter.on_flow_open,
    yaml.FlowMappingEndToken: _Cutter.on_flow_close,
    yaml.FlowSequenceEndToken: _Cutter.on_flow_close,
    yaml.FlowEntryToken: _Cutter.on_flow_entry,
    yaml.DocumentStartToken: _Cutter.on_mark,
    yaml.DocumentEndToken: _Cutter.on_mark,
}


FOLD = 120
"""How wide folded prose is."""
TOO_WIDE = 140
"""How wide a line may be before it is folded."""
_HEADER = re.compile(r"([|>])([-+0-9]*)([ \t]*)(#.*)?")
_BREAK = re.compile(r"(?<=[^ \t]) (?=[^ \t])")
_BLANKS = " \t"
_OUTSIDE = Block(-1, 0, is_list=False)
"""Where a text stands that is all of its file."""


class BlockText(NamedTuple):
    """A text under `|` or `>`: its header, and its lines; `left` is how many blank lines below it are not part of it."""

    header: str
    lines: tuple[str, ...]
    left: int


def on_several_lines(text: str, indent: int, style: str) -> str:
    """Move the further lines of a plain or quoted text; blanks around its line ends mean nothing."""
    first, *more = text.split("\n")
    *before, last = [first, *(line.lstrip(_BLANKS) for line in more)]
    ended = [_ended(line, style) for line in before]
    return "\n".join([ended[0], *(" " * indent + line if line else "" for line in (*ended[1:], last))])


def _ended(line: str, style: str) -> str:
    """Take the blanks from the end of a line, but for one that a backslash makes part of the text."""
    stripped = line.rstrip(_BLANKS)
    slashes = len(stripped) - len(stripped.rstrip("\\"))
    return line[: len(stripped) + 1] if style == '"' and slashes % 2 else stripped


def in_double_quotes(text: str) -> str:
    """Write a text in single quotes with double ones, where that changes no character of it."""
    inner = text[1:-1]
    return f'"{inner}"' if inner.isprintable() and not {'"', "\\", "'"} & set(inner) else text


def under_header(text: str, blocks: tuple[Block, ...]) -> BlockText:
    """Move a text under `|` or `>` to where it belongs.

    Where the file ends within its last line, the text has no line end of its own; a dash in the header says so once the
    file ends with one.

    Args:
        text: from its header to the last line that libyaml takes for a part of it.
        blocks: the blocks that it stands in.
    """
    first, *below = text.split("\n")
    head = _HEADER.fullmatch(first.rstrip(_BLANKS))
    assert head is not None
    outer = blocks[-1] if blocks else _OUTSIDE
    digits, chomp = re.sub(r"[^0-9]", "", head[2]), re.sub(r"[0-9]", "", head[2])
    old = max(outer.old, 0) + int(digits) if digits else _own_indent(below, outer.old)
    new = outer.new + (int(digits) if digits else STEP)
    lines = [line[old:] if line[:old] == " " * old else "" for line in below] or [""]
    cut_short = lines.pop() if lines[-1] else ""
    kept = [*lines, cut_short] if cut_short else lines[:-1]
    left = 0 if chomp == "+" and not cut_short else _blank_at_end(kept)
    kept = kept[: len(kept) - left]
    header = f"{head[1]}{digits}{'-' if cut_short else chomp}{_remark(head[3], head[4])}"
    shown = refilled(kept, new) if head[1] == ">" else kept
    return BlockText(header, tuple(" " * new + line if line else "" for line in shown), left)


def _remark(blanks: str, comment: str | None) -> str:
    """Return the comment behind a header, as it stands."""
    return f"{'  ' if chr(9) in blanks else blanks}{comment}" if comment else ""


def _own_indent(lines: list[str], outer: int) -> int:
    """Return the indent that libyaml takes from the first lines of a text: blank ones count as well."""
    widths: list[int] = []
    for line in lines:
        widths.append(len(line) - len(line.lstrip(" ")))
        if line.strip(" "):
            break
    return max([*widths, outer + 1, 1])


def _blank_at_end(lines: list[str]) -> int:
    """Count the empty lines at the end."""
    return next((n for n, line in enumerate(reversed(lines)) if line), len(lines))


def refilled(lines: list[str], indent: int) -> list[str]:
    """Fold the paragraphs of a folded text anew that have a line too wide; lines indented further stand as they are."""
    found: list[str] = []
    paragraph: list[str] = []
    for line in [*lines, ""]:
        if line and line[0] not in _BLANKS:
            paragraph.append(line)
            continue
        wide = any(indent + len(part) > TOO_WIDE for part in paragraph)
        found += folded(" ".join(paragraph), indent) if wide else paragraph
        found.append(line)
        paragraph = []
    return found[:-1]


def folded(text: str, indent: int) -> list[str]:
    """Break a text into lines at its single spaces; nothing else means the same after folding."""
    first, *words = _BREAK.split(text)
    lines = [first]
    for word in words:
        if indent + len(lines[-1]) + 1 + len(word) > FOLD:
            lines.append(word)
        else:
            lines[-1] += f" {word}"
    return lines


_BLANKS_layout = " \t"
_AFTER = frozenset({":", "-", "?", "mark"})
"""After these stands one space."""


class OddGapError(Exception):
    """Between two pieces stands something that is neither whitespace nor a comment."""

    def __init__(self, found: str) -> None:
        """Keep what was found."""
        self.found = found
        super().__init__(found)


def laid_out(text: str) -> str:
    """Lay out a text that is valid YAML, its line ends already newlines.

    Raises:
        OddGapError: where something would be lost.
    """
    writer = _Writer(text)
    return writer.written()


def comments_of(text: str) -> list[str]:
    """Return the comments of a text, in their order.

    Raises:
        OddGapError: where there is something that is no comment.
    """
    found: list[str] = []
    at = 0
    for piece in cut(text):
        found += map(_comment, text[at : piece.start].split("\n"))
        head = text[piece.start : piece.end].split("\n", maxsplit=1)[0] if piece.is_block_scalar else ""
        found.append(head[head.find("#") :].rstrip(_BLANKS_layout) if "#" in head else "")
        at = piece.end
    found += map(_comment, text[at:].split("\n"))
    return [comment for comment in found if comment]


class _Writer:
    """Writes the pieces of one text, line by line."""

    def __init__(self, text: str) -> None:
        """Begin above the first line."""
        self.text = text
        self.pieces = cut(text)
        self.lines: list[str] = []
        self.at = 0
        self.blank = False
        self.hangers: dict[int, int] = {}
        """Columns of what stands in the line above, as they were and as they are: where a comment below may hang."""

    def written(self) -> str:
        """Write everything, and give it."""
        before: Piece | None = None
        for number, piece in enumerate(self.pieces):
            self._gap(self.text[self.at : piece.start], before, piece)
            follows = self.pieces[number + 1].start if number + 1 < len(self.pieces) else len(self.text)
            self.at = piece.end
            self._write(piece, before, self.text[piece.end : follows])
            before = piece
        self._between(self._rest(self.text[self.at :], before), before, None)
        return "\n".join([*self.lines, ""]) if self.lines else ""

    def _gap(self, gap: str, before: Piece | None, piece: Piece) -> None:
        """Write what stands before a piece: some space, or line ends, comments and the beginning of its line."""
        if "\n" in gap or before is None or before.is_block_scalar:
            *between, indent = self._rest(gap, before)
            self._between(between, before, piece)
            if indent.strip(_BLANKS_layout):
                raise OddGapError(indent)
            self.hangers = {}
            self._begin(" " * piece.first_column)
        elif gap.strip(_BLANKS_layout):
            raise OddGapError(gap)
        elif piece.depth:
            self.lines[-1] += " " if "\t" in gap else gap
        elif before.sort in _AFTER:
            self.lines[-1] += " "

    def _begin(self, line: str) -> None:
        """Begin a line, a blank one above it where there was one."""
        if self.blank and self.lines:
            self.lines.append("")
        self.blank = False
        self.lines.append(line)

    def _rest(self, gap: str, before: Piece | None) -> list[str]:
        """Write the comment behind a piece, if any; give the further lines of the gap."""
        if before is None or before.is_block_scalar:
            return gap.split("\n")
        rest, *more = gap.split("\n")
        blanks, comment = rest[: len(rest) - len(rest.lstrip(_BLANKS_layout))], _comment(rest)
        if comment:
            column = before.column + self.at - before.start + len(blanks)
            self.lines[-1] += "  " if "\t" in blanks or not blanks else blanks
            self.hangers[column] = len(self.lines[-1])
            self.lines[-1] += comment
        return more

    def _between(self, lines: list[str], before: Piece | None, piece: Piece | None) -> None:
        """Write comments and blank lines above a piece; where a column leads is worked out once, however many comments stand in it."""
        leads: dict[int, str] = {}
        for line in lines:
            comment = _comment(line)
            if not comment:
                self.blank = True
                continue
            column = len(line.rstrip(_BLANKS_layout)) - len(comment)
            if column not in leads:
                leads[column] = " " * self._column(column, before, piece)
            self._begin(leads[column] + comment)

    def _column(self, column: int, before: Piece | None, piece: Piece | None) -> int:
        """Return the column that a comment should have: that of what it stood in line with."""
        if piece and piece.depth:
            moved = column + (piece.outer - piece.blocks[-1].old if piece.blocks else 0)
            return max(moved, piece.outer + STEP)
        blocks = [*(before.blocks if before else ()), *(piece.blocks if piece else ())]
        known = {block.old: block.new for block in blocks} | ({piece.column: piece.first_column} if piece else {})
        if column in known or column not in self.hangers:
            return known[max((old for old in known if old <= column), default=min(known, default=0))] if known else 0
        return self.hangers[column]

    def _write(self, piece: Piece, before: Piece | None, gap: str) -> None:
        """Write a piece."""
        text = self.text[piece.start : piece.end]
        self.hangers[piece.column] = len(self.lines[-1])
        if piece.is_block_scalar:
            told = under_header(text, piece.blocks)
            self.lines[-1] += told.header
            self.lines += told.lines
            self.blank, self.hangers = told.left > 0, {}
        elif "\n" in text:
            self._add(on_several_lines(text, piece.outer + STEP, piece.style) if piece.blocks else text)
        elif piece.style == "'":
            self.lines[-1] += in_double_quotes(text)
        elif before and self._is_too_wide(piece, before, text, gap):
            self._fold(text, piece.outer + STEP)
        else:
            self.lines[-1] += text

    def _add(self, text: str) -> None:
        """Write a text of several lines."""
        first, *more = text.split("\n")
        self.lines[-1] += first
        self.lines += more

    def _is_too_wide(self, piece: Piece, before: Piece, text: str, gap: str) -> bool:
        """Return whether a plain value makes its line too wide, and stands where it may be folded."""
        plain = piece.sort == "value" and not piece.style and not piece.depth and bool(piece.blocks)
        behind = gap.split("\n", maxsplit=1)[0].strip(_BLANKS_layout)
        return plain and before.sort in {":", "-"} and "\n" not in self.text[before.end : piece.start] and (
            not behind and len(self.lines[-1]) + len(text) > TOO_WIDE
        )  # fmt: skip

    def _fold(self, text: str, indent: int) -> None:
        """Write a plain value as folded prose."""
        lines = folded(text, indent)
        if len(lines) == 1:
            self.lines[-1] += text
            return
        self.lines[-1] += ">-"
        self.lines += [" " * indent + line for line in lines]
        self.hangers = {}


def _comment(line: str) -> str:
    """Return the comment in a line of a gap; nothing where the line is blank.

    Raises:
        OddGapError: where there is anything else.
    """
    found = line.strip(_BLANKS_layout)
    if found and not found.startswith("#"):
        raise OddGapError(found)
    return found


_MODELINE = re.compile(r"# *yaml-language-server: *\$schema=(\S+)[ \t]*")
_BY_KEY = {"case": "case.schema.json", "round": "round-file.schema.json"}
_RULEBOOK = "rulebook.schema.json"
_MAX_UP = 64


def modeline(schema: str) -> str:
    """Return the modeline for a schema's path or address."""
    return f"# yaml-language-server: $schema={schema}"


def modelines_for(folder: str, schema: str) -> list[str]:
    """Return the modeline of a new file in a folder, as the lines that it begins with.

    There is none where no `schemas/` stands above: files travel by mail and in shared folders, and the path of the computer that
    wrote one leads nowhere on the next.
    """
    seen = schema_above(folder, schema)
    return [modeline(seen)] if seen else []


def is_modeline(comment: str) -> bool:
    """Return whether a comment is a modeline."""
    return _MODELINE.fullmatch(comment) is not None


def schema_of(data: Data, kinds: tuple[str, ...]) -> str:
    """Name the schema of a file by its outermost keys, the rulebook's being the `kinds`; nothing where it is no file of ours."""
    keys = data.keys() if isinstance(data, dict) else ()
    for key in keys:
        if key in _BY_KEY:
            return _BY_KEY[key]
    return _RULEBOOK if any(key in kinds for key in keys) else ""


def schema_above(folder: str, schema: str) -> str:
    """Return the path of a schema as seen from a folder, where one of the folders above has `schemas/`; else nothing."""
    here = os.path.abspath(folder)
    for _ in range(_MAX_UP):
        path = os.path.join(here, "schemas", schema)
        if os.path.isfile(path):
            return os.path.relpath(path, os.path.abspath(folder)).replace(os.sep, "/")
        here = os.path.dirname(here)
    return ""


def moved(text: str, old: str, new: str, schema: str) -> str:
    """Return the text of a file that is copied from one folder to another, its modeline leading to the schema from there.

    A modeline that led somewhere is left out where the new place has no schema above it; else the text stays as it is.
    """
    seen = schema_above(new, schema)
    lines = (_MODELINE.fullmatch(line.strip()) for line in text.split("\n"))
    told = next((os.path.normpath(os.path.join(old, line[1])) for line in lines if line), "")
    lost = told and os.path.isfile(told) and not seen
    return with_modeline(text, seen) if seen or lost else text


def with_modeline(text: str, schema: str) -> str:
    """Return a text with the modeline as its first line; another one among the comments at its head gives way to it.

    The line ends as the first line of the text does. Without a schema there is no modeline.
    """
    lines = text.removeprefix("\ufeff").split("\n")
    head = next((n for n, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#")), len(lines))
    kept = [line for n, line in enumerate(lines) if n >= head or not is_modeline(line.strip())]
    first = [modeline(schema) + ("\r" if lines[0].endswith("\r") else "")] if schema else []
    return "\n".join([*first, *kept])


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
    """Return the files that are meant, each once: a folder stands for the YAML files below it, hidden ones aside."""
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
    """Return the value at a path; a mapping or list counts only for being one, since its members are asked for themselves."""
    for key in path:
        if isinstance(data, dict):
            data = data.get(str(key))
        else:
            data = data[key] if isinstance(data, list) and isinstance(key, int) and key < len(data) else None
    return {} if isinstance(data, dict) else [] if isinstance(data, list) else data


def _remarks(text: str) -> list[str]:
    """Return the comments of a text; the modeline is the engine's own."""
    return [comment for comment in comments_of(text) if not is_modeline(comment)]
