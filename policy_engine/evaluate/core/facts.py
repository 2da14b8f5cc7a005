"""From what a case states to what is known: counted, derived, stood in for, and never contradictory."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cache

from policy_engine.errors import InputError, Problem
from policy_engine.evaluate.core.expression import Interpreter, interpreter_over, shown
from policy_engine.evaluate.core.plan import Plan, TrackPlan
from policy_engine.language.tree import name_of, opened
from policy_engine.language.values import UNKNOWN, Item, Value
from policy_engine.messages import LANGUAGES, N_, Spoken, sentence, translate
from policy_engine.model.case import Case
from policy_engine.model.facts import FactDeclaration, Invariant, Otherwise, Texts
from policy_engine.model.rulebook import Edition, StandIn
from policy_engine.model.verdict import Deduction, Finding
from policy_engine.source import Location
from policy_engine.tuples import NamedTuple

PLAUSIBLE_YEARS = 50
"""How many years a day may lie before the period or after it: a working life, within which files speak of what was and what is to be."""
_TEXT = N_("{label}: {day} is more than {years} years from the period that is assessed; is the year right?")


@cache
def _day_of_decision() -> Texts:
    """Return what the day of a decision is called; worked out where there is one, since a catalogue costs more than a case."""
    return {language: translate(N_("Day of the decision"), language) for language in LANGUAGES}


def dated_facts(edition: Edition) -> tuple[FactDeclaration, ...]:
    """Return the facts of an edition that may hold days: by themselves, or in the items of a list."""
    return tuple(fact for fact in edition.facts.values() if "day" in {fact.type.kind, *(field.type.kind for field in fact.fields.values())})


def odd_days(case: Case, edition: Edition, dated: Iterable[FactDeclaration]) -> Iterator[Finding]:
    """Return a remark for each day on record that is too far from the edition's period to be meant; see `dated_facts`."""
    first, last = edition.begins.year - PLAUSIBLE_YEARS, edition.until.year + PLAUSIBLE_YEARS
    for label, day in _days(case, dated):
        if not first <= day.year <= last:
            words = {"day": day.isoformat(), "years": PLAUSIBLE_YEARS}
            says = {language: translate(_TEXT, language, label=sentence(label, language), **words) for language in LANGUAGES}
            yield Finding(id="day_implausible", severity="warning", says=says)


def _days(case: Case, dated: Iterable[FactDeclaration]) -> Iterator[tuple[Texts, date]]:
    """Return every day on record with the words for it: of facts, of the items of lists, of decisions."""
    for fact in dated:
        stated = case.facts.get(fact.name)
        if isinstance(stated, date):
            yield fact.label, stated
        for item in stated if isinstance(stated, tuple) else ():
            for field, day in item.items():
                if isinstance(day, date):
                    yield fact.fields[field].label or fact.label, day
    for decision in case.record.decisions:
        if decision.day:
            yield _day_of_decision(), decision.day


class Facts(NamedTuple):
    """Every name that a condition may use, with its value, and how what was not stated came to be known."""

    values: dict[str, Value]
    deductions: tuple[Deduction, ...]
    stand_ins: tuple[StandIn, ...]
    followed: frozenset[str]
    """Facts whose value was counted or derived, so that the interpretations of their declarations are relied on."""
    open_items: bool = False
    """Whether an item of a list that is stated leaves a field open."""


def known_facts(case: Case, plan: Plan) -> Facts:
    """Take what the case states, and add what follows from it under every track.

    Raises:
        InputError: PE504 or PE509, where a stated fact contradicts what it follows from.
    """
    values = plan.blank.copy()
    values.update(case.facts)
    listed = whole_lists(case, plan)
    values.update(listed)
    interpreter = interpreter_over(values, case.facts)
    problems: list[Problem] = []
    deductions: list[Deduction] = []
    followed: set[str] = set()
    for fact, source in plan.follows:
        if source and source not in case.facts:
            continue
        origin, value = _follow(fact, case, interpreter, problems)
        if value is not UNKNOWN and origin:
            followed.add(fact.name)
            if fact.name not in case.facts:
                values[fact.name] = value
                deductions.append(Deduction(fact.name, value, origin, ()))
    if problems:
        raise InputError(problems)
    open_items = any(isinstance(items, tuple) and has_open_fields(items) for items in listed.values())
    return Facts(values=values, deductions=tuple(deductions), stand_ins=(), followed=frozenset(followed), open_items=open_items)


