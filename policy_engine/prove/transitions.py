"""Two editions over the same cases: which results can go to which, a smallest case of each, and the proof that there are no others.

Facts that both editions declare alike are one unknown; the others are each edition's own, and are named. Where the editions
govern different periods, a day is taken to lie alike in either: before the period, in it or after it.
"""

from itertools import product
from typing import NamedTuple

from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.model.facts import FactDeclaration
from policy_engine.model.rulebook import Edition, Track
from policy_engine.prove.ask import Asker, Solution
from policy_engine.prove.claims import PROVEN, UNDECIDED_WORD, UNPROVABLE, Expected, Witness, confirmed
from policy_engine.prove.meaning import TrackMeaning, raw_reader
from policy_engine.prove.terms import Quotient, Symbols, Term, TextCodes, UnprovableError, conjunction, z3


class Transition(NamedTuple):
    """What comes out in the one edition and in the other, in one case.

    The witness is a smallest case for either edition, with the same facts where both declare them. Undecided where the
    budget ran out, or no witness could be confirmed.
    """

    before: str
    after: str
    answer: str
    witness: tuple[Witness, Witness] | None = None


class Passage(NamedTuple):
    """A track of the one edition and one of the other that a subject can belong to, with every transition that is possible."""

    before: str
    after: str
    transitions: tuple[Transition, ...]
    excluded: int
    """How many transitions were proven impossible."""
    reason: str = ""

    @property
    def can_differ(self) -> bool:
        """Whether some case comes out otherwise."""
        return any(one.before != one.after for one in self.transitions) or bool(self.reason)


class Passages(NamedTuple):
    """Two editions, passage by passage, and the facts that only one of them knows, or that they declare differently."""

    before: Edition
    after: Edition
    passages: tuple[Passage, ...]
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]
    apart: tuple[str, ...]
    lost: tuple[str, ...]
    """The tracks of the one edition to which a subject can belong that belongs to no track of the other."""

    @property
    def settled(self) -> bool:
        """Whether every transition is proven possible or impossible."""
        return all(not p.reason and all(t.answer == PROVEN for t in p.transitions) for p in self.passages)


def transitions(before: Evaluator, after: Evaluator) -> Passages:
    """Ask of every two tracks of two editions which results can go to which."""
    one, two = before.edition, after.edition
    shared = {name for name, fact in one.facts.items() if _alike(fact, two.facts.get(name), one, two)}
    passages = [_passage(before, first, after, second, shared) for first, second in product(one.tracks, two.tracks)]
    return Passages(
        before=one, after=two, passages=tuple(passage for passage in passages if passage.transitions or passage.reason),
        only_before=tuple(n for n in one.facts if n not in two.facts), only_after=tuple(n for n in two.facts if n not in one.facts),
        apart=tuple(n for n in one.facts if n in two.facts and n not in shared),
        lost=tuple(track.id for track in one.tracks if _lost(one, track, two, shared)),
    )  # fmt: skip


def _alike(one: FactDeclaration, other: FactDeclaration | None, before: Edition, after: Edition) -> bool:
    """Return whether two editions declare a fact alike: of one type, from the same sources."""
    if other is None or (one.type, one.may_be_none) != (other.type, other.may_be_none):
        return False
    if one.type.kind == "level" and [*before.scale] != [*after.scale]:
        return False
    return (one.derived and one.derived.text) == (other.derived and other.derived.text)


def _lost(edition: Edition, track: Track, other: Edition, shared: set[str]) -> bool:
    """Return whether a subject of a track can belong to no track of another edition, or that cannot be settled."""
    symbols = Symbols(TextCodes(), edition.begins)
    try:
        mine = raw_reader(edition, symbols).truth(track.applies_to.tree)
        theirs = [raw_reader(other, symbols, _own(other, shared)).truth(one.applies_to.tree) for one in other.tracks]
    except UnprovableError:
        return True
    return Asker(symbols, symbols.domains).possible(mine, *(z3.Not(term) for term in theirs)) is not False


def _own(edition: Edition, shared: set[str]) -> dict[str, str]:
    """Return names of their own to the facts that an edition does not share."""
    return {name: f"{name} [{edition.id}]" for name in edition.facts if name not in shared}


def _passage(before: Evaluator, first: Track, after: Evaluator, second: Track, shared: set[str]) -> Passage:
    """Ask which results of one track can go to which of another, and confirm each by rating its case under both editions."""
    one, two = before.edition, after.edition
    symbols = Symbols(TextCodes(), one.begins)
    alike = (one.begins, one.until) == (two.begins, two.until)
    days = set[str]() if alike else {name for name in shared if one.facts[name].type.kind == "day"}
    own = _own(two, shared - days)
    try:
        meanings = TrackMeaning(one, first, symbols), TrackMeaning(two, second, symbols, own)
    except UnprovableError as error:
        return Passage(before=first.id, after=second.id, transitions=(), excluded=0, reason=f"{UNPROVABLE}{error}")
    placed = [_placed_alike(symbols, name, own[name], one, two) for name in days]
    asker = Asker(symbols, [*(meaning.always for meaning in meanings), *placed, *symbols.domains])
    found: list[Transition] = []
    excluded = 0
    for (key, term), (other, goal) in product(*(meaning.outcomes().items() for meaning in meanings)):
        answer = asker.find(term, goal)
        if answer is None:
            excluded += 1
            continue
        mine = yours = None
        if isinstance(answer, Solution):
            theirs = {name: answer.values[unknown] for name in two.facts if (unknown := own.get(name, name)) in answer.values}
            mine = confirmed(answer.values, before, first, Expected(key))
            yours = confirmed(theirs, after, second, Expected(other))
        found.append(Transition(key, other, PROVEN, (mine, yours)) if mine and yours else Transition(key, other, UNDECIDED_WORD))
    return Passage(before=first.id, after=second.id, transitions=tuple(found), excluded=excluded)


def _placed_alike(symbols: Symbols, name: str, other: str, before: Edition, after: Edition) -> Term:
    """Say that a day lies in the one period as it does in the other: before it, in it, after it, or there is none."""
    if name not in symbols.of or other not in symbols.of:
        return z3.BoolVal(val=True)
    one, two = symbols.of[name].known, symbols.of[other].known
    assert isinstance(one, Quotient)
    assert isinstance(two, Quotient)
    return z3.And(
        conjunction((one.there,)) == conjunction((two.there,)),
        (one.part < before.begins.toordinal()) == (two.part < after.begins.toordinal()),
        (one.part > before.until.toordinal()) == (two.part > after.until.toordinal()),
    )
