"""A file `chapter:` to a Chapter: who reviews and decides, what must be on file and by when, and what binds a level.

And what stands beside the chapters: the bodies, the clauses of the text, the words of it that carry force.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

from policy_engine.language.complaint import nearest
from policy_engine.language.quantity import Quantity
from policy_engine.language.types import LEVEL, NOUNS, WRONG, Named
from policy_engine.load.build_facts import Context, build_exemptions, build_quantity, check_name, closed_lists
from policy_engine.load.node import INTERPRETATIONS, Declared, Fields, Node, is_unread
from policy_engine.messages import N_
from policy_engine.model.case import LINKS
from policy_engine.model.duties import (
    COUNTED,
    DUTIES,
    RECORD_NAMES,
    ROUNDINGS,
    SEVERITIES,
    Body,
    Cap,
    CapException,
    Ceiling,
    Chapter,
    Clause,
    Eligibility,
    Requirement,
    Route,
    Rule,
)
from policy_engine.model.facts import MEANINGS, Condition, OperativeWords, Texts, Threshold, Word
from policy_engine.source import Citation, Location

_Entry = TypeVar("_Entry")

_RULE = ("phrase", "applies_when", INTERPRETATIONS)
"""The keys that a rule may have beside its own."""
_UNITS = ("%", "points", "months", "count")
_DECIMALS = (",", ".")
HOLE = "…"
_EVERYONE = "everyone"
_GROUPING = ("choice", "text", "bool")


def build_words(node: Node | None) -> OperativeWords:
    """Read the operative words; no word stands twice."""
    if node is None:
        return OperativeWords()
    got = node.fields(("operative_words",), ("units", "figures", "days", "decimal"))
    spelled: dict[str, Location] = {}
    signs = _words(got["operative_words"], MEANINGS, spelled)
    units = _words(got["units"], _UNITS, {})
    figures: list[tuple[str, Quantity]] = []
    for item in got["figures"].items(at_least=1):
        own = item.fields(("means", "words"))
        quantity = build_quantity(own["means"])
        texts = [_spelling(word, spelled) for word in own["words"].items(at_least=1)]
        figures += [(text, quantity) for text in texts if quantity]
    days = tuple(_day(item) for item in got["days"].items(at_least=1))
    return OperativeWords(signs=signs, units=units, figures=tuple(figures), days=days, decimal=got["decimal"].one_of(_DECIMALS))


def _words(node: Node, meanings: tuple[str, ...], spelled: dict[str, Location]) -> tuple[Word, ...]:
    found: list[Word] = []
    for item in node.items(at_least=1):
        got = item.fields(("means", "words"))
        means = got["means"].one_of(meanings)
        found += [Word(_spelling(word, spelled), means) for word in got["words"].items(at_least=1)]
    return tuple(found)


def _spelling(node: Node, spelled: dict[str, Location]) -> str:
    """Read one word, which may have no other meaning already."""
    text = " ".join(node.text().split())
    first = spelled.get(text.casefold())
    if text and first:
        node.complain("PE402", name=text, first=f"{first.file}:{first.line}")
    spelled[text.casefold()] = node.place
    if text and not text.replace(HOLE, "").strip():
        node.wrong(N_("words, with … for what stands between them"))
    return text


def _day(node: Node) -> str:
    """Read a form of days: the letters d, m and (perhaps) y, each standing for digits."""
    text = node.text()
    parts = "".join(sign if sign.isalpha() else " " for sign in text).split()
    if text and not (parts.count("d") == parts.count("m") == 1 and parts.count("y") <= 1):
        node.wrong(N_("a form of days like d/m/y"))
    return text


def build_bodies(node: Node | None) -> Declared[Body]:
    """Read the bodies that the edition names; no two share a spelling."""
    if node is None:
        return Declared()
    block = node.fields(("bodies",))["bodies"]
    bodies = Declared[Body](open=not block.value or not block.is_block)
    spelled: dict[str, Node] = {}
    for name, child in block.entries(at_least=1):
        bodies.open |= not check_name(child, name)
        got = child.fields(("label",), ("aliases",))
        bodies[name] = Body(name, got["label"].texts(), tuple(item.text() for item in got["aliases"].items()))
        for spelling in filter(None, dict.fromkeys((name, *bodies[name].label.values(), *bodies[name].aliases))):
            child.once(spelling, spelled, by_key=True)
    return bodies


def build_clauses(node: Node | None) -> tuple[Clause, ...]:
    """Read the list of the text's clauses, in its order."""
    clauses: dict[str, Clause] = {}
    seen: dict[str, Node] = {}
    for item in node.fields(("clauses",))["clauses"].items(at_least=1) if node else ():
        got = item.fields(("clause", "starts", "says"), ("why_not", "leaves_out"))
        name = got["clause"].text()
        got["clause"].once(name, seen, item)
        clauses[name] = Clause(
            id=name, starts=got["starts"].text(), says=got["says"].texts(), why_not=got["why_not"].texts(),
            leaves_out=got["leaves_out"].texts(), location=item.place,
        )  # fmt: skip
    return tuple(clauses.values())


