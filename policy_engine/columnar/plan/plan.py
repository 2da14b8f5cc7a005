"""One edition over the columns of one kind of file: a code for each row that is plainly settled, its criteria and its interpretations.

A row is plain where every cell is a value of its fact's type, the facts that decide are known, the figures are real and small enough
for whole numbers of 64 bits, and exactly one track applies. Every other row has no code; the row reader looks at it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from math import lcm
from typing import Any, NamedTuple

import narwhals.stable.v2 as nw

from policy_engine.columnar.plan.answers import AnswerLayout, CodeMeaning, Codes, criteria_of, criterion_columns
from policy_engine.columnar.plan.completing import Completing, laws_of
from policy_engine.columnar.plan.conditions import ColumnReader, Weight
from policy_engine.columnar.plan.fields import (
    FactColumn,
    FactField,
    NotColumnarError,
    Truth,
    agrees,
    all_of,
    all_plain,
    any_of,
    as_column,
    certain,
    known,
    opposite,
    read_column,
)  # fmt: skip
from policy_engine.columnar.plan.track import Step, TrackColumns, bind, note_interpretations
from policy_engine.evaluate.core.plan import Plan
from policy_engine.evaluate.open.linear import Linear, NotLinearError
from policy_engine.language.values import UNKNOWN, Unknown
from policy_engine.model.facts import FactDeclaration

Schema = Mapping[str, nw.dtypes.DType]
_ENOUGH = 20
"""Bits that a figure must have at least before narrow columns are widened: a count of a million is looked at without haste."""
_NARROW, _WIDE = 31, 62
"""Bits of a sum over columns of 32 bits, and of 64; where both are added, neither leaves 64."""
_BYTE = 256


class ColumnPlan(NamedTuple):
    """What to work out for each row, step by step; each step may name the columns of those before it."""

    steps: tuple[Mapping[str, nw.Expr], ...]
    code: nw.Expr
    criteria: Mapping[str, nw.Expr]
    """By name of the column: whether each criterion is met, and whether it applies where it need not; NULL is unknown."""
    codes: Codes
    by_row: tuple[str, ...] = ()
    """Constructs that this reader cannot put into columns; rows that meet them are worked out one by one."""


def plan_columns(plan: Plan, schema: Schema, odd: str = "", *, thorough: bool = False, bitwise: bool = True) -> ColumnPlan:
    """Put an edition into columns.

    Args:
        plan: the edition.
        schema: the columns of the file that are facts.
        odd: a column that is NULL but in rows that fit no columns, if there is one.
        thorough: whether to settle rows too that leave figures open which nothing decides on; it takes more time in each row.
        bitwise: whether the engine joins the bits of whole numbers, so that one comparison holds all of them within bounds.
    """
    completing = Completing(plan, thorough=thorough)
    try:
        building = Building(plan, schema, completing, wide=False)
        if any(bits < _ENOUGH for bits in building.bounds().values()):
            building = Building(plan, schema, completing, wide=True)
        return building.built(odd, bitwise=bitwise)
    except NotColumnarError as cannot:  # all rows rest on it
        blank = {name: nw.lit(None, dtype=nw.Boolean) for name in criterion_columns(plan)}
        return ColumnPlan(steps=(), code=nw.lit(None, dtype=_code_type(plan)), criteria=blank, codes=Codes(), by_row=(str(cannot),))


def stepped(frame: "nw.LazyFrame[Any]", steps: Iterable[Mapping[str, nw.Expr]]) -> "nw.LazyFrame[Any]":
    """Take a frame through steps, each of which may name the columns of those before it."""
    for step in steps:
        frame = frame.with_columns(**step) if step else frame
    return frame


def planned(native: Any, columns: ColumnPlan, layout: AnswerLayout, raw: Sequence[str]) -> Any:
    """Add to a frame of any engine what a plan works out: `__answer`, the criteria that are asked for, and what interpretations hang on."""
    frame = stepped(nw.from_native(native), columns.steps)
    worked_out = [nw.col(*raw), columns.code.alias("__answer")]
    worked_out += [expression.alias(name) for name, expression in columns.criteria.items() if name in layout.criteria]
    if layout.interpretations:
        base = nw.col("__base") if any("__base" in step for step in columns.steps) else columns.code
        worked_out += [base.alias("__by_criteria"), columns.codes.bits().alias("__bits")]
    return frame.select(*worked_out).to_native()


def _code_type(plan: Plan) -> "type[nw.Int32 | nw.UInt8]":
    """Return the type of codes: a byte, where it holds all that an edition can need."""
    return nw.UInt8 if 1 + sum(2 * len(track.rules) + 2 for track in plan.tracks.values()) <= _BYTE else nw.Int32


class Followed:
    """The fields of a file with what follows from them under every track, step by step: derived facts, and what unstated ones are."""

    def __init__(self, columns: Mapping[str, FactColumn], plan: Plan, reader: ColumnReader) -> None:
        """Take the columns of the file by fact, and let follow what follows.

        Raises:
            NotColumnarError: where a fact follows in a way that does not fit columns.
        """
        self.reader = reader
        self.steps: list[Step] = [{name: value for column in columns.values() for name, value in column.staged.items()}]
        self.numbers = [column.field.column for column in columns.values() if column.number]
        self.agree: list[Truth] = []
        self.followed: dict[str, Truth] = {}
        for fact, source in plan.follows:
            if source:
                continue
            if fact.type.kind == "bool":
                self._truth(fact)
            elif fact.derived and fact.type.kind in {"count", "points", "months", "level"}:
                self._number(fact)
            else:
                raise NotColumnarError(f"{fact.name}: {(fact.derived or fact.when_absent or fact.location)}")

    def _truth(self, fact: FactDeclaration) -> None:
        """Let a truth follow; what the row states goes first, and must not contradict it."""
        field = self.reader.fields[fact.name]
        stated: Truth = nw.col(field.column) if field.column else UNKNOWN
        derived = self.reader.truth(fact.derived) if fact.derived else UNKNOWN
        absent = self.reader.truth(fact.when_absent) if fact.when_absent else UNKNOWN
        self.agree.append(certain(agrees(stated, derived), unknown=True))
        self.followed[fact.name] = any_of((_is_known(derived), all_of((opposite(_is_known(stated)), _is_known(absent)))))
        values = [as_column(truth) for truth in (stated, derived, absent) if not isinstance(truth, Unknown)]
        if values and (len(values) > 1 or not field.column):
            name = f"__w_{fact.name}"
            self.steps.append({name: nw.coalesce(*values) if len(values) > 1 else values[0]})
            self._set(fact, FactField(kind="bool", column=name))

    def _number(self, fact: FactDeclaration) -> None:
        """Let a number follow: a sum, worked out where the row does not state it."""
        assert fact.derived
        field = self.reader.fields[fact.name]
        try:
            total = self.reader.number(fact.derived.tree)
        except NotLinearError as error:
            raise NotColumnarError(f"{fact.name}: {fact.derived.text}") from error
        if total is None:
            return
        if total.below is not None or field.none:
            raise NotColumnarError(f"{fact.name}: {fact.derived.text}")
        summed = FactField(kind=field.kind, total=total)
        self.followed[fact.name] = known(summed)
        if not field.column:
            self._set(fact, summed)
            return
        own = Linear({field.column: Fraction(1, field.scale)})
        self.agree.append(certain(self.reader.row(total.plus(own, -1), "=="), unknown=True))
        scale = lcm(field.scale, *(Fraction(c).denominator for c in (*total.terms.values(), total.constant)))
        plus, minus = self.reader.sides(total.terms, total.constant, scale)
        stated = nw.col(field.column) * (scale // field.scale)
        name = f"__w_{fact.name}"
        worked_out = nw.lit(plus) if isinstance(plus, int) else plus
        self.steps.append({name: nw.coalesce(stated.cast(nw.Int64), (worked_out - minus).cast(nw.Int64))})
        self.numbers.append(name)
        self._set(fact, FactField(kind=field.kind, column=name, scale=scale))

    def _set(self, fact: FactDeclaration, field: FactField) -> None:
        """Let later conditions read the fact from another column."""
        self.reader.fields = {**self.reader.fields, fact.name: field}


def _is_known(truth: Truth) -> Truth:
    return not isinstance(truth, Unknown) if isinstance(truth, (bool, Unknown)) else ~truth.is_null()


class Building:
    """A plan on its way: the edition read over the columns of a file."""

    def __init__(self, plan: Plan, schema: Schema, completing: Completing, *, wide: bool) -> None:
        """Read the columns, and everything over them; a track that does not fit columns leaves its rows to the row reader."""
        self.plan, self.schema, self.completing = plan, schema, completing
        facts = {name: fact for name, fact in plan.edition.facts.items() if name in schema}
        texts = any(fact.type.kind == "day" and schema[name] == nw.String for name, fact in facts.items())
        self.columns: dict[str, FactColumn] = {}
        for name, fact in facts.items():
            column = read_column(fact, schema[name], plan.edition.scale, wide=wide, texts=texts)
            assert column is not None, name
            self.columns[name] = column
        fields = {name: FactField(kind=fact.type.kind) for name, fact in plan.edition.facts.items()}
        self.weight = Weight()
        self.follows = Followed(
            self.columns, plan, ColumnReader({**fields, **{n: c.field for n, c in self.columns.items()}}, plan.constants, self.weight)
        )
        self.reader = self.follows.reader
        self.by_row: list[str] = []
        self.tracks: list[TrackColumns] = []
        self.steps: list[Step] = []
        self.stood = self.reader
        self.applies = {name: self.reader.truth(track.track.applies_to) for name, track in plan.tracks.items()}
        for number, (name, track) in enumerate(plan.tracks.items()):
            try:
                one = TrackColumns(track, self.stood, number, self.applies[name], frozenset(self.follows.followed))
            except NotColumnarError as cannot:
                self.by_row.append(f"{name}: {cannot}")
            else:
                self.tracks.append(one)
                self.steps += one.steps
                self.stood = self.reader.over(one.reader.fields, plan.constants)
        laws = laws_of(plan.edition.invariants, self.stood)
        self.laws: Step = {f"__g{place}": as_column(law.holds) for place, law in enumerate(laws)}
        laws = [law._replace(holds=_named(f"__g{place}", law.holds)) for place, law in enumerate(laws)]
        for one in list(self.tracks):
            try:
                reader = self.stood.over(self.stood.fields, plan.constants)
                one.judge(self.stood.fields, completing.laws_under(laws, one.plan.decisive, reader))
            except NotColumnarError as cannot:
                self.by_row.append(f"{one.id}: {cannot}")
                self.tracks.remove(one)

    def bounds(self) -> dict[tuple[str, ...], int]:
        """Return how many bits a figure may have, by the columns of one width, so that the heaviest sum fits the column."""
        narrow = tuple(name for name in self.follows.numbers if self.schema.get(name) == nw.Int32)
        wide = tuple(name for name in self.follows.numbers if name not in narrow)
        found: dict[tuple[str, ...], int] = {}
        for names, width in ((narrow, _NARROW), (wide, _WIDE)):
            room = ((1 << width) - 1 - self.weight.constant) // max(self.weight.factors, 1)
            found |= {names: max(room.bit_length() - 1, 0) if room > 0 else 0} if names else {}
        return found

    def within(self, *, bitwise: bool) -> Truth:
        """Return whether every figure of a row is a whole number from 0 within bounds; joined bits say it of all figures at once."""
        parts: list[Truth] = []
        for names, bits in self.bounds().items():
            if bitwise:
                union = nw.col(names[0]).fill_null(0)
                for name in names[1:]:
                    union = union | nw.col(name).fill_null(0)
                parts.append((union >= 0) & (union < 1 << bits))
            else:
                parts += [nw.col(name).is_null() | ((nw.col(name) >= 0) & (nw.col(name) < 1 << bits)) for name in names]
        return all_of(parts)

    def built(self, odd: str, *, bitwise: bool) -> ColumnPlan:
        """Return the plan; see `plan_columns`."""
        codes, tracks = Codes(), self.tracks
        applies = [_named(f"__a{track.number}", track.applies) for track in tracks]
        # cells are looked at in the step that parts the tracks: both hold the same texts against the same choices
        cells = {f"__ok_{name}": as_column(column.plain) for name, column in self.columns.items() if column.plain is not True}
        columns = {name: column._replace(plain=_named(f"__ok_{name}", column.plain)) for name, column in self.columns.items()}
        steps = [*self.follows.steps, {**{f"__a{track.number}": as_column(track.applies) for track in tracks}, **cells}, *self.steps]
        read = {track.id for track in tracks}
        elsewhere = [certain(opposite(truth), unknown=True) for name, truth in self.applies.items() if name not in read]
        fits: Truth = nw.col(odd).is_null() if odd else True
        plain = all_of([fits, self.within(bitwise=bitwise), *self.follows.agree, *elsewhere, self._alone(applies)])
        staged: Step = {}
        fitting: Step = {}
        for track in tracks:  # every criterion is a column of its own, since levels and answers both read it
            for place, (name, judged) in enumerate(track.criteria.items()):
                one = _named(f"__c{track.number}_{place}", judged.met)
                track.criteria[name] = judged._replace(met=one)
                staged |= {f"__c{track.number}_{place}": as_column(judged.met)} if one is not judged.met else {}
        steps.append({"__plain": as_column(plain), **self.laws, **staged})
        for track, here in zip(tracks, applies, strict=True):
            choices = all_plain(columns, frozenset(track.pinned()))
            real = [law.real for law in track.laws]
            fitting[f"__f{track.number}"] = as_column(all_of((here, nw.col("__plain"), *real, choices, track.fits)))
        steps.append(fitting)
        branches = [
            (all_of((nw.col(f"__f{track.number}"), holds)), codes.of(meaning)) for track in tracks for holds, meaning in _outcomes(track)
        ]
        if len(tracks) == len(self.plan.tracks):
            nowhere = all_of([*map(opposite, applies), nw.col("__plain"), all_plain(columns)])
            branches.append((nowhere, codes.of(CodeMeaning(None, "out_of_scope", None))))
        kind = _code_type(self.plan)
        code: nw.Expr = nw.lit(None, dtype=kind)
        for truth, number in reversed(branches):
            code = code if truth is False else nw.when(as_column(truth)).then(nw.lit(number, dtype=kind)).otherwise(code)
        bound = bind(self.plan, self.reader, codes)
        if bound:
            steps += [{"__base": code}, *bound]
            code = nw.col("__code")
        note_interpretations(self.plan, tracks, self.follows.followed, codes)
        return ColumnPlan(steps=tuple(steps), code=code, criteria=self._criteria(), codes=codes, by_row=tuple(self.by_row))

    def _alone(self, applies: Sequence[Truth]) -> Truth:
        """Return whether not more than one track applies, where the choices that lead to tracks do not make that sure."""
        pins = [track.pinned() for track in self.tracks]
        pairs = [(one, two) for n, one in enumerate(pins) for two in pins[:n]]
        if all(any(name in two and not set(one[name]) & set(two[name]) for name in one) for one, two in pairs):
            return True
        return all_of(opposite(all_of((one, two))) for n, one in enumerate(applies) for two in applies[:n])

    def _criteria(self) -> dict[str, nw.Expr]:
        """Return the columns of the criteria; those of other tracks than a row's are NULL."""
        found: dict[str, nw.Expr] = {name: nw.lit(None, dtype=nw.Boolean) for name in criterion_columns(self.plan)}
        for track in self.tracks:
            here = nw.col(f"__a{track.number}")
            for column, criterion in criteria_of(track.plan.track).items():
                judged = track.criteria[criterion.id]
                found[column] = nw.when(as_column(all_of((here, judged.applies)))).then(as_column(judged.met))
                if criterion.applies_when:
                    found[f"{column}__applies"] = nw.when(here).then(as_column(judged.applies))
        return found


def _outcomes(track: TrackColumns) -> Iterator[tuple[Truth, CodeMeaning]]:
    """Return what a track can come to, in the order in which it is decided: the first level that holds, else the residual."""
    own = track.plan.track
    for step in own.decide:
        for level in step.levels:
            yield track.level(track.plan.rules[level]), CodeMeaning(track.id, "classified", level)
    yield True, CodeMeaning(track.id, own.residual.outcome, own.residual.level, own.residual.outcome == "gap")


def _named(name: str, truth: Truth) -> Truth:
    """Return a truth by the name of its column, where it is not the same for every row."""
    return nw.col(name) if isinstance(truth, nw.Expr) else truth
