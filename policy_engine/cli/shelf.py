"""Editions read for the commands that look after them: always from their files, never from a sealed copy."""

import os
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from policy_engine.errors import Problem
from policy_engine.explain.editions import Held, Shelved, holds, is_whole
from policy_engine.load.edition import form_problems, load_edition, read_raws
from policy_engine.load.library import Library
from policy_engine.load.lock import copy_path, declared_front, is_as_shipped, read_seal, root_of
from policy_engine.load.meaning import revision_of
from policy_engine.load.seal import NO_SEAL, SealReport, hold_against_seal
from policy_engine.load.yaml_text import Document, read_document
from policy_engine.model.rulebook import Edition


class ReadShelf(NamedTuple):
    """An edition with its files, and how it stands to its seal."""

    edition: Edition
    documents: Mapping[str, Document]
    raws: Mapping[str, bytes]
    report: SealReport


def read_shelf(folder: str) -> ReadShelf:
    """Read an edition from its files, and hold it against its seal.

    Raises:
        InputError: with every problem of its files.
    """
    raws = read_raws(folder)
    documents = {path: read_document(raw, path) for path, raw in raws.items()}
    seal = read_seal(folder, declared_front(folder, documents.values()).id)
    return ReadShelf(load_edition(folder, heed_lock=False), documents, raws, hold_against_seal(folder, seal, documents, raws))


class Seals(NamedTuple):
    """Editions held against their seals, the folders of editions whose locks were asked, and what cannot be read as an edition."""

    held: list[Held]
    roots: list[str]
    problems: list[Problem]


def seals(rulebook: str | None, names: Iterable[str] = (), *, signed: bool = False) -> Seals:
    """Hold the editions of a library, or those that are named, against their seals; of the former also those that are gone.

    Args:
        rulebook: the library.
        names: the editions that are asked for; without any, all.
        signed: whether a signature is to be verified, which says nothing of an edition that is not in the lock.
    """
    library, asked = Library(rulebook), tuple(names)
    folders, gone = library.folders(), library.gone()
    found: list[Held] = []
    problems: list[Problem] = []
    for name in asked or sorted({*folders, *gone}):
        if name not in folders and name in gone:
            found.append(Held(name=name, folder=os.path.join(library.folder, name), report=NO_SEAL, gone=True))
            continue
        one, wrong = _held(name, library.folder_of(name), named=bool(asked), signed=signed)
        found.append(one)
        problems += wrong
    return Seals(found, sorted({root_of(one.folder) for one in found}), problems)


def _held(name: str, folder: str, *, named: bool, signed: bool) -> tuple[Held, list[Problem]]:
    """Hold one edition against its seal; return also what keeps its files from being one."""
    raws = read_raws(folder)
    documents = {path: read_document(raw, path) for path, raw in raws.items()}
    front = declared_front(folder, documents.values())
    report = hold_against_seal(folder, read_seal(folder, front.id), documents, raws)
    problems = form_problems(folder, list(documents.values()))
    revision = revision_of(document.data for document in documents.values()) if not problems else ""
    as_shipped = is_as_shipped(front.id, revision)
    left = not report.sealed and os.path.lexists(copy_path(folder, front.id or os.path.basename(os.path.abspath(folder))))
    held = Held(
        name=name, folder=folder, report=report, status=front.status, as_shipped=as_shipped, readable=not problems, copy_left=left,
        named=named, signed=signed,
    )  # fmt: skip
    return held, problems


def shelf(rulebook: str | None, names: Iterable[str] | None = None) -> list[Shelved]:
    """Read the editions of a library, or those that are named."""
    library = Library(rulebook)
    folders = [library.folder_of(name) for name in (names if names is not None else sorted(library.folders()))]
    read = [(folder, read_shelf(folder)) for folder in folders]
    return [Shelved(one.edition, folder, one.report, is_as_shipped(one.edition.id, one.edition.revision)) for folder, one in read]


def shelved_to_data(one: Shelved) -> dict[str, Any]:
    """Return an edition in its place as data."""
    edition = one.edition
    begins, until = edition.in_force
    counts = {
        "facts": len(edition.facts),
        "tracks": len(edition.tracks),
        "chapters": len(edition.chapters),
        "readings": len(edition.register),
    }
    return {
        "edition": edition.id, "status": edition.status, "title": dict(edition.title),
        "period": [edition.begins.isoformat(), edition.until.isoformat()],
        "in_force": [begins.isoformat() if begins else None, until.isoformat() if until else None],
        "supersedes": edition.supersedes or None, "encoded_at": edition.encoded_at.isoformat() if edition.encoded_at else None,
        "revision": edition.revision, "folder": one.folder, "sealed": one.report.sealed,
        "whole": is_whole(one.report) if one.report.sealed else None, "shown": edition.sealed, "as_shipped": one.as_shipped,
        "counts": counts,
    }  # fmt: skip


def report_to_data(one: Held) -> dict[str, Any]:
    """Return how an edition stands to its seal as data."""
    report = one.report
    differences = [difference._asdict() | {"path": ".".join(map(str, difference.path))} for difference in report.differences]
    return {
        "edition": one.name, "sealed": report.sealed, "whole": is_whole(report) if report.sealed else None,
        "differences": differences, "missing": list(report.missing), "added": list(report.added),
        "text_only": list(report.text_only), "copy_kept": report.copy_kept, "status": one.status or None,
        "as_shipped": one.as_shipped, "gone": one.gone, "holds": holds(one),
    }  # fmt: skip
