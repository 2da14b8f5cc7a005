"""The library: editions found by id or by the period that they govern."""

import os
import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, TypeVar

from policy_engine.errors import InputError, Problem
from policy_engine.language.complaint import nearest
from policy_engine.language.quantity import read_day
from policy_engine.load.files import data_root, is_shipped, odd_kind, read_bytes
from policy_engine.load.limits import FOLDERS, MAX_EDITIONS, hold_size
from policy_engine.load.lock import FRONT, declared_front, lock_path, plain_front, read_lock, read_sources, root_of
from policy_engine.load.yaml_text import MAX_BYTES, read_document
from policy_engine.model.rulebook import Edition
from policy_engine.source import Location

_Made = TypeVar("_Made")


class Library:
    """The editions below one folder; each is read when it is first asked for, and then kept, or what is wrong with it."""

    def __init__(self, folder: str | None = None, *, cached: bool = False) -> None:
        """Look into a folder: one of editions, or one edition itself. Without one, the editions shipped with the engine.

        Args:
            folder: the folder.
            cached: whether an edition may be taken from the user's cache, and is kept there.
        """
        self.cached = cached
        self.folder = folder if folder is not None else os.path.join(data_root(), "rulebook")
        self._loaded: dict[str, Edition] = {}
        self._refused: dict[str, tuple[Problem, ...]] = {}
        self._folders: dict[str, str] | None = None
        self._kept: dict[str, Any] = {}
        self._governing: dict[str, Edition] = {}

    def folders(self) -> Mapping[str, str]:
        """Return the folder of each edition by id.

        Raises:
            InputError: PE607 where there is none, PE616 where there is none and the lock has sealed some, PE604 where two share an id.
        """
        if self._folders is None:
            self._folders = self._find()
        return self._folders

    def edition(self, name: str, asked_at: Location | None = None) -> Edition:
        """Return an edition by its id.

        Raises:
            InputError: PE601 where there is none, PE616 where it is sealed and gone; every problem of its files otherwise.
        """
        folder = self.folder_of(name, asked_at)
        if name in self._refused:
            raise InputError(self._refused[name])
        if name not in self._loaded:
            try:
                self._loaded[name] = self._read(folder)
            except InputError as error:
                self._refused[name] = error.problems
                raise
        return self._loaded[name]

    def _read(self, folder: str) -> Edition:
        sources = read_sources(folder)
        kept = None
        if self.cached:
            from policy_engine.load.cache import kept_edition

            kept = kept_edition(folder, sources)
            if kept and (found := kept.read()):
                return found
        from policy_engine.load.edition import load_edition

        edition = load_edition(folder, sources=sources)
        if kept:
            kept.write(edition)
        return edition

    def edition_or_last(self, name: str | None) -> Edition:
        """Return an edition by its id; without one, the last issued one."""
        return self.edition(self.name_or_last(name))

    def name_or_last(self, name: str | None) -> str:
        """Return the id that is asked for; without one, that of the last issued edition, or of the last draft where none is issued."""
        if name:
            return name
        issued = [known for known in self.folders() if self._is_issued(known)]
        return max(issued or self.folders())

    def _is_issued(self, name: str) -> bool:
        if name not in self._loaded:
            plain = plain_front(read_bytes(os.path.join(self.folders()[name], FRONT), MAX_BYTES))
            if plain and plain.status:
                return plain.status == "issued"
        return self.edition(name).status == "issued"

    def folder_of(self, name: str, asked_at: Location | None = None) -> str:
        """Return the folder of an edition.

        Raises:
            InputError: PE601 where there is none, PE616 where it is sealed and gone.
        """
        folders = self.folders()
        if name not in folders:
            details = {"name": name, "nearest": nearest(name, folders), "known": ", ".join(sorted(folders))}
            absent = Problem("PE601", asked_at or Location(self.folder, 1, 1), details)
            raise InputError([self._gone(name) if name in self.gone() else absent])
        return folders[name]

    def writable_folder(self) -> str | None:
        """Return the folder that new editions may be written to; None where the editions are those inside an installed engine."""
        return None if os.path.basename(data_root()) == "_data" and is_shipped(os.path.join(self.folder, "x")) else self.folder

    def gone(self) -> list[str]:
        """Return the names of the editions that the lock in this folder has sealed, and that are not there.

        Raises:
            InputError: those of `read_lock`.
        """
        here, lock = os.path.abspath(self.folder), read_lock(self.folder)
        beside = {name: folder for name, folder in self.folders().items() if os.path.abspath(root_of(folder)) == here}
        claimed = {seal.name for name, folder in beside.items() if (seal := lock.seal_of(folder, name))}
        return sorted(name for name in lock.seals if name not in claimed)

    def _gone(self, name: str) -> Problem:
        return Problem("PE616", Location(lock_path(self.folder), 1, 1), {"name": name})

    def kept(self, name: str, make: Callable[[], _Made]) -> _Made:
        """Return what was made of an edition when it was first asked for."""
        if name not in self._kept:
            self._kept[name] = make()
        made: _Made = self._kept[name]
        return made

    def governing(self, period: str, asked_at: Callable[[], Location]) -> Edition:
        """Return the one edition that governs a period (a year); the place where it is asked for is only asked for in a problem.

        Raises:
            InputError: PE602 or PE612 where none does, PE605 where two do. A case never falls through to another edition.
        """
        if period in self._governing:
            return self._governing[period]
        known = sorted(self.folders())
        editions, days = [self.edition(name) for name in known], days_of(period)
        found = [edition for edition in editions if governs(edition, period)]
        if len(found) == 1:
            self._governing[period] = found[0]
            return found[0]
        place = asked_at()
        if found:
            raise InputError([Problem("PE605", place, {"period": period, "known": ", ".join(edition.id for edition in found)})])
        before = [edition for edition in editions if days and edition.until < days[1]]
        after = [edition for edition in editions if days and edition.begins > days[0]]
        if not before or not after:
            raise InputError([Problem("PE602", place, {"period": period, "known": ", ".join(known)})])
        last, first = max(before, key=lambda edition: edition.until), min(after, key=lambda edition: edition.begins)
        details = {"before": last.id, "until": last.until.isoformat(), "after": first.id, "begins": first.begins.isoformat()}
        raise InputError([Problem("PE612", place, {"period": period, **details})])

    def _find(self) -> dict[str, str]:
        fronts = [self.folder, *sorted(_folders_in(self.folder))]
        found: dict[str, str] = {}
        for folder in fronts:
            front = os.path.join(folder, FRONT)
            if (kind := odd_kind(front)) and not os.path.isdir(front):
                raise InputError([Problem("PE880", Location(front, 1, 1), {"found": kind})])
            if os.path.isfile(front):
                raw = read_bytes(front, MAX_BYTES)
                plain = plain_front(raw)
                name = plain.id if plain else declared_front(folder, (read_document(raw, front),)).id or os.path.basename(folder)
                if name in found:
                    document = read_document(raw, front)
                    place = document.places.get(("edition",), Location(front, 1, 1))
                    raise InputError([document.problem("PE604", place, name=name, first=found[name])])
                found[name] = folder
        if not found:
            gone = [self._gone(name) for name in read_lock(self.folder).seals]
            raise InputError(gone or [Problem("PE607", Location(self.folder, 1, 1), {"folder": self.folder})])
        return found


