"""A file `track:` to a Track: thresholds, criteria under each level's own clause, and how they decide."""

import ast
from collections.abc import Iterable, Sequence

from policy_engine.language.check import positive_wholes
from policy_engine.language.types import NOUNS, NUMBERS, WRONG
from policy_engine.load.build_facts import Context, build_invariants, check_name
from policy_engine.load.node import APPLIES_INTERPRETATIONS, INTERPRETATIONS, Declared, Everything, Fields, Node, build_condition, is_unread
from policy_engine.messages import N_
from policy_engine.model.facts import Condition, Invariant
from policy_engine.model.rulebook import (
    Criterion,
    DecideStep,
    GapDeclaration,
    LadderException,
    LevelRule,
    Monotonicity,
    Residual,
    StandIn,
    Track,
)
from policy_engine.source import Citation

OUTCOMES = ("gap", "decided_by_authority")
_NEVER = ("lowers", "raises")
_CRITERION = (("when", "says"), ("cite", "phrase", "applies_when", APPLIES_INTERPRETATIONS, INTERPRETATIONS))


def build_track(node: Node, context: Context) -> Track:
    """Read one track, with levels or without (`no_thresholds:`: nothing is computed, and that is said)."""
    common, open_track = ("track", "cite", "label", "applies_to"), node.has("no_thresholds")
    if open_track:
        got = node.fields((*common, "no_thresholds"), (INTERPRETATIONS,))
    else:
        more = ("requires", "stand_in", "thresholds", "criteria", INTERPRETATIONS, "gaps", "monotone")
        got = node.fields((*common, "levels", "decide", "residual"), more)
    name = got["track"].text()
    applies = context.condition(got["applies_to"])
    track = Track(
        id=name if check_name(got["track"], name) else "", citation=Citation(got["cite"].text()), label=got["label"].texts(),
        applies_to=applies or Condition(ast.Constant(value="x"), "", got["applies_to"].place, ()),  # a fault; the build is thrown away
        residual=Residual("", None), location=node.place,
    )  # fmt: skip
    if open_track:
        rule = got["no_thresholds"].fields(("outcome", "says"), (INTERPRETATIONS,))
        residual = Residual(rule["outcome"].one_of(OUTCOMES), None, context.interpretations(rule[INTERPRETATIONS]))
        track = track._replace(residual=residual, says=rule["says"].texts(), interpretations=context.interpretations(got[INTERPRETATIONS]))
        return track._replace(reads=tuple(fact for fact in context.facts if fact in track.applies_to.names))
    context, thresholds = context.with_figures(got)
    requires = build_invariants(got["requires"], context, OUTCOMES)
    stand_ins = tuple(made for item in got["stand_in"].items() if (made := _build_stand_in(item, context)))
    context = context._replace(positive=_always_positive(got, requires, stand_ins))
    own = Declared(got["criteria"].entries(), open="criteria" in got and not got["criteria"].is_block)
    where = {**context.shared}
    for criterion, child in own.items():
        own.open |= not check_name(child, criterion)
        child.once(criterion, where, by_key=True)
    shared = Declared({**context.shared, **own}, open=context.shared.open or own.open)
    levels = _build_levels(got["levels"], context, shared)
    for criterion in own.keys() - criteria_named(node):
        build_unused(own[criterion], context)
    track = track._replace(
        interpretations=context.interpretations(got[INTERPRETATIONS]), requires=requires, stand_ins=stand_ins, thresholds=thresholds,
        levels=levels, decide=tuple(_build_step(item, context, got["levels"]) for item in got["decide"].items()),
        residual=_build_residual(got["residual"], context), gaps=_build_gaps(got["gaps"], context),
        monotone=_build_monotone(got["monotone"], context),
    )  # fmt: skip
    _refuse_undecided(got, context)
    return track._replace(reads=_reads(track, context))


