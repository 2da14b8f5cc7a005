"""The decisions on file, held against the proposal and against who decides; nothing here changes a decision or a proposal.

The authority may decide as it sees fit, with its reason on record.
"""

from collections.abc import Iterable, Iterator, Sequence

from policy_engine.errors import N_
from policy_engine.language.values import UNKNOWN
from policy_engine.messages import LANGUAGES, sentence, translate
from policy_engine.model.case import Case, Decision
from policy_engine.model.rulebook import Edition
from policy_engine.model.verdict import DecisionTrace, Finding, RouteTrace, Verdict

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


def agreed_level(decisions: Sequence[Decision]) -> str | None:
    """Return the level that was decided, where every decision on file says the same one."""
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
    """Return the finding about what was decided beside what was proposed, or ""."""
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
