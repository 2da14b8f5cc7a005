"""Columns and the row reader agree on cells: a cell is the same value to both, or columns leave its row to the row reader."""

import random
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import duckdb
import narwhals.stable.v2 as nw
import polars as pl
import pytest

from policy_engine.columnar.plan.fields import FactField, as_column, member, read_column
from policy_engine.load.cells import GAPS, NO, NONE, UNKNOWN, YES, JsonNumber, read_cell, written
from policy_engine.load.yaml_text import Data, Refusal
from policy_engine.model.facts import FactDeclaration
from tests.test_cells import CHOICES, EVERY_KIND, SCALE, _rows, fact_of

ENGINES = ("polars", "duckdb")
NUMBERS = (
    0, 1, 2, 20, -1, 0.0, -0.0, 1.0, 2.5, 20.5, 28.1, 28.125, 89.999, 1e-7, 0.1 + 0.2, 44180.0, 1e9 - 1e-6, 1e9,
    123456789.123456, 1e15, 1e15 + 0.5,
    float(2**53 - 1), float(2**53), 1e300, float("nan"), float("inf"), -float("inf"), None,
)  # fmt: skip
TIMES = (datetime(2020, 12, 15), datetime(2020, 2, 29), datetime(2020, 12, 15, 0, 0, 0, 1), datetime(2020, 12, 15, 23, 59), None)  # noqa: DTZ001  (a table knows no zone)


def _texts() -> list[str | None]:
    """Draw texts: every cell of the page and every word, written in many ways, and pieces of them put together at random."""
    draw = random.Random(12)
    names = [name for label in CHOICES.values() for name in label.values()] + [
        name for level in SCALE.values() for name in level.label.values()
    ]
    known = [cell for _, cell, _ in _rows()] + [
        *YES,
        *NO,
        *NONE,
        *UNKNOWN,
        *GAPS,
        *CHOICES,
        *SCALE,
        *names,
        "None",
        "N/A",
        "-",
        "[red, sky]",
        "[]",
    ]
    ways = (
        str,
        str.upper,
        str.lower,
        str.title,
        lambda text: f" {text}",
        lambda text: f"{text}\u00a0",
        lambda text: text.replace(" ", "  "),
    )
    forms = [unicodedata.normalize(form, way(text)) for text in known for way in ways for form in ("NFC", "NFD")]
    pieces = [str(n) for n in range(13)] + [
        "-",
        "/",
        ".",
        ",",
        " ",
        "%",
        "2020",
        "000",
        "+",
        "tháng",
        "months",
        ":",
        "e",
        "[",
        "]",
        ";",
        "0",
        "\u0301",
    ]
    made = ["".join(draw.choices(pieces, k=draw.randint(1, 6))) for _ in range(4000)]
    days = [
        (date(2019, 1, 1) + timedelta(days=draw.randrange(1500))).strftime(form)
        for form in ("%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y")
        for _ in range(60)
    ]
    return [*dict.fromkeys([*forms, *made, *days]), None]


def _frame(engine: str, cells: Sequence[object], dtype: Any) -> Any:
    """Return cells as a column of an engine, with their numbers."""
    native = pl.DataFrame({"it": pl.Series(cells, dtype=dtype, strict=False), "row": range(len(cells))})
    if engine == "polars":
        return nw.from_native(native.lazy())
    if dtype == pl.Int128:  # Arrow has none; a `sum` has
        relation = duckdb.from_arrow(native.with_columns(pl.col("it").cast(pl.String)).to_arrow())
        return nw.from_native(relation.project("it::hugeint as it, row"))
    return nw.from_native(duckdb.from_arrow(native.to_arrow()))


def _said(engine: str, fact: FactDeclaration, cells: Sequence[object], dtype: Any) -> Iterator[tuple[object, Any]]:
    """Return the cells that columns take, each with the value that they take it for."""
    frame = _frame(engine, cells, dtype)
    column = read_column(fact, frame.collect_schema()["it"], SCALE, wide=True)
    if column is None:
        return
    field = column.field
    for name, value in column.staged.items():
        frame = frame.with_columns(**{name: value})
    none = nw.col(field.none) if field.none else nw.lit(value=False)
    value = _value(fact, field)
    frame = frame.with_columns(__plain=as_column(column.plain), __none=none, __value=value).select("row", "__plain", "__none", "__value")
    native = frame.collect("polars").to_native().sort("row") if engine == "duckdb" else frame.to_native().collect().sort("row")
    for cell, plain, is_none, found in zip(cells, *(native[name].to_list() for name in ("__plain", "__none", "__value")), strict=True):
        if plain and not (column.number and found is not None and found < 0):  # a plan holds all numbers within bounds
            yield cell, "none" if is_none else _shown(found, fact, field)


def _value(fact: FactDeclaration, field: FactField) -> Any:
    """Return the value of a field; of a set, its choices as one number."""
    if not field.column:
        return nw.lit(None, dtype=nw.Int64)
    if fact.type.kind != "set":
        return nw.col(field.column)
    known = nw.when(~nw.col(field.column).is_null())
    return known.then(sum(as_column(member(field, choice)).cast(nw.Int64) * 2**n for n, choice in enumerate(fact.type.choices)))


