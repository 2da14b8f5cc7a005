"""Every command that writes, stopped at any step, on a full disk, where nothing may be written: all or nothing, and nothing left behind."""

import contextlib
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from policy_engine.load.files import held_folder
from policy_engine.load.limits import BEING_WRITTEN
from tests.bad_files import SAMPLE_CASE
from tests.build import ROOT, tuples
from tests.hostile_inputs import orchard_at

CASES = 6
ROWS = 400

_STOP_AT = """
import os, sys
stop, number = int(sys.argv[1]), int(sys.argv[2])
names = ("beside.py", "files.py", "chain.py", "new_edition.py", "seal.py", "writing.py", "shutil.py", "tempfile.py", "recording.py")
seen = 0
def count(frame, event, argument):
    global seen
    if event == "c_call" and os.path.basename(frame.f_code.co_filename) in names:
        seen += 1
        if seen == stop:
            sys.setprofile(None)
            os.kill(os.getpid(), number)
from policy_engine.cli import main
leave = main._leave
def left(code):
    sys.setprofile(None)
    if not stop:
        os.write(2, f"steps {seen}\\n".encode())
    leave(code)
main._leave = left
sys.setprofile(count)
main.main(sys.argv[3:])
"""


class Writer(NamedTuple):
    words: tuple[str, ...]
    again: tuple[int, ...] = (0,)
    """How the same command may end when it is run once more."""


WRITERS: Mapping[str, Writer] = {key: Writer(*row) for key, row in tuples("writers", "writers").items()}


def prepared(place: Path) -> Path:
    orchard_at(place)
    (place / "cases").mkdir()
    (place / "untidy").mkdir()
    (place / "tmp").mkdir()
    for number in range(CASES):
        text = SAMPLE_CASE.read_text("utf-8").replace("basket", f"basket_{number}")
        (place / "cases" / f"case_{number}.yaml").write_text(text, "utf-8")
        (place / "untidy" / f"case_{number}.yaml").write_text(text.replace(":", ":   ") + "\n\n\n", "utf-8")
    rows = "".join(f"c{n},{n + 4},{n}\n" for n in range(ROWS))
    (place / "rows.csv").write_text(f"case,apples_total,apples_ripe\n{rows}bad,x,2\n", "utf-8")
    (place / "answers.csv").write_text("old answers\n", "utf-8")
    (place / "rejects.csv").write_text("old rejects\n", "utf-8")
    for name in ("record", "edition seal"):
        assert 0 == ran(place, WRITERS[name].words)[0]
    return place


def environment(place: Path) -> dict[str, str]:
    return os.environ | {"TMPDIR": str(place / "tmp"), "POLARS_MAX_THREADS": "1", "PYTHONPATH": str(ROOT), "LANGUAGE": "en"}


def ran(place: Path, words: Sequence[str], stop: int = 0, number: int = 9, *, most: int = 0) -> tuple[int, str]:

    def limit() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under `nohup` it is ignored, and a run heeds that
        if most:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    program = [sys.executable, "-c", _STOP_AT, str(stop), str(number), *words, "--lang", "en"]
    done = subprocess.run(program, cwd=place, env=environment(place), capture_output=True, text=True, check=False, preexec_fn=limit)
    return done.returncode, done.stderr


def steps(place: Path, name: str) -> int:
    code, err = ran(place, WRITERS[name].words)
    assert code in WRITERS[name].again, err
    return int(err.rsplit("steps ", 1)[1])


def drawn(count: int, most: int, seed: str) -> list[int]:
    chance = random.Random(seed)
    return sorted({most, *(chance.randrange(1, most + 1) for _ in range(count - 1))})


def contents(place: Path) -> dict[str, bytes]:
    found = (path for path in sorted(place.rglob("*")) if path.is_file() and not is_temporary(path.relative_to(place)))
    return {str(path.relative_to(place)): path.read_bytes() for path in found}


def is_temporary(path: Path) -> bool:
    return path.parts[0] == "tmp" or any(part.startswith(".policy-engine-") for part in path.parts)


def left_behind(place: Path) -> list[str]:
    return [str(path) for path in place.rglob("*") if path.name != "tmp" and is_temporary(path.relative_to(place))]


def half_done(before: Mapping[str, bytes], after: Mapping[str, bytes], whole: Mapping[str, bytes]) -> list[str]:
    found: list[str] = []
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if name == "chain.jsonl":
            if not (old is not None and new is not None and new.startswith(old) and _is_chain(new)):
                found.append(name)
        elif new != old and (new is None or new != whole.get(name)):
            found.append(name)
    return found


