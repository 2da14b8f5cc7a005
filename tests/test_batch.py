"""`policy-engine batch`: rows in are answers out and rows refused; files appear whole or not at all."""

import csv
import json
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from tests.conftest import ROOT

Cli = Callable[..., tuple[int, str, str]]
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


def test_criteria_and_interpretations_stand_in_columns(tmp_path: Path, cli: Cli) -> None:
    rows = _write(tmp_path / "rows.csv", {}, {"tasks_exceeded": ""})
    out = tmp_path / "out.parquet"

    status, said, _ = cli("batch", rows, "--to", str(out), "--explain-columns")
    found = pl.read_parquet(out)

    assert status == 0
    assert "rows in: 2; answers out: 2; refused: 0" in said
    assert [True, None] == found["head_office_specialist__half_exceeded"].to_list()
    assert ["excellent", "excellent, good"] == found["possible_levels"].to_list()
    assert all("J-01" in interpretations for interpretations in found["interpretations"])


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


def test_a_refused_row_is_told_with_its_own_file(tmp_path: Path, cli: Cli) -> None:
    bad = {"position": "specialst"}
    (tmp_path / "rows").mkdir()
    for name, rows in {"a.csv": [{}, bad, {}], "b.csv": [bad], "c.csv": [{"tasks_well_done": "1"}], "d.csv": [{}, {}, bad]}.items():
        _write(tmp_path / "rows" / name, *({"case": f"{name[0]}{n}", **row} for n, row in enumerate(rows)))
    (tmp_path / "rows" / "bb.jsonl").write_text(json.dumps({"kind": "collective"}), encoding="utf-8")
    rejects = tmp_path / "rejects.csv"

    status, said, _ = cli("batch", str(tmp_path / "rows"), "--to", str(tmp_path / "out.csv"), "--rejects", str(rejects))
    with rejects.open(encoding="utf-8") as file:
        refused = [(Path(row["file"]).name, row["row"]) for row in csv.DictReader(file)]

    assert status == 3
    assert "rows in: 9; answers out: 6; refused: 3" in said
    assert refused == [("a.csv", "2"), ("b.csv", "1"), ("d.csv", "3")]


def test_reasons_are_told_in_the_readers_language(tmp_path: Path, cli: Cli) -> None:
    rows = _write(tmp_path / "rows.csv", {}, {"position": "specialst"})

    status, said, _ = cli("batch", rows, "--to", str(tmp_path / "out.csv"), lang="vi")

    assert status == 3
    assert "PE503" in said
    assert "specialst" in said
    assert "Dòng vào: 2" in said


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


def test_a_column_that_can_hold_no_value_is_refused_as_a_whole(tmp_path: Path, cli: Cli) -> None:
    pl.DataFrame({"kind": ["officer"], "tasks_total": [True]}).write_parquet(tmp_path / "rows.parquet")

    status, _, err = cli("batch", str(tmp_path / "rows.parquet"), "--to", str(tmp_path / "out.csv"))

    assert status == 3
    assert "PE851" in err


def test_a_missing_extra_is_told_in_one_line(tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)

    status, out, err = cli("batch", _write(tmp_path / "rows.csv", {}), "--to", str(tmp_path / "out.csv"))

    assert (status, out) == (2, "")
    assert err == "this command needs the library `polars`, which is not installed: pip install 'policy-engine[batch]'\n"


def test_no_file_is_never_a_success(tmp_path: Path, cli: Cli) -> None:
    status, _, err = cli("batch", str(tmp_path / "*.csv"), "--to", str(tmp_path / "out.csv"))

    assert status == 3
    assert "PE853" in err


def test_a_column_can_be_kept_and_is_guarded(tmp_path: Path, cli: Cli) -> None:
    path = tmp_path / "rows.csv"
    _write(path, {"Họ tên": "=1+1"}, {"Họ tên": "Nguyễn Văn A"})
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    out = tmp_path / "out.csv"

    status, _, err = cli("batch", str(path), "--to", str(out), "--keep", "Họ tên", "--level-only", "--excel")
    lines = out.read_bytes().decode("utf-8").splitlines()

    assert (status, err) == (0, "")
    assert ["\ufeffcase,Họ tên,answer", "c1,'=1+1,excellent", "c2,Nguyễn Văn A,excellent"] == lines


def test_two_editions_are_held_against_each_other(tmp_path: Path, cli: Cli) -> None:
    rows = _write(tmp_path / "rows.csv", {}, {"ideological_decline": "true"}, {"tasks_total": "x"})
    out = tmp_path / "out.csv"

    status, said, _ = cli("batch", rows, "--to", str(out), "--edition", "2020", "--against", "2020", "--level-only")

    assert status == 3
    assert ["case,answer", "c1,excellent", "c2,not_completed"] == out.read_text("utf-8").splitlines()
    assert "2020 → 2020" in said


def test_a_draft_is_told_as_one(tmp_path: Path, cli: Cli) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("case,kind\na,collective\n", "utf-8")
    out = tmp_path / "out.csv"

    status, said, _ = cli("batch", str(rows), "--to", str(out), "--edition", "2026-draft", "--level-only")

    assert status == 0
    assert "draft" in said
    assert "case,answer,edition_status" == out.read_text("utf-8").splitlines()[0]


def test_lists_in_json_are_counted(tmp_path: Path, cli: Cli) -> None:
    task = {"completed": True, "on_time": True, "quality": True, "efficiency": "high", "exceeded": True}
    facts = {name: cell == "true" if cell in {"true", "false"} else cell for name, cell in FACTS.items() if not name.startswith("tasks_")}
    (tmp_path / "rows.jsonl").write_text(json.dumps({"case": "a", **facts, "tasks": [task]}) + "\n", "utf-8")
    out = tmp_path / "out.csv"

    status, _, err = cli("batch", str(tmp_path / "rows.jsonl"), "--to", str(out), "--level-only")

    assert (status, err) == (0, "")
    assert ["case,answer", "a,excellent"] == out.read_text("utf-8").splitlines()


def test_a_key_of_json_that_is_no_fact_is_refused_in_its_line(tmp_path: Path, cli: Cli) -> None:
    path, out = tmp_path / "rows.jsonl", tmp_path / "out.csv"
    path.write_text('{"case": "a", "kind": "collective", "note": 1}\n{"case": "b", "positon": "head"}\n', "utf-8")

    status, said, _ = cli("batch", str(path), "--to", str(out), "--keep", "note", "--level-only")

    assert status == 3
    assert "PE850 the edition declares no fact `positon`" in said
    assert "did you mean `position`" in said
    assert ["case,note,answer", "a,1,decided_by_authority"] == out.read_text("utf-8").splitlines()
