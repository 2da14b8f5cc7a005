"""Several processes for many files: each does every so-manieth batch of them, and answers with what it found.

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
    """Processes that answer with what a function yields. None outlives this one: an answer that nobody can read ends its process."""

    def __init__(self) -> None:
        self._readers: list[IO[bytes]] = []
        self._ids: list[int] = []
        self._batches = 0

    def start(self, number: int, batches: Sequence[_Batch], work: Callable[[Sequence[_Batch]], Iterable[object]]) -> None:
        """Begin; `work` gets some of the batches, and yields an answer to each of them in turn; then it may do so once more."""
        self._batches = len(batches)
        gc.freeze()  # to look all of it over again would copy it into every process
        for place in range(number):
            reads, writes = os.pipe()
            self._readers.append(open(reads, "rb"))  # noqa: SIM115  (closed in `end`)
            held = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)  # a signal between two lines here would be both processes'
            try:
                process = os.fork()
                if not process:
                    self._serve(open(writes, "wb"), work(batches[place::number]), held)  # noqa: SIM115
                self._ids.append(process)
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, held)
                os.close(writes)

    def _serve(self, into: IO[bytes], answers: Iterable[object], held: Iterable[int]) -> None:
        """Write every answer, and end; a fault ends it too, and whoever does the work instead meets it again."""
        code = 1
        try:
            for reader in self._readers:
                reader.close()
            for number in _STOPS:
                if signal.getsignal(number) is not signal.SIG_IGN:
                    signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, held)
            for answer in answers:
                pickle.dump(answer, into, pickle.HIGHEST_PROTOCOL)
                into.flush()
            code = 0
        finally:
            os._exit(code)

    def answers(self) -> Iterator[Any]:
        """Yield the next answer to every batch, in their order.

        Raises:
            EOFError: where a process has ended.
        """
        for place in range(self._batches):
            try:
                yield pickle.load(self._readers[place % len(self._readers)])  # noqa: S301  (what a copy of this process wrote)
            except pickle.UnpicklingError as error:  # it was ended in the middle of an answer
                raise EOFError from error

    def end(self) -> None:
        """End what still runs."""
        for process in self._ids:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
        for reader in self._readers:
            reader.close()
        self._ids, self._readers = [], []
