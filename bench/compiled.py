"""Whole verdicts by the interpreter and by generated code, as multiples of H, the hand-written classifier, in one process.

    python bench/compiled.py CASES.jsonl [--cases 3000] [--rounds 9]

CASES.jsonl is what the peers' `gen.py` writes. Both readers answer the same real cases, whole traces without advice, and are held
against H's answers. Below stand what ten times the criteria cost, and how the draft's own case files fare.
"""

import argparse
import gc
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from grown import grown
from hand import classify, facts_of

from policy_engine.compiled.evaluator import CompiledEvaluator
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.load.case import find_cases, load_case
from policy_engine.load.library import Library
from policy_engine.model.case import Case

CASES = Path(__file__).resolve().parent.parent / "cases"
READERS = (("interpreter, whole verdict", Evaluator), ("code, whole verdict", CompiledEvaluator))
GROWN = 500
"""How many cases are rated with ten times the criteria."""


def main() -> int:
    """Time both readers and print the table."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("cases", type=Path)
    asked.add_argument("--cases", dest="count", type=int, default=3_000, help="real cases for each reader in each round")
    asked.add_argument("--rounds", type=int, default=9)
    given = asked.parse_args()
    drawn = [json.loads(line) for line in given.cases.read_text("utf-8").splitlines()]
    real = [(c, facts) for c in drawn if (facts := facts_of(c)) is not None][: given.count]
    cases = [Case(f"case-{n}", "2020", {}, facts, {}, {}) for n, (_, facts) in enumerate(real)]
    edition = Library().edition("2020")
    readers = [(name, reader(edition)) for name, reader in READERS]
    begin = time.perf_counter()
    for case in cases[:50]:
        readers[-1][1].evaluate(case)
    made = time.perf_counter() - begin

    gc.freeze()  # the drawn cases are the benchmark's: the collector need not walk them
    hands, took = [], [[0.0] * 0 for _ in readers]
    for _ in range(given.rounds):  # in turn, so that a machine that slows down slows all
        hands.append(_time(classify, drawn))
        for times, (_, reader) in zip(took, readers, strict=True):
            times.append(_time(reader.evaluate, cases))

    print(f"{'H, by hand':34} {median(hands) * 1e6:9.3f} us")
    wrong = 0
    for times, (name, reader) in zip(took, readers, strict=True):
        ratio = median(t / h for t, h in zip(times, hands, strict=True))
        verdicts = [reader.evaluate(case) for case in cases]
        missed = sum((verdict.level or verdict.outcome) != classify(c) for verdict, (c, _) in zip(verdicts, real, strict=True))
        wrong += missed
        print(f"{name:34} {median(times) * 1e6:9.3f} us {ratio:8.1f} H   {missed} of {len(real)} answers differ from H's")
    print(f"making the code of the edition     {made * 1e3:9.1f} ms")
    _grown(cases[:GROWN], given.rounds)
    _drafted("2026-draft", given.rounds)
    return int(wrong > 0 or not real)


def _grown(cases: Sequence[Case], rounds: int) -> None:
    """Print what ten times the criteria cost, each under ten names, in the same levels."""
    edition = Library().edition("2020")
    once, tenfold = grown(edition, 1), grown(edition, 10)
    for name, reader in READERS:
        few, many = reader(once), reader(tenfold)
        ratio = median(_time(many.evaluate, cases) / _time(few.evaluate, cases) for _ in range(rounds + 1))  # the first makes the code
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


def _time(read: Callable[[Any], Any], things: Sequence[Any]) -> float:
    """Return the mean seconds of a reader."""
    begin = time.process_time()
    for thing in things:
        read(thing)
    return (time.process_time() - begin) / len(things)


if __name__ == "__main__":
    sys.exit(main())
