"""A batch on a real Spark standalone cluster, held row by row against Polars: a master and workers as processes of their own on loopback.

    python -m bench.cluster [--rows 1000000 3000000] [--lose-a-worker] [--workers 2] [--folder FOLDER]

Each worker stands for a machine with one core. `--lose-a-worker` ends every process of one of them, executor and Python included, once it
has begun to rate rows. Printed are seconds on the clock and on the processors, the greatest memory, and whether the answers are the same.
"""

import argparse
import contextlib
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.cluster.processes import Machine, Used
from bench.measure import ROOT, cost_of, surroundings

HOST = "127.0.0.1"
COMMAND = Path(sys.executable).with_name("policy-engine")
EQUAL = """
import sys, polars as pl
def answers(path):
    frame = pl.scan_parquet(path)
    return frame.select(pl.all().cast(pl.String)).sort('case').collect(engine='streaming')
ours, theirs = answers(sys.argv[1] + '/*.parquet'), answers(sys.argv[2])
if not ours.equals(theirs):
    rows = [n for n, (a, b) in enumerate(zip(ours.iter_rows(), theirs.iter_rows())) if a != b] if ours.shape == theirs.shape else []
    sys.exit(f'{ours.shape} beside {theirs.shape}; {len(rows)} rows differ; the first: {rows[:1]}')
print(ours.height)
"""


class Run(NamedTuple):
    """What a batch took: the driver, and all workers together."""

    clock: float
    driver: Used
    workers: Used


class Cluster:
    """A master and its workers."""

    def __init__(self, folder: Path, workers: int, memory: str) -> None:
        import pyspark

        self.folder, self.spark, self.count, self.memory = folder, Path(pyspark.__file__).parent, workers, memory
        self.environment = surroundings() | {"SPARK_LOCAL_IP": HOST, "SPARK_HOME": str(self.spark), "PYSPARK_PYTHON": sys.executable}
        self.environment["SPARK_MASTER_OPTS"] = "-Dspark.master.rest.enabled=false"  # it would take a port that others may have
        self.port = _free_port()
        self.machines: list[Machine] = []

    def start(self) -> None:
        """Start all of them, and wait until every worker is registered."""
        words = ["--host", HOST, "--port", str(self.port), "--webui-port", str(_free_port())]
        self._machine("master", ["org.apache.spark.deploy.master.Master", *words]).wait_for("I have been elected leader")
        for number in range(self.count):
            self._worker(number)
        for worker in self.workers:
            worker.wait_for("Successfully registered with master")

    @property
    def workers(self) -> list[Machine]:
        return self.machines[1:]

    def _worker(self, number: int) -> Machine:
        place = self.folder / f"worker-{number}"
        words = ["--host", HOST, "--cores", "1", "--memory", self.memory, "--webui-port", str(_free_port()), "--work-dir", str(place)]
        return self._machine(f"worker-{number}", ["org.apache.spark.deploy.worker.Worker", *words, self.url])

    def _machine(self, name: str, words: Sequence[str]) -> Machine:
        self.machines.append(Machine([self.spark / "bin" / "spark-class", *words], self.folder / f"{name}.log", self.environment))
        return self.machines[-1]

    @property
    def url(self) -> str:
        return f"spark://{HOST}:{self.port}"

    def batch(self, rows: Path, to: Path, *, lose_at: float | None = None) -> Run:
        """Rate rows; lose the first worker once its Python has spent so many seconds on the processors with them.

        Raises:
            RuntimeError: where the command does not end with 0, or no worker was lost though one was to be.
        """
        settings = {
            "spark.driver.host": HOST, "spark.driver.bindAddress": HOST, "spark.executor.memory": self.memory, "spark.executor.cores": "1",
            "spark.ui.enabled": "false", "spark.network.timeout": "60s",
        }  # fmt: skip
        words = " ".join(f"--conf {name}={value}" for name, value in settings.items())
        environment = self.environment | {"PYSPARK_SUBMIT_ARGS": f"--master {self.url} {words} pyspark-shell"}
        before = [worker.used().cpu for worker in self.workers]
        began, peaks, over = time.perf_counter(), [Used(0, 0)] * (len(self.workers) + 1), threading.Event()
        command: list[str | Path] = [COMMAND, "batch", rows, "--to", to, "--to-format", "parquet", "--engine", "spark"]
        driver = Machine(command, self.folder / "driver.log", environment)

        lost = lose_at is None

        def watch() -> None:
            nonlocal lost
            while not over.wait(0.1):
                for place, machine in enumerate([driver, *self.workers]):
                    now = machine.used()
                    peaks[place] = Used(max(peaks[place].cpu, now.cpu), max(peaks[place].megabytes, now.megabytes))
                rating = sum(one.cpu for one in self.workers[0].members().values() if one.name.startswith("python"))
                if not lost and lose_at is not None and rating > lose_at:
                    self.workers[0].lose()
                    lost = True
                    print(f"    a worker lost after {time.perf_counter() - began:.1f} s, {rating:.1f} s of rating", flush=True)

        watcher = threading.Thread(target=watch)
        watcher.start()
        code = driver.process.wait()
        clock = time.perf_counter() - began
        time.sleep(1)  # executors of an application that is over end, and are counted by their worker
        over.set()
        watcher.join()
        if not lost:
            raise RuntimeError("the run was over before a worker could be lost: give it more rows")
        if code:
            raise RuntimeError(f"the batch ended with {code}: {driver.log.read_text('utf-8')[-2000:]}")
        spent = sum(peak.cpu - first for peak, first in zip(peaks[1:], before, strict=True))
        return Run(clock, peaks[0], Used(spent, sum(peak.megabytes for peak in peaks[1:])))

    def stop(self) -> None:
        for machine in self.machines[::-1]:
            machine.lose()


