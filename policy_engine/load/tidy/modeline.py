"""The modeline: the first line of a file, by which an editor knows the schema that the file follows."""

import os
import re

from policy_engine.load.scalars import Data

_MODELINE = re.compile(r"# *yaml-language-server: *\$schema=(\S+)[ \t]*")
_BY_KEY = {"case": "case.schema.json", "round": "round-file.schema.json"}
_RULEBOOK = "rulebook.schema.json"
_MAX_UP = 64


def modeline(schema: str) -> str:
    """Return the modeline for a schema's path or address."""
    return f"# yaml-language-server: $schema={schema}"


def modelines_for(folder: str, schema: str) -> list[str]:
    """Return the modeline of a new file in a folder, as the lines that it begins with.

    There is none where no `schemas/` stands above: files travel by mail and in shared folders, and the path of the computer that
    wrote one leads nowhere on the next.
    """
    seen = schema_above(folder, schema)
    return [modeline(seen)] if seen else []


def is_modeline(comment: str) -> bool:
    """Tell whether a comment is a modeline."""
    return _MODELINE.fullmatch(comment) is not None


def schema_of(data: Data, kinds: tuple[str, ...]) -> str:
    """Name the schema of a file by its outermost keys, the rulebook's being the `kinds`; nothing where it is no file of ours."""
    keys = data.keys() if isinstance(data, dict) else ()
    for key in keys:
        if key in _BY_KEY:
            return _BY_KEY[key]
    return _RULEBOOK if any(key in kinds for key in keys) else ""


def schema_above(folder: str, schema: str) -> str:
    """Give the path of a schema as seen from a folder, where one of the folders above has `schemas/`; else nothing."""
    here = os.path.abspath(folder)
    for _ in range(_MAX_UP):
        path = os.path.join(here, "schemas", schema)
        if os.path.isfile(path):
            return os.path.relpath(path, os.path.abspath(folder)).replace(os.sep, "/")
        here = os.path.dirname(here)
    return ""


def moved(text: str, old: str, new: str, schema: str) -> str:
    """Return the text of a file that is copied from one folder to another, its modeline leading to the schema from there.

    A modeline that led somewhere is left out where the new place has no schema above it; else the text stays as it is.
    """
    seen = schema_above(new, schema)
    lines = (_MODELINE.fullmatch(line.strip()) for line in text.split("\n"))
    told = next((os.path.normpath(os.path.join(old, line[1])) for line in lines if line), "")
    lost = told and os.path.isfile(told) and not seen
    return with_modeline(text, seen) if seen or lost else text


def with_modeline(text: str, schema: str) -> str:
    """Return a text with the modeline as its first line; another one among the comments at its head gives way to it.

    The line ends as the first line of the text does. Without a schema there is no modeline.
    """
    lines = text.removeprefix("\ufeff").split("\n")
    head = next((n for n, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#")), len(lines))
    kept = [line for n, line in enumerate(lines) if n >= head or not is_modeline(line.strip())]
    first = [modeline(schema) + ("\r" if lines[0].endswith("\r") else "")] if schema else []
    return "\n".join([*first, *kept])
