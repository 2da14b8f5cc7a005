"""A printed percentage never says otherwise than the verdict beside it."""

import re
import shutil
from collections.abc import Callable
from fractions import Fraction
from math import gcd
from pathlib import Path

import pytest

from policy_engine.explain.blocks import percent
from policy_engine.language.quantity import read_quantity
from policy_engine.load.files import data_root
from tests.build import tuples

Cli = Callable[..., tuple[int, str, str]]
MOST = 300


def _read(text: str) -> Fraction:
    return Fraction(text.lstrip("=≈ ").rstrip("%").replace(",", "."))


def _side(value: Fraction, bar: Fraction) -> int:
    return (value > bar) - (value < bar)


def _bars(value: Fraction) -> list[Fraction]:
    found: list[Fraction] = []
    for places in range(4):
        below = Fraction(int(value * 10**places), 10**places)
        found += [below, below + Fraction(1, 10**places)]
    return found


def test_reading_the_figure_against_the_threshold_gives_the_verdict() -> None:
    for whole in range(1, MOST + 1):
        for part in range(whole + 1):
            if gcd(part, whole) != 1:
                continue
            value = Fraction(100 * part, whole)
            bars = _bars(value)
            printed = _read(percent(part, whole, "vi", bars))
            for bar in bars:
                assert _side(printed, bar) == _side(value, bar), (part, whole, bar)


@pytest.mark.parametrize(
    ("part", "whole", "bars", "vi", "en"),
    tuples("shares", "places_are_added_only_where_a_threshold_asks_for_them"),
)
def test_places_are_added_only_where_a_threshold_asks_for_them(part: int, whole: int, bars: tuple[str, ...], vi: str, en: str) -> None:
    figures = [quantity.value * 100 for bar in bars if (quantity := read_quantity(bar)) and isinstance(quantity.value, Fraction)]

    assert (vi, en) == (percent(part, whole, "vi", figures), percent(part, whole, "en", figures))


@pytest.mark.parametrize("lang", ["en", "vi"])
@pytest.mark.parametrize("form", ["text", "markdown"])
def test_a_decimal_threshold_is_not_contradicted(cli: Cli, tmp_path: Path, lang: str, form: str) -> None:
    for name in ("2020", "next"):
        shutil.copytree(Path(data_root(), "rulebook", "2020"), tmp_path / "rules" / name)
    track = tmp_path / "rules/next/criteria/head-office-specialist.yaml"
    text = track.read_text("utf-8").replace("value: 50%\n    cite: II.1.3.a/HTXSNV/2\n    phrase: ít nhất 50%", "@")
    track.write_text(text.replace("@", "value: 66.67%\n    cite: II.1.3.a/HTXSNV/2\n    phrase: ít nhất 66,67%"), "utf-8")
    front = tmp_path / "rules/next/edition.yaml"
    front.write_text(front.read_text("utf-8").replace('edition: "2020"', "edition: next"), "utf-8")
    good = Path(data_root()).joinpath("cases/2020/II.1/good/specialist-outstanding.yaml").read_text("utf-8")
    case = tmp_path / "case.yaml"
    case.write_text(
        re.sub(r"(tasks_(?:total|completed|well_done)): \d+", r"\1: 3", good).replace("tasks_exceeded: 12", "tasks_exceeded: 2")
    )

    rules = ("--rulebook", str(tmp_path / "rules"), "--format", form)
    verdict = cli("evaluate", str(case), "--edition", "next", *rules, lang=lang)[1]
    shift = cli("compare", "2020", "next", *rules, "--cases", str(case), lang=lang)[1]

    shown = "2/3 ≈ 66,667%" if lang == "vi" else "2/3 ≈ 66.667%"
    assert shown in verdict
    assert shown in shift
