"""JSON for programs."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from policy_engine.evaluate.core.expression import shown
from policy_engine.evaluate.plain import Trace, trace_to_data, verdict_as_data
from policy_engine.explain.blocks import notices_of
from policy_engine.messages import LANGUAGES, translate
from policy_engine.model.verdict import Deduction, LevelTrace, Verdict

_ODD = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What steers a terminal or the order of what is shown, ends a line, or is no character; JSON itself asks for no escape of these."""
_escaped = json.encoder.encode_basestring
_KEPT = 4096


class Records(NamedTuple):
    """Records of a trace that stand in data for the list of their dicts: the text of one that comes again is not written again."""

    records: Sequence[Any]
    to_data: Callable[[Any], Any]


def to_json(data: Any) -> str:
    """Write data as JSON for programs, indented by two: Vietnamese as it is, keys in their order."""
    return b"".join(Writer().pieces(data)).decode()


class Writer:
    """Writes JSON indented by two, in UTF-8. Most of a verdict is what other verdicts say too: that text is remembered.

    Why not by a library: docs/decisions/0026.
    """

    def __init__(self, kept: int = _KEPT) -> None:
        """Remember so many texts, about a kilobyte each; as many before them, until they are asked for again or forgotten."""
        self._kept = kept
        self._texts: dict[tuple[object, bytes], tuple[object, bytes]] = {}
        self._before: dict[tuple[object, bytes], tuple[object, bytes]] = {}
        """Each with its record, which is held so that its identity stays its own."""

    def pieces(self, data: Any, line: bytes = b"\n") -> Iterator[bytes]:
        """Write a document piece by piece: what an iterator yields, there or under a key, as it comes; bytes are written already."""
        inner, begins = line + b"  ", b"{"
        pairs: Any = data.items() if data.__class__ is dict else ()
        if any(isinstance(value, Iterator) for _, value in pairs):
            for key, value in pairs:
                yield begins + inner + _quoted(key) + b": "
                yield from self.pieces(value, inner)
                begins = b","
            yield line + b"}"
        elif isinstance(data, Iterator):
            begins = b"["
            items: Any = data  # pyright: ignore[reportUnknownVariableType]
            for item in items:
                yield begins + inner
                yield item if isinstance(item, bytes) else self.text(item, inner)
                begins = b","
            yield b"[]" if begins == b"[" else line + b"]"
        else:
            yield self.text(data, line)

    def text(self, value: Any, line: bytes = b"\n") -> bytes:
        """Write a value whose lines begin with `line`."""
        kind: Any = value.__class__
        if kind is str:
            return _quoted(value)
        if value is None or kind is bool:
            return b"null" if value is None else b"true" if value else b"false"
        if kind is int:
            return str(value).encode()
        if kind is Records:
            inner = line + b"  "
            return _listed([self._record(record, value.to_data, inner) for record in value.records], line)
        if value and issubclass(kind, dict):
            inner = line + b"  "
            pairs = [
                _quoted(key) + b": " + (_quoted(item) if item.__class__ is str else self.text(item, inner)) for key, item in value.items()
            ]
            return b"".join((b"{", inner, (b"," + inner).join(pairs), line, b"}"))
        if issubclass(kind, (list, tuple)):
            inner = line + b"  "
            return _listed([_quoted(item) if item.__class__ is str else self.text(item, inner) for item in value], line)
        return _quoted(value) if issubclass(kind, str) else json.dumps(value, ensure_ascii=False).encode()

    def _record(self, record: object, to_data: Callable[[Any], Any], line: bytes) -> bytes:
        """Write a record, or take its text from memory."""
        key = _key(record), line
        known = self._texts.get(key)
        if known is None:
            known = self._before.get(key) or (record, self.text(to_data(record), line))
            if len(self._texts) >= self._kept:
                self._texts, self._before = {}, self._texts
            self._texts[key] = known
        return known[1]


def _key(record: Any) -> object:
    """Return what the text of a record follows from: what is made anew for every case by its parts, what cases share by what it is."""
    kind = record.__class__
    if kind is LevelTrace:
        return (*record[:-1], *map(id, record.criteria))
    if kind is Deduction:
        return record.fact, record.value.__class__, shown(record.value), record.origin, record.because
    return id(record)


def _listed(texts: list[bytes], line: bytes) -> bytes:
    return b"".join((b"[", line, b"  ", (b"," + line + b"  ").join(texts), line, b"]")) if texts else b"[]"


@lru_cache(_KEPT)
def _quoted(text: str) -> bytes:
    """Write a text, with its odd signs escaped."""
    said = _escaped(text)
    return (said if said.isascii() and "\x7f" not in said else _ODD.sub(lambda odd: f"\\u{ord(odd[0]):04x}", said)).encode()


def notice_to_data(status: str, *, sealed: bool) -> dict[str, str]:
    """Return what stands beside an answer, in every language."""
    notices = notices_of(status, sealed=sealed)
    return {language: " ".join(translate(one, language) for one in notices) for language in LANGUAGES}


def verdict_to_data(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as the contract writes it; its schema is `schemas/verdict.schema.json`."""
    return verdict_as_data(verdict) | _beside(verdict)


def verdict_to_write(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict for a `Writer` of many: as `verdict_to_data` does, its traces as they are."""
    return verdict_as_data(verdict, data=_records) | _beside(verdict)


def _records(traces: Sequence[Trace]) -> Records:
    return Records(traces, _trace)


def _trace(trace: Trace) -> dict[str, Any]:
    return trace_to_data(trace, data=_records)


def _beside(verdict: Verdict) -> dict[str, Any]:
    return {"sealed": verdict.sealed, "notice": notice_to_data(verdict.status, sealed=verdict.sealed)}
