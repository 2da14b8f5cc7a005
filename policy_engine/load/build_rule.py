"""What every rule of a chapter has: its id, clause, phrase, sentence, where it applies, what it rests on."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from policy_engine.language.types import Named
from policy_engine.load.build_facts import check_name
from policy_engine.load.build_thresholds import fill
from policy_engine.load.conditions import build_condition
from policy_engine.load.context import Context
from policy_engine.load.declared import is_unread
from policy_engine.load.node import Node
from policy_engine.model.duties import Rule
from policy_engine.model.facts import Condition, Texts
from policy_engine.source import Citation

RULE = ("phrase", "applies_when", "readings")
"""The keys that a rule may have beside its own."""


class RuleContext(NamedTuple):
    """What rules are built from, and the ids that were met so far in the edition."""

    context: Context
    seen: dict[str, Node]

    @property
    def scope(self) -> Mapping[str, Named]:
        """The names that conditions may use."""
        return self.context.scope


def build_rule(
    node: Node, got: Mapping[str, Node], context: RuleContext, conditions: Iterable[Condition | None] = (), *, says: str = "says",
    phrase_needed: bool = True,
) -> Rule | None:  # fmt: skip
    """Read what every rule has; None where a condition of it has a fault.

    Args:
        node: the entry.
        got: its keys.
        context: what it is built from.
        conditions: the rule's other conditions: figures named there bring their own phrases.
        says: the key of its sentence; "" where the entry has none.
        phrase_needed: whether the entry must carry words of the text.
    """
    name = got["id"].text()
    check_name(got["id"], name)
    if name in context.seen:
        first = context.seen[name].place
        got["id"].complain("PE402", name=name, first=f"{first.file}:{first.line}")
    context.seen[name] = node
    applies = build_condition(got["applies_when"], context.scope) if "applies_when" in got else None
    spoken: Texts = fill(got[says], context.context.thresholds, context.scope) if says else {}
    readings = context.context.readings(got)
    if "applies_when" in got and applies is None:
        return None
    phrase = got["phrase"].text() if "phrase" in got else _phrase_of((applies, *conditions), context.context)
    if not phrase and phrase_needed and "phrase" not in got and None not in conditions and not _awaits((applies, *conditions), context):
        node.lacks("phrase")
    return Rule(name, Citation(got["cite"].text(), phrase), spoken, node.key_place, applies, readings)


def _awaits(conditions: Iterable[Condition | None], context: RuleContext) -> bool:
    """Tell whether conditions name a figure, which brings its own phrase; one that could not be read may bring one."""
    names = {name for condition in conditions if condition for name in condition.names}
    return any(name in context.context.thresholds or is_unread(name, context.scope) for name in names)


def _phrase_of(conditions: Iterable[Condition | None], context: Context) -> str:
    """Join the phrases of the figures that conditions name."""
    names = dict.fromkeys(name for condition in conditions if condition for name in condition.names)
    return "; ".join(context.thresholds[name].citation.phrase for name in names if name in context.thresholds)
