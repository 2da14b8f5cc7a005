"""A file cut into pieces: what is written, and the gaps of blanks, line ends and comments between.

libyaml's tokens say where each piece begins and ends, so that everything else is known to be whitespace or a comment.
Each piece remembers the column it has and the column it should have: a block below a block stands two further right, the
dashes of a list too.
"""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar, NamedTuple

import yaml

STEP = 2
_SCANNER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BLOCK_STYLES = ("|", ">")


class Block(NamedTuple):
    """A mapping or list in block style that is open: the column of its entries, as it is and as it should be."""

    old: int
    new: int
    is_list: bool
    is_indentless: bool = False
    """Whether its dashes stand right below the key that it belongs to; libyaml does not tell where such a list ends."""


class Piece(NamedTuple):
    """One thing that is written: where it stands, what it is, and the column it should have where it begins a line."""

    start: int
    end: int
    sort: str
    """`key`, `value`, `:`, `-`, `?` (or the colon that belongs to it), `flow` (what stands in brackets), `mark` (`---`, `...`)."""
    style: str
    """Of a scalar: `'`, `"`, `|`, `>`, or nothing for a plain one."""
    column: int
    blocks: tuple[Block, ...]
    depth: int
    """How many brackets are open before it."""
    closes: bool
    """Whether it is a closing bracket."""

    @property
    def is_block_scalar(self) -> bool:
        """Whether it is a text under `|` or `>`."""
        return self.style in _BLOCK_STYLES

    @property
    def outer(self) -> int:
        """The column that the block around it should have; left of everything outside of all blocks."""
        return self.blocks[-1].new if self.blocks else -STEP

    @property
    def first_column(self) -> int:
        """The column it should have where it begins a line."""
        if self.depth:
            moved = self.column + (self.outer - self.blocks[-1].old if self.blocks else 0)
            return max(moved, self.outer + (0 if self.closes and self.depth == 1 else STEP))
        if self.sort in {"key", "-", "?"}:
            return self.outer
        return self.outer + STEP if self.blocks else self.column


def cut(text: str) -> list[Piece]:
    """Cut a text that is valid YAML into its pieces."""
    cutter = _Cutter()
    for token in _tokens(text):
        cutter.take(token)
    return cutter.pieces


def _tokens(text: str) -> Iterator[Any]:
    """Give libyaml's tokens."""
    scanner = _SCANNER(text)
    while token := scanner.get_token():
        yield token


class _Cutter:
    """Follows the tokens of one file."""

    meanings: ClassVar[dict[type, Callable[["_Cutter", Any], None]]]
    """What is done with each kind of token; the table below the class."""

    def __init__(self) -> None:
        """Begin outside of everything."""
        self.pieces: list[Piece] = []
        self.blocks: tuple[Block, ...] = ()
        self.depth = 0
        self.key_next = False
        self.explicit: set[int] = set()

    def take(self, token: Any) -> None:
        """Take one token."""
        meaning = self.meanings.get(token.__class__)
        if meaning is not None:
            meaning(self, token)

    def _add(self, token: Any, sort: str, style: str = "", *, closes: bool = False) -> None:
        """Note a piece."""
        start, end = token.start_mark, token.end_mark
        self.pieces.append(Piece(start.index, end.index, sort, style, start.column, self.blocks, self.depth, closes))

    def _open(self, token: Any, *, is_list: bool, is_indentless: bool = False) -> None:
        """Open a block, two columns right of the one around it."""
        new = self.blocks[-1].new + STEP if self.blocks else 0
        self.blocks = (*self.blocks, Block(token.start_mark.column, new, is_list, is_indentless))

    def _leave_indentless(self) -> None:
        """Close a list whose dashes stood below its key: the next key of the mapping has come, or its end."""
        if self.blocks and self.blocks[-1].is_indentless:
            self.blocks = self.blocks[:-1]

    def on_mapping(self, token: Any) -> None:
        """Open a mapping."""
        self._open(token, is_list=False)

    def on_list(self, token: Any) -> None:
        """Open a list."""
        self._open(token, is_list=True)

    def on_close(self, _token: Any) -> None:
        """Close a block."""
        self._leave_indentless()
        self.blocks = self.blocks[:-1]

    def on_entry(self, token: Any) -> None:
        """Take the dash of an item."""
        if not self.blocks[-1].is_list:
            self._open(token, is_list=True, is_indentless=True)
        self._add(token, "-")

    def on_key(self, token: Any) -> None:
        """Know that a key comes; a question mark before it is a piece of its own."""
        if self.depth == 0:
            self._leave_indentless()
        self.key_next = True
        if token.end_mark.index > token.start_mark.index:
            self._add(token, "flow" if self.depth else "?")
            self.explicit.update([] if self.depth else [len(self.blocks)])

    def on_value(self, token: Any) -> None:
        """Take the colon behind a key."""
        self.key_next = False
        if self.depth:
            self._add(token, "flow")
        else:
            self._add(token, "?" if len(self.blocks) in self.explicit else ":")
            self.explicit.discard(len(self.blocks))

    def on_scalar(self, token: Any) -> None:
        """Take a key or a value."""
        self._add(token, "key" if self.key_next else "value", "" if token.plain else token.style or "'")
        self.key_next = False

    def on_flow_open(self, token: Any) -> None:
        """Take an opening bracket."""
        self._add(token, "flow")
        self.depth += 1
        self.key_next = False

    def on_flow_close(self, token: Any) -> None:
        """Take a closing bracket."""
        self._add(token, "flow", closes=True)
        self.depth -= 1

    def on_flow_entry(self, token: Any) -> None:
        """Take a comma."""
        self._add(token, "flow")

    def on_mark(self, token: Any) -> None:
        """Take the mark of a document's begin or end."""
        self._add(token, "mark")


_Cutter.meanings = {
    yaml.BlockMappingStartToken: _Cutter.on_mapping,
    yaml.BlockSequenceStartToken: _Cutter.on_list,
    yaml.BlockEndToken: _Cutter.on_close,
    yaml.BlockEntryToken: _Cutter.on_entry,
    yaml.KeyToken: _Cutter.on_key,
    yaml.ValueToken: _Cutter.on_value,
    yaml.ScalarToken: _Cutter.on_scalar,
    yaml.FlowMappingStartToken: _Cutter.on_flow_open,
    yaml.FlowSequenceStartToken: _Cutter.on_flow_open,
    yaml.FlowMappingEndToken: _Cutter.on_flow_close,
    yaml.FlowSequenceEndToken: _Cutter.on_flow_close,
    yaml.FlowEntryToken: _Cutter.on_flow_entry,
    yaml.DocumentStartToken: _Cutter.on_mark,
    yaml.DocumentEndToken: _Cutter.on_mark,
}
