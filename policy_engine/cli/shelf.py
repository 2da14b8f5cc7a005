"""Editions read for the commands that look after them: always from their files, never from a sealed copy."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from policy_engine.explain.editions import Shelved, is_whole
from policy_engine.load.edition import load_edition, read_raws
from policy_engine.load.library import Library
from policy_engine.load.lock import read_seal
from policy_engine.load.seal import SealReport, hold_against_seal
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
    return ReadShelf(load_edition(folder, heed_lock=False), documents, raws, hold_against_seal(folder, read_seal(folder), documents, raws))


class Held(NamedTuple):
    """An edition held against its seal, whether or not it can still be read as one."""

    name: str
    folder: str
    report: SealReport


def seals(rulebook: str | None, names: Iterable[str] | None = None) -> list[Held]:
    """Hold the editions of a library, or those that are named, against their seals."""
    library = Library(rulebook)
    found: list[Held] = []
    for name in names if names is not None else sorted(library.folders()):
        folder = library.folder_of(name)
        raws = read_raws(folder)
        documents = {path: read_document(raw, path) for path, raw in raws.items()}
        found.append(Held(name, folder, hold_against_seal(folder, read_seal(folder), documents, raws)))
    return found


def shelf(rulebook: str | None, names: Iterable[str] | None = None) -> list[Shelved]:
    """Read the editions of a library, or those that are named."""
    library = Library(rulebook)
    folders = [library.folder_of(name) for name in (names if names is not None else sorted(library.folders()))]
    read = [(folder, read_shelf(folder)) for folder in folders]
    return [Shelved(one.edition, folder, one.report) for folder, one in read]


def shelved_to_data(one: Shelved) -> dict[str, Any]:
    """Give an edition in its place as data."""
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
        "whole": is_whole(one.report) if one.report.sealed else None, "counts": counts,
    }  # fmt: skip


def report_to_data(one: Held) -> dict[str, Any]:
    """Give how an edition stands to its seal as data."""
    report = one.report
    differences = [difference._asdict() | {"path": ".".join(map(str, difference.path))} for difference in report.differences]
    return {
        "edition": one.name, "sealed": report.sealed, "whole": is_whole(report) if report.sealed else None,
        "differences": differences, "missing": list(report.missing), "added": list(report.added),
        "text_only": list(report.text_only), "copy_kept": report.copy_kept,
    }  # fmt: skip
