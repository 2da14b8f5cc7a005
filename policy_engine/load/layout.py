"""One file in its canonical layout, held against what it meant before; and the files that a user means.

libyaml's tokens say where each piece begins and ends, so that everything else is known to be whitespace or a comment.
Each piece remembers the column it has and the column it should have: a block below a block stands two further right, the
dashes of a list too. Why not ruamel.yaml: `docs/decisions/0019-a-layout-of-our-own.md`.
"""

import os
import re
from collections.abc import Iterable
from itertools import takewhile
from typing import Any, NamedTuple

import yaml

from policy_engine.errors import InputError, Problem
from policy_engine.load.edition import KINDS
from policy_engine.load.files import YAML, files_below, read_bytes
from policy_engine.load.yaml_plain import Data
from policy_engine.load.yaml_text import MAX_BYTES, Document, read_document
from policy_engine.source import Location

_SCANNER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_STEP = 2
_FOLD, _TOO_WIDE = 120, 140
"""How wide folded prose is, and how wide a line may be before it is folded."""
_BLANKS = " \t"
_SORTS: dict[type, str] = {
    yaml.BlockEntryToken: "-", yaml.FlowMappingStartToken: "flow", yaml.FlowSequenceStartToken: "flow", yaml.FlowMappingEndToken: "flow",
    yaml.FlowSequenceEndToken: "flow", yaml.FlowEntryToken: "flow", yaml.DocumentStartToken: "mark", yaml.DocumentEndToken: "mark",
}  # fmt: skip
_OPENING = (yaml.FlowMappingStartToken, yaml.FlowSequenceStartToken)
_CLOSING = (yaml.FlowMappingEndToken, yaml.FlowSequenceEndToken)
_BEGINNING = (yaml.BlockMappingStartToken, yaml.BlockSequenceStartToken)


class _Block(NamedTuple):
    """A mapping or list in block style that is open: the column of its entries, as it is and as it should be."""

    old: int
    new: int
    is_list: bool
    is_indentless: bool = False
    """Whether its dashes stand right below the key that it belongs to; libyaml does not say where such a list ends."""


class _Piece(NamedTuple):
    """One thing that is written: where it stands, what it is, and the column it should have where it begins a line."""

    start: int
    end: int
    sort: str
    """`key`, `value`, `:`, `-`, `?` (or the colon that belongs to it), `flow` (what stands in brackets), `mark` (`---`, `...`)."""
    style: str
    """Of a scalar: `'`, `"`, `|`, `>`, or nothing for a plain one."""
    column: int
    blocks: tuple[_Block, ...]
    depth: int
    """How many brackets are open before it."""
    closes: bool
    """Whether it is a closing bracket."""

    @property
    def is_block_scalar(self) -> bool:
        return self.style in {"|", ">"}

    @property
    def outer(self) -> int:
        """The column that the block around it should have; left of everything outside of all blocks."""
        return self.blocks[-1].new if self.blocks else -_STEP

    def moved(self, column: int, least: int = _STEP) -> int:
        """Return where a column in brackets goes to: with its block, and further right than that."""
        return max(column + (self.outer - self.blocks[-1].old if self.blocks else 0), self.outer + least)

    @property
    def first_column(self) -> int:
        """The column it should have where it begins a line."""
        if self.depth:
            return self.moved(self.column, 0 if self.closes and self.depth == 1 else _STEP)
        if self.sort in {"key", "-", "?"}:
            return self.outer
        return self.outer + _STEP if self.blocks else self.column


class OddGapError(Exception):
    """Between two pieces stands something that is neither whitespace nor a comment."""

    def __init__(self, found: str) -> None:
        self.found = found
        super().__init__(found)


def _cut(text: str) -> list[_Piece]:
    pieces: list[_Piece] = []
    blocks: tuple[_Block, ...] = ()
    depth, key_next, explicit = 0, False, set[int]()
    scanner = _SCANNER(text)
    while token := scanner.get_token():
        kind, start, end = token.__class__, token.start_mark, token.end_mark
        blocks = _blocks_at(token, blocks, depth)
        sort, style = _SORTS.get(kind, ""), ""
        if kind is yaml.KeyToken and end.index > start.index:
            sort = "flow" if depth else "?"
            explicit.update([] if depth else [len(blocks)])
        elif kind is yaml.ValueToken:
            sort = "flow" if depth else "?" if len(blocks) in explicit else ":"
            explicit.difference_update([] if depth else [len(blocks)])
        elif kind is yaml.ScalarToken:
            sort, style = "key" if key_next else "value", "" if token.plain else token.style or "'"
        if sort:
            pieces.append(
                _Piece(
                    start=start.index, end=end.index, sort=sort, style=style, column=start.column, blocks=blocks, depth=depth,
                    closes=kind in _CLOSING,
                )
            )  # fmt: skip
        depth += (kind in _OPENING) - (kind in _CLOSING)
        key_next = kind is yaml.KeyToken or (key_next and kind not in (yaml.ValueToken, yaml.ScalarToken, *_OPENING))
    return pieces


