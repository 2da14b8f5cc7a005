"""The decision beside the proposal: what on the record the competent authority should look at again.

The authority may decide as it sees fit, with its reason on record; nothing here changes a decision or a proposal.
"""

from collections.abc import Iterable, Iterator, Sequence

from policy_engine.errors import N_
from policy_engine.language.values import UNKNOWN
from policy_engine.messages import LANGUAGES, sentence, translate
from policy_engine.model.case import Case, Decision
from policy_engine.model.rulebook import Edition
from policy_engine.model.verdict import DecisionTrace, Finding, RouteTrace, Verdict

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
    """Give the level that was decided, where every decision on file says the same one."""
    levels = {decision.level for decision in decisions}
    return next(iter(levels)) if len(levels) == 1 else None


def resolve(decision: Decision, edition: Edition) -> DecisionTrace:
    """Give a decision with the body that its words name, from the exact table of spellings."""
    body = next((b.id for b in edition.bodies.values() if decision.body in (b.id, *b.label.values(), *b.aliases)), None)
    return DecisionTrace(decision.level, decision.body, body, decision.day.isoformat() if decision.day else None, decision.reason)


def decision_findings(
    case: Case, verdict: Verdict, routes: Sequence[RouteTrace], edition: Edition, *, unrated: bool
) -> tuple[Finding, ...]:  # fmt: skip
    """Give what should be looked at in the decisions of a case; `unrated`: its track has levels, but there is nothing to rate by."""
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
        """Give the findings, in the order in which the decisions stand."""
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
        readings = sorted({reading for route in routes for reading in route.interpretations})
        return Finding(name, severity, says, "; ".join(dict.fromkeys(route.citation for route in routes)), tuple(readings))

    def _word(self, word: str, language: str) -> str:
        """Give the words of a level or a body by its id; anything else stands for itself."""
        level, body = self.edition.scale.get(word), self.edition.bodies.get(word)
        return level.code if level else sentence(body.label, language) if body else translate(word, language) if word == _NO_LEVEL else word
