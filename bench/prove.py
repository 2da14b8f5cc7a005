"""How long a proof of an edition takes, as a multiple of importing z3 and nothing more.

    python bench/prove.py [--edition 2020] [--command .venv/bin/policy-engine] [--rounds 5]

The bare import and the command are started in turn, so that a machine that slows down slows both; medians are compared. In process the
same proof is timed once z3 is loaded.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from timing import seconds_of

from policy_engine.load.library import Library
from policy_engine.prove.edition import prove


def main() -> int:
    """Time all three and print the ratios."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--edition", default="2020")
    asked.add_argument("--command", type=Path, default=Path(sys.executable).parent / "policy-engine")
    asked.add_argument("--rounds", type=int, default=5)
    given = asked.parse_args()
    bare, whole = [sys.executable, "-c", "import z3"], [str(given.command), "prove", given.edition]
    seconds_of(whole)  # the first run writes bytecode and marks
    pairs = [(seconds_of(bare), seconds_of(whole)) for _ in range(given.rounds)]
    edition = Library().edition(given.edition)
    inside = [_time_inside(lambda: prove(edition).passed) for _ in range(given.rounds)]

    bares, wholes = median(b for b, _ in pairs), median(w for _, w in pairs)
    print(f"import z3         {bares * 1e3:7.1f} ms, median of {given.rounds}")
    print(f"prove, command    {wholes * 1e3:7.1f} ms")
    print(f"prove, in process {median(inside) * 1e3:7.1f} ms, {len(prove(edition).claims)} claims")
    print(f"command / import  {wholes / bares:7.2f}    (pair by pair: {median(w / b for b, w in pairs):.2f})")
    print(f"inside / import   {median(inside) / bares:7.2f}")
    return 0


def _time_inside(ask: Callable[[], bool]) -> float:
    """Ask once; give the seconds of this process."""
    begin = time.process_time()
    ask()
    return time.process_time() - begin


if __name__ == "__main__":
    sys.exit(main())
