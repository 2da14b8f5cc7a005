"""What an edition asks of a case beside its level: which bodies are owed, what must be on file, what a level is tied to.

Never changes the outcome. Truth has three values here too: what nobody recorded is `unknown`, neither there nor missing.
The authority may decide as it sees fit, with its reason on record; nothing here changes a decision or a proposal.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from policy_engine.evaluate.core.evidence import EvidencePlan, figures_of, of_days
from policy_engine.evaluate.core.expression import Interpreter, interpreter_over
from policy_engine.evaluate.core.facts import known_facts, odd_days, set_aside, stand_in
from policy_engine.evaluate.core.plan import Plan, figure
from policy_engine.evaluate.core.reliance import used
from policy_engine.evaluate.duties.bounds import applies, ceiling_trace, relevance
from policy_engine.language.fold import Reader
from policy_engine.language.text import show
from policy_engine.language.tree import Tree, name_of, names_in, opened
from policy_engine.language.values import NONE, UNKNOWN, Truth, Value
from policy_engine.messages import LANGUAGES, N_, sentence, translate
from policy_engine.model.case import Case, Decision
from policy_engine.model.duties import RECORD_NAMES, Chapter, Requirement
from policy_engine.model.evidence import NOTHING_SEEN
from policy_engine.model.facts import Condition, FactDeclaration, InterpretationUse
from policy_engine.model.rulebook import Edition
from policy_engine.model.verdict import (
    CeilingTrace,
    DecisionTrace,
    Deduction,
    Duties,
    Finding,
    Gathered,
    RequirementTrace,
    RouteTrace,
    Verdict,
)

DECISION_FINDINGS = {
    "decided_by_another_body": ("error", N_("the decision on file is by {by}; the guideline leaves it to {bodies}")),
    "differs_without_reason": ("error", N_("the decision is {decided}, the proposal {proposed}, and no reason is on file")),
    "decided_differently": ("note", N_("the decision is {decided}, the proposal {proposed}; the reason on file: {reason}")),
    "gap_decided_without_reason": ("error", N_("the text leaves this case open; it was decided ({decided}) and no reason is on file")),
    "gap_decided": ("note", N_("the text leaves this case open; it was decided ({decided}); the reason on file: {reason}")),
    "decided_while_open": ("warning", N_("it was decided ({decided}) though facts are missing that could change the proposal")),
    "decided_though_not_eligible": ("error", N_("it was decided ({decided}) though a rule keeps the subject from being classified")),
    "decision_incomplete": ("warning", N_("the decision on file does not say {missing}")),
    "decisions_disagree": ("error", N_("the decisions on file differ: {decided}")),
    "filed_proposal_differs": ("warning", N_("the proposal on file is {filed}, but the facts on file give {proposed}")),
}
"""The severity and the sentence of every finding about a decision."""
_NO_LEVEL = N_("no level")


class PreparedRule(NamedTuple):
    """A rule of a chapter, with what every case needs of it."""

    conditions: tuple[Condition, ...]
    implied: tuple[str, ...]
    """The facts that follow from others and that its conditions read, directly or through such facts."""
    resting: tuple[InterpretationUse, ...]
    """The interpretations that it rests on: its own, and those by which such facts follow."""
    both: EvidencePlan | None = None
    """What a requirement looks at: what must be there, and then the days, each once."""
    days: EvidencePlan | None = None
    """The same, of which only what tells whether it is met in time is shown."""
    due: str = ""
    """The last good day of a requirement, where it has one."""


class PreparedChapter(NamedTuple):
    """A chapter with its figures as values, its rules by their ids, and every name that their conditions read."""

    chapter: Chapter
    figures: Mapping[str, Value]
    rules: Mapping[str, PreparedRule]
    reads: frozenset[str]


class _Found(NamedTuple):
    routes: list[RouteTrace]
    requirements: list[RequirementTrace]
    contents: list[RequirementTrace]
    ceilings: list[CeilingTrace]


class Surveyor:
    """An edition's chapters, ready to be asked of many cases."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.chapters = tuple(_prepared(chapter, plan) for chapter in plan.edition.chapters)

    def survey(self, case: Case, verdict: Verdict, gathered: tuple[Gathered, ...] = ()) -> Verdict:
        """Add to a verdict what the edition asks of the case beside its level."""
        edition, record = self.plan.edition, case.record
        values = self.values(case, verdict)
        interpreter = interpreter_over(values, case.facts)
        concerning = [(one, concerned) for one in self.chapters if (concerned := relevance(one.chapter, verdict)) is not False]
        level = agreed_level(record.decisions) or verdict.level or (record.proposed if isinstance(record.proposed, str) else None)
        found = _Found([], [], [], [])
        for prepared, concerned in concerning:
            values.update(prepared.figures)
            self._ask(prepared, interpreter, concerned, level, found)
        routes, ceilings = tuple(found.routes), (*verdict.ceilings, *found.ceilings)
        unrated = self._unrated(case, verdict)
        breaches = [
            Finding(id=c.id, severity=c.severity, says=c.says, citation=c.citation, interpretations=c.interpretations)
            for c in ceilings
            if c.outcome == "exceeded"
        ]
        decided = decision_findings(case, verdict, routes, edition, unrated=bool(unrated))
        duties = Duties(
            self_level=record.self_level if isinstance(record.self_level, str) else None,
            decided=tuple(resolve(decision, edition) for decision in record.decisions),
            routes=routes, requirements=tuple(found.requirements), contents=tuple(found.contents),
            findings=(*decided, *breaches, *unrated, *odd_days(case, edition)), gathered=gathered,
            unrecorded=self._unrecorded([one for one, _ in concerning], found, values),
        )  # fmt: skip
        asked = frozenset(one.fact for one in gathered).union(*(prepared.reads for prepared, _ in concerning))
        return verdict._replace(
            duties=duties, ceilings=ceilings, unread=tuple(name for name in verdict.unread if name not in asked),
            deductions=(*verdict.deductions, *self._implied(found, interpreter, verdict)), sealed=edition.sealed,
        )  # fmt: skip

    def values(self, case: Case, verdict: Verdict) -> dict[str, Value]:
        """Return what is known of a case where something is asked beside its level: facts, what was deduced, and the record."""
        values = known_facts(case, self.plan).values
        values.update({d.fact: d.value for d in verdict.deductions if values.get(d.fact) is UNKNOWN})
        record, ids = case.record, self.plan.level_ids
        own, level, absent = record.self_level, agreed_level(record.decisions), NONE if record.undecided else UNKNOWN
        days = [decision.day for decision in record.decisions if decision.day]
        whole = len(days) == len(record.decisions) > 0
        recorded: tuple[Value, ...] = (
            ids.index(own) if isinstance(own, str) else own,
            ids.index(level) if level else absent,
            max(days) if whole else absent,
            min(days) if whole else absent,
        )
        return values | dict(zip(RECORD_NAMES, recorded, strict=True))

    def _ask(self, prepared: PreparedChapter, interpreter: Interpreter, concerned: Truth, level: str | None, found: _Found) -> None:
        """Ask everything in one chapter; `level` is what ties are held against: decided, else computed, else the one proposed on file."""
        chapter = prepared.chapter
        for route in chapter.routes:
            rule, truth = route.rule, applies(route.rule, interpreter, concerned)
            if truth is not False:
                trace = RouteTrace(
                    id=rule.id, duty=route.duty, body=route.body,
                    outcome="unknown" if truth is UNKNOWN else "owed" if route.body else "not_covered",
                    label=self.plan.edition.bodies[route.body].label if route.body else rule.says,
                    citation=rule.citation.clause, phrase=rule.citation.phrase, interpretations=_used(prepared.rules[rule.id], interpreter),
                )  # fmt: skip
                found.routes.append(trace)
        for block, traces in ((chapter.requirements, found.requirements), (chapter.contents, found.contents)):
            traces += [_requirement(entry, prepared, interpreter, concerned) for entry in block]
        for ceiling in chapter.ceilings:
            if not ceiling.lowers:
                concerns = applies(ceiling.rule, interpreter, concerned)
                found.ceilings.append(ceiling_trace(ceiling, interpreter, concerns, level, self.plan))

    def _unrated(self, case: Case, verdict: Verdict) -> tuple[Finding, ...]:
        """Return a remark for each rule of the figures that a case without a level need not keep, as the edition says."""
        track = self.plan.tracks.get(verdict.track or "")
        if track is None or verdict.levels or not track.track.levels:
            return ()
        facts = stand_in(known_facts(case, self.plan), case, track)
        interpreter = interpreter_over(facts.values, case.facts)
        clause = track.track.citation.clause
        return tuple(
            Finding(
                id=rule.id,
                severity="note",
                says=otherwise.says,
                citation=clause,
                interpretations=used((*rule.interpretations, *otherwise.interpretations), interpreter),
            )
            for rule, otherwise in set_aside(facts, case, track.track)
        )

    def _implied(self, found: _Found, interpreter: Interpreter, verdict: Verdict) -> Iterator[Deduction]:
        """Return the facts, asked beside the level, that follow from others by an interpretation, and hold."""
        asked = {trace.id for block in found for trace in block if trace.outcome != "not_applicable"}
        names = {name for one in self.chapters for rule, ready in one.rules.items() if rule in asked for name in ready.implied}
        for name in sorted(names - {one.fact for one in verdict.deductions}):
            interpretations = used(self.plan.edition.facts[name].interpretations, interpreter)
            if interpretations and interpreter.values[name] is True:
                yield Deduction(name, True, "derived", interpretations)

    def _unrecorded(self, concerning: Iterable[PreparedChapter], found: _Found, values: Mapping[str, Value]) -> tuple[str, ...]:
        """Return the facts that nobody recorded and that something asked beside the level waits for, by name."""
        waiting = {trace.id for block in found for trace in block if trace.outcome == "unknown"}
        names: set[str] = set()
        for prepared in concerning:
            interpreter = interpreter_over({**values, **prepared.figures})
            for condition in (c for rule in waiting & prepared.rules.keys() for c in prepared.rules[rule].conditions):
                names |= _Waiting(interpreter, self.plan.edition.facts).read(condition.tree)
        return tuple(sorted(names))