def build_chapters(nodes: Iterable[Node], context: Context, bodies: Declared[Body], tracks: Declared[object]) -> tuple[Chapter, ...]:
    """Read every chapter, in the order of their files; an id stands for one rule in the whole edition."""
    context = context._replace(seen={})
    clauses: dict[str, Node] = {}
    chapters: list[Chapter] = []
    for node in nodes:
        chapter = _build_chapter(node, context, bodies, tracks)
        node.child("chapter").once(chapter.clause, clauses, node)
        chapters.append(chapter)
    return tuple(chapters)


def _build_chapter(node: Node, plain: Context, bodies: Declared[Body], tracks: Declared[object]) -> Chapter:
    """Read one chapter. What sets a level aside, lowers it or counts it may not rest on what was decided (`plain`)."""
    blocks = ("routes", "requirements", "contents", "ceilings", "eligibility", "caps")
    got = node.fields(("chapter", "label"), ("tracks", "except", "thresholds", *blocks))
    named = got["tracks"].items(at_least=1)
    for item in named:
        item.refer(item.text(), tracks, N_("track"))
    own = {name: Named(kind) for name, kind in RECORD_NAMES.items()}
    context, thresholds = plain._replace(scope={**plain.scope, **own}).with_figures(got)
    plain = context._replace(scope={name: named for name, named in context.scope.items() if name not in RECORD_NAMES})

    def built(key: str, build: Callable[[Node], _Entry | None]) -> tuple[_Entry, ...]:
        return tuple(entry for item in got[key].items(at_least=1) if (entry := build(item)) is not None)

    return Chapter(
        clause=got["chapter"].text(), label=got["label"].texts(), location=node.place, tracks=tuple(item.text() for item in named),
        thresholds=thresholds,
        routes=built("routes", lambda item: _build_route(item, context, bodies)),
        requirements=built("requirements", lambda item: _build_requirement(item, context, ("in_time",))),
        contents=built("contents", lambda item: _build_requirement(item, context, ())),
        ceilings=built("ceilings", lambda item: _build_ceiling(item, context, plain)),
        eligibility=built("eligibility", lambda item: _build_eligibility(item, plain)),
        caps=built("caps", lambda item: _build_cap(item, plain)),
        exemptions=build_exemptions(got["except"], closed_lists(context, tracks)) if "except" in got else (),
    )  # fmt: skip