@contextlib.contextmanager
def cluster(folder: Path, workers: int, memory: str) -> Iterator[Cluster]:
    """Start a cluster, and end every process of it."""
    made = Cluster(folder, workers, memory)
    try:
        made.start()
        yield made
    finally:
        made.stop()


def main() -> int:
    """Rate files of rows on a cluster, and hold the answers against those of Polars."""
    asked = argparse.ArgumentParser(
        prog="python -m bench.cluster", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    asked.add_argument("--rows", type=int, nargs="+", default=[1_000_000])
    asked.add_argument("--workers", type=int, default=2)
    asked.add_argument("--memory", default="1g", help="of each worker")
    asked.add_argument("--lose-a-worker", action="store_true")
    asked.add_argument("--open", type=float, default=0.01, help="the share of rows that leave facts open")
    asked.add_argument("--folder", type=Path, help="where rows stay for the next run")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = given.folder or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        for count in given.rows:
            rows = folder / f"rows-{count}-{given.open}.parquet"
            program = "import sys; from pathlib import Path; from bench.rows import write_rows\n"
            program += "write_rows(Path(sys.argv[1]), '2020', int(sys.argv[2]), float(sys.argv[3]))"
            cost_of([sys.executable, "-c", program, rows, str(count), str(given.open)])
            alone = cost_of([COMMAND, "batch", rows, "--to", Path(made) / "polars.parquet"])
            print(f"{count:,} rows, {given.open:.0%} with open facts", flush=True)
            print(f"    Polars alone: {alone.clock:.1f} s, {alone.cpu:.1f} s on the processors, {alone.megabytes:.0f} MB", flush=True)
            with cluster(Path(made), given.workers, given.memory) as some:
                run = some.batch(rows, Path(made) / "answers", lose_at=0.3 if given.lose_a_worker else None)
            print(f"    {run.clock:.1f} s; on the processors: driver {run.driver.cpu:.1f} s, workers {run.workers.cpu:.1f} s", flush=True)
            print(f"    at the peak: driver {run.driver.megabytes:.0f} MB, workers together {run.workers.megabytes:.0f} MB", flush=True)
            command = [sys.executable, "-c", EQUAL, Path(made) / "answers", Path(made) / "polars.parquet"]
            done = subprocess.run([str(word) for word in command], cwd=ROOT, capture_output=True, text=True, check=False)
            if done.returncode:
                print(f"    the answers differ: {done.stderr}")
                return 1
            print(f"    {int(done.stdout):,} answers, each as Polars gives it", flush=True)
    return 0


def _free_port() -> int:
    with socket.socket() as some:
        some.bind((HOST, 0))
        port: int = some.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main())
