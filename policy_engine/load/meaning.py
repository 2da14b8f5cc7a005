"""What a rulebook's data means, as bytes: the canonical form of RFC 8785, and the digest of a whole edition.

`hashlib` loads the whole of OpenSSL at import, which takes as long as reading an edition; the standard library's own `random` takes its
digest from the plain module for the same reason. The digests are the same; where that module is not to be had, hashlib's is.
"""

import re
from collections.abc import Iterable
from fractions import Fraction
from functools import cache
from typing import Any

from policy_engine.load.yaml_text import Data


@cache
def _algorithm() -> Any:  # noqa: ANN401  (a module of the interpreter's own, without types)
    """Return the function that begins a SHA-256; it is looked for once, since looking for a module that is not there takes long."""
    for name in ("_sha2", "_sha256"):
        try:
            return __import__(name).sha256
        except ImportError:
            continue
    from hashlib import sha256

    return sha256


def sha256_of(parts: Iterable[bytes]) -> str:
    """Return the SHA-256 of bytes, in hexadecimal digits."""
    digest = _algorithm()(b"")
    for part in parts:
        digest.update(part)
    return str(digest.hexdigest())


def revision_of(contents: Iterable[Data]) -> str:
    """Return the digest of an edition's meaning.

    Each file's data in the canonical form of RFC 8785, sorted, so that comments, spacing, the order
    of keys and the names of files do not count, and every value does.
    """
    return "sha256:" + sha256_of((b"\n".join(sorted(canonical(content) for content in contents)),))


def canonical(content: Any) -> bytes:  # noqa: ANN401  (JSON is what it is)
    """Return the canonical form of RFC 8785; fractions are written as text, since JSON's numbers are floats.

    Without floats and with keys below the astral planes, Python's own encoder writes those very bytes (a test holds it
    against the library), ten times as fast; anything else is the library's.
    """
    import json

    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_written)
    if text.isascii() or not _ASTRAL.search(text):
        return text.encode()
    import rfc8785

    return rfc8785.dumps(_exact(content))


def in_order(content: Any) -> bytes:  # noqa: ANN401
    """Return content as JSON with its keys in their own order, in which an edition tells its facts."""
    import json

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
