"""The rows of the table, in groups: each group makes what it measures, runs ours and its yardsticks by turns, and returns rows."""

import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from statistics import median
from typing import Any

from bench.measure import ROOT, Cost, Row, cost_of, in_turn, surroundings
from bench.people import half, people, write_people

READ = "import sys,glob,{module}\nfor path in sorted(glob.glob(sys.argv[1]+'/*')):\n    with open(path,'rb') as file: {read}"
READERS = {
    "yaml.CSafeLoader": ("yaml", "yaml.load(file, yaml.CSafeLoader)", False),
    "libyaml's events alone": ("yaml,collections", "collections.deque(yaml.parse(file, yaml.CSafeLoader), 0)", False),
    "json": ("json", "json.load(file)", True),
    "orjson": ("orjson", "orjson.loads(file.read())", True),
}
HASHED = """
import gzip, hashlib, orjson, sys
data = open(sys.argv[1], 'rb').read()
data = gzip.decompress(data) if data[:2] == bytes([31, 139]) else data
for line in data.splitlines():
    hashlib.sha256(line).digest(), orjson.loads(line)
"""
LONG = 120.0
"""A command that would take more seconds than these over ten times as many cases is not run over them."""


@dataclass(kw_only=True)
class Bench:
    """One run: where its files are, what it runs, and how large and how often."""

    folder: Path
    command: Path
    runs: int
    quick: bool
    records: str
    peers: Path | None = None
    peers_python: str = sys.executable
    peers_names: Sequence[str] = ()
    seconds: float = 150
    """How long the runs of one comparison go on; fewer are made where they would take longer."""
    growth: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    """Seconds on the processors by command, for each number of cases: the plot."""

    def size(self, whole: int, small: int) -> int:
        return small if self.quick else whole

    def ours(self, *words: str | Path, cache: Path | None = None) -> Callable[[], Cost]:
        """Return a run of our command, with a cache folder of the bench's own."""
        return lambda: cost_of([self.command, *words], cache=cache or self.folder / "cache")

    def python(self, program: str, *words: str | Path) -> Callable[[], Cost]:
        return lambda: cost_of([sys.executable, "-c", program, *words])

    def inside(self, *words: str | int | Path) -> Any:
        """Do a task of `inside` in a process of its own."""
        command = [sys.executable, "-m", "bench.inside", *map(str, words)]
        done = subprocess.run(command, cwd=ROOT, env=surroundings(), capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr[-800:]}")
        return json.loads(done.stdout)

    def people(self, edition: str, count: int, *, as_json: bool = False) -> Path:
        """Return a folder of people."""
        folder = self.folder / f"{edition}-{count}{'-json' if as_json else ''}"
        return folder if folder.exists() else write_people(folder, people(edition, count), as_json=as_json)

    def half_filled(self, count: int) -> Path:
        folder, draw = self.folder / f"half-{count}", random.Random(5)
        return folder if folder.exists() else write_people(folder, (half(one, draw) for one in people("2026-draft", count)))

    def rows(self, edition: str, count: int, share: float = 0) -> Path:
        """Return a file of rows; made in a process of its own, so that this one stays small."""
        path = self.folder / f"rows-{edition}-{count}-{share}.parquet"
        program = "import sys; from pathlib import Path; from bench.rows import write_rows\n"
        program += "write_rows(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))"
        cost_of([sys.executable, "-c", program, path, edition, str(count), str(share)])
        return path

    @cached_property
    def one_case(self) -> Path:
        return ROOT / "cases" / "2020" / "II.1" / "good" / "specialist-outstanding.yaml"

    @cached_property
    def cold(self) -> float:
        """Return the seconds on the processors of a cold command over one case."""
        self.ours("evaluate", self.one_case)()  # the first run writes bytecode, and keeps the edition
        return median(cost.cpu for cost in in_turn({"cold": self.ours("evaluate", self.one_case)}, 9, 30)["cold"])

    def record(self, folder: Path, path: Path) -> Path:
        """Record a folder of cases, once."""
        if not path.exists():
            self.ours("evaluate", folder, "--record", path)()
        return path


def cold(bench: Bench) -> Iterable[Row]:
    """Start the command from a shell, beside a bare python."""
    jobs = {"bare": bench.python("pass"), "ours": bench.ours("evaluate", bench.one_case)}
    in_turn(jobs, 1, 0)
    found = in_turn(jobs, bench.size(25, 1), bench.seconds)
    yield Row(what="cold `evaluate` of one case", values=_ratios(found, "ours", "bare", 0, 0), unit="× `python -c pass`", at_most=5.5)
    values = [cost.clock * 1e3 for cost in found["ours"]]
    yield Row(what="the same on the clock", values=values, unit="ms", digits=0)


