"""How generated functions go on: criteria, levels, and the steps that decide between them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from policy_engine.compiled.conditions import Conditions
from policy_engine.compiled.lines import Lines
from policy_engine.evaluate.core.plan import TrackPlan
from policy_engine.model.facts import Invariant
from policy_engine.model.rulebook import Criterion, LevelRule


class Laws(NamedTuple):
    """The invariants of a track: those that hold its own facts or say what comes out otherwise, and groups of others, seldom stated."""

    tied: tuple[Invariant, ...]
    loose: tuple[tuple[Invariant, ...], ...]


def laws_of(track: TrackPlan) -> Laws:
    """Sort the invariants of a track into groups that share facts; a group with a fact of a criterion is tied."""
    groups: list[tuple[set[str], list[Invariant]]] = []
    for rule in track.invariants:
        facts = {name for name in rule.holds.names if name in track.facts}
        beside = [group for group in groups if group[0] & facts]
        merged = (facts.union(*(group[0] for group in beside)), [r for group in beside for r in group[1]] + [rule])
        groups = [group for group in groups if group not in beside] + [merged]
    held = [bool(facts & track.decisive) or any(rule.otherwise for rule in rules) for facts, rules in groups]
    tied = [rule for (_, rules), near in zip(groups, held, strict=True) if near for rule in rules]
    return Laws(tuple(tied), tuple(tuple(rules) for (facts, rules), near in zip(groups, held, strict=True) if facts and not near))


class Criteria:
    """The criteria of a track, each once, in the order of the levels from the best down."""

    def __init__(self, track: TrackPlan, writer: Conditions) -> None:
        """Number them."""
        self.track, self.writer = track, writer
        self.each: dict[str, Criterion] = {c.id: c for rule in track.track.levels for c in rule.criteria}
        self.number = {name: number for number, name in enumerate(self.each)}

    def names(self, criterion: Criterion) -> tuple[str, str]:
        """Return the locals of whether a criterion holds, and whether it applies ("" where it always does)."""
        number = self.number[criterion.id]
        return f"c{number}", f"a{number}" if criterion.applies_when else ""

    def known(self, criteria: Sequence[Criterion], lines: Lines) -> None:
        """Write criteria for known facts; one that does not apply does not hold."""
        for criterion in criteria:
            holds, applies = self.names(criterion)
            text = self.writer.known(criterion.when.tree)
            if criterion.applies_when:
                lines.add(f"{applies} = {self.writer.known(criterion.applies_when.tree)}")
                text = f"{applies} and {text}"
            lines.add(f"{holds} = {text}")

    def open(self, lines: Lines) -> None:
        """Write every criterion for facts of which some may be open; what may not apply is open."""
        for criterion in self.each.values():
            holds, applies = self.names(criterion)
            if not criterion.applies_when:
                lines.add(f"{holds} = {self.writer.open(criterion.when.tree, lines)}")
                continue
            lines.add(f"{applies} = {self.writer.open(criterion.applies_when.tree, lines)}")
            with lines.under(f"if {applies} is True:"):
                lines.add(f"{holds} = {self.writer.open(criterion.when.tree, lines)}")
            with lines.under("else:"):
                lines.add(f"{holds} = {applies}")

    def words(self, *, known: bool) -> str:
        """Write the outcomes of all criteria as a tuple."""
        return f"({''.join(f'{self._word(c, known=known)}, ' for c in self.each.values())})"

    def _word(self, criterion: Criterion, *, known: bool) -> str:
        """Write the outcome of one criterion."""
        holds, applies = self.names(criterion)
        end = "'not_met'" if not applies else f"'not_met' if {applies} else 'not_applicable'" if known else ""
        if known:
            return f"'met' if {holds} else {end}"
        end = end or f"'not_applicable' if {applies} is False else 'not_met'"
        return f"'met' if {holds} is True else 'unknown' if {holds} is U else {end}"

    def level(self, rule: LevelRule) -> str:
        """Write whether a level holds, of criteria that are known; one that does not apply is neutral."""
        parts: list[str] = []
        for criterion in rule.criteria:
            holds, applies = self.names(criterion)
            parts.append(f"({holds} or not {applies})" if applies and rule.mode == "all_of" else holds)
        return (" and " if rule.mode == "all_of" else " or ").join(parts)

    def steps(self) -> Iterator[LevelRule]:
        """Return the rules of the levels in the order in which they are decided."""
        for step in self.track.track.decide:
            for level in step.levels:
                yield self.track.rules[level]


def shared_first(criteria: Mapping[str, Criterion], rules: Sequence[LevelRule]) -> dict[str, list[Criterion]]:
    """Return, by level in the order of deciding, the criteria that are worked out before it: those that no level before it had."""
    seen: set[str] = set()
    found: dict[str, list[Criterion]] = {}
    for rule in rules:
        found[rule.level] = [criteria[c.id] for c in rule.criteria if c.id not in seen]
        seen |= {c.id for c in rule.criteria}
    return found
