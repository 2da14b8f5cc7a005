"""YAML files drawn at random: any data that rulebooks may hold, in any layout that YAML allows, with comments everywhere.

The writer here knows nothing of the formatter. Each comment has a number, so that a test can see that none is lost, moved
before another or changed, and the data is built beside the text, so that nothing need be read to know what it means.
"""

from random import Random
from typing import Any, NamedTuple

KEYS = ("case", "facts", "ghi chú", "a", "b2", "mức", "x_y", "tiêu-chí", "k")
PLAIN = ("đúng một nửa", "share(a, b) >= least", "it's so: not", "x", "50%", "II.1.3.a/HTNV/2", "a#b", "e\u0302\u0301 tổ hợp", "a  b")
QUOTED = ("", " ", "no", "a: b", "# none", "it's", 'say "yes"', "back\\slash", "tab\there", "- x", "012", "{x}", "ế", "a\u00a0b")
PROSE = "Cấp có thẩm quyền quyết định và ghi rõ lý do vào biên bản của cuộc họp trong năm đánh giá này "
LINES = ("first", "  further in", "", "- dash", "# no comment", "a: b", "cuối", "blank after  ", "\ttab")


class Drawn(NamedTuple):
    """A file: its text, what it means, and its comments in their order."""

    text: str
    data: Any
    comments: list[str]


def draw_file(rng: Random) -> Drawn:
    writer = _Writer(rng)
    data = writer.mapping(0, 3)
    text = "".join(f"{line}\n" for line in writer.lines)
    if rng.random() < 0.3:
        text = text.replace("\n", "\r\n")
    if rng.random() < 0.2:
        text = "\ufeff" + text
    return Drawn(text, data, writer.comments)


