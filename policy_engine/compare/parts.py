"""The chapters of an edition taken apart: routes, papers, contents, ceilings, eligibility, caps.

A part is flat: its fields by name, each as it is shown. So one walk serves every sort of part, and whatever the model
learns to hold needs a field here and nothing else.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from policy_engine.model.duties import Cap, Ceiling, Chapter, Eligibility, Requirement, Route, Rule
from policy_engine.model.facts import (
    Condition,
    Exemption,
    FactDeclaration,
    InterpretationUse,
    Invariant,
    OperativeWords,
    Otherwise,
    Texts,
    Threshold,
)
from policy_engine.model.rulebook import Criterion, Edition, Interpretation, Level, LevelRule, StandIn, Track
from policy_engine.source import Citation

Shown: TypeAlias = str | bool | tuple[str | Texts, ...] | Texts | None
"""What a field holds: a text of the edition's own, a truth, a sentence in every language, or a list; None: nothing is there."""


class Owner(NamedTuple):
    """Where a part stands: in the edition itself, in a track (and there under a level), or in a chapter."""

    kind: str
    id: str = ""
    level: str = ""


class Key(NamedTuple):
    """What a part is called; two editions speak of the same part where their keys are the same."""

    sort: str
    owner: Owner
    id: str


class Part(NamedTuple):
    """One part. `thresholds` are the figures that its sentences can show; `joined`: whether its phrase is only theirs, joined."""

    key: Key
    clause: str
    fields: Mapping[str, Shown]
    thresholds: Mapping[str, Threshold] = {}
    joined: bool = False


EDITION = Owner("edition")


def own_parts(edition: Edition) -> Iterable[Part]:
    """Return what belongs to the edition itself, the clauses of its text aside."""
    yield _front(edition)
    for basis in edition.basis:
        yield Part(Key("basis", EDITION, basis.id), "", {"day": basis.day.isoformat(), "title": basis.title})
    yield from (_level(level) for level in edition.scale.values())
    yield from (_fact(fact) for fact in edition.facts.values())
    yield from (_invariant(rule, "invariant", EDITION, edition.thresholds) for rule in edition.invariants)
    yield from (threshold_part(one, EDITION) for one in edition.thresholds.values())


def words_part(words: OperativeWords) -> Part:
    """Return the words of an edition's text that carry force."""
    fields: dict[str, Shown] = {
        "signs": tuple(f"{word.text} ({word.means})" for word in words.signs),
        "units": tuple(f"{word.text} ({word.means})" for word in words.units),
        "figures": tuple(f"{text} ({quantity.text})" for text, quantity in words.figures),
        "days": words.days, "decimal": words.decimal,
    }  # fmt: skip
    return Part(Key("operative_words", EDITION, ""), "", fields)


def _front(edition: Edition) -> Part:
    """Return what the edition says of itself; its id is the one thing that two editions always differ in."""
    fields: dict[str, Shown] = {
        "status": edition.status, "from": edition.begins.isoformat(), "until": edition.until.isoformat(),
        "in_force": tuple(day.isoformat() if day else "" for day in edition.in_force if any(edition.in_force)),
        "supersedes": edition.supersedes, "encoded_at": edition.encoded_at.isoformat() if edition.encoded_at else "",
        "title": edition.title, "issuer": edition.issuer, "notes": edition.notes, **exempt(edition.exemptions),
    }  # fmt: skip
    return Part(Key("edition", EDITION, ""), "", fields)


def exempt(exemptions: Iterable[Exemption]) -> dict[str, Shown]:
    """Return what is left out on purpose, and why."""
    several = tuple(exemptions)
    listed = tuple(f"{one.of}: {', '.join(sorted(one.items))}" for one in several)
    return {"except": listed, "except_says": joined_texts(one.says for one in several)}


def _level(level: Level) -> Part:
    """Return a level; how it ranks is the order of the levels, not a field of each."""
    fields: dict[str, Shown] = {"code": level.code, "aliases": level.aliases, "clause": level.citation.clause, "label": level.label}
    return Part(Key("level", EDITION, level.id), level.citation.clause, fields)


