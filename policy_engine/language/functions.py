"""The closed table of functions that a condition may call.

A function is not a Python callable that rules can reach: a row here says how it is written, and each reader of the tree has a method
of its name that says what it means there. So a new function is one row, and one method in each reader (`fold` names those that lack it).
"""

from policy_engine.tuples import NamedTuple


class Function(NamedTuple):
    """A function: fewest and most arguments, how to write it, what each argument has to be, the kind of its result, and what it means."""

    fewest: int
    most: int
    usage: str
    takes: tuple[str, ...]
    gives: str
    meaning: str


FUNCTIONS: dict[str, Function] = {
    "share": Function(
        fewest=2,
        most=2,
        usage="share(part, whole)",
        takes=("count or points", "of the kind of the part, above zero"),
        gives="share",
        meaning="the part as a percentage of the whole, exactly",
    ),
    "count": Function(
        fewest=1,
        most=2,
        usage="count(list) | count(list, condition)",
        takes=("list", "condition over the fields of an item"),
        gives="count",
        meaning="how many items a list has, or how many meet a condition",
    ),
    "sum": Function(
        fewest=2,
        most=3,
        usage="sum(list, field) | sum(list, field, condition)",
        takes=("list", "field of counts or points", "condition over the fields of an item"),
        gives="the kind of the field",
        meaning="the field added up, over all items or those that meet a condition",
    ),
    "given": Function(
        fewest=1,
        most=64,
        usage="given(fact, …)",
        takes=("fact",),
        gives="bool",
        meaning="true if the case file states one of these facts; only under `when_absent`",
    ),
    "exists": Function(
        fewest=1,
        most=1,
        usage="exists(fact)",
        takes=("fact",),
        gives="bool",
        meaning="true if the fact has a value, false if it is known not to",
    ),
}
