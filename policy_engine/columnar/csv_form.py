"""What kind of CSV a file is: how its signs are coded, what separates its cells, and what its headings are."""

import codecs
import os
import re
from collections.abc import Iterator
from typing import NamedTuple

from policy_engine.columnar.headings import Headings
from policy_engine.errors import InputError, Problem
from policy_engine.source import Location

SEPARATORS = (",", ";", "\t")
_SEP_LINE = re.compile(r"\s*sep=(.)\s*", re.IGNORECASE)
_HEAD = 1 << 20
"""Headings are looked for in so many first bytes."""
_BLOCK = 1 << 20
_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


class Form(NamedTuple):
    """What a CSV file is like."""

    separator: str
    headings: tuple[str, ...]
    where: tuple[Location, ...]
    """The place of each heading, in characters."""
    lines: int
    """How many lines come before the first row."""
    sheet: int
    """How many rows a spreadsheet shows before it; it shows no `sep=;`, and headings with breaks of lines in them as one row."""


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
            rest = decoder.getstate()[0]
            copy.write(b"\xff" if rest else b"")
    return target


def form_of(path: str, shown: str, headings: Headings, separator: str | None) -> Form:
    """Return what a file is like.

    Args:
        path: the file, in UTF-8.
        shown: its name for the user.
        headings: what its headings may be.
        separator: what separates cells, where that was said.

    Raises:
        InputError: PE855 where it is empty; PE863 where its headings are no UTF-8; PE864 where a quote in them does not close; PE865
            where it cannot be told what separates the cells.
    """
    with open(path, "rb") as file:
        text = _text(file.read(_HEAD), shown, whole=os.fstat(file.fileno()).st_size <= _HEAD)
    lines = [f"{line}\n" for line in text.split("\n")]
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
    chosen = separator or _separator(head, place, headings)
    cells = _headings(head, chosen)
    if cells is None:
        raise InputError([Problem("PE864", place, {})])
    taken = head[: cells[-1][2]].count("\n")
    names = tuple(name for name, _, _ in cells)
    return Form(chosen, names, tuple(_place(head, at, place) for _, at, _ in cells), before + taken + 1, before + 1 - bool(said))


def _text(head: bytes, shown: str, *, whole: bool) -> str:
    """Return the first bytes of a file as text.

    Raises:
        InputError: PE863, where they are no UTF-8 up to the end of the first line.
    """
    head = head.removeprefix(codecs.BOM_UTF8)
    if not whole:
        head = head[: head.rfind(b"\n") + 1] or head
    line = head.split(b"\n", 1)[0]
    if b"\0" in line:
        raise InputError([no_utf8(shown, 1, 1, 0)])
    try:
        line.decode()
    except UnicodeDecodeError as error:
        raise InputError([no_utf8(shown, 1, len(line[: error.start].decode(errors="replace")) + 1, line[error.start])]) from error
    return head.decode(errors="replace")


def no_utf8(shown: str, line: int, column: int, byte: int) -> Problem:
    """Return the problem of a file that was saved in another coding."""
    return Problem("PE863", Location(shown, line, column), {"byte": f"0x{byte:02x}"})


def _separator(head: str, place: Location, headings: Headings) -> str:
    """Return what separates the headings: the one sign that stands among them, or the one by which each of them is known.

    Raises:
        InputError: PE865, where that could be more than one.
    """
    met = [sign for sign in SEPARATORS if len(_headings(head, sign) or ()) > 1]
    fit = [sign for sign in met if all(headings.knows(name) for name, _, _ in _headings(head, sign) or ())]
    found = fit or met or [SEPARATORS[0]]
    if len(found) > 1:
        raise InputError([Problem("PE865", place, {"found": " ".join("TAB" if sign == "\t" else sign for sign in found)})])
    return found[0]


def _headings(head: str, separator: str) -> list[tuple[str, int, int]] | None:
    """Return the headings with where each begins and ends; None where a quote does not close."""
    found = list(cells_of(head, separator))
    return None if found[-1][0] is None else [(cell, begin, end) for cell, begin, end in found if cell is not None]


def cells_of(text: str, separator: str) -> Iterator[tuple[str | None, int, int]]:
    """Return the cells of the first record of a text, with where each begins and ends; None for one whose quote is not closed."""
    at = 0
    while True:
        begin = at
        if text.startswith('"', at):
            end = _closing(text, at + 1)
            if end < 0:
                yield None, begin, -1
                return
            cell, at = text[begin + 1 : end].replace('""', '"'), end + 1
        else:
            at = _end_of_plain(text, at, separator)
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


def _closing(text: str, at: int) -> int:
    """Return where the quote stands that closes a cell; two of them are one in its text; -1 where there is none."""
    while True:
        end = text.find('"', at)
        if end < 0 or not text.startswith('""', end):
            return end
        at = end + 2


def _end_of_plain(text: str, at: int, separator: str) -> int:
    """Return where a cell without quotes around it ends."""
    line = text.find("\n", at)
    line = len(text) if line < 0 else line
    line -= 1 if text.startswith("\r", line - 1) and line > at else 0
    cell = text.find(separator, at, line)
    return line if cell < 0 else cell


def _place(head: str, at: int, first: Location) -> Location:
    """Return the place of a character."""
    line = head.count("\n", 0, at)
    return Location(first.file, first.line + line, at - head.rfind("\n", 0, at))
