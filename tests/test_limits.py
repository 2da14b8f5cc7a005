"""How much is read of what a stranger sends: each limit of `docs/security.md` at the limit, and one past it; and how work grows."""

import json
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from policy_engine.errors import InputError
from policy_engine.language.grammar import MAX_CHARACTERS
from policy_engine.language.grammar import MAX_DEPTH as MAX_BRACKETS
from policy_engine.load import limits
from policy_engine.load.files import YAML, files_below
from policy_engine.load.yaml_events import MAX_DEPTH, MAX_NODES
from policy_engine.load.yaml_text import MAX_BYTES
from tests.bad_files import SAMPLE_CASE
from tests.build import ROOT, Cli
from tests.hostile import grows_evenly, soon
from tests.hostile_inputs import orchard_at

CASE = SAMPLE_CASE.read_text("utf-8")
PAGE = ROOT / "docs" / "security.md"


class Limit(NamedTuple):
    most: int
    make: Callable[[Path, int], object]
    command: tuple[str, ...]
    code: str


def _bytes(place: Path, size: int) -> None:
    (place / "case.yaml").write_text(CASE + "#" * (size - len(CASE.encode())), "utf-8")


def _deep(place: Path, size: int) -> None:
    (place / "case.yaml").write_text(f"{CASE}note: {'[' * (size - 1)}{']' * (size - 1)}\n", "utf-8")


def _values(place: Path, size: int) -> None:
    (place / "case.yaml").write_text("case: [" + "0," * (size - 3) + "]\n", "utf-8")


def _condition(text: str) -> Callable[[Path], None]:

    def put(place: Path) -> None:
        track = place / "book" / "orchard" / "track.yaml"
        track.write_text(track.read_text("utf-8").replace("apples_ripe > 0", json.dumps(text)), "utf-8")

    return put


