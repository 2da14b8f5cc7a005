"""From the columns of a file to facts: each cell as its fact's type asks, or the row is left to be looked at by itself.

A cell that is not plainly a value of its fact's type is never guessed at here: its row is not plain, and the row reader says what is
wrong with it.

A truth is an expression over columns (NULL is unknown), or `True`, `False` or `UNKNOWN` for every row alike. Kleene's logic joins them,
so that what is known before any row is read falls out, and a plan holds only what it must.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from fractions import Fraction
from typing import NamedTuple, TypeAlias

import narwhals.stable.v2 as nw

from policy_engine.evaluate.open.linear import Linear
from policy_engine.language.values import UNKNOWN, Unknown
from policy_engine.load.cells import MOST_FLOAT, NO, WORDS_FOR_NOTHING, YES
from policy_engine.model.facts import FactDeclaration
from policy_engine.model.rulebook import Level

Truth: TypeAlias = nw.Expr | bool | Unknown

_COUNT = r"^(0|[1-9][0-9]{0,14})$"
_MONTHS = r"^(0|[1-9][0-9]{0,8}) months$"
_PART = r"(0\.[0-9]{1,6}|[1-9][0-9]{3,8}\.[0-9]{1,6}|[1-9][0-9]{0,2}\.([0-9]{1,2}|[0-9]{4,6})|0|[1-9][0-9]{0,8})"
"""A decimal that cannot be taken for thousands: three digits after a point could be a group of them."""
_DIGITS = r"^(0|[1-9][0-9]{0,8})(\.[0-9]{1,6}0*)?$"
_INTEGRAL = r"^(0|[1-9][0-9]{0,14})(\.0+)?$"
_ROOM = 1 << 62
"""Below this a whole number is worked with in columns, if the rules leave room for it."""
_POINTS_SCALE = 1_000_000
_MOST_MONTHS = 10**15
_MOST_POINTS = 1_000_000_000
"""Below this, a floating point number is the decimal of six places that it is nearest to, if there is one."""
_MONTHS_30, _MONTHS_31 = "0[13-9]|1[0-2]", "0[13578]|1[02]"
_DAYS = rf"(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|({_MONTHS_30})-(29|30)|({_MONTHS_31})-31"
_DAY = rf"^[1-9][0-9]{{3}}-({_DAYS})$"
"""Every day but the 29th of February, which is looked at by itself."""
_YES, _NO = (tuple(form(word) for word in sorted(words) for form in (str, str.capitalize, str.upper)) for words in (YES, NO))
_ODD_TEXT = r"^$|^\s|\s$|\s\s|[\t\n\r\x{a0}\x{300}-\x{36f}\x{2000}-\x{200b}\x{202f}\x{3000}\x{feff}]|^#|^(?i:err):"
"""A text that must be looked at closely before it is taken as it stands."""
_NO_TEXT = tuple(sorted(word.lower() for word in WORDS_FOR_NOTHING))
NUMBERS = frozenset({"count", "points", "months", "share", "level"})


class NotColumnarError(Exception):
    """A construct that this reader cannot put into columns; what rests on it is worked out row by row."""


def all_of(parts: Iterable[Truth]) -> Truth:
    """Return the conjunction after Kleene."""
    return _joined(parts, nw.Expr.__and__, ends=False)


def any_of(parts: Iterable[Truth]) -> Truth:
    """Return the disjunction after Kleene."""
    return _joined(parts, nw.Expr.__or__, ends=True)


def _joined(parts: Iterable[Truth], join: "Callable[[nw.Expr, nw.Expr], nw.Expr]", *, ends: bool) -> Truth:
    """Join truths; one that is `ends` decides, and its opposite falls out."""
    joined: nw.Expr | None = None
    open_ = False
    for part in parts:
        if part is ends:
            return ends
        if isinstance(part, Unknown):
            open_ = True
        elif not isinstance(part, bool):
            joined = part if joined is None else join(joined, part)
    if open_:
        return UNKNOWN if joined is None else join(joined, as_column(UNKNOWN))
    return not ends if joined is None else joined


def opposite(part: Truth) -> Truth:
    """Return the negation after Kleene."""
    if isinstance(part, Unknown):
        return UNKNOWN
    return not part if isinstance(part, bool) else ~part


def as_column(part: Truth) -> nw.Expr:
    """Return a truth as an expression."""
    if isinstance(part, nw.Expr):
        return part
    return nw.lit(None if isinstance(part, Unknown) else part, dtype=nw.Boolean)


def certain(part: Truth, *, unknown: bool) -> Truth:
    """Return a truth with what stands for unknown."""
    if isinstance(part, Unknown):
        return unknown
    return part if isinstance(part, bool) else part.fill_null(unknown)


def agrees(one: Truth, other: Truth) -> Truth:
    """Return whether two truths are the same, where both are known."""
    if isinstance(one, Unknown) or isinstance(other, Unknown):
        return UNKNOWN
    return any_of((all_of((one, other)), all_of((opposite(one), opposite(other)))))


class FactField(NamedTuple):
    """Where a fact stands: its column ("" where the file has none, so that it is always unknown).

    A number is a whole number of 1/`scale`. `none` is the column that says that the value is known not to exist.
    """

    kind: str
    column: str = ""
    scale: int = 1
    none: str = ""
    as_text: bool = False
    """Whether a day is held as text (ISO days order as days do), or a set."""
    total: Linear | None = None
    """What a number without a column of its own adds up from."""

    def as_sum(self) -> Linear | None:
        """Return a number as a sum over columns; None where it is unknown for every row."""
        return self.total or (Linear({self.column: Fraction(1, self.scale)}) if self.column else None)


class FactColumn(NamedTuple):
    """A column of a file as a fact: the field, what must be worked out first, and whether a cell is a plain value."""

    field: FactField
    staged: Mapping[str, nw.Expr]
    plain: Truth
    number: bool = False
    """Whether the column holds whole numbers that must be held within bounds."""


def known(field: FactField) -> Truth:
    """Return whether a fact is known: its value, or that it does not exist."""
    if field.total is not None:
        return all_of(~nw.col(name).is_null() for name in field.total.terms)
    if not field.column:
        return False
    there = ~nw.col(field.column).is_null()
    return there | nw.col(field.none) if field.none else there


def member(field: FactField, choice: str) -> Truth:
    """Return whether a choice is one of a set."""
    if not field.column:
        return UNKNOWN
    column = nw.col(field.column)
    return column.str.contains(rf"[\[ ,]{choice}[,\]]") if field.as_text else column.list.contains(choice)


def read_column(
    fact: FactDeclaration, dtype: nw.dtypes.DType, scale: Mapping[str, Level], *, wide: bool, texts: bool = False
) -> FactColumn | None:
    """Read a column as a fact; None where no cell of such a column can be one (a truth for a count, say).

    `wide`: narrow whole numbers are widened, for rules with large factors; `texts`: days are held as texts, as another column has them.
    """
    kind, raw = fact.type.kind, nw.col(fact.name)
    worded = dtype == nw.Categorical or isinstance(dtype, nw.Enum)
    if dtype == nw.Unknown or str(dtype) == "Null" or (kind == "list" and (isinstance(dtype, nw.List) or dtype == nw.String)):
        return _by_row(fact, raw)
    if kind == "set" and isinstance(dtype, nw.List):
        # as many members as there are choices in it; one named twice is left to the row reader
        found = [raw.list.contains(choice).cast(nw.Int64) for choice in fact.type.choices]
        whole = raw.list.len().cast(nw.Int64) == sum(found[1:], found[0])
        return FactColumn(FactField(kind=kind, column=fact.name), {}, any_of((raw.is_null(), whole))) if dtype.inner == nw.String else None
    if dtype == nw.String or (worded and kind == "choice"):
        return _from_text(fact, raw, scale)
    if worded and kind not in {"set", "text"}:
        return _from_text(fact, raw.cast(nw.String), scale)
    if kind == "bool" and dtype == nw.Boolean:
        return FactColumn(FactField(kind=kind, column=fact.name), {}, True)
    if kind == "day" and (dtype == nw.Date or isinstance(dtype, nw.Datetime)):
        return _day(fact, dtype, raw, texts=texts)
    if dtype.is_numeric():
        return _number(fact, dtype, raw, wide=wide)
    return _by_row(fact, raw) if dtype == nw.Binary else None


def _by_row(fact: FactDeclaration, raw: nw.Expr, plain: Truth | None = None) -> FactColumn:
    """Read a column whose cells are all looked at one by one: only a row that states none is plain."""
    return FactColumn(FactField(kind=fact.type.kind), {}, raw.is_null() if plain is None else plain)


def _staged(
    fact: FactDeclaration, gap: Truth, fits: Truth, value: nw.Expr, *, scale: int = 1, number: bool = False, as_text: bool = False
) -> FactColumn:
    """Read a column whose values are worked out first: plain where there is a gap, or where a cell fits."""
    name = f"__v_{fact.name}"
    return FactColumn(FactField(kind=fact.type.kind, column=name, scale=scale, as_text=as_text), {name: value}, any_of((gap, fits)), number)


def _day(fact: FactDeclaration, dtype: nw.dtypes.DType, raw: nw.Expr, *, texts: bool) -> FactColumn:
    """Read a column of days, or of times at midnight; times in a zone are left to the row reader."""
    timed = isinstance(dtype, nw.Datetime)
    if isinstance(dtype, nw.Datetime) and dtype.time_zone:
        return _by_row(fact, raw)
    day = raw.cast(nw.Date) if timed else raw
    fits = (day >= date.min) & (day <= date.max)
    if timed:
        fits = fits & (day.cast(dtype) == raw)
    return _staged(fact, raw.is_null(), fits, nw.when(fits).then(day.cast(nw.String) if texts else day), as_text=texts)


def _number(fact: FactDeclaration, dtype: nw.dtypes.DType, raw: nw.Expr, *, wide: bool) -> FactColumn | None:
    """Read a column of numbers; None where no number can be such a value."""
    kind, gap = fact.type.kind, raw.is_null()
    if isinstance(dtype, nw.Decimal):
        text = raw.cast(nw.String)
        if kind == "points":
            return _figure(fact, text, _DIGITS, _POINTS_SCALE)
        if kind not in {"count", "months"}:
            return _by_row(fact, raw)
        fits = text.str.contains(_INTEGRAL)
        return _staged(fact, gap, fits, nw.when(fits).then(text).str.replace_all(r"\..*$", "").cast(nw.Int64), number=True)
    if dtype.is_integer() and kind in {"count", "months", "points"}:
        return _whole(fact, dtype, raw, wide=wide)
    if kind == "bool":
        truth = nw.when(raw == 1).then(nw.lit(True)).otherwise(nw.when(raw == 0).then(nw.lit(False)))
        return _staged(fact, gap, any_of((raw == 0, raw == 1)), truth)
    if dtype.is_integer():
        return _by_row(fact, raw) if kind in {"day", "share", "text"} else None
    # floating point numbers: whole ones, or decimals of so few places that none is lost; one that is no number is a gap
    raw = raw.cast(nw.Float64)
    gap = raw.is_null() | raw.is_nan()
    if kind not in {"count", "months", "points"}:
        return _by_row(fact, raw, gap)
    scale, most = (_POINTS_SCALE, _MOST_POINTS) if kind == "points" else (1, _MOST_MONTHS if kind == "months" else MOST_FLOAT)
    parts = (raw * scale).round(0)
    fits = (raw >= 0) & (raw < most) & (parts / scale == raw)
    return _staged(fact, gap, fits, nw.when(fits).then(parts).cast(nw.Int64), scale=scale, number=True)


def _whole(fact: FactDeclaration, dtype: nw.dtypes.DType, raw: nw.Expr, *, wide: bool) -> FactColumn:
    """Read a column of whole numbers, as numbers of 64 bits unless they are of 32; figures beyond are left to the row reader."""
    months = fact.type.kind == "months"
    if dtype == nw.Int64 or (dtype == nw.Int32 and not wide):
        fits: Truth = any_of((raw.is_null(), raw < _MOST_MONTHS)) if months and dtype == nw.Int64 else True
        return FactColumn(FactField(kind=fact.type.kind, column=fact.name), {}, fits, number=True)
    if not any(dtype == large for large in (nw.UInt64, nw.Int128, nw.UInt128)):
        return _staged(fact, True, True, raw.cast(nw.Int64), number=True)
    fits = (raw >= 0) & (raw < (_MOST_MONTHS if months else _ROOM))
    return _staged(fact, raw.is_null(), ~nw.col(f"__v_{fact.name}").is_null(), nw.when(fits).then(raw).cast(nw.Int64), number=True)


def _from_text(fact: FactDeclaration, raw: nw.Expr, scale: Mapping[str, Level]) -> FactColumn:
    """Read a column of texts; where a value may be known not to exist, with a column that says so."""
    column = _text_of_kind(fact, raw, scale)
    if not fact.may_be_none:
        return column
    name = f"__n_{fact.name}"
    more = {name: (raw == "none").fill_null(False)}
    field = column.field._replace(none=name)
    if field.column == fact.name:  # a word that stands for itself: `none` is no such word
        field = field._replace(column=f"__v_{fact.name}")
        more[field.column] = nw.when(raw != "none").then(raw)
    return column._replace(field=field, staged={**column.staged, **more}, plain=any_of((column.plain, nw.col(name))))


def _text_of_kind(fact: FactDeclaration, raw: nw.Expr, scale: Mapping[str, Level]) -> FactColumn:
    """Read a column of texts as a kind of fact."""
    kind, gap = fact.type.kind, raw.is_null()
    as_it_is = FactField(kind=kind, column=fact.name)
    match kind:
        case "choice":
            return FactColumn(as_it_is, {}, any_of((gap, *(raw == choice for choice in fact.type.choices))))
        case "text":
            said = ~raw.str.contains(_ODD_TEXT) & ~raw.str.to_lowercase().is_in(_NO_TEXT)
            return FactColumn(as_it_is, {}, any_of((gap, said)))
        case "day":
            fits = raw.str.contains(_DAY)
            return _staged(fact, gap, fits, nw.when(fits).then(raw), as_text=True)
        case "bool":
            truth = nw.when(raw.is_in(_YES)).then(nw.lit(True)).otherwise(nw.when(raw.is_in(_NO)).then(nw.lit(False)))
            return _staged(fact, gap, raw.is_in((*_YES, *_NO)), truth)
        case "count" | "months":
            fits = raw.str.contains(_COUNT if kind == "count" else _MONTHS)
            digits = nw.when(fits).then(raw if kind == "count" else raw.str.replace_all(" months", "", literal=True))
            return _staged(fact, gap, fits, digits.cast(nw.Int64), number=True)
        case "level":
            rank: nw.Expr = nw.lit(None, dtype=nw.Int64)
            for level in scale.values():
                rank = nw.when(raw.is_in((level.id, level.code, *level.aliases))).then(nw.lit(level.rank, dtype=nw.Int64)).otherwise(rank)
            return _staged(fact, gap, nw.col(f"__v_{fact.name}") >= 0, rank)
        case "points":
            return _figure(fact, raw, rf"^{_PART}$", _POINTS_SCALE)
        case "share":
            return _figure(fact, raw, rf"^{_PART}%$", _POINTS_SCALE * 100)
        case _:
            one = f"({'|'.join(fact.type.choices)})"
            fits = raw.str.contains(rf"^\[\]$|^\[{one}(, ?{one})*\]$")
            return FactColumn(as_it_is._replace(as_text=True), {}, any_of((gap, fits)))


def _figure(fact: FactDeclaration, raw: nw.Expr, form: str, scale: int) -> FactColumn:
    """Read points, or percentages, as whole numbers of so small a part that none is lost, from their digits."""
    fits = raw.str.contains(form)
    text = nw.when(fits).then(raw.str.replace_all("%", "", literal=True))
    whole = text.str.replace_all(r"\..*$", "").cast(nw.Int64)
    parts = nw.concat_str([text.str.replace_all(r"^[0-9]+\.?", ""), nw.lit("000000")]).str.slice(0, 6).cast(nw.Int64)
    return _staged(fact, raw.is_null(), fits, whole * _POINTS_SCALE + parts, scale=scale, number=True)


def all_plain(columns: Mapping[str, FactColumn], without: frozenset[str] = frozenset()) -> Truth:
    """Return whether every cell of a row is a plain value."""
    return all_of(column.plain for name, column in columns.items() if name not in without)
