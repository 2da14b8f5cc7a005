"""What binds a level from outside its criteria: who is not classified at all, and what a proposal is lowered to."""

import shutil
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_engine.errors import InputError
from policy_engine.evaluate.advise import advise
from policy_engine.language.values import NONE, UNKNOWN, Value
from policy_engine.load.edition import load_edition
from policy_engine.model.verdict import Verdict
from tests.editions.small import case_of, evaluator_of

NAME = "press"
WORST_FIRST = ("poor", "fair", "good", "top")
TOP, GOOD, FAIR, POOR = 3, 2, 1, 0
SOUND: Mapping[str, Value] = {
    "kind": "press", "barrels": 3, "clean": True, "months": 6, "idle": False, "guest": False, "house": TOP, "village": TOP,
}  # fmt: skip
"""A press that comes out at the best level, bound by nothing."""
DOMAINS: Mapping[str, tuple[Value, ...]] = {
    "barrels": (0, 1, 2, 3, 4),
    "clean": (False, True),
    "months": (5, 6),
    "idle": (False, True),
    "guest": (False, True),
    "house": (POOR, FAIR, GOOD, TOP, NONE),
    "village": (POOR, FAIR, GOOD, TOP),
}
"""Every value that makes a difference: counts beyond the figures of the edition come out as the nearest one here."""
Facts = Mapping[str, Value]


class Answer(NamedTuple):
    outcome: str
    level: str | None
    possible: tuple[str, ...]
    gap: bool
    ineligible: bool


def answer_of(verdict: Verdict) -> Answer:
    return Answer(verdict.outcome, verdict.level, verdict.possible_levels, verdict.gap_possible, verdict.ineligible_possible)


def rate(**changed: Value) -> Verdict:
    return evaluator_of(NAME).evaluate(case_of(NAME, known({**SOUND, **changed})))


def known(facts: Facts) -> Facts:
    return {name: value for name, value in facts.items() if value is not UNKNOWN}


def outcome_of(facts: Facts) -> str:
    if facts["months"] == 5 or facts["idle"] is True:
        return "not_eligible"
    barrels = facts["barrels"]
    assert isinstance(barrels, int)
    if facts["clean"] is True and barrels >= 1:
        rank = TOP if barrels >= 3 else GOOD
    elif barrels >= 3 or barrels == 0:
        rank = FAIR if barrels else POOR
    else:
        return "gap"
    bound = facts["village"] if facts["guest"] is True else facts["house"]
    return WORST_FIRST[min(rank, bound) if isinstance(bound, int) else rank]


def completions(facts: Facts) -> Iterator[Facts]:
    hidden = [name for name in DOMAINS if name not in facts]
    for values in product(*(DOMAINS[name] for name in hidden)):
        yield {**facts, **dict(zip(hidden, values, strict=True))}


def best_first(outcomes: set[str]) -> tuple[str, ...]:
    return tuple(level for level in reversed(WORST_FIRST) if level in outcomes)


@pytest.mark.parametrize(
    ("changed", "expected", "traced"),
    [
        ({}, Answer("classified", "top", ("top",), False, False), ("not_met", "not_met")),
        ({"months": 5}, Answer("not_eligible", None, (), False, False), ("met", "not_met")),
        ({"idle": True}, Answer("not_eligible", None, (), False, False), ("not_met", "met")),
        ({"months": 5, "idle": True}, Answer("not_eligible", None, (), False, False), ("met", "met")),
        ({"months": UNKNOWN, "idle": True}, Answer("not_eligible", None, (), False, False), ("unknown", "met")),
        ({"months": 5, "idle": UNKNOWN}, Answer("not_eligible", None, (), False, False), ("met", "unknown")),
        ({"months": UNKNOWN}, Answer("undetermined", None, ("top",), False, True), ("unknown", "not_met")),
        ({"idle": UNKNOWN, "months": UNKNOWN}, Answer("undetermined", None, ("top",), False, True), ("unknown", "unknown")),
        ({"idle": UNKNOWN, "clean": False, "barrels": 1}, Answer("undetermined", None, (), True, True), ("not_met", "unknown")),
        ({"idle": True, "clean": False, "barrels": 1}, Answer("not_eligible", None, (), False, False), ("not_met", "met")),
        ({"idle": True, "barrels": UNKNOWN, "clean": UNKNOWN}, Answer("not_eligible", None, (), False, False), ("not_met", "met")),
        ({"kind": "cellar"}, Answer("decided_by_authority", None, (), False, False), ("not_met", "not_met")),
        ({"kind": "cellar", "idle": True}, Answer("not_eligible", None, (), False, False), ("not_met", "met")),
        ({"kind": "cellar", "idle": UNKNOWN}, Answer("undetermined", None, (), False, True), ("not_met", "unknown")),
        ({"kind": UNKNOWN, "idle": True}, Answer("not_eligible", None, (), False, False), ("not_met", "met")),
    ],
)
def test_who_is_barred_is_not_classified(changed: Facts, expected: Answer, traced: tuple[str, str]) -> None:
    verdict = rate(**changed)

    assert expected == answer_of(verdict)
    assert traced == tuple(trace.outcome for trace in verdict.eligibility)