def draft(bench: Bench) -> Iterable[Row]:
    """Rate known cases of a draft in process."""
    folder = bench.people("2026-draft", bench.size(200, 5))
    runs = in_turn({"all": partial(bench.inside, "known_cases", "2026-draft", folder, bench.size(3, 1))}, bench.runs, bench.seconds)["all"]
    for reader, words in (("code", "by code"), ("reference", "by the reference")):
        what = f"`2026-draft`, classified or gap, in process, {words}"
        yield Row(what=f"{what}: median", values=[median(one[reader]) for one in runs], unit="ms", at_most=0.6)
        yield Row(what=f"{what}: worst", values=[max(one[reader]) for one in runs], unit="ms", at_most=5)


def blank(bench: Bench) -> Iterable[Row]:
    """Rate blank and half-filled cases of every edition in process, questions and all."""
    folder = bench.folder / "pairs"
    runs = in_turn({"all": partial(bench.inside, "open_cases", folder, bench.size(15, 1), bench.size(9, 1))}, bench.runs, bench.seconds)[
        "all"
    ]
    names = {
        "blank first": ("blank, every track of every edition: first", 100), "blank again": ("the same again", 3),
        "half first": ("half filled: first", 100), "half again": ("the same again", 3),
        "half alike": ("another with the same facts open, other figures", 3),
    }  # fmt: skip
    for name, (what, most) in names.items():
        beside = f"median {median(value for one in runs for value in one[name]):.1f} ms"
        yield Row(what=f"{what}, worst", values=[max(one[name]) for one in runs], unit="ms", at_most=most, digits=1, beside=beside)


def compare(bench: Bench) -> Iterable[Row]:
    """Compare two editions over the cases of a chapter."""
    folder = ROOT / "cases" / "2020" / "II.1"
    if bench.quick:
        folder = bench.people("2020", 5)
    found = in_turn({"ours": bench.ours("compare", "2020", "2026-draft", "--cases", folder)}, bench.runs, bench.seconds)
    what = "`compare 2020 2026-draft --cases cases/2020/II.1` (220 cases)"
    yield Row(what=what, values=[cost.cpu - bench.cold for cost in found["ours"]], unit="s", at_most=3)


def half_filled(bench: Bench) -> Iterable[Row]:
    """Rate a department's half-filled people."""
    count = bench.size(300, 3)
    found = in_turn({"ours": bench.ours("round", bench.half_filled(count))}, bench.runs, bench.seconds)
    what = "300 half-filled people under `2026-draft`, `round`"
    yield Row(what=what, values=[cost.cpu - bench.cold for cost in found["ours"]], unit="s", at_most=3)


def thousand(bench: Bench, edition: str = "2020") -> Iterable[Row]:
    """Take 1,000 people through every command, beside reading their files and no more."""
    count = bench.size(1000, 20)
    folder, as_json = bench.people(edition, count), bench.people(edition, count, as_json=True)
    records = bench.record(folder, bench.folder / f"{edition}-{count}-{bench.records}")
    commands: dict[str, tuple[list[str | Path], float]] = {
        "`round`, text": (["round", folder], 1.6), "`round --format json`": (["round", folder, "--format", "json"], 1.9),
        "`evaluate --format json` of the folder": (["evaluate", folder, "--format", "json"], 2.5), "`replay`": (["replay", records], 1.8),
        "`record verify`": (["record", "verify", records], 2),
    }  # fmt: skip
    jobs = {name: bench.ours(*words) for name, (words, _) in commands.items()}
    jobs["cold"] = bench.ours("evaluate", bench.one_case)
    for name, (module, read, wants_json) in READERS.items():
        jobs[name] = bench.python(READ.format(module=module, read=read), as_json if wants_json else folder)
        jobs[f"{name}, nothing read"] = bench.python(f"import sys,glob,{module}")
    jobs["hash"], jobs["hash, nothing read"] = bench.python(HASHED, records), bench.python("import gzip, hashlib, orjson, sys")
    found = in_turn(jobs, bench.runs, 2 * bench.seconds)
    targets = edition == "2020"
    for name, (_, most) in commands.items():
        beside = _beside(found, name)
        floor = "hash" if name == "`record verify`" else "yaml.CSafeLoader"
        words = "× sha256 and orjson" if floor == "hash" else "× CSafeLoader"
        values = _ratios(found, name, floor, "cold", f"{floor}, nothing read")
        yield Row(what=f"{count:,} people, {name}", values=values, unit=words, at_most=most if targets else None, beside=beside)
    yield Row(
        what="bytes a record on disk", values=[records.stat().st_size / count], unit="bytes", at_most=1200 if targets else None, digits=0
    )
    for name in READERS:
        values = [(a.cpu - b.cpu) / count * 1e3 for a, b in zip(found[name], found[f"{name}, nothing read"], strict=True)]
        yield Row(what=f"{name}, the same people read", values=values, unit="ms a case", digits=3)


