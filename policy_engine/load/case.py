"""A case file to a Case: facts of the declared types, with their places; nothing guessed."""

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import partial

from policy_engine.errors import InputError, Problem
from policy_engine.language.complaint import nearest
from policy_engine.language.quantity import read_day, read_quantity
from policy_engine.language.types import NOUNS
from policy_engine.language.values import NONE, UNKNOWN, Nothing, Unknown, Value
from policy_engine.load.build_facts import check_name
from policy_engine.load.files import YAML, files_below, read_bytes
from policy_engine.load.library import PERIOD, Library, governs
from policy_engine.load.node import Fields, Node, describe
from policy_engine.load.schema import check_schema
from policy_engine.load.yaml_plain import Data
from policy_engine.load.yaml_text import MAX_BYTES, read_values
from policy_engine.messages import N_
from policy_engine.model.case import LINKS, Case, Decision, Record
from policy_engine.model.duties import DUTIES
from policy_engine.model.facts import FactDeclaration
from policy_engine.model.rulebook import Edition, Level
from policy_engine.model.verdict import (
    CEILING_OUTCOMES,
    CRITERION_OUTCOMES,
    OUTCOMES,
    REQUIREMENT_OUTCOMES,
    ROUTE_OUTCOMES,
)
from policy_engine.source import Location

_RECORD = ("self_level", "proposed", "decided")
_SCHEMA = "case.schema.json"
_TABLES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", ".xlsx", ".xls", ".ods")
_MANIFEST = re.compile(rb"""(?:^|^\xef\xbb\xbf|[\r\n])["']?round["']?[ \t]*:""")


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
    if is_table(path):
        raise InputError([not_cases("PE515", path, raw)])
    document = read_values(raw, path)
    if document.broken:
        raise InputError(document.problems)
    node = Node(document)
    if not isinstance(document.data, dict):
        node.wrong(N_("a block of `key: value` lines"))
        raise InputError(document.problems)
    got = node.fields(("case", "facts"), ("edition", "period", "subject", *LINKS, *_RECORD, "expect"))
    chosen = _edition(node, got, library, edition)
    made = Case(
        id=got["case"].text(), edition=chosen.id, facts=_facts(got["facts"], chosen, library), record=read_record(got, chosen),
        subject={key: child.text() for key, child in got["subject"].fields((), ("id", "name")).items()},
        expect=read_expect(got["expect"], chosen) if "expect" in got else {}, places=document.places, lines=document.lines,
        links={link: got[link].text() for link in LINKS if link in got},
        stated={key: str(got[key].value) for key in ("edition", "period") if key in got},
    )  # fmt: skip
    check_schema(_SCHEMA, (document,))
    if document.problems:
        raise InputError(document.problems)
    return made, chosen


def _facts(node: Node, edition: Edition, library: Library) -> dict[str, Value]:
    """Read the facts; nearly always each by its prepared reader, and from the beginning with all complaints where one is in doubt."""
    if isinstance(node.value, dict):
        readers = library.kept(edition.id, lambda: {name: reader_of(fact, edition.scale) for name, fact in edition.facts.items()})
        facts: dict[str, Value] | None = _by_readers(node.value, readers, node.value)
        if facts is not None:
            return facts
    facts = {}
    for name, child in node.entries():
        fact = edition.facts.get(name)
        if fact is None:
            child.complain("PE501", child.key_place, name=name, nearest=child.guess(name, edition.facts))
        elif child.value is not None and child.value != "unknown" and (value := read_value(child, fact, edition.scale)) is not None:
            facts[name] = value
    return facts


def _by_readers(stated: Mapping[str, Data], readers: Mapping[str, "Reader"], names: Iterable[str]) -> dict[str, Value] | None:
    """Read stated values that are known, in the order of the names; None where a name or a value is in doubt."""
    read: dict[str, Value] = {}
    met = 0
    for name in names:
        if name in stated:
            met += 1
            reader, value = readers.get(name), stated[name]
            found = reader(value) if reader else None
            if found is None or value == "unknown":
                if reader is None or value != "unknown":
                    return None
            else:
                read[name] = found
    return read if met == len(stated) else None