@pytest.mark.parametrize(
    ("changed", "first"),
    [
        ({"months": UNKNOWN}, ("months",)),
        ({"idle": UNKNOWN}, ("idle",)),
        ({"idle": UNKNOWN, "barrels": UNKNOWN}, ("idle", "barrels")),
        ({"kind": "cellar", "months": UNKNOWN}, ("months",)),
        ({"months": 5, "barrels": UNKNOWN}, ()),
        ({"house": UNKNOWN}, ("house",)),
        ({"guest": UNKNOWN, "house": POOR}, ("guest",)),
        ({"guest": UNKNOWN, "house": UNKNOWN, "village": UNKNOWN}, ("house", "guest")),
        ({"house": POOR, "clean": UNKNOWN}, ()),
    ],
)
def test_what_keeps_a_bound_open_is_asked_first(changed: Facts, first: tuple[str, ...]) -> None:
    verdict = rate(**changed)

    assert first == verdict.open_questions[: len(first)]
    assert bool(first) == bool(verdict.open_questions)
    assert set(verdict.open_questions) <= {name for name, value in changed.items() if value is UNKNOWN}


@pytest.mark.parametrize(
    ("changed", "expected", "traced"),
    [
        ({"house": TOP}, ("classified", "top", ("top",)), ("kept", "top", "top", False)),
        ({"house": GOOD}, ("classified", "good", ("good",)), ("exceeded", "top", "good", True)),
        ({"house": POOR}, ("classified", "poor", ("poor",)), ("exceeded", "top", "poor", True)),
        ({"house": NONE}, ("classified", "top", ("top",)), ("not_applicable", "top", None, False)),
        ({"guest": True, "house": POOR}, ("classified", "top", ("top",)), ("not_applicable", "top", "poor", False)),
        ({"barrels": 1, "house": TOP}, ("classified", "good", ("good",)), ("kept", "good", "top", False)),
        ({"barrels": 1, "house": GOOD}, ("classified", "good", ("good",)), ("kept", "good", "good", False)),
        ({"barrels": 0, "house": POOR}, ("classified", "poor", ("poor",)), ("kept", "poor", "poor", False)),
        ({"house": UNKNOWN}, ("undetermined", None, ("top", "good", "fair", "poor")), ("unknown", "top", None, False)),
        ({"barrels": 1, "house": UNKNOWN}, ("undetermined", None, ("good", "fair", "poor")), ("unknown", "good", None, False)),
        ({"barrels": 0, "house": UNKNOWN}, ("classified", "poor", ("poor",)), ("unknown", "poor", None, False)),
        ({"guest": UNKNOWN, "house": FAIR}, ("undetermined", None, ("top", "fair")), ("unknown", "top", "fair", False)),
        ({"guest": UNKNOWN}, ("classified", "top", ("top",)), ("unknown", "top", "top", False)),
        ({"barrels": UNKNOWN, "house": FAIR}, ("undetermined", None, ("fair", "poor")), ("unknown", None, "fair", False)),
        ({"barrels": UNKNOWN, "house": POOR}, ("classified", "poor", ("poor",)), ("unknown", None, "poor", False)),
        ({"barrels": 1, "clean": False, "house": POOR}, ("gap", None, ()), ("unknown", None, "poor", False)),
        ({"barrels": 1, "clean": UNKNOWN, "house": POOR}, ("undetermined", None, ("poor",)), ("unknown", None, "poor", False)),
    ],
)  # fmt: skip
def test_a_ceiling_lowers_what_is_above_it(
    changed: Facts, expected: tuple[str, str | None, tuple[str, ...]], traced: tuple[str, str | None, str | None, bool]
) -> None:
    verdict = rate(**changed)

    assert expected == (verdict.outcome, verdict.level, verdict.possible_levels)
    trace = verdict.ceilings[0]
    assert ("not_above_house", *traced) == (trace.id, trace.outcome, trace.level, trace.other, trace.lowered)