def _fact(fact: FactDeclaration) -> Part:
    """Return a fact, with the words of its choices in one sentence, and those of its fields."""
    words = joined_texts(_choices(fact))
    spoken = joined_texts(text for one in fact.fields.values() for text in (_labelled(one.name, one.label), *_choices(one)))
    fields: dict[str, Shown] = {
        "type": fact.type.kind, "choices": tuple(sorted(fact.choices)), "fields": tuple(_field(f) for f in fact.fields.values()),
        "counted_from": text_of(fact.counted_from), "derived": text_of(fact.derived), "when_absent": text_of(fact.when_absent),
        "gathered_from": fact.gathered_from, "fixed": fact.fixed, "locked": fact.locked, "may_be_none": fact.may_be_none,
        "readings": uses_of(fact.interpretations), "clause": fact.citation.clause, "unit": fact.unit, "label": fact.label, "asks": fact.asks,
        "choice_labels": words, "field_labels": spoken,
    }  # fmt: skip
    return Part(Key("fact", EDITION, fact.name), fact.citation.clause, fields)


def _field(field: FactDeclaration) -> str:
    """Write what a field of a list's items may hold."""
    return f"{field.name}: {field.type.kind}" + (f" ({', '.join(sorted(field.choices))})" if field.choices else "")


def _choices(fact: FactDeclaration) -> Iterable[Texts]:
    """Return the choices of a fact with their words."""
    return (_labelled(name, texts) for name, texts in sorted(fact.choices.items()))


def _labelled(name: str, texts: Texts) -> Texts:
    """Put a name before its words."""
    return {language: f"{name}: {text}" for language, text in texts.items()}


def joined_texts(sentences: Iterable[Texts]) -> Texts:
    """Join sentences, language by language."""
    told = [one for one in sentences if one]
    return {language: "; ".join(one.get(language, "") for one in told) for language in dict.fromkeys(key for one in told for key in one)}


def text_of(condition: Condition | None) -> str:
    """Return the canonical text of a condition, or ""."""
    return condition.text if condition else ""


def uses_of(uses: Iterable[InterpretationUse]) -> tuple[str, ...]:
    """Write the interpretations that something rests on, each with its condition."""
    return tuple(f"{use.id} ({use.when.text})" if use.when else use.id for use in uses)


def threshold_part(threshold: Threshold, owner: Owner) -> Part:
    """Return a figure."""
    clause, phrase = threshold.citation
    return Part(
        Key("threshold", owner, threshold.name), clause, {"value": threshold.quantity.text, "phrase": phrase, "clause": clause}
    )  # fmt: skip


def is_joined(citation: Citation, figures: Iterable[Threshold]) -> bool:
    """Return whether a phrase is nothing but those of the figures that a condition names, as the loader joins them."""
    return bool(citation.phrase) and citation.phrase == "; ".join(figure.citation.phrase for figure in figures)


def _invariant(rule: Invariant, sort: str, owner: Owner, thresholds: Mapping[str, Threshold]) -> Part:
    """Return what is always true of real figures."""
    other = rule.otherwise or Otherwise("", {})
    fields: dict[str, Shown] = {
        "holds": rule.holds.text, "readings": uses_of(rule.interpretations), "says": rule.says, "otherwise": other.outcome,
        "otherwise_when": text_of(other.when), "otherwise_readings": uses_of(other.interpretations), "otherwise_says": other.says,
    }  # fmt: skip
    return Part(Key(sort, owner, rule.id), "", fields, thresholds)


