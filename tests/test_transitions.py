"""From one verdict to another on the same case: whether it moved, how moves are counted, and which criteria decide them."""

from collections.abc import Iterable, Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_engine.evaluate.core.evidence import observed
from policy_engine.evaluate.transitions import Deciding, Move, merged, move_of
from policy_engine.model.evidence import Evidence, Seen, WorkedOut
from policy_engine.model.verdict import CeilingTrace, CriterionTrace, EligibilityTrace, LevelTrace, Verdict

ORDER = ("top", "good", "poor")
RULES = Deciding(order=("poor", "top", "good"), thresholds={})
Outcomes = Mapping[str, str]


def _seen(words: str) -> Evidence:
    return Evidence(WorkedOut((Seen("", (words,)),)))


def level(name: str, mode: str, outcome: str, criteria: Outcomes) -> LevelTrace:
    traces = tuple(
        CriterionTrace(one, word, f"{name}/1", f"words of {one}", "", _seen(f"{one} seen"), (), {}) for one, word in criteria.items()
    )
    return LevelTrace(name, outcome, mode, name, traces)


def verdict(came: str, levels: Sequence[LevelTrace] = (), possible: tuple[str, ...] = ()) -> Verdict:
    named = came in ORDER
    return Verdict(
        "case", {}, "e", "issued", "r", "t", (), "classified" if named else came, came if named else None, possible, False, True, (), (),
        tuple(levels), (), (), (), (),
    )  # fmt: skip


def moved(before: Verdict, after: Verdict, rules: tuple[Deciding, Deciding] = (RULES, RULES)) -> Move | None:
    return move_of(before, after, ORDER, rules)


def reasons(before: Verdict, after: Verdict, rules: tuple[Deciding, Deciding] = (RULES, RULES)) -> list[tuple[str, str]]:
    move = moved(before, after, rules)
    assert move
    return [(reason.criterion, reason.side) for reason in move.reasons]


TOP_MET = level("top", "all_of", "met", {"a": "met", "b": "met", "c": "not_applicable"})
TOP_MISSED = level("top", "all_of", "not_met", {"a": "met", "b": "not_met", "c": "not_applicable"})
TOP_OPEN = level("top", "all_of", "unknown", {"a": "unknown", "b": "met"})
POOR_NOT = level("poor", "any_of", "not_met", {"x": "not_met", "y": "not_met"})
POOR_HIT = level("poor", "any_of", "met", {"x": "not_met", "y": "met"})
POOR_OPEN = level("poor", "any_of", "unknown", {"x": "unknown", "y": "not_met"})


def test_a_move_says_from_what_to_what() -> None:
    move = moved(verdict("top", [TOP_MET]), verdict("gap", [TOP_MISSED]))

    assert move
    [reason] = move.reasons
    assert move[:5] == ("case", "top", "classified", None, "gap")
    assert ("criterion", "b", "top", "after") == (reason.kind, reason.criterion, reason.level, reason.side)
    assert ("top/1", "words of b", "b seen") == (reason.citation, reason.phrase, observed(reason.evidence))
    assert [("met", "b seen"), ("not_met", "b seen")] == [(v.outcome, observed(v.evidence)) for v in (reason.before, reason.after) if v]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (("top", [TOP_MET, POOR_NOT]), ("good", [TOP_MISSED, POOR_NOT]), [("b", "after")]),
        (("top", [TOP_MET]), ("undetermined", [TOP_OPEN]), [("a", "after")]),
        (("good", [TOP_MISSED]), ("top", [TOP_MET]), [("b", "before")]),
        (("undetermined", [TOP_OPEN]), ("top", [TOP_MET]), [("a", "before")]),
        (("top", [TOP_MET, POOR_NOT]), ("poor", [TOP_MET, POOR_HIT]), [("y", "after")]),
        (("poor", [TOP_MET, POOR_HIT]), ("top", [TOP_MET, POOR_NOT]), [("y", "before")]),
        (("top", [TOP_MET, POOR_NOT]), ("undetermined", [TOP_MET, POOR_OPEN]), [("x", "after")]),
        (("poor", [POOR_HIT]), ("gap", [POOR_NOT]), [("y", "after")]),
        (("gap", [POOR_NOT]), ("poor", [POOR_HIT]), [("y", "before")]),
        (("poor", [POOR_HIT]), ("gap", [level("poor", "any_of", "not_met", {"x": "not_met"})]), [("y", "before")]),
        (("gap", [level("poor", "any_of", "not_met", {"x": "not_met"})]), ("poor", [POOR_HIT]), [("y", "after")]),
        (("top", [TOP_MET]), ("out_of_scope", []), [("top", "before")]),
        (("top", [TOP_MET]), ("good", [level("good", "all_of", "met", {"g": "met"})]), [("good", "after"), ("top", "before")]),
    ],
)  # fmt: skip
def test_what_decides_a_move(
    before: tuple[str, list[LevelTrace]], after: tuple[str, list[LevelTrace]], expected: list[tuple[str, str]]
) -> None:  # fmt: skip
    assert expected == reasons(verdict(*before), verdict(*after))


def test_eligibility_and_ceilings_decide_before_criteria() -> None:
    bar = EligibilityTrace("too_new", "met", "III/1", "six months", "months < long_enough", _seen("3"), (), {})
    ceiling = CeilingTrace("not_above", "exceeded", "not_above", "top", "good", True, "warning", "IV/1", "not above", (), {})
    top = verdict("top", [TOP_MET])

    barred = verdict("not_eligible", [TOP_MISSED])._replace(eligibility=(bar, bar._replace(id="other", outcome="not_met")))
    lowered = verdict("good", [TOP_MET])._replace(ceilings=(ceiling, ceiling._replace(id="kept", lowered=False)))

    assert [("too_new", "after")] == reasons(top, barred)
    assert [("too_new", "before")] == reasons(barred, top)
    rules = Deciding(order=RULES.order, thresholds={}, lowering=frozenset({"not_above"}))
    assert [("not_above", "after")] == reasons(top, lowered, (rules, rules))
    assert [("not_above", "before")] == reasons(lowered, top, (rules, rules))


def _is_ordered(part: Iterable[int], whole: list[int]) -> bool:
    places = [whole.index(thing) for thing in part]
    return places == sorted(places)


@given(st.lists(st.integers(0, 9), unique=True), st.lists(st.integers(0, 9), unique=True))
def test_two_orders_are_joined(first: list[int], second: list[int]) -> None:
    joined = merged(first, second)

    assert sorted(joined) == sorted({*first, *second})
    assert _is_ordered(first, joined)
    common = [thing for thing in second if thing in first]
    if _is_ordered(common, first or [0]):
        assert _is_ordered(second, joined)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (["top", "poor"], ["top", "good", "poor"], ["top", "good", "poor"]),
        (["good", "poor"], ["best", "good", "worst"], ["best", "good", "worst", "poor"]),
        ([], ["a", "b"], ["a", "b"]),
        (["a"], [], ["a"]),
    ],
)
def test_scales_are_joined_by_what_stands_before(first: list[str], second: list[str], expected: list[str]) -> None:
    assert expected == merged(first, second)
