"""One case under two editions, or at two times: whether it moved, and what the move rests on.

Read from two finished verdicts and from how their editions decide; no condition is evaluated here. A verdict follows from its
parts: the outcomes of its levels, the order in which these are asked, what comes out where none holds, the rules of eligibility and
the ceilings. The parts that differ are put in the place of the others, alone and together: a move rests on those of a smallest
set that makes the one result the other, there or back. So whatever is named differs between the two, and matters.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple, TypeVar

from policy_engine.model.evidence import NOTHING_SEEN, Evidence
from policy_engine.model.facts import Texts
from policy_engine.model.rulebook import Edition
from policy_engine.model.verdict import CeilingTrace, CriterionTrace, EligibilityTrace, LevelTrace, Verdict

REASON_KINDS = ("criterion", "level", "level_rule", "order", "residual", "eligibility", "ceiling", "track")
"""What a move can rest on: see `Reason.kind` in `schemas/compare.schema.json`, which has a sentence for each."""
_Thing = TypeVar("_Thing", bound=Hashable)
_SIDES = {"before": "after", "after": "before"}
_OPEN, _NOT_ELIGIBLE = "undetermined", "not_eligible"
_BADNESS = {"met": 0, "not_applicable": 0, "unknown": 1, "not_met": 2}
_GOODNESS = {"met": 2, "unknown": 1, "not_met": 0, "not_applicable": 0}
_MOST_PARTS = 12
"""Above so many parts that differ their sets are not searched: all of them are named."""


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """What one of the two verdicts says of a reason: how it came out, the figures, the words and the thresholds they are held against.

    `against`: what no condition compares: of a level how it asks its criteria, of a ceiling the level that it names.
    """

    outcome: str
    evidence: Evidence = NOTHING_SEEN
    against: str = ""
    phrase: str = ""
    thresholds: tuple[tuple[str, str], ...] = ()
    says: Texts


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """Something that a move rests on: it differs between the two verdicts.

    `side`: the verdict whose clause, words and figures stand in `citation`, `phrase` and `evidence`; `before` and `after` hold what
    either says, None where it has no such thing. `level`: the level that a criterion or a rule belongs to.
    """

    kind: str
    criterion: str
    level: str
    citation: str
    phrase: str
    evidence: Evidence
    against: str
    side: str
    before: View | None
    after: View | None


class Move(NamedTuple):
    """A case that came out otherwise. A level is None where the outcome is one without a level."""

    case: str
    before: str | None
    before_outcome: str
    after: str | None
    after_outcome: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Deciding:
    """How an edition comes from the levels of a track to a result."""

    order: tuple[str, ...] = ()
    """The levels in the order in which they are asked: the first that holds is given."""
    residual: str = "gap"
    """The level, or the outcome, where none holds."""
    clause: str = ""
    lowering: frozenset[str] = frozenset()
    """The ceilings that lower a level."""
    thresholds: Mapping[tuple[str, str], tuple[tuple[str, str], ...]]
    """Of a criterion, by level and id: its thresholds with their figures."""


def deciding_of(edition: Edition, track: str | None) -> Deciding:
    lowering = frozenset(c.rule.id for chapter in edition.chapters for c in chapter.ceilings if c.lowers)
    own = next((one for one in edition.tracks if one.id == track), None)
    if own is None:
        return Deciding(lowering=lowering, thresholds={})
    thresholds = {
        (rule.level, c.id): tuple((threshold.name, threshold.quantity.text) for threshold in c.thresholds)
        for rule in own.levels
        for c in rule.criteria
    }
    return Deciding(
        order=tuple(level for step in own.decide for level in step.levels), residual=own.residual.level or own.residual.outcome,
        clause=own.citation.clause, lowering=lowering, thresholds=thresholds,
    )  # fmt: skip


class Matrix:
    """How many cases went from what to what; it holds counts, and no case."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, before: Verdict, after: Verdict) -> None:
        self._counts[key_of(before), key_of(after)] += 1

    def count(self, before: str, after: str) -> int:
        return self._counts[before, after]

    def cells(self) -> tuple[tuple[str, str, int], ...]:
        """Return every pair of keys that was met, with its count, in the order of their names."""
        return tuple((before, after, count) for (before, after), count in sorted(self._counts.items()))

    def befores(self) -> frozenset[str]:
        return frozenset(before for before, _ in self._counts)

    def afters(self) -> frozenset[str]:
        return frozenset(after for _, after in self._counts)

    @property
    def total(self) -> int:
        return self._counts.total()


