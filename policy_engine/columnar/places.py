"""Where rows stand in their file, as an editor and as a spreadsheet count; kept on disk, so that memory does not grow with the rows."""

import mmap
from bisect import bisect_right
from struct import Struct
from typing import NamedTuple

_ENTRY = Struct("<qqq")
_LETTERS = 26


class Place(NamedTuple):
    """A row's first line in an editor, and its row in a spreadsheet; both count from 1."""

    line: int
    sheet: int


class Places:
    """The places of the rows of one file; an entry is kept only where the distance between row and place changes."""

    def __init__(self, path: str) -> None:
        """Keep the entries in a new file of this path."""
        self._file = open(path, "w+b")  # noqa: SIM115  (open as long as rows are asked for; its folder goes with the run)
        self._count = 0
        self._last = (0, 0)
        self._map: mmap.mmap | None = None

    def add(self, row: int, line: int, sheet: int) -> None:
        """Note where the next row stands; rows come in order."""
        distance = (line - row, sheet - row)
        if self._count == 0 or distance != self._last:
            self._file.write(_ENTRY.pack(row, line, sheet))
            self._count += 1
            self._last = distance

    def at(self, row: int) -> Place:
        """Return the place of a row."""
        if self._count == 0:
            return Place(row, row)
        if self._map is None:
            self._file.flush()
            self._map = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
        found = self._map
        entry = bisect_right(range(self._count), row, key=lambda n: _ENTRY.unpack_from(found, n * _ENTRY.size)[0]) - 1
        first, line, sheet = _ENTRY.unpack_from(found, max(entry, 0) * _ENTRY.size)
        return Place(line + row - first, sheet + row - first)

    def close(self) -> None:
        """Let go of the file."""
        if self._map is not None:
            self._map.close()
        self._file.close()


def letters(column: int) -> str:
    """Return the letters by which a spreadsheet names a column, which counts from 1."""
    text = ""
    while column > 0:
        column, rest = divmod(column - 1, _LETTERS)
        text = chr(ord("A") + rest) + text
    return text
