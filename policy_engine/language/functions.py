"""The closed table of functions that a condition may call.

A function is not a Python callable that rules can reach: each reader of the tree (check, the
interpreter, the solver) says itself what a name in this table means to it.
"""

from typing import NamedTuple


class Signature(NamedTuple):
    """How a function is called: fewest and most arguments, and how to write it."""

    fewest: int
    most: int
    usage: str


FUNCTIONS = {
    "share": Signature(2, 2, "share(part, whole)"),
    "count": Signature(1, 2, "count(list) | count(list, condition)"),
    "sum": Signature(2, 3, "sum(list, field) | sum(list, field, condition)"),
    "given": Signature(1, 64, "given(fact, …)"),
    "exists": Signature(1, 1, "exists(fact)"),
}
