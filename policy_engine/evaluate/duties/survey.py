"""What an edition asks of a case beside its level: which bodies are owed, what must be on file, what a level is tied to.

Never changes the outcome. Truth has three values here too: what nobody recorded is `unknown`, neither there nor missing.
The authority may decide as it sees fit, with its reason on record; nothing here changes a decision or a proposal.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import cached_property, partial
from typing import Any, NamedTuple

from policy_engine.evaluate.core.evidence import EvidencePlan, figures_of, of_days
from policy_engine.evaluate.core.expression import Interpreter, interpreter_over
from policy_engine.evaluate.core.facts import Facts, dated_facts, known_facts, odd_days, set_aside, stand_in
from policy_engine.evaluate.core.memory import Answers, Memory
from policy_engine.evaluate.core.plan import Plan, figure
from policy_engine.evaluate.core.reliance import used
from policy_engine.evaluate.duties.bounds import applies, ceiling_trace, relevance
from policy_engine.language.fold import Reader
from policy_engine.language.text import show
from policy_engine.language.tree import Tree, name_of, names_in, opened
from policy_engine.language.values import NONE, UNKNOWN, Truth, Value
from policy_engine.messages import LANGUAGES, N_, sentence, translate
from policy_engine.model.case import Case, Decision
from policy_engine.model.duties import RECORD_NAMES, Ceiling, Chapter, Requirement, Route
from policy_engine.model.evidence import NOTHING_SEEN
from policy_engine.model.facts import Condition, FactDeclaration
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

Asking = Route | Requirement | Ceiling
_BLOCKS = ("routes", "requirements", "contents", "ceilings")
"""What a chapter asks beside a level, by the names that it has in a chapter and here."""


class _Answer(NamedTuple):
    """What one chapter, or all of them, ask of every case with the same values: shared, so that nobody changes it."""

    routes: tuple[RouteTrace, ...]
    requirements: tuple[RequirementTrace, ...]
    contents: tuple[RequirementTrace, ...]
    ceilings: tuple[CeilingTrace, ...]
    implied: Mapping[str, Deduction]
    """By name, the facts that something asked here reads, that follow from others by an interpretation, and hold."""
    unrecorded: frozenset[str]
    """The facts that nobody recorded, and that something asked here waits for."""
    reads: frozenset[str]
    """Every name that stands in a condition here, also in one that is asked elsewhere."""


class Surveyor:
    """An edition's chapters, ready to be asked of many cases."""

    def __init__(self, plan: Plan, facts: Callable[[Case], Facts] | None = None) -> None:
        """Take an edition, and what tells the facts of a case where somebody has them already."""
        self.plan = plan
        self.chapters = tuple(_Chapter(chapter, plan) for chapter in plan.edition.chapters)
        self._facts = facts or partial(known_facts, plan=plan)
        self._dated = dated_facts(plan.edition)
        self._joined: Memory[tuple[_Answer, list[_Answer]]] = Memory()

    def survey(self, case: Case, verdict: Verdict, gathered: tuple[Gathered, ...] = ()) -> Verdict:
        """Add to a verdict what the edition asks of the case beside its level."""
        edition, record = self.plan.edition, case.record
        values = self.values(case, verdict)
        level = agreed_level(record.decisions) or verdict.level or (record.proposed if isinstance(record.proposed, str) else None)
        asked = self._asked(values, verdict, level)
        ceilings = (*verdict.ceilings, *asked.ceilings) if verdict.ceilings else asked.ceilings
        unrated = self._unrated(case, verdict)
        breaches = [
            Finding(id=c.id, severity=c.severity, says=c.says, citation=c.citation, interpretations=c.interpretations)
            for c in ceilings
            if c.outcome == "exceeded"
        ]
        decided = decision_findings(case, verdict, asked.routes, edition, unrated=bool(unrated))
        duties = Duties(
            self_level=record.self_level if isinstance(record.self_level, str) else None,
            decided=tuple(resolve(decision, edition) for decision in record.decisions),
            routes=asked.routes, requirements=asked.requirements, contents=asked.contents,
            findings=(*decided, *breaches, *unrated, *odd_days(case, edition, self._dated)), gathered=gathered,
            unrecorded=tuple(sorted(asked.unrecorded)),
        )  # fmt: skip
        read = asked.reads.union(one.fact for one in gathered) if gathered else asked.reads
        known = {one.fact for one in verdict.deductions}
        implied = [asked.implied[name] for name in sorted(asked.implied.keys() - known)]
        return verdict._replace(
            duties=duties, ceilings=ceilings, unread=tuple(name for name in verdict.unread if name not in read),
            deductions=(*verdict.deductions, *implied), sealed=edition.sealed,
        )  # fmt: skip

    def values(self, case: Case, verdict: Verdict) -> dict[str, Value]:
        """Return what is known of a case where something is asked beside its level: facts, what was deduced, and the record."""
        values = dict(self._facts(case).values)
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
        values.update(zip(RECORD_NAMES, recorded, strict=True))
        return values

    def _asked(self, values: Mapping[str, Value], verdict: Verdict, level: str | None) -> _Answer:
        """Ask every chapter that concerns a case; `level`: what ties are held against (decided, else computed, else proposed on file)."""
        concerning = [(one, concerned) for one in self.chapters if (concerned := relevance(one.chapter, verdict)) is not False]
        parts = [one.asked(values, concerned, level) for one, concerned in concerning]
        key = tuple(map(id, parts))  # which are kept beside: no others have their ids
        return (self._joined.get(key) or self._joined.keep(key, (_joined(parts), parts)))[0]

    def _unrated(self, case: Case, verdict: Verdict) -> tuple[Finding, ...]:
        """Return a remark for each rule of the figures that a case without a level need not keep, as the edition says."""
        track = self.plan.tracks.get(verdict.track or "")
        if track is None or verdict.levels or not track.track.levels:
            return ()
        facts = stand_in(self._facts(case), case, track)
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
            for rule, otherwise in set_aside(facts, case, track)
        )