def _prepared(chapter: Chapter, plan: Plan) -> PreparedChapter:
    """Work out what a chapter needs."""
    facts = plan.edition.facts
    figures = {name: figure(threshold.quantity) for name, threshold in chapter.thresholds.items()}
    scope = plan.scope.within(chapter.thresholds, figures)
    conditions, reads = _conditions_of(chapter), dict(names_by_rule(chapter))
    asked = {entry.rule.id: entry for entry in (*chapter.requirements, *chapter.contents)}
    rules: dict[str, PreparedRule] = {}
    for rule in chapter.rules():
        implied = _implied_facts(reads[rule.id], facts)
        resting = (*rule.interpretations, *(use for name in implied for use in facts[name].interpretations))
        rules[rule.id] = PreparedRule(conditions=conditions[rule.id], implied=implied, resting=resting)
        if entry := asked.get(rule.id):
            there, days = figures_of(entry.holds.tree, scope), of_days(entry.in_time, scope)
            seen = {tuple(map(show, one.trees)) for one in there}
            both = (*there, *(day for day in days if tuple(map(show, day.trees)) not in seen))
            together = tuple(condition for condition in (entry.holds, entry.in_time) if condition)
            rules[rule.id] = rules[rule.id]._replace(
                both=EvidencePlan(together, scope, both), days=EvidencePlan(together, scope, days), due=_due(entry.in_time, chapter)
            )  # fmt: skip
    return PreparedChapter(chapter, figures, rules, frozenset(name for names in reads.values() for name in names))


