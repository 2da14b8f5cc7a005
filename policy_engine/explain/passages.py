"""What two editions make of every case, in sentences: which results can go to which, and what only one of them asks."""

from collections.abc import Iterator

from policy_engine.errors import N_
from policy_engine.explain.blocks import Line, Section
from policy_engine.explain.proofs import Teller
from policy_engine.messages import sentence, translate
from policy_engine.model.rulebook import Edition
from policy_engine.prove.claims import PROVEN, UNPROVABLE
from policy_engine.prove.transitions import Passage, Passages, Transition


def passage_sections(passages: Passages, language: str) -> Iterator[Section]:
    """Tell every pair of tracks that can differ, those that cannot in a line each, and the facts that only one edition knows."""
    same = [one for one in passages.passages if not one.can_differ]
    for passage in passages.passages:
        if passage.can_differ:
            yield Section(_title(passages, passage, language), tuple(_lines(passages, passage, language)))
    lines = [Line("met", _title(passages, one, language)) for one in same]
    if lines:
        yield Section(translate(N_("Proven: no case comes out otherwise"), language), tuple(lines))
    yield from _facts(passages, language)


def _title(passages: Passages, passage: Passage, language: str) -> str:
    """Name a pair of tracks."""
    first, second = _label(passages.before, passage.before, language), _label(passages.after, passage.after, language)
    return f"{first} → {second}"


def _label(edition: Edition, track: str, language: str) -> str:
    """Name a track."""
    return f"{edition.id} · {next(sentence(one.label, language) for one in edition.tracks if one.id == track)}"


def _lines(passages: Passages, passage: Passage, language: str) -> Iterator[Line]:
    """Tell the transitions of a pair of tracks: those that are possible, with a smallest case, and how many are not."""
    if passage.reason:
        yield Line("unknown", translate(N_("undecided: {reason}"), language, reason=passage.reason.removeprefix(UNPROVABLE)))
    for one in passage.transitions:
        if one.before != one.after or one.answer != PROVEN:
            yield _transition(passages, one, language)
    if passage.excluded:
        words = translate(N_("proven: no other change is possible ({excluded} excluded)"), language, excluded=passage.excluded)
        yield Line("met", words)


def _transition(passages: Passages, one: Transition, language: str) -> Line:
    """Tell one transition and its smallest case."""
    first, second = Teller(passages.before, language), Teller(passages.after, language)
    words = {"before": first.level(one.before), "after": second.level(one.after)}
    if one.answer != PROVEN or one.witness is None:
        return Line("unknown", translate(N_("{before} → {after}: undecided"), language, **words))
    told = dict((*first.telling(one.witness[0]), *second.telling(one.witness[1])))
    facts = "; ".join(f"{name}: {value}" for name, value in told.items()) or "–"
    return Line("note", translate(N_("{before} → {after}; smallest case: {facts}"), language, facts=facts, **words))


def _facts(passages: Passages, language: str) -> Iterator[Section]:
    """Name the facts that stand between the editions, and the tracks whose subjects the other edition does not know."""
    told = (
        (N_("Only {edition} asks: {names}"), passages.before.id, passages.only_before),
        (N_("Only {edition} asks: {names}"), passages.after.id, passages.only_after),
        (N_("Declared otherwise in {edition}, so held apart: {names}"), passages.after.id, passages.apart),
        (N_("Subjects of these tracks may belong to no track of {edition}: {names}"), passages.after.id, passages.lost),
    )
    lines = [Line("note", translate(text, language, edition=edition, names=", ".join(names))) for text, edition, names in told if names]
    if lines:
        yield Section(translate(N_("What the two editions do not share"), language), tuple(lines))
