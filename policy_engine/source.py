"""Where a thing stands: in a file, and in the guideline.

Imports nothing. Every floor above carries these two values along, so that an error can name
its place and a result can name its clause.
"""

from policy_engine.tuples import NamedTuple


class Location(NamedTuple):
    """A place in a file; line and column count characters from 1, as editors show them."""

    file: str
    line: int
    column: int


class Citation(NamedTuple):
    """A clause of the guideline by its path, with the operative words that stand there.

    The words are kept beside the clause so that a machine can hold an operator and a figure
    against them. They are empty where a rule rests on a whole clause.
    """

    clause: str
    phrase: str = ""
