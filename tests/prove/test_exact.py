"""Numbers are exact: the smallest hole between two bands is found, shares are held crosswise, and cases on demand are real ones."""

from pathlib import Path

import pytest

from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.evaluate.transitions import key_of
from policy_engine.load.case import read_case
from policy_engine.load.edition import load_edition
from policy_engine.load.files import data_root
from policy_engine.load.library import Library
from policy_engine.model.rulebook import Edition
from policy_engine.prove.claims import Witness
from policy_engine.prove.edition import Prover, case_text, prove
from tests.build import table
from tests.editions.small import condition_of, edition_of
from tests.prove.copies import SPECIALIST, SPECIALISTS, Edit, copied, open_claims

BANDS = table("prove_exact", "bands")  # fmt: skip
"""An edition of two bands of points: from 90 up, and below or up to an end that a test sets."""


def banded(folder: Path, upper: str, sign: str) -> Edition:
    for name, text in BANDS.items():
        (folder / f"{name}.yaml").write_text(text.replace("UPPER", upper).replace("SIGN", sign), "utf-8")
    return load_edition(str(folder))


@pytest.mark.parametrize(
    ("upper", "sign", "span"),
    [
        ("89.95", "<", ("89.95 points", True, "90 points", False)),
        ("89.95", "<=", ("89.95 points", False, "90 points", False)),
        ("89.9999", "<=", ("89.9999 points", False, "90 points", False)),
    ],
)
def test_the_smallest_hole_between_bands_is_found(tmp_path: Path, upper: str, sign: str, span: tuple[str, bool, str, bool]) -> None:
    proof = prove(banded(tmp_path, upper, sign))

    claim = open_claims(proof)["all/no_gap/fewer/undeclared"]
    (found,) = claim.regions[0].spans
    assert span == (found.least, found.least_included, found.most, found.most_included)
    assert claim.witness
    assert "gap" == claim.witness.outcome
    assert float(upper) <= float(claim.witness.facts["marks"]) < 90


@pytest.mark.parametrize("name", ["press", "harvest", "show", "orchard"])
def test_every_case_of_a_small_edition_is_confirmed_from_its_file(name: str, tmp_path: Path) -> None:
    edition = edition_of(name)
    library = Library(str(Path(__file__).parent.parent / "editions" / name))
    evaluator = Evaluator(edition)

    proof = prove(edition)

    for claim in proof.claims:
        for witness in filter(None, (claim.witness if claim.kind != "one_track" else None, claim.then)):
            case = read_case(case_text(witness, "witness", []).encode(), str(tmp_path / "w.yaml"), library)[0]
            assert witness.outcome == key_of(evaluator.evaluate(case)), claim.id
    assert all("unprovable" in claim.reason for claim in proof.claims if claim.answer == "UNDECIDED")


def test_a_search_gives_the_smallest_case_or_proves_that_there_is_none(edition: Edition) -> None:
    prover = Prover(Evaluator(edition))

    found = prover.find(SPECIALISTS, [], outcome="good")

    assert isinstance(found, Witness)
    assert ("1", "1", "0") == (found.facts["tasks_total"], found.facts["tasks_well_done"], found.facts["tasks_exceeded"])
    assert prover.find(SPECIALISTS, [condition_of("tasks_exceeded > tasks_total").tree]) is None


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("share(tasks_well_done, tasks_total) == every_task", "share(tasks_well_done, tasks_total) >= every_task", True),
        ("share(tasks_exceeded, tasks_total) >= min_exceeded", "share(tasks_exceeded, tasks_total) > min_exceeded", False),
    ],
)
def test_two_versions_are_told_apart_or_proven_the_same(evaluator: Evaluator, tmp_path: Path, old: str, new: str, *, same: bool) -> None:
    other = Evaluator(load_edition(str(copied(tmp_path, Edit(SPECIALIST, old, new)))))

    found = Prover(evaluator).distinguish(SPECIALISTS, other)

    assert same == (found is None)
    if isinstance(found, Witness):
        library = Library(str(Path(data_root(), "rulebook")))
        case = read_case(case_text(found, "apart", [], ["so"], "{outcome: classified}").encode(), "apart.yaml", library)[0]
        assert (found.outcome, "good") == (key_of(evaluator.evaluate(case)), key_of(other.evaluate(case)))
