"""How the time of a round grows with its cases: one command over 1,000 and over 10,000 of them, in a tree.

    python bench/round.py [--command .venv/bin/policy-engine] [--cases 1000 10000] [--rounds 3]

Linear is a ratio near that of the two counts. The medians are compared; both folders are made anew, and each is read once
before it is timed, so that both find the marks of validated files alike.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

UNDER = 8
"""How many cases name one superior."""
FACTS = """\
  kind: officer
  workplace: head_office
  position: {position}
  political_ideology_met: true
  ethics_lifestyle_met: true
  working_style_met: true
  discipline_met: true
  assigned_duties_met: true
  ideological_decline: false
  disciplined_in_year: false
  roles: []
"""
LEADER = """\
  unit_corruption: false
  criteria_total: 10
  criteria_completed: 10
  criteria_deficient: 0
  criteria_highly_efficient: 10
  targets_total: 10
  targets_completed: 10
  targets_exceeded: {some}
  targets_on_time_quality: 9
"""
SPECIALIST = """\
  tasks_total: 20
  tasks_completed: 20
  tasks_deficient: 0
  tasks_well_done: 20
  tasks_exceeded: {some}
"""


def main() -> int:
    """Make both folders, time the command over each, and print the ratio."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--command", type=Path, default=Path(sys.executable).parent / "policy-engine")
    asked.add_argument("--cases", type=int, nargs=2, default=(1000, 10000))
    asked.add_argument("--rounds", type=int, default=3)
    given = asked.parse_args()
    took: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        for count in given.cases:
            place = Path(folder, str(count))
            make(place, count)
            command = [str(given.command), "round", str(place), "--format", "json"]
            took.append(median([_time(command) for _ in range(given.rounds + 1)][1:]))
            print(f"{count:7} cases   {took[-1]:8.2f} s   {took[-1] / count * 1e3:6.3f} ms a case")
    few, many = given.cases
    print(f"{many / few:.1f} times the cases: {took[1] / took[0]:.2f} times the time")
    return 0


def make(folder: Path, count: int) -> None:
    """Write so many cases: those of the first ranks lead eight others each."""
    folder.mkdir()
    for number in range(count):
        leads = number * UNDER + 1 < count
        facts = (FACTS + (LEADER if leads else SPECIALIST)).format(position="head" if leads else "specialist", some=number % 11)
        superior = f"superior: case-{(number - 1) // UNDER}\n" if number else ""
        text = f'case: case-{number}\nedition: "2020"\n{superior}facts:\n{facts}'
        (folder / f"case-{number}.yaml").write_text(text, "utf-8")


def _time(command: list[str]) -> float:
    """Run a command once; give its seconds."""
    begin = time.perf_counter()
    subprocess.run(command, capture_output=True, check=True)
    return time.perf_counter() - begin


if __name__ == "__main__":
    sys.exit(main())
