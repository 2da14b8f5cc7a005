"""Every figure in one run: `python -m bench [GROUP …]` prints a table of ratios, and says of each target whether it holds.

Ours and its yardsticks are run by turns, five times each, as whole processes; counted are seconds on the processors less those of a cold
start. Read the ratios and their spread: machines are shared. `--quick` only shows that every row runs.
"""

import argparse
import platform
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bench.measure import ROOT, Row
from bench.plot import plot
from bench.table import GROUPS, Bench

PACKAGES = ("policy-engine", "pyyaml", "orjson", "polars", "duckdb", "z3-solver", "simpleeval")
HEAD = ("work", "measured", "at most", "holds", "spread", "beside")
PEERS = (
    "python-hand", "python-codegen+full-explanation", "simpleeval+verdicts", "common-expression-language (Rust)+verdicts",
    "rule-engine+verdicts", "panzi-json-logic+verdicts", "zen-engine (expression nodes)+verdicts",
    "cedarpy (one permit per criterion)+verdicts", "regorus (celine-regorus, Rust)+verdicts",
)  # fmt: skip
"""Engines that say a verdict for each criterion too."""


def main() -> int:
    """Measure what is asked, print it, and write it down where that is asked."""
    asked = argparse.ArgumentParser(prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("groups", nargs="*", metavar="GROUP", help=f"what to measure; all without one: {', '.join(GROUPS)}")
    asked.add_argument("--quick", action="store_true", help="tiny sizes, one run: only whether every row runs")
    asked.add_argument("--runs", type=int, default=5)
    asked.add_argument("--seconds", type=float, default=150, help="about how long one comparison may take; fewer runs are made then")
    asked.add_argument("--command", type=Path, default=Path(sys.executable).with_name("policy-engine"))
    asked.add_argument("--records", default="records.jsonl.gz", help="the name of files of records; the ending says how they are kept")
    asked.add_argument("--folder", type=Path, help="where what is made stays for the next run")
    asked.add_argument("--peers", type=Path, help="the folder of another benchmark, whose `row.py` runs rule engines on the same rules")
    asked.add_argument("--peers-python", default=sys.executable, help="an interpreter that has them")
    asked.add_argument("--peers-names", nargs="+", default=PEERS)
    asked.add_argument("--write", action="store_true", help="write bench/RESULTS.md, and the plot of docs/speed.md")
    given = asked.parse_args()
    if given.quick and given.write:
        asked.error("`--quick` measures nothing that could be written down")
    if unknown := [name for name in given.groups if name not in GROUPS]:
        asked.error(f"no such group: {', '.join(unknown)}; there are {', '.join(GROUPS)}")
    with tempfile.TemporaryDirectory() as made:
        bench = Bench(
            folder=given.folder or Path(made), command=given.command, runs=1 if given.quick else given.runs, quick=given.quick,
            records=given.records, peers=given.peers, peers_python=given.peers_python, peers_names=given.peers_names, seconds=given.seconds,
        )  # fmt: skip
        bench.folder.mkdir(parents=True, exist_ok=True)
        began = time.perf_counter()
        lines, failed = [*_head()], False
        for name in given.groups or GROUPS:
            title, text, wrong = _group(bench, name)
            failed |= wrong
            lines += ["", f"## {title}", "", *text]
        lines += ["", f"The whole run took {(time.perf_counter() - began) / 60:.0f} minutes."]
        if given.write:
            (ROOT / "bench" / "RESULTS.md").write_text("\n".join(["# Results", "", *lines, ""]), "utf-8")
            if bench.growth:
                (ROOT / "docs" / "speed.svg").write_text(plot(bench.growth), "utf-8")
    return int(failed)


def _group(bench: Bench, name: str) -> tuple[str, Sequence[str], bool]:
    """Measure a group and print its rows as they come; what fails is said in its place, and the others go on."""
    title, measure = GROUPS[name]
    print(f"\n{title}", flush=True)
    lines = [_line(HEAD), _line(["---"] * len(HEAD))]
    try:
        for row in measure(bench):
            lines.append(_line(row.cells()))
            print(f"  ran: {row.what}" if bench.quick else _shown(row), flush=True)
    except (RuntimeError, OSError) as error:
        print(f"  failed: {error}", flush=True)
        return title, [*lines, "", "Failed:", "", "```text", str(error), "```"], True
    return title, lines, False


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _shown(row: Row) -> str:
    """Write a row for a screen."""
    what, measured, most, holds, spread, beside = row.cells()
    target = f"  (at most {most}: {holds.strip('*')})" if most else ""
    return f"  {what:72} {measured:>26}{target:32}  [{spread}]{f'  {beside}' if beside else ''}"


def _head() -> Iterator[str]:
    """Say when, on what and with what."""
    words = " ".join(Path(word).name for word in sys.argv[1:])
    yield f"One run of `python -m bench{f' {words}' if words else ''}` on {datetime.now(UTC).date().isoformat()}: {platform.system()}"
    yield f"{platform.machine()}, {_processor()}, Python {platform.python_version()}."
    yield f"Versions: {', '.join(f'{name} {_version(name)}' for name in PACKAGES)}."
    yield "Read the ratios: the machine is shared. Seconds are those on the processors, less a cold start; the spread is the least and the"
    yield "most of the runs."


def _processor() -> str:
    """Name the processor and how many of it there are."""
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(names)} x {names[0]}" if names else platform.processor() or "unknown processor"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


if __name__ == "__main__":
    sys.exit(main())
