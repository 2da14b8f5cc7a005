"""Two editions held against each other: what was added, dropped or changed, field by field.

Parts are matched by their ids within their owner. What only follows from something else that is said is not said again:
where a figure changes, the phrases joined from it and the sentences that show it change with it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import NamedTuple, TypeAlias

from policy_engine.errors import InputError, Problem
from policy_engine.evaluate.rate import Rated, Rater
from policy_engine.evaluate.transitions import Matrix, Move, merged, move_between
from policy_engine.language.quantity import Quantity
from policy_engine.language.values import is_tuple
from policy_engine.model.facts import Condition, Exemption, FactDeclaration, InterpretationUse, Texts, Threshold, Word
from policy_engine.model.rulebook import DecideStep, Edition, InForce
from policy_engine.model.sites import RULES, Owner, Site, sites, value_at

Shown: TypeAlias = str | bool | tuple[str | Texts, ...] | Texts | None
"""What a field holds: a text of the edition's own, a truth, a sentence in every language, or a list; None: nothing is there."""


class Key(NamedTuple):
    """What a part is called; two editions speak of the same part where their keys are the same."""

    sort: str
    owner: Owner
    id: str


class ComparedPart(NamedTuple):
    """One part, flat: its fields by name, each as it is shown.

    `thresholds` are the figures that its sentences can show; `joined`: whether its phrase is only theirs, joined.
    """

    key: Key
    clause: str
    fields: Mapping[str, Shown]
    thresholds: Mapping[str, Threshold]
    joined: bool


_CLAUSE, _PHRASE, _USES = "clause=citation.clause", "phrase=citation.phrase", "readings=interpretations"
_RULE = "applies_when=rule.applies_when " + " ".join(
    word.replace("=", "=rule.") for word in (_PHRASE, _CLAUSE, _USES, "says=says")
)  # fmt: skip
_INVARIANT = f"""holds {_USES} says
    otherwise=otherwise.outcome otherwise_when=otherwise.when otherwise_readings=otherwise.interpretations otherwise_says=otherwise.says"""
_FIELDS: Mapping[str, str] = {
    "edition": "status from=begins until in_force supersedes encoded_at title issuer notes except=exemptions except_says",
    "basis": "day title",
    "level": f"code aliases {_CLAUSE} label",
    "fact": "type=type.kind choices fields counted_from derived when_absent gathered_from fixed locked may_be_none "
    f"{_USES} {_CLAUSE} unit label asks choice_labels field_labels",
    "invariant": _INVARIANT, "requires": _INVARIANT,
    "threshold": f"value=quantity {_PHRASE} {_CLAUSE}",
    "track": f"applies_to {_CLAUSE} {_USES} label says",
    "level_rule": f"mode {_CLAUSE} {_USES}",
    "criterion": f"condition=when applies_when {_PHRASE} {_CLAUSE} {_USES} applies_readings=applies_interpretations says",
    "decide": "steps readings",
    "residual": f"outcome level {_USES}",
    "stand_in": f"unless take {_USES}",
    "gap": f"where {_USES} says",
    "exception": "without says",
    "monotone": "more never says",
    "chapter": "tracks except=exemptions except_says label",
    "route": f"duty body {_RULE}",
    "requirement": f"holds in_time severity {_RULE}", "content": f"holds in_time severity {_RULE}",
    "ceiling": f"relation other on_breach severity {_RULE}",
    "eligibility": f"when {_RULE}",
    "cap": "level at_most=at_most.name base per rounding counted severity exception_at_most=exception.at_most.name "
    f"exception_where=exception.where {_RULE}",
    "reading": "status reading=interpretation silent_on text_says alternatives clause",
    "body": "aliases label",
    "operative_words": "signs units figures days decimal",
    "clause": "starts why_not leaves_out says",
}  # fmt: skip
"""The fields of each sort of part, in their order; behind `=` the path at which the model has one that it calls otherwise.

Whatever the model learns to hold needs a word here, and a line in `_OWN` only where it is not shown as it stands."""
_OWN: Mapping[tuple[str, str], Callable[[Site], Shown]] = {
    **{(sort, "except_says"): lambda site: _joined_texts(one.says for one in site.part.exemptions) for sort in ("edition", "chapter")},
    ("fact", "choices"): lambda site: tuple(sorted(site.part.choices)),
    ("fact", "fields"): lambda site: tuple(map(_field, site.part.fields.values())),
    ("fact", "choice_labels"): lambda site: _joined_texts(_choices(site.part)),
    ("fact", "field_labels"): lambda site: _joined_texts(
        text for one in site.part.fields.values() for text in (_labelled(one.name, one.label), *_choices(one))
    ),
    ("decide", "steps"): lambda site: tuple(map(_step, site.part)),
    ("decide", "readings"): lambda site: tuple(
        f"{_step(one)}: {', '.join(str(_entry(use)) for use in one.interpretations)}" for one in site.part if one.interpretations
    ),
    ("stand_in", "take"): lambda site: tuple(f"{target} <- {source}" for target, source in sorted(site.part.take.items())),
    ("exception", "without"): lambda site: tuple(sorted(site.part.without)),
    ("chapter", "tracks"): lambda site: tuple(sorted(site.part.tracks)),
    ("ceiling", "on_breach"): lambda site: "lower" if site.part.lowers else "flag",
    ("reading", "clause"): lambda site: site.clause,
}