def _build_stand_in(node: Node, context: Context) -> StandIn | None:
    """Read which facts stand in for which: declared ones, of the same type."""
    got = node.fields(("unless", "take"), (INTERPRETATIONS,))
    unless, uses = context.condition(got["unless"]), context.interpretations(got[INTERPRETATIONS])
    take: dict[str, str] = {}
    for target, child in got["take"].entries(at_least=1):
        take[target] = source = child.text()
        child.refer(target, context.facts, N_("fact"), child.key_place)
        child.refer(source, context.facts, N_("fact"))
        kinds = [context.facts[name].type.kind for name in (target, source) if name in context.facts]
        if len(set(kinds)) > 1 and WRONG.kind not in kinds:
            child.complain("PE303", found=f"{source} ({kinds[1]})", wanted=NOUNS[kinds[0]])
    return StandIn(unless, take, uses) if unless else None


def _always_positive(got: Fields, requires: Sequence[Invariant], stand_ins: Sequence[StandIn]) -> frozenset[str]:
    """Return the wholes that the track's own rules keep above zero.

    A whole that others stand in for is safe where both are: the one that stands in, and, where
    the condition of standing in fails, the whole itself (`not apart or whole > 0`). Where a rule could not be read,
    every whole may be safe.
    """
    for key, read in (("requires", requires), ("stand_in", stand_ins)):
        if key in got and got[key].value != [] and len(got[key].items()) != len(read):
            return Everything()
    texts = {rule.holds.text for rule in requires}
    positive = frozenset[str]().union(*(positive_wholes(rule.holds.tree) for rule in requires))
    for rule in stand_ins:
        safe = [t for t, source in rule.take.items() if source in positive and f"not {rule.unless.text} or {t} > 0" in texts]
        positive |= {*safe}
    return positive


def _build_levels(node: Node, context: Context, shared: Declared[Node]) -> tuple[LevelRule, ...]:
    """Read what each level asks, best level first."""
    rules: list[LevelRule] = []
    seen: dict[str, Node] = {}
    for level, child in node.entries():
        if not child.refer(level, context.scale, N_("level"), child.key_place):
            continue
        mode = "any_of" if child.has("any_of") else "all_of"
        got = child.fields(("cite", mode), (INTERPRETATIONS,))
        criteria = [_build_criterion(item, context, shared, seen) for item in got[mode].items()]
        if not criteria and isinstance(got[mode].value, list):
            got[mode].wrong(N_("at least one criterion"))
        rules.append(
            LevelRule(
                level=level, citation=Citation(got["cite"].text()), mode=mode, criteria=tuple(filter(None, criteria)),
                interpretations=context.interpretations(got[INTERPRETATIONS]),
            )
        )  # fmt: skip
    return tuple(sorted(rules, key=lambda rule: -context.scale[rule.level].rank))


def _build_criterion(node: Node, context: Context, shared: Declared[Node], seen: dict[str, Node]) -> Criterion | None:
    """Read one entry of a level: a criterion of its own, or one written once and used under this clause."""
    if node.has("use"):
        got = node.fields(("use", "cite"), ("phrase",))
        name = got["use"].text()
        return _criterion(shared[name], name, got, context) if got["use"].refer(name, shared, N_("criterion")) else None
    got = node.fields(("id", "cite", *_CRITERION[0]), _CRITERION[1])
    name = got["id"].text()
    check_name(got["id"], name)
    if name in shared:
        seen.setdefault(name, shared[name])
    got["id"].once(name, seen, node)
    return _criterion(node, name, got, context)


def build_unused(node: Node, context: Context) -> None:
    """Check a shared criterion as if a track used it, so that one that nobody uses is still read."""
    _criterion(node, node.path[-1] if isinstance(node.path[-1], str) else "", node.fields(*_CRITERION), context)


