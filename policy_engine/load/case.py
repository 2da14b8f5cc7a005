"""A case file to a Case: facts of the declared types, with their places; nothing guessed."""

import os
import re
from collections.abc import Callable, Mapping, Sequence

from policy_engine.errors import N_, InputError, Problem
from policy_engine.language.complaint import nearest
from policy_engine.language.values import NONE, UNKNOWN, Nothing, Unknown, Value
from policy_engine.load.build_facts import check_name
from policy_engine.load.case_values import find_level, read_value
from policy_engine.load.files import YAML, files_below, read_bytes
from policy_engine.load.library import Library, governs
from policy_engine.load.node import Node, describe
from policy_engine.load.schema import check_schema
from policy_engine.load.yaml_text import MAX_BYTES, read_document
from policy_engine.model.case import LINKS, Case, Decision, Record
from policy_engine.model.duties import DUTIES
from policy_engine.model.rulebook import Edition
from policy_engine.model.verdict import (
    CEILING_OUTCOMES,
    CRITERION_OUTCOMES,
    OUTCOMES,
    REQUIREMENT_OUTCOMES,
    ROUTE_OUTCOMES,
)
from policy_engine.source import Location

RECORD = ("self_level", "proposed", "decided")
"""The keys of a case file that hold its record."""


def read_record(got: Mapping[str, Node], edition: Edition) -> Record:
    """Read the record; what is absent or `unknown` is UNKNOWN, and `none` is known not to exist."""
    own, filed = (_level(got[key], edition) if key in got else UNKNOWN for key in RECORD[:2])
    decided = got.get("decided")
    return Record(own, filed, _decisions(decided, edition) if decided else (), bool(decided and decided.value == "none"))


def _level(node: Node, edition: Edition) -> str | Nothing | Unknown:
    """Read a level by its id, its code or an exact alias."""
    written = node.value
    if written == "none":
        return NONE
    level = find_level(written, edition.scale) if isinstance(written, str) else None
    if level is None and written is not None and written != "unknown":
        spellings = {s: known for known in edition.scale.values() for s in (known.id, known.code, *known.aliases)}
        found = written if isinstance(written, str) else describe(written).strip("`")
        node.complain("PE204", found=found, nearest=nearest(found, spellings), known=", ".join(spellings))
    return level.id if level else UNKNOWN


def _decisions(node: Node, edition: Edition) -> tuple[Decision, ...]:
    """Read what was decided: one decision, or a list where several bodies decide."""
    if node.value in ("unknown", "none"):
        return ()
    if not isinstance(node.value, (dict, list)):
        node.wrong(N_("a block of `key: value` lines"))
        return ()
    return tuple(_decision(item, edition) for item in (node.items(at_least=1) if isinstance(node.value, list) else [node]))


def _decision(node: Node, edition: Edition) -> Decision:
    """Read one decision."""
    got = node.fields(("level",), ("by", "day", "reason"))
    level = _level(got["level"], edition)
    if got["level"].value in ("unknown", "none"):
        got["level"].wrong(N_("a level of the scale"))
    body, reason = (got[key].text() if key in got and got[key].value != "unknown" else "" for key in ("by", "reason"))
    day = got["day"].day() if "day" in got and got["day"].value != "unknown" else None
    return Decision(level if isinstance(level, str) else "", body, day, reason, node.place)


def read_expect(node: Node, edition: Edition) -> dict[str, object]:
    """Read what the case's author expects of the verdict."""
    got = node.fields((), tuple(_EXPECTED))
    expect: dict[str, object] = {key: _EXPECTED[key](child) for key, child in got.items()}
    if "possible_levels" in got:
        expect["possible_levels"] = [_level_id(child, edition) for child in got["possible_levels"].items()]
    if "route_ids" in got:
        _check_routes(got["route_ids"], edition)
    if "level" in got:
        level = find_level(got["level"].text(), edition.scale)
        if level is None and isinstance(got["level"].value, str) and got["level"].value.strip() not in {"", "none"}:
            spellings = {s: known for known in edition.scale.values() for s in (known.id, known.code)}
            found = str(got["level"].value)
            got["level"].complain("PE204", found=found, nearest=nearest(found, spellings), known=", ".join(spellings))
        expect["level"] = level.id if level else None
    return expect


