"""Figures that cannot be are told in the labels of the edition: what the others allow for one, and where each stands."""

from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policy_engine.evaluate.core.breach import Figures, breach_of
from policy_engine.language.grammar import parse
from policy_engine.language.tree import names_in
from policy_engine.language.types import COUNT
from policy_engine.model.facts import Condition, FactDeclaration
from policy_engine.source import Citation, Location

HERE = Location("x.yaml", 1, 1)
LABELS = {"whole": ("Tổng", "All"), "done": ("Xong", "Done"), "short": ("Chưa đạt", "Short"), "apart": ("Tách", "Apart")}
FACTS = {
    name: FactDeclaration(name, COUNT, {"vi": vi, "en": en}, {}, Citation(""), HERE) for name, (vi, en) in LABELS.items()
}  # fmt: skip

RULES = [
    (
        "short >= whole - done", {"whole": 9, "done": 8, "short": 0},
        "“All” is 9 (line 17), “Done” is 8 (line 18); so “Short” must be at least 1, but is 0 (line 19)",
        "“Tổng” là 9 (dòng 17), “Xong” là 8 (dòng 18), nên “Chưa đạt” ít nhất phải là 1, nhưng ghi 0 (dòng 19)",
    ),
    (
        "done <= whole", {"whole": 9, "done": 10},
        "“All” is 9 (line 17); so “Done” must be at most 9, but is 10 (line 18)",
        "“Tổng” là 9 (dòng 17), nên “Xong” nhiều nhất là 9, nhưng ghi 10 (dòng 18)",
    ),
    (
        "done + short <= whole", {"whole": 9, "done": 8, "short": 3},
        "“Short” is 3 (line 19), “All” is 9 (line 17); so “Done” must be at most 6, but is 8 (line 18)",
        "“Chưa đạt” là 3 (dòng 19), “Tổng” là 9 (dòng 17), nên “Xong” nhiều nhất là 6, nhưng ghi 8 (dòng 18)",
    ),
    ("whole > 0", {"whole": 0}, "“All” must be more than 0, but is 0 (line 17)", "“Tổng” phải lớn hơn 0, nhưng ghi 0 (dòng 17)"),
    (
        "0 <= done <= top", {"done": Fraction(41, 2), "top": Fraction(20)},
        "“Done” must be at most 20, but is 20.5 (line 18)", "“Xong” nhiều nhất là 20, nhưng ghi 20,5 (dòng 18)",
    ),
    (
        "not apart or whole > 0", {"apart": True, "whole": 0},
        "“Apart” is true, “All” is 0 (line 17)", "“Tách” là true, “Tổng” là 0 (dòng 17)",
    ),
]  # fmt: skip


def _condition(text: str) -> Condition:
    tree, _ = parse(text)
    assert tree
    return Condition(tree, text, HERE, names_in(tree))


@pytest.mark.parametrize(("rule", "values", "english", "vietnamese"), RULES)
def test_the_figures_of_a_rule(rule: str, values: dict[str, object], english: str, vietnamese: str) -> None:
    lines = {"whole": 17, "done": 18, "short": 19}

    said = breach_of(_condition(rule), Figures(values, FACTS, lines))  # type: ignore[arg-type]

    assert (english, vietnamese) == (said.texts["en"], said.texts["vi"])


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.sampled_from([">=", "<=", ">", "<", "==", "!="]), st.sampled_from(["done", "done + short", "2 * done - short", "short - done"]),
    st.sampled_from(["whole", "whole - short", "apart + 3 * whole", "0"]), st.tuples(*[st.integers(0, 30)] * 4),
)  # fmt: skip
def test_the_bound_is_the_edge_of_the_rule(sign: str, left: str, right: str, drawn: tuple[int, ...]) -> None:
    values = dict(zip(LABELS, drawn, strict=True))
    rule = f"{left} {sign} {right}"
    if eval(rule, dict(values)):
        return

    said = breach_of(_condition(rule), Figures(values, FACTS, dict.fromkeys(LABELS, 1))).texts["en"]
    main = said.rpartition("so ")[2]
    label, _, rest = main.removeprefix("“").partition("”")
    name = next(name for name, (_, en) in LABELS.items() if en == label)
    bound = next(word.rstrip(",") for word in rest.split() if word[0].isdigit() or word[0] == "-")
    both = [eval(side, values | {name: Fraction(bound)}) for side in (left, right)]

    assert both[0] == both[1]