def _fields(site: Site) -> dict[str, Shown]:
    found: dict[str, Shown] = {}
    for word in _FIELDS[site.sort].split():
        name, _, path = word.partition("=")
        own = _OWN.get((site.sort, name))
        found[name] = own(site) if own else _shown(name, value_at(site.part, path or name))
    return found


def _shown(name: str, value: object) -> Shown:
    match value:
        case None:
            return () if name.endswith("readings") else {} if name.endswith("says") else ""
        case Condition() | Quantity():
            return value.text
        case date():
            return value.isoformat()
        case InForce():
            return tuple(day.isoformat() if day else "" for day in value if any(value))
        case _ if is_tuple(value):
            return tuple(map(_entry, value))
        case _:
            return value  # type: ignore[return-value]  # pyright: ignore[reportReturnType]  # a text, a truth, or texts


def _entry(value: object) -> str | Texts:
    match value:
        case InterpretationUse():
            return f"{value.id} ({value.when.text})" if value.when else value.id
        case Word():
            return f"{value.text} ({value.means})"
        case Exemption():
            return f"{value.of}: {', '.join(sorted(value.items))}"
        case (str() as text, Quantity() as quantity):
            return f"{text} ({quantity.text})"
        case _:
            return value  # type: ignore[return-value]  # pyright: ignore[reportReturnType]  # a text, or texts


def _step(step: DecideStep) -> str:
    """Write a step of deciding; which of its levels is the highest the scale says."""
    return " / ".join(sorted(step.levels))


def _field(field: FactDeclaration) -> str:
    return f"{field.name}: {field.type.kind}" + (f" ({', '.join(sorted(field.choices))})" if field.choices else "")


def _choices(fact: FactDeclaration) -> Iterable[Texts]:
    return (_labelled(name, texts) for name, texts in sorted(fact.choices.items()))


def _labelled(name: str, texts: Texts) -> Texts:
    return {language: f"{name}: {text}" for language, text in texts.items()}


def _joined_texts(sentences: Iterable[Texts]) -> Texts:
    several = [one for one in sentences if one]
    languages = dict.fromkeys(key for one in several for key in one)
    return {language: "; ".join(one.get(language, "") for one in several) for language in languages}


def _parts(edition: Edition, *, mapped: bool) -> dict[Key, ComparedPart]:
    """Take an edition apart; of parts that share a key, each later one is numbered. `mapped`: with the clauses of its text."""
    parts: dict[Key, ComparedPart] = {}
    for site in sites(edition):
        if site.sort != "clause" or mapped:
            first, number = Key(site.sort, site.owner, site.name), 1
            key = first
            while key in parts:
                number += 1
                key = first._replace(id=f"{site.name} #{number}")
            known: Mapping[str, Threshold] = {} if site.sort == "track" else site.known
            parts[key] = ComparedPart(key=key, clause=site.clause, fields=_fields(site), thresholds=known, joined=_is_joined(site))
    return parts


def _is_joined(site: Site) -> bool:
    """Return whether a phrase is nothing but those of the figures that a condition (or a cap) names, as the loader joins them."""
    phrase, part = site.citation.phrase, site.part
    figures: list[Iterable[Threshold]] = []
    if site.sort == "criterion":
        figures.append(part.thresholds)
    elif site.sort in RULES:
        asked = sorted(site.conditions.items(), key=lambda entry: entry[0] != "applies_when")
        named = dict.fromkeys(name for key, condition in asked if key not in {"other", "where"} for name in condition.names)
        figures.append([site.known[name] for name in named if name in site.known])
        figures += [(part.at_most,)] if site.sort == "cap" else []
    return bool(phrase) and any(phrase == "; ".join(one.citation.phrase for one in several) for several in figures)


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
    """Rate every file under two editions."""
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


class FieldChange(NamedTuple):
    """One field of a part, before and after; of a part that was added or dropped, one side is None."""

    name: str
    before: Shown
    after: Shown


