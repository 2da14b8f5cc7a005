"""One track of an edition as formulas: which cases there are, which criteria and levels hold, and what comes out.

The same things that `evaluate` works out for one case, said of every case at once: facts that stand in for others, rules
that figures obey, criteria that do not apply, the steps of deciding, and what binds a level from outside its criteria.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import NamedTuple

from policy_engine.evaluate.core.plan import constants_of, figure
from policy_engine.model.duties import Ceiling, Chapter, Rule
from policy_engine.model.facts import Condition, FactDeclaration, Threshold
from policy_engine.model.rulebook import Criterion, Edition, LevelRule, Track
from policy_engine.prove.terms import Figure, Known, Reader, Symbols, Term, Words, conjunction, constant, disjunction, z3

NOT_ELIGIBLE = "not_eligible"
_OF_LISTS = ("count", "sum")
_NO_WORDS = Words()


class Standing(NamedTuple):
    """How a criterion can stand: the truth that it applies, and the truth of its condition."""

    applies: Term
    holds: Term

    @property
    def kept(self) -> Term:
        """That it holds, or does not apply."""
        return z3.Implies(self.applies, self.holds)

    @property
    def failed(self) -> Term:
        """That it applies and does not hold."""
        return z3.And(self.applies, z3.Not(self.holds))

    @property
    def met(self) -> Term:
        """That it applies and holds."""
        return z3.And(self.applies, self.holds)


class Meaning:
    """A track as formulas over the facts of a case, every one of them answered."""

    def __init__(self, edition: Edition, track: Track, symbols: Symbols, names: Mapping[str, str] | None = None) -> None:
        """Read the track.

        Args:
            edition: the edition.
            track: the track of it.
            symbols: the unknowns, to which those of the track are added.
            names: the names of unknowns that are not their facts' own.

        Raises:
            UnprovableError: where a condition asks what the solver has no word for.
        """
        self.edition, self.track, self.symbols = edition, track, symbols
        self._stood: dict[str, Known] = {}
        self._names = Names(edition, symbols, _constants(edition, track.thresholds), names or {})
        raw = Reader(self._raw, symbols.words)
        self.stand_ins = [(raw.truth(rule.unless.tree), rule) for rule in track.stand_ins]
        for unless, rule in self.stand_ins:
            for target, source in rule.take.items():
                self._stood[target] = _chosen(unless, self._stood_for(target), self._stood_for(source))
        self.applies = conjunction(
            raw.truth(one.applies_to.tree) if one.id == track.id else z3.Not(raw.truth(one.applies_to.tree)) for one in edition.tracks
        )
        self._read = Reader(self._named, symbols.words)
        self.standings = {c.id: self._standing(c) for rule in track.levels for c in rule.criteria}
        self.levels = {rule.level: self._level(rule) for rule in track.levels}
        self.barred, self.rank = self._bound(self._first_rank())
        self.gaps = [self.truth(one.where) for one in track.gaps]
        self.always = conjunction([self.applies, *self._invariants(), *symbols.domains])

    @property
    def gap(self) -> Term:
        """That no level holds."""
        return z3.Not(disjunction(self.levels.values()))

    def reader(self, chapter: Chapter | None = None) -> Reader:
        """Return a reader of conditions over the facts of the track, as its criteria see them, and the figures of a chapter."""
        figures = _constants(self.edition, chapter.thresholds) if chapter else {}
        return Reader(lambda name: figures.get(name) or self._named(name), self.symbols.words)

    def truth(self, condition: Condition) -> Term:
        """Return the formula of a condition over the facts of the track."""
        return self._read.truth(condition.tree)

    def decided(self, level: str) -> Term:
        """Return the formula that the criteria give a level, before anything binds it from outside."""
        before: list[Term] = []
        for one in (name for step in self.track.decide for name in step.levels):
            if one == level:
                return z3.And(self.levels[one], z3.Not(disjunction(before)))
            before.append(self.levels[one])
        return z3.Not(disjunction(before))

    def outcomes(self) -> dict[str, Term]:
        """Return the formula of every outcome, by the level's id or the outcome's word; one of them holds in every case."""
        known = {level.id: z3.And(z3.Not(self.barred), self.rank == level.rank) for level in self.edition.scale.values()}
        residual = self.track.residual
        if residual.level is None:
            known[residual.outcome] = z3.And(z3.Not(self.barred), self.rank < 0)
        return {**known, NOT_ELIGIBLE: self.barred}

    def _first_rank(self) -> Term:
        """Return the rank of the level that the criteria give; -1 where they give none."""
        residual = self.track.residual.level
        rank: Term = z3.IntVal(self.edition.scale[residual].rank if residual else -1)
        for level in reversed([name for step in self.track.decide for name in step.levels]):
            rank = z3.If(self.levels[level], self.edition.scale[level].rank, rank)
        return rank

    def _standing(self, criterion: Criterion) -> Standing:
        """Read one criterion."""
        applies = self.truth(criterion.applies_when) if criterion.applies_when else z3.BoolVal(val=True)
        return Standing(applies, self.truth(criterion.when))

    def _level(self, rule: LevelRule) -> Term:
        """Return the formula that a level holds."""
        standings = [self.standings[criterion.id] for criterion in rule.criteria]
        return conjunction(s.kept for s in standings) if rule.mode == "all_of" else disjunction(s.met for s in standings)

    def _bound(self, rank: Term) -> tuple[Term, Term]:
        """Return the truth that a rule of eligibility stands against the case, and the rank that ceilings leave."""
        barred: list[Term] = []
        for chapter in self._chapters():
            read = Reader(partial(self._of_chapter, _constants(self.edition, chapter.thresholds)), self.symbols.words)
            barred += [conjunction((_applying(read, bar.rule), read.truth(bar.when.tree))) for bar in chapter.eligibility]
            for ceiling in chapter.ceilings:
                rank = _lowered(rank, ceiling, read) if ceiling.lowers else rank
        return disjunction(barred), rank

    def _chapters(self) -> Iterable[Chapter]:
        """Return the chapters that concern the track."""
        return (chapter for chapter in self.edition.chapters if not chapter.tracks or self.track.id in chapter.tracks)

    def _of_chapter(self, figures: Mapping[str, Known], name: str) -> Known:
        """Return what a name stands for in a chapter: one of its figures, or what it is in the case itself."""
        return figures.get(name) or self._raw(name)

    def _invariants(self) -> list[Term]:
        """Return the rules that bind the facts of the track, and those facts that the rules bring in."""
        found = [self.truth(rule.holds) for rule in self.track.requires]
        open_rules = [rule.holds for rule in self.edition.invariants]
        while True:
            near = [rule for rule in open_rules if not self._unknown_names().isdisjoint(rule.names)]
            if not near:
                return found
            found += [self.truth(rule) for rule in near]
            open_rules = [rule for rule in open_rules if rule not in near]

    def _unknown_names(self) -> set[str]:
        """Return the facts that stand in a formula so far, with those that follow from them."""
        own = {symbol.fact.name for symbol in self.symbols.of.values()}
        return own | {name for name, fact in self.edition.facts.items() if fact.derived and not own.isdisjoint(fact.derived.names)}

    def _named(self, name: str) -> Known:
        """Return what a name stands for, once facts stand in for others; what follows from facts follows from those then."""
        if name in self._stood:
            return self._stood[name]
        return self._names.derived(name, self._named) if self._stood and self._names.is_derived(name) else self._raw(name)

    def _stood_for(self, name: str) -> Figure:
        """Return a fact that stands in for another."""
        known = self._named(name)
        assert isinstance(known, Figure)
        return known

    def _raw(self, name: str) -> Known:
        """Return what a name stands for in the case itself."""
        return self._names(name)


class Names:
    """What names stand for in a case, before facts stand in for others."""

    def __init__(self, edition: Edition, symbols: Symbols, figures: Mapping[str, Known], names: Mapping[str, str]) -> None:
        """Take the edition, the unknowns, its figures, and the names of unknowns that are not their facts' own."""
        self.edition, self.symbols, self.figures, self.names = edition, symbols, figures, names

    def __call__(self, name: str) -> Known:
        """Return a figure of the edition, what follows from other facts, or an unknown."""
        if name in self.figures:
            return self.figures[name]
        if self.is_derived(name):
            return self.derived(name, self)
        return self.symbols.declare(self.edition.facts[name], self.edition, self.names.get(name, name))

    def is_derived(self, name: str) -> bool:
        """Return whether a name is that of a fact that follows from others."""
        return name not in self.figures and is_derived(self.edition.facts[name])

    def derived(self, name: str, named: Callable[[str], Known]) -> Known:
        """Return what a derived fact is, by what the names in it stand for."""
        fact = self.edition.facts[name]
        assert fact.derived
        read = Reader(named, self.symbols.words)
        return Figure(read.truth(fact.derived.tree)) if fact.type.kind == "bool" else read.figure(fact.derived.tree)


