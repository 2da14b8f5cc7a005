"""Figures as rulebooks write them: read exactly, or not at all."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_engine.language.quantity import Quantity, read_day, read_quantity
from policy_engine.language.types import COUNT, DAY, MONTHS, POINTS, SHARE, Type
from policy_engine.language.values import Number
from tests.build import rows

DECIMALS = st.from_regex(r"[0-9]{1,12}(\.[0-9]{1,9})?", fullmatch=True)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("50%", SHARE, Fraction(1, 2)), ("50 %", SHARE, Fraction(1, 2)), ("0%", SHARE, Fraction(0)), ("100%", SHARE, Fraction(1)),
        ("0.5%", SHARE, Fraction(1, 200)), ("33.333%", SHARE, Fraction(33_333, 100_000)), ("120%", SHARE, Fraction(6, 5)),
        ("3", COUNT, 3), ("0", COUNT, 0), ("007", COUNT, 7), ("90 points", POINTS, Fraction(90)), ("7.6 points", POINTS, Fraction(38, 5)),
        ("90points", POINTS, Fraction(90)), ("6 months", MONTHS, 6), ("2020-12-15", DAY, date(2020, 12, 15)),
        ("2020-02-29", DAY, date(2020, 2, 29)),
    ],
)  # fmt: skip
def test_figures(text: str, kind: Type, value: Number | date) -> None:
    found = read_quantity(text)

    assert found is not None
    assert (kind, value) == (found.type, found.value)
    assert not isinstance(found.value, float)


@pytest.mark.parametrize(
    "text",
    rows("language_quantity", "what_is_no_figure"),
)  # fmt: skip
def test_what_is_no_figure(text: str) -> None:
    assert None is read_quantity(text)


@given(DECIMALS)
def test_percentages_are_hundredths(text: str) -> None:
    found = read_quantity(f"{text}%")

    assert found is not None
    assert (SHARE, Fraction(text) / 100) == (found.type, found.value)
    again = read_quantity(found.text)
    assert again is not None
    assert found == again


@given(st.text(st.characters(), max_size=20) | st.text("0123456789.-% pointsmh", max_size=20))
def test_no_text_makes_the_reader_fall(text: str) -> None:
    found, day = read_quantity(text), read_day(text)

    assert found is None or isinstance(found, Quantity)
    assert day is None or day.isoformat() == text
