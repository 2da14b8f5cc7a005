"""Mends what is certain in an edition's files: letters in pieces are composed, a line that names the schema is added.

Nothing that a file means may change: each mended file is read again, and left alone where anything in it is not as before.
"""

import unicodedata
from collections.abc import Iterable

from policy_engine.checks.texts import has_modeline, modeline_for
from policy_engine.errors import Problem
from policy_engine.findings import FIXABLE
from policy_engine.load.files import write_whole
from policy_engine.load.survey import Survey
from policy_engine.load.yaml_text import Document, read_document

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
    """Mend one file; tell whether it was written."""
    document, raw = survey.documents[file], survey.raws[file]
    mended = _mended(document, raw, survey)
    again = read_document(mended, file)
    if mended == raw or again.data != document.data or len(again.problems) != len(document.problems):
        return False
    write_whole(file, mended)
    return True


def _mended(document: Document, raw: bytes, survey: Survey) -> bytes:
    """Give the bytes of a file with everything mended that is certain."""
    text = unicodedata.normalize("NFC", raw.decode("utf-8"))
    line = modeline_for(survey.documents)
    if line and not has_modeline(document):
        end = "\r\n" if "\r\n" in text else "\n"
        mark = _MARK if text.startswith(_MARK) else ""
        text = f"{mark}{line(document.file)}{end}{text.removeprefix(_MARK)}"
    return text.encode("utf-8")