def raw_reader(edition: Edition, symbols: Symbols, names: Mapping[str, str] | None = None) -> Reader:
    """Return a reader of conditions that are asked before a track is chosen."""
    return Reader(Names(edition, symbols, _constants(edition, {}), names or {}), symbols.words)


def is_derived(fact: FactDeclaration) -> bool:
    """Return whether a fact follows from other plain facts; one that is worked out from a list can also be stated."""
    return fact.derived is not None and not any(f"{function}(" in fact.derived.text for function in _OF_LISTS)


def _constants(edition: Edition, thresholds: Mapping[str, Threshold]) -> dict[str, Known]:
    """Return what every condition of an edition may name beside facts: levels, figures, the ends of the period."""
    known = constants_of(edition) | {name: figure(threshold.quantity) for name, threshold in thresholds.items()}
    return {name: constant(value, _NO_WORDS) for name, value in known.items()}


def _chosen(condition: Term, first: Figure, second: Figure) -> Figure:
    """Return one figure where a condition holds, and another elsewhere."""
    there = True if first.there is True and second.there is True else z3.If(condition, first.there, second.there)
    return Figure(z3.If(condition, first.part, second.part), 1, there)


def _applying(read: Reader, rule: Rule) -> Term:
    """Return the formula that a rule applies."""
    return read.truth(rule.applies_when.tree) if rule.applies_when else True


def _lowered(rank: Term, ceiling: Ceiling, read: Reader) -> Term:
    """Return a rank that is not above a ceiling; one that does not exist binds nothing."""
    other = read.figure(ceiling.other.tree)
    binds = conjunction((_applying(read, ceiling.rule), other.there))
    return z3.If(z3.And(binds, rank > other.part), other.part, rank)
