"""A fuzz driver: changed cases, rulebooks, tables and records, through the command line, in this process.

Usage: `python -m tests.fuzz --minutes 20 [--seed N] [--kinds case,rulebook,table,records] [--keep FOLDER]`.

Each turn takes a sound file, changes it a little at random, and hands it to a command. The command must end with 0, 1, 2 or 3, show no
traceback, and take less than 5 s of processor time. What does not is made small, line by line, and kept under `tests/fixtures/fuzz/`;
`tests/test_hostile_verbs.py` tries every kept file again, and a few turns with a seed of its own.
"""

import argparse
import contextlib
import faulthandler
import hashlib
import io
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from policy_engine.cli.main import run
from tests.bad_files import RULEBOOKS, SAMPLE_CASE
from tests.build import ROOT, tuples
from tests.hostile_inputs import orchard_at

SECONDS = 5
KEPT = ROOT / "tests" / "fixtures" / "fuzz"
ENDINGS = {"case": ".yaml", "rulebook": ".yaml", "table": ".csv", "lines": ".jsonl", "records": ".jsonl"}
COMMANDS: Mapping[str, Sequence[Sequence[str]]] = tuples("fuzz", "commands")
SIGNS = (
    "", " ", ":", "-", "- ", "[", "]", "{", "}", "'", '"', "#", "&", "*", "!", "|", ">", "%", "@", "`", ",", ";", "\t", "\r", "\n", "\0",
    "\x1b", "\x85", "\u2028", "\u202e", "\ufeff", "\ud800", "é", "𝟙", "٣", "0", "-1", "1e999", "0x10", "012", "1_000", "1:30", ".nan",
    "50%", "9" * 40, "true", "no", "null", "~", "none", "unknown", "2020-02-30", "2020-12-15", "{x}", "{{", "not ", "and ", "in ", "== ",
    ">= ", "/ 0", "* 2", "(", ")", "share(", "x" * 3_000, "\\", "\\u0000", "<<: ", "? ", "\n\n", "---\n", "...\n", "case", "facts",
    "when", "level", "edition", "=1+1",
)  # fmt: skip
"""What is put into a text, or over a part of it."""


class Seed(NamedTuple):
    """A sound file to change: its kind, its name in the edition where it is one of a rulebook, and its bytes."""

    kind: str
    name: str
    raw: bytes


class Fault(NamedTuple):
    """What should not be: the command, and how it ended."""

    command: str
    said: str


class _LateError(BaseException):
    """Time is up; nothing that catches exceptions may catch this one."""


def seeds(kinds: Sequence[str], folder: Path) -> list[Seed]:
    """Return sound files of some kinds."""
    book = orchard_at(folder)
    cases = [
        SAMPLE_CASE,
        *sorted((ROOT / "cases" / "2020").rglob("good/*.yaml"))[::7],
        *sorted((ROOT / "cases" / "rounds").rglob("*.yaml"))[:5],
    ]
    found = [Seed("case", "", path.read_bytes()) for path in cases]
    for sort in (book, *sorted(path for path in RULEBOOKS.iterdir() if path.is_dir())[::5]):
        files = sorted(path for path in sort.rglob("*.yaml") if path.parent.parent == sort)
        found += [Seed("rulebook", path.name, path.read_bytes()) for path in files]
    rows = "case,apples_total,apples_ripe\n" + "".join(f"c{n},{n + 4},{n}\n" for n in range(6))
    found += [Seed("table", "", rows.encode()), Seed("table", "", rows.replace(",", ";").encode("utf-16"))]
    found.append(
        Seed("table", "", "case,kind,workplace,position,tasks_total,discipline_met\na,officer,head_office,specialist,20,Có\n".encode())
    )
    found.append(Seed("lines", "", b"".join(b'{"case": "c%d", "apples_total": %d, "apples_ripe": null}\n' % (n, n) for n in range(6))))
    chain = folder / "chain.jsonl"
    for _ in range(3):
        _ended(("evaluate", str(SAMPLE_CASE), "--rulebook", str(book), "--record", str(chain)))
    found.append(Seed("records", "", chain.read_bytes()))
    return [seed for seed in found if seed.kind in kinds]


