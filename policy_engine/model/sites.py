"""One walk over an edition: each part of it with its owner, its clause, its conditions and what it rests on.

Checks, the clause map, comparisons and trials all read this. Whatever the model learns to hold gets a line in `sites`, and where
it holds conditions or rests on interpretations a row in the tables below it.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar, cast

from policy_engine.language.values import is_object, is_tuple
from policy_engine.messages import N_, Words
from policy_engine.model.duties import Chapter
from policy_engine.model.facts import Condition, InterpretationUse, Threshold
from policy_engine.model.rulebook import Edition, Track
from policy_engine.source import Citation, Location


class Owner(NamedTuple):
    """Where a part stands: in the edition itself, in a track (and there under a level), or in a chapter."""

    kind: str
    id: str = ""
    level: str = ""


class Site(NamedTuple):
    """One part of an edition: its sort, its name within its owner, and the model's own record of it."""

    sort: str
    owner: Owner
    name: str
    part: Any
    """The record; of `decide` the steps of a track, of `edition` the edition itself."""
    clause: str = ""
    known: Mapping[str, Threshold] = {}
    """The figures that its conditions may name and its sentences may show."""

    @property
    def citation(self) -> Citation:
        """The clause and the operative words of the part; without words where it only stands under a clause."""
        found: Citation = getattr(getattr(self.part, "rule", self.part), "citation", Citation(self.clause))
        return found

    @property
    def location(self) -> Location:
        """Where the part stands in its file."""
        found: Location = getattr(self.part, "rule", self.part).location
        return found

    @property
    def conditions(self) -> Mapping[str, Condition]:
        """The part's conditions, by the key of the file that each stands under."""
        found = {path.rpartition(".")[2]: value_at(self.part, path) for path in _CONDITIONS.get(self.sort, ())}
        return {key: condition for key, condition in found.items() if isinstance(condition, Condition)}

    @property
    def uses(self) -> tuple[InterpretationUse, ...]:
        """What the part rests on, in itself and in where it applies or comes out otherwise."""
        if self.sort == "decide":
            return tuple(use for step in self.part for use in step.interpretations)
        found = (value_at(self.part, path) for path in _USES.get(self.sort, ()))
        return tuple(use for uses in found if is_tuple(uses) for use in uses)


SORTS: Mapping[str, Words] = {
    "edition": N_("edition"), "basis": N_("basis"), "level": N_("level"), "fact": N_("fact"), "invariant": N_("rule of the figures"),
    "threshold": N_("threshold"), "track": N_("track"), "level_rule": N_("level"), "criterion": N_("criterion"),
    "decide": N_("steps of deciding"), "residual": N_("where no level holds"), "stand_in": N_("stand-in for"),
    "requires": N_("needed of the figures"), "chapter": N_("chapter"), "route": N_("route"), "requirement": N_("requirement"),
    "content": N_("content"), "ceiling": N_("ceiling"), "eligibility": N_("eligibility"), "cap": N_("cap"), "reading": N_("interpretation"),
    "body": N_("body"), "clause": N_("clause"), "clause_map": N_("clause map"), "operative_words": N_("words that carry force"),
    "gap": N_("declared gap"), "exception": N_("exception of the ladder"), "monotone": N_("promise"),
}  # fmt: skip
"""What each sort of part is called."""
_BLOCKS: Mapping[str, str] = {
    "route": "routes", "requirement": "requirements", "content": "contents", "ceiling": "ceilings", "eligibility": "eligibility",
    "cap": "caps",
}  # fmt: skip
RULES = tuple(_BLOCKS)
"""The sorts of a chapter's rules, in the order of its blocks."""
_CONDITIONS: Mapping[str, tuple[str, ...]] = {
    "fact": ("derived", "counted_from", "when_absent"), "invariant": ("holds", "otherwise.when"), "requires": ("holds", "otherwise.when"),
    "track": ("applies_to",), "criterion": ("when", "applies_when"), "stand_in": ("unless",), "gap": ("where",),
    "route": ("rule.applies_when",), "requirement": ("holds", "in_time", "rule.applies_when"),
    "content": ("holds", "in_time", "rule.applies_when"), "ceiling": ("rule.applies_when", "other"),
    "eligibility": ("when", "rule.applies_when"), "cap": ("rule.applies_when", "exception.where"),
}  # fmt: skip
_USES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("fact", "track", "level_rule", "residual", "stand_in", "gap"), ("interpretations",)),
    **dict.fromkeys(("invariant", "requires"), ("interpretations", "otherwise.interpretations")),
    "criterion": ("interpretations", "applies_interpretations"), **dict.fromkeys(RULES, ("rule.interpretations",)),
}  # fmt: skip


