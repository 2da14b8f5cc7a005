"""Processes of a session as the kernel shows them: what each took and holds, and their end all at once, as when a machine is lost."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


class Used(NamedTuple):
    """Seconds on the processors so far, those of children that are gone included, and megabytes held now; of one process, its name."""

    cpu: float
    megabytes: float
    name: str = ""


class Machine:
    """A process that stands for a machine, in a session of its own; what it starts belongs to it."""

    def __init__(self, command: Sequence[str | Path], log: Path, environment: Mapping[str, str]) -> None:
        self.log = log
        with log.open("wb") as said:
            words = [str(word) for word in command]
            self.process = subprocess.Popen(words, stdout=said, stderr=said, env=dict(environment), start_new_session=True)

    def members(self) -> dict[int, Used]:
        """Return every process of the session."""
        found: dict[int, Used] = {}
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                name, _, rest = path.read_text("utf-8", errors="replace").rpartition(")")
            except (FileNotFoundError, ProcessLookupError):  # it ended meanwhile
                continue
            fields = rest.split()
            if int(fields[3]) == self.process.pid:
                found[int(path.parent.name)] = Used(
                    sum(map(int, fields[11:15])) / TICK, int(fields[21]) * PAGE / 1e6, name.partition("(")[2]
                )
        return found

    def used(self) -> Used:
        """Return what all of them took and hold."""
        all_of_them = self.members().values()
        return Used(sum(one.cpu for one in all_of_them), sum(one.megabytes for one in all_of_them))

    def wait_for(self, words: str, seconds: float = 60) -> None:
        """Wait until the log has some words.

        Raises:
            RuntimeError: where it ends, or takes too long.
        """
        until = time.monotonic() + seconds
        while words not in self.log.read_text("utf-8", errors="replace"):
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"`{words}` never stood in {self.log.name}: {self.log.read_text('utf-8', errors='replace')[-800:]}")
            time.sleep(0.2)

    def lose(self) -> None:
        """End every process of the session at once, without a word to any."""
        for pid in self.members():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:  # it ended meanwhile
                continue
        self.process.wait()
