"""Every case file is a test: what its author expects is held against the verdict."""

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
from policy_engine.model.round import Round, RoundFiles
from tests.build import ROOT

FOLDER = ROOT / "cases" / "rounds" / "2020-tkv"


@pytest.fixture(scope="module")
def files(library: Library) -> RoundFiles:
    return load_round(str(FOLDER), library)


@pytest.fixture(scope="module")
def done(files: RoundFiles) -> Round:
    return rate_round(files)


@pytest.fixture(scope="module")
def summary(done: Round) -> Summary:
    return summarise(done)


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
