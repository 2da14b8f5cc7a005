"""One decision record: a case as it was read, the edition that it was rated under, and the verdict that came out.

A record holds all that is needed to rate the case again: the text of its file, and what a round gave it from other cases.
Sentences are left out of the verdict; they are the edition's, and the record names its revision.
"""

import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NamedTuple

from policy_engine.audit.form import RECORD_SCHEMA
from policy_engine.evaluate.plain import trace_to_data, verdict_as_data
from policy_engine.language.shapes import is_array, is_object
from policy_engine.language.values import Value
from policy_engine.load.digest import sha256_of
from policy_engine.model.facts import FactDeclaration
from policy_engine.model.rulebook import Edition
from policy_engine.model.verdict import Finding, Gathered, Verdict

SCHEMAS = {"case": 1, "rulebook": 1, "verdict": 1}
"""The versions of the published schemas that a record was made under."""
_LIBRARIES = ("pyyaml", "simpleeval", "jsonschema", "rfc8785")
"""What reads a case, a rulebook and a condition, and writes a record."""
_SENTENCES = {"says", "label", "advice"}


class Given(NamedTuple):
    """What a round gave a case: the day it was looked at, facts from other cases, and what it found."""

    round: str
    as_of: date | None
    facts: Mapping[str, Value]
    gathered: tuple[Gathered, ...]
    findings: tuple[Finding, ...]


class Rating(NamedTuple):
    """One case rated: the bytes of its file, the edition asked for instead of its own, and what came out."""

    file: str
    raw: bytes
    asked: str | None
    edition: Edition
    verdict: Verdict
    given: Given | None = None


@cache
def libraries() -> Mapping[str, str]:
    """Return the versions of what a verdict stands on beside the engine: Python, and the libraries that read and reckon."""
    import yaml  # noqa: PLC0415  (loaded already, where anything was rated)

    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # put there without its metadata
            continue
    reader: Any = getattr(yaml, "_yaml", None)
    if getattr(yaml, "__with_libyaml__", False) and reader is not None:
        found["libyaml"] = str(reader.get_version_string())
    return found


def make_record(rating: Rating, engine: str, recorded_at: datetime) -> dict[str, Any]:
    """Return the record of a rating, without its run and its place in a chain.

    Args:
        rating: the case and its verdict.
        engine: the version of the engine.
        recorded_at: when it is recorded.
    """
    edition, verdict = rating.edition, rating.verdict
    follows = what_follows(edition, verdict)
    return {
        "record": RECORD_SCHEMA,
        "case": {
            "name": verdict.case, "file": rating.file, "sha256": sha256_of((rating.raw,)), "text": rating.raw.decode(),
            "asked": rating.asked, "given": _given(rating.given, edition) if rating.given else None,
        },
        "engine": engine, "libraries": libraries(), "schemas": SCHEMAS,
        "verdict": slim(verdict),
        **{field: follows[field] for field in ("edition", "status", "sealed", "revision", "decided")},
        "times": {
            "period": follows["times.period"], "decided_at": follows["times.decided_at"], "recorded_at": moment(recorded_at),
        },
    }  # fmt: skip


def what_follows(edition: Edition, verdict: Verdict) -> dict[str, Any]:
    """Return the fields of a record, beside its verdict, that follow from the edition and the case."""
    days = [decision.day for decision in verdict.duties.decided if decision.day]
    return {
        "case.name": verdict.case, "edition": edition.id, "status": edition.status, "sealed": edition.sealed, "revision": edition.revision,
        "decided": [decision._asdict() for decision in verdict.duties.decided],
        "times.period": [edition.begins.isoformat(), edition.until.isoformat()], "times.decided_at": max(days, default=None),
    }  # fmt: skip


def moment(at: datetime) -> str:
    """Return a time as records write it: in UTC, to the second."""
    return at.astimezone(UTC).isoformat(timespec="seconds")


def slim(verdict: Verdict) -> dict[str, Any]:
    """Give a verdict with its whole trace, but without the edition's sentences, and without advice."""
    data: dict[str, Any] = _without_sentences(verdict_as_data(verdict))
    return data


def _without_sentences(value: Any) -> Any:
    """Leave out what only repeats the edition."""
    if is_object(value):
        return {
            key: _without_sentences(child) if isinstance(child, (dict, list)) else child
            for key, child in value.items()
            if key not in _SENTENCES
        }
    return [_without_sentences(child) if isinstance(child, (dict, list)) else child for child in value] if is_array(value) else value


def _given(given: Given, edition: Edition) -> dict[str, Any]:
    """Write what a round gave a case; values as a case file would write them."""
    levels = {level.rank: level.id for level in edition.scale.values()}
    return {
        "round": given.round,
        "as_of": given.as_of.isoformat() if given.as_of else None,
        "facts": {name: _value(value, edition.facts[name], levels) for name, value in given.facts.items()},
        "gathered": [gathered._asdict() for gathered in given.gathered],
        "findings": [trace_to_data(finding) for finding in given.findings],
    }


def _value(value: Value, fact: FactDeclaration, levels: Mapping[int, str]) -> Any:
    """Write a gathered value: a level by its id, a list of items with their ids and levels."""
    if isinstance(value, tuple):
        return [{name: _value(member, fact.fields[name], levels) for name, member in item.items()} for item in value]
    return levels[value] if fact.type.kind == "level" and isinstance(value, int) else value
