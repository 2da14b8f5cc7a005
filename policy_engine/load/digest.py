"""SHA-256, without loading OpenSSL for it.

`hashlib` loads the whole of OpenSSL at import, which takes as long as reading an edition; the standard library's own `random` takes its
digest from the plain module for the same reason. The digests are the same; where that module is not to be had, hashlib's is.
"""

from collections.abc import Iterable
from functools import cache
from typing import Any


@cache
def _algorithm() -> Any:  # noqa: ANN401  (a module of the interpreter's own, without types)
    """Give the function that begins a SHA-256; it is looked for once, since looking for a module that is not there takes long."""
    for name in ("_sha2", "_sha256"):
        try:
            return __import__(name).sha256
        except ImportError:
            continue
    from hashlib import sha256  # noqa: PLC0415

    return sha256


def sha256_of(parts: Iterable[bytes]) -> str:
    """Give the SHA-256 of bytes, in hexadecimal digits."""
    digest = _algorithm()(b"")
    for part in parts:
        digest.update(part)
    return str(digest.hexdigest())
