"""Spark does what Polars does, on two cores of this machine: one session for all of it, since starting one takes longest."""

import csv
import os
import shutil
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from policy_engine.load.library import Library
from tests.build import Cli
from tests.engine_draws import FORMS, Run, write_json_rows, wrong_in

DRAWS = 2
SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.files.maxPartitionBytes": "20000",  # so that small files come in parts too
    "spark.sql.files.openCostInBytes": "0",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",  # what runs for seconds need not be compiled with all care
}


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    sql = pytest.importorskip("pyspark.sql", reason="pyspark is not installed: pip install 'policy-engine[spark]'")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java, and there is no `java` on the path")
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    made = sql.SparkSession.builder.master("local[2]").appName("tests").config(map=SETTINGS).getOrCreate()
    made.sparkContext.setLogLevel("ERROR")
    yield made
    made.stop()


@pytest.fixture(scope="module")
def spark(session: Any) -> Run:
    from policy_engine.columnar.engines.spark import run_spark

    return partial(run_spark, session=session)


@pytest.mark.parametrize("form", FORMS)
def test_spark_agrees_with_the_reference(form: str, spark: Run, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    draws = DRAWS * (10 if request.config.getoption("--long") else 1)

    assert [] == [(seed, one) for seed in range(draws) for one in wrong_in(spark, tmp_path, seed, form)]


def _both(cli: Cli, folder: Path, form: str, *arguments: str) -> tuple[tuple[int, str], tuple[int, str]]:
    told = []
    for engine, to in (("polars", f"polars.{form}"), ("spark", "spark-out")):
        rejects = ["--rejects", str(folder / f"{engine}-rejects.csv"), "--to-format", form, "--engine", engine]
        status, out, err = cli("batch", *arguments, "--to", str(folder / to), *rejects)
        told.append((status, (out + err).replace(to, "OUT").replace(f"{engine}-", "")))
    return told[0], told[1]


@pytest.mark.usefixtures("session")
def test_spark_reads_lines_of_json(tmp_path: Path, cli: Cli, library: Library) -> None:
    rows = write_json_rows(tmp_path, library, 15)
    polars, spark = _both(cli, tmp_path, "jsonl", str(rows), "--against", "2026-draft")
    parts = "".join(path.read_text("utf-8") for path in (tmp_path / "spark-out").glob("*.json"))

    assert polars == spark
    assert "2020 → 2026-draft" in spark[1]
    assert sorted((tmp_path / "polars.jsonl").read_text("utf-8").splitlines()) == sorted(parts.splitlines())
    assert (tmp_path / "polars-rejects.csv").read_bytes() == (tmp_path / "spark-rejects.csv").read_bytes()


@pytest.mark.usefixtures("session")
def test_workers_have_the_release_of_the_driver(tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("policy_engine.columnar.engines.spark.version", lambda _: "0.0.9")
    (tmp_path / "rows.csv").write_text("case,kind\na,collective\n", "utf-8")
    status, out, err = cli("batch", str(tmp_path / "rows.csv"), "--to", str(tmp_path / "out"), "--to-format", "csv", "--engine", "spark")

    assert "a worker of the cluster has another release of policy-engine" in " ".join((out + err).split())
    assert (3, ["rows.csv"]) == (status, [path.name for path in tmp_path.iterdir()])


def _cells(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.usefixtures("session")
def test_tables_are_read_as_polars_reads_them(tmp_path: Path, cli: Cli) -> None:
    """Broken rows and a case twice are refused in their places; any column can be kept; no cell is a formula."""
    head, kept = "case;kind;level;Level;a.b;=x", ("level", "Level", "a.b", "=x")
    rows = ["a;collective;x;y;\u3000=1;＝1", "a;collective;;;;", 'b;"collective;;;;', "c;collective", ";;;;;", "d;collectiv;;;;"]
    (tmp_path / "rows.csv").write_text("\n".join([head, *rows, ""]), "utf-8")
    polars, spark = _both(cli, tmp_path, "csv", str(tmp_path / "rows.csv"), *(word for name in kept for word in ("--keep", name)))
    parts = [path for path in (tmp_path / "spark-out").iterdir() if path.suffix == ".csv"]

    assert polars == spark
    assert "blank rows, which were skipped: 1" in spark[1]
    assert _cells(tmp_path / "polars.csv") == [row for part in parts for row in _cells(part)]
    assert (tmp_path / "polars-rejects.csv").read_bytes() == (tmp_path / "spark-rejects.csv").read_bytes()
    assert ["3", "4", "5", "7"] == [row["line"] for row in _cells(tmp_path / "spark-rejects.csv")]


@pytest.mark.usefixtures("session")
def test_an_address_is_read_by_spark_itself(tmp_path: Path, cli: Cli) -> None:
    """Files that only Spark can list: a folder of Parquet with the file of each refused row; CSV as strict as here; no lines of JSON."""
    folder = tmp_path / "rows"
    folder.mkdir()
    for name in ("a", "b"):
        pl.DataFrame({"case": ["x", "y"], "kind": ["collective", "collectiv"]}).write_parquet(folder / f"{name}.parquet")
    (tmp_path / "rows.csv").write_text('case,kind\n"say ""a, b""",collective\nc,unknown\n', "utf-8")
    (tmp_path / "long.csv").write_text("case,kind\na,collective,3\n", "utf-8")
    (tmp_path / "rows.jsonl").write_text('{"case": "a"}\n', "utf-8")

    def run(path: Path, form: str, to: str) -> tuple[int, str]:
        more = ("--level-only", "--engine", "spark", "--from-format", form, "--to-format", "csv")
        status, out, err = cli("batch", f"file://{path}", "--to", f"file://{tmp_path / to}", *more)
        return status, out + err

    told = {form: run(path, form, f"out-{form}") for form, path in (("parquet", folder), ("csv", tmp_path / "rows.csv"))}
    long, lines = run(tmp_path / "long.csv", "csv", "out-long"), run(tmp_path / "rows.jsonl", "jsonl", "out-jsonl")
    written = [row for part in (tmp_path / "out-csv").glob("*.csv") for row in _cells(part)]

    assert "rows in: 4; answers out: 2; refused: 2" in told["parquet"][1]
    assert all(f"rows/{name}.parquet:row2" in "".join(told["parquet"][1].split()) for name in "ab")
    assert "nobody looked whether a `case` stands twice" in " ".join(told["parquet"][1].split())
    assert [{"case": 'say "a, b"', "answer": "decided_by_authority"}, {"case": "c", "answer": "undetermined"}] == sorted(
        written, key=str, reverse=True
    )
    assert [(3, True)] * 2 == [(status, "PE854" in said) for status, said in (long, lines)]
