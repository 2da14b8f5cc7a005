"""What generated code may name: locals of facts, and a table of everything else.

No text of a rulebook's author stands in generated source. Facts become locals under a prefix (their names were held against the
grammar at load, and are held again here); texts, days and helpers stand in a table, by number.
"""

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
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
        """Return the local that holds a fact."""
        if name not in self.positions:
            raise EngineFaultError(f"no place in a row: {name}")
        return f"f_{name}"

    def stated(self, name: str) -> str:
        """Return the local that tells whether the row itself states a fact."""
        return f"g_{self.fact(name)[2:]}"

    def value(self, value: object) -> str:
        """Return the text of a value: whole numbers as they are, anything else by its number in the table."""
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


_NEW: Any = getattr(tuple, "__new__")  # noqa: B009  (typeshed gives it no type that could be told)
"""Makes a named tuple of a tuple, three times as fast as by its own class."""


class Compiler:
    """Makes functions of generated source, which sees the table and nothing else."""

    def __init__(self, names: Names) -> None:
        """Take the names that the source uses."""
        self.names = names
        self.sources: dict[str, str] = {}
        """Every source by the function's name, to be looked at."""

    def made(self, name: str, source: str, more: Mapping[str, Any] | None = None, *, of: str = "") -> Callable[..., Any]:
        """Compile a function."""
        self.sources[f"{of}.{name}" if of else name] = source
        scope: dict[str, Any] = {"__builtins__": {}, "TypeError": TypeError, "new": _NEW, **self.names.table, **(more or {})}
        exec(compile(source, f"<{name}>", "exec"), scope)  # noqa: S102  (fact names and numbers only: see the top of this file)
        made: Callable[..., Any] = scope[name]
        return made


def taker(names: Sequence[str]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """Return what takes the values of some names out of a mapping, as a tuple."""
    take: Callable[[Mapping[str, Any]], Any] = itemgetter(*names)
    return take if len(names) > 1 else lambda facts: (take(facts),)
