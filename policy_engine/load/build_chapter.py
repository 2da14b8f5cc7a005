"""A file `chapter:` to a Chapter: who reviews and decides, what must be on file and by when, and what binds a level."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from policy_engine.errors import N_
from policy_engine.language.complaint import nearest
from policy_engine.language.quantity import Quantity
from policy_engine.language.types import LEVEL, NOUNS, WRONG, Named
from policy_engine.load.build_facts import (
    RECORD_NAMES,
    Context,
    build_exemptions,
    build_quantity,
    build_thresholds,
    check_name,
    closed_lists,
    named_figures,
)
from policy_engine.load.build_track import RULE, RuleContext, build_rule
from policy_engine.load.node import Declared, Node, build_condition, is_unread
from policy_engine.model.case import LINKS
from policy_engine.model.duties import (
    COUNTED,
    DUTIES,
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
)
from policy_engine.model.facts import MEANINGS, OperativeWords, Threshold, Word

_UNITS = ("%", "points", "months", "count")
_DECIMALS = (",", ".")
HOLE = "…"


def build_words(node: Node | None) -> OperativeWords:
    """Read the operative words; no word stands twice."""
    if node is None:
        return OperativeWords()
    got = node.fields(("operative_words",), ("units", "figures", "days", "decimal"))
    spelled: dict[str, Node] = {}
    signs = _words(got["operative_words"], MEANINGS, spelled)
    units = _words(got["units"], _UNITS, {}) if "units" in got else ()
    figures = _figures(got["figures"], spelled) if "figures" in got else ()
    days = tuple(_day(item) for item in got["days"].items(at_least=1)) if "days" in got else ()
    return OperativeWords(signs, units, figures, days, got["decimal"].one_of(_DECIMALS) if "decimal" in got else _DECIMALS[0])


def _words(node: Node, meanings: tuple[str, ...], spelled: dict[str, Node]) -> tuple[Word, ...]:
    """Read words by what they mean."""
    found: list[Word] = []
    for item in node.items(at_least=1):
        got = item.fields(("means", "words"))
        means = got["means"].one_of(meanings)
        found += [Word(_spelling(word, spelled), means) for word in got["words"].items(at_least=1)]
    return tuple(found)


def _spelling(node: Node, spelled: dict[str, Node]) -> str:
    """Read one word, which may have no other meaning already."""
    text = " ".join(node.text().split())
    key = text.casefold()
    if key and key in spelled:
        first = spelled[key].place
        node.complain("PE402", name=text, first=f"{first.file}:{first.line}")
    spelled[key] = node
    if text and not text.replace(HOLE, "").strip():
        node.wrong(N_("words, with … for what stands between them"))
    return text


def _figures(node: Node, spelled: Mapping[str, Node]) -> tuple[tuple[str, Quantity], ...]:
    """Read figures that the text writes in words."""
    found: list[tuple[str, Quantity]] = []
    seen = dict(spelled)
    for item in node.items(at_least=1):
        got = item.fields(("means", "words"))
        quantity = build_quantity(got["means"])
        texts = [_spelling(word, seen) for word in got["words"].items(at_least=1)]
        found += [(text, quantity) for text in texts if quantity]
    return tuple(found)


def _day(node: Node) -> str:
    """Read a form of days: the letters d, m and (perhaps) y, each standing for digits."""
    text = node.text()
    parts = "".join(sign if sign.isalpha() else " " for sign in text).split()
    if text and not (parts.count("d") == parts.count("m") == 1 and parts.count("y") <= 1):
        node.wrong(N_("a form of days like d/m/y"))
    return text


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


_BLOCKS = ("routes", "requirements", "contents", "ceilings", "eligibility", "caps")


class Parts(NamedTuple):
    """What chapters are built from: the edition's other parts."""

    context: Context
    bodies: Declared[Body]
    tracks: Declared[object]


def build_chapters(nodes: Iterable[Node], parts: Parts) -> tuple[Chapter, ...]:
    """Read every chapter, in the order of their files; an id stands for one rule in the whole edition."""
    seen: dict[str, Node] = {}
    clauses: dict[str, Node] = {}
    chapters: list[Chapter] = []
    for node in nodes:
        chapter = _build_chapter(node, parts, seen)
        if chapter.clause in clauses:
            first = clauses[chapter.clause].place
            node.child("chapter").complain("PE402", name=chapter.clause, first=f"{first.file}:{first.line}")
        clauses[chapter.clause] = node
        chapters.append(chapter)
    return tuple(chapters)


