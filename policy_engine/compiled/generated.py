"""One generated function while it is written: its statements, the facts that it asks, and a table of everything else it names.

No text of a rulebook's author stands in generated source. Facts become locals under a prefix (their names were held against the
grammar at load, and are held again here); texts, days and helpers stand in the table, by number.
"""

from collections.abc import Callable, Collection, Generator, Iterable, Mapping
from contextlib import contextmanager
from itertools import count
from typing import Any

from policy_engine.errors import EngineFaultError
from policy_engine.evaluate.core.memory import taker
from policy_engine.language.values import NONE, UNKNOWN, Value

_NEW: Any = getattr(tuple, "__new__")  # noqa: B009  (typeshed gives it no type that could be named)
"""Makes a named tuple of a tuple, three times as fast as by its own class."""


class GeneratedFunction:
    """A function `(values, stated)`: the values of a case by name, and the names that the case itself states."""

    def __init__(self, facts: Collection[str], prefix: str = "f") -> None:
        """Begin with nothing written; `facts` are the facts of the edition, whose locals begin with `prefix`."""
        self.facts = facts
        self._prefix = prefix
        self.asked: dict[str, str] = {}
        """The facts that are asked, each with its local."""
        self._table: dict[str, Any] = {"U": UNKNOWN, "N": NONE, "new": _NEW}
        self._named: dict[tuple[type, Any], str] = {}
        self._lines: list[str] = []
        self._depth = 1
        self._counter = count(1)

    def of_items(self, fields: Collection[str]) -> "GeneratedFunction":
        """Return what writes conditions over the items of a list into this function: their fields are its facts."""
        items = GeneratedFunction(fields, "i")
        items._table, items._named, items._counter = self._table, self._named, self._counter
        return items

    def fact(self, name: str) -> str:
        """Return the local that holds a fact."""
        if name not in self.facts or not (name.isascii() and name.isidentifier()):
            raise EngineFaultError(f"no name for code: {name}")
        return self.asked.setdefault(name, f"{self._prefix}_{name}")

    def value(self, value: object) -> str:
        """Return the text of a value: whole numbers as they are, anything else by its number in the table."""
        if isinstance(value, int):
            return str(value)
        key = (type(value), value)
        if key not in self._named:
            self._named[key] = self.thing(value)
        return self._named[key]

    def thing(self, thing: object) -> str:
        """Put something into the table, which may not be hashable, and return its name."""
        name = f"k{len(self._table)}"
        self._table[name] = thing
        return name

    def kept(self) -> str:
        return f"t{next(self._counter)}"

    def record(self, kind: type[Any], **parts: str) -> str:
        """Write a new record, whose parts are put in the order of its fields."""
        fields: tuple[str, ...] = kind._fields
        if set(fields) != set(parts):
            raise EngineFaultError(f"fields of {kind.__name__}: {', '.join(parts)}")
        return f"new({self.value(kind)}, {tuple_of(parts[name] for name in fields)})"

    def add(self, *lines: str) -> None:
        self._lines += ["    " * self._depth + line for line in lines]

    @contextmanager
    def under(self, head: str) -> Generator[None]:
        self.add(head)
        self._depth += 1
        yield
        self._depth -= 1

    @property
    def source(self) -> str:
        taken = [f"    {', '.join(self.asked.values())}, = taken(values)"] if self.asked else []
        return "\n".join(["def made(values, stated):", *taken, *self._lines])

    def compiled(self) -> Callable[[Mapping[str, Value], Collection[str]], Any]:
        """Return the function, which sees the table and nothing else."""
        scope: dict[str, Any] = {"__builtins__": {}, "taken": taker(tuple(self.asked)), **self._table}
        exec(compile(self.source, "<made>", "exec"), scope)  # noqa: S102  (fact names and numbers only: see the top of this file)
        made: Callable[..., Any] = scope["made"]
        return made


def tuple_of(parts: Iterable[str]) -> str:
    return f"({''.join(f'{part}, ' for part in parts)})"