def _shown(found: Any, fact: FactDeclaration, field: FactField) -> Any:
    """Return a value of columns as plain data."""
    if found is None:
        return None
    match fact.type.kind:
        case "points":
            return Fraction(found, field.scale)
        case "share":
            return Fraction(found, field.scale) * 100
        case "months":
            return f"{found} months"
        case "day":
            return found if isinstance(found, str) else found.isoformat()
        case "level":
            return next(level.id for level in SCALE.values() if level.rank == found)
        case "set":
            return {choice for n, choice in enumerate(fact.type.choices) if found >> n & 1}
        case _:
            return found


def _same(found: Any, data: Data | Refusal, kind: str) -> bool:
    """Return whether a value of columns is what the row reader makes of the cell."""
    if kind == "set" and isinstance(data, list):
        return bool(found == {*data})
    if kind == "share" and isinstance(data, str) and data != "none":
        return bool(found == Fraction(data[:-1]))
    return bool(found == data and type(found) is type(data))


COLUMNS: dict[str, tuple[Any, Sequence[object]]] = {
    "texts": (pl.String, _texts()),
    "floats": (pl.Float64, NUMBERS),
    "narrow floats": (pl.Float32, NUMBERS),
    "whole": (pl.Int64, [0, 1, 2, 20, -1, 44180, 2**62, 2**63 - 1, None]),
    "narrow": (pl.Int32, [0, 1, 2, 20, -1, 44180, None]),
    "unsigned": (pl.UInt64, [0, 1, 20, 2**62, 2**64 - 1, None]),
    "huge": (pl.Int128, [0, 1, 20, -1, 2**62, 2**100, None]),
    "decimals": (pl.Decimal(20, 3), [Decimal(x) for x in ("20", "20.5", "28.125", "0", "-1", "123456789012")] + [None]),
    "whole decimals": (pl.Decimal(38, 0), [Decimal(x) for x in ("20", "0", "-1", "1" * 30)] + [None]),
    "days": (pl.Date, [date(2020, 12, 15), date(2020, 2, 29), None]),
    "times": (pl.Datetime("us"), TIMES),
    "fine times": (pl.Datetime("ns"), TIMES),
    "truths": (pl.Boolean, [True, False, None]),
    "bytes": (pl.Binary, [b"20", b"\xff", None]),
    "lists": (pl.List(pl.String), [["red", "sky"], [], ["red", "red"], ["Xanh"], ["gren"], None]),
    "nothing": (pl.Null, [None]),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("form", COLUMNS)
def test_columns_take_a_cell_for_what_the_row_reader_takes_it(engine: str, form: str) -> None:
    """Rule: whatever columns take, the row reader reads as the same value; neither takes what the other refuses."""
    dtype, cells = COLUMNS[form]
    if dtype == pl.Null and engine == "duckdb":
        pytest.skip("DuckDB has no column of nothing")
    held = pl.Series(cells, dtype=dtype, strict=False).to_list()

    wrong = [
        (kind, cell, found, read)
        for kind in EVERY_KIND
        for may_be_none in (False, True)
        for fact in (fact_of(kind, may_be_none=may_be_none),)
        for cell, found in _said(engine, fact, held, dtype)
        for read in (read_cell(cell, fact, SCALE),)
        if not _same(found, read, kind)
    ]

    assert wrong == []


@pytest.mark.parametrize("engine", ENGINES)
def test_the_one_spelling_of_every_value_stays_in_columns(engine: str) -> None:
    """Rule: what the table reads of a text, columns take once it is written in the one spelling; days of leap years aside."""
    left: list[object] = []
    for kind in EVERY_KIND:
        fact = fact_of(kind, may_be_none=True)
        data = {text: read_cell(text, fact, SCALE) for text in COLUMNS["texts"][1]}
        cells = [*dict.fromkeys(written(one) for one in data.values() if one is not None and not isinstance(one, Refusal))]
        taken = {cell for cell, _ in _said(engine, fact, cells, pl.String)}
        left += [] if kind == "text" else [(kind, cell) for cell in cells if cell not in taken and not _is_rare(str(cell))]

    assert left == []


def _is_rare(cell: str) -> bool:
    """Return whether a value is one that columns leave to the row reader: the 29th of February, and figures of many digits."""
    whole, _, places = cell.rstrip("%").partition(".")
    return cell.endswith("-02-29") or cell.startswith("-") or len(whole) > 9 or len(places) > 6


@pytest.mark.parametrize(
    ("form", "kind", "cell"),
    [
        ("floats", "count", 20.0), ("floats", "points", 28.1), ("floats", "points", 28.125), ("floats", "months", 20.0),
        ("floats", "bool", 1.0),
        ("floats", "count", float("nan")), ("floats", "day", None), ("narrow floats", "count", 20.0), ("unsigned", "count", 20),
        ("huge", "count", 20), ("decimals", "count", Decimal(20)), ("decimals", "points", Decimal("28.125")),
        ("whole decimals", "count", Decimal(20)),
        ("times", "day", TIMES[0]), ("fine times", "day", TIMES[0]), ("whole", "bool", 1), ("texts", "bool", "Có"),
        ("texts", "bool", "ĐÚNG"),
        ("texts", "bool", "x"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("engine", ENGINES)
def test_common_values_of_programs_stay_in_columns(engine: str, form: str, kind: str, cell: object) -> None:
    """Rule: what programs commonly write is not left to the row reader, which takes a thousand times as long."""
    dtype, _ = COLUMNS[form]

    assert len(list(_said(engine, fact_of(kind), [cell], dtype))) == 1


def test_numbers_of_json_are_what_they_are() -> None:
    """A number of JSON is no text: three places after its point are no thousands."""
    assert Fraction("28.125") == read_cell(JsonNumber("28.125"), fact_of("points"), SCALE)
