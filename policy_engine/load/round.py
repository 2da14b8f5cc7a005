"""A folder of case files to a round: every file read once, its links kept even where its facts are faulty."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from policy_engine.errors import InputError, Problem, problem_in
from policy_engine.load.case import find_cases, is_manifest, is_table, not_cases, read_case
from policy_engine.load.files import read_bytes
from policy_engine.load.library import Library
from policy_engine.load.node import Node
from policy_engine.load.yaml_plain import Data
from policy_engine.load.yaml_text import MAX_BYTES, Document, read_document, read_values, read_whole
from policy_engine.model.case import LINKS, Case
from policy_engine.model.round import Entry, RoundFiles, Unit
from policy_engine.model.rulebook import Edition
from policy_engine.source import Location

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
    files = _Collected(library, edition)
    odd: list[Problem] = []
    paths = find_cases(folder, odd)
    files.problems += odd
    for problem in odd:  # it bears the name of a case and is no file: nobody knows whose it would have been
        files.lose(problem.location.file)
    for path in watch(paths):
        files.read(path)
    if not files.cases:
        raise InputError(files.problems or [Problem("PE511", Location(folder, 1, 1), {"folder": folder})])
    chosen = Counter(known.id for _, known in files.cases).most_common(1)[0][0]
    for case, known in files.cases:
        if known.id != chosen:
            place = case.places.get(("edition",)) or case.places.get(("period",)) or case.places["case",]
            files.problems.append(problem_in(case.lines, "PE706", place, {"name": known.id, "other": chosen}))
    entries = [entry if entry.case is None or entry.case.edition == chosen else entry._replace(case=None) for entry in files.entries]
    kept, refused = _each_once(entries, files.problems)
    unread = (*files.unread, *(entry.path for entry in refused))
    return RoundFiles(
        id=files.name or os.path.basename(os.path.abspath(folder)), edition=next(known for _, known in files.cases if known.id == chosen),
        entries=tuple(kept), units=files.units, whole=not unread, named=files.named, problems=tuple(files.problems), unread=unread,
        dropped=(*files.nameless, *refused),
    )  # fmt: skip


class _Collected:
    """What was read so far."""

    def __init__(self, library: Library, edition: str | None) -> None:
        self.library, self.edition = library, edition
        self.name = ""
        self.units: dict[str, Unit] = {}
        self.entries: list[Entry] = []
        self.cases: list[tuple[Case, Edition]] = []
        self.problems: list[Problem] = []
        self.nameless: list[Entry] = []
        self.unread: list[str] = []
        self.named = True
        self.manifest: Location | None = None

    def read(self, path: str) -> None:
        """Read one file."""
        raw: bytes | None = None
        try:
            raw = read_bytes(path, MAX_BYTES)
            if is_manifest(raw):
                self._read_manifest(read_values(raw, path))
                return
            case, edition = read_case(raw, path, self.library, self.edition)
        except InputError as error:
            self.problems += error.problems
            if raw is None:
                self.lose(path)
            else:
                self._keep_stub(raw, path)
            return
        self.cases.append((case, edition))
        self.entries.append(
            Entry(
                id=case.id, path=path, subject=case.subject.get("id", ""), case=case, links=case.links, places=case.places,
                lines=case.lines, raw=raw, name=case.subject.get("name", ""),
            )
        )  # fmt: skip

    def _read_manifest(self, document: Document) -> None:
        node = Node(document)
        key = node.child("round").key_place
        if not document.broken:
            if self.manifest:
                node.complain("PE707", key, first=f"{self.manifest.file}:{self.manifest.line}")
            self.manifest = key
            got = node.fields(("round",), ("units",))
            self.name = got["round"].text()
            for name, child in got["units"].entries():
                self.units[name] = Unit(name, child.fields(("name",))["name"].text())
        self.problems += document.problems

    def _keep_stub(self, raw: bytes, path: str) -> None:
        """Keep the name and the links of a faulty file, so that nobody is missing from a list that is gathered.

        A file that is torn (YAML ends early, bytes that are no text) says what stands above the tear; what is not there
        may only not have been reached.
        """
        document = _readable(raw, path)
        data = document.data if isinstance(document.data, dict) else {}
        name = _text(data.get("case"))
        if not name:
            self.lose(path)
            return
        links = {link: value for link in LINKS if (value := _text(data.get(link)))}
        if any(link in data and link not in links for link in LINKS):
            self.unread.append(path)
        subject = data.get("subject")
        known, called = (_text(subject.get(key)) if isinstance(subject, dict) else "" for key in ("id", "name"))
        self.named = self.named and bool(known or not (document.broken or "subject" in data))
        self.entries.append(
            Entry(
                id=name, path=path, subject=known, case=None, links=links, places=document.places, lines=document.lines, name=called,
                torn=document.broken,
            )
        )  # fmt: skip

    def lose(self, path: str) -> None:
        """Keep a file that does not even say whose it is."""
        self.unread.append(path)
        self.nameless.append(Entry(id="", path=path, subject="", case=None, links={}, places={}, lines=()))
        self.named = False


def _readable(raw: bytes, path: str) -> Document:
    """Read what can be read of a faulty file: of one that is no text as a whole, the parts that are."""
    document = read_document(raw, path)
    if document.data is not None or not document.broken:
        return document
    return read_whole(raw.decode("utf-8-sig", errors="replace"), path)._replace(problems=document.problems)


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
    """Return a value that is a text and was read whole, else ""."""
    return value if isinstance(value, str) and "\ufffd" not in value else ""


def _each_once(entries: Iterable[Entry], problems: list[Problem]) -> tuple[list[Entry], list[Entry]]:
    """Refuse a second case of the same name; return the first ones, and those that are refused."""
    first: dict[str, Entry] = {}
    refused: list[Entry] = []
    for entry in entries:
        if first.setdefault(entry.id, entry) is not entry:
            place, other = entry.places["case",], first[entry.id].places["case",]
            problems.append(problem_in(entry.lines, "PE703", place, {"name": entry.id, "first": f"{other.file}:{other.line}"}))
            refused.append(entry)
    return list(first.values()), refused
