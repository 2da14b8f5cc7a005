"""Case files that the engine writes: a blank one, with every question in it, and those that a run of tests misses."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from policy_engine.evaluate.duties.survey import reads_of
from policy_engine.language.types import NOUNS
from policy_engine.messages import LANGUAGES, N_, translate
from policy_engine.model.facts import FactDeclaration, Texts
from policy_engine.model.rulebook import Edition, Track

if TYPE_CHECKING:  # a blank case needs none of a trial
    from policy_engine.trial.run import Reason, Suggestion

_RECORD = (
    "# unit, superior, collective: hồ sơ khác trong đợt / other cases of the round",
    "self_level: unknown",
    "decided: unknown  # {level, by, day, reason}",
)
_BY_ID = ("criteria", "requirements", "contents", "ceilings", "route_ids")


def blank_case(edition: Edition, tracks: Sequence[Track], head: Sequence[str]) -> str:
    """Write a blank case, valid as it stands, with comments in both languages.

    Args:
        edition: the edition that the case will name.
        tracks: the tracks whose facts it asks for.
        head: the lines that it begins with, for editors.
    """
    names = {name for track in tracks for name in track.reads} | _asked_beside(edition, tracks)
    how = N_("Replace `unknown` by the answer; leave it where the answer was not recorded. Nothing is guessed.")
    lines = [
        *head,
        *(f"# {edition.title[language]}" for language in LANGUAGES if language in edition.title),
        *(f"# {_both(track.label)}" for track in tracks),
        *(f"# {translate(how, language)}" for language in LANGUAGES),
        "case: new-case",
        f'edition: "{edition.id}"',
        'subject: {id: "unknown", name: "unknown"}',
        *(_RECORD if edition.chapters else ()),
        "facts:",
        *(line for name, fact in edition.facts.items() if name in names for line in _fact(fact)),
    ]
    return "\n".join(lines) + "\n"


def _asked_beside(edition: Edition, tracks: Sequence[Track]) -> set[str]:
    """Return the facts that the edition asks about beside the levels, and those that they follow from."""
    chosen = {track.id for track in tracks}
    concerned = [chapter for chapter in edition.chapters if not chapter.tracks or chosen.intersection(chapter.tracks)]
    names = {name for chapter in concerned for name in reads_of(chapter)} & edition.facts.keys()
    names |= {source for name in names if (derived := edition.facts[name].derived) for source in derived.names}
    return {name for name in names if not edition.facts[name].derived}


def _both(texts: Texts) -> str:
    """Write a text in both languages on one line."""
    return " / ".join(texts[language] for language in LANGUAGES if language in texts)


def _marked(text: str) -> str:
    """Write a text of the engine's own in both languages."""
    return " / ".join(translate(text, language) for language in LANGUAGES)


def _fact(fact: FactDeclaration) -> Iterator[str]:
    """Write one fact: its questions, what may be answered, and the answer `unknown`."""
    yield ""
    yield from (f"  # {' '.join(fact.asks[language].split())}" for language in LANGUAGES)
    details = [_marked(N_("type")) + ": " + _marked(NOUNS[fact.type.kind])]
    details += [_marked(N_("unit")) + ": " + _both(fact.unit)] if fact.unit else []
    details += [_marked(N_("`none` where it is known not to exist"))] if fact.may_be_none else []
    details += [_marked(N_("clause")) + ": " + fact.citation.clause] if fact.citation.clause else []
    yield f"  # {'; '.join(details)}"
    yield from (f"  #   {choice}: {_both(label)}" for choice, label in fact.choices.items())
    if fact.type.kind == "list":
        instead = N_("in place of the counts that are taken from it, a list may be given:")
        yield from (f"  # {translate(instead, language)}" for language in LANGUAGES)
        yield f"  #   {fact.name}:"
        for place, field in enumerate(fact.fields.values()):
            form = " | ".join(field.type.choices) or {"bool": "true | false"}.get(field.type.kind, field.type.kind)
            yield f"  #     {'- ' if place == 0 else '  '}{field.name}: {form}"
    yield f"  {fact.name}: unknown"


def suggestion_facts(one: "Suggestion", edition: str, head: Sequence[str]) -> str:
    """Write a suggested case with its facts alone, to be rated."""
    facts = [f"  {name}: {value}" for name, value in one.sketch.facts.items()]
    return "\n".join([*head, f"case: {one.name}", f'edition: "{edition}"', "facts:", *facts, ""])


def suggestion_text(one: "Suggestion", plain: str, seen: Mapping[str, object]) -> str:
    """Write a suggested case whole: what it shows, what the engine says of it now, and an expectation for a person to confirm.

    Args:
        one: the suggestion.
        plain: its file with the facts alone.
        seen: what came out of it, in the forms in which a case expects it.
    """
    first, _, rest = plain.partition("\n")
    now = N_("what the engine says now: {outcome}")
    confirm = N_("read the text, then write under `expect:` what must come out; until then this case fails")
    outcome = str(seen["level"] or seen["outcome"])
    remarks = [f"# {_reason(reason, language)[1]}" for reason in one.reasons for language in LANGUAGES]
    says = [f"# {translate(now, language, outcome=outcome)}; {translate(confirm, language)}" for language in LANGUAGES]
    expected = [f"#   outcome: {seen['outcome']}", *([f"#   level: {seen['level']}"] if seen["level"] else [])]
    owners = dict.fromkeys(_reason(reason, LANGUAGES[0])[0] for reason in one.reasons)
    for key in _BY_ID:
        by_id: Any = seen[key]
        named = [f"#     {owner}: {by_id[owner]}" for owner in owners if owner in by_id]
        expected += [f"#   {key}:", *named] if named else []
    return "\n".join([first, *remarks, *says, rest + "# expect:", *expected, ""])


def _reason(reason: "Reason", language: str) -> tuple[str, str]:
    """Return the id of what a case is to show, and why it is missing."""
    from policy_engine.evaluate.plain import Uncovered
    from policy_engine.explain.tested import never_text, side_text, survivor_text
    from policy_engine.trial.run import Missing

    match reason:
        case Missing():
            return reason.unseen.comparison.place.owner, side_text(reason, language)
        case Uncovered():
            return reason.criterion, never_text(reason, language)
        case _:
            return reason.mutant.place.owner, survivor_text(reason.mutant, language)
