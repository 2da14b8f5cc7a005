"""How the memory and the time of a replay grow with its records: one command over 1,000 and over 100,000 of them.

    python bench/replay.py [--command .venv/bin/policy-engine] [--records 1000 100000] [--against EDITION] [CASES ...]

The records are those of a few cases, chained again and again. Each command runs in a process of its own, of which the peak
of its memory is asked (`ru_maxrss`). Linux counts the bench's own peak at the start of the process with it, so that is shown
too, and the chains are made by a process of their own. Constant memory is a ratio near 1; linear time is a ratio near that of
the two counts.
"""

import argparse
import hashlib
import json
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any, NamedTuple

GOOD = Path(__file__).resolve().parent.parent / "cases" / "2020" / "II.1" / "good"
PLACE = ("sequence", "previous", "hash")
"""The parts of a record that give it its place in a chain."""
UNIT = 1 if sys.platform == "darwin" else 1024
"""The bytes in which a system counts memory."""


class Cost(NamedTuple):
    """What a command took: seconds, and megabytes at the peak."""

    seconds: float
    megabytes: float


def main() -> int:
    """Make both chains, run the commands over each, and print the ratios."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--command", type=Path, default=Path(sys.executable).parent / "policy-engine")
    asked.add_argument("--records", type=int, nargs=2, default=(1000, 100_000))
    asked.add_argument("--against", help="replay against this edition as well")
    asked.add_argument("cases", nargs="*", type=Path, default=[GOOD], metavar="CASES")
    given = asked.parse_args()
    commands = {"record verify": ["record", "verify"], "replay": ["replay"]}
    if given.against:
        commands[f"replay --against {given.against}"] = ["replay", "--against", given.against]
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    with tempfile.TemporaryDirectory() as folder:
        few = record(given.command, given.cases, Path(folder, "few.jsonl"))
        for count in given.records:
            path = Path(folder, f"{count}.jsonl")
            maker = multiprocessing.get_context("spawn").Process(target=make, args=(few, path, count))
            maker.start()
            maker.join()
            print(f"{count:7} records, {path.stat().st_size / 1e6:.1f} MB; the bench itself: {own_peak():.1f} MB at the peak", flush=True)
            for name, words in commands.items():
                cost = measure([str(given.command), *words, str(path), "--format", "json"])
                costs[name].append(cost)
                each = cost.seconds / count * 1e3
                print(f"  {name:20} {cost.seconds:8.2f} s {each:7.3f} ms a record {cost.megabytes:6.1f} MB at the peak", flush=True)
    low, high = given.records
    for name, (first, last) in costs.items():
        print(f"{name}: {high / low:.0f} times the records, {last.megabytes / first.megabytes:.2f} times the memory", end="")
        print(f", {last.seconds / first.seconds:.1f} times the time")
    return 0


def record(command: Path, cases: list[Path], path: Path) -> Path:
    """Rate some cases and record them; give the file of records."""
    subprocess.run([str(command), "evaluate", *map(str, cases), "--record", str(path)], capture_output=True, check=True)
    return path


def make(few: Path, path: Path, count: int) -> None:
    """Chain the records of a file again and again, as one run; each is a case with a name of its own."""
    from policy_engine.audit.chain import append
    from policy_engine.audit.record import RecordedRun

    kept = list(bare(few))
    renamed = (named(record, number) for number, record in enumerate(islice(cycle(kept), count)))
    append(str(path), renamed, RecordedRun(count, kept[0]["times"]["recorded_at"]))


def named(record: dict[str, Any], number: int) -> dict[str, Any]:
    """Return a record under another name."""
    old = record["case"]
    name = f"{old['name']}-{number}"
    text = old["text"].replace(f"case: {old['name']}", f"case: {name}", 1)
    case = {**old, "name": name, "text": text, "sha256": hashlib.sha256(text.encode()).hexdigest()}
    return {**record, "case": case, "verdict": {**record["verdict"], "case": name}}


def bare(path: Path) -> Iterator[dict[str, Any]]:
    """Return the records of a file without their places in the chain."""
    with path.open("rb") as file:
        for line in file:
            kept: dict[str, Any] = json.loads(line)
            yield {key: value for key, value in kept.items() if key not in PLACE}


def own_peak() -> float:
    """Return the peak of the bench's own memory, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT / 1e6


def measure(command: list[str]) -> Cost:
    """RecordedRun a command once; give its seconds and the peak of its memory."""
    begin = time.perf_counter()
    run = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(run.pid, 0)
    run.returncode = os.waitstatus_to_exitcode(status)
    if run.returncode != 0:
        raise subprocess.CalledProcessError(run.returncode, command)
    return Cost(time.perf_counter() - begin, used.ru_maxrss * UNIT / 1e6)


if __name__ == "__main__":
    sys.exit(main())
