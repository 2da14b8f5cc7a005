"""Numbers are exact: the smallest hole between two bands is found, shares are held crosswise, and cases on demand are real ones."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.evaluate.transitions import key_of
from policy_engine.load.case import read_case
from policy_engine.load.edition import load_edition
from policy_engine.load.library import Library
from policy_engine.model.rulebook import Edition
from policy_engine.prove.ask import UNDECIDED
from policy_engine.prove.edition import Prover, case_text, prove
from policy_engine.prove.transitions import transitions
from tests.build import ROOT, Cli, table
from tests.editions.small import check, condition_of, edition_of
from tests.prove.copies import SPECIALIST, SPECIALISTS, Edit, copied, open_claims

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


HIDDEN = """
import sys
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "z3":
            raise ModuleNotFoundError("No module named 'z3'", name="z3")
sys.meta_path.insert(0, Hidden())
from policy_engine.cli.main import run
sys.exit(run(sys.argv[1:], sys.argv[-1]))
"""


@pytest.mark.parametrize("arguments", [("prove", "2020"), ("compare", "2020", "2020", "--prove")])
@pytest.mark.parametrize("lang", ["en", "vi"])
def test_the_missing_extra_is_named_in_one_line(arguments: tuple[str, ...], lang: str) -> None:
    done = _python("-c", HIDDEN, *arguments, "--lang", lang)

    assert (2, "") == (done.returncode, done.stdout)
    assert done.stderr.count("\n") == 1
    assert "pip install 'policy-engine[prove]'" in done.stderr


@pytest.mark.parametrize("form", ["text", "json"])
def test_editions_are_compared_without_the_extra(form: str) -> None:
    done = _python("-c", HIDDEN, "compare", "2020", "2026-draft", "--format", form, "--lang", "en")

    assert (0, "") == (done.returncode, done.stderr)
    assert "2026-draft" in done.stdout


def _python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


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