def _edition(node: Node, got: Fields, library: Library, asked: str | None) -> Edition:
    """Find the edition: the one asked for, else the one that the case names, else the one that governs its period."""
    period, document = "", node.document
    if "period" in got:
        period = str(got["period"].value)
        if isinstance(got["period"].value, bool) or not PERIOD.fullmatch(period):
            got["period"].wrong(N_("a year like 2020, or a quarter like 2020-Q1"))
            period = ""
    named = got["edition"].text()
    try:
        if asked is not None:
            return library.edition(asked)
        if named:
            edition = library.edition(named, None if named in library.folders() else got["edition"].place)
            if period and not governs(edition, period):
                got["period"].complain("PE603", name=edition.id, period=period)
            return edition
        if period:
            return library.governing(period, lambda: got["period"].place)
    except InputError as error:
        here = [problem for problem in error.problems if problem.location.file == document.file]
        for problem in here:
            document.note(problem.code, problem.location, **problem.details)  # with the line that it stands in
        check_schema(_SCHEMA, (document,))
        raise InputError([*document.problems, *(problem for problem in error.problems if problem not in here)]) from error
    if "edition" not in got and "period" not in got and not (node.misspells("edition") or node.misspells("period")):
        node.complain("PE606")
    raise InputError(document.problems)


def read_record(got: Fields, edition: Edition) -> Record:
    """Read the record; what is absent or `unknown` is UNKNOWN, and `none` is known not to exist."""
    own, filed = (_rated(got[key], edition) for key in _RECORD[:2])
    node = got[_RECORD[2]]
    decided: list[Decision] = []
    if isinstance(node.value, (dict, list)):  # a list where several bodies decide
        decided = [_decision(item, edition) for item in (node.items(at_least=1) if isinstance(node.value, list) else [node])]
    elif node.value not in ("unknown", "none"):
        node.wrong(N_("a block of `key: value` lines"))
    return Record(own, filed, tuple(decided), node.value == "none")


def _decision(node: Node, edition: Edition) -> Decision:
    got = node.fields(("level",), ("by", "day", "reason"))
    level = _rated(got["level"], edition)
    if got["level"].value in ("unknown", "none"):
        got["level"].wrong(N_("a level of the scale"))
    body, reason = (got[key].text() if got[key].value != "unknown" else "" for key in ("by", "reason"))
    day = got["day"].day() if "day" in got and got["day"].value != "unknown" else None
    return Decision(level=level if isinstance(level, str) else "", body=body, day=day, reason=reason)


def _rated(node: Node, edition: Edition) -> str | Nothing | Unknown:
    """Read a level by its id, its code or an exact alias."""
    written = node.value
    level = _find_level(written, edition.scale) if isinstance(written, str) else None
    if level is None and written is not None and written not in ("unknown", "none"):
        found = written if isinstance(written, str) else describe(written).strip("`")
        known = _spellings(edition.scale)
        node.complain("PE204", found=found, nearest=nearest(found, known), known=", ".join(known))
    return NONE if written == "none" else level.id if level else UNKNOWN


def _spellings(scale: Mapping[str, Level], *, aliases: bool = True) -> dict[str, Level]:
    """Return the exact spellings of levels, and nothing like them."""
    return {s: known for known in scale.values() for s in (known.id, known.code, *(known.aliases if aliases else ()))}


def _find_level(value: str, scale: Mapping[str, Level]) -> Level | None:
    return next((known for known in scale.values() if value in (known.id, known.code, *known.aliases)), None)


def read_expect(node: Node, edition: Edition) -> dict[str, object]:
    """Read what the case's author expects of the verdict."""
    got = node.fields((), tuple(_EXPECTED))
    expect: dict[str, object] = {key: _EXPECTED[key](child) for key, child in got.items()}
    if "possible_levels" in got:
        levels = [(child, _find_level(child.text(), edition.scale)) for child in got["possible_levels"].items()]
        expect["possible_levels"] = [level.id if level else str(child.value) for child, level in levels]
    if "route_ids" in got:
        known = [route.rule.id for chapter in edition.chapters for route in chapter.routes]
        for name, child in got["route_ids"].entries():
            if name not in known:  # it would pass for a route that does not concern the subject
                child.complain("PE401", child.key_place, name=name, sort=N_("route"), nearest=nearest(name, known))
    if "level" in got:
        found = got["level"].text()
        level = _find_level(found, edition.scale)
        if level is None and found.strip() not in {"", "none"}:
            exact = _spellings(edition.scale, aliases=False)
            got["level"].complain("PE204", found=found, nearest=nearest(found, exact), known=", ".join(exact))
        expect["level"] = level.id if level else None
    return expect


