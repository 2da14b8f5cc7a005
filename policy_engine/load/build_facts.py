"""The file `facts:` to declarations and invariants."""

import ast
import keyword
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from policy_engine.errors import N_
from policy_engine.language.complaint import nearest
from policy_engine.language.functions import FUNCTIONS
from policy_engine.language.quantity import Quantity, nearest_quantity, read_quantity
from policy_engine.language.text import decimal_text
from policy_engine.language.types import BOOL, COUNT, DAY, LEVEL, SIMPLE, TEXT, WRONG, Named, Type
from policy_engine.load.node import Declared, Node, Scope, build_condition, is_unread, open_scope
from policy_engine.messages import with_unit
from policy_engine.model.case import AFTER, BEFORE
from policy_engine.model.facts import Condition, Exemption, FactDeclaration, InterpretationUse, Invariant, Otherwise, Texts, Threshold
from policy_engine.model.rulebook import Interpretation, Level
from policy_engine.source import Citation

_PLACEHOLDER = r"\{([^{}]*)\}"


def build_thresholds(node: Node, facts: Mapping[str, FactDeclaration], scope: Mapping[str, Named]) -> dict[str, Threshold]:
    """Read the named figures."""
    found: dict[str, Threshold] = {}
    for name, child in node.entries():
        check_name(child, name)
        if name in scope:
            child.complain("PE402", child.key_place, name=name, first=_declared_at(name, facts))
        got = child.fields(("value", "cite", "phrase"))
        quantity = build_quantity(got["value"])
        if quantity:
            found[name] = Threshold(name, quantity, Citation(got["cite"].text(), got["phrase"].text()), child.key_place)
    return found


def build_quantity(node: Node) -> Quantity | None:
    """Read a figure, as a text or as a plain whole number; None where it is none."""
    value = node.value
    written = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    quantity = read_quantity(written)
    if quantity or node.is_no_day():
        return quantity
    if isinstance(value, (list, dict, bool)):
        node.wrong(N_("a figure, with its unit where it has one"))
    elif value is not None:
        found = value if isinstance(value, str) else decimal_text(Fraction(value))
        node.complain("PE404", found=found[:40], nearest=nearest_quantity(found))
    return None


def named_figures(node: Node, thresholds: Mapping[str, Threshold]) -> dict[str, Named]:
    """Return what the names of figures stand for in conditions; one that could not be read agrees with everything."""
    names = node.value if isinstance(node.value, dict) else ()
    named = {name: Named(thresholds[name].quantity.type if name in thresholds else WRONG, constant=True) for name in names}
    return {**named, **open_scope(unread=not node.is_block or any(not is_name(name) for name in names))}


def _declared_at(name: str, facts: Mapping[str, FactDeclaration]) -> str:
    """Say where a name was declared first."""
    fact = facts.get(name)
    return f"{fact.location.file}:{fact.location.line}" if fact else "scale:"


def fill(node: Node, thresholds: Mapping[str, Threshold], scope: Mapping[str, Named]) -> Texts:
    """Read a sentence, its placeholders filled with the figures of the thresholds that they name; one that was not read fills nothing."""
    filled: dict[str, str] = {}
    for language, text in node.texts().items():
        for name in re.findall(_PLACEHOLDER, text) if "{" in text else ():
            if name not in thresholds and not is_unread(name, scope):
                child = node.child(language)
                child.complain("PE408", name=name, nearest=nearest(name, thresholds))
            elif name in thresholds:
                text = text.replace(f"{{{name}}}", _figure(thresholds[name], language))  # noqa: PLW2901  (filled step by step)
        filled[language] = text
    return filled


def _figure(threshold: Threshold, language: str) -> str:
    """Write a threshold's figure, with the comma of Vietnamese or the point of English."""
    text = threshold.quantity.text.replace(".", ",") if language == "vi" else threshold.quantity.text
    return with_unit(text, language)


