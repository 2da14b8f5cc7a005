"""What binds a level from outside its criteria: rules of eligibility before them, ceilings that lower after them.

Works on the finished verdict of the criteria, so that an edition without such rules pays nothing for them. What is
open stays open: a ceiling whose level is not known leaves every level at or below the proposal possible.
"""

from collections.abc import Iterable, Mapping, Sequence

from policy_engine.evaluate.core.evidence import EvidencePlan
from policy_engine.evaluate.core.expression import Interpreter, interpreter_over
from policy_engine.evaluate.core.facts import Facts
from policy_engine.evaluate.core.plan import Plan, figure, outer_scope
from policy_engine.evaluate.core.reliance import used
from policy_engine.language.tree import name_of
from policy_engine.language.values import NONE, UNKNOWN, Truth, Value, all_hold
from policy_engine.model.case import Case
from policy_engine.model.duties import Ceiling, Chapter, Eligibility, Rule
from policy_engine.model.rulebook import Edition
from policy_engine.model.verdict import CeilingTrace, EligibilityTrace, Verdict
from policy_engine.tuples import NamedTuple


class Bound(NamedTuple):
    """A rule of eligibility or a ceiling that lowers, with the figures of its chapter and what its condition looks at."""

    rule: Eligibility | Ceiling
    chapter: Chapter
    figures: Mapping[str, Value]
    evidence: EvidencePlan | None = None


def bounds_of(edition: Edition) -> tuple[Bound, ...]:
    """Return every rule of an edition that binds a level from outside; nothing where it has none."""
    outside = outer_scope(edition)
    found: list[Bound] = []
    for chapter in edition.chapters:
        figures = {name: figure(threshold.quantity) for name, threshold in chapter.thresholds.items()}
        scope = outside.within(chapter.thresholds, figures)
        found += [Bound(rule, chapter, figures, EvidencePlan((rule.when,), scope)) for rule in chapter.eligibility]
        found += [Bound(rule, chapter, figures) for rule in chapter.ceilings if rule.lowers]
    return tuple(found)


def relevance(chapter: Chapter, verdict: Verdict) -> Truth:
    """Return whether a chapter concerns the subject: by its track, which may still be open."""
    if verdict.outcome == "out_of_scope":
        return False
    if not chapter.tracks or verdict.track in chapter.tracks:
        return True
    possible = [track in chapter.tracks for track in verdict.possible_tracks] if verdict.track is None else []
    unknown: Truth = UNKNOWN
    return unknown if any(possible) and not all(possible) else any(possible)


def applies(rule: Rule, interpreter: Interpreter, concerned: Truth) -> Truth:
    return concerned if rule.applies_when is None else all_hold((concerned, interpreter.truth(rule.applies_when)))


def bounded(verdict: Verdict, bounds: Sequence[Bound], facts: Facts, case: Case, plan: Plan) -> Verdict:
    """Bind a verdict by the rules of eligibility, and then by the ceilings that lower.

    What is asked comes in the order of the bounds, before what the criteria ask. What remains possible is exact where each
    open fact stands in the criteria or in one bound alone; else it may be too wide, and that is said.
    """
    own, exact = verdict.open_questions, verdict.possible_exact
    asked: list[str] = []
    seen: set[str] = set()
    if verdict.outcome == "undetermined":  # the open facts that the criteria rest on; else these leave one outcome, whatever they are
        tracks = [plan.tracks[name] for name in (verdict.track, *verdict.possible_tracks) if name]
        seen = {name for track in tracks for name in track.reads if facts.values.get(name) is UNKNOWN}
    for bound in sorted(bounds, key=lambda one: isinstance(one.rule, Ceiling)):
        interpreter = interpreter_over({**facts.values, **bound.figures}, case.facts)
        concerned = applies(bound.rule.rule, interpreter, relevance(bound.chapter, verdict))
        names = _asked_by(bound.rule, interpreter, concerned)
        if isinstance(bound.rule, Eligibility) and bound.evidence:
            verdict = _barred(verdict, bound.rule, bound.evidence, interpreter, concerned)
        elif isinstance(bound.rule, Ceiling) and verdict.outcome != "not_eligible":
            verdict = _lowered(verdict, bound.rule, interpreter, concerned, plan)
            exact = exact and (not names or _is_free(bound.rule, interpreter, concerned))
        exact = exact and seen.isdisjoint(names)
        seen |= set(names)
        asked += names
    if verdict.outcome != "undetermined":
        return verdict._replace(open_questions=(), possible_exact=True)
    return verdict._replace(open_questions=tuple(dict.fromkeys((*asked, *own))), possible_exact=exact)


