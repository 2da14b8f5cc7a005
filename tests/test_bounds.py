"""What binds a level from outside its criteria: who is not classified at all, and what a proposal is lowered to."""

import shutil
from collections.abc import Iterator, Mapping
from datetime import date
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policy_engine.compiled.evaluator import CompiledEvaluator
from policy_engine.errors import InputError
from policy_engine.evaluate.core.breach import Figures, breach_of
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.language.grammar import parse
from policy_engine.language.tree import names_in
from policy_engine.language.types import COUNT
from policy_engine.language.values import NONE, UNKNOWN, Value
from policy_engine.load.edition import load_edition
from policy_engine.model.case import Case, Decision, Record
from policy_engine.model.facts import Condition, FactDeclaration
from policy_engine.model.rulebook import Edition
from policy_engine.model.verdict import Verdict
from policy_engine.source import Citation, Location
from tests.build import Cli, cells
from tests.editions.small import case_of, evaluator_of

HERE = Location("x.yaml", 1, 1)
LABELS = {"whole": ("Tổng", "All"), "done": ("Xong", "Done"), "short": ("Chưa đạt", "Short"), "apart": ("Tách", "Apart")}
FACTS = {
    name: FactDeclaration(name, COUNT, {"vi": vi, "en": en}, {}, Citation(""), HERE) for name, (vi, en) in LABELS.items()
}  # fmt: skip


def _condition(text: str) -> Condition:
    tree, _ = parse(text)
    assert tree
    return Condition(tree, text, HERE, names_in(tree))


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.sampled_from([">=", "<=", ">", "<", "==", "!="]), st.sampled_from(["done", "done + short", "2 * done - short", "short - done"]),
    st.sampled_from(["whole", "whole - short", "apart + 3 * whole", "0"]), st.tuples(*[st.integers(0, 30)] * 4),
)  # fmt: skip
def test_the_bound_is_the_edge_of_the_rule(sign: str, left: str, right: str, drawn: tuple[int, ...]) -> None:
    values = dict(zip(LABELS, drawn, strict=True))
    rule = f"{left} {sign} {right}"
    if eval(rule, dict(values)):
        return
    said = breach_of(_condition(rule), Figures(values, FACTS, dict.fromkeys(LABELS, 1))).texts["en"]
    main = said.rpartition("so ")[2]
    label, _, rest = main.removeprefix("“").partition("”")
    name = next(name for name, (_, en) in LABELS.items() if en == label)
    bound = next(word.rstrip(",") for word in rest.split() if word[0].isdigit() or word[0] == "-")
    both = [eval(side, values | {name: Fraction(bound)}) for side in (left, right)]

    assert both[0] == both[1]


SPECIALIST: dict[str, Value] = {"kind": "officer", "workplace": "head_office", "position": "specialist"}
HEAD: dict[str, Value] = {**SPECIALIST, "position": "head"}
DECIDED = Record(decisions=(Decision("completed", "tkv_chair", date(2020, 12, 12), ""),))
NOTHING: dict[str, tuple[dict[str, Value], Record, str]] = {
    "no task": ({**SPECIALIST, "tasks_total": 0}, Record(), "PE505"),
    "no criterion": ({**HEAD, "criteria_total": 0}, Record(), "PE505"),
    "no task, decided": ({**SPECIALIST, "tasks_total": 0}, DECIDED, "decided_by_authority"),
    "no criterion, decided": ({**HEAD, "criteria_total": 0}, DECIDED, "decided_by_authority"),
    "on leave": ({**SPECIALIST, "tasks_total": 0, "no_work_because": "parental_leave"}, Record(), "decided_by_authority"),
    "on leave, no figure": ({**SPECIALIST, "no_work_because": "parental_leave"}, Record(), "decided_by_authority"),
    "on leave, a decline": (
        {**SPECIALIST, "no_work_because": "parental_leave", "ideological_decline": True}, Record(), "decided_by_authority",
    ),
    "on leave, one task": ({**SPECIALIST, "no_work_because": "parental_leave", "tasks_total": 1}, Record(), "undetermined"),
    "no figure, decided": (SPECIALIST, DECIDED, "undetermined"),
    "figures that cannot be, decided": ({**SPECIALIST, "tasks_total": 0, "tasks_completed": 1}, DECIDED, "PE505"),
}  # fmt: skip
"""What a case states and has on record, and what comes out."""


def _outcome(evaluator: Evaluator, facts: dict[str, Value], record: Record) -> str:
    try:
        return evaluator.evaluate(Case("x", "2020", {}, facts, {}, {}, record=record)).outcome
    except InputError as error:
        return error.problems[0].code


@pytest.mark.parametrize("name", NOTHING)
def test_nothing_to_rate_by_is_an_answer_where_it_is_decided_or_explained(name: str, edition: Edition) -> None:
    """Without a decision or a reason on file a zero stays bad input; with one the authority decides; by code made once as well."""
    facts, record, expected = NOTHING[name]

    assert _outcome(Evaluator(edition), facts, record) == expected
    assert _outcome(CompiledEvaluator(edition), facts, record) == expected


def _file(folder: Path, **facts: object) -> str:
    path = folder / "x.yaml"
    path.write_text(yaml.safe_dump({"case": "x", "edition": "2020", "facts": facts}, allow_unicode=True), "utf-8")
    return str(path)


OFFICES: dict[str, tuple[dict[str, Any], str, str]] = {
    "chair": ({"workplace": "grassroots", "position": "chair", "roles": []}, "On the Executive Committee of a grassroots union", "J-25"),
    "chair, no list": ({"workplace": "upper_level", "position": "chair"}, "On the Standing Committee of an upper-level union", "J-25"),
    "standing member": (
        {"workplace": "grassroots", "position": "head", "roles": ["tkv_standing_member"]}, "On the TKV Executive Committee", "J-27",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OFFICES)
def test_what_an_office_implies_is_shown_with_its_interpretation(name: str, cli: Cli, tmp_path: Path) -> None:
    facts, label, interpretation = OFFICES[name]
    _, out, _ = cli("evaluate", _file(tmp_path, kind="officer", **facts))

    flat = " ".join(out.split())
    assert f"{label} (" in flat
    assert f"= yes [{interpretation}]" in flat
    assert f"· {interpretation}]" in flat.partition("Who reviews and who decides")[2]


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
    words: Mapping[object, Value] = {"unknown": UNKNOWN, "none": NONE}
    stated = {name: words.get(value, value) for name, value in {**SOUND, **changed}.items()}
    return evaluator_of(NAME).evaluate(case_of(NAME, known(stated)))


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


@pytest.mark.parametrize(("changed", "expected", "traced"), cells("bounds", "who_is_barred_is_not_classified"))
def test_who_is_barred_is_not_classified(changed: Facts, expected: Answer, traced: tuple[str, str]) -> None:
    verdict = rate(**changed)

    assert expected == answer_of(verdict)
    assert traced == tuple(trace.outcome for trace in verdict.eligibility)


@pytest.mark.parametrize(("changed", "first"), cells("bounds", "what_keeps_a_bound_open_is_asked_first"))
def test_what_keeps_a_bound_open_is_asked_first(changed: Facts, first: tuple[str, ...]) -> None:
    verdict = rate(**changed)

    assert first == verdict.open_questions[: len(first)]
    assert bool(first) == bool(verdict.open_questions)
    assert set(verdict.open_questions) <= {name for name, value in changed.items() if value == "unknown"}


@pytest.mark.parametrize(
    ("changed", "expected", "traced"),
    cells("bounds", "a_ceiling_lowers_what_is_above_it"),
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
