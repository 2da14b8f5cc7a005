"""The blocks `except:`: which items of a closed list a part of an edition leaves out on purpose, and why."""

from collections.abc import Mapping

from policy_engine.errors import N_
from policy_engine.language.types import WRONG
from policy_engine.load.context import Context
from policy_engine.load.declared import Declared
from policy_engine.load.node import Node
from policy_engine.model.facts import Exemption, FactDeclaration

ClosedLists = Declared[Declared[object]]
"""Every closed list by name; where one could not be read whole, any item may be in it."""
TRACKS, LEVELS = "tracks", "levels"


def closed_lists(context: Context, tracks: Declared[object]) -> ClosedLists:
    """Return every closed list of an edition: its tracks, its levels, and the choices of each fact and of each field of a list."""
    levels = Declared[object](dict.fromkeys(context.scale), open=context.scale.open)
    found = Declared[Declared[object]]({TRACKS: tracks, LEVELS: levels}, open=context.facts.open)
    for fact in context.facts.values():
        found.open |= fact.type is WRONG and not fact.choices
        found.update(_choices_of({fact.name: fact, **{f"{fact.name}.{name}": field for name, field in fact.fields.items()}}))
    return found


def _choices_of(facts: Mapping[str, FactDeclaration]) -> Mapping[str, Declared[object]]:
    """Return the choices of facts that have some."""
    return {
        name: Declared(dict.fromkeys(fact.choices), open=fact.type is WRONG)
        for name, fact in facts.items()
        if fact.choices or fact.type is WRONG
    }


def build_exemptions(node: Node, lists: ClosedLists) -> tuple[Exemption, ...]:
    """Read one block; what it names must exist, so that a renamed item is seen here too."""
    found: list[Exemption] = []
    for entry in node.items(at_least=1):
        got = entry.fields(("of", "items", "says"))
        of = got["of"].text()
        known = lists[of] if got["of"].refer(of, lists, N_("closed list")) else None
        items = [(item, item.text()) for item in got["items"].items(at_least=1)]
        for item, name in items:
            if known is not None:
                item.refer(name, known, N_("item of the list"))
        found.append(Exemption(of, tuple(name for _, name in items), got["says"].texts(), entry.place))
    return tuple(found)
