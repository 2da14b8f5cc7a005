"""One track over columns: what stands in for what, whether a row's figures are all there and can be, its criteria and its level."""

import ast
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from policy_engine.columnar.conditions import Reader
from policy_engine.columnar.fields import Field, known
from policy_engine.columnar.logic import NotColumnarError, Truth, agrees, all_of, any_of, as_column, certain, opposite
from policy_engine.evaluate.plan import TrackPlan
from policy_engine.extras import load_extra
from policy_engine.model.facts import Invariant
from policy_engine.model.rulebook import LevelRule, StandIn

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw
else:
    nw = load_extra("narwhals.stable.v2", "batch")


class Judged(NamedTuple):
    """One criterion: whether it applies, and whether it is met."""

    applies: Truth
    met: Truth


class Track:
    """One track, read over the columns of a file."""

    def __init__(self, plan: TrackPlan, reader: Reader, number: int, follows: frozenset[str]) -> None:
        """Read the track.

        Args:
            plan: the track.
            reader: over the fields that are known under every track.
            number: of the track, for the names of its columns.
            follows: facts that may be derived, which nothing here may stand in for.
        """
        self.plan = plan
        self.number = number
        self.applies = reader.truth(plan.track.applies_to)
        self.reader = Reader(reader.fields, plan.constants, reader.weight)
        self.steps: list[dict[str, nw.Expr]] = []
        self.stands: list[Truth] = []
        agree = [self._stand_in(rule, follows) for rule in plan.track.stand_ins]
        self.fits = all_of([*agree, *map(self._holds, plan.invariants), *self._all_known()])
        self.criteria = {
            criterion.id: Judged(
                True if criterion.applies_when is None else self.reader.truth(criterion.applies_when), self.reader.truth(criterion.when)
            )
            for rule in plan.track.levels
            for criterion in rule.criteria
        }

    def _stand_in(self, rule: StandIn, follows: frozenset[str]) -> Truth:
        """Let facts stand in for others; give whether nothing contradicts that."""
        stands = certain(opposite(self.reader.truth(rule.unless)), unknown=False)
        name = f"__s{self.number}_{len(self.stands)}"
        self.steps.append({name: as_column(stands)})
        self.stands.append(stands if isinstance(stands, bool) else nw.col(name))
        agree = [self._take(target, source, nw.col(name), follows) for target, source in rule.take.items()] if stands is not False else []
        return all_of(agree)

    def _take(self, target: str, source: str, stands: "nw.Expr", follows: frozenset[str]) -> Truth:
        """Let one fact stand in for another; where only the other is stated, it is the one's value too."""
        one, other = self.reader.fields[source], self.reader.fields[target]
        if {target, source} & follows or one.none or other.none:
            raise NotColumnarError(f"stand_in: {target}: {source}")
        if not one.column and not other.column:
            return True
        if one.column and other.column and one.scale != other.scale:
            raise NotColumnarError(f"stand_in: {target}: {source}")
        first, second = (nw.col(field.column) if field.column else nw.lit(None) for field in (one, other))
        both = nw.coalesce(first, second) if one.column and other.column else first if one.column else second
        names = {source: f"__t{self.number}_{source}", target: f"__t{self.number}_{target}"}
        values = {names[source]: nw.when(stands).then(both).otherwise(first), names[target]: nw.when(stands).then(both).otherwise(second)}
        self.steps.append(values)
        scale = one.scale if one.column else other.scale
        moved = {fact: Field(one.kind, name, scale, as_text=one.as_text or other.as_text) for fact, name in names.items()}
        self.reader.fields = {**self.reader.fields, **moved}
        same = agrees(first, second) if one.kind == "bool" else first == second
        return any_of((~stands, certain(same, unknown=True))) if one.column and other.column else True

    def _holds(self, rule: Invariant) -> Truth:
        """Tell whether a rule holds of a row on plain figures: all known and as it says, or none of them known."""
        facts = [self.reader.fields[name] for name in rule.holds.names if name in self.reader.fields]
        none_known = all_of(opposite(known(field)) for field in facts)
        if not facts or none_known is True:
            return True
        holds = self.reader.truth(rule.holds)
        if _is_strict(rule.holds.tree):
            return holds if {n for n in rule.holds.names if n in self.plan.facts} <= self.plan.decisive else any_of((holds, none_known))
        return any_of((all_of((holds, *map(known, facts))), none_known))

    def _all_known(self) -> list[Truth]:
        """Tell of each fact that a criterion reads whether it is known; of those in a strict rule, the rule tells."""
        told = {
            name
            for rule in self.plan.invariants
            if _is_strict(rule.holds.tree) and {n for n in rule.holds.names if n in self.plan.facts} <= self.plan.decisive
            for name in rule.holds.names
        }
        return [known(self.reader.fields[name]) for name in sorted(self.plan.decisive - told)]

    def level(self, rule: LevelRule) -> Truth:
        """Tell whether a level holds; a criterion that does not apply is neutral."""
        judged = [self.criteria[criterion.id] for criterion in rule.criteria]
        if rule.mode == "all_of":
            return all_of(any_of((one.met, opposite(one.applies))) for one in judged)
        return any_of(all_of((one.met, one.applies)) for one in judged)

    def pinned(self) -> Mapping[str, Sequence[str]]:
        """Give the choices that the track itself demands of facts: cells of these need no further look."""
        tree = self.plan.track.applies_to.tree
        parts = tree.values if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And) else [tree]
        return {name: choices for part in parts for name, choices in _demanded(part)}


def _is_strict(tree: ast.expr) -> bool:
    """Tell whether a condition is known only where all of its facts are: one comparison of numbers."""
    return isinstance(tree, ast.Compare) and len(tree.ops) == 1 and not isinstance(tree.ops[0], (ast.In, ast.NotIn))


def _demanded(part: ast.expr) -> list[tuple[str, list[str]]]:
    """Give the fact that a part of a condition demands choices of, with these."""
    match part:
        case ast.Compare(left=ast.Name(id=name), ops=[ast.Eq()], comparators=[ast.Constant(value=str() as value)]):
            return [(name, [value])]
        case ast.Compare(left=ast.Name(id=name), ops=[ast.In()], comparators=[ast.Tuple(elts=elements)]):
            texts = [element.value for element in elements if isinstance(element, ast.Constant) and isinstance(element.value, str)]
            return [(name, texts)] if len(texts) == len(elements) else []
        case _:
            return []