def changed(raw: bytes, chance: random.Random) -> bytes:
    """Change a file a little: bytes, signs, words, lines."""
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        raw = chance.choice(_CHANGES)(raw, chance)
    return raw


def _flip(raw: bytes, chance: random.Random) -> bytes:
    if not raw:
        return b"\0"
    at = chance.randrange(len(raw))
    return raw[:at] + bytes([raw[at] ^ (1 << chance.randrange(8))]) + raw[at + 1 :]


def _sign(raw: bytes, chance: random.Random) -> bytes:
    at, over = chance.randrange(len(raw) + 1), chance.choice((0, 0, 1, 4, 12))
    return raw[:at] + chance.choice(SIGNS).encode("utf-8", "surrogatepass") + raw[at + over :]


def _value(raw: bytes, chance: random.Random) -> bytes:
    ends = [n for n, sign in enumerate(raw) if sign in b":,;"]
    if not ends:
        return _sign(raw, chance)
    at = chance.choice(ends) + 1
    end = min((n for n in (raw.find(sign, at) for sign in (b"\n", b",", b";", b"}", b"]")) if n >= 0), default=len(raw))
    return raw[:at] + b" " + chance.choice(SIGNS).encode("utf-8", "surrogatepass") + raw[end:]


def _lines(raw: bytes, chance: random.Random) -> bytes:
    lines = raw.splitlines(keepends=True) or [b""]
    at, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    sort = chance.randrange(6)
    if sort == 0:
        del lines[at]
    elif sort == 1:
        lines.insert(other, lines[at])
    elif sort == 2:
        lines[at], lines[other] = lines[other], lines[at]
    elif sort == 3:
        lines[at] = b" " * chance.randrange(9) + lines[at].lstrip()
    elif sort == 4:
        lines[at] = lines[at] * chance.choice((2, 50, 500))
    else:
        lines = lines[: at + 1]
    return b"".join(lines)


def _word(raw: bytes, chance: random.Random) -> bytes:
    words = raw.split()
    if not words:
        return raw + b"x"
    return raw.replace(chance.choice(words), chance.choice(words), 1)


def _cut(raw: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(raw) + 1)
    return raw[:at] + raw[at + chance.choice((1, 10, 100, 100_000)) :]


_CHANGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (_flip, _sign, _sign, _value, _value, _lines, _lines, _word, _cut)


def tried(seed: Seed, folder: Path, commands: Sequence[Sequence[str]] | None = None) -> Fault | None:
    """Hand a file to the commands of its kind; return the first fault, if there is one."""
    shutil.rmtree(folder, ignore_errors=True)
    cases = folder / "cases"
    cases.mkdir(parents=True)
    book = orchard_at(folder)
    file = cases / f"fuzzed{ENDINGS[seed.kind]}"
    if seed.kind == "rulebook":
        (book / "orchard" / seed.name).write_bytes(seed.raw)
    else:
        file.write_bytes(seed.raw)
    good, rows = folder / "good.yaml", folder / "rows.csv"
    shutil.copyfile(SAMPLE_CASE, good)
    rows.write_text("case,apples_total,apples_ripe\na,2,1\n", "utf-8")
    known = {
        "FILE": file, "DIR": cases, "BOOK": book, "GOOD": good, "ROWS": rows, "OUT": folder / "out.csv", "REJECTS": folder / "rejects.csv",
    }  # fmt: skip
    for command in commands or COMMANDS[seed.kind]:
        said = _ended([str(known.get(word, word)) for word in command])
        if said:
            return Fault(" ".join(command), said)
    return None


