"""A file `track:` to a Track: thresholds, criteria under each level's own clause, and how they decide."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from policy_engine.errors import N_
from policy_engine.language.check import positive_wholes
from policy_engine.language.types import NOUNS, NUMBERS, WRONG, Named
from policy_engine.load.build_facts import Context, build_invariants, build_thresholds, check_name, fill, named_figures
from policy_engine.load.node import Declared, Everything, Node, build_condition, is_unread
from policy_engine.model.duties import Rule
from policy_engine.model.facts import Condition, Invariant, Texts
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
    interpretations = context.context.interpretations(got)
    if "applies_when" in got and applies is None:
        return None
    phrase = got["phrase"].text() if "phrase" in got else _phrase_of((applies, *conditions), context.context)
    if not phrase and phrase_needed and "phrase" not in got and None not in conditions and not _awaits((applies, *conditions), context):
        node.lacks("phrase")
    return Rule(name, Citation(got["cite"].text(), phrase), spoken, node.key_place, applies, interpretations)


def _awaits(conditions: Iterable[Condition | None], context: RuleContext) -> bool:
    """Return whether conditions name a figure, which brings its own phrase; one that could not be read may bring one."""
    names = {name for condition in conditions if condition for name in condition.names}
    return any(name in context.context.thresholds or is_unread(name, context.scope) for name in names)


def _phrase_of(conditions: Iterable[Condition | None], context: Context) -> str:
    """Join the phrases of the figures that conditions name."""
    names = dict.fromkeys(name for condition in conditions if condition for name in condition.names)
    return "; ".join(context.thresholds[name].citation.phrase for name in names if name in context.thresholds)


CLAIMS = ("gaps", "monotone")
"""The keys of a track under which it claims something of itself."""
NEVER = ("lowers", "raises")


def build_gaps(got: Mapping[str, Node], context: Context) -> tuple[GapDeclaration, ...]:
    """Read the gaps that a track declares."""
    found: list[GapDeclaration] = []
    for item in _entries(got, "gaps"):
        own = item.fields(("id", "where", "says"), ("readings",))
        where = build_condition(own["where"], context.scope, context.positive)
        says = fill(own["says"], context.thresholds, context.scope)
        if where:
            found.append(GapDeclaration(own["id"].text(), where, says, item.place, context.interpretations(own)))
    return tuple(found)


def build_monotone(got: Mapping[str, Node], context: Context) -> tuple[Monotonicity, ...]:
    """Read what more of a fact never does."""
    found: list[Monotonicity] = []
    for item in _entries(got, "monotone"):
        own = item.fields(("id", "more", "never", "says"))
        fact = own["more"].text()
        if own["more"].refer(fact, context.facts, N_("fact")) and context.facts[fact].type.kind not in {*NUMBERS, WRONG.kind}:
            own["more"].complain("PE303", found=f"{fact} ({context.facts[fact].type.kind})", wanted=NOUNS["zero"])
        found.append(Monotonicity(own["id"].text(), fact, own["never"].one_of(NEVER), own["says"].texts(), item.place))
    return tuple(found)


def build_exceptions(
    got: Mapping[str, Node], levels: Declared[object], asked: Declared[object], context: Context
) -> tuple[LadderException, ...]:
    """Read where a better level of a step does not ask what a worse one of it asks."""
    if "exceptions" not in got:
        return ()
    found: list[LadderException] = []
    for item in got["exceptions"].items(at_least=1):
        own = item.fields(("level", "without", "says"))
        without = own["without"].items(at_least=1)
        for child in without:
            child.refer(child.text(), asked, N_("criterion"))
        names = tuple(child.text() for child in without)
        found.append(
            LadderException(
                own["level"].one_of(levels),
                names,
                fill(own["says"], context.thresholds, context.scope),
                item.place,
            )
        )
    return tuple(found)


def _entries(got: Mapping[str, Node], key: str) -> Iterable[Node]:
    """Return the entries under a key, each with an id of its own."""
    seen: dict[str, Node] = {}
    for item in got[key].items(at_least=1) if key in got else ():
        if item.has("id"):
            name = item.child("id")
            check_name(name, name.text())
            if name.text() in seen:
                first = seen[name.text()].place
                name.complain("PE402", name=name.text(), first=f"{first.file}:{first.line}")
            seen[name.text()] = item
        yield item


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
    context = context._replace(positive=_always_positive(got, requires, stand_ins))
    own = Declared(got["criteria"].entries(), open=not got["criteria"].is_block) if "criteria" in got else Declared[Node]()
    for name, child in own.items():
        own.open |= not check_name(child, name)
    for name in own.keys() & context.shared.keys():
        first = context.shared[name].key_place
        own[name].complain("PE402", own[name].key_place, name=name, first=f"{first.file}:{first.line}")
    levels = _build_levels(got["levels"], context, Declared({**context.shared, **own}, open=context.shared.open or own.open))
    for name in own.keys() - criteria_named(node):
        build_unused(own[name], context)
    track = front._replace(
        interpretations=context.interpretations(got), requires=requires, stand_ins=stand_ins, thresholds=thresholds, levels=levels,
        decide=tuple(_build_step(item, context, got["levels"]) for item in got["decide"].items()),
        residual=_build_residual(got["residual"], context), gaps=build_gaps(got, context), monotone=build_monotone(got, context),
    )  # fmt: skip
    _refuse_undecided(got, context)
    return track._replace(reads=_reads(track, context))


def _plain_track(node: Node, got: Mapping[str, Node], context: Context) -> Track:
    """Read what every track has."""
    name = got["track"].text()
    name = name if check_name(got["track"], name) else ""
    applies = build_condition(got["applies_to"], context.scope) or _nowhere(got["applies_to"])
    return Track(
        name, Citation(got["cite"].text()), got["label"].texts(), applies, Residual("", None), node.place,
        reads=tuple(n for n in context.facts if n in applies.names),
    )  # fmt: skip


def _nowhere(node: Node) -> Condition:
    """Stand in for a condition that has a fault; the build is thrown away."""
    import ast

    return Condition(ast.Constant(value="x"), "", node.place, ())


def _build_open_track(node: Node, got: Mapping[str, Node], context: Context) -> Track:
    """Read a track for which the text prints no thresholds: nothing is computed, and that is said."""
    rule = got["no_thresholds"].fields(("outcome", "says"), ("readings",))
    residual = Residual(rule["outcome"].one_of(OUTCOMES), None, context.interpretations(rule))
    return _plain_track(node, got, context)._replace(
        residual=residual, says=rule["says"].texts(), interpretations=context.interpretations(got)
    )


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
            found.append(StandIn(unless, take, context.interpretations(got)))
    return tuple(found)


def _check_pair(node: Node, target: str, source: str, context: Context) -> None:
    """Complain where a fact stands for one that is not declared, or is not of its type."""
    for name, place in ((target, node.key_place), (source, node.place)):
        node.refer(name, context.facts, N_("fact"), place)
    kinds = [context.facts[name].type.kind for name in (target, source) if name in context.facts]
    if len(set(kinds)) > 1 and WRONG.kind not in kinds:
        node.complain("PE303", found=f"{source} ({kinds[1]})", wanted=NOUNS[kinds[0]])


def _always_positive(got: Mapping[str, Node], requires: Sequence[Invariant], stand_ins: Sequence[StandIn]) -> frozenset[str]:
    """Return the wholes that the track's own rules keep above zero.

    A whole that others stand in for is safe where both are: the one that stands in, and, where
    the condition of standing in fails, the whole itself (`not apart or whole > 0`). Where a rule could not be read,
    every whole may be safe.
    """
    if any(
        key in got and got[key].value != [] and len(got[key].items()) != len(read)
        for key, read in (("requires", requires), ("stand_in", stand_ins))
    ):
        return Everything()
    texts = {rule.holds.text for rule in requires}
    positive = frozenset[str]().union(*(positive_wholes(rule.holds.tree) for rule in requires))
    for stand_in in stand_ins:
        for target, source in stand_in.take.items():
            if source in positive and f"not {stand_in.unless.text} or {target} > 0" in texts:
                positive |= {target}
    return positive


def _build_levels(node: Node, context: Context, shared: Declared[Node]) -> tuple[LevelRule, ...]:
    """Read what each level asks, best level first."""
    rules: list[LevelRule] = []
    seen: dict[str, Node] = {}
    for level, child in node.entries():
        if not child.refer(level, context.scale, N_("level"), child.key_place):
            continue
        mode = "any_of" if child.has("any_of") else "all_of"
        got = child.fields(("cite", mode), ("readings",))
        criteria = [_build_criterion(item, context, shared, seen) for item in got[mode].items()]
        if not criteria and isinstance(got[mode].value, list):
            got[mode].wrong(N_("at least one criterion"))
        kept = tuple(criterion for criterion in criteria if criterion)
        rules.append(LevelRule(level, Citation(got["cite"].text()), mode, kept, context.interpretations(got)))
    return tuple(sorted(rules, key=lambda rule: -context.scale[rule.level].rank))


def _build_criterion(node: Node, context: Context, shared: Declared[Node], seen: dict[str, Node]) -> Criterion | None:
    """Read one entry of a level: a criterion of its own, or one written once and used under this clause."""
    if node.has("use"):
        got = node.fields(("use", "cite"), ("phrase",))
        name = got["use"].text()
        if not got["use"].refer(name, shared, N_("criterion")):
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
    body = under if "id" in under else node.fields(*_CRITERION)
    applies = build_condition(body["applies_when"], context.scope) if "applies_when" in body else None
    unread = "applies_when" in body and applies is None
    guarded = Everything() if unread else context.positive | positive_wholes(applies.tree) if applies else context.positive
    when = build_condition(body["when"], context.scope, guarded)
    says = fill(body["says"], context.thresholds, context.scope)
    if when is None or unread:
        return None
    thresholds = tuple(context.thresholds[n] for n in when.names if n in context.thresholds)
    if "cite" in body:
        body["cite"].text()
    phrases = [holder["phrase"].text() for holder in (under, body) if "phrase" in holder]
    phrase = phrases[0] if phrases else "; ".join(t.citation.phrase for t in thresholds)
    if not phrase and not phrases and not thresholds and not any(is_unread(name, context.scope) for name in when.names):
        node.lacks("phrase")
    cite = under["cite"].text() if "cite" in under else body["cite"].text() if "cite" in body else ""
    return Criterion(
        name, Citation(cite, phrase), when, says, node.key_place, applies, context.interpretations(body, "applies_readings"),
        context.interpretations(body), thresholds,
    )  # fmt: skip


def _build_step(node: Node, context: Context, rules: Node) -> DecideStep:
    """Read one step of deciding."""
    key = "first" if node.has("first") else "highest_of"
    got = node.fields((key,), ("readings", "exceptions"))
    names = [got[key]] if key == "first" else got[key].items(at_least=1)
    for name in names:
        name.refer(name.text(), context.scale, N_("level"))
    levels = [name.value for name in names if isinstance(name.value, str) and name.value in context.scale]
    ranked = sorted(levels, key=lambda level: -context.scale[level].rank)
    return DecideStep(
        tuple(ranked),
        context.interpretations(got),
        build_exceptions(got, _named_once(names, context), _asked(rules, ranked, context), context),
    )


def _decided(step: Node) -> list[Node]:
    """Return the levels that a step names; one without a value where that cannot be read."""
    if step.has("first"):
        return [step.child("first")]
    named = step.child("highest_of")
    return [named.child(index) for index in range(len(named.value))] if isinstance(named.value, list) else [named]


def _named_once(names: Sequence[Node], context: Context) -> Declared[object]:
    """Return the levels that a step names; one that could not be read may be any."""
    levels = [name.value if isinstance(name.value, str) else "" for name in names]
    return Declared(dict.fromkeys(levels), open=not levels or not {*levels} <= {*context.scale})


def _asked(rules: Node, levels: Iterable[str], context: Context) -> Declared[object]:
    """Return the names of the criteria under levels, read or not."""
    names = [name for level in levels for name in _named_in(rules.child(level))]
    return Declared(dict.fromkeys(names), open=not names or "" in names or context.scale.open)


def criteria_named(track: Node) -> set[str]:
    """Return the names of the criteria under the levels of a track, read or not."""
    levels = track.child("levels")
    return {name for level in (levels.value if isinstance(levels.value, dict) else ()) for name in _named_in(levels.child(level))}


def _named_in(rule: Node) -> list[str]:
    """Return the names of the criteria under a level, read or not; "" for each that has none."""
    items = rule.child("any_of" if rule.has("any_of") else "all_of").value
    named = [item.get("use", item.get("id")) if isinstance(item, dict) else None for item in (items if isinstance(items, list) else [None])]
    return [name if isinstance(name, str) else "" for name in named]


def _build_residual(node: Node, context: Context) -> Residual:
    """Read what comes out where no level holds."""
    key = "level" if node.has("level") else "outcome"
    got = node.fields((key,), ("readings",))
    if key == "outcome":
        return Residual(got[key].one_of(OUTCOMES), None, context.interpretations(got))
    return Residual("classified", got[key].one_of(context.scale), context.interpretations(got))


def _refuse_undecided(got: Mapping[str, Node], context: Context) -> None:
    """Complain of a level that is decided twice or never, or decided without a rule."""
    steps = [node for step in got["decide"].items() for node in _decided(step)]
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


_NEVER_SAID = N_("is in the scale, but this track does not say when it holds")
_ADD_BOTH = N_("add `{level}:` under `levels:`, then name it under `decide:`")
_NOT_DECIDED = N_("stands under `levels:`, but nothing under `decide:` names it")
_ADD_STEP = N_("name it in a step under `decide:`")
_NO_RULE = N_("is named under `decide:`, but stands not under `levels:`")
_ADD_RULE = N_("add `{level}:` under `levels:`, with its clause and its criteria")
_TWICE = N_("is decided twice")
_KEEP_ONE = N_("name it in one step of `decide:`")


def _reads(track: Track, context: Context) -> tuple[str, ...]:
    """Return the facts that a track reads, directly or through what they follow from, as the edition orders them."""
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
