"""Cohort rules: how many of a group may have a level. A breach is told with the names; nobody is lowered."""

import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_engine.evaluate.round.round import rate_round, rounded
from policy_engine.explain.round import explain_round
from policy_engine.language.quantity import read_quantity
from policy_engine.language.values import UNKNOWN, Value
from policy_engine.model.case import Case, Decision, Record
from policy_engine.model.duties import COUNTED, ROUNDINGS, Cap
from policy_engine.model.round import CapTrace, Entry, Round, RoundFiles, Unit
from policy_engine.model.rulebook import Edition
from policy_engine.source import Location
from tests.build import rows, tuples
from tests.editions.small import edition_of, with_change

NAME = "show"
WORST_FIRST = ("poor", "fair", "good", "top")
PLACE = Location("drawn.yaml", 1, 1)
BASES: Mapping[str, tuple[str, ...]] = {"everyone": (), "those at good": ("good",), "good or better": ("top", "good")}
SHARES = ("0%", "15%", "20%", "25%", "33%", "50%", "100%")


class Rules(NamedTuple):
    level: str = "top"
    share: str = "20%"
    base: tuple[str, ...] = ()
    rounding: str = "down"
    counted: str = "as_they_stand"


class Shown(NamedTuple):
    facts: Mapping[str, Value]
    decided: tuple[str, ...] = ()
    links: Mapping[str, str] = {}


ANY_RULES = st.builds(
    Rules, st.sampled_from(("top", "good")), st.sampled_from(SHARES), st.sampled_from(list(BASES.values())), st.sampled_from(ROUNDINGS),
    st.sampled_from(COUNTED),
)  # fmt: skip


def at(level: str, **links: str) -> Shown:
    return Shown({"flower": True, "graded": True, "withdrawn": False, "prize": True, "grade": WORST_FIRST.index(level)}, (), links)


def but(shown: Shown, **changed: Value) -> Shown:
    return shown._replace(facts={name: value for name, value in {**shown.facts, **changed}.items() if value is not UNKNOWN})


def with_cap(rules: Rules, change: Callable[[Cap], Cap] = lambda cap: cap) -> Edition:
    edition = edition_of(NAME)
    chapter = edition.chapters[0]
    quantity = read_quantity(rules.share)
    assert quantity
    cap = chapter.caps[0]._replace(
        level=rules.level, at_most=chapter.thresholds["few"]._replace(quantity=quantity), base=rules.base, rounding=rules.rounding,
        counted=rules.counted,
    )  # fmt: skip
    return edition._replace(chapters=(chapter._replace(caps=(change(cap),)),))


def rate(edition: Edition, entries: Mapping[str, Shown], units: Sequence[str] = ()) -> Round:
    listed: list[Entry] = []
    for name, shown in entries.items():
        decisions = tuple(Decision(level, "", None, "") for level in shown.decided)
        case = Case(name, NAME, {}, dict(shown.facts), {}, {}, (), dict(shown.links), Record(decisions=decisions))
        listed.append(Entry(name, f"{name}.yaml", "", case, case.links, {}, ()))
    found = rate_round(RoundFiles("show", edition, tuple(listed), {u: Unit(u, u) for u in units}, whole=True, named=True, problems=()))
    assert found.problems == ()
    return found


def caps(edition: Edition, entries: Mapping[str, Shown], units: Sequence[str] = ()) -> dict[str, CapTrace]:
    return {trace.group: trace for trace in rate(edition, entries, units).caps}


def the_cap(rules: Rules, shown: Sequence[Shown]) -> CapTrace:
    [trace] = rate(with_cap(rules), {f"e{n:02}": one for n, one in enumerate(shown)}).caps
    return trace