class Context(NamedTuple):
    """What a track is built from: the edition's other parts, and the names that its conditions may use."""

    scale: Declared[Level]
    facts: Declared[FactDeclaration]
    register: Declared[Interpretation]
    shared: Declared[Node]
    scope: Mapping[str, Named]
    thresholds: Mapping[str, Threshold] = {}
    positive: frozenset[str] = frozenset()

    def interpretations(self, got: Mapping[str, Node], key: str = "readings") -> tuple[InterpretationUse, ...]:
        """Read the interpretations under a key, where it stands."""
        return build_interpretation_uses(got[key], self.register, self.scope) if key in got else ()


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


_OWNERS = {
    "choices": ("choice", "set"), "fields": ("list",), "unit": ("count", "points"), "counted_from": ("count",), "when_absent": ("bool",),
    "may_be_none": ("day", "text", "level"), "gathered_from": ("list", "level"),
}  # fmt: skip
"""Keys that only facts of certain types have. What may not exist is a day or a paper; a figure or an answer always does."""
_NEEDED = ("choices", "fields")
PERIOD_NAMES = ("period_start", "period_end")
RECORD_NAMES = {"self_level": LEVEL, "decided_level": LEVEL, "decided_on": DAY, "first_decided_on": DAY}
"""What a case's own record says, for conditions of a chapter: how the subject rated itself, what was decided, and when
(the last day and the first, where several bodies decide)."""
_RESERVED = frozenset({*FUNCTIONS, *PERIOD_NAMES, *RECORD_NAMES, "unknown", "none"})
_FIELD_KINDS = ("bool", "choice", "level", "text", "count", "points", "day")
_OPTIONAL = (
    "unit", "choices", "fields", "fixed", "locked", "may_be_none", "counted_from", "derived", "when_absent", "readings", "cite",
    "gathered_from",
)  # fmt: skip


def check_name(node: Node, name: str) -> bool:
    """Complain of a name that conditions could not use; tell whether it can be used."""
    if not name:
        return False  # told as a text that is missing
    if not _is_spelled(name):
        node.complain("PE409", node.key_place, name=name, reason=N_("it has other characters"))
    elif not is_name(name):
        node.complain("PE409", node.key_place, name=name, reason=N_("the condition language needs the word itself"))
    return is_name(name)


def is_name(name: str) -> bool:
    """Return whether conditions can use a name."""
    return _is_spelled(name) and not keyword.iskeyword(name) and name not in _RESERVED


def _is_spelled(name: str) -> bool:
    """Return whether a name has the signs that a name may have."""
    return name.isidentifier() and name.isascii() and name == name.lower() and name[0] != "_"


def constants(scale: Declared[Level]) -> dict[str, Named]:
    """Return the names that every condition of an edition may use: the levels, and the ends of the period."""
    levels = {level: Named(LEVEL, constant=True) for level in scale}
    return levels | open_scope(unread=scale.open) | dict.fromkeys(PERIOD_NAMES, Named(DAY, constant=True))


def build_interpretation_uses(node: Node, register: Declared[Interpretation], scope: Scope) -> tuple[InterpretationUse, ...]:
    """Read a list of interpretations: ids of the register, each plain or with a condition of its own."""
    uses: list[InterpretationUse] = []
    for item in node.items():
        if isinstance(item.value, dict):
            fields = item.fields(("id", "when"))
            name, when = fields["id"].text(), build_condition(fields["when"], scope)
        else:
            name, when = item.text(), None
        if name and not register.may_have(name):
            item.complain("PE401", name=name, sort=N_("reading"), nearest="")
        uses.append(InterpretationUse(name, when))
    return tuple(uses)


def build_facts(
    nodes: Sequence[Node], scale: Declared[Level], register: Declared[Interpretation], figures: Mapping[str, Named]
) -> Declared[FactDeclaration]:
    """Read every declared fact; what facts say of each other is checked once all are known.

    Args:
        nodes: the blocks `facts:` of the edition.
        scale: its levels.
        register: its interpretations.
        figures: the figures that are known everywhere.
    """
    where: dict[str, Node] = {}
    plain = Declared[FactDeclaration](open=not all(node.is_block for node in nodes))
    for name, child in (entry for node in nodes for entry in node.entries()):
        if name in where or name in scale or name in figures:
            first = where[name].key_place if name in where else None
            child.complain("PE402", child.key_place, name=name, first=f"{first.file}:{first.line}" if first else "scale: | thresholds:")
        where[name], plain[name] = child, _build_fact(child, name)
        plain.open |= not check_name(child, name)
    scope = {**fact_scope(scale, plain), **figures}
    facts = Declared({n: _connect(where[n], f, scope, register) for n, f in plain.items()}, open=plain.open)
    _refuse_circles(where, facts)
    return facts