def key_of(verdict: Verdict) -> str:
    return verdict.level or verdict.outcome


def merged(first: Iterable[_Thing], second: Iterable[_Thing]) -> list[_Thing]:
    """Join two orders: the first as it is, and what only the second has behind what it follows there (levels of two scales)."""
    joined = list(first)
    known = set(joined)
    behind: _Thing | None = None
    for thing in second:
        if thing not in known:
            joined.insert(0 if behind is None else joined.index(behind) + 1, thing)
        behind = thing
    return joined


def move_between(before: Verdict, after: Verdict, level_order: Sequence[str], editions: tuple[Edition, Edition]) -> Move | None:
    """Return how a case moved between two editions; None where neither level nor outcome differ."""
    if (before.level, before.outcome) == (after.level, after.outcome):
        return None
    return move_of(before, after, level_order, (deciding_of(editions[0], before.track), deciding_of(editions[1], after.track)))


def move_of(before: Verdict, after: Verdict, level_order: Sequence[str], rules: tuple[Deciding, Deciding]) -> Move | None:
    """Return how a case moved, and what that rests on; None where neither level nor outcome differ.

    Args:
        before: the one verdict.
        after: the other one.
        level_order: the levels of both scales, the best first.
        rules: how the one edition decides, and how the other does.
    """
    if (before.level, before.outcome) == (after.level, after.outcome):
        return None
    return Move(
        case=after.case, before=before.level, before_outcome=before.outcome, after=after.level, after_outcome=after.outcome,
        reasons=tuple(_Sides(before, after, level_order, rules).reasons()),
    )  # fmt: skip


_Part = tuple[str, str]
"""What a result follows from: a kind of `REASON_KINDS` (of a level, whatever changed in it), and a name; "" where there is one of it."""
_Said = str | tuple[str, ...]
_State = Mapping[_Part, _Said]
"""What one verdict says of every part; both sides have the same parts, in the same order."""
_Trace = CriterionTrace | EligibilityTrace | CeilingTrace | LevelTrace