def value_at(part: object, path: str) -> object:
    """Return what stands under a path of fields; None where a record on the way is not there."""
    for field in path.split("."):
        part = getattr(part, field, None)
    return part


def sites(edition: Edition) -> Iterator[Site]:
    """Return every part of an edition, in its order."""
    own, known = Owner("edition"), edition.thresholds
    yield _site("edition", own, "", edition)
    yield from (_site("basis", own, one.id, one) for one in edition.basis)
    yield from (_site("level", own, one.id, one, one.citation.clause) for one in edition.scale.values())
    yield from (_site("fact", own, one.name, one, one.citation.clause) for one in edition.facts.values())
    yield from (_site("invariant", own, one.id, one, known=known) for one in edition.invariants)
    yield from _figures(own, known)
    for track in edition.tracks:
        yield from _of_track(track, Owner("track", track.id), {**known, **track.thresholds})
    for chapter in edition.chapters:
        yield from _of_chapter(chapter, Owner("chapter", chapter.clause), {**known, **chapter.thresholds})
    yield from (_site("reading", own, one.id, one, ", ".join(one.clauses)) for one in edition.register.values())
    yield from (_site("body", own, one.id, one) for one in edition.bodies.values())
    yield _site("operative_words", own, "", edition.words)
    yield from (_site("clause", own, one.id, one, one.id) for one in edition.clauses)


def _site(sort: str, owner: Owner, name: str, part: object, clause: str = "", known: Mapping[str, Threshold] | None = None) -> Site:
    return Site(sort=sort, owner=owner, name=name, part=part, clause=clause, known=known or {})


def _figures(owner: Owner, thresholds: Mapping[str, Threshold]) -> Iterator[Site]:
    return (_site("threshold", owner, name, one, one.citation.clause) for name, one in thresholds.items())


def _of_track(track: Track, owner: Owner, known: Mapping[str, Threshold]) -> Iterator[Site]:
    clause = track.citation.clause
    yield _site("track", owner, track.id, track, clause, known)
    yield from _figures(owner, track.thresholds)
    for rule in track.levels:
        yield _site("level_rule", owner, rule.level, rule, rule.citation.clause)
        under = owner._replace(level=rule.level)
        yield from (_site("criterion", under, one.id, one, one.citation.clause, known) for one in rule.criteria)
    yield _site("decide", owner, "", track.decide, clause)
    yield _site("residual", owner, "", track.residual, clause)
    yield from (_site("stand_in", owner, ", ".join(sorted(one.take)), one) for one in track.stand_ins)
    yield from (_site("requires", owner, one.id, one, known=known) for one in track.requires)
    yield from (_site("gap", owner, one.id, one, known=known) for one in track.gaps)
    for step in track.decide:
        yield from (_site("exception", owner._replace(level=one.level), "", one, known=known) for one in step.exceptions)
    yield from (_site("monotone", owner, one.id, one, known=known) for one in track.monotone)


def _of_chapter(chapter: Chapter, owner: Owner, known: Mapping[str, Threshold]) -> Iterator[Site]:
    yield _site("chapter", owner, chapter.clause, chapter, chapter.clause)
    yield from _figures(owner, chapter.thresholds)
    for sort, block in _BLOCKS.items():
        for entry in getattr(chapter, block):
            yield _site(sort, owner, entry.rule.id, entry, entry.rule.citation.clause, known)


DROPPED = object()
"""What stands for an entry that is left out of its list."""
_Part = TypeVar("_Part")


def rebuilt(part: _Part, change: Callable[[Any], Any]) -> _Part:
    """Return an edition, or any part of one, with something in it otherwise; what holds nothing that changed is shared.

    `change` is asked of every record on the way down; what it returns stands in its place (`DROPPED`: nothing does).
    """
    new: Any = change(part)
    whole: Any = part
    if new is part and is_object(whole):
        items = {key: rebuilt(one, change) if is_tuple(one) else one for key, one in whole.items()}
        new = items if any(items[key] is not one for key, one in whole.items()) else part
    elif new is part and is_tuple(whole) and not isinstance(part, (Location, Citation, Condition, Threshold)):
        entries: list[Any] = [rebuilt(one, change) if is_tuple(one) or is_object(one) else one for one in whole]
        if any(one is not other for one, other in zip(entries, whole, strict=True)):
            made = getattr(part, "_make", tuple)
            new = made(one for one in entries if one is not DROPPED)
    return cast("_Part", new)