def _outcomes(node: Node, known: tuple[str, ...]) -> dict[str, str]:
    entries = node.entries(at_least=1)
    for name, child in entries:
        check_name(child, name)
    return {name: child.one_of(known) for name, child in entries}


def _names(node: Node, at_least: int = 0) -> list[str]:
    found = [(item, item.text()) for item in node.items(at_least)]
    for item, name in found:
        check_name(item, name)
    return [name for _, name in found]


def _texts(node: Node) -> list[str]:
    return [item.text() for item in node.items()]


_EXPECTED: dict[str, Callable[[Node], object]] = {
    "outcome": lambda node: node.one_of(OUTCOMES),
    "level": lambda node: node.value,
    "possible_levels": _texts,
    "gap_possible": lambda node: node.flag(),
    "open_questions": _names,
    "criteria": lambda node: _outcomes(node, CRITERION_OUTCOMES),
    "interpretations": _texts,
    "overlaps": lambda node: [_names(item, at_least=2) for item in node.items()],
    "requirements": lambda node: _outcomes(node, REQUIREMENT_OUTCOMES),
    "contents": lambda node: _outcomes(node, REQUIREMENT_OUTCOMES),
    "ceilings": lambda node: _outcomes(node, CEILING_OUTCOMES),
    "routes": lambda node: {duty: _names(child) for duty, child in node.fields((), DUTIES).items()},
    "route_ids": lambda node: _outcomes(node, ROUTE_OUTCOMES),
    "findings": _names,
}
"""What a case may expect, and how each is read."""


def read_value(node: Node, fact: FactDeclaration, scale: Mapping[str, Level]) -> Value | None:
    """Read one value as its fact's type asks; None where it is not of that type, which is noted in the file's problems."""
    value, kind = node.value, fact.type.kind
    if value == "none" and (fact.may_be_none or kind not in {"text", "choice"} or (kind == "choice" and value not in fact.type.choices)):
        if not fact.may_be_none:
            node.complain("PE507", name=fact.name, found="none")
        return NONE if fact.may_be_none else None
    if kind in {"choice", "level"} and isinstance(value, str):
        return _named(node, fact, value, scale)
    if kind == "set" and isinstance(value, list):  # taken as complete
        for item in node.items():
            if item.value is not None:
                _named(item, fact, item.value if isinstance(item.value, str) else describe(item.value).strip("`"), scale)
        return frozenset(item for item in value if isinstance(item, str))
    if kind == "list" and isinstance(value, list):
        return tuple(_item(item, fact, scale) for item in node.items())
    read = _SCALARS[kind](value) if kind in _SCALARS else None
    if read is None and not (kind == "day" and node.is_no_day()):
        node.complain("PE502", name=fact.name, found=describe(value), wanted=NOUNS[kind])
    return read


def _named(node: Node, fact: FactDeclaration, value: str, scale: Mapping[str, Level]) -> str | int | None:
    """Read one of the declared choices, or a level by an exact spelling, as its rank."""
    level = _find_level(value, scale) if fact.type.kind == "level" else None
    if level or value in fact.type.choices:
        return level.rank if level else value
    known = tuple(_spellings(scale)) if fact.type.kind == "level" else fact.type.choices
    node.complain("PE503", name=fact.name, found=value, choices=", ".join(known), nearest=nearest(value, known))
    return None


def _item(node: Node, fact: FactDeclaration, scale: Mapping[str, Level]) -> dict[str, Value]:
    """Read one item of a list; a field left out of it is unknown there."""
    stated = {name: child for name, child in node.fields((), tuple(fact.fields)).items() if child.value not in (None, "unknown")}
    read = {name: read_value(child, fact.fields[name], scale) for name, child in stated.items()}
    return {name: value for name, value in read.items() if value is not None}


Reader = Callable[[Data], Value | None]
"""Reads the value of one fact; None where it may be wrong."""


