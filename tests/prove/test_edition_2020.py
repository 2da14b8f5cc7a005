"""The edition of 2020: its gaps, overlaps and exceptions are those that its readers know of, and no others; each case is a file."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from policy_engine.errors import InputError
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.evaluate.transitions import key_of
from policy_engine.load.case import read_case
from policy_engine.load.library import Library
from policy_engine.prove.claims import KINDS, Claim
from policy_engine.prove.edition import Proof, case_text, prove
from tests.build import Cli, tuples
from tests.editions.small import check
from tests.prove.copies import LEADERS, SPECIALISTS, Edit, open_claims, proof_of


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


GAPS = {
    f"{SPECIALISTS}/gap/general_group_failed": ({"general_specialist"}, None, ["II.1.3.a/HTNV/1"]),
    f"{SPECIALISTS}/gap/criterion_undone": ({"all_criteria_completed"}, None, ["II.1.3.a/HTNV/2"]),
    f"{SPECIALISTS}/gap/criteria_deficient_between": (
        {"few_criteria_deficient"}, ("20%", False, "50%", True), ["II.1.3.a/HTNV/2", "II.1.3.a/KHTNV/2"],
    ),
    f"{LEADERS}/gap/general_group_failed": ({"general_leader"}, None, ["II.1.3.b/HTNV/1"]),
    f"{LEADERS}/gap/own_criterion_undone": ({"own_criteria_completed"}, None, ["II.1.3.b/HTNV/2"]),
    f"{LEADERS}/gap/criteria_deficient_between": (
        {"few_criteria_deficient"}, ("20%", False, "50%", True), ["II.1.3.b/HTNV/2", "II.1.3.b/KHTNV/2"],
    ),
    f"{LEADERS}/gap/targets_between": ({"enough_targets_completed"}, ("50%", True, "70%", True), ["II.1.3.b/HTNV/3", "II.1.3.b/KHTNV/3"]),
    f"{LEADERS}/gap/subordinates_below": ({"enough_subordinates_completed"}, (None, False, "70%", False), ["II.1.3.b/HTNV/4"]),
}  # fmt: skip
"""Every gap: the criterion that fails in it alone, where the figure lies, the clauses that set the ends."""


@pytest.fixture(scope="module")
def proof(edition: Any) -> Proof:
    return prove(edition)


def _kind(proof: Proof, kind: str) -> set[str]:
    return {claim.id for claim in proof.claims if claim.kind == kind}


def test_everything_is_proven_and_every_kind_of_claim_is_asked(proof: Proof) -> None:
    assert {"PROVEN"} == {claim.answer for claim in proof.claims}
    assert proof.passed
    assert set(KINDS) - {"no_overlap"} == {claim.kind for claim in proof.claims}
    assert len({claim.id for claim in proof.claims}) == len(proof.claims)


def test_the_gaps_are_the_known_ones_with_their_spans(proof: Proof) -> None:
    found = {}
    for claim in (claim for claim in proof.claims if claim.kind == "gap"):
        (region,) = claim.regions
        spans = [(s.least, s.least_included, s.most, s.most_included) for s in region.spans]
        found[claim.id] = ({part.criterion for part in region.parts}, spans[0] if spans else None, list(claim.clauses))

    assert GAPS == found
    assert {f"{SPECIALISTS}/no_gap", f"{LEADERS}/no_gap"} == _kind(proof, "no_gap")


def _written(cli: Cli, folder: Path, *arguments: str) -> tuple[int, dict[str, Any], list[Path]]:
    code, out, _ = cli("prove", "2020", "--witnesses", str(folder), "--format", "json", *arguments)
    data = json.loads(out)
    check("prove", data)
    return code, data, sorted(folder.glob("*.yaml"))


def _judged(cli: Cli, data: dict[str, Any], files: list[Path], *arguments: str) -> Iterator[tuple[str, str, str]]:
    said = json.loads(cli("evaluate", *map(str, files), "--format", "json", *arguments)[1])
    verdicts = {verdict["case"]: verdict["level"] or verdict["outcome"] for verdict in said}
    for claim in data["claims"]:
        if claim["witness"]:
            name = f"2020-{claim['id']}".replace("/", "-").replace("_", "-").replace("+", "-")
            yield claim["id"], claim["witness"]["outcome"], verdicts[name]


def test_each_witness_is_a_file_that_evaluates_as_stated(cli: Cli, tmp_path: Path) -> None:
    code, data, files = _written(cli, tmp_path)

    judged = list(_judged(cli, data, files))
    assert code == 0
    assert len(files) == len(judged) > 50
    assert [(claim, outcome) for claim, outcome, _ in judged] == [(claim, verdict) for claim, _, verdict in judged]
    assert {"gap"} == {verdict for claim, _, verdict in judged if "/gap/" in claim}
    assert _written(cli, tmp_path)[2] == files


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ("over 20% and up to 50% of Criteria that", "II.1.3.a/HTNV/2, II.1.3.a/KHTNV/2", "from 50% and up to 70%", "below 70%")),
        ("vi", ("trên 20% đến 50%", "II.1.3.a/HTNV/2, II.1.3.a/KHTNV/2", "từ 50% đến 70%", "dưới 70%", "Chứng minh được")),
    ],
)  # fmt: skip
def test_a_reader_is_told_in_words(cli: Cli, lang: str, words: tuple[str, ...]) -> None:
    code, out, err = cli("prove", "2020", lang=lang)

    plain = " ".join(out.split())
    assert (code, err) == (0, "")
    assert [word for word in words if word not in plain] == []
