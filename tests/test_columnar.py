"""Columns agree with the reference: every column of every row, whoever works it out; and what cannot be rated is refused in words."""

import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from policy_engine.columnar.answers import answer_of, layout_of
from policy_engine.columnar.duckdb_batch import run_duckdb
from policy_engine.columnar.order import Order, Side, Source
from policy_engine.columnar.polars_rate import PolarsRater, Rejected
from policy_engine.errors import InputError, Problem
from policy_engine.evaluate.case import Evaluator
from policy_engine.load.case import find_cases, load_case
from policy_engine.load.library import Library
from policy_engine.model.case import Case
from policy_engine.model.rulebook import Edition
from tests.columns import as_texts, as_values, is_huge
from tests.conftest import ROOT
from tests.editions.random_editions import drawn_by

Told = Mapping[str, Any] | tuple[str, ...]
"""What stands in every column, or the codes of why there is nothing."""
FORMS = {"texts": (as_texts, 10**15), "values": (as_values, 1 << 63)}
"""How cases become columns, and the figure from which such a column refuses."""
ROWS = 50
PAIRS = 10_000
HUGE = ("too large",)
LISTS = (list, tuple)


def told_by_reference(edition: Edition, cases: Sequence[Case]) -> Iterator[Told]:
    """Give what the reference says of cases."""
    evaluator = Evaluator(edition, asks=False)
    for case in cases:
        try:
            yield answer_of(evaluator.evaluate(case))
        except InputError as error:
            yield tuple(problem.code for problem in error.problems)


def _in_columns(edition: Edition, rows: pl.DataFrame) -> tuple[list[Told], int]:
    """Give what the columns say of rows, and how many of them were looked at one by one."""
    evaluator = Evaluator(edition, asks=False)
    single = count()

    class Spy:
        """Counts the cases that are rated one by one."""

        def evaluate(self, case: Case) -> Any:
            """Rate a case."""
            next(single)
            return evaluator.evaluate(case)

    refused: dict[int, tuple[str, ...]] = {}

    def refuse(one: Rejected) -> None:
        refused[one.row] = tuple(problem.code for problem in one.problems)

    rater = PolarsRater(evaluator.plan, Spy(), layout_of(evaluator.plan, "all"))
    numbered = rows.with_columns(pl.Series("case", range(1, rows.height + 1), pl.Int64))
    answers = {row.pop("case"): row for row in rater.rate(numbered.lazy(), ["case"], refuse).collect(engine="streaming").to_dicts()}
    return [answers.get(number) or refused[number] for number in range(1, rows.height + 1)], next(single)


def compared(edition: Edition, cases: Sequence[Case], expected: Sequence[Told], form: str) -> tuple[list[Any], int]:
    """Give where columns say otherwise than the reference, and how many rows were settled as columns."""
    make, most = FORMS[form]
    fits = [n for n, case in enumerate(cases) if form == "values" or not any(isinstance(value, LISTS) for value in case.facts.values())]
    if not fits:
        return [], 0
    found, single = _in_columns(edition, make(edition, [cases[n] for n in fits]))
    wrong = [
        (cases[n].facts, expected[n], told)
        for n, told in zip(fits, found, strict=True)
        if not _agrees(HUGE if is_huge(cases[n], most) else expected[n], told)
    ]
    return wrong, len(fits) - single


def _agrees(expected: Told, found: Told) -> bool:
    """Tell whether every column is as expected; a figure that is too large is refused, whatever else is wrong."""
    if isinstance(expected, tuple) or isinstance(found, tuple):
        return isinstance(found, tuple) and expected in (HUGE, found)
    return all(expected.get(name) == cell for name, cell in found.items())


def test_columns_agree_with_the_reference_on_drawn_editions(request: pytest.FixtureRequest) -> None:
    """Any edition and any rows: unknown, `none`, zero wholes, figures on thresholds and beyond 64 bits."""
    wrong: list[Any] = []
    settled = 0
    for seed in range(PAIRS // ROWS // 2 * (10 if request.config.getoption("--long") else 1)):
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
def test_columns_agree_with_the_reference_on_every_case_file(name: str, form: str, library: Library) -> None:
    """Every case of the project as a row."""
    edition = library.edition(name)
    cases = [load_case(path, library)[0] for path in find_cases(str(ROOT / "cases" / name))]
    expected = list(told_by_reference(edition, cases))

    wrong, settled = compared(edition, cases, expected, form)

    assert wrong == []
    assert settled > 0 or name != "2020"


def _order(folder: Path, rows: pl.DataFrame) -> Order:
    """Write rows to a file, and give the order to rate them."""
    rows.write_parquet(folder / "rows.parquet")
    return Order([Source(str(folder / "rows.parquet"), "parquet")], str(folder / "out.parquet"), "parquet", "all")


def _said(problem: Problem) -> str:
    """Give the code of a problem, for its words."""
    return problem.code


def _from_engine(name: str, folder: Path, seed: int, run: Any) -> None:
    """Hold an engine's file of answers against the reference, on a drawn edition."""
    drawn = drawn_by(seed, ROWS, known=seed % 2 == 0)
    cases = [case for case in drawn.cases if not is_huge(case, 1 << 63)]
    expected = list(told_by_reference(drawn.edition, cases))
    rows = as_values(drawn.edition, cases).with_columns(pl.Series("case", range(len(cases)), pl.Int64))
    evaluator = Evaluator(drawn.edition, asks=False)
    order = _order(folder, rows)

    told = run(order, Side(drawn.edition, evaluator.plan, evaluator), _said, lambda _: None)

    written = pl.read_parquet(f"{order.to}/*.parquet" if name == "spark" else order.to).drop("edition_status")
    found = {row.pop("case"): row for row in written.to_dicts()}
    refused = {n for n, one in enumerate(expected) if isinstance(one, tuple)}
    assert refused == set(range(len(cases))) - found.keys()
    assert len(refused) == told.rejected
    assert [] == [(n, row) for n, row in found.items() if not _agrees(expected[n], row)]


@pytest.mark.parametrize("seed", range(6))
def test_duckdb_agrees_with_the_reference(seed: int, tmp_path: Path) -> None:
    """The same plan in DuckDB gives the same columns."""
    _from_engine("duckdb", tmp_path, seed, run_duckdb)


@pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java")
def test_spark_agrees_with_the_reference(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """The same plan on two cores of Spark gives the same columns; it takes a minute, so only in the long run."""
    if not request.config.getoption("--long"):
        pytest.skip("only with --long")
    pytest.importorskip("pyspark")
    program = (
        "import sys; from pathlib import Path; from tests.test_columnar import _from_engine\n"
        "from policy_engine.columnar.spark_batch import run_spark\n"
        "for seed in (0, 1):\n"
        "    folder = Path(sys.argv[1]) / str(seed); folder.mkdir(); _from_engine('spark', folder, seed, run_spark)\n"
    )

    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize("program", ["import policy_engine", "from policy_engine.cli.main import run; run(['evaluate', CASE], 'en')"])
def test_nothing_heavy_is_loaded_where_it_is_not_needed(program: str) -> None:
    """The engine and `evaluate` start without any library of an extra."""
    case = str(ROOT / "cases" / "2020" / "II.1" / "good" / "specialist-good.yaml")
    heavy = "{'polars', 'narwhals', 'duckdb', 'pyspark', 'z3', 'pyarrow', 'numpy'}"
    code = f"CASE = {case!r}\n{program}\nimport sys; sys.exit(', '.join({heavy} & sys.modules.keys()) or 0)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
