"""The published JSON Schemas, held against what was read.

The builder refuses every malformed shape by itself; the schemas are the second, independent
reading of the same contract, and the one that editors use. Importing jsonschema costs more than evaluating
a case. So a document of which the builder has nothing to say is not read a second time by a schema that is as published:
tests try to find one that such a schema refuses (`docs/decisions/0024-a-plain-file-is-read-by-its-lines.md`). A schema that somebody
changed is asked about every document.
"""

import os
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

from policy_engine.errors import Problem
from policy_engine.language.values import is_object
from policy_engine.load.files import data_root
from policy_engine.load.meaning import sha256_of
from policy_engine.load.yaml_plain import Path
from policy_engine.load.yaml_text import Document
from policy_engine.messages import N_, Spoken

_MAX_TOLD = 100
"""Past so many problems of the builder's own, a second reading of a document says nothing that anyone would read."""
_PUBLISHED = {
    "case.schema.json": "cbd552de0f3923b103af14625cd47739f25d53ba0466bfc461a77c9b2933aafd",
    "rulebook.schema.json": "81b13986a943f03b1fcc005c61fdc330617c7d5612adbf35d148de3ad0d1f6d1",
}
"""The schemas of which tests have shown that they refuse nothing that the builder takes, by their SHA-256."""


def check_schema(name: str, documents: Sequence[Document]) -> None:
    """Hold documents against a schema, and note what it refuses.

    Where the builder has noted a problem at the same place, above it or below it, the schema is silent: one
    fault is named once.
    """
    if not any(document.problems for document in documents) and _digest(_schema_text(name)) == _PUBLISHED[name]:
        return
    for document in documents:
        if len(document.problems) <= _MAX_TOLD:
            _check(name, document)


@lru_cache(maxsize=2)
def _digest(text: bytes) -> str:
    return sha256_of((text,))


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
