"""Runs in a file of records: one that was stopped is seen, one that is repeated too; what is whole stays, what is broken is kept."""

import fcntl
import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import IO
from zipfile import ZipFile

import pytest

from policy_engine.audit import chain
from policy_engine.audit.chain import START, BusyError, Head, Notice, append, sealed, verify
from policy_engine.audit.record import RecordedRun, run_id
from policy_engine.cli import record as recording
from tests.build import CASE, ROOT, Cli, lines_of
from tests.small_records import AT, newer, small

CASES = [str(path) for path in sorted((ROOT / "cases" / "2020" / "II.1" / "good").glob("*.yaml"))[:4]]
OLD = ROOT / "tests" / "fixtures" / "records-203f7de"
LATER = "2021-02-01T00:00:00+00:00"


def _run(path: Path, count: int, at: str = AT, first: int = 0, say: Callable[[Notice], None] | None = None) -> Head:
    records = [newer(number, at) for number in range(first, first + count)]
    return append(str(path), records, RecordedRun(count, at), say or (lambda _: None))


def _faults(lines: Sequence[bytes]) -> list[tuple[int, str]]:
    return [(fault.line, fault.fault) for fault in verify(lines).faults]


def _chained(lines: Sequence[bytes]) -> list[bytes]:
    head, made, names = Head(0, START), list[bytes](), dict[str, str]()
    for line in lines:
        bare = {key: value for key, value in json.loads(line).items() if key not in {"sequence", "previous", "hash"}}
        run = bare["run"]
        names.setdefault(run["id"], run_id(head.hash, RecordedRun(run["of"], bare["times"]["recorded_at"])))
        sealed_line, head = sealed({**bare, "run": {**run, "id": names[run["id"]]}}, head)
        made.append(sealed_line)
    return made


def test_every_record_says_which_of_how_many_of_its_run_it_is(path: Path, cli: Cli) -> None:
    for files in (CASES, CASES[:1]):
        cli("evaluate", *files, "--record", str(path))
    records = [json.loads(line) for line in lines_of(path)]
    named = [record["run"] for record in records]

    assert [(1, 4), (2, 4), (3, 4), (4, 4), (1, 1)] == [(run["number"], run["of"]) for run in named]
    assert (1, 2) == (len({run["id"] for run in named[:4]}), len({run["id"] for run in named}))
    for first in (0, 4):
        run = RecordedRun(named[first]["of"], records[first]["times"]["recorded_at"])
        assert run_id(records[first]["previous"], run) == named[first]["id"]
    assert {"python", "pyyaml", "simpleeval", "jsonschema"} <= records[0]["libraries"].keys()
    assert version("simpleeval") == records[0]["libraries"]["simpleeval"]


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("kept", range(1, 4))
def test_a_cut_run_is_found_and_stays_visible(path: Path, cli: Cli, kept: int, lang: str) -> None:
    """Wherever a run stops, `record verify` says at which of how many, with 1; the next run goes on rightly and mends nothing."""
    notices = list[Notice]()
    _run(path, 4)
    path.write_bytes(b"".join(lines_of(path)[:kept]))
    before = cli("record", "verify", str(path), lang=lang)
    _run(path, 4, LATER, say=notices.append)
    after = json.loads(cli("record", "verify", str(path), "--format", "json")[1])
    replayed = cli("replay", str(path), "--format", "json")

    words = {"en": f"line {kept}: run cut at {kept} of 4: ", "vi": f"dòng {kept}: lần ghi bị cắt ngang ở {kept}/4: "}[lang]
    assert (1, words) == (before[0], before[1][: len(words)])
    assert [Notice("cut", kept, 4)] == notices
    assert [("cut", kept), ("run_twice", 2 * kept)] == [(fault["fault"], fault["line"]) for fault in after["faults"]]
    assert (kept + 4, 2, kept) == (after["records"], after["runs"], after["faults"][1]["details"]["number"])
    assert (1, after["faults"]) == (replayed[0], json.loads(replayed[1])["chain_faults"])


def _doubled(lines: list[bytes]) -> list[bytes]:
    return [*lines[:2], lines[1], *lines[2:]]


def _renumbered(lines: list[bytes]) -> list[bytes]:
    records = [json.loads(line) for line in _doubled(lines)]
    for number, record in enumerate(records, 1):
        record["run"] |= {"number": number, "of": len(records)}
    return [json.dumps(record).encode() for record in records]


