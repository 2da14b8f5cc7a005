"""A case file to a Case: facts of the declared types, with their places; nothing guessed."""

import os
from collections.abc import Callable, Mapping
from fractions import Fraction

from policy_engine.errors import N_, InputError, Problem
from policy_engine.language.complaint import nearest
from policy_engine.language.quantity import read_day, read_quantity
from policy_engine.language.types import NOUNS
from policy_engine.language.values import NONE, Value
from policy_engine.load.build_facts import check_name
from policy_engine.load.files import read_bytes
from policy_engine.load.library import Library, governs
from policy_engine.load.node import Node, describe
from policy_engine.load.scalars import Data
from policy_engine.load.schema import check_schema
from policy_engine.load.yaml_text import MAX_BYTES, read_document
from policy_engine.model.case import Case
from policy_engine.model.facts import FactDeclaration
from policy_engine.model.rulebook import Edition, Level
from policy_engine.model.verdict import CRITERION_OUTCOMES, OUTCOMES
from policy_engine.source import Location

_SCHEMA = "case.schema.json"


def load_case(path: str, library: Library, edition: str | None = None) -> tuple[Case, Edition]:
    """Read one case file, and the edition that it is rated under.

    Args:
        path: the file.
        library: where editions are found.
        edition: the edition to use instead of the one that the case names.

    Raises:
        InputError: with everything that is wrong with the file.
    """
    return read_case(read_bytes(path, MAX_BYTES), path, library, edition)


def read_case(raw: bytes, path: str, library: Library, edition: str | None = None) -> tuple[Case, Edition]:
    """Read the bytes of one case file; see `load_case`."""
    document = read_document(raw, path)
    if document.broken:
        raise InputError(document.problems)
    node = Node(document)
    if not isinstance(document.data, dict):
        node.wrong(N_("a mapping of keys and values"))
        raise InputError(document.problems)
    got = node.fields(("case", "facts"), ("edition", "period", "subject", "expect"))
    chosen = _edition(node, got, library, edition, raw)
    facts = _facts(got["facts"], chosen)
    subject = {key: child.text() for key, child in got["subject"].fields((), ("id", "name")).items()} if "subject" in got else {}
    expect = _expect(got["expect"], chosen) if "expect" in got else {}
    name = got["case"].text()
    check_schema(_SCHEMA, (document,), {path: raw})
    if document.problems:
        raise InputError(document.problems)
    return Case(name, chosen.id, subject, facts, expect, document.places, document.lines), chosen


def _edition(node: Node, got: Mapping[str, Node], library: Library, asked: str | None, raw: bytes) -> Edition:
    """Find the edition: the one asked for, else the one that the case names, else the one that governs its period."""
    period = _period(got["period"]) if "period" in got else ""
    named = got["edition"].text() if "edition" in got else ""
    try:
        if asked is not None:
            return library.edition(asked)
        if named:
            return _agreed(got, library.edition(named, got["edition"].place), period)
        if period:
            return library.governing(period, got["period"].place)
    except InputError as error:
        file = node.document.file
        node.document.problems.extend(_with_line(node, p) for p in error.problems if p.location.file == file)
        check_schema(_SCHEMA, (node.document,), {file: raw})
        raise InputError([*node.document.problems, *(p for p in error.problems if p.location.file != file)]) from error
    if "edition" not in got and "period" not in got:
        node.complain("PE606")
    raise InputError(node.document.problems)


def _agreed(got: Mapping[str, Node], edition: Edition, period: str) -> Edition:
    """Complain where the period that a case names is not the one that its edition governs."""
    if period and not governs(edition, period):
        got["period"].complain("PE603", name=edition.id, period=period)
    return edition


def _with_line(node: Node, problem: Problem) -> Problem:
    """Add to a problem about this file the line that it stands in."""
    return node.document.problem(problem.code, problem.location, **problem.details)


def _period(node: Node) -> str:
    """Read a period: a year, as a number or as text."""
    year = str(node.value)
    if not isinstance(node.value, bool) and len(year) == len("2020") and year.isascii() and year.isdigit():
        return year
    node.wrong(N_("a year like 2020"))
    return ""


def _facts(node: Node, edition: Edition) -> dict[str, Value]:
    """Read the facts that the case states and knows."""
    found: dict[str, Value] = {}
    for name, child in node.entries():
        fact = edition.facts.get(name)
        if fact is None:
            child.complain("PE501", child.key_place, name=name, nearest=child.guess(name, edition.facts))
        elif child.value is not None and child.value != "unknown":
            value = _value(child, fact, edition.scale)
            if value is not None:
                found[name] = value
    return found


def _value(node: Node, fact: FactDeclaration, scale: Mapping[str, Level]) -> Value | None:
    """Read one value as its fact's type asks; None where it is not of that type, which is noted."""
    value = node.value
    if value == "none" and (fact.may_be_none or fact.type.kind not in {"text", "choice"}):
        return _nothing(node, fact)
    match fact.type.kind:
        case "list":
            return _list(node, fact, scale)
        case "choice" if isinstance(value, str):
            return _choice(node, fact, value)
        case "level" if isinstance(value, str):
            return _level(node, fact, value, scale)
        case kind:
            read = _SCALARS[kind](value) if kind in _SCALARS else None
    if read is None:
        node.complain("PE502", name=fact.name, found=describe(value), wanted=NOUNS[fact.type.kind])
    return read


