"""Several processes for many files: each does every so-manieth batch of them, and tells what it found.

A process begins as a copy of this one, so that all that was prepared is there; where the system cannot do that, one process does it all.
"""

import os
import pickle
import signal
from collections.abc import Callable, Iterable, Iterator
from typing import IO, Any

from policy_engine.cli.session import Session
from policy_engine.messages import N_
from policy_engine.report.problems import visible

_ASKED = "POLICY_ENGINE_PROCESSES"
_MOST = 64


def asked_for(session: Session) -> int:
    """Return how many processes there are to be: as the environment asks, else one for each processor that this one may use.

    Raises:
        UsageError: where the environment asks for what is no number.
    """
    asked = os.environ.get(_ASKED, "")
    if asked and not (asked.isascii() and asked.isdigit() and 0 < int(asked) <= _MOST):
        words = N_("{name} says how many processes there may be: a number from 1 to {most}, not `{found}`")
        raise session.misused(words, name=_ASKED, most=_MOST, found=visible(asked))
    if not hasattr(os, "sched_getaffinity"):
        return 1
    return int(asked) if asked else min(len(os.sched_getaffinity(0)), _MOST)


class Workers:
    """Processes that each tell what `work` yields for their place. None outlives this one: what it tells to nobody ends a process."""

    def __init__(self) -> None:
        self._heard: list[IO[bytes]] = []
        self._ids: list[int] = []

    def start(self, number: int, work: Callable[[int], Iterable[object]]) -> None:
        import gc

        gc.freeze()  # to look all of it over would copy it into every process
        for place in range(number):
            ear, mouth = os.pipe()
            self._heard.append(open(ear, "rb"))  # noqa: SIM115  (closed by `close`)
            held = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)  # a signal between two lines here would be both processes'
            try:
                process = os.fork()
                if not process:
                    self._serve(open(mouth, "wb"), work(place), held)  # noqa: SIM115
                self._ids.append(process)
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, held)
                os.close(mouth)

    def _serve(self, mouth: IO[bytes], told: Iterable[object], held: Iterable[int]) -> None:
        """Tell everything, and end: a fault ends it too, and is met again by whoever does the work instead."""
        code = 1
        try:
            for other in self._heard:
                other.close()
            for number in _STOPS:
                if signal.getsignal(number) is not signal.SIG_IGN:
                    signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, held)
            for one in told:
                pickle.dump(one, mouth, pickle.HIGHEST_PROTOCOL)
                mouth.flush()
            code = 0
        finally:
            os._exit(code)

    def told(self, batches: int) -> Iterator[Any]:
        """Yield what the processes tell next of each batch in turn.

        Raises:
            EOFError: where a process has ended.
        """
        for batch in range(batches):
            yield pickle.load(self._heard[batch % len(self._heard)])  # noqa: S301  (what a copy of this process wrote)

    def close(self) -> None:
        """End what still runs."""
        for process in self._ids:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
        for ear in self._heard:
            ear.close()
        self._ids, self._heard = [], []


_STOPS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
