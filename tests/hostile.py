"""What tests of hostile files share: a guard against hanging, work counted, and the codes and places of what the command tells."""

import json
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest

from tests.bad_files import RULEBOOKS
from tests.build import Cli

Told = list[tuple[str, int, int]]

SECONDS = 60
"""A guard against what hangs; no test is about how fast a machine is."""
HEAD = 'case: hostile\nedition: "2020"\nfacts:\n'
TRACK = "  kind: officer\n  workplace: head_office\n  position: specialist\n"
FACT = "  tasks_total: "
AT_FACT = (4, len(FACT) + 1)
FINE = f"{HEAD}{TRACK}{FACT}20\n"


class _LateError(BaseException):
    """Time is up; nothing that catches exceptions may catch this one."""


@contextmanager
def soon() -> Iterator[None]:

    def stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise _LateError

    before, late = signal.signal(signal.SIGALRM, stop), False
    try:
        signal.setitimer(signal.ITIMER_REAL, SECONDS)
        yield
    except _LateError:
        late = True
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    if late:  # not from within the signal: pytest cannot show a line that ends between two others
        pytest.fail(f"no answer within {SECONDS} seconds")


def work(done: Callable[[], object]) -> int:
    """Return how many calls of functions something takes: its cost on any machine, however busy."""
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        del frame, argument
        calls += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        done()
    finally:
        sys.setprofile(before)
    return calls


def grows_evenly(small: Callable[[], object], large: Callable[[], object], times: float) -> bool:
    """Return whether something so many times as large takes at most half as much again for each part, start-up aside."""
    small()  # what is loaded or worked out once is no part of the growth
    return work(large) <= 1.5 * times * work(small)


def told(cli: Cli, path: Path | str, *more: str) -> tuple[int, Told]:
    """Rate a file; give the exit code, and the code, line and column of each error."""
    with soon():
        status, out, err = cli("evaluate", str(path), *more, "--format", "json")
    assert "Traceback" not in err
    assert bool(out) is (status == 0), err
    return status, [(e["code"], e["line"], e["column"]) for e in json.loads(err)["errors"]] if err else []


def told_of(cli: Cli, folder: Path, raw: bytes | str) -> tuple[int, Told]:
    """Rate a text as a case file."""
    path = folder / "hostile.yaml"
    path.write_bytes(raw if isinstance(raw, bytes) else raw.encode())
    return told(cli, path)


def orchard(folder: Path, condition: str) -> Path:
    """Make the small rulebook with one condition of ours."""
    rulebook = folder / "orchard"
    shutil.copytree(RULEBOOKS / "PE302-unknown-name", rulebook)
    track = rulebook / "track.yaml"
    track.write_text(track.read_text("utf-8").replace("apples_rip > 0", json.dumps(condition, ensure_ascii=False)), "utf-8")
    return rulebook
