"""The generated function that makes a case's whole trace: every level and criterion with its figures, clause and interpretations.

It answers only where every fact that matters is known and every law is kept; else it gives nothing, and the reference is asked.
What is told of a criterion that several levels use is worked out once. Where levels and criteria rest on interpretations with conditions of
their own, those are asked here too: they are part of what the interpretations of the whole outcome are remembered by.
"""

from collections.abc import Callable, Mapping, Sequence

from policy_engine.compiled.functions import TrackFunctions
from policy_engine.compiled.lines import Lines
from policy_engine.evaluate.core.expression import Glance, observed, shown
from policy_engine.evaluate.core.plan import TrackPlan
from policy_engine.language.values import UNKNOWN, Value
from policy_engine.model.facts import Condition, InterpretationUse
from policy_engine.model.rulebook import Criterion, LevelRule
from policy_engine.model.verdict import CriterionTrace, LevelTrace

NOTHING = "return None"


def figure(value: Value) -> str:
    """Write a value that is no plain count."""
    return "?" if value is UNKNOWN else shown(value)


class TraceFunction(TrackFunctions):
    """Writes the trace of one track: `trace(row, values)`, of facts as they are once others have stood in for them."""

    def trace(self) -> str:
        """Write the function."""
        self.names.table |= {"figure": figure, "CriterionTrace": CriterionTrace, "LevelTrace": LevelTrace}
        lines = Lines()
        lines.add(f"{', '.join(map(self.names.fact, self.names.positions))}, = row")
        self._send_on(self._guarded(), lines)
        with lines.under("try:"):
            self._hold_laws(lines)
            self.criteria.known(list(self.criteria.each.values()), lines)
        self._otherwise(lines)
        self._tell(lines)
        self._decide(lines)
        asked = self._ask_interpretations(lines)
        rules = self.track.track.levels
        lines.add(*(f"l{number} = {self.criteria.level(rule)}" for number, rule in enumerate(rules)))
        lines.add(f"levels = ({''.join(f'{self._level(number, rule)}, ' for number, rule in enumerate(rules))})")
        applying = [applies for c in self.criteria.each.values() if (applies := self.criteria.names(c)[1])]
        lines.add(f"return levels, answer, ({''.join(f'{word}, ' for word in (*applying, *asked))})")
        return lines.text("def trace(row, values):").replace("return careful(row)", NOTHING)

    def _tell(self, lines: Lines) -> None:
        """Write what is told of each criterion: its outcome, its figures, the interpretations that it rests on."""
        for number, criterion in enumerate(self.criteria.each.values()):
            holds, applies = self.criteria.names(criterion)
            other = f"'not_met' if {applies} else 'not_applicable'" if applies else "'not_met'"
            lines.add(f"o{number} = 'met' if {holds} else {other}")
            lines.add(f"s{number} = {self._seen(criterion)}")
            interpretations = self._interpretations(criterion.interpretations, lines)
            if applies:
                interpretations = f"{interpretations} if {applies} else {self._interpretations(criterion.applies_interpretations, lines)}"
            lines.add(f"r{number} = {interpretations}")

    def _interpretations(self, uses: Sequence[InterpretationUse], lines: Lines) -> str:
        """Write the interpretations that are relied on: those whose own condition is not false."""
        if all(use.when is None for use in uses):
            return self.names.value(tuple(use.id for use in uses))
        parts = [f"*(() if {self._truth(use.when, lines)} is False else ({self.names.value(use.id)},))" for use in uses]
        return f"({', '.join(parts)},)"

    def _truth(self, when: Condition | None, lines: Lines) -> str:
        """Write the condition of an interpretation, which may be open."""
        return self.writer.open(when.tree, lines) if when else "True"

    def _seen(self, criterion: Criterion) -> str:
        """Write the figures that a criterion looked at."""
        looked_at = self.layout.plan.glances[criterion.when.text]
        if any(glance.sides or not self.names.positions.keys() >= set(glance.names) for glance in looked_at):
            return f"{self.names.thing(_observer(looked_at, self.track.constants))}(values)"
        return f'f"{"; ".join(self._glance(glance) for glance in looked_at)}"'

    def _glance(self, glance: Glance) -> str:
        """Write one thing that a criterion looked at, as a part of a text."""
        label = f"{{{self.names.value(glance.label)}}} = " if glance.label else ""
        return label + "/".join(self._figure(name) for name in glance.names)

    def _figure(self, name: str) -> str:
        """Write the figure of a fact, as a part of a text."""
        kind, local = self.layout.plan.types[name].kind, self.names.fact(name)
        if kind == "bool":
            return f"{{'true' if {local} else 'false'}}"
        plain = kind in {"count", "months", "choice"} and name not in self.writer.nullable
        return f"{{{local}}}" if plain else f"{{figure({local})}}"

    def _ask_interpretations(self, lines: Lines) -> list[str]:
        """Ask every condition that an interpretation of the outcome may depend on; give the names of the answers."""
        return [self.writer.open(when.tree, lines) for when in conditions_of_interpretations(self.track)]

    def _level(self, number: int, rule: LevelRule) -> str:
        """Write the trace of a level."""
        level, mode, clause = (self.names.value(text) for text in (rule.level, rule.mode, rule.citation.clause))
        criteria = "".join(f"{self._criterion(criterion)}, " for criterion in rule.criteria)
        return f"new(LevelTrace, ({level}, 'met' if l{number} else 'not_met', {mode}, {clause}, ({criteria})))"

    def _criterion(self, criterion: Criterion) -> str:
        """Write the trace of a criterion under one level's clause."""
        number = self.criteria.number[criterion.id]
        name, text = self.names.value(criterion.id), self.names.value(criterion.when.text)
        clause, phrase = (self.names.value(part) for part in criterion.citation)
        says = self.names.thing(criterion.says)
        return f"new(CriterionTrace, ({name}, o{number}, {clause}, {phrase}, {text}, s{number}, r{number}, {says}))"


def _observer(looked_at: Sequence[Glance], constants: Mapping[str, Value]) -> Callable[[Mapping[str, Value]], str]:
    """Return what writes figures that are worked out."""
    return lambda values: observed(looked_at, {**values, **constants})


def conditions_of_interpretations(track: TrackPlan) -> list[Condition]:
    """Return every condition under which an interpretation is relied on, each once."""
    own = track.track
    uses: list[InterpretationUse] = [*own.interpretations, *own.residual.interpretations]
    uses += [use for step in own.decide for use in step.interpretations]
    uses += [use for rule in own.levels for use in rule.interpretations]
    uses += [use for rule in own.levels for c in rule.criteria for use in (*c.interpretations, *c.applies_interpretations)]
    uses += [use for stand_in in own.stand_ins for use in stand_in.interpretations]
    uses += [use for name in track.decisive for use in track.facts[name].interpretations]
    return list({use.when.text: use.when for use in uses if use.when}.values())
