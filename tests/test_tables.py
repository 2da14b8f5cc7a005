"""Tables as programs write them: what is read is what stands there, a bad row costs itself, and its place is the one in the file."""

import csv
import io
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Literal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_engine.columnar.order import ODD
from policy_engine.columnar.rows import opening
from policy_engine.columnar.rows.csv import form_of, rows_of
from policy_engine.columnar.rows.headings import Headings, RowPlaces, letters
from policy_engine.errors import InputError
from tests.bad_rows import CSV, EVERY, JSON, ROWS, is_bad, write_csv, write_json, write_parquet
from tests.build import ROOT, Cli, table, tuples

CASE = ROOT / "cases" / "2020" / "II.1" / "good" / "specialist-good.yaml"


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    from policy_engine.cli.main import run

    folder = tmp_path_factory.mktemp("clean")
    write_csv(folder / "rows.csv", bad=False)
    order = ["batch", str(folder / "rows.csv"), "--to", str(folder / "out.csv"), "--level-only", "--keep", "note", "--lang", "en"]
    assert run(order, "en") == 0
    answers = pl.read_csv(folder / "out.csv", infer_schema=False).select("case", "answer").rows()
    assert len(answers) == ROWS
    return [",".join(row) for number, row in enumerate(answers) if not is_bad(number)]


