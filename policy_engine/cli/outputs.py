"""Where commands write: every path that is written to is looked at before any work, so that nothing is lost and nothing is half done.

An answer goes to a regular file, or to one that is not there yet. A link to a regular file is written through: its output is
replaced, and the link stays. A pipe, a device, a socket, a folder where a file belongs (and the other way round), a link that leads
nowhere, a folder without the right to write: wrong usage. So is an answer in the place of what the command reads, or of another
answer; paths are compared by what they lead to.
"""

import os
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import click

from policy_engine.errors import N_, InputError
from policy_engine.load.files import YAML, files_below, odd_kind
from policy_engine.load.library import Library
from policy_engine.load.lock import NAME
from policy_engine.messages import translate
from policy_engine.report.visible import visible

_EMPTY = N_("no path was named")
_ODD = N_("`{path}` is {found}; name a file, or one that is not there yet")
_NOT_A_FOLDER = N_("`{path}` is no folder; name a folder, or one that is not there yet")
_NO_FOLDER = N_("there is no folder `{path}`; make it first")
_NO_RIGHT = N_("you have no right to write to `{path}`")
_UNSEEN = N_("`{path}` cannot be written: {reason}")
_AN_INPUT = N_("`{path}` is one of the files that this command reads, which would be lost; name another file")
_TWICE = N_("`{path}` is where {other} writes too; name another file")


class Output(NamedTuple):
    """A path that is written to: the option that names it, and whether it is a folder that files are written into."""

    option: str
    path: str
    is_folder: bool = False


def hold_outputs(language: str, outputs: Sequence[Output], inputs: Iterable[str] = ()) -> None:
    """Refuse what cannot be written to, or must not be.

    Args:
        language: `vi` or `en`.
        outputs: what is written to.
        inputs: files that are read.

    Raises:
        BadParameter: where a output is no regular file, is read too, or is written to twice.
    """
    for output in outputs:
        complaint = _complaint(output, language)
        if complaint:
            raise click.BadParameter(complaint, param_hint=f"'{output.option}'")
    read = {_identity(path) for path in inputs} if outputs else set[object]()
    taken: dict[object, str] = {}
    for output in (one for one in outputs if not one.is_folder):
        identity, words = _identity(output.path), {"path": visible(output.path)}
        if identity in read:
            raise click.BadParameter(translate(_AN_INPUT, language, **words), param_hint=f"'{output.option}'")
        if identity in taken:
            raise click.BadParameter(translate(_TWICE, language, **words, other=f"`{taken[identity]}`"), param_hint=f"'{output.option}'")
        taken[identity] = output.option


def files_read(paths: Iterable[str], endings: tuple[str, ...]) -> list[str]:
    """Return the files that paths lead to, those in folders by their endings, for a comparison with what is written."""
    found: list[str] = []
    for path in paths:
        found += files_below(path, endings, []) if os.path.isdir(path) else [path]
    return found


def rulebook_files(library: Library) -> list[str]:
    """Return the files of every edition of a library, and its lock; none where it cannot be read, which whoever reads it says."""
    try:
        folders = library.folders()
    except InputError:
        return []
    locks = {os.path.join(os.path.dirname(os.path.abspath(folder)), NAME) for folder in folders.values()}
    return [*files_read(folders.values(), YAML), *locks]


def _complaint(output: Output, language: str) -> str:
    """Say what is wrong with a output; nothing where it can be written to."""
    words = {"path": visible(output.path)}
    if not output.path:
        return translate(_EMPTY, language)
    try:
        found, there = odd_kind(output.path), _is_there(output.path)
        if output.is_folder and there:
            fits = os.path.isdir(output.path)
            return _writable(output.path, language) if fits else translate(_NOT_A_FOLDER, language, **words)
        if found:
            return translate(_ODD, language, **words, found=translate(found, language))
        return _room(output, language, there=there)
    except NotADirectoryError:
        return translate(_NO_FOLDER, language, path=visible(os.path.dirname(output.path)))
    except (OSError, ValueError) as error:
        return translate(_UNSEEN, language, **words, reason=getattr(error, "strerror", None) or str(error))


def _is_there(path: str) -> bool:
    """Return whether anything lies at a path.

    Raises:
        OSError: where that cannot be seen.
        ValueError: where the path can be none.
    """
    try:
        os.lstat(path)
    except FileNotFoundError:
        return False
    return True


def _room(output: Output, language: str, *, there: bool) -> str:
    """Say what keeps a file, or a folder that is not there yet, from being written."""
    if there and not os.access(output.path, os.W_OK):
        return translate(_NO_RIGHT, language, path=visible(output.path))
    folder = os.path.dirname(os.path.realpath(output.path))
    while output.is_folder and not os.path.lexists(folder):
        folder = os.path.dirname(folder)  # folders on the way are made
    if not os.path.isdir(folder):
        return translate(_NO_FOLDER, language, path=visible(folder))
    return _writable(folder, language)


def _writable(folder: str, language: str) -> str:
    """Say that files cannot be made in a folder; nothing where they can."""
    return "" if os.access(folder, os.W_OK | os.X_OK) else translate(_NO_RIGHT, language, path=visible(folder))


def _identity(path: str) -> object:
    """Return what a path leads to: the file itself where there is one, else the place where it would be."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return os.path.normcase(os.path.realpath(path)) if "\0" not in path else path
    return found.st_dev, found.st_ino