def _folders_in(folder: str) -> list[str]:
    """Return the folders in a folder; one that cannot be read holds nothing, and a link in a circle is none."""
    try:
        with os.scandir(folder) as entries:
            found = [entry.path for entry in entries if os.path.isdir(entry.path)]
    except OSError:
        return []
    hold_size(folder, len(found), MAX_EDITIONS, FOLDERS)
    return found


def governs(edition: Edition, period: str) -> bool:
    """Return whether an edition governs the whole of a period: a year like 2020, or a quarter like 2020-Q1."""
    days = days_of(period)
    return days is not None and edition.begins <= days[0] and days[1] <= edition.until


def days_of(period: str) -> tuple[date, date] | None:
    """Return the first and the last day of a period; None where it is none."""
    if not PERIOD.fullmatch(period):
        return None
    year, _, quarter = period.partition("-Q")
    last = 3 * int(quarter) if quarter else 12
    first = last - 2 if quarter else 1
    begins, until = read_day(f"{year}-{first:02d}-01"), read_day(f"{year}-{last:02d}-{_LAST_DAYS[last]}")
    return (begins, until) if begins and until else None


PERIOD = re.compile(r"[0-9]{4}(?:-Q[1-4])?", re.ASCII)
_LAST_DAYS = {3: 31, 6: 30, 9: 30, 12: 31}
