"""The readers of one edition side by side, as multiples of H, the hand-written classifier, in one process.

    python bench/compiled.py CASES.jsonl [--cases 3000] [--rounds 9]

CASES.jsonl is what the peers' `gen.py` writes. Every reader answers the same real cases, whole traces without advice, and is held
against H's answers. Rows are made before the clock starts, as a reader of columns would hand them over; "from facts by name" is given
what H is given. Below stand what ten times the criteria cost, and how the draft's own case files fare.
"""

import argparse
import gc
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from grown import grown
from hand import classify, facts_of

from policy_engine.compiled.evaluator import CompiledEvaluator
from policy_engine.compiled.lean import Lean
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.language.values import UNKNOWN
from policy_engine.load.case import find_cases, load_case
from policy_engine.load.library import Library
from policy_engine.model.case import Case

CASES = Path(__file__).resolve().parent.parent / "cases"
GROWN = 500
"""How many cases are rated with ten times the criteria."""


class Reader(NamedTuple):
    """A reader: what it is called, what it does with one thing, the things, and how to tell its answer."""

    name: str
    read: Callable[[Any], Any]
    things: Sequence[Any]
    answer: Callable[[Any], Any]


def main() -> int:
    """Time every reader and print the table."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("cases", type=Path)
    asked.add_argument("--cases", dest="count", type=int, default=3_000, help="real cases for each reader in each round")
    asked.add_argument("--rounds", type=int, default=9)
    given = asked.parse_args()
    drawn = [json.loads(line) for line in given.cases.read_text("utf-8").splitlines()]
    real = [(c, facts) for c in drawn if (facts := facts_of(c)) is not None][: given.count]
    lean, readers, began = _readers([facts for _, facts in real])

    gc.freeze()  # the drawn cases are the benchmark's: the collector need not walk them
    hands, took = [], [[0.0] * 0 for _ in readers]
    for _ in range(given.rounds):  # in turn, so that a machine that slows down slows all
        hands.append(_time(classify, drawn))
        for times, reader in zip(took, readers, strict=True):
            times.append(_time(reader.read, reader.things))

    print(f"{'H, by hand':34} {median(hands) * 1e6:9.3f} us")
    wrong = 0
    for times, reader in zip(took, readers, strict=True):
        ratio = median(t / h for t, h in zip(times, hands, strict=True))
        missed = sum(reader.answer(reader.read(thing)) != classify(c) for thing, (c, _) in zip(reader.things, real, strict=True))
        wrong += missed
        print(f"{reader.name:34} {median(times) * 1e6:9.3f} us {ratio:8.1f} H   {missed} of {len(real)} answers differ from H's")
    opened = [lean.row({**facts, "discipline_met": UNKNOWN}) for _, facts in real]
    ratio = median(_time(lean.record, opened) / hand for hand in hands)
    print(
        f"{'code, record, a fact open in every row':46} {ratio:8.1f} H   {sum(lean.record(row).outcome == 'open' for row in opened)} say so"
    )
    print(f"making the code of the edition     {began * 1e3:9.1f} ms")
    _grown([facts for _, facts in real[:GROWN]], given.rounds)
    _drafted("2026-draft", given.rounds)
    return int(wrong > 0 or not real)


def _grown(facts: "Sequence[Mapping[str, Any]]", rounds: int) -> None:
    """Print what ten times the criteria cost, each under ten names, in the same levels."""
    edition = Library().edition("2020")
    readers: list[tuple[str, list[Callable[[], float]]]] = [
        ("code, record", []),
        ("code, whole verdict", []),
        ("interpreter, whole verdict", []),
    ]
    for times in (1, 10):
        more = grown(edition, times)
        reference, compiled = Evaluator(more), CompiledEvaluator(more)
        lean = Lean(reference.plan)
        cases = [Case(f"case-{n}", "2020", {}, one, {}, {}) for n, one in enumerate(facts)]
        rows = [lean.row(one) for one in facts]
        jobs: list[tuple[Callable[[Any], Any], Sequence[Any]]] = [
            (lean.record, rows),
            (compiled.evaluate, cases),
            (reference.evaluate, cases),
        ]
        for (_, timed), job in zip(readers, jobs, strict=True):
            _time(*job)  # what is made once, is made before the clock starts
            timed.append(partial(_time, *job))
    for name, (once, tenfold) in readers:
        ratio = median(tenfold() / once() for _ in range(rounds))
        print(f"10 times the criteria, {name:27} {ratio:8.1f} times the time   (mark: at most 12)")


def _drafted(name: str, rounds: int) -> None:
    """Print how code and interpreter fare over an edition's own case files, in which much is left open."""
    library = Library()
    edition = library.edition(name)
    reference, compiled = Evaluator(edition), CompiledEvaluator(edition)
    cases = [load_case(path, library)[0] for path in find_cases(str(CASES / name))]
    common = [case for case in cases if compiled.common(case) is not None]
    for label, some in (("case files", cases), ("of these by code alone", common)):
        took = [(_time(reference.evaluate, some), _time(compiled.evaluate, some)) for _ in range(max(rounds // 3, 1) if some else 0)]
        if took:
            slow, fast = (median(times) * 1e6 for times in zip(*took, strict=True))
            print(f"{name}: {len(some):4} {label:24} interpreter {slow:8.1f} us, code {fast:8.1f} us: {slow / fast:.1f} times as fast")


def _readers(facts: "list[Mapping[str, Any]]") -> tuple[Lean, list[Reader], float]:
    """Make every reader; tell what making the code took."""
    edition = Library().edition("2020")
    reference = Evaluator(edition)
    begin = time.perf_counter()
    lean, compiled = Lean(reference.plan), CompiledEvaluator(edition)
    cases = [Case(f"case-{n}", "2020", {}, one, {}, {}) for n, one in enumerate(facts)]
    rows = [lean.row(one) for one in facts]
    for one, row in zip(cases[:50], rows, strict=False):
        compiled.evaluate(one), lean.record(row), lean.level(row)
    began = time.perf_counter() - begin
    found = [
        Reader("interpreter, whole verdict", reference.evaluate, cases, lambda v: v.level or v.outcome),
        Reader("code, whole verdict", compiled.evaluate, cases, lambda v: v.level or v.outcome),
        Reader("code, record", lean.record, rows, lambda r: r.level or r.outcome),
        Reader("code, record, from facts by name", lean.record_of, facts, lambda r: r.level or r.outcome),
        Reader("code, level", lean.level, rows, lambda a: a[1] or a[0]),
        Reader("code, level, from facts by name", lean.level_of, facts, lambda a: a[1] or a[0]),
    ]
    return lean, found, began


def _time(read: Callable[[Any], Any], things: Sequence[Any]) -> float:
    """Return the mean seconds of a reader."""
    begin = time.process_time()
    for thing in things:
        read(thing)
    return (time.process_time() - begin) / len(things)


if __name__ == "__main__":
    sys.exit(main())
