"""A file `track:` to a Track: thresholds, criteria under each level's own clause, and how they decide."""

from collections.abc import Iterable, Mapping, Sequence

from policy_engine.errors import N_
from policy_engine.language.check import positive_wholes
from policy_engine.language.complaint import nearest
from policy_engine.language.types import NOUNS, WRONG
from policy_engine.load.build_claims import CLAIMS, build_exceptions, build_gaps, build_monotone
from policy_engine.load.build_facts import build_invariants, check_name
from policy_engine.load.build_thresholds import build_thresholds, fill, named_figures
from policy_engine.load.conditions import build_condition
from policy_engine.load.context import Context
from policy_engine.load.node import Node
from policy_engine.model.facts import Condition, Invariant
from policy_engine.model.rulebook import Criterion, DecideStep, LevelRule, Residual, StandIn, Track
from policy_engine.source import Citation

_CRITERION = (("when", "says"), ("cite", "phrase", "applies_when", "applies_readings", "readings"))
_RULES = ("requires", "stand_in", "thresholds", "criteria", "readings")
OUTCOMES = ("gap", "decided_by_authority")


def build_track(node: Node, context: Context) -> Track:
    """Read one track, with levels or without (`no_thresholds:`)."""
    common = ("track", "cite", "label", "applies_to")
    if node.has("no_thresholds"):
        return _build_open_track(node, node.fields((*common, "no_thresholds"), ("readings",)), context)
    got = node.fields((*common, "levels", "decide", "residual"), (*_RULES, *CLAIMS))
    front = _plain_track(node, got, context)
    thresholds = build_thresholds(got["thresholds"], context.facts, context.scope) if "thresholds" in got else {}
    scope = {**context.scope, **(named_figures(got["thresholds"], thresholds) if "thresholds" in got else {})}
    context = context._replace(thresholds={**context.thresholds, **thresholds}, scope=scope)
    requires = build_invariants(got["requires"], scope, context.register, OUTCOMES) if "requires" in got else ()
    stand_ins = _build_stand_ins(got["stand_in"], context) if "stand_in" in got else ()
    context = context._replace(positive=_always_positive(requires, stand_ins))
    own = dict(got["criteria"].entries()) if "criteria" in got else {}
    for name, child in own.items():
        check_name(child, name)
    for name in own.keys() & context.shared.keys():
        first = context.shared[name].key_place
        own[name].complain("PE402", own[name].key_place, name=name, first=f"{first.file}:{first.line}")
    levels = _build_levels(got["levels"], context, {**context.shared, **own})
    used = {criterion.id for rule in levels for criterion in rule.criteria}
    for name in own.keys() - used:
        build_unused(own[name], context)
    track = front._replace(
        readings=context.readings(got), requires=requires, stand_ins=stand_ins, thresholds=thresholds, levels=levels,
        decide=tuple(_build_step(item, context, levels) for item in got["decide"].items()),
        residual=_build_residual(got["residual"], context), gaps=build_gaps(got, context), monotone=build_monotone(got, context),
    )  # fmt: skip
    _refuse_undecided(got, track, context)
    return track._replace(reads=_reads(track, context))


def _plain_track(node: Node, got: Mapping[str, Node], context: Context) -> Track:
    """Read what every track has."""
    name = got["track"].text()
    check_name(got["track"], name)
    applies = build_condition(got["applies_to"], context.scope) or _nowhere(got["applies_to"])
    return Track(
        name, Citation(got["cite"].text()), got["label"].texts(), applies, Residual("", None), node.place,
        reads=tuple(n for n in context.facts if n in applies.names),
    )  # fmt: skip


def _nowhere(node: Node) -> Condition:
    """Stand in for a condition that has a fault; the build is thrown away."""
    import ast  # noqa: PLC0415  (only a faulty rulebook gets here)

    return Condition(ast.Constant(value="x"), "", node.place, ())


def _build_open_track(node: Node, got: Mapping[str, Node], context: Context) -> Track:
    """Read a track for which the text prints no thresholds: nothing is computed, and that is said."""
    rule = got["no_thresholds"].fields(("outcome", "says"), ("readings",))
    residual = Residual(rule["outcome"].one_of(OUTCOMES), None, context.readings(rule))
    return _plain_track(node, got, context)._replace(residual=residual, says=rule["says"].texts(), readings=context.readings(got))


