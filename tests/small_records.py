"""Small records: whole, and true to their own text; what is in their verdicts is nobody's business but a replay's."""

import json
from typing import Any

from policy_engine.audit.chain import START
from policy_engine.audit.record import SCHEMAS
from policy_engine.load.meaning import sha256_of

AT = "2021-01-01T00:00:00+00:00"


def small(number: int, name: str = "") -> dict[str, Any]:
    """Return a small record as version 1 had them: of no run that is known."""
    name = name or f"hồ sơ {number}"
    text = f"case: {json.dumps(name, ensure_ascii=False)}\n"
    case = {"name": name, "file": "x.yaml", "sha256": sha256_of((text.encode(),)), "text": text, "asked": None, "given": None}
    told = {"edition": "e", "status": "draft", "revision": START, "decided": []}
    verdict = {**told, "case": name, "subject": {}, "gathered": [], "findings": [], "list": [1, True, "é"]}
    times = {"period": ["2020-01-01", "2020-12-31"], "decided_at": None, "recorded_at": AT}
    return {"record": 1, "case": case, "engine": "0.1.0", "schemas": SCHEMAS, **told, "verdict": verdict, "times": times}


def newer(number: int, at: str = AT) -> dict[str, Any]:
    """Return a small record as version 2 has them, without its run."""
    old = small(number)
    return {**old, "record": 2, "sealed": False, "libraries": {"python": "3.11.0"}, "times": {**old["times"], "recorded_at": at}}