def _build_chapter(node: Node, parts: Parts, seen: dict[str, Node]) -> Chapter:
    """Read one chapter."""
    got = node.fields(("chapter", "label"), ("tracks", "except", "thresholds", *_BLOCKS))
    tracks = tuple(_track(item, parts.tracks) for item in got["tracks"].items(at_least=1)) if "tracks" in got else ()
    scope = {**parts.context.scope, **{name: Named(kind) for name, kind in RECORD_NAMES.items()}}
    thresholds = build_thresholds(got["thresholds"], parts.context.facts, scope) if "thresholds" in got else {}
    scope |= named_figures(got["thresholds"], thresholds) if "thresholds" in got else {}
    known = {**parts.context.thresholds, **thresholds}
    context = RuleContext(parts.context._replace(scope=scope, thresholds=known), seen)
    plain = RuleContext(context.context._replace(scope={n: v for n, v in scope.items() if n not in RECORD_NAMES}), seen)
    return Chapter(
        got["chapter"].text(), got["label"].texts(), node.place, tracks, thresholds,
        tuple(route for item in _items(got, "routes") if (route := _build_route(item, context, parts.bodies))),
        tuple(asked for item in _items(got, "requirements") if (asked := _build_requirement(item, context, ("in_time",)))),
        tuple(listed for item in _items(got, "contents") if (listed := _build_requirement(item, context, ()))),
        tuple(ceiling for item in _items(got, "ceilings") if (ceiling := _build_ceiling(item, context, plain))),
        tuple(bar for item in _items(got, "eligibility") if (bar := _build_eligibility(item, plain))),
        tuple(cap for item in _items(got, "caps") if (cap := build_cap(item, plain))),
        build_exemptions(got["except"], closed_lists(parts.context, parts.tracks)) if "except" in got else (),
    )  # fmt: skip


def _items(got: Mapping[str, Node], key: str) -> list[Node]:
    """Return the entries of a block, where it stands."""
    return got[key].items(at_least=1) if key in got else []


def _track(node: Node, tracks: Declared[object]) -> str:
    """Read the name of a track."""
    name = node.text()
    node.refer(name, tracks, N_("track"))
    return name


def _build_route(node: Node, context: RuleContext, bodies: Declared[Body]) -> Route | None:
    """Read one route: a body that does a duty, or the statement that the text names none."""
    if node.has("not_covered"):
        got = node.fields(("id", "cite", "duty", "not_covered"), RULE)
        rule = build_rule(node, got, context, says="not_covered", phrase_needed=False)
        return Route(rule, got["duty"].one_of(DUTIES), None) if rule else None
    got = node.fields(("id", "cite", "duty", "body"), RULE)
    body = got["body"].text()
    got["body"].refer(body, bodies, N_("body"))
    rule = build_rule(node, got, context, says="")
    return Route(rule, got["duty"].one_of(DUTIES), body) if rule else None


def _build_requirement(node: Node, context: RuleContext, more: tuple[str, ...]) -> Requirement | None:
    """Read what must be there, and by when."""
    got = node.fields(("id", "cite", "holds", "severity", "says"), (*RULE, *more))
    holds = build_condition(got["holds"], context.scope)
    in_time = build_condition(got["in_time"], context.scope) if "in_time" in got else None
    rule = build_rule(node, got, context, (holds, in_time))
    severity = got["severity"].one_of(SEVERITIES)
    if rule is None or holds is None or ("in_time" in got and in_time is None):
        return None
    return Requirement(rule, holds, in_time, severity)


def _build_ceiling(node: Node, flagging: RuleContext, lowering: RuleContext) -> Ceiling | None:
    """Read what a level is held against; what lowers a level may not rest on what was decided."""
    context = lowering if node.child("on_breach").value == "lower" else flagging
    relation = "same_as" if node.has("same_as") else "not_above"
    got = node.fields(("id", "cite", relation, "on_breach", "severity", "says"), RULE)
    other = build_condition(got[relation], context.scope, wanted=LEVEL)
    rule = build_rule(node, got, context)
    breach = got["on_breach"].one_of(("flag", "lower") if relation == "not_above" else ("flag",))
    severity = got["severity"].one_of(SEVERITIES)
    return Ceiling(rule, relation, other, breach == "lower", severity) if rule and other else None


def _build_eligibility(node: Node, context: RuleContext) -> Eligibility | None:
    """Read who is reviewed but not classified."""
    got = node.fields(("id", "cite", "when", "says"), ("phrase", "readings"))
    when = build_condition(got["when"], context.scope)
    rule = build_rule(node, got, context, (when,))
    return Eligibility(rule, when) if rule and when else None


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
        aliases = tuple(item.text() for item in got["aliases"].items()) if "aliases" in got else ()
        label = got["label"].texts()
        for spelling in dict.fromkeys((name, *label.values(), *aliases)):
            if spelling and spelling in spelled:
                first = spelled[spelling].key_place
                child.complain("PE402", child.key_place, name=spelling, first=f"{first.file}:{first.line}")
            spelled[spelling] = child
        bodies[name] = Body(name, label, aliases)
    return bodies


def build_clauses(node: Node | None) -> tuple[Clause, ...]:
    """Read the list of the text's clauses, in its order."""
    clauses: dict[str, Clause] = {}
    for item in node.fields(("clauses",))["clauses"].items(at_least=1) if node else ():
        got = item.fields(("clause", "starts", "says"), ("why_not", "leaves_out"))
        name = got["clause"].text()
        if name in clauses:
            first = clauses[name].location
            got["clause"].complain("PE402", name=name, first=f"{first.file}:{first.line}")
        told = {key: got[key].texts() if key in got else {} for key in ("why_not", "leaves_out")}
        clauses[name] = Clause(name, got["starts"].text(), got["says"].texts(), told["why_not"], told["leaves_out"], item.place)
    return tuple(clauses.values())
