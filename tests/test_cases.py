"""Every case file is a test: what its author expects is held against the verdict."""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from policy_engine.evaluate.duties.survey import Surveyor
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.evaluate.plain import unmet
from policy_engine.evaluate.round.round import rate_round
from policy_engine.evaluate.round.summary import Summary, summarise
from policy_engine.load.case import load_case
from policy_engine.load.library import Library
from policy_engine.load.round import load_round
from policy_engine.model.round import RatedEntry, Round, RoundFiles
from tests.build import ROOT

FOLDER = ROOT / "cases" / "rounds" / "2020-tkv"
EARLY = date(2020, 12, 10)


@pytest.fixture(scope="module")
def files(library: Library) -> RoundFiles:
    return load_round(str(FOLDER), library)


@pytest.fixture(scope="module")
def done(files: RoundFiles) -> Round:
    return rate_round(files)


@pytest.fixture(scope="module")
def early(files: RoundFiles) -> Round:
    return rate_round(files, EARLY)


@pytest.fixture(scope="module")
def summary(done: Round) -> Summary:
    return summarise(done)


def _rated(done: Round) -> Mapping[str, RatedEntry]:
    return {one.case.id: one for one in done.rated}


def _standings(done: Round, *cases: str) -> list[tuple[str | None, str]]:
    rated = _rated(done)
    return [(rated[case].standing.level, rated[case].standing.origin) for case in cases]


def _gathered(done: Round, case: str) -> set[tuple[str, str | None, str]]:
    return {(one.case, one.level, one.origin) for one in _rated(done)[case].verdict.duties.gathered}


def test_every_file_is_a_case_of_its_own_name(done: Round) -> None:
    cases = {path.stem: path.parent.name for path in FOLDER.glob("*/*.yaml")}

    assert 45 == len(done.rated)
    assert cases == {one.case.id: Path(one.path).parent.name for one in done.rated}
    assert {one.case.id: one.unit for one in done.rated} == cases | {
        case: "tkv-standing-committee" for case, folder in cases.items() if folder == "tkv-union"
    }


def test_spread_over_the_levels(summary: Summary) -> None:
    whole = summary.whole

    assert {"excellent": 10, "good": 24, "completed": 6, "not_completed": 1} == whole.levels
    assert {"gap": 1, "undetermined": 2, "decided_by_authority": 1} == whole.outcomes
    assert (45, 40) == (whole.cases, whole.decided)


def test_earlier_day_leaves_later_decisions_out(early: Round) -> None:
    rests = {
        ("finance-deputy-head", "good", "proposed"),
        ("finance-specialist-1", "good", "decided"),
        ("finance-specialist-2", "excellent", "decided"),
        ("finance-specialist-3", "not_completed", "decided"),
    }

    assert Counter(decided=17, proposed=8, open=20) == Counter(one.standing.origin for one in early.rated)
    assert all(decision.day <= EARLY for one in early.rated for decision in one.case.record.decisions if decision.day)
    assert rests == _gathered(early, "finance-head")
    assert [("completed", "proposed"), ("good", "proposed")] == _standings(early, "finance-head", "tkv-deputy-chair-1")


CASES = sorted(path for path in (ROOT / "cases").glob("2*/**/*.yaml"))


@pytest.fixture(scope="module")
def evaluators() -> dict[str, Evaluator]:
    return {}


@pytest.mark.parametrize("path", CASES, ids=lambda path: str(path.relative_to(ROOT / "cases").with_suffix("")))
def test_case(path: Path, library: Library, evaluators: dict[str, Evaluator]) -> None:
    case, edition = load_case(str(path), library)
    evaluator = evaluators.setdefault(edition.id, evaluators.get(edition.id) or Evaluator(edition))
    verdict = Surveyor(evaluator.plan).survey(case, evaluator.evaluate(case))

    assert case.expect, "a case without an expectation tests nothing"
    assert path.stem == case.id
    assert unmet(case.expect, verdict) == ()


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 60
