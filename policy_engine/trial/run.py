"""Cases that are missing: one for each thing that no case has seen, as the solver finds it. What must come out, a person says."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeAlias

from policy_engine.evaluate.duties.survey import names_by_rule
from policy_engine.evaluate.plain import Uncovered
from policy_engine.language.tree import Tree, called, compared, joined, literal, named, names_in, negated, opened, reckoned
from policy_engine.model.duties import RECORD_NAMES, Chapter
from policy_engine.model.rulebook import Edition
from policy_engine.model.sites import sites
from policy_engine.trial.bench import Bench
from policy_engine.trial.mutants import Mutant, RulePlace, asks_lists, mutants
from policy_engine.trial.sides import Unseen


class Sketch(NamedTuple):
    """A case that shows something: its facts as a case file writes them, the track it is under, and what the engine says of it."""

    facts: Mapping[str, str]
    track: str
    outcome: str


class NotSettled(NamedTuple):
    """The answer where the solver could not settle it, or has no word for what is asked."""


OPEN = NotSettled()
Answer: TypeAlias = Sketch | NotSettled | None
"""A case; that it is not settled; or that there is no such case, and this is proven."""
_Trees: TypeAlias = Sequence[Tree]


class Oracle(Protocol):
    """A solver over the cases of an edition."""

    def possible(self, track: str, conditions: _Trees, chapter: Chapter | None) -> bool | NotSettled:
        """Return whether some case of a track meets conditions."""
        ...

    def find(self, track: str, conditions: _Trees, chapter: Chapter | None) -> Answer:
        """Return the smallest case of a track that meets conditions."""
        ...

    def distinguish(self, track: str, other: Edition) -> Answer:
        """Return the smallest case of a track that another version of the edition judges otherwise, or refuses."""
        ...


def is_askable(conditions: _Trees) -> bool:
    """Return whether conditions ask of facts alone: what stands on the record of a review is not the solver's."""
    return all(set(RECORD_NAMES).isdisjoint(names_in(tree)) for tree in conditions)


def first_case(oracle: Oracle, tracks: Sequence[str], conditions: _Trees, chapter: Chapter | None) -> Answer:
    """Return the smallest case of the first track that has one."""
    return _first([oracle.find(track, conditions, chapter) for track in tracks] if is_askable(conditions) else [OPEN])


def _first(answers: Sequence[Answer]) -> Answer:
    """Return the first case; None only where it is proven that there is none in any track."""
    return next((one for one in answers if isinstance(one, Sketch)), OPEN if any(one is not None for one in answers) else None)


Watch = Callable[[Sequence[Mutant]], Iterable[Mutant]]
"""What goes through the mutants; on a terminal it shows how far it is."""


class Survivor(NamedTuple):
    """A mutant that no case noticed. `sketch`: a case that would, where the solver found one; `settled`: whether it answered."""

    mutant: Mutant
    settled: bool
    sketch: Sketch | None


class Trial(NamedTuple):
    """How a set of cases fared against the mutants of an edition.

    `refused` mutants break the edition's own rules and would not load; `equivalent` ones say the same in other words, which is proven.
    """

    edition: str
    total: int
    killed: int
    refused: int
    equivalent: tuple[Mutant, ...]
    survivors: tuple[Survivor, ...]
    asked: bool
    """Whether there was a solver to ask."""


def try_cases(bench: Bench, oracle: Oracle | None, watch: Watch) -> Trial:
    """Hold every mutant against the cases, and ask about those that survive."""
    every = mutants(bench.edition)
    outcomes = [(mutant, bench.outcome(mutant)) for mutant in watch(every)]
    counts = Counter(outcome for _, outcome in outcomes)
    survived = [mutant for mutant, outcome in outcomes if outcome == "survived"]
    answers = [(mutant, told_apart(mutant, bench.edition, oracle) if oracle else OPEN) for mutant in survived]
    return Trial(
        edition=bench.edition.id, total=len(every), killed=counts["killed"], refused=counts["refused"],
        equivalent=tuple(mutant for mutant, answer in answers if answer is None), asked=oracle is not None,
        survivors=tuple(
            Survivor(mutant, isinstance(answer, Sketch), answer if isinstance(answer, Sketch) else None)
            for mutant, answer in answers if answer is not None
        ),
    )  # fmt: skip


class Missing(NamedTuple):
    """A side of a figure that no case has seen: whether it is settled that it can occur, and then the smallest case on it."""

    unseen: Unseen
    settled: bool


class Settled(NamedTuple):
    """The sides that no case has seen and that can occur (or may), and how many cannot."""

    missing: tuple[Missing, ...]
    impossible: tuple[Unseen, ...]


def settle_sides(unseen: Sequence[Unseen], edition: Edition, oracle: Oracle | None) -> Settled:
    """Set apart the sides that cannot occur; without a solver nothing is set apart."""
    missing: list[Missing] = []
    impossible: list[Unseen] = []
    for one in unseen:
        asked = goals(one)
        answers: list[bool | NotSettled] = [OPEN]
        if oracle and is_askable(asked):
            tracks, chapter = _scope(one.comparison.place, edition, one.comparison.track)
            answers = [oracle.possible(track, asked, chapter) for track in tracks]
        if all(answer is False for answer in answers):
            impossible.append(one)
        else:
            missing.append(Missing(one, settled=any(answer is True for answer in answers)))
    return Settled(tuple(missing), tuple(impossible))


