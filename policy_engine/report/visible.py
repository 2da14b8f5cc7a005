"""Text of a user's own, made safe to show: nothing in a file steers the terminal that shows it."""

import unicodedata
from collections.abc import Iterable


def visible(text: str) -> str:
    """Return a text with every control character as an escape; everything else stays as it is, spaces of all widths too."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() or unicodedata.category(sign) == "Zs" else repr(sign)[1:-1] for sign in text)


def opening(text: str) -> str:
    """Return a text that begins a line, made safe: not with two colons either, by which a build log knows a command."""
    shown = visible(text)
    blank = len(shown) - len(shown.lstrip())
    return f"{shown[:blank]}\\x3a{shown[blank + 1 :]}" if shown.startswith("::", blank) else shown


def tamed(text: str, typed: Iterable[str]) -> str:
    """Return a text of our own with what was typed in it made safe; its own line breaks stay, and no other control character does."""
    for word in typed:
        for part in (word, word.partition("=")[2]):
            if part and not part.isprintable():
                text = text.replace(part, visible(part))
    return "\n".join(map(opening, text.split("\n")))
