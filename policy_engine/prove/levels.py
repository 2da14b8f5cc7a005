"""Levels: each can be reached, none is asked for in vain, and those of two steps overlap only where the edition says which goes first."""

from collections.abc import Iterator

from policy_engine.model.rulebook import LevelRule
from policy_engine.prove.claims import PROVEN, REFUTED, Claim
from policy_engine.prove.confirm import Expected
from policy_engine.prove.door import Term, z3
from policy_engine.prove.tracks import Inquiry, refuted_by, shown_by


def reachable_claims(inquiry: Inquiry) -> Iterator[Claim]:
    """Ask of every level of the track whether some case gets it."""
    outcomes = inquiry.meaning.outcomes()
    for rule in inquiry.track.levels:
        answer, witness = shown_by(inquiry.witness(outcomes[rule.level], expected=Expected(rule.level)))
        yield Claim("reachable", inquiry.track.id, answer, (rule.level,), (rule.citation.clause,), witness=witness)


def overlap_claims(inquiry: Inquiry) -> Iterator[Claim]:
    """Ask of every two levels of different steps whether both can hold; that is admitted where the step rests on a reading."""
    steps = inquiry.track.decide
    met = inquiry.meaning.levels
    for index, step in enumerate(steps):
        readings = tuple(use.id for use in step.readings)
        found = [
            (first, later, inquiry.witness(met[first], met[later], expected=Expected(met=(first, later))))
            for first in step.levels
            for other in steps[index + 1 :]
            for later in other.levels
        ]
        for first, later, witness in found:
            yield _overlap(inquiry, first, later, witness, readings)
        if found and readings and all(witness is None for *_, witness in found):
            yield Claim("overlap", inquiry.track.id, REFUTED, step.levels, declared=readings, reason="not_real")


def _overlap(inquiry: Inquiry, first: str, later: str, witness: object, readings: tuple[str, ...]) -> Claim:
    """Tell one pair of levels."""
    clauses = (inquiry.clause(first), inquiry.clause(later))
    answer, shown = refuted_by(witness)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    if answer == REFUTED and readings:
        return Claim("overlap", inquiry.track.id, PROVEN, (first, later), clauses, readings, witness=shown)
    return Claim("no_overlap", inquiry.track.id, answer, (first, later), clauses, witness=shown)


def shadow_claims(inquiry: Inquiry) -> Iterator[Claim]:
    """Ask of every criterion whether it ever decides: whether its level would be another one without it."""
    for rule in inquiry.track.levels:
        for place, criterion in enumerate(rule.criteria):
            part = inquiry.part(criterion, rule.level)
            answer, witness = shown_by(inquiry.witness(*_alone(inquiry, rule, place)))
            yield Claim(
                "not_shadowed", inquiry.track.id, answer, (rule.level, criterion.id), (part.citation,), parts=(part,), witness=witness
            )  # fmt: skip


def _alone(inquiry: Inquiry, rule: LevelRule, place: int) -> tuple[Term, ...]:
    """Give the formulas of a case in which one criterion alone decides whether its level holds."""
    standings = [inquiry.meaning.standings[criterion.id] for criterion in rule.criteria]
    own, others = standings[place], [s for n, s in enumerate(standings) if n != place]
    if rule.mode == "all_of":
        return (own.failed, *(other.kept for other in others))
    return (own.met, *(z3.Not(other.met) for other in others))
