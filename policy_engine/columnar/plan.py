"""One edition over the columns of one kind of file: a code for each row that is plainly settled, its criteria and its interpretations.

A row is plain where every cell is a value of its fact's type, the facts that decide are known, the figures are real and small enough
for whole numbers of 64 bits, and exactly one track applies. Every other row has no code; the row reader looks at it.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from policy_engine.columnar.binding import bind
from policy_engine.columnar.codes import Bits, Codes, Meaning
from policy_engine.columnar.column_plan import Bounds, ColumnPlan, Schema, Within
from policy_engine.columnar.conditions import Reader, Weight
from policy_engine.columnar.fields import Column, Field, all_plain, read_column
from policy_engine.columnar.known import Known
from policy_engine.columnar.logic import NotColumnarError, Truth, all_of, as_column, certain, opposite
from policy_engine.columnar.names import column_of, criteria_of, criterion_columns
from policy_engine.columnar.patterns import Patterns
from policy_engine.columnar.real import Law, laws_of
from policy_engine.columnar.reliance import note_interpretations
from policy_engine.columnar.track import Track
from policy_engine.evaluate.core.plan import Plan
from policy_engine.extras import load_extra

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw
else:
    nw = load_extra("narwhals.stable.v2", "batch")

ENOUGH = 20
"""Bits that a figure must have at least before narrow columns are widened: a count of a million is looked at without haste."""
NARROW, WIDE = 31, 62
"""Bits of a sum over columns of 32 bits, and of 64; where both are added, neither leaves 64."""


def plan_columns(plan: Plan, schema: Schema, within: Within, odd: str = "", *, patient: bool = False) -> ColumnPlan:
    """Put an edition into columns.

    Args:
        plan: the edition.
        schema: the columns of the file.
        within: how an engine tells that figures are whole numbers from 0 that fit so many bits.
        odd: a column that is NULL but in rows that fit no columns, if there is one.
        patient: whether to settle rows too that leave figures open which nothing decides on; it takes more time in each row.
    """
    patterns = Patterns(plan, patient=patient)
    try:
        narrow = Building(plan, schema, patterns, wide=False)
        wide = any(group.bits < ENOUGH for group in narrow.bounds())
        return (Building(plan, schema, patterns, wide=True) if wide else narrow).built(within, odd)
    except NotColumnarError as cannot:
        return _row_by_row(plan, within, str(cannot))


def _row_by_row(plan: Plan, within: Within, construct: str) -> ColumnPlan:
    """Return a plan that leaves every row to the row reader, since something that all of them rest on does not fit columns."""
    blank = {name: nw.lit(None, dtype=nw.Boolean) for name in criterion_columns(plan)}
    return ColumnPlan((), nw.lit(None, dtype=within.code), blank, nw.lit(0), Codes(), Bits(), (construct,))


class Building:
    """A plan on its way."""

    def __init__(self, plan: Plan, schema: Schema, patterns: Patterns, *, wide: bool) -> None:
        """Read the columns, and everything over them."""
        self.plan, self.schema, self.patterns = plan, schema, patterns
        self.weight = Weight()
        self.columns = _columns(plan, schema, wide=wide)
        fields = {
            name: self.columns[name].field if name in self.columns else Field(fact.type.kind) for name, fact in plan.edition.facts.items()
        }
        reader = Reader(fields, plan.constants, self.weight)
        self.by_row: list[str] = []
        self.known = Known(self.columns, plan, reader)
        self.tracks: list[Track] = []
        self.applies: dict[str, Truth] = {}
        self.steps: list[dict[str, nw.Expr]] = []
        self.stood = reader
        for number, track in enumerate(plan.tracks.values()):
            self._read_track(number, track.track.id)
        self.laws: list[Law] = []
        self.staged: dict[str, nw.Expr] = {}
        self._read_laws()
        for one in list(self.tracks):
            self._judge(one)
        self.codes, self.relied = Codes(), Bits()

    def _read_track(self, number: int, name: str) -> None:
        """Read one track; what it has that does not fit columns leaves its rows to the row reader."""
        plan = self.plan.tracks[name]
        applies = self.applies[name] = self.known.reader.truth(plan.track.applies_to)
        try:
            track = Track(plan, self.stood, number, applies, frozenset(self.known.followed))
        except NotColumnarError as cannot:
            self.by_row.append(f"{name}: {cannot}")
        else:
            self.tracks.append(track)
            self.steps += track.steps
            self.stood = Reader(track.reader.fields, self.plan.constants, self.weight)

    def _read_laws(self) -> None:
        """Read the rules that bind the facts of every track."""
        for place, law in enumerate(laws_of(self.plan.edition.invariants, self.stood)):
            self.staged[f"__g{place}"] = as_column(law.holds)
            self.laws.append(law._replace(holds=_named(f"__g{place}", law.holds)))

    def _judge(self, track: Track) -> None:
        """Read the criteria of a track."""
        try:
            reader = Reader(self.stood.fields, self.plan.constants, self.weight)
            track.judge(self.stood.fields, self.patterns.laws_under(self.laws, track.plan.decisive, reader))
        except NotColumnarError as cannot:
            self.by_row.append(f"{track.plan.track.id}: {cannot}")
            self.tracks.remove(track)

    def bounds(self) -> list[Bounds]:
        """Say how large figures of each width may be, so that the heaviest sum fits the column."""
        widths = {NARROW: [n for n in self.known.numbers if self.schema.get(n) == nw.Int32]}
        widths[WIDE] = [name for name in self.known.numbers if name not in widths[NARROW]]
        return [Bounds(tuple(names), self._room(width)) for width, names in widths.items() if names]

    def _room(self, width: int) -> int:
        """Return the bits that a figure may have where a sum may have so many."""
        room = (1 << width) - 1 - self.weight.constant
        return max((room // max(self.weight.factors, 1)).bit_length() - 1, 0) if room > 0 else 0

    def built(self, within: Within, odd: str) -> ColumnPlan:
        """Return the plan."""
        applies = {track: _named(f"__a{track.number}", track.applies) for track in self.tracks}
        # cells are looked at where tracks are told apart: both hold the same texts against the same choices
        cells = {f"__ok_{name}": as_column(column.plain) for name, column in self.columns.items() if column.plain is not True}
        self.columns = {n: c._replace(plain=_named(f"__ok_{n}", c.plain)) for n, c in self.columns.items()}
        steps = [*self.known.steps, {**{f"__a{t.number}": as_column(t.applies) for t in self.tracks}, **cells}]
        steps += self.steps
        read = {track.plan.track.id for track in self.tracks}
        elsewhere = [certain(opposite(truth), unknown=True) for name, truth in self.applies.items() if name not in read]
        fits: Truth = nw.col(odd).is_null() if odd else True
        plain = all_of([fits, within.holds(self.bounds()), *self.known.agree, *elsewhere, self._alone(applies)])
        steps.append({"__plain": as_column(plain), **self.staged, **self._staged()})
        steps.append({f"__f{track.number}": as_column(self._fits(track, applies[track])) for track in self.tracks})
        base = self._code(applies, within)
        bound = bind(self.plan, self.known.reader, self.codes, self.relied)
        code = base if bound is None else nw.col("__code")
        if bound is not None:
            steps.append({"__base": base})
            steps += bound
        note_interpretations(self.plan, self.tracks, self.known.followed, self.codes, self.relied)
        return ColumnPlan(tuple(steps), code, self._criteria(), self.relied.column(), self.codes, self.relied, tuple(self.by_row))

    def _staged(self) -> "dict[str, nw.Expr]":
        """Return every criterion a column of its own, since levels and answers both read it."""
        staged: dict[str, nw.Expr] = {}
        for track in self.tracks:
            for place, (name, judged) in enumerate(track.criteria.items()):
                one = _named(f"__c{track.number}_{place}", judged.met)
                track.criteria[name] = judged._replace(met=one)
                staged |= {f"__c{track.number}_{place}": as_column(judged.met)} if one is not judged.met else {}
        return staged

    def _alone(self, applies: Mapping[Track, Truth]) -> Truth:
        """Tell that not more than one track applies, where the choices that lead to tracks do not make that sure."""
        pins = [track.pinned() for track in self.tracks]
        apart = all(
            any(name in two and not set(one[name]) & set(two[name]) for name in one) for n, one in enumerate(pins) for two in pins[:n]
        )
        if apart:
            return True
        truths = list(applies.values())
        return all_of(opposite(all_of((one, two))) for n, one in enumerate(truths) for two in truths[:n])

    def _code(self, applies: Mapping[Track, Truth], within: Within) -> "nw.Expr":
        """Return the code of a row: of the first level that decides in its track, else of what comes out where none does."""
        branches: list[tuple[Truth, int]] = []
        for track in self.tracks:
            fits = nw.col(f"__f{track.number}")
            branches += [(all_of((fits, holds)), code) for holds, code in self._answers(track)]
        nowhere = all_of([*(opposite(truth) for truth in applies.values()), nw.col("__plain"), all_plain(self.columns)])
        if len(self.tracks) == len(self.plan.tracks):
            branches.append((nowhere, self.codes.of(Meaning(None, "out_of_scope", None))))
        chosen: nw.Expr = nw.lit(None, dtype=within.code)
        for truth, code in reversed(branches):
            if truth is not False:
                chosen = nw.when(as_column(truth)).then(nw.lit(code, dtype=within.code)).otherwise(chosen)
        return chosen

    def _fits(self, track: Track, applies: Truth) -> Truth:
        """Return whether a row is plainly one of a track, with figures that can be."""
        choices = all_plain(self.columns, frozenset(track.pinned()))
        return all_of((applies, nw.col("__plain"), *(law.real for law in track.laws), choices, track.fits))

    def _answers(self, track: Track) -> Iterator[tuple[Truth, int]]:
        """Return what a track can come to, in the order in which it is decided."""
        rules, name = track.plan.rules, track.plan.track.id
        for step in track.plan.track.decide:
            for level in step.levels:
                yield track.level(rules[level]), self.codes.of(Meaning(name, "classified", level))
        residual = track.plan.track.residual
        yield True, self.codes.of(Meaning(name, residual.outcome, residual.level, residual.outcome == "gap"))

    def _criteria(self) -> "dict[str, nw.Expr]":
        """Return the columns of the criteria; those of other tracks than a row's are NULL."""
        found: dict[str, nw.Expr] = {name: nw.lit(None, dtype=nw.Boolean) for name in criterion_columns(self.plan)}
        for track in self.tracks:
            here = nw.col(f"__a{track.number}")
            for criterion in criteria_of(track.plan.track.levels):
                judged = track.criteria[criterion.id]
                column = column_of(track.plan.track.id, criterion.id)
                reached = all_of((here, judged.applies))
                found[column] = nw.when(as_column(reached)).then(as_column(judged.met))
                if criterion.applies_when:
                    found[f"{column}__applies"] = nw.when(here).then(as_column(judged.applies))
        return found


def _columns(plan: Plan, schema: Schema, *, wide: bool) -> dict[str, Column]:
    """Read the columns of the file that are facts."""
    found: dict[str, Column] = {}
    facts = {name: fact for name, fact in plan.edition.facts.items() if name in schema}
    texts = any(fact.type.kind == "day" and schema[name] == nw.String for name, fact in facts.items())
    for name, fact in facts.items():
        column = read_column(fact, schema[name], plan.edition.scale, wide=wide, texts=texts)
        assert column is not None, name
        found[name] = column
    return found


def _named(name: str, truth: Truth) -> Truth:
    """Return a truth by the name of its column, where it is not the same for every row."""
    return nw.col(name) if isinstance(truth, nw.Expr) else truth
