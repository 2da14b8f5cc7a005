"""Every question about an edition, asked in one run."""

from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.model.rulebook import Edition, Track
from policy_engine.prove.ask import BUDGET, Asker, Solution
from policy_engine.prove.gaps import gap_claims
from policy_engine.prove.ladder import ladder_claims, monotone_claims, overlap_claims, reachable_claims, shadow_claims
from policy_engine.prove.meaning import raw_reader
from policy_engine.prove.symbols import Symbols
from policy_engine.prove.terms import UnprovableError, Words
from policy_engine.prove.tracks import PROVEN, UNDECIDED_WORD, UNPROVABLE, Claim, Inquiry, refused, refuted_by

QUESTIONS = (gap_claims, overlap_claims, reachable_claims, shadow_claims, ladder_claims, monotone_claims)
"""What is asked of every track with levels, in the order in which it is told."""


class Proof(NamedTuple):
    """An edition with every claim about it."""

    edition: Edition
    claims: tuple[Claim, ...]

    @property
    def passed(self) -> bool:
        """Whether every claim is proven; what is undecided is no pass."""
        return all(claim.answer == PROVEN for claim in self.claims)


def prove(edition: Edition, budget: int = BUDGET) -> Proof:
    """Ask everything about an edition.

    Args:
        edition: the edition.
        budget: how many steps the solver may take for one question.

    Raises:
        MissingExtraError: where z3 is not installed (on import of this module).
    """
    evaluator = Evaluator(edition)
    levelled = [track for track in edition.tracks if track.levels]
    claims = [*one_track_claims(evaluator, budget), *(claim for track in levelled for claim in prove_track(evaluator, track, budget))]
    return Proof(edition, tuple(claims))


def prove_track(evaluator: Evaluator, track: Track, budget: int = BUDGET) -> Iterator[Claim]:
    """Ask everything about one track; where a condition has no formula, that is the one answer."""
    try:
        inquiry = Inquiry(evaluator, track, budget)
    except UnprovableError as error:
        yield Claim("no_gap", track.id, UNDECIDED_WORD, reason=f"{UNPROVABLE}{error}")
        return
    for question in QUESTIONS:
        yield from question(inquiry)


def one_track_claims(evaluator: Evaluator, budget: int = BUDGET) -> Iterator[Claim]:
    """Ask of every two tracks whether one subject could belong to both."""
    edition = evaluator.edition
    symbols = Symbols(Words(), edition.begins)
    reader = raw_reader(edition, symbols)
    try:
        applies = {track.id: reader.truth(track.applies_to.tree) for track in edition.tracks}
    except UnprovableError as error:
        yield Claim("one_track", "", UNDECIDED_WORD, reason=f"{UNPROVABLE}{error}")
        return
    asker = Asker(symbols, symbols.domains, budget)
    for first, second in combinations(applies, 2):
        found = asker.find(applies[first], applies[second])
        answer, witness = refuted_by(refused(found.values, evaluator) if isinstance(found, Solution) else found)
        yield Claim("one_track", "", answer, (first, second), witness=witness)
