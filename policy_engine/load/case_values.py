"""Values of a case file to values of the language: each as its fact's type asks, nothing guessed."""

from collections.abc import Callable, Mapping
from fractions import Fraction

from policy_engine.language.complaint import nearest
from policy_engine.language.quantity import read_day, read_quantity
from policy_engine.language.types import NOUNS
from policy_engine.language.values import NONE, Value
from policy_engine.load.node import Node, describe
from policy_engine.load.yaml_text import Data
from policy_engine.model.facts import FactDeclaration
from policy_engine.model.rulebook import Level


def read_value(node: Node, fact: FactDeclaration, scale: Mapping[str, Level]) -> Value | None:
    """Read one value as its fact's type asks; None where it is not of that type, which is noted in the file's problems."""
    value = node.value
    if value == "none" and (fact.may_be_none or fact.type.kind not in {"text", "choice"}):
        return _nothing(node, fact)
    match fact.type.kind:
        case "list":
            return _list(node, fact, scale)
        case "set":
            return _set(node, fact)
        case "choice" if isinstance(value, str):
            return _choice(node, fact, value)
        case "level" if isinstance(value, str):
            return _level(node, fact, value, scale)
        case kind:
            read = _SCALARS[kind](value) if kind in _SCALARS else None
    if read is None and not (fact.type.kind == "day" and node.is_no_day()):
        node.complain("PE502", name=fact.name, found=describe(value), wanted=NOUNS[fact.type.kind])
    return read


def _nothing(node: Node, fact: FactDeclaration) -> Value | None:
    """Read `none`: known not to exist, where that can be."""
    if fact.may_be_none:
        return NONE
    node.complain("PE507", name=fact.name, found="none")
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
    node.complain("PE503", name=fact.name, found=value, choices=choices, nearest=nearest(value, fact.choices))
    return None


def _level(node: Node, fact: FactDeclaration, value: str, scale: Mapping[str, Level]) -> Value | None:
    """Read a level by its id, its code or an exact alias; give its rank."""
    level = find_level(value, scale)
    if level is not None:
        return level.rank
    spellings = {s: known for known in scale.values() for s in (known.id, known.code, *known.aliases)}
    node.complain("PE503", name=fact.name, found=value, choices=", ".join(spellings), nearest=nearest(value, spellings))
    return None


def find_level(value: str, scale: Mapping[str, Level]) -> Level | None:
    """Return the level of a spelling, from the exact table and nothing like it."""
    return next((known for known in scale.values() if value in (known.id, known.code, *known.aliases)), None)


def _set(node: Node, fact: FactDeclaration) -> Value | None:
    """Read which of the declared choices hold; the list is taken as complete."""
    if not isinstance(node.value, list):
        node.complain("PE502", name=fact.name, found=describe(node.value), wanted=NOUNS["set"])
        return None
    for item in node.items():
        found = item.value if isinstance(item.value, str) else describe(item.value).strip("`")
        if found not in fact.type.choices and item.value is not None:
            choices = ", ".join(fact.type.choices)
            item.complain("PE503", name=fact.name, found=found, choices=choices, nearest=nearest(found, fact.choices))
    return frozenset(item for item in node.value if isinstance(item, str))


def _list(node: Node, fact: FactDeclaration, scale: Mapping[str, Level]) -> Value | None:
    """Read an itemised list; a field left out of an item is unknown there."""
    if not isinstance(node.value, list):
        node.complain("PE502", name=fact.name, found=describe(node.value), wanted=NOUNS["list"])
        return None
    items: list[dict[str, Value]] = []
    for item in node.items():
        read = {
            name: read_value(child, fact.fields[name], scale)
            for name, child in item.fields((), tuple(fact.fields)).items()
            if child.value is not None and child.value != "unknown"
        }
        items.append({name: value for name, value in read.items() if value is not None})
    return tuple(items)
