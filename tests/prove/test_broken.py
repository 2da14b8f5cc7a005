"""An edition with one thing broken: the claim that this breaks is refuted, by name, with a case that the reference confirms."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from policy_engine.errors import InputError
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.evaluate.transitions import key_of
from policy_engine.load.case import read_case
from policy_engine.load.library import Library
from policy_engine.prove.claims import Claim
from policy_engine.prove.edition import case_text
from tests.build import tuples
from tests.editions.small import check
from tests.prove.copies import Edit, copied, open_claims, proof_of

Cli = Callable[..., tuple[int, str, str]]


class Broken(NamedTuple):
    edits: tuple[Edit, ...]
    refuted: dict[str, bool]


BROKEN = {key: Broken(tuple(Edit(*edit) for edit in edits), refuted) for key, (edits, refuted) in tuples("prove_broken", "broken").items()}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.sampled(3)
def test_what_is_broken_is_told_by_name_with_a_case(tmp_path: Path, name: str) -> None:
    broken = BROKEN[name]

    proof = proof_of(tmp_path, *broken.edits)

    found = open_claims(proof)
    assert broken.refuted == {claim: one.witness is not None for claim, one in found.items()}
    assert all(claim.answer == "REFUTED" for claim in found.values())
    library = Library(str(tmp_path / "2020"))
    for claim in found.values():
        assert_confirmed(claim, library)


def assert_confirmed(claim: Claim, library: Library) -> None:
    for witness in (claim.witness, claim.then):
        if witness is None:
            continue
        case = read_case(case_text(witness, "witness", []).encode(), "witness.yaml", library)[0]
        if claim.kind == "one_track":
            with pytest.raises(InputError) as refusal:
                Evaluator(library.edition("2020")).evaluate(case)
            assert [witness.outcome] == [problem.code for problem in refusal.value.problems]
        else:
            assert witness.outcome == key_of(Evaluator(library.edition("2020")).evaluate(case))


def test_a_broken_promise_is_told_by_both_cases(tmp_path: Path) -> None:
    proof = proof_of(tmp_path, *BROKEN["a promise that is not kept"].edits)

    (claim,) = open_claims(proof).values()
    assert claim.witness
    assert claim.then
    assert {"tasks_exceeded"} == {name for name, value in claim.then.facts.items() if claim.witness.facts[name] != value}
    assert ("good", "excellent") == (claim.witness.outcome, claim.then.outcome)


@pytest.mark.parametrize(("name", "lang"), [(name, ("en", "vi")[place % 2]) for place, name in enumerate(BROKEN)])
@pytest.mark.sampled(3)
def test_what_is_broken_is_told_to_people_and_programs(tmp_path: Path, cli: Cli, name: str, lang: str) -> None:
    folder = str(copied(tmp_path, *BROKEN[name].edits))

    code, out, err = cli("prove", "2020", "--rulebook", folder, lang=lang)
    data = cli("prove", "2020", "--rulebook", folder, "--format", "json", lang=lang)[1]

    assert (code, err) == (1, "")
    assert "✗" in out
    assert not re.search(r"\{\w*\}|None\b(?! of)", out)
    check("prove", json.loads(data))
