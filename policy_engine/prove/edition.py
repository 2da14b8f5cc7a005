"""Every question about an edition, asked in one run."""

import ast
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

from policy_engine.errors import InputError
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.evaluate.transitions import key_of
from policy_engine.model.case import Case
from policy_engine.model.duties import Chapter
from policy_engine.model.rulebook import Edition, Track
from policy_engine.prove.ask import BUDGET, UNDECIDED, Asker, Solution, Undecided
from policy_engine.prove.claims import (
    PROVEN,
    UNDECIDED_WORD,
    UNPROVABLE,
    Claim,
    Expected,
    Inquiry,
    Witness,
    confirmed,
    refused,
    refuted_by,
    stated,
)
from policy_engine.prove.meaning import Meaning, raw_reader
from policy_engine.prove.questions import gap_claims, ladder_claims, monotone_claims, overlap_claims, reachable_claims, shadow_claims
from policy_engine.prove.terms import Symbols, Term, UnprovableError, Words, disjunction, z3


class Prover:
    """An edition, ready to be searched for cases; each track is read once."""

    def __init__(self, evaluator: Evaluator) -> None:
        """Take the edition, ready to rate."""
        self.evaluator = evaluator
        self._inquiries: dict[str, Inquiry] = {}

    def find(
        self, track: str, conditions: Iterable[ast.expr], *, outcome: str | None = None, chapter: Chapter | None = None
    ) -> Witness | Undecided | None:
        """Return the smallest case of a track that meets conditions; None where there is none (proven), UNDECIDED where that is open.

        Args:
            track: the id of the track.
            conditions: checked trees, over the facts and figures that the track's own criteria may name.
            outcome: the level or outcome that must come out; None for any.
            chapter: a chapter whose figures the conditions may name too.
        """
        try:
            inquiry, goals = self._goals(track, conditions, chapter)
        except UnprovableError:
            return UNDECIDED
        if outcome is not None:
            goals.append(inquiry.meaning.outcomes()[outcome])
        return inquiry.witness(*goals, expected=Expected(outcome))

    def possible(self, track: str, conditions: Iterable[ast.expr], *, chapter: Chapter | None = None) -> bool | Undecided:
        """Return whether some case of a track meets conditions, without looking for the smallest one; see `find`."""
        try:
            inquiry, goals = self._goals(track, conditions, chapter)
        except UnprovableError:
            return UNDECIDED
        return inquiry.asker.possible(*goals)

    def _goals(self, track: str, conditions: Iterable[ast.expr], chapter: Chapter | None) -> tuple[Inquiry, list[Term]]:
        """Read conditions into formulas; a fact that only they ask for brings the values that it can have.

        Raises:
            UnprovableError: where one of them asks what the solver has no word for.
        """
        inquiry = self._inquiry(track)
        read = inquiry.meaning.reader(chapter)
        goals = [read.truth(tree) for tree in conditions]
        return inquiry, [*goals, *inquiry.meaning.symbols.domains]

    def distinguish(self, track: str, other: Evaluator) -> Witness | Undecided | None:
        """Return the smallest case that another version of the edition judges otherwise, or refuses; None where there is none (proven).

        Args:
            track: the id of the track, in both.
            other: the other version; its facts are declared alike.
        """
        try:
            first, second, asker = self._both(track, other)
        except UnprovableError:
            return UNDECIDED
        found = asker.find(disjunction([z3.Not(second.always), *_differences(first, second)]))
        if not isinstance(found, Solution):
            return found
        witness = confirmed(found.values, self.evaluator, first.track, Expected())
        return witness if witness and _judged(found, other, second) != witness.outcome else UNDECIDED

    def _inquiry(self, track: str) -> Inquiry:
        """Return a track under question."""
        if track not in self._inquiries:
            wanted = next(one for one in self.evaluator.edition.tracks if one.id == track)
            self._inquiries[track] = Inquiry(self.evaluator, wanted)
        return self._inquiries[track]

    def _both(self, track: str, other: Evaluator) -> tuple[Meaning, Meaning, Asker]:
        """Read a track in both versions over the same unknowns."""
        symbols = Symbols(Words(), self.evaluator.edition.begins)
        first, second = (
            Meaning(edition, next(one for one in edition.tracks if one.id == track), symbols)
            for edition in (self.evaluator.edition, other.edition)
        )
        return first, second, Asker(symbols, [first.always, *symbols.domains])


def _differences(first: Meaning, second: Meaning) -> list[Term]:
    """Return the formulas of an outcome in the one version that is not the outcome in the other."""
    theirs = second.outcomes()
    return [z3.And(term, z3.Not(theirs[key])) if key in theirs else term for key, term in first.outcomes().items()]


def _judged(found: Solution, other: Evaluator, meaning: Meaning) -> str:
    """Return what another version says of a solution; "" where it refuses the case."""
    facts = stated(found.values, other.edition, meaning.track)
    try:
        return key_of(other.evaluate(Case("witness", other.edition.id, {}, facts, {}, {})))
    except InputError:
        return ""


def case_text(witness: Witness, name: str, head: Sequence[str], remarks: Sequence[str] = (), expect: str = "") -> str:
    """Write a witness as a case file.

    Args:
        witness: the case.
        name: its identity.
        head: the lines that it begins with, for editors.
        remarks: lines that stand as comments at the top.
        expect: what stands under `expect:`, in YAML; nothing where a person has to write it.
    """
    return "\n".join([
        *head,
        *(f"# {line}".rstrip() for remark in remarks for line in remark.splitlines()),
        f"case: {name}",
        f'edition: "{witness.edition}"',
        "facts:",
        *(f"  {fact}: {value}" for fact, value in witness.facts.items()),
        *([f"expect: {expect}"] if expect else []),
        "",
    ])  # fmt: skip


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
