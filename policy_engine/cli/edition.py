"""`policy-engine edition`: list, show, copy, seal and verify editions; always by their files, never by a sealed copy."""

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from policy_engine.cli.files import Output, hold_outputs
from policy_engine.cli.session import Session
from policy_engine.errors import InputError, Problem
from policy_engine.evaluate.core.plan import plan_of
from policy_engine.explain.editions import SealStanding, Shelved, explain_edition, explain_list, explain_new, explain_seals, holds, is_whole
from policy_engine.load import seal as seals
from policy_engine.load.edition import form_problems, load_edition
from policy_engine.load.files import unwritten, write_whole
from policy_engine.load.library import Library, days_of
from policy_engine.load.lock import (
    NAME,
    copy_path,
    declared_front,
    is_a_name,
    is_an_id,
    is_as_shipped,
    lock_path,
    name_of,
    read_raws,
    read_seal,
    root_of,
)
from policy_engine.load.meaning import revision_of
from policy_engine.load.new_edition import new_edition
from policy_engine.load.yaml_text import Document, read_document
from policy_engine.messages import N_
from policy_engine.report.data import held_to_data, shelved_to_data
from policy_engine.report.problems import visible


class _Files(NamedTuple):
    """The files of an edition, read, and how they stand to its seal."""

    folder: str
    documents: Mapping[str, Document]
    raws: Mapping[str, bytes]
    report: seals.SealReport


def _files(folder: str) -> _Files:
    """Read the files of an edition, and hold them against its seal; raises InputError where they are no YAML."""
    raws = read_raws(folder)
    documents = {path: read_document(raw, path) for path, raw in raws.items()}
    seal = read_seal(folder, declared_front(folder, documents.values()).id)
    return _Files(folder, documents, raws, seals.hold_against_seal(folder, seal, documents, raws))


def _shelved(folder: str) -> Shelved:
    """Read an edition in its place in a library."""
    report, edition = _files(folder).report, load_edition(folder, heed_lock=False)
    return Shelved(edition, folder, report, is_as_shipped(edition.id, edition.revision))


def show_list(session: Session) -> int:
    """Print the list of editions."""
    library = session.library
    found = [_shelved(library.folder_of(name)) for name in sorted(library.folders())]
    session.answer(lambda: [shelved_to_data(one) for one in found], lambda: explain_list(found, session.language))
    for name in library.gone():
        session.note(N_("the edition {edition} is sealed, and its folder is not there"), edition=visible(name))
    return 0


def show_one(session: Session, *, edition: str | None) -> int:
    """Print what one edition holds."""
    one = _shelved(session.library.folder_of(session.library.name_or_last(edition)))
    session.answer(lambda: shelved_to_data(one), lambda: explain_edition(one, session.language))
    return 0


def make_new(session: Session, *, name: str, source: str, period: str | None, to: str | None) -> int:
    """Copy an edition, and print what in it still speaks of the old period."""
    days = _days(session, name, period)
    root = to if to is not None else session.library.writable_folder()
    if root is None:
        raise session.misused(N_("the editions that come with the engine are not written to: name a folder with --to"))
    old = session.library.folder_of(source)
    hold_outputs(session, [Output("--to", root, is_folder=True)])
    if f"{os.path.realpath(root)}{os.sep}".startswith(f"{os.path.realpath(old)}{os.sep}"):
        raise session.misused(N_("`{path}` lies in the edition that is copied; name a folder of editions"), "--to", path=visible(root))
    try:
        folder, remaining = new_edition(old, root, name, *days)
    except FileExistsError:
        path = visible(os.path.join(root, name))
        raise session.misused(N_("there is a folder {path} already; it is left as it is"), path=path) from None
    except OSError as error:
        raise unwritten(root, error) from error
    places = [{"file": one.location.file, "line": one.location.line, "text": one.text} for one in remaining]
    session.answer(lambda: {"folder": folder, "remaining": places}, lambda: explain_new(folder, remaining, session.language))
    return 0


def _days(session: Session, name: str, period: str | None) -> tuple[date, date]:
    """Return the first and the last day that a new edition governs; refuse an id that YAML, a folder or the lock cannot hold."""
    if not is_an_id(name):
        words = N_("`{name}` cannot be an id: use letters, digits, dots and dashes, beginning with a letter or digit")
        raise session.misused(words, name=visible(name))
    days = days_of(period) if period is not None else days_of(name) or days_of(name[:4])
    if days is None:
        raise session.misused(N_("say which period it governs: --period 2021, or --period 2021-Q1"))
    return days


