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
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.evaluate.open.advise import advise
from policy_engine.language.values import NONE, UNKNOWN, Value
from policy_engine.load.edition import load_edition
from policy_engine.model.duties import Ceiling, Eligibility
from policy_engine.model.rulebook import Edition
from policy_engine.model.verdict import Verdict
from tests.editions.small import case_of, condition_of, edition_of, evaluator_of, refusals, surveyed

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


def with_bar(when: str) -> Edition:
    edition = edition_of(NAME)
    chapters = tuple(
        chapter._replace(
            eligibility=tuple(bar._replace(when=condition_of(when)) if bar.rule.id == "stood_idle" else bar for bar in chapter.eligibility)
        )
        for chapter in edition.chapters
    )
    return edition._replace(chapters=chapters)


def with_ceiling(other: str, applies: str | None = None) -> Edition:
    edition = edition_of(NAME)

    def changed(ceiling: Ceiling) -> Ceiling:
        rule = ceiling.rule._replace(applies_when=condition_of(applies) if applies else None)
        return ceiling._replace(rule=rule, other=condition_of(other))

    chapters = tuple(c._replace(ceilings=tuple(map(changed, c.ceilings[:1]))) for c in edition.chapters)
    return edition._replace(chapters=chapters)


def truth_word(holds: object) -> str:
    return "met" if holds is True else "not_met"


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


def test_who_is_barred_is_told_why() -> None:
    trace = rate(months=5).eligibility[0]

    assert ("too_new", "met", "III/1", "six months", "months < long_enough", "5") == trace[:6]
    assert trace.says == {"vi": "Chạy chưa đủ 6 tháng.", "en": "It ran for less than 6 months."}


def test_who_is_barred_is_still_traced() -> None:
    verdict = rate(idle=True, house=POOR)

    assert ["met", "met", "met", "not_met"] == [level.outcome for level in verdict.levels]
    assert ((), (), True) == (verdict.ceilings, verdict.overlaps, verdict.possible_exact)


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


def test_a_level_of_the_scale_can_be_the_ceiling() -> None:
    verdict = Evaluator(with_ceiling("good", "not clean or barrels > months")).evaluate(case_of(NAME, {**SOUND, "barrels": 9}))

    assert ("classified", "good", ("good",)) == (verdict.outcome, verdict.level, verdict.possible_levels)


def test_a_lowered_proposal_is_told_as_a_finding() -> None:
    verdict = surveyed(NAME, case_of(NAME, {**SOUND, "house": FAIR}))

    assert [("not_above_house", "warning", "IV/1")] == [(f.id, f.severity, f.citation) for f in verdict.duties.findings]
    assert ["exceeded", "not_applicable"] == [trace.outcome for trace in verdict.ceilings]


@pytest.mark.parametrize(
    ("changed", "expected"), [({"house": GOOD}, "good"), ({"house": POOR}, "poor"), ({"barrels": 1, "house": FAIR}, "fair")]
)
def test_no_advice_promises_a_level_above_the_ceiling(changed: Facts, expected: str) -> None:
    case = case_of(NAME, {**SOUND, **changed})
    verdict = evaluator_of(NAME).evaluate(case)

    advice = advise(evaluator_of(NAME), case, verdict)

    assert expected == verdict.level
    assert [(False, None)] == [(one.reachable, one.reached) for one in advice]


@pytest.mark.parametrize("names", [("kind",), ("guest",), ("house",)])
def test_tracks_that_are_open_keep_every_answer(names: tuple[str, ...]) -> None:
    facts = {name: value for name, value in SOUND.items() if name not in ("kind", *names)}

    verdict = evaluator_of(NAME).evaluate(case_of(NAME, facts))

    assert verdict.outcome == "undetermined"
    assert {outcome_of(whole) for whole in completions(facts)} <= set(verdict.possible_levels)
    assert {"pressing", "storing"} == set(verdict.possible_tracks)


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


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.fixed_dictionaries({name: st.sampled_from(values) for name, values in DOMAINS.items()}))
def test_a_case_with_every_fact_known_comes_out_as_by_hand(facts: Facts) -> None:
    verdict = evaluator_of(NAME).evaluate(case_of(NAME, {"kind": "press", **facts}))

    assert outcome_of(facts) == (verdict.level or verdict.outcome)
    assert verdict.possible_exact
    assert verdict.open_questions == ()
    assert [truth_word(facts["months"] == 5), truth_word(facts["idle"])] == [t.outcome for t in verdict.eligibility]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.fixed_dictionaries({name: st.sampled_from([*values, UNKNOWN]) for name, values in DOMAINS.items()}))
