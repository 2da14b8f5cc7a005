"""What a run over many cases keeps of the files that it could not rate: told first and counted, while the others go on.

An answer goes to a regular file, or to one that is not there yet. A link to a regular file is written through: its output is
replaced, and the link stays. A pipe, a device, a socket, a folder where a file belongs (and the other way round), a link that leads
nowhere, a folder without the right to write: wrong usage. So is an answer in the place of what the command reads, or of another
answer; paths are compared by what they lead to.
"""

import contextlib
import os
import shutil
import sys
from collections.abc import Generator, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from policy_engine.cli.streams import STANDARD
from policy_engine.errors import N_, InputError, Problem
from policy_engine.explain.blocks import Explanation, Section, files_counted
from policy_engine.load.files import YAML, files_below, held_folder, odd_kind
from policy_engine.load.library import Library
from policy_engine.load.lock import NAME
from policy_engine.messages import plural, translate
from policy_engine.report.problems import visible

if TYPE_CHECKING:
    from policy_engine.columnar.order import Order


@contextlib.contextmanager
def to_files(order: "Order") -> "Generator[Order]":
    """Return an order that writes files; what was to go to standard output goes there when all is done."""
    with held_folder() as folder:
        path = os.path.join(folder, "output")
        to = path if order.to == STANDARD else order.to
        rejects = path if order.rejects == STANDARD else order.rejects
        yield order._replace(to=to, rejects=rejects)
        if os.path.exists(path):
            sys.stdout.flush()
            with open(path, "rb") as written:
                shutil.copyfileobj(written, sys.stdout.buffer)
            sys.stdout.buffer.flush()


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


class Refusals:
    """The files that were refused, each with its problems, and the problems of no one file."""

    def __init__(self) -> None:
        """Begin a run in which nothing was refused yet."""
        self.files: list[tuple[str, InputError]] = []
        self.others: list[Problem] = []
        """Problems that stand beside the files: a folder without a case."""

    def add(self, path: str, error: InputError) -> None:
        """Keep a file that was refused."""
        self.files.append((path, error))

    @property
    def problems(self) -> list[Problem]:
        """Every problem, those of a rulebook once however many cases met them."""
        return list(self.error().problems)

    def error(self) -> InputError:
        """Return every problem as one error, which knows how many cases met each."""
        return InputError([*self.others, *(problem for _, error in self.files for problem in error.problems)])

    @property
    def by_rulebook(self) -> int:
        """How many files could not be rated for what is wrong elsewhere than in themselves: in the rulebook."""
        own = {path for path, _ in self.files}
        return sum(any(problem.location.file not in own for problem in error.problems) for _, error in self.files)

    def page(self, title: str, rated: int, language: str) -> Explanation:
        """Return what stands before the answers: how many files were rated, how many refused, and why."""
        headline = counted(rated, len(self.files), self.by_rulebook, language)
        return Explanation(title, headline, "round", (), (self.section(language),))

    def before(self, page: Explanation, rated: int, language: str) -> Explanation:
        """Return an answer with what was refused before it; as it is where nothing was."""
        if not self.problems:
            return page
        said = (counted(rated, len(self.files), self.by_rulebook, language),) if self.files else ()
        return page._replace(headline=" ".join((*said, page.headline)), sections=(self.section(language), *page.sections))

    def section(self, language: str) -> Section:
        """Return each slip once, with its places."""
        from policy_engine.report.problems import slip_section

        return slip_section(self.problems, language)

    def data(self) -> list[dict[str, Any]]:
        """Return each slip once as data, with its places."""
        from policy_engine.report.problems import slips_to_data

        return slips_to_data(self.problems)

    def each(self) -> Iterable[dict[str, Any]]:
        """Return the files as data that can stand among verdicts: the case where its name could be read, and what is wrong with it."""
        from policy_engine.load.round import name_in
        from policy_engine.report.problems import slips_to_data

        for path, error in self.files:
            yield {
                "case": name_in(path) or None, "file": path, "outcome": "refused", "level": None, "problems": slips_to_data(error.problems),
            }  # fmt: skip


def counted(rated: int, refused: int, by_rulebook: int, language: str) -> str:
    """Say how many files were rated and how many were not; that the rulebook has errors goes before every count."""
    if not rated and by_rulebook == refused:
        parts = (N_("Not run: the rulebook has errors."), N_("Files: {files}."))
        return " ".join(translate(part, language, files=refused) for part in parts)
    said = files_counted(rated, refused, language)
    if not by_rulebook:
        return said
    first = plural(
        "Not run on {number} file: the rulebook has errors.", "Not run on {number} files: the rulebook has errors.", by_rulebook, language
    )
    return f"{first} {said}"