def _implied_facts(names: Iterable[str], facts: Mapping[str, FactDeclaration]) -> tuple[str, ...]:
    """Return the facts among some names that follow from others, and those that these follow from in turn."""
    found: dict[str, None] = {}
    pending = list(names)
    while pending:
        fact = facts.get(pending.pop())
        if fact and fact.derived and fact.name not in found:
            found[fact.name] = None
            pending += fact.derived.names
    return tuple(found)


def _due(in_time: Condition | None, chapter: Chapter) -> str:
    """Return the last good day of `day < figure` or `day <= figure`; "" where a condition is of another form."""
    construct, parts = opened(in_time.tree) if in_time else ("", None)
    if construct != "comparison" or not parts or len(parts[0]) != 1:
        return ""
    _, sign, right = parts[0][0]
    threshold = chapter.thresholds.get(name_of(right))
    day = threshold.quantity.value if threshold else None
    return (day - timedelta(days=sign == "<")).isoformat() if isinstance(day, date) and sign in {"<", "<="} else ""


def _requirement(entry: Requirement, prepared: PreparedChapter, interpreter: Interpreter, concerned: Truth) -> RequirementTrace:
    rule, ready = entry.rule, prepared.rules[entry.rule.id]
    truth = applies(rule, interpreter, concerned)
    outcome = "not_applicable" if truth is False else "unknown"
    if truth is True:
        there = interpreter.truth(entry.holds)
        in_time = there if entry.in_time is None or there is not True else interpreter.truth(entry.in_time)
        outcome = "missing" if there is False else "late" if in_time is False else "met" if in_time is True else "unknown"
    evidence = ready.days if outcome == "late" else ready.both
    return RequirementTrace(
        id=rule.id, outcome=outcome, severity=entry.severity, citation=rule.citation.clause, phrase=rule.citation.phrase,
        condition=" and ".join(condition.text for condition in (entry.holds, entry.in_time) if condition),
        evidence=evidence.of(interpreter.values) if evidence and truth is not False else NOTHING_SEEN, due=ready.due,
        interpretations=_used(ready, interpreter) if truth is not False else (), says=rule.says,
    )  # fmt: skip