@pytest.mark.parametrize("house", [POOR, UNKNOWN, NONE])
@pytest.mark.parametrize("barrels", [1, 2])
def test_a_gap_is_not_filled_by_a_ceiling(house: Value, barrels: int) -> None:
    verdict = rate(clean=False, barrels=barrels, house=house)

    assert Answer("gap", None, (), True, False) == answer_of(verdict)
    assert verdict.open_questions == ()


@pytest.mark.parametrize(
    ("changed", "expected"), [({"house": GOOD}, "good"), ({"house": POOR}, "poor"), ({"barrels": 1, "house": FAIR}, "fair")]
)
def test_no_advice_promises_a_level_above_the_ceiling(changed: Facts, expected: str) -> None:
    case = case_of(NAME, {**SOUND, **changed})
    verdict = evaluator_of(NAME).evaluate(case)

    advice = advise(evaluator_of(NAME), case, verdict)

    assert expected == verdict.level
    assert [(False, None)] == [(one.reachable, one.reached) for one in advice]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.fixed_dictionaries({name: st.sampled_from([*values, UNKNOWN]) for name, values in DOMAINS.items()}))
def test_what_is_possible_is_never_narrower_than_the_completions(drawn: Facts) -> None:
    facts = known({"kind": "press", **drawn})
    outcomes = {outcome_of(whole) for whole in completions(facts)}

    verdict = evaluator_of(NAME).evaluate(case_of(NAME, facts))

    assert set(best_first(outcomes)) <= set(verdict.possible_levels)
    assert ("gap" in outcomes) <= verdict.gap_possible
    assert ("not_eligible" in outcomes) <= (verdict.ineligible_possible or verdict.outcome == "not_eligible")
    if verdict.outcome != "undetermined":
        assert {verdict.level or verdict.outcome} == outcomes
        assert verdict.open_questions == ()
    if len(outcomes) > 1:
        assert verdict.outcome == "undetermined"
        assert verdict.open_questions


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.fixed_dictionaries({name: st.sampled_from([*values, *([] if name == "guest" else [UNKNOWN])]) for name, values in DOMAINS.items()})
)
def test_what_is_possible_is_exact_where_that_is_said(drawn: Facts) -> None:
    facts = known({"kind": "press", **drawn})
    outcomes = {outcome_of(whole) for whole in completions(facts)}

    verdict = evaluator_of(NAME).evaluate(case_of(NAME, facts))

    barred = verdict.outcome == "not_eligible"
    assert barred or not verdict.possible_exact or best_first(outcomes) == verdict.possible_levels
    assert verdict.possible_exact or "house" not in facts or "village" not in facts
    assert barred == (outcomes == {"not_eligible"})


@pytest.mark.parametrize("name", ["self_level", "decided_level", "decided_on", "first_decided_on"])
@pytest.mark.parametrize("condition", ["applies_when: not guest", "not_above: house", "when: idle"])
def test_what_binds_a_level_may_not_rest_on_the_record(tmp_path: Path, name: str, condition: str) -> None:
    folder = Path(shutil.copytree(Path(__file__).parent / "editions" / NAME, tmp_path / NAME))
    for path in folder.glob("*.yaml"):
        path.write_text(path.read_text("utf-8").replace(condition, f"{condition.partition(':')[0]}: {name}"), "utf-8")

    with pytest.raises(InputError) as refused:
        load_edition(str(folder))

    assert ("PE302", name) in {(problem.code, problem.details.get("name")) for problem in refused.value.problems}


def test_a_ceiling_that_binds_every_possible_level_is_exceeded() -> None:
    verdict = rate(house=POOR, clean=UNKNOWN)

    assert ("classified", "poor") == (verdict.outcome, verdict.level)
    assert ("exceeded", True) == (verdict.ceilings[0].outcome, verdict.ceilings[0].lowered)
