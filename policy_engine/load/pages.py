"""The pages of the codes: what each error means, why nothing is guessed, how it is mended, in English and Vietnamese.

They lie in `docs/errors/`, one file a code, and come with the engine; whatever pages are there can be read.
"""

import os
import re
from typing import NamedTuple

from policy_engine.load.files import data_root, read_text

_FOLDER = os.path.join("docs", "errors")
_NAME = re.compile(r"([A-Z]{2}[0-9]{3})\.md", re.ASCII)
_TITLE = re.compile(r"# [A-Z]{2}[0-9]{3}: (.+)\n+")
_TOLD_FIRST = re.compile(r"\s*\*\*(.+?)\.\*\*\s*", re.DOTALL)
_TURN = "\n## Tiếng Việt\n"


class Page(NamedTuple):
    """The page of a code in one language: its title, and what it says, in Markdown."""

    code: str
    title: str
    body: str


def codes() -> list[str]:
    """Give the codes that have a page, in their order."""
    folder = os.path.join(data_root(), _FOLDER)
    found = (_NAME.fullmatch(name) for name in sorted(os.listdir(folder)))
    return [match[1] for match in found if match]


def read_page(code: str, language: str) -> Page:
    """Read the half of a page that is in a language; English where there is no other.

    Raises:
        InputError: PE114 where there is no such page.
    """
    english, _, vietnamese = read_text(os.path.join(data_root(), _FOLDER, f"{code}.md")).replace("\r\n", "\n").partition(_TURN)
    if language == "vi" and vietnamese.strip():
        told = _TOLD_FIRST.match(vietnamese)
        title, body = (" ".join(told[1].split()), vietnamese[told.end() :]) if told else ("", vietnamese)
    else:
        told = _TITLE.match(english)
        title, body = (told[1], english[told.end() :]) if told else ("", english)
    return Page(code, title, body.strip() + "\n")