def share_of(number: int, rules: Rules) -> int:
    hundredths = number * int(rules.share.rstrip("%"))
    return {"down": hundredths // 100, "up": -(-hundredths // 100), "nearest": (hundredths + 50) // 100}[rules.rounding]


def base_of(levels: Sequence[str], rules: Rules) -> int:
    return sum(not rules.base or level in rules.base for level in levels)


def over(levels: Sequence[str], rules: Rules) -> int:
    below = WORST_FIRST[WORST_FIRST.index(rules.level) - 1]
    at_level = [n for n, level in enumerate(levels) if level == rules.level]
    for lowered in range(len(at_level) + 1):
        after = [below if n in at_level[:lowered] else level for n, level in enumerate(levels)]
        whole = base_of(after if rules.counted == "after_lowering" else levels, rules)
        if after.count(rules.level) <= share_of(whole, rules):
            return lowered
    raise AssertionError("with nobody at the level every cap is kept")


@pytest.mark.parametrize(
    ("value", "down", "up", "nearest"),
    [
        (Fraction(0), 0, 0, 0),
        (Fraction(3), 3, 3, 3),
        (Fraction(1, 5), 0, 1, 0),
        (Fraction(1, 2), 0, 1, 1),
        (Fraction(3, 2), 1, 2, 2),
        (Fraction(5, 2), 2, 3, 3),
        (Fraction(49, 100), 0, 1, 0),
        (Fraction(299, 100), 2, 3, 3),
    ],
)
def test_people_are_rounded_as_the_cap_says(value: Fraction, down: int, up: int, nearest: int) -> None:
    assert (down, up, nearest) == (rounded(value, "down"), rounded(value, "up"), rounded(value, "nearest"))


TEN = [at("top")] * 3 + [at("good")] * 4 + [at("fair")] * 2 + [at("poor")]


@pytest.mark.parametrize(("base", "rounding", "counted", "expected"), tuples("caps", "a_share_is_of_the_whole_that_is_named"))
def test_a_share_is_of_the_whole_that_is_named(base: str, rounding: str, counted: str, expected: tuple[str, int, int, int]) -> None:
    trace = the_cap(Rules("top", "20%", BASES[base], rounding, counted), TEN)

    assert expected == (trace.outcome, trace.base, trace.allowed, trace.over)
    assert (3, 3, ("e00", "e01", "e02")) == (trace.held, trace.most, trace.cases)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(ANY_RULES, st.lists(st.sampled_from(WORST_FIRST), min_size=1, max_size=14))
def test_a_known_cohort_is_counted_as_by_hand(rules: Rules, levels: list[str]) -> None:
    """With every level known, the cap is exceeded exactly where somebody would have to stand lower, `over` being the fewest."""
    trace = the_cap(rules, [at(level) for level in levels])

    least = over(levels, rules)
    assert (levels.count(rules.level), levels.count(rules.level), base_of(levels, rules)) == (trace.held, trace.most, trace.base)
    assert (share_of(base_of(levels, rules), rules), rules.share) == (trace.allowed, trace.share)
    assert ("exceeded" if least else "kept", least) == (trace.outcome, trace.over)
    assert trace.cases == tuple(f"e{n:02}" for n, level in enumerate(levels) if level == rules.level)


PARTLY: Mapping[str, tuple[Shown, tuple[str, ...]]] = {
    **{level: (at(level), (level,)) for level in WORST_FIRST},
    "any": (but(at("top"), grade=UNKNOWN, prize=UNKNOWN), ("top", "good", "fair", "poor")),
    "without a prize": (but(at("top"), grade=UNKNOWN, prize=False), ("good", "fair", "poor")),
    "prize not known": (but(at("top"), prize=UNKNOWN), ("top", "good")),
    "a gap": (but(at("top"), graded=False), ("top", "good", "fair", "poor")),
    "decided good": (but(at("top"), grade=UNKNOWN)._replace(decided=("good",)), ("good",)),
    "decided top": (at("poor")._replace(decided=("top", "top")), ("top",)),
}
"""Entries by how much is known of them, with the levels that each may come to."""


@settings(max_examples=200, deadline=None, derandomize=True)
@given(ANY_RULES, st.lists(st.sampled_from(sorted(PARTLY)), min_size=1, max_size=6))
def test_open_members_make_a_range(rules: Rules, kinds: list[str]) -> None:
    trace = the_cap(rules, [PARTLY[kind][0] for kind in kinds])

    whole = list(product(*(PARTLY[kind][1] for kind in kinds)))
    counts = [levels.count(rules.level) for levels in whole]
    assert (min(counts), max(counts), min(base_of(levels, rules) for levels in whole)) == (trace.held, trace.most, trace.base)
    needed = {over(levels, rules) for levels in whole}
    if trace.outcome == "exceeded":
        assert 0 < trace.over <= min(needed)
    else:
        assert trace.over == 0
        assert trace.outcome == "unknown" or needed == {0}
    if len(whole) == 1:
        assert trace.outcome != "unknown"


@pytest.mark.parametrize(
    ("shown", "counted"),
    [
        (but(at("top"), withdrawn=True), 0),
        (but(at("top"), flower=UNKNOWN), 1),
        (but(at("top"), graded=False), 1),
        (but(at("top"), graded=UNKNOWN), 1),
        (at("top"), 1),
    ],
    ids=["not eligible", "an unread fact open", "a gap", "undetermined", "classified"],
)
def test_who_is_not_classified_is_no_member(shown: Shown, counted: int) -> None:
    trace = the_cap(Rules(), [at("good"), shown])

    assert 1 + counted == trace.base


@pytest.mark.parametrize(("per", "expected"), tuples("caps", "groups_share_a_link_or_facts"))
def test_groups_share_a_link_or_facts(per: tuple[str, ...], expected: Mapping[str, tuple[str, ...]]) -> None:
    entries = {
        "a": but(at("top", unit="north", superior="c"), hall="east"),
        "b": but(at("top", unit="north"), hall="west"),
        "c": but(at("good", unit="south"), hall="east"),
        "d": but(at("top", unit="south"), hall="east"),
        "f": but(at("top"), hall="west", flower=False),
    }
    found = caps(with_cap(Rules(), lambda cap: cap._replace(per=per)), entries, ("north", "south"))

    assert expected == {group: trace.cases for group, trace in found.items()}
    assert len(entries) == sum(trace.base for trace in found.values())


@pytest.mark.parametrize(
    ("model", "tops", "expected"),
    [
        (True, 2, ("kept", "50%", True, 0)),
        (True, 3, ("exceeded", "50%", True, 1)),
        (False, 1, ("exceeded", "20%", False, 1)),
        (False, 0, ("kept", "20%", False, 0)),
        (UNKNOWN, 0, ("kept", "20%", False, 0)),
        (UNKNOWN, 2, ("unknown", "20%", False, 0)),
    ],
)
def test_a_group_has_the_exception_of_its_own_case(model: Value, tops: int, expected: tuple[str, str, bool, int]) -> None:
    edition = edition_of(NAME)
    members = {f"m{n}": at("top" if n < tops else "good", unit="garden") for n in range(4)}
    others = {"r": at("good", unit="other")}
    found = {
        trace.group: trace
        for trace in rate(edition, {"garden": but(at("fair"), model=model), **members, **others}, ("other",)).caps
        if trace.id == "of_good_or_better"
    }

    trace = found["garden"]
    assert expected == (trace.outcome, trace.share, trace.excepted, trace.over)
    assert ("kept", False) == (found["other"].outcome, found["other"].excepted)


@pytest.mark.parametrize(("old", "new", "code"), rows("caps", "a_slip_in_a_cap_is_told_when_it_is_loaded"))
def test_a_slip_in_a_cap_is_told_when_it_is_loaded(tmp_path: Path, old: str, new: str, code: str) -> None:
    folder, problems = with_change(NAME, tmp_path, "caps.yaml", old, new)

    assert code in {problem.code for problem in problems}
    assert {str(folder / "caps.yaml")} == {problem.location.file for problem in problems}


@settings(max_examples=200, deadline=None, derandomize=True)
@given(ANY_RULES, st.lists(st.sampled_from(WORST_FIRST), min_size=1, max_size=14))
def test_the_sentence_of_a_cap_adds_up(rules: Rules, levels: list[str]) -> None:
    done = rate(with_cap(rules), {f"e{n:02}": at(level) for n, level in enumerate(levels)})
    [line] = next(s for s in explain_round(done, "en", ()).sections if s.title == "Caps on a cohort").lines

    found = re.match(r"\w+: (\d+); at most (\d+) \((\d+)% of (\d+) ([^)]*)\)", line.text)
    assert found
    held, allowed, base = int(found[1]), int(found[2]), int(found[4])
    assert (levels.count(rules.level), base_of(levels, rules), share_of(base, rules)) == (held, base, allowed)
    assert ("in the group" if not rules.base else "as they stand") in found[5]
    above = re.search(r"; (\d+) too many among these: ", line.text)
    assert over(levels, rules) == (int(above[1]) if above else 0)
    lowered = re.search(
        r"with (\d+) of them one level lower: (\d+) of at most (\d+) \(\d+% of (\d+) [^)]*counted after lowering\)", line.text
    )
    if lowered:
        moved, left, allowed_then, base_then = map(int, lowered.groups())
        below = WORST_FIRST[WORST_FIRST.index(rules.level) - 1]
        after = [rules.level] * left + [below] * moved + [level for level in levels if level != rules.level]
        assert (moved, left) == (over(levels, rules), held - moved)
        assert (base_of(after, rules), share_of(base_then, rules)) == (base_then, allowed_then)
        assert left <= allowed_then
    elif above:
        assert held - allowed == int(above[1])