def _joined(parts: Sequence[_Answer]) -> _Answer:
    """Return what several chapters ask together."""
    blocks: dict[str, Any] = {name: tuple(trace for one in parts for trace in getattr(one, name)) for name in _BLOCKS}
    return _Answer(
        **blocks, implied={name: found for one in parts for name, found in one.implied.items()},
        unrecorded=frozenset(name for one in parts for name in one.unrecorded),
        reads=frozenset(name for one in parts for name in one.reads),
    )  # fmt: skip


class _Said(NamedTuple):
    """What is said of one rule in every case in which what it reads is the same; see `_Answer`."""

    trace: RouteTrace | RequirementTrace | CeilingTrace | None = None
    implied: tuple[Deduction, ...] = ()
    unrecorded: frozenset[str] = frozenset()


class _Rule:
    """A rule of a chapter, with what every case needs of it."""

    def __init__(self, entry: Asking, conditions: tuple[Condition, ...], reads: Iterable[str], chapter: Chapter, plan: Plan) -> None:
        self.entry, self.conditions, self.chapter, self.plan = entry, conditions, chapter, plan
        self.implied = _implied_facts(reads, plan.edition.facts)
        """The facts that follow from others and that its conditions read, directly or through such facts."""
        self.resting = (*entry.rule.interpretations, *(use for fact in self.implied for use in fact.interpretations))
        """The interpretations that it rests on: its own, and those by which such facts follow."""
        self._answers: Answers[_Said] = Answers(self.names, plan.types)

    def names(self) -> Iterator[str]:
        """Return every name that what is said of it depends on."""
        derived = [fact.derived for fact in self.implied if fact.derived]
        for condition in (*self.conditions, *derived, *(use.when for use in self.resting if use.when)):
            yield from condition.names

    def said(self, interpreter: Interpreter, concerned: Truth, level: str | None) -> _Said:
        """Say how a case stands to it; what was said for the same values is said again."""
        tied = level if isinstance(self.entry, Ceiling) else None
        return self._answers.to(interpreter.values, lambda: self._say(interpreter, concerned, tied), concerned, tied)

    def _say(self, interpreter: Interpreter, concerned: Truth, level: str | None) -> _Said:
        trace = self._trace(self.entry, interpreter, concerned, level)
        if trace is None:
            return _Said()
        implied: list[Deduction] = []
        for fact in self.implied if trace.outcome != "not_applicable" else ():
            interpretations = used(fact.interpretations, interpreter)
            if interpretations and interpreter.values[fact.name] is True:
                implied.append(Deduction(fact.name, True, "derived", interpretations))
        waiting = _Waiting(interpreter, self.plan.edition.facts)
        conditions = self.conditions if trace.outcome == "unknown" else ()
        return _Said(trace, tuple(implied), frozenset[str]().union(*(waiting.read(condition.tree) for condition in conditions)))

    def _trace(
        self, entry: Asking, interpreter: Interpreter, concerned: Truth, level: str | None
    ) -> RouteTrace | RequirementTrace | CeilingTrace | None:
        """Return the trace; none of a route that does not concern the case."""
        rule, truth = entry.rule, applies(entry.rule, interpreter, concerned)
        if isinstance(entry, Ceiling):
            return ceiling_trace(entry, interpreter, truth, level, self.plan)
        interpretations = tuple(dict.fromkeys(used(self.resting, interpreter))) if truth is not False else ()
        if isinstance(entry, Requirement):
            return self._requirement(entry, interpreter, truth, interpretations)
        if truth is False:
            return None
        return RouteTrace(
            id=rule.id, duty=entry.duty, body=entry.body,
            outcome="unknown" if truth is UNKNOWN else "owed" if entry.body else "not_covered",
            label=self.plan.edition.bodies[entry.body].label if entry.body else rule.says,
            citation=rule.citation.clause, phrase=rule.citation.phrase, interpretations=interpretations,
        )  # fmt: skip

    def _requirement(
        self, entry: Requirement, interpreter: Interpreter, truth: Truth, interpretations: tuple[str, ...]
    ) -> RequirementTrace:
        rule = entry.rule
        outcome = "not_applicable" if truth is False else "unknown"
        if truth is True:
            there = interpreter.truth(entry.holds)
            in_time = there if entry.in_time is None or there is not True else interpreter.truth(entry.in_time)
            outcome = "missing" if there is False else "late" if in_time is False else "met" if in_time is True else "unknown"
        return RequirementTrace(
            id=rule.id, outcome=outcome, severity=entry.severity, citation=rule.citation.clause, phrase=rule.citation.phrase,
            condition=" and ".join(condition.text for condition in (entry.holds, entry.in_time) if condition),
            evidence=self._looks_at[outcome == "late"].of(interpreter.values) if truth is not False else NOTHING_SEEN,
            due=_due(entry.in_time, self.chapter),
            interpretations=interpretations, says=rule.says,
        )  # fmt: skip

    @cached_property
    def _looks_at(self) -> tuple[EvidencePlan, EvidencePlan]:
        """What a requirement looks at: what must be there, and then the days, each once; and only what tells whether it is met in time."""
        assert isinstance(self.entry, Requirement)
        scope = self.plan.scope.within(self.chapter.thresholds, _figures(self.chapter))
        there, days = figures_of(self.entry.holds.tree, scope), of_days(self.entry.in_time, scope)
        seen = {tuple(map(show, one.trees)) for one in there}
        both = (*there, *(day for day in days if tuple(map(show, day.trees)) not in seen))
        together = tuple(condition for condition in (self.entry.holds, self.entry.in_time) if condition)
        return EvidencePlan(together, scope, both), EvidencePlan(together, scope, days)


