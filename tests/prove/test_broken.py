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
from policy_engine.prove.cases import case_text
from policy_engine.prove.tracks import Claim
from tests.editions.small import check
from tests.prove.copies import LEADER, LEADERS, SPECIALIST, SPECIALISTS, Edit, copied, entry, open_claims, proof_of

Cli = Callable[..., tuple[int, str, str]]
MAX_20 = "value: 20%\n    cite: II.1.3.a/HTNV/2\n    phrase: không quá 20%"
HALF = "when: share(tasks_exceeded, tasks_total) >= min_exceeded"
NEVER_LESS = "  - id: more_tasks_exceeded\n    more: tasks_exceeded\n    never: lowers"


class Broken(NamedTuple):
    edits: tuple[Edit, ...]
    refuted: dict[str, bool]


BROKEN = {
    "a gap closed": Broken(
        (Edit(SPECIALIST, MAX_20, MAX_20.replace("20%", "50%")),),
        {f"{SPECIALISTS}/gap/criteria_deficient_between/not_real": False},
    ),
    "a gap wider than declared": Broken(
        (Edit(SPECIALIST, "share(criteria_deficient, criteria_total) > max_deficient and tasks",
              "share(criteria_deficient, criteria_total) == deficient_above and tasks"),),
        {f"{SPECIALISTS}/no_gap/few_criteria_deficient/undeclared": True},
    ),
    "a declaration too wide": Broken(
        (Edit(SPECIALIST, "deficient_between\n    where: share", "deficient_between\n    where: tasks_exceeded > 0 or share"),),
        {f"{SPECIALISTS}/gap/criteria_deficient_between/too_wide": True},
    ),
    "a gap not declared": Broken(
        (entry(LEADER, "- id: targets_between"),), {f"{LEADERS}/no_gap/enough_targets_completed/undeclared": True},
    ),
    "no reading for levels that overlap": Broken(
        (Edit(SPECIALIST, "  - first: not_completed\n    readings: [J-04]\n", "  - first: not_completed\n"),),
        {f"{SPECIALISTS}/no_overlap/not_completed/{level}": True for level in ("excellent", "good", "completed")},
    ),
    "an exception not listed": Broken(
        (Edit(LEADER, "        without: [targets_on_time]\n", "        without: [no_criterion_deficient]\n"),),
        {f"{LEADERS}/exception/excellent/no_criterion_deficient/not_real": False, f"{LEADERS}/nested/excellent/good": True},
    ),
    "an exception invented": Broken(
        (Edit(LEADER, "        without: [targets_on_time]\n", "        without: [targets_on_time, all_targets_completed]\n"),),
        {f"{LEADERS}/exception/excellent/all_targets_completed/not_real": False},
    ),
    "a level out of reach": Broken(
        (Edit(SPECIALIST, HALF, "phrase: vượt mức\n        when: tasks_exceeded > tasks_completed"),),
        {
            f"{SPECIALISTS}/reachable/excellent": False,
            f"{SPECIALISTS}/not_shadowed/excellent/general_specialist": False,
            f"{SPECIALISTS}/not_shadowed/excellent/every_task_well_done": False,
            f"{SPECIALISTS}/exception/excellent/all_criteria_completed/not_real": False,
            f"{SPECIALISTS}/exception/excellent/few_criteria_deficient/not_real": False,
        },
    ),
    "a criterion that another one says": Broken(
        (Edit(SPECIALIST, HALF, "phrase: vượt mức\n        when: tasks_well_done == tasks_total"),),
        {
            f"{SPECIALISTS}/not_shadowed/excellent/half_exceeded": False,
            f"{SPECIALISTS}/not_shadowed/excellent/every_task_well_done": False,
            f"{SPECIALISTS}/reachable/good": False,
        },
    ),
    "a promise that is not kept": Broken(
        (Edit(SPECIALIST, NEVER_LESS, NEVER_LESS.replace("lowers", "raises")),), {f"{SPECIALISTS}/monotone/more_tasks_exceeded": True},
    ),
    "a promise about what nobody reads": Broken(
        (Edit(SPECIALIST, NEVER_LESS, NEVER_LESS.replace("more: tasks_exceeded", "more: targets_exceeded")),),
        {f"{SPECIALISTS}/monotone/more_tasks_exceeded/not_read": False},
    ),
    "a subject in two tracks": Broken(
        (Edit(SPECIALIST, " and position == 'specialist'", " and position in ('specialist', 'chair')"),),
        {f"one_track/{LEADERS}/{SPECIALISTS}": True},
    ),
}  # fmt: skip


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
