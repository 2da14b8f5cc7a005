"""Files of records: what a record holds, that the chain only grows, and that nothing in it changes unseen."""

import json
import multiprocessing
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest
import rfc8785

from policy_engine.audit.chain import START, Head, append, sealed, verify
from policy_engine.audit.form import GROUPED, RECORD_SCHEMA
from policy_engine.audit.record import SCHEMAS
from policy_engine.load.library import Library
from policy_engine.load.meaning import canonical, sha256_of
from tests.build import CASE, GOOD, ROOT, ROUND, Cli, codes_in, lines_of, records_of, tuples
from tests.small_records import small

DECIDED = str(ROOT / "cases" / "2020" / "II.1.4" / "good" / "specialist-dossier.yaml")


def _chain(path: Path, count: int = 5) -> Head:
    return append(str(path), [small(number) for number in range(count)])


def _split(raw: bytes) -> list[bytes]:
    return [line + b"\n" for line in raw.split(b"\n")[:-1]] + ([raw.rsplit(b"\n", 1)[-1]] if not raw.endswith(b"\n") else [])


def _faults(lines: Sequence[bytes]) -> list[tuple[int, str]]:
    return [(fault.line, fault.fault) for fault in verify(lines).faults]


@pytest.fixture
def records(path: Path, cli: Cli) -> Path:
    files = [str(file) for file in sorted(GOOD.glob("*.yaml"))[:3]]
    assert 0 == cli("evaluate", *files, "--record", str(path))[0]
    return path


@pytest.mark.parametrize("command", [("evaluate", CASE), ("evaluate", str(GOOD)), ("round", ROUND)], ids=["one", "folder", "round"])
@pytest.mark.parametrize("form", ["text", "json", "markdown"])
@pytest.mark.sampled(3)
def test_recording_changes_no_answer(path: Path, cli: Cli, command: tuple[str, ...], form: str) -> None:
    before = cli(*command, "--format", form)
    code, out, err = cli(*command, "--format", form, "--record", str(path))

    head, count = verify(lines_of(path)).head, len(records_of(path))
    assert {"evaluate": {1, len(list(GOOD.glob("*.yaml")))}, "round": {len(list(Path(ROUND).glob("*/*.yaml")))}}[command[0]] >= {count}
    assert before[:2] == (code, out)
    assert before[2] + f"recorded in {path}: {count} record{'' if count == 1 else 's'}, head {head.hash}\n" == err
    assert (count, []) == (head.length, _faults(lines_of(path)))


def test_a_record_holds_all_that_is_needed(path: Path, cli: Cli) -> None:
    begin = datetime.now(UTC).replace(microsecond=0)
    cli("evaluate", DECIDED, "--record", str(path))

    (record,) = records_of(path)

    raw, edition = Path(DECIDED).read_bytes(), Library().edition("2020")
    assert (RECORD_SCHEMA, SCHEMAS) == (record["record"], record["schemas"])
    assert (raw, sha256_of((raw,)), DECIDED, None, None) == (
        record["case"]["text"].encode(), record["case"]["sha256"], record["case"]["file"], record["case"]["asked"], record["case"]["given"],
    )  # fmt: skip
    assert ("2020", "issued", edition.revision, version("policy-engine")) == tuple(
        record[key] for key in ("edition", "status", "revision", "engine")
    )
    assert (1, START) == (record["sequence"], record["previous"])
    recorded = datetime.fromisoformat(record["times"]["recorded_at"])
    assert timedelta(0) == recorded.utcoffset()
    assert begin <= recorded <= datetime.now(UTC)
    assert ["2020-01-01", "2020-12-31"] == record["times"]["period"]
    assert record["decided"] != []
    assert max(one["day"] for one in record["decided"]) == record["times"]["decided_at"]


