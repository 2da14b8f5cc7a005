"""`policy-engine test`: what a case expects is held against what comes out, and nothing passes by expecting nothing."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from policy_engine.evaluate.plain import Coverage, unmet
from policy_engine.evaluate.rate import Rater
from policy_engine.load.library import Library
from tests.build import rows
from tests.conftest import ROOT
from tests.test_cli import Cli

GOOD = ROOT / "cases/2020/II.1/good/specialist-outstanding.yaml"


def _case(folder: Path, expect: str, name: str = "sample") -> Path:
    text = GOOD.read_text("utf-8").partition("expect:")[0].replace("case: specialist-outstanding", f"case: {name}")
    path = folder / f"{name}.yaml"
    path.write_text(text + expect, "utf-8")
    return path


@pytest.mark.parametrize(
    ("expect", "keys"),
    rows("expectations", "each_expectation_is_held"),
)
def test_each_expectation_is_held(tmp_path: Path, library: Library, expect: str, keys: list[str]) -> None:
    one = Rater(library).rate(str(_case(tmp_path, expect)))

    assert keys == sorted(miss.key for miss in unmet(one.case.expect, one.verdict))


def test_a_route_that_the_edition_does_not_have_is_refused(tmp_path: Path, cli: Cli) -> None:
    code, _, err = cli("test", str(_case(tmp_path, "expect: {route_ids: {staff_decided_by_chairs: not_applicable}}\n")))

    assert code == 3
    assert "PE401" in err


@pytest.mark.parametrize(("expect", "status"), [("expect: {level: excellent}\n", 0), ("expect: {level: good}\n", 1), ("", 1)])
def test_a_case_that_expects_nothing_fails(tmp_path: Path, cli: Cli, expect: str, status: int) -> None:
    code, out, _ = cli("test", str(_case(tmp_path, expect)), "--lang", "en")

    assert (status, status == 1) == (code, "Not as expected: 1" in out)


@pytest.mark.parametrize("expect", ["expect: {level: excellent}\n", "expect: {level: good}\n"])
def test_junit_is_well_formed(tmp_path: Path, cli: Cli, expect: str) -> None:
    folder = tmp_path / 'a<b>&"c'
    folder.mkdir()
    _case(folder, expect)

    _, out, _ = cli("test", str(folder), "--format", "junit")
    suite = ET.fromstring(out)

    assert (str(int("good" in expect)), "1") == (suite.get("failures"), suite.get("tests"))
    assert int("good" in expect) == len(suite.findall(".//failure"))


def test_the_cases_of_the_2020_edition_see_every_criterion_in_every_way(library: Library) -> None:
    rater = Rater(library)
    coverage = Coverage(library.edition("2020"))

    for path in sorted((ROOT / "cases/2020/II.1").rglob("*.yaml")):
        coverage.take(rater.rate(str(path)).verdict)

    assert coverage.total > 50
    assert coverage.uncovered() == ()
