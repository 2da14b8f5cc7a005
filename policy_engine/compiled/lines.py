"""The statements of a function that is being written."""

from collections.abc import Generator
from contextlib import contextmanager

_INDENT = "    "


class Lines:
    """A function's body, line by line."""

    def __init__(self) -> None:
        """Begin inside a function."""
        self.lines: list[str] = []
        self._depth = 1
        self._kept = 0

    def add(self, *lines: str) -> None:
        """Add statements."""
        self.lines += [_INDENT * self._depth + line for line in lines]

    def keep(self, text: str) -> str:
        """Keep a value under a new name."""
        name = f"t{self._kept}"
        self._kept += 1
        self.add(f"{name} = {text}")
        return name

    @contextmanager
    def under(self, head: str) -> Generator[None]:
        """Add a statement with what stands under it."""
        self.add(head)
        self._depth += 1
        before = len(self.lines)
        yield
        if len(self.lines) == before:
            self.add("pass")
        self._depth -= 1

    def text(self, head: str) -> str:
        """Return the whole function."""
        return "\n".join([head, *self.lines])