def test_a_record_keeps_of_the_verdict_its_digest_and_what_a_reader_asks_for(cli: Cli, path: Path) -> None:
    """The digest is that of the whole verdict as `evaluate` prints it, in canonical form, without sentences and advice."""
    shown = json.loads(cli("evaluate", CASE, "--record", str(path), "--format", "json")[1])
    kept = records_of(path)[0]["verdict"]

    assert f"sha256:{sha256_of((rfc8785.dumps(_bare(shown)),))}" == kept.pop("digest")
    lines = {name: kept.pop(name).splitlines() for name in ("criteria", "levels", "figures", *GROUPED)}
    criteria = {c["id"]: f"{c['id']} {c['outcome']} {c['observed']}".rstrip() for one in shown["levels"] for c in one["criteria"]}
    assert list(criteria.values()) == lines["criteria"]
    assert [f"{one['level']} {one['outcome']}" for one in shown["levels"]] == lines["levels"]
    assert [f"{one['fact']} {str(one['value']).lower()}" for one in shown["deductions"]] == lines["figures"]
    shown["routes"] = [one for several in shown["routes"].values() for one in several]
    for name in GROUPED:
        concerning = {one["id"]: one["outcome"] for one in shown[name] if one["outcome"] != "not_applicable"}
        assert concerning == {one: outcome for outcome, *ids in map(str.split, lines[name]) for one in ids}
    assert {key: shown[key] for key in kept} == kept


@pytest.mark.parametrize("style", ["plain", "Windows", "no last line break", "byte order mark"])
def test_the_text_of_a_case_is_kept_to_the_byte(tmp_path: Path, cli: Cli, style: str) -> None:
    raw = Path(CASE).read_bytes()
    changed = {
        "plain": raw, "Windows": raw.replace(b"\n", b"\r\n"), "no last line break": raw.rstrip(b"\n"),
        "byte order mark": b"\xef\xbb\xbf" + raw,
    }[style]  # fmt: skip
    file, path = tmp_path / "case.yaml", tmp_path / "records.jsonl"
    file.write_bytes(changed)

    assert 0 == cli("evaluate", str(file), "--record", str(path))[0]
    (record,) = records_of(path)
    assert sha256_of((changed,)) == record["case"]["sha256"]
    assert record["case"]["sha256"] == sha256_of((record["case"]["text"].encode(),))
    assert (0, 1) == (cli("replay", str(path))[0], json.loads(cli("replay", str(path), "--format", "json")[1])["same"])


@pytest.mark.parametrize("as_of", [None, "2020-12-01"])
def test_a_round_is_recorded_with_what_it_gave(path: Path, cli: Cli, as_of: str | None) -> None:
    more = ("--as-of", as_of) if as_of else ()
    shown = json.loads(cli("round", ROUND, "--record", str(path), "--format", "json", *more)[1])
    records = {record["case"]["name"]: record for record in records_of(path)}

    given = {name: record["case"]["given"] for name, record in records.items()}
    verdicts = {verdict["case"]: verdict for verdict in shown["cases"]}
    assert verdicts.keys() == records.keys()
    assert {("Công đoàn TKV 2020 (minh họa)", as_of)} == {(one["round"], one["as_of"]) for one in given.values()}
    assert all(given[name]["gathered"] == verdicts[name]["gathered"] for name in given)
    assert all({one["fact"] for one in given[name]["gathered"]} >= given[name]["facts"].keys() for name in given)
    assert any(one["facts"] for one in given.values())
    assert any(one["gathered"] for one in given.values())
    assert all(Path(record["case"]["file"]).read_bytes().decode() == record["case"]["text"] for record in records.values())


def test_recording_again_continues_the_chain(records: Path, cli: Cli) -> None:
    before = records.read_bytes()
    cli("evaluate", CASE, "--record", str(records))
    cli("round", ROUND, "--record", str(records))
    after = records_of(records)

    assert before == records.read_bytes()[: len(before)]
    assert list(range(1, len(after) + 1)) == [record["sequence"] for record in after]
    assert [START, *(record["hash"] for record in after[:-1])] == [record["previous"] for record in after]
    assert (0, []) == (cli("record", "verify", str(records))[0], _faults(lines_of(records)))


def test_every_place_to_tear_a_line_is_mended(path: Path) -> None:
    _chain(path, 2)
    raw = path.read_bytes()
    first = raw.index(b"\n") + 1

    for end in range(first, len(raw) - 1):  # a line that lacks its end alone is whole, and stays (`tests/test_runs.py`)
        path.write_bytes(raw[:end])
        append(str(path), [small(7)])
        assert raw[:first] == path.read_bytes()[:first]
        assert (2, []) == (verify(lines_of(path)).head.length, _faults(lines_of(path)))


