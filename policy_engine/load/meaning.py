"""What a rulebook's data means, as bytes: the canonical form of RFC 8785, and the digest of a whole edition.

The words of the language may change, what was sealed may not: the keys of interpretations are digested as `readings`,
`applies_readings` and `reading`, by which names they went first, so that either spelling gives the same revision.

`hashlib` loads the whole of OpenSSL at import, which takes as long as reading an edition; the standard library's own `random` takes its
digest from the plain module for the same reason. The digests are the same; where that module is not to be had, hashlib's is, and where
somebody who has much to digest has loaded hashlib: OpenSSL is four times as fast.
"""

import sys
from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import cache
from typing import Any

from policy_engine.language.values import is_array, is_object
from policy_engine.load.yaml_plain import Data


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
    loaded = sys.modules.get("hashlib")
    digest = (loaded.sha256 if loaded else _algorithm())(b"")
    for part in parts:
        digest.update(part)
    return str(digest.hexdigest())


_FIRST_NAMES = {"interpretations": "readings", "applies_interpretations": "applies_readings", "interpretation": "reading"}


def first_name(key: str, holder: Mapping[str, Any]) -> str:
    """Return the name that a key of a rulebook had first; names of the author's own (of facts, choices …) are left as they are.

    No name of an author's own has a list under it, and nothing but an entry of the register has one under `cite` or `alternatives`.
    """
    first = _FIRST_NAMES.get(key)
    beside = ("cite", "alternatives") if key == "interpretation" else (key,)
    ours = first is not None and any(isinstance(holder.get(one), list) for one in beside)
    return first if ours and first is not None and first not in holder else key


def as_sealed(content: Data) -> Data:
    """Return a rulebook's data with the first names of its keys, as it is digested."""
    if isinstance(content, list):
        return [as_sealed(child) if isinstance(child, (dict, list)) else child for child in content]
    if not isinstance(content, dict):
        return content
    named = content if _FIRST_NAMES.keys().isdisjoint(content) else {first_name(key, content): child for key, child in content.items()}
    return {key: as_sealed(child) if isinstance(child, (dict, list)) else child for key, child in named.items()}


def meaning_of(content: Data) -> bytes:
    """Return what the data of a rulebook's file means, as the bytes that are digested."""
    return canonical(as_sealed(content))


def revision_of(contents: Iterable[Data]) -> str:
    """Return the digest of an edition's meaning.

    Each file's data in the canonical form of RFC 8785, sorted, so that comments, spacing, the order
    of keys and the names of files do not count, and every value does.
    """
    return "sha256:" + sha256_of((b"\n".join(sorted(map(meaning_of, contents))),))


def canonical(content: Any) -> bytes:  # noqa: ANN401  (JSON is what it is)
    """Return the canonical form of RFC 8785; fractions are written as text, since JSON's numbers are floats.

    Keys are sorted by UTF-16 units there, by code points here: that differs where a key has characters beyond U+FFFF.
    """
    raw = _written(content, sort_keys=True).encode()
    return _written(_sorted(content)).encode() if has_astral(raw) else raw


def has_astral(raw: bytes) -> bool:
    """Return whether a text in UTF-8 has a character beyond U+FFFF."""
    return any(map(raw.__contains__, _ASTRAL))


def in_order(content: Any) -> bytes:  # noqa: ANN401
    """Return content as JSON with its keys in their own order, in which an edition tells its facts."""
    return _written(content).encode()


_ASTRAL = (b"\xf0", b"\xf1", b"\xf2", b"\xf3", b"\xf4")
"""The bytes of which one begins each character beyond U+FFFF."""


def _written(content: Any, *, sort_keys: bool = False) -> str:  # noqa: ANN401
    text: str = _encoder(sort_keys)(content)
    return text


@cache
def _encoder(sort_keys: bool) -> Any:  # noqa: ANN401, FBT001  (a method of the standard library's)
    from json import JSONEncoder

    return JSONEncoder(ensure_ascii=False, sort_keys=sort_keys, separators=(",", ":"), default=_fraction).encode


def _fraction(value: object) -> str:
    if isinstance(value, Fraction):
        return str(value)
    raise TypeError(f"no JSON for {type(value).__name__}")


def _sorted(value: Any) -> Any:  # noqa: ANN401
    if is_object(value):
        return {key: _sorted(value[key]) for key in sorted(value, key=lambda key: key.encode("utf-16-be"))}
    return [_sorted(child) for child in value] if is_array(value) else value
