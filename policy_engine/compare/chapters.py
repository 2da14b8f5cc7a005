"""The chapters of an edition taken apart: routes, papers, contents, ceilings, eligibility, caps."""

from collections.abc import Iterable, Mapping, Sequence

from policy_engine.compare.parts import Key, Owner, Part, Shown, exempt, is_joined, text_of, threshold_part, uses_of
from policy_engine.model.duties import Cap, Ceiling, Chapter, Eligibility, Requirement, Route, Rule
from policy_engine.model.facts import Condition
from policy_engine.model.rulebook import Edition
from policy_engine.model.threshold import Threshold

Figures = Mapping[str, Threshold]
Conditions = Sequence[Condition | None]


def chapter_parts(chapter: Chapter, edition: Edition) -> Iterable[Part]:
    """Give a chapter: what it says of itself, its figures, and every rule of it."""
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
    """Give a rule: its own fields, and those that every rule has."""
    named = dict.fromkeys(name for condition in (rule.applies_when, *conditions) if condition for name in condition.names)
    clause, phrase = rule.citation
    fields: dict[str, Shown] = {
        **own, "applies_when": text_of(rule.applies_when), "phrase": phrase, "clause": clause, "readings": uses_of(rule.readings),
        "says": rule.says,
    }  # fmt: skip
    joined = is_joined(rule.citation, (known[name] for name in named if name in known))
    return Part(Key(sort, owner, rule.id), clause, fields, known, joined)


def _route(route: Route, owner: Owner, known: Figures) -> Part:
    """Give which body does a duty."""
    return _part("route", route.rule, owner, known, (), {"duty": route.duty, "body": route.body or ""})


def _requirement(asked: Requirement, sort: str, owner: Owner, known: Figures) -> Part:
    """Give what must be there, and by when."""
    own: dict[str, Shown] = {"holds": asked.holds.text, "in_time": text_of(asked.in_time), "severity": asked.severity}
    return _part(sort, asked.rule, owner, known, (asked.holds, asked.in_time), own)


def _ceiling(ceiling: Ceiling, owner: Owner, known: Figures) -> Part:
    """Give what a level is held against."""
    breach = "lower" if ceiling.lowers else "flag"
    own: dict[str, Shown] = {
        "relation": ceiling.relation,
        "other": ceiling.other.text,
        "on_breach": breach,
        "severity": ceiling.severity,
    }
    return _part("ceiling", ceiling.rule, owner, known, (), own)


def _eligibility(bar: Eligibility, owner: Owner, known: Figures) -> Part:
    """Give who is not classified."""
    return _part("eligibility", bar.rule, owner, known, (bar.when,), {"when": bar.when.text})


def _cap(cap: Cap, owner: Owner, known: Figures) -> Part:
    """Give a cap on a cohort; where it brings no words of its own, they are those of its figure."""
    more = cap.exception
    own: dict[str, Shown] = {
        "level": cap.level, "at_most": cap.at_most.name, "base": cap.base, "per": cap.per, "rounding": cap.rounding, "counted": cap.counted,
        "severity": cap.severity, "exception_at_most": more.at_most.name if more else "",
        "exception_where": more.where.text if more else "",
    }  # fmt: skip
    part = _part("cap", cap.rule, owner, known, (), own)
    return part._replace(joined=part.joined or is_joined(cap.rule.citation, (cap.at_most,)))