class _Sides:
    """Two verdicts on one case, while it is looked for what makes them differ."""

    def __init__(self, before: Verdict, after: Verdict, scale: Sequence[str], rules: tuple[Deciding, Deciding]) -> None:
        self.verdicts: dict[str, Verdict] = {"before": before, "after": after}
        self.rules: dict[str, Deciding] = {"before": rules[0], "after": rules[1]}
        self.scale = tuple(scale)
        self.traces = {side: {trace.level: trace for trace in verdict.levels} for side, verdict in self.verdicts.items()}
        if before.level is None and after.level is None:
            worse = (after.outcome == _OPEN, after.outcome) > (before.outcome == _OPEN, before.outcome)
        else:
            worse = after.level is None or (before.level is not None and self.scale.index(after.level) > self.scale.index(before.level))
        self.side = "after" if worse else "before"  # a reason is shown from the side that is worse, or without a level

    def reasons(self) -> Iterator[Reason]:
        """Return what the move rests on, in the order in which it is decided."""
        verdicts = self.verdicts.values()
        tracks = [verdict.track for verdict in verdicts]
        barred = any(bar.outcome == "met" for verdict in verdicts for bar in verdict.eligibility)
        if None in tracks and tracks[0] != tracks[1] and not barred:
            yield self._plain("track", str(next(filter(None, tracks))))
            return
        first, second = self._states()
        results = tuple(map(key_of, verdicts))
        parts = [part for part in first if first[part] != second[part]]
        bars = [part for part in parts if part[0] == "eligibility"]
        if bars and _NOT_ELIGIBLE in results:
            parts = bars  # of who is not classified, the rules of eligibility alone
        elif len(parts) <= _MOST_PARTS and (_result(first, self.scale), _result(second, self.scale)) == results:
            parts = _needed(tuple(first.items()), tuple(second.items()), self.scale)
        for kind, name in parts:
            if kind == "level":
                yield from self._level(name)
            elif kind in {"order", "residual"}:
                yield self._plain(kind, "")
            else:
                found: dict[str, _Trace | None] = {
                    side: next((one for one in (v.eligibility if kind == "eligibility" else v.ceilings) if one.id == name), None)
                    for side, v in self.verdicts.items()
                }
                if any(found.values()):
                    yield self._made(kind, name, "", found)

    def _states(self) -> tuple[_State, _State]:
        """Return what either result follows from; where only one edition has a level that is not what the order is about."""
        one, two = self.rules["before"].order, self.rules["after"].order
        common = set(one) & set(two)
        same = [level for level in one if level in common] == [level for level in two if level in common]
        order = tuple(merged(one, two)) if same else None
        bars = merged(*(tuple(bar.id for bar in verdict.eligibility) for verdict in self.verdicts.values()))
        ceilings = merged(*(tuple(c.id for c in v.ceilings if c.id in self.rules[s].lowering) for s, v in self.verdicts.items()))
        states: list[_State] = []
        for side, verdict in self.verdicts.items():
            seen = {bar.id: bar.outcome for bar in reversed(verdict.eligibility)}
            state: dict[_Part, _Said] = {("eligibility", name): seen.get(name, "not_met") for name in bars}
            state |= {("level", name): self._outcome(side, name) for name in merged(self.traces["before"], self.traces["after"])}
            state["order", ""] = self.rules[side].order if order is None else order
            state["residual", ""] = self.rules[side].residual
            states.append(state | {("ceiling", name): self._cap(side, name) for name in ceilings})
        return states[0], states[1]

    def _outcome(self, side: str, level: str) -> str:
        """Return how a level came out; one that a side does not have never holds, nor does an open one that is not possible."""
        trace, verdict = self.traces[side].get(level), self.verdicts[side]
        if trace is None:
            return "absent"
        ruled_out = trace.outcome == "unknown" and verdict.outcome == _OPEN and verdict.possible_exact and not verdict.ceilings
        return "not_met" if ruled_out and verdict.possible_levels and level not in verdict.possible_levels else trace.outcome

    def _cap(self, side: str, name: str) -> str:
        """Return the level to which a ceiling lowers whatever is better: `open` where it is not known, "" where it binds nothing.

        Of a subject that is not classified no ceiling is asked: it is taken to be as on the other side.
        """
        own, other = self.verdicts[side], self.verdicts[_SIDES[side]]
        if own.outcome == _NOT_ELIGIBLE and other.outcome != _NOT_ELIGIBLE and name in self.rules[side].lowering:
            return self._cap(_SIDES[side], name)
        trace = next((one for one in own.ceilings if one.id == name), None)
        return "" if trace is None or trace.outcome == "not_applicable" else trace.other or "open"

    def _level(self, name: str) -> Iterator[Reason]:
        """Return what makes a level come out otherwise: criteria, what it asks of them, or that only one side has it."""
        one, two = self.traces["before"].get(name), self.traces["after"].get(name)
        if one is None or two is None:
            yield self._made("level", name, name, {"before": one, "after": two})
            return
        if one.mode != two.mode:
            yield self._made("level_rule", name, name, {"before": one, "after": two})
            names = [] if _mode_alone(one, two) or _mode_alone(two, one) else _differing(one, two)
        else:
            names = list(_turning(one, two)) or _differing(one, two)
        ids = {side: {c.id: c for c in trace.criteria} for side, trace in (("before", one), ("after", two))}
        for criterion in names:
            yield self._made("criterion", criterion, name, {side: own.get(criterion) for side, own in ids.items()})

    def _plain(self, kind: str, name: str) -> Reason:
        """Return a reason that is no trace: the order of deciding, what comes out where no level holds, or the track."""
        views = {
            side: View(outcome={"order": " > ".join(rules.order), "residual": rules.residual, "track": v.track or v.outcome}[kind], says={})
            for side, rules, v in ((side, self.rules[side], verdict) for side, verdict in self.verdicts.items())
        }
        clause = self.rules[self.side].clause or self.rules[_SIDES[self.side]].clause
        return Reason(
            kind=kind, criterion=name or kind, level="", citation=clause, phrase="", evidence=NOTHING_SEEN, against="", side=self.side,
            **views,
        )  # fmt: skip

    def _made(self, kind: str, name: str, level: str, found: Mapping[str, _Trace | None]) -> Reason:
        """Return a trace of either side as one reason, shown from the side that it is against, if that has it."""
        side = self.side if found[self.side] else _SIDES[self.side]
        shown = found[side]
        assert shown is not None
        views = {s: None if trace is None else _view(trace, self.rules[s].thresholds.get((level, name), ())) for s, trace in found.items()}
        phrase = "" if isinstance(shown, LevelTrace) else shown.phrase
        return Reason(
            kind=kind, criterion=name, level=level, citation=shown.citation, phrase=phrase, evidence=_evidence(shown),
            against=_against(shown), side=side, before=views["before"], after=views["after"],
        )  # fmt: skip


