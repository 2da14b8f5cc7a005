"""What a rulebook's data means, as bytes: the canonical form of RFC 8785, and the digest of a whole edition."""

import re
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from policy_engine.load.digest import sha256_of
from policy_engine.load.scalars import Data


def revision_of(contents: Iterable[Data]) -> str:
    """Give the digest of an edition's meaning.

    Each file's data in the canonical form of RFC 8785, sorted, so that comments, spacing, the order
    of keys and the names of files do not count, and every value does.
    """
    return "sha256:" + sha256_of((b"\n".join(sorted(canonical(content) for content in contents)),))


def canonical(content: Any) -> bytes:  # noqa: ANN401  (JSON is what it is)
    """Give the canonical form of RFC 8785; fractions are written as text, since JSON's numbers are floats.

    Without floats and with keys below the astral planes, Python's own encoder writes those very bytes (a test holds it
    against the library), ten times as fast; anything else is the library's.
    """
    import json  # noqa: PLC0415

    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_written)
    if text.isascii() or not _ASTRAL.search(text):
        return text.encode()
    import rfc8785  # noqa: PLC0415

    return rfc8785.dumps(_exact(content))


def in_order(content: Any) -> bytes:  # noqa: ANN401
    """Give content as JSON with its keys in their own order, in which an edition tells its facts."""
    import json  # noqa: PLC0415

    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), default=_written).encode()


_ASTRAL = re.compile("[\U00010000-\U0010ffff]")


def _written(value: object) -> str:
    """Write a fraction as text; JSON has every other value that a file can hold."""
    if isinstance(value, Fraction):
        return str(value)
    raise TypeError(f"no JSON for {type(value).__name__}")


def _exact(value: Data) -> Any:  # noqa: ANN401  (JSON is what it is)
    """Write fractions as text."""
    if isinstance(value, dict):
        return {key: _exact(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_exact(child) for child in value]
    return str(value) if isinstance(value, Fraction) else value
