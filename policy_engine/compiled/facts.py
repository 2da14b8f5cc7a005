"""From what a case states to what is known, by generated code where no list is given."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from policy_engine.compiled.lines import Lines
from policy_engine.compiled.names import Compiler, taker
from policy_engine.compiled.opening import Layout
from policy_engine.evaluate.core.facts import Facts, has_open_fields, known_facts
from policy_engine.language.values import UNKNOWN, Value
from policy_engine.model.case import Case
from policy_engine.model.facts import Condition, FactDeclaration
from policy_engine.model.verdict import Deduction

Asked = Callable[[Mapping[str, Value], Mapping[str, Value]], Value]
"""Works out a fact from the values known so far, and from what the case itself states."""


class Following(NamedTuple):
    """How a fact follows from others."""

    name: str
    derived: Asked | None
    absent: Asked | None


class KnownFacts:
    """What is known of a case of one edition."""

    def __init__(self, layout: Layout) -> None:
        """Write and compile the code."""
        self.plan = layout.plan
        self._lists = frozenset(layout.plan.lists)
        self._following = tuple(_following(layout, fact) for fact, source in layout.plan.follows if not source)
        self.row = taker(tuple(layout.names.positions))

    def of(self, case: Case) -> Facts | None:
        """Return what is known; None where an item of a list leaves a field open, or where a fact is stated otherwise than it follows."""
        if not self._lists.isdisjoint(case.facts):
            facts = known_facts(case, self.plan)
            given = [facts.values[name] for name in self._lists if name in case.facts]
            return None if any(isinstance(items, tuple) and has_open_fields(items) for items in given) else facts
        values = self.plan.blank.copy()
        values.update(case.facts)
        deductions: list[Deduction] = []
        followed: list[str] = []
        for following in self._following:
            name = following.name
            origin, value = _followed(following, values, case.facts)
            if value is UNKNOWN:
                continue
            followed.append(name)
            if name not in case.facts:
                values[name] = value
                deductions.append(Deduction(name, value, origin, ()))
            elif origin == "derived" and case.facts[name] != value:
                return None
        return Facts(values, tuple(deductions), (), frozenset(followed))


def _followed(following: Following, values: Mapping[str, Value], stated: Mapping[str, Value]) -> tuple[str, Value]:
    """Return how a fact came to be known, and its value."""
    value = following.derived(values, stated) if following.derived else UNKNOWN
    if value is not UNKNOWN:
        return "derived", value
    absent = following.absent is not None and following.name not in stated
    return "when_absent", following.absent(values, stated) if absent and following.absent else UNKNOWN


def _following(layout: Layout, fact: FactDeclaration) -> Following:
    """Make the code of one fact."""
    return Following(fact.name, _asked(layout, fact.derived), _asked(layout, fact.when_absent))


def _asked(layout: Layout, condition: Condition | None) -> Asked | None:
    """Make the code of what a fact follows from."""
    if condition is None:
        return None
    names, lines = layout.names, Lines()
    for name in condition.names:
        if name in names.positions:
            lines.add(f"{names.fact(name)} = values[{names.value(name)}]", f"{names.stated(name)} = {names.value(name)} in stated")
    lines.add(f"return {layout.conditions(layout.plan.constants).value(condition.tree, lines)}")
    return Compiler(names).made("asked", lines.text("def asked(values, stated):"))
