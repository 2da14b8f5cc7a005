"""The library: editions found by id or by the period that they govern."""

import os
from collections.abc import Mapping
from datetime import date

from policy_engine.errors import InputError, Problem
from policy_engine.language.complaint import nearest
from policy_engine.language.quantity import read_day
from policy_engine.load.edition import load_edition
from policy_engine.load.files import data_root, read_bytes
from policy_engine.load.yaml_text import MAX_BYTES, Document, read_document
from policy_engine.model.rulebook import Edition
from policy_engine.source import Location

_FRONT = "edition.yaml"


class Library:
    """The editions below one folder; each is read when it is first asked for, and then kept."""

    def __init__(self, folder: str | None = None) -> None:
        """Look into a folder: one of editions, or one edition itself. Without one, the editions shipped with the engine."""
        self.folder = folder if folder is not None else os.path.join(data_root(), "rulebook")
        self._loaded: dict[str, Edition] = {}
        self._folders: dict[str, str] | None = None

    def folders(self) -> Mapping[str, str]:
        """Give the folder of each edition by id.

        Raises:
            InputError: PE607 where there is none, PE604 where two share an id.
        """
        if self._folders is None:
            self._folders = self._find()
        return self._folders

    def edition(self, name: str, asked_at: Location | None = None) -> Edition:
        """Give an edition by its id.

        Raises:
            InputError: PE601 where there is none; every problem of its files otherwise.
        """
        folders = self.folders()
        if name not in folders:
            place = asked_at or Location(self.folder, 1, 1)
            known = ", ".join(sorted(folders))
            raise InputError([Problem("PE601", place, {"name": name, "nearest": nearest(name, folders), "known": known})])
        if name not in self._loaded:
            self._loaded[name] = load_edition(folders[name])
        return self._loaded[name]

    def edition_or_last(self, name: str | None) -> Edition:
        """Give an edition by its id; without one, the last by id."""
        return self.edition(name or max(self.folders()))

    def governing(self, period: str, asked_at: Location) -> Edition:
        """Give the one edition that governs a period (a year).

        Raises:
            InputError: PE602 where none does, PE605 where two do. A case never falls through to another edition.
        """
        known = sorted(self.folders())
        found = [e for e in map(self.edition, known) if governs(e, period)]
        if len(found) == 1:
            return found[0]
        code = "PE605" if found else "PE602"
        names = ", ".join(e.id for e in found) if found else ", ".join(known)
        raise InputError([Problem(code, asked_at, {"period": period, "known": names})])

    def _find(self) -> dict[str, str]:
        """Look for `edition.yaml` in the folder itself and in its sub-folders."""
        fronts = [self.folder, *sorted(e.path for e in _scan(self.folder) if e.is_dir())]
        found: dict[str, str] = {}
        for folder in fronts:
            front = os.path.join(folder, _FRONT)
            if os.path.isfile(front):
                document = read_document(read_bytes(front, MAX_BYTES), front)
                name = _declared_id(document) or os.path.basename(folder)
                if name in found:
                    place = document.places.get(("edition",), Location(front, 1, 1))
                    raise InputError([document.problem("PE604", place, name=name, first=found[name])])
                found[name] = folder
        if not found:
            raise InputError([Problem("PE607", Location(self.folder, 1, 1), {"folder": self.folder})])
        return found


def _scan(folder: str) -> "list[os.DirEntry[str]]":
    """List a folder; one that cannot be read holds nothing."""
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _declared_id(front: Document) -> str:
    """Give the id that an edition's first file states, without building the rest of it."""
    data = front.data
    name = data.get("edition") if isinstance(data, dict) else None
    return name if isinstance(name, str) else ""


def governs(edition: Edition, period: str) -> bool:
    """Tell whether an edition governs the whole of a period."""
    first, last = read_day(f"{period}-01-01"), read_day(f"{period}-12-31")
    return bool(first and last) and _within(edition, first or date.max, last or date.min)


def _within(edition: Edition, first: date, last: date) -> bool:
    """Tell whether days lie in an edition's period."""
    return edition.begins <= first and last <= edition.until