class PartDifference(NamedTuple):
    """One difference: the part, `added`, `dropped` or `changed`, and its fields. `order` is a sort of its own, named after another."""

    change: str
    sort: str
    owner: Owner
    id: str
    clause: str
    fields: tuple[FieldChange, ...]
    says: Texts
    """What the part is about, in words of the later edition that has it."""
    wording: bool
    """Whether it is about words and order alone, so that nothing is decided otherwise."""


def compare(before: Edition, after: Edition) -> tuple[PartDifference, ...]:
    """Return every difference between two editions, in the order of the editions; nothing where they mean the same."""
    mapped = bool(before.clauses) and bool(after.clauses)
    first, second = (_parts(edition, mapped=mapped) for edition in (before, after))
    changes = [change for key in merged(first, second) if (change := _change(first.get(key), second.get(key)))]
    if not mapped and bool(before.clauses) != bool(after.clauses):
        kind = "added" if after.clauses else "dropped"
        changes.append(
            PartDifference(change=kind, sort="clause_map", owner=Owner("edition"), id="", clause="", fields=(), says={}, wording=False)
        )
    return (*changes, *_orders(first, second))


def _change(before: ComparedPart | None, after: ComparedPart | None) -> PartDifference | None:
    part = after or before
    assert part
    if before is None or after is None:
        kind = "dropped" if after is None else "added"
        fields = tuple(
            FieldChange(name, value if after is None else None, None if after is None else value)
            for name, value in part.fields.items()
            if value
        )
    else:
        kind = "changed"
        fields = tuple(_differing(before, after))
    wording = kind == "changed" and all(field.name in _WORDING for field in fields)
    if not fields and kind == "changed":
        return None
    sort, owner, name = part.key
    return PartDifference(
        change=kind, sort=sort, owner=owner, id=name, clause=part.clause, fields=fields, says=_says(part), wording=wording
    )  # fmt: skip


def _says(part: ComparedPart) -> Texts:
    for name in _TELLING:
        texts = part.fields.get(name)
        if texts and isinstance(texts, Mapping):
            return texts
    return {}


def _differing(before: ComparedPart, after: ComparedPart) -> Iterator[FieldChange]:
    figures = _changed_figures(before, after)
    for name, now in after.fields.items():
        was = before.fields[name]
        if was == now or (name == "phrase" and before.joined and after.joined):
            continue
        if isinstance(was, Mapping) and isinstance(now, Mapping) and figures and _blanked(was, figures) == _blanked(now, figures):
            continue
        yield FieldChange(name, was, now)


def _changed_figures(before: ComparedPart, after: ComparedPart) -> tuple[str, ...]:
    """Return the figures, old and new, of the thresholds that both parts can show and that changed: their numbers, the longest first."""
    texts = {
        one.quantity.text.partition(" ")[0]
        for name in before.thresholds.keys() & after.thresholds.keys()
        if before.thresholds[name].quantity != after.thresholds[name].quantity
        for one in (before.thresholds[name], after.thresholds[name])
    }
    return tuple(sorted({*texts, *(text.replace(".", ",") for text in texts)}, key=len, reverse=True))


def _blanked(sentences: Mapping[str, str], figures: Iterable[str]) -> dict[str, str]:
    pattern = re.compile(rf"(?<![\d.,])(?:{'|'.join(map(re.escape, figures))})(?![\d%]|[.,]\d)")
    return {language: pattern.sub("{}", text) for language, text in sentences.items()}


def _orders(before: Mapping[Key, ComparedPart], after: Mapping[Key, ComparedPart]) -> Iterator[PartDifference]:
    """Return where parts that both editions have stand in another order; those that only one has do not count."""
    first, second = (_listed(side, other) for side, other in ((before, after), (after, before)))
    for (sort, owner), ids in first.items():
        now = second[sort, owner]
        if ids != now:
            clause = after[Key(sort, owner, now[0])].clause if owner.level else ""
            yield PartDifference(
                change="changed", sort="order", owner=owner, id=sort, clause=clause, fields=(FieldChange("order", ids, now),), says={},
                wording=sort not in _RANKED,
            )  # fmt: skip


def _listed(parts: Mapping[Key, ComparedPart], others: Mapping[Key, ComparedPart]) -> dict[tuple[str, Owner], tuple[str, ...]]:
    lists: dict[tuple[str, Owner], tuple[str, ...]] = {}
    for sort, owner, name in parts:
        if sort in _ORDERED and Key(sort, owner, name) in others:
            lists[sort, owner] = (*lists.get((sort, owner), ()), name)
    return lists
