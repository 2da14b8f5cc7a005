"""JSON for programs."""

import json
import re
from typing import Any

from policy_engine.evaluate.plain import verdict_as_data
from policy_engine.explain.blocks import notices_of
from policy_engine.messages import LANGUAGES, translate
from policy_engine.model.verdict import Verdict

_ODD = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What steers a terminal or the order of what is shown, ends a line, or is no character; JSON itself asks for no escape of these."""
_quoted = json.encoder.encode_basestring


def to_json(data: Any) -> str:
    """Write data as JSON for programs, indented by two: Vietnamese as it is, keys in their order.

    The standard library's fast encoder knows no indent, and orjson costs a cold start more than it saves (docs/decisions/0020).
    """
    text = _written(data, "\n")
    return text if text.isascii() and "\x7f" not in text else _ODD.sub(lambda odd: f"\\u{ord(odd[0]):04x}", text)


def _written(value: Any, line: str) -> str:
    """Write a value whose lines begin with `line`."""
    if isinstance(value, str):
        return _quoted(value)
    inner = f"{line}  "
    between = f",{inner}"
    if isinstance(value, dict) and value:
        pairs: Any = value.items()  # pyright: ignore[reportUnknownVariableType]  # its keys are texts, its values anything
        return "{" + inner + between.join([f"{_quoted(key)}: {_written(item, inner)}" for key, item in pairs]) + line + "}"
    if isinstance(value, (list, tuple)) and value:
        items: Any = value  # pyright: ignore[reportUnknownVariableType]
        return "[" + inner + between.join([_written(item, inner) for item in items]) + line + "]"
    return "null" if value is None else json.dumps(value, ensure_ascii=False)


def notice_to_data(status: str, *, sealed: bool) -> dict[str, str]:
    """Return what stands beside an answer, in every language."""
    notices = notices_of(status, sealed=sealed)
    return {language: " ".join(translate(one, language) for one in notices) for language in LANGUAGES}


def verdict_to_data(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as the contract writes it; its schema is `schemas/verdict.schema.json`."""
    beside = {"sealed": verdict.sealed, "notice": notice_to_data(verdict.status, sealed=verdict.sealed)}
    return verdict_as_data(verdict) | beside
