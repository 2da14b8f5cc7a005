"""What stands where in a file of rows: which fact a column is, the place of each row, and rows that cannot be read.

A heading is a fact by its name or its label; other columns are handed on, or refused. A row that cannot be read goes along with the
others and carries why, so that every engine refuses it in its place.
"""

import json
import mmap
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from struct import Struct
from typing import NamedTuple

from policy_engine.columnar.order import CASE, KEPT, kept_as
from policy_engine.errors import InputError, Problem
from policy_engine.language.complaint import nearest
from policy_engine.language.values import is_array, is_object
from policy_engine.load.limits import hold_columns
from policy_engine.model.facts import FactDeclaration
from policy_engine.model.rulebook import Edition
from policy_engine.source import Location

AT = "at"
"""The detail of a problem that says where in its row it stands: the number of the cell in CSV, of the character in JSON."""
FIRST = "first"
"""The detail that names another row, by the number of its file and its own, until it is shown."""
_NOWHERE = Location("", 1, 1)
_ENTRY = Struct("<qqq")


class RowFault(NamedTuple):
    """Why a row cannot be read."""

    code: str
    details: Mapping[str, str]
    at: int = 0
    """Where in the row; 0 is the row as a whole."""


def carried(fault: RowFault) -> str:
    """Return a fault as the text that a row carries; a list, where facts that fit no columns are an object."""
    return json.dumps([fault.code, fault.at, dict(fault.details)], ensure_ascii=False)


def problems_of(data: object) -> tuple[Problem, ...]:
    """Return the problem that a row carries; what is no such text is a line that is no object."""
    if is_array(data) and len(data) == len(RowFault._fields):
        code, at, details = data
        if isinstance(code, str) and isinstance(at, int) and is_object(details):
            words = {name: str(word) for name, word in details.items()}
            return (Problem(code, _NOWHERE, {**words, AT: str(at)} if at else words),)
    return (Problem("PE856", _NOWHERE, {"found": str(data)[:60]}),)


class RowPlaces:
    """Where the rows of one file stand; on disk, and an entry only where the distance between row and place changes."""

    def __init__(self, path: str) -> None:
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

    def at(self, row: int) -> tuple[int, int]:
        """Return the first line of a row in an editor, and its row in a spreadsheet; both count from 1."""
        if self._count == 0:
            return row, row
        if self._map is None:
            self._file.flush()
            self._map = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
        found = self._map
        entry = bisect_right(range(self._count), row, key=lambda n: _ENTRY.unpack_from(found, n * _ENTRY.size)[0]) - 1
        first, line, sheet = _ENTRY.unpack_from(found, max(entry, 0) * _ENTRY.size)
        return line + row - first, sheet + row - first

    def close(self) -> None:
        if self._map is not None:
            self._map.close()
        self._file.close()


def letters(column: int) -> str:
    """Return the letters by which a spreadsheet names a column, which counts from 1."""
    text = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


class FileColumn(NamedTuple):
    """A column of a file that is read: its heading there, its place from 1, and its name as a fact, as the case, or as one handed on."""

    heading: str
    place: int
    name: str


