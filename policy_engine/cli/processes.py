"""Several processes for many files: each does every so-manieth batch of them, and tells what it found.

There is one for each processor that this one may use. Each begins as a copy of this one, so that all that was prepared is there; where
the system cannot do that, there is none.
"""

import gc
import os
import pickle
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import IO, Any, TypeVar

_Batch = TypeVar("_Batch")
_STOPS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


def processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


class Processes:
    """Processes that tell what a function yields, of which none outlives this one: whoever tells something to nobody has ended."""

    def __init__(self) -> None:
        self._ears: list[IO[bytes]] = []
        self._ids: list[int] = []
        self._batches = 0

    def start(self, number: int, batches: Sequence[_Batch], tell: Callable[[Sequence[_Batch]], Iterable[object]]) -> None:
        """Begin; `tell` gets some of the batches, and yields something of each of them in turn, as often as it is to be heard."""
        self._batches = len(batches)
        gc.freeze()  # to look all of it over again would copy it into every process
        for place in range(number):
            ear, mouth = os.pipe()
            self._ears.append(open(ear, "rb"))  # noqa: SIM115  (closed in `end`)
            held = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)  # a signal between two lines here would be both processes'
            try:
                process = os.fork()
                if not process:
                    self._serve(open(mouth, "wb"), tell(batches[place::number]), held)  # noqa: SIM115
                self._ids.append(process)
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, held)
                os.close(mouth)

    def _serve(self, mouth: IO[bytes], told: Iterable[object], held: Iterable[int]) -> None:
        """Tell everything, and end; a fault ends it too, and whoever does the work instead meets it again."""
        code = 1
        try:
            for ear in self._ears:
                ear.close()
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

    def told(self) -> Iterator[Any]:
        """Yield what is told next of every batch, in their order.

        Raises:
            EOFError: where a process has ended.
        """
        return (pickle.load(self._ears[place % len(self._ears)]) for place in range(self._batches))  # noqa: S301  (of our own copies)

    def end(self) -> None:
        """End what still runs."""
        for process in self._ids:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
        for ear in self._ears:
            ear.close()
        self._ids, self._ears = [], []
