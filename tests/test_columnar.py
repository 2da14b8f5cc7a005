"""DuckDB does what Polars does: the same answers, the same refusals, the same files."""

import random
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from itertools import count, product
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from policy_engine.columnar.engines.duckdb import run_duckdb
from policy_engine.columnar.engines.polars import PolarsRater
from policy_engine.columnar.order import Rejected
from policy_engine.columnar.plan.answers import layout_of
from policy_engine.columnar.plan.apart import Limits
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.load.case import find_cases, load_case
from policy_engine.load.library import Library
from policy_engine.model.case import Case
from policy_engine.model.rulebook import Edition
from tests.build import ROOT, Cli
from tests.editions.random_editions import drawn_by
from tests.engine_draws import FORMS, HUGE, Answer, agrees, fitting, is_huge, told_by_reference, write_json_rows, wrong_in

ROWS = 50
PAIRS = 4_000


def _in_columns(edition: Edition, rows: pl.DataFrame, detail: str) -> tuple[list[Answer], int]:
    evaluator = Evaluator(edition, asks=False, traces=detail == "all")
    single = count()

    class Spy:
        def evaluate(self, case: Case) -> Any:
            next(single)
            return evaluator.evaluate(case)

    refused: dict[int, tuple[str, ...]] = {}

    def refuse(one: Rejected) -> None:
        refused[one.row] = tuple(problem.code for problem in one.problems)

    rater = PolarsRater(evaluator.plan, Spy(), layout_of(evaluator.plan, detail))
    numbered = rows.with_columns(pl.Series("case", range(1, rows.height + 1), pl.Int64))
    answers = {row.pop("case"): row for row in rater.rate(numbered.lazy(), ["case"], refuse).collect(engine="streaming").to_dicts()}
    return [answers.get(number) or refused[number] for number in range(1, rows.height + 1)], next(single)


def compared(edition: Edition, cases: Sequence[Case], expected: Sequence[Answer], form: str, detail: str = "all") -> tuple[list[Any], int]:
    make, most = FORMS[form]
    fits = fitting(cases, form)
    if not fits:
        return [], 0
    found, single = _in_columns(edition, make(edition, [cases[n] for n in fits]), detail)
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
            for detail in ("all", "verdict"):  # which levels are possible hangs on less than how each criterion came out
                more, plain = compared(drawn.edition, drawn.cases, expected, form, detail)
                wrong += [(seed, form, one) for one in more]
                settled += plain

    assert wrong == []
    assert settled > PAIRS // 2, "too few rows were settled as columns for this to say much"


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


@pytest.mark.parametrize(("name", "rows"), [("2020", 600), ("2026-draft", 120)])
@pytest.mark.sampled(2)
def test_open_rows_of_editions_agree_with_the_reference(name: str, rows: int, library: Library, request: pytest.FixtureRequest) -> None:
    """Case files with some facts left out and figures moved: every column of every row, though few are rated one by one."""
    edition = library.edition(name)
    chance = random.Random(7)
    files = [load_case(path, library)[0] for path in find_cases(str(ROOT / "cases" / name))]
    cases = [_varied(chance.choice(files), edition, chance) for _ in range(rows * (25 if request.config.getoption("--long") else 1))]
    expected = list(told_by_reference(edition, cases))

    for form in FORMS:
        for detail in ("all", "verdict"):
            wrong, settled = compared(edition, cases, expected, form, detail)

            assert wrong == []
            assert settled > rows // 10


def _varied(case: Case, edition: Edition, chance: random.Random) -> Case:
    facts = {name: value for name, value in case.facts.items() if edition.facts[name].type.kind != "list"}
    for _ in range(min(chance.choice((0, 1, 1, 2, 3)), len(facts))):
        del facts[chance.choice(sorted(facts))]
    counts = [name for name in facts if edition.facts[name].type.kind == "count" and chance.random() < 0.1]
    return case._replace(facts={**facts, **{name: max(0, int(facts[name]) + chance.choice((-1, 1))) for name in counts}})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


BAD = ROOT / "cases" / "bad" / "rows"
DRAWS = 15


@pytest.mark.parametrize("form", FORMS)
def test_duckdb_agrees_with_the_reference(form: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    draws = DRAWS * (20 if request.config.getoption("--long") else 1)

    assert [] == [(seed, one) for seed in range(draws) for one in wrong_in(run_duckdb, tmp_path, seed, form)]


def _both(cli: Cli, folder: Path, form: str, *arguments: str) -> tuple[tuple[int, str], tuple[int, str]]:
    told = []
    for engine in ("polars", "duckdb"):
        to, rejects = folder / f"{engine}.{form}", folder / f"{engine}-rejects.csv"
        status, out, err = cli("batch", *arguments, "--to", str(to), "--rejects", str(rejects), "--engine", engine)
        told.append((status, (out + err).replace(f"{engine}.", "ENGINE.").replace(f"{engine}-", "ENGINE-")))
    return told[0], told[1]


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
@pytest.mark.sampled(3)
def test_duckdb_reads_lines_of_json(form: str, tmp_path: Path, cli: Cli, library: Library) -> None:
    rows = write_json_rows(tmp_path, library, 9)
    polars, duckdb = _both(cli, tmp_path, form, str(rows), "--explain-columns", "--against", "2026-draft")

    assert polars == duckdb
    assert "2020 → 2026-draft" in polars[1]
    assert (tmp_path / "polars-rejects.csv").read_bytes() == (tmp_path / "duckdb-rejects.csv").read_bytes()
    if form == "parquet":
        assert [*pl.read_parquet(tmp_path / "polars.parquet").cast(pl.String).rows()] == pl.read_parquet(tmp_path / "duckdb.parquet").cast(
            pl.String
        ).rows()
    else:
        assert (tmp_path / f"polars.{form}").read_bytes() == (tmp_path / f"duckdb.{form}").read_bytes()


@pytest.mark.parametrize("path", sorted(BAD.iterdir()), ids=lambda path: path.name[:5])
@pytest.mark.sampled(3)
def test_a_bad_file_is_refused_alike(path: Path, tmp_path: Path, cli: Cli) -> None:
    polars, duckdb = _both(
        cli, tmp_path, "csv", str(path), *(["--keep", "note", "--keep", "notes"] if path.name.startswith("PE857") else [])
    )

    if path.name.startswith("PE854"):  # each tells in its own library's words why
        polars, duckdb = ((status, said[: said.index(":", said.index("PE854"))]) for status, said in (polars, duckdb))
    assert polars == duckdb
    assert polars[0] == 3
    assert {name.name.replace("polars", "duckdb") for name in tmp_path.iterdir()} == {name.name for name in tmp_path.glob("duckdb*")}


def test_limits_in_the_same_order_leave_the_same_ways() -> None:
    """Of whole numbers from nowhere to a bound: the same order of limits, the same comparisons that can hold, once or more than once."""
    limits = Limits(alone="", above=("a",), most=("b", "c"), between=("d", "e"))
    found: dict[object, object] = {}
    for row in product(range(5), (None, 3, 5), (4, 6), (None, 1, 3, 4), range(7)):
        above, *most = row[:3]
        inside = [n for n in range(9) if n > above and all(one is None or n <= one for one in most)]
        ways = Counter(tuple(one is None or n <= one for one in row[3:]) for n in inside)
        seen = {way: min(count, 2) for way, count in ways.items()}
        assert found.setdefault(limits.order_of(row), seen) == seen
    assert len(found) > 10
