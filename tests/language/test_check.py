"""Names and types: every slip of a condition is told, with its code, its place and its words."""

import pytest

from policy_engine.language.check import Checker, positive_wholes
from policy_engine.language.complaint import Complaint
from policy_engine.language.grammar import parse
from policy_engine.language.types import BOOL, COUNT, DAY, LEVEL, MONTHS, POINTS, SHARE, TEXT, Named, Type
from tests.build import rows

EFFICIENCY = Type("choice", ("high", "low"))
ITEM = Type("list", (), (("done", BOOL), ("grade", LEVEL), ("part", COUNT), ("whole", COUNT), ("efficiency", EFFICIENCY)))
SCOPE = {
    "flag": Named(BOOL), "other": Named(BOOL), "tasks_total": Named(COUNT), "tasks_done": Named(COUNT), "score": Named(POINTS),
    "day": Named(DAY),
    "months": Named(MONTHS), "level": Named(LEVEL), "note": Named(TEXT), "kind": Named(Type("choice", ("officer", "collective"))),
    "place": Named(Type("choice", ("here", "there"))), "items": Named(ITEM), "whole": Named(COUNT),
    "half": Named(SHARE, constant=True), "most": Named(SHARE, constant=True), "least": Named(COUNT, constant=True),
    "good": Named(LEVEL, constant=True), "enough": Named(POINTS, constant=True), "deadline": Named(DAY, constant=True),
}  # fmt: skip


def complaints_of(text: str, positive: frozenset[str] = frozenset(), *, of_record: bool = False) -> list[Complaint]:
    tree = parse(text).tree
    assert tree is not None
    checker = Checker(text, SCOPE, positive, of_record=of_record)
    checker.expect(tree, BOOL)
    return checker.complaints


def codes_of(text: str) -> list[tuple[str, int]]:
    return [(complaint.code, complaint.offset) for complaint in complaints_of(text)]


@pytest.mark.parametrize(
    "text",
    rows("language_check", "well_typed_conditions_pass"),
)  # fmt: skip
def test_well_typed_conditions_pass(text: str) -> None:
    assert complaints_of(text, frozenset({"whole"}) if "share(" in text and "whole > 0" not in text else frozenset()) == []


@pytest.mark.parametrize(("text", "name", "nearest", "place"), rows("language_check", "an_unknown_name_is_told_with_the_nearest"))
def test_an_unknown_name_is_told_with_the_nearest(text: str, name: str, nearest: str, place: int) -> None:
    assert [Complaint("PE302", place, {"name": name, "nearest": nearest})] == complaints_of(text)


@pytest.mark.parametrize(
    ("text", "place"),
    rows("language_check", "unlike_things_are_not_compared"),
)  # fmt: skip
def test_unlike_things_are_not_compared(text: str, place: int) -> None:
    """Counts, points, shares, months, days, levels, choices and truths are kept apart; each mix is told once, at its place."""
    assert [("PE303", place)] == codes_of(text)


@pytest.mark.parametrize(
    ("text", "found", "place"),
    [
        ("tasks_done > 5", "5", 13), ("tasks_done > 0.5", "0.5", 13), ("5 < tasks_done", "5", 0), ("tasks_done * 2 > tasks_total", "2", 13),
        ("tasks_done in (3, 0)", "3", 15), ("tasks_done + 1 > least", "1", 13), ("score >= 90", "90", 9),
        ("share(1, whole) > half", "1", 6),
    ],
)  # fmt: skip
def test_a_bare_number_is_told(text: str, found: str, place: int) -> None:
    assert [Complaint("PE304", place, {"found": found})] == complaints_of(text)


@pytest.mark.parametrize("text", rows("language_check", "an_unguarded_share_is_told"))
def test_an_unguarded_share_is_told(text: str) -> None:
    place = text.index("share")

    expected = [Complaint("PE305", place, {"found": "share(tasks_done, tasks_total)", "whole": "tasks_total"})]
    assert expected == complaints_of(text)
    assert complaints_of(text, frozenset({"tasks_total"})) == []


@pytest.mark.parametrize(
    "text",
    ["tasks_done * tasks_total > 0", "tasks_done * (tasks_total + least) > 0", "score * score > enough", "count(items) * tasks_done > 0"],
)
def test_a_product_of_two_facts_is_told(text: str) -> None:
    assert codes_of(text) == [("PE308", 0)]


def test_an_unknown_choice_is_told_with_the_nearest() -> None:
    found = complaints_of("kind == 'oficer' or kind in ('collective', 'zzz')")

    choices = "officer, collective"
    assert [(c.code, c.offset) for c in found] == [("PE309", 8), ("PE309", 43)]
    assert [{"found": "oficer", "choices": choices, "nearest": "officer"}, {"found": "zzz", "choices": choices, "nearest": ""}] == [
        c.details for c in found
    ]


def test_given_asks_the_record_only() -> None:
    assert codes_of("given(day, flag)") == [("PE307", 0)]
    assert complaints_of("given(day, items)", of_record=True) == []
    assert [c.code for c in complaints_of("given(dayy)", of_record=True)] == ["PE302"]


def test_places_count_from_the_text_as_given() -> None:
    text = "\n   flag and\n  flgg"

    assert [("PE302", text.index("flgg"))] == codes_of(text)


@pytest.mark.parametrize(
    ("text", "wholes"),
    [
        ("a > 0", {"a"}),
        ("a > 0 and b + c > 0", {"a", "b + c"}),
        ("a > 0 or b > 0", set()),
        ("a >= 0", set()),
        ("not a > 0", set()),
        ("0 > a", set()),
    ],
)
def test_positive_wholes(text: str, wholes: set[str]) -> None:
    tree = parse(text).tree

    assert tree is not None
    assert wholes == positive_wholes(tree)
