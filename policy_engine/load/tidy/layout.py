"""The pieces of a file put together again: the same pieces and comments in the same order, the whitespace as it should be."""

from policy_engine.load.tidy.pieces import STEP, Piece, cut
from policy_engine.load.tidy.texts import TOO_WIDE, folded, in_double_quotes, on_several_lines, under_header

_BLANKS = " \t"
_AFTER = frozenset({":", "-", "?", "mark"})
"""After these stands one space."""


class OddGapError(Exception):
    """Between two pieces stands something that is neither whitespace nor a comment."""

    def __init__(self, found: str) -> None:
        """Keep what was found."""
        self.found = found
        super().__init__(found)


def laid_out(text: str) -> str:
    """Lay out a text that is valid YAML, its line ends already newlines.

    Raises:
        OddGapError: where something would be lost.
    """
    writer = _Writer(text)
    return writer.written()


def comments_of(text: str) -> list[str]:
    """Give the comments of a text, in their order.

    Raises:
        OddGapError: where there is something that is no comment.
    """
    found: list[str] = []
    at = 0
    for piece in cut(text):
        found += map(_comment, text[at : piece.start].split("\n"))
        head = text[piece.start : piece.end].split("\n", maxsplit=1)[0] if piece.is_block_scalar else ""
        found.append(head[head.find("#") :].rstrip(_BLANKS) if "#" in head else "")
        at = piece.end
    found += map(_comment, text[at:].split("\n"))
    return [comment for comment in found if comment]


class _Writer:
    """Writes the pieces of one text, line by line."""

    def __init__(self, text: str) -> None:
        """Begin above the first line."""
        self.text = text
        self.pieces = cut(text)
        self.lines: list[str] = []
        self.at = 0
        self.blank = False
        self.hangers: dict[int, int] = {}
        """Columns of what stands in the line above, as they were and as they are: where a comment below may hang."""

    def written(self) -> str:
        """Write everything, and give it."""
        before: Piece | None = None
        for number, piece in enumerate(self.pieces):
            self._gap(self.text[self.at : piece.start], before, piece)
            follows = self.pieces[number + 1].start if number + 1 < len(self.pieces) else len(self.text)
            self.at = piece.end
            self._write(piece, before, self.text[piece.end : follows])
            before = piece
        self._between(self._rest(self.text[self.at :], before), before, None)
        return "\n".join([*self.lines, ""]) if self.lines else ""

    def _gap(self, gap: str, before: Piece | None, piece: Piece) -> None:
        """Write what stands before a piece: some space, or line ends, comments and the beginning of its line."""
        if "\n" in gap or before is None or before.is_block_scalar:
            *between, indent = self._rest(gap, before)
            self._between(between, before, piece)
            if indent.strip(_BLANKS):
                raise OddGapError(indent)
            self.hangers = {}
            self._begin(" " * piece.first_column)
        elif gap.strip(_BLANKS):
            raise OddGapError(gap)
        elif piece.depth:
            self.lines[-1] += " " if "\t" in gap else gap
        elif before.sort in _AFTER:
            self.lines[-1] += " "

    def _begin(self, line: str) -> None:
        """Begin a line, a blank one above it where there was one."""
        if self.blank and self.lines:
            self.lines.append("")
        self.blank = False
        self.lines.append(line)

    def _rest(self, gap: str, before: Piece | None) -> list[str]:
        """Write the comment behind a piece, if any; give the further lines of the gap."""
        if before is None or before.is_block_scalar:
            return gap.split("\n")
        rest, *more = gap.split("\n")
        blanks, comment = rest[: len(rest) - len(rest.lstrip(_BLANKS))], _comment(rest)
        if comment:
            column = before.column + self.at - before.start + len(blanks)
            self.lines[-1] += "  " if "\t" in blanks or not blanks else blanks
            self.hangers[column] = len(self.lines[-1])
            self.lines[-1] += comment
        return more

    def _between(self, lines: list[str], before: Piece | None, piece: Piece | None) -> None:
        """Write comments and blank lines above a piece; where a column leads is worked out once, however many comments stand in it."""
        leads: dict[int, str] = {}
        for line in lines:
            comment = _comment(line)
            if not comment:
                self.blank = True
                continue
            column = len(line.rstrip(_BLANKS)) - len(comment)
            if column not in leads:
                leads[column] = " " * self._column(column, before, piece)
            self._begin(leads[column] + comment)

    def _column(self, column: int, before: Piece | None, piece: Piece | None) -> int:
        """Give the column that a comment should have: that of what it stood in line with."""
        if piece and piece.depth:
            moved = column + (piece.outer - piece.blocks[-1].old if piece.blocks else 0)
            return max(moved, piece.outer + STEP)
        blocks = [*(before.blocks if before else ()), *(piece.blocks if piece else ())]
        known = {block.old: block.new for block in blocks} | ({piece.column: piece.first_column} if piece else {})
        if column in known or column not in self.hangers:
            return known[max((old for old in known if old <= column), default=min(known, default=0))] if known else 0
        return self.hangers[column]

    def _write(self, piece: Piece, before: Piece | None, gap: str) -> None:
        """Write a piece."""
        text = self.text[piece.start : piece.end]
        self.hangers[piece.column] = len(self.lines[-1])
        if piece.is_block_scalar:
            told = under_header(text, piece.blocks)
            self.lines[-1] += told.header
            self.lines += told.lines
            self.blank, self.hangers = told.left > 0, {}
        elif "\n" in text:
            self._add(on_several_lines(text, piece.outer + STEP, piece.style) if piece.blocks else text)
        elif piece.style == "'":
            self.lines[-1] += in_double_quotes(text)
        elif before and self._is_too_wide(piece, before, text, gap):
            self._fold(text, piece.outer + STEP)
        else:
            self.lines[-1] += text

    def _add(self, text: str) -> None:
        """Write a text of several lines."""
        first, *more = text.split("\n")
        self.lines[-1] += first
        self.lines += more

    def _is_too_wide(self, piece: Piece, before: Piece, text: str, gap: str) -> bool:
        """Tell whether a plain value makes its line too wide, and stands where it may be folded."""
        plain = piece.sort == "value" and not piece.style and not piece.depth and bool(piece.blocks)
        behind = gap.split("\n", maxsplit=1)[0].strip(_BLANKS)
        return plain and before.sort in {":", "-"} and "\n" not in self.text[before.end : piece.start] and (
            not behind and len(self.lines[-1]) + len(text) > TOO_WIDE
        )  # fmt: skip

    def _fold(self, text: str, indent: int) -> None:
        """Write a plain value as folded prose."""
        lines = folded(text, indent)
        if len(lines) == 1:
            self.lines[-1] += text
            return
        self.lines[-1] += ">-"
        self.lines += [" " * indent + line for line in lines]
        self.hangers = {}


def _comment(line: str) -> str:
    """Give the comment in a line of a gap; nothing where the line is blank.

    Raises:
        OddGapError: where there is anything else.
    """
    found = line.strip(_BLANKS)
    if found and not found.startswith("#"):
        raise OddGapError(found)
    return found
