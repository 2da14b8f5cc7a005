"""Text of a user's own, made safe to show: nothing in a file steers the terminal that shows it."""


def visible(text: str) -> str:
    """Write control characters as escapes; everything else stays as it is."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)
