"""One track of an edition as formulas: which cases there are, which criteria and levels hold, and what comes out.

The same things that `evaluate` works out for one case, said of every case at once: facts that stand in for others, rules
that figures obey, criteria that do not apply, the steps of deciding, and what binds a level from outside its criteria.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

from policy_engine.evaluate.core.plan import constants_of, figure
from policy_engine.language.tree import calls_in
from policy_engine.model.duties import Chapter, Rule
from policy_engine.model.facts import Condition, FactDeclaration, Threshold
from policy_engine.model.rulebook import Edition, LevelRule, Track
from policy_engine.prove.terms import Flags, Formulas, Quotient, Symbols, Term, TextCodes, conjunction, constant, disjunction, z3

NOT_ELIGIBLE = "not_eligible"
_NO_TEXTS = TextCodes()


class CriterionFormulas(NamedTuple):
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


class TrackMeaning:
    """A track as formulas over the facts of a case, every one of them answered.

    Args:
        edition: the edition.
        track: the track of it.
        symbols: the unknowns, to which those of the track are added.
        names: the names of unknowns that are not their facts' own.

    Raises:
        UnprovableError: where a condition asks what the solver has no word for.
    """

    def __init__(self, edition: Edition, track: Track, symbols: Symbols, names: Mapping[str, str] | None = None) -> None:
        self.edition, self.track, self.symbols = edition, track, symbols
        self._stood: dict[str, Quotient | Flags] = {}
        self._names = CaseNames(edition, symbols, _constants(edition, track.thresholds), names or {})
        raw = Formulas(self._names, symbols.codes)
        for rule, unless in [(rule, raw.truth(rule.unless.tree)) for rule in track.stand_ins]:
            for target, source in rule.take.items():
                self._stood[target] = _chosen(unless, self._named(target), self._named(source))
        self.applies = conjunction(
            raw.truth(one.applies_to.tree) if one.id == track.id else z3.Not(raw.truth(one.applies_to.tree)) for one in edition.tracks
        )
        self._formulas = Formulas(self._named, symbols.codes)
        self.standings = {
            c.id: CriterionFormulas(self.truth(c.applies_when) if c.applies_when else z3.BoolVal(val=True), self.truth(c.when))
            for rule in track.levels
            for c in rule.criteria
        }
        self.levels = {rule.level: self._level(rule) for rule in track.levels}
        self.barred, self.rank = self._bound()
        self.gaps = [self.truth(one.where) for one in track.gaps]
        self.always = conjunction([self.applies, *self._invariants(), *symbols.domains])

    def reader(self, chapter: Chapter | None = None) -> Formulas:
        figures = _constants(self.edition, chapter.thresholds) if chapter else {}
        return Formulas(partial(_either, figures, self._named), self.symbols.codes)

    def truth(self, condition: Condition) -> Term:
        return self._formulas.truth(condition.tree)

    def outcomes(self) -> dict[str, Term]:
        """Return the formula of every outcome, by the level's id or the outcome's word; one of them holds in every case."""
        known = {level.id: z3.And(z3.Not(self.barred), self.rank == level.rank) for level in self.edition.scale.values()}
        residual = self.track.residual
        if residual.level is None:
            known[residual.outcome] = z3.And(z3.Not(self.barred), self.rank < 0)
        return {**known, NOT_ELIGIBLE: self.barred}

    def _level(self, rule: LevelRule) -> Term:
        standings = [self.standings[criterion.id] for criterion in rule.criteria]
        return conjunction(s.kept for s in standings) if rule.mode == "all_of" else disjunction(s.met for s in standings)

    def _bound(self) -> tuple[Term, Term]:
        """Return the truth that a rule of eligibility stands against the case, and the rank that the criteria and the ceilings leave.

        The rank is -1 where no level holds. A ceiling that does not exist binds nothing.
        """
        scale, residual = self.edition.scale, self.track.residual.level
        rank: Term = z3.IntVal(scale[residual].rank if residual else -1)
        for level in reversed([name for step in self.track.decide for name in step.levels]):
            rank = z3.If(self.levels[level], scale[level].rank, rank)
        barred: list[Term] = []
        for chapter in self.edition.chapters:
            if chapter.tracks and self.track.id not in chapter.tracks:
                continue
            figures = _constants(self.edition, chapter.thresholds)
            formulas = Formulas(partial(_either, figures, self._names), self.symbols.codes)
            barred += [conjunction((_applying(formulas, bar.rule), formulas.truth(bar.when.tree))) for bar in chapter.eligibility]
            for ceiling in chapter.ceilings:
                if ceiling.lowers:
                    other = formulas.figure(ceiling.other.tree)
                    binds = conjunction((_applying(formulas, ceiling.rule), other.there))
                    rank = z3.If(z3.And(binds, rank > other.part), other.part, rank)
        return disjunction(barred), rank

    def _invariants(self) -> list[Term]:
        """Return the rules that bind the facts of the track, and those facts that the rules bring in."""
        found = [self.truth(rule.holds) for rule in self.track.requires]
        open_rules = [rule.holds for rule in self.edition.invariants]
        while True:
            own = {symbol.fact.name for symbol in self.symbols.of.values()}
            own |= {name for name, fact in self.edition.facts.items() if fact.derived and not own.isdisjoint(fact.derived.names)}
            near = [rule for rule in open_rules if not own.isdisjoint(rule.names)]
            if not near:
                return found
            found += [self.truth(rule) for rule in near]
            open_rules = [rule for rule in open_rules if rule not in near]

    def _named(self, name: str) -> Quotient | Flags:
        """Return what a name stands for, once facts stand in for others; what follows from facts follows from those then."""
        if name in self._stood:
            return self._stood[name]
        return self._names.derived(name, self._named) if self._stood and self._names.is_derived(name) else self._names(name)


class CaseNames:
    """What names stand for in a case, before facts stand in for others.

    Args:
        edition: the edition.
        symbols: the unknowns.
        figures: what stands for a figure of the edition.
        names: the names of unknowns that are not their facts' own.
    """

    def __init__(
        self, edition: Edition, symbols: Symbols, figures: Mapping[str, Quotient], names: Mapping[str, str]
    ) -> None:  # fmt: skip
        self.edition, self.symbols, self.figures, self.names = edition, symbols, figures, names

    def __call__(self, name: str) -> Quotient | Flags:
        """Return a figure of the edition, what follows from other facts, or an unknown."""
        if name in self.figures:
            return self.figures[name]
        if self.is_derived(name):
            return self.derived(name, self)
        return self.symbols.declare(self.edition.facts[name], self.edition, self.names.get(name, name))

    def is_derived(self, name: str) -> bool:
        """Return whether a name is that of a fact that follows from others."""
        return name not in self.figures and is_derived(self.edition.facts[name])

    def derived(self, name: str, named: Callable[[str], Quotient | Flags]) -> Quotient:
        """Return what a derived fact is, by what the names in it stand for."""
        fact = self.edition.facts[name]
        assert fact.derived
        formulas = Formulas(named, self.symbols.codes)
        return Quotient(formulas.truth(fact.derived.tree)) if fact.type.kind == "bool" else formulas.figure(fact.derived.tree)


def raw_reader(edition: Edition, symbols: Symbols, names: Mapping[str, str] | None = None) -> Formulas:
    """Return a reader of conditions that are asked before a track is chosen."""
    return Formulas(CaseNames(edition, symbols, _constants(edition, {}), names or {}), symbols.codes)


def is_derived(fact: FactDeclaration) -> bool:
    """Return whether a fact follows from other plain facts; one that is worked out from a list can also be stated."""
    return fact.derived is not None and not calls_in(fact.derived.tree) & {"count", "sum"}


def _either(figures: Mapping[str, Quotient], named: Callable[[str], Quotient | Flags], name: str) -> Quotient | Flags:
    return figures.get(name) or named(name)


def _constants(edition: Edition, thresholds: Mapping[str, Threshold]) -> dict[str, Quotient]:
    """Return what every condition of an edition may name beside facts: levels, figures, the ends of the period."""
    known = constants_of(edition) | {name: figure(threshold.quantity) for name, threshold in thresholds.items()}
    return {name: constant(value, _NO_TEXTS) for name, value in known.items()}


def _chosen(condition: Term, first: Quotient | Flags, second: Quotient | Flags) -> Quotient:
    assert isinstance(first, Quotient)
    assert isinstance(second, Quotient)
    there = True if first.there is True and second.there is True else z3.If(condition, first.there, second.there)
    return Quotient(z3.If(condition, first.part, second.part), 1, there)


def _applying(formulas: Formulas, rule: Rule) -> Term:
    return formulas.truth(rule.applies_when.tree) if rule.applies_when else True
