"""Two editions held against each other: what was added, dropped or changed, field by field.

Parts are matched by their ids within their owner. What only follows from something else that is told is not told again:
where a figure changes, the phrases joined from it and the sentences that show it change with it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from policy_engine.compare.parts import (
    EDITION,
    Key,
    Owner,
    Part,
    Shown,
    chapter_parts,
    interpretation_part,
    own_parts,
    track_parts,
    words_part,
)
from policy_engine.errors import InputError, Problem
from policy_engine.evaluate.rate import Rated, Rater
from policy_engine.evaluate.transitions import Matrix, Move, merged, move_between
from policy_engine.model.facts import Texts
from policy_engine.model.rulebook import Edition


class Moved(NamedTuple):
    """A case that came out otherwise: its file, its subject's name, and the move."""

    file: str
    name: str
    move: Move


class NotRated(NamedTuple):
    """A file that one of the editions (or both: then the first is named) could not rate, with the first thing wrong."""

    file: str
    edition: str
    problem: Problem


class Shift(NamedTuple):
    """What two editions make of the same files."""

    matrix: Matrix
    moved: tuple[Moved, ...]
    not_rated: tuple[NotRated, ...]
    levels: tuple[str, ...]
    """The levels of both scales, the best first."""


def shift_of(paths: Iterable[str], before: tuple[Edition, Rater], after: tuple[Edition, Rater]) -> Shift:
    """Rate every file under two editions.

    Args:
        paths: the files.
        before: the one edition, and what rates files under it.
        after: the other one.
    """
    levels = tuple(merged(before[0].scale, after[0].scale))
    matrix = Matrix()
    moved: list[Moved] = []
    not_rated: list[NotRated] = []
    for path in paths:
        first = _rated(path, *before)
        second = first if isinstance(first, NotRated) else _rated(path, *after)
        if isinstance(first, NotRated):
            not_rated.append(first)
        elif isinstance(second, NotRated):
            not_rated.append(second)
        else:
            matrix.add(first.verdict, second.verdict)
            move = move_between(first.verdict, second.verdict, levels, (before[0], after[0]))
            moved += [Moved(path, second.case.subject.get("name", ""), move)] if move else []
    return Shift(matrix, tuple(moved), tuple(not_rated), levels)


def _rated(path: str, edition: Edition, rater: Rater) -> Rated | NotRated:
    """Rate one file under one edition."""
    try:
        return rater.rate(path)
    except InputError as error:
        return NotRated(path, edition.id, error.problems[0])


KINDS = ("added", "dropped", "changed")
_WORDING = {"title", "issuer", "notes", "encoded_at", "label", "asks", "says", "unit", "choice_labels", "field_labels",
            "otherwise_says", "except", "except_says"}  # fmt: skip
"""Fields that explain, name or ask; nothing is decided by them."""
_TELLING = ("label", "says", "silent_on", "title")
_ORDERED = ("basis", "level", "invariant", "criterion", "requires", "stand_in", "route", "requirement", "content", "ceiling",
            "eligibility", "cap", "clause", "gap", "monotone")  # fmt: skip
"""The sorts whose parts stand in a list; what stands under names has no order."""
_RANKED = ("level", "stand_in")
"""Those whose order decides something."""


class Field(NamedTuple):
    """One field of a part, before and after; of a part that was added or dropped, one side is None."""

    name: str
    before: Shown
    after: Shown


class Change(NamedTuple):
    """One difference: the part, `added`, `dropped` or `changed`, and its fields. `order` is a sort of its own, named after another."""

    change: str
    sort: str
    owner: Owner
    id: str
    clause: str
    fields: tuple[Field, ...]
    says: Texts
    """What the part is about, in words of the later edition that has it."""
    wording: bool
    """Whether it is about words and order alone, so that nothing is decided otherwise."""


def compare(before: Edition, after: Edition) -> tuple[Change, ...]:
    """Return every difference between two editions, in the order of the editions; nothing where they mean the same."""
    mapped = bool(before.clauses) and bool(after.clauses)
    first, second = (_parts(edition, mapped=mapped) for edition in (before, after))
    changes = [change for key in merged(first, second) if (change := _change(first.get(key), second.get(key)))]
    if not mapped and bool(before.clauses) != bool(after.clauses):
        changes.append(Change("added" if after.clauses else "dropped", "clause_map", EDITION, "", "", (), {}, wording=False))
    return (*changes, *_orders(first, second))


