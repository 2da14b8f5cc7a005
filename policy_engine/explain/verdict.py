"""A verdict in sentences: the level, why, why not each better one, and what would reach the next.

Made from the trace alone, in the reader's language; nothing is evaluated here.
"""

from collections.abc import Iterable, Iterator

from policy_engine.errors import N_
from policy_engine.evaluate.core.expression import shown
from policy_engine.explain.blocks import Explanation, Line, Section, figures_text, share_bars, status_word
from policy_engine.explain.duties import duty_sections
from policy_engine.language.values import Value
from policy_engine.messages import plural, sentence, translate
from policy_engine.model.rulebook import Edition
from policy_engine.model.verdict import Advice, CriterionTrace, Deduction, LevelTrace, Verdict

_OPEN = ("not_met", "unknown")


def explain(verdict: Verdict, edition: Edition, language: str, notes: Iterable[str] = ()) -> Explanation:
    """Put a verdict into sentences.

    Args:
        verdict: the verdict.
        edition: the edition it was made under, for the words of levels, facts and interpretations.
        language: `vi` or `en`.
        notes: marked sentences that stand beside the headline.
    """
    return _Explainer(verdict, edition, language).explanation(notes)


class _Explainer:
    """One verdict, on its way into one language."""

    def __init__(self, verdict: Verdict, edition: Edition, language: str) -> None:
        """Take what is to be said, and the language."""
        self.verdict, self.edition, self.language = verdict, edition, language
        self.traces = {trace.level: trace for trace in verdict.levels}
        self.bars = share_bars(edition)
        self.track = next((t for t in edition.tracks if t.id == verdict.track), None)

    def _(self, text: str, **words: object) -> str:
        """Translate a marked text."""
        return translate(text, self.language, **words)

    def level(self, name: str | None) -> str:
        """Return the words of a level, with its code."""
        known = self.edition.scale.get(name or "")
        return f"{sentence(known.label, self.language)} ({known.code})" if known else str(name)

    def fact(self, name: str) -> str:
        """Return the words of a fact, with its name."""
        known = self.edition.facts.get(name)
        return f"{sentence(known.label, self.language)} ({name})" if known else name

    def explanation(self, notes: Iterable[str]) -> Explanation:
        """Put the parts together; a section without lines is left out."""
        subject = self.verdict.subject.get("name") or self.verdict.subject.get("id")
        title = f"{self.verdict.case} · {subject}" if subject else self.verdict.case
        sections = (
            self._why(), *self._why_not(), self._overlaps(), self._questions(), self._deduced(), self._advice(),
            *duty_sections(self.verdict, self.edition, self.language), self._interpretations(),
        )  # fmt: skip
        kept = tuple(section for section in sections if section.lines)
        return Explanation(title, self._headline(), self.verdict.outcome, (self._edition(), *map(self._, notes)), kept)

    def _edition(self) -> str:
        """Name the edition, its status, its digest and the track."""
        status = status_word(self.verdict.status, self.language, sealed=self.verdict.sealed)
        words = {"edition": self.edition.id, "status": status, "revision": self.verdict.revision[:19]}
        first = self._(N_("Edition {edition} ({status}), revision {revision}…"), **words)
        if self.track is None:
            return first
        return f"{first} · {sentence(self.track.label, self.language)} [{self.track.citation.clause}]"

    def _headline(self) -> str:
        """Say the outcome in one sentence."""
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
        return self._(texts[verdict.outcome], **words)

    def _choice_of_levels(self) -> str:
        """Name what is still possible."""
        names = [self.level(level) for level in self.verdict.possible_levels]
        if self.verdict.gap_possible:
            names.append(self._(N_("no level")))
        if self.verdict.ineligible_possible:
            names.append(self._(N_("not classified at all")))
        if not self.verdict.possible_exact:
            names.append(self._(N_("(perhaps not all of these: the search was cut short)")))
        return "; ".join(names) or "—"

    def _why(self) -> Section:
        """Return the criteria that made the level, and what was looked at before it."""
        verdict, trace = self.verdict, self.traces.get(self.verdict.level or "")
        lines = list(self._bound())
        if verdict.outcome == "not_eligible":
            return Section(self._(N_("Why")), tuple(lines))
        if trace:
            wanted = ("met",) if trace.mode == "any_of" else ("met", "not_applicable", "unknown")
            lines += [self._criterion(c) for c in trace.criteria if c.outcome in wanted]
        elif self.track and not self.track.levels:
            lines += [Line("note", sentence(self.track.says, self.language), self.track.citation.clause)]
        lines += [line for level in self._passed_first() if level in self.traces for line in self._passed(level)]
        return Section(self._(N_("Why")), tuple(lines)) if verdict.outcome != "undetermined" else Section("", ())

    def _bound(self) -> Iterator[Line]:
        """Say which rules bind the level from outside its criteria: eligibility, and ceilings that lowered it."""
        for bar in self.verdict.eligibility:
            if bar.outcome == "met":
                yield Line("note", sentence(bar.says, self.language), bar.citation)
        for ceiling in self.verdict.ceilings:
            if ceiling.lowered:
                words = {
                    "level": self.level(ceiling.level),
                    "other": self.level(ceiling.other),
                    "says": sentence(ceiling.says, self.language),
                }
                yield Line("note", self._(N_("lowered from {level} to {other}: {says}"), **words), ceiling.citation)

    def _passed_first(self) -> Iterator[str]:
        """Return the levels that were looked at before the one that decided, and are not better than it."""
        order = list(self.edition.scale)
        for step in self.track.decide if self.track else ():
            if self.verdict.level in step.levels:
                return
            for level in step.levels:
                if self.verdict.level is None or order.index(level) > order.index(self.verdict.level):
                    yield level

    def _passed(self, level: str) -> Iterator[Line]:
        """Say that a level which goes first does not hold."""
        trace = self.traces[level]
        if trace.outcome == "not_met" and trace.mode == "any_of":
            text = plural(
                "{level} goes first, but its one criterion does not hold",
                "{level} goes first, but none of its {number} criteria holds",
                len(trace.criteria), self.language, level=self.level(level),
            )  # fmt: skip
            yield Line("note", text, trace.citation)

    def _why_not(self) -> Iterator[Section]:
        """For each level better than the one that came out, give what stands against it."""
        order = list(self.edition.scale)
        end = order.index(self.verdict.level) if self.verdict.level else len(order)
        for trace in self.verdict.levels:
            if order.index(trace.level) < end and trace.outcome in _OPEN:
                yield self._against(trace)

    def _against(self, trace: LevelTrace) -> Section:
        """Return what stands against one level; of a level of which any criterion suffices, only what is open."""
        wanted = _OPEN if trace.mode == "all_of" else ("unknown",)
        lines = tuple(self._criterion(c) for c in trace.criteria if c.outcome in wanted)
        title = N_("Why not {level}") if trace.outcome == "not_met" else N_("Open: {level}")
        return Section(self._(title, level=self.level(trace.level)), lines)

    def _criterion(self, trace: CriterionTrace) -> Line:
        """Say how one criterion came out: what it asks, the figures, the operative words, the clause."""
        seen = self._seen(trace)
        says = sentence(trace.says, self.language).rstrip(" .")
        held = f", {trace.phrase}" if any(sign.isdigit() for sign in seen) else f" (“{trace.phrase}”)"
        text = f"{says}: {seen}{held}" if seen else f"{says}{held}"
        if trace.outcome == "not_applicable":
            nothing = self._(N_("not applicable, there is nothing to count"))
            text = f"{says}: {nothing}"
        interpretations = f" · {', '.join(trace.interpretations)}" if trace.interpretations else ""
        return Line(trace.outcome, text, trace.citation + interpretations)

    def _seen(self, trace: CriterionTrace) -> str:
        """Write the figures of a criterion; of several yes-or-no facts, those that stand in the way."""
        parts: list[str] = []
        for part in trace.observed.split("; ") if trace.observed else ():
            name, labelled, answer = part.partition(" = ")
            if labelled and answer in {"true", "false", "?"}:
                parts += [] if answer == "true" else [f"{self.fact(name)}: {self._truth(answer)}"]
            elif part in {"true", "false", "?"}:
                parts.append(self._truth(part))
            else:
                parts.append(figures_text(part, self.language, self.bars))
        return "; ".join(parts)

    def _truth(self, text: str) -> str:
        """Write a yes-or-no answer."""
        return self._({"true": N_("yes"), "false": N_("no"), "?": N_("not recorded")}[text])

    def _overlaps(self) -> Section:
        """Report levels that hold beside the one that went first."""
        lines: list[Line] = []
        for overlap in self.verdict.overlaps:
            others = "; ".join(self.level(level) for level in overlap.levels if level != overlap.decided)
            words = {"decided": self.level(overlap.decided), "others": others}
            text = self._(N_("{decided} goes first, though the conditions of these hold too: {others}"), **words)
            lines.append(Line("note", text, ", ".join(overlap.interpretations)))
        return Section(self._(N_("Overlap")), tuple(lines))

    def _questions(self) -> Section:
        """Ask what would decide, most telling first."""
        lines = [Line("unknown", self._asks(name), name) for name in self.verdict.open_questions]
        return Section(self._(N_("Open questions, most telling first")), tuple(lines))

    def _asks(self, name: str) -> str:
        """Return the question of a fact."""
        known = self.edition.facts.get(name)
        return sentence(known.asks, self.language) if known else name

    def _deduced(self) -> Section:
        """Show what follows from what the case states."""
        shown = [self._deduction(d) for d in self.verdict.deductions if d.origin in {"invariant", "derived"}]
        unread = [Line("note", self._(N_("{fact}: stated, but not read for this subject"), fact=self.fact(n))) for n in self.verdict.unread]
        return Section(self._(N_("Worked out from what is stated")), (*shown, *unread))

    def _deduction(self, deduction: Deduction) -> Line:
        """Show one deduced fact, with the rules that it follows from."""
        rules = [text for name, text in self._rules() if name in deduction.because]
        because = "; ".join((*rules, *(name for name in deduction.because if name in self.edition.register)))
        return Line("note", f"{self.fact(deduction.fact)} = {self._value(deduction.value)}", because)

    def _rules(self) -> Iterator[tuple[str, str]]:
        """Return every invariant by id, in words of the condition language."""
        for rule in (*self.edition.invariants, *(self.track.requires if self.track else ())):
            yield rule.id, rule.holds.text

    def _value(self, value: Value) -> str:
        """Write a value."""
        return self._truth("true" if value else "false") if isinstance(value, bool) else shown(value)

    def _advice(self) -> Section:
        """Say what would reach the next better level."""
        lines = [line for advice in self.verdict.advice for line in self._advise(advice)]
        return Section(self._(N_("What would reach the next level")), tuple(lines))

    def _advise(self, advice: Advice) -> Iterator[Line]:
        """Say the least change, or what stands in the way."""
        level = self.level(advice.reached or advice.level)
        if advice.reachable:
            changes = "; ".join(f"{self.fact(c.fact)}: {self._value(c.current)} → {self._value(c.wanted)}" for c in advice.changes)
            yield Line("note", f"{level}: {changes}")
            if advice.total:
                yield Line("note", self._(N_("least total change of counts, totals as they are: {total}"), total=advice.total))
        elif advice.locked:
            facts = "; ".join(self.fact(name) for name in advice.locked)
            yield Line("not_met", self._(N_("{level}: cannot be reached; cannot change: {facts}"), level=level, facts=facts))
        elif advice.open:
            facts = "; ".join(self.fact(name) for name in advice.open)
            yield Line("unknown", self._(N_("{level}: cannot be told while these are open: {facts}"), level=level, facts=facts))
            return
        else:
            yield Line("not_met", self._(N_("{level}: cannot be reached by other counts while the totals stay as they are"), level=level))
        if not advice.exact:
            yield Line("unknown", self._(N_("the search was cut short; a smaller change may exist")))

    def _interpretations(self) -> Section:
        """Name every interpretation relied on, with its interpretation and its status."""
        lines: list[Line] = []
        for name in self.verdict.interpretations:
            interpretation = self.edition.register[name]
            status = self._(N_("accepted")) if interpretation.status == "accepted" else self._(N_("proposed, not yet accepted"))
            lines.append(Line("note", f"{name}: {sentence(interpretation.interpretation, self.language)}", status))
        return Section(self._(N_("Interpretations relied on")), tuple(lines))
