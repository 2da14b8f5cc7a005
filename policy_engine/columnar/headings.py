"""Headings: which fact a column is, by its name or its label; which columns are handed on; and what must be refused."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from policy_engine.columnar.names import CASE, KEPT, kept_as
from policy_engine.columnar.places import letters
from policy_engine.errors import InputError, Problem
from policy_engine.language.complaint import nearest
from policy_engine.load.limits import hold_columns
from policy_engine.model.facts import FactDeclaration
from policy_engine.model.rulebook import Edition
from policy_engine.source import Location


class Column(NamedTuple):
    """A column of a file that is read: its heading there, its place from 1, and its name as a fact, as the case, or as one handed on."""

    heading: str
    place: int
    name: str


class Headings:
    """What the headings of files may be under some editions."""

    def __init__(self, editions: Sequence[Edition], keep: Sequence[str] = ()) -> None:
        """Take the editions, and the columns that are handed on."""
        self.facts: dict[str, FactDeclaration] = {n: fact for edition in reversed(editions) for n, fact in edition.facts.items()}
        self.keep = {spelt(name): place for place, name in kept_headings(keep).items()}
        self._case = CASE in map(spelt, keep)
        self._labels: dict[str, set[str]] = {}
        for edition in editions:
            for fact in edition.facts.values():
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

    def columns(self, headings: Sequence[str], where: Sequence[Location], passed: Iterable[int] = ()) -> list[Column]:
        """Return the columns that are read.

        Args:
            headings: as they stand in the file.
            where: the place of each in the file.
            passed: numbers of columns that are passed over, from 1.

        Raises:
            InputError: PE118, PE850, PE857, PE858, PE866.
        """
        hold_columns(where[0], len(headings))
        without = set(passed)
        there = [(n, heading) for n, heading in enumerate(headings, start=1) if n not in without]
        found = self._facts_of(there)
        found += [Column(heading, n, self.keep[spelt(heading)]) for n, heading in there if spelt(heading) in self.keep]
        problems = [*_twice(found, where), *self._unknown(there, where), *self._missing(there, where)]
        if problems:
            raise InputError(problems)
        return found

    def _facts_of(self, there: Sequence[tuple[int, str]]) -> list[Column]:
        """Return the columns that are facts; one that is handed on counts by its label only where no other column is that fact."""
        meant = [Column(heading, n, name) for n, heading in there if (name := self.meaning(heading))]
        meant_so = [column for column in meant if spelt(column.heading) == column.name or spelt(column.heading) not in self.keep]
        named = {column.name for column in meant_so}
        return [column for column in meant if column in meant_so or column.name not in named]

    def _unknown(self, there: Sequence[tuple[int, str]], where: Sequence[Location]) -> list[Problem]:
        """Return a problem for each column that is neither a fact nor handed on."""
        unknown = [(n, heading) for n, heading in there if not self.knows(heading)]
        return [
            Problem("PE850", where[n - 1], {"name": heading, "nearest": self.nearest(heading)})
            if spelt(heading)
            else Problem("PE866", where[n - 1], {"column": letters(n)})
            for n, heading in unknown
        ]

    def _missing(self, there: Sequence[tuple[int, str]], where: Sequence[Location]) -> list[Problem]:
        """Return a problem for each column that should be handed on and is not there."""
        names = {spelt(heading): None for _, heading in there}
        missing = [name for name in self.keep if name not in names]
        missing += [CASE] if self._case and not any(self.meaning(name) == CASE for name in names) else []
        return [Problem("PE857", where[0]._replace(column=1), {"name": name, "nearest": nearest(name, names)}) for name in missing]


def _twice(found: Sequence[Column], where: Sequence[Location]) -> list[Problem]:
    """Return a problem for each column that leads to what another one leads to."""
    first: dict[str, Column] = {}
    problems: list[Problem] = []
    for column in found:
        other = first.setdefault(column.name, column)
        if other is not column:
            name = spelt(column.heading) if column.name.startswith(KEPT) else column.name
            problems.append(Problem("PE858", where[column.place - 1], {"one": _shown(other), "other": _shown(column), "name": name}))
    return problems


def _shown(column: Column) -> str:
    """Write a column by its letters and its heading."""
    return f"{letters(column.place)} `{column.heading}`"


def kept_headings(keep: Sequence[str]) -> dict[str, str]:
    """Return the headings of columns that are handed on, by the names that they have while rows are rated; `case` always is."""
    return {kept_as(place): name for place, name in enumerate(keep) if spelt(name) != CASE}


def spelt(name: str) -> str:
    """Return a name in the one spelling of each letter, without blanks around it."""
    return unicodedata.normalize("NFC", name).strip()


def _folded(name: str) -> str:
    """Return a name as it is compared with labels: blanks and capitals aside."""
    return " ".join(spelt(name).casefold().split())


def told_names(columns: Mapping[str, str], own: Iterable[str]) -> dict[str, str]:
    """Return the names under which columns are handed on: their own, but `kept_…` where an answer has a column of that name.

    Names that differ in capitals alone are one name to DuckDB, to Spark and to many who read the answers.

    Args:
        columns: the headings of columns by their names here.
        own: the columns of answers.
    """
    taken = {name.casefold() for name in own}
    told: dict[str, str] = {}
    for name, heading in columns.items():
        chosen = heading
        while chosen.casefold() in taken:
            chosen = f"kept_{chosen}"
        taken.add(chosen.casefold())
        told[name] = chosen
    return told