def _build_stand_ins(node: Node, context: Context) -> tuple[StandIn, ...]:
    """Read which facts stand in for which."""
    found: list[StandIn] = []
    for item in node.items():
        got = item.fields(("unless", "take"), ("readings",))
        unless = build_condition(got["unless"], context.scope)
        take = {target: child.text() for target, child in got["take"].entries(at_least=1)}
        for target, source in take.items():
            _check_pair(got["take"].child(target), target, source, context)
        if unless:
            found.append(StandIn(unless, take, context.readings(got)))
    return tuple(found)


def _check_pair(node: Node, target: str, source: str, context: Context) -> None:
    """Complain where a fact stands for one that is not declared, or is not of its type."""
    for name, place in ((target, node.key_place), (source, node.place)):
        if name and name not in context.facts:
            node.complain("PE401", place, name=name, sort=N_("fact"), nearest=nearest(name, context.facts))
    kinds = [context.facts[name].type.kind for name in (target, source) if name in context.facts]
    if len(set(kinds)) > 1:
        node.complain("PE303", found=f"{source} ({kinds[1]})", wanted=NOUNS[kinds[0]])


def _always_positive(requires: Iterable[Invariant], stand_ins: Iterable[StandIn]) -> frozenset[str]:
    """Give the wholes that the track's own rules keep above zero.

    A whole that others stand in for is safe where both are: the one that stands in, and, where
    the condition of standing in fails, the whole itself (`not apart or whole > 0`).
    """
    texts = {rule.holds.text for rule in requires}
    positive = frozenset[str]().union(*(positive_wholes(rule.holds.tree) for rule in requires))
    for stand_in in stand_ins:
        for target, source in stand_in.take.items():
            if source in positive and f"not {stand_in.unless.text} or {target} > 0" in texts:
                positive |= {target}
    return positive


def _build_levels(node: Node, context: Context, shared: Mapping[str, Node]) -> tuple[LevelRule, ...]:
    """Read what each level asks, best level first."""
    rules: list[LevelRule] = []
    seen: dict[str, Node] = {}
    for level, child in node.entries():
        if level not in context.scale:
            child.complain("PE401", child.key_place, name=level, sort=N_("level"), nearest=nearest(level, context.scale))
            continue
        mode = "any_of" if child.has("any_of") else "all_of"
        got = child.fields(("cite", mode), ("readings",))
        criteria = [_build_criterion(item, context, shared, seen) for item in got[mode].items()]
        if not criteria and isinstance(got[mode].value, list):
            got[mode].wrong(N_("at least one criterion"))
        kept = tuple(criterion for criterion in criteria if criterion)
        rules.append(LevelRule(level, Citation(got["cite"].text()), mode, kept, context.readings(got)))
    return tuple(sorted(rules, key=lambda rule: -context.scale[rule.level].rank))


def _build_criterion(node: Node, context: Context, shared: Mapping[str, Node], seen: dict[str, Node]) -> Criterion | None:
    """Read one entry of a level: a criterion of its own, or one written once and used under this clause."""
    if node.has("use"):
        got = node.fields(("use", "cite"), ("phrase",))
        name = got["use"].text()
        if name not in shared:
            got["use"].complain("PE401", name=name, sort=N_("criterion"), nearest=nearest(name, shared))
            return None
        return _criterion(shared[name], name, got, context)
    got = node.fields(("id", "cite", *_CRITERION[0]), _CRITERION[1])
    name = got["id"].text()
    check_name(got["id"], name)
    if name in seen or name in shared:
        first = (seen.get(name) or shared[name]).place
        got["id"].complain("PE402", name=name, first=f"{first.file}:{first.line}")
    seen[name] = node
    return _criterion(node, name, got, context)


def build_unused(node: Node, context: Context) -> None:
    """Check a shared criterion as if a track used it, so that one that nobody uses is still read."""
    _criterion(node, node.path[-1] if isinstance(node.path[-1], str) else "", node.fields(*_CRITERION), context)


