"""The sentences of an edition in its languages, and how its files are written.

Nothing that a file means may change: each mended file is read again, and left alone where anything in it is not as before.
"""

import os
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

from policy_engine.checks.places import FilePlaces
from policy_engine.errors import FIXABLE, Problem
from policy_engine.load.edition import Survey
from policy_engine.load.files import write_whole
from policy_engine.load.yaml_plain import Data, Path
from policy_engine.load.yaml_text import Document, read_document
from policy_engine.messages import LANGUAGES
from policy_engine.source import Location

_MARK = "\ufeff"


def mend(survey: Survey, findings: Iterable[Problem]) -> tuple[str, ...]:
    """Mend the files of an edition in place, each whole or not at all; give those that were written.

    A sealed edition is not touched: its bytes are what was sealed.
    """
    if survey.sealed:
        return ()
    files = dict.fromkeys(problem.location.file for problem in findings if problem.code in FIXABLE)
    return tuple(file for file in files if _write(survey, file))


def _write(survey: Survey, file: str) -> bool:
    """Mend one file; return whether it was written."""
    document, raw = survey.documents[file], survey.raws[file]
    mended = _mended(document, raw, survey)
    again = read_document(mended, file)
    if mended == raw or again.data != document.data or len(again.problems) != len(document.problems):
        return False
    write_whole(file, mended)
    return True


def _mended(document: Document, raw: bytes, survey: Survey) -> bytes:
    """Return the bytes of a file with everything mended that is certain."""
    text = unicodedata.normalize("NFC", raw.decode("utf-8"))
    line = modeline_for(survey.documents)
    if line and not has_modeline(document):
        end = "\r\n" if "\r\n" in text else "\n"
        mark = _MARK if text.startswith(_MARK) else ""
        text = f"{mark}{line(document.file)}{end}{text.removeprefix(_MARK)}"
    return text.encode("utf-8")


_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
MODELINE = re.compile(r"#\s*yaml-language-server:\s*\$schema=(\S+)")
_HEAD = 5
"""In how many first lines of a file its schema may be named."""


def find_untranslated(places: FilePlaces) -> Iterator[Problem]:
    """Return which sentences show other figures in another language, or are the same in all of them."""
    for document in places.documents.values():
        for path, texts in _sentences(document.data, ()):
            yield from _figures(document, path, texts)
            shared = set(texts.values())
            text = shared.pop()
            if not shared and not text.isascii() and len(text.split()) > 1:
                yield places.problem("PE813", document.places[*path, LANGUAGES[-1]], sentence=text)


def _sentences(data: Data, path: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    if isinstance(data, dict):
        texts = {key: value for key, value in data.items() if isinstance(value, str)}
        if data.keys() == texts.keys() == set(LANGUAGES):
            yield path, texts
            return
        for key, value in data.items():
            yield from _sentences(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _sentences(value, (*path, index))


def _figures(document: Document, path: Path, texts: dict[str, str]) -> Iterator[Problem]:
    shown = {language: dict.fromkeys(_PLACEHOLDER.findall(text)) for language, text in texts.items()}
    for language, names in shown.items():
        for other, more in shown.items():
            for name in (name for name in more if name not in names):
                yield document.problem("PE812", document.places[*path, language], here=language, other=other, name=name)


def find_unkempt(places: FilePlaces) -> Iterator[Problem]:
    """Return which lines are not composed, and which files name no schema where others of the edition do."""
    line = modeline_for(places.documents)
    for document in places.documents.values():
        for number, text in enumerate(document.lines, 1):
            composed = unicodedata.normalize("NFC", text)
            if text != composed:
                column = next(n for n, sign in enumerate(text) if composed[n : n + 1] != sign)
                yield places.problem("PE821", Location(document.file, number, column + 1))
        if line and document.lines and not has_modeline(document):
            yield places.problem("PE822", Location(document.file, 1, 1), line=line(document.file))


def modeline_for(documents: Mapping[str, Document]) -> Callable[[str], str] | None:
    """Return how a file of the edition names its schema, by the first file that does; None where none does."""
    for document in documents.values():
        for text in document.lines[:_HEAD]:
            found = MODELINE.search(text)
            if found:
                return partial(_modeline, other=document.file, path=found[1])
    return None


def _modeline(file: str, other: str, path: str) -> str:
    """Write the line that names the schema, its path seen from another folder; an address stays as it is."""
    if not path.startswith("."):
        return f"# yaml-language-server: $schema={path}"
    target = os.path.join(os.path.dirname(other), path)
    return f"# yaml-language-server: $schema={os.path.relpath(target, os.path.dirname(file) or '.').replace(os.sep, '/')}"


def has_modeline(document: Document) -> bool:
    """Return whether a file names its schema in its first lines."""
    return any(MODELINE.search(text) for text in document.lines[:_HEAD])
