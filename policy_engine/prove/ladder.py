"""The ladder: whoever meets a better level meets the worse ones of its step, but for listed exceptions; and what never lowers a level."""

from collections.abc import Iterator

from policy_engine.model.rulebook import Criterion, DecideStep, LevelRule, Monotonicity
from policy_engine.prove.ask import BESIDE, Answer, Solution, Undecided
from policy_engine.prove.meaning import is_derived
from policy_engine.prove.terms import Figure, Term, conjunction, z3
from policy_engine.prove.tracks import (
    PROVEN,
    REFUTED,
    UNDECIDED_WORD,
    Claim,
    Expected,
    Inquiry,
    Part,
    Witness,
    confirmed,
    refuted_by,
    shown_by,
)


def reachable_claims(inquiry: Inquiry) -> Iterator[Claim]:
    """Ask of every level of the track whether some case gets it."""
    outcomes = inquiry.meaning.outcomes()
    for rule in inquiry.track.levels:
        answer, witness = shown_by(inquiry.witness(outcomes[rule.level], expected=Expected(rule.level)))
        yield Claim("reachable", inquiry.track.id, answer, (rule.level,), (rule.citation.clause,), witness=witness)


def overlap_claims(inquiry: Inquiry) -> Iterator[Claim]:
    """Ask of every two levels of different steps whether both can hold; that is admitted where the step rests on an interpretation."""
    steps = inquiry.track.decide
    met = inquiry.meaning.levels
    for index, step in enumerate(steps):
        interpretations = tuple(use.id for use in step.interpretations)
        found = [
            (first, later, inquiry.witness(met[first], met[later], expected=Expected(met=(first, later))))
            for first in step.levels
            for other in steps[index + 1 :]
            for later in other.levels
        ]
        for first, later, witness in found:
            yield _overlap(inquiry, first, later, witness, interpretations)
        if found and interpretations and all(witness is None for *_, witness in found):
            yield Claim("overlap", inquiry.track.id, REFUTED, step.levels, declared=interpretations, reason="not_real")


def _overlap(inquiry: Inquiry, first: str, later: str, witness: Witness | Undecided | None, interpretations: tuple[str, ...]) -> Claim:
    """Tell one pair of levels."""
    clauses = (inquiry.clause(first), inquiry.clause(later))
    answer, shown = refuted_by(witness)
    if answer == REFUTED and interpretations:
        return Claim("overlap", inquiry.track.id, PROVEN, (first, later), clauses, interpretations, witness=shown)
    return Claim("no_overlap", inquiry.track.id, answer, (first, later), clauses, witness=shown)


def shadow_claims(inquiry: Inquiry) -> Iterator[Claim]:
    """Ask of every criterion whether it ever decides: whether its level would be another one without it."""
    for rule in inquiry.track.levels:
        for place, criterion in enumerate(rule.criteria):
            part = inquiry.part(criterion, rule.level)
            answer, witness = shown_by(inquiry.witness(*_alone(inquiry, rule, place), expected=_told_apart(rule, criterion)))
            yield Claim(
                "not_shadowed", inquiry.track.id, answer, (rule.level, criterion.id), (part.citation,), parts=(part,), witness=witness
            )  # fmt: skip


def _told_apart(rule: LevelRule, criterion: Criterion) -> Expected:
    """Return what the reference has to say where one criterion alone decides: it fails, or its level holds by it."""
    return Expected(failed=(criterion.id,)) if rule.mode == "all_of" else Expected(met=(rule.level,))


def _alone(inquiry: Inquiry, rule: LevelRule, place: int) -> tuple[Term, ...]:
    """Return the formulas of a case in which one criterion alone decides whether its level holds."""
    standings = [inquiry.meaning.standings[criterion.id] for criterion in rule.criteria]
    own, others = standings[place], [s for n, s in enumerate(standings) if n != place]
    if rule.mode == "all_of":
        return (own.failed, *(other.kept for other in others))
    return (own.met, *(z3.Not(other.met) for other in others))


def ladder_claims(inquiry: Inquiry) -> Iterator[Claim]:
    """Ask of every two levels of one step whether the better one brings the worse one with it."""
    for step in inquiry.track.decide:
        for place, better in enumerate(step.levels):
            worse = [inquiry.rules[level] for level in step.levels[place + 1 :]]
            yield from _exceptions(inquiry, step, better, worse)
            for rule in worse:
                yield _nested(inquiry, step, better, rule)


def _listed(step: DecideStep, level: str) -> dict[str, int]:
    """Return the criteria that a level does not ask by an exception of its step, with the exception's place."""
    return {name: place for place, one in enumerate(step.exceptions) if one.level == level for name in one.without}