def _long(place: Path, size: int) -> None:
    text = "apples_ripe > 0" + " or apples_ripe > 0" * ((size - 15) // 19)
    _condition(text.replace(">", ">" + " " * (size - len(text)), 1))(place)


def _bracketed(place: Path, size: int) -> None:
    _condition(f"{'(' * size}apples_ripe > 0{')' * size}")(place)


def _rulebook_files(place: Path, size: int) -> None:
    there = sum(1 for _ in (place / "book" / "orchard").rglob("*.yaml"))
    for number in range(size - there):
        (place / "book" / "orchard" / f"zz_{number}.yaml").write_text(f"facts:\n  spare_{number}: {{type: bool}}\n", "utf-8")


def _rulebook_bytes(place: Path, size: int) -> None:
    folder = place / "book" / "orchard"
    left = size - sum(path.stat().st_size for path in folder.rglob("*.yaml"))
    number = 0
    while left:
        head = f"track: track_{number}\n".encode()
        part = min(left, MAX_BYTES)
        (folder / f"zz_{number}.yaml").write_bytes(head[:part] + b"#" * max(part - len(head), 0))
        left, number = left - part, number + 1


def _editions(place: Path, size: int) -> None:
    for number in range(size - 1):
        (place / "book" / f"empty_{number}").mkdir()


def _columns(place: Path, size: int) -> None:
    names = ",".join(f"x{number}" for number in range(size - 2))
    (place / "rows.csv").write_text(f"apples_total,apples_ripe,{names}\n", "utf-8")


def _keys(place: Path, size: int) -> None:
    row = dict.fromkeys((f"x{number}" for number in range(size)), 1)
    (place / "rows.jsonl").write_text(json.dumps(row) + "\n", "utf-8")


def _row(place: Path, size: int) -> None:
    line = "a,2,1" + " " * (size - 7) + "\r\n"
    (place / "rows.csv").write_text(f"case,apples_total,apples_ripe\n{line}", "utf-8", newline="")


def _json_row(place: Path, size: int) -> None:
    line = '{"case": "a", "apples_total": 2, "apples_ripe": 1}'
    (place / "rows.jsonl").write_text(line + " " * (size - len(line) - 1) + "\n", "utf-8")


def _record(place: Path, size: int) -> None:
    (place / "chain.jsonl").write_bytes(b"x" * (size - 1) + b"\n")


BOOK = ("--rulebook", "book")
BATCH = ("--to", "out.csv", *BOOK)
LIMITS: Mapping[str, Limit] = {
    "bytes of a file": Limit(MAX_BYTES, _bytes, ("evaluate", "case.yaml", *BOOK), "PE102"),
    "nesting of a file": Limit(MAX_DEPTH, _deep, ("evaluate", "case.yaml", *BOOK), "PE103"),
    "values of a file": Limit(MAX_NODES, _values, ("evaluate", "case.yaml", *BOOK), "PE104"),
    "characters of a condition": Limit(MAX_CHARACTERS, _long, ("evaluate", "good.yaml", *BOOK), "PE306"),
    "nesting of a condition": Limit(MAX_BRACKETS, _bracketed, ("evaluate", "good.yaml", *BOOK), "PE306"),
    "files of an edition": Limit(limits.MAX_RULEBOOK_FILES, _rulebook_files, ("edition", "verify", *BOOK), "PE116"),
    "bytes of an edition": Limit(limits.MAX_RULEBOOK_BYTES, _rulebook_bytes, ("evaluate", "good.yaml", *BOOK), "PE116"),
    "folders of editions": Limit(limits.MAX_EDITIONS, _editions, ("edition", "list", *BOOK), "PE116"),
    "columns of a table": Limit(limits.MAX_COLUMNS, _columns, ("batch", "rows.csv", *BATCH), "PE118"),
    "keys of a line of JSON": Limit(limits.MAX_COLUMNS, _keys, ("batch", "rows.jsonl", *BATCH), "PE118"),
    "bytes of a row of CSV": Limit(limits.MAX_LINE, _row, ("batch", "rows.csv", *BATCH), "PE117"),
    "bytes of a line of JSON": Limit(limits.MAX_LINE, _json_row, ("batch", "rows.jsonl", *BATCH), "PE117"),
    "bytes of a record": Limit(limits.MAX_RECORD, _record, ("record", "verify", "chain.jsonl"), "PE117"),
}
FILES = "files of a folder"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    orchard_at(tmp_path)
    shutil.copyfile(SAMPLE_CASE, tmp_path / "good.yaml")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize("over", [0, 1])
def test_each_limit(name: str, over: int, place: Path, cli: Cli) -> None:
    limit = LIMITS[name]
    if "batch" in limit.command:
        pytest.importorskip("polars")
    limit.make(place, limit.most + over)
    with soon():
        code, out, err = cli(*limit.command)

    told = limit.code in out + err
    assert (told, told and code != 3) == (bool(over), False), (out + err)[:600]
    assert not (over and (place / "out.csv").exists() and limit.code != "PE118")


def test_files_of_a_folder(tmp_path: Path) -> None:
    for number in range(limits.MAX_FILES):
        (tmp_path / f"{number}.yaml").touch()

    assert limits.MAX_FILES == len(files_below(str(tmp_path), YAML, []))
    (tmp_path / "more.yaml").touch()
    with pytest.raises(InputError) as refused:
        files_below(str(tmp_path), YAML, [])
    assert ["PE116"] == [problem.code for problem in refused.value.problems]


def test_the_table_of_limits_is_the_table_of_tests() -> None:
    rows = re.findall(r"^\| ([a-zJCSVON ]+?) \| ([0-9,]+) \| \[(PE[0-9]{3})\]", PAGE.read_text("utf-8"), re.MULTILINE)
    listed = {name: (int(most.replace(",", "")), code) for name, most, code in rows}

    assert listed == {name: (one.most, one.code) for name, one in LIMITS.items()} | {FILES: (limits.MAX_FILES, "PE116")}


def _many_facts(place: Path, size: int) -> Callable[[], object]:
    book = place / f"book_{size}"
    shutil.copytree(place / "book", book)
    facts = book / "orchard" / "facts.yaml"
    more = "".join(f"\n  spare_{n}:\n    type: bool\n    asks: {{vi: x, en: x}}" for n in range(size))
    facts.write_text(facts.read_text("utf-8").rstrip() + more + "\n", "utf-8")
    return lambda: _run("evaluate", str(place / "good.yaml"), "--rulebook", str(book))


def _many_cases(place: Path, size: int) -> Callable[[], object]:
    folder = place / f"cases_{size}"
    folder.mkdir()
    for number in range(size):
        (folder / f"{number}.yaml").write_text(CASE.replace("basket", f"basket_{number}"), "utf-8")
    return lambda: _run("round", str(folder), *BOOK)


def _many_columns(place: Path, size: int) -> Callable[[], object]:
    path = place / f"rows_{size}.csv"
    path.write_text(",".join(f"x{number}" for number in range(size)) + "\n", "utf-8")
    return lambda: _run("batch", str(path), *BATCH)


def _run(*words: str) -> None:
    from policy_engine.cli.main import run

    run([*words, "--lang", "en"], "en")


@pytest.mark.parametrize("sort", [_many_facts, _many_cases, _many_columns])
def test_work_grows_evenly(sort: Callable[[Path, int], Callable[[], object]], place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if sort is _many_columns:
        pytest.importorskip("polars")
    large = sort(place, 120)
    large()  # what is held against a schema once is no part of the growth

    assert grows_evenly(sort(place, 60), large, 2)
    capsys.readouterr()
