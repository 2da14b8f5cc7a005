"""The generated function that adds to the values of a case what follows from them: counts of lists, sums, derived facts.

Of `total`, counted from a list `tasks` with the field `done`, and of `idle`, derived from `total == 0`:

    def made(values, stated):
        f_tasks, f_total, f_idle, = taken(values)
        found = []; names = []
        if f_tasks is not U:
            n0 = 0
            for i_done, in k3(k4, f_tasks):
                if i_done is U:
                    return None                        # the reference is asked
                n0 += 1
        if f_tasks is not U:
            v = n0
            …
        v = (U if f_total is U else (f_total == 0))
        if v is not U:
            names.append(k7)
            if f_idle is U:
                values[k7] = f_idle = v
                found.append(k8(key := (v, v.__class__)) or k9(key, new(k10, (k7, v, k11, (), ))))
            elif f_idle != v:
                return None                            # the reference says what that means
        return found, names

Every list is gone through once. Nothing is returned where an item leaves a field open, or where a fact is stated otherwise.
"""

from collections.abc import Callable, Collection

from policy_engine.compiled.conditions import Conditions, PartCode, unless_open
from policy_engine.compiled.generated import GeneratedFunction
from policy_engine.evaluate.core.memory import UNLIKE, Memory, taker
from policy_engine.evaluate.core.plan import Plan
from policy_engine.language.fold import Reader
from policy_engine.language.text import show
from policy_engine.language.tree import Tree, name_of, opened, walk
from policy_engine.language.values import Ratio, Value
from policy_engine.model.facts import Condition, FactDeclaration
from policy_engine.model.verdict import Deduction

Follows = Callable[[dict[str, Value], Collection[str]], tuple[list[Deduction], list[str]] | None]
"""Adds to the values; returns what was added, and every fact that follows, whether it is stated or not."""


def following(plan: Plan) -> Follows:
    """Make the function of an edition."""
    code = GeneratedFunction(plan.edition.facts)
    conditions = _Counting(code, plan)
    code.add("found = []; names = []")
    for name in plan.lists:
        conditions.go_through(plan.edition.facts[name])
    for fact, source in plan.follows:
        if fact.counted_from:
            with code.under(f"if {code.fact(source)} is not U:"):
                code.add(f"v = {conditions.figure(fact.counted_from)}")
                _take(code, fact, "counted")
            continue
        code.add(f"v = {conditions.followed(fact, fact.derived) if fact.derived else 'U'}")
        if fact.derived:
            _take(code, fact, "derived")
        if fact.when_absent:
            local = code.fact(fact.name)
            with code.under(f"if v is U and {local} is U:"):
                code.add(f"v = {conditions.read(fact.when_absent.tree).open}")
                _take(code, fact, "when_absent")
    code.add("return found, names")
    return code.compiled()


def _take(code: GeneratedFunction, fact: FactDeclaration, origin: str) -> None:
    """Write that a fact has the value `v`, unless that is open; one that is stated otherwise is sent to the reference."""
    local, name = code.fact(fact.name), code.value(fact.name)
    made = code.record(Deduction, fact=name, value="v", origin=code.value(origin), because="()")
    if fact.type.kind not in UNLIKE:
        memory: Memory[Deduction] = Memory()
        made = f"{code.thing(memory.get)}(key := (v, v.__class__)) or {code.thing(memory.keep)}(key, {made})"
    with code.under("if v is not U:"):
        code.add(f"names.append({name})")
        with code.under(f"if {local} is U:"):
            code.add(f"values[{name}] = {local} = v", f"found.append({made})")
        with code.under(f"elif {local} != v:"):
            code.add("return None")


