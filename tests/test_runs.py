"""Runs in a file of records: one that was stopped is seen, one that is repeated too; what is whole stays, what is broken is kept."""

import fcntl
import gzip
import json
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from random import Random
from typing import IO
from zipfile import ZipFile

import pytest

from policy_engine.audit import chain
from policy_engine.audit.chain import START, BusyError, Head, Notice, append, sealed, verify
from policy_engine.audit.record import RecordedRun, run_id
from policy_engine.cli import record as recording
from policy_engine.cli.files import lines_of_records
from policy_engine.load.meaning import sha256_of
from tests.build import CASE, ROOT, Cli, lines_of
from tests.small_records import AT, newer, small

CASES = [str(path) for path in sorted((ROOT / "cases" / "2020" / "II.1" / "good").glob("*.yaml"))[:4]]
OLD = ROOT / "tests" / "fixtures" / "records-203f7de"
FORM_2 = ROOT / "tests" / "fixtures" / "records-05bcb2b" / "records.jsonl"
FORM_3 = ROOT / "tests" / "fixtures" / "records-f7f1567" / "records.jsonl.gz"
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
        if run := bare.get("run"):
            names.setdefault(run["id"], run_id(head.hash, RecordedRun(run["of"], bare["times"]["recorded_at"])))
            bare["run"] = {**run, "id": names[run["id"]]}
        sealed_line, head = sealed(bare, head)
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


def test_records_of_form_2_replay_with_what_they_show_of_lists(cli: Cli) -> None:
    """Of a question about a list form 2 shows how many items there are, and replays so."""
    path = FORM_2
    records = [json.loads(line) for line in path.read_bytes().splitlines()]
    lists = [
        trace["observed"] for record in records for trace in record["verdict"]["requirements"] if "count(shortcomings" in trace["condition"]
    ]
    verified = json.loads(cli("record", "verify", str(path), "--format", "json")[1])
    code, out, _ = cli("replay", str(path), "--format", "json")

    assert ({2}, {"[1]", "[2]"}) == ({record["record"] for record in records}, set(lists))
    assert ([], 0, 7) == (verified["faults"], code, json.loads(out)["same"])


def test_records_of_form_3_replay(cli: Cli) -> None:
    """Three runs of the commit before form 4, packed: single files, a round as it stood, and an edition that was asked for."""
    verified = json.loads(cli("record", "verify", str(FORM_3), "--format", "json")[1])
    code, out, _ = cli("replay", str(FORM_3), "--format", "json")

    data = json.loads(out)
    assert (49, 3, []) == (verified["records"], verified["runs"], verified["faults"])
    assert (0, 49, 49, []) == (code, data["records"], data["same"], data["chain_faults"])


@pytest.mark.parametrize("packed", ["", ".gz"])
def test_every_form_behind_every_other(path: Path, cli: Cli, packed: str) -> None:
    """Runs of forms 1, 2, 3 and 4 in one chain are whole, and a change of an old one is found; the edition of form 1 is not here."""
    path = path.with_suffix(f".jsonl{packed}")
    old = [(OLD / "records.jsonl").read_bytes(), FORM_2.read_bytes(), gzip.decompress(FORM_3.read_bytes())]
    lines = _chained([line for raw in old for line in raw.splitlines()])
    path.write_bytes(gzip.compress(b"".join(lines)) if packed else b"".join(lines))
    assert 0 == cli("evaluate", CASE, "--record", str(path))[0]
    forms = Counter(record["record"] for record in map(json.loads, _unpacked(path)))
    code, out, _ = cli("replay", str(path), "--format", "json")

    data = json.loads(out)
    assert {1: 11, 2: 7, 3: 49, 4: 1} == forms
    assert [] == json.loads(cli("record", "verify", str(path), "--format", "json")[1])["faults"]
    assert (1, 57, {"rulebook": 11}, []) == (code, data["same"], data["causes"], data["chain_faults"])
    for number in (0, 11, 18):
        changed = [line.replace(b'"outcome":"', b'"outcome":"x', 1) if place == number else line for place, line in enumerate(lines)]
        path.write_bytes(gzip.compress(b"".join(changed)) if packed else b"".join(changed))
        assert [(number + 1, "changed")] == _faults(_unpacked(path))[:1]


def _unpacked(path: Path) -> list[bytes]:
    return list(lines_of_records(str(path), ""))


@pytest.fixture
def packed(path: Path) -> Path:
    """Return a packed file of three runs, each a member."""
    path = path.with_suffix(".jsonl.gz")
    for number in range(3):
        _run(path, 2, first=2 * number)
    return path