class _Chapter:
    """A chapter, prepared when it first concerns somebody; what it says is remembered."""

    def __init__(self, chapter: Chapter, plan: Plan) -> None:
        self.chapter, self.plan = chapter, plan
        self._answers: Answers[_Answer] = Answers(self._names, plan.types)

    def asked(self, values: Mapping[str, Value], concerned: Truth, level: str | None) -> _Answer:
        """Ask everything in the chapter."""
        tied = level if self._rules["ceilings"] else None
        return self._answers.to(values, lambda: self._work_out(values, concerned, level), concerned, tied)

    def _work_out(self, values: Mapping[str, Value], concerned: Truth, level: str | None) -> _Answer:
        interpreter = interpreter_over({**values, **_figures(self.chapter)})
        blocks = {name: [rule.said(interpreter, concerned, level) for rule in rules] for name, rules in self._rules.items()}
        traces: dict[str, Any] = {name: tuple(one.trace for one in said if one.trace) for name, said in blocks.items()}
        every = [one for said in blocks.values() for one in said]
        return _Answer(
            **traces, implied={found.fact: found for one in every for found in one.implied},
            unrecorded=frozenset(name for one in every for name in one.unrecorded), reads=frozenset(reads_of(self.chapter)),
        )  # fmt: skip

    @cached_property
    def _rules(self) -> dict[str, list[_Rule]]:
        """The rules that are asked here: routes, requirements, contents, and ceilings but those that lower a level."""
        chapter = self.chapter
        conditions, reads = _conditions_of(chapter), dict(names_by_rule(chapter))

        def prepared(entry: Asking) -> _Rule:
            name = entry.rule.id
            return _Rule(entry, conditions[name], reads[name], chapter, self.plan)

        return {
            name: [prepared(entry) for entry in getattr(chapter, name) if not (isinstance(entry, Ceiling) and entry.lowers)]
            for name in _BLOCKS
        }

    def _names(self) -> Iterator[str]:
        return (name for block in self._rules.values() for rule in block for name in rule.names())


def _figures(chapter: Chapter) -> dict[str, Value]:
    return {name: figure(threshold.quantity) for name, threshold in chapter.thresholds.items()}


def _implied_facts(names: Iterable[str], facts: Mapping[str, FactDeclaration]) -> tuple[FactDeclaration, ...]:
    """Return the facts among some names that follow from others, and those that these follow from in turn."""
    found: dict[str, FactDeclaration] = {}
    pending = list(names)
    while pending:
        fact = facts.get(pending.pop())
        if fact and fact.derived and fact.name not in found:
            found[fact.name] = fact
            pending += fact.derived.names
    return tuple(found.values())


def _due(in_time: Condition | None, chapter: Chapter) -> str:
    """Return the last good day of `day < figure` or `day <= figure`; "" where a condition is of another form."""
    construct, parts = opened(in_time.tree) if in_time else ("", None)
    if construct != "comparison" or not parts or len(parts[0]) != 1:
        return ""
    _, sign, right = parts[0][0]
    threshold = chapter.thresholds.get(name_of(right))
    day = threshold.quantity.value if threshold else None
    return (day - timedelta(days=sign == "<")).isoformat() if isinstance(day, date) and sign in {"<", "<="} else ""


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
