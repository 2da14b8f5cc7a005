"""What a condition compared, as figures: both sides with their types, the part and the whole of a share, the items that counted."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest

from policy_engine.evaluate.core.evidence import EvidencePlan, Scope, observed
from policy_engine.evaluate.core.expression import interpreter_over
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.explain.blocks import Wording
from policy_engine.language.types import BOOL, COUNT, LEVEL, POINTS, SHARE, TEXT, Named, Type
from policy_engine.language.values import NONE, UNKNOWN, Truth, Value
from policy_engine.model.case import Case
from policy_engine.model.evidence import Evidence, Seen, WorkedOut
from policy_engine.model.facts import FactDeclaration
from policy_engine.source import Citation, Location
from tests.editions.random_editions import edition_from
from tests.editions.small import condition_of, edition_of

ITEM = (("done", BOOL), ("score", POINTS))
TYPES: Mapping[str, Type] = {
    "part": COUNT, "whole": COUNT, "points": POINTS, "rank": LEVEL, "note": TEXT, "signed": BOOL, "tasks": Type("list", (), ITEM),
}  # fmt: skip
FACTS = {name: FactDeclaration(name, kind, {}, {}, Citation(""), Location("", 1, 1), unit={"en": name}) for name, kind in TYPES.items()}
KINDS = {**{name: Named(kind) for name, kind in TYPES.items()}, "most": Named(SHARE, constant=True), "good": Named(LEVEL, constant=True)}
SCOPE = Scope(FACTS, {"most": Fraction(1, 2), "good": 1, "three": 3}, KINDS | {"three": Named(COUNT, constant=True)}, ("poor", "good"))
TASKS: Value = ({"done": True, "score": Fraction(2)}, {"done": False, "score": Fraction(3)}, {"done": True, "score": Fraction(5, 2)})


def evidence(text: str, **values: Value) -> Evidence:
    return EvidencePlan((condition_of(text),), SCOPE).of({**dict.fromkeys(TYPES, UNKNOWN), **values})


def test_a_share_has_its_part_and_its_whole() -> None:
    (found,) = evidence("share(part, whole) >= most", part=12, whole=20).comparisons

    share, most = found.sides
    assert ("share(part, whole) >= most", True) == (found.text, found.truth)
    assert ("share", Fraction(3, 5), 12, 20) == (share.type, share.value, share.part, share.whole)
    assert ("most", "share", Fraction(1, 2), None) == (most.text, most.type, most.value, most.part)


def test_a_question_about_a_list_shows_the_figure_compared_and_the_items_that_counted() -> None:
    found = evidence("count(tasks, done) <= three", tasks=TASKS)
    added = evidence("sum(tasks, score, done) <= points", tasks=TASKS, points=Fraction(4))

    assert ("2", "[3]") == (observed(found), observed(found, whole_lists=True))
    assert ("4.5/4", False) == (observed(added), added.comparisons[0].truth)
    assert ((1, 3), (1, 3)) == (found.comparisons[0].sides[0].items, added.comparisons[0].sides[0].items)


def test_a_fact_alone_and_a_level_and_its_unit() -> None:
    signed, ranked = evidence("signed and rank >= good", signed=False, rank=0).comparisons

    assert ("signed", False, "bool") == (signed.text, signed.truth, signed.sides[0].type)
    assert ("poor", {"en": "rank"}, "good") == (ranked.sides[0].value, ranked.sides[0].unit, ranked.sides[1].value)


def test_a_share_of_nothing_is_not_asked() -> None:
    found = evidence("whole > 0 and share(part, whole) > most", part=0, whole=0).comparisons

    assert [False, None] == [one.truth for one in found]
    assert (None, 0, 0) == (found[1].sides[0].value, found[1].sides[0].part, found[1].sides[0].whole)


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ((12, 20), "12/20 = 60%"),
        ((Fraction(1, 3),), "1/3"),
        (("12/20",), "12/20"),
        (("one; two",), "one; two"),
        (("x = true",), "x = true"),
        ((True,), "yes"),
        ((UNKNOWN,), "not recorded"),
        ((UNKNOWN, 20), "?/20"),
        ((True, 20), "true/20"),
    ],
)
def test_only_figures_become_percentages_and_only_truths_yes_or_no(values: tuple[Value, ...], shown: str) -> None:
    words = Wording("en", edition_of("orchard"))

    assert shown == words.seen(Evidence(WorkedOut((Seen("", values),))), str)


def test_evidence_is_the_same_however_it_was_worked_out() -> None:
    found = evidence("share(part, whole) >= most", part=12, whole=20)
    again, *_ = found.__reduce__()[1]

    assert found == Evidence(again)
    assert found != evidence("share(part, whole) >= most", part=11, whole=20)
    assert hash(found) == hash(Evidence(again))


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("one in ('a', other)", {"one": "b", "other": UNKNOWN}, UNKNOWN),
        ("one not in ('a', other)", {"one": "b", "other": UNKNOWN}, UNKNOWN),
        ("one in ('b', other)", {"one": "b", "other": UNKNOWN}, True),
        ("one in (other, 'a')", {"one": NONE, "other": NONE}, False),
    ],
)
def test_an_open_fact_in_brackets_is_not_taken_for_another_one(text: str, values: Mapping[str, Value], expected: Truth) -> None:
    assert expected is interpreter_over(values).truth(condition_of(text))


def test_a_sum_of_what_rules_fix_is_no_open_figure() -> None:
    """Where rules force a part, the sum that follows from it is seen too, and stands among the deductions."""
    texts = {"vi": "a", "en": "a"}
    count = {"type": "count", "label": texts, "asks": texts, "unit": texts, "cite": "I"}
    contents: dict[str, Any] = {
        "edition": {"edition": "drawn", "status": "draft", "title": texts, "period": {"from": "2020-01-01", "until": "2020-12-31"}},
        "scale": {"scale": [{"level": "good", "code": "G", "label": texts}]},
        "facts": {
            "facts": {"one": count, "two": count, "all": {**count, "derived": "one + two"},
                      "on": {"type": "bool", "label": texts, "asks": texts, "cite": "I"}},
            "thresholds": {"most": {"value": 3, "cite": "I", "phrase": "3"}},
            "invariants": [{"id": "forced", "holds": "most <= one <= most", "says": texts}],
        },
        "track": {
            "track": "t", "cite": "I", "label": texts, "applies_to": "on",
            "levels": {"good": {"cite": "I", "all_of": [{"id": "enough", "when": "all >= most", "says": texts, "cite": "I"}]}},
            "decide": [{"highest_of": ["good"]}], "residual": {"outcome": "gap"},
        },
    }  # fmt: skip
    case = Case("c", "drawn", {}, {"on": True, "two": 77}, {}, {}, ())

    verdict = Evaluator(edition_from(contents)).evaluate(case)

    assert "80" == observed(verdict.levels[0].criteria[0].evidence)
    assert [("all", 80, "derived")] == [tuple(one[:3]) for one in verdict.deductions]
