"""From the columns of a file to facts: each cell as its fact's type asks, or the row is left to be looked at by itself.

A cell that is not plainly a value of its fact's type is never guessed at here: its row is `odd`, and the row reader says
what is wrong with it.
"""

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from policy_engine.columnar.logic import Truth, all_of, any_of
from policy_engine.evaluate.open.linear import Linear
from policy_engine.extras import load_extra
from policy_engine.language.values import UNKNOWN
from policy_engine.load.cells import MOST_FLOAT, NO, WORDS_FOR_NOTHING, YES
from policy_engine.model.facts import FactDeclaration
from policy_engine.model.rulebook import Level

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw
else:
    nw = load_extra("narwhals.stable.v2", "batch")

_COUNT = r"^(0|[1-9][0-9]{0,14})$"
_MONTHS = r"^(0|[1-9][0-9]{0,8}) months$"
_PART = r"(0\.[0-9]{1,6}|[1-9][0-9]{3,8}\.[0-9]{1,6}|[1-9][0-9]{0,2}\.([0-9]{1,2}|[0-9]{4,6})|0|[1-9][0-9]{0,8})"
"""A decimal that cannot be taken for thousands: three digits after a point could be a group of them."""
_POINTS, _SHARE = rf"^{_PART}$", rf"^{_PART}%$"
_DIGITS = r"^(0|[1-9][0-9]{0,8})(\.[0-9]{1,6}0*)?$"
_INTEGRAL = r"^(0|[1-9][0-9]{0,14})(\.0+)?$"
ROOM = 1 << 62
"""Below this a whole number is worked with in columns, if the rules leave room for it."""
POINTS_SCALE = 1_000_000
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


class Field(NamedTuple):
    """Where a fact stands: its column ("" where the file has none, so that it is always unknown).

    A number is a whole number of 1/`scale`. `none` is the column that tells that the value is known not to exist.
    """

    kind: str
    column: str = ""
    scale: int = 1
    none: str = ""
    as_text: bool = False
    """Whether a day is held as text (ISO days order as days do), or a set."""
    total: Linear | None = None
    """What a number without a column of its own adds up from."""


def known(field: Field) -> Truth:
    """Return whether a fact is known: its value, or that it does not exist."""
    if field.total is not None:
        return all_of(~nw.col(name).is_null() for name in field.total.terms)
    if not field.column:
        return False
    there = ~nw.col(field.column).is_null()
    return there | nw.col(field.none) if field.none else there


class Column(NamedTuple):
    """A column of a file as a fact: the field, what must be worked out first, and whether a cell is a plain value."""

    field: Field
    staged: "Mapping[str, nw.Expr]"
    plain: Truth
    number: bool = False
    """Whether the column holds whole numbers that must be held within bounds."""


def read_column(
    fact: FactDeclaration, dtype: "nw.dtypes.DType", scale: Mapping[str, Level], *, wide: bool, texts: bool = False
) -> Column | None:  # fmt: skip
    """Read a column as a fact; None where no cell of such a column can be one (a truth for a count, say).

    Args:
        fact: the fact.
        dtype: the type of the column.
        scale: the levels of the edition.
        wide: whether narrow whole numbers are widened, for rules with large factors.
        texts: whether days are held as texts, since another column of the file has them so.
    """
    kind, raw = fact.type.kind, nw.col(fact.name)
    if dtype == nw.Unknown or str(dtype) == "Null":
        return Column(Field(kind), {}, raw.is_null())
    if kind == "list" and (isinstance(dtype, nw.List) or dtype == nw.String):
        return Column(Field(kind), {}, raw.is_null())
    if kind == "set" and isinstance(dtype, nw.List):
        return _set(fact, raw) if dtype.inner == nw.String else None
    if dtype == nw.String or (kind == "choice" and (dtype == nw.Categorical or isinstance(dtype, nw.Enum))):
        return _from_text(fact, raw, scale)
    if kind not in {"set", "text"} and (dtype == nw.Categorical or isinstance(dtype, nw.Enum)):
        return _from_text(fact, raw.cast(nw.String), scale)
    if kind == "bool" and dtype == nw.Boolean:
        return Column(Field(kind, fact.name), {}, True)
    if kind == "day" and (dtype == nw.Date or isinstance(dtype, nw.Datetime)):
        return _day(fact, dtype, raw, texts=texts)
    if dtype.is_numeric():
        return _number(fact, dtype, raw, wide=wide)
    return Column(Field(kind), {}, raw.is_null()) if dtype == nw.Binary else None


