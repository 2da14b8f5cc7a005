"""What random editions found in the reference: texts beside open facts, and shares that no condition asks for."""

from collections.abc import Mapping
from functools import cache

import pytest

from policy_engine.evaluate.core.evidence import observed
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.language.values import NONE, Value
from policy_engine.model.case import Case
from policy_engine.model.verdict import Verdict
from tests.editions.random_editions import Data, edition_from

SAYS: Data = {"vi": "câu", "en": "sentence"}
PLAIN: Data = {"cite": "I", "phrase": "as it says", "says": SAYS}


@cache
def evaluator() -> Evaluator:
    kinds = {"remark": "text", "fine": "bool", "total": "count", "done": "count", "late": "count"}
    facts: Data = {name: {"type": kind, "label": SAYS, "asks": SAYS} for name, kind in kinds.items()}
    facts["remark"] = {"type": "text", "may_be_none": True, "label": SAYS, "asks": SAYS}
    shares = "share(done, total) + share(late, total) >= half"
    top = [{"id": "said", "when": "remark == 'x'", **PLAIN}, {"id": "is_fine", "when": "fine", **PLAIN}]
    low = [{"id": "shares", "applies_when": "total > 0", "when": shares, **PLAIN}]
    track: Data = {
        "track": "all", "cite": "I", "label": SAYS, "applies_to": "fine or not fine or exists(remark)",
        "thresholds": {"half": {"value": "50%", "cite": "I", "phrase": "half"}},
        "levels": {"top": {"cite": "I", "all_of": top}, "low": {"cite": "I", "all_of": low}},
        "decide": [{"highest_of": ["top", "low"]}], "residual": {"outcome": "gap"},
    }  # fmt: skip
    scale = [{"level": level, "code": level.upper(), "label": SAYS} for level in ("top", "low")]
    front: Data = {"edition": "odd", "status": "draft", "title": SAYS, "period": {"from": "2020-01-01", "until": "2020-12-31"}}
    return Evaluator(edition_from({"edition": front, "scale": {"scale": scale}, "facts": {"facts": facts}, "track": track}))


def rated(facts: Mapping[str, Value]) -> Verdict:
    return evaluator().evaluate(Case("odd", "odd", {}, dict(facts), {}, {}))


@pytest.mark.parametrize(("remark", "expected"), [("x", ("top", "low")), ("other", ("low",)), (NONE, ("low",))])
def test_a_known_text_is_settled_beside_open_facts(remark: Value, expected: tuple[str, ...]) -> None:
    verdict = rated({"remark": remark, "total": 2, "done": 1, "late": 0})

    assert (expected, True) == (verdict.possible_levels, verdict.possible_exact)


def test_a_text_that_nobody_recorded_is_asked() -> None:
    verdict = rated({"fine": True, "total": 2, "done": 0, "late": 0})

    assert (("top",), True, ("remark",)) == (verdict.possible_levels, verdict.gap_possible, verdict.open_questions)


def test_a_share_of_nothing_that_is_not_asked_for_is_shown_as_a_dash() -> None:
    verdict = rated({"remark": "other", "fine": True, "total": 0, "done": 0, "late": 0})

    assert ("not_applicable", "–") == next(
        (c.outcome, observed(c.evidence)) for level in verdict.levels for c in level.criteria if c.id == "shares"
    )
