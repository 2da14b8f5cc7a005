"""What YAML 1.1 and YAML 1.2 take for different things is refused, as a value and as a key, with the form to write."""

import math
from datetime import date
from fractions import Fraction

import pytest
import yaml

from policy_engine.load.yaml_text import Document, read_document
from policy_engine.report.problems import advice_of

AT_VALUE = (2, 8)
AT_KEY = (2, 3)

AMBIGUOUS = (
    "yes", "Yes", "YES", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF",
    "012", "-012", "08", "0o17", "0x1F", "-0x1f", "0b101", "1_000", "1_000.5", "1:30", "-1:30:00", "1:30.5", "190:20:30",
    "1e3", "1E3", "+1e-3", "1.5e3", "1.5e+3", ".5", "-.5", "5.", "5.e1", "00", "00.5", "=", "<<",
    "2020-12-15T10:00:00", "2020-12-15 10:00:00", "2020-1-5T1:00:00Z",
)  # fmt: skip
LETTERS = ("y", "Y", "n", "N")
ENDLESS = (
    ".inf", ".Inf", ".INF", "-.inf", "+.inf", ".nan", ".NaN", ".NAN", "1" * 16, "-" + "1" * 5_000, "1." + "1" * 13, "0" * 16,
)  # fmt: skip
NOTHING = ("~", "null", "Null", "NULL", "")
AGREED = (
    "true", "True", "TRUE", "false", "False", "FALSE", "0", "-0", "7", "+7", "-7", "9" * 15, "0.5", "-0.5", "1.50", "2020-12-15",
    "a", "yEs", "nO", "nULL", "none", "unknown", "50%", "1,5", "1/2", "6 months", "90 points",
    "II.1.3.a/HTXSNV/2", "13/HD-TLĐ", "1 000", "12-15", "v1.2.3", "0x",
    "1e", "_1", ".", "..", "...a", "cán bộ A", "tRUE", "15/12/2020", "2020-12", "2020-1-5", "10:5a",
)  # fmt: skip


def _value(text: str) -> Document:
    return read_document(f"a: 1\nfound: {text}\n".encode(), "scalar.yaml")


def _key(text: str) -> Document:
    return read_document(f"a:\n  {text}: 1\n".encode(), "scalar.yaml")


def _told(document: Document) -> list[tuple[str, int, int]]:
    return [(p.code, p.location.line, p.location.column) for p in document.problems]


@pytest.mark.parametrize("text", [*AMBIGUOUS, *LETTERS])
def test_two_interpretations_are_refused(text: str) -> None:
    document = _value(text)

    assert [("PE109", *AT_VALUE)] == _told(document)
    assert f'`"{text}"`' in advice_of(document.problems[0], "en")


@pytest.mark.parametrize("text", [*AMBIGUOUS, *LETTERS, *ENDLESS, *filter(None, NOTHING), *AGREED[:6]])
@pytest.mark.parametrize("quote", ["'", '"'])
def test_in_quotes_it_is_a_text(text: str, quote: str) -> None:
    document = _value(f"{quote}{text}{quote}")

    assert ([], {"a": 1, "found": text}) == (_told(document), document.data)


@pytest.mark.parametrize("text", ["1", "1.5", "2020-12-15", "true", "FALSE", *filter(None, NOTHING), *AMBIGUOUS, *LETTERS, *ENDLESS[:8]])
def test_a_key_is_a_text(text: str) -> None:
    expected = "PE107" if text == "<<" else "PE112"

    assert [(expected, *AT_KEY)] == _told(_key(text))


@pytest.mark.parametrize("text", AGREED)
def test_one_reading_is_read(text: str) -> None:
    expected = yaml.safe_load(text)

    document = _value(text)
    found = document.data["found"] if isinstance(document.data, dict) else None

    assert _told(document) == []
    if isinstance(expected, float):
        assert isinstance(found, Fraction)
        assert math.isclose(expected, found)
    else:
        assert (expected.isoformat() if isinstance(expected, date) else expected) == found
        assert isinstance(found, bool) is isinstance(expected, bool)
