"""Rows of a CSV file: where each line is a whole row the file is scanned as it lies, else a clean copy of it.

In the copy, what cannot be read is a row that says why: it costs itself, never the file.
"""

import re
from collections import deque
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, NamedTuple

from policy_engine.columnar.csv_form import Form, cells_of, no_utf8
from policy_engine.columnar.odd import Fault, carried
from policy_engine.columnar.places import Places
from policy_engine.errors import InputError
from policy_engine.extras import load_extra
from policy_engine.load.limits import MAX_LINE, hold_line

if TYPE_CHECKING:
    import polars as pl
else:
    pl = load_extra("polars", "batch")

_BLANK = " \t\r\n"
MOST = 32_767
"""The characters that a spreadsheet holds in one cell; a quote that does not close within them does not close."""
_LINES_AT_ONCE = 1 << 20
_NO_SIGN = "\x01"
_MANY, _FEW = 10, 2
"""Where more than one row in so many is no UTF-8 (but not one alone), and fewer are UTF-8 beyond ASCII, the coding is another."""


class Rows(NamedTuple):
    """The rows of a file: where they can be scanned, how many, and how many were blank; `odd` where a last column says what is wrong."""

    path: str
    total: int
    blank: int
    lines: int
    """How many lines come before the first row where they are scanned."""
    odd: bool


def rows_of(path: str, shown: str, form: Form, case: int, places: Places, target: str) -> Rows:
    """Return the rows of a file.

    Args:
        path: the file, in UTF-8.
        shown: its name for the user.
        form: what it is like.
        case: the number of its column `case`, from 1; 0 where there is none.
        places: takes where each row stands.
        target: where a copy may stand.

    Raises:
        InputError: PE863, where so many rows are no UTF-8 that the file was saved in another coding.
    """
    with open(path, "rb") as file:
        if not _Lines(file, form.lines).next():
            return Rows(path, 0, 0, form.lines, odd=False)
    count = _plain_rows(path, form)
    if count is not None:
        places.add(1, form.lines + 1, form.sheet + 1)
        return Rows(path, count, 0, form.lines, odd=False)
    with open(path, "rb") as file, open(target, "wb") as copy:
        return _Copy(file, shown, form, case, places).written(copy, target)


def scan_lines(path: str, lines: int) -> "pl.LazyFrame":
    """Return the lines of a file after the first ones."""
    return pl.scan_csv(
        path, has_header=False, separator=_NO_SIGN, quote_char=None, schema={"line": pl.String()}, skip_lines=lines, glob=False,
        raise_if_empty=False,
    )  # fmt: skip


def _plain_rows(path: str, form: Form) -> int | None:
    """Return how many rows a file has, if each of its lines is one whole row; None if not.

    Only lines that have quotes, or are short, are looked at closely, so that a plain file costs little.
    """
    sign, cells = re.escape(form.separator), len(form.headings)
    cell = rf'(?:[^"{sign}]*|"(?:[^"]|"")*")'
    line = pl.col("line")
    quoted, short = line.str.contains('"', literal=True), line.str.len_bytes() <= cells + MARGIN
    split = line.str.count_matches(form.separator, literal=True) == cells - 1
    whole = line.str.contains(rf"^{cell}(?:{sign}{cell}){{{cells - 1}}}\r?$")
    filled = line.str.strip_chars(f'{form.separator} \t\r"') != ""
    lines = scan_lines(path, form.lines)
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


MARGIN = 16
"""A line that is longer than its separators by more than this is no blank one, unless it has more blanks than anyone types."""


class _Lines:
    """The lines of a file with their numbers; what was looked at ahead can be put back."""

    def __init__(self, file: IO[bytes], before: int) -> None:
        """Take the file, and how many lines to leave out."""
        self._file = file
        self._waiting: deque[bytes] = deque()
        self.number = 0
        for _ in range(before):
            self.next()

    def next(self) -> bytes:
        """Return the next line; nothing at the end."""
        if not self._waiting:
            self._waiting.extend(self._file.readlines(_LINES_AT_ONCE))
        if not self._waiting:
            return b""
        self.number += 1
        return self._waiting.popleft()

    def put_back(self, lines: list[bytes]) -> None:
        """Put lines back."""
        self._waiting.extendleft(reversed(lines))
        self.number -= len(lines)