def _write_many(path: str, writer: int, count: int) -> None:
    for number in range(count):
        append(path, [small(number, f"{writer}-{number}")])


def test_two_writers_at_once_give_one_whole_chain(path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_many, args=(str(path), writer, 20)) for writer in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    names = [record["case"]["name"] for record in records_of(path)]

    assert ([0, 0], []) == ([writer.exitcode for writer in writers], _faults(lines_of(path)))
    assert [[f"{w}-{n}" for n in range(20)] for w in range(2)] == [[n for n in names if n.startswith(f"{w}-")] for w in range(2)]
    assert len(names) == 40


def test_every_flipped_bit_is_found(path: Path) -> None:
    _chain(path, 4)
    raw, random = path.read_bytes(), Random(4)
    starts = [place for place, byte in enumerate(raw) if byte == 10]

    for place in range(len(raw)):
        flipped = raw[:place] + bytes([raw[place] ^ (1 << random.randrange(8))]) + raw[place + 1 :]
        faults = _faults(_split(flipped))

        line = sum(start < place for start in starts) + 1
        assert faults, (place, flipped[max(place - 10, 0) : place + 10])
        assert min(number for number, _ in faults) in {line, line + 1}


def _flip(line: bytes, place: int, random: Random) -> bytes:
    return line[:place] + bytes([line[place] ^ (1 << random.randrange(8))]) + line[place + 1 :]


