"""What every part of an edition is built from, and the files `facts:`: figures, declarations, invariants, exemptions."""

import keyword
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction

from policy_engine.language.complaint import nearest
from policy_engine.language.functions import FUNCTIONS
from policy_engine.language.quantity import Quantity, nearest_quantity, read_quantity
from policy_engine.language.text import decimal_text
from policy_engine.language.tree import opened
from policy_engine.language.types import BOOL, COUNT, DAY, LEVEL, SIMPLE, TEXT, WRONG, Named, Type
from policy_engine.load.node import INTERPRETATIONS, Declared, Fields, Node, Scope, build_condition, is_unread, open_scope
from policy_engine.messages import N_, with_unit
from policy_engine.model.case import AFTER, BEFORE
from policy_engine.model.duties import RECORD_NAMES
from policy_engine.model.facts import Condition, Exemption, FactDeclaration, InterpretationUse, Invariant, Otherwise, Texts, Threshold
from policy_engine.model.rulebook import Interpretation, Level
from policy_engine.source import Citation
from policy_engine.tuples import NamedTuple

PERIOD_NAMES = ("period_start", "period_end")
TRACKS, LEVELS = "tracks", "levels"
_RESERVED = frozenset({*FUNCTIONS, *PERIOD_NAMES, *RECORD_NAMES, "unknown", "none"})
_FIELD_KINDS = ("bool", "choice", "level", "text", "count", "points", "day")
_OWNERS = {
    "choices": ("choice", "set"), "fields": ("list",), "unit": ("count", "points"), "counted_from": ("count",), "when_absent": ("bool",),
    "may_be_none": ("day", "text", "level"), "gathered_from": ("list", "level"),
}  # fmt: skip
"""Keys that only facts of certain types have. What may not exist is a day or a paper; a figure or an answer always does."""
_OPTIONAL = (
    "unit", "choices", "fields", "fixed", "locked", "may_be_none", "counted_from", "derived", "when_absent", INTERPRETATIONS, "cite",
    "gathered_from",
)  # fmt: skip


class Context(NamedTuple):
    """What rules are built from: the edition's other parts, the names that conditions may use, and where each id stands so far."""

    scale: Declared[Level]
    register: Declared[Interpretation]
    scope: Scope
    facts: Declared[FactDeclaration]
    shared: Declared[Node]
    seen: dict[str, Node]
    thresholds: Mapping[str, Threshold] = {}
    positive: frozenset[str] = frozenset()
    """Canonical texts of the wholes that are known to be above zero."""

    def condition(self, node: Node, wanted: Type = BOOL) -> Condition | None:
        return build_condition(node, self.scope, self.positive, wanted)

    def interpretations(self, node: Node) -> tuple[InterpretationUse, ...]:
        """Read a list of interpretations: ids of the register, each plain or with a condition of its own."""
        uses: list[InterpretationUse] = []
        for item in node.items():
            got = item.fields(("id", "when")) if isinstance(item.value, dict) else None
            name = (got["id"] if got else item).text()
            when = build_condition(got["when"], self.scope) if got else None
            if name and not self.register.may_have(name):
                item.complain("PE401", name=name, sort=N_("interpretation"), nearest="")
            uses.append(InterpretationUse(name, when))
        return tuple(uses)

    def sentence(self, node: Node) -> Texts:
        """Read a sentence, its placeholders filled with the figures that they name; one that was not read fills nothing."""
        filled: dict[str, str] = {}
        for language, text in node.texts().items():
            for name in re.findall(r"\{([^{}]*)\}", text) if "{" in text else ():
                if name in self.thresholds:
                    figure = self.thresholds[name].quantity.text
                    shown = with_unit(figure.replace(".", ",") if language == "vi" else figure, language)
                    text = text.replace(f"{{{name}}}", shown)  # noqa: PLW2901  (filled step by step)
                elif not is_unread(name, self.scope):
                    node.child(language).complain("PE408", name=name, nearest=nearest(name, self.thresholds))
            filled[language] = text
        return filled

    def with_figures(self, got: Fields) -> tuple["Context", dict[str, Threshold]]:
        """Read the figures under `thresholds:`; one that could not be read agrees with everything that is asked of its name."""
        node, found = got["thresholds"], dict[str, Threshold]()
        if "thresholds" not in got:
            return self, found
        for name, child in node.entries():
            check_name(child, name)
            if name in self.scope:
                first = self.facts[name].location if name in self.facts else None
                child.complain("PE402", child.key_place, name=name, first=f"{first.file}:{first.line}" if first else "scale:")
            own = child.fields(("value", "cite", "phrase"))
            if quantity := build_quantity(own["value"]):
                found[name] = Threshold(name, quantity, Citation(own["cite"].text(), own["phrase"].text()), child.key_place)
        names = node.value if isinstance(node.value, dict) else ()
        named = {name: Named(found[name].quantity.type if name in found else WRONG, constant=True) for name in names}
        scope = {**self.scope, **named, **open_scope(unread=not node.is_block or not all(map(is_name, names)))}
        return self._replace(thresholds={**self.thresholds, **found}, scope=scope), found


