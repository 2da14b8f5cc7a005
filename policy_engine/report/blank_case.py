"""A blank case: every fact that a track reads, with its question, all unknown, valid as it stands."""

from collections.abc import Iterable, Iterator, Sequence

from policy_engine.errors import N_
from policy_engine.evaluate.duties.survey import reads_of
from policy_engine.language.types import NOUNS, Type
from policy_engine.messages import LANGUAGES, translate
from policy_engine.model.facts import FactDeclaration, Texts
from policy_engine.model.rulebook import Edition, Track

_HOW = N_("Replace `unknown` by the answer; leave it where the answer was not recorded. Nothing is guessed.")
_ITEMS = N_("in place of the counts that are taken from it, a list may be given:")
_TYPE = N_("type")
_UNIT = N_("unit")
_CLAUSE = N_("clause")
_RECORD = (
    "# unit, superior, collective: hồ sơ khác trong đợt / other cases of the round",
    "self_level: unknown",
    "decided: unknown  # {level, by, day, reason}",
)


def blank_case(edition: Edition, tracks: Sequence[Track], head: Sequence[str]) -> str:
    """Write a blank case as YAML text, with comments in both languages.

    Args:
        edition: the edition that the case will name.
        tracks: the tracks whose facts it asks for.
        head: the lines that it begins with, for editors.
    """
    names = {name for track in tracks for name in track.reads} | _asked_beside(edition, tracks)
    facts = [fact for name, fact in edition.facts.items() if name in names]
    lines = [
        *head,
        *(f"# {edition.title[language]}" for language in LANGUAGES if language in edition.title),
        *(f"# {_both(track.label)}" for track in tracks),
        *(f"# {translate(_HOW, language)}" for language in LANGUAGES),
        "case: new-case",
        f'edition: "{edition.id}"',
        'subject: {id: "unknown", name: "unknown"}',
        *(_RECORD if edition.chapters else ()),
        "facts:",
    ]
    return "\n".join([*lines, *(line for fact in facts for line in _fact(fact))]) + "\n"


def _asked_beside(edition: Edition, tracks: Sequence[Track]) -> set[str]:
    """Return the facts that the edition asks about beside the levels, and those that they follow from."""
    chosen = {track.id for track in tracks}
    concerned = [chapter for chapter in edition.chapters if not chapter.tracks or chosen.intersection(chapter.tracks)]
    names = {name for chapter in concerned for name in reads_of(chapter)} & edition.facts.keys()
    sources = {name for fact in map(edition.facts.__getitem__, names) if fact.derived for name in fact.derived.names}
    return {name for name in names | sources if not edition.facts[name].derived}


def _both(texts: Texts) -> str:
    """Write a text in both languages on one line."""
    return " / ".join(texts[language] for language in LANGUAGES if language in texts)


def _fact(fact: FactDeclaration) -> Iterator[str]:
    """Write one fact: its questions, what may be answered, and the answer `unknown`."""
    yield ""
    for language in LANGUAGES:
        yield f"  # {' '.join(fact.asks[language].split())}"
    yield f"  # {'; '.join(_details(fact))}"
    for choice, label in fact.choices.items():
        yield f"  #   {choice}: {_both(label)}"
    if fact.type.kind == "list":
        yield from (f"  # {translate(_ITEMS, language)}" for language in LANGUAGES)
        yield from _items(fact)
    yield f"  {fact.name}: unknown"


def _details(fact: FactDeclaration) -> Iterator[str]:
    """Say type, unit and clause, in both languages."""
    yield f"{_marked(_TYPE)}: {_marked(NOUNS[fact.type.kind])}"
    if fact.unit:
        yield f"{_marked(_UNIT)}: {_both(fact.unit)}"
    if fact.may_be_none:
        yield _marked(N_("`none` where it is known not to exist"))
    if fact.citation.clause:
        yield f"{_marked(_CLAUSE)}: {fact.citation.clause}"


def _marked(text: str) -> str:
    """Write a text of the engine's own in both languages."""
    return " / ".join(translate(text, language) for language in LANGUAGES)


def _items(fact: FactDeclaration) -> Iterable[str]:
    """Show how an item of a list is written, as a comment."""
    yield f"  #   {fact.name}:"
    for place, field in enumerate(fact.fields.values()):
        yield f"  #     {'- ' if place == 0 else '  '}{field.name}: {_form(field.type)}"


def _form(kind: Type) -> str:
    """Show what a field may hold."""
    return " | ".join(kind.choices) if kind.choices else {"bool": "true | false"}.get(kind.kind, kind.kind)
