"""Every case file is a test: what its author expects is held against the verdict."""

from pathlib import Path

import pytest

from policy_engine.evaluate.duties.survey import Surveyor
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.evaluate.plain import unmet
from policy_engine.load.case import load_case
from policy_engine.load.library import Library
from tests.conftest import ROOT

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
