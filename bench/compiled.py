"""The readers of one edition side by side, as multiples of H, the hand-written classifier, in one process.

    python bench/compiled.py CASES.jsonl [--cases 3000] [--rounds 9]

CASES.jsonl is what the peers' `gen.py` writes. Every reader answers the same real cases, whole traces without advice, and is held
against H's answers. Rows are made before the clock starts, as a reader of columns would hand them over; "from facts by name" has the
making of the row in it, which is what H is given.
"""

import argparse
import gc
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from hand import classify, facts_of

from policy_engine.compiled.evaluator import CompiledEvaluator
from policy_engine.compiled.lean import Lean
from policy_engine.evaluate.case import Evaluator
from policy_engine.language.values import UNKNOWN
from policy_engine.load.library import Library
from policy_engine.model.case import Case


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
    return int(wrong > 0 or not real)


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
        Reader("code, record, from facts by name", lambda one: lean.record(lean.row(one)), facts, lambda r: r.level or r.outcome),
        Reader("code, level", lean.level, rows, lambda a: a[1] or a[0]),
        Reader("code, level, from facts by name", lambda one: lean.level(lean.row(one)), facts, lambda a: a[1] or a[0]),
    ]
    return lean, found, began


def _time(read: Callable[[Any], Any], things: Sequence[Any]) -> float:
    """Give the mean seconds of a reader."""
    begin = time.process_time()
    for thing in things:
        read(thing)
    return (time.process_time() - begin) / len(things)


if __name__ == "__main__":
    sys.exit(main())