def reader_of(fact: FactDeclaration, scale: Mapping[str, Level]) -> Reader:
    """Return what reads a value as `read_value` does, and complains of nothing."""
    kind, choices = fact.type.kind, fact.type.choices
    read: Reader = _SCALARS.get(kind, lambda _: None)
    if kind in {"choice", "level"}:
        known: dict[str, Value] = {choice: choice for choice in choices}
        if kind == "level":
            known |= {spelling: level.rank for spelling in _spellings(scale) if (level := _find_level(spelling, scale))}
            known.pop("none", None)
        read = lambda value: known.get(value) if isinstance(value, str) else None  # noqa: E731
    elif kind == "set":
        read = partial(_chosen, choices=choices)
    elif kind == "list":
        fields = {name: reader_of(field, scale) for name, field in fact.fields.items()}
        read = partial(_items, fields=fields)
    return (lambda value: NONE if value == "none" else read(value)) if fact.may_be_none else read


def _chosen(value: Data, choices: tuple[str, ...]) -> frozenset[str] | None:
    chosen = [item for item in value if isinstance(item, str) and item in choices] if isinstance(value, list) else None
    return frozenset(chosen) if chosen is not None and isinstance(value, list) and len(chosen) == len(value) else None


def _items(value: Data, fields: Mapping[str, Reader]) -> tuple[dict[str, Value], ...] | None:
    found = [
        _by_readers(item, fields, fields) if isinstance(item, dict) else None for item in (value if isinstance(value, list) else [None])
    ]
    items = tuple(item for item in found if item is not None)
    return items if len(items) == len(found) else None


def _figure(kind: str, value: Data) -> Value | None:
    quantity = read_quantity(value) if isinstance(value, str) else None
    return quantity.value if quantity and quantity.type.kind == kind else None


_SCALARS: dict[str, Callable[[Data], Value | None]] = {
    "bool": lambda value: value if isinstance(value, bool) else None,
    "count": lambda value: value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None,
    "points": lambda value: Fraction(value) if isinstance(value, (int, Fraction)) and not isinstance(value, bool) else None,
    "share": lambda value: _figure("share", value),
    "months": lambda value: _figure("months", value),
    "day": lambda value: read_day(value) if isinstance(value, str) else None,
    "text": lambda value: value if isinstance(value, str) and value.strip() else None,
}


def is_table(path: str) -> bool:
    """Return whether a file is a table of rows by its name, and so no case file."""
    return path.lower().endswith(_TABLES)


def not_cases(code: str, path: str, raw: bytes = b"") -> Problem:
    """Say at the first line of a file that it is not what is asked for."""
    first = (raw or read_bytes(path, MAX_BYTES)).decode("utf-8-sig", errors="replace").split("\n", 1)[0]
    return Problem(code, Location(path, 1, 1), {"path": path}, first if first.isprintable() else "")


def is_manifest(raw: bytes) -> bool:
    """Return whether a file is a round's own file (`round:`), which stands among the cases and is none."""
    return b"round" in raw and _MANIFEST.search(raw) is not None


def _is_manifest_file(path: str) -> bool:
    """Return whether a file is a round's own; one that cannot be read is left to whoever reads it as a case."""
    try:
        return is_manifest(read_bytes(path, MAX_BYTES))
    except InputError:
        return False


def is_round(path: str) -> bool:
    """Return whether a folder has a round's own file."""
    return os.path.isdir(path) and any(map(_is_manifest_file, find_cases(path, [])))


def find_cases(folder: str, problems: list[Problem] | None = None) -> list[str]:
    """Return the case files below a folder, in the order of their paths.

    Args:
        folder: the folder.
        problems: takes what bears the name of a case file and is none (PE880); without it that is raised.

    Raises:
        InputError: PE511 where there is none, PE515 where there is a table instead; an empty run is never a success.
    """
    odd: list[Problem] = []
    files = files_below(folder, ("",), odd)
    found = [path for path in files if path.endswith(YAML)]
    odd = [one for one in odd if one.location.file.endswith(YAML)]
    if not found and not odd:
        table = min(filter(is_table, files), default=None)
        raise InputError([not_cases("PE515", table) if table else Problem("PE511", Location(folder, 1, 1), {"folder": folder})])
    if odd and problems is None:
        raise InputError(odd)
    if problems is not None:
        problems += odd
    return sorted(found)


def expand(cases: Sequence[str], problems: list[Problem]) -> list[str]:
    """Return the files that are meant: a folder stands for the case files below it."""
    paths: list[str] = []
    for case in cases:
        try:
            paths += [path for path in find_cases(case, problems) if not _is_manifest_file(path)] if os.path.isdir(case) else [case]
        except InputError as error:
            problems.extend(error.problems)
    return paths
