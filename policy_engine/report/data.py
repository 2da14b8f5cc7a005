"""A verdict as JSON: its plain data, with the notice that stands beside every answer."""

import json
from typing import Any

from policy_engine.evaluate.plain import trace_to_data, verdict_as_data
from policy_engine.messages import LANGUAGES, translate
from policy_engine.model.verdict import Verdict
from policy_engine.report.notices import notices_of

__all__ = ["to_json", "trace_to_data", "verdict_to_data"]


def to_json(data: Any) -> str:
    """Write data as JSON for programs: Vietnamese as it is, keys in their order."""
    return json.dumps(data, ensure_ascii=False, indent=2)


def verdict_to_data(verdict: Verdict) -> dict[str, Any]:
    """Give a verdict as the contract writes it; its schema is `schemas/verdict.schema.json`."""
    notice = {language: " ".join(translate(n, language) for n in notices_of(verdict.status)) for language in LANGUAGES}
    return verdict_as_data(verdict) | {"notice": notice}
