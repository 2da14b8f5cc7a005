"""The generated function that makes a case's whole trace: every level and criterion with its figures, clause and interpretations.

What is made of a small track, whose levels are `good` (share(done, total) >= 70%) and `poor` (idle), with total > 0:

    def made(values, stated):
        f_idle, f_done, f_total, = taken(values)
        if f_idle is U or f_done is U or f_total is U:
            return None                                # the reference is asked
        if not ((f_total > 0)):
            return None
        c0 = f_idle
        c1 = (f_done * 10 >= 7 * f_total)
        if c0:
            answer = k3                                # ('classified', 'poor')
        …

It answers only where every fact that matters is known and every law is kept. What is said of a criterion is remembered by the values that
it reads. Where levels and criteria rest on interpretations with conditions of their own, those are asked here too: they are part
of what the interpretations of the whole outcome are remembered by.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from policy_engine.compiled.conditions import Conditions
from policy_engine.compiled.generated import GeneratedFunction, tuple_of
from policy_engine.evaluate.core.memory import UNLIKE, Memory, kinds_of
from policy_engine.evaluate.core.plan import Plan, TrackPlan
from policy_engine.language.types import NUMBERS
from policy_engine.language.values import Value
from policy_engine.model.evidence import Evidence
from policy_engine.model.facts import InterpretationUse
from policy_engine.model.rulebook import Criterion, LevelRule
from policy_engine.model.verdict import CriterionTrace, LevelTrace

Traced = tuple[tuple[LevelTrace, ...], tuple[str, str | None], tuple[Value, ...]]
"""The levels with their criteria, the outcome and the level, and what interpretations with conditions turn on."""


class TraceFunction:
    """Writes the trace of one track, of facts as they are once others have stood in for them."""

    def __init__(self, plan: Plan, track: TrackPlan) -> None:
        self.plan, self.track = plan, track
        self.code = GeneratedFunction(plan.edition.facts)
        self.conditions = Conditions(self.code, plan, track.constants)
        self.criteria = {c.id: (number, c) for number, c in enumerate({c.id: c for r in track.track.levels for c in r.criteria}.values())}
        self._send_on_open()
        for number, criterion in self.criteria.values():
            self._ask(number, criterion)
        self._decide()
        whens = {use.when.text: use.when for use in _interpretations_of(track) if use.when}
        self.asked = {text: f"i{number}" for number, text in enumerate(whens)}
        self.code.add(*(f"{self.asked[text]} = {self.conditions.read(when.tree).open}" for text, when in whens.items()))
        rules = track.track.levels
        self.code.add(*(f"l{number} = {self._holds(rule)}" for number, rule in enumerate(rules)))
        levels = tuple_of(self._level(number, rule) for number, rule in enumerate(rules))
        turns = tuple_of([*(f"a{number}" for number, c in self.criteria.values() if c.applies_when), *self.asked.values()])
        self.code.add(f"return {levels}, answer, {turns}")

    def _send_on_open(self) -> None:
        """Return nothing where a fact that matters is open, or where a law is not kept: the reference says what that means."""
        facts = self.plan.edition.facts
        rules = [(rule, {name for name in rule.holds.names if name in facts}) for rule in self.track.invariants]
        laws = [(names, self.conditions.read(rule.holds.tree).text) for rule, names in rules]
        tied = [law for law, (rule, _) in zip(laws, rules, strict=True) if rule.otherwise]
        known = set(self.track.decisive)
        while more := [law for law in laws if law not in tied and not known.isdisjoint(law[0])]:
            tied += more
            known = known.union(*(names for names, _ in more))
        known = known.union(*(names for names, _ in tied))
        self._unless([self.code.fact(name) for name in facts if name in known], [text for _, text in tied])
        for names, text in laws:
            if names and not names <= known:
                loose = [self.code.fact(name) for name in sorted(names)]
                with self.code.under(f"if not ({' and '.join(f'{local} is U' for local in loose)}):"):  # some of it is stated
                    self._unless(loose, [text])

    def _unless(self, known: Sequence[str], kept: Sequence[str]) -> None:
        """Return nothing unless facts are known and laws kept."""
        if known:
            with self.code.under(f"if {' or '.join(f'{local} is U' for local in known)}:"):
                self.code.add("return None")
        if kept:
            with self.code.under(f"if not ({' and '.join(kept)}):"):
                self.code.add("return None")

    def _ask(self, number: int, criterion: Criterion) -> None:
        """Write whether a criterion applies and holds; one that does not apply does not hold."""
        text = self.conditions.read(criterion.when.tree).text
        if criterion.applies_when:
            self.code.add(f"a{number} = {self.conditions.read(criterion.applies_when.tree).text}")
            text = f"a{number} and {text}"
        self.code.add(f"c{number} = {text}")

    def _holds(self, rule: LevelRule) -> str:
        """Write whether a level holds; a criterion that does not apply is neutral."""
        each = [self.criteria[c.id] for c in rule.criteria]
        if rule.mode == "all_of":
            return " and ".join(f"(c{n} or not a{n})" if c.applies_when else f"c{n}" for n, c in each)
        return " or ".join(f"c{n}" for n, _ in each)

    def _decide(self) -> None:
        rules = [self.track.rules[level] for step in self.track.track.decide for level in step.levels]
        residual = self.track.track.residual
        self.code.add(f"answer = {self.code.value((residual.outcome, residual.level))}")
        for number, rule in enumerate(rules):
            with self.code.under(f"{'elif' if number else 'if'} {self._holds(rule)}:"):
                self.code.add(f"answer = {self.code.value(('classified', rule.level))}")

    def _relied_on(self, uses: Sequence[InterpretationUse]) -> str:
        """Write the interpretations that are relied on: those whose own condition is not false."""
        if all(use.when is None for use in uses):
            return self.code.value(tuple(use.id for use in uses))
        asked = {use.id: self.asked[use.when.text] if use.when else "True" for use in uses}
        return tuple_of(f"*(() if {truth} is False else {self.code.value((name,))})" for name, truth in asked.items())

    def _level(self, number: int, rule: LevelRule) -> str:
        """Write the trace of a level, one for every case with the same traces of its criteria, and return its local."""
        value, criteria = self.code.value, [self._criterion(criterion) for criterion in rule.criteria]
        made = self.code.record(
            LevelTrace, level=value(rule.level), outcome=f"'met' if l{number} else 'not_met'", mode=value(rule.mode),
            citation=value(rule.citation.clause), criteria=tuple_of(criteria),
        )  # fmt: skip
        return self._remembered(tuple_of(f"{value(id)}({trace})" for trace in criteria), made)  # which the level holds: no other has its id

    def _remembered(self, key: str, made: str) -> str:
        """Write a record that is remembered by a key, and return its local."""
        memory, local = Memory[Any](), self.code.kept()
        self.code.add(f"{local} = {self.code.thing(memory.get)}(key := {key})")
        with self.code.under(f"if {local} is None:"):
            self.code.add(f"{local} = {self.code.thing(memory.keep)}(key, {made})")
        return local

    def _criterion(self, criterion: Criterion) -> str:
        """Write the trace of a criterion, one for every case with the same values, and return its local."""
        number, value = self.criteria[criterion.id][0], self.code.value
        ready = self.track.criteria[id(criterion)]
        outcome, interpretations = f"'met' if c{number} else 'not_met'", self._relied_on(criterion.interpretations)
        if criterion.applies_when:
            outcome = f"'met' if c{number} else 'not_met' if a{number} else 'not_applicable'"
            interpretations = f"{interpretations} if a{number} else {self._relied_on(criterion.applies_interpretations)}"
        seen = f"{value(Evidence)}({self.code.thing(ready.evidence)}, {tuple_of(map(self.code.fact, ready.evidence.names))})"
        made = self.code.record(
            CriterionTrace, id=value(criterion.id), outcome=outcome, citation=value(criterion.citation.clause),
            phrase=value(criterion.citation.phrase), condition=value(criterion.when.text), evidence=seen,
            interpretations=interpretations, says=self.code.thing(criterion.says),
        )  # fmt: skip
        kinds = kinds_of(ready.names(), self.plan.types)
        if not UNLIKE.isdisjoint(kinds.values()):
            local = self.code.kept()
            self.code.add(f"{local} = {made}")
            return local
        facts = {name: self.code.fact(name) for name in kinds}
        key = tuple_of([*facts.values(), *(f"{facts[name]}.__class__" for name, kind in kinds.items() if kind in NUMBERS)])
        return self._remembered(key, made)


def _interpretations_of(track: TrackPlan) -> Iterable[InterpretationUse]:
    """Return every interpretation that an outcome may rely on."""
    own = track.track
    yield from (*own.interpretations, *own.residual.interpretations)
    for step in own.decide:
        yield from step.interpretations
    for rule in own.levels:
        yield from (*rule.interpretations, *(use for c in rule.criteria for use in (*c.interpretations, *c.applies_interpretations)))
    for stand_in in own.stand_ins:
        yield from stand_in.interpretations
    for name in sorted(track.decisive):
        yield from track.facts[name].interpretations
