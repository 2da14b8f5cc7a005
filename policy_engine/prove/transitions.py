"""Two editions over the same cases: which results can go to which, a smallest case of each, and the proof that there are no others.

Facts that both editions declare alike are one unknown; the others are each edition's own, and are named. Where the editions
govern different periods, a day is taken to lie alike in either: before the period, in it or after it.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.language.values import Value
from policy_engine.model.facts import FactDeclaration
from policy_engine.model.rulebook import Edition, Track
from policy_engine.prove.ask import Asker, Solution, Undecided
from policy_engine.prove.claims import PROVEN, UNDECIDED_WORD, UNPROVABLE, Expected, Witness, confirmed
from policy_engine.prove.meaning import Meaning, raw_reader
from policy_engine.prove.terms import Figure, Symbols, Term, UnprovableError, Words, conjunction, z3


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
    shared = {
        name for name, fact in before.edition.facts.items() if _alike(fact, after.edition.facts.get(name), before.edition, after.edition)
    }
    first, second = before.edition.facts.keys(), after.edition.facts.keys()
    return Passages(
        before.edition, after.edition, tuple(_passages(before, after, shared)),
        tuple(n for n in first if n not in second), tuple(n for n in second if n not in first),
        tuple(n for n in first if n in second and n not in shared),
        tuple(track.id for track in before.edition.tracks if _lost(before.edition, track, after.edition, shared)),
    )  # fmt: skip


def _alike(one: FactDeclaration, other: FactDeclaration | None, before: Edition, after: Edition) -> bool:
    """Return whether two editions declare a fact alike: of one type, from the same sources."""
    if other is None or (one.type, one.may_be_none) != (other.type, other.may_be_none):
        return False
    if one.type.kind == "level" and [*before.scale] != [*after.scale]:
        return False
    return (one.derived and one.derived.text) == (other.derived and other.derived.text)


def _passages(before: Evaluator, after: Evaluator, shared: set[str]) -> Iterator[Passage]:
    """Ask of every two tracks that one subject can belong to."""
    for first in before.edition.tracks:
        for second in after.edition.tracks:
            passage = _passage(before, first, after, second, shared)
            if passage.transitions or passage.reason:
                yield passage


def _lost(edition: Edition, track: Track, other: Edition, shared: set[str]) -> bool:
    """Return whether a subject of a track can belong to no track of another edition, or that cannot be settled."""
    symbols = Symbols(Words(), edition.begins)
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
    """Ask which results of one track can go to which of another."""
    symbols = Symbols(Words(), before.edition.begins)
    days = _days(before.edition, after.edition, shared)
    own = _own(after.edition, shared - days)
    try:
        one, two = Meaning(before.edition, first, symbols), Meaning(after.edition, second, symbols, own)
    except UnprovableError as error:
        return Passage(first.id, second.id, (), 0, f"{UNPROVABLE}{error}")
    placed = [_placed_alike(symbols, name, own[name], before.edition, after.edition) for name in days]
    asker = Asker(symbols, [one.always, two.always, *placed, *symbols.domains])
    found: list[Transition] = []
    excluded = 0
    theirs = two.outcomes()
    for key, term in one.outcomes().items():
        for other, goal in theirs.items():
            answer = asker.find(term, goal)
            if answer is None:
                excluded += 1
            else:
                found.append(_transition((key, other), answer, (before, first), (after, second, own)))
    return Passage(first.id, second.id, tuple(found), excluded)


def _days(before: Edition, after: Edition, shared: set[str]) -> set[str]:
    """Return the shared facts that are days, where the editions govern different periods: a day of one year is none of another."""
    same = (before.begins, before.until) == (after.begins, after.until)
    return set() if same else {name for name in shared if before.facts[name].type.kind == "day"}


def _placed_alike(symbols: Symbols, name: str, other: str, before: Edition, after: Edition) -> Term:
    """Say that a day lies in the one period as it does in the other: before it, in it, after it, or there is none."""
    if name not in symbols.of or other not in symbols.of:
        return z3.BoolVal(val=True)
    one, two = symbols.of[name].known, symbols.of[other].known
    assert isinstance(one, Figure)
    assert isinstance(two, Figure)
    return z3.And(
        conjunction((one.there,)) == conjunction((two.there,)),
        (one.part < before.begins.toordinal()) == (two.part < after.begins.toordinal()),
        (one.part > before.until.toordinal()) == (two.part > after.until.toordinal()),
    )


def _transition(
    keys: tuple[str, str], answer: Solution | Undecided, before: tuple[Evaluator, Track], after: tuple[Evaluator, Track, Mapping[str, str]]
) -> Transition:  # fmt: skip
    """Confirm one transition by rating its case under both editions."""
    if not isinstance(answer, Solution):
        return Transition(*keys, UNDECIDED_WORD)
    first = confirmed(answer.values, *before, Expected(keys[0]))
    second = confirmed(_renamed(answer.values, after[2]), *after[:2], Expected(keys[1]))
    return Transition(*keys, PROVEN, (first, second)) if first and second else Transition(*keys, UNDECIDED_WORD)


def _renamed(values: Mapping[str, Value], own: Mapping[str, str]) -> dict[str, Value]:
    """Return the facts of an edition under their own names."""
    names = {unknown: fact for fact, unknown in own.items()}
    mine = {names[name]: value for name, value in values.items() if name in names}
    return {**{name: value for name, value in values.items() if name not in own and name not in names}, **mine}