def build_quantity(node: Node) -> Quantity | None:
    """Read a figure, as a text or as a plain whole number; None where it is none."""
    value = node.value
    quantity = read_quantity(str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else "")
    if quantity or node.is_no_day():
        return quantity
    if isinstance(value, (list, dict, bool)):
        node.wrong(N_("a figure, with its unit where it has one"))
    elif value is not None:
        found = value if isinstance(value, str) else decimal_text(Fraction(value))
        node.complain("PE404", found=found[:40], nearest=nearest_quantity(found))
    return None


def check_name(node: Node, name: str) -> bool:
    """Complain of a name that conditions could not use; return whether it can be used. An empty one was refused as a text."""
    if name and not is_name(name):
        reason = N_("the condition language needs the word itself") if _is_spelled(name) else N_("it has other characters")
        node.complain("PE409", node.key_place, name=name, reason=reason)
    return is_name(name)


def is_name(name: str) -> bool:
    """Return whether conditions can use a name."""
    return _is_spelled(name) and not keyword.iskeyword(name) and name not in _RESERVED


def _is_spelled(name: str) -> bool:
    return name.isidentifier() and name.isascii() and name == name.lower() and name[0] != "_"


def constants(scale: Declared[Level]) -> dict[str, Named]:
    """Return the names that every condition of an edition may use: the levels, and the ends of the period."""
    levels = {level: Named(LEVEL, constant=True) for level in scale}
    return levels | open_scope(unread=scale.open) | dict.fromkeys(PERIOD_NAMES, Named(DAY, constant=True))


ClosedLists = Declared[Declared[object]]
"""Every closed list by name; where one could not be read whole, any item may be in it."""


def closed_lists(context: Context, tracks: Declared[object]) -> ClosedLists:
    """Return every closed list of an edition: its tracks, its levels, and the choices of each fact and of each field of a list."""
    levels = Declared[object](dict.fromkeys(context.scale), open=context.scale.open)
    found = Declared[Declared[object]]({TRACKS: tracks, LEVELS: levels}, open=context.facts.open)
    for fact in context.facts.values():
        unread = fact.type is WRONG
        found.open |= unread and not fact.choices
        for name, one in {fact.name: fact, **{f"{fact.name}.{name}": field for name, field in fact.fields.items()}}.items():
            if one.choices or one.type is WRONG:
                found[name] = Declared(dict.fromkeys(one.choices), open=one.type is WRONG)
    return found


def build_exemptions(node: Node, lists: ClosedLists) -> tuple[Exemption, ...]:
    """Read one block `except:`; what it names must exist, so that a renamed item is seen here too."""
    found: list[Exemption] = []
    for entry in node.items(at_least=1):
        got = entry.fields(("of", "items", "says"))
        of = got["of"].text()
        known = lists[of] if got["of"].refer(of, lists, N_("closed list")) else None
        names = [(item, item.text()) for item in got["items"].items(at_least=1)]
        for item, name in names:
            if known is not None:
                item.refer(name, known, N_("item of the list"))
        found.append(Exemption(of, tuple(name for _, name in names), got["says"].texts(), entry.place))
    return tuple(found)


def build_facts(nodes: Sequence[Node], context: Context) -> Context:
    """Read every declared fact; what facts say of each other is checked once all are known.

    Args:
        nodes: the blocks `facts:` of the edition.
        context: its scale, its register, and the figures that are known everywhere.
    """
    base = constants(context.scale)
    figures = {name: named for name, named in context.scope.items() if name not in base}
    where: dict[str, Node] = {}
    plain = Declared[FactDeclaration](open=not all(node.is_block for node in nodes))
    for name, child in (entry for node in nodes for entry in node.entries()):
        if name in where or name in context.scale or name in figures:
            first = where[name].key_place if name in where else None
            child.complain("PE402", child.key_place, name=name, first=f"{first.file}:{first.line}" if first else "scale: | thresholds:")
        where[name], plain[name] = child, _build_fact(child, name)
        plain.open |= not check_name(child, name)
    scope = {**base, **{name: Named(fact.type) for name, fact in plain.items()}, **open_scope(unread=plain.open), **figures}
    context = context._replace(scope=scope)
    facts = Declared({name: _connect(where[name], fact, context) for name, fact in plain.items()}, open=plain.open)
    settled: set[str] = set()
    for start in facts:
        if circle := _circle([start], facts, settled):
            where[circle[0]].complain("PE407", where[circle[0]].key_place, name=circle[0], chain=" -> ".join(circle))
            settled.update(circle)
    return context._replace(facts=facts)


def _build_fact(node: Node, name: str) -> FactDeclaration:
    """Read one declaration, apart from its conditions."""
    got = node.fields(("type", "label", "asks"), _OPTIONAL)
    kind, choices = _kind(node, got, (*SIMPLE, "choice", "set", "list"))
    members: dict[str, FactDeclaration] = {}
    if got["type"].value == "list" and "fields" in got:
        members = {field: _build_field(child, field) for field, child in got["fields"].entries(at_least=1)}
        kind = Type("list", fields=tuple((field, member.type) for field, member in members.items())) if members else WRONG
    return FactDeclaration(
        name=name, type=kind, label=got["label"].texts(), asks=got["asks"].texts(), citation=Citation(got["cite"].text()),
        location=node.key_place, unit=got["unit"].texts(), choices=choices, fields=members, gathered_from=_link(got, kind),
        fixed=got["fixed"].flag(), locked=got["locked"].flag(), may_be_none=got["may_be_none"].flag(),
    )  # fmt: skip


