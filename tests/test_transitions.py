"""From one verdict to another on the same case: whether it moved, how moves are counted, and which criteria decide them."""

from collections.abc import Iterable, Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_engine.evaluate.transitions import Deciding, Matrix, Move, key_of, merged, move_of
from policy_engine.model.verdict import CeilingTrace, CriterionTrace, EligibilityTrace, LevelTrace, Verdict

ORDER = ("top", "good", "poor")
RULES = Deciding(order=("poor", "top", "good"), thresholds={})
Outcomes = Mapping[str, str]


def level(name: str, mode: str, outcome: str, criteria: Outcomes) -> LevelTrace:
    traces = tuple(CriterionTrace(one, word, f"{name}/1", f"words of {one}", "", f"{one} seen", (), {}) for one, word in criteria.items())
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


def test_nothing_moves_where_level_and_outcome_are_the_same() -> None:
    assert moved(verdict("top", [TOP_MET]), verdict("top", [TOP_OPEN])) is None
    assert moved(verdict("gap"), verdict("gap", [TOP_MISSED])) is None


def test_a_move_says_from_what_to_what() -> None:
    move = moved(verdict("top", [TOP_MET]), verdict("gap", [TOP_MISSED]))

    assert move
    [reason] = move.reasons
    assert move[:5] == ("case", "top", "classified", None, "gap")
    assert ("criterion", "b", "top", "after") == (reason.kind, reason.criterion, reason.level, reason.side)
    assert ("top/1", "words of b", "b seen") == (reason.citation, reason.phrase, reason.observed)
    assert [("met", "b seen"), ("not_met", "b seen")] == [(v.outcome, v.observed) for v in (reason.before, reason.after) if v]


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


def test_where_only_the_order_of_deciding_changed_that_is_named() -> None:
    other = Deciding(order=("top", "good", "poor"), thresholds={})
    before = level("poor", "any_of", "met", {"x": "met", "y": "not_met"})
    after = level("poor", "any_of", "met", {"x": "met", "y": "met"})

    assert [("order", "after")] == reasons(verdict("top", [TOP_MET, before]), verdict("poor", [TOP_MET, after]), (other, RULES))


def test_a_ceiling_that_did_not_change_is_no_reason() -> None:
    low = CeilingTrace("absent", "exceeded", "not_above", "top", "good", True, "warning", "IV/1", "not above", (), {})
    rules = Deciding(order=RULES.order, thresholds={}, lowering=frozenset({"absent"}))
    good = level("good", "all_of", "not_met", {"band": "not_met"})

    before = verdict("good", [TOP_MET, good])._replace(ceilings=(low,))
    after = verdict("gap", [TOP_MISSED, good])._replace(ceilings=(low._replace(level=None, outcome="unknown", lowered=False),))

    assert [("b", "after")] == reasons(before, after, (rules, rules))
    assert [("b", "before")] == reasons(after, before, (rules, rules))


def test_eligibility_and_ceilings_decide_before_criteria() -> None:
    bar = EligibilityTrace("too_new", "met", "III/1", "six months", "months < long_enough", "3", (), {})
    ceiling = CeilingTrace("not_above", "exceeded", "not_above", "top", "good", True, "warning", "IV/1", "not above", (), {})
    top = verdict("top", [TOP_MET])

    barred = verdict("not_eligible", [TOP_MISSED])._replace(eligibility=(bar, bar._replace(id="other", outcome="not_met")))
    lowered = verdict("good", [TOP_MET])._replace(ceilings=(ceiling, ceiling._replace(id="kept", lowered=False)))

    assert [("too_new", "after")] == reasons(top, barred)
    assert [("too_new", "before")] == reasons(barred, top)
    rules = Deciding(order=RULES.order, thresholds={}, lowering=frozenset({"not_above"}))
    assert [("not_above", "after")] == reasons(top, lowered, (rules, rules))
    assert [("not_above", "before")] == reasons(lowered, top, (rules, rules))


def test_between_outcomes_without_a_level_what_is_open_is_named() -> None:
    open_case = verdict("undetermined", [TOP_OPEN, POOR_OPEN], ("top",))
    authority = Deciding(order=(), residual="decided_by_authority", thresholds={})

    assert [("a", "after"), ("b", "after")] == reasons(verdict("gap", [TOP_MISSED, POOR_NOT]), open_case)
    assert [("a", "before"), ("b", "before")] == reasons(open_case, verdict("gap", [TOP_MISSED, POOR_NOT]))
    assert [("residual", "before")] == reasons(verdict("gap"), verdict("decided_by_authority"), (RULES, authority))


OUTCOMES = st.sampled_from(["met", "not_met", "unknown", "not_applicable"])
TRACES = st.builds(
    level, st.sampled_from(ORDER), st.sampled_from(["all_of", "any_of"]), st.sampled_from(["met", "not_met", "unknown"]),
    st.dictionaries(st.sampled_from("abc"), OUTCOMES),
)  # fmt: skip
CAME = st.sampled_from([*ORDER, "gap", "undetermined", "out_of_scope", "not_eligible", "decided_by_authority"])
VERDICTS = st.builds(verdict, CAME, st.lists(TRACES, max_size=3, unique_by=lambda trace: trace.level), st.just(ORDER))


@given(VERDICTS, VERDICTS)
def test_the_way_back_is_the_way_there(before: Verdict, after: Verdict) -> None:
    there, back = moved(before, after), moved(after, before)

    assert (there is None) == (back is None) == (key_of(before) == key_of(after))
    if there and back:
        swapped = {(reason.criterion, "before" if reason.side == "after" else "after") for reason in back.reasons}
        assert {(reason.criterion, reason.side) for reason in there.reasons} == swapped
        assert (there.before, there.before_outcome) == (back.after, back.after_outcome)


@given(st.lists(st.tuples(VERDICTS, VERDICTS), max_size=20))
def test_the_matrix_counts_every_case_once(pairs: list[tuple[Verdict, Verdict]]) -> None:
    matrix = Matrix()
    for before, after in pairs:
        matrix.add(before, after)

    assert matrix.total == len(pairs) == sum(count for _, _, count in matrix.cells())
    for key in matrix.befores():
        came = sum(key_of(before) == key for before, _ in pairs)
        assert came == sum(matrix.count(key, after) for after in matrix.afters())
    assert matrix.count("nobody", "nowhere") == 0
    assert len(matrix.cells()) == len({(key_of(before), key_of(after)) for before, after in pairs})


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
