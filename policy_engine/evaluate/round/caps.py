"""Cohort rules: how many of a group may have a level, and how many have it.

Nobody is lowered: a breach is reported with the names, and the authority decides. Cases without a level yet make the counts a
range; a cap is broken, or kept, only where every outcome of theirs would leave it so.
"""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from math import ceil, floor
from typing import NamedTuple

from policy_engine.evaluate.core.expression import Interpreter, interpreter_over, shown
from policy_engine.evaluate.core.facts import known_facts
from policy_engine.evaluate.core.plan import Plan, figure
from policy_engine.evaluate.core.reliance import used
from policy_engine.evaluate.duties.bounds import applies, relevance
from policy_engine.language.values import UNKNOWN, Value
from policy_engine.model.case import LINKS
from policy_engine.model.duties import Cap, Chapter
from policy_engine.model.facts import Threshold
from policy_engine.model.round import CapTrace, RatedEntry
from policy_engine.model.rulebook import Edition

_CLASSED = ("classified", "gap", "undetermined", "decided_by_authority")


class Member(NamedTuple):
    """A case of a cohort: the level that it stands at, the levels that it may come to, and whether it surely belongs here."""

    id: str
    level: str | None
    possible: frozenset[str]
    sure: bool


class Counts(NamedTuple):
    """What a group counts: at the level (at least, at most), and in the base (at least, at most)."""

    least: int
    most: int
    base_least: int
    base_most: int


def cap_traces(
    edition: Edition, rated: Sequence[RatedEntry], plan: Plan, links: Mapping[str, Mapping[str, str]], unrated: int = 0
) -> tuple[CapTrace, ...]:  # fmt: skip
    """Hold every group of every cohort against its cap, in the order of their names.

    Args:
        edition: the edition.
        rated: the cases of the round.
        plan: the edition, ready to be asked.
        links: the links of each case.
        unrated: how many cases of the round could not be rated, and may belong anywhere.
    """
    by_id = {one.case.id: one for one in rated}
    stray = [Member("", None, frozenset(plan.level_ids), sure=False)] * unrated
    return tuple(
        trace
        for chapter in edition.chapters
        for cap in chapter.caps
        for trace in _Cohort(cap, chapter, plan, by_id, links).traces(list(stray))
    )


def rounded(value: Fraction, rounding: str) -> int:
    """Round a number of people: down, up, or to the nearest, halves up."""
    if rounding == "nearest":
        return floor(value + Fraction(1, 2))
    return ceil(value) if rounding == "up" else floor(value)


class _Cohort:
    """One cap over one round."""

    def __init__(
        self, cap: Cap, chapter: Chapter, plan: Plan, rated: Mapping[str, RatedEntry], links: Mapping[str, Mapping[str, str]]
    ) -> None:  # fmt: skip
        self.cap, self.chapter, self.plan, self.rated, self.links = cap, chapter, plan, rated, links
        self.figures = {name: figure(threshold.quantity) for name, threshold in chapter.thresholds.items()}
        ids, base = plan.level_ids, cap.base
        self.moving = 0
        """By how much the base, as the cap counts it, changes where one case is lowered by one level."""
        if base and cap.counted == "after_lowering":
            self.moving = (ids[max(ids.index(cap.level) - 1, 0)] in base) - (cap.level in base)

    def traces(self, stray: list[Member]) -> Iterable[CapTrace]:
        """Hold each group against the cap; `stray`: the cases that may belong to any group."""
        groups: dict[tuple[str, ...], list[Member]] = {}
        for one in self.rated.values():
            interpreter = self._interpreter(one)
            belongs = applies(self.cap.rule, interpreter, relevance(self.chapter, one.verdict))
            if one.verdict.outcome not in _CLASSED or belongs is False:
                continue
            if any(interpreter.values[key] is UNKNOWN for key in self.cap.per if key not in LINKS):
                stray.append(self._member(one, sure=False))
            else:
                links = self.links.get(one.case.id, {})
                group = tuple(links.get(key, "") if key in LINKS else shown(interpreter.values[key]) for key in self.cap.per)
                sure = belongs is True and not one.verdict.ineligible_possible
                groups.setdefault(group, []).append(self._member(one, sure=sure))
        return [self._trace(name, [*members, *stray]) for name, members in sorted(groups.items())]

    def _interpreter(self, one: RatedEntry) -> Interpreter:
        values: dict[str, Value] = {**known_facts(one.case, self.plan).values, **self.figures}
        return interpreter_over(values, one.case.facts)

    def _member(self, one: RatedEntry, *, sure: bool) -> Member:
        """Return a case as it stands; one without a level may come to any that its verdict leaves, or to any at all."""
        decided = tuple(decision.level for decision in one.case.record.decisions)
        open_levels = one.verdict.possible_levels or self.plan.level_ids
        possible = (one.standing.level,) if one.standing.level else (*decided, *open_levels)
        return Member(one.case.id, one.standing.level, frozenset(possible), sure)

    def _trace(self, name: tuple[str, ...], members: Sequence[Member]) -> CapTrace:
        """Hold one group against the cap."""
        cap, rule, counts = self.cap, self.cap.rule, self._counts(members)
        holder = self.rated.get(name[0]) if cap.exception and name else None  # a group without a case of its own has no exception
        excepted = self._interpreter(holder).truth(cap.exception.where) if holder and cap.exception else False
        threshold = cap.exception.at_most if cap.exception and excepted is True else cap.at_most
        wider = cap.exception.at_most if cap.exception and excepted is UNKNOWN else threshold
        if counts.least > self._allowed(counts.base_most, wider):
            outcome, threshold = "exceeded", wider  # the share that may hold: what is above it is so either way
        else:
            outcome = "kept" if counts.most <= self._allowed(counts.base_least, threshold) else "unknown"
        over = 0
        if outcome == "exceeded":  # as few as leave the cap kept, with the base counted as the cap says
            left = (k for k in range(counts.least + 1) if counts.least - k <= self._allowed(counts.base_most + k * self.moving, threshold))
            over = next(left, counts.least)
        base_after = counts.base_most + over * self.moving
        anyone = self._interpreter(next(self.rated[member.id] for member in members if member.id))
        return CapTrace(
            id=rule.id, group=" · ".join(filter(None, name)), outcome=outcome, level=cap.level, held=counts.least, most=counts.most,
            base=counts.base_least, allowed=self._allowed(counts.base_least, threshold), over=over, share=threshold.quantity.text,
            excepted=excepted is True, counted=cap.counted,
            cases=tuple(sorted(member.id for member in members if member.id and member.level == cap.level)),
            severity=cap.severity, citation=rule.citation.clause, phrase=rule.citation.phrase,
            interpretations=used(rule.interpretations, anyone), says=rule.says, base_most=counts.base_most,
            allowed_most=self._allowed(counts.base_most, threshold), base_after=base_after,
            allowed_after=self._allowed(base_after, threshold), of=cap.base,
        )  # fmt: skip

    def _counts(self, members: Sequence[Member]) -> Counts:
        level, base = self.cap.level, frozenset(self.cap.base or self.plan.level_ids)
        everyone = not self.cap.base
        return Counts(
            sum(member.sure and member.level == level for member in members),
            sum(level in member.possible for member in members),
            sum(member.sure and (everyone or member.possible <= base) for member in members),
            sum(everyone or bool(member.possible & base) for member in members),
        )

    def _allowed(self, base: int, threshold: Threshold) -> int:
        """Return how many of a base may have the level."""
        share = threshold.quantity.value
        return rounded(share * base, self.cap.rounding) if isinstance(share, Fraction) else 0
