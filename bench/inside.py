"""What is timed within a process: `python -m bench.inside TASK …` does one task, and prints what it found as JSON."""

import gc
import json
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from bench.measure import ROOT

CASES = ROOT / "cases"
KNOWN = ("classified", "gap")


def known_cases(edition: str, folder: str, rounds: str = "3") -> dict[str, list[float]]:
    """Rate cases that are classified or in a gap, with every track prepared; return the milliseconds of each, by reader."""
    from policy_engine.compiled.evaluator import CompiledEvaluator
    from policy_engine.evaluate.evaluator import Evaluator

    library, cases = _cases([CASES / edition, Path(folder)])
    made = library.edition(edition)
    by_track = {verdict.track: case for case in cases if (verdict := Evaluator(made, asks=False).evaluate(case)).outcome in KNOWN}
    found: dict[str, list[float]] = {}
    for name, reader in (("reference", Evaluator), ("code", CompiledEvaluator)):
        times: dict[str, list[float]] = {}
        for _ in range(int(rounds)):
            evaluator = reader(made)
            for case in by_track.values():
                evaluator.evaluate(case)
            for case in cases:
                took, verdict = _timed(evaluator.evaluate, case)
                if verdict.outcome in KNOWN:
                    times.setdefault(case.id, []).append(took * 1e3)
        found[name] = [median(some) for some in times.values()]
    return found


def open_cases(folder: str, pairs: str, tracks: str) -> dict[str, list[float]]:
    """Rate blank and half-filled cases, questions and all: the first time in a fresh reader, then the same again, then one as open as it.

    Every track of every edition that has case files gives a blank case, of which only the facts that lead to the track are known.
    """
    from policy_engine.compiled.evaluator import CompiledEvaluator
    from policy_engine.evaluate.evaluator import Evaluator

    found: dict[str, list[float]] = {name: [] for name in ("blank first", "blank again", "half first", "half again", "half alike")}
    for name in sorted(path.name for path in CASES.iterdir() if path.name in _editions()):
        library, cases = _cases([CASES / name])
        made, evaluator = library.edition(name), Evaluator(library.edition(name), asks=False)
        verdicts = [(case, evaluator.evaluate(case)) for case in cases if case.edition == name and "bad" not in case.id]
        by_track = {verdict.track: case for case, verdict in verdicts if verdict.outcome in KNOWN}
        leading = {track.id: track.applies_to.names for track in made.tracks}
        blank = [next(iter(by_track.values()))._replace(facts={})]
        blank += [
            case._replace(facts={k: v for k, v in case.facts.items() if k in leading[track or ""]}) for track, case in by_track.items()
        ]
        halves = [_pair(library, Path(folder), name, number) for number in range(int(pairs))]
        for kind, some in (("blank", [(one, one) for one in blank[-int(tracks) :]]), ("half", halves)):
            for case, alike in some:
                reader = CompiledEvaluator(made)
                for warm in by_track.values():
                    reader.evaluate(warm)
                found[f"{kind} first"].append(_timed(reader.evaluate, case)[0] * 1e3)
                found[f"{kind} again"].append(_timed(reader.evaluate, case)[0] * 1e3)
                if kind == "half":
                    found["half alike"].append(_timed(reader.evaluate, alike)[0] * 1e3)
    return found


def one_case(rows: str, peers_cases: str, count: str, rounds: str) -> dict[str, Any]:
    """Rate real cases by H, by the reference and by code, by turns; return microseconds by round, wrong answers, tenfold criteria."""
    import polars as pl

    from bench.hand import classify
    from policy_engine.compiled.evaluator import CompiledEvaluator
    from policy_engine.evaluate.evaluator import Evaluator
    from policy_engine.load.library import Library
    from policy_engine.model.case import Case

    edition, drawn = Library().edition("2020"), [json.loads(line) for line in Path(peers_cases).read_text("utf-8").splitlines()]
    raw = pl.read_parquet(rows).drop("case").head(int(count)).iter_rows(named=True)
    cases = [Case(f"case-{n}", "2020", {}, facts, {}, {}) for n, facts in enumerate(raw)]
    readers = {"reference": Evaluator(edition), "code": CompiledEvaluator(edition)}
    tenfold = [CompiledEvaluator(_grown(edition, times)) for times in (1, 10)]
    for reader in (*readers.values(), *tenfold):
        for case in cases[:50]:
            reader.evaluate(case)
    gc.freeze()  # the drawn cases are the benchmark's: the collector need not walk them
    took: dict[str, Any] = {"hand": [], "reference": [], "code": [], "tenfold": []}
    for _ in range(int(rounds)):
        took["hand"].append(_mean(classify, drawn))
        for name, reader in readers.items():
            took[name].append(_mean(reader.evaluate, cases))
        few, many = (_mean(reader.evaluate, cases[:500]) for reader in tenfold)
        took["tenfold"].append(many / few)
    verdicts = [(reader.evaluate(case), drawn[n]) for reader in readers.values() for n, case in enumerate(cases)]
    took["wrong"] = sum((verdict.level or verdict.outcome) != classify(case) for verdict, case in verdicts)
    return took