class _Writer:
    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.lines: list[str] = []
        self.comments: list[str] = []
        self.after_text = False
        """Whether the line above is of a text under a header, where a comment further in would be part of it."""

    def mapping(self, indent: int, depth: int) -> dict[str, Any]:
        """Write a mapping in block style, its first line begun where the caller left off."""
        found: dict[str, Any] = {}
        for key in self.rng.sample(KEYS, self.rng.randint(1, 4)):
            self.remarks(indent)
            colon = self.rng.choice([":", ":", " :", ":  ", ":\t"]) if depth else ":"
            found[key] = self.value(" " * indent + self.key(key) + colon, indent, depth, in_list=False)
        return found

    def key(self, key: str) -> str:
        return self.rng.choice([key, key, f'"{key}"', f"'{key}'"])

    def items(self, indent: int, depth: int) -> list[Any]:
        """Write a list in block style."""
        found: list[Any] = []
        for _ in range(self.rng.randint(1, 3)):
            self.remarks(indent)
            found.append(self.value(" " * indent + "-", indent, depth, in_list=True))
        return found

    def value(self, head: str, indent: int, depth: int, *, in_list: bool) -> Any:
        """Write a value behind a key or a dash."""
        further = indent + self.rng.randint(1, 5)
        kind = self.rng.choice(["plain", "quoted", "under", "prose", "flow", *(["map", "list"] * 2 if depth else [])])
        if kind == "map":
            self.line(head)
            return self.mapping(further, depth - 1)
        if kind == "list":
            self.line(head)
            return self.items(indent if not in_list and self.rng.random() < 0.4 else further, depth - 1)
        if kind == "under":
            return self.under(head, indent, further)
        if kind == "flow":
            return self.flow(head, further)
        text, value = self.scalar(kind, further)
        self.line(f"{head} {text}")
        return value

    def scalar(self, kind: str, further: int) -> tuple[str, Any]:
        """Draw a scalar: how it is written, and what it means."""
        if kind == "plain":
            text = self.rng.choice(PLAIN).replace(": ", " ")
            number = self.rng.randint(0, 99)
            return self.rng.choice([(text, text), (str(number), number), ("true", True)])
        if kind == "quoted":
            value = self.rng.choice(QUOTED)
            single = "'" + value.replace("'", "''") + "'"
            double = '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
            return self.rng.choice([single, double]), value
        words = (PROSE * self.rng.randint(1, 3)).split()
        if self.rng.random() < 0.5:
            return " ".join(words), " ".join(words)
        cut = self.rng.randint(1, len(words) - 1)
        quote = self.rng.choice(['"', ""])
        blanks = self.rng.choice(["", "  ", "\t"])
        parts = f"{quote}{' '.join(words[:cut])}{blanks}\n{' ' * further}{' '.join(words[cut:])}{quote}"
        return parts, " ".join(words)

    def under(self, head: str, indent: int, further: int) -> str:
        """Write a text under a header, with any chomping and with or without an indicator."""
        style, chomp = self.rng.choice("|>"), self.rng.choice(["", "-", "+"])
        lines = [self.rng.choice(LINES) for _ in range(self.rng.randint(1, 5))]
        plain_start = bool(lines[0]) and lines[0][0] not in " \t" and bool(lines[-1])
        if not plain_start:
            lines = ["begins", *lines, "ends"]
        digit = str(further - indent) if self.rng.random() < 0.4 else ""
        self.line(f"{head} {style}{self.rng.choice([digit + chomp, chomp + digit])}")
        inner = [" " * further + line if line else self.rng.choice(["", " " * indent]) for line in lines]
        blank = self.rng.randint(0, 2)
        self.lines += [*inner, *[""] * blank]
        self.after_text = True
        body = "\n".join(lines) if style == "|" else _folded(lines)
        return body + {"": "\n", "-": "", "+": "\n" * (blank + 1)}[chomp]

    def flow(self, head: str, further: int) -> Any:
        """Write a list or mapping in brackets, on one line or several."""
        items = [self.scalar(self.rng.choice(["quoted", "plain"]), further) for _ in range(self.rng.randint(1, 3))]
        items = [(text, value) for text, value in items if text[0] in "\"'" or text.isalnum()] or [("x", "x")]
        gap = self.rng.choice([" ", "  ", f"\n{' ' * further}", f"  # {self.remark()}\n{' ' * further}"])
        if "#" in gap:
            items = items[:2] if len(items) > 1 else [*items, ("z", "z")]
        in_line = f",{gap}".join(text for text, _ in items)
        self.comments += [gap.split("# ", 1)[1].split("\n")[0]] if "#" in gap else []
        self.line(f"{head} [{in_line}]")
        return [value for _, value in items]

    def remark(self) -> str:
        """Make up a comment that is not written yet."""
        return f"c{len(self.comments)} «{self.rng.choice(['why', 'tại sao?', 'x: y', '- z', 'tab	in'])}»"

    def remarks(self, indent: int) -> None:
        """Write comments and blank lines above an entry."""
        while self.rng.random() < 0.3:
            if self.rng.random() < 0.5 and not self.after_text:
                self.lines += [self.rng.choice(["", "  "])] * self.rng.randint(1, 3)
                continue
            column = indent if self.after_text else max(0, indent + self.rng.choice([0, 0, 0, -2, 2, 5]))
            self.comments.append(self.remark())
            self.lines.append(" " * column + f"# {self.comments[-1]}" + self.rng.choice(["", "  "]))
            self.after_text = False

    def line(self, text: str) -> None:
        """Write a line, sometimes with a comment or blanks behind it."""
        self.after_text = False
        if self.rng.random() < 0.15 and not text.endswith(("|", ">")):
            self.comments.append(self.remark())
            text += f"{self.rng.choice([' ', '   '])}# {self.comments[-1]}"
        self.lines.append(text + self.rng.choice(["", "", " ", "" if text.endswith("-") else "\t"]))


def _folded(lines: list[str]) -> str:
    text = lines[0]
    empty = 0
    last = lines[0]
    for line in lines[1:]:
        if not line:
            empty += 1
            continue
        spaced = line[0] in " \t" or last[:1] in {" ", "\t"}
        text += ("\n" * (empty + 1) if spaced else "\n" * empty if empty else " ") + line
        empty, last = 0, line
    return text
