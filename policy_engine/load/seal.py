"""Sealing and verifying: what an edition means is written down, and held against what its files say later."""

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from policy_engine.errors import Problem
from policy_engine.language.values import is_array, is_object
from policy_engine.load.files import odd_kind, write_whole
from policy_engine.load.lock import (
    NAME,
    Seal,
    copy_path,
    declared_front,
    lock_line,
    lock_path,
    name_of,
    read_lock,
    root_of,
    sealed_data,
    text_digest,
)
from policy_engine.load.meaning import canonical, first_name, in_order, meaning_of, revision_of, sha256_of
from policy_engine.load.yaml_plain import Path
from policy_engine.load.yaml_text import Document
from policy_engine.source import Location
from policy_engine.tuples import NamedTuple

if TYPE_CHECKING:
    import subprocess

_NAMESPACE = "policy-engine"


class SigningError(Exception):
    """A signature could not be made, or is not there, or is not of whom it should be; the text is ssh-keygen's."""


def signature_path(path: str) -> str:
    return f"{path}.sig"


def signature_of(content: bytes, key: str) -> bytes:
    """Return the signature of a content with an SSH key. Nothing is written: the one that is there stays until this is had."""
    done = _run(["-Y", "sign", "-n", _NAMESPACE, "-f", key], content)
    if not done.stdout.startswith(b"-----BEGIN SSH SIGNATURE-----"):
        raise SigningError(_said(done))
    return done.stdout


def verify_signature(path: str, signers: str, identity: str) -> str:
    """Verify the signature beside a file; return what ssh-keygen says.

    Args:
        path: the file that was signed.
        signers: a file of allowed signers, as `man ssh-keygen` describes it.
        identity: who must have signed.

    Raises:
        SigningError: where ssh-keygen is missing, or the signature is not good.
    """
    return _said(_run(["-Y", "verify", "-n", _NAMESPACE, "-f", signers, "-I", identity, "-s", signature_path(path)], _content(path)))


def _content(path: str) -> bytes:
    for one in (path, signature_path(path)):
        if odd_kind(one):
            raise SigningError(f"{one}: not a regular file")
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise SigningError(f"{path}: {error.strerror}") from error


def _run(arguments: list[str], content: bytes) -> "subprocess.CompletedProcess[bytes]":
    import shutil
    import subprocess

    program = shutil.which("ssh-keygen")
    if program is None:
        raise SigningError("ssh-keygen: not found")
    done = subprocess.run([program, *arguments], input=content, capture_output=True, check=False)  # noqa: S603  (no shell; the user's own key)
    if done.returncode != 0:
        raise SigningError(_said(done))
    return done


def _said(done: "subprocess.CompletedProcess[bytes]") -> str:
    lines = (done.stdout + done.stderr).decode(errors="replace").splitlines()
    return "; ".join(line.strip() for line in lines if line.strip())


_HEADER = "# Sealed editions: of each its meaning and its sealed copy, then of each file its meaning (RFC 8785) and its bytes."
MAX_TOLD = 20


class ChangedValue(NamedTuple):
    """One value that is not as it was sealed; "" for what was, or is, nothing."""

    file: str
    path: Path
    sealed: str
    found: str


class SealReport(NamedTuple):
    """What an edition is beside its seal."""

    sealed: bool
    differences: tuple[ChangedValue, ...]
    missing: tuple[str, ...]
    """Sealed files that are not there any more, named from the folder of editions on."""
    added: tuple[str, ...]
    """Files that were not there when the edition was sealed."""
    text_only: tuple[str, ...]
    """Files in which only comments, spacing or the order of keys differ."""
    copy_kept: bool
    """Whether the sealed copy is there and is the sealed one, so that values can be named."""
    lock_agrees: bool = True
    """Whether the lock's digest of the whole meaning is that of the files, where no file differs."""
    name: str = ""
    """Under which name it is sealed."""


NO_SEAL = SealReport(sealed=False, differences=(), missing=(), added=(), text_only=(), copy_kept=True)
"""What an edition is that is not sealed."""


def hold_against_seal(folder: str, seal: Seal | None, documents: Mapping[str, Document], raws: Mapping[str, bytes]) -> SealReport:
    """Hold an edition's files against its seal.

    Args:
        folder: the edition's folder.
        seal: its seal, as `Lock.seal_of` finds it.
        documents: its files, read, by path.
        raws: the bytes of its files, by path.
    """
    if seal is None:
        return NO_SEAL
    names = {name_of(folder, path): path for path in documents}
    copy = sealed_data(folder, seal)
    differences: list[ChangedValue] = []
    text_only: list[str] = []
    for name in sorted(names.keys() & seal.meanings.keys()):
        path = names[name]
        if sha256_of((meaning_of(documents[path].data),)) != seal.meanings[name]:
            before = copy.files.get(name) if copy else None
            differences += (_values_changed(path, before, documents[path].data) if copy else []) or [ChangedValue(path, (), "", "")]
        elif text_digest(raws[path]) != seal.texts[name]:
            text_only.append(path)
    base = os.path.basename(os.path.abspath(folder))
    missing = tuple(f"{base}/{name}" for name in sorted(seal.meanings.keys() - names.keys()))
    added = tuple(names[name] for name in sorted(names.keys() - seal.meanings.keys()))
    whole = not (differences or missing or added)
    agrees = not whole or revision_of(document.data for document in documents.values()) == f"sha256:{seal.revision}"
    return SealReport(
        sealed=True, differences=tuple(differences), missing=missing, added=added, text_only=tuple(text_only), copy_kept=copy is not None,
        lock_agrees=agrees, name=seal.name,
    )  # fmt: skip