def _is_chain(raw: bytes) -> bool:
    records = [json.loads(line) for line in raw.splitlines()]
    return raw.endswith(b"\n") and all(later["previous"] == earlier["hash"] for earlier, later in pairwise(records))


pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals and limits of Unix")


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("polars")
    return prepared(tmp_path_factory.mktemp("writers") / "sound")


@pytest.fixture(scope="module")
def whole(sound: Path) -> dict[str, tuple[dict[str, bytes], int]]:
    found: dict[str, tuple[dict[str, bytes], int]] = {}
    for name in WRITERS:
        place = _copy(sound, f"whole-{name}")
        taken = steps(place, name)
        found[name] = contents(place), taken
    return found


def _copy(sound: Path, name: str) -> Path:
    place = sound.with_name(name.replace(" ", "_"))
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(sound, place)
    return place


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.sampled(2)
def test_a_kill_at_any_step(name: str, sound: Path, whole: dict[str, tuple[dict[str, bytes], int]], request: pytest.FixtureRequest) -> None:
    """`kill -9` leaves every file whole, old or new; the next run goes on rightly, and takes away what the killed one left."""
    count = 50 if request.config.getoption("--long") else 3

    before, (done, most) = contents(sound), whole[name]
    for step in drawn(count, most, name):
        place = _copy(sound, f"killed-{name}")
        assert -signal.SIGKILL == ran(place, WRITERS[name].words, step)[0], step
        assert half_done(before, contents(place), done) == [], step
        code, err = ran(place, WRITERS[name].words)
        assert code in WRITERS[name].again, (step, err)
        assert half_done(before, contents(place), done) == [], step
        assert left_behind(place) == [], step
        shutil.rmtree(place)


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("round --record", signal.SIGINT), ("round --record", signal.SIGTERM), ("batch", signal.SIGINT), ("edition new", signal.SIGTERM),
        ("fmt", signal.SIGHUP),
    ],
)  # fmt: skip
def test_a_signal_at_any_step(
    name: str, number: signal.Signals, sound: Path, whole: dict[str, tuple[dict[str, bytes], int]], request: pytest.FixtureRequest
) -> None:
    """Whoever stops a run is told so, with the documented code; nothing is half done, and nothing is left behind at once."""
    count = 20 if request.config.getoption("--long") else 1

    before, (done, most) = contents(sound), whole[name]
    for step in drawn(count, most - 3, f"{name} {number}"):
        place = _copy(sound, f"stopped-{name}")
        code, err = ran(place, WRITERS[name].words, step, number)
        assert (128 + number, 1) == (code, err.count(f"stopped before the end ({number.name})")), (step, err)
        assert "Traceback" not in err
        assert half_done(before, contents(place), done) == [], step
        assert left_behind(place) == [], step


def test_a_stopped_round_records_nothing(sound: Path) -> None:
    before = (sound / "chain.jsonl").read_bytes()
    place = _copy(sound, "stopped-chain")
    chain = {
        step: (ran(place, WRITERS["round --record"].words, step, signal.SIGINT)[0], (place / "chain.jsonl").read_bytes())
        for step in (60, 90, 120)
    }

    assert chain == dict.fromkeys(chain, (130, before))


@pytest.mark.parametrize("most", [0, 100])
@pytest.mark.parametrize("name", ["round --record", "batch", "edition new", "fmt", "new-case"])
@pytest.mark.sampled(2)
def test_a_full_disk(name: str, most: int, sound: Path) -> None:
    with _small_disk(sound, most) as (place, limit):
        before = contents(place)

        code, err = ran(place, WRITERS[name].words, most=limit)

        assert (3, True, False) == (code, "PE886 this cannot be written: " in err, "Traceback" in err), err
        assert before == contents(place)
        assert left_behind(place) == []


@contextlib.contextmanager
def _small_disk(sound: Path, most: int) -> Iterator[tuple[Path, int]]:
    if most:
        yield _copy(sound, "limited"), most
        return
    with _mounted("-t", "tmpfs", "-o", "size=512k", "tmpfs") as disk:
        place = disk / "place"
        shutil.copytree(sound, place)
        filler = os.open(disk / "filler", os.O_WRONLY | os.O_CREAT)
        with contextlib.suppress(OSError):
            while os.write(filler, b"x" * 512):
                pass
        os.close(filler)
        yield place, 0