def _blocks_at(token: Any, blocks: tuple[_Block, ...], depth: int) -> tuple[_Block, ...]:
    """Return the blocks that are open at a token; a list whose dashes stood below its key ends with the next key, or the mapping."""
    kind = token.__class__
    if blocks and blocks[-1].is_indentless and (kind is yaml.BlockEndToken or (kind is yaml.KeyToken and not depth)):
        blocks = blocks[:-1]
    if kind is yaml.BlockEndToken:
        return blocks[:-1]
    indentless = kind is yaml.BlockEntryToken and not blocks[-1].is_list
    if kind not in _BEGINNING and not indentless:
        return blocks
    new = blocks[-1].new + _STEP if blocks else 0
    return (*blocks, _Block(token.start_mark.column, new, kind is not yaml.BlockMappingStartToken, indentless))


def _comment(line: str) -> str:
    """Return the comment in a line of a gap; nothing where the line is blank.

    Raises:
        OddGapError: where there is anything else.
    """
    found = line.strip(_BLANKS)
    if found and not found.startswith("#"):
        raise OddGapError(found)
    return found


def comments_of(text: str) -> list[str]:
    """Return the comments of a text, in their order.

    Raises:
        OddGapError: where there is something that is no comment.
    """
    found: list[str] = []
    at = 0
    for piece in _cut(text):
        found += map(_comment, text[at : piece.start].split("\n"))
        head = text[piece.start : piece.end].split("\n", maxsplit=1)[0] if piece.is_block_scalar else ""
        found.append(head[head.find("#") :].rstrip(_BLANKS) if "#" in head else "")
        at = piece.end
    found += map(_comment, text[at:].split("\n"))
    return [comment for comment in found if comment]


def laid_out(text: str) -> str:
    """Lay out a text that is valid YAML, its line ends already newlines.

    Raises:
        OddGapError: where something would be lost.
    """
    return _Writer(text).written()


