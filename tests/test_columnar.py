"""Columns agree with the reference: every column of every row, whoever works it out; and what cannot be rated is refused in words."""

import subprocess
import sys
from collections.abc import Sequence
from itertools import count
from typing import Any

import polars as pl
import pytest

from policy_engine.columnar.engines.polars import PolarsRater
from policy_engine.columnar.order import Rejected
from policy_engine.columnar.plan.answers import layout_of
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.load.case import find_cases, load_case
from policy_engine.load.library import Library
from policy_engine.model.case import Case
from policy_engine.model.rulebook import Edition
from tests.columns import is_huge
from tests.conftest import ROOT
from tests.editions.random_editions import drawn_by
from tests.engine_draws import FORMS, HUGE, Answer, agrees, fitting, told_by_reference

ROWS = 50
PAIRS = 4_000


def _in_columns(edition: Edition, rows: pl.DataFrame) -> tuple[list[Answer], int]:
    evaluator = Evaluator(edition, asks=False)
    single = count()

    class Spy:
        def evaluate(self, case: Case) -> Any:
            next(single)
            return evaluator.evaluate(case)

    refused: dict[int, tuple[str, ...]] = {}

    def refuse(one: Rejected) -> None:
        refused[one.row] = tuple(problem.code for problem in one.problems)

    rater = PolarsRater(evaluator.plan, Spy(), layout_of(evaluator.plan, "all"))
    numbered = rows.with_columns(pl.Series("case", range(1, rows.height + 1), pl.Int64))
    answers = {row.pop("case"): row for row in rater.rate(numbered.lazy(), ["case"], refuse).collect(engine="streaming").to_dicts()}
    return [answers.get(number) or refused[number] for number in range(1, rows.height + 1)], next(single)


def compared(edition: Edition, cases: Sequence[Case], expected: Sequence[Answer], form: str) -> tuple[list[Any], int]:
    make, most = FORMS[form]
    fits = fitting(cases, form)
    if not fits:
        return [], 0
    found, single = _in_columns(edition, make(edition, [cases[n] for n in fits]))
    wrong = [
        (cases[n].facts, expected[n], told)
        for n, told in zip(fits, found, strict=True)
        if not agrees(HUGE if is_huge(cases[n], most) else expected[n], told)
    ]
    return wrong, len(fits) - single


def test_columns_agree_with_the_reference_on_drawn_editions(request: pytest.FixtureRequest) -> None:
    """Any edition and any rows: unknown, `none`, zero wholes, figures on thresholds and beyond 64 bits."""
    wrong: list[Any] = []
    settled = 0
    for seed in range(PAIRS // ROWS // 2 * (25 if request.config.getoption("--long") else 1)):
        drawn = drawn_by(seed, ROWS, known=seed % 2 == 0)
        expected = list(told_by_reference(drawn.edition, drawn.cases))
        for form in FORMS:
            more, plain = compared(drawn.edition, drawn.cases, expected, form)
            wrong += [(seed, form, one) for one in more]
            settled += plain

    assert wrong == []
    assert settled > PAIRS // 4, "too few rows were settled as columns for this to say much"


@pytest.mark.parametrize("name", ["2020", "2026-draft"])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.sampled(2)
def test_columns_agree_with_the_reference_on_every_case_file(name: str, form: str, library: Library) -> None:
    edition = library.edition(name)
    cases = [load_case(path, library)[0] for path in find_cases(str(ROOT / "cases" / name))]
    expected = list(told_by_reference(edition, cases))

    wrong, settled = compared(edition, cases, expected, form)

    assert wrong == []
    assert settled > 0 or name != "2020"


@pytest.mark.parametrize("program", ["import policy_engine", "from policy_engine.cli.main import run; run(['evaluate', CASE], 'en')"])
def test_nothing_heavy_is_loaded_where_it_is_not_needed(program: str) -> None:
    case = str(ROOT / "cases" / "2020" / "II.1" / "good" / "specialist-good.yaml")
    heavy = "{'polars', 'narwhals', 'duckdb', 'pyspark', 'z3', 'pyarrow', 'numpy'}"
    code = f"CASE = {case!r}\n{program}\nimport sys; sys.exit(', '.join({heavy} & sys.modules.keys()) or 0)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