def _criterion(node: Node, name: str, under: Fields, context: Context) -> Criterion | None:
    """Read a criterion's body at `node`, under the clause and phrase of the level that uses it."""
    body = under if "id" in under else node.fields(*_CRITERION)
    applies = context.condition(body["applies_when"])
    unread = "applies_when" in body and applies is None
    guarded = Everything() if unread else context.positive | positive_wholes(applies.tree) if applies else context.positive
    when = build_condition(body["when"], context.scope, guarded)
    says = context.sentence(body["says"])
    if when is None or unread:
        return None
    thresholds = tuple(context.thresholds[n] for n in when.names if n in context.thresholds)
    own_cite = body["cite"].text()
    phrases = [holder["phrase"].text() for holder in (under, body) if "phrase" in holder]
    if not phrases and not thresholds and not any(is_unread(name, context.scope) for name in when.names):
        node.lacks("phrase")
    phrase = phrases[0] if phrases else "; ".join(threshold.citation.phrase for threshold in thresholds)
    return Criterion(
        id=name, citation=Citation(under["cite"].text() if "cite" in under else own_cite, phrase), when=when, says=says,
        location=node.key_place, applies_when=applies, applies_interpretations=context.interpretations(body[APPLIES_INTERPRETATIONS]),
        interpretations=context.interpretations(body[INTERPRETATIONS]), thresholds=thresholds,
    )  # fmt: skip


def _build_step(node: Node, context: Context, rules: Node) -> DecideStep:
    """Read one step of deciding, and where a better level of it does not ask what a worse one of it asks."""
    key = "first" if node.has("first") else "highest_of"
    got = node.fields((key,), (INTERPRETATIONS, "exceptions"))
    nodes = [got[key]] if key == "first" else got[key].items(at_least=1)
    for one in nodes:
        one.refer(one.text(), context.scale, N_("level"))
    written = [one.value if isinstance(one.value, str) else "" for one in nodes]
    ranked = sorted((level for level in written if level in context.scale), key=lambda level: -context.scale[level].rank)
    levels = Declared[object](dict.fromkeys(written), open=not written or not {*written} <= {*context.scale})
    names = [name for level in ranked for name in _named_in(rules.child(level))]
    asked = Declared[object](dict.fromkeys(names), open=not names or "" in names or context.scale.open)
    exceptions: list[LadderException] = []
    for item in got["exceptions"].items(at_least=1):
        own = item.fields(("level", "without", "says"))
        without = own["without"].items(at_least=1)
        for child in without:
            child.refer(child.text(), asked, N_("criterion"))
        left_out = tuple(child.text() for child in without)
        exceptions.append(LadderException(own["level"].one_of(levels), left_out, context.sentence(own["says"]), item.place))
    return DecideStep(tuple(ranked), context.interpretations(got[INTERPRETATIONS]), tuple(exceptions))


def _build_residual(node: Node, context: Context) -> Residual:
    key = "level" if node.has("level") else "outcome"
    got = node.fields((key,), (INTERPRETATIONS,))
    uses = context.interpretations(got[INTERPRETATIONS])
    if key == "outcome":
        return Residual(got[key].one_of(OUTCOMES), None, uses)
    return Residual("classified", got[key].one_of(context.scale), uses)


def _build_gaps(node: Node, context: Context) -> tuple[GapDeclaration, ...]:
    found: list[GapDeclaration] = []
    for item in _named_entries(node):
        got = item.fields(("id", "where", "says"), (INTERPRETATIONS,))
        where, says, uses = context.condition(got["where"]), context.sentence(got["says"]), context.interpretations(got[INTERPRETATIONS])
        if where:
            found.append(GapDeclaration(id=got["id"].text(), where=where, says=says, location=item.place, interpretations=uses))
    return tuple(found)


def _build_monotone(node: Node, context: Context) -> tuple[Monotonicity, ...]:
    found: list[Monotonicity] = []
    for item in _named_entries(node):
        got = item.fields(("id", "more", "never", "says"))
        fact = got["more"].text()
        if got["more"].refer(fact, context.facts, N_("fact")) and context.facts[fact].type.kind not in {*NUMBERS, WRONG.kind}:
            got["more"].complain("PE303", found=f"{fact} ({context.facts[fact].type.kind})", wanted=NOUNS["zero"])
        never, says = got["never"].one_of(_NEVER), got["says"].texts()
        found.append(Monotonicity(id=got["id"].text(), more=fact, never=never, says=says, location=item.place))
    return tuple(found)


