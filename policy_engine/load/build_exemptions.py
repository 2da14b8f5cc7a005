"""The blocks `except:`: which items of a closed list a part of an edition leaves out on purpose, and why."""

from collections.abc import Collection, Mapping, Sequence

from policy_engine.errors import N_
from policy_engine.language.complaint import nearest
from policy_engine.load.context import Context
from policy_engine.load.node import Node
from policy_engine.model.facts import Exemption

ClosedLists = Mapping[str, Collection[str]]
TRACKS, LEVELS = "tracks", "levels"


def closed_lists(context: Context, tracks: Sequence[str]) -> ClosedLists:
    """Return every closed list of an edition: its tracks, its levels, and the choices of each fact and of each field of a list."""
    found: dict[str, Collection[str]] = {TRACKS: tracks, LEVELS: tuple(context.scale)}
    for fact in context.facts.values():
        fields = {f"{fact.name}.{name}": field.choices for name, field in fact.fields.items()}
        found |= {name: tuple(choices) for name, choices in {fact.name: fact.choices, **fields}.items() if choices}
    return found


def build_exemptions(node: Node, lists: ClosedLists) -> tuple[Exemption, ...]:
    """Read one block; what it names must exist, so that a renamed item is seen here too."""
    found: list[Exemption] = []
    for entry in node.items(at_least=1):
        got = entry.fields(("of", "items", "says"))
        of = got["of"].text()
        if of and of not in lists:
            got["of"].complain("PE401", name=of, sort=N_("closed list"), nearest=nearest(of, lists))
        items = [(item, item.text()) for item in got["items"].items(at_least=1)]
        for item, name in items:
            if name and of in lists and name not in lists[of]:
                item.complain("PE401", name=name, sort=N_("item of the list"), nearest=nearest(name, lists[of]))
        found.append(Exemption(of, tuple(name for _, name in items), got["says"].texts(), entry.place))
    return tuple(found)
