"""Replay: every recorded verdict comes out again to the byte, and one that does not is put down to what changed."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from policy_engine.audit.chain import START, Head, Verifier, sealed
from policy_engine.audit.form import contradictions
from policy_engine.audit.record import SCHEMAS, RecordedRun, run_id, slim
from policy_engine.audit.replay import Replayer, Tally, first_difference
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.load.library import Library
from policy_engine.load.meaning import canonical, sha256_of
from policy_engine.model.case import Case
from policy_engine.model.verdict import Verdict
from tests.build import GOOD, ROOT, ROUND, RULEBOOK, Cli, cells, records_of, table
from tests.editions.small import FOLDER, write_cases

Path_ = tuple[str | int, ...]
Record = dict[str, Any]
DECIDED = ROOT / "cases" / "2020" / "II.1.4" / "good" / "specialist-dossier.yaml"


YEAR: Mapping[str, Mapping[str, object]] = table("forged_records", "year")
"""A round with everything that one gives: a list and a level from other cases, decisions before and after the day, a finding."""


@pytest.fixture(scope="module")
def chains(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, list[Record]]:
    from policy_engine.cli.main import run

    folder = tmp_path_factory.mktemp("forged")
    orchard = str(FOLDER / "orchard")
    year = str(write_cases(folder / "year", YEAR))
    commands: Mapping[str, Sequence[str]] = {
        "round": ["round", year, "--as-of", "2020-12-25", "--rulebook", orchard],
        "one": ["evaluate", str(DECIDED)],
        "asked": ["evaluate", str(Path(year, "an.yaml")), "--edition", "orchard", "--rulebook", orchard],
    }
    for name, command in commands.items():
        assert run([*command, "--record", str(folder / name)], "en") == 0
    return {name: [json.loads(line) for line in (folder / name).read_bytes().splitlines()] for name in commands}


@pytest.fixture(scope="module")
def replayers() -> Mapping[str, Replayer]:
    orchard = Replayer(Library(str(FOLDER / "orchard")))
    return {"round": orchard, "one": Replayer(Library()), "asked": orchard}


def _chained(records: Sequence[Record], *, ids: bool = True) -> Iterator[bytes]:
    head, name = Head(0, START), ""
    for number, record in enumerate(records):
        bare = {key: value for key, value in record.items() if key not in {"sequence", "previous", "hash"}}
        if ids:
            name = name if number else run_id(head.hash, RecordedRun(record["run"]["of"], dict(record["times"]).get("recorded_at", "")))
            bare["run"] = {**bare["run"], "id": name}
        line, head = sealed(bare, head)
        yield line


def _fields(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    if path:
        yield path
    if isinstance(value, dict) and not (len(path) > 1 and path[0] == "verdict"):
        for key, child in value.items():
            yield from _fields(child, (*path, key))
    elif isinstance(value, list) and path[0] != "verdict":
        for place, child in enumerate(value):
            yield from _fields(child, (*path, place))


PLAUSIBLE: Mapping[str, Any] = {
    "status": {"draft": "issued", "issued": "draft"}, "level": {"good": "excellent", "excellent": "good"},
    "recorded_at": "1999-01-01T00:00:00+00:00", "engine": "9.9", "revision": START, "day": "2020-12-01", "decided_at": "2020-12-02",
    "as_of": "2020-12-26", "python": "2.7.1", "pyyaml": "1.0", "libyaml": "1.0", "simpleeval": "1.0", "jsonschema": "1.0",
}  # fmt: skip
"""What a forger would write: of the form that belongs there."""


def _forged(field: str, value: Any, record: Record) -> Any:
    if field == "asked":
        return None if value else record["edition"]
    if field in PLAUSIBLE:
        found = PLAUSIBLE[field]
        return found.get(value, "good") if isinstance(found, dict) else found
    kinds: Mapping[type, Callable[[Any], Any]] = {
        bool: lambda v: not v, int: lambda v: v + 1, str: lambda v: f"{v}x", list: lambda v: v[:-1] if v else ["x"],
        dict: lambda v: dict(list(v.items())[:-1]) if v else {"x": "x"}, type(None): lambda _: "x",
    }  # fmt: skip
    return kinds[type(value)](value)


def _changed(records: Sequence[Record], place: int, path: Path_) -> list[Record]:
    made = deepcopy(list(records))
    part: Any = made[place]
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = _forged(str(path[-1]), part[path[-1]], made[place])
    return made


def _name(path: Path_) -> str:
    return ".".join(str(key) for key in path if isinstance(key, str))


def _missed(records: Sequence[Record], replayer: Replayer, *, verify: bool) -> set[str]:
    missed: set[str] = set()
    for place, record in enumerate(records):
        for path in _fields({key: value for key, value in record.items() if key not in {"sequence", "previous", "hash"}}):
            lines = list(_chained(_changed(records, place, path), ids=path[0] != "run"))
            verifier = Verifier(contradictions if verify else None)
            read = [verifier.read(line) for line in lines]
            found = bool(verifier.faults)
            if not found and not verify:
                found = any(replayer.replay(one, number) is not None for number, one in enumerate(read) if one is not None)
            if not found:
                missed.add(_name(path))
    return missed


NAME = {"case.file": "how the file was called, which nothing else tells"}
SAYS = dict.fromkeys(
    ("case.given.findings.says", "case.given.findings.says.vi", "case.given.findings.says.en"),
    "sentences are left out of verdicts; the finding itself is held",
)
FREE = NAME | SAYS
"""Not found by a replay though one record alone says so: by field, why."""
OF_A_RUN = table("forged_records", "of_a_run")
SEALED = {"sealed": "an edition may be sealed after it was used; that one was sealed and is not any more is found"}
"""Not found where all records of a run say so, as where a run has one record: by field, why. The kept head finds them all."""


@pytest.mark.parametrize(("run", "free"), [("round", FREE), ("one", OF_A_RUN | SEALED), ("asked", OF_A_RUN)])
def test_a_changed_field_is_found_by_replay(
    chains: Mapping[str, list[Record]], replayers: Mapping[str, Replayer], run: str, free: Mapping[str, str]
) -> None:
    missed = _missed(chains[run], replayers[run], verify=False)

    assert missed == set(free)


def test_verify_finds_what_the_text_of_the_case_or_the_run_contradicts(
    chains: Mapping[str, list[Record]], replayers: Mapping[str, Replayer]
) -> None:  # fmt: skip
    held = {
        "case.name", "case.sha256", "case.text", "edition", "decided", "decided.by", "decided.day", "decided.reason", "times.decided_at",
        "case.given.facts", "case.given.gathered.level", "case.given.round", "case.given.as_of", "engine", "times.recorded_at",
    }  # fmt: skip
    assert held & _missed(chains["round"], replayers["round"], verify=True) == set()


pytestmark = pytest.mark.xdist_group("replay")
"""The records of every case are made once."""
CASES = sorted((ROOT / "cases" / "2020").glob("*/*/*.yaml"))[::3]
LEADER = "criteria/head-office-leader.yaml"
RECORDED: Mapping[str, tuple[str, ...]] = {
    "cases": ("evaluate", *map(str, CASES)),
    "round": ("round", ROUND),
    "round as it stood": ("round", ROUND, "--as-of", "2020-12-10"),
    "round before anything": ("round", ROUND, "--as-of", "2020-01-01"),
}
_RUN = "import sys; from policy_engine.cli.main import run; sys.exit(run(sys.argv[1:], 'en'))"


def _command(seed: int, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-c", _RUN, *arguments, "--lang", "en"], capture_output=True, check=False,
        env={**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    assert done.returncode in {0, 1}, done.stderr.decode()
    return done.returncode, done.stdout.decode()


def _replayed(cli: Cli, path: Path, *more: str) -> tuple[int, dict[str, Any]]:
    code, out, err = cli("replay", str(path), "--format", "json", *more)
    assert err == ""
    data: dict[str, Any] = json.loads(out)
    return code, data


def _chain(path: Path, records: list[dict[str, Any]]) -> Path:
    head, lines = Head(0, START), b""
    for record in records:
        line, head = sealed({key: value for key, value in record.items() if key not in {"sequence", "previous", "hash"}}, head)
        lines += line
    path.write_bytes(lines)
    return path


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text, old
    path.write_text(text.replace(old, new), "utf-8")


@pytest.fixture
def library(tmp_path: Path) -> Path:
    shutil.copytree(RULEBOOK / "2020", tmp_path / "lib" / "2020")
    return tmp_path / "lib"


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("good") / "records.jsonl"
    assert 0 == _command(0, "evaluate", str(GOOD), "--record", str(path))[0]
    return path


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("everything") / "records.jsonl"
    for arguments in RECORDED.values():
        assert 0 == _command(0, *arguments, "--record", str(path))[0]
    return path


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.sampled(2)
def test_every_recorded_case_comes_out_again_to_the_byte(everything: Path, seed: int) -> None:
    code, out = _command(seed, "replay", str(everything), "--format", "json")

    data = json.loads(out)
    count = len(records_of(everything))
    assert count >= len(CASES) + 3 * 40
    assert (0, count, count, {}, [], []) == (
        code, data["records"], data["same"], data["causes"], data["differences"], data["chain_faults"],
    )  # fmt: skip


def test_a_digest_is_that_of_the_whole_verdict(everything: Path) -> None:
    """It is put together from parts that are remembered; here it is taken of the whole at once, for every record that there is."""
    replayer = Replayer(Library())
    records = records_of(everything)
    wholes = (canonical(slim(replayer.verdict(record, replayer.library.edition(record["edition"])))) for record in records)

    assert [record["verdict"]["digest"] for record in records] == [f"sha256:{sha256_of((whole,))}" for whole in wholes]


def test_records_do_not_depend_on_the_order_of_sets(everything: Path, path: Path) -> None:
    for arguments in RECORDED.values():
        _command(1, *arguments, "--record", str(path))

    def timeless(record: dict[str, Any]) -> bytes:
        bare = {key: value for key, value in record.items() if key not in {"sequence", "previous", "hash"}}
        run = {**record["run"], "id": ""}  # it follows from the time
        return canonical({**bare, "run": run, "times": {**record["times"], "recorded_at": ""}})

    first, second = (list(map(timeless, records_of(file))) for file in (everything, path))

    assert [] == [number for number, pair in enumerate(zip(first, second, strict=True)) if pair[0] != pair[1]]


def test_a_raised_threshold_is_put_down_to_the_rulebook_with_the_first_step(good: Path, cli: Cli, library: Path) -> None:
    _replace(library / "2020" / LEADER, "value: 80%", "value: 99%")
    records = records_of(good)
    code, data = _replayed(cli, good, "--rulebook", str(library))

    differences = {one["case"]: one for one in data["differences"]}
    moved = {name: one for name, one in differences.items() if one["step"] != "revision"}
    assert (1, {"rulebook": len(records)}, len(records)) == (code, data["causes"], len(differences))
    assert moved
    assert all(one["step"].startswith("levels[good]") and "II.1.3.b/HTTNV" in one["citation"] for one in moved.values())
    assert all(records[0]["revision"] == one["recorded"] for name, one in differences.items() if name not in moved)


def test_a_changed_text_is_put_down_to_the_case(good: Path, tmp_path: Path, cli: Cli) -> None:
    records = records_of(good)
    assert "targets_completed: 16" in records[0]["case"]["text"]
    records[0]["case"]["text"] = records[0]["case"]["text"].replace("targets_completed: 16", "targets_completed: 20")
    code, data = _replayed(cli, _chain(tmp_path / "changed.jsonl", records))

    assert (1, {"case": 1}, len(records) - 1, []) == (code, data["causes"], data["same"], data["chain_faults"])
    (one,) = data["differences"]
    assert (1, records[0]["case"]["name"], "case", "case.sha256") == (one["line"], one["case"], one["cause"], one["step"])
    assert sha256_of((records[0]["case"]["text"].encode(),)) == one["found"]


def test_a_changed_verdict_is_found(good: Path, tmp_path: Path, cli: Cli) -> None:
    records = records_of(good)
    records[3]["verdict"] |= {"level": "excellent" if records[3]["verdict"]["level"] != "excellent" else "good"}
    code, data = _replayed(cli, _chain(tmp_path / "changed.jsonl", records))

    assert (1, [4]) == (code, [one["line"] for one in data["differences"]])
    assert "level" == data["differences"][0]["step"]


@pytest.mark.parametrize("change", ["schemas", "record"])
def test_other_schemas_are_put_down_to_the_schema(good: Path, tmp_path: Path, cli: Cli, change: str) -> None:
    records = records_of(good)
    if change == "schemas":
        records[1] |= {"schemas": {**SCHEMAS, "verdict": 0}, "verdict": {**records[1]["verdict"], "newer": None}}
    else:
        records[1] |= {"record": 5}
    code, data = _replayed(cli, _chain(tmp_path / "changed.jsonl", records))

    assert (1, {"schema": 1}, [2]) == (code, data["causes"], [one["line"] for one in data["differences"]])


def test_another_answer_is_put_down_to_the_engine(good: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Evaluator.evaluate

    def otherwise(self: Evaluator, case: Case) -> Verdict:
        verdict = whole(self, case)
        return verdict._replace(gap_possible=not verdict.gap_possible) if case.id == "chair-completed" else verdict

    monkeypatch.setattr(Evaluator, "evaluate", otherwise)
    code, data = _replayed(cli, good)

    assert (1, {"engine": 1}) == (code, data["causes"])
    (one,) = data["differences"]
    assert ("chair-completed", "gap_possible", "false", "true") == (one["case"], one["step"], one["recorded"], one["found"])


def test_what_drifts_is_named(good: Path, tmp_path: Path, cli: Cli) -> None:
    """A level, a criterion, a figure, a paper by its own name; and where only the digest tells, that is said."""
    records = records_of(good)
    verdict = records[0]["verdict"]
    criteria, papers = verdict["criteria"].splitlines(), verdict["requirements"].splitlines()
    first = criteria[0].split(" ")
    changes = {
        "level": ("level", "x"), f"levels[{verdict['levels'].split(' ')[0]}].outcome": ("levels", verdict["levels"].replace(" ", " x", 1)),
        f".criteria[{first[0]}].outcome": ("criteria", verdict["criteria"].replace(f" {first[1]}", " x", 1)),
        f"requirements[{papers[0].split(' ')[1]}].outcome": ("requirements", "\n".join(["x " + papers[0].split(" ", 1)[1], *papers[1:]])),
        "interpretations[0]": ("interpretations", ["x", *verdict["interpretations"][1:]]), "digest": ("digest", START),
        f"criteria[{len(criteria)}]": ("criteria", verdict["criteria"] + "\nx met"),
    }  # fmt: skip
    for step, (key, value) in changes.items():
        code, data = _replayed(cli, _chain(tmp_path / "changed.jsonl", [{**records[0], "verdict": {**verdict, key: value}}, *records[1:]]))
        (one,) = data["differences"]
        assert (1, "engine") == (code, one["cause"])
        assert one["step"].endswith(step)
        assert "x" in one["recorded"] or key == "digest"
    records[0]["verdict"] |= {"digest": START}
    for lang, words in (("en", "the digest of the whole verdict is not"), ("vi", "mã băm của toàn bộ kết quả thì khác")):
        assert words in " ".join(cli("replay", str(_chain(tmp_path / "changed.jsonl", records)), lang=lang)[1].split())


@pytest.mark.parametrize(
    ("cause", "lang", "words"),
    [
        ("rulebook", "en", "the rulebook is not the one that was recorded"), ("rulebook", "vi", "quy tắc"),
        ("case", "en", "the case is not the one that was recorded"), ("case", "vi", "hồ sơ"),
    ],
)  # fmt: skip
def test_a_difference_in_words(
    good: Path, tmp_path: Path, cli: Cli, library: Path, cause: str, lang: str, words: str
) -> None:  # fmt: skip
    records, more = records_of(good), ()
    if cause == "case":
        records[0]["case"]["text"] += "# more\n"
    else:
        _replace(library / "2020" / LEADER, "value: 80%", "value: 99%")
    where = ("--rulebook", str(library)) if cause == "rulebook" else more
    code, out, _ = cli("replay", str(_chain(tmp_path / "changed.jsonl", records)), *where, lang=lang)

    flat = " ".join(out.split())
    assert 1 == code
    assert words in flat
    assert records[0]["case"]["name"] in flat


@pytest.fixture
def raised(library: Path) -> Path:
    shutil.copytree(library / "2020", library / "2021")
    front = library / "2021" / "edition.yaml"
    _replace(front, 'edition: "2020"\nstatus: issued', 'edition: "2021"\nstatus: draft')
    _replace(library / "2021" / LEADER, "value: 80%", "value: 99%")
    return library


def test_each_move_is_what_both_editions_say(good: Path, cli: Cli, raised: Path) -> None:
    data = _replayed(cli, good, "--against", "2021", "--rulebook", str(raised))[1]
    verdicts = [
        json.loads(cli("evaluate", str(GOOD), "--edition", name, "--rulebook", str(raised), "--format", "json")[1])
        for name in ("2020", "2021")
    ]
    expected = {
        one["case"]: (one["level"], one["outcome"], other["level"], other["outcome"])
        for one, other in zip(verdicts[0], verdicts[1], strict=True)
        if (one["level"], one["outcome"]) != (other["level"], other["outcome"])
    }

    assert expected == {
        move["case"]: (move["before"], move["before_outcome"], move["after"], move["after_outcome"]) for move in data["moves"]
    }  # fmt: skip


def test_records_of_a_round_are_replayed_with_what_they_were_given(tmp_path: Path, cli: Cli) -> None:
    path = tmp_path / "records.jsonl"
    cli("round", ROUND, "--record", str(path))
    records = records_of(path)
    resting = [record for record in records if record["case"]["given"]["facts"]]
    for record in resting:
        record["case"]["given"]["facts"] = {}
    code, data = _replayed(cli, _chain(tmp_path / "changed.jsonl", records))

    moved = {one["case"] for one in data["differences"]}
    assert 1 == code
    assert moved
    assert {record["case"]["name"] for record in resting} >= moved


def test_how_much_is_told_does_not_grow(good: Path) -> None:
    records = records_of(good)
    tally = Tally(Replayer(Library()))
    for number in range(1500):
        tally.take({**records[0], "record": 9}, number)

    assert (1500, 1000, {"schema": 1500}) == (tally.records, len(tally.drifts), dict(tally.causes))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    cells("replay", "the_first_step_that_differs"),
)  # fmt: skip
def test_the_first_step_that_differs(before: Any, after: Any, expected: tuple[str, str, str, str]) -> None:
    assert expected == first_difference(before, after)