FORGED: dict[str, tuple[Callable[[list[bytes]], list[bytes]], list[tuple[int, str]]]] = {
    "a record twice": (_doubled, [(3, "twice")]),
    "a record twice, and counted": (_renumbered, [(3, "twice")]),
    "a record left out": (lambda lines: [lines[0], *lines[2:]], [(2, "missing")]),
    "the first left out": (lambda lines: lines[1:], [(1, "missing")]),
    "the last left out": (lambda lines: lines[:-1], [(3, "cut")]),
    "swapped": (lambda lines: [lines[0], lines[2], lines[1], lines[3]], [(2, "missing"), (3, "twice")]),
    "none of it": (lambda lines: lines, []),
}  # fmt: skip
"""What is done to a run of four, the whole chain made anew afterwards; and what is told."""


@pytest.mark.parametrize("change", FORGED)
def test_a_run_whose_chain_was_made_anew_is_counted(path: Path, change: str) -> None:
    _run(path, 4)
    forge, faults = FORGED[change]

    assert faults == _faults(_chained(forge(lines_of(path))))


def test_a_run_that_is_repeated_is_seen(path: Path, cli: Cli) -> None:
    for count, first in ((3, 0), (1, 0), (3, 5), (3, 0)):
        _run(path, count, first=first)
    code, out, _ = cli("record", "verify", str(path))

    assert [(10, "run_twice")] == _faults(lines_of(path))
    assert (1, True) == (code, "line 10: recorded twice: run" in out and "from line 1 on (3 in all)" in out)


def test_a_whole_record_without_its_line_end_is_kept(path: Path, cli: Cli) -> None:
    cli("evaluate", *CASES, "--record", str(path))
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    told = _faults([*lines_of(path)])
    same = json.loads(cli("replay", str(path), "--format", "json")[1])["same"]
    code, _, err = cli("evaluate", CASES[0], "--record", str(path))

    assert ([(4, "unended")], 4) == (told, same)
    assert (0, True) == (code, "ended with a whole record without its line end" in err)
    assert whole == path.read_bytes()[: len(whole)]
    assert (5, []) == (len(lines_of(path)), _faults(lines_of(path)))
    assert not Path(f"{path}.torn").exists()


@pytest.mark.parametrize(("lang", "words"), [("en", "it was moved to {path}.torn"), ("vi", "đã được chuyển sang {path}.torn")])
def test_what_broke_off_is_moved_and_said(path: Path, cli: Cli, lang: str, words: str) -> None:
    cli("evaluate", *CASES, "--record", str(path))
    lines = lines_of(path)
    torn = lines[3][: len(lines[3]) // 2]
    path.write_bytes(b"".join(lines[:3]) + torn)
    code, _, err = cli("evaluate", CASES[0], "--record", str(path), lang=lang)

    assert (0, True) == (code, words.format(path=path) in err)
    assert torn + b"\n" == Path(f"{path}.torn").read_bytes()
    assert [(3, "cut")] == _faults(lines_of(path))


def _held(path: Path) -> IO[bytes]:
    file = path.open("ab")
    fcntl.flock(file, fcntl.LOCK_EX)
    return file


@pytest.mark.parametrize(("lang", "words"), [("en", "waiting for another run"), ("vi", "đang chờ một lần chạy khác")])
def test_waiting_ends(path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, lang: str, words: str) -> None:
    _run(path, 1)
    before = path.read_bytes()
    monkeypatch.setattr(recording, "append", partial(append, patience=0))
    with _held(path):
        code, out, err = cli("evaluate", CASE, "--record", str(path), lang=lang)
        with pytest.raises(BusyError):
            append(str(path), [small(1)], patience=0)

    assert (3, "", before) == (code, out, path.read_bytes())
    assert f"{path}:1:1: PE622 " in err
    assert words in err


def _full_after(count: int) -> Callable[..., None]:
    written: list[int] = []
    write: Callable[..., None] = vars(chain)["_write_all"]

    def full(file: IO[bytes], line: bytes) -> None:
        if len(written) == count:
            raise OSError(28, "No space left on device")
        written.append(1)
        write(file, line)

    return full


@pytest.mark.parametrize("room", [0, 3])
@pytest.mark.parametrize("lang", ["vi", "en"])
def test_a_full_disk_leaves_no_part_of_a_run(path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, room: int, lang: str) -> None:
    monkeypatch.setattr(chain, "_write_all", _full_after(room))
    code, out, err = cli("evaluate", *CASES, "--record", str(path), lang=lang)

    assert (3, "") == (code, out)
    assert f"{path}:1:1: PE886 " in err
    assert not path.exists()


@pytest.fixture
def recorded(path: Path, cli: Cli) -> Path:
    cli("evaluate", *CASES, "--record", str(path))
    return path


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    if shutil.which("ssh-keygen") is None:
        pytest.skip("there is no ssh-keygen here")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "key")], check=True)
    (folder / "signers").write_text(f"chief@office {(folder / 'key.pub').read_text('utf-8')}", "utf-8")
    return folder


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_the_line_for_the_minutes(recorded: Path, cli: Cli, lang: str) -> None:
    records = [json.loads(line) for line in lines_of(recorded)]
    counts = {"en": "4 records, 1 run;", "vi": "4 bản ghi, 1 lần ghi;"}[lang]
    code, out, err = cli("record", "head", str(recorded), lang=lang)
    data = json.loads(cli("record", "head", str(recorded), "--format", "json")[1])

    line, keep = out.splitlines()
    parts = (str(recorded), counts, records[0]["times"]["recorded_at"][:10], "2020", records[0]["revision"], records[-1]["hash"])
    assert (0, "") == (code, err)
    assert all(part in line for part in parts)
    assert f"policy-engine record verify {recorded} --head {records[-1]['hash']}" in keep
    assert (4, 1, records[-1]["hash"], 0, []) == tuple(data[key] for key in ("records", "runs", "head", "faults", "written"))
    assert [{"edition": "2020", "status": "issued", "revision": records[0]["revision"], "records": 4}] == data["editions"]


