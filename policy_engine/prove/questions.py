"""What is asked of a track with levels: its gaps, its overlaps, what each level and criterion decides, its ladder, its promises."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from policy_engine.language.text import show
from policy_engine.language.tree import MIRRORED, OPPOSITE, Tree, name_of, names_in, opened
from policy_engine.model.facts import Threshold
from policy_engine.model.rulebook import Criterion, DecideStep, GapDeclaration, LevelRule, Monotonicity
from policy_engine.prove.ask import BESIDE, Solution, Undecided
from policy_engine.prove.claims import (
    PROVEN,
    REFUTED,
    UNDECIDED_WORD,
    Claim,
    Expected,
    Inquiry,
    Region,
    Span,
    confirmed,
    refuted_by,
    shown_by,
)  # fmt: skip
from policy_engine.prove.meaning import is_derived
from policy_engine.prove.terms import Quotient, Term, conjunction, disjunction, z3

MOST_REGIONS = 32


class Limit(NamedTuple):
    """A criterion that holds a figure against a threshold: the figure to the left, the sign, the threshold to the right."""

    figure: Tree
    sign: str
    threshold: Threshold


class SpanEnd(NamedTuple):
    """An end of a span: the threshold, whether it belongs to the span, and the clause that sets it."""

    threshold: Threshold
    included: bool
    clause: str


def gap_claims(inquiry: Inquiry) -> Iterator[Claim]:
    """Ask about the gaps of a track: each declared one must be real and exact, and there must be no other."""
    track, meaning = inquiry.track, inquiry.meaning
    if track.residual.level is not None:
        yield from (_claim_of(inquiry, one)._replace(answer=REFUTED, reason="not_real") for one in track.gaps)
        yield inquiry.claim("no_gap", PROVEN)
        return
    gap = meaning.outcomes()[track.residual.outcome]
    regions = regions_of(inquiry, gap)
    if isinstance(regions, Undecided):
        yield inquiry.claim("no_gap", UNDECIDED_WORD)
        return
    for declared, where in zip(track.gaps, meaning.gaps, strict=True):
        yield _declared(inquiry, declared, where, gap, regions)
    outside, expected, bare = z3.Not(disjunction(meaning.gaps)), Expected(track.residual.outcome), True
    for number, (region, formula) in enumerate(regions, 1):
        answer, witness = refuted_by(inquiry.witness(formula, outside, expected=expected))
        if answer != PROVEN:
            bare = False
            about = "+".join(part.criterion for part in region.parts) or str(number)
            claim = inquiry.claim("no_gap", answer, (about,))
            yield claim._replace(clauses=_clauses([region]), regions=(region,), witness=witness, reason="undeclared")
    if bare:
        answer, witness = refuted_by(inquiry.witness(gap, outside, expected=expected))
        yield inquiry.claim("no_gap", answer)._replace(witness=witness, reason="" if answer == PROVEN else "undeclared")


def regions_of(inquiry: Inquiry, gap: Term) -> list[tuple[Region, Term]] | Undecided:
    """Cut a gap into regions, each with its formula, those with the fewest failing criteria first.

    What fails of the level that asks least says why no level holds.
    """
    step = [rule for rule in inquiry.last_step() if rule.mode == "all_of"]
    asked = step[-1].criteria if step else ()
    failing = [inquiry.meaning.standings[c.id].failed for c in asked]
    found: list[tuple[Region, Term]] = []
    seen: list[Term] = []
    for number in range(1, len(asked) + 1):
        few = z3.PbEq([(term, 1) for term in failing], number)
        while len(found) < MOST_REGIONS:
            chosen = inquiry.asker.which(failing, gap, few, *seen)
            if isinstance(chosen, Undecided):
                return chosen
            if chosen is None:
                break
            formula = conjunction([gap, *(term if place in chosen else z3.Not(term) for place, term in enumerate(failing))])
            seen.append(z3.Not(conjunction(failing[place] for place in chosen)))
            criteria = [asked[place] for place in chosen]
            spans = [_span(inquiry, limit.figure, formula) for limit in map(limit_of, criteria) if limit]
            parts = tuple(inquiry.part(c, step[-1].level) for c in criteria)
            found.append((Region(parts, tuple(span for span in spans if span.least or span.most)), formula))
    return found


def limit_of(criterion: Criterion) -> Limit | None:
    """Return the figure and the threshold of a criterion that is one comparison of the two; None for any other."""
    construct, parts = opened(criterion.when.tree)
    if construct != "comparison" or len(parts[0]) > 1:
        return None
    named = {threshold.name: threshold for threshold in criterion.thresholds}
    (left, sign, right), = parts[0]  # fmt: skip
    if name_of(right) in named:
        return Limit(left, sign, named[name_of(right)])
    return Limit(right, MIRRORED[sign], named[name_of(left)]) if name_of(left) in named else None


def _span(inquiry: Inquiry, figure: Tree, formula: Term) -> Span:
    """Return where a figure lies in a region, by every criterion of the track that speaks of it and is settled there."""
    text = show(figure)
    least: SpanEnd | None = None
    most: SpanEnd | None = None
    for sign, threshold, clause in _settled(inquiry, text, formula):
        end = SpanEnd(threshold, sign in {">=", "<=", "=="}, clause)
        if sign in {">", ">=", "=="} and _is_tighter(end, least, upwards=True):
            least = end
        if sign in {"<", "<=", "=="} and _is_tighter(end, most, upwards=False):
            most = end
    return Span(
        figure=text, facts=tuple(name for name in names_in(figure) if name in inquiry.edition.facts),
        least=least.threshold.quantity.text if least else None, least_included=bool(least and least.included),
        most=most.threshold.quantity.text if most else None, most_included=bool(most and most.included),
        clauses=tuple(dict.fromkeys(end.clause for end in (least, most) if end)),
    )  # fmt: skip


def _settled(inquiry: Inquiry, figure: str, formula: Term) -> Iterator[tuple[str, Threshold, str]]:
    """Yield every comparison of a figure with a threshold that holds all over a region, as a sign with the figure to the left."""
    for criterion in (criterion for rule in inquiry.track.levels for criterion in rule.criteria):
        limit = limit_of(criterion)
        if limit is None or show(limit.figure) != figure:
            continue
        holds = inquiry.meaning.standings[criterion.id].holds
        if inquiry.asker.possible(formula, holds) is False:
            yield OPPOSITE[limit.sign], limit.threshold, criterion.citation.clause
        elif inquiry.asker.possible(formula, z3.Not(holds)) is False:
            yield limit.sign, limit.threshold, criterion.citation.clause


def _is_tighter(new: SpanEnd, old: SpanEnd | None, *, upwards: bool) -> bool:
    if old is None:
        return True
    first, second = new.threshold.quantity.value, old.threshold.quantity.value
    if first == second:
        return old.included and not new.included
    return (first > second) is upwards  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]  # one figure has one type


def _declared(inquiry: Inquiry, declared: GapDeclaration, where: Term, gap: Term, regions: list[tuple[Region, Term]]) -> Claim:
    """Ask whether a declared gap is real, and no wider than it says; its witness fails in nothing else, where there is such a case."""
    track, levels, claim = inquiry.track, inquiry.meaning.levels, _claim_of(inquiry, declared)
    narrow = (inquiry.witness(where, formula, expected=Expected(track.residual.outcome)) for formula in [*(f for _, f in regions), gap])
    answer, witness = shown_by(next((found for found in narrow if found is not None), None))
    if answer != PROVEN:
        return claim._replace(answer=answer, reason="not_real" if answer == REFUTED else "")
    given = disjunction(levels[level] for step in track.decide for level in step.levels)
    earlier = [z3.Not(levels[level]) for step in track.decide[:-1] for level in step.levels]
    wide = inquiry.witness(where, given, *earlier)
    held = tuple(region for region, formula in regions if inquiry.asker.possible(formula, z3.Not(where)) is False)
    claim = claim._replace(witness=witness, regions=held, clauses=_clauses(held))
    answer, against = refuted_by(wide)
    return claim if answer == PROVEN else claim._replace(answer=answer, witness=against, reason="too_wide")


def _claim_of(inquiry: Inquiry, declared: GapDeclaration) -> Claim:
    interpretations = tuple(use.id for use in declared.interpretations)
    return inquiry.claim("gap", PROVEN, (declared.id,))._replace(says=declared.says, declared=interpretations)


def _clauses(regions: Iterable[Region]) -> tuple[str, ...]:
    """Return the clauses of the criteria that fail in regions, and those that the regions lie between."""
    each = [[*(part.citation for part in r.parts), *(clause for span in r.spans for clause in span.clauses)] for r in regions]
    return tuple(dict.fromkeys(clause for clauses in each for clause in clauses))


def overlap_claims(inquiry: Inquiry) -> Iterator[Claim]:
    """Ask of every two levels of different steps whether both can hold; that is admitted where the step rests on an interpretation."""
    track, met = inquiry.track, inquiry.meaning.levels
    for index, step in enumerate(track.decide):
        interpretations = tuple(use.id for use in step.interpretations)
        pairs = [(first, later) for first in step.levels for other in track.decide[index + 1 :] for later in other.levels]
        found = [(pair, inquiry.witness(met[pair[0]], met[pair[1]], expected=Expected(met=pair))) for pair in pairs]
        for pair, witness in found:
            clauses = (inquiry.clause(pair[0]), inquiry.clause(pair[1]))
            answer, shown = refuted_by(witness)
            if answer == REFUTED and interpretations:
                yield inquiry.claim("overlap", PROVEN, pair)._replace(clauses=clauses, declared=interpretations, witness=shown)
            else:
                yield inquiry.claim("no_overlap", answer, pair)._replace(clauses=clauses, witness=shown)
        if found and interpretations and all(witness is None for _, witness in found):
            yield inquiry.claim("overlap", REFUTED, step.levels)._replace(declared=interpretations, reason="not_real")


def reachable_claims(inquiry: Inquiry) -> Iterator[Claim]:
    """Ask of every level of the track whether some case gets it."""
    outcomes = inquiry.meaning.outcomes()
    for rule in inquiry.track.levels:
        answer, witness = shown_by(inquiry.witness(outcomes[rule.level], expected=Expected(rule.level)))
        yield inquiry.claim("reachable", answer, (rule.level,))._replace(clauses=(rule.citation.clause,), witness=witness)


def shadow_claims(inquiry: Inquiry) -> Iterator[Claim]:
    """Ask of every criterion whether it ever decides: whether its level would be another one without it."""
    for rule in inquiry.track.levels:
        for criterion in rule.criteria:
            own = inquiry.meaning.standings[criterion.id]
            others = [inquiry.meaning.standings[c.id] for c in rule.criteria if c is not criterion]
            if rule.mode == "all_of":
                goals, expected = (own.failed, *(other.kept for other in others)), Expected(failed=(criterion.id,))
            else:
                goals, expected = (own.met, *(z3.Not(other.met) for other in others)), Expected(met=(rule.level,))
            part = inquiry.part(criterion, rule.level)
            answer, witness = shown_by(inquiry.witness(*goals, expected=expected))
            claim = inquiry.claim("not_shadowed", answer, (rule.level, criterion.id))
            yield claim._replace(clauses=(part.citation,), parts=(part,), witness=witness)


def ladder_claims(inquiry: Inquiry) -> Iterator[Claim]:
    """Ask of every two levels of one step whether the better one brings the worse one with it, but for listed exceptions."""
    for step in inquiry.track.decide:
        for place, better in enumerate(step.levels):
            listed = {name: one for one in step.exceptions if one.level == better for name in one.without}
            worse = [inquiry.rules[level] for level in step.levels[place + 1 :]]
            for name, exception in listed.items():
                yield _exception(inquiry, step, better, worse, name)._replace(says=exception.says)
            for rule in worse:
                yield _nested(inquiry, better, rule, [c for c in rule.criteria if c.id not in listed])


def _exception(inquiry: Inquiry, step: DecideStep, better: str, worse: Sequence[LevelRule], name: str) -> Claim:
    """Ask whether a listed exception is real: whether the better level can hold where the criterion keeps the worse one from holding."""
    interpretations = tuple(use.id for use in step.interpretations)
    claim = inquiry.claim("exception", REFUTED, (better, name))._replace(declared=interpretations, reason="not_real")
    found = next(((rule, c) for rule in worse for c in rule.criteria if c.id == name), None)
    if found is None:
        return claim
    rule, criterion = found
    fails = _failing(inquiry, rule, criterion)
    expected = Expected(met=(better,), failed=(name,) if rule.mode == "all_of" else ())
    witness = inquiry.witness(inquiry.meaning.outcomes()[better], fails, expected=expected._replace(outcome=better))
    answer, shown = shown_by(witness or inquiry.witness(inquiry.meaning.levels[better], fails, expected=expected))
    clauses, parts = (inquiry.clause(better), criterion.citation.clause), (inquiry.part(criterion, rule.level),)
    reason = "" if answer == PROVEN else "not_real"
    return claim._replace(answer=answer, clauses=clauses, parts=parts, witness=shown, reason=reason)


def _failing(inquiry: Inquiry, rule: LevelRule, criterion: Criterion) -> Term:
    standing = inquiry.meaning.standings[criterion.id]
    return standing.failed if rule.mode == "all_of" else z3.Not(standing.met)


def _nested(inquiry: Inquiry, better: str, rule: LevelRule, asked: Sequence[Criterion]) -> Claim:
    """Ask whether a better level can hold where a worse one does not, by the criteria that are not listed."""
    met = inquiry.meaning.levels[better]
    failing = {c.id: _failing(inquiry, rule, c) for c in asked}
    kept = conjunction(map(z3.Not, failing.values())) if rule.mode == "all_of" else inquiry.meaning.levels[rule.level]
    answer, witness = refuted_by(inquiry.witness(met, z3.Not(kept), expected=Expected(met=(better,))))
    missing = [c for c in asked if inquiry.asker.possible(met, failing[c.id]) is not False] if answer == REFUTED else []
    clauses, parts = (inquiry.clause(better), inquiry.clause(rule.level)), tuple(inquiry.part(c, rule.level) for c in missing)
    return inquiry.claim("nested", answer, (better, rule.level))._replace(clauses=clauses, parts=parts, witness=witness)


def monotone_claims(inquiry: Inquiry) -> Iterator[Claim]:
    """Ask of every promise whether more of a figure, all else the same, can break it."""
    for promise in inquiry.track.monotone:
        yield _promise(inquiry, promise)


def _promise(inquiry: Inquiry, promise: Monotonicity) -> Claim:
    """Ask about one promise: two cases that differ in one figure, both of which the reference must rate as the solver does."""
    meaning, claim = inquiry.meaning, inquiry.claim("monotone", PROVEN, (promise.id,))._replace(says=promise.says)
    symbol = meaning.symbols.of.get(promise.more)
    if symbol is None or not isinstance(symbol.known, Quotient):
        return claim._replace(answer=REFUTED, reason="derived" if is_derived(inquiry.edition.facts[promise.more]) else "not_read")
    own = symbol.known.part
    more = z3.Const(f"more {promise.more}", own.sort())
    place = z3.If(meaning.rank < 0, 1, 2 * meaning.rank)  # no level stands between the worst one and the next
    after = z3.substitute(place, (own, more))
    moved = after < place if promise.never == "lowers" else after > place
    rated = z3.And(meaning.always, z3.Not(meaning.barred))
    found = inquiry.asker.beside(symbol, more).find(more > own, rated, z3.substitute(rated, (own, more)), moved)
    if found is None:
        return claim
    claim = claim._replace(answer=UNDECIDED_WORD)
    if not isinstance(found, Solution):
        return claim
    values = dict(found.values)
    changed = {**values, promise.more: values.pop(BESIDE)}
    first, then = (confirmed(one, inquiry.evaluator, inquiry.track) for one in (values, changed))
    broken = first is not None and then is not None and first.outcome != then.outcome
    return claim._replace(answer=REFUTED, witness=first, then=then) if broken else claim
