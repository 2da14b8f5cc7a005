"""Sums over lists, figures that are known everywhere, weights that must add up, products, and the days of quarters."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_engine.errors import InputError
from policy_engine.evaluate.core.expression import interpreter_over
from policy_engine.evaluate.duties.survey import Surveyor
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.language.check import Checker
from policy_engine.language.complaint import Complaint
from policy_engine.language.grammar import parse
from policy_engine.language.types import BOOL, COUNT, DAY, POINTS, SHARE, TEXT, WRONG, Named, Type
from policy_engine.language.values import UNKNOWN, Item, Ratio, Value
from policy_engine.load.case import read_case
from policy_engine.load.edition import load_edition
from policy_engine.load.library import Library, days_of
from policy_engine.model.verdict import Verdict
from tests.build import ROOT, rows

KIND = Type("choice", ("old", "young"))
TREES = Type(
    "list", (), (("apples", COUNT), ("score", POINTS), ("ripe", BOOL), ("kind", KIND), ("note", TEXT), ("day", DAY), ("rows", COUNT))
)
SCOPE = {
    "trees": Named(TREES), "rows": Named(COUNT), "points": Named(POINTS), "flag": Named(BOOL), "name": Named(TEXT),
    "few": Named(COUNT, constant=True), "half": Named(SHARE, constant=True), "most": Named(SHARE, constant=True),
    "pass_mark": Named(POINTS, constant=True), "broken": Named(WRONG),
}  # fmt: skip


def _check(text: str) -> tuple[Type, list[Complaint]]:
    tree = parse(text).tree
    assert tree is not None, text
    checker = Checker(text, SCOPE)
    return checker.read(tree), checker.complaints


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("sum(trees, apples)", COUNT), ("sum(trees, score)", POINTS), ("sum(trees, apples, ripe)", COUNT),
        ("sum(trees, score, kind == 'old')", POINTS), ("sum(trees, rows)", COUNT), ("sum(trees, apples, apples > 0)", COUNT),
        ("sum(trees, apples, apples > few)", COUNT), ("sum(trees, apples, note == 'x')", COUNT), ("sum(trees, apples, exists(day))", COUNT),
        ("sum(trees, apples) + rows", COUNT), ("sum(trees, score) - points", POINTS), ("sum(trees, score) * half", POINTS),
        ("half * sum(trees, apples)", COUNT), ("sum(trees, apples, rows > 0 and share(apples, rows) >= half)", COUNT),
        ("sum(trees, apples) >= few", BOOL), ("sum(trees, apples) > 0", BOOL), ("sum(trees, apples) == sum(trees, rows)", BOOL),
        ("sum(trees, score, not ripe) >= pass_mark", BOOL), ("0 < sum(trees, apples) < rows", BOOL),
        ("sum(trees, apples) > 0 and share(sum(trees, apples, ripe), sum(trees, apples)) >= half", BOOL),
        ("sum(trees, apples) <= count(trees) + rows", BOOL),
    ],
)  # fmt: skip
def test_a_sum_has_the_type_of_its_field(text: str, kind: Type) -> None:
    assert (kind, []) == _check(text)


@pytest.mark.parametrize(
    ("text", "code", "place", "found"),
    rows("sums", "what_cannot_be_added_up_is_told"),
)  # fmt: skip
def test_what_cannot_be_added_up_is_told(text: str, code: str, place: int, found: str | None) -> None:
    (told,) = _check(text)[1]

    assert (code, place) == (told.code, told.offset)
    assert found is None or found == told.details["found"]


ITEMS = st.lists(
    st.fixed_dictionaries(
        {
            "apples": st.just(UNKNOWN) | st.integers(0, 9),
            "score": st.just(UNKNOWN) | st.fractions(0, 9, max_denominator=8),
            "ripe": st.just(UNKNOWN) | st.booleans(),
            "rows": st.integers(0, 3),
        }
    ),
    max_size=5,
)


def _valued(text: str, items: Any) -> Value:
    tree = parse(text).tree
    assert tree is not None
    value: Value = interpreter_over({"trees": items, "few": 3}).evaluated(tree)
    return value


@given(ITEMS, st.sampled_from(["apples", "score", "rows"]), st.sampled_from(["ripe", "not ripe", "rows >= few", "rows > 0 and ripe"]))
@settings(derandomize=True, deadline=None)
def test_a_sum_under_a_condition_never_says_too_much(items: Sequence[Item], field: str, condition: str) -> None:
    text = f"sum(trees, {field}, {condition})"
    found = _valued(text, tuple(items))
    completions = [_valued(text, tuple(case)) for case in product(*map(_completed, items))]

    if found is not UNKNOWN:
        assert {found} == set(completions)
    if all(value is not UNKNOWN for item in items for value in item.values()):
        assert found is not UNKNOWN
    assert UNKNOWN not in completions


def _completed(item: Item) -> list[dict[str, Value]]:
    some: Mapping[str, tuple[Value, ...]] = {"apples": (0, 7), "score": (Fraction(0), Fraction(7, 2)), "ripe": (True, False)}
    choices = [[(name, value)] if value is not UNKNOWN else [(name, one) for one in some[name]] for name, value in item.items()]
    return [dict(pairs) for pairs in product(*choices)]


PARTS = {path.stem: path.read_text("utf-8") for path in sorted((ROOT / "tests" / "tables" / "sums").glob("*.yaml"))}
Change = tuple[str, str, str]


def _written(folder: Path, *changes: Change) -> str:
    texts = dict(PARTS)
    for part, old, new in changes:
        assert old in texts[part], old
        texts[part] = texts[part].replace(old, new)
    folder.mkdir(parents=True, exist_ok=True)
    for part, text in texts.items():
        (folder / f"{part}.yaml").write_text(text, "utf-8")
    return str(folder)


def _codes(folder: str) -> list[tuple[str, str, int]]:
    try:
        Evaluator(load_edition(folder))
    except InputError as error:
        return [(p.code, Path(p.location.file).name, p.location.line) for p in error.problems]
    return []


def _line(part: str, text: str, *changes: Change) -> int:
    whole = PARTS[part]
    for _, old, new in (change for change in changes if change[0] == part):
        whole = whole.replace(old, new)
    return whole[: whole.index(text)].count("\n") + 1


class Asked:
    def __init__(self, folder: str) -> None:
        self.library = Library(folder)
        self.evaluator = Evaluator(self.library.edition("sums"))
        self.surveyor = Surveyor(self.evaluator.plan)

    def rate(self, **facts: object) -> Verdict:
        text = json.dumps({"case": "drawn", "edition": "sums", "facts": facts}, indent=1)
        case, _ = read_case(text.encode(), "drawn.yaml", self.library)
        return self.surveyor.survey(case, self.evaluator.evaluate(case))


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    return Asked(_written(tmp_path_factory.mktemp("sums") / "sums"))


def _deduced(verdict: Verdict, fact: str) -> Value:
    return next((deduction.value for deduction in verdict.deductions if deduction.fact == fact), UNKNOWN)


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=5), st.integers(0, 75), st.integers(0, 75))
@settings(derandomize=True, deadline=None)
def test_common_figures_rate_as_worked_out_by_hand(asked: Asked, trees: list[tuple[int, bool]], skill: int, care: int) -> None:
    verdict = asked.rate(trees=[{"apples": apples, "ripe": ripe} for apples, ripe in trees], skill=skill, care=care)

    total, ripe = sum(apples for apples, _ in trees), sum(apples for apples, is_ripe in trees if is_ripe)
    mark = 60 * skill + 40 * care
    expected = None if total < 2 else "top" if total >= 10 and ripe >= 5 and mark >= 5000 else "good" if mark >= 5000 else "poor"
    assert expected == verdict.level
    assert (expected is None) == (verdict.outcome == "not_eligible")
    assert {"counted": total > 2, "enough_there": total >= 10} == {
        trace.id: trace.outcome == "met" for trace in verdict.duties.requirements
    }
    assert (total, total >= 10, Fraction(mark, 100)) == tuple(_deduced(verdict, name) for name in ("apples_total", "plenty", "mark"))


@given(st.lists(st.fixed_dictionaries({}, optional={"apples": st.integers(0, 12), "ripe": st.booleans()}), max_size=3), st.integers(0, 75))
@settings(derandomize=True, deadline=None, max_examples=60)
def test_what_is_possible_holds_every_completion(asked: Asked, trees: list[dict[str, Any]], skill: int) -> None:
    open_ = asked.rate(trees=trees, skill=skill)
    outcomes: set[str | None] = set()
    for case in product(*(_ways(tree) for tree in trees)):
        for care in (0, 40, 75):
            closed = asked.rate(trees=list(case), skill=skill, care=care)
            outcomes.add(closed.level or closed.outcome)

    possible = {*open_.possible_levels, *(["not_eligible"] if open_.ineligible_possible else [])} or {open_.level or open_.outcome}
    assert outcomes <= possible, (outcomes, possible)


def _ways(tree: Mapping[str, Any]) -> list[dict[str, Any]]:
    apples = [tree["apples"]] if "apples" in tree else [0, 4, 11]
    ripe = [tree["ripe"]] if "ripe" in tree else [True, False]
    return [{"apples": a, "ripe": r} for a, r in product(apples, ripe)]


@pytest.mark.parametrize(("part", "old", "new", "name"), rows("sums", "a_figure_has_a_name_of_its_own"))
def test_a_figure_has_a_name_of_its_own(tmp_path: Path, part: str, old: str, new: str, name: str) -> None:
    folder = _written(tmp_path / "e", (part, old, new))
    with pytest.raises(InputError) as refused:
        load_edition(folder)

    problems = {problem.code: problem for problem in refused.value.problems}
    if name:
        assert name == problems["PE402"].details["name"]
    else:
        assert "PE409" in problems or "PE402" in problems


@pytest.mark.parametrize(("value", "code"), rows("sums", "a_common_figure_that_is_none_is_told_at_its_place"))
def test_a_common_figure_that_is_none_is_told_at_its_place(tmp_path: Path, value: str, code: str) -> None:
    found = _codes(_written(tmp_path / "e", ("facts", "enough: {value: 10,", f"enough: {{value: {value},")))

    assert [(code, "facts.yaml", _line("facts", "enough: {value"))] == found


@pytest.mark.parametrize(
    ("change", "part", "rule"),
    [
        (("facts", "skill_weight: {value: 60%", "skill_weight: {value: 61%"), "facts", "skill_weight + care_weight == all_weights"),
        (("facts", "care_weight: {value: 40%", "care_weight: {value: 39.999%"), "facts", "skill_weight + care_weight == all_weights"),
        (("facts", "all_weights: {value: 100%", "all_weights: {value: 99%"), "facts", "skill_weight + care_weight == all_weights"),
        (("track", "ripe_enough: {value: 5", "ripe_enough: {value: 11"), "track", "ripe_enough <= enough"),
        (("facts", "enough: {value: 10", "enough: {value: 4"), "track", "ripe_enough <= enough"),
    ],
)
def test_figures_that_contradict_a_rule_of_their_own_are_refused(tmp_path: Path, change: Change, part: str, rule: str) -> None:
    """Where a rule reads nothing but figures and cannot hold, the edition is PE413 at that rule, before any case is asked."""
    folder = _written(tmp_path / "e", change)
    with pytest.raises(InputError) as refused:
        Evaluator(load_edition(folder))

    (problem,) = refused.value.problems
    assert ("PE413", f"{part}.yaml", {"rule": rule}) == (problem.code, Path(problem.location.file).name, dict(problem.details))
    assert _line(part, rule) == problem.location.line


@given(
    st.fractions(0, 100, max_denominator=100), st.fractions(0, 100, max_denominator=100), st.fractions(0, 2, max_denominator=1000),
    st.sampled_from(["a * w", "w * a", "a * w + b * v", "v * (a + b)", "w * v * a", "a * (w + v)", "a - b * w"]),
)  # fmt: skip
@settings(derandomize=True, deadline=None)
def test_products_of_points_and_shares_are_exact(a: Fraction, b: Fraction, w: Fraction, text: str) -> None:
    tree = parse(text).tree
    assert tree is not None
    v = Ratio(1, 3)
    found = interpreter_over({"a": a, "b": b, "w": Ratio(w.numerator, w.denominator), "v": v}).evaluated(tree)

    third = Fraction(1, 3)
    expected = {
        "a * w": a * w, "w * a": a * w, "a * w + b * v": a * w + b * third, "v * (a + b)": third * (a + b), "w * v * a": w * third * a,
        "a * (w + v)": a * (w + third), "a - b * w": a - b * w,
    }[text]  # fmt: skip
    assert isinstance(found, (int, Fraction))
    assert expected == found


@given(st.integers(1, 9998))
@settings(derandomize=True, deadline=None, max_examples=200)
def test_quarters_tile_their_year(year: int) -> None:
    whole, quarters = days_of(f"{year:04d}"), [days_of(f"{year:04d}-Q{number}") for number in range(1, 5)]
    known = [days for days in quarters if days]

    assert whole
    assert 4 == len(known)
    assert (date(year, 1, 1), date(year, 12, 31)) == whole == (known[0][0], known[-1][1])
    assert all(before[1] + timedelta(1) == after[0] for before, after in pairwise(known))
    assert [1, 4, 7, 10] == [first.month for first, _ in known]