def _named_entries(node: Node) -> Iterable[Node]:
    seen: dict[str, Node] = {}
    for item in node.items(at_least=1):
        if item.has("id"):
            name = item.child("id")
            check_name(name, name.text())
            name.once(name.text(), seen, item)
        yield item


def criteria_named(track: Node) -> set[str]:
    """Return the names of the criteria under the levels of a track, read or not."""
    levels = track.child("levels")
    return {name for level in (levels.value if isinstance(levels.value, dict) else ()) for name in _named_in(levels.child(level))}


def _named_in(rule: Node) -> list[str]:
    """Return the names of the criteria under a level, read or not; "" for each that has none."""
    items = rule.child("any_of" if rule.has("any_of") else "all_of").value
    named = [item.get("use", item.get("id")) if isinstance(item, dict) else None for item in (items if isinstance(items, list) else [None])]
    return [name if isinstance(name, str) else "" for name in named]


_NEVER_SAID = N_("is in the scale, but this track does not say when it holds")
_ADD_BOTH = N_("add `{level}:` under `levels:`, then name it under `decide:`")
_NOT_DECIDED = N_("stands under `levels:`, but nothing under `decide:` names it")
_ADD_STEP = N_("name it in a step under `decide:`")
_NO_RULE = N_("is named under `decide:`, but stands not under `levels:`")
_ADD_RULE = N_("add `{level}:` under `levels:`, with its clause and its criteria")
_TWICE = N_("is decided twice")
_KEEP_ONE = N_("name it in one step of `decide:`")


def _refuse_undecided(got: Fields, context: Context) -> None:
    """Complain of a level that is decided twice or never, or decided without a rule."""
    steps: list[Node] = []
    for step in got["decide"].items():
        node = step.child("first" if step.has("first") else "highest_of")
        many = not step.has("first") and isinstance(node.value, list)
        steps += [node.child(index) for index in range(len(node.value))] if many and isinstance(node.value, list) else [node]
    named = [node.value if isinstance(node.value, str) else "" for node in steps]
    ruled = list(got["levels"].value) if isinstance(got["levels"].value, dict) else [""]
    written = got["residual"].child("level").value
    rest = written if isinstance(written, str) else "" if got["residual"].has("level") else None
    if not steps or context.scale.open or not {*named, *ruled, *([] if rest is None else [rest])} <= {*context.scale}:
        return  # what is missing there may be what is misspelt
    for level in context.scale:
        if named.count(level) > 1:
            last = [node for node, name in zip(steps, named, strict=True) if name == level][-1]
            last.complain("PE403", level=level, fault=_TWICE, remedy=_KEEP_ONE)
        elif level in named and level not in ruled:
            steps[named.index(level)].complain("PE403", level=level, fault=_NO_RULE, remedy=_ADD_RULE)
        elif level not in named and level != rest:
            fault, remedy = (_NOT_DECIDED, _ADD_STEP) if level in ruled else (_NEVER_SAID, _ADD_BOTH)
            got["decide"].complain("PE403", got["decide"].key_place, level=level, fault=fault, remedy=remedy)


def _reads(track: Track, context: Context) -> tuple[str, ...]:
    """Return the facts that a track reads, directly or through what they follow from, as the edition orders them."""
    conditions = [track.applies_to, *(rule.holds for rule in track.requires), *(rule.unless for rule in track.stand_ins)]
    conditions += [rule.otherwise.when for rule in track.requires if rule.otherwise and rule.otherwise.when]
    criteria = (criterion for rule in track.levels for criterion in rule.criteria)
    conditions += [c for criterion in criteria for c in (criterion.when, criterion.applies_when) if c]
    needed = {name for c in conditions for name in c.names} | {source for rule in track.stand_ins for source in rule.take.values()}
    grown = set[str]()
    while needed != grown:
        grown = set(needed)
        for fact in (context.facts[name] for name in grown if name in context.facts):
            needed |= {n for c in (fact.counted_from, fact.derived, fact.when_absent) if c for n in c.names}
    return tuple(name for name in context.facts if name in needed)
