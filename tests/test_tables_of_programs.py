"""The same people in tables by pandas, pyarrow, Polars, DuckDB and LibreOffice, with their defaults: all rated alike."""

import csv
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from tests.build import Cli
from tests.test_batch import FACTS

DAY = date(2020, 12, 15)
WHOLE = ("tasks_total", "tasks_completed", "tasks_deficient", "tasks_well_done", "tasks_exceeded")
CHANGES: tuple[dict[str, Any], ...] = (
    {"meeting_held_on": DAY},
    {"meeting_held_on": None, "tasks_exceeded": 9},
    {"meeting_held_on": DAY, "tasks_exceeded": None},
    {"meeting_held_on": DAY, "ideological_decline": True},
    {"meeting_held_on": DAY, "ideological_decline": None, "tasks_total": 21, "tasks_deficient": None},
)
SPECIALIST = {name: {"true": True, "false": False}.get(cell, int(cell) if cell.isdigit() else cell) for name, cell in FACTS.items()}
PEOPLE: list[dict[str, Any]] = [{"case": f"c{number}", **SPECIALIST, **own} for number, own in enumerate(CHANGES, start=1)]
"""Five people: one fact that decides is open in the third, several in the fifth."""
EXPECTED = ["excellent", "good", "undetermined", "not_completed", "undetermined"]


def _columns() -> dict[str, list[Any]]:
    return {name: [person[name] for person in PEOPLE] for name in PEOPLE[0]}


def _times(values: list[Any]) -> list[datetime | None]:
    return [None if value is None else datetime(value.year, value.month, value.day) for value in values]  # noqa: DTZ001  (a table knows no zone)


def _pandas(folder: Path) -> None:
    columns = _columns()
    frame = pd.DataFrame({**columns, "meeting_held_on": pd.to_datetime(pd.Series(_times(columns["meeting_held_on"])))})
    assert str(frame["tasks_exceeded"].dtype) == "float64"
    frame.to_csv(folder / "pandas.csv", index=False)
    frame.to_parquet(folder / "pandas.parquet", index=False)
    frame.to_json(folder / "pandas.jsonl", orient="records", lines=True, date_format="iso")


def _pyarrow(folder: Path) -> None:
    columns = _columns()
    types = {
        "tasks_total": pa.uint8(), "tasks_completed": pa.decimal128(20, 0), "tasks_deficient": pa.uint64(), "tasks_well_done": pa.float32(),
        "meeting_held_on": pa.timestamp("ns"), "kind": pa.dictionary(pa.int8(), pa.string()), "workplace": pa.binary(),
    }  # fmt: skip
    columns["meeting_held_on"] = _times(columns["meeting_held_on"])
    columns["tasks_completed"] = [Decimal(value) for value in columns["tasks_completed"]]
    columns["workplace"] = [value.encode() for value in columns["workplace"]]
    table = pa.table({name: pa.array(values, types.get(name)) for name, values in columns.items()})
    pyarrow.parquet.write_table(table, folder / "pyarrow.parquet")
    pyarrow.csv.write_csv(
        table.drop_columns(["workplace"]).append_column("workplace", pa.array(["head_office"] * len(PEOPLE))), folder / "pyarrow.csv"
    )


def _polars(folder: Path) -> None:
    frame = pl.DataFrame(_columns())
    frame.write_csv(folder / "polars.csv")
    frame.write_parquet(folder / "polars.parquet")
    frame.write_ndjson(folder / "polars.jsonl")


def _duckdb(folder: Path) -> None:
    frame = pa.Table.from_pylist(PEOPLE)  # noqa: F841  (named in the statement)
    summed = ", ".join(f"sum({name}) as {name}" for name in WHOLE)
    with duckdb.connect() as connection:
        connection.execute(f"create table people as select * exclude ({', '.join(WHOLE)}), {summed} from frame group by all")
        assert ("HUGEINT",) in connection.execute("select typeof(tasks_total) from people").fetchall()
        for form in ("csv", "parquet", "json"):
            path = folder / f"duckdb.{form}l" if form == "json" else folder / f"duckdb.{form}"
            connection.execute(f"copy (from people order by \"case\") to '{path}' (format {form})")


