"""Gaps: cases for which no level holds. The declared ones must be real and exact, and there must be no other."""

from collections.abc import Iterator

from policy_engine.model.rulebook import GapDeclaration
from policy_engine.prove.ask import Undecided
from policy_engine.prove.claims import PROVEN, REFUTED, UNDECIDED_WORD, Claim, Region, Witness
from policy_engine.prove.confirm import Expected
from policy_engine.prove.door import Term, z3
from policy_engine.prove.regions import Found, regions_of
from policy_engine.prove.terms import disjunction
from policy_engine.prove.tracks import Inquiry, refuted_by, shown_by


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
    """Give the claim that a declared gap is real and exact."""
    readings = tuple(use.id for use in declared.readings)
    return Claim("gap", inquiry.track.id, PROVEN, (declared.id,), says=declared.says, declared=readings)


def _plainest(inquiry: Inquiry, where: Term, gap: Term, regions: list[Found], outcome: str) -> Witness | Undecided | None:
    """Give the smallest case of a declared gap: one in which only what it speaks of fails, where there is such a case."""
    expected = Expected(outcome)
    for found in regions:
        witness = inquiry.witness(where, found.formula, expected=expected)
        if witness is not None:
            return witness
    return inquiry.witness(where, gap, expected=expected)


def _inside(inquiry: Inquiry, where: Term, regions: list[Found]) -> Iterator[Region]:
    """Give the regions that lie within a declared gap."""
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
    """Give the clauses that a region lies between, or those of the criteria that fail in it."""
    between = [clause for span in region.spans for clause in span.clauses]
    return tuple(dict.fromkeys([*(part.citation for part in region.parts), *between]))
