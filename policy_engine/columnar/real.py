"""Whether a row's figures can be: the invariants of an edition.

Of a rule either every fact is known and it holds, or none of its facts is known; any other row is not plain, since its open figures
might have no value that the rules allow.
"""

import ast
from collections.abc import Iterable
from typing import NamedTuple

from policy_engine.columnar.conditions import Reader
from policy_engine.columnar.fields import known
from policy_engine.columnar.logic import Truth, all_of, any_of, opposite
from policy_engine.model.facts import Invariant


class Law(NamedTuple):
    """A rule over a file: its place among those of its kind, its facts, whether all are known and as it says, whether none is known."""

    rule: int
    facts: frozenset[str]
    holds: Truth
    none_known: Truth

    @property
    def real(self) -> Truth:
        """Return whether the figures of a row can be."""
        return any_of((self.holds, self.none_known))


def laws_of(rules: Iterable[Invariant], reader: Reader) -> list[Law]:
    """Read rules; those that no row of the file can break fall out."""
    laws = [_law(place, rule, reader) for place, rule in enumerate(rules)]
    return [law for law in laws if law.none_known is not True]


def _law(place: int, rule: Invariant, reader: Reader) -> Law:
    """Read one rule."""
    facts = frozenset(name for name in rule.holds.names if name in reader.fields)
    tells = [known(reader.fields[name]) for name in sorted(facts)]
    none_known = all_of([opposite(one) for one in tells])
    if none_known is True:
        return Law(place, facts, True, none_known)
    holds = reader.truth(rule.holds)
    return Law(place, facts, holds if _is_strict(rule.holds.tree) else all_of([holds, *tells]), none_known)


def _is_strict(tree: ast.expr) -> bool:
    """Return whether a condition is known only where all of its facts are: one comparison of numbers."""
    return isinstance(tree, ast.Compare) and len(tree.ops) == 1 and not isinstance(tree.ops[0], (ast.In, ast.NotIn))
