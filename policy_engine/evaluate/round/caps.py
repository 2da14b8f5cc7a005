"""Cohort rules: how many of a group may have a level, and how many have it.

Nobody is lowered: a breach is told with the names, and the authority decides. Cases without a level yet make the counts a
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
from policy_engine.language.values import UNKNOWN, Truth, Value
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
    """Hold every group of every cohort against its cap.

    Args:
        edition: the edition.
        rated: the cases of the round.
        plan: the edition, ready to be asked.
        links: the links of each case.
        unrated: how many cases of the round could not be rated, and may belong anywhere.
    """
    found: list[CapTrace] = []
    for chapter in edition.chapters:
        for cap in chapter.caps:
            found += _Cohort(cap, chapter, plan, {one.case.id: one for one in rated}, links, unrated).traces()
    return tuple(found)


def rounded(value: Fraction, rounding: str) -> int:
    """Round a number of people: down, up, or to the nearest, halves up."""
    if rounding == "nearest":
        return floor(value + Fraction(1, 2))
    return ceil(value) if rounding == "up" else floor(value)


class _Cohort:
    """One cap over one round."""

    def __init__(
        self, cap: Cap, chapter: Chapter, plan: Plan, rated: Mapping[str, RatedEntry], links: Mapping[str, Mapping[str, str]], unrated: int
    ) -> None:  # fmt: skip
        """Take the cap, and the cases."""
        self.stray = [Member("", None, frozenset(plan.level_ids), sure=False)] * unrated
        self.cap, self.chapter, self.plan, self.rated, self.links = cap, chapter, plan, rated, links
        self.figures = {name: figure(threshold.quantity) for name, threshold in chapter.thresholds.items()}

    def traces(self) -> Iterable[CapTrace]:
        """Hold each group against the cap, in the order of their names."""
        groups: dict[tuple[str, ...], list[Member]] = {}
        for one in self.rated.values():
            interpreter = self._interpreter(one)
            belongs = applies(self.cap.rule, interpreter, relevance(self.chapter, one.verdict))
            if one.verdict.outcome not in _CLASSED or belongs is False:
                continue
            group = self._group(one, interpreter)
            if group is None:
                self.stray.append(self._member(one, sure=False))
            else:
                sure = belongs is True and not one.verdict.ineligible_possible
                groups.setdefault(group, []).append(self._member(one, sure=sure))
        return [self._trace(name, [*members, *self.stray]) for name, members in sorted(groups.items())]

    def _interpreter(self, one: RatedEntry) -> Interpreter:
        """Return an interpreter over one case and the chapter's figures."""
        values: dict[str, Value] = {**known_facts(one.case, self.plan).values, **self.figures}
        return interpreter_over(values, one.case.facts)

    def _group(self, one: RatedEntry, interpreter: Interpreter) -> tuple[str, ...] | None:
        """Return what the cases of one group share; None where a fact of it is not known."""
        facts = [interpreter.values[key] for key in self.cap.per if key not in LINKS]
        if any(value is UNKNOWN for value in facts):
            return None
        links = self.links.get(one.case.id, {})
        return tuple(links.get(key, "") if key in LINKS else shown(interpreter.values[key]) for key in self.cap.per)

    def _member(self, one: RatedEntry, *, sure: bool) -> Member:
        """Return a case as it stands; one without a level may come to any that its verdict leaves, or to any at all."""
        decided = tuple(decision.level for decision in one.case.record.decisions)
        open_levels = one.verdict.possible_levels or self.plan.level_ids
        possible = (one.standing.level,) if one.standing.level else (*decided, *open_levels)
        return Member(one.case.id, one.standing.level, frozenset(possible), sure)

    def _trace(self, name: tuple[str, ...], members: Sequence[Member]) -> CapTrace:
        """Hold one group against the cap."""
        cap, rule = self.cap, self.cap.rule
        excepted = self._excepted(name)
        threshold = cap.exception.at_most if cap.exception and excepted is True else cap.at_most
        counts = self._counts(members)
        outcome = self._outcome(counts, threshold, excepted)
        if cap.exception and excepted is UNKNOWN and outcome == "exceeded":
            threshold = cap.exception.at_most  # the share that may hold: what is above it is so either way
        over = self._over(counts.least, counts.base_most, threshold) if outcome == "exceeded" else 0
        base_after = counts.base_most + over * self._moving()
        at_level = tuple(sorted(member.id for member in members if member.id and member.level == cap.level))
        anyone = self._interpreter(next(self.rated[member.id] for member in members if member.id))
        return CapTrace(
            rule.id, " · ".join(filter(None, name)), outcome, cap.level, counts.least, counts.most, counts.base_least,
            self._allowed(counts.base_least, threshold), over, threshold.quantity.text, excepted is True, cap.counted, at_level,
            cap.severity, *rule.citation, used(rule.interpretations, anyone), rule.says, counts.base_most,
            self._allowed(counts.base_most, threshold), base_after, self._allowed(base_after, threshold), cap.base,
        )  # fmt: skip

    def _excepted(self, name: tuple[str, ...]) -> Truth:
        """Return whether the group's own case has the exception; a group without a case has none."""
        holder = self.rated.get(name[0]) if self.cap.exception and name else None
        return self._interpreter(holder).truth(self.cap.exception.where) if holder and self.cap.exception else False

    def _counts(self, members: Sequence[Member]) -> Counts:
        """Count a group."""
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

    def _over(self, count: int, base: int, threshold: Threshold) -> int:
        """Return how many would have to stand lower for the cap to be kept, with the base counted as the cap says."""
        moving = self._moving()
        return next((k for k in range(count + 1) if count - k <= self._allowed(base + k * moving, threshold)), count)

    def _moving(self) -> int:
        """Return by how much the base, as the cap counts it, changes where one case is lowered by one level."""
        ids, base = self.plan.level_ids, self.cap.base
        if not base or self.cap.counted != "after_lowering":
            return 0
        below = ids[max(ids.index(self.cap.level) - 1, 0)]
        return (below in base) - (self.cap.level in base)

    def _outcome(self, counts: Counts, threshold: Threshold, excepted: Truth) -> str:
        """Say whether the cap is kept, whatever the open cases come to."""
        wider = self.cap.exception.at_most if self.cap.exception and excepted is UNKNOWN else threshold
        if counts.least > self._allowed(counts.base_most, wider):
            return "exceeded"
        return "kept" if counts.most <= self._allowed(counts.base_least, threshold) else "unknown"