def _scope(place: RulePlace, edition: Edition, track: str = "") -> tuple[tuple[str, ...], Chapter | None]:
    tracks = (track,) if track else place.tracks or tuple(one.id for one in edition.tracks)
    return tracks, next((chapter for chapter in edition.chapters if chapter.clause == place.chapter), None)


def goals(one: Unseen) -> tuple[Tree, ...]:
    """Return the conditions that a case meets which lies on a side of a figure, where it is asked: not beyond it by a whole step."""
    held, figure, guards = one.comparison.held, one.comparison.figure, one.comparison.guards
    if one.side == "on":
        return (*guards, compared(held, "==", figure))
    beyond, back, step = ("<", ">=", "+") if one.side == "below" else (">", "<=", "-")
    construct, parts = opened(held)
    if construct == "share":  # a step is one more or less in the part
        stepped = called("share", reckoned(parts[0], step, literal(1)), parts[1])
    else:
        stepped = reckoned(held, step, literal(one.comparison.unit))
    return (*guards, compared(held, beyond, figure), compared(stepped, back, figure))


def told_apart(mutant: Mutant, edition: Edition, oracle: Oracle) -> Answer:
    """Return a case that shown_by a mutant from the edition; None where no case can, and that is proven."""
    tracks, chapter = _scope(mutant.place, edition)
    if mutant.place.binds:
        other = mutant.make(edition)
        ruled = [track.id for track in edition.tracks if track.id in tracks and track.levels]
        return _first([oracle.distinguish(track, other) for track in ruled]) if ruled else OPEN
    if not mutant.shown_by or any(map(asks_lists, mutant.shown_by)):
        return OPEN
    return first_case(oracle, tracks, (*mutant.shown_by, *_whole(mutant.place, chapter, edition)), chapter)


def _whole(place: RulePlace, chapter: Chapter | None, edition: Edition) -> tuple[Tree, ...]:
    """Return conditions that say nothing but bring in every fact that a rule of a chapter reads, so that a case states them all."""
    rules = names_by_rule(chapter) if chapter else ()
    read = dict.fromkeys(name for rule, names in rules if rule == place.owner or place.owner in names for name in names)
    plain = [name for name in read if name in edition.facts and edition.facts[name].type.kind != "list"]
    there = [called("exists", named(name)) for name in plain]
    return tuple(joined("or", (one, negated(one))) for one in there)


Reason: TypeAlias = Missing | Survivor | Uncovered
"""Why a case is missing: a side of a figure, a slip, or a criterion that nobody has seen so."""


class Suggestion(NamedTuple):
    """A case to be written: its name, its facts, and everything that it would show."""

    name: str
    sketch: Sketch
    reasons: tuple[Reason, ...]


def suggestions(
    edition: Edition, oracle: Oracle, missing: Iterable[Missing], survivors: Iterable[Survivor], uncovered: Iterable[Uncovered]
) -> tuple[Suggestion, ...]:  # fmt: skip
    """Return a case for each thing that is missing, where the solver finds one; one case may show several."""
    found: dict[tuple[str, ...], Suggestion] = {}
    names: Counter[str] = Counter()
    for name, sketch, reason in _sketches(edition, oracle, missing, survivors, uncovered):
        key = (sketch.track, *(f"{fact}: {value}" for fact, value in sketch.facts.items()))
        if key in found:
            found[key] = found[key]._replace(reasons=(*found[key].reasons, reason))
        else:
            names[name] += 1
            found[key] = Suggestion(f"{name}-{names[name]}" if names[name] > 1 else name, sketch, (reason,))
    return tuple(found.values())


def _sketches(
    edition: Edition, oracle: Oracle, missing: Iterable[Missing], survivors: Iterable[Survivor], uncovered: Iterable[Uncovered]
) -> Iterator[tuple[str, Sketch, Reason]]:  # fmt: skip
    for side in missing:
        place = side.unseen.comparison.place
        tracks, chapter = _scope(place, edition, side.unseen.comparison.track)
        sketch = first_case(oracle, tracks, (*goals(side.unseen), *_whole(place, chapter, edition)), chapter)
        if isinstance(sketch, Sketch):
            yield _name(sketch.track, place.owner, side.unseen.side), sketch, side
    for one in survivors:
        if one.sketch:
            yield _name(one.sketch.track, one.mutant.place.owner, one.mutant.kind), one.sketch, one
    for seen in uncovered:
        own = (site for site in sites(edition) if site.sort == "criterion" and site.owner.id == seen.track)
        conditions = {key: one.tree for key, one in next(site for site in own if site.name == seen.criterion).conditions.items()}
        applies = tuple(conditions[key] for key in conditions if key == "applies_when")
        for way in seen.never:  # that it is open needs no search: leave a fact out
            wanted = {"met": conditions["when"], "not_met": negated(conditions["when"])}.get(way)
            sketch = first_case(oracle, (seen.track,), (*applies, wanted), None) if wanted else None
            if isinstance(sketch, Sketch):
                yield _name(seen.track, seen.criterion, way), sketch, seen._replace(never=(way,))


def _name(*parts: str) -> str:
    return "-".join(["suggested", *parts]).replace("_", "-")
