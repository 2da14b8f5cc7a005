"""Where the extra is not installed: one line that says which, and nothing else of the engine needs it."""

import subprocess
import sys

import pytest

from tests.conftest import ROOT

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
CASE = "cases/2020/II.1/good/specialist-outstanding.yaml"


@pytest.mark.parametrize("arguments", [("prove", "2020"), ("compare", "2020", "2020", "--prove")])
@pytest.mark.parametrize("lang", ["en", "vi"])
def test_the_missing_extra_is_named_in_one_line(arguments: tuple[str, ...], lang: str) -> None:
    done = _python("-c", HIDDEN, *arguments, "--lang", lang)

    assert (2, "") == (done.returncode, done.stdout)
    assert done.stderr.count("\n") == 1
    assert "pip install 'policy-engine[prove]'" in done.stderr


@pytest.mark.parametrize("form", ["text", "json"])
def test_editions_are_compared_without_the_extra(form: str) -> None:
    """Only `--prove` needs the solver."""
    done = _python("-c", HIDDEN, "compare", "2020", "2026-draft", "--format", form, "--lang", "en")

    assert (0, "") == (done.returncode, done.stderr)
    assert "2026-draft" in done.stdout


@pytest.mark.parametrize("code", ["import policy_engine", f"from policy_engine.cli.main import run; run(['evaluate', '{CASE}'], 'en')"])
def test_nothing_else_loads_the_solver(code: str) -> None:
    done = _python("-c", f"{code}\nimport sys\nassert not [name for name in sys.modules if name.partition('.')[0] == 'z3']")

    assert (0, "") == (done.returncode, done.stderr)


def _python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
