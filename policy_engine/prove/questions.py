"""The ladder: whoever meets a better level meets the worse ones of its step, but for listed exceptions; and what never lowers a level."""

import ast
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from policy_engine.language.check import names_in
from policy_engine.language.text import MIRRORED, OPPOSITE, show, symbol
from policy_engine.model.facts import Threshold
from policy_engine.model.rulebook import Criterion, DecideStep, GapDeclaration, LevelRule, Monotonicity
from policy_engine.prove.ask import BESIDE, Answer, Solution, Undecided
from policy_engine.prove.claims import (
    PROVEN,
    REFUTED,
    UNDECIDED_WORD,
    Claim,
    Expected,
    Inquiry,
    Part,
    Region,
    Span,
    Witness,
    confirmed,
    refuted_by,
    shown_by,
)
from policy_engine.prove.meaning import is_derived
from policy_engine.prove.terms import Figure, Term, conjunction, disjunction, z3

MOST_REGIONS = 32


class Limit(NamedTuple):
    """A criterion that holds a figure against a threshold: the figure to the left, the sign, the threshold to the right."""

    figure: ast.expr
    sign: str
    threshold: Threshold


class Found(NamedTuple):
    """A region with its formula."""

    region: Region
    formula: Term


def regions_of(inquiry: Inquiry, gap: Term) -> list[Found] | Undecided:
    """Cut a gap into regions, those with the fewest failing criteria first."""
    asked = _nearest_level(inquiry)
    failing = [inquiry.meaning.standings[c.id].failed for c in asked]
    found: list[Found] = []
    seen: list[Term] = []
    for number in range(1, len(asked) + 1):
        few = z3.PbEq([(term, 1) for term in failing], number)
        while len(found) < MOST_REGIONS:
            chosen = _failing_set(inquiry, failing, [gap, few, *seen])
            if isinstance(chosen, Undecided):
                return chosen
            if chosen is None:
                break
            formula = conjunction([gap, *(term if place in chosen else z3.Not(term) for place, term in enumerate(failing))])
            seen.append(z3.Not(conjunction(failing[place] for place in chosen)))
            found.append(Found(_region(inquiry, [asked[place] for place in chosen], formula), formula))
    return found


def _nearest_level(inquiry: Inquiry) -> tuple[Criterion, ...]:
    """Return the criteria of the level that asks least: what fails of them tells why no level holds."""
    step = [rule for rule in inquiry.last_step() if rule.mode == "all_of"]
    return step[-1].criteria if step else ()


def _failing_set(inquiry: Inquiry, failing: Sequence[Term], goals: Iterable[Term]) -> tuple[int, ...] | Undecided | None:
    """Return which criteria fail in some case that meets the goals."""
    return inquiry.asker.which(failing, *goals)


def _region(inquiry: Inquiry, criteria: Sequence[Criterion], formula: Term) -> Region:
    """Tell a region: the criteria that fail, and the span of each figure that they hold against a threshold."""
    level = next(rule.level for rule in reversed(inquiry.last_step()) if rule.mode == "all_of")
    found = [_span(inquiry, limit, formula) for limit in map(limit_of, criteria) if limit]
    spans = [span for span in found if span.least or span.most]
    return Region(tuple(inquiry.part(c, level) for c in criteria), tuple(spans))


def limit_of(criterion: Criterion) -> Limit | None:
    """Return the figure and the threshold of a criterion that is one comparison of the two; None for any other."""
    match criterion.when.tree:
        case ast.Compare(left=left, ops=[sign], comparators=[right]):
            named = {threshold.name: threshold for threshold in criterion.thresholds}
            if isinstance(right, ast.Name) and right.id in named:
                return Limit(left, symbol(sign), named[right.id])
            if isinstance(left, ast.Name) and left.id in named and symbol(sign) in MIRRORED:
                return Limit(right, MIRRORED[symbol(sign)], named[left.id])
        case _:
            pass
    return None


def _span(inquiry: Inquiry, limit: Limit, formula: Term) -> Span:
    """Return where a figure lies in a region, by every criterion of the track that speaks of it and is settled there."""
    text = show(limit.figure)
    least: tuple[Threshold, bool, str] | None = None
    most: tuple[Threshold, bool, str] | None = None
    for sign, threshold, clause in _settled(inquiry, text, formula):
        end = (threshold, sign in {">=", "<=", "=="}, clause)
        if sign in {">", ">=", "=="} and (least is None or _tighter(end, least, upwards=True)):
            least = end
        if sign in {"<", "<=", "=="} and (most is None or _tighter(end, most, upwards=False)):
            most = end
    clauses = tuple(dict.fromkeys(end[2] for end in (least, most) if end))
    return Span(
        text, tuple(name for name in names_in(limit.figure) if name in inquiry.edition.facts),
        least[0].quantity.text if least else None, bool(least and least[1]),
        most[0].quantity.text if most else None, bool(most and most[1]), clauses,
    )  # fmt: skip