@contextlib.contextmanager
def _mounted(*words: str) -> Iterator[Path]:
    folder = tempfile.mkdtemp()
    if _did("mount", *words, folder):
        os.rmdir(folder)
        pytest.skip("mounting needs rights that this run does not have")
    try:
        yield Path(folder)
    finally:
        _did("umount", "-l", folder)
        os.rmdir(folder)


def _did(*words: str) -> int:
    program = shutil.which(words[0])
    return subprocess.run([program, *words[1:]], capture_output=True, check=False).returncode if program else 127


@pytest.mark.parametrize("name", ["round --record", "batch", "edition new", "edition seal", "fmt", "new-case"])
def test_a_folder_that_can_only_be_read(name: str, sound: Path) -> None:
    """Where nothing may be written, a command says so before any work, or ends with 3; nothing changes. Root, too, by a mount."""
    with _fixed(_copy(sound, "fixed")) as place:
        before = contents(place)

        code, err = ran(place, WRITERS[name].words)

        assert before == contents(place)
    assert code in {2, 3}, err
    assert ("you have no right to write" in err or "PE886" in err, "Traceback" in err) == (True, False), err


@contextlib.contextmanager
def _fixed(place: Path) -> Iterator[Path]:
    if os.geteuid() == 0:
        with _mounted("--bind", str(place)) as seen:
            if _did("mount", "-o", "remount,bind,ro", str(seen)):
                pytest.skip("root ignores rights, and a folder cannot be mounted to be read only here")
            yield seen
        return
    paths = (place, *place.rglob("*"))
    for path in paths:
        os.chmod(path, path.stat().st_mode & ~0o222)
    yield place
    for path in paths:
        os.chmod(path, path.stat().st_mode | 0o200)


STREAMS = {
    "full": ("> /dev/full", 3, "PE887 the answer cannot be written to standard output: no space is left on the disk"),
    "closed": (">&-", 3, "PE887 the answer cannot be written to standard output: it is closed"),
    "errors closed": ("2>&-", 0, ""),
    "errors full": ("2> /dev/full", 0, ""),
    "all closed": ("<&- >&- 2>&-", 3, ""),
}
ANSWERS = tuples("writers", "answers")


@pytest.mark.parametrize("kind", STREAMS)
def test_streams_that_take_nothing(kind: str, sound: Path) -> None:
    """Where the answer cannot be printed the code is 3, and a sentence says so where it can; closed errors change no answer."""
    words, code, said = STREAMS[kind]
    place = _copy(sound, "streams")
    if not os.path.exists("/dev/full") and "full" in words:
        pytest.skip("this system has no /dev/full")

    for answer in ANSWERS if kind == "full" else (ANSWERS[0], ANSWERS[-1]):
        called = f'"{sys.executable}" -m policy_engine --lang en {answer} {words}'
        done = subprocess.run(["/bin/sh", "-c", called], cwd=place, env=environment(place), capture_output=True, text=True, check=False)
        assert (code, True, False) == (done.returncode, said in done.stderr, "Traceback" in done.stderr), (answer, done.stderr)


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield tmp_path
    assert [] == list(tmp_path.glob(f"{BEING_WRITTEN}*[!s]"))


KEPT: dict[str, Callable[[Path], object]] = {
    "another name": lambda path: (path / ".policy-engine-mine").mkdir(),
    "a name that is longer": lambda path: (path / f"{BEING_WRITTEN}abcdefgh.s").mkdir(),
    "a link": lambda path: (path / f"{BEING_WRITTEN}linked_s").symlink_to(path, target_is_directory=True),
    "a file of today": lambda path: (path / f"{BEING_WRITTEN}abcdef_s").write_text("x"),
}


@pytest.mark.parametrize("kind", KEPT)
def test_what_is_not_ours_is_not_cleared(kind: str, tmp_path: Path) -> None:
    KEPT[kind](tmp_path)
    there = os.listdir(tmp_path)
    with held_folder(str(tmp_path)):
        assert set(there) < set(os.listdir(tmp_path))

    assert there == os.listdir(tmp_path)


def test_what_a_living_run_holds_is_not_cleared(temporary: Path) -> None:
    left = temporary / f"{BEING_WRITTEN}abcdefgh"
    left.mkdir()
    (left / "answers.csv").write_text("half")
    (temporary / f"{BEING_WRITTEN}an_old_f").write_text("half")
    os.utime(temporary / f"{BEING_WRITTEN}an_old_f", (0, 0))

    with held_folder() as mine, held_folder() as other:
        there = {str(path) for path in temporary.iterdir()}

        assert {mine, other} == there
