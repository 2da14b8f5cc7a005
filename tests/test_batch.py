"""`policy-engine batch`: rows in are answers out and rows refused; files appear whole or not at all."""

import csv
from pathlib import Path

import polars as pl
import pytest

from tests.build import ROOT, Cli

ROWS = ROOT / "cases" / "bad" / "rows"
FACTS = {
    "kind": "officer", "workplace": "head_office", "position": "specialist",
    "political_ideology_met": "true", "ethics_lifestyle_met": "true", "working_style_met": "true", "discipline_met": "true",
    "assigned_duties_met": "true", "ideological_decline": "false", "discipline_decided_on": "none",
    "tasks_total": "20", "tasks_completed": "20", "tasks_deficient": "0", "tasks_well_done": "20", "tasks_exceeded": "12",
}  # fmt: skip
"""A specialist who comes out excellent, as the cells of a CSV file."""


def _write(path: Path, *rows: dict[str, str]) -> str:
    names = list(dict.fromkeys(["case", *FACTS, *(name for row in rows for name in row)]))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, restval="")
        writer.writeheader()
        writer.writerows({"case": f"c{number}", **FACTS, **row} for number, row in enumerate(rows, start=1))
    return str(path)


@pytest.mark.parametrize("form", ["parquet", "csv", "jsonl"])
def test_every_format_goes_in_and_out(form: str, tmp_path: Path, cli: Cli) -> None:
    rows = _write(tmp_path / "rows.csv", {}, {"tasks_exceeded": "9"}, {"tasks_exceeded": "unknown"}, {"ideological_decline": "true"})
    first = tmp_path / f"first.{form}"
    assert cli("batch", rows, "--to", str(first), "--level-only")[0] == 0
    frame = {"parquet": pl.read_parquet, "csv": pl.read_csv, "jsonl": pl.read_ndjson}[form](first)  # type: ignore[operator]

    assert [("c1", "excellent"), ("c2", "good"), ("c3", "undetermined"), ("c4", "not_completed")] == frame.rows()


BAD_CELLS = [
    ("tasks_total", "1e3", "PE502"), ("tasks_total", "1.234", "PE870"), ("tasks_total", "2 0", "PE502"), ("tasks_total", "-1", "PE502"),
    ("tasks_total", "20.5", "PE502"), ("tasks_total", "1" * 20, "PE113"), ("discipline_met", "perhaps", "PE502"),
    ("position", "specialst", "PE503"), ("discipline_decided_on", "2020-02-30", "PE502"), ("tasks_total", "none", "PE507"),
    ("tasks_completed", "21", "PE505"),
]  # fmt: skip


def test_a_bad_cell_is_refused_with_its_row_column_and_reason(tmp_path: Path, cli: Cli) -> None:
    rows = _write(tmp_path / "rows.csv", {}, *({name: cell} for name, cell, _ in BAD_CELLS))
    rejects = tmp_path / "rejects.csv"
    status, said, _ = cli("batch", rows, "--to", str(tmp_path / "out.csv"), "--rejects", str(rejects))
    with rejects.open(encoding="utf-8") as file:
        refused = list(csv.DictReader(file))

    assert status == 3
    assert f"rows in: {len(BAD_CELLS) + 1}; answers out: 1; refused: {len(BAD_CELLS)}" in said
    assert [(str(n), f"c{n}", code) for n, (_, _, code) in enumerate(BAD_CELLS, start=2)] == [
        (r["row"], r["case"], r["code"]) for r in refused
    ]
    assert all(name in row["column"] and row["reason"] for (name, _, _), row in zip(BAD_CELLS, refused, strict=True))


WHOLE = {"PE850", "PE854", "PE855", "PE857", "PE858", "PE863", "PE865", "PE866"}
"""What costs a file; anything else costs a row."""


@pytest.mark.parametrize("path", sorted(ROWS.iterdir()), ids=lambda path: path.name[:5])
@pytest.mark.sampled(3)
def test_a_bad_file_of_rows_gives_its_code(path: Path, tmp_path: Path, cli: Cli) -> None:
    code = path.name[:5]
    out = tmp_path / "out.csv"
    status, said, err = cli("batch", str(path), "--to", str(out), *(["--keep", "note", "--keep", "notes"] if code == "PE857" else []))

    assert status == 3
    assert code in said + err
    assert "Traceback" not in err
    assert [*tmp_path.iterdir()] == ([] if code in WHOLE else [out])


def test_two_editions_are_held_against_each_other(tmp_path: Path, cli: Cli) -> None:
    rows = _write(tmp_path / "rows.csv", {}, {"ideological_decline": "true"}, {"tasks_total": "x"})
    out = tmp_path / "out.csv"
    status, said, _ = cli("batch", rows, "--to", str(out), "--edition", "2020", "--against", "2020", "--level-only")

    assert status == 3
    assert ["case,answer", "c1,excellent", "c2,not_completed"] == out.read_text("utf-8").splitlines()
    assert "2020 → 2020" in said
