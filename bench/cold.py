"""How long the whole command takes from a shell, as a multiple of `python -c pass`.

    python bench/cold.py [--command .venv/bin/policy-engine] [--case CASE.yaml] [--rounds 25]

Both are started in turn, so that a machine that slows down slows both; the medians are compared. Run it against an
installed wheel: an editable install searches longer for its modules.
"""

import argparse
import sys
from pathlib import Path
from statistics import median

from timing import seconds_of

CASE = Path(__file__).parent.parent / "cases/2020/II.1/good/specialist-outstanding.yaml"


def main() -> int:
    """Time both and print the ratio."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--command", type=Path, default=Path(sys.executable).parent / "policy-engine")
    asked.add_argument("--case", type=Path, default=CASE)
    asked.add_argument("--rounds", type=int, default=25)
    given = asked.parse_args()
    bare, whole = [sys.executable, "-c", "pass"], [str(given.command), "evaluate", str(given.case)]
    seconds_of(whole)  # the first run writes bytecode and marks
    pairs = [(seconds_of(bare), seconds_of(whole)) for _ in range(given.rounds)]

    bares, wholes = median(b for b, _ in pairs), median(w for _, w in pairs)
    print(f"python -c pass    {bares * 1e3:7.1f} ms, median of {given.rounds}")
    print(f"evaluate, cold    {wholes * 1e3:7.1f} ms")
    print(f"ratio             {wholes / bares:7.2f}    (pair by pair: {median(w / b for b, w in pairs):.2f})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