def _used(rule: PreparedRule, interpreter: Interpreter) -> tuple[str, ...]:
    return tuple(dict.fromkeys(used(rule.resting, interpreter)))


class _Waiting(Reader[frozenset[str]]):
    """Reads a condition into the facts that nobody recorded and that it waits for: not those beside which the others settle it."""

    def __init__(self, interpreter: Interpreter, facts: Mapping[str, FactDeclaration]) -> None:
        self.interpreter, self.facts = interpreter, facts

    def connective(self, _: Tree, sign: str, parts: Sequence[Tree]) -> frozenset[str]:
        open_parts: list[Tree] = []
        for part in parts:
            truth = self.interpreter.evaluated(part)
            if truth is (sign == "or"):
                return frozenset()
            open_parts += [part] if truth is UNKNOWN else []
        return frozenset[str]().union(*map(self.read, open_parts))

    def negation(self, _: Tree, part: Tree) -> frozenset[str]:
        return self.read(part)

    def name(self, tree: Tree, *_: object) -> frozenset[str]:
        """Return what a name, or anything that is true or false only as a whole, waits for."""
        found: set[str] = set()
        for name in names_in(tree):
            fact = self.facts.get(name)
            if fact and self.interpreter.values.get(name) is UNKNOWN:
                found |= self.read(fact.derived.tree) if fact.derived else {name}
        return frozenset(found)

    constant = comparison = membership = containment = arithmetic = share = count = sum = exists = given = name


def reads_of(chapter: Chapter) -> Iterable[str]:
    for _, names in names_by_rule(chapter):
        yield from names