def _settled(inquiry: Inquiry, figure: str, formula: Term) -> Iterator[tuple[str, Threshold, str]]:
    """Return every comparison of a figure with a threshold that holds all over a region, as a sign with the figure to the left."""
    for rule in inquiry.track.levels:
        for criterion in rule.criteria:
            limit = limit_of(criterion)
            if limit is None or show(limit.figure) != figure:
                continue
            holds = inquiry.meaning.standings[criterion.id].holds
            clause = criterion.citation.clause
            if inquiry.asker.possible(formula, holds) is False:
                yield OPPOSITE[limit.sign], limit.threshold, clause
            elif inquiry.asker.possible(formula, z3.Not(holds)) is False:
                yield limit.sign, limit.threshold, clause


def _tighter(new: tuple[Threshold, bool, str], old: tuple[Threshold, bool, str], *, upwards: bool) -> bool:
    """Return whether an end binds more than another."""
    first, second = new[0].quantity.value, old[0].quantity.value
    if first == second:
        return old[1] and not new[1]
    return (first > second) is upwards  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]  # one figure has one type


def gap_claims(inquiry: Inquiry) -> Iterator[Claim]:
    """Ask about the gaps of a track: each declared one, each that is not declared, and whether there is any other."""
    outcome = inquiry.track.residual.outcome
    if inquiry.track.residual.level is not None:
        yield from (_claim_of(inquiry, one)._replace(answer=REFUTED, reason="not_real") for one in inquiry.track.gaps)
        yield Claim("no_gap", inquiry.track.id, PROVEN)
        return
    gap = inquiry.meaning.outcomes()[outcome]
    regions = regions_of(inquiry, gap)
    if isinstance(regions, Undecided):
        yield Claim("no_gap", inquiry.track.id, UNDECIDED_WORD)
        return
    wheres = inquiry.meaning.gaps
    for declared, where in zip(inquiry.track.gaps, wheres, strict=True):
        yield _declared(inquiry, declared, where, gap, regions)
    outside = z3.Not(disjunction(wheres))
    yield from _undeclared(inquiry, gap, outside, regions, outcome)


def _declared(inquiry: Inquiry, declared: GapDeclaration, where: Term, gap: Term, regions: list[Found]) -> Claim:
    """Ask whether a declared gap is real, and no wider than it says."""
    track, claim = inquiry.track, _claim_of(inquiry, declared)
    answer, witness = shown_by(_plainest(inquiry, where, gap, regions, track.residual.outcome))
    if answer != PROVEN:
        return claim._replace(answer=answer, reason="not_real" if answer == REFUTED else "")
    level_given = disjunction(inquiry.meaning.levels[level] for step in track.decide for level in step.levels)
    wide = inquiry.witness(where, level_given, *(z3.Not(term) for term in inquiry.earlier()))
    held = tuple(_inside(inquiry, where, regions))
    clauses = tuple(dict.fromkeys(clause for region in held for clause in _clauses(region)))
    claim = claim._replace(witness=witness, regions=held, clauses=clauses)
    answer, against = refuted_by(wide)
    return claim if answer == PROVEN else claim._replace(answer=answer, witness=against, reason="too_wide")


def _claim_of(inquiry: Inquiry, declared: GapDeclaration) -> Claim:
    """Return the claim that a declared gap is real and exact."""
    interpretations = tuple(use.id for use in declared.interpretations)
    return Claim("gap", inquiry.track.id, PROVEN, (declared.id,), says=declared.says, declared=interpretations)


def _plainest(inquiry: Inquiry, where: Term, gap: Term, regions: list[Found], outcome: str) -> Witness | Undecided | None:
    """Return the smallest case of a declared gap: one in which only what it speaks of fails, where there is such a case."""
    expected = Expected(outcome)
    for found in regions:
        witness = inquiry.witness(where, found.formula, expected=expected)
        if witness is not None:
            return witness
    return inquiry.witness(where, gap, expected=expected)


def _inside(inquiry: Inquiry, where: Term, regions: list[Found]) -> Iterator[Region]:
    """Return the regions that lie within a declared gap."""
    for found in regions:
        if inquiry.asker.implied([found.formula], where) is True:
            yield found.region


def _undeclared(inquiry: Inquiry, gap: Term, outside: Term, regions: list[Found], outcome: str) -> Iterator[Claim]:
    """Tell every region of the gap that no declaration covers; where there is none, that there is none."""
    bare = True
    for number, found in enumerate(regions, 1):
        answer, witness = refuted_by(inquiry.witness(found.formula, outside, expected=Expected(outcome)))
        if answer != PROVEN:
            bare = False
            yield Claim(
                "no_gap", inquiry.track.id, answer, _names(found.region) or (str(number),), _clauses(found.region),
                regions=(found.region,), witness=witness, reason="undeclared",
            )  # fmt: skip
    if bare:
        answer, witness = refuted_by(inquiry.witness(gap, outside, expected=Expected(outcome)))
        yield Claim("no_gap", inquiry.track.id, answer, witness=witness, reason="" if answer == PROVEN else "undeclared")


def _names(region: Region) -> tuple[str, ...]:
    """Name a region by the criteria that fail in it."""
    return ("+".join(part.criterion for part in region.parts),) if region.parts else ()


def _clauses(region: Region) -> tuple[str, ...]:
    """Return the clauses that a region lies between, or those of the criteria that fail in it."""
    between = [clause for span in region.spans for clause in span.clauses]
    return tuple(dict.fromkeys([*(part.citation for part in region.parts), *between]))


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
