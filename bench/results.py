"""Every benchmark in one run, written down with the machine, the versions and the day.

    python bench/results.py CASES.jsonl [--out bench/RESULTS.md] [--command .venv/bin/policy-engine] [--rows 100000 1000000 10000000]
                            [--peers FOLDER NAME ...]

CASES.jsonl is what the peers' generator writes (see `bench/README.md`). Each script prints its own table of ratios; they are
kept word for word. A script that fails leaves its message, and the run ends with 1.
"""

import argparse
import platform
import re
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
PACKAGES = ("policy-engine", "polars", "duckdb", "pyspark", "z3-solver", "simpleeval", "pyyaml")


class Mark(NamedTuple):
    """A ratio that is looked at first: what it is, the script and the line that tell it, and what it should be."""

    what: str
    script: str
    line: str
    mark: str


_US = r"\s+[\d.]+ us\s+([\d.]+ H)"
_RECORDS = r"replay: (\d+ times the records, [\d.]+ times the memory, [\d.]+ times the time)"
_ROWS = r"ratio\s+([\d.]+) clock"
MARKS = (
    Mark("one case by the reference, whole trace", "one_case.py", r"interpreter / H\s+([\d.]+)", "300 H"),
    Mark("one case by code, whole trace", "compiled.py", rf"code, whole verdict{_US}", "60 H"),
    Mark("ten times the criteria by code", "compiled.py", r"10 times the criteria, code, whole verdict\s+([\d.]+)", "12 times the time"),
    Mark("a cold command beside a bare start", "cold.py", r"ratio\s+([\d.]+)", "8"),
    Mark("rows in columns beside the hand-written plan, level", "batch.py", rf"level .*{_ROWS}", "1.25"),
    Mark("the same, every criterion", "batch.py", rf"verdicts .*{_ROWS}", "1.3"),
    Mark("the same, written", "batch.py", rf"written .*{_ROWS}", "1.25"),
    Mark("greatest memory of the largest file", "batch.py", r"level .*→\s+([\d.]+ MB)", "0.6 GB, flat"),
    Mark("a round: the cases", "round.py", r"([\d.]+ times the cases: [\d.]+ times the time)", "as much"),
    Mark(
        "replay: the records",
        "replay.py",
        r"replay: (\d+ times the records, [\d.]+ times the memory, [\d.]+ times the time)",
        "the same memory",
    ),
)


def main() -> int:
    """Run them one after the other, and write the page."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("cases", type=Path)
    asked.add_argument("--out", type=Path, default=HERE / "RESULTS.md")
    asked.add_argument("--command", default=str(Path(sys.executable).with_name("policy-engine")))
    asked.add_argument("--rows", nargs="+", default=["100000", "1000000", "10000000"])
    asked.add_argument("--peers", nargs="+", default=[], metavar="FOLDER NAME", help="a folder of peers, and which of them to run")
    given = asked.parse_args()
    cases = str(given.cases.resolve())
    runs = [
        ("One case: the readers beside the hand-written classifier (H)", ["compiled.py", cases]),
        ("One case by the reference alone", ["one_case.py", cases]),
        ("A cold command", ["cold.py", "--command", given.command]),
        ("Proofs", ["prove.py"]),
        ("A round", ["round.py", "--command", given.command, "--cases", "1000", "4000", "--rounds", "1"]),
        ("Replay", ["replay.py", "--command", given.command, "--records", "1000", "5000"]),
        ("Rows in columns", ["batch.py", "--rows", *given.rows]),
        ("Rows with open facts", ["batch.py", "--rows", "1000000", "--unknown", "0.02", "--tasks"]),
    ]
    if given.peers:
        runs.append(("Peers, on the same rules", ["peers.py", given.peers[0], cases, *given.peers[1:]]))
    parts = [_run(title, command) for title, command in runs]
    shown = {command[0]: text for (_, command), (text, _) in reversed(list(zip(runs, parts, strict=True)))}
    given.out.write_text("\n".join([*_head(), *_marks(shown), *(text for text, _ in parts)]), "utf-8")
    print(f"written: {given.out}")
    return int(any(failed for _, failed in parts))


def _head() -> list[str]:
    """Say when, on what and with what."""
    day = datetime.now(UTC).date().isoformat()
    machine = f"{platform.system()} {platform.machine()}, {_processor()}"
    return [
        "# Results",
        "",
        f"One run of `python bench/results.py` on {day}: {machine}, Python {platform.python_version()}.",
        f"Versions: {', '.join(f'{name} {_version(name)}' for name in PACKAGES)}.",
        "Read the ratios; the times are of a shared machine.",
        "",
    ]


def _marks(shown: Mapping[str, str]) -> list[str]:
    """Return the ratios that are looked at first as a table; of a script with several files of rows the last one counts."""
    lines = ["| | measured | at most |", "|---|---|---|"]
    for mark in MARKS:
        found = re.findall(mark.line, shown.get(mark.script, ""))
        lines.append(f"| {mark.what} | {found[-1] if found else 'not run'} | {mark.mark} |")
    return [*lines, ""]


def _processor() -> str:
    """Name the processor and how many of it there are."""
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(names)} x {names[0]}" if names else platform.processor() or "unknown processor"


def _version(package: str) -> str:
    """Return the version of a package, or say that it is not there."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _run(title: str, command: list[str]) -> tuple[str, bool]:
    """Run one script; give its section, and whether it failed."""
    done = subprocess.run([sys.executable, str(HERE / command[0]), *command[1:]], capture_output=True, text=True, check=False)
    shown = done.stdout.rstrip() if done.returncode == 0 else (done.stdout + done.stderr)[-2000:].rstrip()
    return f"## {title}\n\n`python bench/{command[0]}`\n\n```text\n{shown}\n```\n", done.returncode != 0


if __name__ == "__main__":
    sys.exit(main())
