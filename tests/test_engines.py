"""DuckDB does what Polars does: the same answers, the same refusals, the same files."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from policy_engine.columnar.engines.duckdb import run_duckdb
from policy_engine.load.library import Library
from tests.conftest import ROOT
from tests.engine_draws import FORMS, wrong_in
from tests.json_rows import write_json_rows

Cli = Callable[..., tuple[int, str, str]]
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


def test_rows_have_their_numbers_in_files_of_many_groups(tmp_path: Path, cli: Cli) -> None:
    for name, count, first in (("a", 250_000, 1), ("b", 3_000, 300_001)):
        kinds = ["collectiv" if n % 997 == 0 else "collective" for n in range(1, count + 1)]
        pl.DataFrame({"case": range(first, first + count), "kind": kinds}).write_parquet(
            tmp_path / f"{name}.parquet", row_group_size=10_000
        )

    polars, duckdb = _both(cli, tmp_path, "csv", str(tmp_path / "a.parquet"), str(tmp_path / "b.parquet"), "--level-only")
    refused = pl.read_csv(tmp_path / "duckdb-rejects.csv")

    assert polars == duckdb
    assert (tmp_path / "polars-rejects.csv").read_bytes() == (tmp_path / "duckdb-rejects.csv").read_bytes()
    assert (tmp_path / "polars.csv").read_bytes() == (tmp_path / "duckdb.csv").read_bytes()
    assert refused["row"].to_list() == [*range(997, 250_001, 997), *range(997, 3_001, 997)]
    assert refused["case"].to_list() == [*range(997, 250_001, 997), *range(300_997, 303_001, 997)]
    assert refused["place"][0] == f"{tmp_path / 'a.parquet'}: row 997"


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_no_column_passes_for_one_of_the_engines_own(engine: str, tmp_path: Path, cli: Cli) -> None:
    (tmp_path / "rows.csv").write_text('kind,__odd\ncollective,"{}"\n', "utf-8")

    status, _, err = cli("batch", str(tmp_path / "rows.csv"), "--to", str(tmp_path / "out.csv"), "--engine", engine)

    assert status == 3
    assert "PE850" in err