def _exceptions(inquiry: Inquiry, step: DecideStep, better: str, worse: list[LevelRule]) -> Iterator[Claim]:
    """Ask whether each listed exception is real."""
    listed = _listed(step, better)
    met = inquiry.meaning.levels[better]
    interpretations = tuple(use.id for use in step.interpretations)
    for name, place in listed.items():
        found = next(((rule, c) for rule in worse for c in rule.criteria if c.id == name), None)
        says = step.exceptions[place].says
        if found is None:
            yield Claim("exception", inquiry.track.id, REFUTED, (better, name), declared=interpretations, says=says, reason="not_real")
            continue
        rule, criterion = found
        fails = _failing(inquiry, rule, criterion)
        failed = (name,) if rule.mode == "all_of" else ()
        found_case = inquiry.witness(inquiry.meaning.outcomes()[better], fails, expected=Expected(better, (better,), failed))
        answer, witness = shown_by(found_case or inquiry.witness(met, fails, expected=Expected(met=(better,), failed=failed)))
        yield Claim(
            "exception", inquiry.track.id, answer, (better, name), (inquiry.clause(better), criterion.citation.clause), interpretations, says,
            parts=(inquiry.part(criterion, rule.level),), witness=witness, reason="" if answer == PROVEN else "not_real",
        )  # fmt: skip


def _failing(inquiry: Inquiry, rule: LevelRule, criterion: Criterion) -> Term:
    """Return the formula that a criterion keeps its level from holding."""
    standing = inquiry.meaning.standings[criterion.id]
    return standing.failed if rule.mode == "all_of" else z3.Not(standing.met)


def _nested(inquiry: Inquiry, step: DecideStep, better: str, rule: LevelRule) -> Claim:
    """Ask whether a better level can hold where a worse one does not, but for the listed criteria."""
    listed = _listed(step, better)
    meaning = inquiry.meaning
    asked = [c for c in rule.criteria if c.id not in listed]
    kept = conjunction(z3.Not(_failing(inquiry, rule, c)) for c in asked) if rule.mode == "all_of" else meaning.levels[rule.level]
    answer, witness = refuted_by(inquiry.witness(meaning.levels[better], z3.Not(kept), expected=Expected(met=(better,))))
    parts = _missing(inquiry, better, rule, asked) if answer == REFUTED else ()
    clauses = (inquiry.clause(better), inquiry.clause(rule.level))
    return Claim("nested", inquiry.track.id, answer, (better, rule.level), clauses, parts=parts, witness=witness)


def _missing(inquiry: Inquiry, better: str, rule: LevelRule, asked: list[Criterion]) -> tuple[Part, ...]:
    """Return the criteria of a worse level that a better one does not bring."""
    met = inquiry.meaning.levels[better]
    return tuple(inquiry.part(c, rule.level) for c in asked if inquiry.asker.possible(met, _failing(inquiry, rule, c)) is not False)


def monotone_claims(inquiry: Inquiry) -> Iterator[Claim]:
    """Ask of every promise whether more of a figure, all else the same, can break it."""
    for promise in inquiry.track.monotone:
        yield _promise(inquiry, promise)


def _promise(inquiry: Inquiry, promise: Monotonicity) -> Claim:
    """Ask about one promise: two cases that differ in one figure."""
    claim = Claim("monotone", inquiry.track.id, PROVEN, (promise.id,), says=promise.says)
    symbol = inquiry.meaning.symbols.of.get(promise.more)
    if symbol is None or not isinstance(symbol.known, Figure):
        return claim._replace(answer=REFUTED, reason="derived" if is_derived(inquiry.edition.facts[promise.more]) else "not_read")
    own = symbol.known.part
    more = z3.Const(f"more {promise.more}", own.sort())
    standing = _place_of(inquiry)
    after = z3.substitute(standing, (own, more))
    moved = after < standing if promise.never == "lowers" else after > standing
    rated = z3.And(inquiry.meaning.always, z3.Not(inquiry.meaning.barred))
    goals = (more > own, rated, z3.substitute(rated, (own, more)), moved)
    answer, witness, then = _broken(inquiry, promise, inquiry.asker.beside(symbol, more).find(*goals))
    return claim._replace(answer=answer, witness=witness, then=then)


def _broken(inquiry: Inquiry, promise: Monotonicity, found: Answer) -> tuple[str, Witness | None, Witness | None]:
    """Return the answer to a promise, and the two cases that break it, once the reference has rated both."""
    if not isinstance(found, Solution):
        return (PROVEN if found is None else UNDECIDED_WORD), None, None
    values = dict(found.values)
    after = {**values, promise.more: values.pop(BESIDE)}
    first, then = (confirmed(one, inquiry.evaluator, inquiry.track, Expected()) for one in (values, after))
    if first is None or then is None or first.outcome == then.outcome:
        return UNDECIDED_WORD, None, None
    return REFUTED, first, then


def _place_of(inquiry: Inquiry) -> Term:
    """Return where a case stands: twice the rank of its level; no level stands between the worst one and the next."""
    rank = inquiry.meaning.rank
    return z3.If(rank < 0, 1, 2 * rank)