class _Writer:
    """Writes the pieces of one text, line by line."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines: list[str] = []
        self.at = 0
        self.blank = False
        self.hangers: dict[int, int] = {}
        """Columns of what stands in the line above, as they were and as they are: where a comment below may hang."""

    def written(self) -> str:
        before: _Piece | None = None
        pieces = _cut(self.text)
        for number, piece in enumerate(pieces):
            self._gap(self.text[self.at : piece.start], before, piece)
            follows = pieces[number + 1].start if number + 1 < len(pieces) else len(self.text)
            self.at = piece.end
            self._write(piece, before, self.text[piece.end : follows])
            before = piece
        self._between(self._rest(self.text[self.at :], before), before, None)
        return "\n".join([*self.lines, ""]) if self.lines else ""

    def _gap(self, gap: str, before: _Piece | None, piece: _Piece) -> None:
        """Write what stands before a piece: some space, or line ends, comments and the beginning of its line."""
        if "\n" in gap or before is None or before.is_block_scalar:
            *between, indent = self._rest(gap, before)
            self._between(between, before, piece)
            if indent.strip(_BLANKS):
                raise OddGapError(indent)
            self.hangers = {}
            self._begin(" " * piece.first_column)
        elif gap.strip(_BLANKS):
            raise OddGapError(gap)
        elif piece.depth:
            self.lines[-1] += " " if "\t" in gap else gap
        elif before.sort in {":", "-", "?", "mark"}:
            self.lines[-1] += " "

    def _begin(self, line: str) -> None:
        self.lines += ["", line] if self.blank and self.lines else [line]
        self.blank = False

    def _rest(self, gap: str, before: _Piece | None) -> list[str]:
        """Write the comment behind a piece, if any; return the further lines of the gap."""
        if before is None or before.is_block_scalar:
            return gap.split("\n")
        rest, *more = gap.split("\n")
        blanks, comment = rest[: len(rest) - len(rest.lstrip(_BLANKS))], _comment(rest)
        if comment:
            self.lines[-1] += "  " if "\t" in blanks or not blanks else blanks
            self.hangers[before.column + self.at - before.start + len(blanks)] = len(self.lines[-1])
            self.lines[-1] += comment
        return more

    def _between(self, lines: list[str], before: _Piece | None, piece: _Piece | None) -> None:
        """Write comments and blank lines above a piece; where a column leads is worked out once, however many comments stand in it."""
        leads: dict[int, str] = {}
        for line in lines:
            comment = _comment(line)
            if not comment:
                self.blank = True
                continue
            column = len(line.rstrip(_BLANKS)) - len(comment)
            if column not in leads:
                leads[column] = " " * self._column(column, before, piece)
            self._begin(leads[column] + comment)

    def _column(self, column: int, before: _Piece | None, piece: _Piece | None) -> int:
        """Return the column that a comment should have: that of what it stood in line with."""
        if piece and piece.depth:
            return piece.moved(column)
        blocks = [*(before.blocks if before else ()), *(piece.blocks if piece else ())]
        known = {block.old: block.new for block in blocks} | ({piece.column: piece.first_column} if piece else {})
        if column in known or column not in self.hangers:
            return known[max((old for old in known if old <= column), default=min(known, default=0))] if known else 0
        return self.hangers[column]

    def _write(self, piece: _Piece, before: _Piece | None, gap: str) -> None:
        """Write a piece; a plain value that makes its line too wide, and that stands where it may, as folded prose."""
        text = self.text[piece.start : piece.end]
        self.hangers[piece.column] = len(self.lines[-1])
        first, more = text, list[str]()
        if piece.is_block_scalar:
            (first, *more), self.blank = _under_header(text, piece.blocks[-1] if piece.blocks else _Block(-1, 0, is_list=False))
            self.hangers = {}
        elif "\n" in text and piece.blocks:
            first, *more = _on_several_lines(text, piece.outer + _STEP, piece.style)
        elif piece.style == "'" and "\n" not in text and text[1:-1].isprintable() and not {'"', "\\", "'"} & {*text[1:-1]}:
            first = f'"{text[1:-1]}"'
        elif before and before.sort in {":", "-"} and piece.sort == "value" and piece.blocks and not (piece.style or piece.depth):
            alone = "\n" not in self.text[before.end : piece.start] and not gap.split("\n", maxsplit=1)[0].strip(_BLANKS)
            lines = _folded(text, piece.outer + _STEP) if alone and len(self.lines[-1]) + len(text) > _TOO_WIDE else []
            if len(lines) > 1:
                first, more, self.hangers = ">-", [" " * (piece.outer + _STEP) + line for line in lines], {}
        first, *further = first.split("\n")
        self.lines[-1] += first
        self.lines += [*further, *more]


def _on_several_lines(text: str, indent: int, style: str) -> list[str]:
    """Move the further lines of a plain or quoted text; blanks around its line ends mean nothing."""
    first, *more = text.split("\n")
    *before, last = [first, *(line.lstrip(_BLANKS) for line in more)]
    ended = [_ended(line, style) for line in before]
    return [ended[0], *(" " * indent + line if line else "" for line in (*ended[1:], last))]


def _ended(line: str, style: str) -> str:
    """Take the blanks from the end of a line, but for one that a backslash makes part of the text."""
    stripped = line.rstrip(_BLANKS)
    slashes = len(stripped) - len(stripped.rstrip("\\"))
    return line[: len(stripped) + 1] if style == '"' and slashes % 2 else stripped


_HEADER = re.compile(r"([|>])([-+0-9]*)([ \t]*)(#.*)?")


def _under_header(text: str, outer: _Block) -> tuple[list[str], bool]:
    """Move a text under `|` or `>` to where it belongs; return its lines, and whether blank lines below it are no part of it.

    Where the file ends within its last line, the text has no line end of its own; a dash in the header says so once the
    file ends with one.

    Args:
        text: from its header to the last line that libyaml takes for a part of it.
        outer: the block that it stands in.
    """
    first, *below = text.split("\n")
    head = _HEADER.fullmatch(first.rstrip(_BLANKS))
    assert head is not None
    digits, chomp = re.sub(r"[^0-9]", "", head[2]), re.sub(r"[0-9]", "", head[2])
    old = max(outer.old, 0) + int(digits) if digits else _own_indent(below, outer.old)
    new = outer.new + (int(digits) if digits else _STEP)
    kept = [line[old:] if line[:old] == " " * old else "" for line in below] or [""]
    cut_short = kept[-1] != ""
    kept = kept if cut_short else kept[:-1]
    left = 0 if chomp == "+" and not cut_short else len(list(takewhile(lambda line: not line, reversed(kept))))
    kept = kept[: len(kept) - left]
    remark = f"{'  ' if chr(9) in head[3] else head[3]}{head[4]}" if head[4] else ""
    shown = _refilled(kept, new) if head[1] == ">" else kept
    header = f"{head[1]}{digits}{'-' if cut_short else chomp}{remark}"
    return [header, *(" " * new + line if line else "" for line in shown)], left > 0


def _own_indent(lines: list[str], outer: int) -> int:
    """Return the indent that libyaml takes from the first lines of a text: blank ones count as well."""
    widths: list[int] = []
    for line in lines:
        widths.append(len(line) - len(line.lstrip(" ")))
        if line.strip(" "):
            break
    return max([*widths, outer + 1, 1])


def _refilled(lines: list[str], indent: int) -> list[str]:
    """Fold the paragraphs of a folded text anew that have a line too wide; lines indented further stand as they are."""
    found: list[str] = []
    paragraph: list[str] = []
    for line in [*lines, ""]:
        if line and line[0] not in _BLANKS:
            paragraph.append(line)
            continue
        wide = any(indent + len(part) > _TOO_WIDE for part in paragraph)
        found += [*(_folded(" ".join(paragraph), indent) if wide else paragraph), line]
        paragraph = []
    return found[:-1]


def _folded(text: str, indent: int) -> list[str]:
    """Break a text into lines at its single spaces; nothing else means the same after folding."""
    first, *words = re.split(r"(?<=[^ \t]) (?=[^ \t])", text)
    lines = [first]
    for word in words:
        if indent + len(lines[-1]) + 1 + len(word) > _FOLD:
            lines.append(word)
        else:
            lines[-1] += f" {word}"
    return lines


_MODELINE = re.compile(r"# *yaml-language-server: *\$schema=(\S+)[ \t]*")
_BY_KEY = {"case": "case.schema.json", "round": "round-file.schema.json", **dict.fromkeys(KINDS, "rulebook.schema.json")}
_MAX_UP = 64


def modelines_for(folder: str, schema: str) -> list[str]:
    """Return the modeline of a new file in a folder, as the lines that it begins with.

    There is none where no `schemas/` stands above: files travel by mail and in shared folders, and the path of the computer that
    wrote one leads nowhere on the next.
    """
    seen = schema_above(folder, schema)
    return [f"# yaml-language-server: $schema={seen}"] if seen else []


def schema_of(data: Data) -> str:
    """Name the schema of a file by its outermost keys; nothing where it is no file of ours."""
    return next((schema for key, schema in _BY_KEY.items() if isinstance(data, dict) and key in data), "")


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
    led_to = next((os.path.normpath(os.path.join(old, line[1])) for line in lines if line), "")
    return with_modeline(text, seen) if seen or (led_to and os.path.isfile(led_to)) else text


def with_modeline(text: str, schema: str) -> str:
    """Return a text with the modeline as its first line; another one among the comments at its head gives way to it.

    The line ends as the first line of the text does. Without a schema there is no modeline.
    """
    lines = text.removeprefix("\ufeff").split("\n")
    head = next((n for n, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#")), len(lines))
    kept = [line for n, line in enumerate(lines) if n >= head or not _MODELINE.fullmatch(line.strip())]
    first = [f"# yaml-language-server: $schema={schema}" + "\r" * lines[0].endswith("\r")] if schema else []
    return "\n".join([*first, *kept])


class Tidied(NamedTuple):
    """A file as it stands, and as it should."""

    file: str
    before: str
    after: str

    @property
    def changed(self) -> bool:
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
    text = raw.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff")
    schema = schema_of(document.data)
    seen = schema_above(folder, schema) if schema and folder is not None else ""
    try:
        after = laid_out(with_modeline(text, seen) if seen else text)
        _hold(document, text, after)
    except OddGapError as error:
        at = max(text.find(error.found), 0)
        place = Location(file, text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))
        raise InputError([document.problem("PE840", place)]) from error
    except yaml.YAMLError as error:  # marks of byte order before a text, some of which the reader takes for a part of it
        raise InputError([document.problem("PE840", Location(file, 1, 1))]) from error
    return Tidied(file, raw.decode("utf-8"), after)


def _hold(before: Document, text: str, after: str) -> None:
    """Hold a layout against the text that it was made of: the same data, the same comments, and nothing left to do.

    Raises:
        InputError: PE840, at the first value that would be another.
    """
    read = read_document(after.encode(), before.file)
    same = not read.problems and repr(read.data) == repr(before.data)
    remarks = ([comment for comment in comments_of(one) if not _MODELINE.fullmatch(comment)] for one in (text, after))
    if same and next(remarks) == next(remarks) and laid_out(after) == after:
        return
    others = [path for path in before.places if path and _own(before.at(path)) != _own(read.at(path))]
    places = [before.keys.get(path) or before.places[path] for path in others]
    raise InputError([before.problem("PE840", min(places, default=Location(before.file, 1, 1)))])


def _own(value: Data) -> Data:
    """Return a value; a mapping or list counts only for being one, since its members are asked for themselves."""
    return {} if isinstance(value, dict) else [] if isinstance(value, list) else value