def whole_lists(case: Case, plan: Plan) -> dict[str, Value]:
    """Return the lists that a case states, their items with every field that is declared."""
    return {name: _whole_items(case.facts[name], plan.edition.facts[name]) for name in plan.lists if name in case.facts}


def has_open_fields(items: Iterable[Item]) -> bool:
    """Return whether an item leaves a field out (every item has every declared field, UNKNOWN where it was left out)."""
    return any(value is UNKNOWN for item in items for value in item.values())


def _whole_items(items: Value, fact: FactDeclaration) -> Value:
    """Return every item every field that is declared, UNKNOWN where it was left out, so that no other name is read in its stead."""
    blank: Item = dict.fromkeys(fact.fields, UNKNOWN)
    return tuple(blank | item for item in items) if isinstance(items, tuple) else items


def _follow(fact: FactDeclaration, case: Case, interpreter: Interpreter, problems: list[Problem]) -> tuple[str, Value]:
    """Return how a fact came to be known and its value; note where the case states another."""
    stated = case.facts.get(fact.name, UNKNOWN)
    if fact.counted_from:
        counted = interpreter.value(fact.counted_from)
        if stated is not UNKNOWN:
            problems.extend(_contradicted_count(fact, case, interpreter))
        if counted is not UNKNOWN:
            return "counted", counted
    if fact.derived:
        derived = interpreter.value(fact.derived)
        if UNKNOWN not in (stated, derived) and stated != derived:
            details = {"name": fact.name, "given": shown(stated), "derived": shown(derived), "rule": fact.derived.text}
            problems.append(_problem("PE509", case, fact.name, details))
        if derived is not UNKNOWN:
            return "derived", derived
    if fact.when_absent and stated is UNKNOWN:
        return "when_absent", interpreter.truth(fact.when_absent)
    return "", UNKNOWN


def _contradicted_count(fact: FactDeclaration, case: Case, interpreter: Interpreter) -> list[Problem]:
    """Complain where a stated count is none that the list beside it can give."""
    assert fact.counted_from
    listed, *condition = opened(fact.counted_from.tree)[1]
    source = name_of(listed)
    items, stated = interpreter.values[source], case.facts[fact.name]
    if not isinstance(items, tuple) or not isinstance(stated, int):
        return []
    least, most = interpreter.count_bounds(items, condition[0]) if condition else (len(items), len(items))
    if least <= stated <= most:
        return []
    counted = str(least) if least == most else f"{least} … {most}"
    line = str(place_of(case, source).line)
    details = {"name": fact.name, "given": shown(stated), "items": source, "line": line, "counted": counted}
    return [_problem("PE504", case, fact.name, details)]


def stand_in(facts: Facts, case: Case, plan: TrackPlan) -> Facts:
    """Let facts stand in for others, as the track says.

    Raises:
        InputError: PE508, where the case states a fact that another stands in for, and states it otherwise.
    """
    values, used, problems = dict(facts.values), list[StandIn](), list[Problem]()
    values.update(plan.constants)
    interpreter = plan.interpreter.over(values, case.facts)
    deductions = list(facts.deductions)
    for rule in plan.track.stand_ins:
        if interpreter.truth(rule.unless) is not False:
            continue
        used.append(rule)
        for target, source in rule.take.items():
            stated = case.facts.get(target, UNKNOWN)
            if stated is not UNKNOWN and values[source] is UNKNOWN:
                values[source] = stated
                deductions.append(Deduction(source, stated, "stand_in", (target,)))
            elif stated is not UNKNOWN and stated != values[source]:
                problems.append(_stand_in_problem(target, source, rule, case, values))
            values[target] = values[source]
            if values[source] is not UNKNOWN:
                deductions.append(Deduction(target, values[source], "stand_in", (source,)))
    if problems:
        raise InputError(problems)
    return facts._replace(values=values, deductions=tuple(deductions), stand_ins=tuple(used))