def _ended(words: Sequence[str]) -> str:
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8", "backslashreplace"), io.TextIOWrapper(io.BytesIO(), "utf-8", "backslashreplace")
    faulthandler.dump_traceback_later(120, exit=True)  # not even the guard below ends what hangs in a library
    begun = time.process_time()
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), _guarded():
            code = run([*words, "--lang", "en"], "en")
    except _LateError:
        return f"takes longer than {SECONDS} s"
    except BaseException as error:  # noqa: BLE001  (whatever comes out is the finding)
        return f"{type(error).__name__}: {error}"
    finally:
        faulthandler.cancel_dump_traceback_later()
    if time.process_time() - begun > SECONDS:
        return f"takes longer than {SECONDS} s"
    err.flush()
    told = err.buffer.getvalue().decode("utf-8", "replace")
    if code not in {0, 1, 2, 3} or "Traceback" in told:
        return f"ends with {code}: {told.strip()[-300:]}"
    return ""


@contextlib.contextmanager
def _guarded() -> Iterator[None]:

    def stop(number: int, frame: FrameType | None) -> None:
        raise _LateError(number, frame)

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def smaller(seed: Seed, fault: Fault, folder: Path) -> Seed:
    """Take lines out as long as the fault stays."""
    command = [fault.command.split(" ")]
    lines = seed.raw.splitlines(keepends=True)
    size, left = max(len(lines) // 2, 1), 60
    while size and left:
        at = 0
        while at < len(lines) and left:
            left -= 1
            fewer = seed._replace(raw=b"".join([*lines[:at], *lines[at + size :]]))
            again = tried(fewer, folder, command)
            if again and again.said[:30] == fault.said[:30]:
                lines, seed = fewer.raw.splitlines(keepends=True), fewer
            else:
                at += size
        size //= 2
    return seed


def kept(seed: Seed, folder: Path) -> Path:
    """Keep a file that shows a fault."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{seed.kind}-{seed.name.removesuffix('.yaml') or 'x'}-{hashlib.sha256(seed.raw).hexdigest()[:10]}"
    path = folder / f"{stem}{ENDINGS[seed.kind]}"
    path.write_bytes(seed.raw)
    return path


def kept_seed(path: Path) -> Seed:
    kind, rest = path.stem.split("-", 1)
    name = rest.rpartition("-")[0]
    return Seed(kind, f"{name}.yaml" if kind == "rulebook" else "", path.read_bytes())


def main() -> int:
    """Run for some minutes; return how many faults were found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", default=",".join(ENDINGS))
    parser.add_argument("--keep", type=Path, default=KEPT)
    asked = parser.parse_args()
    os.environ["POLARS_MAX_THREADS"] = os.environ.get("POLARS_MAX_THREADS", "1")
    turns, faults, met, chance = 0, 0, set[str](), random.Random(asked.seed)
    end = time.monotonic() + asked.minutes * 60
    with tempfile.TemporaryDirectory() as place:
        os.environ["XDG_CACHE_HOME"] = f"{place}/cache"
        sound = seeds(asked.kinds.split(","), Path(place) / "seeds")
        by_kind = {kind: [seed for seed in sound if seed.kind == kind] for kind in dict.fromkeys(seed.kind for seed in sound)}
        while time.monotonic() < end:
            turns += 1
            seed = chance.choice(by_kind[chance.choice(list(by_kind))])
            seed = seed._replace(raw=changed(seed.raw, chance))
            command = [chance.choice(COMMANDS[seed.kind])]
            fault = tried(seed, Path(place) / "turn", command)
            if fault:
                faults += 1
                sort = f"{fault.command}: {fault.said[:80]}"
                if sort not in met:
                    met.add(sort)
                    path = kept(smaller(seed, fault, Path(place) / "turn"), asked.keep)
                    sys.stderr.write(f"{path.name}: {fault.command}: {fault.said}\n")
    sys.stderr.write(f"{turns} turns, {faults} faults, {len(met)} sorts, seed {asked.seed}\n")
    return min(faults, 100)


if __name__ == "__main__":
    sys.exit(main())