def _build_rule(
    node: Node, got: Fields, context: Context, conditions: Iterable[Condition | None] = (), *, says: str = "says",
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
    got["id"].once(name, context.seen, node)
    applies = context.condition(got["applies_when"])
    spoken: Texts = context.sentence(got[says]) if says else {}
    uses = context.interpretations(got[INTERPRETATIONS])
    if "applies_when" in got and applies is None:
        return None
    others = tuple(conditions)
    names = dict.fromkeys(name for condition in (applies, *others) if condition for name in condition.names)
    figures = [context.thresholds[name].citation.phrase for name in names if name in context.thresholds]
    phrase = got["phrase"].text() if "phrase" in got else "; ".join(figures)
    awaits = bool(figures) or any(is_unread(name, context.scope) for name in names)  # one that could not be read may bring a phrase
    if phrase_needed and not phrase and "phrase" not in got and None not in others and not awaits:
        node.lacks("phrase")
    return Rule(
        id=name, citation=Citation(got["cite"].text(), phrase), says=spoken, location=node.key_place, applies_when=applies,
        interpretations=uses,
    )  # fmt: skip


def _build_route(node: Node, context: Context, bodies: Declared[Body]) -> Route | None:
    """Read one route: a body that does a duty, or the statement that the text names none."""
    key = "not_covered" if node.has("not_covered") else "body"
    got = node.fields(("id", "cite", "duty", key), _RULE)
    covered = key == "body"
    body = got["body"].text() if covered else None
    if body is not None:
        got["body"].refer(body, bodies, N_("body"))
    rule = _build_rule(node, got, context, says="" if covered else key, phrase_needed=covered)
    return Route(rule, got["duty"].one_of(DUTIES), body) if rule else None


def _build_requirement(node: Node, context: Context, more: tuple[str, ...]) -> Requirement | None:
    got = node.fields(("id", "cite", "holds", "severity", "says"), (*_RULE, *more))
    holds = context.condition(got["holds"])
    in_time = context.condition(got["in_time"]) if "in_time" in got else None
    rule, severity = _build_rule(node, got, context, (holds, in_time)), got["severity"].one_of(SEVERITIES)
    return Requirement(rule, holds, in_time, severity) if rule and holds and (in_time or "in_time" not in got) else None


def _build_ceiling(node: Node, flagging: Context, lowering: Context) -> Ceiling | None:
    """Read what a level is held against; what lowers a level may not rest on what was decided."""
    context = lowering if node.child("on_breach").value == "lower" else flagging
    relation = "same_as" if node.has("same_as") else "not_above"
    got = node.fields(("id", "cite", relation, "on_breach", "severity", "says"), _RULE)
    other = context.condition(got[relation], LEVEL)
    rule = _build_rule(node, got, context)
    breach = got["on_breach"].one_of(("flag", "lower") if relation == "not_above" else ("flag",))
    severity = got["severity"].one_of(SEVERITIES)
    return Ceiling(rule=rule, relation=relation, other=other, lowers=breach == "lower", severity=severity) if rule and other else None


def _build_eligibility(node: Node, context: Context) -> Eligibility | None:
    got = node.fields(("id", "cite", "when", "says"), ("phrase", INTERPRETATIONS))
    when = context.condition(got["when"])
    rule = _build_rule(node, got, context, (when,))
    return Eligibility(rule, when) if rule and when else None


def _build_cap(node: Node, context: Context) -> Cap | None:
    """Read one cohort rule: a share of a base (everyone, or those at some levels) in groups (of one link, or of some facts)."""
    keys = ("id", "cite", "level", "at_most", "base", "rounding", "counted", "severity", "says")
    got = node.fields(keys, (*_RULE, "per", "exception"))
    level, at_most = got["level"].one_of(context.scale), _share(got["at_most"], context)
    base, per = got["base"].value, [item.text() for item in got["per"].items(at_least=1)]
    if isinstance(base, str) and base != _EVERYONE:
        got["base"].complain("PE204", found=base, nearest=nearest(base, (_EVERYONE,)), known=_EVERYONE)
    levels = () if isinstance(base, str) else tuple(item.one_of(context.scale) for item in got["base"].items(at_least=1))
    grouping = {name: fact for name, fact in context.facts.items() if fact.type is WRONG or fact.type.kind in _GROUPING}
    known = Declared[object]({**dict.fromkeys(LINKS), **grouping}, open=context.facts.open)
    for index, name in enumerate(per):
        got["per"].child(index).refer(name, known, N_("fact"))
    exception = _exception(got["exception"], context, per) if "exception" in got else None
    rule = _build_rule(node, got, context, phrase_needed=False)
    rounding, counted = got["rounding"].one_of(ROUNDINGS), got["counted"].one_of(COUNTED)
    severity = got["severity"].one_of(SEVERITIES)
    if rule is None or at_most is None:
        return None
    rule = rule._replace(citation=rule.citation._replace(phrase=rule.citation.phrase or at_most.citation.phrase))
    return Cap(
        rule=rule, level=level, at_most=at_most, base=levels, per=tuple(per), rounding=rounding, counted=counted, severity=severity,
        exception=exception,
    )  # fmt: skip


def _share(node: Node, context: Context) -> Threshold | None:
    """Read the name of a threshold that is a percentage."""
    name = node.text()
    threshold = context.thresholds.get(name)
    if name and threshold is None and not is_unread(name, context.scope):
        node.complain("PE401", name=name, sort=N_("threshold"), nearest=nearest(name, context.thresholds))
    if threshold and threshold.quantity.type.kind != "share":
        node.complain("PE303", found=f"{name} ({threshold.quantity.type.kind})", wanted=NOUNS["share"])
    return threshold


def _exception(node: Node, context: Context, per: list[str]) -> CapException | None:
    """Read the higher share, and of which groups it is: groups that are named after a case, which the condition is about."""
    got = node.fields(("at_most", "where"))
    at_most, where = _share(got["at_most"], context), context.condition(got["where"])
    if (len(per) != 1 or per[0] not in LINKS) and all(name in LINKS or name in context.facts for name in per):
        node.complain("PE411", node.key_place, links=", ".join(LINKS))
    return CapException(at_most, where) if at_most and where else None
