"""What a verdict says beside the level, in sentences: bodies, papers, contents, ties, the decision on file."""

from collections.abc import Iterator, Sequence

from policy_engine.errors import N_
from policy_engine.explain.blocks import Line, Section
from policy_engine.messages import sentence, translate
from policy_engine.model.rulebook import Edition
from policy_engine.model.verdict import DecisionTrace, Finding, RequirementTrace, Verdict

_DUTIES = {
    "reviews": N_("reviewed before"), "assesses": N_("assessed by"), "decides": N_("decided by"), "receives": N_("papers go to"),
}  # fmt: skip
SEVERITY_MARKS = {"error": "not_met", "warning": "warning", "note": "note"}
"""The mark of a line by how bad it is."""
_BREACHES = {"missing": N_("missing"), "late": N_("late")}


def duty_sections(verdict: Verdict, edition: Edition, language: str) -> tuple[Section, ...]:
    """Put into sentences what the edition asks beside the level, and what is on record; a section without lines is left out."""
    told = _Duties(verdict, edition, language)
    sections = (
        Section(told.say(N_("Decision on file")), tuple(told.decision())),
        Section(told.say(N_("To look at again")), tuple(told.findings())),
        Section(told.say(N_("Ties between levels that hold")), tuple(told.kept())),
        Section(told.say(N_("Not yet checked: more has to be recorded first")), tuple(told.unchecked())),
        Section(told.say(N_("Who reviews and who decides")), tuple(told.routes())),
        Section(told.say(N_("Papers and days")), tuple(told.required(verdict.duties.requirements))),
        Section(told.say(N_("Contents of the review")), tuple(told.required(verdict.duties.contents))),
        Section(told.say(N_("Not recorded, and asked for beside the level")), tuple(told.unrecorded())),
    )
    return tuple(section for section in sections if section.lines)


class _Duties:
    """One verdict's duties, on their way into one language."""

    def __init__(self, verdict: Verdict, edition: Edition, language: str) -> None:
        """Take what is to be said, and the language."""
        self.verdict, self.edition, self.language = verdict, edition, language

    def say(self, text: str, **words: object) -> str:
        """Translate a marked text."""
        return translate(text, self.language, **words)

    def level(self, name: str | None) -> str:
        """Return the words of a level, with its code."""
        known = self.edition.scale.get(name or "")
        return f"{sentence(known.label, self.language)} ({known.code})" if known else "—"

    def decision(self) -> Iterator[Line]:
        """Say what the subject rated itself, what was taken from other cases, and what was decided."""
        duties = self.verdict.duties
        if duties.self_level:
            yield Line("note", self.say(N_("self-rating: {level}"), level=self.level(duties.self_level)))
        for decision in duties.decided:
            yield Line("note", self._decided(decision))
        for gathered in duties.gathered:
            origin = {"decided": N_("decided"), "proposed": N_("proposed, not yet decided"), "open": N_("still open")}[gathered.origin]
            words = {"case": gathered.case, "level": self.level(gathered.level), "origin": self.say(origin)}
            yield Line("note", self.say(N_("taken from {case}: {level}, {origin}"), **words), gathered.fact)

    def _decided(self, decision: DecisionTrace) -> str:
        """Say one decision: the level, by whom, when, why."""
        body = self.edition.bodies.get(decision.body or "")
        by = sentence(body.label, self.language) if body else decision.by
        first = self.say(N_("decided: {level}"), level=self.level(decision.level))
        reason = self.say(N_("reason: {reason}"), reason=decision.reason) if decision.reason else ""
        return ", ".join(part for part in (first, by, decision.day or "", reason) if part)

    def findings(self) -> Iterator[Line]:
        """Return every finding."""
        for finding in self.verdict.duties.findings:
            yield self._finding(finding)

    def kept(self) -> Iterator[Line]:
        """Return every tie that was checked and holds."""
        for ceiling in self.verdict.ceilings:
            if ceiling.outcome == "kept":
                yield Line("met", sentence(ceiling.says, self.language), _source(ceiling.citation, ceiling.interpretations))

    def unchecked(self) -> Iterator[Line]:
        """Return the ties of which nobody can tell yet whether they hold, or concern the subject at all, and what the text may leave out."""
        for ceiling in self.verdict.ceilings:
            if ceiling.outcome == "unknown":
                yield Line("unknown", sentence(ceiling.says, self.language), _source(ceiling.citation, ceiling.interpretations))
        for route in self.verdict.duties.routes:
            if route.outcome == "unknown" and route.body is None:
                yield Line("unknown", sentence(route.label, self.language), _source(route.citation, route.interpretations))

    def _finding(self, finding: Finding) -> Line:
        """Say one finding."""
        return Line(
            SEVERITY_MARKS[finding.severity], sentence(finding.says, self.language), _source(finding.citation, finding.interpretations)
        )

    def routes(self) -> Iterator[Line]:
        """Say which body does what; several lines of one duty are all owed. What depends on open facts stands in one line."""
        sources: dict[str, list[str]] = {}
        waiting: dict[str, None] = {}
        for route in self.verdict.duties.routes:
            label = sentence(route.label, self.language)
            text = label if route.body is None else f"{self.say(_DUTIES[route.duty])}: {label}"
            if route.outcome != "unknown":
                sources.setdefault(text, []).append(_source(route.citation, route.interpretations))
            elif route.body is not None:
                waiting[text] = None
        yield from (Line("note", text, "; ".join(dict.fromkeys(told))) for text, told in sources.items())
        if waiting:
            yield Line("unknown", self.say(N_("perhaps also, once more is recorded: {names}"), names="; ".join(waiting)))

    def required(self, traces: Sequence[RequirementTrace]) -> Iterator[Line]:
        """Say what is missing or late, one by one; what is there, and what was not recorded, in one line each."""
        for trace in traces:
            if trace.outcome in _BREACHES:
                yield self._breach(trace)
        met = sum(trace.outcome == "met" for trace in traces)
        if met:
            yield Line("met", self.say(N_("there and in time: {count}"), count=met))
        unknown = sum(trace.outcome == "unknown" for trace in traces)
        if unknown:
            yield Line("unknown", self.say(N_("cannot be told from what is recorded: {count}"), count=unknown))

    def unrecorded(self) -> Iterator[Line]:
        """Name the facts that the lines above wait for, in the order in which the edition declares them."""
        waited = set(self.verdict.duties.unrecorded)
        labels = [sentence(fact.label, self.language) for name, fact in self.edition.facts.items() if name in waited]
        if labels:
            yield Line("unknown", "; ".join(labels))

    def _breach(self, trace: RequirementTrace) -> Line:
        """Say what is missing or late."""
        says = sentence(trace.says, self.language).rstrip(" .")
        text = f"{says}: {self.say(_BREACHES[trace.outcome])}"
        if trace.outcome == "late":
            text += f" ({trace.observed})"
        if trace.due:
            text += self.say(N_("; last day in time {day}"), day=trace.due)
        return Line(SEVERITY_MARKS[trace.severity], text, _source(trace.citation, trace.interpretations))


def _source(citation: str, interpretations: Sequence[str]) -> str:
    """Write where something stands, and the interpretations that it rests on."""
    return " · ".join(part for part in (citation, ", ".join(interpretations)) if part)
