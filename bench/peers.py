"""Other rule engines on the same rules, beside ours, as multiples of the same hand-written function.

    python bench/peers.py FOLDER CASES.jsonl NAME [NAME ...] [--python PATH] [--secs 0.3]

FOLDER holds a script `row.py NAME CASES.jsonl` that checks one engine against the hand-written function and times both in one
process; it prints one JSON object with `us` and `base_us` (microseconds a case), `checked` and `wrong`, or `error`. An engine
with wrong answers is shown with them: its speed means nothing.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any


def main() -> int:
    """Run every engine that was named, and print a table."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("folder", type=Path)
    asked.add_argument("cases", type=Path)
    asked.add_argument("names", nargs="+")
    asked.add_argument("--python", default=sys.executable, help="the interpreter that has the engines installed")
    asked.add_argument("--secs", type=float, default=0.3)
    given = asked.parse_args()
    print(f"{'engine':50} {'us a case':>10} {'x H':>8} {'checked':>9} {'wrong':>6}")
    rows = [run(given.python, given.folder, name, given.cases, given.secs) for name in given.names]
    for row in rows:
        print(line_of(row))
    return int(any("error" in row or row.get("wrong") for row in rows))


def run(python: str, folder: Path, name: str, cases: Path, seconds: float) -> dict[str, Any]:
    """Check and time one engine in a process of its own."""
    command = [python, "row.py", name, str(cases.resolve()), "--check", "2000", "--secs", str(seconds), "--reps", "3"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    told = [line for line in done.stdout.splitlines() if line.startswith("{")]
    row: dict[str, Any] = json.loads(told[-1]) if told else {"error": (done.stderr or done.stdout)[-200:].strip()}
    return {"peer": name, **row}


def line_of(row: dict[str, Any]) -> str:
    """Write one engine's row."""
    if "error" in row:
        return f"{row['peer']:50} {row['error']}"
    return f"{row['peer']:50} {row['us']:10.2f} {row['us'] / row['base_us']:8.1f} {row['checked']:9} {row['wrong']:6}"


if __name__ == "__main__":
    sys.exit(main())
