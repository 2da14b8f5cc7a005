"""What an edition asks of a case beside its level: which bodies are owed, what must be on file, what a level is tied to.

Never changes the outcome. Truth has three values here too: what nobody recorded is `unknown`, neither there nor missing.

The authority may decide as it sees fit, with its reason on record; nothing here changes a decision or a proposal.
"""

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from policy_engine.errors import N_
from policy_engine.evaluate.core.expression import Glance, Interpreter, glances, interpreter_over, observed
from policy_engine.evaluate.core.facts import known_facts, odd_days, set_aside, stand_in
from policy_engine.evaluate.core.plan import Plan, figure
from policy_engine.evaluate.core.reliance import used
from policy_engine.evaluate.duties.bounds import applies, ceiling_trace, relevance
from policy_engine.language.check import names_in
from policy_engine.language.values import NONE, UNKNOWN, Truth, Value
from policy_engine.load.build_facts import RECORD_NAMES
from policy_engine.messages import LANGUAGES, sentence, translate
from policy_engine.model.case import Case, Decision
from policy_engine.model.duties import Chapter, Requirement, Route
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

_TEXTS = {
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


def agreed_level(decisions: Sequence[Decision]) -> str | None:
    """Return the level that was decided, where every decision on file says the same one."""
    levels = {decision.level for decision in decisions}
    return next(iter(levels)) if len(levels) == 1 else None


def resolve(decision: Decision, edition: Edition) -> DecisionTrace:
    """Return a decision with the body that its words name, from the exact table of spellings."""
    body = next((b.id for b in edition.bodies.values() if decision.body in (b.id, *b.label.values(), *b.aliases)), None)
    return DecisionTrace(decision.level, decision.body, body, decision.day.isoformat() if decision.day else None, decision.reason)


def decision_findings(
    case: Case, verdict: Verdict, routes: Sequence[RouteTrace], edition: Edition, *, unrated: bool
) -> tuple[Finding, ...]:  # fmt: skip
    """Return what should be looked at in the decisions of a case; `unrated`: its track has levels, but there is nothing to rate by."""
    return tuple(_Review(case, verdict, edition, routes, unrated=unrated).findings())


class _Review:
    """One case's decisions, while they are looked at."""

    def __init__(self, case: Case, verdict: Verdict, edition: Edition, routes: Sequence[RouteTrace], *, unrated: bool) -> None:
        """Take the case, its proposal, and who decides."""
        self.left_open = verdict.outcome == "gap" or unrated
        self.case, self.verdict, self.edition = case, verdict, edition
        self.deciders = [route for route in routes if route.duty == "decides" and route.outcome == "owed"]
        self.perhaps = {route.body for route in routes if route.duty == "decides" and route.outcome == "unknown"}

    def findings(self) -> Iterator[Finding]:
        """Return the findings, in the order in which the decisions stand."""
        filed, level = self.case.record.proposed, self.verdict.level
        settled = self.verdict.outcome not in {"undetermined", "decided_by_authority"}
        if settled and filed is not UNKNOWN and (filed if isinstance(filed, str) else None) != level:
            stated = filed if isinstance(filed, str) else _NO_LEVEL
            yield self._finding("filed_proposal_differs", filed=[stated], proposed=[level or _NO_LEVEL])
        decisions = self.case.record.decisions
        if len({decision.level for decision in decisions}) > 1:
            yield self._finding("decisions_disagree", self.deciders, decided=[decision.level for decision in decisions])
        for decision in decisions:
            yield from self._of_body(decision)
            yield from self._of_level(decision)

    def _of_body(self, decision: Decision) -> Iterator[Finding]:
        """Look at who decided, and when."""
        missing = [name for name, value in (("by", decision.body), ("day", decision.day)) if not value]
        if missing:
            yield self._finding("decision_incomplete", missing=[", ".join(f"`{name}`" for name in missing)])
        body = resolve(decision, self.edition).body
        if decision.body and self.deciders and body not in self.perhaps | {route.body for route in self.deciders}:
            named = [route.body or "" for route in self.deciders]
            yield self._finding("decided_by_another_body", self.deciders, by=[body or decision.body], bodies=named)

    def _of_level(self, decision: Decision) -> Iterator[Finding]:
        """Look at what was decided beside what was proposed."""
        match self.verdict.outcome:
            case "classified" if decision.level != self.verdict.level:
                name = "decided_differently" if decision.reason else "differs_without_reason"
            case _ if self.left_open:
                name = "gap_decided" if decision.reason else "gap_decided_without_reason"
            case "undetermined":
                name = "decided_while_open"
            case "not_eligible":
                name = "decided_though_not_eligible"
            case _:
                return
        yield self._finding(name, decided=[decision.level], proposed=[self.verdict.level or ""], reason=[decision.reason])

    def _finding(self, name: str, routes: Iterable[RouteTrace] = (), **words: list[str]) -> Finding:
        """Make a finding, its sentence in every language, under the clause of the routes that it is about."""
        severity, text = _TEXTS[name]
        says = {
            language: translate(text, language, **{key: ", ".join(self._word(w, language) for w in value) for key, value in words.items()})
            for language in LANGUAGES
        }
        interpretations = sorted({interpretation for route in routes for interpretation in route.interpretations})
        return Finding(name, severity, says, "; ".join(dict.fromkeys(route.citation for route in routes)), tuple(interpretations))

    def _word(self, word: str, language: str) -> str:
        """Return the words of a level or a body by its id; anything else stands for itself."""
        level, body = self.edition.scale.get(word), self.edition.bodies.get(word)
        return level.code if level else sentence(body.label, language) if body else translate(word, language) if word == _NO_LEVEL else word


class Prepared(NamedTuple):
    """A chapter with its figures as values, and for each requirement what it looks at and its last good day."""

    chapter: Chapter
    figures: Mapping[str, Value]
    days: Mapping[str, tuple[Glance, ...]]
    """What is looked at to tell whether a requirement is met in time."""
    both: Mapping[str, tuple[Glance, ...]]
    """What must be there and then the days, each once."""
    texts: Mapping[str, str]
    due: Mapping[str, str]
    bodies: Mapping[str, Mapping[str, str]]
    conditions: Mapping[str, tuple[Condition, ...]]
    """The conditions of each rule, by its id."""
    implied: Mapping[str, tuple[str, ...]]
    """For each rule, the facts that follow from others and that its conditions read, directly or through such facts."""
    resting: Mapping[str, tuple[InterpretationUse, ...]]
    """For each rule, the interpretations that it rests on: its own, and those by which such facts follow."""
    reads: frozenset[str]


class Surveyor:
    """An edition's chapters, ready to be asked of many cases."""

    def __init__(self, plan: Plan) -> None:
        """Work out once what every case needs."""
        self.plan = plan
        self.chapters = tuple(_prepared(chapter, plan) for chapter in plan.edition.chapters)

    def survey(self, case: Case, verdict: Verdict, gathered: tuple[Gathered, ...] = ()) -> Verdict:
        """Add to a verdict what the edition asks of the case beside its level."""
        values = self.values(case, verdict)
        interpreter = interpreter_over(values, case.facts)
        found = _Found([], [], [], [])
        for prepared in self.chapters:
            concerned = relevance(prepared.chapter, verdict)
            if concerned is not False:
                values.update(prepared.figures)
                _ask(prepared, interpreter, concerned, found, self._level(case, verdict), self.plan)
        routes, ceilings = tuple(found.routes), (*verdict.ceilings, *found.ceilings)
        unrated = self._unrated(case, verdict)
        decided = decision_findings(case, verdict, routes, self.plan.edition, unrated=bool(unrated))
        findings = (*decided, *map(_breach, filter(_is_breach, ceilings)), *unrated, *odd_days(case, self.plan.edition))
        own = case.record.self_level
        duties = Duties(
            own if isinstance(own, str) else None, tuple(resolve(d, self.plan.edition) for d in case.record.decisions), routes,
            tuple(found.requirements), tuple(found.contents), findings, gathered, self._unrecorded(verdict, found, values),
        )  # fmt: skip
        concerning = [prepared.reads for prepared in self.chapters if relevance(prepared.chapter, verdict) is not False]
        asked = frozenset(one.fact for one in gathered).union(*concerning)
        unread = tuple(name for name in verdict.unread if name not in asked)
        deductions = (*verdict.deductions, *self._implied(found, values, interpreter, verdict))
        return verdict._replace(duties=duties, ceilings=ceilings, unread=unread, deductions=deductions, sealed=self.plan.edition.sealed)

    def values(self, case: Case, verdict: Verdict) -> dict[str, Value]:
        """Return what is known of a case where something is asked beside its level: facts, what was deduced, and the record."""
        values = known_facts(case, self.plan).values
        values.update({d.fact: d.value for d in verdict.deductions if values.get(d.fact) is UNKNOWN})
        values.update(self._record(case))
        return values

    def _unrated(self, case: Case, verdict: Verdict) -> tuple[Finding, ...]:
        """Return a remark for each rule of the figures that a case without a level need not keep, as the edition says."""
        track = self.plan.tracks.get(verdict.track or "")
        if track is None or verdict.levels or not track.track.levels:
            return ()
        facts = stand_in(known_facts(case, self.plan), case, track)
        interpreter = interpreter_over(facts.values, case.facts)
        clause = track.track.citation.clause
        return tuple(
            Finding(rule.id, "note", otherwise.says, clause, used((*rule.interpretations, *otherwise.interpretations), interpreter))
            for rule, otherwise in set_aside(facts, case, track.track)
        )

    def _implied(
        self, found: "_Found", values: Mapping[str, Value], interpreter: Interpreter, verdict: Verdict
    ) -> Iterator[Deduction]:  # fmt: skip
        """Return the facts, asked beside the level, that follow from others by an interpretation, and hold."""
        blocks = (found.routes, found.requirements, found.contents, found.ceilings)
        asked = {trace.id for block in blocks for trace in block if trace.outcome != "not_applicable"}
        names = {name for one in self.chapters for rule, facts in one.implied.items() if rule in asked for name in facts}
        known = {one.fact for one in verdict.deductions}
        for name in sorted(names - known):
            interpretations = used(self.plan.edition.facts[name].interpretations, interpreter)
            if interpretations and values[name] is True:
                yield Deduction(name, True, "derived", interpretations)

    def _unrecorded(self, verdict: Verdict, found: "_Found", values: Mapping[str, Value]) -> tuple[str, ...]:
        """Return the facts that nobody recorded and that something asked beside the level waits for, by name."""
        blocks = (found.routes, found.requirements, found.contents, found.ceilings)
        waiting = {trace.id for block in blocks for trace in block if trace.outcome == "unknown"}
        plain: set[str] = set()
        for prepared in self.chapters:
            if relevance(prepared.chapter, verdict) is not False:
                interpreter = interpreter_over({**values, **prepared.figures})
                for rule, conditions in prepared.conditions.items():
                    for condition in conditions if rule in waiting else ():
                        plain |= _waited_for(condition.tree, interpreter, self.plan.edition.facts)
        return tuple(sorted(plain))

    def _record(self, case: Case) -> dict[str, Value]:
        """Return what the case's own record says, as the names that conditions of a chapter use."""
        record = case.record
        level, absent = agreed_level(record.decisions), NONE if record.undecided else UNKNOWN
        stated = [decision.day for decision in record.decisions]
        days = [day for day in stated if day]
        whole = len(days) == len(stated) > 0
        own = record.self_level
        values: tuple[Value, ...] = (
            self.plan.level_ids.index(own) if isinstance(own, str) else own,
            self.plan.level_ids.index(level) if level else absent,
            max(days) if whole else absent,
            min(days) if whole else absent,
        )
        return dict(zip(RECORD_NAMES, values, strict=True))

    def _level(self, case: Case, verdict: Verdict) -> str | None:
        """Return the level that ties are held against: decided, else computed, else the one proposed on file."""
        filed = case.record.proposed
        return agreed_level(case.record.decisions) or verdict.level or (filed if isinstance(filed, str) else None)


class _Found(NamedTuple):
    """What was found so far, chapter by chapter."""

    routes: list[RouteTrace]
    requirements: list[RequirementTrace]
    contents: list[RequirementTrace]
    ceilings: list[CeilingTrace]


def _prepared(chapter: Chapter, plan: Plan) -> Prepared:
    """Work out what a chapter needs."""
    entries = (*chapter.requirements, *chapter.contents)
    facts = {*plan.types, *RECORD_NAMES}
    looked_at = {entry.rule.id: glances(entry.holds.tree, facts) for entry in entries}
    days = {entry.rule.id: _days(entry.in_time, facts) for entry in entries}
    seen = {name: {glance.names for glance in there} for name, there in looked_at.items()}
    both = {name: (*there, *(glance for glance in days[name] if glance.names not in seen[name])) for name, there in looked_at.items()}
    texts = {entry.rule.id: " and ".join(c.text for c in (entry.holds, entry.in_time) if c) for entry in entries}
    due = {entry.rule.id: _due(entry.in_time, chapter) for entry in entries}
    labels = {route.rule.id: plan.edition.bodies[route.body].label if route.body else route.rule.says for route in chapter.routes}
    figures = {name: figure(threshold.quantity) for name, threshold in chapter.thresholds.items()}
    rules = tuple(rules_interpretation(chapter))
    reads = frozenset(name for _, names in rules for name in names)
    implied = {rule: _implied_facts(names, plan.edition.facts) for rule, names in rules}
    resting = {
        rule.id: (*rule.interpretations, *(use for name in implied[rule.id] for use in plan.edition.facts[name].interpretations))
        for rule in chapter.rules()
    }
    return Prepared(chapter, figures, days, both, texts, due, labels, _conditions_of(chapter), implied, resting, reads)


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


def _days(in_time: Condition | None, facts: Collection[str]) -> tuple[Glance, ...]:
    """Return what a condition of being in time looks at: fact by fact, each named where there are several."""
    names = [name for name in in_time.names if name in facts] if in_time else []
    return tuple(Glance((name,), name if len(names) > 1 else "") for name in names)


def _due(in_time: Condition | None, chapter: Chapter) -> str:
    """Return the last good day of `day < figure` or `day <= figure`; "" where a condition is of another form."""
    tree = in_time.tree if in_time else None
    if not isinstance(tree, ast.Compare) or len(tree.ops) != 1 or not isinstance(tree.ops[0], (ast.Lt, ast.LtE)):
        return ""
    right = tree.comparators[0]
    threshold = chapter.thresholds.get(right.id) if isinstance(right, ast.Name) else None
    day = threshold.quantity.value if threshold else None
    if not isinstance(day, date):
        return ""
    return (day - timedelta(days=isinstance(tree.ops[0], ast.Lt))).isoformat()


def _ask(prepared: Prepared, interpreter: Interpreter, concerned: Truth, found: _Found, level: str | None, plan: Plan) -> None:
    """Ask everything in one chapter."""
    chapter = prepared.chapter
    for route in chapter.routes:
        truth = applies(route.rule, interpreter, concerned)
        if truth is not False:
            found.routes.append(_route(route, truth, prepared, interpreter))
    for block, traces in ((chapter.requirements, found.requirements), (chapter.contents, found.contents)):
        traces += [_requirement(entry, prepared, interpreter, concerned) for entry in block]
    for ceiling in chapter.ceilings:
        if not ceiling.lowers:
            found.ceilings.append(ceiling_trace(ceiling, interpreter, applies(ceiling.rule, interpreter, concerned), level, plan))


def _route(route: Route, truth: Truth, prepared: Prepared, interpreter: Interpreter) -> RouteTrace:
    """Say which body does a duty."""
    outcome = "unknown" if truth is UNKNOWN else "owed" if route.body else "not_covered"
    rule = route.rule
    interpretations = _used(rule.id, prepared, interpreter)
    return RouteTrace(rule.id, route.duty, route.body, outcome, prepared.bodies[rule.id], *rule.citation, interpretations)


def _requirement(entry: Requirement, prepared: Prepared, interpreter: Interpreter, concerned: Truth) -> RequirementTrace:
    """Say whether what must be there is there, and in time."""
    rule = entry.rule
    truth = applies(rule, interpreter, concerned)
    outcome = "not_applicable" if truth is False else "unknown" if truth is UNKNOWN else _outcome(entry, interpreter)
    interpretations = _used(rule.id, prepared, interpreter) if truth is not False else ()
    looked_at = prepared.days if outcome == "late" else prepared.both
    seen = observed(looked_at[rule.id], interpreter.values) if truth is not False else ""
    return RequirementTrace(
        rule.id, outcome, entry.severity, *rule.citation, prepared.texts[rule.id], seen, prepared.due[rule.id], interpretations, rule.says
    )  # fmt: skip


def _used(rule: str, prepared: Prepared, interpreter: Interpreter) -> tuple[str, ...]:
    """Return the interpretations that a rule relies on, each once."""
    return tuple(dict.fromkeys(used(prepared.resting[rule], interpreter)))


def _outcome(entry: Requirement, interpreter: Interpreter) -> str:
    """Return the outcome of a requirement that applies."""
    there = interpreter.truth(entry.holds)
    if there is not True:
        return "missing" if there is False else "unknown"
    in_time = True if entry.in_time is None else interpreter.truth(entry.in_time)
    return "met" if in_time is True else "late" if in_time is False else "unknown"


def _is_breach(trace: CeilingTrace) -> bool:
    """Return whether a level is above its ceiling, or not the same as it must be."""
    return trace.outcome == "exceeded"


def _breach(trace: CeilingTrace) -> Finding:
    """Make a finding of a level above its ceiling."""
    return Finding(trace.id, trace.severity, trace.says, trace.citation, trace.interpretations)


def _waited_for(tree: ast.expr, interpreter: Interpreter, facts: Mapping[str, FactDeclaration]) -> frozenset[str]:
    """Return the facts that nobody recorded and that a condition waits for: not those beside which the others settle it."""
    if isinstance(tree, ast.BoolOp):
        settled = isinstance(tree.op, ast.Or)
        if any(interpreter.evaluated(part) is settled for part in tree.values):
            return frozenset()
        return frozenset[str]().union(*(_waited_for(part, interpreter, facts) for part in tree.values))
    if isinstance(tree, ast.UnaryOp):
        return _waited_for(tree.operand, interpreter, facts)
    found: set[str] = set()
    for name in names_in(tree):
        fact = facts.get(name)
        if fact and interpreter.values.get(name) is UNKNOWN:
            found |= _waited_for(fact.derived.tree, interpreter, facts) if fact.derived else {name}
    return frozenset(found)


def reads_of(chapter: Chapter) -> Iterable[str]:
    """Return the names that a chapter's conditions read, some of them more than once."""
    for _, names in rules_interpretation(chapter):
        yield from names


def rules_interpretation(chapter: Chapter) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Return each rule of a chapter by its id, with the names that its conditions read."""
    grouping = {cap.rule.id: cap.per for cap in chapter.caps}
    for rule, conditions in _conditions_of(chapter).items():
        yield rule, (*grouping.get(rule, ()), *(name for condition in conditions for name in condition.names))


def _conditions_of(chapter: Chapter) -> dict[str, tuple[Condition, ...]]:
    """Return the conditions of each rule of a chapter, by its id."""
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
