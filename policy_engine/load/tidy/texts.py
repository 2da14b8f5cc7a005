"""Texts in quotes, over several lines, and under `|` or `>`: moved as a whole, each character of their meaning kept."""

import re
from typing import NamedTuple

from policy_engine.load.tidy.pieces import STEP, Block

FOLD = 120
"""How wide folded prose is."""
TOO_WIDE = 140
"""How wide a line may be before it is folded."""
_HEADER = re.compile(r"([|>])([-+0-9]*)([ \t]*)(#.*)?")
_BREAK = re.compile(r"(?<=[^ \t]) (?=[^ \t])")
_BLANKS = " \t"
_OUTSIDE = Block(-1, 0, is_list=False)
"""Where a text stands that is all of its file."""


class BlockText(NamedTuple):
    """A text under `|` or `>`: its header, and its lines; `left` is how many blank lines below it are not part of it."""

    header: str
    lines: tuple[str, ...]
    left: int


def on_several_lines(text: str, indent: int, style: str) -> str:
    """Move the further lines of a plain or quoted text; blanks around its line ends mean nothing."""
    first, *more = text.split("\n")
    *before, last = [first, *(line.lstrip(_BLANKS) for line in more)]
    ended = [_ended(line, style) for line in before]
    return "\n".join([ended[0], *(" " * indent + line if line else "" for line in (*ended[1:], last))])


def _ended(line: str, style: str) -> str:
    """Take the blanks from the end of a line, but for one that a backslash makes part of the text."""
    stripped = line.rstrip(_BLANKS)
    slashes = len(stripped) - len(stripped.rstrip("\\"))
    return line[: len(stripped) + 1] if style == '"' and slashes % 2 else stripped


def in_double_quotes(text: str) -> str:
    """Write a text in single quotes with double ones, where that changes no character of it."""
    inner = text[1:-1]
    return f'"{inner}"' if inner.isprintable() and not {'"', "\\", "'"} & set(inner) else text


def under_header(text: str, blocks: tuple[Block, ...]) -> BlockText:
    """Move a text under `|` or `>` to where it belongs.

    Where the file ends within its last line, the text has no line end of its own; a dash in the header says so once the
    file ends with one.

    Args:
        text: from its header to the last line that libyaml takes for a part of it.
        blocks: the blocks that it stands in.
    """
    first, *below = text.split("\n")
    head = _HEADER.fullmatch(first.rstrip(_BLANKS))
    assert head is not None
    outer = blocks[-1] if blocks else _OUTSIDE
    digits, chomp = re.sub(r"[^0-9]", "", head[2]), re.sub(r"[0-9]", "", head[2])
    old = max(outer.old, 0) + int(digits) if digits else _own_indent(below, outer.old)
    new = outer.new + (int(digits) if digits else STEP)
    lines = [line[old:] if line[:old] == " " * old else "" for line in below] or [""]
    cut_short = lines.pop() if lines[-1] else ""
    kept = [*lines, cut_short] if cut_short else lines[:-1]
    left = 0 if chomp == "+" and not cut_short else _blank_at_end(kept)
    kept = kept[: len(kept) - left]
    header = f"{head[1]}{digits}{'-' if cut_short else chomp}{_remark(head[3], head[4])}"
    shown = refilled(kept, new) if head[1] == ">" else kept
    return BlockText(header, tuple(" " * new + line if line else "" for line in shown), left)


def _remark(blanks: str, comment: str | None) -> str:
    """Give the comment behind a header, as it stands."""
    return f"{'  ' if chr(9) in blanks else blanks}{comment}" if comment else ""


def _own_indent(lines: list[str], outer: int) -> int:
    """Give the indent that libyaml takes from the first lines of a text: blank ones count as well."""
    widths: list[int] = []
    for line in lines:
        widths.append(len(line) - len(line.lstrip(" ")))
        if line.strip(" "):
            break
    return max([*widths, outer + 1, 1])


def _blank_at_end(lines: list[str]) -> int:
    """Count the empty lines at the end."""
    return next((n for n, line in enumerate(reversed(lines)) if line), len(lines))


def refilled(lines: list[str], indent: int) -> list[str]:
    """Fold the paragraphs of a folded text anew that have a line too wide; lines indented further stand as they are."""
    found: list[str] = []
    paragraph: list[str] = []
    for line in [*lines, ""]:
        if line and line[0] not in _BLANKS:
            paragraph.append(line)
            continue
        wide = any(indent + len(part) > TOO_WIDE for part in paragraph)
        found += folded(" ".join(paragraph), indent) if wide else paragraph
        found.append(line)
        paragraph = []
    return found[:-1]


def folded(text: str, indent: int) -> list[str]:
    """Break a text into lines at its single spaces; nothing else means the same after folding."""
    first, *words = _BREAK.split(text)
    lines = [first]
    for word in words:
        if indent + len(lines[-1]) + 1 + len(word) > FOLD:
            lines.append(word)
        else:
            lines[-1] += f" {word}"
    return lines
