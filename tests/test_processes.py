"""Many files in several processes: what one process says, whatever happens to them, and none of them left."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from policy_engine.cli import evaluate, processes
from tests.build import Cli
from tests.hostile_inputs import CASE, orchard_at

_STOPPED = """
import os, sys, time
from policy_engine.cli import evaluate, main, processes
evaluate._FIRST, evaluate._MANY, processes.processors = 2, 2, lambda: 2
rate = evaluate.EvaluateRun.rate
def slow(run, paths):
    if len(paths) > 2:
        os.write(1, f"{os.getpid()}\\n".encode())
        time.sleep(60)
    rate(run, paths)
evaluate.EvaluateRun.rate = slow
main.main(sys.argv[1:])
"""


def files_at(folder: Path, names: Sequence[str]) -> tuple[str, ...]:
    (folder / "cases").mkdir()
    for number, name in enumerate(names):
        text = CASE if name else CASE.replace("facts:", "fact:")
        (folder / "cases" / f"{number:03}.yaml").write_text(text.replace("case: basket", f"case: {name}"), "utf-8")
    return "evaluate", str(folder / "cases"), "--rulebook", str(orchard_at(folder))


@pytest.mark.parametrize("form", ["json", "text", "markdown"])
@pytest.mark.parametrize("names", ["abcdefghijk", "ab def h jk", "abcdefghicd", "abbdefghiji"])
@pytest.mark.parametrize("how", ["go on", "end"])
def test_several_say_what_one_says(
    form: str, names: str, how: str, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    call = (*files_at(tmp_path, [name.strip() for name in names]), "--format", form)
    alone, ours, rate, here = cli(*call), os.getpid(), evaluate.EvaluateRun.rate, list[str]()

    def rating(run: evaluate.EvaluateRun, paths: Sequence[str]) -> None:
        if os.getpid() != ours and how == "end":
            os._exit(1)
        here.extend(paths)
        rate(run, paths)

    for name in ("_MANY", "_FIRST", "_BATCH"):
        monkeypatch.setattr(evaluate, name, 2)
    monkeypatch.setattr(processes, "processors", lambda: 3)
    monkeypatch.setattr(evaluate.EvaluateRun, "rate", rating)

    assert cli(*call) == alone
    assert alone[0] == (0 if names == "abcdefghijk" else 3)
    assert len(here) == (2 if how == "go on" and names[-1] == "k" else len(names))


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="there is one process")
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_none_outlives_a_run_that_is_stopped(stop: signal.Signals, tmp_path: Path) -> None:
    call = [sys.executable, "-c", _STOPPED, *files_at(tmp_path, [f"case-{number}" for number in range(120)])]
    with subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert run.stdout
        workers = [int(run.stdout.readline()) for _ in range(2)]
        run.send_signal(stop)

        assert run.wait() == 128 + stop
    assert [worker for worker in workers if Path(f"/proc/{worker}").exists()] == []
