"""Two independent interpretations of II.1.3 agree: the engine with its rulebook, and the plain Python of `oracle`."""

from itertools import islice

import pytest

from tests.oracle import BEST_FIRST, GENERAL, Facts, cases, classify, holding
from tests.rating import outcome_of, rate

DRAWS = 5_000
SEED = 20_201_127

SPECIALIST: Facts = {
    "kind": "officer", "workplace": "head_office", "position": "specialist", **dict.fromkeys(GENERAL, True),
    "ideological_decline": False, "disciplined_in_year": False,
    "tasks_total": 100, "tasks_completed": 100, "tasks_deficient": 0, "tasks_well_done": 100, "tasks_exceeded": 50,
}  # fmt: skip
LEADER: Facts = {
    "kind": "officer", "workplace": "head_office", "position": "head", **dict.fromkeys(GENERAL, True),
    "ideological_decline": False, "disciplined_in_year": False, "unit_corruption": False,
    "criteria_total": 100, "criteria_completed": 100, "criteria_deficient": 0, "criteria_highly_efficient": 100,
    "targets_total": 100, "targets_completed": 100, "targets_on_time_quality": 100, "targets_exceeded": 50,
    "subordinates_total": 100, "subordinates_completed_or_better": 100, "subordinates_good_or_better": 70,
}  # fmt: skip


@pytest.mark.parametrize("track", ["specialist", "leader"])
def test_engine_and_oracle_agree(track: str) -> None:
    drawn = list(islice(cases(SEED, track), DRAWS))

    differing = [(facts, outcome_of(rate(facts)), classify(facts)) for facts in drawn if outcome_of(rate(facts)) != classify(facts)]

    assert differing[:3] == []


@pytest.mark.parametrize("track", ["specialist", "leader"])
def test_levels_and_overlaps_agree(track: str) -> None:
    for facts in islice(cases(SEED + 1, track), DRAWS // 5):
        verdict, held = rate(facts), holding(facts)

        both = tuple(level for level in BEST_FIRST if level in held) if "not_completed" in held and len(held) > 1 else ()
        assert held == {trace.level for trace in verdict.levels if trace.outcome == "met"}
        assert {"met", "not_met"} >= {trace.outcome for trace in verdict.levels}
        assert [both] * bool(both) == [overlap.levels for overlap in verdict.overlaps]


def _leader(**changed: int | bool) -> Facts:
    return {**LEADER, **changed}


def _specialist(**changed: int | bool) -> Facts:
    return {**SPECIALIST, **changed}


def _short(count: int) -> dict[str, int]:
    return {"tasks_deficient": count, "tasks_well_done": 100 - count}


def _reached(count: int) -> dict[str, int]:
    return {"targets_completed": count, "targets_on_time_quality": 0, "targets_exceeded": 0}


def _rated(fair: int, fine: int) -> dict[str, int]:
    return {"subordinates_completed_or_better": fair, "subordinates_good_or_better": fine}


KNOWN = [
    ("excellent", _specialist()),
    ("good", _specialist(tasks_exceeded=49)),
    ("completed", _specialist(**_short(1))),
    ("completed", _specialist(**_short(20))),
    ("gap", _specialist(**_short(21))),
    ("gap", _specialist(**_short(50))),
    ("not_completed", _specialist(**_short(51))),
    ("gap", _specialist(tasks_completed=99, **_short(1))),
    ("not_completed", _specialist(disciplined_in_year=True)),
    ("not_completed", _specialist(ideological_decline=True)),
    ("excellent", _specialist(unit_corruption=True)),
    *(("gap", _specialist(**{name: False})) for name in GENERAL),
    ("excellent", _leader()),
    ("excellent", _leader(targets_on_time_quality=79)),
    ("completed", _leader(targets_on_time_quality=79, targets_exceeded=49)),
    ("good", _leader(targets_on_time_quality=80, targets_exceeded=49)),
    ("good", _leader(criteria_highly_efficient=99)),
    ("good", _leader(**_rated(100, 69))),
    ("completed", _leader(**_rated(99, 99))),
    ("completed", _leader(**_rated(70, 0))),
    ("gap", _leader(**_rated(69, 69))),
    ("completed", _leader(**_reached(71))),
    ("gap", _leader(**_reached(70))),
    ("gap", _leader(**_reached(50))),
    ("not_completed", _leader(**_reached(49))),
    ("not_completed", _leader(unit_corruption=True)),
    ("excellent", _leader(targets_total=0, **_reached(0))),
    ("excellent", _leader(subordinates_total=0, **_rated(0, 0))),
]


@pytest.mark.parametrize(("expected", "facts"), KNOWN)
def test_both_give_the_known_answers(expected: str, facts: Facts) -> None:
    assert (expected, expected) == (classify(facts), outcome_of(rate(facts)))
