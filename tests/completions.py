"""Every completion of a case with facts hidden, by plain enumeration: the oracle for what is still possible."""

from collections.abc import Iterator, Mapping
from itertools import product

from tests.oracle import GROUPS, LEADING, Facts, counted_apart, lawful

POSITIONS = (*LEADING, "specialist")


def completions(known: Mapping[str, bool | int | str], hidden: tuple[str, ...]) -> Iterator[Facts]:
    """Give every lawful way to fill in the hidden facts.

    A hidden count is at most its total. A hidden total is tried up to three times the greatest
    known figure of its list, and 12 more. No larger one adds an outcome, for totals of six at most:

    - Let K <= 6 be the greatest known figure of the list, and T > 3K + 12 >= 5K a hidden total.
    - A known part x of the list makes each comparison with T come out in one way for all such T: x < T/5.
    - A hidden part can be all of T, or lie on either side of each threshold (20, 50, 70 and 80%), for every
      T >= 12, and the invariants leave it there: they only ask for room beside known parts, which T has.

    So what a larger total reaches, 3K + 12 reaches.
    """
    domains = [_domain(name, known, hidden) for name in hidden]
    for values in product(*domains):
        whole = {**known, **dict(zip(hidden, values, strict=True))}
        if lawful(whole):
            yield whole


def _domain(name: str, known: Mapping[str, bool | int | str], hidden: tuple[str, ...]) -> tuple[bool | int | str, ...]:
    """Give the values that one hidden fact is tried with."""
    if name == "position":
        return POSITIONS
    group = next((group for group in GROUPS if name in group), None)
    if group is None:
        return (False, True)
    total = known.get(group[0])
    if isinstance(total, int):
        return tuple(range(total + 1))
    figures = [value for other in group if isinstance(value := known.get(other), int)]
    assert max(figures, default=0) <= 6
    return tuple(range(3 * max(figures, default=0) + 12 + 1))


def hideable(facts: Mapping[str, object]) -> tuple[str, ...]:
    """Give the facts of a case that can be hidden without saying something else by it.

    Criteria stated beside a stand-in say again what the tasks say, so they are no facts of their own.
    Whether criteria are counted apart follows from what is stated, so it is never open.
    """
    fixed = {"kind", "workplace", "position", "criteria_counted_apart"}
    if facts["position"] == "specialist" and not counted_apart(facts):
        fixed |= set(GROUPS[1])
    return tuple(name for name in facts if name not in fixed)