def _asked_by(rule: Eligibility | Ceiling, interpreter: Interpreter, concerned: Truth) -> tuple[str, ...]:
    """Return the open names that a bound rests on; nothing where it is settled."""
    if isinstance(rule, Eligibility):
        own = rule.when
        settled = all_hold((concerned, interpreter.truth(own))) is not UNKNOWN
    else:
        own = rule.other
        value = interpreter.value(own)
        settled = concerned is False or value is NONE or (concerned is True and value is not UNKNOWN)
    names = dict.fromkeys((*own.names, *(rule.rule.applies_when.names if rule.rule.applies_when else ())))
    return () if settled else tuple(name for name in names if interpreter.values.get(name) is UNKNOWN)


def _is_free(rule: Ceiling, interpreter: Interpreter, concerned: Truth) -> bool:
    """Return whether an open ceiling may be any level, or applies or not whatever else is so."""
    if concerned is True:
        return bool(name_of(rule.other.tree))
    return interpreter.value(rule.other) is not UNKNOWN


def _barred(
    verdict: Verdict, bar: Eligibility, evidence: EvidencePlan, interpreter: Interpreter, concerned: Truth
) -> Verdict:  # fmt: skip
    truth = all_hold((concerned, interpreter.truth(bar.when)))
    rule, interpretations = bar.rule, used(bar.rule.interpretations, interpreter) if truth is not False else ()
    trace = EligibilityTrace(
        id=rule.id, outcome="met" if truth is True else "unknown" if truth is UNKNOWN else "not_met", citation=rule.citation.clause,
        phrase=rule.citation.phrase, condition=bar.when.text, evidence=evidence.of(interpreter.values),
        interpretations=interpretations, says=rule.says,
    )  # fmt: skip
    verdict = verdict._replace(eligibility=(*verdict.eligibility, trace), interpretations=_with(verdict.interpretations, interpretations))
    if truth is True:
        return verdict._replace(
            outcome="not_eligible", level=None, possible_levels=(), gap_possible=False, ineligible_possible=False, overlaps=()
        )  # fmt: skip
    if truth is UNKNOWN and verdict.outcome not in {"not_eligible", "out_of_scope"}:
        return verdict._replace(outcome="undetermined", level=None, ineligible_possible=True)
    return verdict


def _lowered(verdict: Verdict, ceiling: Ceiling, interpreter: Interpreter, concerned: Truth, plan: Plan) -> Verdict:
    other = interpreter.value(ceiling.other)
    ranks = [plan.level_ids.index(level) for level in verdict.possible_levels]
    trace = ceiling_trace(ceiling, interpreter, concerned, verdict.level, plan)
    if verdict.level is None and ranks and isinstance(other, int) and concerned is True:
        above = [rank > other for rank in ranks]
        word = "unknown" if any(above) and (verdict.gap_possible or not all(above)) else "exceeded" if all(above) else "kept"
        trace = trace._replace(outcome=word, lowered=word == "exceeded")
    verdict = verdict._replace(ceilings=(*verdict.ceilings, trace))
    if trace.outcome == "not_applicable" or not ranks:
        return verdict
    caps = range(len(plan.level_ids)) if other is UNKNOWN else [int(other)] if isinstance(other, int) else []
    reached = {min(rank, cap) for rank in ranks for cap in caps} | set(ranks if concerned is UNKNOWN else ())
    levels = tuple(plan.level_ids[rank] for rank in sorted(reached, reverse=True))
    sure = len(levels) == 1 and verdict.track is not None and not verdict.gap_possible and not verdict.ineligible_possible
    return verdict._replace(
        outcome="classified" if sure else "undetermined", level=levels[0] if sure else None, possible_levels=levels,
        interpretations=_with(verdict.interpretations, trace.interpretations),
    )  # fmt: skip


def ceiling_trace(ceiling: Ceiling, interpreter: Interpreter, concerned: Truth, level: str | None, plan: Plan) -> CeilingTrace:
    """Say how a level stands to what it is held against; a level that does not exist binds nothing."""
    rule, other = ceiling.rule, interpreter.value(ceiling.other)
    if concerned is False or other is NONE:
        outcome = "not_applicable"
    elif concerned is UNKNOWN or not isinstance(other, int) or level is None:
        outcome = "unknown"
    else:
        rank = plan.level_ids.index(level)
        outcome = "exceeded" if (rank > other if ceiling.relation == "not_above" else rank != other) else "kept"
    return CeilingTrace(
        id=rule.id, outcome=outcome, relation=ceiling.relation, level=level,
        other=plan.level_ids[other] if isinstance(other, int) else None,
        lowered=ceiling.lowers and outcome == "exceeded", severity=ceiling.severity, says=rule.says,
        citation=rule.citation.clause, phrase=rule.citation.phrase,
        interpretations=used(rule.interpretations, interpreter) if outcome != "not_applicable" else (),
    )  # fmt: skip


def _with(first: Sequence[str], more: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({*first, *more}))
