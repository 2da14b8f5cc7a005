"""What the author of a case expects of the verdict."""

from collections.abc import Callable

from policy_engine.errors import N_
from policy_engine.language.complaint import nearest
from policy_engine.load.build_facts import check_name
from policy_engine.load.case_values import find_level
from policy_engine.load.node import Node
from policy_engine.model.duties import DUTIES
from policy_engine.model.rulebook import Edition
from policy_engine.model.verdict import (
    CEILING_OUTCOMES,
    CRITERION_OUTCOMES,
    OUTCOMES,
    REQUIREMENT_OUTCOMES,
    ROUTE_OUTCOMES,
)


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
    """Give the id of a level that may be spelled by its code."""
    level = find_level(node.text(), edition.scale)
    return level.id if level else str(node.value)