def _criterion(node: Node, name: str, under: Mapping[str, Node], context: Context) -> Criterion | None:
    """Read a criterion's body at `node`, under the clause and phrase of the level that uses it."""
    body = node.fields(_CRITERION[0], (*(("id",) if "id" in under else ()), *_CRITERION[1]))
    applies = build_condition(body["applies_when"], context.scope) if "applies_when" in body else None
    guarded = context.positive | positive_wholes(applies.tree) if applies else context.positive
    when = build_condition(body["when"], context.scope, guarded)
    says = fill(body["says"], context.thresholds)
    if when is None or ("applies_when" in body and applies is None):
        return None
    thresholds = tuple(context.thresholds[n] for n in when.names if n in context.thresholds)
    if "cite" in body:
        body["cite"].text()
    phrases = [holder["phrase"].text() for holder in (under, body) if "phrase" in holder]
    phrase = phrases[0] if phrases else "; ".join(t.citation.phrase for t in thresholds)
    if not phrase and not any(context.scope[name].type is WRONG for name in when.names if name in context.scope):
        node.complain("PE202", node.key_place, key="phrase")
    cite = under["cite"].text() if "cite" in under else body["cite"].text() if "cite" in body else ""
    return Criterion(
        name, Citation(cite, phrase), when, says, node.key_place, applies, context.readings(body, "applies_readings"),
        context.readings(body), thresholds,
    )  # fmt: skip


def _build_step(node: Node, context: Context, rules: Sequence[LevelRule]) -> DecideStep:
    """Read one step of deciding."""
    key = "first" if node.has("first") else "highest_of"
    got = node.fields((key,), ("readings", "exceptions"))
    names = [got[key]] if key == "first" else got[key].items(at_least=1)
    for name in names:
        if name.text() not in context.scale and name.value is not None:
            name.complain("PE401", name=str(name.value), sort=N_("level"), nearest=nearest(str(name.value), context.scale))
    levels = [name.value for name in names if isinstance(name.value, str) and name.value in context.scale]
    ranked = sorted(levels, key=lambda level: -context.scale[level].rank)
    return DecideStep(tuple(ranked), context.readings(got), build_exceptions(got, ranked, rules, context.thresholds))


def _decided(step: Node) -> list[Node]:
    """Give the levels that a step names."""
    return [step.child("first")] if step.has("first") else step.child("highest_of").items() if step.has("highest_of") else []


def _build_residual(node: Node, context: Context) -> Residual:
    """Read what comes out where no level holds."""
    key = "level" if node.has("level") else "outcome"
    got = node.fields((key,), ("readings",))
    if key == "outcome":
        return Residual(got[key].one_of(OUTCOMES), None, context.readings(got))
    return Residual("classified", got[key].one_of(context.scale), context.readings(got))


def _refuse_undecided(got: Mapping[str, Node], track: Track, context: Context) -> None:
    """Complain of a level that is decided twice or never, or decided without a rule."""
    if any(not isinstance(node.value, str) or node.value not in context.scale for step in got["decide"].items() for node in _decided(step)):
        return  # what is missing there may be what is misspelt
    decided = [level for step in track.decide for level in step.levels]
    ruled = {rule.level for rule in track.levels}
    for level in context.scale:
        times = decided.count(level)
        if times > 1 or (times == 0 and level != track.residual.level) or (times == 1 and level not in ruled):
            got["decide"].complain("PE403", got["decide"].key_place, level=level)


def _reads(track: Track, context: Context) -> tuple[str, ...]:
    """Give the facts that a track reads, directly or through what they follow from, as the edition orders them."""
    conditions = [track.applies_to, *(rule.holds for rule in track.requires), *(s.unless for s in track.stand_ins)]
    conditions += [rule.otherwise.when for rule in track.requires if rule.otherwise and rule.otherwise.when]
    for rule in track.levels:
        for criterion in rule.criteria:
            conditions += [c for c in (criterion.when, criterion.applies_when) if c]
    needed = {name for c in conditions for name in c.names}
    needed |= {source for s in track.stand_ins for source in s.take.values()}
    grown = set[str]()
    while needed != grown:
        grown = set(needed)
        for name in grown & set(context.facts):
            fact = context.facts[name]
            needed |= {n for c in (fact.counted_from, fact.derived, fact.when_absent) if c for n in c.names}
    return tuple(name for name in context.facts if name in needed)
