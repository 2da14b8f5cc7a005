"""Columns and the row reader agree on cells: a cell is the same value to both, or columns leave its row to the row reader."""

import random
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any

import duckdb
import narwhals.stable.v2 as nw
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_engine.columnar.plan.fields import FactField, as_column, member, read_column
from policy_engine.language.types import Type
from policy_engine.load.cells import GAPS, NO, NONE, UNKNOWN, YES, JsonNumber, read_cell, written
from policy_engine.load.yaml_plain import Data, Refusal
from policy_engine.model.facts import FactDeclaration, Texts
from policy_engine.model.rulebook import Level
from policy_engine.source import Citation, Location
from tests.build import ROOT, table

PAGE = (ROOT / "docs" / "cells.md").read_text("utf-8").partition("\n## Tiếng Việt\n")[0]
KINDS = {"Yes or no": "bool", "Days": "day", "Whole numbers": "count", "Points": "points", "Percentages": "share", "Months": "months"}
EVERY_KIND = ("bool", "day", "count", "points", "share", "months", "level", "choice", "set", "text")
CHOICES: Mapping[str, Texts] = table("cells", "choices")
SCALE = {
    "fine": Level("fine", 1, "F1", ("FF",), {"vi": "Tốt", "en": "Fine"}),
    "rough": Level("rough", 0, "R0", (), {"vi": "Chưa tốt", "en": "Not so fine"}),
}


def fact_of(kind: str, *, may_be_none: bool = False) -> FactDeclaration:
    here = Location("facts.yaml", 1, 1)
    fields = {"done": fact_of("bool"), "paid": fact_of("points")} if kind == "list" else {}
    return FactDeclaration(
        "it", Type(kind, tuple(CHOICES) if kind in {"choice", "set"} else ()), {}, {}, Citation(""), here,
        choices=CHOICES if kind in {"choice", "set"} else {}, fields=fields, may_be_none=may_be_none,
    )  # fmt: skip


def read(cell: object, kind: str, *, may_be_none: bool = False, percent: bool = False) -> Data | Refusal:
    return read_cell(cell, fact_of(kind, may_be_none=may_be_none), SCALE, percent=percent)


def code_of(read_: Data | Refusal) -> str:
    return read_.code if isinstance(read_, Refusal) else f"read as {read_!r}"


def _rows() -> Iterator[tuple[str, str, str]]:
    for section in PAGE.split("\n## ")[1:]:
        title, _, text = section.partition("\n")
        for cells, means in re.findall(r"^\| (.*?) \| (.*) \|$", text, re.MULTILINE):
            if title in KINDS and cells != "cell":
                yield from ((KINDS[title], cell, means) for cell in re.findall("`(.*?)`", cells))


@pytest.mark.parametrize(("kind", "cell", "means"), list(_rows()))
def test_the_page_of_cells_is_what_is_read(kind: str, cell: str, means: str) -> None:
    both = [read(unicodedata.normalize(form, f" {cell} "), kind) for form in ("NFC", "NFD")]

    assert both[0] == both[1] or isinstance(both[0], Refusal)
    if means.startswith("`"):
        wanted = means.split("`")[1]
        assert written(Fraction(wanted) if kind == "points" else wanted) == written(both[0])  # type: ignore[arg-type]
    elif means.startswith("two meanings"):
        assert isinstance(both[0], Refusal)
        assert both[0].code == "PE870"
        assert len({both[0].details["one"], both[0].details["other"]}) == 2
    elif "PE" in means:
        assert f"[{code_of(both[0])}]" in means
    else:
        assert both[0] == int(re.sub("[.,]", "", cell))


