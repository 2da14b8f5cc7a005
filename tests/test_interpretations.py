"""The register of interpretations: each one listed with what in the edition rests on it, and with the cases that do."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from policy_engine.evaluate.maps import report_interpretations, rests_on
from policy_engine.model.rulebook import Edition
from tests.build import cells, tuples
from tests.conftest import ROOT
from tests.editions.small import FOLDER, asked, edition_of, write_cases

NAME = "orchard"
GOOD = ROOT / "cases/2020/II.1/good"
REGISTER = tuple(f"J-{n:02}" for n in range(1, 29))
Cli = Callable[..., tuple[int, str, str]]


def listed(cli: Cli, *arguments: str) -> tuple[int, Any]:
    code, out, _ = cli("interpretations", "--rulebook", str(FOLDER / NAME), "--format", "json", *arguments)
    return code, json.loads(out)


def cases_by_interpretation(data: Any) -> dict[str, list[str]]:
    return {interpretation["id"]: interpretation["cases"] for interpretation in data["interpretations"]}


def picker(name: str, **facts: object) -> Mapping[str, object]:
    return {"case": name, "edition": NAME, "facts": {"kind": "picker", **facts}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    cases: dict[str, Mapping[str, object]] = {
        "top": picker("top", baskets=12, roles=[], book_sent_on="2020-12-01", signed=False),
        "good": picker("good", baskets=7, roles=[], book_sent_on="2020-12-01", signed=False),
        "warden": picker("warden", baskets=12, roles=["warden"], book_sent_on="none", signed=False),
        "tied": picker("tied", baskets=12, roles=[], signed=True, guild_level="top"),
        "plot": {"case": "plot", "edition": NAME, "facts": {"kind": "plot", "crew_total": 0, "crew_good": 0, "roles": []}},
    }
    return write_cases(tmp_path / "cases", cases)


def test_the_register_is_listed_with_what_rests_on_it(cli: Cli) -> None:
    code, data = listed(cli)

    assert (0, ["edition", "revision", "cases", "interpretations"], None) == (code, list(data), data["cases"])
    parts = {interpretation["id"]: interpretation["parts"] for interpretation in data["interpretations"]}
    assert {"R-01": ["picking.good"], "R-02": ["warden_decided_by_council", "same_as_guild"], "R-03": ["book_sent"]} == parts
    assert {"R-01": None, "R-02": None, "R-03": None} == cases_by_interpretation(data)


def test_an_interpretation_is_listed_whole(cli: Cli) -> None:
    interpretation = listed(cli)[1]["interpretations"][0]

    expected = {
        "id": "R-01", "clauses": ["I.2"], "silent_on": {"vi": "Giỏ vơi.", "en": "A basket not quite full."},
        "text_says": {"vi": "Giỏ.", "en": "Baskets."},
        "reading": {"vi": "Giỏ vơi cũng là giỏ.", "en": "A basket not quite full is a basket."},
        "interpretation": {"vi": "Giỏ vơi cũng là giỏ.", "en": "A basket not quite full is a basket."},
        "alternatives": [{"vi": "Chỉ giỏ đầy.", "en": "Full baskets only."}],
        "status": "proposed", "parts": ["picking.good"], "cases": None,
    }  # fmt: skip
    assert expected == interpretation


@pytest.mark.parametrize(
    ("facts", "expected"),
    cells("interpretations", "a_verdict_rests_on_what_was_asked"),
)
def test_a_verdict_rests_on_what_was_asked(facts: Mapping[str, object], expected: tuple[str, ...]) -> None:
    assert expected == rests_on(asked(NAME, {"kind": "picker", **facts}))


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    tuples("interpretations", "exit_codes"),
)
def test_exit_codes(cli: Cli, arguments: tuple[str, ...], code: int, word: str) -> None:
    found, out, err = cli("interpretations", "--rulebook", str(FOLDER / NAME), *arguments)

    assert code == found
    assert bool(out) == (code == 0 or word == "PE114")
    assert word in err
    assert "Traceback" not in err


@pytest.mark.parametrize("lang", ["en", "vi"])
@pytest.mark.parametrize("form", ["text", "markdown"])
def test_the_register_can_be_read(cli: Cli, folder: Path, lang: str, form: str) -> None:
    code, out, err = cli("interpretations", "--rulebook", str(FOLDER / NAME), "--format", form, "--cases", str(folder), lang=lang)

    plain = " ".join(out.replace("\\", "").split())
    assert (0, "") == (code, err)
    words = ("A basket not quite full", "The council") if lang == "en" else ("Giỏ vơi cũng là giỏ", "Hội đồng")
    assert all(word in plain for word in (*words, "R-01", "R-02", "R-03", "I.2", "picking.good", "warden"))


def test_parts_are_named_once() -> None:
    edition = edition_of(NAME)
    track = next(track for track in edition.tracks if track.id == "picking")
    use = track.levels[1].interpretations
    levels = tuple(rule._replace(interpretations=use * 2) for rule in track.levels)

    found = report_interpretations(
        edition._replace(
            tracks=(track._replace(levels=levels, interpretations=use, residual=track.residual._replace(interpretations=use)),)
        )
    )

    assert ("picking", "picking.top", "picking.good", "picking.poor") == found[0].parts


def test_the_register_of_2020_is_these(edition: Edition) -> None:
    assert REGISTER == tuple(edition.register)


def test_what_a_case_prints_it_is_listed_under(cli: Cli) -> None:
    path = str(GOOD / "specialist-outstanding.yaml")
    verdict = json.loads(cli("evaluate", "--format", "json", path)[1])

    data = json.loads(cli("interpretations", "2020", path, "--format", "json")[1])

    under = {name for name, cases in cases_by_interpretation(data).items() if cases}
    assert set(verdict["interpretations"]) <= under
    asked_beside = [trace for key in ("requirements", "contents", "ceilings", "findings", "eligibility") for trace in verdict[key]]
    asked_beside += [route for routes in verdict["routes"].values() for route in routes]
    assert under == {*verdict["interpretations"], *(name for trace in asked_beside for name in trace["interpretations"])}