class Headings:
    """What the headings of files may be under some editions."""

    def __init__(self, editions: Sequence[Edition], keep: Sequence[str] = ()) -> None:
        self.facts: dict[str, FactDeclaration] = {n: fact for edition in reversed(editions) for n, fact in edition.facts.items()}
        self.keep = {spelt(name): place for place, name in kept_headings(keep).items()}
        self._case = CASE in map(spelt, keep)
        self._labels: dict[str, set[str]] = {}
        for fact in (fact for edition in editions for fact in edition.facts.values()):
            for label in fact.label.values():
                self._labels.setdefault(_folded(label), set()).add(fact.name)

    def meaning(self, heading: str) -> str:
        """Return the fact that a heading names or is the one label of, `case`, or nothing."""
        folded = _folded(heading)
        if folded in self.facts or folded == CASE:
            return folded
        found = self._labels.get(folded, set())
        return next(iter(found)) if len(found) == 1 else ""

    def knows(self, heading: str) -> bool:
        """Return whether a heading is a fact, the case, or handed on."""
        return bool(self.meaning(heading)) or spelt(heading) in self.keep

    def nearest(self, heading: str) -> str:
        """Return the fact whose name or label is most like a heading, the label beside it; nothing where none is near."""
        folded = _folded(heading)
        by_name = nearest(folded, [*self.facts, CASE])
        label = "" if by_name else nearest(folded, self._labels)
        names = sorted(self._labels.get(label, ()))
        if by_name or not names:
            return by_name
        texts = [text for text in self.facts[names[0]].label.values() if _folded(text) == label]
        return f"{names[0]} ({texts[0]})" if texts else names[0]

    def columns(self, headings: Sequence[str], where: Sequence[Location], passed: Iterable[int] = ()) -> list[FileColumn]:
        """Return the columns that are read, of headings as they stand in the file; `passed` are numbers of columns that are passed over.

        Raises:
            InputError: PE118, PE850, PE857, PE858, PE866.
        """
        hold_columns(where[0], len(headings))
        without = set(passed)
        there = [(n, heading) for n, heading in enumerate(headings, start=1) if n not in without]
        meant = [FileColumn(heading, n, name) for n, heading in there if (name := self.meaning(heading))]
        # one that is handed on counts by its label only where no other column is that fact
        surely = [one for one in meant if spelt(one.heading) == one.name or spelt(one.heading) not in self.keep]
        named = {column.name for column in surely}
        found = [column for column in meant if column in surely or column.name not in named]
        found += [FileColumn(heading, n, self.keep[spelt(heading)]) for n, heading in there if spelt(heading) in self.keep]
        problems: list[Problem] = []
        first: dict[str, FileColumn] = {}
        for column in found:
            other = first.setdefault(column.name, column)
            if other is not column:
                one, two = (f"{letters(each.place)} `{each.heading}`" for each in (other, column))
                name = spelt(column.heading) if column.name.startswith(KEPT) else column.name
                problems.append(Problem("PE858", where[column.place - 1], {"one": one, "other": two, "name": name}))
        for n, heading in there:
            if not self.knows(heading) and spelt(heading):
                problems.append(Problem("PE850", where[n - 1], {"name": heading, "nearest": self.nearest(heading)}))
            elif not self.knows(heading):
                problems.append(Problem("PE866", where[n - 1], {"column": letters(n)}))
        names = {spelt(heading): None for _, heading in there}
        missing = [name for name in self.keep if name not in names]
        missing += [CASE] if self._case and not any(self.meaning(name) == CASE for name in names) else []
        start = where[0]._replace(column=1)
        problems += [Problem("PE857", start, {"name": name, "nearest": nearest(name, names)}) for name in missing]
        if problems:
            raise InputError(problems)
        return found


def kept_headings(keep: Sequence[str]) -> dict[str, str]:
    """Return the headings of columns that are handed on, by the names that they have while rows are rated; `case` always is."""
    return {kept_as(place): name for place, name in enumerate(keep) if spelt(name) != CASE}


def spelt(name: str) -> str:
    """Return a name in the one spelling of each letter, without blanks around it."""
    return unicodedata.normalize("NFC", name).strip()


def _folded(name: str) -> str:
    """Return a name as it is compared with labels: blanks and capitals aside."""
    return " ".join(spelt(name).casefold().split())


def names_among(keep: Sequence[str], own: Iterable[str]) -> dict[str, str]:
    """Return the names under which columns are handed on: their own, but `kept_…` where an answer has a column of that name.

    Names that differ in capitals alone are one name to DuckDB, to Spark and to many who read the answers.
    """
    taken = {name.casefold() for name in own}
    found: dict[str, str] = {}
    for name, heading in kept_headings(keep).items():
        chosen = heading
        while chosen.casefold() in taken:
            chosen = f"kept_{chosen}"
        taken.add(chosen.casefold())
        found[name] = chosen
    return found