def test_bounds_only_ever_lower(drawn: Facts) -> None:
    facts = known({"kind": "press", **drawn})
    plain = Evaluator(edition_of(NAME)._replace(chapters=())).evaluate(case_of(NAME, facts))

    verdict = evaluator_of(NAME).evaluate(case_of(NAME, facts))

    ranks = [WORST_FIRST.index(level) for level in verdict.possible_levels]
    assert max(ranks, default=-1) <= max((WORST_FIRST.index(level) for level in plain.possible_levels), default=-1)
    assert verdict.gap_possible <= plain.gap_possible
    assert verdict.levels == plain.levels


@pytest.mark.parametrize(
    ("bar", "ceiling", "hidden", "possible"),
    [
        pytest.param("not clean", None, ("clean",), ("top",)),
        pytest.param(None, ("house", "house < good"), ("house",), ("top", "fair", "poor")),
        pytest.param(None, ("fair", "clean"), ("clean",), ("fair",)),
        (None, ("good", "clean"), ("clean",), ("good", "fair")),
        (None, ("poor", "barrels > months"), ("barrels",), ("top", "good", "poor")),
    ],
)
def test_a_fact_that_both_decides_and_binds_is_one_fact(
    bar: str | None, ceiling: tuple[str, str] | None, hidden: tuple[str, ...], possible: tuple[str, ...]
) -> None:
    edition = with_bar(bar) if bar else with_ceiling(*(ceiling or ("top", "clean")))

    verdict = Evaluator(edition).evaluate(case_of(NAME, {name: value for name, value in SOUND.items() if name not in hidden}))

    assert set(possible) <= set(verdict.possible_levels)
    assert possible == verdict.possible_levels or not verdict.possible_exact


def test_two_ceilings_that_share_a_condition_are_held_against_the_case_together() -> None:
    verdict = rate(guest=UNKNOWN, house=POOR, village=POOR)

    assert verdict.possible_levels == ("poor",) or not verdict.possible_exact


@pytest.mark.parametrize("name", ["self_level", "decided_level", "decided_on", "first_decided_on"])
@pytest.mark.parametrize("condition", ["applies_when: not guest", "not_above: house", "when: idle"])
def test_what_binds_a_level_may_not_rest_on_the_record(tmp_path: Path, name: str, condition: str) -> None:
    folder = Path(shutil.copytree(Path(__file__).parent / "editions" / NAME, tmp_path / NAME))
    for path in folder.glob("*.yaml"):
        path.write_text(path.read_text("utf-8").replace(condition, f"{condition.partition(':')[0]}: {name}"), "utf-8")

    with pytest.raises(InputError) as refused:
        load_edition(str(folder))

    assert ("PE302", name) in {(problem.code, problem.details.get("name")) for problem in refused.value.problems}


def test_what_a_bound_asks_is_all_that_can_change_the_outcome() -> None:
    """Answers to the open questions settle the outcome, those about a ceiling too, even where every level is possible already."""
    verdict = rate(barrels=UNKNOWN, clean=UNKNOWN, house=UNKNOWN)

    assert {"barrels", "clean", "house"} == set(verdict.open_questions)


def test_a_ceiling_that_binds_every_possible_level_is_exceeded() -> None:
    verdict = rate(house=POOR, clean=UNKNOWN)

    assert ("classified", "poor") == (verdict.outcome, verdict.level)
    assert ("exceeded", True) == (verdict.ceilings[0].outcome, verdict.ceilings[0].lowered)


def test_a_case_may_expect_to_be_barred() -> None:
    expect = {"outcome": "not_eligible", "ceilings": {"not_above_house": "unknown"}}

    assert refusals(NAME, {"kind": "press"}, expect=expect) == ()


def test_the_bounds_of_the_edition_are_those_written() -> None:
    bounds = evaluator_of(NAME).bounds

    assert ["too_new", "stood_idle", "not_above_house", "not_above_village"] == [bound.rule.rule.id for bound in bounds]
    assert [Eligibility, Eligibility, Ceiling, Ceiling] == [type(bound.rule) for bound in bounds]
