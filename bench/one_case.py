"""How long one case takes in a loaded library, as a multiple of H, the hand-written classifier.

    python bench/one_case.py CASES.jsonl [--engine 2000] [--rounds 9]

CASES.jsonl is what the peers' `gen.py` writes (its last file: 100,000 mixed cases). H is the mean over all of
them; the engine is timed over the first cases that are real (`hand.facts_of`), whole trace, advice aside,
and its answers are held against H's.
"""

import argparse
import gc
import json
import sys
import time
from collections import Counter
from pathlib import Path
from statistics import median

from hand import classify, facts_of

from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.load.library import Library
from policy_engine.model.case import Case


def main() -> int:
    """Time both and print the ratio."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("cases", type=Path)
    asked.add_argument("--engine", type=int, default=2_000, help="cases for the engine in each round")
    asked.add_argument("--rounds", type=int, default=9)
    given = asked.parse_args()
    drawn = [json.loads(line) for line in given.cases.read_text("utf-8").splitlines()]
    real = [(c, facts) for c in drawn if (facts := facts_of(c)) is not None][: given.engine]
    evaluator = Evaluator(Library().edition("2020"))
    cases = [(c, Case(f"case-{n}", "2020", {}, facts, {}, {})) for n, (c, facts) in enumerate(real)]

    gc.freeze()  # the drawn cases are the benchmark's: the collector need not walk them for the engine
    ratios, hands, engines = [], [], []
    for _ in range(given.rounds):  # in turn, so that a machine that slows down slows both
        hands.append(_time_hand(drawn))
        engines.append(_time_engine(cases, evaluator))
        ratios.append(engines[-1] / hands[-1])
    answers, wrong = _answers(cases, evaluator)

    print(f"H                 {median(hands) * 1e6:9.3f} us a case: mean over {len(drawn)} cases, median of {given.rounds} rounds")
    print(f"interpreter       {median(engines) * 1e6:9.3f} us a case: mean over {len(cases)} real cases, whole trace")
    print(f"interpreter / H   {median(ratios):9.1f}    (rounds: {min(ratios):.0f} to {max(ratios):.0f})")
    print(f"answers           {dict(sorted(answers.items()))}, {wrong} differ from H's")
    return int(wrong > 0 or not cases)


def _time_hand(drawn: "list[dict[str, object]]") -> float:
    """Return the mean seconds of the hand-written classifier."""
    begin = time.process_time()
    for case in drawn:
        classify(case)
    return (time.process_time() - begin) / len(drawn)


def _time_engine(cases: "list[tuple[dict[str, object], Case]]", evaluator: Evaluator) -> float:
    """Return the mean seconds of the engine."""
    begin = time.process_time()
    for _, case in cases:
        evaluator.evaluate(case)
    return (time.process_time() - begin) / len(cases)


def _answers(cases: "list[tuple[dict[str, object], Case]]", evaluator: Evaluator) -> tuple[Counter[str], int]:
    """Return the engine's answers, and how many of them differ from H's."""
    verdicts = [(drawn, evaluator.evaluate(case)) for drawn, case in cases]
    said = [(drawn, verdict.level or verdict.outcome) for drawn, verdict in verdicts]
    return Counter(answer for _, answer in said), sum(answer != classify(drawn) for drawn, answer in said)


if __name__ == "__main__":
    sys.exit(main())
