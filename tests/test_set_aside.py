"""What follows from an office, days that cannot be meant, and cases without anything to rate by: answers and remarks in every reader."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from policy_engine.columnar.engines.polars import PolarsRater
from policy_engine.columnar.order import Rejected
from policy_engine.columnar.plan.answers import layout_of
from policy_engine.compiled.evaluator import CompiledEvaluator
from policy_engine.errors import InputError
from policy_engine.evaluate.core.plan import plan_of
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.language.values import Value
from policy_engine.model.case import Case, Decision, Record
from policy_engine.model.rulebook import Edition
from policy_engine.source import Location

Cli = Callable[..., tuple[int, str, str]]
SPECIALIST: dict[str, Value] = {"kind": "officer", "workplace": "head_office", "position": "specialist"}
HEAD: dict[str, Value] = {**SPECIALIST, "position": "head"}
DECIDED = Record(decisions=(Decision("completed", "tkv_chair", date(2020, 12, 12), "", Location("", 1, 1)),))
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


@pytest.mark.parametrize("name", [name for name, (_, record, _) in NOTHING.items() if record == Record()])
def test_rows_say_the_same(name: str, edition: Edition) -> None:
    facts, _, expected = NOTHING[name]
    rater = PolarsRater(plan_of(edition), Evaluator(edition), layout_of(plan_of(edition), "verdict"))
    refused: list[Rejected] = []
    rows = pl.DataFrame({"case": ["x"], **{name: [value] for name, value in facts.items()}})

    found = rater.rate(rows.lazy(), ["case"], refused.append).collect(engine="streaming")

    assert (refused[0].problems[0].code if refused else found["outcome"][0]) == expected


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


@pytest.mark.parametrize(
    ("day", "odd"), [("1969-12-31", True), ("1970-01-01", False), ("2070-12-31", False), ("2071-01-01", True), ("1020-12-02", True)]
)
def test_a_day_of_no_plausible_year_is_remarked(day: str, odd: bool, cli: Cli, tmp_path: Path) -> None:  # noqa: FBT001
    written = _file(tmp_path, kind="officer", workplace="grassroots", officer_reviewed_on=date.fromisoformat(day))

    codes = [cli("evaluate", written, lang=lang) for lang in ("en", "vi")]

    assert [code for code, _, _ in codes] == [0, 0]
    assert [
        f"{day} is more than 50 years" in " ".join(codes[0][1].split()),
        f"{day} cách kỳ đánh giá" in " ".join(codes[1][1].split()),
    ] == [odd] * 2
