"""The page of a code for a terminal, as Markdown and as data."""

import re
from collections.abc import Iterator, Sequence

from policy_engine.load.files import Page
from policy_engine.report.prose import WIDTH, Style, plain, wrap

_LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")
_STRONG = re.compile(r"\*\*(.+?)\*\*")
_FENCE = "```"
_ITEM = re.compile(r"(- |[0-9]+\. )(.*)", re.DOTALL)


def page_to_text(page: Page, style: Style = plain, width: int = WIDTH) -> str:
    """Write a page for people: paragraphs to the width, examples set apart, no marks of Markdown."""
    lines = [style(f"{page.code}  {page.title}", "title")]
    for block in _blocks(page.body):
        lines += ["", *_block(block, style, width)]
    return "\n".join(lines) + "\n"


def page_to_markdown(page: Page) -> str:
    """Write a page as it is kept, in its one language."""
    return f"# {page.code}: {page.title}\n\n{page.body}"


def page_to_data(page: Page) -> dict[str, str]:
    """Return a page as data."""
    return {"code": page.code, "title": page.title, "body": page.body, "page": f"docs/errors/{page.code}.md"}


def first_paragraph(page: Page) -> str:
    """Return the first plain paragraph of a page on one line, without marks of Markdown; the title where there is none."""
    plain_blocks = (block for block in _blocks(page.body) if not block[0].startswith((_FENCE, "|", "#")))
    return next((_unmarked(" ".join(block), plain) for block in plain_blocks), page.title)


def _blocks(body: str) -> Iterator[list[str]]:
    """Cut a page into paragraphs, tables, lists and examples."""
    block: list[str] = []
    inside = False
    for line in body.split("\n"):
        fence = line.startswith(_FENCE)
        if block and not inside and (fence or not line or _ITEM.match(line)):
            yield block
            block = []
        block += [line] if line or inside else []
        inside = inside != fence
        if fence and not inside:
            yield block
            block = []
    if block:
        yield block


def _block(lines: Sequence[str], style: Style, width: int) -> Iterator[str]:
    """Write one block; the columns of a table stand in line."""
    if lines[0].startswith(_FENCE):
        yield from (style(f"    {line}", "faint") for line in lines[1:-1])
    elif lines[0].startswith("|"):
        rows = [[_unmarked(cell.strip(), plain) for cell in line.strip().strip("|").split("|")] for line in lines]
        rows = [row for row in rows if not all(set(cell) <= {"-", ":"} for cell in row)]
        widths = [max(len(row[n]) if n < len(row) else 0 for row in rows) for n in range(max(map(len, rows)))]
        yield from (f"  {'  '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=False))}".rstrip() for row in rows)
    elif lines[0].startswith("#"):
        yield style(_unmarked(lines[0].lstrip("# "), plain), "title")
    else:
        item = _ITEM.match("\n".join(lines))
        hang = "    " if item else "  "
        first, *more = wrap(_unmarked(item[2] if item else " ".join(lines), style), width - len(hang))
        yield f"  {'· ' if item else ''}{first}"
        yield from (f"{hang}{line}" for line in more)


def _unmarked(text: str, style: Style) -> str:
    """Take the marks of Markdown from a text: a link is its words, what is strong is a heading."""
    return _STRONG.sub(lambda strong: style(strong[1], "title"), _LINK.sub(r"\1", text))