def _day(fact: FactDeclaration, dtype: "nw.dtypes.DType", raw: "nw.Expr", *, texts: bool) -> Column:
    """Read a column of days, or of times at midnight; times in a zone are left to the row reader."""
    name, timed = f"__v_{fact.name}", isinstance(dtype, nw.Datetime)
    if isinstance(dtype, nw.Datetime) and dtype.time_zone:
        return Column(Field("day"), {}, raw.is_null())
    day = raw.cast(nw.Date) if timed else raw
    fits = (day >= date.min) & (day <= date.max)
    if timed:
        fits = fits & (day.cast(dtype) == raw)
    staged = nw.when(fits).then(day.cast(nw.String) if texts else day)
    return Column(Field("day", name, as_text=texts), {name: staged}, any_of((raw.is_null(), fits)))


def _number(fact: FactDeclaration, dtype: "nw.dtypes.DType", raw: "nw.Expr", *, wide: bool) -> Column | None:
    """Read a column of numbers; None where no number can be such a value."""
    kind = fact.type.kind
    if isinstance(dtype, nw.Decimal):
        return _decimal(fact, raw)
    if dtype.is_integer() and kind in {"count", "months", "points"}:
        return _whole(fact, dtype, raw, wide=wide)
    if kind == "bool":
        return _zero_or_one(fact, raw)
    if not dtype.is_integer():
        return _of_floats(fact, raw.cast(nw.Float64))
    return Column(Field(kind), {}, raw.is_null()) if kind in {"day", "share", "text"} else None


def _zero_or_one(fact: FactDeclaration, raw: "nw.Expr") -> Column:
    """Read a column of numbers that tell yes from no."""
    name = f"__v_{fact.name}"
    truth = nw.when(raw == 1).then(nw.lit(True)).otherwise(nw.when(raw == 0).then(nw.lit(False)))
    return Column(Field("bool", name), {name: truth}, any_of((raw.is_null(), raw == 0, raw == 1)))


def _of_floats(fact: FactDeclaration, raw: "nw.Expr") -> Column:
    """Read a column of floating point numbers: whole ones, or decimals of so few places that none is lost; one that is none is a gap."""
    kind, name, gap = fact.type.kind, f"__v_{fact.name}", any_of((raw.is_null(), raw.is_nan()))
    if kind not in {"count", "months", "points"}:
        return Column(Field(kind), {}, gap)
    scale, most = (POINTS_SCALE, _MOST_POINTS) if kind == "points" else (1, _MOST_MONTHS if kind == "months" else MOST_FLOAT)
    parts = (raw * scale).round(0)
    fits = (raw >= 0) & (raw < most) & (parts / scale == raw)
    staged = {name: nw.when(fits).then(parts).cast(nw.Int64)}
    return Column(Field(kind, name, scale), staged, any_of((gap, fits)), number=True)


def _decimal(fact: FactDeclaration, raw: "nw.Expr") -> Column | None:
    """Read a column of decimals, from their digits."""
    kind, text, name = fact.type.kind, raw.cast(nw.String), f"__v_{fact.name}"
    if kind == "points":
        return _figure(fact, text, _DIGITS, POINTS_SCALE)
    if kind not in {"count", "months"}:
        return Column(Field(kind), {}, raw.is_null())
    fits = text.str.contains(_INTEGRAL)
    staged = {name: nw.when(fits).then(text).str.replace_all(r"\..*$", "").cast(nw.Int64)}
    return Column(Field(kind, name), staged, any_of((raw.is_null(), fits)), number=True)


def _whole(fact: FactDeclaration, dtype: "nw.dtypes.DType", raw: "nw.Expr", *, wide: bool) -> Column:
    """Read a column of whole numbers, as numbers of 64 bits unless they are of 32; figures beyond are left to the row reader."""
    fits: Truth = any_of((raw.is_null(), raw < _MOST_MONTHS)) if fact.type.kind == "months" and dtype == nw.Int64 else True
    if dtype == nw.Int64 or (dtype == nw.Int32 and not wide):
        return Column(Field(fact.type.kind, fact.name), {}, fits, number=True)
    name = f"__v_{fact.name}"
    if not any(dtype == large for large in (nw.UInt64, nw.Int128, nw.UInt128)):
        return Column(Field(fact.type.kind, name), {name: raw.cast(nw.Int64)}, True, number=True)
    most = _MOST_MONTHS if fact.type.kind == "months" else ROOM
    staged = {name: nw.when((raw >= 0) & (raw < most)).then(raw).cast(nw.Int64)}
    return Column(Field(fact.type.kind, name), staged, any_of((raw.is_null(), ~nw.col(name).is_null())), number=True)


