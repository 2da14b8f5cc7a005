"""A cohort rule: which share of which whole may have a level."""

from policy_engine.errors import N_
from policy_engine.language.complaint import nearest
from policy_engine.language.types import NOUNS, WRONG
from policy_engine.load.build_rule import RULE, RuleContext, build_rule
from policy_engine.load.conditions import build_condition
from policy_engine.load.declared import Declared, is_unread
from policy_engine.load.node import Node
from policy_engine.model.case import LINKS
from policy_engine.model.duties import COUNTED, ROUNDINGS, SEVERITIES, Cap, CapException
from policy_engine.model.threshold import Threshold

_EVERYONE = "everyone"
_GROUPING = ("choice", "text", "bool")


def build_cap(node: Node, context: RuleContext) -> Cap | None:
    """Read one cohort rule."""
    got = node.fields(
        ("id", "cite", "level", "at_most", "base", "rounding", "counted", "severity", "says"), (*RULE, "per", "exception")
    )  # fmt: skip
    level = got["level"].one_of(context.context.scale)
    at_most = _share(got["at_most"], context)
    base = _base(got["base"], context)
    per = _groups(got["per"], context) if "per" in got else ()
    words = got["rounding"].one_of(ROUNDINGS), got["counted"].one_of(COUNTED), got["severity"].one_of(SEVERITIES)
    exception = _exception(got["exception"], context, per) if "exception" in got else None
    rule = build_rule(node, got, context, phrase_needed=False)
    if rule is None or at_most is None:
        return None
    phrase = rule.citation.phrase or at_most.citation.phrase
    rule = rule._replace(citation=rule.citation._replace(phrase=phrase))
    return Cap(rule, level, at_most, base, per, *words, exception)


def _share(node: Node, context: RuleContext) -> Threshold | None:
    """Read the name of a threshold that is a percentage."""
    name = node.text()
    threshold = context.context.thresholds.get(name)
    if name and threshold is None and not is_unread(name, context.scope):
        node.complain("PE401", name=name, sort=N_("threshold"), nearest=nearest(name, context.context.thresholds))
    if threshold and threshold.quantity.type.kind != "share":
        node.complain("PE303", found=f"{name} ({threshold.quantity.type.kind})", wanted=NOUNS["share"])
    return threshold


def _base(node: Node, context: RuleContext) -> tuple[str, ...]:
    """Read which cases are the whole: everyone, or those at some levels."""
    if node.value == _EVERYONE:
        return ()
    if isinstance(node.value, str):
        node.complain("PE204", found=node.value, nearest=nearest(node.value, (_EVERYONE,)), known=_EVERYONE)
        return ()
    return tuple(item.one_of(context.context.scale) for item in node.items(at_least=1))


def _groups(node: Node, context: RuleContext) -> tuple[str, ...]:
    """Read what cases of one group share: a link, or facts."""
    names = [item.text() for item in node.items(at_least=1)]
    facts = context.context.facts
    grouping = {name: fact for name, fact in facts.items() if fact.type is WRONG or fact.type.kind in _GROUPING}
    known = Declared[object]({**dict.fromkeys(LINKS), **grouping}, open=facts.open)
    for index, name in enumerate(names):
        node.child(index).refer(name, known, N_("fact"))
    return tuple(names)


def _exception(node: Node, context: RuleContext, per: tuple[str, ...]) -> CapException | None:
    """Read the higher share, and of which groups it is."""
    got = node.fields(("at_most", "where"))
    at_most, where = _share(got["at_most"], context), build_condition(got["where"], context.scope)
    if (len(per) != 1 or per[0] not in LINKS) and all(name in LINKS or name in context.context.facts for name in per):
        node.complain("PE411", node.key_place, links=", ".join(LINKS))
    return CapException(at_most, where) if at_most and where else None
