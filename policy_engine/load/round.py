"""A folder of case files to a round: every file read once, its links kept even where its facts are faulty."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from policy_engine.errors import InputError, Problem
from policy_engine.load.case import find_cases, is_manifest, is_table, not_cases, read_case
from policy_engine.load.files import lines_of, read_bytes
from policy_engine.load.library import Library
from policy_engine.load.node import Node
from policy_engine.load.yaml_text import MAX_BYTES, Data, Document, read_document, read_events
from policy_engine.model.case import LINKS, Case
from policy_engine.model.round import Entry, RoundFiles, Unit
from policy_engine.model.rulebook import Edition

Watch = Callable[[Sequence[str]], Iterable[str]]
"""Goes through files, and may show how far it is."""


def load_round(folder: str, library: Library, edition: str | None = None, watch: Watch = iter) -> RoundFiles:
    """Read every case file below a folder, and the file `round:` where there is one.

    A file that has faults does not hide the others; their problems are all in the result.

    Raises:
        InputError: PE511 where there is no case file, PE515 or PE516 where it is no folder, or every problem where not one case
            could be read.
    """
    if os.path.isfile(folder):
        raise InputError([not_cases("PE515" if is_table(folder) else "PE516", folder)])
    reading = _Reading(library, edition)
    odd: list[Problem] = []
    found = find_cases(folder, odd)
    reading.refuse(odd)
    for path in watch(found):
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
    kept, twins = _each_once(entries, reading.problems)
    unread = (*reading.unread, *(twin.path for twin in twins))
    return RoundFiles(
        name, governing, tuple(kept), reading.units, whole=not unread, named=reading.named, problems=tuple(reading.problems),
        unread=unread, dropped=(*reading.nameless, *twins),
    )  # fmt: skip


def _empty(folder: str) -> Problem:
    from policy_engine.source import Location

    return Problem("PE511", Location(folder, 1, 1), {"folder": folder})


class _Reading:
    """What was read so far."""

    def __init__(self, library: Library, edition: str | None) -> None:
        self.library, self.edition = library, edition
        self.name = ""
        self.units: dict[str, Unit] = {}
        self.entries: list[Entry] = []
        self.editions: list[tuple[Case, Edition]] = []
        self.problems: list[Problem] = []
        self.nameless: list[Entry] = []
        self.unread: list[str] = []
        self.named = True
        self.manifest: Document | None = None

    def read(self, path: str) -> None:
        """Read one file."""
        try:
            raw = read_bytes(path, MAX_BYTES)
        except InputError as error:
            self.problems += error.problems
            self._nameless(path)
            return
        if is_manifest(raw):
            self._manifest(read_document(raw, path))
            return
        try:
            case, edition = read_case(raw, path, self.library, self.edition)
        except InputError as error:
            self.problems += error.problems
            self._stub(raw, path)
            return
        self.editions.append((case, edition))
        subject = case.subject
        self.entries.append(
            Entry(case.id, path, subject.get("id", ""), case, case.links, case.places, case.lines, raw, subject.get("name", ""))
        )

    def refuse(self, odd: Iterable[Problem]) -> None:
        """Keep what bears the name of a case and is no file: nobody knows whose it would have been."""
        for problem in odd:
            self.problems.append(problem)
            self._nameless(problem.location.file)

    def _manifest(self, document: Document) -> None:
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

    def _stub(self, raw: bytes, path: str) -> None:
        """Keep the name and the links of a faulty file, so that nobody is missing from a list that is gathered.

        A file that is torn (YAML ends early, bytes that are no text) has told what stands above the tear; what is not there
        may only not have been reached.
        """
        document = _readable(raw, path)
        data = document.data
        name = _text(data.get("case")) if isinstance(data, dict) else ""
        if not isinstance(data, dict) or not name:
            self._nameless(path)
            return
        links = {link: value for link in LINKS if (value := _text(data.get(link)))}
        if any(link in data and link not in links for link in LINKS):
            self.unread.append(path)
        subject = data.get("subject")
        known = {key: _text(subject.get(key)) for key in ("id", "name")} if isinstance(subject, dict) else {}
        torn = document.broken
        self.named = self.named and bool(known.get("id") or not (torn or "subject" in data))
        self.entries.append(
            Entry(name, path, known.get("id", ""), None, links, document.places, document.lines, name=known.get("name", ""), torn=torn)
        )

    def _nameless(self, path: str) -> None:
        self.unread.append(path)
        self.nameless.append(Entry("", path, "", None, {}, {}, ()))
        self.named = False


def _readable(raw: bytes, path: str) -> Document:
    document = read_document(raw, path)
    if document.data is not None or not document.broken:
        return document
    text = raw.decode("utf-8-sig", errors="replace")
    return read_events(text, document._replace(lines=lines_of(text)))


def name_in(path: str) -> str:
    """Return the name of the case in a file that was refused, "" where it cannot be read."""
    if not os.path.isfile(path):
        return ""  # a pipe is read once
    try:
        data = _readable(read_bytes(path, MAX_BYTES), path).data
    except InputError:
        return ""
    return _text(data.get("case")) if isinstance(data, dict) else ""


def _text(value: Data) -> str:
    return value if isinstance(value, str) and "\ufffd" not in value else ""


def _each_once(entries: Iterable[Entry], problems: list[Problem]) -> tuple[list[Entry], list[Entry]]:
    first: dict[str, Entry] = {}
    twins: list[Entry] = []
    for entry in entries:
        if entry.id in first:
            place = entry.places["case",]
            other = first[entry.id].places["case",]
            details = {"name": entry.id, "first": f"{other.file}:{other.line}"}
            problems.append(Problem("PE703", place, details, entry.lines[place.line - 1] if entry.lines else ""))
            twins.append(entry)
        else:
            first[entry.id] = entry
    return list(first.values()), twins


def _stray(case: Case, name: str, other: str) -> Problem:
    place = case.places.get(("edition",)) or case.places.get(("period",)) or case.places["case",]
    return Problem("PE706", place, {"name": name, "other": other}, case.lines[place.line - 1] if case.lines else "")