def track_parts(track: Track, edition: Edition) -> Iterable[Part]:
    """Return a track: what it says of itself, its figures, its levels with their criteria, and how they decide."""
    owner = Owner("track", track.id)
    known = {**edition.thresholds, **track.thresholds}
    fields: dict[str, Shown] = {
        "applies_to": track.applies_to.text, "clause": track.citation.clause, "readings": uses_of(track.interpretations), "label": track.label,
        "says": track.says,
    }  # fmt: skip
    yield Part(Key("track", owner, track.id), track.citation.clause, fields)
    yield from (threshold_part(one, owner) for one in track.thresholds.values())
    for rule in track.levels:
        yield _level_rule(rule, owner)
        yield from (_criterion(criterion, Owner("track", track.id, rule.level), known) for criterion in rule.criteria)
    yield _decide(track, owner)
    residual = track.residual
    yield Part(
        Key("residual", owner, ""), track.citation.clause,
        {"outcome": residual.outcome, "level": residual.level or "", "readings": uses_of(residual.interpretations)},
    )  # fmt: skip
    yield from (_stand_in(one, owner) for one in track.stand_ins)
    yield from (_invariant(rule, "requires", owner, known) for rule in track.requires)
    yield from _claims(track, owner, known)


def _claims(track: Track, owner: Owner, known: Mapping[str, Threshold]) -> Iterable[Part]:
    """Return what a track says of itself for a proof to confirm: its gaps, the exceptions of its ladder, its promises."""
    for gap in track.gaps:
        yield Part(
            Key("gap", owner, gap.id), "", {"where": gap.where.text, "readings": uses_of(gap.interpretations), "says": gap.says}, known
        )
    for step in track.decide:
        for one in step.exceptions:
            fields: dict[str, Shown] = {"without": tuple(sorted(one.without)), "says": one.says}
            yield Part(Key("exception", Owner("track", track.id, one.level), ""), "", fields, known)
    for promise in track.monotone:
        yield Part(Key("monotone", owner, promise.id), "", {"more": promise.more, "never": promise.never, "says": promise.says}, known)


def _level_rule(rule: LevelRule, owner: Owner) -> Part:
    """Return what a level asks, its criteria aside."""
    fields: dict[str, Shown] = {"mode": rule.mode, "clause": rule.citation.clause, "readings": uses_of(rule.interpretations)}
    return Part(Key("level_rule", owner, rule.level), rule.citation.clause, fields)


def _criterion(criterion: Criterion, owner: Owner, known: Mapping[str, Threshold]) -> Part:
    """Return a criterion under the clause of its level."""
    clause, phrase = criterion.citation
    fields: dict[str, Shown] = {
        "condition": criterion.when.text, "applies_when": text_of(criterion.applies_when), "phrase": phrase, "clause": clause,
        "readings": uses_of(criterion.interpretations), "applies_readings": uses_of(criterion.applies_interpretations), "says": criterion.says,
    }  # fmt: skip
    return Part(Key("criterion", owner, criterion.id), clause, fields, known, is_joined(criterion.citation, criterion.thresholds))


def _decide(track: Track, owner: Owner) -> Part:
    """Return the steps of deciding, and each one's interpretations; which of a step's levels is the highest the scale says."""
    steps = tuple(" / ".join(sorted(step.levels)) for step in track.decide)
    interpretations = (
        f"{name}: {', '.join(uses_of(step.interpretations))}"
        for name, step in zip(steps, track.decide, strict=True)
        if step.interpretations
    )
    return Part(Key("decide", owner, ""), track.citation.clause, {"steps": steps, "readings": tuple(interpretations)})


def _stand_in(rule: StandIn, owner: Owner) -> Part:
    """Return which facts stand in for which; it is called after those that it gives."""
    taken = tuple(f"{target} <- {rule.take[target]}" for target in sorted(rule.take))
    fields: dict[str, Shown] = {"unless": rule.unless.text, "take": taken, "readings": uses_of(rule.interpretations)}
    return Part(Key("stand_in", owner, ", ".join(sorted(rule.take))), "", fields)


def interpretation_part(interpretation: Interpretation) -> Part:
    """Return an entry of the register."""
    clause = ", ".join(interpretation.clauses)
    fields: dict[str, Shown] = {
        "status": interpretation.status, "reading": interpretation.interpretation, "silent_on": interpretation.silent_on, "text_says": interpretation.text_says,
        "alternatives": interpretation.alternatives, "clause": clause,
    }  # fmt: skip
    return Part(Key("reading", EDITION, interpretation.id), clause, fields)