def _beside(found: dict[str, list[Cost]], name: str) -> str:
    """Say a command as multiples of the other readers."""
    if name == "`record verify`":
        return ""
    others = [other for other in READERS if other != "yaml.CSafeLoader"]
    ratios = {other: median(_ratios(found, name, other, "cold", f"{other}, nothing read")) for other in others}
    return ", ".join(f"{ratio:.1f} × {other}" for other, ratio in ratios.items())


def columns(bench: Bench) -> Iterable[Row]:
    """Rate rows in columns, beside the same rules by hand in Polars and in DuckDB over the same file."""
    small, large = bench.size(1_000_000, 2_000), bench.size(10_000_000, 5_000)
    path, peaks = bench.rows("2020", large), [bench.inside("columns", "plan", "verdicts", bench.rows("2020", small))["megabytes"]]
    for task, most in (("level", 0.9), ("verdicts", 0.98), ("written", 0.93)):
        jobs = {who: partial(bench.inside, "columns", who, task, path) for who in ("polars", "plan", "duckdb")}
        found = in_turn(jobs, bench.runs, bench.seconds)
        cpu, clock, duck = (
            [a[key] / b[key] for a, b in zip(found["plan"], found[other], strict=True)]
            for key, other in (("cpu", "polars"), ("clock", "polars"), ("cpu", "duckdb"))
        )
        beside = f"{median(duck):.2f} × DuckDB by hand; clock {median(clock):.2f} × Polars"
        yield Row(what=f"{large:,} rows: {task}", values=cpu, unit="× Polars by hand", at_most=most, beside=beside)
        peaks += [one["megabytes"] for one in found["plan"]] if task == "verdicts" else []
    values = [peak / peaks[0] for peak in peaks[1:]]
    yield Row(what=f"memory of `verdicts`, {large // small} times the rows", values=values, unit="times", beside=f"{max(peaks):.0f} MB")


def open_rows(bench: Bench) -> Iterable[Row]:
    """Rate rows of which a tenth leave 0 to 4 facts open, beside rows of which none does: the command, file to file."""
    for edition in ("2020", "2026-draft"):
        for count in (2_000,) if bench.quick else (10_000, 100_000, 1_000_000):
            jobs = {
                share: bench.ours(
                    "batch", bench.rows(edition, count, share), "--to", bench.folder / "answers.parquet", "--edition", edition
                )
                for share in (0.0, 0.1)
            }
            found = in_turn({str(share): job for share, job in jobs.items()}, bench.runs, bench.seconds / 3)
            if max(cost.clock for some in found.values() for cost in some) > LONG / 6:
                break
        bare = [cost.cpu - bench.cold for cost in found["0.0"]]
        values = [(cost.cpu - bench.cold) / whole for cost, whole in zip(found["0.1"], bare, strict=True)]
        what = f"`batch --edition {edition}`, {count:,} rows, 10% with 0 to 4 facts open"
        yield Row(what=what, values=values, unit="× none open", at_most=2, beside=f"{median(bare):.1f} s none open")


def single(bench: Bench) -> Iterable[Row]:
    """Rate one case in a loaded library, whole trace, beside the hand-written classifier and other rule engines."""
    path, cases = bench.rows("2020", bench.size(100_000, 2_000)), bench.folder / "cases.jsonl"
    program = "import sys, json; from pathlib import Path; from bench.rows import peers_cases\n"
    program += "Path(sys.argv[2]).write_text(''.join(json.dumps(one) + '\\n' for one in peers_cases(Path(sys.argv[1]))))"
    cost_of([sys.executable, "-c", program, path, cases])
    found = bench.inside("one_case", path, cases, bench.size(2_000, 50), bench.runs)
    if found["wrong"]:
        raise RuntimeError(f"{found['wrong']} answers differ from those of the hand-written classifier")
    for name, what, most in (("reference", "one case by the reference", 300), ("code", "one case by code", 60)):
        values = [a / b for a, b in zip(found[name], found["hand"], strict=True)]
        yield Row(what=f"{what}, whole trace", values=values, unit="× H", at_most=most, digits=1, beside=f"{median(found[name]):.1f} µs")
    yield Row(what="ten times the criteria, by code", values=found["tenfold"], unit="times the time", at_most=12)
    for name in bench.peers_names if bench.peers else ():
        command = [
            bench.peers_python,
            "row.py",
            name,
            str(cases),
            "--check",
            "2000",
            "--n",
            "100000",
            "--secs",
            "0.3",
            "--reps",
            str(bench.runs),
        ]
        done = subprocess.run(command, cwd=bench.peers, capture_output=True, text=True, check=False)
        told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        if not told or "error" in told[-1]:
            print(f"  {name}: {(told[-1]['error'] if told else done.stderr)[-200:]}", file=sys.stderr)
            continue
        row = told[-1]
        beside = f"{row['us']:.1f} µs; {row['mode']}; {row['wrong']} of {row['checked']} wrong"
        yield Row(what=f"{name}, the same rules", values=[row["us"] / row["base_us"]], unit="× H", digits=1, beside=beside)


