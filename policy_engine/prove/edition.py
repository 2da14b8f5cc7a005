"""What is asked of an edition: everything in one run, or one case on demand; and a case file of an answer."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

from policy_engine.errors import InputError
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.evaluate.transitions import key_of
from policy_engine.language.tree import Tree
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
    rated,
    refused,
    refuted_by,
    stated,
)  # fmt: skip
from policy_engine.prove.meaning import TrackMeaning, raw_reader
from policy_engine.prove.questions import gap_claims, ladder_claims, monotone_claims, overlap_claims, reachable_claims, shadow_claims
from policy_engine.prove.terms import Symbols, Term, TextCodes, UnprovableError, disjunction, z3

QUESTIONS = (gap_claims, overlap_claims, reachable_claims, shadow_claims, ladder_claims, monotone_claims)
"""What is asked of every track with levels, in the order of the claims."""


class Proof(NamedTuple):
    """An edition with every claim about it."""

    edition: Edition
    claims: tuple[Claim, ...]

    @property
    def passed(self) -> bool:
        """Whether every claim is proven; what is undecided is no pass."""
        return all(claim.answer == PROVEN for claim in self.claims)


def prove(edition: Edition, budget: int = BUDGET) -> Proof:
    """Ask everything about an edition; `budget` is how many steps the solver may take for one question.

    Raises:
        MissingExtraError: where z3 is not installed (on import of this module).
    """
    evaluator = Evaluator(edition)
    levelled = [track for track in edition.tracks if track.levels]
    claims = [*one_track_claims(evaluator, budget), *(claim for track in levelled for claim in _of_track(evaluator, track, budget))]
    return Proof(edition, tuple(claims))


def _of_track(evaluator: Evaluator, track: Track, budget: int) -> Iterator[Claim]:
    """Ask everything about one track; where a condition has no formula, that is the one answer."""
    try:
        inquiry = Inquiry(evaluator, track, budget)
    except UnprovableError as error:
        yield Claim(kind="no_gap", track=track.id, answer=UNDECIDED_WORD, reason=f"{UNPROVABLE}{error}")
        return
    for question in QUESTIONS:
        yield from question(inquiry)


def one_track_claims(evaluator: Evaluator, budget: int = BUDGET) -> Iterator[Claim]:
    """Ask of every two tracks whether one subject could belong to both."""
    edition = evaluator.edition
    symbols = Symbols(TextCodes(), edition.begins)
    formulas = raw_reader(edition, symbols)
    try:
        applies = {track.id: formulas.truth(track.applies_to.tree) for track in edition.tracks}
    except UnprovableError as error:
        yield Claim(kind="one_track", track="", answer=UNDECIDED_WORD, reason=f"{UNPROVABLE}{error}")
        return
    asker = Asker(symbols, symbols.domains, budget)
    for first, second in combinations(applies, 2):
        found = asker.find(applies[first], applies[second])
        answer, witness = refuted_by(refused(found.values, evaluator) if isinstance(found, Solution) else found)
        yield Claim(kind="one_track", track="", answer=answer, about=(first, second), witness=witness)


class Prover:
    """An edition, ready to be searched for cases; each track is read once."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self._inquiries: dict[str, Inquiry] = {}

    def find(
        self, track: str, conditions: Iterable[Tree], *, outcome: str | None = None, chapter: Chapter | None = None
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

    def possible(self, track: str, conditions: Iterable[Tree], *, chapter: Chapter | None = None) -> bool | Undecided:
        """Return whether some case of a track meets conditions, without looking for the smallest one; see `find`."""
        try:
            inquiry, goals = self._goals(track, conditions, chapter)
        except UnprovableError:
            return UNDECIDED
        return inquiry.asker.possible(*goals)

    def _goals(self, track: str, conditions: Iterable[Tree], chapter: Chapter | None) -> tuple[Inquiry, list[Term]]:
        """Read conditions into formulas; a fact that only they ask for brings the values that it can have."""
        if track not in self._inquiries:
            self._inquiries[track] = Inquiry(self.evaluator, _track_of(self.evaluator.edition, track))
        inquiry = self._inquiries[track]
        formulas = inquiry.meaning.reader(chapter)
        goals = [formulas.truth(tree) for tree in conditions]
        return inquiry, [*goals, *inquiry.meaning.symbols.domains]

    def distinguish(self, track: str, other: Evaluator) -> Witness | Undecided | None:
        """Return the smallest case that another version of the edition rates otherwise, or refuses; None where there is none (proven).

        Args:
            track: the id of the track, in both.
            other: the other version; its facts are declared alike.
        """
        symbols = Symbols(TextCodes(), self.evaluator.edition.begins)
        try:
            first, second = (
                TrackMeaning(edition, _track_of(edition, track), symbols) for edition in (self.evaluator.edition, other.edition)
            )
        except UnprovableError:
            return UNDECIDED
        theirs = second.outcomes()
        differences = [z3.And(term, z3.Not(theirs[key])) if key in theirs else term for key, term in first.outcomes().items()]
        found = Asker(symbols, [first.always, *symbols.domains]).find(disjunction([z3.Not(second.always), *differences]))
        if not isinstance(found, Solution):
            return found
        witness = confirmed(found.values, self.evaluator, first.track)
        verdict = rated(stated(found.values, other.edition, second.track), other)
        same = witness and not isinstance(verdict, InputError) and key_of(verdict) == witness.outcome
        return witness if witness and not same else UNDECIDED


def _track_of(edition: Edition, name: str) -> Track:
    return next(one for one in edition.tracks if one.id == name)


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
