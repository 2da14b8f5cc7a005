"""Which figures a row may leave open without harm: those that nothing decides on, if the figures that it states leave room for them."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from policy_engine.columnar.completing import Row, Tie, closed, eliminated, facts_of, groups, names_of, ties_of
from policy_engine.columnar.conditions import Reader
from policy_engine.columnar.fields import Field, known
from policy_engine.columnar.logic import Truth, all_of, any_of, certain, opposite
from policy_engine.columnar.real import Law
from policy_engine.columnar.reliance import uses_under
from policy_engine.evaluate.core.plan import Plan
from policy_engine.evaluate.duties.bounds import bounds_of
from policy_engine.evaluate.open.linear import Linear


class Patterns:
    """The figures of an edition that a row may leave open, track by track."""

    def __init__(self, plan: Plan, *, patient: bool) -> None:
        """Take the edition.

        Args:
            plan: the edition.
            patient: whether to look for figures that a row leaves open although the file has a column for them; it takes time in each row.
        """
        self.facts = plan.edition.facts
        self.ties = ties_of(plan.edition, plan.constants)
        uses = [use for track in plan.tracks.values() for use in uses_under(track, self.facts.values())]
        uses += [use for bound in bounds_of(plan.edition) for use in bound.rule.rule.interpretations]
        self.told = frozenset(name for use in uses if use.when for name in use.when.names)
        """Facts that an interpretation hangs on: what invariants force them to be, only the reference works out."""
        self.patient = patient

    def laws_under(self, laws: Sequence[Law], decisive: frozenset[str], reader: Reader) -> list[Law]:
        """Return the invariants under a track; each holds too where its open figures can be completed.

        Args:
            laws: the invariants over a file.
            decisive: the facts that stand in the criteria of the track, which must be known.
            reader: over the fields of the file, with all that follows and stands in.
        """
        found: dict[int, list[Truth]] = {}
        for group, truth in self._truths(decisive, reader):
            for tie in group if truth is not False else ():
                found.setdefault(-1 if tie.law is None else tie.law, []).append(truth)
        return [law._replace(holds=any_of((law.holds, *found.get(law.rule, ())))) for law in laws]

    def _truths(self, decisive: frozenset[str], reader: Reader) -> Iterator[tuple[tuple[Tie, ...], Truth]]:
        """Return groups of rules, each with whether a row can be completed by them."""
        for open_ in self._sets(decisive, reader.fields):
            for group in groups(self.ties, open_):
                yield group, self._truth(group, open_, reader)
        free = facts_of(self.ties) - decisive - self.told
        for group in groups(self.ties, free) if self.patient else ():
            rows = closed(group, free, self.facts)
            if rows is not None:
                told = [known(reader.fields[name]) for name in sorted(facts_of(group) - free)]
                yield group, all_of([*told, *(certain(held, unknown=True) for row in rows for held in _held(row, reader))])

    def _sets(self, decisive: frozenset[str], fields: Mapping[str, Field]) -> list[frozenset[str]]:
        """Return sets of facts that may be open together: those without a column, and what lies below each step of deriving."""
        free = facts_of(self.ties) - decisive - self.told
        absent = frozenset(name for name in free if known(fields[name]) is False)
        if not self.patient:
            return [absent]
        depths = self._depths(free)
        below = [absent | {name for name, depth in depths.items() if depth >= most} for most in sorted(set(depths.values()))]
        return list(dict.fromkeys([absent, *below]))

    def _depths(self, free: frozenset[str]) -> dict[str, int]:
        """Say how many steps of deriving lie between each fact and one that nothing is derived from."""
        depths = dict.fromkeys(free, 1)
        pairs = [(fact.name, name) for fact in self.facts.values() if fact.derived for name in names_of(fact.derived.tree) if name in free]
        for _ in free:
            depths |= {name: depths.get(above, 0) + 1 for above, name in pairs if depths[name] <= depths.get(above, 0)}
        return depths

    def _truth(self, group: Sequence[Tie], open_: frozenset[str], reader: Reader) -> Truth:
        """Return whether a row leaves just these facts of a group open, and the others leave room for them."""
        bound = facts_of(group)
        told = [known(reader.fields[name]) for name in sorted(bound - open_)]
        if any(one is False for one in told):
            return False
        rows = eliminated(group, open_, self.facts)
        if rows is None:
            return False
        gone = [opposite(known(reader.fields[name])) for name in sorted(bound & open_)]
        return all_of([*told, *gone, *(row for one in rows for row in _held(one, reader))])


def _held(row: Row, reader: Reader) -> Iterator[Truth]:
    """Return whether a row holds of the figures that are known; nothing is told of those without a column."""
    if any(known(reader.fields[name]) is False for name in row.terms):
        return
    total = Linear({}, row.constant)
    for name, factor in row.terms.items():
        field = reader.fields[name]
        own = field.total or Linear({field.column: Fraction(1, field.scale)})
        total = total.plus(own, factor)
    yield reader.row(total, ast.Lt() if row.strict else ast.LtE())