def prove(bench: Bench) -> Iterable[Row]:
    """Prove every claim of an edition, beside loading the solver and nothing more."""
    jobs = {"bare": bench.python("import z3"), "ours": bench.ours("prove", "2020")}
    found = in_turn(jobs, bench.runs, bench.seconds / 3)
    yield Row(what="`prove 2020`, whole command", values=_ratios(found, "ours", "bare", 0, 0), unit="× `import z3`", digits=1)


def growth(bench: Bench) -> Iterable[Row]:
    """Run every command over ten times as many cases, again and again: what it costs, and what it holds at the peak."""
    sizes = (10, 20) if bench.quick else (10, 100, 1_000, 10_000)
    peaks: dict[str, dict[int, float]] = {}
    for count in sizes:
        folder = bench.people("2020", count)
        records = bench.record(folder, bench.folder / f"2020-{count}-{bench.records}")
        commands: dict[str, list[str | Path]] = {
            "round": ["round", folder], "round --format json": ["round", folder, "--format", "json"],
            "evaluate --format json": ["evaluate", folder, "--format", "json"], "replay": ["replay", records],
            "record verify": ["record", "verify", records], "compare --cases": ["compare", "2020", "2026-draft", "--cases", folder],
            "batch": ["batch", bench.rows("2020", count), "--to", bench.folder / "answers.parquet"],
        }  # fmt: skip
        for name, words in commands.items():
            before = bench.growth.setdefault(name, [])
            if before and (before[-1][0] * 10 < count or before[-1][1] * 10 > LONG):
                continue
            costs = in_turn({name: bench.ours(*words)}, 1 if bench.quick or count > sizes[1] else 3, bench.seconds)[name]
            before.append((count, median(cost.cpu for cost in costs)))
            peaks.setdefault(name, {})[count] = max(cost.megabytes for cost in costs)
    yield from _grown(bench, peaks)


def _grown(bench: Bench, peaks: dict[str, dict[int, float]]) -> Iterable[Row]:
    """Say what ten times the cases cost, in time and in memory."""
    for name, points in bench.growth.items():
        (few, first), (many, last) = points[-2:]
        what = f"`{name}`, {few:,} to {many:,} cases"
        held = peaks[name][many] / peaks[name][few]
        beside = f"memory {held:.2f} times, {peaks[name][many]:.0f} MB"
        yield Row(what=what, values=[(last - bench.cold) / (first - bench.cold)], unit="times the time", beside=beside)
    for name in ("replay", "record verify"):
        low, high = list(peaks[name])[-2:]
        flat = peaks[name][high] / peaks[name][low]
        yield Row(what=f"memory of `{name}`, {high // low} times the records", values=[flat], unit="times", at_most=1.1)
    low, high = list(peaks["round"])[-2:]
    each = (peaks["round"][high] - peaks["round"][low]) / (high - low) * 1e3
    yield Row(what="memory of `round`, for each case more", values=[each], unit="KB", at_most=15, digits=1)


def _ratios(found: dict[str, list[Cost]], ours: str, other: str, less: str | float, other_less: str | float) -> list[float]:
    """Return ours over another, run by run, each less its own cold start."""

    def seconds(name: str, cold: str | float) -> list[float]:
        base = median(cost.cpu for cost in found[cold]) if isinstance(cold, str) else cold
        return [max(cost.cpu - base, 1e-9) for cost in found[name]]

    return [a / b for a, b in zip(seconds(ours, less), seconds(other, other_less), strict=True)]


GROUPS: dict[str, tuple[str, Callable[[Bench], Iterable[Row]]]] = {
    "draft": ("Open facts: known cases", draft),
    "blank": ("Open facts: blank and half filled", blank),
    "compare": ("Two editions", compare),
    "half": ("A half-filled department", half_filled),
    "people": ("1,000 people of 2020", thousand),
    "people-2026": ("1,000 people of the draft of 2026", partial(thousand, edition="2026-draft")),
    "cold": ("A cold command", cold),
    "columns": ("Rows in columns", columns),
    "open-rows": ("Rows with open facts", open_rows),
    "single": ("One case in process", single),
    "prove": ("Proofs", prove),
    "growth": ("How cost grows", growth),
}
