"""A verdict as JSON: its plain data, with the notice that stands beside every answer."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from policy_engine.evaluate.plain import trace_to_data, verdict_as_data
from policy_engine.messages import LANGUAGES, translate
from policy_engine.model.verdict import Verdict
from policy_engine.report.notices import notices_of

__all__ = ["to_json", "trace_to_data", "verdict_to_data"]


def to_json(data: Any) -> str:
    """Write data as JSON for programs: Vietnamese as it is, keys in their order.

    The standard library writes indented JSON several times slower, since its fast encoder knows no indent; the text is the same.
    """
    parts: list[str] = []
    _write(data, "\n", parts.append)
    text = "".join(parts)
    return text if text.isascii() and "\x7f" not in text else _ODD.sub(_escaped, text)


_ODD = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What steers a terminal or the order of what is shown, ends a line, or is no character; JSON itself asks for no escape of these."""


def _escaped(found: re.Match[str]) -> str:
    """Return a character as JSON escapes it: the value is the same."""
    return f"\\u{ord(found[0]):04x}"


_TEXT = json.encoder.encode_basestring


def _write(value: Any, line: str, out: Callable[[str], object]) -> None:
    """Write a value whose lines begin with `line`."""
    if value.__class__ is str:
        out(_TEXT(value))
    elif isinstance(value, dict) and value:
        _write_mapping(value, line, out)  # pyright: ignore[reportUnknownArgumentType]  # its keys are texts, its values anything
    elif isinstance(value, (list, tuple)) and value:
        _write_list(value, line, out)  # pyright: ignore[reportUnknownArgumentType]
    else:
        out("null" if value is None else json.dumps(value, ensure_ascii=False))


def _write_list(value: Sequence[Any], line: str, out: Callable[[str], object]) -> None:
    """Write a list that is not empty."""
    inner = f"{line}  "
    before = f"[{inner}"
    for item in value:
        out(before)
        _write(item, inner, out)
        before = f",{inner}"
    out(f"{line}]")


def _write_mapping(value: Mapping[str, Any], line: str, out: Callable[[str], object]) -> None:
    """Write a mapping that is not empty; its keys are texts."""
    inner = f"{line}  "
    before = f"{{{inner}"
    for key, item in value.items():
        if item.__class__ is str:
            out(f"{before}{_TEXT(key)}: {_TEXT(item)}")
        else:
            out(f"{before}{_TEXT(key)}: ")
            _write(item, inner, out)
        before = f",{inner}"
    out(f"{line}}}")


def verdict_to_data(verdict: Verdict) -> dict[str, Any]:
    """Give a verdict as the contract writes it; its schema is `schemas/verdict.schema.json`."""
    notice = {
        language: " ".join(translate(n, language) for n in notices_of(verdict.status, sealed=verdict.sealed)) for language in LANGUAGES
    }
    return verdict_as_data(verdict) | {"sealed": verdict.sealed, "notice": notice}
