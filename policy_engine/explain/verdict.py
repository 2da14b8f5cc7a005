"""A verdict in sentences: the level, why, why not each better one, and what would reach the next.

Made from the trace alone, in the reader's language; nothing is evaluated here.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from policy_engine.evaluate.core.evidence import observed
from policy_engine.evaluate.core.expression import shown
from policy_engine.explain.blocks import SEVERITY_MARKS, STATUSES, TRUTHS, Explanation, Line, Section, Wording, filled, source
from policy_engine.language.values import Value
from policy_engine.messages import N_
from policy_engine.model.rulebook import Edition
from policy_engine.model.verdict import Advice, CriterionTrace, RequirementTrace, Verdict

_OPEN = ("not_met", "unknown")
_DUTIES = {
    "reviews": N_("reviewed before"), "assesses": N_("assessed by"), "decides": N_("decided by"), "receives": N_("papers go to"),
}  # fmt: skip
_ORIGINS = {"decided": N_("decided"), "proposed": N_("proposed, not yet decided"), "open": N_("still open")}
_BREACHES = {"missing": N_("missing"), "late": N_("late")}


def explain(verdict: Verdict, edition: Edition, language: str, notes: Iterable[str] = ()) -> Explanation:
    """Put a verdict into sentences."""
    return _Explainer(verdict, edition, language).explanation(notes)


class _Explainer(Wording):
    """One verdict, on its way into one language."""

    def __init__(self, verdict: Verdict, edition: Edition, language: str) -> None:
        super().__init__(language, edition)
        self.verdict, self.edition = verdict, edition
        self.traces = {trace.level: trace for trace in verdict.levels}
        self.track = next((t for t in edition.tracks if t.id == verdict.track), None)

    def explanation(self, notes: Iterable[str]) -> Explanation:
        """Put the parts together; a section without lines is left out."""
        verdict, duties, edition = self.verdict, self.verdict.duties, self.edition
        subject = verdict.subject.get("name") or verdict.subject.get("id")
        first = self.heading(edition)
        if self.track:
            first += f" · {self.text(self.track.label)} [{self.track.citation.clause}]"
        parts = (
            (N_("Overlap"), self._overlaps()),
            (N_("Open questions, most telling first"), self._questions()),
            (N_("Worked out from what is stated"), self._deduced()),
            (N_("What would reach the next level"), (line for advice in verdict.advice for line in self._advise(advice))),
            (N_("Decision on file"), self._decision()),
            (N_("To look at again"), self._findings()),
            (N_("Ties between levels that hold"), self._ties("met", "kept")),
            (N_("Not yet checked: more has to be recorded first"), self._unchecked()),
            (N_("Who reviews and who decides"), self._routes()),
            (N_("Papers and days"), self._required(duties.requirements)),
            (N_("Contents of the review"), self._required(duties.contents)),
            (N_("Not recorded, and asked for beside the level"), self._unrecorded()),
            (N_("Interpretations relied on"), self._interpretations()),
        )  # fmt: skip
        sections = (self._why(), *self._why_not(), *(Section(self.say(title), tuple(lines)) for title, lines in parts))
        title = f"{verdict.case} · {subject}" if subject else verdict.case
        return Explanation(
            title=title, headline=self._headline(), outcome=verdict.outcome, notes=(first, *map(self.say, notes)),
            sections=filled(*sections),
        )  # fmt: skip

    def _headline(self) -> str:
        verdict = self.verdict
        words = {"level": self.level(verdict.level), "levels": self._choice_of_levels(), "tracks": ", ".join(verdict.possible_tracks)}
        texts = {
            "classified": N_("Proposal: {level}"),
            "gap": N_("No level: the text leaves this case open; the assessing authority decides, and records why"),
            "undetermined": N_("Not decided: facts are missing. Still possible: {levels}"),
            "decided_by_authority": N_("No proposal: there is nothing to rate by; the authority decides")
            if self.track and self.track.levels
            else N_("No proposal: the text prints no thresholds here; the authority decides"),
            "not_eligible": N_("Not classified: a rule of eligibility stands against it"),
            "out_of_scope": N_("Out of scope: no track of this edition applies"),
        }
        return self.say(texts[verdict.outcome], **words)

    def _choice_of_levels(self) -> str:
        names = [self.level(level) for level in self.verdict.possible_levels]
        if self.verdict.gap_possible:
            names.append(self.say(N_("no level")))
        if self.verdict.ineligible_possible:
            names.append(self.say(N_("not classified at all")))
        if not self.verdict.possible_exact:
            names.append(self.say(N_("(perhaps not all of these: the search was cut short)")))
        return "; ".join(names) or "—"

    def _why(self) -> Section:
        """Return the criteria that made the level, and what was looked at before it."""
        verdict, trace = self.verdict, self.traces.get(self.verdict.level or "")
        lines = list(self._bound())
        if verdict.outcome == "not_eligible":
            return Section(self.say(N_("Why")), tuple(lines))
        if trace:
            wanted = ("met",) if trace.mode == "any_of" else ("met", "not_applicable", "unknown")
            lines += [self._criterion(c) for c in trace.criteria if c.outcome in wanted]
        elif self.track and not self.track.levels:
            lines += [Line("note", self.text(self.track.says), self.track.citation.clause)]
        lines += self._passed_first()
        return Section(self.say(N_("Why")), tuple(lines)) if verdict.outcome != "undetermined" else Section("", ())

    def _bound(self) -> Iterator[Line]:
        """Say which rules bind the level from outside its criteria: eligibility, and ceilings that lowered it."""
        for bar in self.verdict.eligibility:
            if bar.outcome == "met":
                yield Line("note", self.text(bar.says), bar.citation)
        for ceiling in self.verdict.ceilings:
            if ceiling.lowered:
                words = {"level": self.level(ceiling.level), "other": self.level(ceiling.other), "says": self.text(ceiling.says)}
                yield Line("note", self.say(N_("lowered from {level} to {other}: {says}"), **words), ceiling.citation)

    def _passed_first(self) -> Iterator[Line]:
        """Name the levels that were looked at before the one that decided, are not better than it, and do not hold."""
        order = list(self.edition.scale)
        for step in self.track.decide if self.track else ():
            if self.verdict.level in step.levels:
                return
            for level in step.levels:
                trace = self.traces.get(level)
                passed = self.verdict.level is None or order.index(level) > order.index(self.verdict.level)
                if passed and trace and trace.outcome == "not_met" and trace.mode == "any_of":
                    text = self.plural(
                        "{level} goes first, but its one criterion does not hold",
                        "{level} goes first, but none of its {number} criteria holds", len(trace.criteria), level=self.level(level),
                    )  # fmt: skip
                    yield Line("note", text, trace.citation)

    def _why_not(self) -> Iterator[Section]:
        """Return for each level better than the one that came out what stands against it; where any criterion suffices, what is open."""
        order = list(self.edition.scale)
        end = order.index(self.verdict.level) if self.verdict.level else len(order)
        for trace in self.verdict.levels:
            if order.index(trace.level) < end and trace.outcome in _OPEN:
                wanted = _OPEN if trace.mode == "all_of" else ("unknown",)
                lines = tuple(self._criterion(c) for c in trace.criteria if c.outcome in wanted)
                title = N_("Why not {level}") if trace.outcome == "not_met" else N_("Open: {level}")
                yield Section(self.say(title, level=self.level(trace.level)), lines)

    def _criterion(self, trace: CriterionTrace) -> Line:
        """Say how one criterion came out: what it asks, the figures, the operative words, the clause."""
        seen = self.seen(trace.evidence, self.fact)
        says = self.bare(trace.says)
        held = f", {trace.phrase}" if any(sign.isdigit() for sign in seen) else f" (“{trace.phrase}”)"
        text = f"{says}: {seen}{held}" if seen else f"{says}{held}"
        if trace.outcome == "not_applicable":
            nothing = self.say(N_("not applicable, there is nothing to count"))
            text = f"{says}: {nothing}"
        return Line(trace.outcome, text, source(trace.citation, trace.interpretations))

    def _overlaps(self) -> Iterator[Line]:
        for overlap in self.verdict.overlaps:
            others = "; ".join(self.level(level) for level in overlap.levels if level != overlap.decided)
            words = {"decided": self.level(overlap.decided), "others": others}
            text = self.say(N_("{decided} goes first, though the conditions of these hold too: {others}"), **words)
            yield Line("note", text, ", ".join(overlap.interpretations))

    def _questions(self) -> Iterator[Line]:
        for name in self.verdict.open_questions:
            known = self.edition.facts.get(name)
            yield Line("unknown", self.text(known.asks) if known else name, name)

    def _deduced(self) -> Iterator[Line]:
        """Show what follows from what the case states, with the rules that it follows from, and what is stated and not read."""
        rules = (*self.edition.invariants, *(self.track.requires if self.track else ()))
        for one in self.verdict.deductions:
            if one.origin in {"invariant", "derived"}:
                because = [rule.holds.text for rule in rules if rule.id in one.because]
                because += [name for name in one.because if name in self.edition.register]
                yield Line("note", f"{self.fact(one.fact)} = {self._value(one.value)}", "; ".join(because))
        for name in self.verdict.unread:
            yield Line("note", self.say(N_("{fact}: stated, but not read for this subject"), fact=self.fact(name)))

    def _value(self, value: Value) -> str:
        return self.say(TRUTHS["true" if value else "false"]) if isinstance(value, bool) else shown(value)

    def _advise(self, advice: Advice) -> Iterator[Line]:
        level = self.level(advice.reached or advice.level)
        if advice.reachable:
            changes = "; ".join(f"{self.fact(c.fact)}: {self._value(c.current)} → {self._value(c.wanted)}" for c in advice.changes)
            yield Line("note", f"{level}: {changes}")
            if advice.total:
                yield Line("note", self.say(N_("least total change of counts, totals as they are: {total}"), total=advice.total))
        elif advice.locked:
            facts = "; ".join(self.fact(name) for name in advice.locked)
            yield Line("not_met", self.say(N_("{level}: cannot be reached; cannot change: {facts}"), level=level, facts=facts))
        elif advice.open:
            facts = "; ".join(self.fact(name) for name in advice.open)
            yield Line("unknown", self.say(N_("{level}: not settled while these are open: {facts}"), level=level, facts=facts))
            return
        else:
            yield Line("not_met", self.say(N_("{level}: cannot be reached by other counts while the totals stay as they are"), level=level))
        if not advice.exact:
            yield Line("unknown", self.say(N_("the search was cut short; a smaller change may exist")))

    def _interpretations(self) -> Iterator[Line]:
        for name in self.verdict.interpretations:
            one = self.edition.register[name]
            yield Line("note", f"{name}: {self.text(one.interpretation)}", self.say(STATUSES[one.status]))

    def _decision(self) -> Iterator[Line]:
        """Say what the subject rated itself, what was decided, and what was taken from other cases."""
        duties = self.verdict.duties
        if duties.self_level:
            yield Line("note", self.say(N_("self-rating: {level}"), level=self.level(duties.self_level)))
        for decision in duties.decided:
            body = self.edition.bodies.get(decision.body or "")
            first = self.say(N_("decided: {level}"), level=self.level(decision.level))
            reason = self.say(N_("reason: {reason}"), reason=decision.reason) if decision.reason else ""
            parts = (first, self.text(body.label) if body else decision.by, decision.day, reason)
            yield Line("note", ", ".join(filter(None, parts)))
        for gathered in duties.gathered:
            words = {"case": gathered.case, "level": self.level(gathered.level), "origin": self.say(_ORIGINS[gathered.origin])}
            yield Line("note", self.say(N_("taken from {case}: {level}, {origin}"), **words), gathered.fact)

    def _findings(self) -> Iterator[Line]:
        for one in self.verdict.duties.findings:
            yield Line(SEVERITY_MARKS[one.severity], self.text(one.says), source(one.citation, one.interpretations))

    def _ties(self, mark: str, outcome: str) -> Iterator[Line]:
        for ceiling in self.verdict.ceilings:
            if ceiling.outcome == outcome:
                yield Line(mark, self.text(ceiling.says), source(ceiling.citation, ceiling.interpretations))

    def _unchecked(self) -> Iterator[Line]:
        """Name the ties of which nobody knows yet whether they hold, or concern the subject at all, and what the text may leave out."""
        yield from self._ties("unknown", "unknown")
        for route in self.verdict.duties.routes:
            if route.outcome == "unknown" and route.body is None:
                yield Line("unknown", self.text(route.label), source(route.citation, route.interpretations))

    def _routes(self) -> Iterator[Line]:
        """Say which body does what; several lines of one duty are all owed. What depends on open facts stands in one line."""
        sources: dict[str, dict[str, None]] = {}
        waiting: dict[str, None] = {}
        for route in self.verdict.duties.routes:
            label = self.text(route.label)
            text = label if route.body is None else f"{self.say(_DUTIES[route.duty])}: {label}"
            if route.outcome != "unknown":
                sources.setdefault(text, {})[source(route.citation, route.interpretations)] = None
            elif route.body is not None:
                waiting[text] = None
        yield from (Line("note", text, "; ".join(several)) for text, several in sources.items())
        if waiting:
            yield Line("unknown", self.say(N_("perhaps also, once more is recorded: {names}"), names="; ".join(waiting)))

    def _required(self, traces: Sequence[RequirementTrace]) -> Iterator[Line]:
        """Say what is missing or late, one by one; what is there, and what was not recorded, in one line each."""
        for trace in traces:
            if trace.outcome in _BREACHES:
                text = f"{self.bare(trace.says)}: {self.say(_BREACHES[trace.outcome])}"
                text += f" ({observed(trace.evidence)})" if trace.outcome == "late" else ""
                text += self.say(N_("; last day in time {day}"), day=trace.due) if trace.due else ""
                yield Line(SEVERITY_MARKS[trace.severity], text, source(trace.citation, trace.interpretations))
        outcomes = Counter(trace.outcome for trace in traces)
        if outcomes["met"]:
            yield Line("met", self.say(N_("there and in time: {count}"), count=outcomes["met"]))
        if outcomes["unknown"]:
            yield Line("unknown", self.say(N_("cannot be seen from what is recorded: {count}"), count=outcomes["unknown"]))

    def _unrecorded(self) -> Iterator[Line]:
        """Name the facts that the lines above wait for, in the order in which the edition declares them."""
        waited = set(self.verdict.duties.unrecorded)
        labels = [self.label(name) for name in self.edition.facts if name in waited]
        if labels:
            yield Line("unknown", "; ".join(labels))