Figures = Mapping[str, Threshold]
Conditions = Sequence[Condition | None]


def chapter_parts(chapter: Chapter, edition: Edition) -> Iterable[Part]:
    """Return a chapter: what it says of itself, its figures, and every rule of it."""
    owner = Owner("chapter", chapter.clause)
    known = {**edition.thresholds, **chapter.thresholds}
    fields: dict[str, Shown] = {"tracks": tuple(sorted(chapter.tracks)), **exempt(chapter.exemptions), "label": chapter.label}
    yield Part(Key("chapter", owner, chapter.clause), chapter.clause, fields)
    yield from (threshold_part(one, owner) for one in chapter.thresholds.values())
    yield from (_route(one, owner, known) for one in chapter.routes)
    yield from (_requirement(one, "requirement", owner, known) for one in chapter.requirements)
    yield from (_requirement(one, "content", owner, known) for one in chapter.contents)
    yield from (_ceiling(one, owner, known) for one in chapter.ceilings)
    yield from (_eligibility(one, owner, known) for one in chapter.eligibility)
    yield from (_cap(one, owner, known) for one in chapter.caps)


def _part(sort: str, rule: Rule, owner: Owner, known: Figures, conditions: Conditions, own: Mapping[str, Shown]) -> Part:
    """Return a rule: its own fields, and those that every rule has."""
    named = dict.fromkeys(name for condition in (rule.applies_when, *conditions) if condition for name in condition.names)
    clause, phrase = rule.citation
    fields: dict[str, Shown] = {
        **own, "applies_when": text_of(rule.applies_when), "phrase": phrase, "clause": clause, "readings": uses_of(rule.interpretations),
        "says": rule.says,
    }  # fmt: skip
    joined = is_joined(rule.citation, (known[name] for name in named if name in known))
    return Part(Key(sort, owner, rule.id), clause, fields, known, joined)


def _route(route: Route, owner: Owner, known: Figures) -> Part:
    """Return which body does a duty."""
    return _part("route", route.rule, owner, known, (), {"duty": route.duty, "body": route.body or ""})


def _requirement(asked: Requirement, sort: str, owner: Owner, known: Figures) -> Part:
    """Return what must be there, and by when."""
    own: dict[str, Shown] = {"holds": asked.holds.text, "in_time": text_of(asked.in_time), "severity": asked.severity}
    return _part(sort, asked.rule, owner, known, (asked.holds, asked.in_time), own)


def _ceiling(ceiling: Ceiling, owner: Owner, known: Figures) -> Part:
    """Return what a level is held against."""
    breach = "lower" if ceiling.lowers else "flag"
    own: dict[str, Shown] = {
        "relation": ceiling.relation,
        "other": ceiling.other.text,
        "on_breach": breach,
        "severity": ceiling.severity,
    }
    return _part("ceiling", ceiling.rule, owner, known, (), own)


def _eligibility(bar: Eligibility, owner: Owner, known: Figures) -> Part:
    """Return who is not classified."""
    return _part("eligibility", bar.rule, owner, known, (bar.when,), {"when": bar.when.text})


def _cap(cap: Cap, owner: Owner, known: Figures) -> Part:
    """Return a cap on a cohort; where it brings no words of its own, they are those of its figure."""
    more = cap.exception
    own: dict[str, Shown] = {
        "level": cap.level, "at_most": cap.at_most.name, "base": cap.base, "per": cap.per, "rounding": cap.rounding, "counted": cap.counted,
        "severity": cap.severity, "exception_at_most": more.at_most.name if more else "",
        "exception_where": more.where.text if more else "",
    }  # fmt: skip
    part = _part("cap", cap.rule, owner, known, (), own)
    return part._replace(joined=part.joined or is_joined(cap.rule.citation, (cap.at_most,)))