def fact_scope(scale: Declared[Level], facts: Declared[FactDeclaration]) -> dict[str, Named]:
    """Return the names that a condition over facts may use."""
    return {**constants(scale), **{name: Named(fact.type) for name, fact in facts.items()}, **open_scope(unread=facts.open)}


def _build_fact(node: Node, name: str) -> FactDeclaration:
    """Read one declaration, apart from its conditions."""
    got = node.fields(("type", "label", "asks"), _OPTIONAL)
    kind, choices, fields = _kind(node, got, (*SIMPLE, "choice", "set", "list"))
    members = {n: _build_field(child, n) for n, child in got["fields"].entries(at_least=1)} if fields else {}
    if kind.kind == "list":
        kind = Type("list", fields=tuple((n, f.type) for n, f in members.items())) if members else WRONG
    return FactDeclaration(
        name, kind, got["label"].texts(), got["asks"].texts(), Citation(got["cite"].text() if "cite" in got else ""), node.key_place,
        unit=got["unit"].texts() if "unit" in got else {}, choices=choices, fields=members,
        gathered_from=_link(got, kind), fixed=_flag(got, "fixed"), locked=_flag(got, "locked"), may_be_none=_flag(got, "may_be_none"),
    )  # fmt: skip


def _link(got: Mapping[str, Node], kind: Type) -> str:
    """Read the link by which a round gathers a fact; items gathered into a list are ids with levels."""
    if "gathered_from" not in got:
        return ""
    node = got["gathered_from"]
    if kind is WRONG:
        return ""
    if kind.kind != "list":
        return node.one_of(BEFORE)
    fields = got.get("fields")
    for name, wanted in (("id", TEXT), ("level", LEVEL)):
        field = fields.child(name) if fields else None
        written = field.child("type").value if field else wanted.kind
        if field and (field.value is None or (written in _FIELD_KINDS and written != wanted.kind)):
            node.complain("PE412", name=str(node.path[-2]), missing=f"`{name}` ({wanted.kind})")
    return node.one_of(AFTER)


def _flag(got: Mapping[str, Node], key: str) -> bool:
    """Read true or false where the key stands; else false."""
    return got[key].flag() if key in got else False


def _build_field(node: Node, name: str) -> FactDeclaration:
    """Read the declaration of one field of a list's items."""
    check_name(node, name)
    got = node.fields(("type",), ("label", "choices"))
    kind, choices, _ = _kind(node, got, _FIELD_KINDS)
    label = got["label"].texts() if "label" in got else {}
    return FactDeclaration(name, kind, label, label, Citation(""), node.key_place, choices=choices)


def _kind(node: Node, got: Mapping[str, Node], kinds: tuple[str, ...]) -> tuple[Type, dict[str, dict[str, str]], bool]:
    """Read a type with what it needs: the choices of a choice, the fields of a list."""
    kind = got["type"].one_of(kinds)
    if got["type"].value not in kinds:
        return WRONG, {}, False
    for key, owners in _OWNERS.items():
        if key in got and kind not in owners:
            got[key].complain("PE201", got[key].key_place, key=key, nearest="", known=f"type: {' | '.join(owners)}")
        elif kind in owners and key in _NEEDED and key not in got:
            node.lacks(key)
    if kind in {"choice", "set"} and "choices" in got:
        choices = {choice: child.texts() for choice, child in got["choices"].entries(at_least=1)}
        return Type(kind, tuple(choices)) if choices else WRONG, choices, False
    return WRONG if kind in {"choice", "set"} else SIMPLE.get(kind, Type(kind)), {}, kind == "list" and "fields" in got