def means_the_same(report: SealReport) -> bool:
    """Return whether an edition means what was sealed, or is not sealed."""
    return not (report.differences or report.missing or report.added) and report.lock_agrees


def _values_changed(path: str, before: Any, after: Any) -> list[ChangedValue]:  # noqa: ANN401
    """Return the values that differ; none where the copy, whose digest is right, holds what no edition can."""
    try:
        return list(_differences(path, (), before, after))
    except (ValueError, RecursionError):
        return []


def _differences(file: str, path: Path, before: Any, after: Any) -> Iterator[ChangedValue]:  # noqa: ANN401  (JSON is what it is)
    if is_object(before) and is_object(after):
        was, now = ({first_name(key, holder): key for key in holder} for holder in (before, after))
        for name in dict.fromkeys([*now, *was]):
            pair = (holder[keys[name]] if name in keys else None for holder, keys in ((before, was), (after, now)))
            yield from _differences(file, (*path, now.get(name) or was[name]), *pair)
    elif is_array(before) and is_array(after):
        for index in range(max(len(before), len(after))):
            pair = (rows[index] if index < len(rows) else None for rows in (before, after))
            yield from _differences(file, (*path, index), *pair)
    elif canonical(before) != canonical(after):
        yield ChangedValue(file, path, _shown(before), _shown(after))


def _shown(value: Any) -> str:  # noqa: ANN401
    """Write a value, shortened; "" for nothing."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else canonical(value).decode()
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


_LONGEST = 80


def seal_problems(report: SealReport, folder: str, documents: Mapping[str, Document]) -> list[Problem]:
    """Return what keeps a sealed edition from being used: each value that was changed, and each file that is missing or new."""
    root, edition = os.path.dirname(os.path.normpath(folder)), report.name
    problems: list[Problem] = []
    for file, path, sealed, found in report.differences[:MAX_TOLD]:  # at the place of the value, or at the nearest one that is left
        places = documents[file].places
        place = next((places[path[:n]] for n in range(len(path), -1, -1) if path[:n] in places), Location(file, 1, 1))
        words = {"name": edition, "path": ".".join(map(str, path)) or "—", "sealed": sealed or "—", "found": found or "—"}
        problems.append(documents[file].problem("PE608", place, **words))
    problems += [Problem("PE609", Location(os.path.join(root, *name.split("/")), 1, 1), {"name": edition}) for name in report.missing]
    problems += [Problem("PE610", Location(path, 1, 1), {"name": edition}) for path in report.added]
    if not report.lock_agrees:
        details = {"name": edition, "path": NAME, "sealed": "…", "found": "…"}
        problems.append(Problem("PE608", Location(os.path.join(root, NAME), 1, 1), details))
    return problems


class NewSeal(NamedTuple):
    """A seal that is not written yet: the paths and the bytes of the sealed copy and of the lock."""

    revision: str
    copy_path: str
    copy: bytes
    lock_path: str
    lock: bytes


def make_seal(folder: str, documents: Mapping[str, Document], raws: Mapping[str, bytes]) -> NewSeal:
    """Return the seal of one edition, and the lock with it in the place of the one that it had.

    Raises:
        InputError: those of `read_lock`: what a lock says of other editions must not be lost.
    """
    lock = read_lock(root_of(folder))
    edition = declared_front(folder, documents.values()).id
    before = lock.seal_of(folder, edition)
    names = {f"{edition}/{name_of(folder, path)}": path for path in sorted(documents)}
    revision = revision_of(document.data for document in documents.values()).removeprefix("sha256:")
    copy = in_order({"revision": revision, "files": {name: documents[path].data for name, path in names.items()}})
    lines = [lock_line(edition, meaning=revision, copy=sha256_of((copy,)))]
    for name, path in names.items():
        lines.append(lock_line(name, meaning=sha256_of((meaning_of(documents[path].data),)), text=text_digest(raws[path])))
    kept = (line for name, own in lock.lines.items() if before is None or name != before.name for line in own)
    content = "\n".join([_HEADER, *sorted([*kept, *lines]), ""]).encode()
    return NewSeal(revision=revision, copy_path=copy_path(folder, edition), copy=copy, lock_path=lock_path(root_of(folder)), lock=content)


def write_seal(seal: NewSeal) -> None:
    """Write a seal: its sealed copy first, then the lock, each whole or not at all; an OSError says why not."""
    os.makedirs(os.path.dirname(seal.copy_path), exist_ok=True)
    write_whole(seal.copy_path, seal.copy)
    write_whole(seal.lock_path, seal.lock)
