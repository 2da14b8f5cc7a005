"""The commands that write, over small inputs, as real processes that can be stopped anywhere: what `test_writers.py` shares.

A process counts what the modules that write do (each call of a function of the system or of a library that they make) and is stopped
by a signal before one of them. So a stop lands between any two steps of a write, which a stop by the clock hardly ever does.
"""

import json
import os
import random
import resource
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from tests.bad_files import SAMPLE_CASE
from tests.build import tuples
from tests.conftest import ROOT
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
    """A command that writes: its words, and its output, that is there before or not."""

    words: tuple[str, ...]
    again: tuple[int, ...] = (0,)
    """How the same command may end when it is run once more."""


WRITERS: Mapping[str, Writer] = {key: Writer(*row) for key, row in tuples("writers", "writers").items()}


def prepared(place: Path) -> Path:
    """Make a folder with everything that the writers read, and what stands already where they write."""
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
    """Return the surroundings of a process whose temporary files lie in a folder of ours."""
    return os.environ | {"TMPDIR": str(place / "tmp"), "POLARS_MAX_THREADS": "1", "PYTHONPATH": str(ROOT), "LANGUAGE": "en"}


def ran(place: Path, words: Sequence[str], stop: int = 0, number: int = 9, *, most: int = 0) -> tuple[int, str]:
    """Run a command in a folder; return its exit code and what it says on standard error."""

    def limit() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under `nohup` it is ignored, and a run heeds that
        if most:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    program = [sys.executable, "-c", _STOP_AT, str(stop), str(number), *words, "--lang", "en"]
    done = subprocess.run(program, cwd=place, env=environment(place), capture_output=True, text=True, check=False, preexec_fn=limit)
    return done.returncode, done.stderr


def steps(place: Path, name: str) -> int:
    """Run a writer to its end; return how many steps it takes."""
    code, err = ran(place, WRITERS[name].words)
    assert code in WRITERS[name].again, err
    return int(err.rsplit("steps ", 1)[1])


def drawn(count: int, most: int, seed: str) -> list[int]:
    """Draw steps, the last ones among them, where files take their places."""
    chance = random.Random(seed)
    return sorted({most, *(chance.randrange(1, most + 1) for _ in range(count - 1))})


def contents(place: Path) -> dict[str, bytes]:
    """Return every file below a folder but temporary ones, by its path."""
    found = (path for path in sorted(place.rglob("*")) if path.is_file() and not is_temporary(path.relative_to(place)))
    return {str(path.relative_to(place)): path.read_bytes() for path in found}


def is_temporary(path: Path) -> bool:
    """Return whether a path is one of what is being written."""
    return path.parts[0] == "tmp" or any(part.startswith(".policy-engine-") for part in path.parts)


def left_behind(place: Path) -> list[str]:
    return [str(path) for path in place.rglob("*") if path.name != "tmp" and is_temporary(path.relative_to(place))]


def half_done(before: Mapping[str, bytes], after: Mapping[str, bytes], whole: Mapping[str, bytes]) -> list[str]:
    """Return the files that are neither as they were nor as they were to be; a chain of records holds all that it held, in whole lines."""
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
