"""One track over columns: what stands in for what, whether a row's figures are all there and can be, its criteria and its level.

Then what binds a level from outside its criteria (rules of eligibility, ceilings that lower), and which interpretations a plainly
settled row relies on: the same rule as in `evaluate`, by code and a few truths.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import narwhals.stable.v2 as nw

from policy_engine.columnar.plan.answers import CodeMeaning, Codes
from policy_engine.columnar.plan.completing import Law, laws_of
from policy_engine.columnar.plan.conditions import ColumnReader, text_of
from policy_engine.columnar.plan.fields import (
    FactField,
    NotColumnarError,
    Truth,
    agrees,
    all_of,
    any_of,
    as_column,
    certain,
    known,
    opposite,
)  # fmt: skip
from policy_engine.evaluate.core.plan import Plan, TrackPlan
from policy_engine.evaluate.duties.bounds import Bound, bounds_of
from policy_engine.language.tree import Tree, conjuncts, name_of, opened
from policy_engine.language.values import UNKNOWN
from policy_engine.model.duties import Ceiling, Eligibility
from policy_engine.model.facts import InterpretationUse
from policy_engine.model.rulebook import LevelRule, StandIn

Step = dict[str, nw.Expr]
"""Columns that are worked out for each row; each step may name the columns of those before it."""
Truths = list[tuple[str, Truth, bool]]
"""Truths that an interpretation hangs on: a name for each, the truth, and the value that it must have."""


class CriterionColumns(NamedTuple):
    """One criterion: whether it applies, and whether it is met."""

    applies: Truth
    met: Truth


class TrackColumns:
    """One track, read over the columns of a file."""

    def __init__(self, plan: TrackPlan, reader: ColumnReader, number: int, applies: Truth, follows: frozenset[str]) -> None:
        """Read what stands in for what, which changes nothing under other tracks; nothing stands in for what follows from others."""
        self.plan, self.number, self.applies = plan, number, applies
        self.id = plan.track.id
        self.reader = reader.over(reader.fields, plan.constants)
        self.steps: list[Step] = []
        self.stands: list[Truth] = []
        self.agree = all_of([self._stand_in(rule, follows) for rule in plan.track.stand_ins])
        self.criteria: dict[str, CriterionColumns] = {}
        self.laws: Sequence[Law] = ()
        self.fits: Truth = True

    def judge(self, fields: Mapping[str, FactField], laws: Sequence[Law]) -> None:
        """Read what the track says over fields with everything that stands in, under any track, and the laws that bind them."""
        self.reader.fields, self.laws = fields, laws
        requires = self.plan.track.requires
        own = [law.real for law in laws_of(requires, self.reader)]
        own += [
            certain(opposite(self.reader.truth(rule.otherwise.when)), unknown=True)
            for rule in requires
            if rule.otherwise and rule.otherwise.when
        ]
        bound = [law for law in laws if law.facts & self.plan.decisive]
        rest = self.plan.decisive.difference(*(law.facts for law in bound))
        self.fits = all_of([self.agree, *(law.holds for law in bound), *(known(fields[name]) for name in sorted(rest)), *own])
        for rule in self.plan.track.levels:
            for criterion in rule.criteria:
                applies = self.reader.truth(criterion.applies_when)
                self.criteria[criterion.id] = CriterionColumns(applies, self.reader.truth(criterion.when))

    def _stand_in(self, rule: StandIn, follows: frozenset[str]) -> Truth:
        """Let facts stand in for others; return whether nothing contradicts that."""
        stands = all_of((certain(self.applies, unknown=False), certain(opposite(self.reader.truth(rule.unless)), unknown=False)))
        self.stands.append(stands)
        if stands is False:
            return True
        fields = self.reader.fields
        name = f"__s{self.number}_{len(self.stands)}"
        self.stands[-1] = here = nw.col(name)
        moved: dict[str, FactField] = {}
        values: Step = {}
        agree: list[Truth] = []
        for target, source in rule.take.items():
            one, other = fields[source], fields[target]
            if {target, source} & follows or one.none or other.none or (one.column and other.column and one.scale != other.scale):
                raise NotColumnarError(f"stand_in: {target}: {source}")
            if one.column or other.column:
                first, second = (nw.col(field.column) if field.column else nw.lit(None) for field in (one, other))
                taken = f"__t{self.number}_{target}"
                values[taken] = nw.when(here).then(first).otherwise(second)
                scale = one.scale if one.column else other.scale
                moved[target] = FactField(kind=one.kind, column=taken, scale=scale, as_text=one.as_text or other.as_text)
                if other.column:  # a row that states only the other is left to the row reader
                    same = False if not one.column else agrees(first, second) if one.kind == "bool" else first == second
                    agree.append(any_of((~here, second.is_null(), certain(same, unknown=False))))
        self.steps += [{name: as_column(stands)}, values]
        self.reader.fields = {**fields, **moved}
        return all_of(agree)

    def level(self, rule: LevelRule) -> Truth:
        """Return whether a level holds; a criterion that does not apply is neutral."""
        judged = [self.criteria[criterion.id] for criterion in rule.criteria]
        if rule.mode == "all_of":
            return all_of(any_of((one.met, opposite(one.applies))) for one in judged)
        return any_of(all_of((one.met, one.applies)) for one in judged)

    def pinned(self) -> Mapping[str, Sequence[str]]:
        """Return the choices that the track itself demands of facts: cells of these need no further look."""
        found: dict[str, Sequence[str]] = {}
        for part in conjuncts(self.plan.track.applies_to.tree):
            match opened(part):
                case "comparison", ([(one, "==", other)],):
                    choices: Sequence[Tree] = [other]
                case "membership", (one, "in", elements):
                    choices = elements
                case _:
                    continue
            if name_of(one) and all(map(text_of, choices)):
                found[name_of(one)] = list(map(text_of, choices))
        return found


def bind(plan: Plan, reader: ColumnReader, codes: Codes) -> list[Step]:
    """Return the steps from the code by the criteria alone (`__base`) to the code that stands (`__code`); none where nothing binds.

    Codes that come of binding are added, and the interpretations of what binds are noted.
    """
    bounds = bounds_of(plan.edition)
    if not bounds:
        return []
    steps: list[Step] = [{"__code": _barred([bound for bound in bounds if isinstance(bound.rule, Eligibility)], plan, reader, codes)}]
    first = len(codes.meanings)
    barred = [code for code, meaning in enumerate(codes.meanings) if meaning.outcome == "not_eligible"]
    steps.append({"__eligible": as_column(all_of(nw.col("__code") != code for code in barred))})
    ceilings = [(bound, bound.rule) for bound in bounds if isinstance(bound.rule, Ceiling)]
    return steps + [{"__code": _lowered(bound, rule, plan, reader, codes, first)} for bound, rule in ceilings]


def _read_bound(bound: Bound, plan: Plan, reader: ColumnReader, codes: Codes) -> tuple[ColumnReader, Truth, list[int]]:
    """Return a reader that knows the figures of a chapter, whether its rule applies, and the codes of the tracks that it concerns."""
    own = reader.over(reader.fields, {**plan.constants, **bound.figures})
    tracks = bound.chapter.tracks
    concerned = [code for code, meaning in enumerate(codes.meanings) if meaning.track and (not tracks or meaning.track in tracks)]
    return own, own.truth(bound.rule.rule.applies_when), concerned


def _barred(bars: list[Bound], plan: Plan, reader: ColumnReader, codes: Codes) -> nw.Expr:
    """Return the code that rules of eligibility leave: not eligible, none where that is open, else the one by the criteria."""
    base = nw.col("__base")
    truths: dict[int, list[Truth]] = {}
    for bound in bars:
        assert isinstance(bound.rule, Eligibility)
        own, applies, concerned = _read_bound(bound, plan, reader, codes)
        truth = all_of((applies, own.truth(bound.rule.when)))
        for code in concerned:
            truths.setdefault(code, []).append(truth)
        rule = bound.rule.rule
        for interpretation, more in _uses_of(own, rule.id, rule.interpretations):
            codes.rely(concerned, interpretation, [(f"bar:{rule.id}", truth, True), *more])
    chosen = base
    for code, several in truths.items():
        chosen = _recoded(chosen, base == code, any_of(several), codes.of(CodeMeaning(codes.meanings[code].track, "not_eligible", None)))
    return chosen


def _recoded(chosen: nw.Expr, here: nw.Expr, met: Truth, other: int) -> nw.Expr:
    """Return another code where something is met, and none where that is not known."""
    open_ = all_of((here, as_column(met).is_null()))
    changed = nw.when(as_column(all_of((here, met)))).then(nw.lit(other)).otherwise(chosen)
    return nw.when(~as_column(open_)).then(changed)


def _lowered(bound: Bound, rule: Ceiling, plan: Plan, reader: ColumnReader, codes: Codes, first: int) -> nw.Expr:
    """Return the code that one ceiling leaves; its interpretations are relied on wherever it binds a level (of the first codes)."""
    own, applies, concerned = _read_bound(bound, plan, reader, codes)
    # it binds where it applies, and what it holds a level against exists
    there = [reader.fields[name].none for name in rule.other.names if name in reader.fields and reader.fields[name].none]
    binds = all_of((applies, *(~nw.col(name) for name in there)))
    number = own.number(rule.other.tree)
    current = chosen = nw.col("__code")
    for code in concerned:
        meaning = codes.meanings[code]
        if meaning.level is None:
            continue
        rank = plan.level_ids.index(meaning.level)
        for cap in range(rank + 1):
            held = UNKNOWN if number is None else own.row(number._replace(constant=number.constant - cap), "==")
            lower = code if cap == rank else codes.of(CodeMeaning(meaning.track, "classified", plan.level_ids[cap]))
            chosen = _recoded(chosen, current == code, all_of((binds, held)), lower)
    levelled = [code for code in concerned if code < first and codes.meanings[code].level]
    for interpretation, more in _uses_of(own, rule.rule.id, rule.rule.interpretations):
        truths = [("eligible", nw.col("__eligible"), True), (f"binds:{rule.rule.id}", binds, True), *more]
        codes.rely(levelled, interpretation, truths)
    return chosen


def _uses_of(reader: ColumnReader, name: str | int, uses: Iterable[InterpretationUse]) -> Iterable[tuple[str, Truths]]:
    """Return interpretations, each with the truth of its own condition if it has one."""
    for use in uses:
        yield use.id, [(f"{name}:{use.when.text}", reader.truth(use.when), True)] if use.when else []


def note_interpretations(plan: Plan, tracks: Sequence[TrackColumns], followed: Mapping[str, Truth], codes: Codes) -> None:
    """Note for every code which interpretations a row with it relies on."""
    by_id = {track.id: track for track in tracks}
    for code, meaning in enumerate(codes.meanings):
        if meaning.track in by_id:
            track = by_id[meaning.track]
            for uses, truths in _relied_on(track, meaning.level, plan, followed):
                for interpretation, more in _uses_of(track.reader, track.number, uses):
                    codes.rely([code], interpretation, [*truths, *more])


def _relied_on(
    track: TrackColumns, level: str | None, plan: Plan, followed: Mapping[str, Truth]
) -> Iterable[tuple[Iterable[InterpretationUse], Truths]]:
    """Return what a level relies on: interpretations, and the truths that they hang on together."""
    own = track.plan
    considered = own.considered.get(level) or own.considered[None]
    yield considered.uses, []
    if level is None:
        yield own.track.residual.interpretations, []
    for rule in own.track.levels:
        for criterion in rule.criteria if rule.level in considered.levels else ():
            text = criterion.applies_when.text if criterion.applies_when else ""
            name, applies = f"{track.number}:{text}", track.criteria[criterion.id].applies
            yield criterion.interpretations, [(name, applies, True)]
            yield criterion.applies_interpretations, [(name, applies, False)]
    read: dict[str, Truths] = {name: [] for name in considered.reads}
    for number, stand_in in enumerate(own.track.stand_ins):
        standing = read.keys() & stand_in.take.keys()
        stands: Truths = [(f"{track.number}:stands:{number}", track.stands[number], True)]
        if standing:
            yield stand_in.interpretations, stands
            for name in standing:
                read.setdefault(stand_in.take[name], stands)
    for name, truths in read.items():
        if name in followed:
            yield plan.edition.facts[name].interpretations, [*truths, (f"followed:{name}", followed[name], True)]
