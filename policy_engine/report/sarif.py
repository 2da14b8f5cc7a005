"""SARIF 2.1.0, the format in which analysers hand their findings to editors and to code hosts."""

import os
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from policy_engine.errors import CATALOGUE
from policy_engine.load.digest import sha256_of
from policy_engine.messages import translate
from policy_engine.report.told import Told
from policy_engine.report.visible import visible

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def to_sarif(findings: Iterable[Told], language: str) -> dict[str, Any]:
    """Give a run of the tool as SARIF has it; the levels and columns (in characters) are its own."""
    from importlib.metadata import version  # noqa: PLC0415  (only this format names it)

    told = list(findings)
    codes = sorted({one.code for one in told})
    driver = {"name": "policy-engine", "version": version("policy-engine"), "rules": [_rule(code, language) for code in codes]}
    run = {
        "tool": {"driver": driver},
        "language": language,
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True}],
        "results": [_result(one, codes.index(one.code)) for one in told],
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(code: str, language: str) -> Mapping[str, Any]:
    """Describe a code: its sentence and its advice, with what differs from case to case left open."""
    entry = CATALOGUE[code]
    message, advice = (re.sub(r"\{+\w+\}+", "…", translate(text, language)) for text in (entry.message, entry.advice))
    return {
        "id": code,
        "shortDescription": {"text": message},
        "help": {"text": advice},
        "defaultConfiguration": {"level": entry.severity},
    }


def _result(one: Told, index: int) -> Mapping[str, Any]:
    """Give one finding; its fingerprint outlives a change of its line."""
    text = "\n".join(filter(None, (one.message, one.advice)))
    region: dict[str, Any] = {"startLine": one.line, "startColumn": one.column}
    if one.excerpt:
        region["snippet"] = {"text": visible(one.excerpt)}
    place = {"artifactLocation": {"uri": _uri(one.file)}, "region": region}
    print_of = sha256_of(part.encode("utf-8", "surrogatepass") + b"\0" for part in (one.code, one.file, one.message))
    return {
        "ruleId": one.code,
        "ruleIndex": index,
        "level": one.severity,
        "message": {"text": "\n".join(map(visible, text.split("\n")))},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"policyEngine/v1": print_of},
    }


def _is_path(path: str) -> bool:
    """Tell whether a text can be a path of this system: bytes that are no UTF-8 stand in it in the one way that is read back."""
    return not any("\ud800" <= sign < "\udc80" or "\udcff" < sign <= "\udfff" for sign in path)


def _uri(path: str) -> str:
    """Write a path as a URI: relative as it is, absolute as a file's."""
    written = quote(path.replace(os.sep, "/").encode("utf-8", "surrogateescape" if _is_path(path) else "surrogatepass"))
    return f"file://{written}" if os.path.isabs(path) else written