def _parts(edition: Edition, *, mapped: bool) -> dict[Key, Part]:
    """Take an edition apart; of parts that share a key, each later one is numbered."""
    parts: dict[Key, Part] = {}
    for part in _walk(edition, mapped=mapped):
        key, number = part.key, 1
        while key in parts:
            number += 1
            key = part.key._replace(id=f"{part.key.id} #{number}")
        parts[key] = part._replace(key=key)
    return parts


def _walk(edition: Edition, *, mapped: bool) -> Iterator[Part]:
    """Return every part of an edition, in its order; the clauses of its text where both editions have them."""
    yield from own_parts(edition)
    for track in edition.tracks:
        yield from track_parts(track, edition)
    for chapter in edition.chapters:
        yield from chapter_parts(chapter, edition)
    yield from map(interpretation_part, edition.register.values())
    for body in edition.bodies.values():
        yield Part(Key("body", EDITION, body.id), "", {"aliases": body.aliases, "label": body.label})
    yield words_part(edition.words)
    for clause in edition.clauses if mapped else ():
        fields: dict[str, Shown] = {
            "starts": clause.starts, "why_not": clause.why_not, "leaves_out": clause.leaves_out, "says": clause.says,
        }  # fmt: skip
        yield Part(Key("clause", EDITION, clause.id), clause.id, fields)


def _change(before: Part | None, after: Part | None) -> Change | None:
    """Hold a part against its fellow in the other edition."""
    part = after or before
    assert part
    if before is None or after is None:
        kind = "dropped" if after is None else "added"
        fields = tuple(
            Field(name, value if after is None else None, None if after is None else value) for name, value in part.fields.items() if value
        )
    else:
        kind = "changed"
        fields = tuple(_differing(before, after))
    wording = kind == "changed" and all(field.name in _WORDING for field in fields)
    return Change(kind, *part.key, part.clause, fields, _says(part), wording) if fields or kind != "changed" else None


def _says(part: Part) -> Texts:
    """Return the sentence that tells what a part is about."""
    for name in _TELLING:
        texts = part.fields.get(name)
        if texts and isinstance(texts, Mapping):
            return texts
    return {}


def _differing(before: Part, after: Part) -> Iterator[Field]:
    """Return the fields that differ by themselves."""
    figures = _changed_figures(before, after)
    for name, now in after.fields.items():
        was = before.fields[name]
        if was == now or (name == "phrase" and before.joined and after.joined):
            continue
        if isinstance(was, Mapping) and isinstance(now, Mapping) and figures and _blanked(was, figures) == _blanked(now, figures):
            continue
        yield Field(name, was, now)


def _changed_figures(before: Part, after: Part) -> tuple[str, ...]:
    """Return the figures, old and new, of the thresholds that both parts can show and that changed: their numbers, the longest first."""
    texts = {
        one.quantity.text.partition(" ")[0]
        for name in before.thresholds.keys() & after.thresholds.keys()
        if before.thresholds[name].quantity != after.thresholds[name].quantity
        for one in (before.thresholds[name], after.thresholds[name])
    }
    return tuple(sorted({*texts, *(text.replace(".", ",") for text in texts)}, key=len, reverse=True))


def _blanked(sentences: Mapping[str, str], figures: Iterable[str]) -> dict[str, str]:
    """Take figures out of a sentence."""
    pattern = re.compile(rf"(?<![\d.,])(?:{'|'.join(map(re.escape, figures))})(?![\d%]|[.,]\d)")
    return {language: pattern.sub("{}", text) for language, text in sentences.items()}


def _orders(before: Mapping[Key, Part], after: Mapping[Key, Part]) -> Iterator[Change]:
    """Return where parts that both editions have stand in another order; those that only one has do not count."""
    first, second = (_listed(side, other) for side, other in ((before, after), (after, before)))
    for (sort, owner), ids in first.items():
        now = second[sort, owner]
        if ids != now:
            clause = after[Key(sort, owner, now[0])].clause if owner.level else ""
            yield Change("changed", "order", owner, sort, clause, (Field("order", ids, now),), {}, sort not in _RANKED)


def _listed(parts: Mapping[Key, Part], others: Mapping[Key, Part]) -> dict[tuple[str, Owner], tuple[str, ...]]:
    """Return the parts of each list by their ids, in their order."""
    lists: dict[tuple[str, Owner], tuple[str, ...]] = {}
    for sort, owner, name in parts:
        if sort in _ORDERED and Key(sort, owner, name) in others:
            lists[sort, owner] = (*lists.get((sort, owner), ()), name)
    return lists
