"""What follows from the columns under every track: derived facts, and what stands where a row does not state a fact."""

import ast
from collections.abc import Mapping
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING

from policy_engine.columnar.conditions import Reader
from policy_engine.columnar.fields import Column, Field, known
from policy_engine.columnar.logic import NotColumnarError, Truth, agrees, all_of, any_of, as_column, certain, opposite
from policy_engine.evaluate.core.plan import Plan
from policy_engine.evaluate.open.linear import Linear, NotLinearError
from policy_engine.extras import load_extra
from policy_engine.language.values import UNKNOWN, Unknown
from policy_engine.model.facts import FactDeclaration

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw
else:
    nw = load_extra("narwhals.stable.v2", "batch")


class Known:
    """The fields of a file with what follows from them, step by step; each step may name the columns of those before it."""

    def __init__(self, columns: Mapping[str, Column], plan: Plan, reader: Reader) -> None:
        """Take the columns, and let follow what follows.

        Args:
            columns: the columns of the file, by fact.
            plan: the edition.
            reader: over fields that grow here.
        """
        self.reader = reader
        self.fields = reader.fields
        self.steps: list[dict[str, nw.Expr]] = [{name: value for column in columns.values() for name, value in column.staged.items()}]
        self.numbers = [column.field.column for column in columns.values() if column.number]
        self.agree: list[Truth] = []
        self.followed: dict[str, Truth] = {}
        for fact, source in plan.follows:
            if not source:
                self._follow(fact)

    def _follow(self, fact: FactDeclaration) -> None:
        """Let one fact follow from others."""
        if fact.type.kind == "bool":
            self._truth(fact)
        elif fact.derived and fact.type.kind in {"count", "points", "months", "level"}:
            self._number(fact)
        else:
            raise NotColumnarError(f"{fact.name}: {(fact.derived or fact.when_absent or fact.location)}")

    def _truth(self, fact: FactDeclaration) -> None:
        """Let a truth follow; what the row states goes first, and must not contradict it."""
        field = self.fields[fact.name]
        stated: Truth = nw.col(field.column) if field.column else UNKNOWN
        derived = self.reader.truth(fact.derived) if fact.derived else UNKNOWN
        absent = self.reader.truth(fact.when_absent) if fact.when_absent else UNKNOWN
        self.agree.append(certain(agrees(stated, derived), unknown=True))
        self.followed[fact.name] = any_of((_is_known(derived), all_of((opposite(_is_known(stated)), _is_known(absent)))))
        values = [as_column(truth) for truth in (stated, derived, absent) if not isinstance(truth, Unknown)]
        if values and (len(values) > 1 or not field.column):
            name = f"__w_{fact.name}"
            self.steps.append({name: nw.coalesce(*values) if len(values) > 1 else values[0]})
            self._set(fact, Field("bool", name))

    def _number(self, fact: FactDeclaration) -> None:
        """Let a number follow: a sum, worked out where the row does not state it."""
        assert fact.derived
        field = self.fields[fact.name]
        try:
            total = self.reader.number(fact.derived.tree)
        except NotLinearError as error:
            raise NotColumnarError(f"{fact.name}: {fact.derived.text}") from error
        if total is None:
            return
        if total.below is not None or field.none:
            raise NotColumnarError(f"{fact.name}: {fact.derived.text}")
        derived = known(Field(field.kind, total=total))
        self.followed[fact.name] = derived
        if not field.column:
            self._set(fact, Field(field.kind, total=total))
            return
        own = Linear({field.column: Fraction(1, field.scale)})
        self.agree.append(certain(self.reader.row(total.plus(own, -1), ast.Eq()), unknown=True))
        self._sum(fact, field, total)

    def _sum(self, fact: FactDeclaration, field: Field, total: Linear) -> None:
        """Work a number out where the row does not state it."""
        scale = lcm(field.scale, *(Fraction(c).denominator for c in (*total.terms.values(), total.constant)))
        whole = {name: int(c * scale) for name, c in total.terms.items()}
        constant = int(total.constant * scale)
        plus = self.reader.total({n: c for n, c in whole.items() if c > 0}, max(constant, 0))
        minus = self.reader.total({n: -c for n, c in whole.items() if c < 0}, max(-constant, 0))
        stated = nw.col(field.column) * (scale // field.scale)
        name = f"__w_{fact.name}"
        worked_out = nw.lit(plus) if isinstance(plus, int) else plus
        self.steps.append({name: nw.coalesce(stated.cast(nw.Int64), (worked_out - minus).cast(nw.Int64))})
        self.numbers.append(name)
        self._set(fact, Field(field.kind, name, scale))

    def _set(self, fact: FactDeclaration, field: Field) -> None:
        """Let later conditions read the fact from another column."""
        self.reader.fields = self.fields = {**self.fields, fact.name: field}


def _is_known(truth: Truth) -> Truth:
    """Return whether a truth is known."""
    return not isinstance(truth, Unknown) if isinstance(truth, (bool, Unknown)) else ~truth.is_null()
