"""CSV files: how their signs are coded, what separates their cells, and their rows.

Where each line is a whole row the file is scanned as it lies, else a clean copy of it. In the copy, what cannot be read is a row that
says why: it costs itself, never the file.
"""

import codecs
import os
import re
from collections import deque
from collections.abc import Iterator
from typing import IO, NamedTuple

import polars as pl

from policy_engine.columnar.rows.headings import Headings, RowFault, RowPlaces, carried
from policy_engine.errors import InputError, Problem
from policy_engine.load.limits import MAX_LINE, hold_line
from policy_engine.source import Location

_SEPARATORS = (",", ";", "\t")
_SEP_LINE = re.compile(r"\s*sep=(.)\s*", re.IGNORECASE)
_HEAD = 1 << 20
"""Headings are looked for in so many first bytes."""
_BLOCK = 1 << 20
_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_BLANK = " \t\r\n"
_MOST = 32_767
"""The characters that a spreadsheet holds in one cell; a quote that does not close within them does not close."""
_LINES_AT_ONCE = 1 << 20
_NO_SIGN = "\x01"
_MANY, _FEW = 10, 2
"""Where more than one row in so many is no UTF-8 (but not one alone), and fewer are UTF-8 beyond ASCII, the coding is another."""
_MARGIN = 16
"""A line that is longer than its separators by more than this is no blank one, unless it has more blanks than anyone types."""


class CsvForm(NamedTuple):
    """What a CSV file is like."""

    separator: str
    headings: tuple[str, ...]
    where: tuple[Location, ...]
    """The place of each heading, in characters."""
    lines: int
    """How many lines come before the first row."""
    sheet: int
    """How many rows a spreadsheet shows before it; it shows no `sep=;`, and headings with breaks of lines in them as one row."""


class CsvRows(NamedTuple):
    """The rows of a file: where they can be scanned, how many, and how many were blank; `odd` where a last column says what is wrong."""

    path: str
    total: int
    blank: int
    lines: int
    """How many lines come before the first row where they are scanned."""
    odd: bool


def as_utf8(path: str, target: str) -> str:
    """Return a file of UTF-8 with what a file holds: itself, or a copy where it is UTF-16 by its first bytes.

    What is no whole character there is none in the copy, so that its row is refused and no other.
    """
    with open(path, "rb") as file:
        coding = _UTF16.get(file.read(2))
        if coding is None:
            return path
        decoder = codecs.getincrementaldecoder(coding)("surrogatepass")
        with open(target, "wb") as copy:
            while block := file.read(_BLOCK):
                copy.write(decoder.decode(block).encode("utf-8", "surrogatepass"))
            copy.write(b"\xff" if decoder.getstate()[0] else b"")
    return target