def columns(who: str, task: str, path: str) -> dict[str, float]:
    """Do one task over a file of rows by the plan of the edition, or by hand in Polars or DuckDB; return what it took, libraries loaded."""
    job = {"plan": _by_plan, "polars": _by_polars, "duckdb": _by_duckdb}[who](task, path)
    began, used = time.perf_counter(), _cpu()
    job()
    return {"clock": time.perf_counter() - began, "cpu": _cpu() - used, "megabytes": _peak()}


def _by_plan(task: str, path: str) -> Callable[[], Any]:
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
    return _frame_job(task, PolarsRater(evaluator.plan, evaluator, layout).rate(pl.scan_parquet(path)))


def _by_polars(task: str, path: str) -> Callable[[], Any]:
    """Return a task by the hand-written plan."""
    import polars as pl

    from bench.hand import level, verdicts

    return _frame_job(task, pl.scan_parquet(path).select(level(), *(verdicts() if task != "level" else [])))


def _frame_job(task: str, frame: Any) -> Callable[[], Any]:
    """Return what a task does with a frame of answers, the level in its first column: count levels, count verdicts too, or write them."""
    import polars as pl

    level = frame.collect_schema().names()[0]
    if task == "level":
        return lambda: frame.group_by(level).len().collect(engine="streaming")
    if task == "verdicts":
        return lambda: frame.group_by(level).agg(pl.len(), pl.all().exclude(level, "len").sum()).collect(engine="streaming")
    return _writing(lambda place: frame.sink_parquet(place, compression="zstd", compression_level=1, row_group_size=250_000))


def _by_duckdb(task: str, path: str) -> Callable[[], Any]:
    """Return a task by the hand-written statement."""
    import duckdb

    from bench.hand import statement

    duckdb.sql("SET enable_progress_bar = false")
    query = statement(path, criteria=task != "level")
    if task == "level":
        return lambda: duckdb.execute(f"SELECT level, count(*) FROM ({query}) GROUP BY level").fetchall()
    if task == "verdicts":
        return lambda: duckdb.execute(
            f"SELECT level, count(*), sum(COLUMNS(* EXCLUDE level)::INT) FROM ({query}) GROUP BY level"
        ).fetchall()
    return _writing(lambda place: duckdb.sql(f"COPY ({query}) TO '{place}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"))


def _writing(write: Callable[[str], Any]) -> Callable[[], Any]:
    """Return what writes to a file that is gone afterwards."""
    handle, place = tempfile.mkstemp(suffix=".parquet")
    os.close(handle)

    def job() -> None:
        write(place)
        os.unlink(place)

    return job


def _editions() -> Iterable[str]:
    from policy_engine.load.library import Library

    return Library().folders()


def _cases(folders: Sequence[Path]) -> tuple[Any, list[Any]]:
    """Read every case below some folders."""
    from policy_engine.load.case import find_cases, load_case
    from policy_engine.load.library import Library

    library = Library()
    return library, [load_case(path, library)[0] for folder in folders for path in find_cases(str(folder))]


def _pair(library: Any, folder: Path, edition: str, number: int) -> tuple[Any, Any]:
    """Draw two half-filled cases that leave the same facts open."""
    from bench.people import DRAWN, Person, half, write_people
    from policy_engine.load.case import load_case

    draw = random.Random(f"{edition} {number}")
    first, second = (Person(f"{edition}-{number}-{n}", edition, None, DRAWN[edition](draw, leads=number % 3 == 0)) for n in range(2))
    first = half(first, draw)
    second = second._replace(facts={name: second.facts[name] for name in first.facts})
    write_people(folder, iter((first, second)))
    one, other = (load_case(str(folder / f"{person.name}.yaml"), library)[0] for person in (first, second))
    return one, other


def _grown(edition: Any, times: int) -> Any:
    """Return an edition with each criterion so many times in its level, under a name of its own each."""

    def more(rule: Any) -> Any:
        return rule._replace(
            criteria=tuple(one._replace(id=f"{one.id}_{n}" if n else one.id) for one in rule.criteria for n in range(times))
        )

    return edition._replace(tracks=tuple(track._replace(levels=tuple(map(more, track.levels))) for track in edition.tracks))


def _timed(read: Callable[[Any], Any], case: Any) -> tuple[float, Any]:
    began = time.process_time()
    answer = read(case)
    return time.process_time() - began, answer


def _mean(read: Callable[[Any], Any], things: Sequence[Any]) -> float:
    """Return the mean microseconds of a reader."""
    began = time.process_time()
    for thing in things:
        read(thing)
    return (time.process_time() - began) / len(things) * 1e6


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _peak() -> float:
    """Return the greatest memory of this process so far, in megabytes; what its parent had does not count."""
    status = Path("/proc/self/status").read_text("utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6


TASKS: dict[str, Callable[..., Any]] = {"known_cases": known_cases, "open_cases": open_cases, "one_case": one_case, "columns": columns}

if __name__ == "__main__":
    print(json.dumps(TASKS[sys.argv[1]](*sys.argv[2:])))