class _Copy:
    """A clean copy of a file: UTF-8, a row for each row, and beside it what is wrong with it."""

    def __init__(self, file: IO[bytes], shown: str, form: Form, case: int, places: Places) -> None:
        """Take the file; see `rows_of`."""
        self.lines = _Lines(file, form.lines)
        self.shown, self.form, self.case, self.places = shown, form, case, places
        self.separator = form.separator.encode()
        self.wanted = len(form.headings)
        self.blanks = f"{form.separator}{_BLANK}".encode()
        self.rows = self.blank = self.bad = self.beyond = 0
        self.record = form.sheet
        self.first_bad = (0, 0, 0)

    def written(self, copy: IO[bytes], target: str) -> Rows:
        """Write the copy.

        Raises:
            InputError: PE863.
        """
        for line in self._rows():
            copy.write(line)
        if self.bad >= _FEW and self.bad > self.beyond and self.bad * _MANY > self.rows:
            raise InputError([no_utf8(self.shown, *self.first_bad)])
        return Rows(target, self.rows, self.blank, 0, odd=True)

    def _rows(self) -> Iterator[bytes]:
        """Return the lines of the copy."""
        while line := self.lines.next():
            self.record += 1
            number = self.lines.number
            hold_line(self.shown, number, len(line))
            plain = line.isascii() or self._is_utf8(line)
            if plain and b'"' not in line and line.count(self.separator) == self.wanted - 1 and line.strip(self.blanks):
                told = line.rstrip(b"\r\n") + self.separator + b"\n"
            else:
                told = self._row(line)
            if told:
                self.rows += 1
                self.places.add(self.rows, number, self.record)
                yield told
            else:
                self.blank += 1

    def _row(self, line: bytes) -> bytes:
        """Return a row that is not one plain line, or what is wrong with it; nothing where it is blank."""
        if not line.strip(self.blanks):
            return b""
        taken = [line]
        found = self._cells(taken)
        if isinstance(found, Fault):
            self.lines.put_back(taken[1:])
            return self._refused(line, found)
        if not any(cell.strip(_BLANK) for cell in found):
            return b""
        return self.separator.join([*map(self._cell, found), b""]) + b"\n"

    def _cells(self, taken: list[bytes]) -> list[str] | Fault:
        """Return the cells of a row; lines that it goes on over are taken as well."""
        while True:
            try:
                text = b"".join(taken).decode()
            except UnicodeDecodeError as error:
                return self._no_utf8(taken, error)
            cells = list(cells_of(text, self.form.separator))
            last, _, end = cells[-1]
            if last is not None:
                break
            if end >= 0 or not self._takes_on(taken):
                return Fault("PE864", {}, len(cells))
        if len(cells) != self.wanted:
            if len(taken) > 1:
                return Fault("PE864", {})
            return Fault("PE859", {"found": str(len(cells)), "wanted": str(self.wanted)})
        return [cell for cell, _, _ in cells if cell is not None]

    def _takes_on(self, taken: list[bytes]) -> bool:
        """Take lines up to the next with a quote in it, in which a cell that goes on may end; tell whether there is one near enough."""
        size = sum(map(len, taken[1:]))
        while size <= MOST and (line := self.lines.next()):
            taken.append(line)
            size += len(line)
            if b'"' in line:
                return True
        return False

    def _no_utf8(self, taken: list[bytes], error: UnicodeDecodeError) -> Fault:
        """Return what is wrong with a row that is no UTF-8: a byte of its first line, or the quote that took in the next."""
        whole: bytes = error.object
        if error.start >= len(taken[0]):
            return Fault("PE864", {})
        byte = whole[error.start]
        self.bad += 1
        if self.bad == 1:
            column = len(whole[: error.start].decode(errors="replace")) + 1
            self.first_bad = (self.lines.number - len(taken) + 1, column, byte)
        return Fault("PE862", {"found": f"0x{byte:02x}"}, whole.count(self.separator, 0, error.start) + 1)

    def _is_utf8(self, line: bytes) -> bool:
        """Return whether a line with signs beyond ASCII is UTF-8, and count it if so."""
        try:
            line.decode()
        except UnicodeDecodeError:
            return False
        self.beyond += 1
        return True

    def _refused(self, line: bytes, fault: Fault) -> bytes:
        """Return a row of nothing but its case and what is wrong with it."""
        cells = [b""] * self.wanted
        parts = line.rstrip(b"\r\n").decode(errors="replace").split(self.form.separator)
        if 0 < self.case <= len(parts):
            cells[self.case - 1] = self._cell(parts[self.case - 1].strip('"'))
        return self.separator.join([*cells, self._cell(carried(fault))]) + b"\n"

    def _cell(self, text: str) -> bytes:
        """Write a cell, in quotes where it needs them."""
        if self.form.separator in text or '"' in text or "\n" in text or "\r" in text:
            text = '"' + text.replace('"', '""') + '"'
        return text.encode()