def names_by_rule(chapter: Chapter) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Return each rule of a chapter by its id, with the names that its conditions read."""
    grouping = {cap.rule.id: cap.per for cap in chapter.caps}
    for rule, conditions in _conditions_of(chapter).items():
        yield rule, (*grouping.get(rule, ()), *(name for condition in conditions for name in condition.names))


def _conditions_of(chapter: Chapter) -> dict[str, tuple[Condition, ...]]:
    conditions: dict[str, list[Condition | None]] = {rule.id: [rule.applies_when] for rule in chapter.rules()}
    for entry in (*chapter.requirements, *chapter.contents):
        conditions[entry.rule.id] += [entry.holds, entry.in_time]
    for ceiling in chapter.ceilings:
        conditions[ceiling.rule.id].append(ceiling.other)
    for bar in chapter.eligibility:
        conditions[bar.rule.id].append(bar.when)
    for cap in chapter.caps:
        conditions[cap.rule.id].append(cap.exception.where if cap.exception else None)
    return {rule: tuple(condition for condition in several if condition) for rule, several in conditions.items()}


def agreed_level(decisions: Sequence[Decision]) -> str | None:
    levels = {decision.level for decision in decisions}
    return next(iter(levels)) if len(levels) == 1 else None


def resolve(decision: Decision, edition: Edition) -> DecisionTrace:
    """Return a decision with the body that its words name, from the exact table of spellings."""
    body = next((b.id for b in edition.bodies.values() if decision.body in (b.id, *b.label.values(), *b.aliases)), None)
    day = decision.day.isoformat() if decision.day else None
    return DecisionTrace(level=decision.level, by=decision.body, body=body, day=day, reason=decision.reason)


def decision_findings(
    case: Case, verdict: Verdict, routes: Iterable[RouteTrace], edition: Edition, *, unrated: bool
) -> Iterator[Finding]:  # fmt: skip
    """Return what should be looked at in the decisions of a case; `unrated`: its track has levels, but there is nothing to rate by."""
    deciding = [route for route in routes if route.duty == "decides"]
    owed = [route for route in deciding if route.outcome == "owed"]
    deciders = {route.body for route in deciding if route.outcome in {"owed", "unknown"}}
    filed, decisions = case.record.proposed, case.record.decisions
    stated = filed if isinstance(filed, str) else None
    if filed is not UNKNOWN and stated != verdict.level and verdict.outcome not in {"undetermined", "decided_by_authority"}:
        yield _finding("filed_proposal_differs", edition, filed=[stated or _NO_LEVEL], proposed=[verdict.level or _NO_LEVEL])
    if len({decision.level for decision in decisions}) > 1:
        yield _finding("decisions_disagree", edition, owed, decided=[decision.level for decision in decisions])
    for decision in decisions:
        missing = [name for name, value in (("by", decision.body), ("day", decision.day)) if not value]
        if missing:
            yield _finding("decision_incomplete", edition, missing=[", ".join(f"`{name}`" for name in missing)])
        body = resolve(decision, edition).body
        if decision.body and owed and body not in deciders:
            named = [route.body or "" for route in owed]
            yield _finding("decided_by_another_body", edition, owed, by=[body or decision.body], bodies=named)
        name = _beside_proposal(decision, verdict, unrated=unrated)
        if name:
            yield _finding(name, edition, decided=[decision.level], proposed=[verdict.level or ""], reason=[decision.reason])


def _beside_proposal(decision: Decision, verdict: Verdict, *, unrated: bool) -> str:
    match verdict.outcome:
        case "classified" if decision.level != verdict.level:
            return "decided_differently" if decision.reason else "differs_without_reason"
        case outcome if outcome == "gap" or unrated:
            return "gap_decided" if decision.reason else "gap_decided_without_reason"
        case "undetermined":
            return "decided_while_open"
        case "not_eligible":
            return "decided_though_not_eligible"
        case _:
            return ""


def _finding(name: str, edition: Edition, routes: Sequence[RouteTrace] = (), **words: list[str]) -> Finding:
    """Make a finding, its sentence in every language, under the clause of the routes that it is about.

    A word that is the id of a level or a body is said as the edition calls it; anything else stands for itself.
    """

    def said(word: str, language: str) -> str:
        level, body = edition.scale.get(word), edition.bodies.get(word)
        return level.code if level else sentence(body.label, language) if body else translate(word, language) if word == _NO_LEVEL else word

    severity, text = DECISION_FINDINGS[name]
    says = {
        language: translate(text, language, **{key: ", ".join(said(word, language) for word in value) for key, value in words.items()})
        for language in LANGUAGES
    }
    return Finding(
        id=name, severity=severity, says=says, citation="; ".join(dict.fromkeys(route.citation for route in routes)),
        interpretations=tuple(sorted({interpretation for route in routes for interpretation in route.interpretations})),
    )  # fmt: skip
