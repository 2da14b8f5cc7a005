"""What generated code may name: locals of facts, and a table of everything else.

No text of a rulebook's author stands in generated source. Facts become locals under a prefix (their names were held against the
grammar at load, and are held again here); texts, days and helpers stand in a table, by number.
"""

from collections.abc import Mapping
from typing import Any

from policy_engine.errors import EngineFaultError
from policy_engine.language.values import NONE, UNKNOWN


class Names:
    """The names of one edition's generated code, and the values that the table gives them."""

    def __init__(self, positions: Mapping[str, int]) -> None:
        """Take the facts with their positions in a row."""
        self.positions = positions
        self.table: dict[str, Any] = {"U": UNKNOWN, "N": NONE}
        self._known: dict[tuple[type, Any], str] = {}
        for name in positions:
            if not (name.isascii() and name.isidentifier()):
                raise EngineFaultError(f"no name for code: {name}")

    def fact(self, name: str) -> str:
        """Give the local that holds a fact."""
        if name not in self.positions:
            raise EngineFaultError(f"no place in a row: {name}")
        return f"f_{name}"

    def stated(self, name: str) -> str:
        """Give the local that tells whether the row itself states a fact."""
        return f"g_{self.fact(name)[2:]}"

    def value(self, value: object) -> str:
        """Give the text of a value: whole numbers as they are, anything else by its number in the table."""
        if isinstance(value, int):
            return str(value)
        key = (type(value), value)
        if key not in self._known:
            self._known[key] = self.thing(value)
        return self._known[key]

    def thing(self, thing: object) -> str:
        """Put something into the table, and give its name."""
        name = f"k{len(self.table)}"
        self.table[name] = thing
        return name