def _connect(
    node: Node, fact: FactDeclaration, scope: Mapping[str, Named], register: Declared[Interpretation]
) -> FactDeclaration:  # fmt: skip
    """Add what a fact follows from, now that every name is known."""
    return fact._replace(
        counted_from=_counted_from(node, scope),
        derived=_maybe(node, "derived", scope, fact.type),
        when_absent=_maybe(node, "when_absent", scope, BOOL),
        interpretations=build_interpretation_uses(node.child("readings"), register, scope) if node.has("readings") else (),
    )


def _counted_from(node: Node, scope: Scope) -> Condition | None:
    """Read how a count is taken from a list: one plain `count(…)`."""
    condition = _maybe(node, "counted_from", scope, COUNT)
    if condition is None or (isinstance(condition.tree, ast.Call) and condition.text.startswith("count(")):
        return condition
    node.child("counted_from").complain("PE307", found=condition.text, usage="count(list) | count(list, condition)")
    return None


def _maybe(node: Node, key: str, scope: Scope, wanted: Type) -> Condition | None:
    """Read a condition where the key stands."""
    return build_condition(node.child(key), scope, wanted=wanted, of_record=key == "when_absent") if node.has(key) else None


def _refuse_circles(where: Mapping[str, Node], facts: Mapping[str, FactDeclaration]) -> None:
    """Complain of facts that are worked out from themselves, each circle once."""
    settled: set[str] = set()
    for start in facts:
        chain = _circle([start], facts, settled)
        if chain:
            child = where[chain[0]]
            child.complain("PE407", child.key_place, name=chain[0], chain=" -> ".join(chain))
            settled.update(chain)


def _circle(chain: list[str], facts: Mapping[str, FactDeclaration], settled: set[str]) -> list[str]:
    """Follow what the last fact of a chain is worked out from; give the circle that closes, or nothing."""
    for upstream in _sources(facts[chain[-1]]):
        if upstream in chain:
            return [*chain[chain.index(upstream) :], upstream]
        if upstream in facts and upstream not in settled:
            found = _circle([*chain, upstream], facts, settled)
            if found:
                return found
    settled.add(chain[-1])
    return []


def _sources(fact: FactDeclaration) -> tuple[str, ...]:
    """Return the names that a fact is worked out from."""
    return tuple(name for c in (fact.derived, fact.when_absent, fact.counted_from) if c for name in c.names)


def build_invariants(
    node: Node, scope: Scope, register: Declared[Interpretation], outcomes: tuple[str, ...] = ()
) -> tuple[Invariant, ...]:  # fmt: skip
    """Read a list of invariants (`invariants:` of the edition, `requires:` of a track).

    Args:
        node: the list.
        scope: the names that conditions may use.
        register: the interpretations of the edition.
        outcomes: what may come out of a case that does not keep such a rule; nothing: it is always refused.
    """
    found: list[Invariant] = []
    for item in node.items():
        got = item.fields(("id", "holds", "says"), ("readings", "otherwise") if outcomes else ("readings",))
        holds = build_condition(got["holds"], scope)
        interpretations = build_interpretation_uses(got["readings"], register, scope) if "readings" in got else ()
        otherwise = _build_otherwise(got["otherwise"], scope, register, outcomes) if "otherwise" in got else None
        if holds:
            found.append(Invariant(got["id"].text(), holds, got["says"].texts(), interpretations, otherwise))
    return tuple(found)


def _build_otherwise(node: Node, scope: Scope, register: Declared[Interpretation], outcomes: tuple[str, ...]) -> Otherwise:
    """Read what comes out of a case that does not keep a rule."""
    got = node.fields(("outcome", "says"), ("when", "readings"))
    when = build_condition(got["when"], scope) if "when" in got else None
    interpretations = build_interpretation_uses(got["readings"], register, scope) if "readings" in got else ()
    return Otherwise(got["outcome"].one_of(outcomes), got["says"].texts(), when, interpretations)
