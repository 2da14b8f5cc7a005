"""What the solver cannot settle is UNDECIDED and no pass: a condition that it has no word for, and a budget that runs out."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.load.edition import load_edition
from policy_engine.model.rulebook import Edition
from policy_engine.prove.ask import UNDECIDED
from policy_engine.prove.edition import Prover
from policy_engine.prove.transitions import transitions
from tests.editions.small import check, condition_of
from tests.prove.copies import SPECIALIST, SPECIALISTS, Edit, copied

Cli = Callable[..., tuple[int, str, str]]
HALF = "        when: share(tasks_exceeded, tasks_total) >= min_exceeded\n"
UNREADABLE = {
    "a list": "        phrase: vượt mức\n        when: count(tasks, exceeded) > 0\n",
    "a list in a share": "        when: share(count(tasks, exceeded), tasks_total) >= min_exceeded\n",
}


@pytest.mark.parametrize("name", UNREADABLE)
@pytest.mark.sampled(2)
def test_a_condition_without_a_formula_leaves_its_track_undecided(cli: Cli, tmp_path: Path, name: str) -> None:
    folder = copied(tmp_path, Edit(SPECIALIST, HALF, UNREADABLE[name]))

    code, out, _ = cli("prove", "2020", "--rulebook", str(folder), "--format", "json")
    told = [" ".join(cli("prove", "2020", "--rulebook", str(folder), lang=lang)[1].split()) for lang in ("en", "vi")]

    data = json.loads(out)
    check("prove", data)
    (claim,) = (claim for claim in data["claims"] if claim["track"] == SPECIALISTS)
    assert (1, False, "UNDECIDED") == (code, data["passed"], claim["answer"])
    assert claim["reason"].startswith("unprovable: ")
    assert all("? " in text and "(count(tasks, exceeded)" in text and "unprovable" not in text for text in told)
    assert "undecided: " in told[0]


def test_a_budget_that_runs_out_proves_nothing(cli: Cli) -> None:
    code, out, _ = cli("prove", "2020", "--budget", "1", "--format", "json")

    data = json.loads(out)
    check("prove", data)
    assert (1, False, 0) == (code, data["passed"], data["counts"]["REFUTED"])
    assert data["counts"]["UNDECIDED"] > 0


def test_a_budget_is_a_number_of_steps(cli: Cli) -> None:
    assert [2, 2] == [cli("prove", "2020", "--budget", steps)[0] for steps in ("0", "much")]


def test_a_prover_says_undecided_where_it_cannot_read(edition: Edition, tmp_path: Path) -> None:
    odd = Evaluator(load_edition(str(copied(tmp_path, Edit(SPECIALIST, HALF, UNREADABLE["a list"])))))
    plain = Evaluator(edition)

    assert UNDECIDED is Prover(plain).find(SPECIALISTS, [condition_of("given(tasks_total)").tree])
    assert UNDECIDED is Prover(plain).distinguish(SPECIALISTS, odd)
    found = transitions(plain, odd)
    assert not found.settled
    assert {SPECIALISTS} == {one.after for one in found.passages if one.reason}