def _stand_in_problem(target: str, source: str, rule: StandIn, case: Case, values: Mapping[str, Value]) -> Problem:
    """Say that a fact is stated otherwise than the one that stands in for it."""
    details = {"name": target, "given": shown(case.facts[target]), "source": source, "other": shown(values[source])}
    return _problem("PE508", case, target, details | {"condition": rule.unless.text})


def set_aside(facts: Facts, case: Case, plan: TrackPlan) -> tuple[tuple[Invariant, Otherwise], ...]:
    """Return what a track requires and the figures do not keep, with what comes out then, where the case says why that may be.

    It says so by a decision on record, as the authority may decide what no rule covers, or by facts (`when`); these hold also where
    the figures themselves were not recorded.
    """
    rules = [rule for rule in plan.track.requires if rule.otherwise]
    if not rules:
        return ()
    interpreter = plan.interpreter.over(facts.values, case.facts)
    found: list[tuple[Invariant, Otherwise]] = []
    for rule in rules:
        kept = interpreter.truth(rule.holds)
        otherwise = rule.otherwise
        if otherwise and kept is not True:
            stated = otherwise.when is not None and interpreter.truth(otherwise.when) is True
            if stated or (kept is False and case.record.decisions):
                found.append((rule, otherwise))
    return tuple(found)


def check_invariants(facts: Facts, case: Case, plan: TrackPlan, *, aside: bool = False) -> None:
    """Refuse a case whose figures cannot be.

    Args:
        facts: what is known.
        case: the case.
        plan: the track.
        aside: whether what the track itself requires is set aside.

    Raises:
        InputError: PE505, for each rule that is broken, at the first of its facts that the case states.
    """
    interpreter = plan.interpreter.over(facts.values, case.facts)
    rules = [rule for rule in plan.invariants if rule not in plan.track.requires] if aside else plan.invariants
    broken = [rule for rule in rules if interpreter.truth(rule.holds) is False]
    stood_for = {target for used in facts.stand_ins for target in used.take if target not in case.facts}
    own = [rule for rule in broken if not stood_for.intersection(rule.holds.names)]
    if broken:
        raise InputError([_broken(rule, case, facts.values, plan) for rule in own or broken])


def _broken(rule: Invariant, case: Case, values: Mapping[str, Value], plan: TrackPlan) -> Problem:
    """Say which rule is broken, by which figures, in which lines."""
    from policy_engine.evaluate.core.breach import Figures, breach_of

    names = [name for name in rule.holds.names if name in values]
    stated = [source for name in names for source in (name, *_lists_of(name, plan)) if ("facts", source) in case.places]
    lines = {name: place_of(case, name).line for name in stated}
    figures = breach_of(rule.holds, Figures(values, plan.facts, lines))
    place = place_of(case, stated[0] if stated else "")
    places = ", ".join(map(str, sorted(set(lines.values())) or [place.line]))
    details = {"rule": rule.holds.text, "figures": figures, "facts": ", ".join(names), "places": places}
    return problem_at(case, place, "PE505", {**details, "says": Spoken(rule.says)})


def _lists_of(name: str, plan: TrackPlan) -> tuple[str, ...]:
    """Return the list that a fact is counted from, if it is."""
    fact = plan.facts.get(name)
    return fact.counted_from.names[:1] if fact and fact.counted_from else ()


def place_of(case: Case, name: str) -> Location:
    """Return the place of a fact; of one that the case does not state, the place of its facts."""
    return case.places.get(("facts", name)) or case.places.get(("facts",)) or Location(case.id, 1, 1)


def _problem(code: str, case: Case, name: str, details: Mapping[str, str]) -> Problem:
    """Make a problem at a fact of the case."""
    return problem_at(case, place_of(case, name), code, details)


def problem_at(case: Case, place: Location, code: str, details: Mapping[str, str]) -> Problem:
    """Make a problem at a place of the case, with the line as it stands there."""
    excerpt = case.lines[place.line - 1] if 0 < place.line <= len(case.lines) else ""
    return Problem(code, place, details, excerpt)