def seal(session: Session, *, name: str, again: bool, sign: str | None) -> int:
    """Seal an edition; return the exit code."""
    folder = session.library.folder_of(name)
    read = _files(folder)
    edition = load_edition(folder, heed_lock=False)
    _hold_seal(session, read, name, sign)
    if edition.status != "issued":
        raise session.misused(N_("{edition} is a draft; a draft is not sealed. Write `status: issued` first."), edition=name)
    if read.report.sealed and not is_whole(read.report) and not again:
        words = N_("{edition} is sealed already and means something else now; see `edition verify {edition}`, or seal it with --again")
        raise session.misused(words, edition=name)
    plan_of(edition)  # figures that contradict each other are refused before they are sealed
    made = seals.make_seal(folder, read.documents, read.raws)
    if not read.report.sealed and not again and _has_other_copy(made.copy_path, made.copy):
        words = N_("{edition} has no seal in `editions.lock`, but {path} is the sealed copy of another meaning; seal it with --again")
        raise session.misused(words, edition=name, path=visible(made.copy_path))
    signature = seals.signature_path(made.lock_path)
    try:
        signed = seals.signature_of(made.lock, sign) if sign else b""  # a key that is none leaves everything as it is
        seals.write_seal(made)
        if signed:
            write_whole(signature, signed)
    except seals.SigningError as error:
        raise session.misused(visible(str(error))) from error
    except OSError as error:
        raise unwritten(str(error.filename or folder), error) from error
    lines: list[str] = []
    if os.path.exists(signature) and not sign:
        lines.append(session.text(N_("{path} is the signature of the lock before this; sign anew with --sign"), path=visible(signature)))
    lines.append(session.text(N_("sealed: {edition}, revision sha256:{revision}"), edition=name, revision=made.revision))
    if sign:
        lines.append(session.text(N_("signed: {path}"), path=visible(signature)))
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _has_other_copy(path: str, content: bytes) -> bool:
    """Return whether a sealed copy is left that is not the one to be written."""
    try:
        with open(path, "rb") as file:
            return file.read(len(content) + 1) != content
    except OSError:
        return False


def _hold_seal(session: Session, read: _Files, name: str, sign: str | None) -> None:
    """Refuse to seal where the lock cannot be written, or cannot hold the names of the files."""
    for inside in (name_of(read.folder, file) for file in read.documents):
        if not is_a_name(f"{name}/{inside}"):
            words = N_("the name `{name}` cannot stand in `editions.lock`, where each name is one line of text; rename the file")
            raise session.misused(words, name=visible(inside))
    lock = lock_path(root_of(read.folder))
    copy = copy_path(read.folder, name)
    written, keys = [Output(NAME, lock)], list[str]()
    if sign is not None:
        written.append(Output("--sign", f"{lock}.sig"))
        keys.append(sign)
    hold_outputs(session, [*written, Output(NAME, os.path.dirname(copy), is_folder=True)], keys)
    if os.path.isdir(os.path.dirname(copy)):
        hold_outputs(session, [Output(NAME, copy)])


def verify(session: Session, *, names: Sequence[str], signers: str | None, identity: str | None) -> int:
    """Hold the editions of a library, or those that are named, against their seals; of the former also those that are gone.

    Raises:
        InputError: with what cannot be read as an edition, after it was said how the others stand.
    """
    if identity and not signers:
        raise session.misused(N_("--identity needs --signers, a file of allowed signers"))
    if signers and not identity:
        raise session.misused(N_("--signers needs --identity: who must have signed"))
    library, problems = session.library, list[Problem]()
    folders, gone = library.folders(), library.gone()
    held: list[SealStanding] = []
    for name in names or sorted({*folders, *gone}):
        if name not in folders and name in gone:
            held.append(SealStanding(name=name, folder=os.path.join(library.folder, name), report=seals.NO_SEAL, gone=True))
        else:
            held.append(_held(library, name, problems, named=bool(names), signed=bool(signers)))
    roots = sorted({root_of(one.folder) for one in held})
    said, valid = _signatures(roots, signers, identity) if signers and identity else ("", True)
    whole = valid and all(map(holds, held))
    data: dict[str, Any] = {"editions": [held_to_data(one) for one in held], "signature": said or None, "whole": whole}
    session.answer(lambda: data, lambda: explain_seals(held, session.language))
    if said and session.form != "json":
        sys.stdout.write("\n" + session.text(N_("signature: {said}"), said=said) + "\n")
    if problems:
        raise InputError(problems)
    return 0 if whole else 1


def _held(library: Library, name: str, problems: list[Problem], *, named: bool, signed: bool) -> SealStanding:
    """Hold one edition against its seal; add to the problems what keeps its files from being one."""
    read = _files(library.folder_of(name))
    documents = list(read.documents.values())
    front = declared_front(read.folder, documents)
    wrong = form_problems(read.folder, documents)
    problems += wrong
    revision = revision_of(document.data for document in documents) if not wrong else ""
    copy = copy_path(read.folder, front.id or os.path.basename(os.path.abspath(read.folder)))
    return SealStanding(
        name=name, folder=read.folder, report=read.report, status=front.status, as_shipped=is_as_shipped(front.id, revision),
        readable=not wrong, copy_left=not read.report.sealed and os.path.lexists(copy), named=named, signed=signed,
    )  # fmt: skip


def _signatures(roots: Iterable[str], signers: str, identity: str) -> tuple[str, bool]:
    """Verify the signature of every lock; return what is said of them, and whether all are valid."""
    said: list[str] = []
    valid = True
    for root in roots:
        try:
            said.append(seals.verify_signature(lock_path(root), signers, identity))
        except seals.SigningError as error:
            said.append(str(error))
            valid = False
    return visible("; ".join(said)), valid