def _nothing(node: Node, fact: FactDeclaration) -> Value | None:
    """Read `none`: known not to exist, where that can be."""
    if fact.may_be_none:
        return NONE
    node.complain("PE507", name=fact.name)
    return None


def _count(value: Data) -> Value | None:
    """Read a count; true is not 1."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _points(value: Data) -> Value | None:
    """Read points, exactly."""
    return Fraction(value) if isinstance(value, (int, Fraction)) and not isinstance(value, bool) else None


def _figure(kind: str, value: Data) -> Value | None:
    """Read a figure written with its unit."""
    quantity = read_quantity(value) if isinstance(value, str) else None
    return quantity.value if quantity and quantity.type.kind == kind else None


_SCALARS: dict[str, Callable[[Data], Value | None]] = {
    "bool": lambda value: value if isinstance(value, bool) else None,
    "count": _count,
    "points": _points,
    "share": lambda value: _figure("share", value),
    "months": lambda value: _figure("months", value),
    "day": lambda value: read_day(value) if isinstance(value, str) else None,
    "text": lambda value: value if isinstance(value, str) and value.strip() else None,
}


def _choice(node: Node, fact: FactDeclaration, value: str) -> Value | None:
    """Read one of the declared choices."""
    if value in fact.type.choices:
        return value
    if value == "none":
        return _nothing(node, fact)
    choices = ", ".join(fact.type.choices)
    node.complain("PE503", name=fact.name, found=value, choices=choices, nearest=nearest(value, fact.type.choices))
    return None


def _level(node: Node, fact: FactDeclaration, value: str, scale: Mapping[str, Level]) -> Value | None:
    """Read a level by its id, its code or an exact alias; give its rank."""
    level = find_level(value, scale)
    if level is not None:
        return level.rank
    spellings = [s for known in scale.values() for s in (known.id, known.code, *known.aliases)]
    node.complain("PE503", name=fact.name, found=value, choices=", ".join(spellings), nearest=nearest(value, spellings))
    return None


def find_level(value: str, scale: Mapping[str, Level]) -> Level | None:
    """Give the level of a spelling, from the exact table and nothing like it."""
    return next((known for known in scale.values() if value in (known.id, known.code, *known.aliases)), None)


def _list(node: Node, fact: FactDeclaration, scale: Mapping[str, Level]) -> Value | None:
    """Read an itemised list; a field left out of an item is unknown there."""
    if not isinstance(node.value, list):
        node.complain("PE502", name=fact.name, found=describe(node.value), wanted=NOUNS["list"])
        return None
    items: list[dict[str, Value]] = []
    for item in node.items():
        read = {
            name: _value(child, fact.fields[name], scale)
            for name, child in item.fields((), tuple(fact.fields)).items()
            if child.value is not None and child.value != "unknown"
        }
        items.append({name: value for name, value in read.items() if value is not None})
    return tuple(items)


def _expect(node: Node, edition: Edition) -> dict[str, object]:
    """Read what the case's author expects of the verdict."""
    got = node.fields((), tuple(_EXPECTED))
    expect: dict[str, object] = {key: _EXPECTED[key](child) for key, child in got.items()}
    if "possible_levels" in got:
        expect["possible_levels"] = [_level_id(child, edition) for child in got["possible_levels"].items()]
    if "level" in got:
        level = find_level(got["level"].text(), edition.scale)
        if level is None and isinstance(got["level"].value, str) and got["level"].value.strip() not in {"", "none"}:
            spellings = [s for known in edition.scale.values() for s in (known.id, known.code)]
            got["level"].complain("PE204", found=str(got["level"].value), nearest="", known=", ".join(spellings))
        expect["level"] = level.id if level else None
    return expect


def _criteria(node: Node) -> dict[str, str]:
    """Read the outcomes of criteria by id."""
    for name, child in node.entries():
        check_name(child, name)
    return {name: child.one_of(CRITERION_OUTCOMES) for name, child in node.entries()}


def _names(node: Node, at_least: int = 0) -> list[str]:
    """Read a list of ids."""
    for item in node.items(at_least):
        check_name(item, item.text())
    return _texts(node) if isinstance(node.value, list) else []


def _texts(node: Node) -> list[str]:
    """Read a list of texts."""
    return [item.text() for item in node.items()]


_EXPECTED: dict[str, Callable[[Node], object]] = {
    "outcome": lambda node: node.one_of(OUTCOMES),
    "level": lambda node: node.value,
    "possible_levels": _texts,
    "gap_possible": lambda node: node.flag(),
    "open_questions": _names,
    "criteria": _criteria,
    "interpretations": _texts,
    "overlaps": lambda node: [_names(item, at_least=2) for item in node.items()],
}
"""What a case may expect, and how each is read."""


def _level_id(node: Node, edition: Edition) -> str:
    """Give the id of a level that may be spelled by its code."""
    level = find_level(node.text(), edition.scale)
    return level.id if level else str(node.value)


def find_cases(folder: str) -> list[str]:
    """Give the case files below a folder, in the order of their paths.

    Raises:
        InputError: PE511 where there is none; an empty run is never a success.
    """
    found = [
        os.path.join(base, name)
        for base, _, names in os.walk(folder)
        for name in names
        if name.endswith((".yaml", ".yml"))
    ]  # fmt: skip
    if not found:
        raise InputError([Problem("PE511", Location(folder, 1, 1), {"folder": folder})])
    return sorted(found)