def _fods() -> str:

    def cell(value: Any) -> str:
        match value:
            case None:
                return "<table:table-cell/>"
            case bool():
                return f'<table:table-cell office:value-type="boolean" office:boolean-value="{str(value).lower()}"/>'
            case int():
                return f'<table:table-cell office:value-type="float" office:value="{value}"/>'
            case date():
                return f'<table:table-cell table:style-name="day" office:value-type="date" office:date-value="{value.isoformat()}"/>'
            case _:
                return f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'

    rows = "".join(
        f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in ([*PEOPLE[0]], *(one.values() for one in PEOPLE))
    )
    names = {"office": "office", "table": "table", "text": "text", "number": "datastyle", "style": "style"}
    spaces = " ".join(f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{long}:1.0"' for short, long in names.items())
    slash = "<number:text>/</number:text>"
    day = slash.join(f'<number:{part} number:style="long"/>' for part in ("day", "month", "year"))
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document {spaces} office:version="1.3" '
        'office:mimetype="application/vnd.oasis.opendocument.spreadsheet"><office:automatic-styles>'
        f'<number:date-style style:name="dmy">{day}</number:date-style>'
        '<style:style style:name="day" style:family="table-cell" style:data-style-name="dmy"/></office:automatic-styles>'
        f'<office:body><office:spreadsheet><table:table table:name="People">{rows}</table:table>'
        "</office:spreadsheet></office:body></office:document>"
    )


def _libreoffice(folder: Path) -> None:
    if shutil.which("soffice") is None:
        assert not os.environ.get("POLICY_ENGINE_ALL_TESTS"), "POLICY_ENGINE_ALL_TESTS asks for every test, and LibreOffice is missing"
        pytest.skip("LibreOffice (`soffice`) is not installed: no table of its own to read")
    (folder / "libreoffice.fods").write_text(_fods(), "utf-8")
    profile = f"-env:UserInstallation=file://{folder}/profile"
    command = ["soffice", profile, "--headless", "--convert-to", "csv:Text - txt - csv (StarCalc):44,34,76,1", "--outdir", str(folder)]
    subprocess.run([*command, str(folder / "libreoffice.fods")], check=True, capture_output=True, timeout=120)
    assert "15/12/2020" in (folder / "libreoffice.csv").read_text("utf-8")


def _by_hand(folder: Path) -> None:
    words = {True: "Có", False: "Không", None: "", "none": "Không có", "officer": "Cán bộ công đoàn", "specialist": "CHUYÊN VIÊN"}
    rows = [
        {
            name: "15/12/2020" if value == DAY else f"{value},0" if name in WHOLE and value is not None else words.get(value, value)
            for name, value in one.items()
        }
        for one in PEOPLE
    ]
    with (folder / "hand.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*PEOPLE[0]])
        writer.writeheader()
        writer.writerows(rows)
    pl.DataFrame(rows).cast(pl.String).write_parquet(folder / "hand.parquet")
    (folder / "hand.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")


@pytest.mark.parametrize("write", [_pandas, _pyarrow, _polars, _duckdb, _libreoffice, _by_hand], ids=lambda one: one.__name__[1:])
@pytest.mark.sampled(2)
def test_a_table_of_any_program_is_rated_alike(write: Callable[[Path], None], tmp_path: Path, cli: Cli) -> None:
    write(tmp_path)
    files = sorted(path for path in tmp_path.iterdir() if path.suffix in {".csv", ".parquet", ".jsonl"})
    found: dict[str, object] = {}
    for path in files:
        for engine in ("polars", "duckdb") if path.suffix == ".parquet" else ("polars",):  # which reads texts for all of them
            out = tmp_path / f"{path.name}-{engine}.out"
            told = cli("batch", str(path), "--to", str(out), "--to-format", "csv", "--level-only", "--engine", engine)
            found[f"{path.name} {engine}"] = pl.read_csv(out)["answer"].to_list() if out.exists() and told[0] == 0 else told

    assert found == dict.fromkeys(found, EXPECTED)
    assert found


def test_cells_of_lists_and_lines_of_json_use_the_same_table(tmp_path: Path, cli: Cli) -> None:
    facts = {name: cell for name, cell in FACTS.items() if not name.startswith("tasks_")}
    item = {"completed": "Có", "on_time": "x", "quality": 1, "efficiency": "Cao", "exceeded": "ĐÚNG"}
    counts = {name: Decimal(FACTS[name]) for name in WHOLE}
    lines = [
        json.dumps({"case": "list", **facts, "tasks": [item]}),
        json.dumps({"case": "points", **facts, **{name: float(value) for name, value in counts.items()}}),
        json.dumps({"case": "exponent", **facts, **{name: int(value) for name, value in counts.items()}}).replace(
            '"tasks_total": 20', '"tasks_total": 2e1'
        ),
        json.dumps({"case": "texts", **facts, **{name: f"{value},0" for name, value in counts.items()}, "unit_level": "Không có"}),
    ]
    (tmp_path / "rows.jsonl").write_text("\n".join(lines), "utf-8")
    out = tmp_path / "out.csv"

    status, said, err = cli("batch", str(tmp_path / "rows.jsonl"), "--to", str(out), "--level-only")

    assert (status, err) == (0, ""), said
    assert ["excellent"] * 4 == pl.read_csv(out)["answer"].to_list()
