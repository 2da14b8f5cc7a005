"""One track over columns: what stands in for what, whether a row's figures are all there and can be, its criteria and its level."""

import ast
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from policy_engine.columnar.conditions import Reader
from policy_engine.columnar.fields import Field, known
from policy_engine.columnar.logic import NotColumnarError, Truth, agrees, all_of, any_of, as_column, certain, opposite
from policy_engine.columnar.real import Law, laws_of
from policy_engine.evaluate.core.plan import TrackPlan
from policy_engine.extras import load_extra
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

    def __init__(self, plan: TrackPlan, reader: Reader, number: int, applies: Truth, follows: frozenset[str]) -> None:
        """Read the track.

        Args:
            plan: the track.
            reader: over the fields so far; what stands in under this track is added, and changes nothing under others.
            number: of the track, for the names of its columns.
            applies: whether it applies to a row.
            follows: facts that may be derived, which nothing here may stand in for.
        """
        self.plan = plan
        self.number = number
        self.applies = applies
        self.reader = Reader(reader.fields, plan.constants, reader.weight)
        self.steps: list[dict[str, nw.Expr]] = []
        self.stands: list[Truth] = []
        self.agree = all_of([self._stand_in(rule, follows) for rule in plan.track.stand_ins])
        self.criteria: dict[str, Judged] = {}
        self.laws: Sequence[Law] = ()
        self.fits: Truth = True

    def judge(self, fields: Mapping[str, Field], laws: Sequence[Law]) -> None:
        """Read what the track says, once every track has said what stands in for what.

        Args:
            fields: the fields with everything that stands in.
            laws: the rules of the edition that bind them.
        """
        self.reader.fields = fields
        self.laws = laws
        own = [law.real for law in laws_of(self.plan.track.requires, self.reader)]
        own += [
            certain(opposite(self.reader.truth(rule.otherwise.when)), unknown=True)
            for rule in self.plan.track.requires
            if rule.otherwise and rule.otherwise.when
        ]
        bound = [law for law in laws if law.facts & self.plan.decisive]
        told = frozenset[str]().union(*(law.facts for law in bound))
        rest = [known(fields[name]) for name in sorted(self.plan.decisive - told)]
        self.fits = all_of([self.agree, *(law.holds for law in bound), *rest, *own])
        for rule in self.plan.track.levels:
            for criterion in rule.criteria:
                applies = True if criterion.applies_when is None else self.reader.truth(criterion.applies_when)
                self.criteria[criterion.id] = Judged(applies, self.reader.truth(criterion.when))

    def _stand_in(self, rule: StandIn, follows: frozenset[str]) -> Truth:
        """Let facts stand in for others; give whether nothing contradicts that."""
        stands = all_of((certain(self.applies, unknown=False), certain(opposite(self.reader.truth(rule.unless)), unknown=False)))
        self.stands.append(stands)
        if stands is False:
            return True
        name = f"__s{self.number}_{len(self.stands)}"
        self.steps.append({name: as_column(stands)})
        self.stands[-1] = nw.col(name)
        moved: dict[str, Field] = {}
        values: dict[str, nw.Expr] = {}
        agree = [
            self._take(target, source, nw.col(name), moved, values)
            for target, source in rule.take.items()
            if self._may(target, source, follows)
        ]
        self.steps.append(values)
        self.reader.fields = {**self.reader.fields, **moved}
        return all_of(agree)

    def _may(self, target: str, source: str, follows: frozenset[str]) -> bool:
        """Return whether there is anything to take; what is derived is left to the row reader."""
        one, other = self.reader.fields[source], self.reader.fields[target]
        differ = bool(one.column and other.column) and one.scale != other.scale
        if {target, source} & follows or one.none or other.none or differ:
            raise NotColumnarError(f"stand_in: {target}: {source}")
        return bool(one.column or other.column)

    def _take(self, target: str, source: str, stands: "nw.Expr", moved: dict[str, Field], values: "dict[str, nw.Expr]") -> Truth:
        """Let one fact stand in for another; a row that states only the other is left to the row reader."""
        one, other = self.reader.fields[source], self.reader.fields[target]
        first, second = (nw.col(field.column) if field.column else nw.lit(None) for field in (one, other))
        name = f"__t{self.number}_{target}"
        values[name] = nw.when(stands).then(first).otherwise(second)
        moved[target] = Field(one.kind, name, one.scale if one.column else other.scale, as_text=one.as_text or other.as_text)
        if not other.column:
            return True
        same = False if not one.column else agrees(first, second) if one.kind == "bool" else first == second
        return any_of((~stands, second.is_null(), certain(same, unknown=False)))

    def level(self, rule: LevelRule) -> Truth:
        """Return whether a level holds; a criterion that does not apply is neutral."""
        judged = [self.criteria[criterion.id] for criterion in rule.criteria]
        if rule.mode == "all_of":
            return all_of(any_of((one.met, opposite(one.applies))) for one in judged)
        return any_of(all_of((one.met, one.applies)) for one in judged)

    def pinned(self) -> Mapping[str, Sequence[str]]:
        """Return the choices that the track itself demands of facts: cells of these need no further look."""
        tree = self.plan.track.applies_to.tree
        parts = tree.values if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And) else [tree]
        return {name: choices for part in parts for name, choices in _demanded(part)}


def _demanded(part: ast.expr) -> list[tuple[str, list[str]]]:
    """Return the fact that a part of a condition demands choices of, with these."""
    match part:
        case ast.Compare(left=ast.Name(id=name), ops=[ast.Eq()], comparators=[ast.Constant(value=str() as value)]):
            return [(name, [value])]
        case ast.Compare(left=ast.Name(id=name), ops=[ast.In()], comparators=[ast.Tuple(elts=elements)]):
            texts = [element.value for element in elements if isinstance(element, ast.Constant) and isinstance(element.value, str)]
            return [(name, texts)] if len(texts) == len(elements) else []
        case _:
            return []
