"""What commands cost, and what is said of it: whole processes by turns, so that a machine that slows down slows all of them."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import NamedTuple, TypeVar

T = TypeVar("T")
ROOT = Path(__file__).resolve().parent.parent
ANSWERED = (0, 1)
"""Exit codes of a command that did its work: 1 says that the answer is no."""
UNIT = 1 if sys.platform == "darwin" else 1024
"""The bytes in which a system counts memory."""


class Cost(NamedTuple):
    """What a process took: seconds on the processors, seconds on the clock, megabytes at the peak."""

    cpu: float
    clock: float
    megabytes: float


def cost_of(command: Sequence[str | Path], *, cache: Path | None = None) -> Cost:
    """Run a command to its end, its output thrown away; `cache` is a folder that it takes for the user's cache.

    The peak of a process counts what its parent held when it was started, so the parent stays small.

    Raises:
        RuntimeError: where it fails, with the end of what it said.
    """
    environment = surroundings() | ({} if cache is None else {"XDG_CACHE_HOME": str(cache)})
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        process = subprocess.Popen([str(word) for word in command], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
        clock = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in ANSWERED:
            said.seek(0)
            message = said.read().decode(errors="replace")[-800:]
            raise RuntimeError(f"{' '.join(map(str, command))[:300]} ended with {process.returncode}: {message}")
    return Cost(used.ru_utime + used.ru_stime, clock, used.ru_maxrss * UNIT / 1e6)


def surroundings() -> dict[str, str]:
    """Return the environment of what is measured: bytecode is kept as after an installation, whatever this machine says of it."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | {"LC_ALL": "C.UTF-8"}


def in_turn(jobs: Mapping[str, Callable[[], T]], runs: int, seconds: float) -> dict[str, list[T]]:
    """Do every job so many times, one after the other; fewer times where another turn would take longer than the seconds that are left."""
    found: dict[str, list[T]] = {name: [] for name in jobs}
    began = time.perf_counter()
    for done in range(1, runs + 1):
        for name, job in jobs.items():
            found[name].append(job())
        if (time.perf_counter() - began) * (done + 1) / done > seconds:
            break
    return found


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table: what was done, a value for each run, and the most that it should be."""

    what: str
    values: Sequence[float]
    unit: str
    at_most: float | None = None
    digits: int = 2
    beside: str = ""

    @property
    def holds(self) -> str:
        """Say whether the target is met: by the median, or only by the best of the runs."""
        if self.at_most is None:
            return ""
        if round(median(self.values), self.digits) <= self.at_most:
            return "yes"
        return "within the spread" if round(min(self.values), self.digits) <= self.at_most else "**no**"

    def cells(self) -> list[str]:
        """Write the cells of the line."""
        low, middle, high = (f"{value:,.{self.digits}f}" for value in (min(self.values), median(self.values), max(self.values)))
        spread = f"{low} to {high}, {len(self.values)} runs" if len(self.values) > 1 else "1 run"
        most = "" if self.at_most is None else f"{self.at_most:,g}"
        return [self.what, f"{middle} {self.unit}", most, self.holds, spread, self.beside]