NATIVE: list[tuple[str, object, object]] = [
    ("count", 20, 20), ("count", 20.0, 20), ("count", -0.0, 0), ("count", Decimal("20.000"), 20), ("count", Decimal("2E+1"), 20),
    ("count", JsonNumber("20.0"), 20), ("count", JsonNumber("1e2"), 100), ("count", b"20", 20), ("count", 1 << 62, 1 << 62),
    ("count", True, "PE502"), ("count", 20.5, "PE502"), ("count", -1.0, "PE502"), ("count", float("inf"), "PE113"),
    ("count", float(1 << 53), "PE113"), ("count", 1 << 63, "PE852"), ("count", JsonNumber("1e999999999"), "PE113"),
    ("count", b"\xff", "PE876"),
    ("count", JsonNumber("NaN"), None), ("count", [1], "PE502"), ("count", date(2020, 12, 15), "PE502"),
    ("points", 28.1, Fraction("28.1")), ("points", 28.125, Fraction("28.125")), ("points", JsonNumber("28.125"), Fraction("28.125")),
    ("points", Decimal("28.125"), Fraction("28.125")), ("points", 0.1 + 0.2, "PE113"), ("points", 90, Fraction(90)),
    ("share", 0.285, "PE870"), ("share", 0, "0%"), ("months", 6.0, "6 months"), ("months", 6, "6 months"),
    ("bool", True, True), ("bool", 1, True), ("bool", 0.0, False), ("bool", 2, "PE502"),
    ("day", date(2020, 12, 15), "2020-12-15"), ("day", datetime(2020, 12, 15), "2020-12-15"),  # noqa: DTZ001  (a table knows no zone)
    ("day", datetime(2020, 12, 15, tzinfo=timezone(timedelta(hours=7))), "PE873"),
    ("day", datetime(2020, 12, 15, tzinfo=UTC), "2020-12-15"),
    ("day", 44180, "PE874"), ("day", 44180.0, "PE874"),
    ("day", datetime(2020, 12, 15, 8), "PE873"), ("day", 2020, "PE502"),  # noqa: DTZ001
    ("text", 12, "12"), ("text", 12.0, "12"), ("text", " as it is ", " as it is "), ("choice", 3, "PE502"),
    ("count", "1\u00a0234", 1234), ("count", "1\u202f234", 1234), ("count", "１２", "PE502"),
    ("choice", "red", "red"), ("choice", "ĐỎ", "red"), ("choice", "light  Blue", "sky"), ("choice", "xanh, thẫm", "deep_blue"),
    ("choice", "nhạt", "PE870"), ("choice", "Blue", "pale"), ("choice", "Không rõ", "PE870"), ("choice", "unclear", "unclear"),
    ("choice", "gren", "PE503"), ("choice", "none", "PE503"),
    ("level", "fine", "fine"), ("level", "f1", "fine"), ("level", "FF", "fine"), ("level", "tốt", "fine"), ("level", "CHƯA TỐT", "rough"),
    ("level", "Khá", "PE503"), ("level", "none", "PE507"),
    ("set", "[]", []), ("set", "[red, sky]", ["red", "sky"]), ("set", "red; Xanh, thẫm", ["red", "deep_blue"]),
    ("set", "đỏ\nunclear", ["red", "unclear"]),
    ("set", '["red", "sky"]', ["red", "sky"]), ("set", "red, grey", ["mist", "red"]), ("set", ["Đỏ"], ["red"]),
    ("set", "red, gren", "PE503"),
    ("set", "Nhạt", "PE870"), ("set", [3], "PE502"), ("set", "Không có", "PE507"),
    ("list", [{"done": "Có", "paid": "28,5"}], [{"done": True, "paid": Fraction("28.5")}]), ("list", [{"done": None}], [{}]),
    ("list", [{"done": "maybe"}], "PE502"), ("list", [{"other": 1}], "PE850"), ("list", ["done"], "PE502"),
]  # fmt: skip
"""What programs hand over that is no text, and names of choices."""


@pytest.mark.parametrize(("kind", "cell", "wanted"), NATIVE, ids=str)
def test_values_of_programs_and_names_of_choices(kind: str, cell: object, wanted: object) -> None:
    found = read(cell, kind)

    assert (found.code if isinstance(found, Refusal) else found) == wanted


