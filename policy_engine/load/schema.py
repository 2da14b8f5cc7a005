"""The published JSON Schemas, held against what was read.

The builder refuses every malformed shape by itself; the schemas are the second, independent
reading of the same contract, and the one that editors use. Since importing jsonschema costs
more than evaluating a case, content that passed is remembered by its digest: the mark says
"this content passed this schema" and nothing else, so a forged one skips nothing that matters
(`docs/decisions/0017-marks-of-the-cache.md`). Marks that another user could have written are not read.
"""

import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from policy_engine.errors import Problem
from policy_engine.language.values import is_object
from policy_engine.load.files import data_root
from policy_engine.load.meaning import sha256_of
from policy_engine.load.yaml_text import Document, Path
from policy_engine.messages import N_, Spoken

_MAX_TOLD = 100
"""Past so many problems of the builder's own, a second reading of a document says nothing that anyone would read."""
_MAX_MARKS = 65_536
"""How many bytes one file of marks may have: with 256 files, marks of a quarter of a million cases."""


def check_schema(name: str, documents: Sequence[Document], raws: Mapping[str, bytes]) -> None:
    """Hold documents against a schema, and note what it refuses.

    Where the builder has noted a problem at the same place, above it or below it, the schema is silent: one
    fault is named once.
    """
    clean = not any(document.problems for document in documents)
    mark = _mark(name, (raws[document.file] for document in documents)) if clean else ""
    if clean and _is_remembered(mark):
        return
    for document in documents:
        if len(document.problems) <= _MAX_TOLD:
            _check(name, document)
    if clean and not any(document.problems for document in documents):
        _remember(mark)


def _check(name: str, document: Document) -> None:
    noted = {p.location for p in document.problems}
    for error in _validator(name).iter_errors(document.data):
        path = tuple(error.absolute_path)
        places = [*document.places.items(), *document.keys.items()]
        if not any(place in noted for at, place in places if at[: len(path)] == path[: len(at)]):
            document.problems.append(_problem(document, path, error))


def _problem(document: Document, path: Path, error: Any) -> Problem:
    under = next((part for part in reversed(path) if isinstance(part, str)), "")
    at = document.keys.get(path) or document.places[path]
    if error.validator == "required":
        key = next((key for key in error.validator_value if repr(key) in error.message), "")
        return document.problem("PE205", at, under=under, words=_MISSING, key=key)
    if error.validator in {"additionalProperties", "unevaluatedProperties"}:
        known = error.schema.get("properties", {})
        key = next((key for key in error.instance if key not in known), "")
        return document.problem("PE205", document.keys.get((*path, key)) or at, under=under, words=_UNKNOWN, key=key)
    schema: Any = error.schema if is_object(error.schema) else {}
    own = {language: str(schema[key]) for language, key in (("vi", "errorMessage"), ("en", "errorMessage_en")) if key in schema}
    return document.problem("PE205", document.places[path], under=under, words=Spoken(own) if own else _UNFIT, said=error.message[:200])


_MISSING = N_("the key `{key}` is missing")
_UNKNOWN = N_("the key `{key}` is not known here")
_UNFIT = N_("the value is not one that belongs here (the schema says: {said})")


@cache
def _validator(name: str) -> Any:
    """Return the validator of a published schema; jsonschema is loaded only when one is needed."""
    import json

    from jsonschema import Draft202012Validator

    return Draft202012Validator(json.loads(_schema_text(name)))


@cache
def _schema_text(name: str) -> bytes:
    with open(os.path.join(data_root(), "schemas", name), "rb") as file:
        return file.read()


def _mark(name: str, contents: Iterable[bytes]) -> str:
    return sha256_of((_schema_text(name), *(len(content).to_bytes(8, "big") + content for content in contents)))


def _store(mark: str) -> str:
    """Return the file that remembers a mark, in the user's cache folder: one of 256, so that each stays short."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "policy-engine", "schema-marks.d", mark[:2])


def _is_remembered(mark: str) -> bool:
    """Return whether content with this mark passed before; where that cannot be read or believed, it is validated again."""
    try:
        with open(_store(mark), "rb") as file:
            return _is_of_this_user(os.fstat(file.fileno())) and f"{mark}\n".encode() in file.read(_MAX_MARKS)
    except (OSError, ValueError):
        return False


def _is_of_this_user(found: os.stat_result) -> bool:
    """Return whether nobody but the user who runs this could have written a file; a system without such owners has rights of its own."""
    return not hasattr(os, "geteuid") or (found.st_uid == os.geteuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH))


def _remember(mark: str) -> None:
    """Add a mark; a cache that cannot be written costs time and nothing else."""
    path = _store(mark)
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        full = os.path.exists(path) and os.path.getsize(path) > _MAX_MARKS - len(mark) - 1
        with open(path, "w" if full else "a", encoding="ascii") as file:
            os.chmod(path, 0o600)
            file.write(mark + "\n")
    except OSError:
        return