def _build_field(node: Node, name: str) -> FactDeclaration:
    check_name(node, name)
    got = node.fields(("type",), ("label", "choices"))
    kind, choices = _kind(node, got, _FIELD_KINDS)
    label = got["label"].texts()
    return FactDeclaration(name=name, type=kind, label=label, asks=label, citation=Citation(""), location=node.key_place, choices=choices)


def _kind(node: Node, got: Fields, kinds: tuple[str, ...]) -> tuple[Type, dict[str, dict[str, str]]]:
    """Read a type, with the choices that it has; that of a list is made of its fields."""
    kind = got["type"].one_of(kinds)
    if got["type"].value not in kinds:
        return WRONG, {}
    for key, owners in _OWNERS.items():
        if key in got and kind not in owners:
            got[key].complain("PE201", got[key].key_place, key=key, nearest="", known=f"type: {' | '.join(owners)}")
        elif kind in owners and key in {"choices", "fields"} and key not in got:
            node.lacks(key)
    if kind not in {"choice", "set"}:
        return SIMPLE.get(kind, WRONG if kind == "list" else Type(kind)), {}
    choices = {choice: child.texts() for choice, child in got["choices"].entries(at_least=1)}
    return Type(kind, tuple(choices)) if choices else WRONG, choices


def _link(got: Fields, kind: Type) -> str:
    """Read the link by which a round gathers a fact; items gathered into a list are ids with levels."""
    node = got["gathered_from"]
    if "gathered_from" not in got or kind is WRONG:
        return ""
    if kind.kind != "list":
        return node.one_of(BEFORE)
    for name, wanted in (("id", TEXT), ("level", LEVEL)):
        field = got["fields"].child(name)
        written = field.child("type").value
        if field.value is None or (written in _FIELD_KINDS and written != wanted.kind):
            node.complain("PE412", name=str(node.path[-2]), missing=f"`{name}` ({wanted.kind})")
    return node.one_of(AFTER)


def _connect(node: Node, fact: FactDeclaration, context: Context) -> FactDeclaration:
    """Add what a fact follows from, now that every name is known."""

    def condition(key: str, wanted: Type) -> Condition | None:
        return build_condition(node.child(key), context.scope, wanted=wanted, of_record=key == "when_absent")

    counted = condition("counted_from", COUNT)
    if counted and opened(counted.tree)[0] != "count":
        node.child("counted_from").complain("PE307", found=counted.text, usage="count(list) | count(list, condition)")
        counted = None
    spelling = INTERPRETATIONS.before if node.has(INTERPRETATIONS.before) else INTERPRETATIONS
    return fact._replace(
        counted_from=counted, derived=condition("derived", fact.type), when_absent=condition("when_absent", BOOL),
        interpretations=context.interpretations(node.child(spelling)),
    )  # fmt: skip


def _circle(chain: list[str], facts: Mapping[str, FactDeclaration], settled: set[str]) -> list[str]:
    """Follow what the last fact of a chain is worked out from; return the circle that closes, or nothing."""
    fact = facts[chain[-1]]
    for upstream in (name for c in (fact.derived, fact.when_absent, fact.counted_from) if c for name in c.names):
        if upstream in chain:
            return [*chain[chain.index(upstream) :], upstream]
        if upstream in facts and upstream not in settled and (found := _circle([*chain, upstream], facts, settled)):
            return found
    settled.add(chain[-1])
    return []


def build_invariants(node: Node, context: Context, outcomes: tuple[str, ...] = ()) -> tuple[Invariant, ...]:
    """Read a list of invariants (`invariants:` of the edition, `requires:` of a track).

    Args:
        node: the list.
        context: what it is built from.
        outcomes: what may come out of a case that does not keep such a rule; nothing: it is always refused.
    """
    found: list[Invariant] = []
    for item in node.items():
        got = item.fields(("id", "holds", "says"), (INTERPRETATIONS, "otherwise") if outcomes else (INTERPRETATIONS,))
        holds, uses = context.condition(got["holds"]), context.interpretations(got[INTERPRETATIONS])
        otherwise: Otherwise | None = None
        if "otherwise" in got:
            own = got["otherwise"].fields(("outcome", "says"), ("when", INTERPRETATIONS))
            when, rests_on = context.condition(own["when"]), context.interpretations(own[INTERPRETATIONS])
            otherwise = Otherwise(own["outcome"].one_of(outcomes), own["says"].texts(), when, rests_on)
        if holds:
            found.append(Invariant(id=got["id"].text(), holds=holds, says=got["says"].texts(), interpretations=uses, otherwise=otherwise))
    return tuple(found)