def form_of(path: str, shown: str, headings: Headings, separator: str | None) -> CsvForm:
    """Return what a file of UTF-8 is like; `shown` is its name for the user, `separator` what separates cells, where that was said.

    Raises:
        InputError: PE855 where it is empty; PE863 where its headings are no UTF-8; PE864 where a quote in them does not close; PE865
            where it cannot be seen what separates the cells.
    """
    with open(path, "rb") as file:
        whole = os.fstat(file.fileno()).st_size <= _HEAD
        start = file.read(_HEAD).removeprefix(codecs.BOM_UTF8)
    if not whole:
        start = start[: start.rfind(b"\n") + 1] or start
    line = start.split(b"\n", 1)[0]
    if b"\0" in line:
        raise InputError([_no_utf8(shown, 1, 1, 0)])
    try:
        line.decode()
    except UnicodeDecodeError as error:
        raise InputError([_no_utf8(shown, 1, len(line[: error.start].decode(errors="replace")) + 1, line[error.start])]) from error
    text = start.decode(errors="replace")
    lines = [f"{one}\n" for one in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    said = _SEP_LINE.fullmatch(lines[0].strip("\r\n"))
    before = 1 if said else 0
    separator = separator or (said.group(1) if said else None)
    while before < len(lines) - 1 and not lines[before].strip(" \t\r\n,;"):
        before += 1
    head = "".join(lines[before:])
    if not head.strip():
        raise InputError([Problem("PE855", Location(shown, 1, 1), {})])
    place = Location(shown, before + 1, 1)
    separator = separator or _separator(head, place, headings)
    cells = list(_cells_of(head, separator))
    if cells[-1][0] is None:
        raise InputError([Problem("PE864", place, {})])
    where = tuple(Location(shown, place.line + head.count("\n", 0, at), at - head.rfind("\n", 0, at)) for _, at, _ in cells)
    taken = head[: cells[-1][2]].count("\n")
    names = tuple(name for name, _, _ in cells if name is not None)
    return CsvForm(separator=separator, headings=names, where=where, lines=before + taken + 1, sheet=before + 1 - bool(said))


def _no_utf8(shown: str, line: int, column: int, byte: int) -> Problem:
    return Problem("PE863", Location(shown, line, column), {"byte": f"0x{byte:02x}"})


def _separator(head: str, place: Location, headings: Headings) -> str:
    """Return what separates the headings: the one sign that stands among them, or the one by which each of them is known.

    Raises:
        InputError: PE865, where that could be more than one.
    """
    cells = {sign: [cell for cell, _, _ in _cells_of(head, sign)] for sign in _SEPARATORS}
    met = [sign for sign in _SEPARATORS if len(cells[sign]) > 1 and None not in cells[sign]]
    fit = [sign for sign in met if all(headings.knows(name or "") for name in cells[sign])]
    found = fit or met or [_SEPARATORS[0]]
    if len(found) > 1:
        raise InputError([Problem("PE865", place, {"found": " ".join("TAB" if sign == "\t" else sign for sign in found)})])
    return found[0]


def _cells_of(text: str, separator: str) -> Iterator[tuple[str | None, int, int]]:
    """Return the cells of the first record of a text, with where each begins and ends; None for one whose quote is not closed.

    Its end is -1 where the quote may close later, and the place of what follows its closing quote where that is no separator.
    """
    at = 0
    while True:
        begin = at
        if text.startswith('"', at):
            end = text.find('"', at + 1)
            while end >= 0 and text.startswith('""', end):  # two of them are one in the text of the cell
                end = text.find('"', end + 2)
            if end < 0:
                yield None, begin, -1
                return
            cell, at = text[begin + 1 : end].replace('""', '"'), end + 1
        else:
            line = text.find("\n", at)
            line = len(text) if line < 0 else line
            line -= 1 if text.startswith("\r", line - 1) and line > at else 0
            at = text.find(separator, at, line)
            at = line if at < 0 else at
            cell = text[begin:at]
        if text.startswith(separator, at):
            yield cell, begin, at
            at += len(separator)
        elif at >= len(text) or text.startswith(("\n", "\r\n"), at) or text[at:] == "\r":
            yield cell, begin, at
            return
        else:
            yield None, begin, at
            return


def rows_of(path: str, shown: str, form: CsvForm, case: int, places: RowPlaces, target: str) -> CsvRows:
    """Return the rows of a file of UTF-8, and note where each stands; a copy may stand at `target`.

    `case` is the number of the column `case`, from 1; 0 where there is none.

    Raises:
        InputError: PE863, where so many rows are no UTF-8 that the file was saved in another coding.
    """
    with open(path, "rb") as file:
        copy = _Copy(file, form, case, places)
        if not copy.goes_on():
            return CsvRows(path=path, total=0, blank=0, lines=form.lines, odd=False)
        count = _plain_rows(path, form)
        if count is not None:
            places.add(1, form.lines + 1, form.sheet + 1)
            return CsvRows(path=path, total=count, blank=0, lines=form.lines, odd=False)
        with open(target, "wb") as written:
            written.writelines(copy.rows_of(shown))
    if copy.bad >= _FEW and copy.bad > copy.beyond and copy.bad * _MANY > copy.rows:
        raise InputError([_no_utf8(shown, *copy.first_bad)])
    return CsvRows(path=target, total=copy.rows, blank=copy.blank, lines=0, odd=True)


def _plain_rows(path: str, form: CsvForm) -> int | None:
    """Return how many rows a file has, if each of its lines is one whole row; None if not.

    Only lines that have quotes, or are short, are looked at closely, so that a plain file costs little.
    """
    sign, cells = re.escape(form.separator), len(form.headings)
    cell = rf'(?:[^"{sign}]*|"(?:[^"]|"")*")'
    line = pl.col("line")
    quoted, short = line.str.contains('"', literal=True), line.str.len_bytes() <= cells + _MARGIN
    split = line.str.count_matches(form.separator, literal=True) == cells - 1
    whole = line.str.contains(rf"^{cell}(?:{sign}{cell}){{{cells - 1}}}\r?$")
    filled = line.str.strip_chars(f'{form.separator} \t\r"') != ""
    lines = pl.scan_csv(
        path, has_header=False, separator=_NO_SIGN, quote_char=None, schema={"line": pl.String()}, skip_lines=form.lines, glob=False,
        raise_if_empty=False,
    )  # fmt: skip
    try:
        totals = lines.select(
            pl.len(), (split | quoted).all().alias("split"), quoted.any().alias("quoted"), short.any().alias("short"), line.null_count(),
            line.str.len_bytes().max().alias("longest"),
        )  # fmt: skip
        rows, plain, some_quoted, some_short, empty, longest = totals.collect(engine="streaming").row(0)
        if not plain or empty or (longest or 0) >= MAX_LINE - 1:
            return None
        looks = [look for look in ((some_quoted, quoted, whole), (some_short, short, filled)) if look[0]]
        fit = all(lines.filter(which).select(holds.all()).collect(engine="streaming").item() for _, which, holds in looks)
    except pl.exceptions.PolarsError:
        return None  # no UTF-8, or a sign that stands for a break of columns here: looked at line by line
    return rows if fit else None


class _Copy:
    """A clean copy of a file: UTF-8, a row for each row, and beside it what is wrong with it."""

    def __init__(self, file: IO[bytes], form: CsvForm, case: int, places: RowPlaces) -> None:
        self.form, self.case, self.places = form, case, places
        self._file = file
        self._waiting: deque[bytes] = deque()
        """Lines that were read ahead."""
        self.number = 0
        self.separator = form.separator.encode()
        self.wanted = len(form.headings)
        self.blanks = f"{form.separator}{_BLANK}".encode()
        self.rows = self.blank = self.bad = self.beyond = 0
        self.first_bad = (0, 0, 0)
        for _ in range(form.lines):
            self._next()

    def goes_on(self) -> bool:
        """Return whether there is another line."""
        if not self._waiting:
            self._waiting.extend(self._file.readlines(_LINES_AT_ONCE))
        return bool(self._waiting)

    def _next(self) -> bytes:
        """Return the next line; nothing at the end."""
        if not self.goes_on():
            return b""
        self.number += 1
        return self._waiting.popleft()

    def rows_of(self, shown: str) -> Iterator[bytes]:
        """Return the lines of the copy, and note where the rows stand."""
        record = self.form.sheet
        while line := self._next():
            record += 1
            number = self.number
            hold_line(shown, number, len(line))
            plain = line.isascii() or self._is_utf8(line)
            if plain and b'"' not in line and line.count(self.separator) == self.wanted - 1 and line.strip(self.blanks):
                row = line.rstrip(b"\r\n") + self.separator + b"\n"
            else:
                row = self._row(line)
            if row:
                self.rows += 1
                self.places.add(self.rows, number, record)
                yield row
            else:
                self.blank += 1

    def _row(self, line: bytes) -> bytes:
        """Return a row that is not one plain line, or a row of nothing but its case and what is wrong; nothing where it is blank."""
        if not line.strip(self.blanks):
            return b""
        taken = [line]
        found = self._cells(taken)
        if not isinstance(found, RowFault):
            filled = any(cell.strip(_BLANK) for cell in found)
            return self.separator.join([*map(self._cell, found), b""]) + b"\n" if filled else b""
        self._waiting.extendleft(reversed(taken[1:]))
        self.number -= len(taken) - 1
        cells = [b""] * self.wanted
        parts = line.rstrip(b"\r\n").decode(errors="replace").split(self.form.separator)
        if 0 < self.case <= len(parts):
            cells[self.case - 1] = self._cell(parts[self.case - 1].strip('"'))
        return self.separator.join([*cells, self._cell(carried(found))]) + b"\n"

    def _cells(self, taken: list[bytes]) -> list[str] | RowFault:
        """Return the cells of a row; lines that it goes on over are taken as well."""
        while True:
            try:
                text = b"".join(taken).decode()
            except UnicodeDecodeError as error:
                return self._no_utf8(taken, error)
            cells = list(_cells_of(text, self.form.separator))
            last, _, end = cells[-1]
            if last is not None:
                break
            if end >= 0 or not self._takes_on(taken):
                return RowFault("PE864", {}, len(cells))
        if len(cells) == self.wanted:
            return [cell for cell, _, _ in cells if cell is not None]
        return RowFault("PE864", {}) if len(taken) > 1 else RowFault("PE859", {"found": str(len(cells)), "wanted": str(self.wanted)})

    def _takes_on(self, taken: list[bytes]) -> bool:
        """Take lines up to the next with a quote in it, in which a cell that goes on may end; return whether there is one near enough."""
        size = sum(map(len, taken[1:]))
        while size <= _MOST and (line := self._next()):
            taken.append(line)
            size += len(line)
            if b'"' in line:
                return True
        return False

    def _no_utf8(self, taken: list[bytes], error: UnicodeDecodeError) -> RowFault:
        """Return what is wrong with a row that is no UTF-8: a byte of its first line, or the quote that took in the next."""
        whole: bytes = error.object
        if error.start >= len(taken[0]):
            return RowFault("PE864", {})
        byte = whole[error.start]
        self.bad += 1
        if self.bad == 1:
            column = len(whole[: error.start].decode(errors="replace")) + 1
            self.first_bad = (self.number - len(taken) + 1, column, byte)
        return RowFault("PE862", {"found": f"0x{byte:02x}"}, whole.count(self.separator, 0, error.start) + 1)

    def _is_utf8(self, line: bytes) -> bool:
        """Return whether a line with signs beyond ASCII is UTF-8, and count it if so."""
        try:
            line.decode()
        except UnicodeDecodeError:
            return False
        self.beyond += 1
        return True

    def _cell(self, text: str) -> bytes:
        """Write a cell, in quotes where it needs them."""
        if self.form.separator in text or '"' in text or "\n" in text or "\r" in text:
            text = '"' + text.replace('"', '""') + '"'
        return text.encode()