def _view(trace: _Trace, thresholds: tuple[tuple[str, str], ...]) -> View:
    if isinstance(trace, LevelTrace):
        return View(outcome=trace.outcome, against=trace.mode, says={})
    return View(
        outcome=trace.outcome, evidence=_evidence(trace), against=_against(trace), phrase=trace.phrase, thresholds=thresholds,
        says=trace.says,
    )  # fmt: skip


def _evidence(trace: _Trace) -> Evidence:
    """Return what the condition of a trace saw; levels and ceilings have none."""
    return NOTHING_SEEN if isinstance(trace, (LevelTrace, CeilingTrace)) else trace.evidence


def _against(trace: _Trace) -> str:
    """Return the level that a ceiling names."""
    return trace.other or "" if isinstance(trace, CeilingTrace) else ""


def _mode_alone(one: LevelTrace, two: LevelTrace) -> bool:
    """Return whether a level would come out as the other one does if only all, or any, of its criteria were asked as there."""
    applying = [c.outcome for c in one.criteria if c.outcome != "not_applicable"]
    rank, nothing = (_BADNESS, "met") if two.mode == "all_of" else (_GOODNESS, "not_met")
    return max(applying, key=rank.__getitem__, default=nothing) == two.outcome


def _turning(one: LevelTrace, two: LevelTrace) -> Iterator[str]:
    """Return the criteria that turn the outcome of a level into the other one, those of a level that asks all, or any, of them.

    They are those that make the one outcome and are not so on the other side; and, where the other outcome is open, those that
    make it so.
    """
    rank = _BADNESS if one.mode == "all_of" else _GOODNESS
    less, more = (one, two) if rank[one.outcome] < rank[two.outcome] else (two, one)
    first, second = ({c.id: rank[c.outcome] for c in trace.criteria} for trace in (less, more))
    for name in merged(first, second):
        was, now = first.get(name, 0), second.get(name, 0)
        if now >= rank[more.outcome] > was or was >= rank[less.outcome] > now:
            yield name


def _differing(one: LevelTrace, two: LevelTrace) -> list[str]:
    first, second = ({c.id: c.outcome for c in trace.criteria} for trace in (one, two))
    return [name for name in merged(first, second) if first.get(name) != second.get(name)]


@lru_cache(maxsize=4096)
def _needed(first: tuple[tuple[_Part, _Said], ...], second: tuple[tuple[_Part, _Said], ...], scale: tuple[str, ...]) -> list[_Part]:
    """Return the parts of every smallest set that makes the one result the other, there or back."""
    one, two = dict(first), dict(second)
    parts = [part for part in one if one[part] != two[part]]
    found: set[_Part] = set()
    for start, goal in ((one, two), (two, one)):
        minimal: list[frozenset[_Part]] = []
        for few in (frozenset(some) for number in range(1, len(parts) + 1) for some in combinations(parts, number)):
            if not any(less <= few for less in minimal):
                changed = start | {part: goal[part] for part in few}
                minimal += [few] if _result(changed, scale) == _result(goal, scale) else []
        found.update(*minimal)
    return [part for part in parts if part in found]


def _result(state: _State, scale: Sequence[str]) -> str:
    bars = {said for (kind, _), said in state.items() if kind == "eligibility"}
    if "met" in bars:
        return _NOT_ELIGIBLE
    possible: list[str] = []
    for level in state["order", ""]:
        outcome = state.get(("level", level))
        possible += [level] if outcome in {"met", "unknown"} else []
        if outcome == "met":
            break
    else:
        possible.append(str(state["residual", ""]))
    caps = [said for (kind, _), said in state.items() if kind == "ceiling"]
    reached: set[str] = set()
    for level in possible:
        if level in scale:
            rank = max(scale.index(str(one)) for one in (level, *caps) if one in scale)
            reached.update(scale[rank:] if "open" in caps else [scale[rank]])
        else:
            reached.add(level)
    return _OPEN if "unknown" in bars or len(reached) > 1 else next(iter(reached))
