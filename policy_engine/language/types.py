"""The types of the condition language.

Counts, points, shares and months are kept apart, because adding tasks to points or holding a
count against a percentage is how a rulebook goes wrong unseen.
"""

from policy_engine.messages import N_
from policy_engine.tuples import NamedTuple


class Type(NamedTuple):
    """A type: its kind, the ids that a choice or a set may hold, the fields that an item of a list has."""

    kind: str
    choices: tuple[str, ...] = ()
    fields: tuple[tuple[str, "Type"], ...] = ()

    def __reduce__(self) -> "str | tuple[type[Type], tuple[object, ...]]":
        """Stay the one instance through copy and pickle, where there is one: readers ask `is SHARE`."""
        name = self.kind.upper()
        return name if globals().get(name) is self else (Type, tuple(self))


class Named(NamedTuple):
    """What a name in a condition stands for: a type, and whether its value is fixed by the edition."""

    type: Type
    constant: bool = False


BOOL = Type("bool")
COUNT = Type("count")
POINTS = Type("points")
SHARE = Type("share")
MONTHS = Type("months")
DAY = Type("day")
TEXT = Type("text")
LEVEL = Type("level")
ZERO = Type("zero")
"""The literal 0, which is zero of any number."""
WRONG = Type("wrong")
"""What was already complained of; it agrees with everything, so that one fault is reported once."""
ANY = "*"
"""The name, in a scope, of whatever stands in a block of declarations that could not be read: it may be any name."""

SIMPLE = {t.kind: t for t in (BOOL, COUNT, POINTS, SHARE, MONTHS, DAY, TEXT, LEVEL)}
NOUNS = {
    "bool": N_("true or false"),
    "count": N_("a count (0, 1, 2 …)"),
    "points": N_("points (a plain decimal number)"),
    "share": N_("a percentage like 60%"),
    "months": N_("whole months like 6 months"),
    "day": N_("a day like 2020-12-15"),
    "choice": N_("one of its choices"),
    "level": N_("a level of the scale"),
    "text": N_("a text"),
    "list": N_("a list"),
    "set": N_("a list of its choices, like [one, other]"),
    "literal": N_("a text"),
    "zero": N_("a number"),
}
"""What a value of each kind is called."""
NUMBERS = frozenset({"count", "points", "share", "months", "zero"})
ORDERED = NUMBERS | {"day", "level"}
