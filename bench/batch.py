"""A batch in columns, as a multiple of the hand-written Polars plan of the same rules over the same file in the same run.

    python bench/batch.py [--rows 100000 1000000] [--rounds 3] [--unknown 0.02] [--criteria]

Three tasks, each in a process of its own, which tells its time on the clock, its time on the processors and its greatest memory:
`level` (the level of each row, counted), `verdicts` (with a column for each criterion, counted too) and `written` (the same columns
to Parquet). Read the ratios; on a shared machine those of processor time are the steadier ones. `--unknown` says what rows with an
open fact cost; `--criteria` what ten times the criteria do.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

TASKS = ("level", "verdicts", "written")


def main() -> None:
    """Run what is asked."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--rows", type=int, nargs="*", default=[100_000, 1_000_000])
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--unknown", type=float, default=0)
    asked.add_argument("--tasks", nargs="*", default=TASKS, choices=TASKS)
    asked.add_argument("--criteria", action="store_true")
    asked.add_argument("--folder", help="where files of rows are kept between runs")
    asked.add_argument("--one", nargs=3, metavar=("WHO", "TASK", "FILE"), help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.one:
        print(json.dumps(once(*given.one)))
        return
    with tempfile.TemporaryDirectory() as made:
        folder = Path(given.folder or made)
        if given.criteria:
            criteria(folder, given.rows[0])
            return
        for rows in given.rows:
            compare(file_of(folder, rows, 0), rows, given.rounds, given.tasks)
            if given.unknown:
                unknown(folder, rows, given.unknown)


def file_of(folder: Path, rows: int, share: float) -> Path:
    """Return a file of so many rows."""
    path = folder / f"rows-{rows}-{share}.parquet"
    if not path.exists():
        from rows import write

        write(str(path), rows, share)
    return path


def compare(path: Path, rows: int, rounds: int, tasks: Sequence[str]) -> None:
    """Run every task of both by turns, and print the ratios."""
    for task in tasks:
        told: dict[str, list[dict[str, Any]]] = {"hand": [], "plan": []}
        for _ in range(rounds):
            for who, runs in told.items():
                runs.append(_run(who, task, path))
        hand, plan = ({key: median(run[key] for run in told[who]) for key in ("clock", "cpu", "rss")} for who in ("hand", "plan"))
        ratios = f"{plan['clock'] / hand['clock']:5.2f} clock  {plan['cpu'] / hand['cpu']:5.2f} cpu"
        memory = f"{hand['rss']:5.0f} MB → {plan['rss']:5.0f} MB"
        print(f"{rows:9} {task:9} hand {hand['clock']:6.2f} s  plan {plan['clock']:6.2f} s  ratio {ratios}  {memory}", flush=True)


def unknown(folder: Path, rows: int, share: float) -> None:
    """Print what rows with an open fact cost."""
    whole, some = (_run("plan", "level", file_of(folder, rows, part)) for part in (0, share))
    each = (some["clock"] - whole["clock"]) / (rows * share)
    print(f"{rows:9} level, {share:.1%} of the rows with an open fact: {some['clock']:.2f} s, {each * 1e3:.2f} ms for each of them")


def _run(who: str, task: str, path: Path) -> dict[str, Any]:
    """Run one task in a process of its own."""
    command = [sys.executable, __file__, "--one", who, task, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parent)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def once(who: str, task: str, path: str) -> dict[str, Any]:
    """Do one task; give what it took."""
    job = _hand(task, path) if who == "hand" else _plan(task, path)
    began, used = time.perf_counter(), _cpu()
    counts = job()
    return {
        "clock": time.perf_counter() - began, "cpu": _cpu() - used, "counts": counts,
        "rss": _memory(),
    }  # fmt: skip


def _memory() -> float:
    """Return the greatest memory of this process so far, in MB; what its parent had does not count."""
    status = Path("/proc/self/status").read_text("utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _cpu() -> float:
    """Return the time on the processors so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _hand(task: str, path: str) -> Callable[[], Any]:
    """Return a task by the hand-written plan."""
    import polars as pl
    from hand_columns import level, verdicts

    frame = pl.scan_parquet(path)
    return _job(task, frame.select(level(), *(verdicts() if task != "level" else [])), "level")


def _plan(task: str, path: str) -> Callable[[], Any]:
    """Return a task by the plan of the edition, with Polars set as the command sets it."""
    from policy_engine.columnar.order import spare_memory

    spare_memory()
    import polars as pl

    from policy_engine.columnar.engines.polars import PolarsRater
    from policy_engine.columnar.plan.answers import LEVEL_COLUMNS, AnswerLayout, criterion_columns
    from policy_engine.evaluate.evaluator import Evaluator
    from policy_engine.load.library import Library

    evaluator = Evaluator(Library().edition("2020"), asks=False)
    names = tuple(name for name in criterion_columns(evaluator.plan) if not name.endswith("__applies"))
    layout = AnswerLayout(LEVEL_COLUMNS, names if task != "level" else (), interpretations=False)
    return _job(task, PolarsRater(evaluator.plan, evaluator, layout).rate(pl.scan_parquet(path)), "answer")


def _job(task: str, frame: Any, level: str) -> Callable[[], Any]:
    """Return what a task does with a frame of answers."""
    import polars as pl

    if task == "level":
        return lambda: sorted(frame.group_by(level).len().collect(engine="streaming").cast({level: pl.String}).rows())
    if task == "verdicts":
        counted = frame.group_by(level).agg(pl.len(), pl.all().exclude(level, "len").sum())
        return lambda: sorted(
            counted.select(level, "len", pl.sum_horizontal(pl.all().exclude(level, "len")).alias("met"))
            .collect(engine="streaming")
            .cast({level: pl.String})
            .rows()
        )
    handle, place = tempfile.mkstemp(suffix=".parquet")
    os.close(handle)

    def written() -> int:
        frame.sink_parquet(place, compression="zstd", compression_level=1, row_group_size=250_000)
        size = os.path.getsize(place)
        os.unlink(place)
        return size

    return written


def criteria(folder: Path, rows: int) -> None:
    """Print what ten times the criteria cost."""
    import polars as pl
    from grown import grown

    from policy_engine.columnar.engines.polars import PolarsRater
    from policy_engine.columnar.plan.answers import layout_of
    from policy_engine.evaluate.evaluator import Evaluator
    from policy_engine.load.library import Library

    edition = Library().edition("2020")
    frame = pl.scan_parquet(file_of(folder, rows, 0))
    took: list[float] = []
    for times in (1, 10):
        evaluator = Evaluator(grown(edition, times), asks=False)
        job = PolarsRater(evaluator.plan, evaluator, layout_of(evaluator.plan, "criteria")).rate(frame).drop("track")
        counted = job.group_by("level").agg(pl.all().exclude("level", "outcome", "possible_levels").sum())
        used = _cpu()
        counted.collect(engine="streaming")
        took.append(_cpu() - used)
    print(f"{rows:9} verdicts, 10 times the criteria: {took[1] / took[0]:.1f} times the time")


if __name__ == "__main__":
    main()