def test_a_packed_file_only_grows(packed: Path, path: Path) -> None:
    """A run is a member of its own: no byte before it is touched, and the lines are those of a plain file."""
    before = packed.read_bytes()
    for file, last in ((packed, 8), (path, 8)):
        for first in range(0 if file == path else 6, last, 2):
            _run(file, 2, first=first)

    assert before == packed.read_bytes()[: len(before)]
    assert lines_of(path) == _unpacked(packed) == gzip.decompress(packed.read_bytes()).splitlines(keepends=True)
    assert [] == _faults(_unpacked(packed))


def test_a_packed_file_that_is_cut_is_broken(packed: Path) -> None:
    """Wherever it is cut but between runs: verify says so, what can be read stays, and the next run says it too and goes on behind it."""
    raw, lines = packed.read_bytes(), _unpacked(packed)
    ends = [len(raw), *(end for end in range(1, len(raw)) if not _damaged(packed, raw[:end]))]

    assert 3 == len(ends)
    for end in sorted({*range(1, len(raw), 97), *(end + 1 for end in ends[1:])}):
        packed.write_bytes(raw[:end])
        notices = list[Notice]()
        faults = _faults(_unpacked(packed))
        _run(packed, 2, LATER, first=6, say=notices.append)
        read = _unpacked(packed)
        assert "damaged" == faults[-1][1], end
        assert "torn" == notices[0].kind
        assert raw[:end].endswith(Path(f"{packed}.torn").read_bytes())
        assert lines[: len(read) - 2] == read[:-2]
        assert (["cut"] if len(read) % 2 else []) == [fault for _, fault in _faults(read)]
        Path(f"{packed}.torn").unlink()


def _damaged(path: Path, raw: bytes) -> bool:
    path.write_bytes(raw)
    return _unpacked(path)[-1:] == [b""]


def test_every_flipped_bit_of_a_packed_file_is_found_or_changes_nothing(packed: Path, cli: Cli) -> None:
    """What gzip keeps beside what is packed (flags, the time, the system) may say anything; all else is held by its check sum."""
    raw, lines, random = packed.read_bytes(), _unpacked(packed), Random(3)

    for place in range(0, len(raw), 3):
        packed.write_bytes(raw[:place] + bytes([raw[place] ^ (1 << random.randrange(8))]) + raw[place + 1 :])
        read = _unpacked(packed)
        assert read == lines or _faults(read), place
    packed.write_bytes(raw + b"\0\0")
    assert [(7, "damaged")] == _faults(_unpacked(packed))
    assert 2 == cli("evaluate", CASES[0], "--record", str(packed))[0]
    assert raw + b"\0\0" == packed.read_bytes()


@pytest.mark.parametrize("content", [bytes(1 << 24), b"\n" * (1 << 24)], ids=["one line", "empty lines"])
def test_a_bomb_is_put_down(path: Path, content: bytes) -> None:
    """What unpacks to far more than records do is not unpacked to its end, and tells no more faults than anyone reads."""
    path.write_bytes(gzip.compress(content))
    lines = _unpacked(path)

    assert b"" == lines[-1]
    assert len(b"".join(lines)) < 1 << 19
    assert 1 <= len(_faults(lines)) <= 100_000


ODD = (
    b"[]", b"[1e16]", b"[1e+16]", b"[1.5]", b"[1.0]", b"[99999999999999999999]", b"[-0]", b"[NaN]", b'["\\ud800"]', b'["\\u001f"]',
    b'["\\u001F"]', b'["\\/"]', b'["\\u0061"]', b'["\x7f"]', b'[{"b":1,"a":2}]', b'[{"a":1,"a":2}]', b'[{"a":1}]', b"[ ]", b"[true]",
    b'[{"\xf0\x9f\x98\x80":1,"\xef\xbf\xbd":1}]', b'[{"\xef\xbf\xbd":1,"\xf0\x9f\x98\x80":1}]', b"[" * 300 + b"]" * 300,
)  # fmt: skip
"""Lists as JSON's readers take them, and as its canonical form has them or not."""


def test_lines_are_read_alike_with_and_without_orjson(path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """What reads a long file quickly takes nothing that the standard library would not, where every digest was made anew."""
    pytest.importorskip("orjson")
    cli("evaluate", CASE, "--record", str(path))
    (line,) = lines_of(path)
    digest = b'"hash":"%s",' % json.loads(line)["hash"].encode()
    bare = [line.replace(b'"decided":[]', b'"decided":' + odd).replace(digest, b"") for odd in ODD]
    made = [one.replace(b'"libraries"', b'"hash":"sha256:%s","libraries"' % sha256_of((one[:-1],)).encode()) for one in bare]

    def faults(many: int) -> list[object]:
        monkeypatch.setattr(chain, "_MANY", many)
        return [[fault.fault for fault in verify([one]).faults] for one in made]

    assert faults(1) == faults(10**6)
    assert [[]] == faults(1)[:1]
    assert ["changed"] in faults(1)