def _reversed(line: bytes) -> bytes:
    record: dict[str, Any] = json.loads(line)
    return json.dumps({key: record[key] for key in reversed(list(record))}, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def _moved(lines: list[bytes]) -> dict[str, list[bytes]]:
    made, _ = sealed(small(77), Head(2, json.loads(lines[1])["hash"]))
    return {
        "removed first": lines[1:],
        "removed": [*lines[:2], *lines[3:]],
        "swapped": [lines[0], lines[2], lines[1], *lines[3:]],
        "swapped last": [*lines[:-2], lines[-1], lines[-2]],
        "twice": [*lines[:3], *lines[2:]],
        "last twice": [*lines, lines[-1]],
        "inserted": [*lines[:2], made, *lines[2:]],
        "inserted empty": [*lines[:2], b"\n", *lines[2:]],
        "inserted foreign": [*lines[:2], b'{"a":1}\n', *lines[2:]],
        "reversed": lines[::-1],
        "two in one line": [lines[0][:-1] + lines[1], *lines[2:]],
        "line end of Windows": [lines[0], lines[1][:-1] + b"\r\n", *lines[2:]],
        "spaced": [lines[0], lines[1].replace(b'":', b'": ', 1), *lines[2:]],
        "keys in another order": [lines[0], _reversed(lines[1]), *lines[2:]],
        "escaped": [lines[0], lines[1].replace("ồ".encode(), b"\\u1ed3", 1), *lines[2:]],
        "key twice": [lines[0], lines[1].replace(b'{"case"', b'{"n":1,"case"', 1), *lines[2:]],
        "byte order mark": [b"\xef\xbb\xbf" + lines[0], *lines[1:]],
    }  # fmt: skip


MOVES = _moved([sealed(small(number), Head(number, START))[0] for number in range(5)])


@pytest.mark.parametrize("change", MOVES)
def test_a_moved_line_is_found(path: Path, cli: Cli, change: str) -> None:
    _chain(path)
    path.write_bytes(b"".join(_moved(lines_of(path))[change]))
    code, out, err = cli("record", "verify", str(path))
    data = json.loads(cli("record", "verify", str(path), "--format", "json")[1])

    assert (1, "") == (code, err)
    assert data["faults"]
    assert len(out.splitlines()) == len(data["faults"]) + 1


def test_who_chains_everything_anew_is_found_only_by_the_head(path: Path, cli: Cli) -> None:
    kept = _chain(path)
    records, head = records_of(path), Head(0, START)
    records[2]["verdict"]["list"] = []
    lines: list[bytes] = []
    for record in records:
        line, head = sealed({key: value for key, value in record.items() if key not in {"sequence", "previous", "hash"}}, head)
        lines.append(line)
    path.write_bytes(b"".join(lines))

    assert 0 == cli("record", "verify", str(path))[0]
    assert 1 == cli("record", "verify", str(path), "--head", kept.hash)[0]


@pytest.mark.parametrize("kept", range(1, 6))
def test_a_cut_off_end_is_found_with_the_head_alone(path: Path, cli: Cli, kept: int) -> None:
    head = _chain(path, 6).hash
    path.write_bytes(b"".join(lines_of(path)[:kept]))
    code, out, _ = cli("record", "verify", str(path), "--head", head)
    data = json.loads(cli("record", "verify", str(path), "--head", head, "--format", "json")[1])

    assert (0, 1, True) == (cli("record", "verify", str(path))[0], code, head in out)
    assert (False, [], kept) == (data["head_found"], data["faults"], data["records"])


@pytest.mark.parametrize("command", [("record", "verify"), ("replay",)])
@pytest.mark.parametrize(("make", "told"), [(Path.touch, "PE611"), (Path.exists, "PE114"), (Path.mkdir, "PE114")])
def test_a_file_that_holds_nothing_is_bad_input(
    path: Path, cli: Cli, command: tuple[str, ...], make: Callable[[Path], object], told: str
) -> None:
    make(path)
    code, out, err = cli(*command, str(path))

    assert (3, "", [told]) == (code, out, codes_in(err))


FOREIGN = {
    "text": b"hello\n", "list": b"[]\n", "number": b"1\n", "null": b"null\n", "object": b'{"a":1}\n', "hash": b'{"hash":"x"}\n',
    "hash of another kind": b'{"hash":1}\n', "not UTF-8": b"\xff\xfe\n", "zeros": b"\0\0\0\n", "blank lines": b"\n\n\n",
    "deep": b"[" * 100_000 + b"\n",
    "case of another kind": b'{"hash":"x","case":[]}\n', "long number": b'{"hash":"x","n":' + b"9" * 5000 + b"}\n",
}  # fmt: skip
ODD_VALUES = {
    "half a letter": b'"\\ud800"', "deep list": b"[" * 900 + b"]" * 900, "very deep list": b"[" * 200_000 + b"]" * 200_000,
    "no number": b"NaN", "no number beside a face": '["\U0001f600",NaN]'.encode(), "endless": b"-Infinity",
    "great number beside a face": '["\U0001f600",99999999999999999999]'.encode(), "fraction beside a face": '["\U0001f600",1.5]'.encode(),
    "half a letter as a key": b'{"\\udfff":1}', "key twice": b'{"a":1,"a":2}',
}  # fmt: skip
"""Values that JSON's readers take, and its canonical form does not have."""


def _with(value: bytes, key: str = "odd") -> bytes:
    line, _ = sealed(small(1), Head(0, START))
    text = {k: v for k, v in json.loads(line).items() if k != key}
    return json.dumps(text, ensure_ascii=False).encode()[:-1] + b',"' + key.encode() + b'":' + value + b"}\n"


@pytest.mark.parametrize("kind", [*FOREIGN, *ODD_VALUES])
@pytest.mark.parametrize(
    "command", [("record", "verify"), ("replay",), ("replay", "--against", "2020")], ids=["verify", "replay", "against"]
)
def test_a_line_that_is_no_record_is_told_and_no_fault_of_the_engine(path: Path, cli: Cli, command: tuple[str, ...], kind: str) -> None:
    path.write_bytes(FOREIGN.get(kind) or _with(ODD_VALUES[kind]))
    code, out, err = cli(*command, str(path), "--format", "json")

    assert (1, "") == (code, err)
    assert json.loads(out)["faults" if command[0] == "record" else "chain_faults"][0]["line"] == 1


ODD_PARTS = {
    "edition a list": ("edition", b"[]"), "edition a number": ("edition", b"2020"), "edition nothing": ("edition", b"null"),
    "verdict a list": ("verdict", b"[]"), "verdict nothing": ("verdict", b"null"), "verdict a text": ("verdict", b'"x"'),
    "schemas nothing": ("schemas", b"null"), "revision a number": ("revision", b"1"), "record a list": ("record", b"[]"),
    "sequence a text": ("sequence", b'"x"'), "sequence below nothing": ("sequence", b"-1"), "previous nothing": ("previous", b"null"),
}  # fmt: skip
ODD_GIVEN: Mapping[str, Any] = {
    "a list": [], "a text": "x", "nothing in it": {}, "no day": {"round": "x", "as_of": "x", "facts": {}, "gathered": [], "findings": []},
    "facts a list": {"round": "x", "as_of": None, "facts": [], "gathered": [], "findings": []},
    "gathered too much": {"round": "x", "as_of": None, "facts": {}, "gathered": [{"x": 1}], "findings": []},
    "finding without parts": {"round": "x", "as_of": None, "facts": {}, "gathered": [], "findings": [{}]},
    "a fact of another kind": {"round": "x", "as_of": None, "facts": {"subordinates": 1}, "gathered": [], "findings": []},
}  # fmt: skip


@pytest.mark.parametrize("part", [*ODD_PARTS, *ODD_GIVEN])
@pytest.mark.parametrize("against", [(), ("--against", "2020")], ids=["own", "against"])
def test_a_record_with_an_odd_part_is_no_fault_of_the_engine(records: Path, cli: Cli, part: str, against: tuple[str, ...]) -> None:
    lines = lines_of(records)
    changed = json.loads(lines[1])
    if part in ODD_PARTS:
        changed[ODD_PARTS[part][0]] = json.loads(ODD_PARTS[part][1])
    else:
        changed["case"]["given"] = ODD_GIVEN[part]
    records.write_bytes(lines[0] + canonical(changed) + b"\n" + lines[2])
    code, out, err = cli("replay", str(records), "--format", "json", *against)

    assert (1, "") == (code, err)
    assert json.loads(out)["chain_faults"]


def test_no_flipped_bit_is_a_fault_of_the_engine(records: Path, cli: Cli) -> None:
    raw, random = lines_of(records)[0], Random(6)

    for place in range(0, len(raw) - 1, 631):
        records.write_bytes(_flip(raw, place, random))
        code, out, _ = cli("replay", str(records), "--format", "json")
        assert (1, True) == (code, bool(json.loads(out)["chain_faults"])), place


@pytest.mark.parametrize("kind", ["text", "list", "number", "null", "object", "hash", "not UTF-8", "blank lines"])
def test_a_foreign_file_is_not_appended_to(tmp_path: Path, cli: Cli, kind: str) -> None:
    """A file whose last line is no record is left to the byte; wrong usage, exit code 2, and no verdict is printed unrecorded."""
    path = tmp_path / "foreign.jsonl"
    path.write_bytes(FOREIGN[kind])
    code, out, err = cli("evaluate", CASE, "--record", str(path))

    assert (2, "", FOREIGN[kind]) == (code, out, path.read_bytes())
    assert str(path) in err


def _children(value: Any) -> list[tuple[str | int, Any]]:
    if isinstance(value, dict):
        return list(cast("dict[str, Any]", value).items())
    return [(place, child) for place, child in enumerate(cast("Any", value))] if isinstance(value, list) else []


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        left_out = {"says", "label", "advice", "notice", "sealed", "evidence"}
        return {key: _bare(child) for key, child in _children(cast("Any", value)) if key not in left_out}
    return [_bare(child) for _, child in _children(cast("Any", value))] if isinstance(value, list) else value


VERIFIED = tuples("records", "verified")


@pytest.mark.parametrize("lang", VERIFIED)
def test_verify_says_what_the_end_was_held_against(path: Path, cli: Cli, lang: str) -> None:
    """One fault is no faults; where no kept head is asked for it is said, since the chain alone does not see a cut tail (F16)."""
    assert cli("evaluate", CASE, "--record", str(path))[0] == 0
    assert cli("evaluate", CASE, "--record", str(path))[0] == 0
    head = json.loads(path.read_bytes().splitlines()[-1])["hash"]
    path.write_bytes(path.read_bytes().replace(b'"outcome":"classified"', b'"outcome":"clarified"', 1))

    plain, kept, lost = VERIFIED[lang]
    assert plain in cli("record", "verify", str(path), lang=lang)[1]
    assert kept in cli("record", "verify", str(path), "--head", head, lang=lang)[1]
    assert lost in cli("record", "verify", str(path), "--head", "sha256:0", lang=lang)[1]