def test_a_signed_head_finds_what_was_cut_off(recorded: Path, keys: Path, cli: Cli) -> None:
    signing = ("--signers", str(keys / "signers"), "--identity", "chief@office")
    assert 0 == cli("record", "head", str(recorded), "--sign", str(keys / "key"))[0]
    head, lines = Path(f"{recorded}.head"), lines_of(recorded)

    good = cli("record", "verify", str(recorded), *signing)
    cli("evaluate", CASES[1], "--record", str(recorded))
    grown = json.loads(cli("record", "verify", str(recorded), *signing, "--format", "json")[1])
    stranger = cli("record", "verify", str(recorded), *signing[:3], "nobody@office")
    _run(short := recorded.parent / "short.jsonl", 2)
    cut = cli("record", "verify", str(short), "--head-file", str(head), *signing)
    head.write_text(head.read_text("utf-8").replace(json.loads(lines[-1])["hash"], json.loads(lines[0])["hash"]), "utf-8")
    changed = cli("record", "verify", str(recorded), *signing)

    assert (0, True, True) == (good[0], "Good" in good[1], "the kept head is in the chain" in good[1])
    assert (5, True, True, []) == (grown["records"], grown["head_found"], grown["signature_holds"], grown["faults"])
    assert (1, 1, 1) == (stranger[0], cut[0], changed[0])
    assert "the signature of the kept head is not good" in stranger[1]
    assert "is not in this chain" in cut[1]
    assert str(recorded.parent) not in head.read_text("utf-8")  # what is sent elsewhere names no folder of this computer


@pytest.fixture(scope="module")
def old_rulebook(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("old")
    with ZipFile(OLD / "rulebook.zip") as archive:
        archive.extractall(folder)
    return str(folder / "rulebook")


def test_old_records_verify_and_replay(old_rulebook: str, cli: Cli) -> None:
    path = str(OLD / "records.jsonl")
    verified = json.loads(cli("record", "verify", path, "--format", "json")[1])
    code, out, _ = cli("replay", path, "--rulebook", old_rulebook, "--format", "json")

    data = json.loads(out)
    assert (11, 0, []) == (verified["records"], verified["runs"], verified["faults"])
    assert (0, 11, 11, []) == (code, data["records"], data["same"], data["chain_faults"])


def test_records_of_form_2_replay_with_what_they_show_of_lists(cli: Cli, tmp_path: Path) -> None:
    """Of a question about a list form 2 shows how many items there are, and replays so; a new record shows the figure."""
    path = ROOT / "tests" / "fixtures" / "records-05bcb2b" / "records.jsonl"
    records = [json.loads(line) for line in path.read_bytes().splitlines()]
    lists = [
        trace["observed"] for record in records for trace in record["verdict"]["requirements"] if "count(shortcomings" in trace["condition"]
    ]
    new = tmp_path / "new.jsonl"
    case = tmp_path / "case.yaml"
    half = next(record["case"] for record in records if record["case"]["name"] == "shortcomings-half-recorded")
    case.write_text(half["text"], "utf-8")

    verified = json.loads(cli("record", "verify", str(path), "--format", "json")[1])
    code, out, _ = cli("replay", str(path), "--format", "json")
    cli("evaluate", str(case), "--record", str(new))
    again = json.loads(new.read_bytes())

    assert ({2}, {"[1]", "[2]"}) == ({record["record"] for record in records}, set(lists))
    assert ([], 0, 7) == (verified["faults"], code, json.loads(out)["same"])
    assert (3, ["?", "?", "1"]) == (
        again["record"],
        [t["observed"] for t in again["verdict"]["requirements"] if "count(" in t["condition"]],
    )
    assert "evidence" not in json.dumps(again["verdict"])