@pytest.mark.parametrize(
    ("cell", "kind", "details"),
    [
        ("1.234", "count", {"found": "1.234", "one": "`1234`", "other": "`1.2340`"}),
        ("1,234 THÁNG", "months", {"found": "1,234 THÁNG", "one": "`1234 tháng`", "other": "`1.2340 tháng`"}),
        (0.285, "share", {"found": "0.285", "one": "`28.5%`", "other": "`0.285%`"}),
        ("12/15/2020", "day", {"found": "12/15/2020", "month": "15", "day": "2020-12-15"}),
        (" 44180 ", "day", {"found": " 44180 ", "day": "2020-12-15"}),
        ("20.50", "count", {"found": "`20.50`"}),
        (20.5, "count", {"found": "`20.5`"}),
        (Decimal("20.50"), "count", {"found": "`20.50`"}),
        ("Nhạt", "choice", {"one": "`pale`", "other": "`mist`"}),
    ],
)
def test_a_refusal_prints_the_cell_and_what_it_could_mean(cell: object, kind: str, details: dict[str, str]) -> None:
    found = read(cell, kind)

    assert isinstance(found, Refusal)
    assert details == {key: found.details[key] for key in details}


@given(st.one_of(st.text(max_size=12), st.floats(), st.integers(), st.decimals(), st.binary(max_size=4), st.datetimes(), st.booleans()))
def test_any_cell_is_read_or_refused_and_says_the_same_when_written_again(cell: object) -> None:
    for kind in EVERY_KIND:
        found = read(cell, kind, may_be_none=True)
        if isinstance(found, (int, Fraction)) and not -(10**15) < found < 10**15:
            continue  # a column of numbers holds it, and no text
        if not isinstance(found, Refusal):
            assert read(written(found), kind, may_be_none=True) == found or (kind == "text" and written(found) == found)


ENGINES = ("polars", "duckdb")
NUMBERS = (
    0, 1, 2, 20, -1, 0.0, -0.0, 1.0, 2.5, 20.5, 28.1, 28.125, 89.999, 1e-7, 0.1 + 0.2, 44180.0, 1e9 - 1e-6, 1e9,
    123456789.123456, 1e15, 1e15 + 0.5,
    float(2**53 - 1), float(2**53), 1e300, float("nan"), float("inf"), -float("inf"), None,
)  # fmt: skip
TIMES = (datetime(2020, 12, 15), datetime(2020, 2, 29), datetime(2020, 12, 15, 0, 0, 0, 1), datetime(2020, 12, 15, 23, 59), None)  # noqa: DTZ001  (a table knows no zone)


def _texts() -> list[str | None]:
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
    native = pl.DataFrame({"it": pl.Series(cells, dtype=dtype, strict=False), "row": range(len(cells))})
    if engine == "polars":
        return nw.from_native(native.lazy())
    if dtype == pl.Int128:  # Arrow has none; a `sum` has
        relation = duckdb.from_arrow(native.with_columns(pl.col("it").cast(pl.String)).to_arrow())
        return nw.from_native(relation.project("it::hugeint as it, row"))
    return nw.from_native(duckdb.from_arrow(native.to_arrow()))


def _said(engine: str, fact: FactDeclaration, cells: Sequence[object], dtype: Any) -> Iterator[tuple[object, Any]]:
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
    if not field.column:
        return nw.lit(None, dtype=nw.Int64)
    if fact.type.kind != "set":
        return nw.col(field.column)
    known = nw.when(~nw.col(field.column).is_null())
    return known.then(sum(as_column(member(field, choice)).cast(nw.Int64) * 2**n for n, choice in enumerate(fact.type.choices)))


def _shown(found: Any, fact: FactDeclaration, field: FactField) -> Any:
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
