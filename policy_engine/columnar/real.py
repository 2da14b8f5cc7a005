"""Whether a row's figures can be: the invariants of an edition, in groups that share facts.

Of a group either every fact is known and every rule holds, or none of its facts is known; any other row is not plain.
"""

import ast
from collections.abc import Sequence
from typing import NamedTuple

from policy_engine.columnar.conditions import Reader
from policy_engine.columnar.fields import known
from policy_engine.columnar.logic import Truth, all_of, any_of, opposite
from policy_engine.model.facts import Invariant


class Group(NamedTuple):
    """Rules that are tied by the facts they share: these facts, and whether all is known and as the rules say."""

    facts: frozenset[str]
    holds: Truth
    none_known: Truth

    @property
    def real(self) -> Truth:
        """Tell whether the figures of a row can be."""
        return any_of((self.holds, self.none_known))


def groups_of(rules: Sequence[Invariant], reader: Reader) -> list[Group]:
    """Give the rules in groups; those that no fact of a case can break fall out."""
    found: list[tuple[frozenset[str], list[Invariant]]] = []
    for rule in rules:
        facts = frozenset(name for name in rule.holds.names if name in reader.fields)
        touching = [one for one in found if one[0] & facts]
        found = [one for one in found if not one[0] & facts]
        if facts:
            found.append((facts.union(*(one[0] for one in touching)), [*(r for one in touching for r in one[1]), rule]))
    groups = [_group(facts, members, reader) for facts, members in found]
    return [group for group in groups if group.none_known is not True]


def _group(facts: frozenset[str], rules: Sequence[Invariant], reader: Reader) -> Group:
    """Read one group."""
    truths = [reader.truth(rule.holds) for rule in rules]
    told = {name for rule in rules if _is_strict(rule.holds.tree) for name in rule.holds.names}
    more = [known(reader.fields[name]) for name in sorted(facts - told)]
    none_known = all_of([opposite(known(reader.fields[name])) for name in sorted(facts)])
    return Group(facts, all_of([*truths, *more]), none_known)


def _is_strict(tree: ast.expr) -> bool:
    """Tell whether a condition is known only where all of its facts are: one comparison of numbers."""
    return isinstance(tree, ast.Compare) and len(tree.ops) == 1 and not isinstance(tree.ops[0], (ast.In, ast.NotIn))