class _Counting(Conditions):
    """Writes conditions over the facts of a case, in which what is asked of lists was counted before."""

    def __init__(self, code: GeneratedFunction, plan: Plan) -> None:
        super().__init__(code, plan, plan.constants)
        self.counted: dict[str, str] = {}
        """By its text, the local of what is asked of a list."""
        self._asked: dict[str, dict[str, Tree]] = {}
        """By list, what is asked of it, by its text."""
        for condition in (c for one, _ in plan.follows for c in (one.counted_from, one.derived, one.when_absent) if c):
            for tree in walk(condition.tree):
                word, parts = opened(tree)
                if word in _OF_LISTS:
                    self._asked.setdefault(name_of(parts[0]), {})[show(tree)] = tree

    def go_through(self, fact: FactDeclaration) -> None:
        """Write how the items of a list are gone through, once for everything that is asked of them, or to see that none is open."""
        asked = {text: opened(tree) for text, tree in self._asked.get(fact.name, {}).items()}
        items = self.code.of_items(fact.fields)
        types = {name: field.type for name, field in fact.fields.items()}
        nullable = frozenset(name for name, field in fact.fields.items() if field.may_be_none)
        of_item = Conditions(items, self.plan._replace(types=types, nullable=nullable), self.plan.constants)
        own = {text: f"n{len(self.counted) + number}" for number, text in enumerate(asked)}
        fields = [items.fact(name) for name in fact.fields]
        code, local = self.code, self.code.fact(fact.name)
        with code.under(f"if {local} is not U:"):
            code.add(*(f"{count} = 0" for count in own.values()))
            with code.under(f"for {', '.join(fields)}, in {code.thing(map)}({code.thing(taker(tuple(fact.fields)))}, {local}):"):
                with code.under(f"if {' or '.join(f'{field} is U' for field in fields)}:"):
                    code.add("return None")
                for text, (word, parts) in asked.items():
                    condition = parts[-1] if len(parts) > _OF_LISTS[word] else None
                    more = f"{own[text]} += {items.fact(name_of(parts[1])) if word == 'sum' else 1}"
                    code.add(f"if {of_item.read(condition).text}: {more}" if condition else more)
        self.counted |= own

    def count(self, tree: Tree, items: Tree, *_: Tree) -> PartCode:
        return PartCode(self.counted[show(tree)], frozenset({self.code.fact(name_of(items))}))

    sum = count

    def followed(self, fact: FactDeclaration, condition: Condition) -> str:
        """Write what a fact is by a condition, or that it is open."""
        return self.read(condition.tree).open if fact.type.kind == "bool" else self.figure(condition)

    def figure(self, condition: Condition) -> str:
        """Write a figure to its very type."""
        read = _Figures(self).read(condition.tree)
        return unless_open(read.asked, read.text)


_OF_LISTS = {"count": 1, "sum": 2}
"""What is asked of lists, and how many arguments it has before a condition."""


class _Figures(Reader[PartCode]):
    """Writes a figure as the reference reckons it, operation by operation; nothing is brought under one line."""

    refuses = frozenset({"comparison", "membership", "containment", "connective", "negation", "exists", "given"})

    def __init__(self, conditions: _Counting) -> None:
        self.conditions = conditions

    def constant(self, _: Tree, value: Value) -> PartCode:
        return PartCode(self.conditions.code.value(value))

    def name(self, tree: Tree, name: str) -> PartCode:
        code = self.conditions.code
        return (
            PartCode(code.fact(name), frozenset({code.fact(name)}))
            if name in code.facts
            else self.constant(tree, self.conditions.constants[name])
        )

    def arithmetic(self, _: Tree, left: Tree, sign: str, right: Tree) -> PartCode:
        one, two = self.read(left), self.read(right)
        fraction = self.conditions.code.thing(_fraction)
        return PartCode(f"({fraction}({one.text}) {sign} {fraction}({two.text}))", one.asked | two.asked)

    def share(self, _: Tree, part: Tree, whole: Tree) -> PartCode:
        one, two = self.read(part), self.read(whole)
        return PartCode(f"{self.conditions.code.value(Ratio)}({one.text}, {two.text})", one.asked | two.asked)

    def count(self, tree: Tree, items: Tree, *_: Tree) -> PartCode:
        return self.conditions.count(tree, items)

    sum = count


def _fraction(value: Value) -> Value:
    """Return a share as the fraction that it is reckoned with; any other number as it is."""
    return value.fraction if isinstance(value, Ratio) else value
