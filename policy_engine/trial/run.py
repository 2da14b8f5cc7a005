"""A trial of a set of cases: every mutant of the edition held against them, and the solver asked about those that none noticed."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from policy_engine.trial.bench import Bench
from policy_engine.trial.mutants import Mutant, mutants
from policy_engine.trial.oracle import Open, Oracle, Sketch
from policy_engine.trial.settle import told_apart

Watch = Callable[[Sequence[Mutant]], Iterable[Mutant]]
"""What goes through the mutants; on a terminal it shows how far it is."""


class Survivor(NamedTuple):
    """A mutant that no case noticed. `sketch`: a case that would, where the solver found one; `settled`: whether it answered."""

    mutant: Mutant
    settled: bool
    sketch: Sketch | None


class Trial(NamedTuple):
    """How a set of cases fared against the mutants of an edition.

    `refused` mutants break the edition's own rules and would not load; `equivalent` ones say the same in other words, which is proven.
    """

    edition: str
    total: int
    killed: int
    refused: int
    equivalent: tuple[Mutant, ...]
    survivors: tuple[Survivor, ...]
    asked: bool
    """Whether there was a solver to ask."""


def try_cases(bench: Bench, oracle: Oracle | None, watch: Watch) -> Trial:
    """Hold every mutant against the cases, and ask about those that survive."""
    every = mutants(bench.edition)
    outcomes = [(mutant, bench.outcome(mutant)) for mutant in watch(every)]
    equivalent: list[Mutant] = []
    survivors: list[Survivor] = []
    for mutant in (mutant for mutant, outcome in outcomes if outcome == "survived"):
        answer = told_apart(mutant, bench.edition, oracle) if oracle else Open()
        if answer is None:
            equivalent.append(mutant)
        else:
            survivors.append(Survivor(mutant, isinstance(answer, Sketch), answer if isinstance(answer, Sketch) else None))
    killed, refused = (sum(outcome == wanted for _, outcome in outcomes) for wanted in ("killed", "refused"))
    return Trial(bench.edition.id, len(every), killed, refused, tuple(equivalent), tuple(survivors), oracle is not None)
