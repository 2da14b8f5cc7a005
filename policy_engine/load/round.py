"""A folder of case files to a round: every file read once, its links kept even where its facts are faulty."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from policy_engine.errors import InputError, Problem
from policy_engine.load.case import find_cases, is_manifest, read_case
from policy_engine.load.files import read_bytes
from policy_engine.load.library import Library
from policy_engine.load.node import Node
from policy_engine.load.yaml_text import MAX_BYTES, Document, read_document
from policy_engine.model.case import LINKS, Case
from policy_engine.model.round import Entry, RoundFiles, Unit
from policy_engine.model.rulebook import Edition

Watch = Callable[[Sequence[str]], Iterable[str]]
"""Goes through files, and may show how far it is."""


def load_round(folder: str, library: Library, edition: str | None = None, watch: Watch = iter) -> RoundFiles:
    """Read every case file below a folder, and the file `round:` where there is one.

    A file that has faults does not hide the others; their problems are all in the result.

    Raises:
        InputError: PE511 where there is no case file, or every problem where not one case could be read.
    """
    reading = _Reading(library, edition)
    for path in watch(find_cases(folder)):
        reading.read(path)
    if not reading.editions:
        raise InputError(reading.problems or [_empty(folder)])
    chosen = Counter(known.id for _, known in reading.editions).most_common(1)[0][0]
    for case, known in reading.editions:
        if known.id != chosen:
            reading.problems.append(_stray(case, known.id, chosen))
    governing = next(known for _, known in reading.editions if known.id == chosen)
    entries = [entry if entry.case is None or entry.case.edition == chosen else entry._replace(case=None) for entry in reading.entries]
    name = reading.name or os.path.basename(os.path.abspath(folder))
    kept = _each_once(entries, reading.problems)
    whole = reading.whole and len(kept) == len(entries)
    return RoundFiles(name, governing, tuple(kept), reading.units, whole, reading.named, tuple(reading.problems))


def _empty(folder: str) -> Problem:
    """Say that a folder holds no case."""
    from policy_engine.source import Location  # noqa: PLC0415  (only an empty folder gets here)

    return Problem("PE511", Location(folder, 1, 1), {"folder": folder})


class _Reading:
    """What was read so far."""

    def __init__(self, library: Library, edition: str | None) -> None:
        """Take the library, and the edition to use instead of the ones that cases name."""
        self.library, self.edition = library, edition
        self.name = ""
        self.units: dict[str, Unit] = {}
        self.entries: list[Entry] = []
        self.editions: list[tuple[Case, Edition]] = []
        self.problems: list[Problem] = []
        self.whole = self.named = True
        self.manifest: Document | None = None

    def read(self, path: str) -> None:
        """Read one file."""
        try:
            raw = read_bytes(path, MAX_BYTES)
        except InputError as error:
            self.problems += error.problems
            self.whole = self.named = False
            return
        if is_manifest(raw):
            self._manifest(read_document(raw, path))
            return
        try:
            case, edition = read_case(raw, path, self.library, self.edition)
        except InputError as error:
            self.problems += error.problems
            self._stub(read_document(raw, path))
            return
        self.editions.append((case, edition))
        self.entries.append(Entry(case.id, path, case.subject.get("id", ""), case, case.links, case.places, case.lines, raw))

    def _manifest(self, document: Document) -> None:
        """Read the round's own file: its name, and the units that are no case."""
        node = Node(document)
        if document.broken:
            self.problems += document.problems
            return
        if self.manifest:
            first = self.manifest.keys.get(("round",)) or node.place
            node.child("round").complain("PE707", node.child("round").key_place, first=f"{first.file}:{first.line}")
        self.manifest = document
        got = node.fields(("round",), ("units",))
        self.name = got["round"].text()
        for name, child in got["units"].entries() if "units" in got else ():
            self.units[name] = Unit(name, child.fields(("name",))["name"].text())
        self.problems += document.problems

    def _stub(self, document: Document) -> None:
        """Keep the name and the links of a faulty file, so that nobody is missing from a list that is gathered."""
        data = document.data
        name = data.get("case") if isinstance(data, dict) and not document.broken else None
        if not isinstance(data, dict) or not isinstance(name, str):
            self.whole = self.named = False
            return
        self.whole = self.whole and all(isinstance(data.get(link, ""), str) for link in LINKS)
        links = {link: value for link in LINKS if isinstance(value := data.get(link), str)}
        subject = data.get("subject")
        known = subject.get("id") if isinstance(subject, dict) else None
        known = known if isinstance(known, str) else ""
        self.entries.append(Entry(name, document.file, known, None, links, document.places, document.lines))


def _each_once(entries: Iterable[Entry], problems: list[Problem]) -> list[Entry]:
    """Refuse a second case of the same name."""
    first: dict[str, Entry] = {}
    for entry in entries:
        if entry.id in first:
            place = entry.places["case",]
            other = first[entry.id].places["case",]
            details = {"name": entry.id, "first": f"{other.file}:{other.line}"}
            problems.append(Problem("PE703", place, details, entry.lines[place.line - 1] if entry.lines else ""))
        else:
            first[entry.id] = entry
    return list(first.values())


def _stray(case: Case, name: str, other: str) -> Problem:
    """Say that a case is rated under another edition than the round."""
    place = case.places.get(("edition",)) or case.places.get(("period",)) or case.places["case",]
    return Problem("PE706", place, {"name": name, "other": other}, case.lines[place.line - 1] if case.lines else "")
