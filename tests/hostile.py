"""What tests of hostile files share: a limit of time, and the codes and places of what the command tells."""

import json
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest

from tests.bad_files import RULEBOOKS

Cli = Callable[..., tuple[int, str, str]]
Told = list[tuple[str, int, int]]

SECONDS = 5
HEAD = 'case: hostile\nedition: "2020"\nfacts:\n'
TRACK = "  kind: officer\n  workplace: head_office\n  position: specialist\n"
FACT = "  tasks_total: "
AT_FACT = (4, len(FACT) + 1)
FINE = f"{HEAD}{TRACK}{FACT}20\n"


class _LateError(BaseException):
    """Time is up; nothing that catches exceptions may catch this one."""


@contextmanager
def soon() -> Iterator[None]:
    """Fail where something works for more than five seconds, or waits for more than a minute."""

    def stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise _LateError

    timers = ((signal.SIGPROF, signal.ITIMER_PROF, SECONDS), (signal.SIGALRM, signal.ITIMER_REAL, 12 * SECONDS))
    before = [signal.signal(number, stop) for number, _, _ in timers]
    late = False
    try:
        for _, timer, seconds in timers:
            signal.setitimer(timer, seconds)
        yield
    except _LateError:
        late = True
    finally:
        for (number, timer, _), handler in zip(timers, before, strict=True):
            signal.setitimer(timer, 0)
            signal.signal(number, handler)
    if late:  # not from within the signal: pytest cannot show a line that ends between two others
        pytest.fail(f"no answer within {SECONDS} seconds")


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