def _set(fact: FactDeclaration, raw: "nw.Expr") -> Column:
    """Read a column of sets: as many members as there are choices in it; one named twice is left to the row reader."""
    found = [raw.list.contains(choice).cast(nw.Int64) for choice in fact.type.choices]
    whole = raw.list.len().cast(nw.Int64) == sum(found[1:], found[0])
    return Column(Field("set", fact.name), {}, any_of((raw.is_null(), whole)))


def member(field: Field, choice: str) -> Truth:
    """Return whether a choice is one of a set."""
    if not field.column:
        return UNKNOWN
    column = nw.col(field.column)
    return column.str.contains(rf"[\[ ,]{choice}[,\]]") if field.as_text else column.list.contains(choice)


def _from_text(fact: FactDeclaration, raw: "nw.Expr", scale: Mapping[str, Level]) -> Column:
    """Read a column of texts."""
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


def _text_of_kind(fact: FactDeclaration, raw: "nw.Expr", scale: Mapping[str, Level]) -> Column:
    """Read a column of texts as a kind of fact."""
    kind, value = fact.type.kind, f"__v_{fact.name}"
    match kind:
        case "choice":
            plain = any_of((raw.is_null(), *(raw == choice for choice in fact.type.choices)))
            return Column(Field(kind, fact.name), {}, plain)
        case "text":
            said = ~raw.str.contains(_ODD_TEXT) & ~raw.str.to_lowercase().is_in(_NO_TEXT)
            return Column(Field(kind, fact.name), {}, any_of((raw.is_null(), said)))
        case "day":
            fits = raw.str.contains(_DAY)
            return Column(Field(kind, value, as_text=True), {value: nw.when(fits).then(raw)}, any_of((raw.is_null(), fits)))
        case "bool":
            truth = nw.when(raw.is_in(_YES)).then(nw.lit(True)).otherwise(nw.when(raw.is_in(_NO)).then(nw.lit(False)))
            return Column(Field(kind, value), {value: truth}, any_of((raw.is_null(), raw.is_in((*_YES, *_NO)))))
        case "count" | "months":
            fits = raw.str.contains(_COUNT if kind == "count" else _MONTHS)
            digits = nw.when(fits).then(raw if kind == "count" else raw.str.replace_all(" months", "", literal=True))
            return Column(Field(kind, value), {value: digits.cast(nw.Int64)}, any_of((raw.is_null(), fits)), number=True)
        case "level":
            return _level(fact, raw, scale)
        case "points":
            return _figure(fact, raw, _POINTS, POINTS_SCALE)
        case "share":
            return _figure(fact, raw, _SHARE, POINTS_SCALE * 100)
        case _:
            one = f"({'|'.join(fact.type.choices)})"
            fits = raw.str.contains(rf"^\[\]$|^\[{one}(, ?{one})*\]$")
            return Column(Field(kind, fact.name, as_text=True), {}, any_of((raw.is_null(), fits)))


def _level(fact: FactDeclaration, raw: "nw.Expr", scale: Mapping[str, Level]) -> Column:
    """Read levels by their exact spellings, as their ranks."""
    rank: nw.Expr = nw.lit(None, dtype=nw.Int64)
    for level in scale.values():
        spellings = (level.id, level.code, *level.aliases)
        rank = nw.when(raw.is_in(spellings)).then(nw.lit(level.rank, dtype=nw.Int64)).otherwise(rank)
    value = f"__v_{fact.name}"
    return Column(Field("level", value), {value: rank}, any_of((raw.is_null(), nw.col(value) >= 0)))


def _figure(fact: FactDeclaration, raw: "nw.Expr", form: str, scale: int) -> Column:
    """Read points, or percentages, as whole numbers of so small a part that none is lost, from their digits."""
    fits = raw.str.contains(form)
    text = nw.when(fits).then(raw.str.replace_all("%", "", literal=True))
    whole = text.str.replace_all(r"\..*$", "").cast(nw.Int64)
    parts = nw.concat_str([text.str.replace_all(r"^[0-9]+\.?", ""), nw.lit("000000")]).str.slice(0, 6).cast(nw.Int64)
    value = f"__v_{fact.name}"
    staged = {value: whole * POINTS_SCALE + parts}
    return Column(Field(fact.type.kind, value, scale), staged, any_of((raw.is_null(), fits)), number=True)


def all_plain(columns: Mapping[str, Column], without: frozenset[str] = frozenset()) -> Truth:
    """Return whether every cell of a row is a plain value."""
    return all_of(column.plain for name, column in columns.items() if name not in without)