@pytest.fixture(scope="module")
def with_bad_ones(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Path, list[tuple[int, str]]]]:
    folder = tmp_path_factory.mktemp("bad")

    @cache
    def written(form: str) -> tuple[Path, list[tuple[int, str]]]:
        path = folder / f"rows.{form}"
        return path, write_csv(path, bad=True) if form == "csv" else write_json(path) if form == "jsonl" else write_parquet(path)

    return written


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
@pytest.mark.sampled(3)
def test_a_bad_row_costs_itself(
    form: str, engine: str, clean: list[str], with_bad_ones: Callable[[str], tuple[Path, list[tuple[int, str]]]], tmp_path: Path, cli: Cli
) -> None:  # fmt: skip
    path, bad = with_bad_ones(form)
    out, rejects = tmp_path / "out.csv", tmp_path / "rejects.csv"
    keep = ["--keep", "note"]

    status, said, _ = cli("batch", str(path), "--to", str(out), "--rejects", str(rejects), "--level-only", "--engine", engine, *keep)
    answers = pl.read_csv(out, infer_schema=False)
    with rejects.open(encoding="utf-8", newline="") as file:
        refused = list(csv.DictReader(file))

    assert (len(CSV), len(JSON), len(bad)) == (20, 20, ROWS // EVERY)
    assert status == 3
    assert f"rows in: {ROWS}; answers out: {ROWS - len(bad)}; refused: {len(bad)}" in said
    assert ("blank rows, which were skipped: 15" in said) is (form != "parquet")
    assert [",".join(row) for row in answers.select("case", "answer").rows()] == clean
    assert answers["note"][0] == "Đỗ Thị B\nphó ban"
    assert bad == [(int(row["line"] or row["row"]), row["code"]) for row in refused]
    assert all(row["place"].startswith(f"{path}:") for row in refused)


READ = {
    **{name: content.encode() for name, content in table("tables", "read").items()},
    "mark of UTF-8": b"\xef\xbb\xbfcase,kind\na,collective\n",
    "UTF-16, little end first": "case\tkind\na\tcollective\n".encode("utf-16"),
    "UTF-16, big end first": b"\xfe\xff" + "case;kind\r\na;collective\r\n".encode("utf-16-be"),
}
"""Files that say one thing, as programs write them."""


@pytest.mark.parametrize("name", READ)
def test_a_table_is_read_as_programs_write_it(name: str, tmp_path: Path, cli: Cli) -> None:
    (tmp_path / "rows.csv").write_bytes(READ[name])
    status, said, err = cli("batch", str(tmp_path / "rows.csv"), "--to", str(tmp_path / "out.csv"), "--level-only")

    assert (status, err) == (0, "")
    assert (tmp_path / "out.csv").read_text("utf-8") == "case,answer\na,decided_by_authority\n"
    told = {
        "has no name": ("numbers of rows", "no name for the case"),
        "without a name": ("columns of nothing",),
        "skipped: 2": ("blank rows",),
    }
    assert [word for word in told if word in " ".join(said.split())] == [word for word, names in told.items() if name in names]


REFUSED = {
    **{name: (content.encode(), told) for name, (content, told) in table("tables", "refused").items()},
    "Windows-1258 in the headings": ("case,Chức vụ\na,x\n".encode("utf-16-le")[:0] + b"case,Ch\xf0c\na,x\n", "1:8: PE863"),
    "Windows-1258 in the rows": (b"case,kind\n\xd0\xf2,collective\n\xd0\xe0,collective\n", "2:1: PE863"),
    "UTF-16 without a mark": ("case,kind\n".encode("utf-16-le"), "1:1: PE863"),
    "a mark and nothing": (b"\xef\xbb\xbf", "PE855"),
}
"""Files that are refused whole, and what is said of them."""


@pytest.mark.parametrize("name", REFUSED)
def test_a_table_that_says_no_one_thing_is_refused(name: str, tmp_path: Path, cli: Cli) -> None:
    content, told = REFUSED[name]
    (tmp_path / "rows.csv").write_bytes(content)
    status, _, err = cli("batch", str(tmp_path / "rows.csv"), "--to", str(tmp_path / "out.csv"))

    assert status == 3
    assert told in err
    assert [tmp_path / "rows.csv"] == [*tmp_path.iterdir()]


def test_places_are_those_of_an_editor_and_of_a_spreadsheet(tmp_path: Path, cli: Cli) -> None:
    (tmp_path / "rows.csv").write_text('sep=;\ncase;"ghi\nchú";kind\na;"1\n2\n3";collective\n\nb;;collectiv\n', "utf-8")
    rejects = tmp_path / "rejects.csv"
    cli("batch", str(tmp_path / "rows.csv"), "--to", str(tmp_path / "out.csv"), "--rejects", str(rejects), "--keep", "ghi\nchú")
    _, said, _ = cli("batch", str(tmp_path / "rows.csv"), "--to", str(tmp_path / "out.csv"), "--keep", "ghi\nchú", lang="vi")
    (one,) = csv.DictReader(io.StringIO(rejects.read_text("utf-8")))

    assert ("2", "8", "C4", f"{tmp_path / 'rows.csv'}:8:C") == (one["row"], one["line"], one["cell"], one["place"])
    assert "rows.csv:8:C, hồ sơ b]" in said
    assert ["A", "Z", "AA", "ZZ", "AAA"] == [letters(n) for n in (1, 26, 27, 702, 703)]


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_a_case_stands_once_in_a_run(engine: str, tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "AT_ONCE", 3)
    (tmp_path / "a.csv").write_text(
        "case,kind\nx,collective\n,collective\n,collective\ny,collective\nx,collective\n7,collective\n", "utf-8"
    )
    (tmp_path / "b.jsonl").write_text('{"case": 7, "kind": "collective"}\n{"case": "z", "kind": "collective"}\n', "utf-8")
    pl.DataFrame({"case": ["y", "z", "w"], "kind": ["collective"] * 3}).write_parquet(tmp_path / "c.parquet")
    files = [str(tmp_path / name) for name in ("a.csv", "b.jsonl", "c.parquet")]
    out = tmp_path / "out.jsonl"

    status, said, _ = cli("batch", *files, "--to", str(out), "--level-only", "--engine", engine)

    assert status == 3
    assert ["x", None, None, "y", "7", "z", "w"] == pl.read_ndjson(out)["case"].to_list()
    told = " ".join(said.split())
    for case, first, later in (
        ("x", f"{files[0]}:2", f"{files[0]}:6"),
        ("7", f"{files[0]}:7", f"{files[1]}:1"),
        ("z", f"{files[1]}:2", f"{files[2]}: row 2"),
    ):
        assert f"PE860 the case `{case}` stands twice; it stood first at {first} [{later}, case {case}]" in told


KEPT = tuples("tables", "kept")


@pytest.mark.parametrize("form", ["parquet", "csv", "jsonl"])
def test_any_column_can_be_kept(form: str, tmp_path: Path, cli: Cli) -> None:
    odd = {"tags": [["x", "y"], []], "who": [{"q": 1}, None], "raw": [b"\xff", None]}
    rows = pl.DataFrame(
        {"case": ["a", "b"], "kind": ["collective"] * 2, **{name: [f"{name}1", None] for name in KEPT}, "roles": [None, None], **odd}
    )
    rows = rows.with_columns(position=pl.Series([None, "unknown"]))
    more = {"parquet": ["tags", "who", "raw"], "csv": [], "jsonl": ["tags", "who"]}[form]
    path = tmp_path / f"rows.{form}"
    chosen = rows.select("case", "kind", *KEPT, *more)
    {"parquet": chosen.write_parquet, "csv": chosen.write_csv, "jsonl": chosen.write_ndjson}[form](path)  # type: ignore[operator]
    keep = [word for name in (*KEPT, *more) for word in ("--keep", name)]
    draft = ["--edition", "2026-draft"] if form == "csv" else []

    said = [
        cli("batch", str(path), "--to", str(tmp_path / f"{engine}.csv"), "--engine", engine, *draft, *keep)
        for engine in ("polars", "duckdb")
    ]
    found = pl.read_csv(tmp_path / "polars.csv", infer_schema=False)

    assert [0, 0] == [status for status, _, _ in said]
    assert (tmp_path / "polars.csv").read_bytes() == (tmp_path / "duckdb.csv").read_bytes()
    assert "handed on as `kept_level`, since an answer has a column of that name" in " ".join(said[0][1].split())
    first = found.row(0, named=True)
    for name in KEPT[:-1]:
        told = {"level": "kept_level", "Level": "kept_kept_Level", "=x": "'=x"}.get(
            name, f"kept_{name}" if f"kept_{name}" in found.columns else name
        )
        assert first[told] == (f"'{name}1" if name.startswith("=") else f"{name}1")
    assert found["position"].to_list() == [None, "unknown"]
    assert {name: first[name] for name in more} == {name: {"tags": '["x","y"]', "who": '{"q":1}', "raw": "ff"}[name] for name in more}


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_no_cell_of_an_answer_is_a_formula(engine: str, tmp_path: Path, cli: Cli) -> None:
    formulas = ["=1", " =1", "\u00a0=1", "\u3000+1", "＝1", "＋1", "－1", "＠x", " ＝1", "\t@x", "\n-1", "\ufeff=1"]
    plain = ["1=1", "x =1", "|x", "x", "  x"]
    pl.DataFrame({"kind": ["collective"] * 17, "note": [*formulas, *plain]}).write_parquet(tmp_path / "rows.parquet")
    cli("batch", str(tmp_path / "rows.parquet"), "--to", str(tmp_path / "out.csv"), "--keep", "note", "--engine", engine, "--level-only")

    assert [*(f"'{text}" for text in formulas), *plain] == pl.read_csv(tmp_path / "out.csv", infer_schema=False)["note"].to_list()


def test_a_folder_is_read_without_what_is_written_there(tmp_path: Path, cli: Cli) -> None:
    (tmp_path / "a.csv").write_text("case,kind\na,collective\nb,collectiv\n", "utf-8")
    order = ["batch", str(tmp_path), "--to", str(tmp_path / "answers.csv"), "--rejects", str(tmp_path / "rejects.csv")]
    pattern = ["batch", str(tmp_path / "[a-o]*.csv"), *order[2:]]
    said = [cli(*one) for one in (order, order, pattern)]
    os.mkfifo(tmp_path / "pipe.csv")
    refused = cli(*order)

    assert [3, 3, 3] == [status for status, _, _ in said]
    assert 1 == len({out for _, out, _ in said})
    assert (3, "", True) == (refused[0], refused[1], "pipe.csv:1:1: PE880" in refused[2])


def _shell(command: str, folder: Path, given: bytes = b"") -> tuple[int, str, str]:
    program = f"{sys.executable} -m policy_engine"
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, input=given, capture_output=True, check=False, env={**os.environ, "PE": program}
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_a_pipe_is_a_file_like_another(tmp_path: Path) -> None:
    rows, told = b"case,kind\na,collective\n", "case,answer\na,decided_by_authority\n"
    (tmp_path / "rows.csv").write_bytes(rows)
    asked = "--from-format csv --to - --to-format csv --level-only --lang en"
    through = _shell(f"$PE batch - {asked}", tmp_path, rows)
    handed = _shell(f"$PE batch <(cat rows.csv) {asked}", tmp_path)
    one = _shell(f"$PE evaluate - --lang en --record records.jsonl < {CASE}", tmp_path)
    records = _shell("$PE record verify <(cat records.jsonl) && $PE replay - < records.jsonl", tmp_path)

    assert [(0, told), (0, told)] == [through[:2], handed[:2]]
    assert "rows in: 1; answers out: 1; refused: 0" in through[2]
    assert (0, True) == (one[0], "specialist-good" in one[1])
    assert (0, "") == (records[0], records[2])


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00\x01\r"), max_size=6)


def _read(content: bytes, folder: Path) -> tuple[pl.DataFrame, int]:
    path = folder / "rows.csv"
    path.write_bytes(content)
    form = form_of(str(path), "rows.csv", Headings([], ["a", "b", "c"]), ",")
    with closing(RowPlaces(str(folder / "places"))) as places:
        rows = rows_of(str(path), "rows.csv", form, 1, places, str(folder / "copy.csv"))
    names = [*form.headings, *([ODD] if rows.odd else [])]
    if not rows.total:
        return pl.DataFrame(schema=dict.fromkeys(names, pl.String())), rows.blank
    frame = pl.scan_csv(rows.path, has_header=False, skip_lines=rows.lines, schema=dict.fromkeys(names, pl.String())).collect()
    assert frame.height == rows.total
    return frame, rows.blank


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(st.tuples(TEXTS, TEXTS, TEXTS), max_size=6),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_what_a_program_wrote_is_what_is_read(
    rows: list[tuple[str, str, str]], end: str, quoting: Literal[0, 1], tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=end, quoting=quoting)
    writer.writerows([("a", "b", "c"), *rows])
    frame, blank = _read(text.getvalue().encode(), tmp_path_factory.mktemp("rows"))
    filled = [tuple(cell or None for cell in row) for row in rows if any(cell.strip(" \t\n") for cell in row)]

    assert filled == [tuple(cell or None for cell in row) for row in frame.select("a", "b", "c").rows()]
    assert ODD not in frame.columns or frame[ODD].null_count() == frame.height
    assert blank == len(rows) - len(filled)


@settings(max_examples=300, deadline=None)
@given(
    lines=st.lists(
        st.sampled_from([b"1,2,3", b'"1', b'x"', b'1,"2"x,3', b"\xff,2,3", b"1,2", b"1,2,3,4", b",,", b"", b'"1\n2",2,3', b'1,2,"']),
        max_size=8,
    )
)
def test_no_row_is_lost(lines: list[bytes], tmp_path_factory: pytest.TempPathFactory) -> None:
    try:
        frame, blank = _read(b"\n".join([b"a,b,c", *lines, b""]), tmp_path_factory.mktemp("rows"))
    except InputError:
        return  # nearly all of it was saved in another coding
    good = frame.filter(pl.col(ODD).is_null()) if ODD in frame.columns else frame
    taken = sum(cell.count("\n") for row in good.rows() for cell in row if cell)

    assert len(b"\n".join(lines).split(b"\n")) * bool(lines) == frame.height + blank + taken