def _outcomes(node: Node, known: tuple[str, ...]) -> dict[str, str]:
    """Read outcomes by the id of what has them."""
    entries = node.entries(at_least=1)
    for name, child in entries:
        check_name(child, name)
    return {name: child.one_of(known) for name, child in entries}


def _check_routes(node: Node, edition: Edition) -> None:
    """Complain of a route that the edition does not have: it would pass for one that does not concern the subject."""
    known = [route.rule.id for chapter in edition.chapters for route in chapter.routes]
    for name, child in node.entries():
        if name not in known:
            child.complain("PE401", child.key_place, name=name, sort=N_("route"), nearest=nearest(name, known))


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


def _level_id(node: Node, edition: Edition) -> str:
    """Return the id of a level that may be spelled by its code."""
    level = find_level(node.text(), edition.scale)
    return level.id if level else str(node.value)


_SCHEMA = "case.schema.json"
_TABLES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", ".xlsx", ".xls", ".ods")
_PERIOD = re.compile(r"[0-9]{4}(?:-Q[1-4])?", re.ASCII)
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
    document = read_document(raw, path)
    if document.broken:
        raise InputError(document.problems)
    node = Node(document)
    if not isinstance(document.data, dict):
        node.wrong(N_("a block of `key: value` lines"))
        raise InputError(document.problems)
    got = node.fields(("case", "facts"), ("edition", "period", "subject", *LINKS, *RECORD, "expect"))
    chosen = _edition(node, got, library, edition, raw)
    facts = _facts(got["facts"], chosen)
    subject = {key: child.text() for key, child in got["subject"].fields((), ("id", "name")).items()} if "subject" in got else {}
    links = {link: got[link].text() for link in LINKS if link in got}
    record = read_record(got, chosen)
    expect = read_expect(got["expect"], chosen) if "expect" in got else {}
    name = got["case"].text()
    check_schema(_SCHEMA, (document,), {path: raw})
    if document.problems:
        raise InputError(document.problems)
    stated: dict[str, str] = {key: str(got[key].value) for key in ("edition", "period") if key in got}
    return Case(name, chosen.id, subject, facts, expect, document.places, document.lines, links, record, stated), chosen


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
    if "edition" not in got and "period" not in got and not (node.misspells("edition") or node.misspells("period")):
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
    """Read a period: a year, as a number or as text, or a quarter."""
    period = str(node.value)
    if not isinstance(node.value, bool) and _PERIOD.fullmatch(period):
        return period
    node.wrong(N_("a year like 2020, or a quarter like 2020-Q1"))
    return ""


def _facts(node: Node, edition: Edition) -> dict[str, Value]:
    """Read the facts that the case states and knows."""
    found: dict[str, Value] = {}
    for name, child in node.entries():
        fact = edition.facts.get(name)
        if fact is None:
            child.complain("PE501", child.key_place, name=name, nearest=child.guess(name, edition.facts))
        elif child.value is not None and child.value != "unknown":
            value = read_value(child, fact, edition.scale)
            if value is not None:
                found[name] = value
    return found


def is_table(path: str) -> bool:
    """Return whether a file is a table of rows by its name, and so no case file."""
    return path.lower().endswith(_TABLES)


def not_cases(code: str, path: str, raw: bytes = b"") -> Problem:
    """Say at the first line of a file that it is not what is asked for."""
    first = (raw or read_bytes(path, MAX_BYTES)).decode("utf-8-sig", errors="replace").split("\n", 1)[0]
    return Problem(code, Location(path, 1, 1), {"path": path}, first if first.isprintable() else "")


def is_manifest(raw: bytes) -> bool:
    """Return whether a file is a round's own file (`round:`), which stands among the cases and is none."""
    return _MANIFEST.search(raw) is not None


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
    tables = sorted(filter(is_table, files))
    if tables and not found and not odd:
        raise InputError([not_cases("PE515", tables[0])])
    if not found and not odd:
        raise InputError([Problem("PE511", Location(folder, 1, 1), {"folder": folder})])
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
